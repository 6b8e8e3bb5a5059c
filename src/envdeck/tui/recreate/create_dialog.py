"""Asking which project gets an environment, from what, and on which interpreter."""

import os
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input

from envdeck.core.lazy_dataclasses import replace
from envdeck.core.model import NoPlan
from envdeck.core.operations.recreate.options import RecreateChoices
from envdeck.tui.base.services import PlanRequest
from envdeck.tui.dialogs.picker import BLANK, PickerDialog, title
from envdeck.tui.dialogs.requests import CreateChoice, create_request
from envdeck.tui.recreate.interpreters import PythonRows
from envdeck.tui.recreate.project_folder import expand_home
from envdeck.tui.recreate.sources import ProjectRows, SourceRows
from envdeck.tui.widgets.line import Display, LineLabel, Part, Tone
from envdeck.tui.workers.latest import Latest

if TYPE_CHECKING:
    from textual.timer import Timer

    from envdeck.core.operations.api import Operations

PAUSE_SECONDS = 0.3
"""How long nothing is typed before a folder is looked into."""


class FolderField(Input):
    """A field for the folder of a project, which is named once nothing more is typed."""

    # In a field the keys are its own, whatever keys the actions were given.
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "leave", show=False),
    ]

    class Named(Message):
        """Another folder is meant (`changed`), or the person goes on from the field (`left`)."""

        def __init__(self, *, changed: bool, left: bool) -> None:
            super().__init__()
            self.changed, self.left = changed, left

    def __init__(self, given: str, look: Display) -> None:
        super().__init__(placeholder="project folder", compact=True)
        self._given, self._home, self._shown = given, look.home, look.path(given)
        self.cursor_blink = False
        self.folder = given
        """The folder that was named last."""
        self._pause: Timer | None = None

    def on_mount(self) -> None:
        """Propose the folder that was given, selected."""
        self.value = self._shown
        self.action_select_all()

    def meant(self) -> str:
        """Return the folder that is meant: `~` is home; the one proposed as it was, since a
        name that is no text cannot be typed."""
        text = self.value.strip()
        if text == self._shown:
            return self._given
        return os.path.abspath(expand_home(text, self._home) or ".")

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if self.meant() == self.folder:
            return
        self._stop()
        self._pause = self.set_timer(PAUSE_SECONDS, partial(self._tell, left=False))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_leave()

    def action_leave(self) -> None:
        """From the field to what it led to."""
        self._tell(left=True)

    def _tell(self, *, left: bool) -> None:
        self.post_message(self.Named(changed=self.take(), left=left))

    def take(self) -> bool:
        """Take the folder that is meant now; return whether it is another one."""
        self._stop()
        before, self.folder = self.folder, self.meant()
        return self.folder != before

    def _stop(self) -> None:
        if self._pause is not None:
            self._pause.stop()
            self._pause = None


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
    ]

    def __init__(self, operating: "Operations", project: str, look: Display) -> None:
        super().__init__(look)
        self._operating = operating
        self._field = FolderField(project or os.getcwd(), look)
        named = LineLabel((Part("Project folder", Tone.HEADING),), classes="field-title")
        self.above = (named, self._field)
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
        self._own = ProjectRows(look, self._sources)
        self.picker.sections = (self._sources, self._own, self._pythons)
        self._known = False

    def on_mount(self) -> None:
        """Look into the folder that was proposed."""
        self.title_label.show((Part("New environment", Tone.STRONG),))
        self.action_refresh()

    def on_folder_field_named(self, event: FolderField.Named) -> None:
        """Look into another folder, or go to what was found in it."""
        event.stop()
        if event.changed or (event.left and not self._known):
            self.action_refresh()
        if event.left:
            self.list.focus()

    def action_refresh(self) -> None:
        """Read everything again."""
        self._known = False
        self.picker.wait("Reading lock files and declared dependencies")
        project = self._field.folder
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

    def hints(self, *, typing: bool) -> Mapping[str, str]:
        """The keys of the list have a way back to the field."""
        hints = dict(super().hints(typing=typing))
        if "next_pane" in hints:
            hints = {**hints, "previous_pane": "folder", "back": "cancel"}
            del hints["next_pane"]
        return hints

    def action_go_on(self) -> None:
        """Leave with what was chosen."""
        if self._field.take():
            self.action_refresh()
        if self.picker.is_complete() and self._sources.chosen is not None:
            name, file = self._sources.chosen[0], self._sources.file
            choice = CreateChoice(
                self._field.folder, name, file, self._pythons.chosen, self._own.itself
            )
            self.leave_with(create_request(self._operating, choice, self.look))
