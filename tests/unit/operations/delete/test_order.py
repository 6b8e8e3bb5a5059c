"""The order of operations is the one they were done in, whatever the clock said."""

import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from envdeck.core.model import Ending, Operation
from envdeck.core.operations.transaction.journal import Entry, Move, Phase, new_id
from envdeck.core.operations.transaction.places import lock

ONE, TWO, THREE = "20260301-000000-aaaa", "20260201-000000-aaaa", "20260101-000000-aaaa"
DAY = 86_400.0


@pytest.mark.parametrize("jumps", [(0, 0), (-40, 0), (40, -80), (-40, -40), (-20_000, 3)], ids=str)
def test_undo_takes_the_last_whatever_the_clock_says(machine, operations, put, run, jumps):
    for name, jump in zip((ONE, TWO, THREE), (0, *jumps), strict=True):
        machine.set_clock(jump * DAY)
        put(name)
    assert [each.entry.id for each in operations.history()] == [THREE, TWO, ONE]
    assert [item.id for item in operations.trash()] == [THREE, TWO, ONE]
    for name in (THREE, TWO, ONE):
        plan = operations.plan_undo()
        assert [each.entry.id for each in plan.returns] == [name]
        assert run(plan).status is Ending.DONE


def test_those_of_before_come_before(operations, put, home):
    journal = operations.store.journal
    older = Entry(
        id="20990101-000000-aaaa",
        group="g",
        operation=Operation.DELETE,
        move=Move.ASIDE,
        phase=Phase.ROLLED_BACK,
        path=f"{home}/x",
        item="",
        created_at=4e9,
    )
    oldest = replace(older, id="20980101-000000-aaaa", created_at=3e9)
    for entry in (older, oldest):
        journal.write(entry)
        file = Path(operations.store.places.journal, f"{entry.id}.json")
        content = json.loads(file.read_text())
        del content["sequence"], content["partly"]
        file.write_text(json.dumps(content, indent=1))
    put(ONE)
    entries, unreadable = journal.read_all()
    assert unreadable == []
    assert [each.id for each in entries] == [oldest.id, older.id, ONE]
    assert [each.sequence for each in entries] == [0, 0, 1]


def test_a_number_is_given_once(operations, put):
    for number, name in enumerate((ONE, TWO, THREE), 1):
        put(name)
        assert operations.store.journal.next_sequence() == number + 1
    (first, *_), _ = operations.store.journal.read_all()
    hostile = replace(first, id=new_id(operations.store.host), message='"sequence": 999999, ')
    operations.store.journal.write(replace(hostile, item=""))
    assert operations.store.journal.next_sequence() == 4


@pytest.mark.parametrize("value", [-1, 1.5, "1", None, 10**15])
def test_a_number_that_is_none_is_told(operations, put, value):
    put(ONE)
    file = Path(operations.store.places.journal, f"{ONE}.json")
    content = json.loads(file.read_text())
    file.write_text(json.dumps(content | {"sequence": value}, indent=1))
    entries, (damaged,) = operations.store.journal.read_all()
    assert entries == []
    assert "damaged" in damaged.reason


def test_several_at_once_get_one_each(operations, put):
    names = [f"20260101-0000{number:02}-aaaa" for number in range(8)]
    put(ONE)  # the trash and the journal are there
    threads = [threading.Thread(target=put, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    entries, _ = operations.store.journal.read_all()
    assert sorted(each.sequence for each in entries) == list(range(1, 10))


def test_one_who_hangs_with_the_number_keeps_nobody(operations, put, monkeypatch):
    monkeypatch.setattr("envdeck.core.operations.transaction.transaction._PAUSE", 0.001)
    places = operations.store.places
    held = lock(places.journal, places.locks, operations.store.disk, "hanging")
    try:
        assert put(ONE).exists()
    finally:
        held.release()
