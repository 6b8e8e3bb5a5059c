"""Which processes use an environment, as well as one user may see that.

On Linux from `/proc` itself, which also has the memory maps (`psutil` would read `smaps`, which
takes the kernel many times as long); elsewhere by `psutil`. The executable alone does not tell:
of a virtual environment it is a link, and what runs is the base. Of a process's arguments and
variables, which may hold secrets, nothing is kept beyond what is needed to compare.
"""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cache

from envdeck.core.lazy_dataclasses import dataclass, field
from envdeck.core.system import reach
from envdeck.core.system.files import Unread, read_bounded
from envdeck.core.system.host import Host, lies_under

_ARGUMENT_LIMIT = 8192
"""Bytes of a command line that are read; only the first argument is wanted."""
_VARIABLES_LIMIT = 256 * 1024
_MAPS_LIMIT = 16 * 1024 * 1024
_STAT_LIMIT = 1024
_MOST = 100_000
"""Processes that are looked at; Linux has at most four million numbers."""
_KERNEL = 2
"""The parent of the kernel's own threads on Linux."""
_ACTIVE = (b"VIRTUAL_ENV", b"CONDA_PREFIX")
_WANTED = re.compile(rb"(?:\A|\0)(PATH|VIRTUAL_ENV|CONDA_PREFIX)=([^\0]*)")
_PATH = re.compile(rb"/[^\n]*")
"""A path in a line of `maps`, which is the last thing in it."""
_DELETED = " (deleted)"


@dataclass(frozen=True, slots=True)
class Process:
    """One process, as far as it lets itself be seen."""

    pid: int
    parent: int
    name: str
    """As the system calls it, cut at 15 characters on Linux. It is hostile text."""
    programs: tuple[str, ...] = field(default=(), repr=False)
    """Absolute paths: its `argv[0]`, and the executable that runs."""
    folder: str | None = None
    """Its current folder, or None where that may not be seen."""
    active: tuple[str, ...] = ()
    """What `VIRTUAL_ENV` and `CONDA_PREFIX` name in it."""
    hidden: bool = False
    """Whether what it does may not be seen: it is another user's."""


@dataclass(frozen=True, slots=True)
class Use:
    """A process that uses an environment, and by what that is known."""

    process: Process
    how: str
    """A few words: `its program is in it`."""


@dataclass(slots=True)
class Processes:
    """All processes of the machine, read once for many questions."""

    all: tuple[Process, ...]
    problem: str = ""
    """Why they could not be read, or empty."""
    proc: str | None = None
    """Where Linux's `/proc` is; None on other systems."""
    _mapped: dict[int, bytes] = field(default_factory=dict)

    @property
    def hidden(self) -> int:
        """How many there are of which nothing can be said."""
        return sum(process.hidden for process in self.all)

    def users_of(self, prefix: str, *, without: Iterable[int] = ()) -> tuple[Use, ...]:
        """Return the processes that use the environment at `prefix` (a real path), less those
        with the given numbers. Memory maps are read of those that nothing else tells of."""
        left_out = set(without)
        found = (
            Use(process, how)
            for process in self.all
            if process.pid not in left_out and (how := self._use(process, prefix))
        )
        return tuple(found)

    def opener_in(self, places: Sequence[str], *, without: Iterable[int] = ()) -> Process | None:
        """Return a process that has a file open in one of some folders, given by their real
        paths; None also where the system does not tell (only Linux does)."""
        left_out = set(without)
        for process in self.all if self.proc is not None else ():
            if process.hidden or process.pid in left_out:
                continue
            folder = os.path.join(self.proc or "", str(process.pid), "fd")
            if any(lies_under(path, place) for path in _opened(folder) for place in places):
                return process
        return None

    def ancestors_of(self, pid: int) -> tuple[Process, ...]:
        """Return a process and its parents up to the first, as far as they are known."""
        by_pid = {process.pid: process for process in self.all}
        line: list[Process] = []
        while (process := by_pid.pop(pid, None)) is not None:
            line.append(process)
            pid = process.parent
        return tuple(line)

    def _use(self, process: Process, prefix: str) -> str:
        if any(lies_under(program, prefix) for program in process.programs):
            return "running from this environment"
        if process.folder is not None and lies_under(process.folder, prefix):
            return "working directory"
        if any(path == prefix or _real(path) == prefix for path in process.active):
            return "activated"
        maps, start = self._maps(process), b"\0" + os.fsencode(prefix)
        if start + b"/" in maps or start + b"\0" in maps:
            return "libraries loaded"
        return ""

    def _maps(self, process: Process) -> bytes:
        if self.proc is None or process.hidden:
            return b""
        if process.pid not in self._mapped:
            self._mapped[process.pid] = _read_maps(os.path.join(self.proc, str(process.pid)))
        return self._mapped[process.pid]


def read_processes(host: Host) -> Processes:
    """Read every process of the machine, once."""
    if host.platform.startswith("linux"):
        proc = host.system("proc")
        try:
            numbers = sorted(int(name) for name in os.listdir(proc) if name.isdecimal())
        except OSError as error:
            return Processes((), f"{proc} cannot be read: {error.strerror}")
        return Processes(tuple(_read_proc(proc, numbers[:_MOST])), proc=proc)
    return Processes(tuple(_read_by_psutil()))


def _read_proc(proc: str, numbers: Iterable[int]) -> Iterator[Process]:
    real = cache(_real)  # most programs lie in a few folders
    for pid in numbers:
        place = os.path.join(proc, str(pid))
        stat = read_bounded(os.path.join(place, "stat"), _STAT_LIMIT, whole=False)
        if isinstance(stat, Unread):
            continue  # it has ended meanwhile
        # 4711 (name (with) brackets) S 4700 … (proc_pid_stat(5))
        before, _, after = stat.rpartition(b")")
        state, _, rest = after.strip().partition(b" ")
        number = rest.partition(b" ")[0]
        parent = int(number) if number.isdigit() else 0
        if state in {b"Z", b"X"} or (_KERNEL in {pid, parent} and not _text(place, "cmdline")):
            continue
        name = os.fsdecode(before.partition(b"(")[2])
        try:
            folder = os.readlink(os.path.join(place, "cwd")).removesuffix(_DELETED)
        except PermissionError:
            yield Process(pid, parent, name, hidden=True)
            continue
        except OSError:
            continue
        variables = _variables(_text(place, "environ", _VARIABLES_LIMIT))
        program = os.fsdecode(_text(place, "cmdline").partition(b"\0")[0])
        try:
            executable = os.readlink(os.path.join(place, "exe")).removesuffix(_DELETED)
        except OSError:
            executable = ""
        programs = _programs((program, executable), folder, variables.get(b"PATH", b""), real)
        active = tuple(os.fsdecode(variables[key]) for key in _ACTIVE if variables.get(key))
        yield Process(pid, parent, name, programs, folder, active)


def _text(place: str, name: str, limit: int = _ARGUMENT_LIMIT) -> bytes:
    data = read_bounded(os.path.join(place, name), limit, whole=False)
    return b"" if isinstance(data, Unread) else data


def _variables(data: bytes) -> dict[bytes, bytes]:
    """Return the three variables that tell of an environment; the others are passed over."""
    return dict(_WANTED.findall(data))


def _programs(
    named: Iterable[str], folder: str | None, search: bytes, real: Callable[[str], str]
) -> tuple[str, ...]:
    """Return where the programs are: a bare name is looked for on the process's own path, which
    an activated environment leads; the last name of a path is never followed."""
    found: list[str] = []
    for name in named:
        if not name or "\0" in name:
            continue
        path = name
        if not os.path.dirname(name):
            places = (os.path.join(place, name) for place in os.fsdecode(search).split(os.pathsep))
            path = next((place for place in places if reach.lexists(place)), name)
        if not os.path.isabs(path):
            if folder is None or not os.path.dirname(path):
                continue
            path = os.path.join(folder, path)
        path = os.path.normpath(path)
        found += [path, os.path.join(real(os.path.dirname(path)), os.path.basename(path))]
    return tuple(dict.fromkeys(found))


def _read_maps(place: str) -> bytes:
    """Return the files a process has in memory (proc_pid_maps(5)), each between two NULs; of
    `maps` alone, which is quick: sizes, which nobody needs here, are in `smaps`.

    Most of a machine's processes are asked, and have some hundred each: they stay bytes.
    """
    data = read_bounded(os.path.join(place, "maps"), _MAPS_LIMIT, whole=False)
    if isinstance(data, Unread):
        return b""
    joined = b"\0".join((b"", *set(_PATH.findall(data)), b""))
    return joined.replace(_DELETED.encode() + b"\0", b"\0").replace(b"\\012", b"\n")


def _read_by_psutil() -> Iterator[Process]:
    import psutil  # not needed on Linux, and slow to import

    wanted = ["pid", "ppid", "name", "cmdline", "exe", "cwd", "environ"]
    for found in psutil.process_iter(wanted, ad_value=None):
        info = found.info
        folder, variables = info["cwd"], info["environ"] or {}
        named = [*(info["cmdline"] or ())[:1], info["exe"] or ""]
        hidden = not any(named) and folder is None
        active = tuple(
            value for key in _ACTIVE if (value := variables.get(key.decode())) is not None
        )
        search = os.fsencode(variables.get("PATH", ""))
        programs = _programs(named, folder, search, _real)
        yield Process(
            info["pid"], info["ppid"] or 0, info["name"] or "", programs, folder, active, hidden
        )


def _opened(folder: str) -> Iterator[str]:
    try:
        names = os.listdir(folder)
    except OSError:  # another user's, or over by now
        return
    for name in names:
        with suppress(OSError):
            yield os.readlink(os.path.join(folder, name))


def _real(path: str) -> str:
    try:
        return reach.realpath(path)  # another's variables may name a share that never answers
    except (OSError, ValueError):
        return path
