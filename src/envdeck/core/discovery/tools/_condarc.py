"""The one setting of conda that says where environments are, read without a YAML library.

conda's configuration is YAML, of which `envs_dirs` uses the least: a list, as a block of
`- path` lines or in brackets. Whatever else stands in the file is passed over, so that one
setting is not worth a dependency; a list written in a rarer way of YAML is not understood.
"""

import os
from collections.abc import Iterator

from envdeck.core.files import Unread, read_text
from envdeck.core.host import Host

_LIMIT = 64 * 1024
_FOLDERS = 200
_KEYS = ("envs_dirs", "envs_path")


def environment_folders(path: str, host: Host) -> Iterator[str]:
    """Yield the absolute folders that `envs_dirs` of one condarc lists, variables expanded."""
    text = read_text(path, _LIMIT)
    if isinstance(text, Unread):
        return
    for value in parse(text)[:_FOLDERS]:
        folder = host.expand(expand_variables(value, host))
        if os.path.isabs(folder) and "\0" not in folder:
            yield os.path.normpath(folder)


def parse(text: str) -> list[str]:
    """Return the values of `envs_dirs` (or its other name, `envs_path`) as they are written."""
    values: list[str] = []
    inside = False
    for line in text.splitlines():
        key, colon, rest = line.partition(":")
        if colon and key.strip("'\"") in _KEYS:
            values += _inline(_uncommented(rest))
            inside = True
            continue
        item = line.strip()
        if not inside or not item or item.startswith("#"):
            continue
        if item.startswith("- "):
            values.append(_unquoted(_uncommented(item[2:])))
        else:
            inside = line[0].isspace()
    return [value for value in values if value]


def expand_variables(value: str, host: Host) -> str:
    """Replace `$NAME`, `${NAME}` and `%NAME%` by the host's variables; unknown ones stay."""
    import re

    def known(match: "re.Match[str]") -> str:
        name = match.group(1) or match.group(2) or match.group(3)
        return host.environ.get(name, match.group())

    return re.sub(r"\$(\w+)|\$\{([^}]+)\}|%(\w+)%", known, value)


def _inline(rest: str) -> list[str]:
    if rest.startswith("["):
        return [_unquoted(item) for item in rest.strip("[]").split(",")]
    return [_unquoted(rest)]


def _uncommented(text: str) -> str:
    return text.partition(" #")[0].strip()


def _unquoted(text: str) -> str:
    text = text.strip()
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "'\"":
        return text[1:-1]
    return text
