"""Proving a new environment file by file, and bringing back what its old one had there.

The installer takes files out of a cache that other environments share by hard links: what was
edited in one of those comes along. Two distributions may ship one file, and which of them wins is
decided by chance. Both are met by reading what was installed, and are put right.
"""

import os
import re
import time
from collections.abc import Collection, Iterator, Mapping, Sequence

from envdeck.core.inspection.packages.claims import (
    Fault,
    HashCache,
    RecordClaims,
    find_faults,
    read_claims,
    read_claims_like,
)
from envdeck.core.inspection.packages.requirements import parse_requirement
from envdeck.core.inspection.packages.site_packages import normalise
from envdeck.core.lazy_dataclasses import dataclass, field, replace
from envdeck.core.model import SEED_PACKAGES, Edits, Environment
from envdeck.core.operations.engine.command import Completed
from envdeck.core.operations.engine.failure import (
    BuildError,
    Failure,
    FailureKind,
    explain,
    package_at_fault,
)
from envdeck.core.operations.recipe.carry import bring, mapped
from envdeck.core.operations.recipe.edits import EditSearch, Limits
from envdeck.core.operations.recipe.verify import dependency_problems
from envdeck.core.operations.shared.context import Stopped
from envdeck.core.operations.staging.changes import PackageStates, packages_of
from envdeck.core.operations.staging.stage import StagedBuild
from envdeck.core.system import reach
from envdeck.core.system.words import join_some

GRACE_SECONDS = 1.0
"""So long the old environment is read on when the new one is installed."""
_MOST_BYTES = 64 * 1024**3
_NAMED = 5


def install_source(building: StagedBuild) -> tuple[str, ...]:
    """Install what the source says, and pip, setuptools and wheel where something needs them:
    compilers of requirements leave these out, and count on whoever makes the environment.

    Return what a person should know of it. Raises :class:`BuildError`, which names the line that
    asks for what could not be had."""
    while True:
        done = building.install()
        if not done.ok:
            raise BuildError.explain(_placed(explain(done), building, done))
        unmet = {name for name in _unmet(building) if name in building.blueprint.source.inherited}
        if not unmet:
            break  # what the system has will do for all that was installed
        source = building.blueprint.source
        left = tuple(name for name in source.inherited if name not in unmet)
        building.blueprint = replace(building.blueprint, source=replace(source, inherited=left))
    needed = {}
    said = building.blueprint.source.overrides
    for _, text in dependency_problems(building.environment(), said):
        requirement = parse_requirement(text)
        if requirement is not None and requirement.name in SEED_PACKAGES:
            needed[requirement.name] = f"{requirement.name}{requirement.specifier}"
    if needed:
        building.install_lines(sorted(needed.values()))
    if building.offline and not building.blueprint.offline:
        return ("The index could not be reached: packages come from uv's cache",)
    return ()


def _unmet(building: StagedBuild) -> Iterator[str]:
    for _, text in dependency_problems(building.environment()):
        if (requirement := parse_requirement(text)) is not None:
            yield requirement.name


_PLACE = re.compile(r"\A[^\s:]+(?::\d+)?: ")
_WORDS = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def _placed(failure: Failure, building: StagedBuild, done: Completed) -> Failure:
    """Return a failure with the line that asks for the package at fault."""
    places = dict(building.blueprint.source.places)
    named = package_at_fault(done, list(places))
    words = [normalise(word) for word in _WORDS.findall(failure.cause)]
    named = named or next((word for word in words if word in places), None)
    if named is None or places[named] in failure.cause:
        return failure
    return replace(failure, cause=f"{places[named]}: {failure.cause}")


def is_of(error: BuildError, names: Collection[str]) -> bool:
    """Whether it is one of these packages that does not build."""
    words = map(normalise, _WORDS.findall(_PLACE.sub("", error.message)))
    return error.kind is FailureKind.BUILD and next(words, "") in names


@dataclass(slots=True)
class Checked:
    """What became of comparing the new files with their RECORDs."""

    verified: list[str] = field(default_factory=list)
    reinstalled: frozenset[str] = frozenset()
    """Distributions that were installed once more, without the cache."""


@dataclass(slots=True)
class FileProof:
    """The files of an old environment and of the one that takes its place."""

    old: Environment | None = None
    """None where there is none."""
    keep: bool = False
    """Whether what was edited in the old one is put over the new files."""
    look: EditSearch | None = None
    """At the old one, as it was taken when all was planned."""
    exempt: frozenset[str] = frozenset()
    """Distributions whose files are kept as they are, or left out: they are never at fault."""
    edits: Edits = field(default_factory=Edits)
    """What was edited in the old one, once it was read."""
    _contents: HashCache = field(default_factory=HashCache)
    _until: float = float("inf")

    def read_old(self, stopped: Stopped) -> None:
        """Read the old environment; meant for its own thread, while an installer runs. What
        is not reached in time is told among the edits as not compared."""
        if self.look is not None:
            self._open(self.look, stopped)
            self.look.read_others()

    def _open(self, look: EditSearch, stopped: Stopped) -> None:
        def ended() -> bool:
            return time.monotonic() > self._until or stopped()

        look.stopped, look.limits = ended, Limits(_MOST_BYTES, float("inf"))
        self.look, self._contents = look, look.contents

    def hurry(self) -> None:
        """Let the reading of the old one come to its end soon."""
        self._until = time.monotonic() + GRACE_SECONDS

    def check_changed(
        self, building: StagedBuild, lines: Mapping[str, str] | None = None
    ) -> list[str]:
        """Check what an installer has replaced in a copy of the old environment, and the files
        that others claim too: taking one distribution away takes those along. `lines` bring
        distributions back, by name; by default, what the source says does."""
        if self.old is None:
            return []
        new = building.environment()
        before_it = None if building.watch is None else building.watch.packages
        changed = _changed(before_it or packages_of(self.old), packages_of(new))
        if not changed:
            return []
        before = read_claims(self.old.path, self.old.site_packages, changed, None)
        claims = read_claims(new.path, new.site_packages, changed, frozenset(before.by_place))
        for place, every in claims.by_place.items():  # the others claim what they did before
            if others := tuple(each for each in every if each.name not in changed):
                before.by_place[place] = (*before.by_place.get(place, ()), *others)
        look = EditSearch(before, self._contents)
        self._open(look, building.stopped)
        look.read_suspects()
        said = self.check(building, lines, claims).verified
        mine = [each for each in self.edits.files if each.name in changed]
        self.edits = replace(
            self.edits, files=tuple(mine), count=len(mine), bytes=sum(each.bytes for each in mine)
        )
        return said

    def check(
        self,
        building: StagedBuild,
        lines: Mapping[str, str] | None = None,
        claims: RecordClaims | None = None,
    ) -> Checked:
        """Compare the new files with their RECORDs, and put right what differs.

        `lines` are the requirement lines that bring distributions back, by name; `claims` are
        what is compared, by default everything, of the old environment too. A file comes
        from the old environment where that has the right one, and else from where its package
        comes, without the cache. Raises :class:`BuildError` where that cannot be.
        """
        new = building.environment()
        every = claims
        if every is None and self.look is not None:
            every = read_claims_like(self.look.claims, new.path, new.site_packages)
        every = every or read_claims(new.path, new.site_packages)
        faults = self._faults(every, new, building)
        if self.look is not None:
            if claims is None:
                self.look.read_linked()
            self.edits = self.look.edits(self.exempt)
        if building.stopped():
            raise BuildError("cancelled", stopped=True)
        if self.keep:
            faults = [fault for fault in faults if not self._brought_edit(fault, new)]
        shared = [fault for fault in faults if self._has_same_edit(fault, new)]
        checked = Checked()
        count = len(every.by_place)
        if self.exempt:
            count = sum(
                any(each.name not in self.exempt for each in claims)
                for claims in every.by_place.values()
            )
        left = [fault for fault in faults if not self._brought_back(fault, new)]
        restored = [fault.place for fault in faults if fault not in left]
        if left:
            left = self._install_again(left, shared, building, lines or {}, checked)
        right = count - len(left)
        if count:
            checked.verified.append(f"{right:,} of {count:,} files match their RECORD")
        if restored:
            checked.verified.append(
                f"restored from the old environment (a different copy was installed):"
                f" {join_some(restored, _NAMED)}"
            )
        if left:
            names = join_some((each.place for each in left), _NAMED)
            checked.verified.append(f"as released, but not matching RECORD: {names}")
        return checked

    def _faults(self, claims: RecordClaims, new: Environment, building: StagedBuild) -> list[Fault]:
        """Return the faults of what is not exempt, under the names that are to be fixed."""
        found = []
        for fault in find_faults(claims, self._contents, self._winning(new), building.stopped):
            names = tuple(name for name in fault.names if name not in self.exempt)
            if names:
                found.append(replace(fault, names=names))
        return found

    def _winning(self, new: Environment) -> dict[str, frozenset[str]]:
        """Return whose file is to be where several claim it, by the place in the new one."""
        if self.old is None or self.look is None:
            return {}
        winners = self.look.winners
        found = {mapped(place, self.old, new): names for place, names in winners.items()}
        return {place: names for place, names in found.items() if place is not None}

    def _brought_back(self, fault: Fault, new: Environment) -> bool:
        """Copy the right file from the old environment, where that has it."""
        if self.old is None or (place := mapped(fault.place, new, self.old)) is None:
            return False
        path = os.path.join(self.old.path, place)
        if not self._holds(path, fault.hashes):
            return False
        return not bring(self.old.path, place, new.path, fault.place, replace=True)

    def _brought_edit(self, fault: Fault, new: Environment) -> bool:
        """Copy the edited file of the old environment, where it is to be kept in any case."""
        if self.old is None or (place := mapped(fault.place, new, self.old)) is None:
            return False
        native = place.replace("/", os.sep)
        if not any(
            each.path == native and each.original in fault.hashes for each in self.edits.files
        ):
            return False
        return not bring(self.old.path, place, new.path, fault.place, replace=True)

    def _has_same_edit(self, fault: Fault, new: Environment) -> bool:
        """Tell whether the old environment has the very same content there."""
        if self.old is None or (place := mapped(fault.place, new, self.old)) is None:
            return False
        digests = []
        for path in (os.path.join(self.old.path, place), os.path.join(new.path, fault.place)):
            try:
                digests.append(self._contents.digest(path, reach.stat(path), "sha256"))
            except (OSError, ValueError):
                return False
        return isinstance(digests[0], str) and digests[0] == digests[1]

    def _holds(self, path: str, hashes: frozenset[str]) -> bool:
        try:
            status = reach.stat(path)
        except (OSError, ValueError):
            return False
        return any(each and self._contents.agrees(path, status, each) is True for each in hashes)

    def _install_again(
        self,
        faults: Sequence[Fault],
        shared: Sequence[Fault],
        building: StagedBuild,
        lines: Mapping[str, str],
        checked: Checked,
    ) -> list[Fault]:
        """Install the distributions of these files without the cache; return the files that are
        not as their RECORD says even then, since their release has them so."""
        names = sorted({name for fault in faults for name in fault.names})
        known = [lines[name] for name in names if name in lines]
        first = faults[0]
        if building.install_fresh(names, known if len(known) == len(names) else ()).ok:
            new = building.environment()
            claims = read_claims(new.path, new.site_packages, frozenset(names))
            again = self._faults(claims, new, building)
            left = [fault for fault in again if not self._brought_back(fault, new)]
            checked.reinstalled = frozenset(names)
            checked.verified.append(
                f"installed without the cache, where {first.place} is edited:"
                f" {join_some(names, _NAMED)}"
            )
            return left
        if all(fault in shared for fault in faults):
            places = join_some((each.place for each in faults), _NAMED)
            checked.verified.append(
                "edited files kept, since their release could not be installed without"
                f" the cache, which has the same edit: {places}"
            )
            return []
        raise BuildError(
            f"{first.place} of {first.names[0]} {first.reason}, and its release could not be"
            " installed without uv's cache",
            hint=f"run `uv cache clean {first.names[0]}` and try again",
        )

    def settle_edits(self, building: StagedBuild, removed: Collection[str] = ()) -> list[str]:
        """Put the edited files over the new ones, or say that they are not; it comes last. Those
        of distributions that were `removed` are gone with them."""
        if self.old is None or not self.edits.count:
            return []
        if self.keep:
            return self._put_edits(self.old, building)
        said = []
        for gone, became in ((False, "replaced by the released ones"), (True, "removed")):
            files = [each.path for each in self.edits.files if (each.name in removed) is gone]
            if files:
                names = join_some(files, _NAMED)
                said.append(f"edited files {became}: {names}; the edited ones are in the trash")
        return said

    def _put_edits(self, old: Environment, building: StagedBuild) -> list[str]:
        """Put the edited files of the old environment over the new ones whose original is the
        same; RECORD stays, so that they are seen as edited later. Return what was done."""
        new = building.environment()
        names = frozenset(each.name for each in self.edits.files)
        claims = read_claims(new.path, new.site_packages, names)
        kept, left = [], []
        for each in self.edits.files:
            place = mapped(each.path, old, new)
            rows = claims.by_place.get(place or "", ())
            row = next((row for row in rows if row.hash and row.hash == each.original), None)
            if place is None or row is None:
                left.append(each.path)
                continue
            if bring(old.path, each.path, new.path, place, replace=True):
                left.append(each.path)
                continue
            path = os.path.join(new.path, place)
            now = max(time.time_ns(), row.recorded_ns + 1_000_000)
            os.utime(path, ns=(now, now))  # later than its RECORD, as every edit
            kept.append(place)
        if kept:
            building.store.disk.settle_tree(building.folder)
            if building.watch is not None:
                building.watch.own = None  # what was shared may be its own file by now
        said = [f"edited files kept: {join_some(kept, _NAMED)}"] if kept else []
        if left:
            said.append(
                "edited files not kept, since their original changed:"
                f" {join_some(left, _NAMED)}; the edited ones are in the trash"
            )
        return said


def _changed(before: PackageStates, after: PackageStates) -> frozenset[str]:
    """Return the distributions whose RECORD is another file, or was written at another time."""
    first, second = (
        {(path, name, told[:2] if told else None) for path, name, told in each}
        for each in (before, after)
    )
    return frozenset(name for _, name, _ in first ^ second)
