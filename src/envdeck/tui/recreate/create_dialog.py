"""Asking which project gets an environment, from what, and on which interpreter."""

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from envdeck.core.lazy_dataclasses import replace
from envdeck.core.model import NoPlan
from envdeck.core.operations.recreate.options import RecreateChoices
from envdeck.tui.base.services import Operating, PlanRequest
from envdeck.tui.dialogs.picker import BLANK, ChoiceRow, PickerDialog, title
from envdeck.tui.dialogs.requests import CreateChoice, create_request
from envdeck.tui.recreate.interpreters import PythonRows
from envdeck.tui.recreate.project_folder import from_home
from envdeck.tui.recreate.sources import SourceRows
from envdeck.tui.widgets.line import LineLabel, Look, Part, Tone
from envdeck.tui.workers.latest import Latest

if TYPE_CHECKING:
    from textual.timer import Timer

PAUSE_SECONDS = 0.3
"""How long nothing is typed before a folder is looked into."""


class CreateDialog(PickerDialog[PlanRequest]):
    """A field for the project's folder, then what it locks or declares, then the interpreters.

    It is left with a wish; nothing was planned or done by then.
    """

    DEFAULT_CSS = """
    CreateDialog Input { margin-bottom: 1; }
    CreateDialog.-low Input { margin-bottom: 0; }
    """
    AUTO_FOCUS = "Input"
    TYPING: ClassVar[Mapping[str, str]] = {"open": "to the list", "back": "cancel"}
    BINDINGS: ClassVar[list[BindingType]] = [
        # In a field the keys are its own, whatever keys the actions were given.
        Binding("escape", "back", show=False),
        Binding("down", "to_list", show=False),
    ]

    def __init__(self, operating: Operating, project: str, look: Look) -> None:
        super().__init__(look)
        self._operating = operating
        self._given = project or os.getcwd()
        self._shown = look.path(self._given)
        self._project = self._given
        """The folder whose choices are shown, or asked for."""
        self._reading = Latest(self, self._take, self.picker.fail)
        none = f" {look.signs.warning} No lock file or declared dependencies."
        more = "   Add a pyproject.toml, lock file or requirements.txt."
        self._sources = SourceRows(
            look,
            "Install",
            "nothing to install: no lock file or declared dependencies",
            ((Part(none, Tone.WARNING),), (Part(more, Tone.MUTED),)),
        )
        takes = "Packages are installed for this version."
        lacks = "No suitable interpreter found."
        python = (BLANK, title("Python"))
        self._pythons = PythonRows(look, takes, takes, above=python, none=lacks)
        self.picker.sections = (self._sources, self._pythons)
        self._known = False
        self._pause: Timer | None = None

    def above(self) -> Iterable[Widget]:
        """The field."""
        self._field = Input(
            self._shown, placeholder="project folder", compact=True, select_on_focus=False
        )
        self._field.cursor_blink = False
        yield LineLabel((Part("Project folder", Tone.HEADING),), classes="field-title")
        yield self._field

    def on_mount(self) -> None:
        """Look into the folder that was proposed."""
        self.title_label.show((Part("New environment", Tone.STRONG),))
        self.action_refresh()

    # the folder

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if self._folder(event.value) == self._project:
            return
        if self._pause is not None:
            self._pause.stop()
        self._pause = self.set_timer(PAUSE_SECONDS, self._look_there)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if self._folder(event.value) != self._project or not self._known:
            self._look_there()
        self.list.focus()

    def action_to_list(self) -> None:
        """From the field to what it led to."""
        self.list.focus()

    def _look_there(self) -> None:
        if self._pause is not None:
            self._pause.stop()
            self._pause = None
        self._project = self._folder(self._field.value)
        self.action_refresh()

    def _folder(self, text: str) -> str:
        """Return the folder that is meant: `~` is home; the one proposed as it was, since a
        name that is no text cannot be typed."""
        text = text.strip()
        if text == self._shown:
            return self._given
        return os.path.abspath(from_home(text, self.look.home) or ".")

    def action_refresh(self) -> None:
        """Read everything anew."""
        self._known = False
        self.picker.wait("Reading lock files and declared dependencies")
        project = self._project
        self._reading.request(lambda _stopped: self._operating.create_choices(project))

    def _take(self, found: RecreateChoices | NoPlan) -> None:
        """Show it, what is proposed chosen."""
        if isinstance(found, NoPlan):
            self.picker.fail(found)
            return
        self._known = True
        # Nothing is installed yet: there is nothing that another minor version would change.
        self._pythons.take([replace(one, same_minor=True) for one in found.interpreters])
        self.picker.show(self._sources.take(found.sources))

    def hints(self, row: ChoiceRow | None) -> Mapping[str, str]:
        """The keys on a row."""
        if row is None:
            return {"back": "cancel"}
        word = "show plan" if self.picker.is_chosen(row) else "select"
        return {"open": word, "previous_pane": "folder", "back": "cancel"}

    def action_go_on(self) -> None:
        """Leave with what was chosen."""
        if self._folder(self._field.value) != self._project:
            self._look_there()
        if not self._known:
            self.warn("still reading the project")
        elif self.picker.is_complete() and self._sources.chosen is not None:
            name, file = self._sources.chosen[0], self._sources.file
            choice = CreateChoice(self._project, name, file, self._pythons.chosen)
            self.leave_with(create_request(self._operating, choice, self.look))
