"""The rows of the picker of upgrades: the lock, the groups, and what is not upgraded here."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from envdeck.tui.dialogs.choice_row import BLANK, ChoiceRow, title
from envdeck.tui.dialogs.upgrade_lines import (
    Columns,
    candidate_about,
    candidate_line,
    everything_is_newest,
    fixed_about,
    fixed_line,
    group_line,
    lock_about,
    lock_line,
)
from envdeck.tui.store.upgrade_choice import UpgradePicker
from envdeck.tui.widgets.line import Line
from envdeck.tui.widgets.look import Look

if TYPE_CHECKING:
    from envdeck.core.operations.upgrading.candidate import Candidate, Fixed
    from envdeck.core.operations.upgrading.lock_offers import LockOffer

PACKAGE, FIXED, LOCK = "package", "fixed", ("lock", "")
"""What rows stand for: a package or a fixed one with its name, and the offer for the lock."""


@dataclass(slots=True)
class UpgradeRows:
    """Makes the rows of a picker as it stands; the columns are worked out once for a width."""

    picker: UpgradePicker
    offer: "LockOffer | None"
    look: Look
    _fitted: dict[int, Columns] = field(default_factory=dict)

    def columns(self, cells: int) -> Columns:
        """Return the columns for a width."""
        if cells not in self._fitted:
            self._fitted[cells] = Columns.fit(self.picker, cells)
        return self._fitted[cells]

    def rows(self) -> list[ChoiceRow]:
        """Return all rows."""
        picker = self.picker
        rows: list[ChoiceRow] = []
        if self.offer is not None and not picker.empty:
            rows += [self._lock(self.offer), BLANK]
        if picker.empty:
            rows += [_said(line) for line in everything_is_newest(picker, self.look)]
            rows.append(BLANK)
        for group, members in picker.groups.items():
            rows.append(self._group(group))
            rows += [self._package(one) for one in members]
            rows.append(BLANK)
        if picker.fixed:
            rows.append(title("Not upgraded here"))
            rows += [self._fixed(one) for one in picker.fixed]
        elif rows and rows[-1] is BLANK:
            rows.pop()
        return rows

    def _group(self, group: str) -> ChoiceRow:
        return ChoiceRow(lambda cells: group_line(group, self.picker, cells, self.look))

    def _package(self, one: "Candidate") -> ChoiceRow:
        return ChoiceRow(
            lambda cells: candidate_line(one, self.picker, self.columns(cells), cells, self.look),
            (PACKAGE, one.name),
            lambda cells: candidate_about(one, self.picker, cells, self.look),
        )

    def _fixed(self, one: "Fixed") -> ChoiceRow:
        return ChoiceRow(
            lambda cells: fixed_line(one, self.columns(cells), cells, self.look),
            (FIXED, one.name),
            lambda cells: fixed_about(one, cells, self.look),
        )

    def _lock(self, offer: "LockOffer") -> ChoiceRow:
        chosen = self.picker.lock
        return ChoiceRow(
            lambda cells: lock_line(offer, cells, self.look, chosen=chosen),
            LOCK,
            lambda cells: lock_about(offer, cells, self.look),
        )


def _said(line: Line) -> ChoiceRow:
    return ChoiceRow(lambda _cells: line)
