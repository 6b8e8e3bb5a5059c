"""A project beside one environment: what is missing, at another version, or there for nothing."""

import os
from collections.abc import Iterable, Sequence

from envdeck.core.inspection.interpreter import is_free_threaded
from envdeck.core.inspection.packages.requirements import MarkerHost, marker_environment
from envdeck.core.lazy_dataclasses import replace
from envdeck.core.model import SEED_PACKAGES, Distribution, Environment
from envdeck.core.project.drift.declared import (
    Bits,
    constrained,
    declared_drift,
    locked_drift,
    needed_drift,
    unlocked_drift,
)
from envdeck.core.project.drift.installed import InstalledIndex, Root, installed_in, reach
from envdeck.core.project.locks.selection import (
    choose_lock,
    choose_packages,
    conflicting_parts,
    find_asking_parts,
    split_ids,
)
from envdeck.core.project.manifests.pyproject import hatch_names
from envdeck.core.project.model import (
    Comparison,
    Drift,
    DriftFix,
    DriftKind,
    Lock,
    Problem,
    Project,
    ProjectPart,
)
from envdeck.core.project.parts import AskedPart, asked_parts, own_names
from envdeck.core.project.pythons import python_drifts
from envdeck.core.project.requirements import file_url
from envdeck.core.system.host import Host

HABITUAL = SEED_PACKAGES | {"uv", "distribute", "pkg-resources"}
"""What creators and their tools put into an environment, and leave there, by themselves."""

_ORDER = {DriftKind.MISSING: 0, DriftKind.NOT_AS_LOCKED: 1, DriftKind.OUTSIDE: 1}
_CONDA = ("conda", "pixi")


def compare(
    project: Project,
    environment: Environment,
    distributions: Sequence[Distribution],
    *,
    machine: MarkerHost | None = None,
    system_folders: Iterable[str] | None = None,
    host: Host | None = None,
) -> Comparison:
    """Compare what a project declares and locks with what its environment holds.

    Markers are evaluated for the environment's own interpreter. What cannot be told is said to
    be unchecked, and never taken for agreement.
    """
    unchecked: list[str] = []
    python = environment.python
    threads = is_free_threaded(environment.path, python.version)
    pythons = python_drifts(project.wanted, project.named, python, free_threaded=threads)
    markers = marker_environment(environment.python, machine)
    if environment.packages is None and not distributions:
        told = ("installed packages cannot be listed",)
        return Comparison(project, pythons=pythons, unchecked=told)
    overrides = next((one.overrides for one in project.manifests if one.overrides.file), None)
    installed = installed_in(environment, distributions, markers, system_folders, host, overrides)
    lock = choose_lock(project.locks, environment.manager, markers, unchecked)
    asked = asked_parts(project, lock, environment.manager, installed, unchecked)
    if lock is not None and lock.conflicts:
        left = conflicting_parts(lock, installed, [one.id for one in asked if one.counts])
        asked = tuple(replace(one, counts=one.counts and one.id not in left) for one in asked)
    beside = hatch_names(project.folder) if environment.manager == "hatch" else frozenset()
    judging = _Judging(project, asked, installed, unchecked, HABITUAL | beside)
    unchecked += installed.unread_needs()
    if lock is not None:
        drifts, agreed = judging.compare_lock(lock)
    else:
        drifts, agreed = judging.compare_declaration()
    if any(one.error and one.wanted for one in pythons):
        drifts = [replace(one, fix=DriftFix.INTERPRETER) for one in drifts]
    return Comparison(
        project,
        tuple(_part(one) for one in asked),
        tuple(sorted(drifts, key=lambda one: (_ORDER.get(one.kind, 2), one.name))),
        pythons,
        lock.file if lock is not None else "",
        tuple(dict.fromkeys(unchecked)),
        agreed,
    )


def _part(part: AskedPart) -> ProjectPart:
    return ProjectPart(part.id, len(part.asked), sum(part.there), part.default, part.counts)


class _Judging:
    """One comparison, in the making."""

    def __init__(
        self,
        project: Project,
        parts: Sequence[AskedPart],
        installed: InstalledIndex,
        unchecked: list[str],
        beside: frozenset[str],
    ) -> None:
        self._project, self._parts = project, parts
        self._beside = beside
        """Names of what is there whether the project declares it or not."""
        self._installed, self._unchecked = installed, unchecked
        self._names = own_names(project)
        self._bits = Bits(parts)

    def compare_lock(self, lock: Lock) -> tuple[list[Drift], int]:
        """Return what is not as locked, and how much is."""
        counting = [part.id for part in self._parts if part.counts]
        groups, extras = split_ids(counting)
        if not self._parts:
            groups = lock.default_groups
        found = choose_packages(lock, self._installed, groups, extras, self._unchecked)
        locked = locked_drift(found, self._installed)
        stale = unlocked_drift(self._parts, self._installed, locked.named)
        drifts = [one for one in locked.drifts if one.name not in {two.name for two in stale}]
        drifts += stale
        away = {one.name for one in drifts}
        self._note_behind(lock, away)
        kept = {*locked.named, *self._declared(counting=True), *found.untold}
        # members of a workspace that were installed beside this one
        members = [one.name for one in lock.packages if one.kind in {"editable", "directory"}]
        beside = [Root(one) for one in members if one in self._installed.own]
        kept |= set(reach(beside, self._installed).parts)
        kept |= set(reach([Root(name) for name in self._beside - kept], self._installed).parts)
        drifts += self._unreachable(kept, DriftFix.FROM_LOCK)
        under = find_asking_parts(
            lock, self._installed.markers, [part.id for part in self._parts], found.base
        )
        named = {one.name for one in drifts if not one.under}
        ids = under(named) if named else {}
        drifts = [replace(one, under=one.under or ids.get(one.name, ())) for one in drifts]
        return drifts, len(locked.named.keys() - away)

    def _note_behind(self, lock: Lock, away: Iterable[str]) -> None:
        """Say what is declared and there, and not in the lock file at all: that file is stale."""
        known = {*self._names, *away, *(one.name for one in lock.packages)}
        behind = sorted(self._declared(counting=True) - known)
        if behind:
            more = f" and {len(behind) - 3:,} more" if len(behind) > 3 else ""
            file = os.path.basename(lock.file)
            self._unchecked.append(f"{', '.join(behind[:3])}{more}: declared, but not in {file}")

    def compare_declaration(self) -> tuple[list[Drift], int]:
        """Return what is not as declared, and how much is."""
        reached = reach(self._roots(counting=True), self._installed)
        drifts = list(declared_drift(self._parts, self._installed))
        known = {one.name for one in drifts} | self._names
        drifts += needed_drift(reached, self._installed, known, self._bits.ids)
        known |= {one.name for one in drifts}
        constraints = [one for manifest in self._project.manifests for one in manifest.constraints]
        fresh = [one for one in constraints if one.name not in known]
        drifts += constrained(fresh, self._installed, reached.parts)
        away = {one.name for one in drifts}
        self._note_indexes(away)
        agreed = sum(name in self._installed and name not in away for name in reached.parts)
        if self._tells_all():
            whole = reach(self._roots(counting=False), self._installed)
            spare = self._unreachable(whole.parts, DriftFix.FROM_DECLARED)
            missing = next((one.name for one in drifts if one.kind is DriftKind.MISSING), "")
            if spare and missing:  # what the missing one needs may be among them
                self._unchecked.append(
                    "extraneous packages not checked: "
                    f"dependencies of the missing {missing} are unknown"
                )
            else:
                drifts += spare
        return drifts, agreed

    def _note_indexes(self, away: Iterable[str]) -> None:
        """Say which packages are there, and of an index that nobody can tell: installers do not
        record it, and another has other projects under the same names."""
        tied = {one.name for part in self._parts if part.counts for one in part.asked
                if one.declared.index and one.name in self._installed}  # fmt: skip
        names = sorted(tied - {*away})
        if names:
            more = f" and {len(names) - 3:,} more" if len(names) > 3 else ""
            self._unchecked.append(f"{', '.join(names[:3])}{more}: source index not recorded")

    def _tells_all(self) -> bool:
        """Whether what is declared was read whole, so that what it does not lead to is needed by
        nothing; else that is said to be unchecked."""
        asked = [one for part in self._parts for one in part.asked]
        broken = [one for one in self._project.problems if one.file in self._declaring()]
        if not asked:
            reason = "no readable declared dependencies"
        elif broken:
            reason = f"{_place(broken[0])} is only partly readable"
        elif any(not one.name for one in asked):
            reason = "a declared folder or URL matches no installed package"
        else:
            return True
        self._unchecked.append(f"extraneous packages not checked: {reason}")
        return False

    def _declaring(self) -> set[str]:
        return {one.file for one in self._project.manifests} | {
            line.file for one in self._project.manifests for line in one.requirements
        }

    def _roots(self, *, counting: bool) -> list[Root]:
        roots = [
            Root(one.name, one.extras, self._bits.find(part), one.declared)
            for part in self._parts
            if part.counts or not counting
            for one in part.asked
            if one.name
        ]
        if not counting:
            roots += [Root(name) for name in self._beside]
        return roots

    def _declared(self, *, counting: bool) -> set[str]:
        parts = [part for part in self._parts if part.counts or not counting]
        return {one.name for part in parts for one in part.asked if one.name}

    def _unreachable(self, kept: Iterable[str], fix: DriftFix) -> list[Drift]:
        passed = {*kept, *self._names, *self._beside}
        home = file_url(self._project.folder).rstrip("/")
        found = [
            several[0]
            for name, several in self._installed.own.items()
            if name not in passed and (several[0].origin or "").rstrip("/") != home
        ]
        theirs = [one for one in found if (one.installer or "").startswith(_CONDA)]
        if theirs:
            self._unchecked.append("packages installed by conda are not compared")
        return [
            Drift(DriftKind.UNREACHABLE, one.name, "", one.version, fix=fix)
            for one in found
            if one not in theirs
        ]


def _place(problem: Problem) -> str:
    name = os.path.basename(problem.file)
    return f"{name}:{problem.line}" if problem.line else name
