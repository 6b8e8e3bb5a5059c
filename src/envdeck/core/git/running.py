"""One run of git, bounded in time and in what is read of it."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Timer

_PART = 64 * 1024
_USAGE = 129
"""What git exits with where it does not know an option."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What git wrote, and how it ended."""

    data: bytes = b""
    cut: bool = False
    """Whether there was more, and git was ended."""
    code: int = 0
    problem: str = ""
    """Why that is no whole answer, or empty."""


def run(
    command: list[str],
    environ: Mapping[str, str],
    *,
    given: bytes = b"",
    seconds: float,
    enough: int,
    is_enough: Callable[[bytes], bool],
) -> Answer:
    """Run a command of git's, writing `given` to it, a few KiB that a pipe holds.

    It is ended after `seconds`, once it wrote `enough` bytes, or when `is_enough` says so of what
    it wrote.
    """
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE if given else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            env=environ,
            cwd=os.path.abspath(os.sep),
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        words = error.strerror if isinstance(error, OSError) else "a name has a NUL in it"
        return Answer(problem=f"git cannot be run: {words}", code=-1)
    timer = Timer(seconds, _end, [process])
    timer.daemon = True
    timer.start()
    try:
        with process:
            try:
                data, ended = _talk(process, given, enough, is_enough)
            except BaseException:  # a person breaks it off
                _end(process)
                raise
            if not ended:
                _end(process)
    finally:
        timer.cancel()
    code = process.returncode
    if not ended:
        return Answer(data, cut=not is_enough(data))
    return Answer(data, code=code, problem=_cause(code) if code else "")


def _talk(
    process: "subprocess.Popen[bytes]",
    given: bytes,
    enough: int,
    is_enough: Callable[[bytes], bool],
) -> tuple[bytes, bool]:
    """Return what a process wrote, and whether it came to an end by itself."""
    if process.stdin is not None:
        try:
            process.stdin.write(given)
            process.stdin.close()
        except BrokenPipeError:  # it has ended already: its code says why
            pass
    data = b""
    while process.stdout is not None:
        part = process.stdout.read(min(_PART, enough - len(data)))
        if not part:
            return data, True
        data += part
        if len(data) >= enough or is_enough(data):
            return data, False
    return data, True


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End git, and what it started: where `git` is a script around it, the one that answers."""
    if process.returncode is not None:
        return
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()


def _cause(code: int) -> str:
    if code < 0:
        return "git did not answer in time"
    if code == _USAGE:
        return "git does not know the question (it may be too old)"
    return "git does not read that repository (it may belong to another user)"
