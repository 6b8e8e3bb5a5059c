"""Filters and sort of environments, as `list` and `clean` take them."""

import math
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeAlias

from envdeck.cli.arguments import read_byte_count, read_duration, read_python_range
from envdeck.cli.console import CommandError
from envdeck.core.discovery.managers import manager_names
from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.model import Environment, Status
from envdeck.core.query import UNREAD, Matches, Query, search_text
from envdeck.core.system.host import Host
from envdeck.core.system.words import find_nearest

if TYPE_CHECKING:
    from envdeck.core.catalog import Catalog

_END_OF_LIFE = "end of life"
STATUSES = (*(status.value for status in Status), "orphan", "eol", "unmounted")
"""What an environment can be said to be; an orphan's project is gone."""
SORTS = ("reclaimable", "size", "name", "python", "used")
"""What a list can be sorted by."""


VersionKey: TypeAlias = list[tuple[int, int, str]]


@dataclass(frozen=True, slots=True)
class Filters:
    """What an environment must be to be listed; what is not given holds for all."""

    managers: frozenset[str] = frozenset()
    statuses: frozenset[str] = frozenset()
    """Any of :attr:`envdeck.core.model.Environment.states`."""
    python: Matches | None = None
    unused_since: float | None = None
    """Seconds since the epoch. One whose last use is not known is not taken for unused."""
    least_bytes: float | None = None
    """On disk. One that could not be measured is not taken for large."""
    query: Query = Query()
    """In the language of the screen's filter."""

    def accept(self, environment: Environment, catalog: "Catalog") -> bool:
        """Tell whether an environment is wanted; the catalog reads what only a query asks for."""
        when = environment.last_used.when
        size = environment.size
        return (
            (not self.managers or environment.manager in self.managers)
            and (not self.statuses or not self.statuses.isdisjoint(environment.states))
            and (self.python is None or self.python(environment.python.version))
            and (self.unused_since is None or (when is not None and when <= self.unused_since))
            and (
                self.least_bytes is None
                or (size is not None and size.disk_bytes >= self.least_bytes)
            )
            and (not self.query or self._answers(environment, catalog))
        )

    def _answers(self, environment: Environment, catalog: "Catalog") -> bool:
        query, told = self.query, search_text(environment)
        if not query._replace(contents=(), needs=frozenset()).matches(environment, told):
            return False
        needs = query.needs
        contents = catalog.contents(environment, needs) if needs else UNREAD
        return query.matches(environment, told, contents)


def sort_environments(environments: Iterable[Environment], by: str) -> list[Environment]:
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


RULES = {"orphan": "project not found", "eol": "Python is end of life", "broken": "cannot start"}
"""States by which `clean` deletes, and what they mean."""


def add_filters(parser: ArgumentParser, *, rules: bool = False) -> None:
    """Let a command take the properties of the environments that are meant; with `rules`, the
    states of :data:`RULES` as options of their own."""
    choosing = parser.add_argument_group("filters")
    choosing.add_argument(
        "--filter",
        action="append",
        default=[],
        metavar="QUERY",
        help='in the language of the screen\'s filter: "manager:uv,poetry !eol package:pandas<2" '
        "(repeatable)",
    )
    for state, meaning in RULES.items() if rules else ():
        choosing.add_argument(
            f"--{state}", action="append_const", dest="status", const=state, help=meaning
        )
    choosing.add_argument(
        "--manager",
        action="append",
        default=[],
        metavar="NAME",
        help="managed by this tool: venv, uv, poetry, conda … (repeatable, or with commas)",
    )
    if not rules:
        choosing.add_argument(
            "--status",
            action="append",
            type=_read_status,
            choices=STATUSES,
            help="with this status; orphan: project not found (repeatable)",
        )
    choosing.add_argument(
        "--python",
        type=read_python_range,
        metavar="SPEC",
        help="with this Python: 3.12 (any patch release) or a range such as >=3.10,<3.12",
    )
    choosing.add_argument(
        "--unused-for",
        type=read_duration,
        metavar="TIME",
        help="not used for 12h, 90d, 6w, 3m (months), 2y; skips those without a known last use",
    )
    choosing.add_argument(
        "--min-size",
        type=read_byte_count,
        metavar="SIZE",
        help="at least this size on disk: 500MB, 1.5GB …",
    )


def read_filters(arguments: Namespace, host: Host) -> Filters:
    """Return the filters that were given. Raises :class:`CommandError` for one that nothing can
    match, or that is not understood."""
    managers = [name.strip() for given in arguments.manager for name in given.split(",")]
    for name in managers:
        if name not in manager_names():
            near = find_nearest(name, manager_names())
            hint = f"did you mean `{near[0]}`?" if near else f"one of {', '.join(manager_names())}"
            raise CommandError(f"--manager: no manager `{name}`", hint=hint)
    query = Query.parse(" ".join(arguments.filter), host.now(), host.home)
    if problem := next(iter(query.problems), "") or query.doubt(()):
        raise CommandError(
            f"--filter: {problem}", hint="terms: envdeck list --help, docs/keys.md#filter"
        )
    words = (_END_OF_LIFE if status == "eol" else status for status in arguments.status or ())
    return Filters(
        managers=frozenset(managers),
        statuses=frozenset(words),
        python=arguments.python,
        unused_since=None if arguments.unused_for is None else host.now() - arguments.unused_for,
        least_bytes=arguments.min_size,
        query=query,
    )


def _read_status(text: str) -> str:
    return "eol" if text.casefold() in {_END_OF_LIFE, "end-of-life"} else text.casefold()
