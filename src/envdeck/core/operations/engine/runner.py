"""Runs a command: streamed, bounded, ended with its children."""

import contextlib
import os
import queue
import re
import select
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from envdeck.core.lazy_dataclasses import replace
from envdeck.core.model.events import CommandEnded, CommandStarted, OperationEvent, OutputLine
from envdeck.core.operations.engine.command import (
    NOT_FOUND,
    NOT_RUNNABLE,
    Command,
    Completed,
    masker,
)
from envdeck.core.system.files import reason_of
from envdeck.core.system.host import Host

LINE_LIMIT = 16 * 1024
"""Bytes of one line that are told; the rest of it is dropped."""


class Lines:
    """Cuts what comes into lines; of a line that a carriage return wrote over, the last counts."""

    def __init__(self, limit: int = LINE_LIMIT) -> None:
        self._limit = limit
        self._rest = b""
        self._dropping = False

    def feed(self, data: bytes) -> list[bytes]:
        """Return the lines that are whole now."""
        *whole, rest = (self._rest + data).split(b"\n")
        lines = []
        for line in whole:
            if not self._dropping:
                lines.append(_last_written(line)[: self._limit])
            self._dropping = False
        rest = rest if rest.endswith(b"\r") else rest.rsplit(b"\r", 1)[-1]
        if self._dropping:
            rest = b""
        elif len(rest) > self._limit:
            lines.append(_last_written(rest)[: self._limit])
            rest, self._dropping = b"", True
        self._rest = rest
        return lines

    def rest(self) -> list[bytes]:
        """Return what stood behind the last line end."""
        line = _last_written(self._rest)
        self._rest = b""
        return [line[: self._limit]] if line else []


def _last_written(line: bytes) -> bytes:
    parts = [part for part in line.split(b"\r") if part]
    return parts[-1] if parts else b""


STDOUT_LIMIT = 64 * 1024 * 1024
"""Bytes of standard output that are kept."""
TAIL_LINES = 40
_HEAD_LINES = 4
_FAILURE = re.compile(r"Failed to (?:build|download|fetch)|Failed building|\A\s*(?:error|×)", re.I)
GRACE_SECONDS = 5.0
"""What a command has to clean up after it was asked to end, before it is killed."""

_PART = 64 * 1024
_POLL_SECONDS = 0.05
_PAUSE_SECONDS = 0.0005
"""How long is waited at first for the end of a command that has closed its output."""
_ORPHAN_SECONDS = 0.5
"""How long what is left of a command is waited for."""
_STDOUT, _STDERR = "stdout", "stderr"
_BEHIND = 4096
"""Bytes that are read behind what is told of a line: what is masked may begin before its end."""


def ignore(_event: OperationEvent) -> None:
    """Tell nobody."""


_OF_PLACE = re.compile(r"(?:Creating virtual environment|Activate) (?:at|with): ")


def leave_out_place(tell: Callable[[OperationEvent], None]) -> Callable[[OperationEvent], None]:
    """Leave out where an environment is made and how it is activated there: it does not stay."""

    def filter_output(event: OperationEvent) -> None:
        if not (isinstance(event, OutputLine) and _OF_PLACE.match(event.text)):
            tell(event)

    return filter_output


def never() -> bool:
    """Nobody stops it."""
    return False


_WATCH = """
import os, signal, sys, time
groups = set()
for line in sys.stdin.buffer:
    number = int(line)
    groups.add(number) if number > 0 else groups.discard(-number)
for number in (signal.SIGTERM, signal.SIGKILL):
    until = time.monotonic() + float(sys.argv[1])
    while groups and time.monotonic() < until:
        for group in list(groups):
            try:
                os.killpg(group, number)
            except OSError:
                groups.discard(group)
        number = number if number == signal.SIGKILL else 0
        time.sleep(0.05)
"""
"""Notes the process groups that it is told of, and ends them when whoever told is gone."""


class Watchdog:
    """A process that ends commands should ours be killed (SIGKILL lets nobody clean up): it sees
    the end of the pipe on which it is told what runs. Nothing on Windows."""

    def __init__(self, host: Host, grace_seconds: float = GRACE_SECONDS) -> None:
        self._windows = host.windows
        self._grace = grace_seconds
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Watchdog":
        if not self._windows:
            command = (sys.executable, "-I", "-S", "-c", _WATCH, str(self._grace))
            with contextlib.suppress(OSError):  # then a command that is left ends by itself
                self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    bufsize=0,
                    start_new_session=True,
                )
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            self._process.wait()

    def tell(self, group: int) -> None:
        """Have a process group ended; a negative number: no longer."""
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(OSError):  # somebody killed it
                self._process.stdin.write(b"%d\n" % group)


class Runner:
    """Runs commands one after another, on the caller's thread, which is the one that is told."""

    def __init__(
        self,
        host: Host,
        *,
        keep: Sequence[int] = (),
        hides: Sequence[str] = (),
        watchdog: Watchdog | None = None,
        grace_seconds: float = GRACE_SECONDS,
    ) -> None:
        """`keep` holds file descriptors that children inherit: the lock of an environment, which
        an orphaned installer then still holds, so that recovery waits for it. `hides` are words
        that are masked in what any command prints: a project's own code may run in it. A
        `watchdog` ends what runs, should this process be killed."""
        self._host = host
        self._keep = tuple(keep)
        self._hides = tuple(hides)
        self._watchdog = watchdog
        self._grace = grace_seconds

    def run(
        self,
        command: Command,
        tell: Callable[[OperationEvent], None] = ignore,
        stopped: Callable[[], bool] = never,
        *,
        limit: float | None = None,
    ) -> Completed:
        """Run a command to its end, telling its lines; a program that is not there is a value.

        It has a session of its own and no input. When `stopped` says so, or `limit` seconds are
        over, its whole process group is asked to end (SIGTERM), and killed after a grace. No
        child in its group outlives the call, whatever `tell` raises.
        """
        started = time.monotonic()
        command = replace(command, hides=(*command.hides, *self._hides))
        tell(CommandStarted(command.shown, command.folder))
        try:
            process = self._start(command)
        except (OSError, ValueError) as error:
            completed = _not_started(command, error)
        else:
            with process, self._watched(process.pid):
                completed = _Run(process, command, tell, self._grace, self._host).watch(
                    stopped, None if limit is None else started + limit, started
                )
        tell(CommandEnded(command.shown, completed.code, completed.seconds))
        return completed

    @contextlib.contextmanager
    def _watched(self, group: int) -> Iterator[None]:
        if self._watchdog is not None:
            self._watchdog.tell(group)
        try:
            yield
        finally:
            if self._watchdog is not None:
                self._watchdog.tell(-group)

    def _start(self, command: Command) -> subprocess.Popen[bytes]:
        options: dict[str, Any] = {}
        if self._host.windows:  # a group of its own, which Ctrl+C does not reach
            options["creationflags"] = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
        else:
            options.update(start_new_session=True, pass_fds=self._keep)
        return subprocess.Popen(
            command.argv,
            cwd=command.folder,
            env=dict(command.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            **options,
        )


def _not_started(command: Command, error: OSError | ValueError) -> Completed:
    if isinstance(error, FileNotFoundError) and not os.path.isdir(command.folder):
        return Completed(NOT_FOUND, tail=(f"the folder {command.folder} does not exist",))
    code = NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_RUNNABLE
    reason = "does not exist" if code == NOT_FOUND else reason_of(error)
    return Completed(code, tail=(f"cannot run {command.shown[0]}: {reason}",))


class _Run:
    """One command that runs."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        command: Command,
        tell: Callable[[OperationEvent], None],
        grace: float,
        host: Host,
    ) -> None:
        self._process = process
        self._data = command.data
        self._program = command.shown[0]
        self._tell = tell
        self._grace = grace
        self._windows = host.windows
        self._mask = masker(command.environ, command.hides)
        self._parts: queue.Queue[tuple[str, bytes]] = queue.Queue(maxsize=64)
        self._given_up = threading.Event()
        self._open = {_STDOUT, _STDERR}
        self._kept: list[bytes] = []
        self._kept_bytes = 0
        self._cut = False
        self._lines = {name: Lines(LINE_LIMIT + _BEHIND) for name in (_STDOUT, _STDERR)}
        self._head: list[str] = []
        self._tail: deque[str] = deque(maxlen=TAIL_LINES)
        self._asked_at: float | None = None
        self._killed_at: float | None = None

    def watch(
        self, stopped: Callable[[], bool], deadline: float | None, started: float
    ) -> Completed:
        """Read until it has ended; then see that nothing of it is left."""
        readers = [
            threading.Thread(target=self._read, args=(name, stream), daemon=True)
            for name, stream in ((_STDOUT, self._process.stdout), (_STDERR, self._process.stderr))
        ]
        by_person = overdue = False
        pause = _PAUSE_SECONDS
        try:
            for reader in readers:
                reader.start()
            while not self._is_over():
                if self._open:
                    self._take(_POLL_SECONDS)
                else:  # nothing is told any more: mostly it ends in the same moment
                    time.sleep(pause)
                    pause = min(2 * pause, _POLL_SECONDS)
                now = time.monotonic()
                if self._asked_at is None and stopped():
                    by_person = True
                    self._ask(now)
                elif self._asked_at is None and deadline is not None and now >= deadline:
                    overdue = True
                    self._ask(now)
                elif self._asked_at is None and self._ended():
                    # It is over, yet a child of it holds a pipe open: mostly a daemon.
                    self._grace = min(self._grace, _ORPHAN_SECONDS)
                    self._ask(now)
                elif self._asked_at is not None and now >= self._asked_at + self._grace:
                    self._kill(now)
        finally:
            self._given_up.set()
            self._kill(time.monotonic())
            code = self._process.wait()
            self._drain(readers)
        for name in (_STDERR, _STDOUT):
            self._say(name, self._lines[name].rest())
        stdout = b"".join(self._kept).decode("utf-8", "surrogateescape")
        return Completed(
            code,
            stdout if self._data else self._mask(stdout),
            (*self._head, *self._tail),
            time.monotonic() - started,
            by_person,
            overdue,
            self._cut,
            self._program,
        )

    def _keep_told(self, text: str) -> None:
        """Keep the last lines, and of those that no longer fit the first few that begin a failure:
        which package it is that a tool cannot build stands above all that the build wrote."""
        if len(self._tail) == TAIL_LINES and len(self._head) < _HEAD_LINES:
            first = self._tail[0]
            self._head += [first] if _FAILURE.search(first) else []
        self._tail.append(text)

    def _is_over(self) -> bool:
        """Whether it has ended and all is read; or it was killed, and who holds a pipe open
        has left its group."""
        if not self._open and self._ended():
            return True
        return self._killed_at is not None and time.monotonic() >= self._killed_at + _ORPHAN_SECONDS

    def _ended(self) -> bool:
        """Tell whether the program has ended, without reaping it: while it is a zombie, its
        number, and so that of its group, is nobody else's."""
        if self._process.returncode is not None or not hasattr(os, "waitid"):
            return self._process.poll() is not None
        try:
            flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
            return os.waitid(os.P_PID, self._process.pid, flags) is not None
        except ChildProcessError:
            return True

    def _ask(self, now: float) -> None:
        self._asked_at = now
        if self._windows:
            self._end_tree("/T")
        else:
            self._signal(signal.SIGTERM)

    def _kill(self, now: float) -> None:
        if self._killed_at is None or self._process.returncode is None:
            self._killed_at = self._killed_at or now
            if self._windows:
                self._end_tree("/T", "/F")
            else:
                self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)

    def _end_tree(self, *flags: str) -> None:
        """Windows has no groups to signal: its own tool walks the tree of children."""
        if self._process.poll() is None:
            subprocess.run(
                ["taskkill", *flags, "/PID", str(self._process.pid)],
                check=False,
                capture_output=True,
                timeout=self._grace + 5,
            )

    def _read(self, name: str, stream: Any) -> None:  # noqa: ANN401 - Popen's own pipe
        """Pass on what comes; on a thread of its own, since either pipe may be silent."""
        descriptor = stream.fileno()
        poll = None
        if not self._windows:
            poll = select.poll()
            poll.register(descriptor, select.POLLIN)
        while True:
            if poll is not None and not poll.poll(100):
                if self._given_up.is_set():
                    break
                continue
            data = os.read(descriptor, _PART)
            if not self._put(name, data) or not data:
                break

    def _put(self, name: str, data: bytes) -> bool:
        while not self._given_up.is_set():
            with contextlib.suppress(queue.Full):
                self._parts.put((name, data), timeout=0.1)
                return True
        return False

    def _take(self, seconds: float) -> None:
        with contextlib.suppress(queue.Empty):
            name, data = self._parts.get(timeout=seconds)
            self._handle(name, data)
            while True:
                name, data = self._parts.get_nowait()
                self._handle(name, data)

    def _handle(self, name: str, data: bytes) -> None:
        if not data:
            self._open.discard(name)
            return
        if name == _STDOUT:
            room = STDOUT_LIMIT - self._kept_bytes
            self._cut = self._cut or len(data) > room
            if room > 0:
                self._kept.append(data[:room])
                self._kept_bytes += len(data[:room])
            if self._data:
                return
        self._say(name, self._lines[name].feed(data))

    def _say(self, name: str, lines: Sequence[bytes]) -> None:
        for line in lines:
            text = self._mask(line.decode("utf-8", "replace"))[:LINE_LIMIT]
            if name == _STDERR:
                self._keep_told(text)
            self._tell(OutputLine(text))

    def _drain(self, readers: Sequence[threading.Thread]) -> None:
        for reader in readers:
            if reader.ident is not None and not self._windows:
                reader.join()
