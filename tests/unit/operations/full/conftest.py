"""Real disks without a free block, without a free inode, and with a quota that is used up."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

import pytest

from envdeck.core.catalog import Catalog
from envdeck.core.operations.api import Operations
from envdeck.core.system.host import Host

MEGABYTES = {"btrfs-quota": 120, "ext4-tiny": 8}
MAKE = {
    "ext4": ("mkfs.ext4", "-q", "-F", "-m", "0", "-b", "4096"),
    "ext4-tiny": ("mkfs.ext4", "-q", "-F", "-m", "0", "-b", "1024", "-O", "^has_journal"),
    "ext4-inodes": ("mkfs.ext4", "-q", "-F", "-m", "0", "-N", "2048"),
    "btrfs-quota": ("mkfs.btrfs", "-q", "-f"),
}
OPTIONS = {"tmpfs": "size=24m", "tmpfs-inodes": "size=24m,nr_inodes=2000", "tmpfs-tiny": "size=6m"}
NOISE = memoryview(os.urandom(1_000_000))
KINDS = ("ext4", "tmpfs", "ext4-inodes", "tmpfs-inodes", "btrfs-quota")


@dataclass(slots=True)
class SmallDisk:
    """A disk of its own that can be filled to the last byte."""

    kind: str
    top: Path

    def fill(self) -> None:
        """Leave no block, or no inode, and no slot in the folders that are there."""
        os.sync()  # what waits to be written takes its blocks first
        filler = self.top / "filler"
        filler.mkdir(exist_ok=True)
        if self.kind.endswith("inodes"):
            with suppress(OSError):
                for number in count(len(os.listdir(filler))):
                    (filler / str(number)).touch(exist_ok=False)
        else:
            fill_folder(filler)
            os.sync()
            fill_folder(filler)
            for folder, _, _ in os.walk(self.top / "home"):
                with suppress(OSError):
                    for number in range(100):
                        name = os.path.join(folder, f"{number:02}-{'x' * 200}.crowd")
                        os.close(os.open(name, os.O_CREAT | os.O_WRONLY))
        with pytest.raises(OSError, match=r"No space left|[Qq]uota exceeded"):
            (self.top / "one more").write_bytes(b"x" * 8192)
        with suppress(OSError):
            (self.top / "one more").unlink()

    def give(self) -> None:
        """Free one megabyte, or a hundred files."""
        filler = self.top / "filler"
        if self.kind.endswith("inodes"):
            for number in range(100):
                (filler / str(number)).unlink()
        else:
            for path in sorted(filler.iterdir(), key=lambda each: each.stat().st_size)[-1:]:
                path.unlink()
        os.sync()

    def clear(self) -> None:
        """Make room again."""
        filler = self.top / "filler"
        shutil.rmtree(filler)
        os.sync()


def fill_folder(folder: Path) -> None:
    """Write files of a megabyte until nothing more can be written."""
    full = False
    while not full:
        path = folder / f"{len(os.listdir(folder))}"
        full = True
        with suppress(OSError), open(path, "xb", buffering=0) as file:
            for size in (1_000_000, 65536, 4096, 512, 1):
                with suppress(OSError):
                    while file.tell() < 1_000_000:
                        file.write(NOISE[:size])
            full = file.tell() < 1_000_000


def mount(*arguments: str) -> None:
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"a disk cannot be mounted here: {done.stderr.strip()}")


@contextmanager
def small_disk(kind: str, folder: Path) -> Iterator[SmallDisk]:
    """Mount a disk of one kind in a folder."""
    if shutil.which("mount") is None or os.geteuid():
        pytest.skip("a disk cannot be mounted here: it takes root and `mount`")
    point = folder / "disk"
    point.mkdir(parents=True)
    if kind in OPTIONS:
        mount("-t", "tmpfs", "-o", OPTIONS[kind], "tmpfs", str(point))
    else:
        make = MAKE[kind]
        if shutil.which(make[0]) is None:
            pytest.skip(f"there is no {make[0]} here")
        image = folder / "image"
        with open(image, "wb") as file:
            file.truncate(MEGABYTES.get(kind, 24) * 1024 * 1024)
        subprocess.run([*make, str(image)], check=True, capture_output=True, timeout=60)
        mount("-o", "loop", str(image), str(point))
    try:
        top = point
        if kind == "btrfs-quota":
            top = point / "user"
            for words in (
                ("quota", "enable", str(point)),
                ("subvolume", "create", str(top)),
                ("qgroup", "limit", "16M", str(top)),
            ):
                done = subprocess.run(["btrfs", *words], capture_output=True, check=False)
                if done.returncode:
                    pytest.skip(f"there are no quotas here: {done.stderr.decode().strip()}")
        yield SmallDisk(kind, top.resolve())
    finally:
        subprocess.run(["umount", "-l", str(point)], check=True, timeout=60)


@pytest.fixture(params=KINDS)
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SmallDisk]:
    """Return a small disk, of one kind after the other."""
    with small_disk(request.param, tmp_path / "small") as made:
        yield made


@pytest.fixture(params=("ext4-tiny", "tmpfs-tiny"))
def tiny(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SmallDisk]:
    """Return a disk that is quickly filled."""
    with small_disk(request.param, tmp_path / "small") as made:
        yield made


@pytest.fixture
def at_home(tmp_path: Path, make_venv: Callable[..., Path]) -> Callable[..., Operations]:
    """Return a function that makes the operations of a home: `at_home(folder)`."""

    def made(home: Path) -> Operations:
        home.mkdir(parents=True, exist_ok=True)
        ticks = count(1_795_000_000)
        host = Host("linux", str(home), {}, lambda: float(next(ticks)))
        host = replace(host, root=str(tmp_path / "system"))
        return Operations(Catalog(host, str(tmp_path / "index.sqlite3")))

    return made


@pytest.fixture
def environment(make_venv: Callable[..., Path]) -> Callable[[Path], Path]:
    """Return a function that makes an environment with some byte code in it."""

    def made(path: Path, *, codes: int = 16) -> Path:
        make_venv(path, flags=("--symlinks",))
        (site,) = (path / "lib").glob("python3*/site-packages")
        package = site / "pack"
        (package / "__pycache__").mkdir(parents=True)
        (package / "__init__.py").write_bytes(b"#" * 30_000)
        for number in range(codes):
            (package / f"m{number}.py").write_text("pass\n")
            (package / "__pycache__" / f"m{number}.cpython-311.pyc").write_bytes(os.urandom(9000))
        return path

    return made
