"""A command as a value; the variables it is run with."""

import contextlib
import json
import ntpath
import os
import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from urllib.parse import quote, quote_plus, unquote

from envdeck.core.inspection.packages.provenance import MASK, mask_text
from envdeck.core.lazy_dataclasses import dataclass, field
from envdeck.core.system.host import Host

NOT_FOUND = 127
"""The exit code of a program that is not there, as in a shell."""
NOT_RUNNABLE = 126
"""The exit code of a program that may not be run, as in a shell."""

_USER = re.compile(r"://([^/?#\s@]+)@")
_SECRET_NAME = re.compile(r"PASSWORD|PASSWD|TOKEN|SECRET|API_?KEY", re.IGNORECASE)
_COLOUR = re.compile(r"\x1b\[[0-9;:?]*[@-~]")
_SHORTEST = 4
"""Characters; to mask what is shorter would mask half of what is said."""


@dataclass(frozen=True, slots=True)
class Command:
    """One program with its arguments; never a shell's line."""

    argv: tuple[str, ...]
    folder: str
    """The current folder, always set deliberately: tools read their settings from it."""
    environ: Mapping[str, str] = field(repr=False)
    """The whole environment; credentials may only be here."""
    data: bool = False
    """Whether standard output is data for us (JSON, a lock file), and so not told line by line."""
    hides: tuple[str, ...] = field(default=(), repr=False)
    """Words that are masked in what is told of it, beside the secrets among its variables."""

    @property
    def shown(self) -> tuple[str, ...]:
        """The command as a person may see it: the program by its short name, secrets masked."""
        mask = masker(self.environ, self.hides)
        return (_short(self.argv[0]), *(mask(part) for part in self.argv[1:]))


@dataclass(frozen=True, slots=True)
class Completed:
    """How a command ended."""

    code: int
    """Its exit code; negative: the signal that ended it; 127 and 126 as in a shell."""
    stdout: str = field(default="", repr=False)
    """What it wrote there, with surrogate escapes; masked where it is no data."""
    tail: tuple[str, ...] = ()
    """The last lines of its standard error, masked."""
    seconds: float = 0.0
    stopped: bool = False
    """Whether a person stopped it."""
    overdue: bool = False
    """Whether it was ended since it took longer than its limit."""
    cut: bool = False
    """Whether standard output was longer than is kept, and so :attr:`stdout` is not whole."""
    program: str = ""
    """The short name of what ran: `uv`."""

    @property
    def ok(self) -> bool:
        """Whether it did what was asked."""
        return self.code == 0 and not (self.stopped or self.overdue or self.cut)


def masker(environ: Mapping[str, str], hides: Iterable[str] = ()) -> Callable[[str], str]:
    """Return a function that masks URL credentials, the secrets that a command was given, and
    what it `hides` (what has several lines: each of them, since lines are told one by one).

    A tool may print a password apart from its URL; what stands in the variables is known. Words
    are masked as they are, and as programs write them: as text of Python or JSON, in a URL, for a
    shell, and with colours in them.
    """
    parts = {part for word in hides for part in (word, *word.splitlines())}
    hidden = {form for part in parts for form in _forms(part) if len(form.strip()) >= _SHORTEST}
    secrets = sorted({*_secrets(environ), *hidden}, key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, secrets))) if secrets else None

    def mask(text: str) -> str:
        text = mask_text(text)
        if pattern is None:
            return text
        bare = _COLOUR.sub("", text) if "\x1b" in text else text
        return pattern.sub(MASK, bare if pattern.search(bare) else text)

    return mask


def _forms(word: str) -> Iterator[str]:
    """Yield a word, and how it looks where a program quotes it; most look the same."""
    yield word
    if word.isalnum():
        return
    yield repr(word)[1:-1]
    yield json.dumps(word)[1:-1]
    yield json.dumps(word, ensure_ascii=False)[1:-1]
    yield word.replace("'", "'\"'\"'")
    with contextlib.suppress(UnicodeEncodeError):  # a value that is no text stands in no URL
        yield quote(word, safe="")
        yield quote_plus(word)
    if not word.isascii():
        with contextlib.suppress(UnicodeEncodeError):
            yield word.encode("latin-1").decode("utf-8", "replace")


def _secrets(environ: Mapping[str, str]) -> Iterator[str]:
    for name, value in environ.items():
        found = [value] if _SECRET_NAME.search(name) and "://" not in value else []
        for match in _USER.finditer(value):
            user, colon, password = match[1].partition(":")
            if colon:
                found += [match[1], password]
            elif user != "git":
                found.append(user)
        for secret in found:
            for form in (secret, unquote(secret)):
                if len(form) >= _SHORTEST and not form.startswith("${"):
                    yield form


def _short(program: str) -> str:
    name = posixpath.basename(program) if os.sep == "/" else ntpath.basename(program)
    return name.removesuffix(".exe") or program


_DROPPED = frozenset(
    {"VIRTUAL_ENV", "VIRTUAL_ENV_PROMPT", "CONDA_PREFIX", "CONDA_DEFAULT_ENV", "FORCE_COLOR"}
    | {"CLICOLOR_FORCE", "RUST_LOG", "RUST_BACKTRACE", "__PYVENV_LAUNCHER__"}
)
_KEPT_UV = frozenset(
    {"UV_DEFAULT_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_KEYRING_PROVIDER"}
    | {"UV_INSECURE_HOST", "UV_CACHE_DIR", "UV_NO_CACHE", "UV_LINK_MODE", "UV_OFFLINE"}
    | {"UV_NATIVE_TLS", "UV_SYSTEM_CERTS", "UV_CONFIG_FILE", "UV_CREDENTIALS_DIR"}
    | {"UV_EXCLUDE_NEWER", "UV_PRERELEASE", "UV_TORCH_BACKEND", "UV_LOCK_TIMEOUT", "UV_GIT_LFS"}
    | {"UV_BUILD_CONSTRAINT", "UV_NO_BUILD_ISOLATION", "UV_AUTH_TOKEN", "UV_GITHUB_TOKEN"}
    | {"UV_REQUEST_TIMEOUT", "UV_PYTHON_INSTALL_DIR", "UV_PYTHON_INSTALL_MIRROR"}
    | {"UV_PYPY_INSTALL_MIRROR", "UV_PYTHON_CACHE_DIR", "UV_ASTRAL_MIRROR_URL", "UV_API_KEY"}
)
"""What a person may tell uv by variables: how packages are reached, built and kept. The rest of
`UV_*` says what is acted on, and that is said here."""
_KEPT_UV_GROUPS = ("UV_INDEX", "UV_HTTP_", "UV_CONCURRENT_", "UV_NO_BUILD", "UV_NO_BINARY")


def clean_environ(host: Host) -> dict[str, str]:
    """Return the variables of the person without those that lead a tool to another environment,
    make Python start differently, or colour what is written."""
    return {
        name: value
        for name, value in host.environ.items()
        if name not in _DROPPED
        and not name.startswith("PYTHON")
        and (not name.startswith("UV_") or name in _KEPT_UV or name.startswith(_KEPT_UV_GROUPS))
    } | {"NO_COLOR": "1", "HOME": host.home}
