"""The upgrade dialog: packages, or the interpreter."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import BindingType
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input

from envdeck.core.model import Environment, NoPlan
from envdeck.core.operations.recreate.options import RecreateChoices
from envdeck.tui.base.actions import bindings
from envdeck.tui.base.services import Operating, PlanRequest
from envdeck.tui.dialogs.picker import ChoiceRow, PickerDialog
from envdeck.tui.dialogs.requests import InterpreterChosen, upgrade_request
from envdeck.tui.recreate.forecaster import Forecaster
from envdeck.tui.recreate.interpreters import PythonRows
from envdeck.tui.store.upgrade import UpgradeChoice, UpgradePicker
from envdeck.tui.upgrade.view import FIXED, LOCK, PACKAGE, UpgradeRows, can_lock, heading
from envdeck.tui.widgets.fields import VersionField
from envdeck.tui.widgets.line import Line, Look, Part, Tone
from envdeck.tui.widgets.tab_line import TabLine

if TYPE_CHECKING:
    from envdeck.core.operations.upgrade.lock import LockOffer
    from envdeck.core.operations.upgrade.model import UpgradeCandidates


class UpgradePackages:
    """What is chosen in this tab, once it is known what there is."""

    def __init__(self, look: Look) -> None:
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


PACKAGES, INTERPRETER = 1, 2
_FRAME = 6
"""Cells that the frame takes of the width."""


class CandidatesKnown(Message, bubble=False):
    """What could be upgraded is known, or why it is not."""

    def __init__(self, found: "UpgradeCandidates | NoPlan", lock: "LockOffer | None") -> None:
        super().__init__()
        self.found = found
        self.lock = lock


class PythonsKnown(Message, bubble=False):
    """What it could rest on is known."""

    def __init__(self, choices: RecreateChoices) -> None:
        super().__init__()
        self.choices = choices


class UpgradeDialog(PickerDialog[PlanRequest]):
    """Two tabs: the packages in groups, and the interpreters.

    It is left with a wish; nothing was planned or done by then.
    """

    DEFAULT_CSS = """
    UpgradeDialog TabLine { margin-bottom: 1; }
    UpgradeDialog.-low TabLine, UpgradeDialog.-high TabLine { margin-bottom: 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("tab.1", "tab.2", "mark_all", "newer", "older", "version")
    ]

    def __init__(self, operating: Operating, environment: Environment, look: Look) -> None:
        super().__init__(look)
        self._operating = operating
        self._environment = environment
        self._packages = UpgradePackages(look)
        self._failures: dict[int, NoPlan] = {}
        self._pythons_known = False
        self._asking: set[int] = set()
        self._forecaster = Forecaster(self, operating, (environment,), self._forecast_changed)
        self._pythons = PythonRows(
            look,
            "The same minor version: it is repaired in place, and the packages stay.",
            "Another minor version: it is made anew there, and every package installed for it.",
            self._forecaster,
        )
        self._tabs = TabLine(("Packages", "Interpreter"))
        self._cursors: dict[int, object] = {}
        self._field = VersionField()
        self.list.top = self._heading

    def above(self) -> Iterable[Widget]:
        """The tabs, and the field for a version, where one is asked for."""
        yield self._tabs
        yield self._field

    def on_mount(self) -> None:
        """Ask the index."""
        self._tell_title()
        self._load()

    def _tell_title(self) -> None:
        room = self.app.size.width - 2 * _FRAME
        self.title_label.show(
            heading(self._environment.path, self._packages.picker, self.look, room)
        )

    def on_unmount(self) -> None:
        """Ask nothing more."""
        super().on_unmount()
        self._forecaster.stop()

    @property
    def tab(self) -> int:
        """The number of the open tab."""
        return self._tabs.active

    # what there is to choose from

    def _load(self) -> None:
        if self.tab == PACKAGES:
            self.fetch("packages", self._ask_index)
        else:
            self.fetch("interpreters", self._ask_pythons)
        self._failures.pop(self.tab, None)
        self._asking.add(self.tab)
        self._show_tab()

    def _ask_index(self, stopped: Callable[[], bool]) -> Message:
        found = self._operating.candidates(self._environment, stopped)
        lock = None if stopped() else self._operating.lock_offer(self._environment)
        return CandidatesKnown(found, lock)

    def _ask_pythons(self, stopped: Callable[[], bool]) -> Message:
        del stopped
        return PythonsKnown(self._operating.recreate_choices(self._environment))

    def on_candidates_known(self, message: CandidatesKnown) -> None:
        """Show them, or why there are none."""
        self._asking.discard(PACKAGES)
        if isinstance(message.found, NoPlan):
            self._failures[PACKAGES] = message.found
        else:
            self._packages.take(message.found, message.lock)
            self._tell_title()
        if self.tab == PACKAGES:
            self._show_tab()

    def fetch_failed(self, what: str, problem: NoPlan) -> None:
        """Keep it for its tab."""
        tab = PACKAGES if what == "packages" else INTERPRETER
        self._asking.discard(tab)
        self._failures[tab] = problem
        if self.tab == tab:
            self._show_tab()

    def on_pythons_known(self, message: PythonsKnown) -> None:
        """Show them."""
        self._asking.discard(INTERPRETER)
        self._pythons_known = True
        self._pythons.take(message.choices.interpreters)
        if self.tab == INTERPRETER:
            self._show_tab()

    def _forecast_changed(self) -> None:
        if self.tab == INTERPRETER and self._pythons_known and not self.left:
            self.show_again()

    # tabs

    @on(TabLine.Picked)
    def _picked(self, event: TabLine.Picked) -> None:
        event.stop()
        self._open_tab(event.number)

    def action_tab_1(self) -> None:
        """The packages."""
        self._open_tab(PACKAGES)

    def action_tab_2(self) -> None:
        """The interpreters."""
        self._open_tab(INTERPRETER)

    def _open_tab(self, number: int) -> None:
        if number == self.tab:
            return
        current = self.list.current
        if current is not None:
            self._cursors[self.tab] = current.key
        self._leave_field()
        self._tabs.active = number
        self._forecaster.stop()
        self.say(())
        known = self._pythons_known if number == INTERPRETER else self._packages.picker is not None
        if known or number in self._asking or number in self._failures:
            self._show_tab()
        else:
            self._load()

    def _show_tab(self) -> None:
        if self.tab in self._failures:
            self.fail(self._failures[self.tab])
        elif self.tab == PACKAGES:
            if self._packages.picker is None:
                self.wait("Asking the package index what is newest")
            else:
                self.show_again(self._cursors.get(PACKAGES))
        elif not self._pythons_known:
            self.wait("Looking what it could rest on")
        elif not self._pythons.choices:
            self.fail(NoPlan("no interpreter here is one that it could rest on"))
        else:
            self.show_again(self._cursors.get(INTERPRETER))

    # rows

    def _heading(self, cells: int) -> Line | None:
        return None if self.tab == INTERPRETER else self._packages.heading(cells)

    def make_rows(self) -> Sequence[ChoiceRow]:
        """The rows of the open tab."""
        if self.tab == INTERPRETER:
            return self._pythons.rows()
        return self._packages.rows()

    def show_again(self, key: object = None) -> None:
        """Draw the rows anew, the first time with the cursor on the first package."""
        if key is None and self.list.current is None and self.tab == PACKAGES:
            key = self._packages.first()
        super().show_again(key)

    def tell_list_keys(self) -> None:
        """Say what keys do now, and how many are chosen."""
        said = self._packages.said() if self.tab == PACKAGES else ()
        self.keys.tell(self.hints(self.list.current), said)

    def hints(self, row: ChoiceRow | None) -> Mapping[str, str]:
        """The keys on a row."""
        if self.tab == INTERPRETER:
            if row is None:
                return {"tab.1": "packages", "back": "cancel"}
            chosen = self._pythons.choice(row) == self._pythons.current
            return {"open": "show the plan" if chosen else "choose", "back": "cancel"}
        return self._packages.hints(row)

    def cursor_moved(self, row: ChoiceRow | None) -> None:
        """Let the forecast follow."""
        if self.tab == INTERPRETER:
            self._pythons.cursor_on(row)

    # choosing

    @property
    def _package(self) -> str | None:
        """The name of the package under the cursor, where one is that could be upgraded."""
        return self._packages.name(self.list.current) if self.tab == PACKAGES else None

    async def entered(self, row: ChoiceRow) -> None:
        """Go on; an interpreter that is not chosen is chosen first."""
        if self.tab == INTERPRETER and self._pythons.choice(row) != self._pythons.current:
            await self.toggled(row)
        else:
            self.action_go_on()

    async def toggled(self, row: ChoiceRow) -> None:
        """Choose a package, the lock or an interpreter, or leave it."""
        python = self._pythons.choice(row)
        if python is not None:
            self._pythons.chosen = python.interpreter.executable
        else:
            self._answer(self._packages.toggle(row))
        self.show_again()

    def _answer(self, problem: str) -> None:
        if problem:
            self.warn(problem)
        else:
            self.say(())

    def action_mark_all(self) -> None:
        """Choose the group under the cursor, or nothing of it."""
        if self._package is not None:
            self._packages.toggle_group(self._package)
            self.show_again()

    def action_newer(self) -> None:
        """A newer version of the package under the cursor."""
        self._step(1)

    def action_older(self) -> None:
        """An older version of the package under the cursor."""
        self._step(-1)

    def _step(self, by: int) -> None:
        picker = self._packages.picker
        if picker is not None and self._package is not None:
            self._answer(picker.step(self._package, by))
            self.show_again()

    def action_version(self) -> None:
        """Type a version for the package under the cursor."""
        picker, name = self._packages.picker, self._package
        if picker is not None and name is not None and picker.candidate(name) is not None:
            self._field.ask(name)

    @on(Input.Submitted)
    def _version_typed(self, event: Input.Submitted) -> None:
        event.stop()
        picker, problem = self._packages.picker, ""
        if picker is not None:
            problem = picker.set_version(self._field.asked_for, event.value)
        if not problem:
            self._leave_field()
        self.show_again()
        self._answer(problem)

    def _leave_field(self) -> None:
        self._field.display = False
        self.list.focus()

    def action_back(self) -> None:
        """Out of the field; else cancel."""
        if self._field.display:
            self._leave_field()
        else:
            super().action_back()

    def action_go_on(self) -> None:
        """Leave with what was chosen."""
        if self.tab == INTERPRETER:
            python = self._pythons.current
            if python is None:
                self.ask_for(*self._pythons.missing())
            else:
                executable = python.interpreter.executable
                self._leave_with(InterpreterChosen(executable, python.same_minor))
        elif (picker := self._packages.picker) is None or not picker.chosen:
            self.warn(f"nothing is chosen: {self.look.key('mark')} chooses")
        else:
            self._leave_with(picker.answer())

    def _leave_with(self, choice: UpgradeChoice | InterpreterChosen) -> None:
        self.leave_with(upgrade_request(self._operating, self._environment, choice, self.look))

    def action_refresh(self) -> None:
        """Ask anew, where that failed."""
        if self.tab == INTERPRETER:
            self._forecaster.forget()
        if not self.list.rows:
            self._load()
        elif self.tab == INTERPRETER:
            self.show_again()
