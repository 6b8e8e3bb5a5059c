"""The environment that an operation works beside is not written to, and a rollback proves it."""

import json
import os
import sys
import zlib
from pathlib import Path

import pytest

from envdeck.core.model import Ending
from envdeck.core.operations.disk.links import link_tree
from envdeck.core.operations.staging.changes import (
    ChangeMonitor,
    confine_records,
    restore_records,
)
from envdeck.core.operations.transaction.picture import (
    Picture,
    keep_picture,
    parse_picture,
    read_picture,
)


def furnished(machine, creator="uv"):
    for version in ("1.0", "2.0"):
        machine.wheel("free", version, scripts=["free"])
        machine.wheel("rooted", version)
    machine.wheel("quiet", "1.0")
    path = machine.make(machine.home / "work" / ".venv", creator)
    machine.install(path, creator, "free==1.0", "rooted==1.0", "quiet")
    return path


def site_of(path: Path) -> Path:
    (site,) = path.glob("lib/python*/site-packages")
    return site


def make_absolute(path: Path, name: str, *more: str) -> Path:
    """Have a RECORD name its files by absolute paths, as poetry does for the project itself."""
    site = site_of(path)
    (record,) = site.glob(f"{name}-*.dist-info/RECORD")
    lines = [f"{site}/{line}" for line in record.read_text().splitlines()]
    record.write_text("".join(f"{line}\n" for line in (*lines, *more)))
    return record


def states(path: Path) -> dict[str, tuple[int, int, int, bytes]]:
    """Return what each file and link is, by inode, size, time and content."""
    found = {}
    for folder, _, names in os.walk(path):
        for name in names:
            full = os.path.join(folder, name)
            if "__pycache__" in full:
                continue
            status = os.lstat(full)
            data = os.readlink(full).encode() if os.path.islink(full) else Path(full).read_bytes()
            key = os.path.relpath(full, path)
            found[key] = (status.st_ino, status.st_size, status.st_mtime_ns, data)
    return found


@pytest.mark.parametrize("creator", ["uv", "venv"])
def test_an_upgrade_of_what_names_its_files_absolutely_changes_the_copy_alone(
    creator, machine, kit
):
    path = furnished(machine, creator)
    outside = machine.home / "notes.txt"
    outside.write_text("mine")
    make_absolute(path, "rooted", f"{outside},,", f"{path}/../../notes.txt,,")
    untouched = make_absolute(path, "quiet", f"{outside},,").read_bytes()
    plan = machine.operations.plan_upgrade(machine.look(path), {"rooted": None})
    before = states(path)

    machine.done(plan)

    assert outside.read_text() == "mine"
    assert {name for name in kit.records(path) if name.startswith("rooted")} == {
        "rooted-2.0.dist-info"
    }
    (quiet,) = site_of(path).glob("quiet-*.dist-info/RECORD")
    assert quiet.read_bytes() == untouched
    machine.done(machine.operations.plan_undo())
    assert states(path) == before


@pytest.mark.parametrize("creator", ["uv", "venv"])
def test_an_upgrade_that_is_rolled_back_leaves_every_file_the_same(creator, machine):
    path = furnished(machine, creator)
    make_absolute(path, "rooted")
    make_absolute(path, "free")
    broken = machine.wheel("free", "3.0", [("free_more.py", b"")], requires=["absent"])
    plan = machine.operations.plan_upgrade(machine.look(path), {"rooted": None})
    before = states(path)
    broken.unlink()

    result, _ = machine.run(plan, stop_at=4)

    assert (result.status, result.stopped) == (Ending.ROLLED_BACK, True)
    assert result.message.startswith("nothing changed")
    assert states(path) == before
    assert machine.left() == []


def write_in_place(path: Path) -> str:
    """Do as an installer does that opens a file and writes, keeping its inode."""
    (record,) = site_of(path).glob("quiet-*.dist-info/RECORD")
    with open(record, "r+b") as file:
        file.write(b"#")
    return os.path.relpath(record, path)


def replace_file(path: Path) -> str:
    (module,) = site_of(path).glob("quiet/__init__.py")
    module.with_suffix(".new").write_bytes(module.read_bytes())
    module.with_suffix(".new").replace(module)
    return os.path.relpath(module, path)


def keep_size_and_time(path: Path) -> str:
    (record,) = site_of(path).glob("quiet-*.dist-info/METADATA")
    status = record.stat()
    with open(record, "r+b") as file:
        file.write(b"X")
    os.utime(record, ns=(status.st_atime_ns, status.st_mtime_ns))
    return os.path.relpath(record, path)


def remove_file(path: Path) -> str:
    (module,) = site_of(path).glob("quiet/__init__.py")
    module.unlink()
    return os.path.relpath(module, path)


@pytest.mark.parametrize("change", [write_in_place, replace_file, keep_size_and_time, remove_file])
@pytest.mark.parametrize("operation", ["upgrade", "recreate"])
def test_what_changed_meanwhile_is_said_and_kept_in_the_history(operation, change, machine):
    path = furnished(machine)
    look = machine.look(path)
    plan = (
        machine.operations.plan_upgrade(look, {"free": None})
        if operation == "upgrade"
        else machine.operations.plan_recreate(look)
    )
    changed: list[str] = []

    def stopped() -> bool:
        """Stop as soon as a command runs, after somebody has written there."""
        if not changed and any("CommandStarted" in type(one).__name__ for one in told):
            changed.append(change(path))
        return bool(changed)

    told: list[object] = []
    result = machine.operations.run(plan, told.append, stopped)

    assert result.status is Ending.ROLLED_BACK
    assert "nothing changed" not in result.message
    assert f"files changed during the operation: {changed[0]}" in result.message
    entry = machine.operations.history()[0].entry
    assert entry.changed == tuple(changed)
    assert machine.left() == []


def test_the_metadata_of_a_copy_is_its_own_and_its_modules_are_shared(machine, tmp_path):
    path = furnished(machine)
    copy = tmp_path / "copy"
    copy.mkdir()
    link_tree(str(path), str(copy), lambda _files, _size: None)
    for name, (inode, size, changed, data) in states(path).items():
        status = os.lstat(copy / name)
        if os.path.islink(path / name):
            assert os.readlink(copy / name).encode() == data
            continue
        in_metadata = ".dist-info/" in name
        if in_metadata or name.endswith("__init__.py"):
            assert (status.st_ino == inode) == (not in_metadata), name
        assert (status.st_size, Path(copy, name).read_bytes()) == (size, data)
        assert status.st_mtime_ns == changed


@pytest.mark.parametrize("usual", ["../../../bin/fine,,\nquiet/__init__.py,,\n", "quiet/a.py,,\n"])
@pytest.mark.parametrize(
    ("row", "kept"),
    [
        ("{site}/a/b.py,sha256=x,3", "a/b.py,sha256=x,3"),
        ("{path}/bin/tool,,", "../../../bin/tool,,"),
        ('"{site}/a, b.py",,', '"a, b.py",,'),
        ("{site}/../../../../outside,,", ""),
        ("/etc/passwd,,", ""),
        ("../../../../outside,,", ""),
        ("quiet/../../../../../outside,,", ""),
    ],
)
def test_rows_that_lead_out_of_a_copy(usual, row, kept, machine, tmp_path):
    path = furnished(machine)
    copy = tmp_path / "copy"
    copy.mkdir()
    site = site_of(path)
    (record,) = site.glob("quiet-*.dist-info/RECORD")
    record.write_text(usual + row.format(site=site, path=path) + "\n")
    before = record.read_bytes()
    link_tree(str(path), str(copy), lambda _files, _size: None)
    disk = machine.operations.store.disk

    changed = confine_records(machine.look(path), str(copy), disk.rewrite)

    (copied,) = copy.glob("lib/python*/site-packages/quiet-*.dist-info/RECORD")
    assert copied.read_text() == usual + (f"{kept}\n" if kept else "")
    assert record.read_bytes() == before
    restore_records(changed, disk.rewrite)
    assert copied.read_bytes() == before


def test_a_picture_that_is_kept_is_the_one_that_was_taken(machine, tmp_path):
    path = furnished(machine)
    (path / "odd\udcff\n").write_text("x")
    picture = Picture.take(str(path))
    keep_picture(str(tmp_path), picture, machine.operations.store.disk)
    data = read_picture(str(tmp_path))
    assert data is not None
    assert parse_picture(data) == picture
    assert picture.changes(str(path)) == ()
    assert read_picture(str(tmp_path / "nothing")) is None


def packed(files: object, inodes: object, sizes: object, times: object) -> bytes:
    columns = {"files": files, "inodes": inodes, "sizes": sizes, "times": times}
    return zlib.compress(json.dumps({"schema": 2, "metadata": {}, **columns}).encode())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"x",
        json.dumps({"schema": 1}).encode(),
        b"x\x9c" + os.urandom(40),
        packed(["a"], [1], [1], [float("inf")]),
        packed(["a", "b"], [1], [1], [1]),
        packed(["a"], [1], {}, [1]),
        packed(["a"], [1], [[]], [1]),
    ],
    ids=["empty", "no zlib", "plain", "noise", "endless", "short", "no column", "no number"],
)
def test_a_damaged_picture_proves_nothing(data):
    assert parse_picture(data) is None
    assert parse_picture(packed(["a"], [1], [2], [3])) == Picture({"a": (1, 2, 3)}, {})


def test_what_changed_is_told_by_path_and_nothing_is_followed(machine, tmp_path, monkeypatch):
    """A folder that became a link is not looked into, wherever the link leads."""
    path = furnished(machine)
    monitor = ChangeMonitor.start(machine.look(path))
    site = site_of(path)
    names = {name: str((site / name).relative_to(path)) for name in ("quiet", "free", "new.py")}
    inside = {name for name in monitor.files if name.startswith(names["quiet"] + os.sep)}
    assert inside
    assert monitor.suspects(str(path)) is None
    (site / "free" / "__init__.py").write_text("changed")
    (site / "new.py").write_text("new")
    (site / "quiet").rename(tmp_path / "quiet")
    (site / "quiet").symlink_to(tmp_path / "quiet")
    real, seen = os.lstat, []
    monkeypatch.setattr(
        os, "lstat", lambda given, **more: seen.append(given) or real(given, **more)
    )

    found = monitor.suspects(str(path))

    monkeypatch.undo()
    site_name = str(site.relative_to(path))
    below = {name for name in monitor.folders if name.startswith(names["quiet"] + os.sep)}
    changed = {os.path.join(names["free"], "__init__.py")}
    assert found == inside | below | changed | {site_name, names["quiet"]}
    assert not [each for each in seen if str(each).startswith(str(site / "quiet") + os.sep)]


def test_what_the_new_one_shares_is_looked_at_when_a_folder_changed(machine, tmp_path):
    """What is written into a shared file is in both; another file of that name is not."""
    path = furnished(machine)
    monitor = ChangeMonitor.start(machine.look(path))
    copy = tmp_path / "copy"
    copy.mkdir()
    link_tree(str(path), str(copy), lambda _files, _size: None)
    monitor.share(str(copy))
    site = site_of(path)
    shared = site / "quiet" / "__init__.py"
    (record,) = site.glob("quiet-*.dist-info/RECORD")
    names = {each: str(each.relative_to(path)) for each in (shared, record, site / "quiet")}
    assert monitor.suspects(str(path)) is None
    shared.write_text("written in place")
    assert (copy / names[shared]).read_text() == "written in place"
    assert monitor.suspects(str(path)) is None
    record.write_text("written in place")
    assert monitor.suspects(str(path)) == {names[record]}
    (site / "quiet" / "saved").write_text("saved as editors do")
    os.replace(site / "quiet" / "saved", shared)
    assert (copy / names[shared]).read_text() == "written in place"
    assert monitor.suspects(str(path)) == set(names.values())
    assert monitor.suspects(str(copy)) != monitor.suspects(str(path))


def test_what_is_followed_and_not_there_is_no_change_until_it_is(machine):
    path = furnished(machine)
    monitor = ChangeMonitor.start(machine.look(path))
    compiled = site_of(path) / "quiet" / "__pycache__"
    compiled.mkdir(exist_ok=True)
    (compiled / "mine.pyc").write_text("mine")
    monitor = ChangeMonitor.start(machine.look(path))
    followed = str((compiled / "mine.pyc").relative_to(path))
    monitor.follow([followed, "nowhere"])
    assert monitor.suspects(str(path)) is None
    (compiled / "mine.pyc").write_text("other")
    (path / "nowhere").write_text("there")
    assert monitor.suspects(str(path)) == {followed, "", "nowhere"}


def test_python_that_compiles_is_no_change(machine):
    path = furnished(machine)
    picture = Picture.take(str(path))
    machine.call([path / "bin" / "python", "-c", "import free, quiet"])
    assert picture.changes(str(path)) == ()
    assert sys.pycache_prefix is None


WRITES = {
    "appends": "open(path, 'a').write('more')",
    "writes in place": "open(path, 'r+').write('more')",
    "truncates": "os.truncate(path, 1)",
    "writes by descriptor": "os.write(os.open(path, os.O_WRONLY), b'more')",
    "changes the mode": "os.chmod(path, 0o600)",
    "changes the time": "os.utime(path, (1, 1))",
    "keeps a database": "import sqlite3; sqlite3.connect(path).execute('create table t (a)')",
    "makes a file": "open(path + '.cache', 'w').write('more')",
    "removes a file": "os.path.exists(path) and os.remove(path)",
    "replaces a file": "open(path + '~', 'w').close(); os.replace(path + '~', path)",
}


@pytest.mark.parametrize("fails", [True, False])
def test_what_is_imported_to_try_it_writes_to_no_file_of_the_one_in_use(fails, machine, kit):
    """Importing runs a package's own code, which may keep something beside itself."""
    ran = machine.home / "ran"
    ran.mkdir()
    writers = {how.replace(" ", "_"): code for how, code in WRITES.items()}
    for name, code in writers.items():
        begin = "import os\npath = os.path.join(os.path.dirname(__file__), 'state')\n"
        noted = f"open({str(ran / name)!r}, 'w').close()\n"
        run = f"{begin}{code}\n{noted}import base\n".encode()
        files = [(f"{name}/state", b""), (f"{name}/run.py", run)]
        files += [(f"{name}/__init__.py", f"import {name}.run\n".encode())]
        machine.wheel(name, "1.0", files, requires=["base"])
    machine.wheel("base", "1.0")
    machine.wheel("base", "2.0", [("base/__init__.py", b"1 / 0\n" if fails else b"")])
    path = machine.make(machine.home / "work" / ".venv", "uv")
    machine.install(path, "uv", *writers, "base==1.0")
    before, account = states(path), kit.source_only(kit.account(path))
    plan = machine.operations.plan_upgrade(machine.look(path), {"base": None})

    result, _ = machine.run(plan)

    assert {each.name for each in ran.iterdir()} == {*writers}
    if fails:
        assert result.status is Ending.ROLLED_BACK
        assert result.message.startswith("nothing changed: "), result
        assert states(path) == before
        assert kit.source_only(kit.account(path)) == account
        return
    assert result.status is Ending.DONE, result
    (old,) = Path(machine.operations.store.places.trash).glob("*/environment")
    assert states(old) == before
    assert kit.source_only(kit.account(old)) == account


def test_where_a_guard_objects_nothing_in_the_environment_is_looked_at(machine, monkeypatch):
    """What is mounted in it may never answer, and so nobody waits for it."""
    path = furnished(machine)
    plan = machine.operations.plan_recreate(machine.look(path))
    path.rename(path.with_name("elsewhere"))
    path.mkdir()
    looked: list[object] = []
    monkeypatch.setattr(Picture, "take", lambda *given, **_: looked.append(given))
    assert machine.run(plan)[0].status is Ending.REFUSED
    assert looked == []
