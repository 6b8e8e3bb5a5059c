"""Groups of environments and bases."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from envdeck.core.inspection.interpreters import base_of, orphans
from envdeck.core.lazy_dataclasses import dataclass, field
from envdeck.core.model import Environment, Interpreter
from envdeck.tui.store.columns import version_numbers
from envdeck.tui.store.rows import Totals, shares_nothing

_DAY = 86400
_AGES = (
    ("this week", 0, 7),
    ("this month", 7, 30),
    ("last 3 months", 30, 90),
    ("last year", 90, 365),
    ("longer ago", 365, None),
)
_NEVER = "unknown"
_LEVELS = (
    ("error", "errors"),
    ("warning", "warnings"),
    ("note", "notes only"),
    ("ok", "no problems"),
    (_NEVER, "not examined"),
)
"""The worst of the findings, as the filter and as the view call it."""


@dataclass(frozen=True, slots=True)
class Group:
    """The environments of one bar."""

    label: str
    query: str
    """What the list is filtered by to show just these."""
    environments: tuple[Environment, ...]
    end_of_life: str | None = None
    totals: Totals = field(default_factory=Totals)
    """On disk, and what deleting all of these together would free. Where files are shared among
    them, it is first the sum of what each takes and frees alone; see :attr:`counted`."""
    counted: bool = True
    """Whether shared files have been counted once."""

    @property
    def unmeasured(self) -> int:
        """How many of them have no size yet."""
        return sum(environment.size is None for environment in self.environments)

    @property
    def occupied(self) -> int:
        """Bytes on disk, as far as measured."""
        return self.totals.occupied or 0

    @property
    def freed(self) -> int:
        """Bytes that deleting them would free, as far as measured."""
        return self.totals.freed or 0


@dataclass(frozen=True, slots=True)
class GroupSection:
    """The groups that one question makes."""

    title: str
    groups: tuple[Group, ...]
    ranked: bool = False
    """Whether its groups have no order of their own but what they free."""

    @property
    def largest(self) -> int:
        """The size that fills a bar, in bytes."""
        return max((group.occupied for group in self.groups), default=0)


def group_all(environments: Sequence[Environment]) -> Group:
    """Return all of them as one group."""
    return _group("total", "", environments)


def sections(environments: Sequence[Environment], now: float) -> tuple[GroupSection, ...]:
    """Return the sections of the machine view; none of them loses an environment."""
    if not environments:
        return ()
    return (
        GroupSection("By manager", _group_by_manager(environments), ranked=True),
        GroupSection("By Python", _group_by_python(environments)),
        GroupSection("By last use", _group_by_last_use(environments, now)),
        GroupSection("By findings", _group_by_findings(environments)),
    )


def _group_by_manager(environments: Iterable[Environment]) -> tuple[Group, ...]:
    groups = [
        _group(manager, f"manager:{_quoted(manager)}", found)
        for manager, found in _split(environments, lambda one: one.manager).items()
    ]
    return sort_by_freed(groups)


def sort_by_freed(groups: Iterable[Group]) -> tuple[Group, ...]:
    """Return groups, those first that would give back most."""
    return tuple(sorted(groups, key=lambda group: (-group.freed, -group.occupied, group.label)))


def _group_by_python(environments: Iterable[Environment]) -> tuple[Group, ...]:
    split = _split(environments, _minor)
    versions = sorted(filter(None, split), key=lambda minor: (version_numbers(minor), minor))
    groups = [
        _group(minor, f"python:{_quoted(minor)}", split[minor]) for minor in reversed(versions)
    ]
    if "" in split:
        groups.append(_group(_NEVER, "python:unknown", split[""]))
    return tuple(groups)


def _minor(environment: Environment) -> str:
    return ".".join((environment.python.version or "").split(".")[:2])


def _group_by_last_use(environments: Iterable[Environment], now: float) -> tuple[Group, ...]:
    def band(environment: Environment) -> str:
        when = environment.last_used.when
        if when is None:
            return _NEVER
        for label, _, until in _AGES:
            if until is None or when > now - until * _DAY:
                return label
        raise AssertionError(when)  # the last band has no end

    split = _split(environments, band)
    groups = []
    for label, since, until in _AGES:
        terms = [f"used:{until}d" if until else "", f"unused:{since}d" if since else ""]
        groups.append(_group(label, " ".join(filter(None, terms)), split.get(label, [])))
    groups.append(_group(_NEVER, "used:unknown", split.get(_NEVER, [])))
    return tuple(group for group in groups if group.environments)


def _group_by_findings(environments: Iterable[Environment]) -> tuple[Group, ...]:
    def level(environment: Environment) -> str:
        worst = environment.worst_severity
        if worst is not None:
            return worst.value
        return "ok" if environment.examined else _NEVER

    split = _split(environments, level)
    groups = [_group(label, f"health:{name}", split.get(name, [])) for name, label in _LEVELS]
    return tuple(group for group in groups if group.environments)


def _split(
    environments: Iterable[Environment], key: Callable[[Environment], str]
) -> dict[str, list[Environment]]:
    split: dict[str, list[Environment]] = {}
    for environment in environments:
        split.setdefault(key(environment), []).append(environment)
    return split


def _group(label: str, query: str, environments: Sequence[Environment]) -> Group:
    ended = next((one.python.end_of_life for one in environments if one.python.end_of_life), None)
    sizes = [one.size for one in environments if one.size is not None]
    alone = Totals(
        sum(size.disk_bytes for size in sizes), sum(size.reclaimable_bytes for size in sizes)
    )
    # As in the list: what is shared is not always in the sizes, but that something is shows.
    counted = shares_nothing(environments)
    return Group(label, query, tuple(environments), ended, alone, counted=counted)


def _quoted(value: str) -> str:
    return f'"{value}"' if any(character.isspace() for character in value) else value


@dataclass(frozen=True, slots=True)
class InterpreterBase:
    """An interpreter, or the place of one that is gone, with the environments resting on it."""

    interpreter: Interpreter | None
    path: str
    """Its executable; for one that is gone, what the environments still name."""
    dependants: tuple[Environment, ...] | None = None
    """None until worked out: it asks the disk."""

    @property
    def gone(self) -> bool:
        """Whether there is no such interpreter any more."""
        return self.interpreter is None

    @property
    def global_count(self) -> int:
        """How many distributions were installed into it globally."""
        if self.interpreter is None:
            return 0
        return sum(len(folder.names) for folder in self.interpreter.global_packages)


def bases(interpreters: Sequence[Interpreter]) -> list[InterpreterBase]:
    """Return the interpreters, the newest version first, nothing yet known of dependants."""
    ordered = sorted(
        interpreters,
        key=lambda one: (version_numbers(one.version or "0"), one.version or ""),
        reverse=True,
    )
    return [InterpreterBase(one, one.executable) for one in ordered]


def add_dependants(
    known: Sequence[InterpreterBase], environments: Sequence[Environment]
) -> list[InterpreterBase]:
    """Return the bases with their dependants, then those that are gone, the largest first.

    Links are followed and bases looked for on the disk: not for the event loop.
    """
    interpreters = [base.interpreter for base in known if base.interpreter is not None]
    answers: dict[tuple[str | None, ...], Interpreter | None] = {}
    resting: dict[Interpreter, list[Environment]] = {one: [] for one in interpreters}
    for environment in environments:
        python = environment.python
        key = (python.base, python.base_executable, python.version)
        if key not in answers:
            answers[key] = base_of(environment, interpreters)
        base = answers[key]
        if base is not None:
            resting[base].append(environment)
    found = [InterpreterBase(one, one.executable, tuple(resting[one])) for one in interpreters]
    gone = orphans(environments, interpreters)
    return found + [InterpreterBase(None, path, rested) for path, rested in gone.items()]


def query_for_all(environments: Sequence[Environment]) -> str | None:
    """Return a query that matches the environments resting on one base, as far as they name it
    in one way; None where no query says it."""
    bases = {one.python.base or one.python.base_executable for one in environments}
    if len(bases) != 1 or not (base := bases.pop()) or len(list(_runs(base))) > 1:
        return None
    minors = {".".join((one.python.version or "").split(".")[:2]) for one in environments}
    term = f'base:"{base}"' if set(base) & {" ", ","} else f"base:{base}"
    return f"{term} python:{minors.pop()}" if len(minors) == 1 and minors != {""} else term


def query_for(path: str) -> str:
    """Return a query that the environment of a path matches, and hardly another one.

    Of a name that a line of text cannot hold (a newline, a quote, bytes that are no text), the
    longest piece that it can.
    """
    return f'"{max(_runs(path), key=len)}"'


def _runs(path: str) -> Iterator[str]:
    run = ""
    for character in path:
        if character.isprintable() and character != '"':
            run += character
        else:
            yield run
            run = ""
    yield run
