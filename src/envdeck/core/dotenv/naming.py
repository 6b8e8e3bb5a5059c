"""Which files are dotenv files, told by their names."""

import re

from envdeck.core.dotenv.model import FileKind

_EXAMPLE_WORDS = frozenset(
    {"example", "examples", "sample", "samples", "template", "tpl", "tmpl", "dist"}
    | {"default", "defaults", "skeleton"}
)
_OTHER_FORMATS = frozenset(
    {"py", "js", "cjs", "mjs", "ts", "json", "toml", "yml", "yaml", "md", "rst", "html", "sh"}
    | {"zsh", "fish", "bash", "ps1", "j2", "erb", "php", "schema", "lock", "swp", "swo"}
    | {"vault", "enc", "gpg", "age", "asc", "sops", "zip", "gz"}
)
"""Last parts of names: other languages, and what is encrypted (and meant to be in git)."""
_DOTTED = re.compile(r"\.env(?:[._-].+|~)?\Z", re.DOTALL)
_ENDING = re.compile(r".+\.env\Z", re.DOTALL)
_BARE = re.compile(r"env[._-].+\Z", re.DOTALL)
_PARTS = re.compile(r"[._-]")


def kind_of(name: str) -> FileKind | None:
    """Return what a file is for by its name; None where that is no dotenv file's.

    `.env`, `.env.local`, `.env-prod`, and as Compose and dotenv-linter have them `prod.env`; with a
    word like `example` or `template` in it, an example: `.env.local.example`, `env.sample`,
    `example.env`. `.envrc` is a script of direnv's, and `.env.vault` is encrypted.
    """
    lowered = name.lower()
    parts = _PARTS.split(lowered)
    if parts[-1] in _OTHER_FORMATS:
        return None
    is_example = not _EXAMPLE_WORDS.isdisjoint(parts)
    if _DOTTED.match(lowered) or _ENDING.match(lowered):
        return FileKind.EXAMPLE if is_example else FileKind.ENV
    return FileKind.EXAMPLE if is_example and _BARE.match(lowered) else None
