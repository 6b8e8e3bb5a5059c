"""The Timeline tab: events and snapshots by day, and what keys do with a snapshot."""

from dataclasses import replace

import pytest

from envdeck.core.model import NoPlan, Notice
from envdeck.core.timeline.model import EventKind, Snapshot, SnapshotPackage, TimelineEvent, changes
from envdeck.text import width
from envdeck.tui.detail.timeline import TimelineTab
from envdeck.tui.detail.timeline_view import (
    FOLDED_FROM,
    moment_words,
    snapshot_rows,
    timeline_rows,
)
from envdeck.tui.dialogs.plan import PlanDialog
from envdeck.tui.widgets.line import Display, line_text

HOME = "/home/ada"
NOW = 1_795_000_000.0
DAY = 86_400
LOOK = Display(HOME, lambda: NOW)


def snapshot(identity, days, packages, **changes):
    held = tuple(SnapshotPackage(name, version) for name, version in packages.items())
    at = NOW - days * DAY
    base = Snapshot(identity * 16, f"{HOME}/work/api/.venv", at, at, "3.12.4", "/usr", held)
    return replace(base, **changes)


OLD = snapshot("a", 30, {"idna": "3.7", "six": "1.16", "yarl": "1.0"}, good=True)
NEW = snapshot("b", 2, {"idna": "3.10", "yarl": "1.0", "zope": "5"})


def said(rows):
    return "\n".join(line_text(row.line).rstrip() for row in rows)


def test_two_snapshots_tell_what_came_went_and_changed():
    told = [(one.kind, one.subject, one.before, one.after) for one in changes(OLD, NEW)]
    assert told == [
        (EventKind.CHANGED, "idna", "3.7", "3.10"),
        (EventKind.REMOVED, "six", "1.16", None),
        (EventKind.ADDED, "zope", None, "5"),
    ]
    assert all(
        one.at == NEW.taken_at and one.earliest == OLD.last_seen for one in changes(OLD, NEW)
    )
    jumped = replace(NEW, python="3.13.1", packages=OLD.packages)
    assert [one.kind for one in changes(OLD, jumped)] == [EventKind.INTERPRETER]


def test_the_newest_day_comes_first_and_each_snapshot_before_what_it_saw():
    text = said(timeline_rows(tuple(changes(OLD, NEW)), (NEW, OLD), LOOK, 78, ()))
    assert text.splitlines() == [
        " 2026-11-16  2 days ago",
        " 11:06  Snapshot bbbbbbbb · 3 packages · the newest",
        "        ~ idna 3.7 → 3.10",
        "        - six 1.16",
        "        + zope 5",
        "",
        " 2026-10-19  1 month ago",
        " 11:06  Snapshot aaaaaaaa · ✓ good · 3 packages · seen until 1 month ago",
    ]


def test_many_packages_at_once_are_one_row_until_it_is_opened():
    many = tuple(
        TimelineEvent(NOW, EventKind.ADDED, f"p{number}", None, "1")
        for number in range(FOLDED_FROM)
    )
    rows = timeline_rows(many, (), LOOK, 78, ())
    assert "+ 7 packages: p0, p1, p2 and 4 more" in said(rows)
    assert len(rows) == 2
    assert len(timeline_rows(many, (), LOOK, 78, {rows[1].key})) == 2 + FOLDED_FROM


def test_packages_are_told_kind_by_kind_so_that_many_are_one_row():
    old = {f"a{n}": "1" for n in range(0, 20, 2)}
    new = dict.fromkeys(old, "2") | {f"a{n}": "1" for n in range(1, 20, 2)}
    before, after = snapshot("a", 30, old), snapshot("b", 2, new)
    text = said(timeline_rows(tuple(changes(before, after)), (after, before), LOOK, 78, ()))
    assert "~ 10 packages: a0, a10, a12 and 7 more" in text
    assert "+ 10 packages: a1, a11, a13 and 7 more" in text


def test_an_inference_says_so_and_when_it_can_have_been():
    event = TimelineEvent(
        NOW,
        EventKind.LOCK,
        "uv.lock",
        earliest=NOW - DAY,
        source="git",
        certain=False,
        detail="Bump [x]",
    )
    row = timeline_rows((event,), (), LOOK, 120, ())[1]
    assert "uv.lock · Bump [x] · inferred" in line_text(row.line)
    assert line_text(moment_words(event, LOOK)) == (
        "between 2026-11-17T11:06:40Z and 2026-11-18T11:06:40Z (git)"
    )


@pytest.mark.parametrize("cells", [18, 39, 78])
def test_no_line_is_wider_than_the_tab(cells):
    hostile = replace(OLD, packages=(SnapshotPackage("\x1b[31m" * 9, "1" * 50, "x" * 50),))
    rows = timeline_rows(tuple(changes(hostile, NEW)), (NEW, hostile), LOOK, cells, ())
    rows += [row for row in snapshot_rows(hostile, NEW, LOOK, cells) if row.key]
    assert all(width(line_text(row.line)) <= cells for row in rows)
    assert "\x1b" not in said(rows)


def test_the_packages_of_a_snapshot_stand_beside_what_they_are_now():
    text = said(snapshot_rows(OLD, NEW, LOOK, 78))
    assert "3 packages · Python 3.12.4 · ✓ good · since then 1 added, 1 removed, 1 changed" in text
    assert " idna  3.7  → 3.10" in text
    assert " six   1.16  removed since" in text
    assert " zope  added since: 5" in text


# the screen


@pytest.fixture
def source(made_up):
    source = made_up.MemorySource([made_up.environment()])
    source.seen = {source.known[0].path: [NEW, OLD]}
    return source


async def opened(pilot, wait_until):
    await pilot.press("g", "6")
    panes = pilot.app.main.panes
    await wait_until(lambda: panes.detail and isinstance(panes.detail.tab, TimelineTab))
    tab = panes.detail.tab
    await wait_until(lambda: type(tab.state).__name__ in {"Timeline", "ReadFailure"})
    await pilot.pause()
    return tab


@pytest.mark.parametrize("seen", [[NEW, OLD], []])
async def test_what_cannot_be_read_stands_above_the_rest(open_screen, wait_until, source, seen):
    source.seen[source.known[0].path] = seen
    source.gaps = (Notice(f"2 snapshots in {HOME}/x cannot be read"),)
    async with open_screen(source) as pilot:
        tab = await opened(pilot, wait_until)
        lines = [one.strip() for one in said(tab.view.rows).splitlines()]
        assert "2 snapshots in ~/x cannot be read" in lines[0]
        assert lines[1] == ""
        assert ("No changes seen yet." in lines) is (not seen)
        assert len(lines) > 3


async def test_enter_shows_the_packages_and_back_returns_to_the_snapshot(
    open_screen, wait_until, source
):
    async with open_screen(source) as pilot:
        tab = await opened(pilot, wait_until)
        await pilot.press("G", "enter")
        await wait_until(lambda: tab.page is not None)
        assert "six   1.16  removed since" in said(tab.view.rows)
        await pilot.press("h")
        await wait_until(lambda: tab.page is None)
        assert tab.view.current.about == OLD
        assert pilot.app.main.panes.inside


async def test_the_key_marks_a_snapshot_as_good_and_takes_that_back(
    open_screen, wait_until, source
):
    async with open_screen(source) as pilot:
        tab = await opened(pilot, wait_until)
        kept = source.seen[source.known[0].path]
        await pilot.press("K")
        await wait_until(lambda: source.seen[source.known[0].path][0].good)
        assert tab.state.snapshots[0].good
        assert not kept[0].good
        await pilot.press("K")
        await wait_until(lambda: not source.seen[source.known[0].path][0].good)


async def test_the_key_for_recreating_takes_the_snapshot_where_that_is_a_source(
    open_screen, made_up, wait_until, source, monkeypatch
):
    asked = []
    operations = made_up.MadeUpOperations()

    def plan(_environment, request, *, allow):
        asked.append((request.source, request.snapshot, allow))
        return NoPlan("made up")

    operations.plan_recreate = plan
    async with open_screen(source, operations=operations) as pilot:
        tab = await opened(pilot, wait_until)
        assert "recreate from it" in line_text(tab.footing.line)
        await pilot.press("c")
        await wait_until(lambda: isinstance(pilot.app.screen, PlanDialog))
        await wait_until(lambda: asked)
        assert asked == [("snapshot", NEW.id, frozenset())]


async def test_without_a_past_it_says_what_keeps_one(open_screen, made_up, wait_until):
    async with open_screen(made_up.MemorySource([made_up.environment()])) as pilot:
        tab = await opened(pilot, wait_until)
        assert "No changes seen yet." in said(tab.view.rows)
