"""Lists of lines: where the cursor stands, and what of the rows is seen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App

from envdeck.tui.widgets.line import Part
from envdeck.tui.widgets.line_list import Cursor, LineList


def cursor_on(rows, place=None):
    """A cursor over numbers, which does not stand on multiples of ten; a number names itself."""
    cursor = Cursor(lambda row: row % 10 != 0, lambda row: row)
    cursor.take(rows)
    if place is not None:
        cursor.place = place
    return cursor


@pytest.mark.parametrize(
    ("index", "step", "place"),
    [(0, 1, 1), (-5, -1, 1), (10, 1, 11), (10, -1, 9), (20, 1, 19), (99, 1, 19), (3, 1, 3)],
)
def test_it_passes_over_rows_that_cannot_be_chosen(index, step, place):
    assert cursor_on(range(21)).nearest(index, step) == place


def test_it_stands_nowhere_where_nothing_can_be_chosen():
    for rows in ([], [0, 10, 20]):
        cursor = cursor_on(rows)
        assert (cursor.place, cursor.row, cursor.nearest(1, 1)) == (None, None, None)


def test_it_stays_on_its_row_when_others_come_and_go_and_else_near():
    cursor = cursor_on(range(20), 7)
    cursor.take(range(5, 25))
    assert cursor.row == 7
    cursor.take([*range(5), *range(8, 30)])
    assert cursor.row == 2  # row 7 was on the third place, and is gone
    cursor.take(range(30), key=12)
    assert cursor.row == 12
    cursor.take(range(30), key="none")
    assert cursor.row == 12


@given(st.integers(1, 60), st.integers(0, 59), st.integers(0, 59), st.integers(1, 12))
def test_it_is_seen_with_the_top_that_it_asks_for(count, place, top, room):
    cursor = cursor_on(range(count))
    if cursor.place is None:
        return
    cursor.place = cursor.nearest(place, 1)
    wanted = cursor.top_for(top, room)
    assert wanted <= cursor.place < wanted + room
    assert cursor.top_for(wanted, room) == wanted


class Numbers(LineList[int]):
    """Five thousand rows."""

    def draw_row(self, row, cells):
        """A number."""
        del cells
        return (Part(f"row {row}"),)


async def test_of_five_thousand_rows_the_cursor_is_seen_at_every_size() -> None:
    view = Numbers()

    class Harness(App):
        def compose(self):
            yield view

    async with Harness().run_test(size=(80, 24)) as pilot:
        view.show_rows(range(5_000))
        view.focus()
        seen = [("G", 4999), ("pageup", 4976), ("g", 0), ("pagedown", 23), ("j", 24), ("k", 23)]
        for size in [(80, 24), (20, 5), (80, 24)]:
            await pilot.resize_terminal(*size)
            for key, row in seen:
                await pilot.press(key)
                await pilot.pause()
                assert view.current == row or size == (20, 5)
                shown = [view.render_line(y).text.strip() for y in range(view.size.height)]
                assert f"row {view.current}" in shown
        await pilot.click(view, offset=(2, 3))
        assert view.current == view.viewport.row_at(3)
