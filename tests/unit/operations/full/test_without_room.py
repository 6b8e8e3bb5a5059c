"""Deleting, purging and undoing on disks that are full to the last block, inode or quota."""

import os
import shutil
from pathlib import Path

import pytest

from envdeck.core.model import Ending, NoPlan, Result
from envdeck.core.operations.api import Operations
from support.trees import contents

ALLOW = frozenset({"unowned-files"})


def run(operations: Operations, plan: object) -> Result:
    assert not isinstance(plan, NoPlan), plan
    assert plan.refusals == ()
    return operations.run(plan, lambda _event: None)


def delete(operations: Operations, *paths: Path, purge: bool = False) -> Result:
    found = [operations.catalog.lookup(str(path)) for path in paths]
    return run(operations, operations.plan_delete(found, purge=purge, allow=ALLOW))


def tree(top: Path) -> dict[str, bytes]:
    return contents(top, without=lambda name: name.endswith(".crowd"))


@pytest.fixture
def used(disk, at_home, environment):
    """Return the operations of somebody who used EnvDeck before their disk was full, and three
    environments."""
    home = disk.top / "home"
    operations = at_home(home)
    made = [environment(home / name / ".venv") for name in ("one", "two", "three", "before")]
    assert delete(operations, made.pop()).status is Ending.DONE
    return operations, made


def test_delete_and_undo(disk, used):
    operations, (path, *_) = used
    before = tree(path)
    disk.fill()
    for _ in range(2):
        result = delete(operations, path)
        assert result.status is Ending.DONE, result
        assert not path.exists()
        disk.fill()
        result = run(operations, operations.plan_undo())
        assert result.status is Ending.DONE, result
        assert tree(path) == before
        disk.fill()


def test_purge_from_the_trash(disk, used):
    operations, _ = used
    disk.fill()
    result = run(operations, operations.plan_purge())
    assert (result.status, operations.trash()) == (Ending.DONE, ()), result
    assert result.freed_bytes > 100_000


def test_delete_for_good(disk, used):
    operations, paths = used
    disk.fill()
    result = delete(operations, *paths, purge=True)
    assert result.status is Ending.DONE, result
    assert not any(path.exists() for path in paths)
    assert len(operations.trash()) == 1


def test_every_item_is_purged_though_the_first_has_nothing_to_give(disk, used):
    operations, _ = used
    (home,) = (Path(operations.catalog.host.home),)
    small = home / "small" / ".venv"
    small.mkdir(parents=True)
    (small / "pyvenv.cfg").write_text(f"home = {os.path.dirname(os.__file__)}\n")
    (small / "bin").mkdir()
    (small / "lib" / "python3.11" / "site-packages").mkdir(parents=True)
    (small / "bin" / "python").symlink_to("/usr/bin/env")
    assert delete(operations, small).status is Ending.DONE
    shutil.rmtree(reserve_of(operations))
    disk.fill()
    result = run(operations, operations.plan_purge())
    assert (result.status, operations.trash()) == (Ending.DONE, ()), result


# without a reserve


def reserve_of(operations: Operations) -> str:
    return operations.store.places.reserve


@pytest.mark.parametrize("how", ["trash", "for-good"])
def test_what_goes_for_good_gives_the_first_blocks(disk, used, how):
    operations, paths = used
    shutil.rmtree(reserve_of(operations))
    disk.fill()
    if how == "trash":
        result = run(operations, operations.plan_purge())
        assert operations.trash() == ()
    else:
        result = delete(operations, *paths, purge=True)
        assert not any(path.exists() for path in paths)
    assert result.status is Ending.DONE, result
    assert os.listdir(reserve_of(operations))
    assert operations.pending() == ()


def test_what_can_come_back_gives_nothing_and_the_hint_is_true(disk, used):
    operations, (path, *_) = used
    before = tree(path)
    shutil.rmtree(reserve_of(operations))
    disk.fill()
    for result in (delete(operations, path), run(operations, operations.plan_undo())):
        assert result.status is Ending.ROLLED_BACK
        assert LACKS[disk.kind] in result.message
        assert result.message.endswith(f" on {disk.top}")
        assert result.hint == "run `envdeck trash purge` to empty the trash there"
    assert tree(path) == before
    operations.recover()
    assert operations.pending() == ()
    assert run(operations, operations.plan_purge()).status is Ending.DONE
    assert delete(operations, path).status is Ending.DONE


LACKS = {
    "ext4": "no space left",
    "tmpfs": "no space left",
    "ext4-inodes": "no inodes left",
    "tmpfs-inodes": "no inodes left",
    "btrfs-quota": "disk quota exceeded",
}


def begin(disk, at_home) -> Operations:
    """Return the operations of somebody who never used EnvDeck."""
    home = disk.top / "home"
    for name in (".local/state", ".local/share", ".cache"):
        (home / name).mkdir(parents=True)
    return at_home(home)


def test_the_first_run_of_all(disk, at_home, environment):
    operations = begin(disk, at_home)
    home = Path(operations.catalog.host.home)
    path = environment(home / "work" / ".venv")
    before = tree(path)
    disk.fill()
    result = delete(operations, path)
    assert result.status is Ending.ROLLED_BACK, result
    assert LACKS[disk.kind] in result.message
    command = f"envdeck delete --purge {path} --allow unowned-files"
    assert f"run `{command}` to free " in result.hint
    assert tree(path) == before
    assert not any(tree(home / ".local").values())
    result = delete(operations, path, purge=True)
    assert result.status is Ending.DONE, result
    assert not path.exists()
    assert (operations.trash(), operations.pending()) == ((), ())
    assert {each.entry.purged for each in operations.history()} == {True, False}


def test_the_first_run_of_all_with_an_environment_that_was_never_used(disk, at_home, make_venv):
    operations = begin(disk, at_home)
    path = make_venv(Path(operations.catalog.host.home) / "work" / ".venv", creator="uv")
    before = tree(path)
    disk.fill()
    result = delete(operations, path)
    assert (result.status, "1 MB or 100 files" in result.hint) == (Ending.ROLLED_BACK, True)
    assert tree(path) == before
    disk.give()
    result = delete(operations, path)
    assert result.status is Ending.DONE, result


def test_what_has_little_to_give_goes_for_good_all_the_same(disk, at_home, make_venv):
    if disk.kind == "btrfs-quota":
        pytest.skip("btrfs keeps files this small among its own blocks: they free none")
    operations = begin(disk, at_home)
    path = make_venv(Path(operations.catalog.host.home) / "work" / ".venv", creator="uv")
    disk.fill()
    result = delete(operations, path, purge=True)
    assert (result.status, path.exists()) == (Ending.DONE, False), result


# the trash on another disk than the journal


@pytest.fixture
def elsewhere(disk, at_home, environment, tmp_path):
    """Return the operations of a home on a disk with room, and two environments on the full one,
    of which the trash is there too."""
    operations = at_home(tmp_path / "home")
    work = disk.top / "home"
    made = [environment(work / name / ".venv") for name in ("one", "two")]
    return operations, made


def test_a_trash_elsewhere_keeps_room_of_its_own(disk, elsewhere):
    operations, (first, second) = elsewhere
    before = tree(second)
    assert delete(operations, first).status is Ending.DONE
    trash = Path(operations.trash()[0].folder).parent
    assert len(os.listdir(trash / ".reserve")) == 12
    disk.fill()
    assert delete(operations, second).status is Ending.DONE
    assert len(operations.trash()) == 2
    disk.fill()
    assert run(operations, operations.plan_undo()).status is Ending.DONE
    assert tree(second) == before
    disk.fill()
    for crowd in trash.rglob("*.crowd"):
        crowd.unlink()
    assert run(operations, operations.plan_purge()).status is Ending.DONE
    assert not trash.exists()


def test_a_trash_elsewhere_that_is_not_there_yet(disk, elsewhere):
    operations, (first, second) = elsewhere
    before = tree(first)
    disk.fill()
    result = delete(operations, first)
    assert (result.status, LACKS[disk.kind] in result.message) == (Ending.ROLLED_BACK, True)
    assert f"on {disk.top}" in result.message
    assert f"run `envdeck delete --purge {first} --allow unowned-files` to free " in result.hint
    assert tree(first) == before
    assert not list(disk.top.rglob(".envdeck-trash*"))
    result = delete(operations, first, second, purge=True)
    assert result.status is Ending.DONE, result
    assert not list(disk.top.rglob(".envdeck-trash*"))
    assert operations.pending() == ()
