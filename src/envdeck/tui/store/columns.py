"""The columns of the list: what each is called, sorts by and gives way to."""

import re
from collections.abc import Callable, Iterable
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from envdeck.core.model import Environment
from envdeck.text.environment import count_severities

Value: TypeAlias = tuple[int | float | str, ...]
"""What rows are compared by; the empty one means unknown, and always stands at the end."""
SortKey: TypeAlias = tuple[bool, Value, str, str]


class StatusOrder(StrEnum):
    """The state of an environment as the list says it, the worst first."""

    BROKEN = "broken"
    MOVED = "moved"
    MIXED = "mixed"
    SUSPECT = "suspect"
    ORPHAN = "orphan"
    """Its project is gone."""
    END_OF_LIFE = "end of life"
    UNMOUNTED = "unmounted"
    """The disk of its project is not mounted."""
    OK = "ok"


_RANK = {worst_status: rank for rank, worst_status in enumerate(StatusOrder)}
_NUMBER = re.compile(r"\d+")


def worst_status(environment: Environment) -> StatusOrder:
    """Return the worst there is to say of an environment: its status; that nobody needs it any
    more; that its Python is no longer supported; that its project cannot be seen now."""
    return StatusOrder(environment.states[0])


@lru_cache(4096)
def version_numbers(version: str) -> tuple[int, ...]:
    """Return the first four numbers of a version, filled up with zeros so that they compare."""
    numbers = [int(number[:9]) for number in _NUMBER.findall(version)[:4]]
    return tuple(numbers + [0] * (4 - len(numbers)))


def _status(environment: Environment) -> Value:
    return (_RANK[worst_status(environment)],)


def _path(_environment: Environment) -> Value:
    return (0,)


def _python(environment: Environment) -> Value:
    version = environment.python.version
    return version_numbers(version) if version else ()


def _manager(environment: Environment) -> Value:
    return (environment.manager,)


def _health(environment: Environment) -> Value:
    if not environment.findings and not environment.examined:
        return ()
    return count_severities(environment.findings)


def _packages(environment: Environment) -> Value:
    return () if environment.packages is None else (environment.packages,)


def _reclaimable(environment: Environment) -> Value:
    return () if environment.size is None else (environment.size.reclaimable_bytes,)


def _disk(environment: Environment) -> Value:
    return () if environment.size is None else (environment.size.disk_bytes,)


def _used(environment: Environment) -> Value:
    when = environment.last_used.when
    return () if when is None else (when,)


class Column(NamedTuple):
    """One column."""

    id: str
    """Its name in the configuration."""
    heading: str
    value: Callable[[Environment], Value]
    cells: int
    """Its width; that of the path is what remains."""
    gives_way: int
    """The higher, the sooner it goes when there is little room; 0 never goes."""
    right: bool = False
    downwards: bool = False
    """Whether the interesting end is the large one, so that it is sorted that way first."""
    short: str = ""
    """Its heading where there is little room."""


COLUMNS: tuple[Column, ...] = (
    Column("status", "Status", _status, 13, 0),
    Column("path", "Path", _path, 0, 0),
    Column("health", "Health", _health, 7, 6, downwards=True),
    Column("python", "Python", _python, 10, 3),
    Column("manager", "Manager", _manager, 10, 4),
    Column("packages", "Pkgs", _packages, 6, 7, right=True, downwards=True),
    Column("size", "On disk", _disk, 9, 8, right=True, downwards=True, short="Disk"),
    Column("reclaimable", "Frees", _reclaimable, 7, 1, right=True, downwards=True),
    Column("bar", "", _reclaimable, 10, 2, downwards=True),
    Column("used", "Last used", _used, 11, 5, right=True, short="Used"),
)
_BY_ID = {column.id: column for column in COLUMNS}
_DEFAULT = (
    *("status", "path", "health", "python", "manager", "packages", "reclaimable", "bar", "used"),
)
_NEVER_LEFT_OUT = ("status", "path")


def columns_named(names: Iterable[str]) -> tuple[Column, ...]:
    """Return columns in the order of their names; unknown ones are left out, and the status and
    the path come first if they are not named. No names give the usual ones."""
    wanted = [name for name in names if name in _BY_ID] or list(_DEFAULT)
    missing = [name for name in _NEVER_LEFT_OUT if name not in wanted]
    return tuple(_BY_ID[name] for name in dict.fromkeys([*missing, *wanted]))


def column_named(name: str) -> Column:
    """Return one column; KeyError for a name there is none of."""
    return _BY_ID[name]


def sort_key(environment: Environment, column: Column, *, reverse: bool) -> SortKey:
    """Return what a row is compared by, whole: no two rows have the same.

    Unknown values stand at the end whichever way it goes, and equals stand by their path.
    """
    value = column.value(environment)
    folded = environment.path.casefold()
    if column.id == "path":
        value = (_downwards(folded),) if reverse else (0,)
    elif reverse:
        value = tuple(_turned(part) for part in value)
    return (not value, value, folded, environment.path)


def _turned(part: float | str) -> float | str:
    return _downwards(part) if isinstance(part, str) else -part


def _downwards(text: str) -> str:
    """Return text that compares the other way round: each character from the far end, then an
    end mark that is larger than any, so that a longer word comes before its own beginning."""
    return "".join(chr(max(0, 0x10FFFE - ord(character))) for character in text) + "\U0010ffff"
