"""The machine view: where the space is, and what of it could be had back."""

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.message import Message
from textual.screen import Screen

from envdeck.core.model import Environment
from envdeck.tui.actions import bindings
from envdeck.tui.background import in_background
from envdeck.tui.messages import FilterRequested
from envdeck.tui.screens.machine_groups import Group, everything, sections
from envdeck.tui.screens.machine_lines import (
    BarRow,
    draw,
    heading,
    legend,
    nothing,
    rows,
    totals_line,
    with_totals,
)
from envdeck.tui.source import Source
from envdeck.tui.store.totals import Totals
from envdeck.tui.widgets.key_line import KeyLine
from envdeck.tui.widgets.line import Line, Part, Tone
from envdeck.tui.widgets.line_label import LineLabel
from envdeck.tui.widgets.line_list import LineList
from envdeck.tui.widgets.look import Look


class GroupsCounted(Message, bubble=False):
    """Files shared inside groups have been counted once."""

    def __init__(self, groups: dict[str, Group]) -> None:
        super().__init__()
        self.groups = groups


class Bars(LineList[BarRow]):
    """The bars, in sections."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look

    def heading(self, cells: int) -> Line | None:
        """The names of the columns."""
        return heading(cells) if self.rows else None

    def can_choose(self, row: BarRow) -> bool:
        """Bars, and not the titles above them."""
        return row.group is not None

    def key_of(self, row: BarRow) -> object:
        """A group is named by its query."""
        return row.group and row.group.query

    def draw_row(self, row: BarRow, cells: int) -> Line:
        """A bar or a title."""
        return draw(row, cells, self.look)


class MachineScreen(Screen[None]):
    """Bars by manager, by Python and by last use; one opens the list filtered to its group.

    Posts :class:`~envdeck.tui.messages.FilterRequested`; whoever answers it closes the screen.
    """

    DEFAULT_CSS = """
    MachineScreen > LineLabel { background: $panel; }
    MachineScreen > Bars { margin-top: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("back", "machine")]

    def __init__(
        self, source: Source, environments: Sequence[Environment], *, look: Look | None = None
    ) -> None:
        super().__init__()
        self.source = source
        self.look = look or Look.current()
        self._everything = everything(environments)
        self._sections = sections(environments, self.look.clock())
        self._left = False
        self.bars = Bars(self.look)
        self._title = LineLabel(totals_line(self._everything))
        self._keys = KeyLine(self.look.keys)

    def compose(self) -> ComposeResult:
        """The totals, the bars, what they mean."""
        yield self._title
        yield self.bars
        yield self._keys

    def on_mount(self) -> None:
        """Draw with what is known, and count what is shared beside the screen."""
        self.bars.say_instead((Part(nothing(self.look), Tone.MUTED),))
        self.bars.show_rows(rows(self._sections))
        self.bars.focus()
        groups = [group for section in self._sections for group in section.groups]
        uncounted = [group for group in (self._everything, *groups) if not group.counted]
        self._tell(counting=bool(uncounted))
        if uncounted:
            in_background(lambda: self._count(uncounted), self.post_message)

    def on_unmount(self) -> None:
        """Let the counting end by itself."""
        self._left = True

    def _tell(self, *, counting: bool) -> None:
        self._title.show(totals_line(self._everything))
        said = legend(self._everything, self.look, counting=counting)
        self._keys.tell({"open": "lists them", "back": ""}, said)

    def _count(self, groups: Sequence[Group]) -> GroupsCounted | None:
        """Count each group together, as the list does, in a thread."""
        counted: dict[str, Group] = {}
        for group in groups:
            if self._left:
                return None
            joint = self.source.together(group.environments)
            totals = Totals(joint.disk_bytes, joint.reclaimable_bytes)
            counted[group.query] = replace(group, totals=totals, counted=True)
        return GroupsCounted(counted)

    def on_groups_counted(self, message: GroupsCounted) -> None:
        """Correct the figures in place."""
        self._everything = message.groups.get(self._everything.query, self._everything)
        self._sections = with_totals(self._sections, message.groups)
        self.bars.show_rows(rows(self._sections))
        self._tell(counting=False)

    @on(LineList.Chosen)
    def _chosen(self, event: LineList.Chosen) -> None:
        event.stop()
        if isinstance(event.row, BarRow) and event.row.group is not None:
            self.post_message(FilterRequested(event.row.group.query))

    def action_back(self) -> None:
        """Go back to the list."""
        self.dismiss()

    def action_machine(self) -> None:
        """The key that opened it closes it."""
        self.dismiss()
