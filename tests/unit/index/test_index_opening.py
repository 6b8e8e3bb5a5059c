"""Whatever lies where the memory should be, the program starts, and says so once."""

import os
import sqlite3
from pathlib import Path

import pytest

from envdeck.core.index import Index, index_path
from envdeck.core.index.database import APPLICATION_ID, VERSION
from envdeck.core.system.host import Host


@pytest.fixture
def machine(tmp_path):
    return Host("linux", str(tmp_path), {}, lambda: 1_800_000_000.0)


@pytest.fixture
def path(machine):
    place = Path(index_path(machine))
    place.parent.mkdir(parents=True)
    return place


@pytest.fixture
def opened(path, machine):
    return lambda: Index.open(str(path), host=machine)


def works(index):
    return index.save_project_roots(["/a"]) and index.project_roots() == ("/a",)


def database(path, application=APPLICATION_ID, version=VERSION, script=""):
    connection = sqlite3.connect(path)
    connection.executescript(
        f"CREATE TABLE thing (x); INSERT INTO thing VALUES (1); {script};"
        f"PRAGMA application_id = {application}; PRAGMA user_version = {version};"
    )
    connection.close()


def test_folders_are_made(machine):
    with Index.open(index_path(machine), host=machine) as index:
        assert works(index)
        assert index.notice is None


def test_an_empty_file_is_taken_over(opened, path):
    path.touch()
    with opened() as index:
        assert works(index)


@pytest.mark.parametrize("content", [b"x", b"not a database " * 1000, b"SQLite format 3\0 torn"])
def test_a_file_of_anything_else_is_moved_aside(opened, path, content):
    path.write_bytes(content)
    with opened() as index:
        assert works(index)
        assert "damaged" in index.notice.message
    assert path.with_name("index.sqlite3.corrupt").read_bytes() == content
    with opened() as index:
        assert index.project_roots() == ("/a",)
        assert index.notice is None


def test_a_torn_database_of_ours_is_moved_aside(opened, path):
    with opened() as index:
        index.save_project_roots([f"/home/ada/{n}" for n in range(500)])
    whole = path.read_bytes()
    path.write_bytes(whole[:100] + b"\xa5" * (len(whole) - 100))
    with opened() as index:
        assert works(index)
        assert "damaged" in index.notice.message


def test_ours_by_its_header_but_without_our_tables_is_moved_aside(opened, path):
    database(path)
    with opened() as index:
        assert works(index)
        assert "damaged" in index.notice.message


@pytest.mark.parametrize(
    ("application", "version", "words"),
    [
        (0, 0, "another program"),
        (0x0F055112, VERSION, "another program"),
        (APPLICATION_ID, VERSION + 1, "newer version"),
    ],
)
def test_what_is_not_ours_is_left_untouched(opened, path, application, version, words):
    database(path, application, version)
    before = path.read_bytes()
    with opened() as index:
        assert words in index.notice.message
        assert not works(index)
        assert not index._writes
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]


def test_an_older_one_is_made_anew(opened, path):
    database(path, version=VERSION - 1, script='CREATE TABLE "odd ""name" (x)')
    with opened() as index:
        assert works(index)
        assert index.notice is None
    connection = sqlite3.connect(path)
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    connection.close()
    assert "thing" not in tables


@pytest.mark.parametrize("kind", ["folder", "fifo", "broken-link", "link-to-fifo"])
def test_what_is_no_file_is_left_alone(opened, path, kind):
    if kind == "folder":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "broken-link":
        path.symlink_to(path.parent / "nowhere" / "x")
    else:
        os.mkfifo(path.parent / "pipe")
        path.symlink_to(path.parent / "pipe")
    with opened() as index:
        assert not works(index)
        assert index.notice.message.startswith("the index cannot be saved")
    assert os.path.lexists(path)


@pytest.mark.parametrize("place", ["file/envdeck/index.sqlite3", "nul\0/x", "a" * 300 + "/x"])
def test_where_no_folder_can_be_made_nothing_is_remembered(tmp_path, machine, place):
    (tmp_path / "file").touch()
    with Index.open(str(tmp_path / place), host=machine) as index:
        assert index.notice.message.startswith("the index cannot be saved")
        assert not works(index)


@pytest.mark.parametrize("there", [True, False])
def test_a_read_only_home_is_read_and_not_written(path, machine, opened, there):
    """Permissions do not bind an administrator, so SQLite is told not to write as well."""
    if there:
        with opened() as index:
            index.save_project_roots(["/a"])

    def read_only(place):
        return sqlite3.connect(f"file:{place}?mode=ro", uri=True, isolation_level=None)

    path.parent.chmod(0o500)
    with Index.open(str(path), host=machine, connector=read_only) as index:
        assert index.project_roots() == (("/a",) if there else ())
        assert not index.save_project_roots(["/b"])
        assert index.notice.message.startswith("the index cannot be saved")
        assert not index._writes
        assert index.folders("/home/ada", "") is None
    path.parent.chmod(0o700)


def test_a_database_that_cannot_be_made_is_no_memory(path, machine):
    def full(place):
        connection = sqlite3.connect(place, isolation_level=None)
        connection.execute("PRAGMA max_page_count = 1")
        return connection

    with Index.open(str(path), host=machine, connector=full) as index:
        assert "disk is full" in index.notice.message
        assert not works(index)
    with Index.open(str(path), host=machine) as index:
        assert works(index)


def test_a_database_that_another_holds_is_waited_for_and_then_done_without(path, machine, opened):
    with opened() as index:
        assert works(index)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")

    def impatient(place):
        return sqlite3.connect(place, timeout=0.01, isolation_level=None)

    with Index.open(str(path), host=machine, connector=impatient) as index:
        assert "in use by another program" in index.notice.message
        assert not works(index)
    holder.execute("ROLLBACK")
    holder.execute("BEGIN IMMEDIATE")
    with Index.open(str(path), host=machine, connector=impatient) as index:
        assert index.notice is None
        assert index.project_roots() == ("/a",)
        assert not index.save_project_roots(["/b"])
        assert "another envdeck" in index.notice.message
        holder.execute("ROLLBACK")
        assert works(index), "once it is free again, it is used again"
    holder.close()
