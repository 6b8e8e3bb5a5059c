"""Which commits changed some files, and what those held then; nothing but git itself is run."""

import hashlib
import os
import re
from collections.abc import Iterable, Mapping, Sequence

from envdeck.core.git.queries import ELSEWHERE, LITERAL, Git
from envdeck.core.git.repository import find_repository, names_other_tree
from envdeck.core.lazy_dataclasses import dataclass, field
from envdeck.core.system import reach
from envdeck.core.system.files import Unread, read_bounded

_LOG = (
    LITERAL, "log", "--format=%x01%H%x02%ct%x02%s%x03", "--name-only", "-z", "--encoding=UTF-8",
    "--no-renames", "--no-ext-diff", "--no-textconv", "--no-show-signature", "--no-decorate",
    "--no-color",
)  # fmt: skip
_COMMIT = re.compile(rb"\x01([0-9a-f]{40,64})\x02([0-9]{1,12})\x02([^\x01\x02\x03]*)\x03([^\x01]*)")
_OBJECT = re.compile(rb"([0-9a-f]{40,64}) blob ([0-9]{1,12})")
_MOST_BYTES = 1024 * 1024
_SECONDS = 5.0
_GIVEN = 12 * 1024
"""Bytes of a question that a pipe holds, whether git reads them yet or not."""
_FILE_LIMIT = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit that changed some of the files that were asked about."""

    id: str
    at: float
    """When it was committed, in seconds since the epoch."""
    subject: str
    files: tuple[str, ...]
    """Their paths."""


@dataclass(slots=True)
class FileHistory:
    """The past of some files in the repository of their folder; without one it tells nothing.

    One process a question, bounded in time and bytes.
    """

    git: Git
    folder: str
    """Of the project; files below it may be asked about."""
    problem: str = ""
    """Why git could not be asked, or not for all; empty where it could."""
    _repository: str | None = field(init=False)

    def __post_init__(self) -> None:
        self._repository = find_repository(reach.realpath(self.folder))
        if self._repository is not None and names_other_tree(self._repository):
            self._repository, self.problem = None, ELSEWHERE

    def commits(self, paths: Iterable[str], *, since: float, most: int) -> tuple[Commit, ...]:
        """Return the newest commits before HEAD that changed any of these files."""
        names = self._names(paths)
        if self._repository is None or not names:
            return ()
        words = [*_LOG, f"--max-count={most}", f"--since=@{max(int(since), 0)}", "--", *names]
        answer = self.git.ask(self._repository, words, seconds=_SECONDS, enough=_MOST_BYTES)
        if answer.problem:
            head = self.git.ask(self._repository, ["cat-file", "--batch-check"], given=b"HEAD\n")
            if not head.data.startswith(b"HEAD missing"):  # else there is no commit yet
                self.problem = answer.problem
        found = []
        for match in _COMMIT.finditer(answer.data):
            # Between message and names git puts a NUL and a line feed.
            changed = [os.fsdecode(name.lstrip(b"\n")) for name in match[4].split(b"\0")]
            files = tuple(names[name] for name in changed if name in names)
            subject = match[3].decode("utf-8", "replace")
            if files and int(since) <= int(match[2]):  # git tells whole seconds
                found.append(Commit(match[1].decode(), float(match[2]), subject, files))
        return tuple(found)

    def unchanged(self, paths: Iterable[str]) -> dict[str, bool]:
        """Return of the files that HEAD has whether each is as it was committed, but for its line
        ends."""
        names = self._names(paths)
        kept = self._resolved([f"HEAD:{name}" for name in names])
        return {
            path: _is_object(path, kept[f"HEAD:{name}"])
            for name, path in names.items()
            if f"HEAD:{name}" in kept
        }

    def contents(self, wanted: Sequence[tuple[str, str]]) -> dict[tuple[str, str], bytes]:
        """Return what files held in revisions, by path and revision, where they were there; as
        much as 1 MiB of all of them together."""
        names = {path: name for name, path in self._names(path for path, _ in wanted).items()}
        asked = [pair for pair in wanted if pair[0] in names]
        given = _lines([f"{revision}:{names[path]}" for path, revision in asked])
        if self._repository is None or not given:
            return {}
        words = ["cat-file", "--batch"]
        answer = self.git.ask(self._repository, words, given=given, enough=_MOST_BYTES)
        found: dict[tuple[str, str], bytes] = {}
        data = answer.data
        for pair in asked:
            head, separator, data = data.partition(b"\n")
            if not separator:
                break
            match = _OBJECT.fullmatch(head)
            if match is not None:
                size = int(match[2])
                if len(data) < size:
                    break
                found[pair], data = data[:size], data[size + 1 :]
        return found

    def _resolved(self, wanted: Sequence[str]) -> dict[str, str]:
        """Return the ids of what is wanted, where it is there."""
        given = _lines(wanted)
        if self._repository is None or not given:
            return {}
        words = ["cat-file", "--batch-check"]
        answer = self.git.ask(self._repository, words, given=given)
        lines = answer.data.decode("utf-8", "replace").split("\n")
        return {
            one: line.split(" ")[0]
            for one, line in zip(wanted, lines, strict=False)
            if re.fullmatch(r"[0-9a-f]{40,64} blob [0-9]+", line)
        }

    def _names(self, paths: Iterable[str]) -> Mapping[str, str]:
        """Return the paths by their names in the repository; those that a line can hold."""
        if self._repository is None:
            return {}
        found = {}
        for path in paths:
            folder, name = os.path.split(path)
            full = os.path.join(reach.realpath(folder), name)
            below = os.path.relpath(full, self._repository)
            if "\n" not in below and not below.startswith(os.pardir):
                found[below] = path
        return found


def _lines(wanted: Iterable[str]) -> bytes:
    """Return as many of these lines as are asked for at a time."""
    given = b""
    for one in wanted:
        line = os.fsencode(one) + b"\n"
        if len(given) + len(line) > _GIVEN:
            break
        given += line
    return given


def _is_object(path: str, identity: str) -> bool:
    """Tell whether a file is the object of that id, as it is or with Unix' line ends."""
    data = read_bounded(path, _FILE_LIMIT)
    if isinstance(data, Unread):
        return False
    algorithm = "sha1" if len(identity) == 40 else "sha256"
    for content in (data, data.replace(b"\r\n", b"\n")):
        head = f"blob {len(content)}\0".encode()
        if hashlib.new(algorithm, head + content, usedforsecurity=False).hexdigest() == identity:
            return True
    return False
