"""What the disk has no room for is refused before anything is made."""

import os

import pytest

from envdeck.core.model import Operation
from envdeck.core.operations.shared.space import ROOM_HINT, no_room
from envdeck.core.operations.transaction.transaction import OperationStore
from envdeck.core.operations.transaction.trash import TrashManifest, write_manifest

GIGA = 10**9


@pytest.mark.parametrize(
    ("free", "needs", "said"),
    [
        (2 * GIGA, GIGA, None),
        (2 * GIGA, None, None),
        (GIGA, GIGA, "needs 1,000,000,000 during the operation"),
        (1_000, None, "some are needed during the operation"),
    ],
)
def test_room_is_judged_by_what_it_needs(host, home, monkeypatch, free, needs, said):
    store = OperationStore.open(host)
    monkeypatch.setattr(type(store.disk), "free_bytes", lambda *_: free)
    found = no_room(os.path.join(home, ".venv"), needs, store)
    assert [one.guard for one in found] == ([] if said is None else ["no-room"])
    assert said is None or said in found[0].message
    assert all(not one.overrulable for one in found)


def test_a_place_that_is_not_there_is_for_others_to_refuse(host, home):
    assert no_room(str(home / "gone" / ".venv"), GIGA, OperationStore.open(host)) == ()


@pytest.mark.parametrize("files", [None, 5])
def test_a_disk_without_inodes_is_full_too(host, home, monkeypatch, files):
    store = OperationStore.open(host)
    monkeypatch.setattr(type(store.disk), "free_bytes", lambda *_: GIGA)
    monkeypatch.setattr(type(store.disk), "free_files", lambda *_: files)
    found = no_room(os.path.join(home, ".venv"), None, store)
    said = [(one.guard, one.message) for one in found]
    assert said == ([] if files is None else [("no-room", "the disk has 5 free inodes")])


def test_the_trash_is_only_named_where_it_frees_something(host, home, monkeypatch):
    store = OperationStore.open(host)
    monkeypatch.setattr(type(store.disk), "free_bytes", lambda *_: 0)
    path = os.path.join(home, ".venv")
    (found,) = no_room(path, None, store)
    assert "trash" not in found.hint
    for number, size in enumerate((0, 2_000_000)):
        item = os.path.join(store.places.trash, f"20261120-00000{number}-aaaa")
        os.makedirs(item)
        known = TrashManifest(
            os.path.basename(item), Operation.DELETE, path, ".venv", "venv", "3", 1.0,
            reclaimable_bytes=size,
        )  # fmt: skip
        write_manifest(item, known, store.disk)
        (found,) = no_room(path, None, store)
        frees = "run `envdeck trash purge` to free 2.0 MB there"
        assert found.hint == (frees if size else ROOM_HINT)
