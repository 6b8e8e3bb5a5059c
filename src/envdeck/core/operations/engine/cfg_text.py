"""The text of a `pyvenv.cfg` for another base: only the values that name the base change."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from envdeck.core.model import Interpreter, minor_of

_LINE = re.compile(rb"\A([ \t]*)([A-Za-z_-]+)([ \t]*=[ \t]*)([^\r\n]*?)([ \t]*)(?=[\r\n]|\Z)")
_VERSION = re.compile(r"(\d+\.\d+\.\d+)(?:(a|b|rc)(\d+))?")
_LEVELS = {"a": "alpha", "b": "beta", "rc": "candidate"}


@dataclass(frozen=True, slots=True)
class CfgChange:
    """A value that changes."""

    key: str
    before: str
    after: str


def rewritten(
    data: bytes, base: Interpreter, stays: Callable[[str, str], bool] | None = None
) -> tuple[bytes, tuple[CfgChange, ...]]:
    """Return the content of a cfg for that base, and what changed in it.

    Order, other keys, comments and line ends stay. Of a key that stands twice both change: the
    launcher takes the first, and `site` the last. `home` is added where it is missing. The
    `command` stays: it tells how the environment was made. So does a path of which `stays` says,
    by its key and value, that it names that base already: by a link, it may be.
    """
    values = _values(base)
    new, changes = _replaced(data, values, stays or _none_stays)
    if not any(_key(line) == "home" for line in new.splitlines()):
        home = values["home"]("")
        new = b"home = " + os.fsencode(home) + b"\n" + new
        changes.append(CfgChange("home", "", home))
    return new, tuple(changes)


def with_values(data: bytes, values: Mapping[str, str]) -> bytes:
    """Return the content of a cfg with other values for those of its keys that are among these."""
    new = {key: _always(value) for key, value in values.items()}
    return _replaced(data, new, _none_stays)[0]


def _none_stays(_key: str, _value: str) -> bool:
    return False


def _replaced(
    data: bytes,
    values: Mapping[str, Callable[[str], str]],
    stays: Callable[[str, str], bool],
) -> tuple[bytes, list[CfgChange]]:
    changes: list[CfgChange] = []

    def replace(match: re.Match[bytes]) -> bytes:
        key = match[2].decode("ascii").lower()
        old = os.fsdecode(match[4])
        new = values[key](old) if key in values else old
        if new == old or stays(key, old):
            return match[0]
        changes.append(CfgChange(key, old, new))
        return match[1] + match[2] + match[3] + os.fsencode(new) + match[5]

    lines = [_LINE.sub(replace, line, count=1) for line in data.splitlines(keepends=True)]
    return b"".join(lines), changes


def _key(line: bytes) -> str:
    match = _LINE.match(line)
    return match[2].decode("ascii").lower() if match else ""


def _always(value: str) -> Callable[[str], str]:
    return lambda _old: value


def _values(base: Interpreter) -> Mapping[str, Callable[[str], str]]:
    home = os.path.dirname(base.executable)
    version = base.version or ""

    def release(old: str) -> str:
        return _like(old, version)

    return {
        "home": _always(home),
        "executable": _always(os.path.realpath(base.executable)),
        "version": release,
        "version_info": release,
        "base-prefix": _always(base.prefix),
        "base-exec-prefix": _always(base.prefix),
        "base-executable": _always(base.executable),
    }


def _like(old: str, version: str) -> str:
    """Write a version in the form of the old value: `3.12.4` (venv, uv), `3.12.4.final.0`
    (virtualenv), or the minor alone. What is not known exactly replaces nothing."""
    match = _VERSION.fullmatch(version)
    if match is None:
        return old
    if re.fullmatch(r"\d+\.\d+", old):
        return minor_of(version)
    if re.fullmatch(r"\d+\.\d+\.\d+\.[a-z]+\.\d+", old):
        return f"{match[1]}.{_LEVELS.get(match[2] or '', 'final')}.{match[3] or 0}"
    return version
