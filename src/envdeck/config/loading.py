"""Finding and reading the configuration file."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from envdeck.config.errors import ConfigurationError
from envdeck.config.settings import Settings
from envdeck.config.validation import settings_from
from envdeck.core.files import Unread, read_bounded, reason_of
from envdeck.core.host import Host, own_path

VARIABLE = "ENVDECK_CONFIG"
"""Names another file than the usual one; the null device stands for no configuration."""
LIMIT = 256 * 1024
"""Bytes; a real one has some hundred."""
_MISSING = (FileNotFoundError, NotADirectoryError)


class Origin(StrEnum):
    """Where a value comes from."""

    DEFAULT = "default"
    FILE = "file"
    ENVIRONMENT = "environment"


@dataclass(frozen=True, slots=True)
class Configuration:
    """What was read, and from where."""

    path: str
    """The file, whether it exists or not."""
    path_origin: Origin
    """`environment` when a variable names it, else `default`."""
    exists: bool
    settings: Settings = field(default_factory=Settings)
    given: frozenset[str] = frozenset()
    """The keys that the file has; all others hold their default."""

    def origin(self, name: str) -> Origin:
        """Return where the value of a key comes from."""
        return Origin.FILE if name in self.given else Origin.DEFAULT


def locate(host: Host) -> tuple[str, Origin]:
    """Return the configuration file's path, and what says that it is there.

    Raises :class:`ConfigurationError` where a relative one has nothing to be relative to.
    """
    named = host.variable(VARIABLE)
    if named is not None:
        path = host.expand(named)
        try:
            return os.path.abspath(path), Origin.ENVIRONMENT
        except FileNotFoundError as error:
            what = "is relative, and the current folder no longer exists"
            raise ConfigurationError(path, what, hint="cd ~") from error
    return own_path(host, "config", "config.toml"), Origin.DEFAULT


def load(host: Host) -> Configuration:
    """Read the configuration; none at the usual place means all defaults.

    Raises :class:`ConfigurationError` when there is one that cannot be read or is wrong, or
    when a variable names one that is not there.
    """
    path, origin = locate(host)
    if path == os.devnull:
        return Configuration(path, origin, exists=True)
    if not _present(path):
        if origin is Origin.ENVIRONMENT:
            raise ConfigurationError(
                path, "does not exist", hint=f"create it, or unset {VARIABLE}, which names it"
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
        raise ConfigurationError(path, reason_of(error)) from error
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
    import tomllib  # only where there is a file: it costs 10 ms

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        found = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", message)
        what = message[: found.start()] if found else message
        line = int(found[1]) if found and found[1] else None
        if found and line is None:
            line = max(1, len(text.splitlines()))
        raise ConfigurationError(path, f"is not TOML: {what}", line=line) from error
    except ValueError as error:  # a number of more digits than Python reads
        raise ConfigurationError(path, f"is not TOML: {error}") from error
    except RecursionError as error:
        raise ConfigurationError(path, "is not TOML: nested too deeply") from error
