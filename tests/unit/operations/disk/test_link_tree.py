"""Several threads make the very tree that one makes, and end as one does."""

import os
import random
import threading
from functools import partial
from pathlib import Path

import pytest

from envdeck.core.operations.disk.links import FolderLinkError, link_tree

ENDINGS = (".py", ".so", ".pth", ".json", ".cfg", ".txt", "")
FOLDERS = ("lib", "bin", "pkg", "a-1.0.dist-info", "b.egg-info", "licenses", "__pycache__")
THREADS = [1, 2, 4, 7]


def grow(tree: Path, chance: random.Random) -> None:
    """Fill a folder with what an environment may have in it, of any time and mode."""
    folders = [tree]
    tree.mkdir()
    for _ in range(120):
        folder = chance.choice(folders) / f"{chance.randrange(99)}{chance.choice(FOLDERS)}"
        if not folder.exists():
            folder.mkdir()
            folders.append(folder)
    for name in ("bin", "lib"):
        (tree / name).mkdir()
        folders.append(tree / name)
    for number in range(700):
        path = chance.choice(folders) / f"{number}{chance.choice(ENDINGS)}"
        if chance.random() < 0.05:
            path.symlink_to(chance.choice(["nowhere", "../x", "/etc/hosts"]))
            continue
        path.write_bytes(chance.randbytes(chance.choice([0, 10, 3_000, 90_000])))
        path.chmod(chance.choice([0o644, 0o755, 0o444, 0o600]))
        os.utime(path, ns=(chance.randrange(10**18), chance.randrange(10**18)))
    os.mkfifo(tree / "lib" / "pipe")
    for folder in folders[::-1]:
        folder.chmod(chance.choice([0o755, 0o700, 0o555, 0o2775]))
        os.utime(folder, ns=(chance.randrange(10**18), chance.randrange(10**18)))


def told_of(tree: Path) -> dict[str, tuple[object, ...]]:
    """Every entry of a tree by its path; whose a file is by its inode where that is shared."""
    found: dict[str, tuple[object, ...]] = {}
    for here, folders, files in os.walk(tree):
        for name in (*folders, *files, ""):
            path = os.path.join(here, name)
            status = os.lstat(path)
            inode = status.st_ino if status.st_nlink > 1 and name in files else 0
            content: object = ""
            if os.path.islink(path):
                content = os.readlink(path)
            elif name in files and os.path.isfile(path):
                content = Path(path).read_bytes()
            times = 0 if os.path.islink(path) else status.st_mtime_ns
            found[os.path.relpath(path, tree)] = (status.st_mode, times, inode, content)
    return found


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("shares", [True, False])
def test_any_number_of_threads_makes_the_same_tree(seed, shares, tmp_path):
    tree = tmp_path / "tree"
    grow(tree, random.Random(seed))
    made, ends = [], []
    for threads in THREADS:
        twin = tmp_path / f"twin{threads}"
        twin.mkdir()
        told: list[tuple[int, int]] = []
        tell = partial(lambda told, *given: told.append(given), told)
        link_tree(str(tree), str(twin), tell, shares=shares, threads=threads)
        made.append(told_of(twin))
        ends.append(told[-1])
        assert told == sorted(told)
        assert len(told) == 2
    first = made[0]
    assert all(each == first for each in made)
    assert first.keys() == told_of(tree).keys() - {"lib/pipe"}
    assert all(each == ends[0] for each in ends)
    assert ends[0][0] == sum(not path.is_dir() or path.is_symlink() for path in tree.rglob("*"))


def wide(tree: Path) -> Path:
    for number in range(60):
        (tree / "lib" / f"{number}").mkdir(parents=True)
        for name in range(20):
            (tree / "lib" / f"{number}" / f"{name}.py").write_text("x")
    return tree


@pytest.mark.parametrize("threads", THREADS)
def test_what_is_told_may_end_it(threads, tmp_path):
    """It comes from the caller's own thread, and when it is raised no other is at work."""
    tree, twin = wide(tmp_path / "tree"), tmp_path / "twin"
    twin.mkdir()
    callers = []

    def cancel(_files: int, _size: int) -> None:
        callers.append(threading.current_thread())
        raise InterruptedError

    before = threading.active_count()
    with pytest.raises(InterruptedError):
        link_tree(str(tree), str(twin), cancel, threads=threads)
    assert threading.active_count() == before
    assert callers == [threading.current_thread()]
    if threads == 1:
        assert len([*twin.rglob("*.py")]) == 512


@pytest.mark.parametrize("threads", THREADS)
def test_a_failure_in_any_thread_is_the_callers(threads, tmp_path, monkeypatch):
    tree, twin = wide(tmp_path / "tree"), tmp_path / "twin"
    twin.mkdir()
    real, before = os.link, threading.active_count()

    def link(source: str, target: str, **more: object) -> None:
        if source.endswith("/lib/31/7.py"):
            os.unlink(source)
        real(source, target, **more)

    monkeypatch.setattr(os, "link", link)
    with pytest.raises(FileNotFoundError):
        link_tree(str(tree), str(twin), lambda *_given: None, threads=threads)
    assert threading.active_count() == before


@pytest.mark.parametrize("threads", THREADS)
def test_a_link_to_a_folder_is_named(threads, tmp_path):
    tree, twin = wide(tmp_path / "tree"), tmp_path / "twin"
    twin.mkdir()
    (tree / "lib" / "7" / "shared").symlink_to(tmp_path)
    with pytest.raises(FolderLinkError) as caught:
        link_tree(str(tree), str(twin), lambda *_given: None, threads=threads)
    assert caught.value.path == "lib/7/shared"
    assert [*tmp_path.glob("twin/lib/7/shared")] == []


def test_a_large_tree_has_help(tmp_path, monkeypatch):
    tree, twin = wide(tmp_path / "tree"), tmp_path / "twin"
    twin.mkdir()
    real, workers, both = os.link, set(), threading.Event()

    def link(source: str, target: str, **more: object) -> None:
        workers.add(threading.current_thread())
        if len(workers) > 1:
            both.set()
        both.wait(60)  # the first waits until another is there
        real(source, target, **more)

    monkeypatch.setattr(os, "link", link)
    link_tree(str(tree), str(twin), lambda *_given: None, threads=3)
    assert len(workers) > 1
    assert len([*twin.rglob("*.py")]) == 1_200
