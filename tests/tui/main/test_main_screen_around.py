"""What surrounds the list: detail, views, palette, help, themes, toasts, and the end."""

import gc
import os
import signal
import struct
import weakref
from importlib import import_module
from threading import Event

import pytest
from textual.filter import Monochrome
from textual.widgets import Input

from envdeck.core.model import Finished, Notice, NotLookedAt, Unreadable
from envdeck.text import width
from envdeck.tui.base.terminal import handle_signals
from envdeck.tui.workers.scan import ScanBatch


def everything(pilot):
    return "\n".join(strip.text for strip in pilot.app.screen._compositor.render_strips())


async def test_below_a_hundred_columns_the_detail_is_a_screen_of_its_own(open_screen, wait_until):
    async with open_screen(size=(80, 24)) as pilot:
        main = pilot.app.main
        assert main.panes.detail is None
        await pilot.press("enter")
        await wait_until(lambda: main.panes.detail.is_mounted and main.panes.detail.display)
        await pilot.pause()
        assert not main.list.table.display
        assert "Overview" in everything(pilot)
        await pilot.press("h")
        await pilot.pause()
        assert main.list.table.display
        assert not main.panes.detail.display
        assert pilot.app.focused is main.list.table


async def test_from_a_hundred_columns_they_stand_side_by_side(open_screen, wait_until):
    async with open_screen(size=(100, 30)) as pilot:
        main = pilot.app.main
        await wait_until(lambda: main.panes.detail is not None and main.panes.detail.environment)
        assert main.list.table.display
        assert main.panes.detail.display
        await pilot.press("tab")
        await wait_until(lambda: main.panes.inside)
        await pilot.press("tab")
        await wait_until(lambda: not main.panes.inside)


async def test_keys_are_answered_while_the_code_of_the_detail_is_imported(
    open_screen, monkeypatch, wait_until
):
    imported, name = Event(), []

    def wait_to_import(module):
        name.append(module)
        assert imported.wait(60)
        return import_module(module)

    monkeypatch.setattr("envdeck.tui.main.screen.import_module", wait_to_import)
    async with open_screen(settled=False) as pilot:
        main = pilot.app.main
        await wait_until(lambda: name and main.scan.feed.idle and len(main.list.listing) == 20)
        first = main.list.listing.current
        await pilot.press("j")
        await wait_until(lambda: main.list.listing.current is not first)
        assert main.panes.detail is None
        imported.set()
        await wait_until(lambda: main.panes.detail is not None and main.panes.detail.environment)
        assert main.panes.detail.environment is main.list.listing.current


async def test_a_terminal_that_grows_gets_the_detail_beside_the_list(open_screen, wait_until):
    async with open_screen(size=(80, 24)) as pilot:
        main = pilot.app.main
        await pilot.resize_terminal(120, 36)
        await wait_until(lambda: main.panes.detail is not None and main.panes.detail.environment)
        assert main.list.table.display
        await pilot.resize_terminal(50, 15)
        await pilot.pause()
        assert not main.panes.detail.display
        assert "20 environments" in everything(pilot)


async def test_tabs_by_number(open_screen, wait_until):
    async with open_screen() as pilot:
        await pilot.press("2")
        await wait_until(lambda: pilot.app.main.panes.detail.active == 2)
        assert pilot.app.main.panes.inside
        await pilot.press("1")
        await wait_until(lambda: pilot.app.main.panes.detail.active == 1)


async def test_refresh_measures_the_marked_and_looks_again(open_screen, made_up, wait_until):
    source = made_up.MemorySource(made_up.many(6))
    async with open_screen(source) as pilot:
        main = pilot.app.main
        await pilot.press("space", "space", "r")
        await wait_until(lambda: source.scans == 2 and main.scan.feed.idle)
        assert set(source.measured) == main.list.listing.marks.paths
        for path in main.list.listing.marks.paths:
            assert main.list.listing.get(path).size.disk_bytes == 50_000_000


async def test_refresh_of_one_that_vanished_takes_it_away(open_screen, made_up, wait_until):
    source = made_up.MemorySource(made_up.many(6))
    async with open_screen(source) as pilot:
        main = pilot.app.main
        path = main.list.listing.cursor
        source.known = [each for each in source.known if each.path != path]
        source.vanished = frozenset({path})
        await pilot.press("r")
        await wait_until(lambda: main.list.listing.get(path) is None)
        assert main.list.listing.count == 5
        await wait_until(lambda: f"no longer found: {main.look.path(path)}" in everything(pilot))


@pytest.mark.parametrize("width", [60, 120])
async def test_keys_are_answered_where_what_had_the_focus_is_gone(
    open_screen, made_up, wait_until, width
):
    source = made_up.MemorySource(made_up.many(1))
    async with open_screen(source, size=(width, 30)) as pilot:
        main = pilot.app.main
        await pilot.press("enter")
        await wait_until(lambda: main.panes.inside and main.panes.detail.tab.entrance.has_focus)
        source.known, source.vanished = [], frozenset({main.list.listing.cursor})
        await pilot.press("r")
        await wait_until(lambda: main.list.listing.count == 0)
        await wait_until(lambda: main.focused is not None and main.focused.has_focus)
        await pilot.press("/")
        await wait_until(lambda: main.typing)


async def test_a_held_refresh_looks_once(open_screen, made_up, wait_until):
    source = made_up.MemorySource(made_up.many(6))
    async with open_screen(source) as pilot:
        held = True
        source.hold = lambda: held
        await pilot.press(*"rrrrrr")
        await wait_until(lambda: source.scans == 2)
        held = False
        await wait_until(lambda: pilot.app.main.scan.feed.idle)
        assert source.scans == 2
        await pilot.press("r")
        await wait_until(lambda: source.scans == 3)


async def test_copying_shows_the_path_as_well(open_screen, made_up, wait_until):
    environments = [made_up.environment("/home/ada/bytes\udcff/[/]/.venv")]
    async with open_screen(made_up.MemorySource(environments)) as pilot:
        await pilot.press("y")
        assert pilot.app.clipboard == r"$'/home/ada/bytes\xff/[/]/.venv'"
        await wait_until(lambda: r"copied /home/ada/bytes\xff/[/]/.venv" in everything(pilot))


async def test_opening_a_folder_where_there_is_no_desktop_says_so(
    open_screen, monkeypatch, wait_until
):
    monkeypatch.setattr("sys.platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    async with open_screen() as pilot:
        await pilot.press("o")
        await wait_until(lambda: "no desktop in this session" in everything(pilot))


async def test_a_folder_that_is_gone_says_so(open_screen, monkeypatch, wait_until, tmp_path):
    opener = tmp_path / "xdg-open"
    opener.write_text("#!/bin/sh\n")
    opener.chmod(0o755)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("DISPLAY", ":9")
    monkeypatch.setenv("PATH", str(tmp_path))
    async with open_screen() as pilot:
        await pilot.press("o")
        await wait_until(lambda: "folder not found" in everything(pilot))


async def test_views_open_and_go_back(open_screen, wait_until):
    async with open_screen() as pilot:
        for key, name in (("i", "InterpretersScreen"), ("m", "MachineScreen")):
            await pilot.press(key)
            await wait_until(lambda name=name: type(pilot.app.screen).__name__ == name)
            await pilot.press("escape")
            await wait_until(lambda: pilot.app.screen is pilot.app.main)


async def test_a_filter_asked_for_by_a_view_opens_the_list(open_screen, wait_until):
    from envdeck.tui.base.messages import FilterRequested

    async with open_screen() as pilot:
        main = pilot.app.main
        await pilot.press("m")
        await wait_until(lambda: pilot.app.screen is not main)
        pilot.app.screen.post_message(FilterRequested("manager:uv"))
        await wait_until(lambda: pilot.app.screen is main)
        await wait_until(lambda: main.list.listing.query.text == "manager:uv")
        assert {each.manager for each in main.list.listing.shown()} == {"uv"}
        await wait_until(lambda: "/ manager:uv" in everything(pilot))
        assert pilot.app.focused is main.list.table
        await pilot.press("escape")
        assert len(main.list.listing) == 20


async def test_the_help_opens_and_closes_with_its_key(open_screen, wait_until):
    async with open_screen() as pilot:
        await pilot.press("question_mark")
        await pilot.pause()
        assert "Mark or unmark the row" in everything(pilot)
        await pilot.press("question_mark")
        await wait_until(lambda: pilot.app.screen is pilot.app.main)
        await pilot.press("question_mark")
        await wait_until(lambda: "search keys" in everything(pilot))
        await pilot.press(*"jGg", "escape", "escape")
        await wait_until(lambda: pilot.app.screen is pilot.app.main)


@pytest.mark.parametrize("key", ["T", "H", "O", "m", "i", "P", "d", "c", "question_mark"])
async def test_q_goes_back_one_level_and_quits_in_the_list_alone(
    open_screen, made_up, wait_until, key
):
    async with open_screen(operations=made_up.MadeUpOperations()) as pilot:
        main = pilot.app.main
        await pilot.press(key)
        await wait_until(lambda: pilot.app.screen is not main)
        await pilot.press("escape" if key == "question_mark" else "q")
        await wait_until(lambda: pilot.app.screen is main)
        await pilot.press("2")
        await wait_until(lambda: main.panes.inside)
        await pilot.press("q")
        assert not main.panes.inside
        assert pilot.app.return_code is None
        await pilot.press("q")
        await wait_until(lambda: pilot.app.return_code is not None)


async def test_the_palette_does_any_action(open_screen, wait_until):
    async with open_screen() as pilot:
        await pilot.press("ctrl+p")
        await wait_until(lambda: pilot.app.screen is not pilot.app.main)
        await pilot.press(*"mark all shown")
        await wait_until(lambda: "Mark or unmark all rows shown" in everything(pilot))
        await pilot.press("down", "enter")
        await wait_until(lambda: len(pilot.app.main.list.listing.marks.paths) == 20)


async def test_a_chosen_theme_is_saved_and_a_remembered_one_used(open_screen, wait_until):
    saved = []
    async with open_screen(theme="nord", save_theme=saved.append) as pilot:
        assert pilot.app.theme == "nord"
        assert saved == []
        pilot.app.theme = "textual-light"
        await wait_until(lambda: saved == ["textual-light"])


@pytest.mark.parametrize("theme", ["nord", "textual-light", "ansi-dark", "dracula", "monokai"])
async def test_every_kind_of_theme_draws_rows(open_screen, theme):
    async with open_screen(theme=theme) as pilot:
        assert "~/work/api/.venv" in everything(pilot)


async def test_an_unknown_theme_falls_back_with_a_word(open_screen, wait_until):
    async with open_screen(theme="nrod") as pilot:
        assert pilot.app.theme == "textual-dark"
        await wait_until(lambda: "did you mean nord" in everything(pilot))
        assert "keys:" not in everything(pilot)


async def test_without_colour_the_theme_has_none(open_screen):
    async with open_screen(no_color=True) as pilot:
        assert pilot.app.theme == "ansi-dark"


async def test_a_failed_scan_says_so_and_keeps_the_rows(open_screen, made_up, wait_until):
    source = made_up.MemorySource(made_up.many(3), failure=OSError("the disk [/] is odd"))
    async with open_screen(source) as pilot:
        await wait_until(lambda: "the disk [/] is odd" in everything(pilot))
        assert "failed" in everything(pilot)
        assert pilot.app.main.list.listing.count == 3


async def test_notices_and_unreadable_places_are_said(open_screen, made_up, wait_until):
    source = made_up.MemorySource(
        events=[
            Unreadable("/root", "permission denied"),
            Notice("the memory could not be used [/]", "hint: free some room"),
        ]
    )
    async with open_screen(source) as pilot:
        await wait_until(lambda: "the memory could not be used [/]" in everything(pilot))
        assert "1 unreadable" in everything(pilot)


async def test_text_of_a_scan_cannot_act_on_the_terminal(open_screen, made_up, wait_until):
    source = made_up.MemorySource(
        events=[Notice("bad\x1b[31m", "")], failure=ValueError("also\x1b[2J")
    )
    async with open_screen(source) as pilot:
        await wait_until(lambda: r"bad\x1b[31m" in everything(pilot))
        await wait_until(lambda: r"also\x1b[2J" in everything(pilot))


@pytest.mark.parametrize("key", ["q", "ctrl+q", "ctrl+c"])
async def test_quitting_does_not_wait_for_the_scan(open_screen, made_up, wait_until, key):
    source = made_up.MemorySource(made_up.many(3), hold=lambda: True)
    async with open_screen(source, settled=False) as pilot:
        await wait_until(lambda: source.scans == 1)
        await pilot.press(key)
        await wait_until(lambda: pilot.app.return_code == 0)
    assert not pilot.app.main.scan.feed.running


async def test_a_signal_ends_it_with_its_number(open_screen, wait_until):
    async with open_screen() as pilot:
        with handle_signals(pilot.app.end):
            os.kill(os.getpid(), signal.SIGTERM)
        await wait_until(lambda: pilot.app.return_code == 128 + signal.SIGTERM)


async def test_the_keys_shown_are_those_of_the_place_one_is_in(open_screen, wait_until):
    async with open_screen(size=(120, 36), keys={"asked": "f6"}) as pilot:
        main = pilot.app.main

        def hints():
            return "".join(part.text for part in main.keys.lay_out(120))

        await pilot.press("2")
        await wait_until(lambda: main.panes.tab_for("asked") and "f6 direct" in hints())
        await pilot.press("slash")
        await wait_until(lambda: main.typing)
        assert hints().strip() == "enter to the list  esc clear"
        await pilot.press(*"flask", "enter")
        await wait_until(lambda: not main.typing)
        await pilot.press("f6")
        await wait_until(lambda: "f6 all of them" in hints())
        assert {"Direct packages only", "Machine"} <= {
            command.title for command in pilot.app.get_system_commands(main)
        }
        await pilot.press("1")
        await wait_until(lambda: "2 packages" in hints())
        assert "Direct packages only" not in {
            command.title for command in pilot.app.get_system_commands(main)
        }


async def test_a_hint_can_be_clicked_where_letters_go_into_a_field(open_screen, wait_until):
    async with open_screen(size=(120, 36)) as pilot:
        main = pilot.app.main
        await pilot.press("slash", *"api")
        await wait_until(lambda: main.list.listing.query.text == "api")
        await pilot.click(main.keys, offset=(2, 0))
        await wait_until(lambda: main.list.table.has_focus)
        assert main.list.listing.query.text == "api"


async def test_what_could_not_be_read_is_listed_with_its_reason(open_screen, made_up, wait_until):
    places = [
        Unreadable("/home/ada/[/]secret\x1b", "no permission"),
        Unreadable("/home/ada/b", "the disk does not answer"),
    ]
    source = made_up.MemorySource(made_up.many(3), events=places)
    async with open_screen(source, size=(120, 36)) as pilot:
        main = pilot.app.main
        shown = "".join(part.text for part in main.summary.lay_out(120))
        assert "● 2 unreadable" in shown
        await pilot.press("e")
        await wait_until(lambda: pilot.app.screen is not main)
        text = "\n".join(strip.text for strip in pilot.app.screen._compositor.render_strips())
        assert "2 paths not included in the totals" in text
        assert "~/[/]secret\\x1b  no permission" in text
        await pilot.press("e")
        await wait_until(lambda: pilot.app.screen is main)
        await pilot.click(main.summary, offset=(shown.index("unreadable") + 2, 0))
        await wait_until(lambda: pilot.app.screen is not main)
        await pilot.press("escape")
        await wait_until(lambda: pilot.app.screen is main)


async def test_the_count_is_clicked_where_it_stands_whatever_stands_before(
    open_screen, made_up, wait_until
):
    places = [Unreadable("/home/ada/b", "the disk does not answer")]
    source = made_up.MemorySource(made_up.many(3), events=places)
    roots = ("/home/ada/日本/unreadable",)
    async with open_screen(source, size=(140, 36), roots=roots) as pilot:
        main = pilot.app.main
        shown = "".join(part.text for part in main.summary.lay_out(140))
        assert shown.count("unreadable") == 2
        await pilot.click(main.summary, offset=(shown.index("unreadable") + 4, 0))
        assert pilot.app.screen is main
        await pilot.click(main.summary, offset=(width(shown[: shown.index("●")]), 0))
        await wait_until(lambda: pilot.app.screen is not main)


async def test_nothing_unreadable_is_said_and_not_shown(open_screen):
    async with open_screen() as pilot:
        await pilot.press("e")
        assert pilot.app.screen is pilot.app.main
        assert any("no unreadable paths" in each.message for each in pilot.app._notifications)


async def test_the_palette_has_a_plain_sign_and_the_themes_are_in_it(open_screen, wait_until):
    async with open_screen() as pilot:
        await pilot.press("ctrl+p")
        await wait_until(lambda: pilot.app.screen.query("SearchIcon"))
        await wait_until(lambda: pilot.app.screen.query("SearchIcon").first().icon == "/")
        await pilot.press("escape")
        await wait_until(lambda: pilot.app.screen is pilot.app.main)
        pilot.app.search_themes()
        await wait_until(lambda: pilot.app.screen.query("SearchIcon"))
        assert "theme" in pilot.app.screen.query_one(Input).placeholder


async def test_with_no_row_the_detail_does_not_ask_to_move_to_one(open_screen, wait_until):
    async with open_screen(size=(120, 36)) as pilot:
        detail = pilot.app.main.panes.detail
        await pilot.press("slash", *"nosuchthing", "enter")
        await wait_until(lambda: detail.environment is None)
        assert detail.render().plain == "No environment matches the filter."


async def test_the_list_and_the_machine_view_say_the_same(open_screen, made_up, wait_until):
    shared = made_up.SharedFiles(1, struct.pack("=4Q", 7, 3, 1, 400))
    rows = [
        made_up.environment(f"/home/ada/{name}/.venv", size=made_up.size(1000, 600, shared))
        for name in "ab"
    ]
    async with open_screen(made_up.MemorySource(rows), size=(120, 36)) as pilot:
        main = pilot.app.main
        await wait_until(lambda: main.scan.facts.totals.occupied == 1600)
        await pilot.press("m")
        await wait_until(lambda: pilot.app.screen is not main)
        await wait_until(lambda: pilot.app.screen._everything.counted)
        everything = pilot.app.screen._everything
        assert (everything.occupied, everything.freed) == main.scan.facts.totals


async def test_without_colours_nothing_is_coloured_and_the_cursor_is_reversed(
    open_screen, monkeypatch
):
    monkeypatch.setenv("NO_COLOR", "1")
    async with open_screen(no_color=True) as pilot:
        app = pilot.app
        assert app.theme == "ansi-dark"
        assert [type(each).__name__ for each in app._filters if "Color" in type(each).__name__]
        assert not any(isinstance(each, Monochrome) for each in app._filters)
        cursor, other = (list(app.main.list.table.render_line(y)) for y in (1, 2))
        assert all(segment.style.reverse for segment in cursor)
        assert not any(segment.style.reverse for segment in other)
        app.theme = "textual-light"
        await pilot.pause()
        assert any(isinstance(each, Monochrome) for each in app._filters)


async def test_what_was_left_out_is_listed_with_the_command_that_includes_it(
    open_screen, made_up, wait_until
):
    places = (
        NotLookedAt("/home/ada/work", "links are not followed", "envdeck list /disk/work"),
        NotLookedAt("/home/ada/[/]code\x1b", "links are not followed", "envdeck list /disk/code"),
    )
    ended = Finished(("/home/ada",), 3, 0, 0.1, complete=True, not_looked_at=places)
    source = made_up.MemorySource(made_up.many(3))
    async with open_screen(source, size=(120, 36)) as pilot:
        main = pilot.app.main
        batch = ScanBatch()
        batch.add(ended)
        batch.add(Unreadable("/home/ada/b", "the disk does not answer"))
        main.scan.apply(batch)
        await pilot.press("e")
        await wait_until(lambda: pilot.app.screen is not main)
        text = "\n".join(strip.text for strip in pilot.app.screen._compositor.render_strips())
        assert "1 path not included in the totals, 2 not looked at" in text
        assert "~/work" in text
        assert "~/[/]code\\x1b" in text
        assert "envdeck list /disk/code" in text
        assert text.count("links are not followed") == 1


@pytest.mark.parametrize("ours", [False, True])
async def test_rows_that_stay_are_taken_from_the_collector_in_a_process_of_our_own(
    open_screen, monkeypatch, wait_until, ours
):
    frozen = []
    monkeypatch.setattr("gc.freeze", lambda: frozen.append(True))
    async with open_screen() as pilot:
        scan = pilot.app.main.scan
        frozen.clear()  # in a test the first frame may have been one of our own
        scan.owns_collector = ours
        scan.rescan()
        await wait_until(lambda: scan.feed.idle and scan.facts.phase == "done")
        assert bool(frozen) is ours


class _Cycle:
    def __init__(self) -> None:
        self.itself = self


async def test_what_was_taken_from_the_collector_as_garbage_goes_when_a_scan_has_ended(
    open_screen, wait_until
):
    async with open_screen() as pilot:
        scan = pilot.app.main.scan
        scan.owns_collector = True
        try:
            garbage = weakref.ref(_Cycle())
            gc.freeze()
            scan.rescan()
            await wait_until(lambda: scan.feed.idle and scan.facts.phase == "done")
            assert garbage() is None
        finally:
            gc.unfreeze()
