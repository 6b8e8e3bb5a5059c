"""The history: what was done, how it ended, and taking it back."""

from dataclasses import replace

import pytest
from choosing_cases import (
    HOME,
    LOOK,
    NOW,
    PASTS,
    ChoosingOperations,
    Harness,
    past,
    shown,
    until,
)
from hypothesis import example, given, settings
from hypothesis import strategies as st

from envdeck.core.model import Operation
from envdeck.core.operations.shared.history import HistoryItem
from envdeck.core.operations.transaction.journal import Move, Phase, UnreadableEntry
from envdeck.text import plain, width
from envdeck.text.safe import ASCII
from envdeck.tui.base.messages import OperationEnded
from envdeck.tui.history.screen import HistoryScreen
from envdeck.tui.history.view import (
    HistoryColumns,
    HistoryRow,
    draw_past,
    ended_words,
    history_rows,
    operation_detail,
    undo_words,
)
from envdeck.tui.widgets.line import Display, line_text

# the lines


def about(one, cells=100) -> str:
    lines = operation_detail(HistoryRow(one), LOOK, cells)
    return "\n".join(line_text(line) for line in lines)


def test_every_ending_has_its_sign_and_word() -> None:
    pasts = {phase: past(0, phase=phase) for phase in Phase}
    said = {phase: ended_words(one, one.entry, LOOK)[0].strip() for phase, one in pasts.items()}
    assert said[Phase.DONE] == "done"
    assert said[Phase.ROLLED_BACK] == "● rolled back"
    assert said[Phase.ATTENTION] == "✗ needs attention"
    assert {said[each] for each in Phase if not each.over} == {"○ unfinished"}


def test_a_purge_that_was_not_ended_is_called_so() -> None:
    half = past(0, "partly deleted", phase=Phase.ATTENTION, move=Move.REMOVE)
    half = replace(half, is_partly_purged=True)
    assert ended_words(half, half.entry, LOOK)[0] == "✗ partly deleted"
    assert "The rest is in the trash." in about(half)
    assert "in trash: " not in about(half)  # it has another name there by now
    assert undo_words(half, half.entry, 40, LOOK)[0] == "partly deleted"
    columns = HistoryColumns.fit(120)
    assert "✗ partly deleted   partly deleted" in line_text(
        draw_past(HistoryRow(half), columns, LOOK)
    )


def test_how_long_it_can_be_taken_back_is_told_where_that_ends() -> None:
    def said(one):
        return undo_words(one, one.entry, 40, LOOK)[0]

    assert said(PASTS[0]) == "z to undo (30 days)"
    assert said(replace(PASTS[0], kept_until=None)) == "z to undo"
    assert said(past(0, move=Move.BACK)) == "z to undo"
    assert said(past(0, move=Move.EXCHANGE, old=None)) == "z to undo"
    assert said(past(0, "permanently deleted")) == "permanently deleted"


def test_what_could_not_be_read_comes_last_below_its_title() -> None:
    rows = history_rows(PASTS)
    assert [row.past for row in rows[:8]] == list(PASTS[:8])
    assert rows[9].title == "Unreadable"
    assert rows[10].past is PASTS[8]
    assert history_rows(PASTS[8:])[0].title
    assert history_rows(()) == []


def test_all_that_the_journal_knows_is_told() -> None:
    told = about(PASTS[1])
    for words in (
        "Recreate ~/work/blog/.venv",
        "started 3 days ago (2026-11-15T10:56:40Z), took 2.0 s",
        "40 of 40 packages are as they were",
        "z to undo (27 days), or envdeck undo 20261120-101501-4f2a",
        "in trash: ~/.local/share/envdeck/trash",
    ):
        assert words in told
    assert "Cannot be undone: already undone." in about(PASTS[3])
    assert "undone by 20261120-101504-4f2a" in about(PASTS[3])
    assert "part of 2026" in about(PASTS[3])
    assert "written by a newer version" in about(PASTS[8])
    assert "reclaimable" in told


@pytest.mark.parametrize("number", [2, 3, 5])
def test_nothing_is_said_to_lie_aside_where_nothing_does(number) -> None:
    told = about(PASTS[number])
    assert "in trash" not in told
    assert "reclaimable" not in told


def test_what_is_gone_from_the_trash_was_put_aside_once() -> None:
    told = about(PASTS[4])
    assert "was in trash: " in told
    assert "reclaimable" not in told


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=40), st.integers(46, 140), st.integers(-(10**18), 10**18))
@example("0\x1f\x1f\x1f\x1f", 68, 0)
def test_rows_hold_their_width_whatever_an_entry_says(name, cells, number) -> None:
    one = past(
        0, name, path=f"/{name}", message=name, python=name, manager=name, undoes=name,
        created_at=float(number), ended_at=0.0, bytes_aside=number,
    )  # fmt: skip
    torn = HistoryItem(UnreadableEntry(f"/{name}", name), name)
    columns = HistoryColumns.fit(cells)
    for each in (one, replace(one, why_not=""), torn):
        row = draw_past(HistoryRow(each), columns, LOOK)
        for line in (row, columns.heading(), *operation_detail(HistoryRow(each), LOOK, cells)):
            assert width(line_text(line)) <= cells
            assert plain(line_text(line)) == line_text(line)


def test_without_unicode_signs_are_plain() -> None:
    letters = Display(home=HOME, clock=lambda: NOW, signs=ASCII)
    for row in history_rows(PASTS):
        assert line_text(draw_past(row, HistoryColumns.fit(120), letters)).isascii()


# the view


def view(**changes) -> tuple[Harness, ChoosingOperations]:
    operations = ChoosingOperations(**{"past": PASTS} | changes)
    return Harness(HistoryScreen(operations, LOOK)), operations


async def ready(app: Harness) -> None:
    await until(lambda: app.view.is_mounted and app.view.table.rows and app.view.table.cells)


async def test_the_one_under_the_cursor_is_taken_back_and_not_the_last() -> None:
    app, operations = view()
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(app)
        await until(lambda: "History   8 operations · 2 can be undone · ✗ 1" in shown(app))
        await pilot.press("j", "z")
        await until(lambda: app.requests)
    (request,) = app.requests
    assert request.title == "Undo the recreate of ~/work/blog/.venv"
    request.plan(frozenset({"unowned-files"}))
    assert operations.asked[-1] == ("undo", (PASTS[1].entry.id, None, {"unowned-files"}))


async def test_what_cannot_be_taken_back_says_why() -> None:
    app, _ = view()
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await ready(app)
        await pilot.press("j", "j")
        await until(lambda: "z undo" not in shown(app))
        await pilot.press("z")
        await until(lambda: "cannot be undone: nothing changed" in shown(app))
        await pilot.press("G", "z")
        await pilot.pause()
    assert not app.requests


async def test_it_is_read_again_when_an_operation_ended() -> None:
    app, operations = view(past=PASTS[1:])
    async with app.run_test(size=(80, 24)):
        await ready(app)
        operations.past = PASTS
        app.view.post_message(OperationEnded(None))
        await until(lambda: "8 operations" in shown(app))
        assert app.view.table.current.past is PASTS[1]


async def test_the_cursor_stays_in_sight_when_the_list_gets_smaller() -> None:
    app = Harness(HistoryScreen(ChoosingOperations(past=PASTS), LOOK))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: app.view.table.rows)
        await pilot.press("G", "k")
        table = app.view.table
        await pilot.resize_terminal(80, 21)
        await until(lambda: app.view.size.height == 21)
        await pilot.pause()
        top, cursor = round(table.scroll_y), table.rows.index(table.current)
        assert top <= cursor < top + table.scrollable_content_region.height - 1


async def test_nothing_done_yet_teaches() -> None:
    app, _ = view(past=())
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: "No operations yet" in shown(app))
        await pilot.press("z", "tab", "enter", "escape")
        await until(lambda: app.screen is not app.view)
    assert not app.requests


@pytest.mark.parametrize("key", ["escape", "h", "H"])
async def test_it_is_left_by_back_and_by_its_own_key(key) -> None:
    app, _ = view()
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(app)
        await pilot.press(key)
        await until(lambda: app.screen is not app.view)


async def test_where_there_is_little_room_enter_reads_and_back_returns() -> None:
    app, _ = view()
    async with app.run_test(size=(50, 15)) as pilot:
        await ready(app)
        await pilot.press("enter")
        await until(lambda: "took 2.0 s" in shown(app))
        await pilot.press("escape")
        assert app.view.table.has_focus
        assert app.screen is app.view


async def test_a_history_that_cannot_be_read_says_so(monkeypatch) -> None:
    def torn(self):
        raise PermissionError("[/] no entry")

    monkeypatch.setattr(ChoosingOperations, "history", torn)
    app, _ = view()
    async with app.run_test(size=(80, 24)):
        await until(lambda: "Cannot read the history" in shown(app))
        await until(lambda: "[/] no entry" in shown(app))


async def test_names_that_would_act_are_shown_as_they_are() -> None:
    app, _ = view()
    async with app.run_test(size=(120, 36)) as pilot:
        await ready(app)
        await until(lambda: "[@click=app.quit]x[/]\\x1b[31m" in shown(app))
        await pilot.click(app.view.table, offset=(25, 8))
        await until(lambda: app.view.table.current.past is PASTS[7])
        assert app.is_running


# batches

BATCH = tuple(
    past(
        0,
        id=f"20261121-101500-4f2a-{number}",
        group="20261121-101500-4f2a",
        path=f"{HOME}/work/p{number}/.venv",
        bytes_aside=100_000_000,
    )
    for number in range(1, 13)
)


async def test_a_batch_is_one_row_opened_and_closed_by_enter() -> None:
    app, _ = view(past=(*BATCH, *PASTS))
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(app)
        await until(lambda: "Deleted 12 environments · 1.2 GB" in shown(app))
        count = len(app.view.table.rows)
        assert "p3/.venv" not in "".join(
            line_text(draw_past(row, HistoryColumns.fit(80), LOOK)) for row in app.view.table.rows
        )
        await pilot.press("enter")
        await until(lambda: len(app.view.table.rows) == count + 12)
        assert app.view.table.current.batch  # the cursor stays on it
        await pilot.press("j", "z")
        await until(lambda: app.requests)
        assert app.requests[0].title == "Undo the delete of ~/work/p1/.venv"
        await pilot.press("k", "enter")
        await until(lambda: len(app.view.table.rows) == count)


@pytest.mark.parametrize("cells", [73, 80])
def test_why_there_is_no_undo_is_not_cut_in_the_table(cells) -> None:
    for why, said in {
        "permanently deleted": "permanently deleted",
        "needs attention: check the disk first": "needs attention",
        "trash not found: its disk is away": "trash not found",
    }.items():
        told = line_text(draw_past(HistoryRow(past(1, why)), HistoryColumns.fit(cells), LOOK))
        assert told.rstrip().endswith(f"  {said}")
        assert width(told) <= cells


async def test_a_permanent_delete_is_one_row() -> None:
    gone = [replace(each, entry=replace(each.entry, purged=True)) for each in BATCH[:2]]
    purges = [
        replace(
            each,
            entry=replace(each.entry, id=f"{each.entry.id}-purge", operation=Operation.PURGE),
        )
        for each in gone
    ]
    rows = history_rows([*purges, *gone])
    assert len(rows) == 1
    told = line_text(draw_past(rows[0], HistoryColumns.fit(80), LOOK))
    assert "Deleted 2 environments · 200 MB" in told
    assert len(history_rows([*purges, *BATCH[:2]])) == 2  # where not all of it is gone


async def test_results_take_no_more_room_than_they_need_at_80_columns() -> None:
    app, _ = view(past=(past(0, path=f"{HOME}/work/a-project-of-a-long-name/.venv"),))
    async with app.run_test(size=(80, 24)):
        await ready(app)
        await until(lambda: app.view.table.rows)
        table = app.view.table
        assert "…/a-project-o…-name/.venv" in line_text(table.draw_row(table.rows[0], 78))


async def test_a_batch_is_undone_whole() -> None:
    app, operations = view(past=(*BATCH, *PASTS))
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(app)
        await pilot.press("z")
        await until(lambda: app.requests)
    (request,) = app.requests
    assert request.title == "Undo the delete of 12 environments · 1.2 GB"
    request.plan(frozenset())
    assert operations.asked[-1] == ("undo", ("20261121-101500-4f2a", None, frozenset()))


def test_plans_of_one_yes_are_one_batch_and_say_what_of_it_ended_how() -> None:
    changes = {"operation": Operation.RECREATE, "move": Move.EXCHANGE, "batch": "1-all"}
    pasts = (
        past(1, **changes),
        past(2, "nothing changed", phase=Phase.ROLLED_BACK, **changes),
        past(3, operation=Operation.RECREATE),
    )
    rows = history_rows(pasts)
    assert [len(row.batch) for row in rows] == [2, 0]
    told = line_text(draw_past(rows[0], HistoryColumns.fit(120), LOOK))
    assert "Recreated 2 environments" in told
    assert "1 of 2 done" in told
    assert "z to undo 1 of 2" in told
    assert width(told) <= 120


@pytest.mark.parametrize("cells", [46, 60, 80, 140])
def test_rows_of_a_batch_hold_their_width(cells) -> None:
    columns = HistoryColumns.fit(cells)
    for row in history_rows(BATCH, {BATCH[0].entry.tie}):
        for line in (draw_past(row, columns, LOOK), *operation_detail(row, LOOK, cells)):
            assert width(line_text(line)) <= cells
