"""The folder of a demo: made for its owner alone, and removed again, by the next demo if need be.

A file in it is locked as long as the demo runs. The lock ends with the process, however that
ends, so a folder whose file can be locked is one that was left behind.
"""

import contextlib
import os
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

PREFIX = "envdeck-demo-"
MARKER = ".envdeck-demo"
_SIGNATURE = "This folder is a demo of EnvDeck; it is removed when that ends.\n"
_STARTING_SECONDS = 3600.0
"""An empty folder that is younger may be one of a demo that just starts."""


class SandboxError(Exception):
    """A demo has no place; its text says why, without a full stop."""


@dataclass(slots=True)
class Sandbox:
    """The folder of one demo."""

    path: str
    """Its real path."""
    kept: bool = False
    """Whether it stays when the demo ends."""
    _lock: int = -1

    @classmethod
    def temporary(cls) -> "Sandbox":
        """Make one among the temporary files. Raises :class:`SandboxError`."""
        try:
            path = os.path.realpath(tempfile.mkdtemp(prefix=PREFIX))
            return cls(path, _lock=_mark(path))
        except OSError as error:
            raise SandboxError(f"no folder can be made for it: {_reason(error)}") from error

    @classmethod
    def at(cls, folder: str) -> "Sandbox":
        """Take a folder that is empty or absent, which then stays. Raises :class:`SandboxError`."""
        path = os.path.realpath(folder)
        try:
            os.makedirs(path, mode=0o700, exist_ok=True)
            with os.scandir(path) as entries:
                if next(entries, None) is not None:
                    raise SandboxError(f"{path} is not empty")
        except OSError as error:
            raise SandboxError(f"{path} cannot be used: {_reason(error)}") from error
        return cls(path, kept=True)

    def keep(self) -> None:
        """Let it stay: nothing tells from now on that it is to be removed."""
        self.kept = True
        with contextlib.suppress(FileNotFoundError):
            os.unlink(os.path.join(self.path, MARKER))

    def close(self) -> str:
        """Remove it unless it is kept; return why not all of it is gone, or nothing."""
        problem = "" if self.kept else remove(self.path)
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1
        return problem


def leftovers() -> Iterator[str]:
    """Yield the folders of demos that ended without removing them: those of this user alone."""
    with contextlib.suppress(OSError), os.scandir(tempfile.gettempdir()) as entries:
        for entry in entries:
            if entry.name.startswith(PREFIX) and _is_left(entry.path):
                yield os.path.realpath(entry.path)


def remove(path: str, *, attempts: int = 6) -> str:
    """Remove a folder with all in it; return why not all of it is gone, or nothing.

    What cannot be removed since its folder is read-only is made writable, and tried anew; so is
    what something that ends just now still writes there. The file that tells goes last: a removal
    that is killed leaves what :func:`leftovers` finds.
    """
    problems: list[str] = []
    for _ in range(attempts):
        problems.clear()
        for place in _inside(path):
            _rmtree(place, problems)
        _rmtree(path, problems)
        if not os.path.lexists(path):
            return ""
    return problems[0] if problems else f"{path} is still there"


def _inside(path: str) -> list[str]:
    """Return the folders in a sandbox; what cannot be listed is for the removal to say."""
    try:
        with os.scandir(path) as entries:
            return [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []


def _rmtree(path: str, problems: list[str]) -> None:
    def open_up(_function: object, place: str, error: BaseException) -> None:
        problems.append(f"{place}: {_reason(error)}")
        for folder in (os.path.dirname(place), place):
            with contextlib.suppress(OSError):
                if _lies_in(folder, path) and stat.S_ISDIR(os.lstat(folder).st_mode):
                    os.chmod(folder, 0o700)

    if sys.version_info >= (3, 12):
        shutil.rmtree(path, onexc=open_up)
    else:
        shutil.rmtree(path, onerror=lambda function, place, told: open_up(function, place, told[1]))


def _lies_in(path: str, folder: str) -> bool:
    """Tell whether a path is a folder's, or its own."""
    return path == folder or path.startswith(folder + os.sep)


def _mark(path: str) -> int:
    """Write the file that tells, locked before it has its name; return what holds the lock."""
    partial = os.path.join(path, MARKER + ".new")
    descriptor = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    os.write(descriptor, f"{_SIGNATURE}{os.getpid()}\n".encode())
    if not _lock(descriptor):
        raise OSError("its marker cannot be locked")
    os.rename(partial, os.path.join(path, MARKER))
    return descriptor


def _is_left(path: str) -> bool:
    try:
        status = os.lstat(path)
        if not stat.S_ISDIR(status.st_mode) or not _is_ours(status):
            return False
        marker = os.path.join(path, MARKER)
        if not os.path.lexists(marker):
            if not os.listdir(path) and status.st_mtime < time.time() - _STARTING_SECONDS:
                os.rmdir(path)
            return False
        descriptor = os.open(marker, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
    except OSError:
        return False
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or not _is_ours(status):
            return False
        said = os.read(descriptor, len(_SIGNATURE))
        return said == _SIGNATURE.encode() and _lock(descriptor)
    finally:
        os.close(descriptor)


def _is_ours(status: os.stat_result) -> bool:
    return sys.platform == "win32" or status.st_uid == os.geteuid()


def _lock(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            os.lseek(descriptor, 0, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _reason(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error)
