"""Retention counts the time that was seen to pass, and nothing goes that was not announced."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from envdeck.core.model import Policy
from envdeck.core.operations.transaction.clock import Clock
from envdeck.core.operations.transaction.places import NEXT
from envdeck.core.operations.transaction.trash import take_next_manifest, write_manifest
from envdeck.tui.workers.operation_queue import recover

DAY = 86_400.0
YEAR = 365 * DAY
ONE, TWO = "20260101-000000-aaaa", "20260102-000000-aaaa"


@pytest.fixture
def start(operations):
    """Return a function that does what a start of the screen does; it tells what was purged and
    what was announced."""

    def starting() -> tuple[list[str], list[str]]:
        due = operations.due()
        operations.announce(due.announced)
        ids = [item.id for item in due.purge]
        if ids:
            operations.run(operations.plan_purge(ids), lambda _event: None)
        return ids, [item.id for item in due.announced]

    return starting


def test_what_is_due_is_announced_by_one_start_and_purged_by_a_later_one(machine, put, start):
    item = put(ONE)
    machine.pass_time(29.9 * DAY)
    assert start() == ([], [])
    machine.pass_time(0.2 * DAY)
    assert start() == ([], [ONE])
    assert start() == ([], [ONE])  # at once is not later
    machine.pass_time(7 * 3600)
    assert start() == ([], [ONE])
    machine.pass_time(2 * 3600)
    assert item.exists()
    assert start() == ([ONE], [])
    assert not item.exists()
    assert start() == ([], [])


def test_no_more_is_purged_than_was_announced(machine, put, start):
    put(ONE)
    machine.pass_time(2 * DAY)
    second = put(TWO)
    machine.pass_time(29 * DAY)
    assert start() == ([], [ONE])
    machine.pass_time(5 * DAY)
    assert start() == ([ONE], [TWO])
    assert second.exists()


def ahead(machine):
    machine.set_clock(40 * DAY)


def back(machine):
    machine.set_clock(-40 * DAY)


def nothing(machine):
    del machine


def restarted(machine):
    machine.restart(60.0)


JUMPS = {
    "ahead": (nothing, ahead, nothing),
    "ahead and back": (nothing, ahead, back),
    "ahead over a start of the machine": (nothing, lambda it: (restarted(it), ahead(it)), back),
    "ahead and back over two": (
        nothing,
        lambda it: (ahead(it), restarted(it)),
        lambda it: (restarted(it), back(it)),
    ),
    "behind when it was deleted": (back, ahead, nothing),
    "behind when it was deleted, and right after a start": (
        back,
        lambda it: (restarted(it), ahead(it)),
        nothing,
    ),
    "in 1970 when it was deleted": (
        lambda it: it.set_clock(-56 * YEAR),
        lambda it: it.set_clock(56 * YEAR),
        restarted,
    ),
    "in 2099 when it was deleted": (
        lambda it: it.set_clock(73 * YEAR),
        lambda it: (it.set_clock(-73 * YEAR), restarted(it)),
        restarted,
    ),
    "behind, right, ahead, right": (
        back,
        lambda it: (ahead(it), restarted(it), ahead(it)),
        lambda it: (restarted(it), back(it)),
    ),
    "the uptime goes back, as in a machine that is restored": (
        nothing,
        lambda it: (it.set_clock(300 * DAY), setattr(it, "running", 5.0)),
        lambda it: it.set_clock(-300 * DAY),
    ),
    "local time, as another system left it": (
        nothing,
        lambda it: (it.restart(13 * 3600), restarted(it)),
        lambda it: it.restart(-13 * 3600),
    ),
}


@pytest.mark.parametrize("named", [True, False], ids=["starts with names", "without"])
@pytest.mark.parametrize("jump", JUMPS)
def test_a_clock_that_jumps_purges_and_announces_nothing(machine, put, start, jump, named):
    machine.named = named
    (machine.root / "proc/sys/kernel/random/boot_id").unlink() if not named else None
    before, one, other = JUMPS[jump]
    assert start() == ([], [])
    before(machine)
    item = put(ONE)
    for change in (nothing, one, nothing, other, nothing):
        change(machine)
        for _ in range(3):
            machine.pass_time(9 * 3600)
            assert start() == ([], [])
    assert item.exists()


def test_a_jump_costs_a_day_at_most_whatever_it_is(machine, put, start):
    item = put(ONE)
    for _ in range(26):  # a machine that starts in another month each time, and looks once
        machine.restart(31 * DAY)
        assert start() == ([], [])
        machine.restart(-30 * DAY)
        assert start() == ([], [])
    assert item.exists()


def test_a_clock_that_was_ahead_and_is_right_again_keeps_no_item_for_ever(machine, put, start):
    machine.set_clock(5 * YEAR)
    put(ONE)
    machine.set_clock(-5 * YEAR)
    assert start() == ([], [])
    machine.pass_time(31 * DAY)
    assert start() == ([], [ONE])
    machine.pass_time(DAY)
    assert start() == ([ONE], [])


def test_a_machine_that_sleeps_for_weeks_has_seen_them_pass(machine, put, start):
    put(ONE)
    assert start() == ([], [])
    machine.pass_time(60 * DAY)  # its uptime counts what it slept
    assert start() == ([], [ONE])


def test_a_machine_that_was_off_counts_a_day_a_start(machine, put, start):
    put(ONE)
    days = 0
    while start() == ([], []):
        machine.restart(20 * DAY)
        days += 1
        assert days < 40
    assert days == 30


def test_nights_that_it_is_off_count_in_full(machine, put, start):
    put(ONE)
    days = 0
    while start() == ([], []):
        machine.pass_time(DAY / 2)
        machine.restart(DAY / 2)
        days += 1
    assert days in {30, 31}


def test_items_of_before_start_counting_when_they_are_first_seen(machine, operations, put, start):
    item = put(ONE)
    manifest = item / "manifest.json"
    content = json.loads(manifest.read_text())
    del content["seen_at"]
    content["put_at"] = 1.0
    manifest.write_text(json.dumps(content))
    Path(operations.store.places.clock).unlink()
    assert start() == ([], [])
    (listed,) = operations.trash()
    assert listed.kept_until == pytest.approx(machine.wall + 30 * DAY, abs=5)
    machine.pass_time(31 * DAY)
    assert start() == ([], [ONE])
    machine.pass_time(DAY)
    assert start() == ([ONE], [])


RECORD = {
    "seen": 1.0, "wall": 1.0, "latest": 1.0, "uptime": 1.0, "boot": "",
    "first_seen": {}, "announced": {},
}  # fmt: skip
DAMAGED = {
    "empty": b"",
    "a list": b"[]",
    "cut off": b"{",
    "no text": b"\xff" * 100,
    "deep": b"[" * 100_000,
    "no numbers": json.dumps(RECORD | {"seen": float("nan")}).encode(),
    "endless": json.dumps(RECORD).replace("1.0", "1e999", 1).encode(),
    "words": json.dumps(RECORD | {"wall": "1"}).encode(),
    "no start": json.dumps(RECORD | {"boot": 3}).encode(),
    "no times": json.dumps(RECORD | {"announced": {ONE: None}}).encode(),
    "no names": json.dumps(RECORD | {"first_seen": [1]}).encode(),
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_record_that_is_damaged_purges_nothing_early(machine, operations, put, start, damage):
    put(ONE)
    machine.pass_time(20 * DAY)
    assert start() == ([], [])
    Path(operations.store.places.clock).write_bytes(DAMAGED[damage])
    assert start() == ([], [])
    machine.pass_time(29 * DAY)
    assert start() == ([], [])
    machine.pass_time(2 * DAY)
    assert start() == ([], [ONE])


def test_a_record_that_cannot_be_written_counts_for_nothing(machine, operations, put, monkeypatch):
    put(ONE)
    operations.due()
    machine.pass_time(31 * DAY)

    def full(*_given):
        raise OSError(28, "no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Clock, "keep", full)
        due = operations.due()
        operations.announce(due.announced)
    machine.pass_time(DAY)
    assert operations.due().purge == ()


def test_what_is_kept_for_longer_now_is_announced_anew(machine, operations, put):
    put(ONE)
    machine.pass_time(31 * DAY)
    operations.announce(operations.due().announced)
    machine.pass_time(DAY)
    operations.policy = Policy(keep_days=90)
    assert operations.due().purge == operations.due().announced == ()
    machine.pass_time(60 * DAY)
    (again,) = operations.due().announced
    assert (again.id, operations.due().purge) == (ONE, ())


def test_an_announcement_tells_from_when_on_it_holds(machine, operations, put):
    put(ONE)
    machine.pass_time(31 * DAY)
    due = operations.due()
    assert ([item.id for item in due.announced], due.hours) == ([ONE], 8)
    operations.announce(due.announced)
    machine.pass_time(6.5 * 3_600)
    due = operations.due()
    assert ([item.id for item in due.announced], due.hours) == ([ONE], 2)
    machine.pass_time(1.5 * 3_600)
    due = operations.due()
    assert ([item.id for item in due.purge], due.announced, due.hours) == ([ONE], (), 0)


def test_for_ever_is_for_ever(machine, operations, put):
    put(ONE)
    operations.policy = Policy(keep_days=None)
    machine.pass_time(1000 * DAY)
    due = operations.due()
    assert (due.purge, due.announced, operations.expired()) == ((), (), ())
    assert operations.trash()[0].kept_until is None


def test_an_item_that_holds_something_else_since_is_announced_anew(machine, operations, put, start):
    """As after the undo of a recreate: the item is the same, what it holds is not."""
    item, store = put(ONE), operations.store
    machine.pass_time(31 * DAY)
    assert start() == ([], [ONE])
    manifest = replace(operations.trash()[0].manifest, seen_at=store.clock.seen())
    write_manifest(str(item), manifest, store.disk, NEXT)
    take_next_manifest(str(item), store.disk)
    machine.pass_time(DAY)
    assert start() == ([], [])
    machine.pass_time(30 * DAY)
    assert start() == ([], [ONE])


def test_what_is_half_purged_waits_for_a_person(machine, operations, put, run, stuck, start):
    item = put(ONE)
    stuck.hold(item / "environment" / "lib" / "a.py")
    run(operations.plan_purge())
    put(TWO)
    machine.pass_time(31 * DAY)
    assert start() == ([], [TWO])
    machine.pass_time(DAY)
    assert start() == ([TWO], [])
    (left,) = operations.trash()
    assert left.going


def test_looking_writes_nothing(operations, put):
    put(ONE)
    clock = Path(operations.store.places.clock)
    clock.unlink(missing_ok=True)
    operations.trash(), operations.expired(), operations.history()
    assert not clock.exists()


def test_how_long_it_is_kept_is_told_by_the_time_that_was_seen(machine, operations, put):
    put(ONE)
    operations.due()
    machine.set_clock(40 * DAY)
    (item,) = operations.trash()
    assert item.kept_until == pytest.approx(machine.wall + 30 * DAY, abs=5)
    (past,) = operations.history()
    assert past.kept_until == pytest.approx(item.kept_until, abs=5)
    assert not item.is_due(machine.wall)
    assert replace(item, kept_until=machine.wall).is_due(machine.wall)


def test_a_start_of_the_screen_takes_these_steps(machine, operations, put):
    """The real operations, as the screen calls them in its thread."""
    put(ONE)
    assert (recover(operations).purge, recover(operations).announced) == (None, ())
    machine.pass_time(31 * DAY)
    first = recover(operations)
    assert (first.purge, [item.id for item in first.announced]) == (None, [ONE])
    operations.announce(first.announced)
    machine.pass_time(DAY)
    second = recover(operations)
    assert second.announced == ()
    assert [item.id for item in second.purge.items] == [ONE]
    assert operations.run(second.purge, lambda _event: None).status == "done"
    assert operations.trash() == ()
