"""The memory itself: what is saved comes back, and nothing that goes wrong gets out."""

import os
import sqlite3
import stat
from array import array
from dataclasses import replace

import pytest

from envdeck.core.index import Index, StoredEnvironment, folders, index_path
from envdeck.core.index.database import TABLES
from envdeck.core.inspection.size import joint_size
from envdeck.core.model import (
    Environment,
    GlobalPackages,
    Identity,
    Interpreter,
    SharedFiles,
    Size,
    Status,
)
from envdeck.core.system.host import Host

NOW = 1_800_000_000.0
OLD = 1_700_000_000_000_000_000
SHARED = SharedFiles(7, array("Q", [11, 2, 1, 4096]).tobytes())


@pytest.fixture
def machine(tmp_path):
    return Host("linux", str(tmp_path), {}, lambda: NOW)


@pytest.fixture
def path(machine):
    return index_path(machine)


@pytest.fixture
def opened(path, machine):
    """Return a function that opens the memory; a start of the program."""
    return lambda: Index.open(path, host=machine)


def stored(path="/home/ada/work/api/.venv", size=None, fingerprint="f"):
    environment = Environment(path, Identity(1, 2), "api", "uv", Status.OK, size=size)
    return StoredEnvironment(environment, fingerprint, (0.25,))


SIZE = Size(9000, 12288, 8192, 2, measured_at=5.0, shared=SHARED)


def test_what_is_saved_is_there_at_the_next_start(opened):
    interpreter = Interpreter(
        "/usr/bin/python3.12", "/usr", Identity(1, 3), "3.12.1", "cpython", "system",
        global_packages=(GlobalPackages("/usr/lib", "dist-packages", ("six",)),),
    )  # fmt: skip
    with opened() as index:
        assert index._writes
        assert index.save_environments([stored()])
        assert index.save_interpreters([interpreter])
        assert index.save_project_roots(["/b", "/a\udcff\n"])
    with opened() as index:
        assert index.environments() == (stored(),)
        assert index.interpreters() == (interpreter,)
        assert index.project_roots() == ("/b", "/a\udcff\n")
        assert index.notice is None


def test_an_environment_replaces_itself_and_can_be_forgotten(opened):
    with opened() as index:
        index.save_environments([stored("/a", SIZE), stored("/b\udcfe", SIZE)])
        index.save_environments([stored("/a", SIZE, "newer")])
        assert {one.fingerprint for one in index.environments()} == {"f", "newer"}
        assert index.forget(["/b\udcfe", "/never/was"])
        assert [one.environment.path for one in index.environments()] == ["/a"]
        assert index.shared("/b\udcfe") is None
        assert index.forget([])


def test_roots_limit_what_is_returned(opened):
    paths = ["/home/ada/a/.venv", "/home/ada/ab/.venv", "/home/ada/a", "/opt/\udcff/venv"]
    with opened() as index:
        index.save_environments([stored(path) for path in paths])

        def under(*roots):
            return {one.environment.path for one in index.environments(roots)}

        assert under("/home/ada/a") == {"/home/ada/a/.venv", "/home/ada/a"}
        assert under("/home/ada/a/") == {"/home/ada/a/.venv"}
        assert under("/opt/\udcff", "/home/ada/ab") == {"/opt/\udcff/venv", "/home/ada/ab/.venv"}
        assert under("/") == set(paths)
        assert under() == set()


def whole(index, environments):
    return [one.size and replace(one.size, shared=index.shared(one.path)) for one in environments]


def test_shared_files_are_kept_apart(opened):
    with opened() as index:
        index.save_environments([stored("/a", SIZE), stored("/b", Size(1, 2, 2))])
    with opened() as index:
        found = {one.environment.path: one.environment for one in index.environments()}
        assert found["/a"].size == replace(SIZE, shared=None)
        assert index.shared("/a") == SHARED
        assert index.shared("/b") is None
        assert joint_size(whole(index, found.values())).reclaimable_bytes == 8192 + 2
        twin = replace(SIZE, reclaimable_bytes=0)
        index.save_environments([stored("/b", twin), stored("/c")])
        together = [one.environment for one in index.environments()]
        assert joint_size(whole(index, together)).reclaimable_bytes == 8192 + 4096


def test_shared_files_stay_with_their_measurement(opened):
    with opened() as index:
        index.save_environments([stored("/a", SIZE)])
        index.save_environments(index.environments())
        assert index.shared("/a") == SHARED
        index.save_environments([stored("/a", replace(SIZE, shared=None, measured_at=6.0))])
        assert index.shared("/a") is None
        index.save_environments([stored("/a", SIZE)])
        index.save_environments([stored("/a")])
        assert index.shared("/a") is None


def test_folders_are_kept_on_closing(opened, machine):
    record = (7, "src", "src//pyproject.toml//")
    with opened() as index:
        index.folders("/home/ada", "rules").put(record, None, OLD)
    with opened() as index:
        assert list(index.folders("/home/ada", "rules")) == [record]
        assert list(index.folders("/home", "rules")) == []


def test_folders_walked_by_other_rules_are_not_believed(opened, machine):
    """What those left out is not known, and what these leave out is."""
    with opened() as index:
        index.folders("/home/ada", "all").put((7, "src", ""), None, OLD)
    with opened() as index:
        memory = index.folders("/home/ada", "all but src")
        assert list(memory) == []
        memory.put((7, "", ""), None, OLD)
    with opened() as index:
        assert list(index.folders("/home/ada", "all")) == []
        assert list(index.folders("/home/ada", "all but src")) == [(7, "", "")]


def test_parts_are_of_one_walk_whatever_another_copy_saves_meanwhile(opened, monkeypatch):
    monkeypatch.setattr(folders, "SEGMENT_FOLDERS", 2)
    records = [(number, "src", "") for number in range(1, 7)]

    def walk(index, rules, names):
        memory = index.folders("/r", rules)
        for number, _, note in records:
            memory.put((number, names, note), None, OLD)

    for rules, names in (("all", "src"), ("all but src", "")):
        with opened() as index:
            walk(index, "all", "src")
        with opened() as index:
            memory = index.folders("/r", "all")
            remembered = iter(memory)
            assert next(remembered) == records[0]
            with opened() as other:
                walk(other, rules, names)
            assert list(remembered) == records[1:2]
        with opened() as index:
            (count,) = index._connection.execute("SELECT count(*) FROM folders").fetchone()
        assert count <= 3, "nothing stays of walks that are not remembered"


def test_a_walk_that_was_stopped_early_leaves_the_memory_of_the_last(opened):
    records = [(number, "", "") for number in range(1, 11)]
    with opened() as index:
        memory = index.folders("/r", "")
        for record in records:
            memory.put(record, None, OLD)
    with opened() as index:
        index.folders("/r", "").put((99, "", ""), records[0], OLD)
    with opened() as index:
        memory = index.folders("/r", "")
        assert list(memory) == records
        memory.put((98, "", ""), records[0], OLD)
        for record in records[1:]:
            memory.keep(record)
    with opened() as index:
        assert list(index.folders("/r", "")) == [(98, "", ""), *records[1:]]


def test_only_the_latest_walks_are_kept(path, machine):
    for number in range(20):
        later = replace(machine, now=lambda number=number: NOW + number)
        with Index.open(path, host=later) as index:
            index.folders(f"/r{number}", "").put((7, "", ""), None, OLD)
    with Index.open(path, host=machine) as index:
        found = [n for n in range(20) if list(index.folders(f"/r{n}", ""))]
    assert found == list(range(4, 20))


def test_only_the_owner_can_read_it(opened, path):
    mask = os.umask(0)
    try:
        with opened() as index:
            index.save_project_roots(["/a"])
    finally:
        os.umask(mask)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(os.path.dirname(path)).st_mode) == 0o700


def test_it_lies_in_the_users_cache_folder(machine):
    elsewhere = replace(machine, environ={"XDG_CACHE_HOME": "/var/ada"})
    assert index_path(elsewhere) == "/var/ada/envdeck/index.sqlite3"


# What goes wrong while it is open


def everything(index):
    """Use all of it, as a scan would; nothing may come out of it but answers."""
    answers = [
        index.save_environments([stored("/z", SIZE)]),
        index.save_interpreters([]),
        index.save_project_roots(["/z"]),
        index.forget(["/nothing"]),
    ]
    memory = index.folders("/z", "")
    if memory is not None:
        list(memory)
        memory.put((7, "", ""), None, OLD)
    answers.append(index.save_folders())
    index.environments()
    index.interpreters()
    index.project_roots()
    index.shared("/z")
    return answers


def test_a_full_disk_ends_the_writing_and_not_the_reading(opened):
    with opened() as index:
        index.save_environments([stored("/a")])
        (pages,) = index._connection.execute("PRAGMA page_count").fetchone()
        index._connection.execute(f"PRAGMA max_page_count = {pages}")
        many = [stored(f"/home/ada/{n}") for n in range(500)]
        assert not index.save_environments(many)
        assert not index._writes
        assert "disk is full" in index.notice.message
        first = index.notice
        assert [one.environment.path for one in index.environments()] == ["/a"]
        assert not any(everything(index)[:3])
        assert index.notice is first, "said once"
    with opened() as index:
        assert [one.environment.path for one in index.environments()] == ["/a"]
        assert index.notice is None


def test_without_writing_the_shared_files_last_as_long_as_the_program(opened):
    with opened() as index:
        index._writes = False
        index.save_environments([stored("/a", SIZE)])
        assert index.shared("/a") == SHARED


def test_damage_found_midway_moves_the_file_aside(opened, path):
    with opened() as index:
        index.save_environments([stored(f"/home/ada/{n}") for n in range(300)])
        with open(path, "r+b") as file:
            file.seek(4096)
            file.write(b"\xa5" * (os.path.getsize(path) - 4096))
        index._connection.execute("PRAGMA cache_size = 0")
        index.environments()
        assert "damaged" in index.notice.message
        assert os.path.exists(path + ".corrupt")
        everything(index)
    with opened() as index:
        assert (index.notice, index.environments()) == (None, ())
        assert index.save_environments([stored()])


@pytest.mark.parametrize("table", sorted(TABLES))
def test_a_table_that_is_gone_is_damage(opened, path, table):
    with opened() as index:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute(f"DROP TABLE {table}")
        other.close()
        everything(index)
    with opened() as index:
        everything(index)
        assert index._writes or index.notice
    with opened() as index:
        assert all(everything(index))


def test_a_database_that_vanishes_is_no_trouble(opened, path):
    with opened() as index:
        index.save_environments([stored()])
        os.unlink(path)
        everything(index)
    with opened() as index:
        assert all(everything(index))
        assert index.notice is None


def test_after_closing_nothing_is_remembered_and_nothing_breaks(opened):
    index = opened()
    index.close()
    assert not any(everything(index)[:3])
    index.close()


@pytest.mark.parametrize("table", sorted(TABLES))
def test_rows_that_nothing_here_wrote_are_passed_over(opened, path, table):
    """SQLite keeps any type in any column."""
    with opened() as index:
        index.save_environments([stored("/a", SIZE)])
    for value in (7, "text", b"\xff\xfe", 1.5):
        other = sqlite3.connect(path)
        count = len(other.execute(f"PRAGMA table_info({table})").fetchall())
        with other:
            row = ", ".join("?" * count)
            other.execute(f"INSERT OR REPLACE INTO {table} VALUES ({row})", [value] * count)
            for column in (info[1] for info in other.execute(f"PRAGMA table_info({table})")):
                if column in {"record", "files", "listing", "places"}:
                    other.execute(f"UPDATE {table} SET {column} = ?", [value])
        other.close()
        with opened() as index:
            everything(index)
            assert index.notice is None


def test_text_that_is_not_utf8_costs_only_its_record(opened, path):
    with opened() as index:
        index.save_environments([stored("/a"), stored("/b")])
    other = sqlite3.connect(path)
    with other:
        other.execute("UPDATE environment SET record = CAST(x'5bff' AS TEXT) WHERE path = x'2f61'")
    other.close()
    with opened() as index:
        assert [one.environment.path for one in index.environments()] == ["/b"]
