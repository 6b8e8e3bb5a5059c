"""The part of a dialog in which it is chosen what becomes of packages without a wheel."""

from collections.abc import Sequence
from dataclasses import dataclass

from envdeck.tui.dialogs.choice_row import BLANK, ChoiceRow, title
from envdeck.tui.dialogs.forecast_lines import Told
from envdeck.tui.dialogs.jump_lines import Jump, jump_about, jump_line, jumps, stuck_words
from envdeck.tui.widgets.look import Look

JUMP = "jump"
"""The first half of what such a row stands for; the name of the jump is the other."""


@dataclass(slots=True)
class JumpRows:
    """The ways there are for the Python that is chosen, and which one is taken."""

    look: Look
    python: str = ""
    """Its minor version."""
    ways: tuple[Jump, ...] = ()
    _wanted: str | None = None

    def take(self, told: Sequence[Told], python: str) -> None:
        """Take the forecasts for the Python that is chosen; none where its minor version stays."""
        self.ways, self.python = jumps(told), python

    @property
    def chosen(self) -> str | None:
        """The jump that is taken: what was wanted of another Python is none for this one."""
        possible = {way.name for way in self.ways if not way.stuck}
        return self._wanted if self._wanted in possible else None

    def way(self, row: ChoiceRow) -> Jump | None:
        """Return what a row stands for, where it is one of these."""
        return next((way for way in self.ways if row.key == (JUMP, way.name)), None)

    def choose(self, way: Jump) -> str:
        """Take one of them; return why it cannot be, or nothing."""
        if way.stuck:
            return stuck_words(way)
        self._wanted = way.name
        return ""

    def rows(self) -> list[ChoiceRow]:
        """Return a row for each, under their title; none where there is nothing to choose."""
        if not self.ways:
            return []
        heading = title("Packages without a wheel", f"for Python {self.python}")
        return [BLANK, heading, *map(self._row, self.ways)]

    def _row(self, way: Jump) -> ChoiceRow:
        chosen = way.name == self.chosen
        return ChoiceRow(
            lambda cells: jump_line(way, cells, self.look, chosen=chosen),
            (JUMP, way.name),
            lambda cells: jump_about(way, self.python, cells, self.look),
        )
