"""Asking what has to be chosen and typed for one step of the walkthrough."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widget import Widget
from textual.widgets import Button, Input

from envdeck.core.onboarding.model import Option, StepAnswers, StepField, StepView
from envdeck.tui.dialogs.dialog import Dialog, DialogButton
from envdeck.tui.dialogs.picker import ChoiceList, ChoiceRow, radio, tick
from envdeck.tui.walkthrough.view import one_of_several
from envdeck.tui.widgets.line import Display, Line, LineLabel, Part, Tone

_KINDS = {"group": "group", "extra": "extra", "command": ""}
"""What is said of an option by the kind that its id begins with."""


class _Fields(VerticalScroll, can_focus=False):
    """The fields, of which the one that has the focus is in sight."""


class StepDialog(Dialog[None]):
    """Options to choose, then fields to fill in, masked where a value is a secret.

    `on_chosen` takes the answers; the dialog stays below the plan, so that nothing typed is
    lost by looking at it. No value leaves it in any other way.
    """

    DEFAULT_CSS = """
    StepDialog .asking { height: 1fr; }
    StepDialog .choices { height: auto; max-height: 60%; margin-bottom: 1; }
    StepDialog _Fields { height: 1fr; scrollbar-size-vertical: 1; }
    StepDialog .dialog-said { display: none; }
    StepDialog.-saying .dialog-said { display: block; }
    StepDialog Input {
        height: 1; border: none; padding: 0 1 !important; background: $boost;
        &:focus { border: none; }
    }
    StepDialog.-high Input { margin-bottom: 1; }
    StepDialog.-low .choices { margin-bottom: 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        # In a field the keys are its own, whatever keys the actions were given.
        Binding("escape", "back", show=False),
        Binding("down", "move('down')", show=False),
        Binding("up", "move('up')", show=False),
    ]
    AUTO_FOCUS = ".choices, Input"

    def __init__(self, step: StepView, look: Display) -> None:
        super().__init__(look)
        self.step = step
        self.chosen = {option.id for option in step.options if option.chosen}
        self.on_chosen: Callable[[StepAnswers], None] | None = None
        self.choices = ChoiceList()
        self.fields = [_field(field) for field in step.fields]

    def body(self) -> Widget:
        """The options, the fields."""
        parts: list[Widget] = []
        if self.step.options:
            parts.append(self.choices)
        if self.fields:
            told: list[Widget] = []
            for field, each in zip(self.step.fields, self.fields, strict=True):
                name = Part(self.look.sentence(field.name), Tone.HEADING)
                told += [LineLabel((name, Part(self._note(field), Tone.MUTED))), each]
            parts.append(_Fields(*told))
        return Vertical(*parts, classes="asking")

    def _note(self, field: StepField) -> str:
        """Return that what is typed is hidden, and what the example proposes, where git publishes
        that."""
        if not field.secret or not field.default:
            return "  hidden" if field.secret else ""
        proposed = f": {self.look.sentence(field.default)}" if field.published else ""
        return f"  hidden, from the example{proposed}"

    def buttons(self) -> Iterable[Button]:
        """To cancel, and to go on."""
        yield DialogButton((Part(" Cancel "),), id="cancel")
        yield DialogButton((Part(" Show plan "),), id=self.CONFIRM)

    def on_mount(self) -> None:
        """Show what is proposed."""
        self.title_label.show((Part(self.look.sentence(self.step.title), Tone.STRONG),))
        if self.step.options:
            self._show()
        if self.step.options:
            self.choices.focus()
        elif self.fields:
            _first_empty(self.fields).focus()

    def _show(self) -> None:
        self.choices.show_rows([self._row(option) for option in self.step.options])

    def _row(self, option: Option) -> ChoiceRow:
        chosen = option.id in self.chosen
        draw = radio if one_of_several(option) else tick
        kind = _KINDS.get(option.id.partition(":")[0], "")
        line: Line = (
            *draw(self.look, chosen=chosen),
            Part(self.look.sentence(option.title), Tone.STRONG if chosen else Tone.PLAIN),
            Part(f"  {kind}" if kind and kind not in option.title.lower() else "", Tone.MUTED),
        )
        return ChoiceRow(lambda _cells: line, option.id)

    def hints(self, *, typing: bool) -> Mapping[str, str]:
        """The keys of a field, and of the options."""
        last = not self.fields or (typing and self.focused is self.fields[-1])
        word = "show plan" if last or isinstance(self.focused, Button) else "next field"
        choose = {"mark": "choose"} if self.step.options and not typing else {}
        return {**choose, "open": word, "back": "cancel"}

    @on(ChoiceList.Toggled)
    def _toggled(self, event: ChoiceList.Toggled) -> None:
        event.stop()
        option = next((each for each in self.step.options if each.id == event.row.key), None)
        if option is not None:
            self._choose(option)

    def _choose(self, option: Option) -> None:
        self.say("")
        if one_of_several(option):
            self.chosen -= {each.id for each in self.step.options if one_of_several(each)}
            self.chosen.add(option.id)
        else:
            self.chosen ^= {option.id}
        self._show()

    @on(ChoiceList.Chosen)
    def _entered(self, event: ChoiceList.Chosen) -> None:
        """Where a single one is chosen, take the row under the cursor; go on."""
        event.stop()
        row = event.row
        options = {each.id: each for each in self.step.options}
        if isinstance(row, ChoiceRow) and one_of_several(options[str(row.key)]):
            self._choose(options[str(row.key)])
        if self.fields:
            _first_empty(self.fields).focus()
        else:
            self.action_go_on()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if event.input is self.fields[-1]:
            self.action_go_on()
        else:
            self.focus_next("Input")

    def action_move(self, way: str) -> None:
        """To the next field or the one before, while in one; else through the options."""
        if isinstance(self.focused, Input) and way in {"up", "down"}:
            (self.focus_next if way == "down" else self.focus_previous)()
        else:
            super().action_move(way)

    def action_go_on(self) -> None:
        """Hand over what was chosen and typed."""
        commands = {each.id for each in self.step.options if one_of_several(each)}
        if commands and not commands & self.chosen:
            self.say("choose a command to run")
            return
        options = tuple(each.id for each in self.step.options if each.id in self.chosen)
        names = (field.name for field in self.step.fields)
        values = {name: each.value for name, each in zip(names, self.fields, strict=True)}
        if self.on_chosen is not None:
            self.on_chosen(StepAnswers(options if self.step.options else None, values))


def _first_empty(fields: Sequence[Input]) -> Input:
    """Return the first field for which nothing is proposed; the first where all have a proposal."""
    return next((each for each in fields if not each.value), fields[0])


def _field(field: StepField) -> Input:
    given = Input(
        field.default,
        placeholder="left empty",
        password=field.secret,
        compact=True,
    )
    given.cursor_blink = False
    return given
