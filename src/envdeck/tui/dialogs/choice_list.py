"""The two widgets of a choice: the rows, and all about the one under the cursor."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.binding import BindingType
from textual.events import Click
from textual.message import Message

from envdeck.tui.actions import bindings
from envdeck.tui.dialogs.choice_row import BOX, ChoiceRow
from envdeck.tui.widgets.line import Line
from envdeck.tui.widgets.line_list import LineList
from envdeck.tui.widgets.line_view import LineView


class ChoiceList(LineList[ChoiceRow]):
    """The rows. A click on a box, `space`, or a double click chooses; `enter` goes on."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("mark")]

    class Toggled(Message):
        """A row is to be chosen, or left."""

        def __init__(self, row: ChoiceRow) -> None:
            super().__init__()
            self.row = row

    def __init__(self) -> None:
        super().__init__(classes="choices")
        self.top: Callable[[int], Line | None] | None = None
        """Draws the line that stays above the rows, where there is one."""

    def heading(self, cells: int) -> Line | None:
        """The names of the columns, where there are columns."""
        return self.top(cells) if self.top is not None and self.rows else None

    def can_choose(self, row: ChoiceRow) -> bool:
        """All but titles and blanks."""
        return row.key is not None

    def key_of(self, row: ChoiceRow) -> object:
        """What it stands for."""
        return row.key

    def draw_row(self, row: ChoiceRow, cells: int) -> Line:
        """As it draws itself."""
        return row.draw(cells)

    def action_mark(self) -> None:
        """Choose the row under the cursor, or leave it."""
        if self.current is not None:
            self.post_message(self.Toggled(self.current))

    def on_click(self, event: Click) -> None:
        """Move to the row under the mouse; on its box, or the second time, choose it."""
        event.prevent_default()
        index = round(self.scroll_y) + event.y - self._top
        if event.y < self._top or not 0 <= index < len(self.rows):
            return
        if self.can_choose(self.rows[index]):
            self.move_to(index)
            if event.x < BOX or event.chain == 2:
                self.action_mark()


class AboutChoice(LineView):
    """All about the row under the cursor."""

    def __init__(self) -> None:
        super().__init__(classes="about")
        self._row: ChoiceRow | None = None

    def lay_out(self, cells: int) -> Sequence[Line]:
        """What the row says of itself."""
        return () if self._row is None else self._row.about(cells)

    def show(self, row: ChoiceRow | None) -> None:
        """Show a row; from its first line on where it is another one."""
        another = self._row is None or row is None or self._row.key != row.key
        self._row = row
        self.lay_out_again()
        if another:
            self.scroll_to(y=0, animate=False)
