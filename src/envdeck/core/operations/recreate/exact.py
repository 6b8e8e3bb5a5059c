"""Install exactly what a recipe or a snapshot has, halving on failure; what an index lacks is
salvaged."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from envdeck.core.inspection.packages.site_packages import list_names
from envdeck.core.lazy_dataclasses import dataclass, field
from envdeck.core.model import (
    Choices,
    Environment,
    PackageChoice,
)
from envdeck.core.operations.engine.command import Completed
from envdeck.core.operations.engine.failure import (
    BuildError,
    FailureKind,
    explain,
    package_at_fault,
)
from envdeck.core.operations.recipe.carry import keep_files, transplant
from envdeck.core.operations.recipe.freeze import freeze
from envdeck.core.operations.recipe.identity import other_release, unlike_files
from envdeck.core.operations.recipe.recipe import Pin, PinKind, Recipe
from envdeck.core.operations.recipe.verify import Proof, prove
from envdeck.core.operations.recipe.wheel import Unsalvageable, salvage
from envdeck.core.operations.recreate.doubts import choice_hint, options_for
from envdeck.core.operations.staging.stage import StagedBuild
from envdeck.core.system.words import counted, join_some

WHEELS = "wheels"
_FATAL = frozenset(
    {FailureKind.DISK, FailureKind.PERMISSION, FailureKind.STOPPED, FailureKind.TOOL}
)
"""What no other way of installing would help against."""
_NO_INDEX = frozenset({FailureKind.NETWORK, FailureKind.INDEX, FailureKind.OVERDUE})
"""What every package would meet again."""
_OTHER_RELEASE = "the index has a different release of this version"


@dataclass(slots=True)
class ExactInstall:
    """Installs a recipe, package by package where it must."""

    recipe: Recipe
    old: Environment
    building: StagedBuild
    same_minor: bool
    choices: Choices = field(default_factory=dict)
    jumped: frozenset[str] = frozenset()
    """Names that come at another version."""
    homes: Mapping[str, Environment] = field(default_factory=dict)
    """Where the files of a package are, by its name; by default in the old environment."""
    salvaged: list[str] = field(default_factory=list)
    """Names that were rebuilt from their installed files."""
    _folder: str = ""
    _reasons: dict[str, str] = field(default_factory=dict)
    """Why the index did not give a package, by its name."""
    _is_proved: bool = False
    """Whether it was compared before."""
    _proof: Proof | None = None
    """Of what is installed by now; None where that has changed since."""

    def install(self) -> None:
        """Install everything that is in the recipe.

        Wheels of an index come first, and nothing of theirs runs before each is proved to be
        what was here: all at once, or less and less until it is known what cannot be had. Where one
        is another project's, the environment is made once more without it. Raises
        :class:`BuildError`.
        """
        wanted: list[Pin] = []
        lost: list[Pin] = []
        for pin in self.recipe.installed:
            if pin.name not in self.choices and (self.same_minor or not pin.seed):
                (lost if pin.obstacle or not pin.requirement else wanted).append(pin)
        done = self.building.install()
        if not done.ok:
            lost += self._obtain(wanted, done)
        while foreign := self._foreign([pin for pin in wanted if pin not in lost]):
            lost += self._refuse(foreign)
            lost += self._obtain([pin for pin in wanted if pin not in lost])
        self._salvage(lost)
        self._bring_new()
        if not self.same_minor:
            self._bring_seeds()
        self._install_chosen()

    def _bring_new(self) -> None:
        """Install what only newer releases need; where that fails, who needs it will miss it."""
        known = {pin.name for pin in self.recipe.pins}
        expected = self.building.blueprint.source.expected
        new = {name: version for name, version in expected if name not in known}
        if not new:
            return
        there = {each.name for each in list_names(self.building.environment().site_packages)}
        lines = [f"{name}=={version}" for name, version in new.items() if name not in there]
        if lines:
            self.building.install_lines(lines)

    def _bring_seeds(self) -> None:
        """Install what a creator no longer seeds (setuptools, since Python 3.12), at least as
        new as it was; where that cannot be had, it is left to who needs it to miss it."""
        there = {each.name for each in list_names(self.building.environment().site_packages)}
        for pin in self.recipe.installed:
            if pin.seed and pin.name not in there and pin.name not in self.choices:
                self.building.install_lines([f"{pin.name}>={pin.version}"])

    def _obtain(self, pins: Sequence[Pin], failed: Completed | None = None) -> list[Pin]:
        """Install what can be installed, and return what cannot; `failed` is how it ended for all
        of them together, where that was tried.

        uv stops at the first package that it cannot have, and mostly names it: the others are
        asked for again. Where it names none, halving gets down to single packages. It may start
        the environment's interpreter each time, and so what is installed by then is proved first.
        """
        lost: list[Pin] = []
        got: list[Pin] = []
        batches = [list(pins)] if pins else []
        while batches:
            batch = batches.pop()
            done = failed or self._install_batch(batch)
            failed = None
            if done.ok:
                got += batch
                if batches and (foreign := self._foreign(got)):
                    lost += self._refuse(foreign)
                    rest = [pin for pin in got if pin not in foreign]
                    batches += [rest] if rest else []
                    got = []
                continue
            failure = explain(done)
            if failure.kind in _FATAL:
                raise BuildError.explain(failure)
            if failure.kind in _NO_INDEX and not self.building.offline:
                self.building.offline = True  # asking every package for itself takes for ever
                batches.append(batch)
                continue
            named = package_at_fault(done, [pin.name for pin in batch])
            missing = [pin for pin in batch if pin.name == named or len(batch) == 1]
            if missing:
                self._reasons[missing[0].name] = failure.cause
                lost += missing
                rest = [pin for pin in batch if pin not in missing]
                batches += [rest] if rest else []
            else:
                middle = (len(batch) + 1) // 2
                batches += [batch[middle:], batch[:middle]]
        return lost

    def _refuse(self, foreign: list[Pin]) -> list[Pin]:
        """Make the environment once more, without what is another project's; return that."""
        self._reasons |= {pin.name: _OTHER_RELEASE for pin in foreign}
        self.building.empty()
        return foreign

    def _install_batch(self, pins: Sequence[Pin]) -> Completed:
        versions = dict(self.building.blueprint.source.expected)
        binary = [pin.name for pin in pins if not pin.anchored]
        return self.building.install_lines([_line(pin, versions) for pin in pins], binary=binary)

    def _foreign(self, pins: Sequence[Pin]) -> list[Pin]:
        """Return those that came from an index and are not proved to be what was here."""
        environment = self.building.environment()
        if self.same_minor:
            self._proof = prove(self.recipe, environment)
            unlike = {each.name for each in self._proof.differences}
            return [pin for pin in pins if pin.name in unlike and not pin.anchored]
        there = {pin.name: pin for pin in freeze(environment, quick=True).installed}
        return [
            pin
            for pin in pins
            if not pin.anchored
            and pin.name not in self.jumped
            and (
                pin.name not in there
                or there[pin.name].version != pin.version
                or (
                    unlike_files(pin.path, there[pin.name].path)
                    and other_release(pin.path, there[pin.name].path)
                )
            )
        ]

    def _salvage(self, pins: Sequence[Pin]) -> None:
        """Bring packages back from the files they have in the old environment."""
        wheels = []
        self._check_lost(pins)
        for pin in pins:
            if pin.kind is PinKind.EDITABLE:
                own_place = self.same_minor
                reason = (
                    transplant(pin, self._home(pin), self.building.environment())
                    if own_place
                    else pin.obstacle
                )
                if reason:
                    raise self._unproved(pin, reason)
            else:
                wheel = self._wheel(pin)
                if isinstance(wheel, Unsalvageable):
                    raise self._unproved(pin, wheel.reason)
                wheels.append(wheel)
        self._install_wheels(wheels, [pin.name for pin in pins])

    def _check_lost(self, pins: Sequence[Pin]) -> None:
        """Raise where there is no point in salvaging any."""

    def _install_wheels(self, wheels: Sequence[str], names: Sequence[str]) -> None:
        self.salvaged += [name for name in names if name not in self.salvaged]
        if names:
            self._proof = None
        if not wheels:
            return
        lines = [Path(wheel).as_uri() for wheel in wheels]
        done = self.building.install_lines(lines, reinstall=names)
        if not done.ok:
            raise BuildError.explain(explain(done))

    def _wheel(self, pin: Pin) -> str | Unsalvageable:
        if not self._folder:
            self._folder = self.building.scratch(WHEELS)
        python = None if self.same_minor else self.building.environment().python.version
        return salvage(pin, self._home(pin), self._folder, python=python)

    def _home(self, pin: Pin) -> Environment:
        return self.homes.get(pin.name, self.old)

    def _unproved(self, pin: Pin, refused: str) -> BuildError:
        """Return that nothing proves what a package is, and what can be chosen."""
        title = f"{pin.display_name or pin.name} {pin.version}".strip()
        reasons = dict.fromkeys(filter(None, (self._reasons.get(pin.name, ""), refused)))
        return BuildError(
            f"{title} cannot be recreated exactly: {', and '.join(reasons)}",
            hint=choice_hint(
                options_for(pin, same_minor=self.same_minor),
                self.old.path,
                pin.name,
                None if self.same_minor else self.building.blueprint.interpreter,
            ),
        )

    def _install_chosen(self) -> None:
        """Do what a person chose for the packages that cannot be recreated exactly."""
        pins = [pin for pin in self.recipe.installed if pin.name in self.choices]
        if pins:
            self._proof = None
        released = [
            pin.requirement for pin in pins if self.choices[pin.name] is PackageChoice.RELEASE
        ]
        if released:
            done = self.building.install_lines(released)
            if not done.ok:
                raise BuildError.explain(explain(done))
        for pin in pins:
            if self.choices[pin.name] is PackageChoice.KEEP:
                refused = keep_files(pin, self.old, self.building.environment())
                if refused:
                    raise BuildError(f"cannot keep the files of {pin.name}: {refused}")

    def lines(self) -> dict[str, str]:
        """Return the requirement lines that bring packages once more from where they came, by
        name. What came from the old environment's files has none."""
        versions = dict(self.building.blueprint.source.expected)
        found = {}
        for pin in self.recipe.installed:
            choice = self.choices.get(pin.name)
            if pin.name in self.salvaged or choice not in {None, PackageChoice.RELEASE}:
                continue
            if pin.seed and not self.same_minor:
                found[pin.name] = f"{pin.name}>={pin.version}"
            elif pin.requirement:
                found[pin.name] = _line(pin, versions)
        return found

    def prove(self) -> Proof:
        """Compare with what was; what its origin gave in another build is taken from the old
        environment, where its files permit. What came from an index has to be the same, and is
        looked at again each time that this is called: it may have been installed once more."""
        known = self._proof
        again, self._proof, self._is_proved = self._is_proved, None, True
        proof = known or prove(self.recipe, self.building.environment())
        if not self.same_minor:
            if again:
                self._check_others()
            return proof
        by_name = {pin.name: pin for pin in self.recipe.installed}
        wheels: list[str] = []
        names: list[str] = []
        for difference in proof.differences:
            pin = by_name[difference.name]
            settled = pin.name in self.choices or (pin.name in self.salvaged and not again)
            if settled or pin.kind is PinKind.EDITABLE:
                continue
            wheel = self._wheel(pin)
            if not isinstance(wheel, Unsalvageable):
                wheels.append(wheel)
                names.append(pin.name)
            elif not pin.anchored:
                self._reasons.setdefault(pin.name, _OTHER_RELEASE)
                raise self._unproved(pin, wheel.reason)
        if not wheels:
            return proof
        self._install_wheels(wheels, names)
        return prove(self.recipe, self.building.environment())

    def _check_others(self) -> None:
        """Raise where a package for another minor version is not the one that was here."""
        pins = [
            pin
            for pin in self.recipe.installed
            if not pin.seed and pin.name not in self.choices and pin.name not in self.jumped
        ]
        for pin in self._foreign(pins):
            self._reasons.setdefault(pin.name, _OTHER_RELEASE)
            raise self._unproved(pin, "")


def _line(pin: Pin, versions: dict[str, str | None]) -> str:
    """Return the line that installs a pin, at the version that it is to have."""
    version = versions.get(pin.name)
    if version is None or version == pin.version:
        return pin.requirement
    return f"{pin.display_name}=={version}"


@dataclass(slots=True)
class SnapshotInstall(ExactInstall):
    """Installs the packages of a snapshot, from an index or from files of environments here."""

    def _check_lost(self, pins: Sequence[Pin]) -> None:
        lost = [pin for pin in pins if not pin.path]
        if lost:
            named = join_some([f"{pin.name} {pin.version}" for pin in lost], 10)
            why = self._reasons.get(lost[0].name, "no index has it")
            raise BuildError(
                f"{counted(len(lost), 'package')} cannot be had again: {named}: {why}, and its"
                " files are not here",
                hint=self._other_way(),
            )

    def _unproved(self, pin: Pin, refused: str) -> BuildError:
        reasons = dict.fromkeys(filter(None, (self._reasons.get(pin.name, ""), refused)))
        return BuildError(
            f"{pin.name} {pin.version} cannot be had again: {', and '.join(reasons)}",
            hint=self._other_way(),
        )

    def _other_way(self) -> str:
        return f"`envdeck timeline {self.old.path}` lists other snapshots"

    def verified(self, proof: Proof) -> list[str]:
        """Say how far it is what the snapshot saw; raises :class:`BuildError` where a package is
        missing, or has another version."""
        in_place = {pin.name for pin in self.recipe.installed if pin.kind is PinKind.EDITABLE}
        for each in proof.differences:
            if each.kind == "missing" or (each.kind == "version" and each.name not in in_place):
                raise BuildError(
                    f"{each.name} {each.before} did not come back"
                    + (f", but {each.after}" * bool(each.after)),
                    hint=self._other_way(),
                )
        compared = sum(bool(pin.path) for pin in self.recipe.installed)
        same = compared - sum(each.kind == "rows" for each in proof.differences)
        said = [f"all {counted(proof.total, 'package')} are at the version of the snapshot"]
        said += [f"{same:,} of {compared:,} are the same as files here, by their RECORD"]
        if self.salvaged:
            said.append(f"rebuilt from files here: {join_some(sorted(self.salvaged), 5)}")
        if self.building.offline:
            said.append("offline, from the cache")
        return said
