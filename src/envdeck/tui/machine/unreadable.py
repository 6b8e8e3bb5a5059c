"""The places that a scan could not look into, and those it left out, each with its reason."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual.binding import BindingType

from envdeck.core.model import NotLookedAt
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
    return lines or [(Part(" No unreadable paths.", Tone.MUTED),)]


def left_out_lines(places: Sequence[NotLookedAt], look: Look, cells: int) -> list[Line]:
    """Return what was left out: each reason once, with its places and what includes each."""
    lines: list[Line] = []
    room = max(cells - 2, 8)
    groups: dict[str, list[NotLookedAt]] = {}
    for place in places:
        groups.setdefault(place.reason, []).append(place)
    for reason, found in groups.items():
        why = Part(look.sentence(reason), Tone.MUTED)
        lines += [(), *((Part(" "), *line) for line in wrapped((why,), room))]
        for place in found:
            lines.append((Part("  "), Part(look.short_path(place.path, room - 1), path=True)))
            hint = Part(look.sentence(place.hint), Tone.MUTED)
            lines += [(Part("    "), *line) for line in wrapped((hint,), max(room - 3, 8))]
    return lines


class _Places(LineView):
    def __init__(
        self, places: Mapping[str, str], left_out: Sequence[NotLookedAt], look: Look
    ) -> None:
        super().__init__()
        self._places = places
        self._left_out = left_out
        self._look = look

    def lay_out(self, cells: int) -> Sequence[Line]:
        """Lay the places out."""
        return [
            *unreadable_lines(self._places, self._look, cells),
            *left_out_lines(self._left_out, self._look, cells),
        ]


class UnreadableScreen(ListDetailScreen[_Places, None]):
    """The places, to read and scroll."""

    WHY_NOT: ClassVar[Mapping[str, str]] = {"sort": "paths stand by their reason"}
    VIEW: ClassVar[str] = "Unreadable paths"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("unreadable")]

    def __init__(
        self, places: Mapping[str, str], look: Look, left_out: Sequence[NotLookedAt] = ()
    ) -> None:
        others = [place for place in left_out if place.path not in places]
        super().__init__(look, _Places(places, others, look), None)
        self._count = len(places)
        self._left_out = len(others)

    def tell(self) -> None:
        """Say how many there are, and how to leave."""
        said = (
            f"   {self._count:,} path{'' if self._count == 1 else 's'} not included in the totals"
        )
        if self._left_out:
            said += f", {self._left_out:,} not looked at"
        self.title_label.show((Part("Unreadable paths", Tone.STRONG), Part(said)))
        self.keys.tell({"back": "", "help": ""})

    action_unreadable = ListDetailScreen.action_dismiss  # the key that opened it closes it
