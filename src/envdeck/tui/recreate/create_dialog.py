"""Asking which project gets an environment, from what, and on which interpreter."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input

from envdeck.core.model import NoPlan
from envdeck.core.operations.recreate.options import RecreateChoices, SourceChoice
from envdeck.tui.base.services import Operating, PlanRequest
from envdeck.tui.dialogs.picker import BLANK, ChoiceRow, PickerDialog, title
from envdeck.tui.dialogs.requests import CreateChoice, create_request
from envdeck.tui.recreate.interpreters import PythonRows
from envdeck.tui.recreate.sources import source_about, source_line, title_cells
from envdeck.tui.widgets.line import LineLabel, Look, Part, Tone

if TYPE_CHECKING:
    from textual.timer import Timer

SOURCE = "source"
PAUSE_SECONDS = 0.3
"""How long nothing is typed before a folder is looked into."""


class ProjectRead(Message, bubble=False):
    """What a folder locks and declares was read."""

    def __init__(self, project: str, found: RecreateChoices | NoPlan) -> None:
        super().__init__()
        self.project = project
        self.found = found


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
        self._sources: tuple[SourceChoice, ...] = ()
        self._source: tuple[str, str | None] | None = None
        takes = "The packages are installed for it."
        self._pythons = PythonRows(look, takes, takes)
        self._known = False
        self._pause: Timer | None = None

    def above(self) -> Iterable[Widget]:
        """The field."""
        self._field = Input(
            self._shown, placeholder="folder of a project", compact=True, select_on_focus=False
        )
        self._field.cursor_blink = False
        yield LineLabel((Part("Project folder", Tone.HEADING),), classes="field-title")
        yield self._field

    def on_mount(self) -> None:
        """Look into the folder that was proposed."""
        self.title_label.show((Part("New environment", Tone.STRONG),))
        self._load()

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
        self._load()

    def _folder(self, text: str) -> str:
        """Return the folder that is meant: `~` is home; the one proposed as it was, since a
        name that is no text cannot be typed."""
        text = text.strip()
        if text == self._shown:
            return self._given
        if text == "~" or text.startswith("~/"):
            text = self.look.home + text[1:]
        return os.path.abspath(text or ".")

    def _load(self) -> None:
        project = self._project
        self._known = False
        self.wait("Reading what it locks and declares")
        self.fetch(
            "choices",
            lambda _stopped: ProjectRead(project, self._operating.create_choices(project)),
        )

    def on_project_read(self, message: ProjectRead) -> None:
        """Show it, what is proposed chosen."""
        if message.project != self._project:
            return
        if isinstance(message.found, NoPlan):
            self.fail(message.found)
            return
        self._known = True
        self._sources = message.found.sources
        usable = [_key(source) for source in self._sources if not source.problem]
        if self._source not in usable:
            self._source = usable[0] if usable else None
        # Nothing is installed yet: there is nothing that another minor version would change.
        self._pythons.take([replace(one, same_minor=True) for one in message.found.interpreters])
        self.show_again((SOURCE, *self._source) if self._source else None)

    # rows

    def make_rows(self) -> Sequence[ChoiceRow]:
        """The sources, then the interpreters."""
        rows = [title("Install")]
        if not self._sources:
            none = f" {self.look.signs.warning} Nothing is locked or declared here."
            rows.append(ChoiceRow(lambda _cells: (Part(none, Tone.WARNING),)))
            more = "   A pyproject.toml, a lock file or requirements.txt would say what to install."
            rows.append(ChoiceRow(lambda _cells: (Part(more, Tone.MUTED),)))
        rows += [self._source_row(source) for source in self._sources]
        rows += [BLANK, title("On")]
        if not self._pythons.choices:
            said = f" {self.look.signs.broken} No interpreter here is one that it takes."
            rows.append(ChoiceRow(lambda _cells: (Part(said, Tone.ERROR),)))
        return rows + self._pythons.rows()

    def _source_row(self, source: SourceChoice) -> ChoiceRow:
        chosen = _key(source) == self._source
        return ChoiceRow(
            lambda cells: source_line(
                source, cells, self.look, chosen=chosen, title_cells=title_cells(self._sources)
            ),
            (SOURCE, *_key(source)),
            lambda cells: source_about(source, cells, self.look),
        )

    def hints(self, row: ChoiceRow | None) -> Mapping[str, str]:
        """The keys on a row."""
        if row is None:
            return {"back": "cancel"}
        word = "show the plan" if self._is_chosen(row) else "choose"
        return {"open": word, "previous_pane": "the folder", "back": "cancel"}

    # choosing

    def _is_chosen(self, row: ChoiceRow) -> bool:
        python = self._pythons.choice(row)
        if python is not None:
            return python.interpreter.executable == self._pythons.chosen
        return self._source is not None and row.key == (SOURCE, *self._source)

    async def entered(self, row: ChoiceRow) -> None:
        """Choose what is not chosen; go on where it is."""
        if self._is_chosen(row):
            self.action_go_on()
        else:
            await self.toggled(row)

    async def toggled(self, row: ChoiceRow) -> None:
        """Choose a source or an interpreter."""
        python = self._pythons.choice(row)
        source = next((one for one in self._sources if (SOURCE, *_key(one)) == row.key), None)
        if python is not None:
            self._pythons.chosen = python.interpreter.executable
        elif source is not None and source.problem:
            self.warn(f"it cannot be chosen: {self.look.sentence(source.problem)}")
            return
        elif source is not None:
            self._source = _key(source)
        self.show_again()

    def action_go_on(self) -> None:
        """Leave with what was chosen."""
        if self._folder(self._field.value) != self._project:
            self._look_there()
        if not self._known:
            self.warn("it is not read yet what is installed there")
        elif self._source is None:
            self.warn("there is nothing to install: nothing is locked or declared there")
        elif self._pythons.chosen is None:
            self.ask_for(*self._pythons.missing())
        else:
            name, file = self._source
            alone = sum(source.name == name for source in self._sources) == 1
            choice = CreateChoice(
                self._project, name, None if alone else file, self._pythons.chosen
            )
            self.leave_with(create_request(self._operating, choice, self.look))

    def action_refresh(self) -> None:
        """Read everything anew."""
        self._load()


def _key(source: SourceChoice) -> tuple[str, str | None]:
    return source.name, source.file
