"""A journal and a trash as the version before wrote them: numbers, times and marks are missing.

It gave an item of which a part was gone its own name back when a second purge removed nothing.
"""

import json
import os
from pathlib import Path

import pytest

from envdeck.core.model import Ending, NoPlan
from envdeck.core.system.files import boot_id

HALF, WHOLE = "20261118-110640-aaaa", "20261118-110650-bbbb"
FIRST, SECOND = "20261118-110740-158a", "20261118-110810-338f"
LATER = "20270101-000000-cccc"
DAY = 86_400.0
ENTRY = """{{
 "schema": 1,
 "id": "{id}",
 "group": "{id}",
 "operation": "{operation}",
 "move": "{move}",
 "phase": "{phase}",
 "path": "{home}/work/{item}/.venv",
 "item": "{trash}/{item}",
 "old": [
  {device},
  {inode}
 ],
 "new": null,
 "keep_new": false,
 "two_steps": false,
 "is_file": false,
 "mark": "",
 "file": "",
 "file_folder": null,
 "file_if_done": "",
 "file_if_not": "",
 "name": "{item}/.venv",
 "manager": "venv",
 "python": "3.12.4",
 "bytes_aside": null,
 "created_at": {at},
 "ended_at": {at},
 "message": "{message}",
 "undoes": "",
 "undone_by": "",
 "purged": false,
 "pid": 24277,
 "boot": "{boot}"
}}"""
MANIFEST = """{{
 "schema": 1,
 "id": "{id}",
 "operation": "delete",
 "path": "{home}/work/{id}/.venv",
 "name": "{id}/.venv",
 "manager": "venv",
 "python": "3.12.4",
 "put_at": 1795000040.0,
 "packages": null,
 "disk_bytes": null,
 "reclaimable_bytes": 5000,
 "project": null,
 "is_link": false,
 "freeze": [],
 "cfg": "",
 "unowned": []
}}"""
LEFT = "not all of it could be removed: operation not permitted; what is left is in {folder}"


@pytest.fixture
def before(operations, home):
    """Return a function that lays out what the version before has left: one item of which a part
    is gone, under some name, and a whole one."""
    store = operations.store
    trash, journal = Path(store.places.trash), Path(store.places.journal)

    def write(identifier: str, move: str, phase: str, of: Path, item: str, message: str) -> None:
        status = of.lstat()
        text = ENTRY.format(
            id=identifier, operation={"aside": "delete", "remove": "purge"}[move], move=move,
            phase=phase, home=home, trash=trash, item=item, device=status.st_dev,
            inode=status.st_ino, at=1795000000.0 + len(os.listdir(journal)) * 10,
            message=message, boot=boot_id(store.host),
        )  # fmt: skip
        (journal / f"{identifier}.json").write_text(text)

    def laying(name: str) -> Path:
        journal.mkdir(parents=True)
        half, whole = trash / name, trash / WHOLE
        (half / "environment" / "lib").mkdir(parents=True)
        (half / "environment" / "lib" / "data").write_text("left")
        (whole / "environment").mkdir(parents=True)
        (whole / "environment" / "pyvenv.cfg").write_text("home = /usr\n")
        (whole / "manifest.json").write_text(MANIFEST.format(id=WHOLE, home=home))
        trash.chmod(0o700)
        for item in (HALF, WHOLE):
            (home / "work" / item).mkdir(parents=True)
        message = LEFT.format(folder=f"{trash}/{HALF}.purging")
        write(HALF, "aside", "done", half / "environment", HALF, "moved to trash")
        write(WHOLE, "aside", "done", whole / "environment", WHOLE, "moved to trash")
        write(FIRST, "remove", "needs-attention", half, HALF, message)
        if name == HALF:
            write(SECOND, "remove", "rolled-back", half, HALF, "operation not permitted")
        return half

    return laying


@pytest.mark.parametrize("name", [HALF, f"{HALF}.purging"], ids=["its own name", "purging"])
def test_what_it_left_half_purged_is_half_purged(operations, before, run, name):
    half = before(name)
    items = {item.id: item for item in operations.trash()}
    assert {name: (each.going, each.ours) for name, each in items.items()} == {
        HALF: (True, True), WHOLE: (False, True),
    }  # fmt: skip
    assert items[HALF].problem == "partly deleted"
    assert items[HALF].manifest.name == f"{HALF}/.venv"  # the journal kept it
    assert items[HALF].manifest.operation.value == "delete"
    none = operations.plan_undo(HALF)
    assert isinstance(none, NoPlan)
    assert (none.message, none.hint) == (
        f"{HALF} cannot be undone: partly deleted",
        f"use `envdeck trash purge {HALF}` to delete the rest",
    )
    assert [each.entry.id for each in operations.plan_undo().returns] == [WHOLE]
    assert run(operations.plan_purge([HALF])).status is Ending.DONE
    assert not half.exists()
    assert [item.id for item in operations.trash()] == [WHOLE]
    assert {each.entry.id: each.why_not for each in operations.history()}[
        HALF
    ] == "permanently deleted"


def test_tried_again_in_vain_it_does_not_get_its_name_back(operations, before, run, stuck):
    half = before(HALF)
    stuck.hold(half / "environment" / "lib" / "data")
    for _ in range(2):
        assert run(operations.plan_purge([HALF])).status is Ending.FAILED
        assert not half.exists()
        assert isinstance(operations.plan_undo(HALF), NoPlan)


def test_what_it_only_meant_to_purge_is_whole(operations, before, run):
    """It needed a look for another reason: all of it is there, its manifest too."""
    half = before(HALF)
    (half / "manifest.json").write_text(MANIFEST.format(id=HALF, home=operations.store.host.home))
    (whole,) = [item for item in operations.trash() if item.id == HALF]
    assert (whole.going, whole.problem) == (False, "")
    assert run(operations.plan_undo(HALF)).status is Ending.DONE


def test_its_operations_come_before_the_new_ones_and_can_be_undone(
    operations, before, put, machine, run
):
    before(HALF)
    machine.set_clock(-900 * DAY)
    put(LATER)
    ids = [each.entry.id for each in operations.history()]
    assert ids == [LATER, SECOND, FIRST, WHOLE, HALF]
    assert [each.entry.id for each in operations.plan_undo().returns] == [LATER]
    assert run(operations.plan_undo(WHOLE)).status is Ending.DONE


def test_its_items_start_counting_now(machine, operations, before):
    before(f"{HALF}.purging")
    machine.pass_time(400 * DAY)
    due = operations.due()
    assert due.purge == due.announced == ()
    machine.pass_time(29 * DAY)
    assert operations.due().announced == ()
    machine.pass_time(2 * DAY)
    assert [item.id for item in operations.due().announced] == [WHOLE]


def test_what_it_reads_of_ours_is_what_it_knows(operations, put):
    """Keys are only added: the version before reads the new ones and passes over what it does not
    know."""
    item = put(LATER)
    entry = json.loads(Path(operations.store.places.journal, f"{LATER}.json").read_text())
    manifest = json.loads((item / "manifest.json").read_text())
    sample = json.loads(
        ENTRY.format(
            id="", operation="", move="", phase="", home="", trash="", item="", device=1, inode=1,
            at=1.0, message="", boot="",
        )
    )  # fmt: skip
    assert (entry["schema"], manifest["schema"]) == (1, 1)
    assert set(sample) <= set(entry)
    assert set(json.loads(MANIFEST.format(id="", home=""))) <= set(manifest)
