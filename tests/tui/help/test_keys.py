"""The menu of keys: searched, and run from."""

from dataclasses import replace

import pytest

from envdeck.text.safe import UNICODE
from envdeck.tui.base.actions import ACTIONS
from envdeck.tui.help.keys import HelpScreen, draw_row, help_rows
from envdeck.tui.widgets.line import Display, line_width

LOOK = Display("/home/ada", lambda: 0.0, UNICODE)


def screen_text(app):
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


@pytest.mark.parametrize("cells", [20, 50, 80, 120, 200])
def test_the_menu_fits_and_names_every_key(cells):
    rows = help_rows(replace(LOOK, keys={"mark": "x"}), {"mark"})
    lines = [draw_row(row, cells, "…") for row in rows]
    assert max(map(line_width, lines)) <= max(cells, 26)
    assert [row.title for row in rows[:2]] == ["This view", "Mark"]
    assert {row.keys for row in rows} >= {"x", "ctrl+p", "unused:90d"}
    told = {row.text for row in rows}
    assert told >= {action.tooltip for action in ACTIONS}


def test_every_word_of_the_search_is_found_in_a_row():
    rows = help_rows(LOOK, set(), "trash restore")
    assert [row.title for row in rows] == ["Trash", "Restore", "Program", "Trash"]
    assert [row.title for row in help_rows(LOOK, {"trash"}, "TRASH list")][:2] == [
        "This view",
        "Trash",
    ]
    assert help_rows(LOOK, set(), "no such [/] thing") == []


async def test_enter_runs_what_was_searched_for_in_the_view_it_came_from(open_screen, wait_until):
    async with open_screen() as pilot:
        main = pilot.app.main
        await pilot.press("question_mark", *"mark all")
        await wait_until(lambda: "Mark or unmark all rows shown" in screen_text(pilot.app))
        await pilot.press("enter")
        await wait_until(lambda: len(main.list.listing.marks.paths) == 20)
        assert pilot.app.screen is main


async def test_what_means_nothing_in_the_view_is_not_run(open_screen, wait_until):
    async with open_screen() as pilot:
        await pilot.press("m")
        await wait_until(lambda: pilot.app.screen is not pilot.app.main)
        await pilot.press("question_mark", *"recreate the")
        await wait_until(lambda: "Not in this view" in screen_text(pilot.app))
        await pilot.press("enter")
        assert isinstance(pilot.app.screen, HelpScreen)
        await pilot.press("escape")  # the search
        await wait_until(lambda: "search keys" in screen_text(pilot.app))
        await pilot.press("escape")
        await wait_until(lambda: not isinstance(pilot.app.screen, HelpScreen))
        assert pilot.app.screen is not pilot.app.main
