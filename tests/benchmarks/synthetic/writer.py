"""Writing very many small things quickly, and counting them."""

import os
import time
import zlib

DAY = 86_400


class Writer:
    """Makes folders and files below one root, each folder once."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.folders = 0
        self.files = 0
        self._made = {root}

    def path(self, *parts: str) -> str:
        return os.path.join(self.root, *parts)

    def folder(self, path: str) -> str:
        """Make a folder and what is missing above it."""
        if path not in self._made:
            self.folder(os.path.dirname(path))
            os.mkdir(path)
            self._made.add(path)
            self.folders += 1
        return path

    def file(
        self, path: str, data: bytes = b"", size: int | None = None, mode: int = 0o644
    ) -> None:
        """Write a file; a `size` beyond the data is a hole, so that lengths vary at no cost."""
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        if data:
            os.write(descriptor, data)
        if size is not None and size > len(data):
            os.ftruncate(descriptor, size)
        os.close(descriptor)
        self.files += 1

    def text(self, path: str, text: str, mode: int = 0o644) -> None:
        self.file(path, text.encode(), mode=mode)

    def link(self, source: str, path: str) -> None:
        """Give a file a second name, as uv does from its cache."""
        os.link(source, path)
        self.files += 1

    def symlink(self, target: str, path: str) -> None:
        os.symlink(target, path)
        self.files += 1


def age(root: str) -> None:
    """Date every folder between two days and three years back, and every `pyvenv.cfg` with it.

    A folder that was changed within the last seconds is not one that a memory may rely on.
    """
    now = time.time()
    stack = [root]
    while stack:
        path = stack.pop()
        when = now - DAY * (2 + zlib.crc32(path.removeprefix(root).encode()) % 1000)
        with os.scandir(path) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    stack.append(entry.path)
                elif entry.name == "pyvenv.cfg":
                    os.utime(entry.path, (when, when - DAY))
        os.utime(path, (when, when))
