"""The tab of the packages: which are chosen, the lock among them, and what is said of a row."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from envdeck.tui.dialogs.choice_row import ChoiceRow
from envdeck.tui.dialogs.upgrade_lines import can_lock
from envdeck.tui.dialogs.upgrade_rows import FIXED, LOCK, PACKAGE, UpgradeRows
from envdeck.tui.store.upgrade_choice import UpgradePicker
from envdeck.tui.widgets.line import Line, Part, Tone
from envdeck.tui.widgets.look import Look

if TYPE_CHECKING:
    from envdeck.core.operations.upgrading.candidate import Candidates
    from envdeck.core.operations.upgrading.lock_offers import LockOffer


class UpgradePackages:
    """What is chosen in this tab, once it is known what there is."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._offer: LockOffer | None = None
        self._rows: UpgradeRows | None = None
        self.picker: UpgradePicker | None = None
        """What could be upgraded and what of it is chosen; None until the index has answered."""

    def take(self, found: "Candidates", offer: "LockOffer | None") -> None:
        """Take what there is."""
        self.picker, self._offer, self._rows = UpgradePicker(found), offer, None

    @property
    def empty(self) -> bool:
        """Whether it is known that nothing could be upgraded."""
        return self.picker is not None and self.picker.empty

    # showing

    def heading(self, cells: int) -> Line | None:
        """Return the names of the columns, where there are any."""
        if self.picker is None or self.picker.empty:
            return None
        if self._rows is None:
            self._rows = UpgradeRows(self.picker, self._offer, self._look)
        return self._rows.columns(cells).heading()

    def rows(self) -> list[ChoiceRow]:
        """Return the rows as things stand."""
        if self.picker is None:
            return []
        self._rows = UpgradeRows(self.picker, self._offer, self._look)
        return self._rows.rows()

    def first(self) -> object:
        """Return what the first package's row stands for; None without one."""
        groups = self.picker.groups.values() if self.picker is not None else ()
        return next(((PACKAGE, row.name) for members in groups for row in members), None)

    def said(self) -> Line:
        """Return how many are chosen."""
        if self.picker is None or self.picker.empty:
            return ()
        return (Part(f"{len(self.picker.chosen):,} chosen ", Tone.ACCENT),)

    def hints(self, row: ChoiceRow | None) -> Mapping[str, str]:
        """Return the keys on a row."""
        if row is None:
            return {"refresh": "ask again", "tab.2": "interpreter", "back": "cancel"}
        if self.empty:
            return {"tab.2": "interpreter", "back": "close"}
        if row.key == LOCK:
            return {"mark": "choose", "open": "show the plan", "back": "cancel"}
        return {
            "mark": "choose",
            "mark_all": "the group",
            "newer": "",
            "version": "",
            "open": "plan",
        }

    def name(self, row: ChoiceRow | None) -> str | None:
        """Return the name of the package that a row is about, where it could be upgraded."""
        match row.key if row is not None else None:
            case (str(kind), str(name)) if kind == PACKAGE:
                return name
            case _:
                return None

    # choosing

    def toggle(self, row: ChoiceRow) -> str:
        """Choose what a row stands for, or leave it; return why it cannot be, or nothing."""
        if self.picker is None:
            return ""
        if row.key == LOCK and self._offer is not None:
            if not can_lock(self._offer):
                return self._look.sentence(self._offer.sentence)
            self.picker.lock = not self.picker.lock
            return ""
        match row.key:
            case (str(kind), str(name)) if kind == PACKAGE:
                return self.picker.toggle(name)
            case (str(kind), str(name)) if kind == FIXED:
                reason = next(one.reason for one in self.picker.fixed if one.name == name)
                return f"it is not upgraded here: it {self._look.sentence(reason)}"
            case _:
                return ""

    def toggle_group(self, name: str) -> None:
        """Choose the group that a package is in, or nothing of it."""
        if self.picker is None:
            return
        for group, members in self.picker.groups.items():
            if any(one.name == name for one in members):
                self.picker.toggle_group(group)
