"""The trash: where it is, what is in it, and what is made of an item that is damaged."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from envdeck.core.model import Operation, Policy
from envdeck.core.operations.delete.purge import plan_purge
from envdeck.core.operations.disk import Disk
from envdeck.core.operations.shared.history import find_expired, trashed
from envdeck.core.operations.transaction.journal import Entry, Move, Phase
from envdeck.core.operations.transaction.places import trashes_for
from envdeck.core.operations.transaction.transaction import OperationStore
from envdeck.core.operations.transaction.trash import (
    TrashManifest,
    clear_item,
    prepare_item,
    tidy,
    write_manifest,
)
from envdeck.core.system.mounts import Mount

MANIFEST = TrashManifest("one", Operation.DELETE, "/home/ada/.venv", ".venv", "venv", "3.13", 100.0)


@pytest.fixture
def store(host) -> OperationStore:
    return OperationStore.open(host)


@pytest.fixture
def put(store):
    """Return a function that puts an item into the usual trash."""

    def putting(name: str, manifest: TrashManifest = MANIFEST) -> Path:
        item = Path(prepare_item(store.places.trash, name, store.disk))
        (item / "environment").mkdir()
        (item / "environment" / "word").write_text(name)
        write_manifest(str(item), replace(manifest, id=name), store.disk)
        return item

    return putting


def test_items_newest_first_with_what_is_known_of_them(store, put):
    put("20260101-000000-aaaa")
    full = replace(
        MANIFEST,
        freeze=("a==1",),
        unowned=("x\udcff",),
        edited=("y\udcff",),
        packages=3,
        project="/p",
    )
    put("20260102-000000-aaaa", full)
    Path(store.places.trash, "a-file").write_text("")
    newest, oldest = trashed(store)
    assert (newest.id, oldest.id) == ("20260102-000000-aaaa", "20260101-000000-aaaa")
    assert newest.manifest == replace(full, id=newest.id)
    assert (newest.problem, oldest.problem) == ("", "")
    assert Path(store.places.trash, ".gitignore").read_text() == "*\n"


@pytest.mark.parametrize(
    "change",
    [
        {"path": "relative"},
        {"path": "/a\0b"},
        {"path": 3},
        {"put_at": "then"},
        {"put_at": None},
        {"packages": "many"},
        {"reclaimable_bytes": "1"},
        {"name": ["x"]},
        {"project": 1},
        {"operation": "destroy"},
        {"freeze": 3},
        {"schema": "1"},
        {"schema": 2},
    ],
    ids=str,
)
def test_a_damaged_manifest_is_told_and_the_item_stays(store, put, change):
    item = put("20260101-000000-aaaa")
    content = json.loads((item / "manifest.json").read_text())
    (item / "manifest.json").write_text(json.dumps(content | change))
    before = (item / "manifest.json").read_bytes()
    (found,) = trashed(store)
    assert found.manifest is None
    assert "damaged" in found.problem or "newer" in found.problem
    assert found.identity is not None
    assert find_expired(store, Policy(keep_days=0)) == ()
    assert (item / "manifest.json").read_bytes() == before
    assert (item / "environment" / "word").exists()


def test_a_damaged_item_can_be_purged_by_its_name(store, put):
    item = put("20260101-000000-aaaa")
    (item / "manifest.json").write_bytes(b"\xff" * 100)
    entry = Entry(
        id=item.name,
        group=item.name,
        operation=Operation.DELETE,
        move=Move.ASIDE,
        phase=Phase.DONE,
        path="/p/.venv",
        item=str(item),
    )
    store.journal.write(entry)

    class Operations:
        pass

    Operations.store = store
    plan = plan_purge(Operations(), ["20260101-000000-aaaa"])
    assert plan.frees_now_bytes is None
    assert ("problem", "manifest damaged") in [
        (fact.label, fact.text) for fact in plan.targets[0].facts
    ]


def test_an_item_whose_environment_is_gone_says_so(store, put):
    item = put("20260101-000000-aaaa")
    (item / "environment" / "word").unlink()
    (item / "environment").rmdir()
    (found,) = trashed(store)
    assert found.problem == "contents missing"


def made(item: Path):
    return Disk(None).identity(str(item / "environment"))


def test_of_an_item_only_what_operations_make_is_removed(store, put):
    item = put("20260101-000000-aaaa")
    for name in ("scratch", "wheels", ".exchange-a"):
        (item / name / "deep").mkdir(parents=True)
    for name in (
        "requirements.txt",
        "some.txt",
        "file-before",
        "manifest.json.123.tmp",
        "manifest.json.123-7.tmp",
    ):
        (item / name).write_text("ours")
    (item / "notes.txt").write_text("mine")
    before = made(item)
    assert clear_item(str(item), store.disk) == ("environment", "notes.txt")
    assert sorted(os.listdir(item)) == ["environment", "notes.txt"]
    assert clear_item(str(item), store.disk, before) == ("notes.txt",)
    assert (item / "notes.txt").read_text() == "mine"


def test_a_trash_goes_when_it_is_empty_and_never_before(store, put):
    trash, disk = store.places.trash, store.disk
    first, second = put("1"), put("2")
    assert clear_item(str(first), disk, made(first)) == ()
    assert second.is_dir()
    Path(trash, "of somebody").write_text("mine")
    assert clear_item(str(second), disk, made(second)) == ()
    tidy(trash, disk)
    assert sorted(os.listdir(trash)) == [".gitignore", "of somebody"]
    Path(trash, "of somebody").unlink()
    tidy(trash, disk)
    assert not os.path.exists(trash)
    clear_item("", disk)


def test_the_trash_is_on_the_mount_of_the_environment(host, home, tmp_path):
    disk, project = tmp_path / "disk", tmp_path / "disk" / "project"
    project.mkdir(parents=True)
    (home / "work").mkdir()
    mounts = tuple(
        Mount(point, "ext4", 1, frozenset(), "/dev/sda1") for point in ("/", str(disk.resolve()))
    )
    own = str(home / ".local" / "share" / "envdeck" / "trash")
    near = list(trashes_for(str(home / "work" / ".venv"), host, mounts))
    far = list(trashes_for(str(project.resolve() / ".venv"), host, mounts))
    assert near == [own, str(home / "work" / ".envdeck-trash")]
    top = f"{disk.resolve()}/.envdeck-trash-{os.getuid()}"
    assert far == [top, str(project.resolve() / ".envdeck-trash")]


def test_an_item_is_never_made_over_another(store, put):
    put("20260101-000000-aaaa")
    with pytest.raises(FileExistsError):
        prepare_item(store.places.trash, "20260101-000000-aaaa", Disk(store.host))
