"""The places that a scan could not look into, each with its reason."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual.binding import BindingType

from envdeck.tui.base.actions import bindings
from envdeck.tui.widgets.line import Line, Look, Part, Tone, wrapped
from envdeck.tui.widgets.line_view import LineView
from envdeck.tui.widgets.list_detail import ListDetailScreen


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


class UnreadableScreen(ListDetailScreen[_Places, None]):
    """The places, to read and scroll."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("unreadable")]

    def __init__(self, places: Mapping[str, str], look: Look) -> None:
        super().__init__(look, _Places(places, look), None)
        self._count = len(places)

    def tell(self) -> None:
        """Say how many there are, and how to leave."""
        said = f"   {self._count:,} place{'' if self._count == 1 else 's'} left out of the figures"
        self.title_label.show((Part("Could not be read", Tone.STRONG), Part(said)))
        self.keys.tell({"back": "", "help": ""})

    action_unreadable = ListDetailScreen.action_dismiss  # the key that opened it closes it
