"""What an older version kept in other folders is found there, and moved once."""

import fcntl
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from envdeck.config import load
from envdeck.config.save import offers_tour
from envdeck.core.catalog import Catalog
from envdeck.core.discovery.prune import Prune
from envdeck.core.index import Index, index_path
from envdeck.core.inspection.protection import own_place
from envdeck.core.model import Ending, Operation
from envdeck.core.onboarding.answers import memory_path, read_memory, remember_choice
from envdeck.core.operations.api import Operations
from envdeck.core.operations.disk import Disk, disk_for
from envdeck.core.operations.shared.own_folders import RelocationResult, relocate
from envdeck.core.operations.transaction.journal import Entry, Move, Phase
from envdeck.core.operations.transaction.places import Places, former_trash
from envdeck.core.operations.transaction.transaction import transaction
from envdeck.core.operations.transaction.trash import TrashManifest
from envdeck.core.system.host import Host, former_folders, own_folders, own_path
from support.trees import states

VARIABLES = ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")
ID = "20261120-000001-aaaa"
BUSY = "in use"


class Machine:
    """The same home for the version before, which read `~` in a variable, and for this one."""

    def __init__(self, home: Path, now) -> None:
        self.home = home
        self.before = Host("linux", str(home), dict.fromkeys(VARIABLES, str(home / "old")), now)
        self.now = replace(self.before, environ=dict.fromkeys(VARIABLES, "~/old"))
        self.old = home / "old" / "envdeck"

    def path(self, kind, name) -> Path:
        return Path(own_folders(self.now).folder(kind), name)


@pytest.fixture
def machine(home) -> Machine:
    clock = iter(range(1_000_000, 2_000_000))
    return Machine(home, lambda: float(next(clock)))


@pytest.fixture
def env(home) -> Path:
    path = home / "work" / "api" / ".venv"
    path.mkdir(parents=True)
    (path / "pyvenv.cfg").write_text("home = /nowhere\n")
    return path


@pytest.fixture
def other_disk() -> Iterator[Path]:
    """Return a folder on another file system than the home is on."""
    shared = "/dev/shm"
    if not os.path.isdir(shared) or os.stat(shared).st_dev == os.stat(tempfile.gettempdir()).st_dev:
        pytest.skip("there is one file system only")
    folder = Path(tempfile.mkdtemp(dir=shared))
    yield folder
    shutil.rmtree(folder)


def furnish(host: Host, env: Path) -> None:
    """Keep one of each thing, as the version did that keeps them where this host says."""
    config = Path(own_folders(host).config, "config.toml")
    config.parent.mkdir(parents=True)
    config.write_text("keep-days = 7\n")
    remember_choice(host, "/home/ada/api", "tests", ("command:pytest",))
    Path(own_folders(host).state, "tour").touch()
    with Index.open(index_path(host), host=host) as index:
        assert index.save_project_roots(["/home/ada/api"])
    operations = Operations(Catalog(host))
    operations.announce(operations.due().announced)
    delete(operations, env)


def delete(operations: Operations, path: Path) -> Entry:
    store = operations.store
    identity = store.disk.identity(str(path))
    entry = Entry(
        id=ID, group=ID, operation=Operation.DELETE, move=Move.ASIDE, path=str(path), old=identity
    )
    with transaction(store, entry) as current:
        current.open_item(store.places.trash)
        now = store.host.now()
        current.describe(
            TrashManifest(ID, entry.operation, str(path), ".venv", "venv", "3.13", now)
        )
        current.move_to_trash()
        return current.entry


def remembered(host: Host) -> tuple:
    """Return what a host finds of each thing, wherever that is."""
    with Index.open(index_path(host), host=host) as index:
        roots = index.project_roots()
    operations = Operations(Catalog(host))
    return (
        load(host).settings.keep_days,
        read_memory(host, "/home/ada/api").chosen,
        offers_tour(host),
        roots,
        [(past.entry.id, past.why_not) for past in operations.history()],
        [item.id for item in operations.trash()],
    )


ALL = (7, {"tests": ("command:pytest",)}, False, ("/home/ada/api",), [(ID, "")], [ID])


def test_a_look_finds_everything_and_moves_nothing(machine, env):
    furnish(machine.before, env)
    before = states(machine.home)
    assert remembered(machine.now) == ALL
    assert states(machine.home) == before


def test_everything_moves_once_but_the_trash(machine, env):
    furnish(machine.before, env)
    moved = relocate(machine.now)
    assert [each.problem for each in moved] == [""] * len(moved)
    names = {os.path.basename(each.target) for each in moved}
    assert names == {"config.toml", "index.sqlite3", "operations", "onboarding", "tour"} | (
        {"clock.json"} & names
    )
    assert [path.name for path in machine.old.iterdir()] == ["trash"]
    assert remembered(machine.now) == ALL
    for kind, name in [
        ("config", "config.toml"),
        ("cache", "index.sqlite3"),
        ("state", "operations"),
    ]:
        assert own_path(machine.now, kind, name) == str(machine.path(kind, name))
    assert relocate(machine.now) == ()


def test_what_is_in_the_former_trash_is_taken_back_and_that_is_removed_when_empty(machine, env):
    furnish(machine.before, env)
    relocate(machine.now)
    operations = Operations(Catalog(machine.now))
    plan = operations.plan_undo()
    assert operations.run(plan, lambda _event: None).status is Ending.DONE
    assert (env / "pyvenv.cfg").exists()
    shutil.rmtree(machine.old / "trash" / ID, ignore_errors=True)
    relocate(machine.now)
    assert not machine.old.exists()


def test_what_is_deleted_next_goes_to_the_new_trash(machine, env):
    furnish(machine.before, env)
    assert Places.find(machine.now).trash == str(machine.path("data", "trash"))
    assert former_trash(machine.now) == str(machine.old / "trash")
    assert former_trash(machine.before) is None


def test_the_former_trash_can_be_emptied(machine, env):
    furnish(machine.before, env)
    relocate(machine.now)
    operations = Operations(Catalog(machine.now))
    plan = operations.plan_purge([ID])
    assert plan.refusals == ()
    assert operations.run(plan, lambda _event: None).status is Ending.DONE
    assert not (machine.old / "trash").exists()


def test_former_folders_are_protected_and_not_searched(machine, env):
    furnish(machine.before, env)
    for path in (machine.old / "trash" / ID, machine.old, machine.path("state", "locks")):
        assert own_place(str(path), machine.now)
    prune = Prune.for_host(machine.now)
    assert str(machine.old) in prune.paths


def test_nothing_is_made_where_there_is_nothing_to_move(machine):
    assert relocate(machine.now) == ()
    assert list(machine.home.iterdir()) == []


def test_every_thing_of_ours_is_one_that_moves(machine, env):
    """A thing with a name that the move does not know would be left behind."""
    furnish(machine.before, env)
    names = {path.name for path in machine.old.iterdir()}
    known = {"config.toml", "index.sqlite3", "operations", "onboarding", "clock.json", "tour"}
    assert names - known == {"locks", "reserve", "trash"} & names
    assert memory_path(machine.before, "x").startswith(str(machine.old / "onboarding"))


@pytest.mark.parametrize(
    ("platform", "environ"),
    [
        ("darwin", {"XDG_CONFIG_HOME": "c", "XDG_STATE_HOME": "s"}),
        ("darwin", {"XDG_CONFIG_HOME": "c", "XDG_CACHE_HOME": "c", "XDG_DATA_HOME": "d"}),
        ("darwin", {}),
        ("win32", {"LOCALAPPDATA": "l", "APPDATA": "r"}),
        ("win32", {}),
        ("linux", {}),
    ],
)
def test_on_every_system(home, platform, environ):
    named = {name: str(home / value) for name, value in environ.items()}
    host = Host(platform, str(home), named)
    usual, former = own_folders(host), former_folders(host)
    things = {"config": "config.toml", "state": "tour"}
    for kind, name in things.items():
        path = Path(former.folder(kind), name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# {name}\n")
    before = states(home)
    moved = {os.path.basename(each.target) for each in relocate(host, Disk(host))}
    differs = {name for kind, name in things.items() if usual.folder(kind) != former.folder(kind)}
    assert moved == differs
    assert (states(home) == before) is (not differs)
    for kind, name in things.items():
        assert Path(usual.folder(kind), name).read_text() == f"# {name}\n"


def held(path: Path) -> subprocess.Popen:
    """Have another process hold the lock of a file."""
    code = (
        "import fcntl, sys; file = open(sys.argv[1]); fcntl.flock(file, fcntl.LOCK_EX);"
        "print('held', flush=True); sys.stdin.read()"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    process = subprocess.Popen([sys.executable, "-c", code, str(path)], **pipes)
    assert process.stdout.readline() == "held\n"
    return process


def test_the_journal_waits_for_an_operation_that_runs(machine, env):
    furnish(machine.before, env)
    (file,) = (machine.old / "locks").iterdir()
    with held(file) as process:
        problems = {os.path.basename(each.source): each.problem for each in relocate(machine.now)}
        assert problems["operations"] == problems["tour"] == BUSY
        assert problems["config.toml"] == ""
        assert Places.find(machine.now).journal == str(machine.old / "operations")
        assert Places.find(machine.now).locks == str(machine.old / "locks")
        assert remembered(machine.now) == ALL
        process.stdin.close()
        process.wait(60)
        process.stdout.close()
    assert {each.problem for each in relocate(machine.now)} == {""}
    assert remembered(machine.now) == ALL
    assert not (machine.old / "locks").exists()


def test_it_waits_for_another_that_moves_it(machine, env):
    furnish(machine.before, env)
    descriptor = os.open(machine.old / "operations", os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        moved = {os.path.basename(each.source): each.problem for each in relocate(machine.now)}
    finally:
        os.close(descriptor)
    assert moved["operations"] == BUSY


def test_an_index_that_is_being_written_waits(machine, env):
    furnish(machine.before, env)
    file = machine.old / "index.sqlite3"
    writer = sqlite3.connect(file, isolation_level=None)
    try:
        writer.execute("BEGIN EXCLUSIVE")
        (index,) = [each for each in relocate(machine.now) if each.source == str(file)]
        assert index.problem == BUSY
    finally:
        writer.close()
    assert index_path(machine.now) == str(file)
    assert relocate(machine.now) == (RelocationResult(str(file), index_path(machine.now)),)
    assert remembered(machine.now) == ALL


def test_an_index_that_is_damaged_is_moved_as_it_is(machine):
    machine.old.mkdir(parents=True)
    (machine.old / "index.sqlite3").write_bytes(b"no database at all" * 100)
    (moved,) = relocate(machine.now)
    assert Path(moved.target).read_bytes() == b"no database at all" * 100
    assert os.listdir(os.path.dirname(moved.target)) == ["index.sqlite3"]


@pytest.mark.parametrize("what", ["pipe", "folder"])
def test_what_is_no_index_stays(machine, what):
    machine.old.mkdir(parents=True)
    place = machine.old / "index.sqlite3"
    os.mkfifo(place) if what == "pipe" else place.mkdir()
    assert relocate(machine.now) == ()
    assert place.exists()


def test_both_there_the_one_of_now_counts_and_nothing_is_lost(machine, env):
    furnish(machine.before, env)
    operations = machine.path("state", "operations")
    operations.mkdir(parents=True)
    (operations / "20261121-000001-bbbb.log").write_text("of now")
    log = machine.old / "operations" / "20261121-000001-bbbb.log"
    log.write_text("of then")
    machine.path("config", "config.toml").parent.mkdir(parents=True)
    machine.path("config", "config.toml").write_text("keep-days = 9\n")
    machine.path("state", "tour").touch()
    relocate(machine.now)
    assert load(machine.now).settings.keep_days == 9
    assert (machine.old / "config.toml").read_text() == "keep-days = 7\n"
    assert (operations / "20261121-000001-bbbb.log").read_text() == "of now"
    assert log.read_text() == "of then"
    assert os.listdir(machine.old / "operations") == [log.name]
    assert not (machine.old / "tour").exists()
    found = remembered(machine.now)
    assert found[4:] == ALL[4:]
    assert relocate(machine.now) == ()


def test_a_link_stays_and_is_followed(machine):
    dotfiles = machine.home / "dotfiles"
    dotfiles.mkdir()
    (dotfiles / "config.toml").write_text("keep-days = 7\n")
    machine.old.mkdir(parents=True)
    (machine.old / "config.toml").symlink_to("../../dotfiles/config.toml")
    assert relocate(machine.now) == ()
    assert load(machine.now).settings.keep_days == 7
    assert not machine.path("config", "config.toml").exists()


def test_so_does_a_folder_that_is_one(machine, env):
    elsewhere = machine.home / "elsewhere"
    elsewhere.mkdir()
    machine.old.parent.mkdir()
    machine.old.symlink_to(elsewhere)
    (elsewhere / "config.toml").write_text("keep-days = 7\n")
    assert relocate(machine.now) == ()
    assert load(machine.now).settings.keep_days == 7


def test_nothing_moves_where_one_is_a_link_to_the_other(machine, env):
    furnish(machine.before, env)
    for kind in ("config", "cache", "data", "state"):
        folder = Path(own_folders(machine.now).folder(kind))
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.symlink_to(machine.old)
    before = states(machine.home)
    assert relocate(machine.now) == ()
    assert states(machine.home) == before
    assert remembered(machine.now) == ALL


def test_a_place_that_cannot_be_made_leaves_all_where_it_is(machine, env):
    furnish(machine.before, env)
    for name in (".config", ".local", ".cache"):  # nothing can be made there, by anybody
        (machine.home / name).write_text("a file")
    moved = relocate(machine.now)
    assert {os.path.basename(each.source) for each in moved} >= {"config.toml", "operations"}
    assert all(each.problem for each in moved)
    assert (machine.old / "operations" / f"{ID}.json").exists()
    assert remembered(machine.now)[:2] == ALL[:2]


class Across(Machine):
    """The former folders lie on another disk."""

    def __init__(self, home: Path, disk: Path, now) -> None:
        super().__init__(home, now)
        (home / "old").symlink_to(disk)


def test_across_disks_what_is_whole_gets_its_name(home, env, other_disk):
    clock = iter(range(1_000_000, 2_000_000))
    machine = Across(home, other_disk, lambda: float(next(clock)))
    furnish_without_trash(machine)
    before = remembered(machine.now)
    moved = relocate(machine.now)
    assert len(moved) == 4
    assert not [each for each in moved if each.problem]
    assert remembered(machine.now) == before
    assert list(other_disk.iterdir()) == []


def furnish_without_trash(machine: Machine) -> None:
    host = machine.before
    config = Path(own_folders(host).config, "config.toml")
    config.parent.mkdir(parents=True)
    config.write_text("keep-days = 7\n")
    remember_choice(host, "/home/ada/api", "tests", ("command:pytest",))
    remember_choice(host, "/home/ada/web", "tests", ("command:tox",))
    with Index.open(index_path(host), host=host) as index:
        index.save_project_roots(["/home/ada/api"])
    done = Entry(
        id=ID,
        group=ID,
        operation=Operation.DELETE,
        move=Move.OWNER,
        phase=Phase.DONE,
        path="/home/ada/api/.venv",
    )
    Operations(Catalog(host)).store.journal.write(done)


KILLED = """
import os, signal, sys
from envdeck.core.system.host import Host
from envdeck.core.operations.shared.own_folders import relocate
import envdeck.core.index.database, psutil, sqlite3, envdeck.core.operations.disk.platforms as linux
home, left = sys.argv[1], int(sys.argv[2])
names = ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")
linux._libc()
CHANGES = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "shutil.copyfile", "shutil.rmtree",
           "os.chmod", "os.utime", "sqlite3.connect", "ctypes.call_function", "os.truncate"}
def count(event, arguments):
    global left
    writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & 3
    if event in CHANGES or writes:
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(count)
relocate(Host("linux", home, dict.fromkeys(names, "~/old")))
"""


@pytest.mark.parametrize("every", [4, pytest.param(1, marks=pytest.mark.kill)])
def test_killed_at_every_step_nothing_is_lost(home, other_disk, every):
    """On one disk and across two: after each kill everything is found, and the next move ends."""
    for kind in (Machine, Across):
        for step in range(0, 200, every):
            folder = home / f"{kind.__name__}-{step}"
            folder.mkdir()
            aside = other_disk / folder.name
            aside.mkdir()
            now = iter(range(1_000_000, 2_000_000))
            given = (folder, aside) if kind is Across else (folder,)
            machine = kind(*given, lambda now=now: float(next(now)))
            furnish_without_trash(machine)
            expected = remembered(machine.now)
            command = [sys.executable, "-c", KILLED, str(folder), str(step)]
            code = subprocess.run(command, check=False, timeout=60).returncode
            assert code in {0, -signal.SIGKILL}
            assert remembered(machine.now) == expected
            assert not [each for each in relocate(machine.now) if each.problem]
            assert remembered(machine.now) == expected
            left = [path.name for path in machine.home.rglob("*") if path.name.endswith(".tmp")]
            assert left == []
            assert not (machine.old / "operations").exists()
            if code == 0:
                break
        assert code == 0
        assert step > 5


def test_an_entry_of_the_journal_stays_readable(machine, env):
    furnish(machine.before, env)
    relocate(machine.now)
    file = machine.path("state", "operations") / f"{ID}.json"
    assert json.loads(file.read_text())["item"] == str(machine.old / "trash" / ID)
    assert disk_for(machine.now).identity(str(machine.old / "trash" / ID)) is not None
