"""What requirements lead to in an environment, through the metadata of what is installed."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from envdeck.core.inspection.requirements import ParsedRequirement
from envdeck.core.project.installed import Installed
from envdeck.core.project.model import DeclaredRequirement


@dataclass(frozen=True, slots=True)
class Root:
    """One requirement that somebody declared."""

    name: str
    extras: tuple[str, ...] = ()
    part: int = 0
    """Which part declares it, as one bit; 0: none of them."""
    declared: DeclaredRequirement | None = None


@dataclass(frozen=True, slots=True)
class Lacking:
    """What something installed needs, and what is not there as it needs it."""

    name: str
    specifier: str
    parts: int
    declared: DeclaredRequirement | None
    """The requirement that leads to it."""


@dataclass(frozen=True, slots=True)
class Reached:
    """What was reached."""

    parts: dict[str, int]
    """By name, whether it is installed or not: the bits of the parts that lead to it."""
    lacking: tuple[Lacking, ...]
    """Each name once."""


def reach(roots: Iterable[Root], installed: Installed) -> Reached:
    """Follow requirements, each under the extras it is asked with, until nothing is new."""
    walk = _Walk(installed)
    for root in roots:
        walk.add(root.name, root.extras, root.part, root.declared)
    return walk.done()


class _Walk:
    def __init__(self, installed: Installed) -> None:
        self._installed = installed
        self._bits: dict[tuple[str, str], int] = {}
        self._leading: dict[str, DeclaredRequirement | None] = {}
        self._lacking: dict[str, Lacking] = {}
        self._queue: deque[tuple[str, str]] = deque()

    def add(
        self, name: str, extras: Iterable[str], bits: int, declared: DeclaredRequirement | None
    ) -> None:
        """Reach one name, and look at what it needs if that is new for one of these parts."""
        self._leading.setdefault(name, declared)
        for extra in ("", *extras):
            before = self._bits.get((name, extra))
            if before is None or bits & ~before:
                self._bits[name, extra] = bits | (before or 0)
                self._queue.append((name, extra))

    def done(self) -> Reached:
        """Walk to the end; a ring of requirements ends, since its bits only grow."""
        while self._queue:
            name, extra = self._queue.popleft()
            bits = self._bits[name, extra]
            for needed, sure in self._installed.needs(name, extra):
                there = self._installed.versions(needed.name)
                if not sure and not there:
                    continue
                self.add(needed.name, needed.extras, bits, self._leading[name])
                if sure and (not there or self._installed.unfit(needed) is not None):
                    self._note(needed, bits, self._leading[name])
        found: dict[str, int] = {}
        for (name, _), bits in self._bits.items():
            found[name] = found.get(name, 0) | bits
        return Reached(found, tuple(self._lacking.values()))

    def _note(
        self, needed: ParsedRequirement, bits: int, declared: DeclaredRequirement | None
    ) -> None:
        before = self._lacking.get(needed.name)
        if before is not None:
            bits |= before.parts
            declared = before.declared
        specifier = before.specifier if before is not None else needed.specifier
        self._lacking[needed.name] = Lacking(needed.name, specifier, bits, declared)
