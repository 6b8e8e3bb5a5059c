"""Bringing back exactly what was: what the index cannot give is rebuilt from its own files."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from envdeck.core.inspection.distributions import read_distributions
from envdeck.core.model import Environment
from envdeck.core.operations.engine.failure import FailureKind, explain
from envdeck.core.operations.rebuilding import Building, GivenUpError
from envdeck.core.operations.recipe.pins import Pin, PinKind, Recipe
from envdeck.core.operations.recipe.proof import Proof, prove
from envdeck.core.operations.recipe.salvage import Unsalvageable, salvage
from envdeck.core.operations.recipe.transplant import transplant

WHEELS = "wheels"
_FATAL = frozenset(
    {FailureKind.DISK, FailureKind.PERMISSION, FailureKind.STOPPED, FailureKind.TOOL}
)
"""What no other way of installing would help against."""
_NO_INDEX = frozenset({FailureKind.NETWORK, FailureKind.INDEX})
"""What every package would meet again."""


@dataclass(slots=True)
class Restoring:
    """Installs a recipe, package by package where it must."""

    recipe: Recipe
    old: Environment
    building: Building
    same_minor: bool
    salvaged: list[str] = field(default_factory=list)
    """Names that were rebuilt from their installed files."""
    _folder: str = ""

    def install(self) -> None:
        """Install everything that is in the recipe.

        All at once first; where that fails, by halves, until it is known what cannot be had:
        that is taken from the old environment. Raises :class:`GivenUpError`.
        """
        wanted = [pin for pin in self.recipe.installed if pin.requirement and not pin.obstacle]
        lost = [pin for pin in self.recipe.installed if not pin.requirement or pin.obstacle]
        done = self.building.install()
        if not done.ok:
            failure = explain(done)
            if failure.kind in _FATAL or not self.same_minor:
                raise GivenUpError.of(failure)
            lost += self._by_halves(wanted)
        for pin in lost:
            self._salvage(pin)
        if not self.same_minor:
            self._bring_seeds()

    def _bring_seeds(self) -> None:
        """Install what a creator no longer seeds (setuptools, since Python 3.12), at least as
        new as it was; where that cannot be had, it is left to who needs it to miss it."""
        there = {each.name for each in read_distributions(self.building.environment())}
        for pin in self.recipe.installed:
            if pin.seed and pin.name not in there:
                self.building.install_lines([f"{pin.name}>={pin.version}"])

    def _by_halves(self, pins: Sequence[Pin]) -> list[Pin]:
        """Install what can be installed, and return what cannot."""
        if not pins:
            return []
        done = self.building.install_lines([pin.requirement for pin in pins])
        if done.ok:
            return []
        failure = explain(done)
        if failure.kind in _FATAL:
            raise GivenUpError.of(failure)
        if failure.kind in _NO_INDEX and not self.building.offline:
            self.building.offline = True  # asking every package for itself would take for ever
            return self._by_halves(pins)
        if len(pins) == 1:
            return list(pins)
        middle = len(pins) // 2
        return [*self._by_halves(pins[:middle]), *self._by_halves(pins[middle:])]

    def _salvage(self, pin: Pin) -> None:
        """Bring one back from the files it has in the old environment."""
        name = pin.display_name or pin.name
        if not self.same_minor:
            raise GivenUpError(
                f"{name} cannot be had again, and its files are for another version of Python"
            )
        if pin.kind is PinKind.EDITABLE:
            reason = transplant(pin, self.old, self.building.environment())
            if reason:
                raise GivenUpError(f"{name} cannot be brought back: {reason}")
            self.salvaged.append(pin.name)
            return
        if not self._folder:
            self._folder = self.building.scratch(WHEELS)
        wheel = salvage(pin, self.old, self._folder)
        if isinstance(wheel, Unsalvageable):
            raise GivenUpError(f"{name} cannot be brought back: {wheel.reason}")
        done = self.building.install_lines([wheel_line(wheel)], reinstall=[pin.name])
        if not done.ok:
            raise GivenUpError.of(explain(done))
        self.salvaged.append(pin.name)

    def prove(self) -> Proof:
        """Compare with what was; what came out otherwise is taken from the old environment.

        A package that was built anew from its source seldom has the very same files.
        """
        proof = prove(self.recipe, self.building.environment())
        if not self.same_minor:
            return proof
        by_name = {pin.name: pin for pin in self.recipe.installed}
        again = False
        for difference in proof.differences:
            pin = by_name[difference.name]
            if difference.name in self.salvaged or pin.kind is PinKind.EDITABLE:
                continue
            try:
                self._salvage(pin)
            except GivenUpError as error:
                if error.stopped or difference.kind != "rows":
                    raise
            else:
                again = True
        return prove(self.recipe, self.building.environment()) if again else proof


def wheel_line(path: str) -> str:
    """Return the requirements line for a wheel on the disk."""
    from pathlib import Path

    return Path(path).as_uri()
