"""Which packages of a lock file an environment gets: by interpreter, groups and extras."""

from collections import deque
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from envdeck.core.inspection.marker_environment import MarkerEnvironment
from envdeck.core.project.model import Edge, Lock, LockedPackage
from envdeck.core.project.poetry_table import poetry_specifier


@dataclass(frozen=True, slots=True)
class Selection:
    """What is installed of a lock file."""

    packages: tuple[LockedPackage, ...] = ()
    """Sorted by name, the project itself not among them."""
    roots: tuple[LockedPackage, ...] = ()
    """The project itself, where the file has it."""
    problem: str = ""
    """Why it cannot be installed for this interpreter, or empty."""


def select(
    lock: Lock,
    markers: MarkerEnvironment,
    groups: Collection[str],
    extras: Collection[str] = (),
) -> Selection:
    """Return what a lock file installs for the interpreter that `markers` tell of.

    `groups` are those besides the project's own dependencies, normalised.
    """
    problem = _python_problem(lock, markers)
    if problem:
        return Selection(problem=problem)
    asked = _Asked(markers, frozenset(groups), frozenset(extras))
    if any(one.root for one in lock.packages):
        found = list(_by_graph(lock, asked))
    else:
        found = [one for one in lock.packages if asked.wants(one)]
    once: dict[tuple[str, str], LockedPackage] = {}
    for one in found:  # the same line may stand under several markers
        once.setdefault((one.name, one.requirement), one)
    unique = sorted(once.values(), key=lambda one: (one.name, one.version or ""))
    packages = tuple(one for one in unique if not one.root)
    named = [one.name for one in packages if one.name]
    twice = (
        sorted({name for name in named if named.count(name) > 1})
        if (len(set(named)) < len(named))
        else []
    )
    if twice:
        problem = f"it locks {twice[0]} more than once for this interpreter"
    elif asked.undecided:
        problem = f"whether it wants {asked.undecided[0]} cannot be told from its marker"
    roots = tuple(one for one in unique if one.root and one.kind != "declared")
    return Selection(packages, roots, problem)


class _Asked:
    """What was asked for, and the markers evaluated for it."""

    def __init__(
        self, markers: MarkerEnvironment, groups: frozenset[str], extras: frozenset[str]
    ) -> None:
        self.groups, self.extras = groups, extras
        self.undecided: list[str] = []
        self._values = dict(markers.variables)
        self._known: dict[str, bool | None] = {"": True}

    def wants(self, package: LockedPackage) -> bool:
        """Tell whether a package that tells its groups and its marker is wanted."""
        if package.groups and not ({"", *self.groups, *self.extras} & {*package.groups}):
            return False
        return self.holds(package.marker, package.name)

    def holds(self, marker: str, name: str) -> bool:
        """Tell whether a marker holds; one that cannot be told is noted."""
        if marker not in self._known:
            self._known[marker] = self._evaluate(marker)
        value = self._known[marker]
        if value is None:
            self.undecided.append(name)
        return bool(value)

    def _evaluate(self, text: str) -> bool | None:
        from packaging.markers import (
            InvalidMarker,
            Marker,
            UndefinedComparison,
            UndefinedEnvironmentName,
        )

        values: dict[str, Any] = {**self._values}
        try:
            marker = Marker(text)
            if "extras" in text or "dependency_groups" in text:  # PEP 751
                values |= {"extras": self.extras, "dependency_groups": self.groups}
                return marker.evaluate(values, context="lock_file")
            if "extra" not in text:
                return marker.evaluate(values)
            return any(marker.evaluate({**values, "extra": extra}) for extra in (*self.extras, ""))
        except (InvalidMarker, UndefinedComparison, UndefinedEnvironmentName):
            return None
        except (ValueError, TypeError, KeyError, RecursionError):
            return None  # a version that is none, or a `packaging` from before PEP 751


def _by_graph(lock: Lock, asked: _Asked) -> Iterator[LockedPackage]:
    """Yield what the project's own edges lead to, each under the extras it is asked with."""
    by_name: dict[str, list[LockedPackage]] = {}
    for one in lock.packages:
        by_name.setdefault(one.name, []).append(one)
    todo: deque[tuple[LockedPackage, frozenset[str]]] = deque()
    done: dict[int, frozenset[str]] = {}
    todo.extend((one, asked.extras) for one in lock.packages if one.root)
    while todo:
        package, extras = todo.popleft()
        before = done.get(id(package))
        if before is not None and extras <= before:
            continue
        done[id(package)] = extras | (before or frozenset())
        yield package
        for edge in package.edges:
            if _follows(edge, package, extras, asked) and asked.holds(edge.marker, edge.name):
                todo.extend((one, frozenset(edge.extras)) for one in _ends(edge, by_name))


def _follows(edge: Edge, package: LockedPackage, extras: frozenset[str], asked: _Asked) -> bool:
    if edge.extra:
        return edge.extra in extras
    return not edge.group or (package.root and edge.group in asked.groups)


def _ends(edge: Edge, by_name: dict[str, list[LockedPackage]]) -> Iterable[LockedPackage]:
    ends = by_name.get(edge.name, [])
    return [one for one in ends if edge.version is None or one.version in (edge.version, None)]


def _python_problem(lock: Lock, markers: MarkerEnvironment) -> str:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet
    from packaging.version import InvalidVersion, Version

    values = dict(markers.variables)
    if "python_version" in markers.doubtful:
        return "the version of the interpreter is not known"
    told = lock.requires_python
    specifier = poetry_specifier(told) if told and lock.format == "poetry.lock" else told
    try:
        if specifier and not SpecifierSet(specifier).contains(
            Version(values["python_full_version"]), prereleases=True
        ):
            return f"it is for Python {specifier}, not for {values['python_version']}"
    except (InvalidSpecifier, InvalidVersion, ValueError):
        return ""
    return ""
