"""Room that is kept for a full disk: made quietly, given up in steps, never taken from others."""

import errno
import os
from pathlib import Path

import pytest

from envdeck.core.operations.disk import Disk, Reserve, reserve
from envdeck.core.operations.disk.reserve import find_derivable, remove_derivable
from envdeck.core.operations.transaction.spare import PurgeRequest
from envdeck.core.operations.transaction.transaction import OperationStore


@pytest.fixture
def kept(tmp_path):
    made = Reserve(str(tmp_path / "state" / "reserve"), 4)
    made.fill()
    return made


def names(kept: Reserve) -> list[str]:
    return sorted(os.listdir(kept.folder))


def test_it_has_real_blocks_and_is_its_owners(kept):
    assert names(kept) == ["00", "01", "02", "03"]
    for name in names(kept):
        assert os.stat(os.path.join(kept.folder, name)).st_blocks * 512 >= 16 * 1024
    for folder in (kept.folder, os.path.dirname(kept.folder)):
        assert os.stat(folder).st_mode & 0o777 == 0o700


def test_it_is_given_up_in_steps_and_made_again(kept):
    assert [kept.take() for _ in range(5)] == [True, True, True, True, False]
    assert names(kept) == []
    kept.fill()
    assert len(names(kept)) == 4


@pytest.mark.parametrize(("free", "have"), [(1000, 4), (17, 2), (8, 1), (7, 0), (0, 0)])
def test_it_takes_no_more_than_its_share(tmp_path, monkeypatch, free, have):
    monkeypatch.setattr(reserve, "_room_at", lambda _folder: free)
    made = Reserve(str(tmp_path / "reserve"), 4)
    made.fill()
    assert len(made._names()) == have


def test_on_a_full_disk_it_takes_back_what_it_gave(kept, monkeypatch):
    monkeypatch.setattr(reserve, "_room_at", lambda _folder: 0)
    kept.take()
    kept.take()
    kept.fill()
    assert len(names(kept)) == 4
    os.unlink(os.path.join(kept.folder, "00"))
    kept.fill()
    assert len(names(kept)) == 3


def test_one_that_is_not_whole_is_none(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "urandom", lambda _count: pytest.fail("no room"))
    made = Reserve(str(tmp_path / "reserve"), 4)
    with pytest.raises(pytest.fail.Exception):
        made.fill()
    assert names(made) == []


def test_a_home_that_may_not_be_written_is_no_failure(tmp_path):
    (tmp_path / "file").write_text("")
    made = Reserve(str(tmp_path / "file" / "reserve"), 4)
    made.fill()
    assert not made.take()


def test_it_removes_nothing_of_anybody_else(tmp_path):
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    for name in ("00", "01"):
        (theirs / name).write_text("mine")
    (tmp_path / "reserve").symlink_to(theirs)
    made = Reserve(str(tmp_path / "reserve"), 2)
    assert not made.take()
    made.remove()
    assert sorted(os.listdir(theirs)) == ["00", "01"]
    (tmp_path / "reserve").unlink()
    (tmp_path / "reserve").mkdir()
    (tmp_path / "reserve" / "notes").write_text("mine")
    (tmp_path / "reserve" / "00").mkdir()
    assert not made.take()
    assert sorted(os.listdir(made.folder)) == ["00", "notes"]


# the disk


@pytest.fixture
def store(host):
    made = OperationStore.open(host)
    made.spare.keep()
    return made


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("name", ["write", "fsync", "replace", "mkdir"])
def test_a_write_without_room_takes_from_the_reserve(store, monkeypatch, home, name, number):
    reserved = Path(store.places.reserve)
    count, real = len(list(reserved.iterdir())), getattr(os, name)

    def refuse(*given: object, **more: object) -> object:
        if len(list(reserved.iterdir())) > count - 3:
            raise OSError(number, os.strerror(number))
        return real(*given, **more)

    monkeypatch.setattr(os, name, refuse)
    folder = home / "made"
    store.disk.ensure_folder(str(folder))
    store.disk.write(str(folder / "file"), b"content")
    monkeypatch.undo()
    assert (folder / "file").read_bytes() == b"content"
    assert os.listdir(folder) == ["file"]
    assert len(list(reserved.iterdir())) == count - 3


def test_other_errors_take_nothing(store, monkeypatch, home):
    def refuse(*_given: object) -> None:
        raise OSError(errno.EIO, "input/output error")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OSError, match="input/output"):
        store.disk.write(str(home / "file"), b"content")
    assert len(os.listdir(store.places.reserve)) == 32


def test_what_is_not_needed_takes_nothing(store, monkeypatch, home):
    def refuse(*_given: object) -> None:
        raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OSError, match="no space"):
        store.disk.write(str(home / "file"), b"content", needed=False)
    assert len(os.listdir(store.places.reserve)) == 32


def test_a_disk_of_nobody_has_none(host, tmp_path):
    disk = Disk(host)
    assert not disk.spare(str(tmp_path))


# what goes for good


def environment(top: Path) -> Path:
    for name in ("bin/activate", "bin/python", "lib/p/__pycache__/a.pyc", "lib/p/a.py"):
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * 5000)
    (top / "pyvenv.cfg").write_text("home = /nowhere\n")
    (top / "lib" / "p" / "bin").mkdir()
    (top / "lib" / "p" / "bin" / "activate").write_text("a package's own")
    return top


def found(top: Path, **more: bool) -> list[str]:
    return [os.path.relpath(path, top) for path, _ in find_derivable(str(top), **more)]


def test_only_what_is_written_again_goes(tmp_path):
    top = environment(tmp_path / ".venv")
    assert found(top) == ["lib/p/__pycache__/a.pyc", "bin/activate"]
    assert remove_derivable(str(top), 1) >= 5000
    assert found(top) == ["bin/activate"]
    assert remove_derivable(str(top), 10**9) >= 5000
    assert remove_derivable(str(top), 10**9) == 0
    assert sorted(found(top, everything=True)) == ["bin/python", "lib/p/a.py", "lib/p/bin/activate"]


def test_a_file_with_links_elsewhere_and_what_a_link_leads_to_stay(tmp_path):
    top = environment(tmp_path / ".venv")
    os.link(top / "lib" / "p" / "__pycache__" / "a.pyc", tmp_path / "twin")
    other = environment(tmp_path / "other")
    (top / "lib" / "linked").symlink_to(other / "lib")
    assert found(top) == ["bin/activate"]


def test_what_is_there_now_must_be_what_was_meant(store, tmp_path):
    top = environment(tmp_path / "home" / ".venv")
    identity = store.disk.identity(str(top))
    store.spare._own.remove()
    assert not store.spare.free(str(tmp_path))
    top.rename(tmp_path / "elsewhere")
    environment(top)
    with store.spare.lend_room([PurgeRequest(str(top), identity)]):
        assert not store.spare.free(str(tmp_path))
    with store.spare.lend_room([PurgeRequest(str(top), store.disk.identity(str(top)))]):
        assert store.spare.free(str(tmp_path))
        assert not store.spare.free(str(tmp_path))
    assert (top / "bin" / "python").exists()


def test_it_is_set_going_before_more_of_it_is_taken(store, tmp_path):
    top = environment(tmp_path / "item")
    identity, going = store.disk.identity(str(top)), str(tmp_path / "item.purging")
    store.spare._own.remove()
    with store.spare.lend_room([PurgeRequest(str(top), identity, going)]):
        assert store.spare.free(str(tmp_path))
        assert (top.exists(), store.spare.has_begun(identity)) == (True, False)
        assert store.spare.free(str(tmp_path))
        assert (top.exists(), store.spare.has_begun(identity)) == (False, True)
    assert store.disk.identity(going) == identity
    assert os.path.exists(os.path.join(going, "pyvenv.cfg"))
    assert not os.path.exists(os.path.join(going, "lib", "p", "a.py"))


def test_what_is_asked_for_side_by_side_is_forgotten_with_its_own_end(store, tmp_path):
    kept, gone = tmp_path / "kept" / "__pycache__", tmp_path / "gone"
    kept.mkdir(parents=True)
    gone.mkdir()
    (kept / "a.pyc").write_bytes(b"x" * 4096)
    asked = [
        PurgeRequest(str(each), store.disk.identity(str(each))) for each in (kept.parent, gone)
    ]
    first, second = (store.spare.lend_room([each]) for each in asked)
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    second.__exit__(None, None, None)  # both are over, the first one without having removed it
    while store.spare.free(str(tmp_path)):
        pass
    assert (kept / "a.pyc").exists()
