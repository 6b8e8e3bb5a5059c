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
from envdeck.core.host import Host
from envdeck.core.inspection.processes import Processes
from envdeck.core.model import Ending, NoPlan, Operation
from envdeck.core.operations.disk import linux
from envdeck.core.operations.disk.linux import LinuxDisk
from envdeck.core.operations.guards import Moment
from envdeck.core.operations.history import history, trashed
from envdeck.core.operations.journal import Entry, Move, Phase, new_id
from envdeck.core.operations.operations import Operations
from envdeck.core.operations.purge import plan_purge, run_purge
from envdeck.core.operations.recovery import pending, recover
from envdeck.core.operations.returning import run_undo
from envdeck.core.operations.transaction import Ground, ReplacedError, UnclearError, transaction
from envdeck.core.operations.trash import Manifest
from envdeck.core.operations.undo import plan_undo

CALLS = ("mkdir", "rmdir", "rename", "replace", "unlink", "write", "chmod", "link")
ALLOW = frozenset({"unowned-files"})
PATHS = st.sampled_from(["one", "two"])


class DeadError(BaseException):
    """The process is no more: no handler may change anything either."""


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
        clock, self.words = count(1_000_000), count(1)
        host = Host("linux", str(self.base / "home"), {}, lambda: next(clock), str(self.base / "r"))
        self.ground = Ground(host, (TwoStepDisk if two_steps else QuickDisk)(host))
        self.operations = Operations(Catalog(host, str(self.base / "index.sqlite3")))
        self.operations.ground = self.ground
        self.alive: set[str] = set()
        for name in ("one", "two"):
            self.at(name).parent.mkdir(parents=True)
            self.alive.add(self.fill(self.at(name)))

    def teardown(self) -> None:
        if hasattr(self, "_folder"):
            self._folder.cleanup()

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
        told = {item.folder for item in trashed(self.ground)}
        for entry in self.ground.journal.read_all()[0]:
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
        identifier = new_id(self.ground.host)
        old = self.ground.disk.identity(str(path))
        return Entry(identifier, identifier, operation, move, Phase.PREPARED, str(path), "", old)

    def do_delete(self, path: Path) -> None:
        if not path.exists():
            return
        with transaction(self.ground, self.entry(path, Move.ASIDE, Operation.DELETE)) as current:
            self.describe(current, path)
            current.put_aside()

    def do_rebuild(self, path: Path) -> None:
        entry = self.entry(path, Move.EXCHANGE, Operation.RECREATE)
        with transaction(self.ground, entry) as current:
            self.describe(current, path)
            current.make_staged()
            self.fill(Path(current.staged))
            current.put_in_place()

    def do_upgrade(self, path: Path) -> None:
        if not path.exists():
            return
        entry = self.entry(path, Move.EXCHANGE, Operation.UPGRADE)
        with transaction(self.ground, entry) as current:
            self.describe(current, path)
            current.make_staged()
            disk, staged = self.ground.disk, Path(current.staged)
            disk.link_tree(str(path), str(staged))
            word = str(next(self.words))
            disk.rewrite(str(staged / "word"), word.encode())
            (staged / "lib" / f"{word}.py").write_text(word)
            current.put_in_place()

    def describe(self, current, path: Path) -> None:
        current.open_item(self.ground.places.trash)
        identifier, host = current.entry.id, self.ground.host
        current.describe(
            Manifest(identifier, Operation.DELETE, str(path), "v", "venv", "3", host.now())
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
        self.ground.spare.keep()
        with full(self.ground.places.reserve):
            try:
                self.attempt(getattr(self, f"do_{what}"), self.at(name), but=errno.ENOSPC)
            finally:
                self.ground.spare.keep()
        self.settled()

    @rule()
    def recovers(self) -> None:
        recover(self.ground)
        assert pending(self.ground) == ()
        assert recover(self.ground) == ()
        self.settled()

    @rule(which=st.integers(0, 9))
    def undo_one(self, which: int) -> None:
        """What history says of each operation is what undo then does."""
        past = [each for each in history(self.ground) if isinstance(each.entry, Entry)]
        if not past:
            return
        one = past[which % len(past)]
        before = self.found(in_work=True)
        plan = plan_undo(self.operations, one.entry.id, None, ALLOW)
        assert isinstance(plan, NoPlan) == bool(one.why_not)
        if isinstance(plan, NoPlan):
            return
        result = run_undo(plan, self.operations, lambda _event: None, lambda: False)
        assert result.status is (Ending.REFUSED if plan.refusals else Ending.DONE)
        if result.status is Ending.REFUSED:
            assert self.found(in_work=True) == before
        elif one.entry.move is Move.ASIDE:
            assert self.at(Path(one.entry.path).parent.name).exists()
        if result.status is Ending.DONE and plan.returns[0].there is not None:
            assert self.ground.disk.identity(one.entry.path) == plan.returns[0].there
        assert set(self.found(in_work=True)) == set(before)

    @rule(which=st.integers(0, 9), at=st.none() | st.integers(1, 40))
    def purge(self, which: int, at: int | None) -> None:
        listed = trashed(self.ground)
        if not listed:
            return
        chosen = listed[which % len(listed)]
        for name in ("environment", "before"):
            word = Path(chosen.folder, name, "word")
            if word.exists():
                self.alive.discard(word.read_text())  # a person wants it gone
        plan = plan_purge(self.operations, [chosen.id])
        with dying(at or 10_000):
            run_purge(plan, self.operations, lambda _event: None, lambda: False)
        if at is None:
            assert not os.path.exists(chosen.folder)

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
    @precondition(lambda self: os.path.isdir(self.ground.places.trash))
    def somebody_removes_the_trash(self) -> None:
        trash = Path(self.ground.places.trash)
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
    now = Moment.now
    monkeypatch.setattr(
        Moment,
        "now",
        lambda host, **more: replace(now(host, **more), read_processes=lambda _host: Processes(())),
    )


def test_nothing_is_lost_in_some_lives():
    run_state_machine_as_test(Lives, settings=USUAL)


@pytest.mark.kill
def test_nothing_is_lost_in_many_lives():
    many = settings(USUAL, max_examples=1500, stateful_step_count=30, derandomize=False)
    run_state_machine_as_test(Lives, settings=many)
