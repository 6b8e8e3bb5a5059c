"""Asking for the values of keys that a dotenv file is to get, one masked field a key."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.events import DescendantFocus, ScreenSuspend
from textual.widget import Widget
from textual.widgets import Button

from envdeck.core.dotenv.model import DotenvReport, Remedy, RemedyKind
from envdeck.core.dotenv.report import reveal
from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.model import Severity
from envdeck.text import capitalise, plain
from envdeck.text.operation import remedy_words
from envdeck.tui.base.services import PlanRequest
from envdeck.tui.dialogs.dialog import Dialog, DialogButton, fit
from envdeck.tui.dialogs.requests import remedy_request
from envdeck.tui.widgets.fields import Secret, SecretField
from envdeck.tui.widgets.line import Display, LineLabel, Part, Tone
from envdeck.tui.workers.latest import IsDropped, Latest

if TYPE_CHECKING:
    from envdeck.core.operations.api import Operations

_FIELD = 3
"""Lines that a key takes: its name, its field and a blank."""
_FRAME = 8
"""Lines that the frame, the title, the keys and the buttons take."""


def read_default(path: str, name: str) -> Secret:
    """Read what an example has behind a key; called in a thread."""
    return Secret(reveal(path, name))


@dataclass(frozen=True, slots=True)
class FixRequest:
    """A key whose value is asked for."""

    name: str
    note: str
    """What the example says of it, in a few words."""
    default: bool = False
    """Whether the example has a value for it that may be taken as it is: no secret, and nothing
    to be replaced."""


def asked_for(remedy: Remedy, report: DotenvReport) -> tuple[FixRequest, ...]:
    """Return the keys whose values a remedy needs, in the order of the example."""
    if remedy.kind not in {RemedyKind.CREATE, RemedyKind.ADD}:
        return ()
    example = next((file for file in report.files if file.path == remedy.example), None)
    known = {key.name: key for key in example.keys} if example is not None else {}
    suspect = {
        one.line
        for one in report.findings
        if one.file == remedy.example and one.severity is not Severity.NOTE
    }
    asked = []
    for name in remedy.keys or tuple(known):
        key = known.get(name)
        if key is None or not key.has_value:
            asked.append(FixRequest(name, "empty in the example" if key else ""))
        elif key.placeholder:
            asked.append(FixRequest(name, "placeholder in the example"))
        elif suspect.intersection(range(key.line, key.line + key.lines)):
            asked.append(FixRequest(name, "example value not used: see its finding"))
        else:
            asked.append(FixRequest(name, "from the example", default=True))
    return tuple(asked)


def remedy_dialog(
    operating: "Operations", remedy: Remedy, report: DotenvReport, look: Display
) -> "DotenvValuesDialog | None":
    """Return the dialog for what a remedy needs; None where that is nothing."""
    asked = asked_for(remedy, report)
    return DotenvValuesDialog(operating, remedy, asked, look) if asked else None


class DotenvValuesDialog(Dialog[PlanRequest]):
    """A field a key. It is left with a wish; nothing was planned or written by then.

    What is typed is in the fields and in that wish alone: it stands in no message.
    """

    DEFAULT_CSS = """
    DotenvValuesDialog .values { height: 1fr; }
    DotenvValuesDialog .dialog-said { margin-top: 0; }
    DotenvValuesDialog .value { height: auto; margin-bottom: 1; }
    DotenvValuesDialog.-low .value { margin-bottom: 0; }
    DotenvValuesDialog SecretField {
        height: 1; border: none; padding: 0 1 !important; background: $boost; margin: 0 1;
        &:focus { border: none; }
    }
    DotenvValuesDialog SecretField:ansi { text-style: underline; }
    """
    AUTO_FOCUS = "SecretField"
    BINDINGS: ClassVar[list[BindingType]] = [
        # In a field the keys are its own, whatever keys the actions were given.
        Binding("escape", "back", show=False),
        Binding("down", "move('down')", show=False),
        Binding("up", "move('up')", show=False),
        Binding("ctrl+r", "show_typed", "Show typed text", show=False),
    ]

    def __init__(
        self, operating: "Operations", remedy: Remedy, asked: Sequence[FixRequest], look: Display
    ) -> None:
        super().__init__(look)
        self._operating = operating
        self._remedy = remedy
        self._asked = tuple(asked)
        self._fields = {one.name: SecretField(one.name, "empty") for one in asked}
        self._defaults: dict[str, Secret] = {}
        self._last = next(iter(self._fields.values()))
        self.on_chosen: Callable[[PlanRequest | None], None] | None = None
        """Who takes the wish while the dialog stays below; without, it is left with it."""

    def body(self) -> Widget:
        """The fields."""
        rows = []
        for one in self._asked:
            note = f"  {one.note}" if one.note else ""
            title = (Part(plain(one.name), Tone.HEADING), Part(note, Tone.MUTED))
            rows.append(Vertical(LineLabel(title), self._fields[one.name], classes="value"))
        return VerticalScroll(*rows, classes="values", can_focus=False)

    def buttons(self) -> Iterable[Button]:
        """To cancel, to see what is typed, and to go on."""
        yield DialogButton((Part(" Cancel "),), id="cancel")
        yield DialogButton((Part(" Show typed (ctrl+r) "),), id="show_typed")
        yield DialogButton((Part(" Show plan "),), id=self.CONFIRM)

    def hints(self, *, typing: bool) -> Mapping[str, str]:
        """The keys of a field, and of a button."""
        last = not typing or self._last is tuple(self._fields.values())[-1]
        return {"open": "show plan" if last else "next field", "back": "cancel"}

    def on_mount(self) -> None:
        """Say what is asked for, and read what the example has."""
        self.app.clear_notifications()
        title = capitalise(" ".join(remedy_words(self._remedy, self.look.home)))
        self.title_label.show((Part(title, Tone.STRONG),))
        self.said.show((Part("Values may be empty.", Tone.MUTED),))
        names = [one.name for one in self._asked if one.default]
        path = self._remedy.example
        if names:

            def work(_stopped: IsDropped) -> dict[str, Secret]:
                try:
                    return {name: read_default(path, name) for name in names}
                except Exception:  # noqa: BLE001 - its words could quote the file
                    return {}

            Latest(self, self._fill_in).request(work)

    def _fill_in(self, defaults: Mapping[str, Secret]) -> None:
        """Fill in what nobody has typed yet."""
        self._defaults = {name: one for name, one in defaults.items() if one.text is not None}
        for name, secret in self._defaults.items():
            field = self._fields[name]
            if not field.value:
                field.value = secret.text or ""

    def on_resize(self) -> None:
        """Be as high as the fields need."""
        self.call_after_refresh(fit, self, _FIELD * len(self._asked) + _FRAME)

    # going through the fields

    @on(DescendantFocus)
    def _keep_last(self, event: DescendantFocus) -> None:
        """Keep the field that was typed in last."""
        if isinstance(event.widget, SecretField):
            self._last = event.widget

    def on_secret_field_entered(self) -> None:
        """To the next field; from the last one on to the plan."""
        fields = list(self._fields.values())
        at = fields.index(self._last)
        if at + 1 < len(fields):
            fields[at + 1].focus()
        else:
            self.action_go_on()

    def action_move(self, way: str) -> None:
        """To the next field, or to the one before."""
        if way in {"up", "down"}:
            (self.focus_next if way == "down" else self.focus_previous)()
        else:
            super().action_move(way)

    def action_show_typed(self) -> None:
        """Show what is typed in the field that has the focus, or hide it."""
        shown = self._last.password
        self._last.focus()
        self._last.password = not shown

    @on(ScreenSuspend)
    def _covered(self) -> None:
        for field in self._fields.values():
            field.hide_secrets()

    # leaving

    def action_go_on(self) -> None:
        """Leave with what was typed: of a new file, what differs from the example alone, so that
        the rest comes as it stands there."""
        values = {name: field.value for name, field in self._fields.items()}
        if self._remedy.kind is RemedyKind.CREATE:
            for name, secret in self._defaults.items():
                if values[name] == secret.text:
                    del values[name]
        request = remedy_request(self._operating, self._remedy, values, self.look)
        if self.on_chosen is None:
            self.dismiss(request)
        else:
            self.on_chosen(request)
