"""Every setting, typed; the file they are read from, and what is wrong in it."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from envdeck.core.lazy_dataclasses import dataclass, field, fields, replace
from envdeck.core.system.files import Unread, parse_toml, read_bounded, reason_of
from envdeck.core.system.host import Host, own_path
from envdeck.core.system.words import find_nearest

COLUMNS = (
    "status",
    "path",
    "health",
    "python",
    "manager",
    "packages",
    "size",
    "reclaimable",
    "bar",
    "used",
)
"""What a column of the screen's list can be."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings that hold. A field's name in the file has `-` where it has `_` here."""

    roots: tuple[str, ...] = ()
    """Folders to look into when no PATH is given, `~` standing for the home folder. Empty:
    the home folder. The known places of every tool are looked into in any case."""
    exclude: tuple[str, ...] = ()
    """Patterns (`*`, `?`, `[…]`) of folder names or absolute paths not to look into."""
    cross_devices: bool = False
    """Whether to follow a root on to other file systems that are mounted below it."""
    theme: str | None = None
    """The name of the screen's theme, as its palette lists them; the palette saves it here."""
    columns: tuple[str, ...] = ()
    """The columns of the screen's list, in order. Empty: the usual ones, as many as fit."""
    keys: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """The table `[keys]`: the name of an action, and the key for it (several with commas),
    in place of the usual one."""
    read_only: bool = False
    """Whether every change is turned off, as with `--read-only`."""
    keep_days: int | None = 30
    """How many days the trash keeps what was deleted or exchanged; `"for ever"` (None here) has
    no end."""
    threads: int | None = None
    """How many threads read folders at most where the disk is slow; 1 is the walk alone. None
    leaves it to the disk."""
    notices: bool = True
    """Whether the end of an operation of more than ten seconds rings the bell and shows a desktop
    notice while the terminal is not in front."""
    downloads: bool = False
    """Whether uv may download an interpreter that is asked for and is not on this machine."""


@dataclass(frozen=True, slots=True)
class ScreenState:
    """What a person chose on the screen, kept in the state folder for the next start."""

    filters: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Saved filters by their names."""
    columns: tuple[str, ...] = ()
    """The columns that were chosen; none where those of the configuration hold."""
    detail: bool = True
    """Whether the detail stands beside the list, where there is room."""
    problems: tuple[str, ...] = ()
    """What was left out when it was read, and why; one sentence each."""


class ConfigurationError(Exception):
    """The configuration file cannot be used: where, why, and what to do."""

    def __init__(self, path: str, what: str, *, hint: str = "", line: int | None = None) -> None:
        super().__init__(what)
        self.path = path
        """The file."""
        self.what = what
        """What is wrong, in words; it may carry hostile text from the file."""
        self.hint = hint
        """What to do, or empty."""
        self.line = line
        """Counted from 1; None where no line is to blame, or it could not be found."""


def line_of(text: str, key: str, table: str | None = None) -> int | None:
    """Return the line on which a key is set, as well as a look at the lines can tell.

    With `table` given, only lines below its heading count; without, only those above the first
    heading. A key spelt in an unusual way (dotted, escaped) is not found.
    """
    wanted = re.compile(rf"""\s*(["']?){re.escape(key)}\1\s*=""")
    heading = re.compile(r"""\s*\[\s*(["']?)([^"'\]]*)\1\s*\]""")
    current: str | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        if found := heading.match(line):
            current = found[2].strip()
            if table is None and current == key:
                return number
        elif current == table and wanted.match(line):
            return number
    return None


NAMES = tuple(field.name.replace("_", "-") for field in fields(Settings))
"""The keys that the file may have."""
FOR_EVER = "for ever"
"""What `keep-days` is where the trash keeps things without an end."""
_LONGEST = 36_500
"""Days: a hundred years."""
_MOST_THREADS = 64


def settings_from(document: Mapping[str, Any], text: str, path: str, host: Host) -> Settings:
    """Return the settings a document holds; `text` is its source, to point at lines.

    Raises :class:`ConfigurationError` for the first thing that is wrong.
    """
    reader = _Reader(text, path, host)
    settings = Settings()
    for name, value in document.items():
        match name:
            case "roots":
                settings = replace(settings, roots=reader.roots(value))
            case "exclude":
                settings = replace(settings, exclude=reader.exclude(value))
            case "cross-devices":
                settings = replace(settings, cross_devices=reader.switch(name, value))
            case "read-only":
                settings = replace(settings, read_only=reader.switch(name, value))
            case "keep-days":
                settings = replace(settings, keep_days=reader.days(name, value))
            case "threads":
                settings = replace(settings, threads=reader.threads(name, value))
            case "notices":
                settings = replace(settings, notices=reader.switch(name, value))
            case "downloads":
                settings = replace(settings, downloads=reader.switch(name, value))
            case "theme":
                settings = replace(settings, theme=reader.word(name, value))
            case "columns":
                settings = replace(settings, columns=reader.columns(value))
            case "keys":
                settings = replace(settings, keys=reader.keys(value))
            case _:
                raise reader.unknown(name)
    return settings


class _Reader:
    """Checks one value after the other, and knows where they stand in the file."""

    def __init__(self, text: str, path: str, host: Host) -> None:
        self._text = text
        self._path = path
        self._host = host

    def unknown(self, name: str) -> ConfigurationError:
        return self._error(name, f"unknown key `{name}`", hint=nearest(name, NAMES))

    def switch(self, name: str, value: object) -> bool:
        if not isinstance(value, bool):
            raise self._expected(name, "true or false", value)
        return value

    def days(self, name: str, value: object) -> int | None:
        if value == FOR_EVER:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _LONGEST:
            expected = f'a number of days from 0 to {_LONGEST:,}, or "{FOR_EVER}"'
            if isinstance(value, str):
                raise self._error(name, f"`{name}` must be {expected}, not `{value}`")
            raise self._expected(name, expected, value)
        return value

    def threads(self, name: str, value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= _MOST_THREADS:
            raise self._expected(name, f"a number from 1 to {_MOST_THREADS}", value)
        return value

    def word(self, name: str, value: object) -> str:
        if not isinstance(value, str) or not value.strip():
            raise self._expected(name, "a name in quotes", value)
        return value

    def roots(self, value: object) -> tuple[str, ...]:
        found = []
        for item in self._words("roots", value, "a list of folders"):
            folder = self._host.expand(item)
            if not os.path.isabs(folder) or "\0" in folder:
                raise self._error(
                    "roots",
                    f"`roots`: `{item}` is not an absolute path",
                    hint="start it with `/`, or `~/` for the home folder",
                )
            found.append(os.path.normpath(folder))
        return tuple(dict.fromkeys(found))

    def exclude(self, value: object) -> tuple[str, ...]:
        patterns = self._words("exclude", value, "a list of patterns")
        found = tuple(self._host.expand(pattern) for pattern in patterns)
        for pattern, whole in zip(patterns, found, strict=True):
            if ("/" in whole or os.sep in whole) and not (
                os.path.isabs(whole) or whole[0] in "*?["
            ):
                raise self._error(
                    "exclude",
                    f"`exclude`: `{pattern}` is not a name or an absolute path",
                    hint="start it with `/`, `~/` or `*/`, or remove the `/`",
                )
        return found

    def columns(self, value: object) -> tuple[str, ...]:
        columns = self._words("columns", value, "a list of column names")
        for column in columns:
            if column not in COLUMNS:
                raise self._error(
                    "columns",
                    f"`columns`: unknown column `{column}`",
                    hint=nearest(column, COLUMNS),
                )
        if len(set(columns)) != len(columns):
            raise self._error("columns", "`columns`: duplicate column")
        return columns

    def keys(self, value: object) -> Mapping[str, str]:
        if not isinstance(value, dict):
            raise self._expected("keys", 'a table `[keys]` of lines such as `sort = "s"`', value)
        keys = {}
        for action, key in _flat(value):
            if not isinstance(key, str) or not key.strip():
                raise self._expected(action, 'a key in quotes, such as `"s"`', key, table="keys")
            keys[action] = key
        return MappingProxyType(keys)

    def _words(self, name: str, value: object, expected: str) -> tuple[str, ...]:
        if not isinstance(value, list):
            raise self._expected(name, expected, value)
        for item in value:
            if not isinstance(item, str) or not item.strip():
                raise self._expected(name, f"{expected}, each in quotes", item)
        return tuple(value)

    def _expected(
        self, name: str, expected: str, value: object, *, table: str | None = None
    ) -> ConfigurationError:
        what = f"`{name}` must be {expected}, not {_kind(value)}"
        return self._error(name, what, table=table)

    def _error(
        self, name: str, what: str, *, hint: str = "", table: str | None = None
    ) -> ConfigurationError:
        line = line_of(self._text, name, table)
        return ConfigurationError(self._path, what, hint=hint, line=line)


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a hint with the nearest known name, or with all of them when none is near."""
    names = tuple(known)
    close = find_nearest(name.lower().replace("_", "-"), names)
    if close:
        return f"did you mean `{close[0]}`?"
    return "choose from " + ", ".join(f"`{known_name}`" for known_name in names)


def _flat(keys: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield actions and keys; TOML reads an action `tab.1` without quotes as a table `tab`."""
    for name, value in keys.items():
        if isinstance(value, dict) and value:
            yield from ((f"{name}.{rest}", key) for rest, key in value.items())
        else:
            yield name, value


def _kind(value: object) -> str:
    """Name a TOML value's type as TOML does."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return "a string" if value.strip() else "empty"
        case int() | float():
            return f"the number {value}"
        case list():
            return "an array"
        case dict():
            return "a table"
        case _:
            return "a date or time"


VARIABLE = "ENVDECK_CONFIG"
"""Names another file than the usual one; the null device stands for no configuration."""
LIMIT = 256 * 1024
"""Bytes; a real one has some hundred."""
_MISSING = (FileNotFoundError, NotADirectoryError)


class SettingOrigin(StrEnum):
    """Where a value comes from."""

    DEFAULT = "default"
    FILE = "file"
    ENVIRONMENT = "environment"


@dataclass(frozen=True, slots=True)
class Configuration:
    """What was read, and from where."""

    path: str
    """The file, whether it exists or not."""
    path_origin: SettingOrigin
    """`environment` when a variable names it, else `default`."""
    exists: bool
    settings: Settings = field(default_factory=Settings)
    given: frozenset[str] = frozenset()
    """The keys that the file has; all others hold their default."""

    def origin(self, name: str) -> SettingOrigin:
        """Return where the value of a key comes from."""
        return SettingOrigin.FILE if name in self.given else SettingOrigin.DEFAULT


def locate(host: Host) -> tuple[str, SettingOrigin]:
    """Return the configuration file's path, and what says that it is there.

    Raises :class:`ConfigurationError` where a relative one has nothing to be relative to.
    """
    named = host.variable(VARIABLE)
    if named is not None:
        path = host.expand(named)
        try:
            return os.path.abspath(path), SettingOrigin.ENVIRONMENT
        except FileNotFoundError as error:
            what = "is relative, and the current folder no longer exists"
            raise ConfigurationError(path, what, hint="cd ~") from error
    return own_path(host, "config", "config.toml"), SettingOrigin.DEFAULT


def load(host: Host) -> Configuration:
    """Read the configuration; none at the usual place means all defaults.

    Raises :class:`ConfigurationError` when there is one that cannot be read or is wrong, or
    when a variable names one that is not there.
    """
    path, origin = locate(host)
    if path == os.devnull:
        return Configuration(path, origin, exists=True)
    if not _present(path):
        if origin is SettingOrigin.ENVIRONMENT:
            raise ConfigurationError(
                path, "does not exist", hint=f"create the file, or unset {VARIABLE}"
            )
        return Configuration(path, origin, exists=False)
    text = _text_of(path)
    document = _parse(text, path)
    settings = settings_from(document, text, path, host)
    return Configuration(path, origin, exists=True, settings=settings, given=frozenset(document))


def _present(path: str) -> bool:
    try:
        os.lstat(path)
    except _MISSING:
        return False
    except (OSError, ValueError) as error:
        hint = f"check the permissions of its folders, or set {VARIABLE}={os.devnull} to ignore it"
        raise ConfigurationError(path, reason_of(error), hint=hint) from error
    return True


def _text_of(path: str) -> str:
    data = read_bounded(path, LIMIT)
    if isinstance(data, Unread):
        raise ConfigurationError(path, f"cannot be read: {data.reason}")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        what = f"is not UTF-8: byte 0x{data[error.start]:02x}"
        raise ConfigurationError(path, what, line=line) from error


def _parse(text: str, path: str) -> Mapping[str, Any]:
    try:
        return parse_toml(text)
    except ValueError as error:  # a number of more digits than Python reads, too
        message = str(error)
        found = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", message)
        what = message[: found.start()] if found else message
        line = int(found[1]) if found and found[1] else None
        if found and line is None:
            line = max(1, len(text.splitlines()))
        raise ConfigurationError(path, f"is not TOML: {what}", line=line) from error
    except RecursionError as error:
        raise ConfigurationError(path, "is not TOML: nested too deeply") from error
