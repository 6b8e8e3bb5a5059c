"""Which environments are listed, and in which order."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

from envdeck.cli.pythons import Matches
from envdeck.core.model import Environment

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
