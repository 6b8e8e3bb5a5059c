"""Every view × every key of the registry: it acts, or says why not."""

import pytest
from choosing_cases import ITEMS, PASTS, ChoosingOperations

from envdeck.tui.base.actions import ACTIONS, keys_of, named
from envdeck.tui.base.keymap import ANYWHERE
from envdeck.tui.history.screen import HistoryScreen
from envdeck.tui.history.trash_screen import TrashScreen

VIEWS = {
    "list": (),
    "overview": ("1",),
    "packages of one": ("2",),
    "project": ("3",),
    "dotenv": ("4",),
    "health": ("5",),
    "timeline": ("6",),
    "operations": ("O",),
    "history": ("H",),
    "trash": ("T",),
    "interpreters": ("i",),
    "problems": ("P",),
    "packages": ("L",),
    "machine": ("m",),
    "unreadable": ("e",),
    "compare": ("space", "space", "equals_sign"),
}
ENDS = {"quit", "leave", "back", "folder", "palette", "help", "tour"}
"""They leave the view or the program, or are those of the program on every screen."""


def everything(pilot):
    return "\n".join(strip.text for strip in pilot.app.screen._compositor.render_strips())


@pytest.fixture
def opened(open_screen, made_up):
    def open_with(**more):
        from envdeck.core.model import Unreadable

        source = made_up.MemorySource(made_up.many(20))
        scan = source.scan

        def scanning(*given, **named_):
            yield Unreadable("/home/ada/secret", "permission denied")
            yield from scan(*given, **named_)

        source.scan = scanning
        operations = ChoosingOperations()
        operations.items, operations.past = ITEMS, PASTS
        return open_screen(source, operations=operations, **more)

    return open_with


@pytest.mark.parametrize("view", VIEWS)
async def test_every_key_acts_or_says_why_not(opened, view, wait_until):
    async with opened() as pilot:
        app = pilot.app
        await pilot.press(*VIEWS[view])
        await pilot.pause()
        home = app.screen
        assert (home is app.main) == (view in list(VIEWS)[:7]), view
        inside = app.main.panes.inside
        silent = []
        for action in ACTIONS:
            if action.id in ENDS:
                continue
            for key in map(named, keys_of(action.id, {})):
                answered = key in app.screen.active_bindings
                app.clear_notifications()
                await pilot.press(key)
                await pilot.pause()
                said = [one.message for one in app._notifications]
                acts = answered or app.screen is not home
                if not acts and not any(" does nothing in " in one for one in said):
                    silent.append((action.id, key, said))
                while app.screen is not home and len(app.screen_stack) > 1:
                    app.pop_screen()
                    await pilot.pause()
                for field in app.screen.query("Input"):
                    if field.has_focus:
                        await pilot.press("escape")
                if inside and not app.main.panes.inside:
                    await pilot.press(*VIEWS[view])
                elif not inside and app.main.panes.inside and home is app.main:
                    await pilot.press("escape")
        assert silent == []


async def test_why_is_told_in_words(opened):
    async with opened() as pilot:
        await pilot.press("H", "d")
        assert "d does nothing in History: nothing here takes room" in everything(pilot)
        await pilot.press("K")
        assert "K does nothing in History: Mark as good is for Timeline" in everything(pilot)
        await pilot.press("q", "R")
        assert "R does nothing in the list: Restore is for Trash" in everything(pilot)
        await pilot.press("3", "t")
        assert "t does nothing in Project" in everything(pilot)


async def test_what_opens_a_view_opens_it_from_every_view(opened):
    async with opened() as pilot:
        await pilot.press("H", "T")
        assert isinstance(pilot.app.screen, TrashScreen)
        await pilot.press("q")
        assert isinstance(pilot.app.screen, HistoryScreen)
        await pilot.press("q")
        assert pilot.app.screen is pilot.app.main
        assert {"trash", "undo"} <= ANYWHERE


async def test_words_narrow_every_view(opened, wait_until):
    async with opened() as pilot:
        await pilot.press("T")
        trash = pilot.app.screen
        await wait_until(lambda: trash.table.rows)
        count = len(trash.table.rows)
        await pilot.press("slash", *"blog", "enter")
        assert 0 < len(trash.table.rows) < count
        assert trash.table.has_focus
        await pilot.press("slash", *" zzz")
        assert not trash.table.rows
        assert "Nothing matches this filter" in everything(pilot)
        await pilot.press("escape")
        assert len(trash.table.rows) == count
        await pilot.press("slash", *"blog", "enter", "q")
        assert pilot.app.screen is trash
        assert len(trash.table.rows) == count
        await pilot.press("q", "H", "slash", *"zzz", "escape", "q")
        assert pilot.app.screen is pilot.app.main


async def test_the_trash_is_sorted_and_its_delete_asks(opened, wait_until):
    async with opened() as pilot:
        await pilot.press("T")
        trash = pilot.app.screen
        await wait_until(lambda: trash.table.rows)
        newest = [item.folder for item in trash.table.rows]
        await pilot.press("s")
        assert "sorted: largest first" in everything(pilot)
        await pilot.press("s")
        by_path = [item.folder for item in trash.table.rows]
        assert by_path != newest
        assert sorted(by_path) == sorted(newest)
        await pilot.press("s")
        assert [item.folder for item in trash.table.rows] == newest
        await pilot.press("d")
        await wait_until(lambda: "Permanently delete" in everything(pilot))
