"""What was torn in the file is never shown as true, and nothing of somebody else's is touched."""

import os
import random
import sqlite3
from pathlib import Path

import pytest

from envdeck.core.index import Index, StoredEnvironment, index_path
from envdeck.core.model import Environment, Identity, Interpreter, LastUsed, Python, Status
from envdeck.core.system.host import Host

VARIANTS = 200


@pytest.fixture
def machine(tmp_path):
    return Host("linux", str(tmp_path), {}, lambda: 1_800_000_000.0)


@pytest.fixture
def path(machine):
    place = Path(index_path(machine))
    place.parent.mkdir(parents=True)
    return place


def environment(number):
    return Environment(
        path=f"/home/ada/work/{number}/.venv",
        identity=Identity(1, number),
        name=f"{number}/.venv",
        manager="uv",
        status=Status.OK,
        python=Python("3.12.4", "cpython", f"/home/ada/work/{number}/.venv/bin/python", "/usr"),
        packages=number,
        last_used=LastUsed(1_795_000_000.5, "pyvenv.cfg atime"),
        seen_at=1_795_000_000.25,
    )


def test_a_torn_file_tells_nothing_that_was_not_written(path, machine):
    true = {environment(number) for number in range(40)}
    python = Interpreter("/usr/bin/python3", "/usr", Identity(1, 2), "3.12.4", "cpython", "system")
    with Index.open(str(path), host=machine) as index:
        assert index.save_environments(StoredEnvironment(one, "mark") for one in true)
        assert index.save_interpreters([python])
    whole = path.read_bytes()
    chance = random.Random(7)
    told = 0
    for _ in range(VARIANTS):
        torn = bytearray(whole)
        for _ in range(chance.choice((1, 1, 20, 300))):
            torn[chance.randrange(len(torn))] = chance.randrange(256)
        for left in path.parent.iterdir():
            left.unlink()
        path.write_bytes(torn[: chance.randrange(len(torn))] if chance.random() < 0.1 else torn)
        with Index.open(str(path), host=machine) as index:
            found = {stored.environment for stored in index.environments()}
            assert found <= true
            assert set(index.interpreters()) <= {python}
            told += len(found)
    assert told  # most of what is whole is still told


def test_a_torn_schema_that_cannot_even_be_quoted_is_damage(path, machine):
    with Index.open(str(path), host=machine) as index:
        index.save_project_roots(["/a"])
    data = path.read_bytes()
    name, statement = b"tableenvironmentenvironment", b"CREATE TABLE environment"
    assert name in data
    assert statement in data
    data = data.replace(name, b"table\xe2\x28vironmentenvironment")
    path.write_bytes(data.replace(statement, b"CREATE TXBLE environment"))
    with Index.open(str(path), host=machine) as index:
        assert "damaged" in index.notice.message
        assert index.save_project_roots(["/b"])


@pytest.mark.parametrize("content", [b"", b"theirs\n", None], ids=["empty", "text", "dangling"])
def test_a_link_in_its_place_is_not_followed(path, machine, tmp_path, content):
    theirs = tmp_path / "theirs"
    if content is not None:
        theirs.write_bytes(content)
    path.symlink_to(theirs)
    with Index.open(str(path), host=machine) as index:
        assert not index.save_project_roots(["/a"])
        assert "not a regular file" in index.notice.message
    assert path.is_symlink()
    assert (theirs.read_bytes() if theirs.exists() else None) == content


def test_a_home_that_is_not_there_is_not_made(tmp_path):
    machine = Host("linux", str(tmp_path / "nobody"), {}, lambda: 0.0)
    with Index.open(index_path(machine), host=machine) as index:
        assert not index._writes
        assert "does not exist" in index.notice.message
    assert not os.path.lexists(machine.home)


def test_another_encoding_of_names_has_a_memory_of_its_own(machine, monkeypatch):
    usual = index_path(machine)
    monkeypatch.setattr("sys.getfilesystemencoding", lambda: "iso8859-1")
    assert index_path(machine) == usual.replace("index.", "index-iso8859-1.")


def test_a_record_without_its_checksum_is_left_out(path, machine):
    with Index.open(str(path), host=machine) as index:
        index.save_environments(
            [StoredEnvironment(environment(1)), StoredEnvironment(environment(2))]
        )
    connection = sqlite3.connect(path)
    connection.execute(
        "UPDATE environment SET record = replace(record, '3.12.4', '3.12.5')"
        " WHERE record LIKE '%/work/1/%'"
    )
    connection.commit()
    connection.close()
    with Index.open(str(path), host=machine) as index:
        assert [one.environment for one in index.environments()] == [environment(2)]
