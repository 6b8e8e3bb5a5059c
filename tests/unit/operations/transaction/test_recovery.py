"""What an interrupted operation left, in every state that the disk may be in then."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from envdeck.core.model import Operation
from envdeck.core.operations.execute import list_pending, recover
from envdeck.core.operations.shared.history import trashed
from envdeck.core.operations.transaction.journal import Entry, Move, Phase
from envdeck.core.operations.transaction.places import lock
from envdeck.core.operations.transaction.transaction import OperationStore, transaction
from envdeck.core.system.files import temporary_name

ID = "20261120-000001-aaaa"


class Left:
    """One operation that was interrupted; places are named by what they hold."""

    def __init__(self, store: OperationStore, home: Path) -> None:
        self.store = store
        self.path = home / "work" / ".venv"
        self.item = Path(store.places.trash, ID)
        self.places = {
            "here": self.path,
            "there": self.item / "environment",
            "before": self.item / "before",
        }
        self.path.parent.mkdir()

    def interrupt(self, move: Move, phase: Phase, *, keep_new: bool = False, **held: str) -> None:
        """Lay folders out: `here="old"`; of what is not laid out there is a number all the same."""
        made = {}
        for word in ("old", "new", "strange"):
            folder = self.path.parent / word
            folder.mkdir()
            (folder / "word").write_text(word)
            made[word] = self.store.disk.identity(str(folder))
        self.item.mkdir(parents=True)
        for place, word in held.items():
            os.rename(self.path.parent / word, self.places[place])
        item = self.store.disk.identity(str(self.item))
        entry = Entry(
            id=ID,
            group=ID,
            operation=Operation.DELETE,
            move=move,
            phase=phase,
            path=str(self.path),
            item=str(self.item),
            old=item if move is Move.REMOVE else made["old"],
            new=made["new"],
            keep_new=keep_new,
        )
        if move is Move.ASIDE:
            entry = replace(entry, new=None)
        if move is Move.BACK:
            entry = replace(entry, old=None)
        self.store.journal.write(entry)

    def now(self) -> dict[str, str]:
        return {
            name: (path / "word").read_text()
            for name, path in self.places.items()
            if (path / "word").exists()
        }


@pytest.fixture
def left(host, home) -> Left:
    return Left(OperationStore.open(host), home)


DONE, BACK, LOOK = Phase.DONE, Phase.ROLLED_BACK, Phase.ATTENTION
CASES = [
    (Move.ASIDE, Phase.PREPARED, {"here": "old"}, BACK, {"here": "old"}),
    (Move.ASIDE, Phase.PREPARED, {}, BACK, {}),
    (Move.ASIDE, Phase.MOVING, {"here": "old"}, BACK, {"here": "old"}),
    (Move.ASIDE, Phase.MOVING, {"there": "old"}, DONE, {"there": "old"}),
    (
        *(Move.ASIDE, Phase.MOVING, {"here": "strange", "there": "old"}, DONE),
        {"here": "strange", "there": "old"},
    ),
    (Move.ASIDE, Phase.MOVING, {"here": "strange"}, BACK, {"here": "strange"}),
    (Move.ASIDE, Phase.MOVING, {"there": "strange"}, LOOK, {"there": "strange"}),
    (Move.ASIDE, Phase.MOVING, {}, LOOK, {}),
    (Move.BACK, Phase.PREPARED, {"there": "new"}, BACK, {"there": "new"}),
    (Move.BACK, Phase.MOVING, {"there": "new"}, BACK, {"there": "new"}),
    (Move.BACK, Phase.MOVING, {"here": "new"}, DONE, {"here": "new"}),
    (
        *(Move.BACK, Phase.MOVING, {"here": "strange", "there": "new"}, BACK),
        {"here": "strange", "there": "new"},
    ),
    (Move.BACK, Phase.MOVING, {"here": "strange"}, LOOK, {"here": "strange"}),
    (Move.EXCHANGE, Phase.PREPARED, {"here": "old"}, BACK, {"here": "old"}),
    (Move.EXCHANGE, Phase.STAGING, {"here": "old", "there": "new"}, BACK, {"here": "old"}),
    (
        *(Move.EXCHANGE, Phase.STAGING, {"here": "old", "there": "strange"}, LOOK),
        {"here": "old", "there": "strange"},
    ),
    (Move.EXCHANGE, Phase.MOVING, {"here": "old", "there": "new"}, BACK, {"here": "old"}),
    (Move.EXCHANGE, Phase.MOVING, {"here": "strange", "there": "new"}, BACK, {"here": "strange"}),
    (
        *(Move.EXCHANGE, Phase.MOVING, {"here": "new", "there": "old"}, DONE),
        {"here": "new", "there": "old"},
    ),
    (Move.EXCHANGE, Phase.MOVING, {"before": "old", "there": "new"}, BACK, {"here": "old"}),
    (
        *(Move.EXCHANGE, Phase.MOVING, {"here": "new", "before": "old"}, DONE),
        {"here": "new", "there": "old"},
    ),
    (
        *(Move.EXCHANGE, Phase.MOVING, {"here": "strange", "before": "old", "there": "new"}, LOOK),
        {"here": "strange", "before": "old", "there": "new"},
    ),
    (
        *(Move.EXCHANGE, Phase.MOVING, {"here": "strange", "there": "old"}, LOOK),
        {"here": "strange", "there": "old"},
    ),
]


@pytest.mark.parametrize(("move", "phase", "held", "ended", "now"), CASES, ids=str)
def test_every_state_is_settled_or_left_alone(left, move, phase, held, ended, now):
    left.interrupt(move, phase, **held)
    (entry,) = recover(left.store)
    assert (entry.phase, left.now()) == (ended, now)
    assert entry.ended_at is not None
    assert recover(left.store) == ()
    assert left.now() == now
    assert left.item.exists() is ("there" in now or "before" in now or ended is LOOK)


def test_what_was_there_before_is_never_given_up(left):
    left.interrupt(Move.EXCHANGE, Phase.MOVING, keep_new=True, here="old", there="new")
    os.mkdir(left.item / ".exchange-a")
    (entry,) = recover(left.store)
    assert (entry.phase, left.now()) == (BACK, {"here": "old", "there": "new"})
    assert os.listdir(left.item) == ["environment"]


def test_a_purge_that_began_is_finished(left):
    left.interrupt(Move.REMOVE, Phase.MOVING, there="old")
    os.rename(left.item, f"{left.item}.purging")
    (entry,) = recover(left.store)
    assert entry.phase is DONE
    assert not left.item.parent.exists()
    assert trashed(left.store) == ()


@pytest.mark.parametrize(("here", "ended"), [({}, DONE), ({"here": "old"}, LOOK)])
def test_what_the_owner_began_is_looked_at(left, here, ended):
    left.interrupt(Move.OWNER, Phase.MOVING, **here)
    assert [entry.phase for entry in recover(left.store)] == [ended]


def test_what_somebody_works_on_is_left_alone(left):
    left.interrupt(Move.EXCHANGE, Phase.STAGING, here="old", there="new")
    store = left.store
    with lock(str(left.path), store.places.locks, store.disk, ID):
        assert recover(store) == ()
        assert left.now() == {"here": "old", "there": "new"}
        assert [entry.id for entry in list_pending(store)] == [ID]
        assert trashed(store) == ()
    assert len(recover(store)) == 1


def test_what_the_disk_refuses_comes_back_with_the_reason(left, monkeypatch):
    left.interrupt(Move.EXCHANGE, Phase.STAGING, here="old", there="new")
    shutil.rmtree(left.store.places.locks, ignore_errors=True)
    Path(left.store.places.locks).write_text("no folder")
    (entry,) = recover(left.store)
    assert entry.message.startswith("cannot be recovered: ")
    assert [each.id for each in list_pending(left.store)] == [ID]
    Path(left.store.places.locks).unlink()
    assert [each.phase for each in recover(left.store)] == [BACK]


def test_temporary_files_of_the_dead_are_swept_and_those_of_the_living_stay(left):
    left.interrupt(Move.EXCHANGE, Phase.MOVING, keep_new=True, here="old", there="new")
    folders = [Path(left.store.places.journal), left.item.parent, left.item]
    for folder in folders:
        (folder / f"x.json.{os.getpid()}.tmp").write_text("of an earlier version")
        Path(temporary_name(str(folder / "x.json"))).write_text("of the living")
        (folder / "x.json.999999999.tmp").write_text("of the dead")
        (folder / "x.json.999999999-7.tmp").write_text("of the dead")
        (folder / "notes.tmp").write_text("of somebody")
    recover(left.store)
    for folder in folders:
        names = {name for name in os.listdir(folder) if name.endswith(".tmp")}
        living = os.path.basename(temporary_name("x.json"))
        assert names == {f"x.json.{os.getpid()}.tmp", living, "notes.tmp"}


def test_the_next_operation_settles_what_was_left_at_its_place(left):
    """Recovery may find the lock held by an installer that ends a moment later."""
    left.interrupt(Move.EXCHANGE, Phase.STAGING, here="old", there="new")
    old = left.store.disk.identity(str(left.path))
    entry = Entry(
        id="20261120-000002-bbbb",
        group="g",
        operation=Operation.DELETE,
        move=Move.ASIDE,
        phase=Phase.PREPARED,
        path=str(left.path),
        item="",
        old=old,
    )
    with transaction(left.store, entry) as current:
        current.open_item(left.store.places.trash)
        current.move_to_trash()
    phases = {each.id: each.phase for each in left.store.journal.read_all()[0]}
    assert phases == {ID: BACK, entry.id: DONE}
    assert not left.item.exists()
    assert recover(left.store) == ()
