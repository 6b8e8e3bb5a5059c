"""What the version before left on the disk is read: its index, its journal and trash, and its
configuration, as it wrote them for the home folder `/home/ada`."""

import gzip
import json
import os
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from envdeck.config import Settings, load
from envdeck.core.catalog import Catalog, Scope
from envdeck.core.index import Index, index_path
from envdeck.core.index.database import VERSION
from envdeck.core.index.store import sealed
from envdeck.core.model import Ending, Found, LastUsed, ProjectState, Sized, Status
from envdeck.core.operations.api import Operations
from envdeck.core.system.host import Host

RECORDED = Path(__file__).with_name("recorded")
API, BLOG = "/home/ada/work/api/.venv", "/home/ada/old/blog/venv"


@pytest.fixture
def index_file(host: Host) -> Path:
    path = Path(index_path(host))
    path.parent.mkdir(parents=True)
    return path


def version_of(path: Path) -> int:
    connection = sqlite3.connect(path)
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    connection.close()
    return version


def test_the_index(host, index_file):
    index_file.write_bytes(gzip.decompress((RECORDED / "index.sqlite3.gz").read_bytes()))
    assert version_of(index_file) == 1
    for _ in range(2):
        with Index.open(str(index_file), host=host) as index:
            assert index.notice is None
            stored = {one.environment.path: one for one in index.environments()}
            assert set(stored) == {API, BLOG}
            assert all(one.earlier and one.fingerprint and one.usual for one in stored.values())
            api, blog = stored[API].environment, stored[BLOG].environment
            assert (api.name, blog.name) == ("api/.venv", "blog/venv")
            assert (api.status, blog.status) == (Status.OK, Status.BROKEN)
            assert (api.python.version, api.python.end_of_life) == ("3.8.18", "2024-10-07")
            assert (api.project.state, api.project.path) == (
                ProjectState.FOUND, "/home/ada/work/api",
            )  # fmt: skip
            assert [finding.check for finding in blog.findings] == [
                "broken-interpreter",
                "end-of-life",
            ]
            assert api.last_used == LastUsed(
                1_774_000_000.0, "created; not used since (pyvenv.cfg atime, ± 1 day)"
            )
            assert blog.last_used == LastUsed(1_783_000_000.0, "pyvenv.cfg atime")
            assert api.size is not None
            assert (api.size.reclaimable_bytes, api.size.disk_bytes) == (16_384, 20_480)
            assert index.shared(API) is not None
            (interpreter,) = index.interpreters()
            assert (interpreter.version, interpreter.source) == ("3.8.18", "pyenv")
            assert index.project_roots() == ("/home/ada/work/api",)
            memory = index.folders("/home/ada", "")
            assert memory is not None
            assert list(memory) == [], "folders are listed anew"
            assert index.save_environments(stored.values())
        assert version_of(index_file) == VERSION


def as_version_1_kept_it(index_file: Path) -> None:
    """Rewrite an index, with another number of packages in every record and another size."""
    connection = sqlite3.connect(index_file)
    for path, record in connection.execute("SELECT path, record FROM environment").fetchall():
        row = json.loads(record[8:])
        row[5], row[6], row[7] = row[5][:3], row[6][:2], 99
        row[12] = [[*finding[0][:4]] for finding in row[12]]
        row[13][0] = 123_456
        kept = sealed(json.dumps(row, separators=(",", ":")))
        connection.execute("UPDATE environment SET record = ? WHERE path = ?", (kept, path))
    connection.execute("PRAGMA user_version = 1")
    connection.commit()
    connection.close()


def test_what_it_judged_is_judged_again_and_what_it_measured_stays(host, home, make_venv):
    path = make_venv(home / "work/api/.venv")
    catalog = Catalog(host)
    used = host.now() - 40 * 86_400.0
    os.utime(path / "pyvenv.cfg", (used, used - 86_400.0))
    list(catalog.scan(Scope(interpreters=False, health=False)))
    as_version_1_kept_it(Path(index_path(host)))
    (before,) = catalog.remembered(Scope())
    assert (before.packages, before.last_used.when) == (99, used)

    events = list(catalog.scan(Scope(interpreters=False, health=False)))
    assert [event.size.apparent_bytes for event in events if type(event) is Sized] == [123_456]
    (after,) = [event.environment for event in events if type(event) is Found]
    assert (after.packages, after.size.apparent_bytes) == (0, 123_456)
    assert (after.name, after.last_used) == (before.name, before.last_used)
    with Index.open(index_path(host), host=host) as index:
        (stored,) = index.environments()
    assert not stored.earlier
    assert stored.environment.packages == 0


def test_the_journal_and_the_trash(host, home, make_venv):
    moved, restored, undo = sorted(path.stem for path in (RECORDED / "operations").iterdir())
    host = replace(host, now=lambda: 1_796_000_000.0)
    back = make_venv(home / "work/api/.venv")
    item = home / ".local/share/envdeck/trash" / moved
    aside = make_venv(item / "environment")
    item.parent.chmod(0o700)
    (home / "old/blog").mkdir(parents=True)

    def lay(recorded: Path, target: Path) -> None:
        text = recorded.read_text().replace("/home/ada", str(home))
        for inode, path in ((31, aside), (15, back)):
            status = path.lstat()
            there = f"{status.st_dev},\n  {status.st_ino}\n"
            text = text.replace(f"39,\n  {inode}\n", there)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    lay(RECORDED / "trash/manifest.json", item / "manifest.json")
    for each in (RECORDED / "operations").iterdir():
        lay(each, home / ".local/state/envdeck/operations" / each.name)

    operations = Operations(Catalog(host))
    assert [(each.entry.id, each.entry.operation.value) for each in operations.history()] == [
        (undo, "undo"),
        (restored, "delete"),
        (moved, "delete"),
    ]
    assert [each.why_not == "" for each in operations.history()] == [False, False, True]
    (kept,) = operations.trash()
    assert (kept.id, kept.problem, kept.manifest.name) == (moved, "", "blog/venv")
    assert kept.manifest.freeze == ("six==1.16.0",)
    plan = operations.plan_undo()
    assert [each.entry.id for each in plan.returns] == [moved]
    assert operations.run(plan, lambda _event: None).status is Ending.DONE
    assert (home / "old/blog/venv/pyvenv.cfg").exists()
    assert operations.trash() == ()


def test_the_configuration(host, home):
    file = home / ".config/envdeck/config.toml"
    file.parent.mkdir(parents=True)
    file.write_bytes((RECORDED / "config.toml").read_bytes())
    columns = "status path python manager packages size reclaimable bar used"
    assert load(host).settings == Settings(
        roots=(f"{home}/work", f"{home}/old"),
        exclude=("node_modules", f"{home}/old/vendor"),
        theme="ansi-dark",
        columns=tuple(columns.split()),
        keys={"delete": "D", "tab.1": "f1"},
        keep_days=None,
        downloads=True,
    )
