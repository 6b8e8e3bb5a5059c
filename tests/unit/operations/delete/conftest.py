"""A trash that is filled and purged, on a machine whose clocks a test sets."""

import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from envdeck.core.catalog import Catalog
from envdeck.core.model import Operation, Plan, Result
from envdeck.core.operations.api import Operations
from envdeck.core.operations.transaction.journal import Entry, Move, Phase
from envdeck.core.operations.transaction.transaction import transaction
from envdeck.core.operations.transaction.trash import TrashManifest

DAY = 86_400.0
NOW = 1_795_000_000.0


@dataclass
class Machine:
    """What its clocks say, and which start of it this is."""

    root: Path
    wall: float = NOW
    running: float = 1_000.0
    starts: int = 0
    named: bool = True
    """Whether the system tells one start from another."""

    def __post_init__(self) -> None:
        self.restart(0)

    def now(self) -> float:
        """Return the time of the day; it goes on by a thousandth whenever it is asked for."""
        self.wall += 0.001
        return self.wall

    def uptime(self) -> float:
        """Return how long it has been running."""
        self.running += 0.001
        return self.running

    def pass_time(self, seconds: float) -> None:
        """Let time pass, as both clocks see it."""
        self.wall += seconds
        self.running += seconds

    def set_clock(self, seconds: float) -> None:
        """Set the clock of the day ahead, or back."""
        self.wall += seconds

    def restart(self, off: float) -> None:
        """Start the machine again after it was off for some time."""
        self.starts += 1
        self.wall += off
        self.running = 30.0
        if self.named:
            file = self.root / "proc" / "sys" / "kernel" / "random" / "boot_id"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"00000000-0000-4000-8000-{self.starts:012}\n")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path / "system")


@pytest.fixture
def operations(host, machine: Machine) -> Operations:
    return Operations(Catalog(replace(host, now=machine.now, uptime=machine.uptime)))


@pytest.fixture
def put(operations, home) -> Callable[..., Path]:
    """Return a function that puts an environment into the trash, and returns its item."""

    def putting(identifier: str, group: str = "") -> Path:
        path, store = home / "work" / identifier / ".venv", operations.store
        (path / "lib" / "deep").mkdir(parents=True)
        (path / "pyvenv.cfg").write_text("home = /usr\n")
        for name in ("lib/a.py", "lib/deep/b.py", "lib/z.py"):
            (path / name).write_bytes(b"x" * 9_000)
        old = store.disk.identity(str(path))
        entry = Entry(
            id=identifier,
            group=group or identifier,
            operation=Operation.DELETE,
            move=Move.ASIDE,
            phase=Phase.PREPARED,
            path=str(path),
            item="",
            old=old,
            name=f"{identifier}/.venv",
            manager="venv",
            python="3.13",
        )
        with transaction(store, entry) as current:
            current.open_item(store.places.trash)
            manifest = TrashManifest(
                identifier, Operation.DELETE, str(path), f"{identifier}/.venv", "venv", "3.13",
                store.host.now(), reclaimable_bytes=30_000,
            )  # fmt: skip
            current.describe(manifest)
            current.move_to_trash()
        store.clock.keep(store.clock.now())
        return Path(current.entry.item)

    return putting


@pytest.fixture
def run(operations) -> Callable[[Plan], Result]:
    return lambda plan: operations.run(plan, lambda _event: None)


@dataclass
class Stuck:
    """Makes files and folders that cannot be removed: by the file system's own flag where root
    may set it, else by a system that refuses."""

    patch: pytest.MonkeyPatch
    flags: bool
    paths: list[Path] = field(default_factory=list)
    inodes: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        if not self.flags:
            for name in ("unlink", "rmdir"):
                self.patch.setattr(os, name, self._refusing(getattr(os, name)))

    def _refusing(self, real: Callable[..., None]) -> Callable[..., None]:
        def call(path: str, *, dir_fd: int | None = None) -> None:
            status = os.stat(path, dir_fd=dir_fd, follow_symlinks=False)
            above = os.stat(os.path.dirname(path) or os.curdir if dir_fd is None else dir_fd)
            if not self.inodes.isdisjoint({status.st_ino, above.st_ino}):
                raise PermissionError(1, "Operation not permitted", path)
            real(path, dir_fd=dir_fd)

        return call

    def hold(self, path: Path, flag: str = "i") -> None:
        """Let it be there for ever."""
        self.paths.append(path)
        self.inodes.add(path.lstat().st_ino)
        if self.flags:
            subprocess.run(["chattr", f"+{flag}", path], check=True, timeout=60)

    def free(self, top: Path) -> None:
        """Let everything below a folder go."""
        self.inodes.clear()
        if self.flags:
            subprocess.run(["chattr", "-R", "-f", "-ia", top], check=False, timeout=60)


def _sets_flags(folder: Path) -> bool:
    probe = folder / "probe"
    probe.write_text("")
    for flag in ("+i", "-i"):
        try:
            done = subprocess.run(
                ["chattr", flag, probe], capture_output=True, timeout=60, check=False
            )
        except FileNotFoundError:
            return False
        if done.returncode:
            return False
    return True


@pytest.fixture(params=["flag", "refusal"])
def stuck(request, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stuck]:
    if request.param == "flag" and not _sets_flags(tmp_path):
        pytest.skip("no such flag can be set here")
    made = Stuck(monkeypatch, request.param == "flag")
    yield made
    made.free(tmp_path)
