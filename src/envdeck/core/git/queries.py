"""Tracked, ignored, ever committed: asked in few bounded processes.

Nothing that a repository names is run: no hook, no file system monitor, no pager, no signature
program, no diff driver; and nothing is fetched, whatever a partial clone leaves out.
"""

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from threading import Timer

from envdeck.core.git.repository import (
    disk_obstacle,
    find_repository,
    git_folders,
    names_other_tree,
)
from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.system import reach
from envdeck.core.system.host import Host

_PART = 64 * 1024
_AT_ONCE = 200
"""Folders of one question."""
_USAGE = 129
"""What git exits with where it does not know an option."""


@dataclass(frozen=True, slots=True)
class GitOutput:
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
) -> GitOutput:
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
        words = error.strerror if isinstance(error, OSError) else "a file name contains NUL"
        return GitOutput(problem=f"cannot run git: {words}", code=-1)
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
        return GitOutput(data, cut=not is_enough(data))
    return GitOutput(data, code=code, problem=_cause(code) if code else "")


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
        return "git does not support this option (version too old?)"
    return "git cannot read the repository (owned by another user?)"


_SECONDS = 10.0
"""How long git may take for a folder; a repository of a million files takes about one."""
_ENOUGH = 64 * 1024
"""Bytes of names that are read: what is tracked is counted so far, then git is ended."""
_ENOUGH_OF_HISTORY = 1024 * 1024
_GIVEN = 12 * 1024
"""Bytes of names that are given at a time: they fit into a pipe that nobody reads yet."""
_OPTIONS = (
    "--no-pager", "--no-optional-locks",
    # An empty monitor is none, also for a git that takes the word for a program's name.
    "-c", "core.fsmonitor=", "-c", "core.hooksPath=/dev/null",
    "-c", "safe.bareRepository=explicit", "-c", "log.showSignature=false",
)  # fmt: skip
ELSEWHERE = "the repository uses another working tree (core.worktree)"
LITERAL = "--literal-pathspecs"
"""Names have no magic in them; `check-ignore` knows it not, and takes a `./` before them."""
_HISTORY = (
    LITERAL, "log", "--all", "--full-history", "-m", "--format=", "--name-only", "-z",
    "--no-renames", "--no-ext-diff", "--no-textconv", "--no-show-signature", "--no-decorate",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tracked:
    """What git answered about one folder."""

    repository: str | None = None
    """The working tree it is in, or None."""
    files: tuple[str, ...] = ()
    """Some of the tracked files, relative to the folder."""
    more: bool = False
    """Whether there are others than those."""
    problem: str = ""
    """Why it could not be asked, or empty."""


@dataclass(frozen=True, slots=True)
class GitStatus:
    """What git knows of one file. None is "not checked", for the reason in :attr:`problem`;
    without a problem the file is in no repository."""

    repository: str | None = None
    tracked: bool | None = None
    ignored: bool | None = None
    """Whether a rule leaves it out, also where it is tracked all the same."""
    committed: bool | None = None
    """Whether any commit that a branch, a tag or a stash leads to ever had it."""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Git:
    """The git of a host; `program` is where it is, and None looks on the host's PATH."""

    host: Host
    program: str | None = None
    seconds: float = 2.0
    """How long it may take for one question about files: a person waits for the answer."""

    def tracked(self, path: str) -> Tracked:
        """Return the files of the folder at `path` that git tracks.

        Whether it is in a repository at all is told without git, by a `.git` above it.
        """
        repository = find_repository(os.path.dirname(path))
        if repository is None:
            return Tracked()
        if names_other_tree(repository):
            return Tracked(repository, problem=ELSEWHERE)
        below = os.path.relpath(path, repository)
        answer = self.ask(repository, [LITERAL, "ls-files", "-z", "--", below], seconds=_SECONDS)
        names = [os.fsdecode(name) for name in answer.data.split(b"\0")]
        found = tuple(os.path.relpath(name, below) for name in names[:-1])
        if not found and answer.problem:
            return Tracked(repository, problem=answer.problem)
        return Tracked(repository, found, answer.cut)

    def tracked_in(self, folders: Iterable[str]) -> dict[str, str]:
        """Return those of many folders in which git tracks anything, each with the reason: also
        where git could not be asked. It takes a process for some hundred of a repository."""
        repositories: dict[str, list[str]] = {}
        for folder in folders:
            repository = find_repository(os.path.dirname(folder))
            if repository is not None:
                repositories.setdefault(repository, []).append(folder)
        found: dict[str, str] = {}
        for repository, inside in repositories.items():
            if names_other_tree(repository):
                found |= dict.fromkeys(inside, ELSEWHERE)
                continue
            for start in range(0, len(inside), _AT_ONCE):
                some = inside[start : start + _AT_ONCE]
                below = {os.path.relpath(folder, repository): folder for folder in some}
                words = [LITERAL, "ls-files", "-z", "--", *below]
                answer = self.ask(repository, words, seconds=_SECONDS)
                names = [os.fsdecode(name) for name in answer.data.split(b"\0")[:-1]]
                for name, folder in below.items():
                    if any(one.startswith(f"{name}/") for one in names):
                        found[folder] = "has files that git tracks"
                    elif answer.problem or answer.cut:
                        found[folder] = answer.problem or "git lists too many files"
        return found

    def known(self, paths: Sequence[str]) -> dict[str, GitStatus]:
        """Return what git knows of some files, by their paths; three processes a repository.

        A file that is a link is asked about as such: git tracks links, not what they lead to.
        """
        found = {path: GitStatus() for path in paths}
        repositories: dict[str, dict[str, str]] = {}
        for path in paths:
            folder, name = os.path.split(path)
            folder = reach.realpath(folder)
            repository = find_repository(folder)
            if repository is not None:
                below = os.path.relpath(os.path.join(folder, name), repository)
                repositories.setdefault(repository, {})[path] = below
        for repository, names in repositories.items():
            found |= self._status_in(repository, names)
        return found

    def _status_in(self, repository: str, names: dict[str, str]) -> dict[str, GitStatus]:
        if names_other_tree(repository):
            return {path: GitStatus(repository, problem=ELSEWHERE) for path in names}
        asked = tuple(dict.fromkeys(names.values()))
        tracked, problem = self._tracked_of(repository, asked)
        if tracked is None:
            return {path: GitStatus(repository, problem=problem) for path in names}
        ignored, no_rules = self._ignored_of(repository, asked)
        committed, no_history = self._committed_of(repository, asked)
        found: dict[str, GitStatus] = {}
        for path, name in names.items():
            ever = True if name in committed else (None if no_history else False)
            found[path] = GitStatus(
                repository,
                tracked=name in tracked,
                ignored=None if ignored is None else name in ignored,
                committed=ever,
                problem=no_rules or ("" if ever else no_history),
            )
        return found

    def _tracked_of(
        self, repository: str, names: Sequence[str]
    ) -> tuple[frozenset[str] | None, str]:
        answer = self.ask(repository, [LITERAL, "ls-files", "-z", "--", *names])
        if answer.problem:
            return None, answer.problem
        return _split(answer.data), ""

    def _ignored_of(
        self, repository: str, names: Sequence[str]
    ) -> tuple[frozenset[str] | None, str]:
        found: frozenset[str] = frozenset()
        for given in _portions(names):
            answer = self.ask(
                repository, ["check-ignore", "--no-index", "-z", "--stdin"], given=given
            )
            if answer.problem and answer.code != 1:  # 1: none of them is
                return None, answer.problem
            found |= frozenset(name.removeprefix("./") for name in _split(answer.data))
        return found, ""

    def _committed_of(self, repository: str, names: Sequence[str]) -> tuple[frozenset[str], str]:
        """Return the files that any commit had, and why others may have been too."""
        asked = frozenset(names)

        def is_enough(data: bytes) -> bool:
            return asked <= _split(data)

        answer = self.ask(
            repository, [*_HISTORY, "--", *names], enough=_ENOUGH_OF_HISTORY, is_enough=is_enough
        )
        found = asked & _split(answer.data)
        problem = answer.problem
        if answer.cut and found != asked:
            problem = "the history of the files is too long"
        folders = git_folders(repository)
        if not problem and folders and reach.lexists(os.path.join(folders.common, "shallow")):
            problem = "the clone is shallow: only part of the history is available"
        return found, problem

    def ask(
        self,
        repository: str,
        words: list[str],
        *,
        given: bytes = b"",
        seconds: float = 0.0,
        enough: int = _ENOUGH,
        is_enough: Callable[[bytes], bool] = lambda _: False,
    ) -> GitOutput:
        """Ask a repository, and return what git wrote. Call it with words that run nothing."""
        program = self.program or reach.which("git", self.host.variable("PATH") or "")
        if program is None or not os.path.isabs(program):
            return GitOutput(problem="git is not installed")
        if why := disk_obstacle(repository):
            return GitOutput(problem=f"repository {why}")
        return run(
            [program, *_OPTIONS, "-C", repository, *words],
            self._environ(repository),
            given=given,
            seconds=seconds or self.seconds,
            enough=enough,
            is_enough=is_enough,
        )

    def _environ(self, repository: str) -> dict[str, str]:
        """Return the host's variables without git's own, which would send it elsewhere.

        No protocol is allowed, so that also a git that knows nothing of `GIT_NO_LAZY_FETCH`
        reaches for nothing; and what is above the repository is not looked at.
        """
        kept = {
            key: value for key, value in self.host.environ.items() if not key.startswith("GIT_")
        }
        asked = {
            "GIT_OPTIONAL_LOCKS": "0",
            "GIT_NO_LAZY_FETCH": "1",
            "GIT_ALLOW_PROTOCOL": "none",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_CEILING_DIRECTORIES": os.path.dirname(repository),
        }
        return {**kept, **asked, "LC_ALL": "C"}


def _split(data: bytes) -> frozenset[str]:
    whole, _, _ = data.rpartition(b"\0")
    return frozenset(os.fsdecode(name.lstrip(b"\n")) for name in whole.split(b"\0") if name)


def _portions(names: Sequence[str]) -> Iterator[bytes]:
    given = b""
    for name in map(os.fsencode, names):
        if given and len(given) + len(name) >= _GIVEN:
            yield given
            given = b""
        given += b"./" + name + b"\0"
    if given:
        yield given
