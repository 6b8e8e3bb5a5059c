"""How the list is shown: sort menu, columns, saved filters, the hidden detail; and what is kept."""

from types import MappingProxyType

import pytest

from envdeck.config.load import ScreenState
from envdeck.tui.main.view import FiltersDialog, MenuDialog


def everything(pilot):
    return "\n".join(strip.text for strip in pilot.app.screen._compositor.render_strips())


@pytest.fixture
def kept():
    """What was kept, the newest last."""
    return []


@pytest.fixture
def opened(open_screen, kept):
    def open_with(**more):
        return open_screen(save_state=lambda state: kept.append(state) or None, **more)

    return open_with


async def test_the_sort_menu_says_its_keys_and_sorts(opened):
    async with opened() as pilot:
        listing = pilot.app.main.list.listing
        await pilot.press("S")
        assert isinstance(pilot.app.screen, MenuDialog)
        for said in ("Sort by", "space choose", "enter confirm", "esc cancel", "oldest first"):
            assert said in everything(pilot)
        assert pilot.app.screen.list.current.key == listing.column.id == "reclaimable"
        await pilot.press("g", "j", "space", "j")
        assert pilot.app.screen.chosen == {"path"}
        await pilot.press("escape")
        assert listing.column.id == "reclaimable"
        await pilot.press("S", "g", *"jjj", "enter")
        assert listing.column.id == "python"
        assert not listing.reverse
        await pilot.press("S", "G", "enter")
        assert (listing.column.id, listing.reverse) == ("python", True)
        await pilot.press("I")
        assert not listing.reverse


async def test_columns_are_chosen_and_kept(opened, kept, wait_until):
    async with opened(size=(160, 36)) as pilot:
        main = pilot.app.main
        assert "Manager" in everything(pilot)
        await pilot.press("C")
        dialog = pilot.app.screen
        await pilot.press("space")
        assert "Status is always shown" in everything(pilot)
        dialog.list.move_to_key("manager")
        await pilot.press("space")
        dialog.list.move_to_key("size")
        await pilot.press("space", "enter")
        shown = [column.id for column in main.list.table.body.columns]
        assert "manager" not in shown
        assert "size" in shown
        await wait_until(lambda: kept)
        assert kept[-1].columns == tuple(shown)
        await pilot.press("C")
        pilot.app.screen.list.move_to_key("manager")
        await pilot.press("space")
        pilot.app.screen.list.move_to_key("size")
        await pilot.press("space", "escape")
        assert [column.id for column in main.list.table.body.columns] == shown


async def test_what_was_kept_holds_at_the_next_start(opened):
    state = ScreenState(columns=("status", "path", "size"), detail=False)
    async with opened(state=state) as pilot:
        main = pilot.app.main
        assert [one.id for one in main.list.table.body.columns] == ["status", "path", "size"]
        assert not main.panes.wide
        assert main.panes.detail is None


async def test_the_detail_is_hidden_and_shown_again(opened, kept, wait_until):
    async with opened() as pilot:
        main = pilot.app.main
        await wait_until(lambda: main.panes.detail is not None)
        narrow = main.list.table.size.width
        await pilot.press("backslash")
        await wait_until(lambda: main.list.table.size.width > narrow)
        assert main.list.table.size.width == 120
        await pilot.press("enter")
        assert main.panes.detail.size.width == 120
        await pilot.press("escape")
        assert main.list.table.size.width == 120
        await pilot.press("backslash")
        await wait_until(lambda: main.list.table.size.width == narrow)
        await wait_until(lambda: len(kept) == 2)
        assert sorted(state.detail for state in kept) == [False, True]


async def test_where_the_details_have_no_room_it_is_said(opened, kept):
    async with opened(size=(80, 24)) as pilot:
        await pilot.press("backslash")
        assert "no room for the details beside the list" in everything(pilot)
        assert kept == []


async def test_a_filter_is_saved_and_used_with_few_keys(opened, kept, wait_until):
    async with opened() as pilot:
        listing = pilot.app.main.list.listing
        await pilot.press("slash", *"manager:uv", "enter", "apostrophe")
        assert "manager:uv" in everything(pilot)
        await pilot.press(*"mine", "enter")
        await wait_until(lambda: kept)
        assert kept[-1].filters == {"mine": "manager:uv"}
        await pilot.press("escape")
        assert listing.query.text == ""
        await pilot.press("apostrophe", "enter")
        assert listing.query.text == "manager:uv"
        await pilot.press("escape", "apostrophe", "d")
        assert "removed mine" in everything(pilot)
        await pilot.press("escape")
        await wait_until(lambda: kept[-1].filters == {})
        await pilot.press("apostrophe")
        assert "No saved filters" in everything(pilot)
        await pilot.press("enter")
        assert isinstance(pilot.app.screen, FiltersDialog)
        await pilot.press("d")
        assert "no saved filter to remove" in everything(pilot)


async def test_a_saved_filter_of_another_version_is_said_and_left_out(opened, kept, wait_until):
    filters = MappingProxyType({"new": "colour:red", "old": "eol", "[/] bad": "size:[/]"})
    async with opened(state=ScreenState(filters)) as pilot:
        await pilot.press("apostrophe")
        assert isinstance(pilot.app.screen, FiltersDialog)
        assert "left out new: unknown filter colour:" in everything(pilot)
        assert [row.key for row in pilot.app.screen.list.rows] == ["old"]
        await pilot.press("d", "escape")
        await wait_until(lambda: kept)
        assert kept[-1].filters == {"new": "colour:red", "[/] bad": "size:[/]"}


async def test_that_nothing_can_be_kept_is_said(open_screen, wait_until):
    async with open_screen(save_state=lambda _state: "no space left") as pilot:
        await pilot.press("backslash")
        await wait_until(lambda: "not kept for the next start: no space left" in everything(pilot))


async def test_what_could_not_be_read_is_said(open_screen, wait_until):
    state = ScreenState(problems=("screen.json: is not JSON; using defaults",))
    async with open_screen(state=state) as pilot:
        await wait_until(lambda: "screen.json: is not JSON" in everything(pilot))


@pytest.mark.parametrize("size", [(80, 24), (50, 15), (20, 5)])
@pytest.mark.parametrize("key", ["S", "C", "apostrophe"])
async def test_the_menus_fit_small_terminals(opened, size, key):
    async with opened(size=size) as pilot:
        await pilot.press(key)
        assert isinstance(pilot.app.screen, MenuDialog)
        await pilot.resize_terminal(120, 36)
        await pilot.resize_terminal(*size)
        await pilot.press("escape")
        assert pilot.app.screen is pilot.app.main
