"""The list as a person uses it: keys, mouse, filter, order, marks."""

from dataclasses import replace

from textual.events import MouseScrollDown

from envdeck.core.model import Finished, Found, Progress, Status
from envdeck.tui.base.actions import ACTIONS, keys_of
from envdeck.tui.main.table import EnvironmentLines


def line(pilot, y):
    """What stands on a line of the screen."""
    strips = pilot.app.screen._compositor.render_strips()
    return strips[y].text


def everything(pilot):
    return "\n".join(strip.text for strip in pilot.app.screen._compositor.render_strips())


async def test_the_first_frame_shows_what_is_remembered_and_its_age(open_screen, made_up):
    source = made_up.MemorySource(made_up.many(20), hold=lambda: True)
    async with open_screen(source, settled=False) as pilot:
        await pilot.pause()
        assert "20 environments" in line(pilot, 0)
        assert "scanned 3 hours ago" in line(pilot, 0)
        assert "Status" in line(pilot, 1)
        assert "MB" in line(pilot, 2) or "GB" in line(pilot, 2)


async def test_the_age_goes_once_everything_was_read_anew(open_screen):
    async with open_screen() as pilot:
        assert "seen" not in line(pilot, 0)
        assert "1,234 folders" in line(pilot, 0)


async def test_the_cursor_moves(open_screen):
    moves = {
        "j j": 2,
        "down down up": 1,
        "k": 0,
        "G": 19,
        "end home": 0,
        "G g": 0,
        "pagedown": 19,
        "G pageup pageup": 0,
    }
    async with open_screen() as pilot:
        listing = pilot.app.main.list.listing
        first = listing.cursor
        for keys, place in moves.items():
            listing.move_to(0)
            assert listing.cursor == first
            await pilot.press(*keys.split())
            assert listing.index(listing.cursor) == place, keys


async def test_the_list_scrolls_with_the_cursor(open_screen, made_up):
    async with open_screen(made_up.MemorySource(made_up.many(200)), size=(80, 24)) as pilot:
        await pilot.press("G")
        main = pilot.app.main
        last = main.list.listing.at(199)
        await pilot.pause()
        assert round(main.list.table.scroll_y) == 200 - main.list.table.rows_seen
        assert last.path.split("/")[-2][:4] in line(pilot, 22)


async def test_the_detail_follows_the_cursor(open_screen, wait_until):
    async with open_screen() as pilot:
        await wait_until(lambda: pilot.app.main.panes.detail is not None)
        await pilot.press("j", "j", "j")
        main = pilot.app.main
        await wait_until(lambda: main.panes.detail.environment is main.list.listing.current)


async def test_the_filter_narrows_while_typing_and_esc_clears_it(open_screen):
    async with open_screen() as pilot:
        listing = pilot.app.main.list.listing
        await pilot.press("slash", *"manager:uv")
        assert {each.manager for each in listing.shown()} == {"uv"}
        assert f"{len(listing)} of 20" in everything(pilot)
        await pilot.press("escape")
        assert len(listing) == 20
        assert pilot.app.main.list.filter_bar is None
        assert pilot.app.focused is pilot.app.main.list.table


async def test_enter_keeps_the_filter_and_esc_then_clears_it(open_screen):
    async with open_screen() as pilot:
        listing = pilot.app.main.list.listing
        await pilot.press("slash", *"api", "enter", "j")
        assert pilot.app.focused is pilot.app.main.list.table
        assert 0 < len(listing) < 20
        assert "/ api" in everything(pilot)
        await pilot.press("escape")
        assert len(listing) == 20


async def test_letters_that_are_keys_are_typed_into_the_filter(open_screen):
    async with open_screen() as pilot:
        await pilot.press("slash", *"qjs?")
        assert pilot.app.main.list.listing.query.text == "qjs?"
        assert "Nothing matches this filter" in everything(pilot)
        assert "esc: clear filter" in everything(pilot)


async def test_a_bad_term_says_why(open_screen):
    async with open_screen() as pilot:
        await pilot.press("slash", *"size:huge")
        assert "size: use a number and a unit" in everything(pilot)
        assert len(pilot.app.main.list.listing) == 20


async def test_sorting_goes_through_the_columns_each_shown_then_and_turns(open_screen):
    async with open_screen(size=(60, 24)) as pilot:
        main = pilot.app.main
        listing = main.list.listing
        seen = []
        for _ in range(8):
            await pilot.press("s")
            seen.append(listing.column.id)
            assert listing.column in [each.column for each in main.list.table.body.layout]
        columns = ["used", "status", "path", "health", "python", "manager", "packages"]
        assert seen == [*columns, "reclaimable"]
        before = [each.path for each in listing.shown() if each.size]
        await pilot.press("I")
        assert [each.path for each in listing.shown() if each.size] == before[::-1]
        assert "Frees ↑" in line(pilot, 1)


async def test_the_cursor_keeps_its_environment_and_its_line_when_rows_come(open_screen, made_up):
    async with open_screen(made_up.MemorySource(made_up.many(40)), size=(80, 24)) as pilot:
        main = pilot.app.main
        await pilot.press(*"jjjjjjjjjjjj")
        path = main.list.listing.cursor
        at = main.list.listing.index(path) - round(main.list.table.scroll_y)
        big = made_up.size(10**12)
        with main.list.table.hold_view():
            main.list.listing.put(
                made_up.environment(f"/home/ada/new{n}/.venv", size=big) for n in range(40)
            )
        await pilot.pause()
        assert main.list.listing.cursor == path
        assert main.list.listing.index(path) == 52
        assert main.list.listing.index(path) - round(main.list.table.scroll_y) == at


async def test_marking_goes_on_to_the_next_and_says_what_is_freed(open_screen, made_up):
    environments = [
        made_up.environment(f"/home/ada/{name}/.venv", size=made_up.size(size))
        for name, size in (("a", 2_000_000_000), ("b", 1_000_000_000), ("c", 5))
    ]
    async with open_screen(made_up.MemorySource(environments)) as pilot:
        await pilot.press("space", "space")
        assert pilot.app.main.list.listing.marks.paths == {
            environments[0].path,
            environments[1].path,
        }
        assert "2 marked, frees 3.0 GB" in line(pilot, 35)
        await pilot.press("g", "space")
        assert "1 marked, frees 1.0 GB" in line(pilot, 35)


async def test_shared_files_of_marked_ones_are_counted_jointly(open_screen, made_up, wait_until):
    from array import array

    from envdeck.core.model import SharedFiles

    shared = SharedFiles(1, array("Q", [5, 2, 1, 400_000_000]).tobytes())
    size = made_up.size(1_000_000_000, 600_000_000, shared)
    environments = [
        made_up.environment(f"/home/ada/{name}/.venv", size=size) for name in ("a", "b")
    ]
    async with open_screen(made_up.MemorySource(environments)) as pilot:
        await pilot.press("space")
        await wait_until(lambda: "1 marked, frees 600 MB" in line(pilot, 35))
        await pilot.press("space")
        await wait_until(lambda: "2 marked, frees 1.6 GB" in line(pilot, 35))
        await wait_until(lambda: "1.6 GB · 1.6 GB reclaimable" in line(pilot, 0))


async def test_mark_all_marks_what_is_shown_and_takes_it_back(open_screen):
    async with open_screen() as pilot:
        listing = pilot.app.main.list.listing
        await pilot.press("slash", *"manager:uv", "enter", "a")
        shown = {each.path for each in listing.shown()}
        assert listing.marks.paths == shown
        await pilot.press("escape")
        assert listing.marks.paths == shown
        await pilot.press("a")
        assert len(listing.marks.paths) == 20
        await pilot.press("a")
        assert not listing.marks.paths


async def test_a_range_is_marked_from_v_to_v_and_given_up_with_esc(open_screen):
    async with open_screen() as pilot:
        listing = pilot.app.main.list.listing
        await pilot.press("j", "v", "j", "j")
        assert "range of 3" in line(pilot, 35)
        await pilot.press("v")
        assert len(listing.marks.paths) == 3
        await pilot.press("v", "G", "escape")
        assert not listing.marks.ranging
        assert len(listing.marks.paths) == 3


async def back_to_the_list(pilot):
    """Press `esc` until the list is in front; what a key opens may come after the key was taken,
    since a loaded machine looks idle to the pilot."""
    app, main = pilot.app, pilot.app.main
    calm = 0
    for _ in range(60):
        await pilot.pause(0.01)
        there = app.screen is main and not main.panes.inside and main.list.filter_bar is None
        calm = calm + 1 if there else 0
        if calm == 2:
            return
        if not there:
            await pilot.press("escape")
    raise AssertionError(f"no way back from {app.screen}")


async def test_every_key_of_the_list_can_be_pressed_without_harm(open_screen, made_up):
    async with open_screen(size=(80, 24)) as pilot:
        for action in ACTIONS:
            if action.id in {"quit", "leave", "folder"}:
                continue
            for key in keys_of(action.id, {}):
                named = {"/": "slash", "?": "question_mark"}.get(key, key)
                await pilot.press(named)
                await back_to_the_list(pilot)
        assert pilot.app.return_code is None


async def test_nothing_to_act_on_is_no_error(open_screen, made_up):
    async with open_screen(made_up.MemorySource()) as pilot:
        assert "No environments found in ~/work" in everything(pilot)
        assert "r: refresh" in everything(pilot)
        await pilot.press(*"jkgGs Sav", "space", "enter", "y", "o", "1", "tab", "v")
        assert pilot.app.return_code is None


async def test_clicks_choose_sort_mark_and_open(open_screen, wait_until):
    async with open_screen() as pilot:
        main = pilot.app.main
        await pilot.click(main.list.table, offset=(20, 5))
        assert main.list.listing.index(main.list.listing.cursor) == 4
        await pilot.click(main.list.table, offset=(0, 3))
        assert main.list.listing.at(2).path in main.list.listing.marks.paths
        await pilot.click(main.list.table, offset=(14, 0))
        assert main.list.listing.column.id == "path"
        await pilot.click(main.list.table, offset=(14, 0))
        assert main.list.listing.reverse
        await pilot.click(main.list.table, offset=(20, 6), times=2)
        assert main.panes.inside


async def test_hints_can_be_clicked(open_screen):
    async with open_screen() as pilot:
        main = pilot.app.main
        main._compositor.render_strips()  # a person clicks what is drawn
        hint = next(each for each in main.keys._hints if each.action == "filter")
        await pilot.click(main.keys, offset=(hint.start, 0))
        assert main.list.filter_bar is not None
        await pilot.pause()
        assert main.typing


async def test_the_wheel_scrolls_and_the_cursor_stays(open_screen, made_up):
    async with open_screen(made_up.MemorySource(made_up.many(200)), size=(80, 24)) as pilot:
        main = pilot.app.main
        await pilot.press("j")
        path = main.list.listing.cursor
        main.list.table.scroll_to(y=60, animate=False)
        await pilot.pause()
        top = main.list.listing.at(60).path
        with main.list.table.hold_view():
            main.list.listing.put([made_up.environment("/x/.venv", size=made_up.size(10**13))])
        await pilot.pause()
        assert main.list.listing.cursor == path
        assert main.list.listing.at(round(main.list.table.scroll_y)).path == top


async def test_the_wheel_is_not_turned_back_by_rows_that_come(open_screen, made_up):
    async with open_screen(made_up.MemorySource(made_up.many(200)), size=(80, 24)) as pilot:
        main = pilot.app.main
        assert not main.list.listing.touched
        wheel = MouseScrollDown(main.list.table, 5, 5, 0, 1, 0, False, False, False, 5, 5)
        main.list.table.post_message(wheel)
        await pilot.pause()
        seen = round(main.list.table.scroll_y)
        assert seen
        top = main.list.listing.at(seen).path
        with main.list.table.hold_view():
            main.list.listing.put([made_up.environment("/x/.venv", size=made_up.size(10**13))])
        await pilot.pause()
        assert main.list.listing.at(round(main.list.table.scroll_y)).path == top


async def test_remapped_keys_work_and_are_shown(open_screen):
    async with open_screen(keys={"mark": "x", "filter": "F"}) as pilot:
        await pilot.press("x", "space")
        assert len(pilot.app.main.list.listing.marks.paths) == 1
        assert "x mark" in line(pilot, 35)
        await pilot.press("F", *"api")
        assert pilot.app.main.list.listing.query.text == "api"


async def test_keys_that_cannot_be_used_are_said_and_the_usual_ones_hold(open_screen, wait_until):
    async with open_screen(keys={"mrak": "x"}) as pilot:
        await wait_until(lambda: "did you mean 'mark'" in everything(pilot))
        await pilot.press("space")
        assert len(pilot.app.main.list.listing.marks.paths) == 1


async def test_columns_are_those_configured(open_screen):
    async with open_screen(columns=("path", "manager", "size"), size=(160, 36)) as pilot:
        assert line(pilot, 1).split("1 Overview")[0].split() == [
            "Status",
            "Path",
            "Manager",
            "On",
            "disk",
        ] or "On disk" in line(pilot, 1)


async def test_hostile_names_are_shown_and_do_nothing(open_screen, made_up):
    environments = [made_up.environment(f"/home/ada/{name}/.venv") for name in made_up.HOSTILE]
    async with open_screen(made_up.MemorySource(environments), size=(99, 24)) as pilot:
        text = everything(pilot)
        for shown in ("~/[/]/.venv", "[@click=app.quit]x", r"esc\x1b[31mred", r"new\nline"):
            assert shown in text
        for y in range(1, 9):
            await pilot.click(pilot.app.main.list.table, offset=(25, y))
            await pilot.press("y")
        await pilot.pause()
        assert pilot.app.return_code is None


async def test_a_gone_environment_leaves_the_list_with_its_mark(open_screen, made_up, wait_until):
    environments = made_up.many(5)
    gone = environments[0].path
    ended = Finished(("/home/ada",), 10, 0, 0.1, complete=True, gone=(gone,))
    met = [Found(each) for each in environments[1:]]
    source = made_up.MemorySource(environments, events=[*met, Progress(10, 4, 0.1), ended])
    async with open_screen(source, settled=False) as pilot:
        await wait_until(lambda: pilot.app.main.list.listing.count == 4)
        assert gone not in {each.path for each in pilot.app.main.list.listing.environments()}


async def test_what_a_whole_scan_did_not_meet_leaves_the_list(open_screen, made_up, wait_until):
    """Another copy of the program may have forgotten it first: then no scan calls it gone."""
    environments = made_up.many(5)
    met = [Found(each) for each in environments[2:]]
    ended = Finished(("/home/ada",), 10, 0, 0.1, complete=True)
    source = made_up.MemorySource(environments, events=[*met, ended])
    async with open_screen(source, settled=False) as pilot:
        await wait_until(lambda: pilot.app.main.list.listing.count == 3)


async def test_a_stopped_scan_takes_nothing_for_gone(open_screen, made_up, wait_until):
    environments = made_up.many(5)
    source = made_up.MemorySource(environments, events=[], hold=lambda: True)
    async with open_screen(source, settled=False) as pilot:
        await wait_until(lambda: source.scans == 1)
        assert "esc stop scan" in line(pilot, 35)
        await pilot.press("escape")
        await wait_until(lambda: "stopped" in line(pilot, 0))
        await wait_until(lambda: pilot.app.main.scan.feed.idle)
        assert pilot.app.main.list.listing.count == 5


async def test_a_record_without_a_size_keeps_the_one_measured_before(open_screen, made_up):
    known = made_up.environment(size=made_up.size(3_000_000_000))
    fresh = replace(known, size=None, status=Status.BROKEN)
    source = made_up.MemorySource([known], events=[Found(fresh)])
    async with open_screen(source) as pilot:
        shown = pilot.app.main.list.listing.get(known.path)
        assert shown.status is Status.BROKEN
        assert shown.size == known.size


async def test_what_is_typed_before_the_filter_is_there_goes_into_it(open_screen, wait_until):
    from textual.events import Key

    async with open_screen() as pilot:
        for character in "/mqajs":
            key = "slash" if character == "/" else character
            pilot.app.post_message(Key(key, character))
        await wait_until(lambda: pilot.app.main.list.listing.query.text == "mqajs")
        assert pilot.app.screen is pilot.app.main


async def test_tab_completes_the_last_term_and_goes_through_what_it_may_be(open_screen, made_up):
    source = made_up.MemorySource(
        [
            made_up.environment(f"/home/ada/work/{name}/.venv", manager=name)
            for name in ("poetry", "pdm", "uv")
        ]
    )
    async with open_screen(source) as pilot:
        main = pilot.app.main
        await pilot.press("slash", *"mana", "tab")
        field = main.list.filter_bar.field
        assert field.value == "manager:"
        await pilot.press("p", "tab")
        assert field.value == "manager:pdm"
        assert "manager:pdm  manager:poetry" in everything(pilot)
        await pilot.press("tab")
        assert field.value == "manager:poetry"
        await pilot.press(*",u", "tab")
        assert field.value == "manager:poetry,uv"
        assert len(main.list.listing) == 2
        await pilot.press("space", *"!ma", "tab", *"po", "tab")
        assert field.value == "manager:poetry,uv !manager:poetry"
        assert [each.manager for each in main.list.listing.shown()] == ["uv"]
        await pilot.press("tab")
        assert pilot.app.focused is main.list.table


async def test_an_unknown_value_is_said(open_screen):
    async with open_screen() as pilot:
        await pilot.press("slash", *"manager:uvx")
        assert "no manager `uvx` (did you mean uv?)" in everything(pilot)
        await pilot.press("backspace")
        assert "no manager" not in everything(pilot)


async def test_a_negated_term_and_a_range_narrow(open_screen):
    async with open_screen() as pilot:
        listing = pilot.app.main.list.listing
        await pilot.press("slash", *"!manager:uv python:>=3.12")
        assert listing.shown()
        assert "uv" not in {each.manager for each in listing.shown()}
        assert {each.python.version for each in listing.shown()} <= {"3.12.4", "3.13.1"}


async def test_marks_that_the_filter_hides_are_named_and_esc_clears_marks(
    open_screen, made_up, wait_until
):
    source = made_up.MemorySource(made_up.many(20))
    async with open_screen(source, operations=made_up.MadeUpOperations()) as pilot:
        marks = pilot.app.main.list.listing.marks
        await pilot.press("a", "slash", *"manager:uv", "enter")
        hidden = marks.hidden
        await pilot.press("d")
        await wait_until(
            lambda: (
                f"Delete 20 environments ({hidden} of them hidden by the filter)"
                in everything(pilot)
            )
        )
        await pilot.press("escape", "escape")
        assert len(marks.paths) == 20
        assert pilot.app.main.list.filter_bar is None
        await pilot.press("escape")
        assert not marks.paths


async def test_a_table_draws_its_rows_before_it_is_told_its_size(open_screen):
    """Textual tells a widget its size after its first paint, and paints again a frame later."""
    async with open_screen() as pilot:
        table = pilot.app.main.list.table
        table.body = EnvironmentLines(table.listing, table.body.columns, pilot.app.main.look)
        assert "/.venv" in table.render_line(1).text
