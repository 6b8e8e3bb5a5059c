"""A journal that was edited by hand: it is data, and nothing is touched by its word alone."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from envdeck.core.catalog import Catalog
from envdeck.core.model import Ending, Identity, Operation
from envdeck.core.operations.api import Operations
from envdeck.core.operations.transaction.journal import Entry, Move, Phase
from envdeck.core.operations.transaction.places import FILE_BEFORE
from envdeck.core.operations.transaction.trash import TrashManifest, write_manifest

ID = "20261120-000001-aaaa"


@pytest.fixture
def operations(host) -> Operations:
    return Operations(Catalog(host))


@pytest.fixture
def staging(operations, home) -> Entry:
    """Return an entry of a program that was killed while it staged."""
    item = Path(operations.store.places.trash, ID)
    item.mkdir(parents=True)
    return Entry(
        id=ID,
        group=ID,
        operation=Operation.RECREATE,
        move=Move.EXCHANGE,
        phase=Phase.STAGING,
        path=str(home / "work" / ".venv"),
        item=str(item),
    )


def identity(path: Path) -> Identity:
    status = path.lstat()
    return Identity(status.st_dev, status.st_ino)


def project(home: Path, *parts: str) -> Path:
    folder = home.joinpath("src", *parts)
    (folder / "environment").mkdir(parents=True)
    (folder / "environment" / "code.py").write_text("mine")
    return folder


def recovered(operations, entry: Entry) -> Entry:
    operations.store.journal.write(entry)
    (done,) = operations.recover()
    assert operations.recover() == ()
    return done


@pytest.mark.parametrize(
    "parts",
    [("envdeck", "trash", ID), (".envdeck-trash", ID), (f".envdeck-trash-{os.getuid()}", ID)],
)
def test_a_folder_that_only_looks_like_a_trash(operations, staging, home, parts):
    folder = project(home, *parts)
    done = recovered(
        operations, replace(staging, item=str(folder), new=identity(folder / "environment"))
    )
    assert (done.phase, "nothing changed" in done.message) == (Phase.ATTENTION, True)
    assert (folder / "environment" / "code.py").read_text() == "mine"
    assert [item.folder for item in operations.trash()] == [staging.item]


def test_a_trash_that_is_a_link(operations, staging, home):
    folder = project(home, ID)
    link = home / "work" / ".envdeck-trash"
    link.parent.mkdir()
    link.symlink_to(folder.parent)
    done = recovered(operations, replace(staging, item=str(link / ID)))
    assert done.phase is Phase.ATTENTION
    assert (folder / "environment" / "code.py").read_text() == "mine"


def test_a_trash_that_others_may_write_to(operations, staging, home):
    folder = home / "work" / ".envdeck-trash"
    inside = folder / ID / "environment"
    inside.mkdir(parents=True)
    folder.chmod(0o777)
    done = recovered(operations, replace(staging, item=str(folder / ID), new=identity(inside)))
    assert done.phase is Phase.ATTENTION
    assert inside.is_dir()


def test_the_item_of_another_operation(operations, staging):
    other = Path(operations.store.places.trash, "20260101-000000-bbbb")
    (other / "environment").mkdir(parents=True)
    operations.store.journal.write(replace(staging, item=str(other)))
    assert operations.recover() == ()
    undoes = replace(staging, item=str(other), undoes="20260102-000000-cccc")
    assert recovered(operations, undoes).phase is Phase.ATTENTION
    assert (other / "environment").is_dir()


def test_an_environment_that_it_had_not_made(operations, staging):
    inside = Path(staging.item, "environment")
    inside.mkdir()
    (inside / "word").write_text("theirs")
    done = recovered(operations, replace(staging, new=Identity(1, 1)))
    assert (done.phase, "environment" in done.message) == (Phase.ATTENTION, True)
    assert (inside / "word").read_text() == "theirs"


@pytest.mark.parametrize("name", ["precious.txt", "uv.lock"])
def test_a_file_that_is_not_the_lock_that_was_saved(operations, staging, home, name):
    folder = home / "work"
    folder.mkdir()
    (folder / name).write_text("precious")
    Path(staging.item, FILE_BEFORE).write_text("evil")
    file_folder = identity(folder) if name != "uv.lock" else identity(home)
    entry = replace(staging, file=str(folder / name), file_folder=file_folder)
    done = recovered(operations, replace(entry, file_if_not=FILE_BEFORE))
    assert (folder / name).read_text() == "precious"
    assert "not restored" in done.message


def test_a_lock_that_is_a_link_now(operations, staging, home):
    folder = home / "work"
    folder.mkdir()
    (folder / "kept").write_text("precious")
    (folder / "uv.lock").symlink_to("kept")
    Path(staging.item, FILE_BEFORE).write_text("evil")
    entry = replace(staging, file=str(folder / "uv.lock"), file_folder=identity(folder))
    recovered(operations, replace(entry, file_if_not=FILE_BEFORE))
    assert (folder / "kept").read_text() == "precious"
    assert (folder / "uv.lock").is_symlink()


def test_a_project_that_is_said_to_have_been_created(operations, staging, home):
    folder = project(home, "app")
    made = replace(
        staging, operation=Operation.CREATE, phase=Phase.DONE, path=str(folder), item="",
        new=identity(folder),
    )  # fmt: skip
    operations.store.journal.write(made)
    plan = operations.plan_undo(allow=frozenset({"unowned-files", "in-use"}))
    assert [one.guard for one in plan.refusals] == ["not-an-environment"]
    assert operations.run(plan, lambda _event: None).status is Ending.REFUSED
    assert (folder / "environment" / "code.py").read_text() == "mine"


def test_a_removal_of_what_is_another_folder_now(operations, staging):
    going = Path(f"{staging.item}.purging")
    going.mkdir()
    (going / "thesis").write_text("mine")
    entry = replace(
        staging, operation=Operation.PURGE, move=Move.REMOVE, phase=Phase.MOVING,
        old=Identity(1, 1),
    )  # fmt: skip
    assert recovered(operations, entry).phase is Phase.ATTENTION
    assert (going / "thesis").read_text() == "mine"


@pytest.mark.parametrize("number", ["\u00b2", "9" * 30, "99999999999", "-1", "1e3"])
def test_names_that_only_look_like_ours_stop_nothing(operations, staging, number):
    strange = Path(operations.store.places.journal, f"x.{number}.tmp")
    strange.parent.mkdir(parents=True)
    strange.write_text("mine")
    assert recovered(operations, staging).phase is Phase.ROLLED_BACK
    assert strange.read_text() == "mine"


def test_a_manifest_with_a_name_that_no_file_can_have(operations, staging):
    manifest = TrashManifest(ID, Operation.DELETE, "/p/.venv", ".venv", "venv", "3.13", 1.0)
    for change in (
        {"path": "/\ud800"},
        {"name": "\ud800"},
        {"unowned": ("\ud800",)},
        {"edited": ("\ud800",)},
    ):
        write_manifest(staging.item, replace(manifest, **change), operations.store.disk)
        (item,) = operations.trash()
        assert "damaged" in item.problem
