"""The trash: what is in it, what of it can be restored, and what purging it frees."""

import threading
from dataclasses import replace

import pytest
from choosing_cases import (
    DAY,
    HOME,
    ITEMS,
    LOOK,
    NOW,
    ChoosingOperations,
    Harness,
    item,
    shown,
    until,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from envdeck.text import plain, width
from envdeck.text.safe import ASCII
from envdeck.tui.base.messages import OperationEnded
from envdeck.tui.history.screen import TrashScreen
from envdeck.tui.history.trash_view import (
    TrashColumns,
    draw_item,
    frees,
    item_detail,
    kept_words,
    trash_title,
)
from envdeck.tui.widgets.line import Display, line_text

API, BLOG, SITE, SHOP, LINK, DUE, TORN = ITEMS


# the lines


def about(one, cells=100) -> str:
    return "\n".join(line_text(line) for line in item_detail(one, LOOK, cells))


def test_how_long_it_is_kept_is_told_in_days() -> None:
    assert kept_words(API, LOOK)[0] == "30 days"
    assert kept_words(DUE, LOOK)[0] == "due"
    assert kept_words(replace(API, kept_until=None), LOOK)[0] == "for ever"
    assert kept_words(TORN, LOOK)[0] == "–"
    soon = replace(API, kept_until=NOW + 0.1 * DAY)
    assert kept_words(soon, LOOK)[0] == "2 hours"


def test_what_is_partly_purged_is_called_so_and_promises_nothing() -> None:
    left = replace(API, folder=f"{API.folder}.purging", problem="partly deleted: lib/x is left")
    row = line_text(draw_item(left, TrashColumns.fit(120), LOOK, marked=False, largest=10))
    assert f"✗ partly deleted: {LOOK.path(API.manifest.path)}" in row
    assert row.count("–") == 2  # for how long it is kept, and what it frees
    said = about(left)
    assert "✗ Partly deleted: lib/x is left." in said
    assert "the rest cannot be restored" in said
    assert ": restore" not in said
    assert "reclaimable" not in said
    narrow = line_text(draw_item(left, TrashColumns.fit(46), LOOK, marked=False, largest=10))
    assert narrow.lstrip().startswith("✗ ~")
    title = line_text(trash_title((left, API, TORN), LOOK, 120))
    assert "1 partly deleted · ✗ 1 with problems" in title


def test_what_a_purge_frees_is_never_made_up() -> None:
    assert frees(API) == 431_221_034
    assert frees(TORN) is None
    unmeasured = item(0, "/a", reclaimable_bytes=None, disk_bytes=None)
    assert frees(unmeasured) is None
    assert "at least" in line_text(trash_title([API, unmeasured], LOOK, 100))
    assert "at least" not in line_text(trash_title([API], LOOK, 100))


def test_problems_are_told_in_words() -> None:
    assert "✗ Cannot be accessed: the disk is not mounted." in about(SHOP)
    assert "✗ Manifest damaged." in about(TORN)
    assert "Its contents are kept." in about(TORN)
    assert "Only a symlink was moved; its target is untouched." in about(LINK)
    assert "expired: EnvDeck announces it at its next start" in about(DUE)
    assert "Replaced by a recreate" in about(BLOG)


def test_all_is_told_that_is_needed_to_rebuild_it() -> None:
    told = about(API)
    for words in (
        "~/work/api/.venv",
        "kept until 2026-12-18",
        "Python 3.12.4 · uv · 84 packages · reclaimable 431 MB (431,221,034 bytes)",
        "Your files (2)",
        "bin/run-me.sh",
        "fastapi==0.115.12",
    ):
        assert words in told


def test_a_long_list_of_files_is_cut_and_says_so() -> None:
    many = item(0, "/a", unowned=tuple(f"f{n}" for n in range(5000)))
    told = about(many)
    assert "Your files (5,000)" in told
    assert "and 4,800 more" in told
    assert told.count("\n") < 300


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=40), st.integers(40, 140), st.integers(-(10**18), 10**18))
def test_rows_hold_their_width_whatever_an_item_says(name, cells, number) -> None:
    one = item(
        0, f"/{name}", manager=name, python=name, unowned=(name,), freeze=(name,), project=name
    )
    one = replace(one, manifest=replace(one.manifest, put_at=float(number)), problem=name)
    columns = TrashColumns.fit(cells)
    row = draw_item(one, columns, LOOK, marked=True, largest=10)
    for line in (row, columns.heading(), *item_detail(one, LOOK, cells)):
        assert width(line_text(line)) <= cells
        assert plain(line_text(line)) == line_text(line)


def test_without_unicode_signs_are_plain() -> None:
    letters = Display(home=HOME, clock=lambda: NOW, signs=ASCII)
    for one in ITEMS:
        row = draw_item(one, TrashColumns.fit(120), letters, marked=True, largest=10**9)
        assert line_text(row).isascii()


# the view


def trash(**changes) -> tuple[Harness, ChoosingOperations]:
    operations = ChoosingOperations(**{"items": ITEMS} | changes)
    return Harness(TrashScreen(operations, LOOK)), operations


async def ready(app: Harness) -> None:
    await until(lambda: app.view.is_mounted and app.view.table.rows and app.view.table.cells)


async def test_restoring_is_wished_and_never_done() -> None:
    app, operations = trash()
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(app)
        await until(lambda: "Trash   7 items" in shown(app))
        await pilot.press("j", "R")
        await until(lambda: app.requests)
    (request,) = app.requests
    assert request.title == "Restore ~/work/blog/.venv"
    assert not [what for what, _ in operations.asked if what == "undo"]
    request.plan(frozenset())
    assert operations.asked[-1] == ("undo", (BLOG.id, None, frozenset()))


async def test_what_is_partly_purged_is_not_restored() -> None:
    left = replace(API, folder=f"{API.folder}.purging", problem="partly deleted")
    app, operations = trash(items=(left,))
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(app)
        await pilot.press("R")
        await until(lambda: any("cannot be restored" in it.message for it in app._notifications))
        await pilot.press("X")
        await until(lambda: app.requests)
    assert [request.title for request in app.requests] == ["Permanently delete ~/work/api/.venv"]
    assert not [what for what, _ in operations.asked if what == "undo"]


async def test_one_the_marked_or_all_are_purged() -> None:
    app, operations = trash()
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(app)
        await pilot.press("j", "X", "space", "g", "space", "X")
        await until(lambda: "2 marked, frees 647 MB" in shown(app))
        await pilot.press("a", "X")
        await until(lambda: len(app.requests) == 3)
        await pilot.press("a")
        await until(lambda: "marked" not in shown(app).rpartition("\n")[2])
    assert [request.title for request in app.requests] == [
        "Permanently delete ~/work/blog/.venv",
        "Permanently delete 2 items",
        "Permanently delete 7 items",
    ]
    for request in app.requests:
        request.plan(frozenset())
    purged = [what for name, what in operations.asked if name == "purge"]
    assert purged == [(BLOG.id,), (API.id, BLOG.id), tuple(one.id for one in ITEMS)]


async def test_the_cursor_stays_on_its_item_when_others_go() -> None:
    app, operations = trash()
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(app)
        await pilot.press("space", "j", "j", "space")
        operations.items = ITEMS[1:]
        app.view.post_message(OperationEnded(None))
        await until(lambda: len(app.view.table.rows) == 6)
        assert app.view.table.current is SITE
        assert app.view.table.marks == {SITE.folder}


async def test_it_is_read_again_when_it_is_returned_to() -> None:
    from textual.screen import Screen

    app, operations = trash()
    async with app.run_test(size=(80, 24)):
        await ready(app)
        await app.push_screen(Screen())
        operations.items = ()
        app.pop_screen()
        await until(lambda: "The trash is empty" in shown(app))
        await until(lambda: "esc: back to the list, d: delete" in " ".join(shown(app).split()))


async def test_an_answer_that_comes_late_is_dropped(monkeypatch) -> None:
    slow, begun, go = threading.Event(), threading.Event(), threading.Event()
    read = ChoosingOperations.trash

    def read_slowly(self):
        if not slow.is_set():
            return read(self)
        slow.clear()
        begun.set()
        go.wait(60)
        return ITEMS[:1]

    monkeypatch.setattr(ChoosingOperations, "trash", read_slowly)
    app, operations = trash()
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(app)
        slow.set()
        await pilot.press("r")
        await until(begun.is_set)
        operations.items = ITEMS[:3]
        await pilot.press("r")
        await until(lambda: len(app.view.table.rows) == 3)
        go.set()
        await pilot.pause()
        await pilot.pause()
        assert len(app.view.table.rows) == 3


async def test_a_trash_that_cannot_be_read_says_so(monkeypatch) -> None:
    def torn(self):
        raise PermissionError("[/] no entry")

    monkeypatch.setattr(ChoosingOperations, "trash", torn)
    app, _ = trash()
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: "Cannot read the trash" in shown(app))
        await until(lambda: "[/] no entry" in shown(app))
        await pilot.press("R", "X", "escape")
        await until(lambda: app.answers)
    assert not app.requests


@pytest.mark.parametrize("key", ["escape", "h", "T"])
async def test_it_is_left_by_back_and_by_its_own_key(key) -> None:
    app, _ = trash()
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(app)
        await pilot.press(key)
        await until(lambda: app.screen is not app.view)


async def test_where_there_is_little_room_enter_reads_and_back_returns() -> None:
    app, _ = trash()
    async with app.run_test(size=(50, 15)) as pilot:
        await ready(app)
        assert ": restore" not in shown(app)
        await pilot.press("enter")
        await until(lambda: ": restore" in shown(app))
        await pilot.press("escape")
        assert app.view.table.has_focus
        assert app.screen is app.view


async def test_the_mouse_marks_at_the_edge_and_moves_elsewhere() -> None:
    app, _ = trash()
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(app)
        await pilot.click(app.view.table, offset=(0, 3))
        await until(lambda: app.view.table.marks == {SITE.folder})
        await pilot.click(app.view.table, offset=(10, 6))
        await until(lambda: app.view.table.current is DUE)
        await pilot.click(app.view.table, offset=(12, 6))
        assert app.is_running
        assert app.view.table.marks == {SITE.folder}
