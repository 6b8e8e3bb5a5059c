"""The places that a scan could not look into, each with its reason."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen

from envdeck.tui.base.actions import bindings
from envdeck.tui.widgets.key_line import KeyLine
from envdeck.tui.widgets.line import Line, LineLabel, Look, Part, Tone, wrapped
from envdeck.tui.widgets.line_view import LineView


def unreadable_lines(places: Mapping[str, str], look: Look, cells: int) -> list[Line]:
    """Return the places and why, the reason below where it does not fit beside."""
    lines: list[Line] = []
    room = max(cells - 2, 8)
    for path, reason in sorted(places.items()):
        why = Part(look.sentence(reason), Tone.MUTED)
        place = Part(look.path(path), path=True)
        together = (place, Part("  "), why)
        if sum(len(part.text) for part in together) <= room:
            lines.append((Part(" "), *together))
        else:
            lines.append((Part(" "), Part(look.short_path(path, room))))
            lines += [(Part("   "), *line) for line in wrapped((why,), max(room - 2, 8))]
    return lines or [(Part(" Everything could be read.", Tone.MUTED),)]


class _Places(LineView):
    def __init__(self, places: Mapping[str, str], look: Look) -> None:
        super().__init__()
        self._places = places
        self._look = look

    def lay_out(self, cells: int) -> Sequence[Line]:
        """Lay the places out."""
        return unreadable_lines(self._places, self._look, cells)


class UnreadableScreen(Screen[None], inherit_bindings=False):
    """The places, to read and scroll."""

    DEFAULT_CSS: ClassVar[str] = """
    UnreadableScreen > LineLabel { background: $panel; }
    UnreadableScreen > _Places { margin-top: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("back", "unreadable")]

    def __init__(self, places: Mapping[str, str], look: Look) -> None:
        super().__init__()
        self._count = len(places)
        self._view = _Places(places, look)
        self._keys = KeyLine(look.keys)

    def compose(self) -> ComposeResult:
        """How many, which, and how to leave."""
        said = f"   {self._count:,} place{'' if self._count == 1 else 's'} left out of the figures"
        yield LineLabel((Part("Could not be read", Tone.STRONG), Part(said)))
        yield self._view
        yield self._keys

    def on_mount(self) -> None:
        """Let the keys scroll it."""
        self._keys.tell({"back": "", "help": ""})
        self._view.focus()

    def action_back(self) -> None:
        """Leave it."""
        self.dismiss()

    def action_unreadable(self) -> None:
        """The key that opened it closes it."""
        self.dismiss()
