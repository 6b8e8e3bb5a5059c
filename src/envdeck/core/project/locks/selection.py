"""Which lock an environment is compared with, and which of its packages apply."""

import os
import re
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any

from envdeck.core import lazy_versions as packaging
from envdeck.core.discovery.managers import lock_files
from envdeck.core.inspection.packages.requirements import MarkerEnvironment, accepts
from envdeck.core.inspection.packages.site_packages import normalise
from envdeck.core.lazy_dataclasses import dataclass, replace
from envdeck.core.project.drift.installed import InstalledIndex, same_version
from envdeck.core.project.manifests.poetry import poetry_specifier
from envdeck.core.project.manifests.requirements_txt import requirements_label
from envdeck.core.project.model import Edge, Lock, LockedPackage


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
    problem = _python_problem(lock, markers) or _conflict_words(lock, groups, extras)
    if problem:
        return Selection(problem=problem)
    asked = _Asked(markers, frozenset(groups), frozenset(extras))
    if any(one.root for one in lock.packages):
        found = list(_walk_graph(lock, asked))
        while lock.conflicts and not asked.active >= asked.met:  # a member's extra counts as well
            asked = _Asked(markers, asked.groups, asked.extras, asked.active | asked.met)
            found = list(_walk_graph(lock, asked))
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
        problem = f"{twice[0]} is locked more than once for this interpreter"
    elif asked.undecided:
        problem = f"the marker of {asked.undecided[0]} cannot be evaluated"
    roots = tuple(one for one in unique if one.root and one.kind != "declared")
    return Selection(packages, roots, problem)


_EXTRA = re.compile(r"""\bextra\s*([!=])=\s*(?:"([^"]*)"|'([^']*)')""")
_ALWAYS, _NEVER = 'python_version >= "0"', 'python_version < "0"'


class _Asked:
    """What was asked for, and the markers evaluated for it."""

    def __init__(
        self,
        markers: MarkerEnvironment,
        groups: frozenset[str],
        extras: frozenset[str],
        active: frozenset[str] = frozenset(),
    ) -> None:
        self.groups, self.extras = groups, extras
        self.active = active
        """Extras and groups of any package, as uv names them in markers."""
        self.met: set[str] = set()
        """Those that were met on the way."""
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
        values: dict[str, Any] = {**self._values}
        try:
            marker = packaging.Marker(text)
            if "extras" in text or "dependency_groups" in text:  # PEP 751
                values |= {"extras": self.extras, "dependency_groups": self.groups}
                return marker.evaluate(values, context="lock_file")
            if "extra" in text:
                marker = packaging.Marker(_EXTRA.sub(self._settled, text))
            return marker.evaluate(values)
        except (ValueError, TypeError, KeyError, RecursionError):
            return None  # no marker, not defined, no version, or a `packaging` from before PEP 751

    def _settled(self, match: re.Match[str]) -> str:
        """Return what is true of an extra whatever the interpreter: several may be asked for at
        once, and a lock file says `extra == 'gpu' and extra != 'cpu'`."""
        name = match[2] if match[3] is None else match[3]
        there = name in self.active or normalise(name) in self.extras
        return _ALWAYS if there == (match[1] == "=") else _NEVER


def _walk_graph(lock: Lock, asked: _Asked) -> Iterator[LockedPackage]:
    """Yield what the project's own edges lead to, each under the extras it is asked with."""
    asked.active |= {
        _marker_name(one.name, f"{kind}:{name}")
        for one in lock.packages
        if one.root
        for kind, names in (("extra", asked.extras), ("group", asked.groups))
        for name in names
    }
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
        asked.met |= {_marker_name(package.name, f"extra:{extra}") for extra in extras}
        yield package
        for edge in package.edges:
            if _follows(edge, package, extras, asked) and asked.holds(edge.marker, edge.name):
                todo.extend((one, frozenset(edge.extras)) for one in _ends(edge, by_name))


def _conflict_words(lock: Lock, groups: Collection[str], extras: Collection[str]) -> str:
    """Say which of these parts of the project the lock file says to exclude each other."""
    asked = [*(f"group:{one}" for one in groups), *(f"extra:{one}" for one in extras)]
    for conflict in lock.conflicts if len(asked) > 1 else ():
        roots = {one.name for one in lock.packages if one.root}
        here = {part for package, part in conflict if package in roots}
        several = [one.replace(":", " ") for one in asked if one in here]
        if len(several) > 1:
            return f"{' and '.join(several)} exclude each other"
    return ""


def _marker_name(package: str, part: str) -> str:
    """Return how uv names an extra or a group of one package in a marker: `extra-3-app-cpu`."""
    kind, _, name = part.partition(":")
    return f"{kind}-{len(package)}-{package}-{name}"


def _follows(edge: Edge, package: LockedPackage, extras: frozenset[str], asked: _Asked) -> bool:
    if edge.extra:
        return edge.extra in extras
    return not edge.group or (package.root and edge.group in asked.groups)


def _ends(edge: Edge, by_name: dict[str, list[LockedPackage]]) -> Iterable[LockedPackage]:
    ends = by_name.get(edge.name, [])
    return [one for one in ends if edge.version is None or one.version in (edge.version, None)]


def _python_problem(lock: Lock, markers: MarkerEnvironment) -> str:
    values = dict(markers.variables)
    if "python_version" in markers.doubtful:
        return "interpreter version unknown"
    told = lock.requires_python
    specifier = poetry_specifier(told) if told and lock.format == "poetry.lock" else told
    if specifier and not accepts(specifier, values["python_full_version"]):
        return f"locked for Python {specifier}, not {values['python_version']}"
    return ""


@dataclass(frozen=True, slots=True)
class LockSelection:
    """A lock file, and what it has for one interpreter."""

    lock: Lock
    selection: Selection
    """With the groups and extras that count."""
    base: frozenset[str]
    """Names that it has without any group or extra."""
    untold: frozenset[str] = frozenset()
    """Names of which it does not tell when they are wanted."""


def ordered_locks(locks: Sequence[Lock], manager: str) -> list[Lock]:
    """Return the lock files in the order in which they are taken, that of the environment's own
    manager first; requirements files are one, each other one of them a group of it."""
    own = lock_files().get(manager)
    found = sorted(locks, key=lambda one: own is None or one.format != own.name)
    first = next((one for one in found if one.format == "requirements" and one.usable), None)
    return [
        _join_files(one, locks) if one is first else one
        for one in found
        if one.format != "requirements" or first is None or one is first
    ]


def choose_lock(
    locks: Sequence[Lock], manager: str, markers: MarkerEnvironment, unchecked: list[str]
) -> Lock | None:
    """Return the lock file of the environment's own manager, else the first, of those that can
    be used; why the others cannot is added to `unchecked`."""
    for lock in ordered_locks(locks, manager):
        name = os.path.basename(lock.file)
        if lock.problems:
            first = lock.problems[0]
            place = f"{name}:{first.line}" if first.line else name
            unchecked.append(f"{place}: {first.message}")
            continue
        problem = select(lock, markers, (), ()).problem
        if not problem:
            return lock
        unchecked.append(f"{name} not compared: {problem}")
    return None


def split_ids(parts: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of the groups and those of the extras among the ids of parts."""
    named = [one.partition(":") for one in parts]
    groups = tuple(name for kind, _, name in named if kind == "group")
    return groups, tuple(name for kind, _, name in named if kind == "extra")


def choose_packages(
    lock: Lock,
    installed: InstalledIndex,
    groups: Sequence[str],
    extras: Sequence[str],
    unchecked: list[str],
) -> LockSelection:
    """Return what a lock file has for these groups and extras; those that cannot go with the
    others (uv's conflicting ones) are left out, and said to be."""
    markers = installed.markers
    base = select(lock, markers, (), ())
    found = select(lock, markers, groups, extras) if groups or extras else base
    if found.problem:
        found = _together(lock, installed, groups, extras, unchecked)
    untold: frozenset[str] = frozenset()
    rooted = any(one.root for one in lock.packages)
    if lock.format == "poetry.lock" and not lock.groups and extras and not rooted:
        untold = frozenset(one.name for one in lock.packages)  # before 2.1 it tells no extras
    return LockSelection(lock, found, _names(base), untold)


def _together(
    lock: Lock,
    installed: InstalledIndex,
    groups: Sequence[str],
    extras: Sequence[str],
    unchecked: list[str],
) -> Selection:
    """Take groups and extras one by one, those that are most as installed first, and leave out
    what cannot be added to those before it."""
    markers = installed.markers
    names = [("group", one) for one in groups] + [("extra", one) for one in extras]
    ids = [f"{kind}:{name}" for kind, name in names]
    ids.sort(key=lambda one: _away(select(lock, markers, *split_ids([one])), installed))
    taken: list[str] = []
    found = select(lock, markers, (), ())
    for one in ids:
        attempt = select(lock, markers, *split_ids([*taken, one]))
        if attempt.problem:
            kind, _, name = one.partition(":")
            file = os.path.basename(lock.file)
            unchecked.append(f"{kind} {name} of {file} not compared: {attempt.problem}")
        else:
            taken.append(one)
            found = attempt
    return found


def conflicting_parts(
    lock: Lock, installed: InstalledIndex, counting: Iterable[str]
) -> frozenset[str]:
    """Return which of these parts of the project cannot be what is installed, since a lock file
    says that they exclude another one, which is more as installed."""
    roots = {one.name for one in lock.packages if one.root}
    left: set[str] = set()
    for conflict in lock.conflicts:
        here = {part for package, part in conflict if package in roots}
        several = [part for part in counting if part in here and part not in left]
        several.sort(
            key=lambda one: _away(select(lock, installed.markers, *split_ids([one])), installed)
        )
        left.update(several[1:])
    return frozenset(left)


def _away(selection: Selection, installed: InstalledIndex) -> int:
    return sum(
        not any(same_version(one.version or "", there) for there in installed.versions(one.name))
        for one in selection.packages
    )


def find_asking_parts(
    lock: Lock, markers: MarkerEnvironment, parts: Sequence[str], base: Collection[str]
) -> Callable[[Collection[str]], dict[str, tuple[str, ...]]]:
    """Return a function that tells by which groups and extras alone each of some names is asked
    for in a lock file; it takes a selection for each part, and is called where there is drift."""

    def under(names: Collection[str]) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for part in parts:
            if ":" not in part:
                continue
            for name in _names(select(lock, markers, *split_ids([part]))):
                if name in names and name not in base:
                    found[name] = (*found.get(name, ()), part)
        return found

    return under


def _names(selection: Selection) -> frozenset[str]:
    return frozenset(one.name for one in (*selection.packages, *selection.roots))


def _join_files(lock: Lock, locks: Sequence[Lock]) -> Lock:
    """Return a lock file with those beside it: of requirements files each is but a part."""
    others = [one for one in locks if one.format == lock.format and one is not lock and one.usable]
    if lock.format != "requirements" or not others:
        return lock
    found: dict[tuple[str, str, str], LockedPackage] = {}
    labels = {one.file: requirements_label(one.file) for one in (lock, *others)}
    for one in (lock, *others):
        label = labels[one.file]
        group = "" if label == labels[lock.file] else label
        for package in one.packages:
            key = (package.name, package.requirement, package.marker)
            same = found.get(key)
            groups: Collection[str] = (*same.groups, group) if same else (group,)
            found[key] = replace(package, groups=tuple(groups))
    named = tuple(label for label in labels.values() if label != labels[lock.file])
    return replace(lock, packages=tuple(found.values()), groups=named)
