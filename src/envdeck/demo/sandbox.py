"""The private folder of a demo, and the machine in it: a home, programs and settings.

A marker file in it is locked while the demo runs. Any end of the process releases the lock, so a
folder whose marker can be locked was left behind; the next demo removes it.
"""

import contextlib
import os
import shlex
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from urllib.parse import quote

from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.system.host import Host

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

PREFIX = "envdeck-demo-"
MARKER = ".envdeck-demo"
_SIGNATURE = "EnvDeck demo folder; removed when the demo ends.\n"
_STARTING_SECONDS = 3600.0
"""A younger empty folder may belong to a demo that is starting."""


class SandboxError(Exception):
    """A folder cannot be used for a demo; its text says why, without a full stop."""


@dataclass(slots=True)
class Sandbox:
    """The folder of one demo."""

    path: str
    """With links resolved."""
    kept: bool = False
    """Whether it stays when the demo ends."""
    _lock: int = -1

    @classmethod
    def temporary(cls) -> "Sandbox":
        """Make a temporary one. Raises :class:`SandboxError`."""
        try:
            path = os.path.realpath(tempfile.mkdtemp(prefix=PREFIX))
            return cls(path, _lock=_mark(path))
        except OSError as error:
            raise SandboxError(f"cannot create a folder: {_reason(error)}") from error

    @classmethod
    def at(cls, folder: str) -> "Sandbox":
        """Use an empty or absent folder, and keep it. Raises :class:`SandboxError`."""
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
        """Keep it: without its marker, no demo removes it."""
        self.kept = True
        with contextlib.suppress(FileNotFoundError):
            os.unlink(os.path.join(self.path, MARKER))

    def close(self) -> str:
        """Remove it unless it is kept; return why that failed, or an empty text."""
        problem = "" if self.kept else remove(self.path)
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1
        return problem


def leftovers() -> Iterator[str]:
    """Yield the folders that demos of this user left behind."""
    with contextlib.suppress(OSError), os.scandir(tempfile.gettempdir()) as entries:
        for entry in entries:
            if entry.name.startswith(PREFIX) and _is_left(entry.path):
                yield os.path.realpath(entry.path)


def remove(path: str, *, attempts: int = 6) -> str:
    """Remove a folder; return why that failed, or an empty text.

    Read-only folders are made writable. Further attempts remove what ending processes still
    write. The marker goes last: :func:`leftovers` finds the rest of a killed removal.
    """
    problems: list[str] = []
    for _ in range(attempts):
        problems.clear()
        for place in _inside(path):
            _rmtree(place, problems)
        _rmtree(path, problems)
        if not os.path.lexists(path):
            return ""
    return problems[0] if problems else f"{path} still exists"


def _inside(path: str) -> list[str]:
    """Return the folders in a sandbox; the removal reports what cannot be listed."""
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
                is_inside = folder == path or folder.startswith(path + os.sep)
                if is_inside and stat.S_ISDIR(os.lstat(folder).st_mode):
                    os.chmod(folder, 0o700)

    if sys.version_info >= (3, 12):
        shutil.rmtree(path, onexc=open_up)
    else:
        shutil.rmtree(path, onerror=lambda function, place, info: open_up(function, place, info[1]))


def _mark(path: str) -> int:
    """Write the marker, locked before it has its name; return its descriptor."""
    partial = os.path.join(path, MARKER + ".new")
    descriptor = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    os.write(descriptor, f"{_SIGNATURE}{os.getpid()}\n".encode())
    if not _lock(descriptor):
        raise OSError("its marker file cannot be locked")
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
        signature = os.read(descriptor, len(_SIGNATURE))
        return signature == _SIGNATURE.encode() and _lock(descriptor)
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


_TERMINAL_VARIABLES = (
    "TERM", "COLORTERM", "TERM_PROGRAM", "TERM_PROGRAM_VERSION", "TMUX", "NO_COLOR", "LANG",
    "LANGUAGE", "LC_ALL", "LC_CTYPE", "TZ", "SHELL", "COLUMNS", "LINES", "SYSTEMROOT", "COMSPEC",
    "PATHEXT", "PYTHONUTF8", "ENVDECK_DEBUG",
)  # fmt: skip
"""The only variables of the real machine that the demo has."""
_PROGRAMS = (
    "awk", "basename", "bash", "cat", "chmod", "clear", "cp", "cut", "date", "df", "diff",
    "dirname", "du", "echo", "env", "expr", "false", "file", "find", "fish", "git", "grep", "gzip",
    "head", "hostname", "id", "just", "kill", "less", "ln", "ls", "make", "man", "mkdir", "mktemp",
    "more", "mv", "nano", "printf", "ps", "pwd", "readlink", "realpath", "rm", "rmdir", "sed",
    "seq", "sh", "sleep", "sort", "stat", "stty", "tail", "tar", "tee", "test", "top", "touch",
    "tput", "tr", "true", "uname", "uniq", "vi", "vim", "wc", "which", "whoami", "xargs", "zsh",
)  # fmt: skip
"""What a shell, git and a Makefile need. No Python of the machine is among them."""


@dataclass(frozen=True, slots=True)
class DemoLayout:
    """The paths in the folder of a demo."""

    root: str

    @property
    def home(self) -> str:
        """The home folder of `ada`, the user of the demo."""
        return os.path.join(self.root, "home", "ada")

    @property
    def packages(self) -> str:
        """The wheels: the only index."""
        return os.path.join(self.root, ".packages")

    @property
    def templates(self) -> str:
        """Empty environments to copy; removed once the demo is built."""
        return os.path.join(self.root, ".templates")

    @property
    def programs(self) -> str:
        """Links to programs."""
        return os.path.join(self.root, "bin")

    @property
    def temporary(self) -> str:
        """The folder for temporary files."""
        return os.path.join(self.root, "tmp")

    @property
    def settings(self) -> str:
        """A file that makes the demo the home of a shell that sources it."""
        return os.path.join(self.root, "environ.sh")

    @property
    def cache(self) -> str:
        """The cache of uv; environments share its files."""
        return os.path.join(self.home, ".cache", "uv")


def demo_host(layout: DemoLayout, real: Host) -> Host:
    """Return the machine; system-wide paths are in its folder too, where nothing exists."""
    return Host(real.platform, layout.home, _environ(layout, real), real.now, layout.root)


def _environ(layout: DemoLayout, real: Host) -> Mapping[str, str]:
    home, config = layout.home, os.path.join(layout.home, ".config")
    kept = {name: real.environ[name] for name in _TERMINAL_VARIABLES if name in real.environ}
    path = [os.path.join(home, ".local", "bin"), layout.programs]
    if real.windows:
        path.append(real.environ.get("PATH", ""))
    return {
        **kept,
        "HOME": home,
        "USERPROFILE": home,
        "USER": "ada",
        "LOGNAME": "ada",
        "PATH": os.pathsep.join(path),
        "TMPDIR": layout.temporary,
        "UV_CACHE_DIR": layout.cache,
        "UV_OFFLINE": "1",
        "PIP_CONFIG_FILE": os.path.join(config, "pip", "pip.conf"),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "VIRTUALENV_OVERRIDE_APP_DATA": os.path.join(home, ".local", "share", "virtualenv"),
        "GIT_CONFIG_GLOBAL": os.path.join(home, ".gitconfig"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CEILING_DIRECTORIES": os.path.dirname(home),
    }


def create_machine(layout: DemoLayout, real: Host, host: Host, uv: str | None, python: str) -> None:
    """Make the folders, the settings and the programs. `uv` and `python` are programs of the
    real machine; the latter runs EnvDeck. Raises OSError."""
    for folder in (layout.home, layout.packages, layout.programs, layout.temporary, layout.cache):
        os.makedirs(folder)
    if os.path.isdir(real.system("proc")):  # who uses an environment, and what is mounted
        os.symlink(real.system("proc"), os.path.join(layout.root, "proc"))
    found = {name: shutil.which(name, path=real.variable("PATH")) for name in _PROGRAMS}
    for name, program in {**found, "uv": uv}.items():
        if program is not None and os.name == "posix":
            os.symlink(os.path.realpath(program), os.path.join(layout.programs, name))
    own = os.path.join(layout.programs, "envdeck")
    _write(own, f'#!/bin/sh\nexec {shlex.quote(python)} -m envdeck "$@"\n')
    os.chmod(own, 0o700)
    config = os.path.join(layout.home, ".config")
    links = "file://" + quote(os.fsencode(layout.packages))
    _write(
        os.path.join(config, "uv", "uv.toml"),
        f'no-index = true\noffline = true\nfind-links = ["{links}"]\n'
        'link-mode = "hardlink"\npython-downloads = "never"\n',
    )
    _write(
        os.path.join(config, "pip", "pip.conf"),
        f"[global]\nno-index = true\nfind-links = {links}/\n",
    )
    _write(
        os.path.join(layout.home, ".gitconfig"),
        "[user]\n\tname = Ada\n\temail = ada@example.com\n[init]\n\tdefaultBranch = main\n"
        "[commit]\n\tgpgSign = false\n",
    )
    exports = [f"export {name}={shlex.quote(value)}\n" for name, value in host.environ.items()]
    _write(layout.settings, "".join(exports) + 'cd "$HOME"\n')


def _write(path: str, text: str) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write(text)
