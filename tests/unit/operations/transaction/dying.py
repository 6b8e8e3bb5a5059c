"""Dies, or fails, at one system call of a transaction after the other, and looks what is left.

A program of its own: `dying.py SCENARIO,… BASE HOW [every N] [from N] [two-steps]`. For each system
call that the scenario makes, the world is built anew, a child does the scenario and is killed (or
gets an error) at that call, and then the parent recovers. It prints one JSON line for each, and
last one for the whole scenario, which nothing interrupted.
"""

import errno
import hashlib
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from envdeck.core.catalog import Catalog
from envdeck.core.inspection.processes import Processes
from envdeck.core.model import Ending, Operation, Result
from envdeck.core.operations.api import Operations
from envdeck.core.operations.delete.purge import purge_item
from envdeck.core.operations.disk import platforms as linux
from envdeck.core.operations.disk.platforms import LinuxDisk
from envdeck.core.operations.execute import recover
from envdeck.core.operations.guards.context import GuardContext
from envdeck.core.operations.shared.history import trashed
from envdeck.core.operations.transaction.journal import Entry, Move, Phase, UnreadableEntry
from envdeck.core.operations.transaction.transaction import OperationStore, transaction
from envdeck.core.operations.transaction.trash import TrashManifest
from envdeck.core.operations.undo.plan import UndoPlan, plan_undo
from envdeck.core.operations.undo.run import run as run_undo
from envdeck.core.system.host import Host

CALLS = ("mkdir", "rmdir", "rename", "replace", "unlink", "fsync", "write", "chmod", "link")
"""What a transaction changes the disk with, besides `renameat2` and `open` for writing."""


class QuickDisk(LinuxDisk):
    """Does not wait for the machine's real disk: no test here cuts the power."""

    def settle_tree(self, path: str) -> None:
        os.fsync(0)


class TwoStepDisk(QuickDisk):
    """A file system that cannot exchange."""

    def exchange(self, first: str, second: str) -> bool:
        del first, second
        return False


class World:
    """A made-up home with one environment in a project."""

    def __init__(self, base: Path, *, two_steps: bool = False) -> None:
        self.base = base
        self.home = base / "home"
        self.path = self.home / "work" / "it's [1]" / ".venv"
        clock = iter(range(1_000_000, 2_000_000))
        host = Host("linux", str(self.home), {}, lambda: float(next(clock)), str(base / "root"))
        self.store = OperationStore(host, TwoStepDisk(host) if two_steps else QuickDisk(host))
        self.trash = self.store.places.trash
        self.beside = str(self.path.parent / ".envdeck-trash")

    def build(self) -> None:
        fill(self.path, "old")
        (self.path.parent / "main.py").write_text("print()\n")

    def state(self) -> dict[str, str]:
        """Every environment's content by where it is, and of the rest of the home a hash."""
        found = {}
        for name, at in (("here", self.path), *((p.parent.name, p) for p in self._items())):
            if at.exists():
                found[name] = digest(at)
        return found

    def marks(self) -> dict[str, str]:
        """Of every environment by where it is, a hash of its files' inodes, sizes and times."""
        found = {}
        for name, at in (("here", self.path), *((p.parent.name, p) for p in self._items())):
            if at.exists():
                found[name] = marks_of(at)
        return found

    def _items(self) -> list[Path]:
        found = []
        for trash in (self.trash, self.beside):
            if os.path.isdir(trash):  # `glob` would take the name of the project for a pattern
                items = sorted(each for each in Path(trash).iterdir() if each.is_dir())
                found += [each / "environment" for each in items]
        return found

    def operations(self) -> Operations:
        """The one door to this world."""
        index = str(self.home / ".local" / "index.sqlite3")
        made = Operations(Catalog(self.store.host, index))
        made.store = self.store
        return made

    def outside(self) -> str:
        """A hash of everything that is neither the environment nor ours."""
        return digest(self.home, without={str(self.path), *self._ours()})

    def _ours(self) -> set[str]:
        return {str(self.home / ".local"), self.beside}

    def ours(self) -> str:
        return digest(self.home / ".local", without={str(self.home / ".local" / "index.sqlite3")})


def fill(path: Path, word: str) -> None:
    (path / "bin").mkdir(parents=True)
    (path / "lib" / "deep").mkdir(parents=True)
    (path / "lib" / "python3.13" / "site-packages").mkdir(parents=True)
    (path / "pyvenv.cfg").write_text(f"home = {word}\n")
    (path / "bin" / "activate").write_text(word)
    (path / "lib" / "deep" / f"{word}.py").write_text(word * 10)
    os.symlink("nowhere", path / "bin" / "python")


def digest(top: Path, without: set[str] | None = None) -> str:
    lines = []
    for folder, folders, files in os.walk(top):
        folders[:] = sorted(n for n in folders if os.path.join(folder, n) not in (without or ()))
        for name in sorted(files):
            path = os.path.join(folder, name)
            content = os.readlink(path) if os.path.islink(path) else Path(path).read_bytes()
            lines.append(f"{os.path.relpath(path, top)} {content!r}")
        lines.append(os.path.relpath(folder, top))
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()[:12]


def marks_of(top: Path) -> str:
    """Return a hash of what each file in a tree is: inode, size and time of the last change."""
    lines = []
    for folder, _, files in os.walk(top):
        for name in files:
            path = os.path.join(folder, name)
            status = os.lstat(path)
            told = (status.st_ino, status.st_size, status.st_mtime_ns)
            lines.append(f"{os.path.relpath(path, top)} {told}")
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()[:12]


def _entry(world: World, move: Move, **more: object) -> Entry:
    store = world.store
    plain = Entry(
        id="20261120-000001-aaaa",
        group="20261120-000001-aaaa",
        operation=Operation.DELETE,
        move=move,
        phase=Phase.PREPARED,
        path=str(world.path),
        item="",
        old=store.disk.identity(str(world.path)),
        name=".venv",
    )
    return replace(plain, **more)  # type: ignore[arg-type]


def delete(world: World) -> None:
    with transaction(world.store, _entry(world, Move.ASIDE)) as current:
        current.open_item(world.trash)
        current.describe(_manifest(world, current.entry.id))
        current.move_to_trash()


def _manifest(world: World, identifier: str) -> TrashManifest:
    return TrashManifest(
        identifier, Operation.DELETE, str(world.path), ".venv", "venv", "3.13", 1.0
    )


def undo(world: World) -> None:
    _undo(world, None)


def _undo(world: World, identifier: str | None) -> None:
    """Take back, and raise what the disk refuses: no door between."""
    operations = world.operations()
    plan = plan_undo(operations, identifier, None, frozenset({"unowned-files"}))
    assert isinstance(plan, UndoPlan), plan
    result = run_undo(plan, operations, lambda _event: None, lambda: False)
    assert result.status is Ending.DONE, result


def rebuild(world: World) -> None:
    entry = _entry(world, Move.EXCHANGE, operation=Operation.RECREATE)
    with transaction(world.store, entry) as current:
        current.open_item(world.trash)
        current.take_picture()
        current.describe(_manifest(world, current.entry.id))
        current.make_staged()
        staged = Path(current.staged)
        staged.rmdir()
        staged.mkdir()
        current.note(Phase.STAGING, new=world.store.disk.identity(str(staged)))
        (staged / "bin").mkdir()
        (staged / "pyvenv.cfg").write_text("home = new\n")
        (staged / "bin" / "activate").write_text("new")
        world.store.disk.settle_tree(str(staged))
        current.swap_in()


def vanish(world: World) -> None:
    shutil.rmtree(world.path)


def delete_beside(world: World) -> None:
    with transaction(world.store, _entry(world, Move.ASIDE)) as current:
        current.open_item(world.beside)
        current.describe(_manifest(world, current.entry.id))
        current.move_to_trash()


def delete_by_door(world: World) -> Result:
    return _delete(world, purge=False)


def purge_by_door(world: World) -> Result:
    return _delete(world, purge=True)


def _delete(world: World, *, purge: bool) -> Result:
    operations = world.operations()
    environment = operations.catalog.lookup(str(world.path))
    assert environment is not None
    allow = frozenset({"unowned-files"})
    plan = operations.plan_delete([environment], purge=purge, allow=allow)
    assert not plan.refusals, plan.refusals
    return operations.run(plan, lambda _event: None)


def undo_by_door(world: World) -> Result:
    operations = world.operations()
    plan = operations.plan_undo(allow=frozenset({"unowned-files"}))
    return operations.run(plan, lambda _event: None)  # type: ignore[arg-type]


def purge(world: World) -> None:
    for item in trashed(world.store):
        purge_item(item, "20261120-000009-bbbb", "g", world.store, lambda _event: None)


def undo_by_name(world: World) -> None:
    """Take back what an undo did."""

    _undo(world, world.store.journal.read_all()[0][-1].id)


SCENARIOS: dict[str, tuple[tuple[Callable[[World], object], ...], Callable[[World], object]]] = {
    "delete": ((), delete),
    "undo": ((delete,), undo),
    "rebuild": ((), rebuild),
    "undo-rebuild": ((rebuild,), undo),
    "purge": ((delete,), purge),
    "create": ((vanish,), rebuild),
    "undo-create": ((vanish, rebuild), undo),
    "redo": ((rebuild, undo), undo_by_name),
    "delete-beside": ((), delete_beside),
    "undo-beside": ((delete_beside,), undo),
    "delete-by-door": ((), delete_by_door),
    "purge-by-door": ((), purge_by_door),
    "undo-by-door": ((delete,), undo_by_door),
    "undo-rebuild-by-door": ((rebuild,), undo_by_door),
}
"""What was done before, and what is interrupted."""


class Interrupter:
    """Counts system calls, and at one of them dies or fails."""

    def __init__(self, at: int, how: str) -> None:
        self.count = 0
        self._at = at
        self._how = how

    def install(self) -> None:
        for name in CALLS:
            setattr(os, name, self._wrapped(getattr(os, name)))
        real_rename = linux._renameat2
        real_open = os.open

        def renamed(source: str, target: str, flags: int) -> int:
            failed = self._hit()
            return failed or real_rename(source, target, flags)

        def opened(path: object, flags: int, *rest: object, **more: object) -> int:
            if flags & (os.O_WRONLY | os.O_RDWR):
                self._raise_if(self._hit())
            return real_open(path, flags, *rest, **more)  # type: ignore[arg-type]

        linux._renameat2 = renamed
        os.open = opened  # type: ignore[assignment]

    def _wrapped(self, real: Callable[..., object]) -> Callable[..., object]:
        def call(*given: object, **more: object) -> object:
            self._raise_if(self._hit())
            return real(*given, **more)

        return call

    def _hit(self) -> int:
        self.count += 1
        if self.count != self._at:
            return 0
        if self._how == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        return int(getattr(errno, self._how))

    def _raise_if(self, number: int) -> None:
        if number:
            raise OSError(number, os.strerror(number))


def child(world: World, act: Callable[[World], object], at: int, how: str) -> tuple[int, str]:
    """Do it in a child that is interrupted; return the calls it made, and how it says it ended;
    0 and nothing when it was killed."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        real_write = os.write
        interrupter = Interrupter(at, how)
        interrupter.install()
        said = "done"
        try:
            result = act(world)
            if isinstance(result, Result):
                said = result.status.value
        except OSError as error:
            said = f"OSError {error.errno}"
        except BaseException as error:  # noqa: BLE001 - told to the parent
            said = f"{type(error).__name__}: {error}"
        real_write(writer, json.dumps([interrupter.count, said]).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        told = pipe.read()
    os.waitpid(pid, 0)
    if not told:
        return 0, ""
    count, said = json.loads(told)
    return int(count), str(said)


def main() -> None:
    """Do scenarios, each interrupted at each call."""
    os.fsync = lambda _descriptor: None
    now = GuardContext.now
    GuardContext.now = lambda host, **more: replace(  # type: ignore[method-assign]  # looking is no change
        now(host, **more), read_processes=lambda _host: Processes(())
    )
    for scenario in sys.argv[1].split(","):
        interrupt(scenario, Path(sys.argv[2]), sys.argv[3])


def interrupt(scenario: str, base: Path, how: str) -> None:
    """Do one scenario, interrupted at each call."""
    two_steps = "two-steps" in sys.argv
    every = int(sys.argv[sys.argv.index("every") + 1]) if "every" in sys.argv else 1
    before, act = SCENARIOS[scenario]
    whole = World(base / f"{scenario}-whole", two_steps=two_steps)
    whole.build()
    for each in (*before, act):  # what it imports is not imported again by each child
        each(whole)
    shutil.rmtree(whole.base)
    at = int(sys.argv[sys.argv.index("from") + 1]) - every if "from" in sys.argv else 1 - every
    while True:
        at += every
        top = base / f"{scenario}-{at}"
        world = World(top, two_steps=two_steps)
        world.build()
        for each in before:
            each(world)
        start, outside, marks = world.state(), world.outside(), world.marks()
        calls, said = child(world, act, at, how)
        over = 0 < calls < at
        recovered = [each.phase.value for each in recover(world.store)]
        again = world.ours()
        second = recover(world.store)
        entries, unreadable = world.store.journal.read_all()
        print(  # noqa: T201 - this program speaks by it
            json.dumps(
                {
                    "scenario": scenario,
                    "at": at,
                    "over": over,
                    "said": said,
                    "start": start,
                    "end": world.state(),
                    "start_marks": marks,
                    "end_marks": world.marks(),
                    "outside": outside == world.outside(),
                    "recovered": recovered,
                    "second": len(second),
                    "quiet": again == world.ours(),
                    "phases": sorted(each.phase.value for each in entries),
                    "unreadable": [each.reason for each in unreadable if _bad(each)],
                    "stray": stray(world),
                }
            )
        )
        shutil.rmtree(top)
        if over:
            return


def _bad(each: UnreadableEntry) -> bool:
    return bool(each.reason)


def stray(world: World) -> list[str]:
    """What lies in a trash and is neither an item with its environment nor the trash's own; and
    what lies in the journal and is no entry."""
    found = []
    items = {each.folder: each.manifest for each in trashed(world.store) if not each.problem}
    for trash in (world.trash, world.beside):
        for name in os.listdir(trash) if os.path.isdir(trash) else ():
            item = os.path.join(trash, name)
            if item in items:
                found += {*os.listdir(item)} - {"environment", "manifest.json"}
            elif name != ".gitignore":
                found.append(name)
        if trash == world.beside and os.path.isdir(trash) and not os.listdir(trash):
            found.append(trash)
    journal = Path(world.store.places.journal)
    if journal.is_dir():
        found += [name for name in os.listdir(journal) if not name.endswith((".json", ".log"))]
    return found


if __name__ == "__main__":
    main()
