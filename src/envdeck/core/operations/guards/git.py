"""What git tracks below a folder, asked without running anything that the repository names."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from threading import Timer

from envdeck.core.host import Host

_SECONDS = 10.0
"""How long git may take; a repository of a million files takes about one."""
_ENOUGH = 64 * 1024
"""Bytes of names that are read: what is tracked is counted so far, then git is ended."""
_OPTIONS = (
    "--no-pager", "--no-optional-locks", "--literal-pathspecs",
    "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tracked:
    """What git answered about one folder."""

    repository: str | None = None
    """The working tree it lies in, or None."""
    files: tuple[str, ...] = ()
    """Some of the tracked files, relative to the folder."""
    more: bool = False
    """Whether there are others than those."""
    problem: str = ""
    """Why it could not be asked, or empty."""


@dataclass(frozen=True, slots=True)
class Git:
    """The git of a host; `program` is where it is, and None looks on the host's PATH."""

    host: Host
    program: str | None = None

    def tracked(self, path: str) -> Tracked:
        """Return the files of the folder at `path` that git tracks.

        Whether it lies in a repository at all is told without git, by a `.git` above it.
        """
        repository = _repository(os.path.dirname(path))
        if repository is None:
            return Tracked()
        program = self.program or shutil.which("git", path=self.host.variable("PATH") or "")
        if program is None or not os.path.isabs(program):
            return Tracked(repository, problem="git is not installed")
        names = os.path.relpath(path, repository)
        command = [program, *_OPTIONS, "-C", repository, "ls-files", "-z", "--", names]
        return self._ask(command, repository, path)

    def _ask(self, command: list[str], repository: str, path: str) -> Tracked:
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=self._environ(),
                cwd=os.path.abspath(os.sep),
                start_new_session=True,
            )
        except OSError as error:
            return Tracked(repository, problem=f"git cannot be run: {error.strerror}")
        timer = Timer(_SECONDS, process.kill)
        timer.start()
        try:
            with process:
                try:
                    data = process.stdout.read(_ENOUGH) if process.stdout is not None else b""
                except BaseException:  # a person breaks it off
                    process.kill()
                    raise
                more = len(data) == _ENOUGH
                if more:
                    process.kill()
        finally:
            timer.cancel()
        below = os.path.relpath(path, repository)
        names = [os.fsdecode(name) for name in data.split(b"\0")]
        found = tuple(os.path.relpath(name, below) for name in names[:-1])
        if not found and process.returncode:
            return Tracked(repository, problem=_cause(process.returncode))
        return Tracked(repository, found, more)

    def _environ(self) -> dict[str, str]:
        """Return the host's variables without git's own, which would send it elsewhere."""
        kept = {
            key: value for key, value in self.host.environ.items() if not key.startswith("GIT_")
        }
        asked = {"GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0"}
        return {**kept, **asked, "LC_ALL": "C"}


def _repository(folder: str) -> str | None:
    while True:
        if os.path.lexists(os.path.join(folder, ".git")):
            return folder
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above


def _cause(code: int) -> str:
    if code < 0:
        return "git did not answer in time"
    return "git does not read that repository (it may belong to another user)"
