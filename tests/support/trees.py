"""What a folder holds, taken twice to prove that nothing changed."""

import os
import stat
from collections.abc import Callable, Collection, Iterator
from pathlib import Path


def contents(top: Path, *, without: Callable[[str], bool] = lambda _: False) -> dict[str, bytes]:
    """Return every file and link below a folder: what is in it, or where it leads to.

    `without` tells by its name which file does not count.
    """
    return {
        name: data
        for name, status, data in _below(top, ())
        if not stat.S_ISDIR(status.st_mode) and not without(os.path.basename(name))
    }


def states(top: Path, *, without: Collection[str] = ()) -> dict[str, tuple[int, int, int, bytes]]:
    """Return all that is below a folder, folders too, by inode, mode, time of the last change and
    content: nothing may have been touched. Folders of the names in `without` are left out."""
    return {
        name: (status.st_ino, status.st_mode, status.st_mtime_ns, data)
        for name, status, data in _below(top, without)
    }


def _below(top: Path, without: Collection[str]) -> Iterator[tuple[str, os.stat_result, bytes]]:
    base = os.fsencode(top)
    for folder, folders, files in os.walk(base):
        folders[:] = [name for name in folders if os.fsdecode(name) not in without]
        for name in (*folders, *files):
            path = os.path.join(folder, name)
            status = os.lstat(path)
            data = b""
            if stat.S_ISLNK(status.st_mode):
                data = os.readlink(path)
            elif stat.S_ISREG(status.st_mode):
                with open(path, "rb") as file:
                    data = file.read()
            yield os.fsdecode(os.path.relpath(path, base)), status, data


def disk_bytes(*paths: str | os.PathLike[str]) -> int:
    """Return what is in folders, by `stat`: the blocks of each file and folder, links once."""
    met, total = set(), 0
    for folder, _, files in (walked for path in paths for walked in os.walk(path)):
        for each in (folder, *(os.path.join(folder, name) for name in files)):
            status = os.lstat(each)
            if (status.st_dev, status.st_ino) not in met:
                met.add((status.st_dev, status.st_ino))
                total += status.st_blocks * 512
    return total
