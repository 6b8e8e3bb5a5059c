"""PATH, `--python`, filters, sort, `--yes`, `--allow`, `--from`."""

import math
import os
import re
from argparse import ArgumentTypeError
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from envdeck.cli.context import CommandContext
from envdeck.cli.errors import CommandError
from envdeck.cli.main import COMMANDS
from envdeck.core.model import Environment
from envdeck.core.system.files import reason_of
from envdeck.core.system.host import Host
from envdeck.core.system.reach import admit

if TYPE_CHECKING:
    from envdeck.core.catalog import Scope


def scope_of(
    paths: Sequence[str],
    context: CommandContext,
    *,
    sizes: bool,
    interpreters: bool = False,
    fresh: bool = False,
) -> "Scope":
    """Return where to look, from PATH arguments and the configuration.

    Raises :class:`CommandError` for a PATH that cannot be looked into, and
    :class:`envdeck.config.ConfigurationError`.
    """
    from envdeck.core.catalog import Scope

    roots = tuple(dict.fromkeys(folder(path, context.host) for path in paths))
    settings = context.configuration().settings
    return Scope(
        roots,
        sizes=sizes,
        fresh=fresh,
        cross_devices=settings.cross_devices,
        exclude=settings.exclude,
        usual_roots=settings.roots,
        interpreters=interpreters,
    )


def folder(path: str, host: Host) -> str:
    """Return the absolute path of a folder that can be looked into.

    Raises :class:`CommandError` when it does not exist, is no folder, or cannot be read.
    """
    absolute = absolute_path(path, host)
    try:
        with os.scandir(absolute) as entries:
            next(entries, None)
    except FileNotFoundError:
        raise CommandError(f"`{path}` does not exist", hint=_meant(path)) from None
    except NotADirectoryError:
        raise CommandError(f"`{path}` is not a folder", hint="give a folder to look into") from None
    except (OSError, ValueError) as error:
        raise CommandError(f"`{path}` cannot be read: {reason_of(error)}") from error
    return absolute


def absolute_path(path: str, host: Host) -> str:
    """Return an argument as an absolute path; a quoted `~` is the home folder all the same."""
    if not path:
        raise CommandError("an empty path names nothing", hint="`.` is the current folder")
    expanded = path if os.path.lexists(path) else host.expand(path)
    try:
        absolute = os.path.abspath(expanded)
        admit(absolute)
        return absolute
    except FileNotFoundError as error:
        raise CommandError("the current folder no longer exists", hint="cd ~") from error


def _meant(path: str) -> str:
    from difflib import get_close_matches  # only for a mistake: it costs 5 ms

    if path == "help":
        return "envdeck --help"
    close = get_close_matches(path, COMMANDS, n=1)
    return f"did you mean the command `envdeck {close[0]}`?" if close else ""


Matches = Callable[[str | None], bool]
"""Whether a version, None for one that is not known, is wanted."""

_LONGEST = 200
"""Characters of a range; a number of thousands of digits is none that Python reads."""
_PLAIN = re.compile(r"[0-9]+(\.[0-9]+){0,2}([a-z]+[0-9]+)?")


def python_matches(spec: str) -> Matches:
    """Return the test for `3.12` (that and all that begin so) or `>=3.10,<3.12` (PEP 440).

    Raises :class:`argparse.ArgumentTypeError` for anything else.
    """
    text = spec.strip().lower()
    if _PLAIN.fullmatch(text):
        return _begins_with(text.split("."))
    return _specified(spec)


def _begins_with(wanted: list[str]) -> Matches:
    def matches(version: str | None) -> bool:
        return version is not None and version.split(".")[: len(wanted)] == wanted

    return matches


def _specified(spec: str) -> Matches:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet
    from packaging.version import Version

    try:
        wanted = SpecifierSet(spec)
    except InvalidSpecifier as error:
        message = f"`{spec}` is no version, such as 3.12, or range, such as >=3.10,<3.12"
        raise ArgumentTypeError(message) from error
    if len(spec) > _LONGEST:
        raise ArgumentTypeError("that is too long for a version or a range")
    if not spec.strip():
        raise ArgumentTypeError("a version is needed, such as 3.12 or >=3.10,<3.12")

    def matches(version: str | None) -> bool:
        try:
            return version is not None and wanted.contains(Version(version), prereleases=True)
        except ValueError:  # not valid, or of more digits than Python reads
            return False

    return matches


SORTS = ("reclaimable", "size", "name", "python", "used")
"""What a list can be sorted by."""


VersionKey: TypeAlias = list[tuple[int, int, str]]


@dataclass(frozen=True, slots=True)
class Filters:
    """What an environment must be to be listed; what is not given holds for all."""

    managers: frozenset[str] = frozenset()
    statuses: frozenset[str] = frozenset()
    python: Matches | None = None
    unused_since: float | None = None
    """Seconds since the epoch. One whose last use is not known is not taken for unused."""
    least_bytes: float | None = None
    """On disk. One that could not be measured is not taken for large."""

    def accept(self, environment: Environment) -> bool:
        """Tell whether an environment is wanted."""
        when = environment.last_used.when
        size = environment.size
        return (
            (not self.managers or environment.manager in self.managers)
            and (not self.statuses or environment.status in self.statuses)
            and (self.python is None or self.python(environment.python.version))
            and (self.unused_since is None or (when is not None and when <= self.unused_since))
            and (
                self.least_bytes is None
                or (size is not None and size.disk_bytes >= self.least_bytes)
            )
        )


def in_order(environments: Iterable[Environment], by: str) -> list[Environment]:
    """Return environments sorted: what is worth a look first (largest, oldest), unknown last,
    and equal ones by path."""
    key = _KEYS[by]
    return sorted(environments, key=lambda environment: (key(environment), environment.path))


def _reclaimable(environment: Environment) -> float:
    return -environment.size.reclaimable_bytes if environment.size else math.inf


def _size(environment: Environment) -> float:
    return -environment.size.disk_bytes if environment.size else math.inf


def _name(environment: Environment) -> str:
    return environment.name.casefold()


def _python(environment: Environment) -> VersionKey:
    return version_key(environment.python.version)


def version_key(version: str | None) -> VersionKey:
    """Return what versions are sorted by: their numbers, then words, and unknown ones last."""
    if version is None:
        return [(2, 0, "")]
    return [
        (0, int(part), "") if part.isascii() and part.isdigit() and len(part) < 10 else (1, 0, part)
        for part in version.split(".")
    ]


def _used(environment: Environment) -> float:
    when = environment.last_used.when
    return math.inf if when is None else when


_KEYS: dict[str, Callable[[Environment], Any]] = {
    "reclaimable": _reclaimable,
    "size": _size,
    "name": _name,
    "python": _python,
    "used": _used,
}
