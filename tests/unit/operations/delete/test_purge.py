"""Purging: what it says it frees is free, what it was not shown stays, what failed is said."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from envdeck.core.catalog import Catalog
from envdeck.core.model import Ending, Identity, NoPlan, Operation, Policy
from envdeck.core.operations.api import Operations
from envdeck.core.operations.disk import permissions
from envdeck.core.operations.disk.platforms import LinuxDisk
from envdeck.core.operations.transaction.journal import Entry, Move, Phase
from envdeck.core.operations.transaction.transaction import transaction
from envdeck.core.operations.transaction.trash import TrashManifest
from envdeck.core.system.mounts import Mount


@pytest.fixture
def operations(host) -> Operations:
    clock = iter(range(1_000_000, 2_000_000))
    return Operations(Catalog(replace(host, now=lambda: float(next(clock)))))


@pytest.fixture
def put(operations, home):
    """Return a function that puts an environment of some bytes into the trash."""

    def putting(identifier: str, size: int = 10_000) -> Path:
        path, store = home / "work" / identifier / ".venv", operations.store
        path.mkdir(parents=True)
        (path / "data").write_bytes(b"x" * size)
        old = store.disk.identity(str(path))
        entry = Entry(
            id=identifier,
            group=identifier,
            operation=Operation.DELETE,
            move=Move.ASIDE,
            phase=Phase.PREPARED,
            path=str(path),
            item="",
            old=old,
        )
        with transaction(store, entry) as current:
            current.open_item(store.places.trash)
            manifest = TrashManifest(
                identifier, Operation.DELETE, str(path), ".venv", "venv", "3.13", 1.0,
                reclaimable_bytes=size,
            )  # fmt: skip
            current.describe(manifest)
            current.move_to_trash()
        return Path(current.entry.item)

    return putting


def run(operations, plan, stopped=lambda: False):
    return operations.run(plan, lambda _event: None, stopped)


def test_it_frees_what_it_says(operations, put):
    put("20260101-000000-aaaa", 400_000)
    put("20260102-000000-aaaa", 200_000)
    plan = operations.plan_purge()
    result = run(operations, plan)
    assert (result.status, plan.frees_now_bytes) == (Ending.DONE, 600_000)
    assert 600_000 <= result.freed_bytes < 650_000
    assert operations.trash() == ()
    assert {each.why_not for each in operations.history()} == {"permanently deleted"}
    assert not os.path.exists(operations.store.places.trash)
    assert isinstance(operations.plan_purge(), NoPlan)


def test_one_of_them_by_its_id(operations, put):
    first, second = put("20260101-000000-aaaa"), put("20260102-000000-aaaa")
    assert run(operations, operations.plan_purge([first.name])).status is Ending.DONE
    assert (first.exists(), second.exists()) == (False, True)
    unknown = operations.plan_purge(["20260103-000000-aaaa"])
    assert isinstance(unknown, NoPlan)
    assert unknown.missing


def test_what_is_taken_out_meanwhile_is_not_purged(operations, put):
    item = put("20260101-000000-aaaa")
    plan = operations.plan_purge()
    assert run(operations, operations.plan_undo()).status is Ending.DONE
    assert run(operations, plan).status is Ending.DONE
    assert not item.exists()
    assert operations.history()[-1].entry.path.endswith(".venv")
    assert os.path.exists(operations.history()[-1].entry.path)


def test_what_is_another_now_is_not_purged(operations, put):
    item = put("20260101-000000-aaaa")
    plan = operations.plan_purge()
    (item / "environment").rename(item / "aside")
    (item / "environment").mkdir()
    (item / "environment" / "data").write_text("another")
    result = run(operations, plan)
    assert (result.status, result.guard) == (Ending.REFUSED, "not-an-environment")
    assert (item / "environment" / "data").read_text() == "another"


def test_what_an_operation_works_with_is_not_purged(operations, put):
    item = put("20260101-000000-aaaa")
    plan = operations.plan_purge()
    pending = Entry(
        id="20260105-000000-aaaa",
        group="g",
        operation=Operation.UNDO,
        move=Move.BACK,
        phase=Phase.MOVING,
        path="/else/where",
        item=str(item),
        new=Identity(1, 1),
        undoes=item.name,
    )
    operations.store.journal.write(pending)
    result = run(operations, plan)
    assert (result.status, result.guard) == (Ending.REFUSED, "in-use")
    assert pending.id in result.message
    assert (item / "environment" / "data").exists()


def test_stopped_between_two(operations, put):
    first, second = put("20260101-000000-aaaa"), put("20260102-000000-aaaa")
    result = run(operations, operations.plan_purge(), iter([False, True]).__next__)
    assert result.stopped
    assert (first.exists(), second.exists()) == (True, False)


class StubbornDisk(LinuxDisk):
    """Removes one file, if any, and then no more."""

    first = ""

    def remove_tree(self, path, *rest):
        Path(path, self.first).unlink() if self.first else None
        self.first = ""
        raise PermissionError(13, "permission denied", path)


def stubborn(operations, host, first: str = "") -> None:
    operations.store.disk = StubbornDisk(host)
    operations.store.disk.first = first
    operations.store.journal._disk = operations.store.disk


def test_of_what_nothing_can_be_removed_all_can_be_put_back(operations, put, host):
    item = put("20260101-000000-aaaa")
    usual = operations.store.disk
    stubborn(operations, host)
    result = run(operations, operations.plan_purge())
    assert result.status is Ending.ROLLED_BACK
    assert "still complete in the trash" in result.message
    assert (item / "environment" / "data").exists()
    assert operations.recover() == ()
    operations.store.disk = usual
    assert run(operations, operations.plan_undo()).status is Ending.DONE


def test_what_could_be_removed_in_part_is_told_and_tried_again_when_asked(operations, put, host):
    item = put("20260101-000000-aaaa")
    usual = operations.store.disk
    stubborn(operations, host, "data")
    result = run(operations, operations.plan_purge())
    assert result.status is Ending.FAILED
    assert result.message == (
        ".venv: partly deleted, cannot be undone: environment cannot be removed: permission denied"
    )
    assert operations.recover() == ()  # nothing warns of it at each start
    (left,) = operations.trash()
    assert (left.id, left.going) == (item.name, True)
    assert left.problem == "partly deleted: environment cannot be removed: permission denied"
    assert isinstance(operations.plan_undo(), NoPlan)
    operations.store.disk = usual
    assert run(operations, operations.plan_purge([item.name])).status is Ending.DONE
    assert not item.parent.exists()
    assert {each.why_not for each in operations.history()} == {"permanently deleted"}


def test_what_is_mounted_in_it_is_seen_before_it_is_touched(operations, put, monkeypatch):
    item = put("20260101-000000-aaaa")
    early = operations.plan_purge()
    point = str(item / "environment")
    mount = Mount(point, "ext4", 1, frozenset(), "/dev/sda1")
    monkeypatch.setattr(permissions, "read_mounts", lambda _host: (mount,))
    (refusal,) = operations.plan_purge().refusals
    assert (refusal.guard, refusal.hint) == ("mount", f"umount {point}")
    result = run(operations, early)
    assert result.status is Ending.ROLLED_BACK
    assert "--purge" not in result.hint
    assert (item / "environment" / "data").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a folder another user's")
def test_what_is_another_users_is_seen_before_it_is_touched(operations, put, monkeypatch):
    item = put("20260101-000000-aaaa")
    os.chown(item / "environment", 4321, 4321)
    os.chmod(item / "environment", 0o755)
    monkeypatch.setattr(os, "geteuid", lambda: 1234)
    monkeypatch.setattr(os, "access", lambda *_given: False)
    with pytest.raises(PermissionError):
        permissions.check_removable(str(item), operations.store.host)


def test_what_nobody_says_is_ours_stays(operations, put):
    put("20260101-000000-aaaa")
    strange = Path(operations.store.places.trash, "notes")
    other = Path(operations.store.places.trash, "20260102-000000-aaaa")
    for folder in (strange, other):
        (folder / "environment").mkdir(parents=True)
        (folder / "environment" / "thesis").write_text("mine")
    ours = Path(operations.store.places.trash, "20260101-000000-aaaa", "manifest.json")
    (other / "manifest.json").write_bytes(ours.read_bytes())  # of another item
    assert {item.id: item.ours for item in operations.trash()} == {
        "notes": False, "20260102-000000-aaaa": False, "20260101-000000-aaaa": True,
    }  # fmt: skip
    refused = operations.plan_purge(["notes"])
    assert isinstance(refused, NoPlan)
    assert "unknown item" in refused.message
    assert run(operations, operations.plan_purge()).status is Ending.DONE
    assert (strange / "environment" / "thesis").read_text() == "mine"
    assert (other / "environment" / "thesis").read_text() == "mine"
    assert isinstance(operations.plan_purge(), NoPlan)


def test_through_a_linked_trash_nothing_is_seen(operations, put, home):
    item = put("20260101-000000-aaaa")
    project = home / "project"
    item.parent.rename(project)
    item.parent.symlink_to(project)
    assert operations.trash() == ()
    assert isinstance(operations.plan_purge(), NoPlan)
    assert (project / item.name / "environment" / "data").exists()


def test_a_trash_whose_disk_is_away_is_told(operations, home):
    beside = home / "disk" / "project" / ".envdeck-trash"
    name = "20260101-000000-aaaa"
    entry = Entry(
        id=name,
        group=name,
        operation=Operation.DELETE,
        move=Move.ASIDE,
        phase=Phase.DONE,
        path=f"{beside.parent}/.venv",
        item=f"{beside}/{name}",
        old=Identity(1, 1),
    )
    operations.store.journal.write(entry)
    (item,) = operations.trash()
    assert "is its disk mounted?" in item.problem
    for given in ((), (name,)):
        none = operations.plan_purge(given)
        assert isinstance(none, NoPlan)
        assert "is its disk mounted?" in none.message
    beside.parent.mkdir(parents=True)  # a person has removed the trash
    assert operations.trash() == ()


def test_the_read_only_mode_purges_nothing(operations, put):
    item = put("20260101-000000-aaaa")
    plan = operations.plan_purge()
    operations.policy = Policy(read_only=True)
    assert run(operations, plan).guard == "read-only"
    assert (item / "environment" / "data").exists()
