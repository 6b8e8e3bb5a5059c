"""Any order of operations, crashes, recoveries and strangers: no file of a person is ever lost."""

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from envdeck.core.catalog import Catalog
from envdeck.core.inspection.processes import Processes
from envdeck.core.model import Ending, NoPlan, Operation
from envdeck.core.operations.api import Operations
from envdeck.core.operations.delete.purge import plan_purge
from envdeck.core.operations.delete.purge import run as run_purge
from envdeck.core.operations.disk import platforms as linux
from envdeck.core.operations.disk.platforms import LinuxDisk
from envdeck.core.operations.execute import list_pending, recover
from envdeck.core.operations.guards.context import GuardContext
from envdeck.core.operations.shared.history import read_history, trashed
from envdeck.core.operations.transaction.journal import Entry, Move, Phase, new_id
from envdeck.core.operations.transaction.transaction import (
    OperationStore,
    ReplacedError,
    UnclearError,
    transaction,
)
from envdeck.core.operations.transaction.trash import TrashManifest
from envdeck.core.operations.undo.plan import plan_undo
from envdeck.core.operations.undo.run import run as run_undo
from envdeck.core.system.host import Host

DAY = 86_400.0
KEPT_DAYS = 30
HELD: set[int] = set()
"""The inodes of files that the file system does not let go."""
CALLS = ("mkdir", "rmdir", "rename", "replace", "unlink", "write", "chmod", "link")
ALLOW = frozenset({"unowned-files"})
PATHS = st.sampled_from(["one", "two"])


class DeadError(BaseException):
    """The process is no more: no handler may change anything either."""


def unless_held(real: Callable[..., None]) -> Callable[..., None]:
    """Return a call that removes, but not what is held."""

    def call(path: str, *, dir_fd: int | None = None) -> None:
        if HELD and os.stat(path, dir_fd=dir_fd, follow_symlinks=False).st_ino in HELD:
            raise PermissionError(1, "Operation not permitted", path)
        real(path, dir_fd=dir_fd)

    return call


@contextmanager
def dying(at: int) -> Iterator[None]:
    """Let every change of the disk from the one of this number on not happen."""
    made = count(1)
    real = {name: getattr(os, name) for name in CALLS}
    renamed, opened = linux._renameat2, os.open

    def unless_dead(call: Callable[..., object]) -> Callable[..., object]:
        def alive(*given: object, **more: object) -> object:
            if next(made) >= at:
                raise DeadError
            return call(*given, **more)

        return alive

    def open_alive(path, flags, *rest, **more):
        if flags & (os.O_WRONLY | os.O_RDWR) and next(made) >= at:
            raise DeadError
        return opened(path, flags, *rest, **more)

    try:
        for name, call in real.items():
            setattr(os, name, unless_dead(call))
        linux._renameat2, os.open = unless_dead(renamed), open_alive
        yield
    except DeadError:
        pass
    finally:
        linux._renameat2, os.open = renamed, opened
        for name, call in real.items():
            setattr(os, name, call)


@contextmanager
def full(reserve: str) -> Iterator[None]:
    """Let the disk have no room but what a file of the reserve gives: four writes, or folders."""
    room = 0
    real = {name: getattr(os, name) for name in ("mkdir", "write", "unlink")}

    def unless_full(call: Callable[..., object]) -> Callable[..., object]:
        def tried(*given: object, **more: object) -> object:
            nonlocal room
            if room <= 0:
                raise OSError(errno.ENOSPC, "no space left on device")
            room -= 1
            return call(*given, **more)

        return tried

    def unlink(path, *rest, **more):
        nonlocal room
        real["unlink"](path, *rest, **more)
        room += 4 * (os.path.dirname(path) == reserve)

    try:
        os.mkdir, os.write = unless_full(os.mkdir), unless_full(os.write)
        os.unlink = unlink
        yield
    finally:
        for name, call in real.items():
            setattr(os, name, call)


class QuickDisk(LinuxDisk):
    """Waits for no real disk: nothing here cuts the power."""

    def _keep_entry(self, path: str) -> None:
        del path

    def settle_tree(self, path: str) -> None:
        del path


class TwoStepDisk(QuickDisk):
    def exchange(self, first: str, second: str) -> bool:
        del first, second
        return False


class Lives(RuleBasedStateMachine):
    """Two places, where environments come and go. Each has a word of its own in a file."""

    @initialize(two_steps=st.booleans())
    def begin(self, two_steps: bool) -> None:
        self._folder = TemporaryDirectory()
        self.base = Path(os.path.realpath(self._folder.name))
        self.words = count(1)
        self.wall = self.running = 1_795_000_000.0
        self.real, self.starts = 0.0, 0
        self.put: dict[str, tuple[float, int]] = {}
        """When each item was first seen by us, in time that really passed, and after how many
        starts of the machine."""
        self.said: dict[str, int] = {}
        """At which start of the program the removal of an item was announced first."""
        self.opened = 0
        self.halves: dict[str, str] = {}
        """What a purge has left a part of: the name it had whole, by its id."""
        host = Host(
            "linux", str(self.base / "home"), {}, self.now, str(self.base / "r"), self.uptime
        )
        self.machine_starts(0)
        self.store = OperationStore(host, (TwoStepDisk if two_steps else QuickDisk)(host))
        self.operations = Operations(Catalog(host, str(self.base / "index.sqlite3")))
        self.operations.store = self.store
        self.alive: set[str] = set()
        for name in ("one", "two"):
            self.at(name).parent.mkdir(parents=True)
            self.alive.add(self.fill(self.at(name)))

    def teardown(self) -> None:
        HELD.clear()
        if hasattr(self, "_folder"):
            self._folder.cleanup()

    def now(self) -> float:
        self.wall += 1
        return self.wall

    def uptime(self) -> float:
        self.running += 0.01
        return self.running

    def at(self, name: str) -> Path:
        return self.base / "home" / name / ".venv"

    def fill(self, path: Path) -> str:
        word = str(next(self.words))
        (path / "lib").mkdir(parents=True, exist_ok=True)
        (path / "pyvenv.cfg").write_text("home = /nowhere\n")
        (path / "word").write_text(word)
        (path / "lib" / f"{word}.py").write_text(word)
        return word

    # what is where

    def found(self, *, in_work: bool = False) -> list[str]:
        """Every whole environment in a place that a person is told of; those in the midst of an
        operation too, if asked for."""
        places = [self.at("one"), self.at("two")]
        told = {item.folder for item in trashed(self.store)}
        for entry in self.store.journal.read_all()[0]:
            if entry.phase is Phase.ATTENTION or (in_work and not entry.phase.over):
                told.add(entry.item)
        for folder in filter(None, told):
            places += [Path(folder, "environment"), Path(folder, "before")]
        words = []
        for place in places:
            if (place / "word").exists():
                word = (place / "word").read_text()
                if (place / "lib" / f"{word}.py").exists():
                    words.append(word)
        return words

    @invariant()
    def nothing_is_lost(self) -> None:
        if not hasattr(self, "alive"):
            return
        found = self.found()
        assert len(found) == len(set(found)), f"twice: {found}"
        assert self.alive <= set(self.found(in_work=True)), f"lost: {self.alive}"

    def settled(self) -> None:
        """What is found now and was not known is an environment that an operation made."""
        self.alive |= set(self.found())

    # operations

    def entry(self, path: Path, move: Move, operation: Operation) -> Entry:
        identifier = new_id(self.store.host)
        old = self.store.disk.identity(str(path))
        return Entry(
            id=identifier, group=identifier, operation=operation, move=move, path=str(path), old=old
        )

    def do_delete(self, path: Path) -> None:
        if not path.exists():
            return
        with transaction(self.store, self.entry(path, Move.ASIDE, Operation.DELETE)) as current:
            self.describe(current, path)
            current.move_to_trash()

    def do_rebuild(self, path: Path) -> None:
        entry = self.entry(path, Move.EXCHANGE, Operation.RECREATE)
        with transaction(self.store, entry) as current:
            self.describe(current, path)
            current.make_staged()
            self.fill(Path(current.staged))
            current.swap_in()

    def do_upgrade(self, path: Path) -> None:
        if not path.exists():
            return
        entry = self.entry(path, Move.EXCHANGE, Operation.UPGRADE)
        with transaction(self.store, entry) as current:
            self.describe(current, path)
            current.make_staged()
            disk, staged = self.store.disk, Path(current.staged)
            disk.link_tree(str(path), str(staged))
            word = str(next(self.words))
            disk.rewrite(str(staged / "word"), word.encode())
            (staged / "lib" / f"{word}.py").write_text(word)
            current.swap_in()

    def describe(self, current, path: Path) -> None:
        current.open_item(self.store.places.trash)
        identifier, host = current.entry.id, self.store.host
        current.describe(
            TrashManifest(identifier, Operation.DELETE, str(path), "v", "venv", "3", host.now())
        )

    def do_undo(self, path: Path) -> None:
        del path
        plan = plan_undo(self.operations, None, None, ALLOW)
        if not isinstance(plan, NoPlan) and not plan.refusals:
            run_undo(plan, self.operations, lambda _event: None, lambda: False)

    def attempt(self, call: Callable[[Path], None], path: Path, but: int = 0) -> None:
        try:
            call(path)
        except OSError as error:
            if error.errno == but:
                raise
        except (ReplacedError, UnclearError):
            return

    @rule(name=PATHS, what=st.sampled_from(["delete", "rebuild", "upgrade", "undo"]))
    def act(self, name: str, what: str) -> None:
        self.attempt(getattr(self, f"do_{what}"), self.at(name))
        self.settled()

    @rule(
        name=PATHS,
        what=st.sampled_from(["delete", "rebuild", "upgrade", "undo"]),
        at=st.integers(1, 60),
    )
    def crash(self, name: str, what: str, at: int) -> None:
        with dying(at):
            self.attempt(getattr(self, f"do_{what}"), self.at(name))

    @rule(name=PATHS, what=st.sampled_from(["delete", "undo"]))
    def act_on_a_full_disk(self, name: str, what: str) -> None:
        """With a reserve it goes as on any disk: what is refused has another reason."""
        self.store.spare.keep()
        with full(self.store.places.reserve):
            try:
                self.attempt(getattr(self, f"do_{what}"), self.at(name), but=errno.ENOSPC)
            finally:
                self.store.spare.keep()
        self.settled()

    @rule()
    def recovers(self) -> None:
        recover(self.store)
        assert list_pending(self.store) == ()
        assert recover(self.store) == ()
        self.settled()

    @rule(which=st.integers(0, 9))
    def undo_one(self, which: int) -> None:
        """What history says of each operation is what undo then does."""
        past = [each for each in read_history(self.store) if isinstance(each.entry, Entry)]
        if not past:
            return
        one = past[which % len(past)]
        before, whole = self.found(in_work=True), set(self.found())
        plan = plan_undo(self.operations, one.entry.id, None, ALLOW)
        assert isinstance(plan, NoPlan) == bool(one.why_not)
        if isinstance(plan, NoPlan):
            return
        is_filled = self.is_filled_by_recovery(one.entry.path)
        result = run_undo(plan, self.operations, lambda _event: None, lambda: False)
        if is_filled and one.entry.move is Move.ASIDE and not plan.refusals:
            assert (result.status, result.guard) == (Ending.REFUSED, "not-an-environment")
            assert result.message == "changed since the preview"
            assert self.store.disk.identity(one.entry.path) not in {None, plan.returns[0].there}
            assert set(self.found()) >= whole
        elif plan.refusals:
            assert result.status is Ending.REFUSED
            assert self.found(in_work=True) == before
        else:
            assert result.status is Ending.DONE
        if result.status is Ending.REFUSED:
            assert plan.returns[0].there == self.store.disk.identity(
                os.path.join(one.entry.item, "environment")
            )
        elif one.entry.move is Move.ASIDE:
            assert self.at(Path(one.entry.path).parent.name).exists()
        if result.status is Ending.DONE and plan.returns[0].there is not None:
            assert self.store.disk.identity(one.entry.path) == plan.returns[0].there
        # What a killed operation had staged there is gone once the next one has settled it.
        assert whole <= set(self.found(in_work=True)) <= set(before)

    def is_filled_by_recovery(self, path: str) -> bool:
        """Tell whether a change that was killed between its two renames has left a place empty:
        what lay there returns before anything else is done there."""
        identity = self.store.disk.identity
        return identity(path) is None and any(
            each.move is Move.EXCHANGE
            and each.old is not None
            and identity(os.path.join(each.item, "before")) == each.old
            and identity(os.path.join(each.item, "environment")) == each.new
            for each in self.store.journal.pending_at(path)
        )

    @rule(which=st.integers(0, 9), at=st.none() | st.integers(1, 40))
    def purge(self, which: int, at: int | None) -> None:
        listed = [item for item in trashed(self.store) if item.id not in self.halves]
        if not listed:
            return
        chosen = listed[which % len(listed)]
        self.give_away(chosen.folder)
        plan = plan_purge(self.operations, [chosen.id])
        with dying(at or 10_000):
            run_purge(plan, self.operations, lambda _event: None, lambda: False)
        if at is None:
            assert not os.path.exists(chosen.folder)

    # what cannot be removed

    @rule(which=st.integers(0, 9), at=st.none() | st.integers(1, 40), again=st.integers(0, 2))
    def purge_what_is_held(self, which: int, at: int | None, again: int) -> None:
        """One file stays: all else of it goes, it is never whole again, and no other is touched."""
        listed = [item for item in trashed(self.store) if not item.going and not item.problem]
        if not listed:
            return
        chosen = listed[which % len(listed)]
        self.give_away(chosen.folder)
        held = Path(chosen.folder, "environment", "held")
        if held.parent.is_symlink() or not held.parent.is_dir():
            return
        held.write_text("held")
        HELD.add(held.stat().st_ino)
        if at is not None:
            with dying(at):
                self.purge_one(chosen.id)
            recover(self.store)
        for _ in range(again + 1):
            result = self.purge_one(chosen.id)
            assert result.status is Ending.FAILED, result
            self.halves[chosen.id] = chosen.folder
            self.half_purged_is_never_whole()

    @rule()
    def what_was_held_is_let_go(self) -> None:
        HELD.clear()
        for identifier in [*self.halves]:
            assert self.purge_one(identifier).status is Ending.DONE
            del self.halves[identifier]

    def purge_one(self, identifier: str):
        plan = plan_purge(self.operations, [identifier])
        assert not isinstance(plan, NoPlan), plan
        return run_purge(plan, self.operations, lambda _event: None, lambda: False)

    def give_away(self, folder: str) -> None:
        """A person wants it gone, or has been told that it goes."""
        for name in ("environment", "before"):
            self.forget(Path(folder, name))

    @invariant()
    def half_purged_is_never_whole(self) -> None:
        if not getattr(self, "halves", None):
            return
        listed = {item.id: item for item in trashed(self.store)}
        entries = self.store.journal.read_all()[0]
        for identifier, folder in self.halves.items():
            assert not os.path.lexists(folder)
            item = listed[identifier]
            assert item.going
            assert item.manifest is not None
            assert os.path.exists(os.path.join(item.folder, "environment", "held"))
            for entry in entries:
                if entry.item == folder:
                    assert isinstance(plan_undo(self.operations, entry.id, None, ALLOW), NoPlan)

    # time

    @rule(days=st.sampled_from([0.1, 1, 9, 31]))
    def time_passes(self, days: float) -> None:
        self.wall += days * DAY
        self.running += days * DAY
        self.real += days

    @rule(days=st.sampled_from([-20_000, -400, -40, -1, 1, 40, 400, 20_000]))
    def clock_is_set(self, days: float) -> None:
        self.wall += days * DAY

    @rule(days=st.sampled_from([0, 0.5, 40]), wrong=st.sampled_from([0, 0, -400, -40, 40, 400]))
    def machine_is_off(self, days: float, wrong: float) -> None:
        self.real += days
        self.machine_starts(days + wrong)

    def machine_starts(self, days: float) -> None:
        self.starts += 1
        self.wall += days * DAY
        self.running = 20.0
        boot = self.base / "r" / "proc" / "sys" / "kernel" / "random" / "boot_id"
        boot.parent.mkdir(parents=True, exist_ok=True)
        boot.write_text(f"{self.starts}\n")

    @rule(at=st.none() | st.integers(1, 60))
    def the_screen_starts(self, at: int | None) -> None:
        """What goes was announced by an earlier start, and was kept for as long as it should be:
        a day may be lost at each start of the machine, and no more."""
        self.opened += 1
        with dying(at or 10_000):
            due = self.operations.due()
            for item in due.purge:
                assert self.said[item.id] < self.opened
                real, starts = self.put[item.id]
                assert self.real - real + self.starts - starts + 0.1 >= KEPT_DAYS
                assert not item.going
                self.give_away(item.folder)
            for item in due.announced:
                self.said.setdefault(item.id, self.opened)
            self.operations.announce(due.announced)
            for item in due.purge:
                self.purge_one(item.id)

    @rule()
    def it_is_used_for_a_month(self) -> None:
        self.the_screen_starts(None)
        for days in (31, 1):
            self.time_passes(days)
            self.the_screen_starts(None)

    @invariant()
    def items_are_noted(self) -> None:
        """From when they hold an environment, though an interrupted operation has them still."""
        if hasattr(self, "put"):
            for item in trashed(self.store):
                self.put.setdefault(item.id, (self.real, self.starts))
            for entry in self.store.journal.read_all()[0]:
                if entry.item and Path(entry.item, "environment").exists():
                    self.put.setdefault(entry.id, (self.real, self.starts))

    # strangers

    @rule(name=PATHS)
    def somebody_makes_one(self, name: str) -> None:
        if not self.at(name).exists():
            self.alive.add(self.fill(self.at(name)))

    @rule(name=PATHS)
    def somebody_makes_it_anew(self, name: str) -> None:
        """In place of what was there: the new folder may have the inode of the old one."""
        self.forget(self.at(name))
        shutil.rmtree(self.at(name), ignore_errors=True)
        self.alive.add(self.fill(self.at(name)))

    @rule(name=PATHS)
    def somebody_removes_one(self, name: str) -> None:
        self.forget(self.at(name))
        shutil.rmtree(self.at(name), ignore_errors=True)

    @rule()
    @precondition(lambda self: os.path.isdir(self.store.places.trash))
    def somebody_removes_the_trash(self) -> None:
        trash = Path(self.store.places.trash)
        HELD.clear()
        self.halves.clear()
        for word in trash.glob("*/*/word"):
            self.alive.discard(word.read_text())
        shutil.rmtree(trash)

    def forget(self, path: Path) -> None:
        if (path / "word").exists():
            self.alive.discard((path / "word").read_text())


CHECKS = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
USUAL = settings(
    max_examples=40,
    stateful_step_count=15,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=CHECKS,
)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)
    for name in ("unlink", "rmdir"):
        monkeypatch.setattr(os, name, unless_held(getattr(os, name)))
    now = GuardContext.now
    monkeypatch.setattr(
        GuardContext,
        "now",
        lambda host, **more: replace(now(host, **more), read_processes=lambda _host: Processes(())),
    )


def test_nothing_is_lost_in_some_lives():
    run_state_machine_as_test(Lives, settings=USUAL)


@pytest.mark.kill
def test_nothing_is_lost_in_many_lives():
    many = settings(USUAL, max_examples=1500, stateful_step_count=30, derandomize=False)
    run_state_machine_as_test(Lives, settings=many)


def test_an_item_is_as_old_as_its_move_though_it_was_interrupted():
    state = Lives()
    try:
        state.begin(two_steps=False)
        state.crash(at=36, name="one", what="delete")
        state.items_are_noted()
        state.it_is_used_for_a_month()
        state.items_are_noted()
        state.recovers()
        state.items_are_noted()
        assert len(state.operations.trash()) == 1
        state.the_screen_starts(at=None)
        state.machine_is_off(days=0.5, wrong=0)
        state.it_is_used_for_a_month()
        assert state.operations.trash() == ()
    finally:
        state.teardown()
