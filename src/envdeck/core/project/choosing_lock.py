"""The lock file that an environment is compared with, and what of it is meant for this one."""

import os
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from envdeck.core.inspection.marker_environment import MarkerEnvironment
from envdeck.core.project.installed import Installed, same_version
from envdeck.core.project.model import Lock, LockedPackage
from envdeck.core.project.requirements_txt import PLAIN_LABELS, requirements_label
from envdeck.core.project.selection import Selection, select

_OF_MANAGER = {
    "uv": "uv.lock", "poetry": "poetry.lock", "pdm": "pdm.lock", "pipenv": "Pipfile.lock",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Chosen:
    """A lock file, and what it has for one interpreter."""

    lock: Lock
    selection: Selection
    """With the groups and extras that count."""
    base: frozenset[str]
    """Names that it has without any group or extra."""
    untold: frozenset[str] = frozenset()
    """Names of which it does not tell when they are wanted."""


def choose_lock(
    locks: Sequence[Lock], manager: str, markers: MarkerEnvironment, unchecked: list[str]
) -> Lock | None:
    """Return the lock file of the environment's own manager, else the first, of those that can
    be used; why the others cannot is added to `unchecked`."""
    wanted = _OF_MANAGER.get(manager)
    ordered = sorted(locks, key=lambda one: one.format != wanted)
    for lock in ordered:
        name = os.path.basename(lock.file)
        if lock.problems:
            first = lock.problems[0]
            place = f"{name}:{first.line}" if first.line else name
            unchecked.append(f"{place}: {first.message}")
            continue
        problem = select(lock, markers, (), ()).problem
        if not problem:
            return _with_its_like(lock, locks)
        unchecked.append(f"{name} is not compared: {problem}")
    return None


def split_ids(parts: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of the groups and those of the extras among the ids of parts."""
    named = [one.partition(":") for one in parts]
    groups = tuple(name for kind, _, name in named if kind == "group")
    return groups, tuple(name for kind, _, name in named if kind == "extra")


def choose_packages(
    lock: Lock,
    installed: Installed,
    groups: Sequence[str],
    extras: Sequence[str],
    unchecked: list[str],
) -> Chosen:
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
    return Chosen(lock, found, _names(base), untold)


def _together(
    lock: Lock,
    installed: Installed,
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
            unchecked.append(f"the {kind} {name} of {file} is not compared: {attempt.problem}")
        else:
            taken.append(one)
            found = attempt
    return found


def _away(selection: Selection, installed: Installed) -> int:
    return sum(
        not any(same_version(one.version or "", there) for there in installed.versions(one.name))
        for one in selection.packages
    )


def asking_parts(
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


def _with_its_like(lock: Lock, locks: Sequence[Lock]) -> Lock:
    """Return a lock file with those beside it: of requirements files each is but a part."""
    others = [one for one in locks if one.format == lock.format and one is not lock and one.usable]
    if lock.format != "requirements" or not others:
        return lock
    found: dict[tuple[str, str, str], LockedPackage] = {}
    labels = {one.file: requirements_label(one.file) for one in (lock, *others)}
    for one in (lock, *others):
        label = labels[one.file]
        group = "" if label in PLAIN_LABELS else label
        for package in one.packages:
            key = (package.name, package.requirement, package.marker)
            same = found.get(key)
            groups: Collection[str] = (*same.groups, group) if same else (group,)
            found[key] = replace(package, groups=tuple(groups))
    named = tuple(label for label in labels.values() if label not in PLAIN_LABELS)
    return replace(lock, packages=tuple(found.values()), groups=named)
