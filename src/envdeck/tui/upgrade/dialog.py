"""The upgrade dialog: packages, or the interpreter."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from textual.binding import BindingType

from envdeck.core.lazy_dataclasses import replace
from envdeck.core.model import Environment, NoPlan
from envdeck.core.operations.recreate.options import RecreateChoices
from envdeck.text import plain
from envdeck.tui.base.actions import bindings
from envdeck.tui.base.services import PlanRequest
from envdeck.tui.dialogs.picker import ChoiceRow, PickerDialog, Section
from envdeck.tui.dialogs.requests import InterpreterChosen, upgrade_request
from envdeck.tui.recreate.forecast import Forecaster
from envdeck.tui.recreate.interpreters import PythonRows
from envdeck.tui.store.upgrade import UpgradeChoice, UpgradePicker
from envdeck.tui.upgrade.view import FIXED, LOCK, PACKAGE, UpgradeRows, can_lock, heading
from envdeck.tui.widgets.fields import AskedField
from envdeck.tui.widgets.key_line import TabLine
from envdeck.tui.widgets.line import Display, Line, Part, Tone
from envdeck.tui.workers.latest import IsDropped, Latest

if TYPE_CHECKING:
    from envdeck.core.operations.api import Operations
    from envdeck.core.operations.upgrade.lock import LockOffer
    from envdeck.core.operations.upgrade.model import UpgradeCandidates

AnswerT = TypeVar("AnswerT")


class UpgradePackages(Section):
    """The packages to choose from, and what of them is chosen, once it is known what there is."""

    kinds = (PACKAGE, FIXED, LOCK[0])

    def __init__(self, look: Display) -> None:
        self._look = look
        self._offer: LockOffer | None = None
        self._rows: UpgradeRows | None = None
        self.picker: UpgradePicker | None = None
        """What could be upgraded and what of it is chosen; None until the index has answered."""

    def take(self, found: "UpgradeCandidates", offer: "LockOffer | None") -> None:
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

    def count_line(self) -> Line:
        """Return how many are chosen."""
        if self.picker is None or self.picker.empty:
            return ()
        return (Part(f"{len(self.picker.chosen):,} chosen ", Tone.ACCENT),)

    def hints(self, row: ChoiceRow | None) -> Mapping[str, str]:
        """Return the keys on a row."""
        if row is None:
            return {"refresh": "refresh", "tab.2": "interpreter", "back": "cancel"}
        if self.empty:
            return {"tab.2": "interpreter", "back": "close"}
        hints = {"mark": "choose", "open": "show plan"}
        if row.key != LOCK:
            hints |= {"mark_all": "group", "newer": "", "version": ""}
        return {**hints, "back": "cancel"}

    def name(self, row: ChoiceRow | None) -> str | None:
        """Return the name of the package that a row is about, where it could be upgraded."""
        match row.key if row is not None else None:
            case (str(kind), str(name)) if kind == PACKAGE:
                return name
            case _:
                return None

    # choosing

    def is_chosen(self, row: ChoiceRow) -> bool:
        """Several are chosen, by a key of their own: `enter` goes on."""
        del row
        return True

    def choose(self, row: ChoiceRow) -> str:
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
                return f"cannot be upgraded: {self._look.sentence(reason)}"
            case _:
                return ""

    def change(self, name: str, action: str) -> str:
        """Choose the group that a package is in, or another version of it, by the name of the
        action; return why that cannot be, or nothing."""
        if self.picker is None:
            return ""
        if action != "mark_all":
            return self.picker.step(name, 1 if action == "newer" else -1)
        for group, members in self.picker.groups.items():
            if any(one.name == name for one in members):
                self.picker.toggle_group(group)
        return ""

    def missing(self) -> tuple[str, object] | None:
        """Return that nothing is chosen, where that is so."""
        if self.picker is not None and self.picker.chosen:
            return None
        return f"nothing chosen ({self._look.key('mark')}: choose)", None


class UpgradePanel(Generic[AnswerT]):
    """What is below one tab: a section, what is asked for it in a thread, and how that failed."""

    section: Section
    """What there is to choose from."""
    wait = ""
    """What is being done while it is asked for."""

    def __init__(
        self, dialog: "UpgradeDialog", operating: "Operations", environment: Environment
    ) -> None:
        self.dialog = dialog
        self.operating, self.environment = operating, environment
        self.known = False
        self._asking = False
        self._failure: NoPlan | None = None
        self._cursor: object = None
        self._latest = Latest[AnswerT](dialog, self._take, lambda text: self._end(NoPlan(text)))

    def ask(self, stopped: IsDropped) -> AnswerT:
        """Ask what there is; called in a thread."""
        raise NotImplementedError

    def take(self, answer: AnswerT) -> NoPlan | None:
        """Take it, or return why nothing can be chosen."""
        raise NotImplementedError

    def hints(self, row: ChoiceRow | None) -> Mapping[str, str]:
        """Return the keys on a row."""
        raise NotImplementedError

    def chosen(self) -> UpgradeChoice | InterpreterChosen | None:
        """Return what was chosen."""
        raise NotImplementedError

    def open(self) -> None:
        """Show it, asked for once; the cursor stands where it stood."""
        self.dialog.picker.sections = (self.section,)
        if self.known or self._asking or self._failure is not None:
            self.show(self._cursor)
        else:
            self.load()

    def close(self) -> None:
        """Keep where the cursor stands."""
        current = self.dialog.list.current
        if current is not None:
            self._cursor = current.key

    def load(self) -> None:
        """Ask what there is."""
        self._asking, self._failure = True, None
        self._latest.request(self.ask)
        self.show()

    def show(self, key: object = None) -> None:
        """Show what is known, if it is open."""
        if self.dialog.panel is not self:
            return
        if self._failure is not None:
            self.dialog.picker.fail(self._failure)
        elif self.known:
            self.dialog.picker.show(key)
        else:
            self.dialog.picker.wait(self.wait)

    def refresh(self) -> None:
        """Ask again, where that failed."""
        if not self.dialog.list.rows:
            self.load()

    def _take(self, answer: AnswerT) -> None:
        self._end(self.take(answer))

    def _end(self, failure: NoPlan | None) -> None:
        self._asking, self._failure = False, failure
        self.known = self.known or failure is None
        self.show(self._cursor)


class PackagesPanel(UpgradePanel["tuple[UpgradeCandidates | NoPlan, LockOffer | None]"]):
    """The packages in groups."""

    wait = "Checking the package index"

    def __init__(
        self, dialog: "UpgradeDialog", operating: "Operations", environment: Environment
    ) -> None:
        super().__init__(dialog, operating, environment)
        self.section = self.packages = UpgradePackages(dialog.look)

    def ask(self, stopped: IsDropped) -> "tuple[UpgradeCandidates | NoPlan, LockOffer | None]":
        """Ask the index."""
        found = self.operating.candidates(self.environment, stopped)
        return found, None if stopped() else self.operating.lock_offer(self.environment)

    def take(self, answer: "tuple[UpgradeCandidates | NoPlan, LockOffer | None]") -> NoPlan | None:
        """Take what could be upgraded; the cursor begins on the first package."""
        found, offer = answer
        if isinstance(found, NoPlan):
            return found
        self.packages.take(found, offer)
        self.tell_title()
        return None

    def tell_title(self) -> None:
        """Say what is upgraded, and how much of it needs no upgrade."""
        room = self.dialog.app.size.width - 2 * _FRAME
        title = heading(self.environment.path, self.packages.picker, self.dialog.look, room)
        self.dialog.title_label.show(title)

    def show(self, key: object = None) -> None:
        """Show it, the first time with the cursor on the first package."""
        first = self.packages.first() if self.dialog.list.current is None else None
        super().show(key or first)

    def hints(self, row: ChoiceRow | None) -> Mapping[str, str]:
        """The keys on a row."""
        return self.packages.hints(row)

    def set_version(self, name: str, version: str) -> None:
        """Take a version that was typed, or say why it cannot be."""
        picker = self.packages.picker
        problem = "" if picker is None else picker.set_version(name, version)
        if not problem:
            self.dialog.version_field.action_close()
        self.dialog.picker.show()
        self.dialog.say(problem)

    def change(self, action: str) -> None:
        """Do something with the package under the cursor, where one is that could be upgraded."""
        name = self.packages.name(self.dialog.list.current)
        if name is None:
            self.dialog.say("no package here that could be upgraded")
        elif action == "version":
            self.dialog.version_field.ask(name, f"version of {plain(name)}, then enter")
        else:
            self.dialog.say(self.packages.change(name, action))
            self.dialog.picker.show()

    def chosen(self) -> UpgradeChoice | None:
        """What was chosen."""
        return None if self.packages.picker is None else self.packages.picker.answer()


class InterpreterPanel(UpgradePanel[RecreateChoices]):
    """The interpreters."""

    wait = "Looking for interpreters"

    def __init__(
        self, dialog: "UpgradeDialog", operating: "Operations", environment: Environment
    ) -> None:
        super().__init__(dialog, operating, environment)
        self._forecaster = Forecaster(dialog, operating, (environment,), self._forecast_changed)
        self.section = self.pythons = PythonRows(
            dialog.look,
            "Same minor version: repaired in place, packages unchanged.",
            "Another minor version: recreated, all packages reinstalled for it.",
            self._forecaster,
        )

    def ask(self, stopped: IsDropped) -> RecreateChoices:
        """Look what it could rest on."""
        del stopped
        return self.operating.recreate_choices(self.environment)

    def take(self, answer: RecreateChoices) -> NoPlan | None:
        """Take them, or say that there is none."""
        self.pythons.take(answer.interpreters)
        if answer.interpreters:
            return None
        return NoPlan("no suitable interpreter found")

    def _forecast_changed(self) -> None:
        if self.known:
            self.show()

    def close(self) -> None:
        """Ask for no forecast any more."""
        super().close()
        self._forecaster.stop()

    def refresh(self) -> None:
        """Ask for the forecasts again as well."""
        self._forecaster.forget()
        super().refresh()
        self._forecast_changed()

    def hints(self, row: ChoiceRow | None) -> Mapping[str, str]:
        """The keys on a row."""
        if row is None:
            return {"tab.1": "packages", "back": "cancel"}
        return {"mark": "choose", "open": "show plan", "next_pane": "details", "back": "cancel"}

    def chosen(self) -> InterpreterChosen | None:
        """What was chosen."""
        python = self.pythons.current
        if python is None:
            return None
        return InterpreterChosen(python.interpreter.executable, python.same_minor)


_FRAME = 6
"""Cells that the frame takes of the width."""
_TAB_KEYS = bindings("tab.1", "tab.2")
_PACKAGE_KEYS = bindings("mark_all", "newer", "older", "version")


class UpgradeDialog(PickerDialog[PlanRequest]):
    """Two tabs: the packages in groups, and the interpreters.

    It is left with a wish; nothing was planned or done by then.
    """

    DEFAULT_CSS = """
    UpgradeDialog TabLine { margin-bottom: 1; }
    UpgradeDialog.-low TabLine, UpgradeDialog.-high TabLine { margin-bottom: 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *(replace(key, action=f"open_tab({n})") for n, key in enumerate(_TAB_KEYS, 1)),
        *(replace(key, action=f"package({key.action!r})") for key in _PACKAGE_KEYS),
    ]

    def __init__(self, operating: "Operations", environment: Environment, look: Display) -> None:
        super().__init__(look)
        self._operating = operating
        self._environment = environment
        panel = self._packages_panel = PackagesPanel(self, operating, environment)
        self._packages = panel.packages
        self._panels: tuple[UpgradePanel[Any], ...] = (
            panel,
            InterpreterPanel(self, operating, environment),
        )
        self.panel: UpgradePanel[Any] = panel
        """What is below the open tab."""
        self._tabs = TabLine(("Packages", "Interpreter"))
        self.version_field = AskedField(panel.set_version)
        self.above = (self._tabs, self.version_field)
        self.count = lambda: (
            self._packages.count_line()
            if self._tabs.active == 1 and self.has_class("-roomy")
            else ()
        )
        self.list.top = lambda cells: (
            self._packages.heading(cells) if self._tabs.active == 1 else None
        )

    def on_mount(self) -> None:
        """Ask the index."""
        self._packages_panel.tell_title()
        self.panel.open()

    def on_tab_line_picked(self, event: TabLine.Picked) -> None:
        """A click on a tab opens it."""
        event.stop()
        self.action_open_tab(event.number)

    def action_open_tab(self, number: int) -> None:
        """Open a tab by its number."""
        if number != self._tabs.active:
            self.panel.close()
            self.version_field.action_close()
            self._tabs.active, self.panel = number, self._panels[number - 1]
            self.say("")
            self.panel.open()

    def hints(self, *, typing: bool) -> Mapping[str, str]:
        """The keys on a row."""
        return self.TYPING if typing else self.panel.hints(self.list.current)

    def action_package(self, action: str) -> None:
        """Do something with the package under the cursor; below the other tab there is none."""
        panel = self.panel
        if isinstance(panel, PackagesPanel):
            panel.change(action)
        else:
            self.say(f"for packages ({self.look.key('tab.1')})")

    def action_go_on(self) -> None:
        """Leave with what was chosen."""
        if self.picker.is_complete() and (choice := self.panel.chosen()) is not None:
            wish = upgrade_request(self._operating, self._environment, choice, self.look)
            self.leave_with(wish)

    def action_refresh(self) -> None:
        """Ask again, where that failed."""
        self.panel.refresh()
