"""The snapshots of all environments, in the user's data folder, where nothing throws them away.

What was seen is in files named by their content (`sets/ID.json`), and when it was seen in one file
for each environment (`looks/KEY.jsonl`), to which lines are only ever added: two programs that add
at once lose nothing. A file that is damaged, foreign or of a later format is passed over, and
what it held is seen again by the next look.

Only what keeps something writes: then, and seldom, a file that became long is written again
without what is too old, and sets that no file names any more are removed.
"""

import errno
import hashlib
import json
import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from envdeck.core.lazy_dataclasses import dataclass, field
from envdeck.core.model import Distribution, Environment, Notice
from envdeck.core.system import reach
from envdeck.core.system.files import Unread, absence, read_bounded, reason_of, write_atomically
from envdeck.core.system.host import Host, own_path
from envdeck.core.timeline.model import BASE, NoSnapshot, Snapshot, SnapshotPackage

SCHEMA = 1
LOOKS_KEPT = 200
"""Of one environment; beyond that, as many good ones are kept too."""
KEPT_SECONDS = 2 * 365 * 86400
SEEN_AGAIN_SECONDS = 3600
"""How long the same set is not noted again."""
_SET_LIMIT = 4 * 1024 * 1024
_LOOKS_LIMIT = 1024 * 1024
_TRIES = 3
_COMPACT_BYTES = 128 * 1024
_PRUNE_SECONDS = 30 * 86400
"""How often sets that nothing names are looked for."""
_YOUNG_SECONDS = 86400
"""How long such a set may be about to be named by another program."""
_LAST_SECOND = 1e11
"""A time beyond is none; the year 5138."""
_ID = re.compile(r"[0-9a-f]{16}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(slots=True)
class _SeenSet:
    """A set that was seen, from when to when."""

    id: str
    first: float
    last: float
    source: str
    good: bool = False
    times: dict[str, float] = field(default_factory=dict)


@dataclass(slots=True)
class SnapshotStore:
    """What was kept of the environments of one host. It never raises for what a disk does: the
    first thing that went wrong is the :attr:`notice`, and less is kept."""

    host: Host
    notice: Notice | None = None
    _folder: str = field(init=False)

    def __post_init__(self) -> None:
        self._folder = own_path(self.host, "data", "snapshots")

    def keep(
        self, environment: Environment, distributions: Iterable[Distribution], *, source: str
    ) -> Snapshot | None:
        """Keep what an environment holds now; None where the last look saw the same."""
        now = self.host.now()
        distributions = tuple(distributions)
        found = map(SnapshotPackage.read, distributions)
        packages = tuple(sorted(found, key=lambda one: (one.name, one.version)))
        python = environment.python
        data = _encode(python.version, python.base, packages)
        identity = hashlib.sha256(data).hexdigest()[:16]
        looks = self._looks(environment.path, write=True)
        last = looks[-1] if looks else None
        is_same = last is not None and last.id == identity
        try:
            if not is_same or self._read_set(identity) is None:
                if len(data) > _SET_LIMIT:
                    raise OSError(errno.EFBIG, f"{len(packages):,} packages are too many")
                os.makedirs(os.path.dirname(self._set_path(identity)), mode=0o700, exist_ok=True)
                write_atomically(self._set_path(identity), data)
        except OSError as error:
            self._note(error)
            return None
        if last is not None and is_same:
            if now - last.last >= SEEN_AGAIN_SECONDS:
                self._append(environment.path, {"set": identity, "at": now})
            return None
        before = None if last is None else self._read_set(last.id)
        times = _times(environment, distributions, before, now)
        line: dict[str, Any] = {"set": identity, "at": now, "source": source}
        if times:
            line["times"] = times
        if last is None:
            line["path"] = environment.path
        if not self._append(environment.path, line):
            return None
        self._prune_seldom()
        return Snapshot(
            identity,
            environment.path,
            now,
            now,
            python.version,
            python.base,
            packages,
            good=any(one.good for one in looks if one.id == identity),
            source=source,
            installed=tuple(times.items()),
        )

    def knows(self, path: str) -> bool:
        """Tell whether the environment at `path` was ever seen; fast, for every row of a list."""
        return os.path.exists(self._looks_path(path))

    def mark_good(self, path: str, identity: str, *, good: bool = True) -> None:
        """Note that a snapshot of the environment at `path` is known to have worked, unless that
        is noted already."""
        known = [one.good for one in self._looks(path) if one.id == identity]
        if good not in known:
            self._append(path, {"set": identity, "good": good})

    def snapshots(self, path: str) -> tuple[Snapshot, ...]:
        """Return what was seen of the environment at `path`, newest first."""
        looks = self._looks(path)
        sets = {one: self._read_set(one) for one in dict.fromkeys(look.id for look in looks)}
        return tuple(
            Snapshot(
                look.id,
                path,
                look.first,
                look.last,
                *kept,
                good=look.good,
                source=look.source,
                installed=tuple(look.times.items()),
            )
            for look in reversed(looks)
            if (kept := sets[look.id]) is not None
        )

    def count_unread(self, path: str) -> int:
        """Return how many looks at an environment are damaged, or as a later version keeps them."""
        file = self._looks_path(path)
        data = read_bounded(file, _LOOKS_LIMIT)
        if isinstance(data, Unread):
            return int(os.path.lexists(file))
        known = {line["set"]: self._read_set(line["set"]) for line in _lines(data)}
        texts = set(data.split(b"\n")) - {b""}
        return list(known.values()).count(None) + sum(not any(_lines(one)) for one in texts)

    def find(self, path: str, reference: str) -> Snapshot | NoSnapshot:
        """Return the snapshot that a reference names: an id or the start of one, or a day
        (`2026-11-28`: the last of that day, or before it)."""
        every = self.snapshots(path)
        if not every:
            return NoSnapshot("no snapshot of this environment is kept")
        if _DAY.fullmatch(reference):
            return _find_day(every, reference)
        ids = dict.fromkeys(one.id for one in every if one.id.startswith(reference.lower()))
        if len(ids) == 1 and reference:
            return next(one for one in every if one.id in ids)
        known = ", ".join(dict.fromkeys(one.id for one in every[:5]))
        reason = f"`{reference}` is ambiguous" if ids else f"no snapshot is called `{reference}`"
        return NoSnapshot(reason, f"the newest are {known}")

    def _read_set(self, identity: str) -> "_Set | None":
        """Return what a set holds; None where it is not there, or not what it was."""
        data = read_bounded(self._set_path(identity), _SET_LIMIT)
        if isinstance(data, Unread) or hashlib.sha256(data).hexdigest()[:16] != identity:
            return None
        return _decode(data)

    def _looks(self, path: str, *, write: bool = False) -> list[_SeenSet]:
        """Return the looks at an environment; whoever is about to `write` bounds them too."""
        file = self._looks_path(path)
        data = read_bounded(file, _LOOKS_LIMIT)
        if isinstance(data, Unread):
            if write:
                self._put_aside(file)
            return []
        looks = _merge(_lines(data))
        if write and len(data) > _COMPACT_BYTES:
            looks = self._compact(path, looks, len(data))
        return looks

    def _put_aside(self, file: str) -> None:
        """Take what no look wrote (far too long a file) out of the way of those to come."""
        with suppress(OSError):  # else what is kept next is not read either, and nothing is lost
            if os.path.isfile(file) and os.path.getsize(file) > _LOOKS_LIMIT:
                os.replace(file, f"{file}.damaged")

    def _compact(self, path: str, looks: list[_SeenSet], read: int) -> list[_SeenSet]:
        """Write the looks again, without those too old or too many, and what they alone named."""
        oldest = self.host.now() - KEPT_SECONDS
        good = [one for one in looks[:-LOOKS_KEPT] if one.good and one.last >= oldest]
        kept = good[-LOOKS_KEPT:]
        kept += [one for one in looks[-LOOKS_KEPT:] if one.last >= oldest or one is looks[-1]]
        file = self._looks_path(path)
        lines = [
            {"set": one.id, "at": one.first, "until": one.last, "source": one.source}
            | ({"good": True} if one.good else {})
            | ({"times": one.times} if one.times else {})
            for one in kept
        ]
        lines[:1] = [lines[0] | {"path": path}] if lines else []
        try:
            with open(file, "rb") as before:
                write_atomically(file, b"".join(map(_line, lines)))
                before.seek(read)
                if added := before.read(_COMPACT_BYTES):  # meanwhile, by another program
                    self._write(file, added)
        except OSError as error:
            self._note(error)
        return kept

    def _append(self, path: str, line: dict[str, Any]) -> bool:
        """Add a line, and return whether it is there."""
        try:
            self._write(self._looks_path(path), _line(line))
        except OSError as error:
            self._note(error)
            return False
        return True

    def _write(self, file: str, data: bytes) -> None:
        """Add lines to a file, also where another program puts a shorter one in its place at that
        moment: a line that is there twice counts once. A FIFO is never waited for."""
        os.makedirs(os.path.dirname(file), mode=0o700, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
        for _ in range(_TRIES):
            descriptor = os.open(file, flags | getattr(os, "O_NONBLOCK", 0), 0o600)
            with open(descriptor, "r+b", buffering=0) as opened:
                status = os.fstat(descriptor)
                if not stat.S_ISREG(status.st_mode):
                    raise OSError(errno.EINVAL, "is not a regular file")
                if status.st_size:
                    opened.seek(-1, os.SEEK_END)
                    if opened.read(1) != b"\n":  # torn by a kill or a full disk
                        data = b"\n" + data.lstrip(b"\n")
                if opened.write(data) != len(data):
                    raise OSError(errno.ENOSPC, "no space left on device")
            with suppress(FileNotFoundError):
                if os.path.samestat(os.stat(file), status):
                    return

    def _note(self, error: OSError) -> None:
        if self.notice is None:
            self.notice = Notice(
                f"cannot keep snapshots in {self._folder}: {reason_of(error)}",
                "the timeline lacks what is not kept",
            )

    def _set_path(self, identity: str) -> str:
        return os.path.join(self._folder, "sets", f"{identity}.json")

    def _looks_path(self, path: str) -> str:
        key = hashlib.sha256(os.fsencode(path)).hexdigest()[:32]
        return os.path.join(self._folder, "looks", f"{key}.jsonl")

    def _prune_seldom(self) -> None:
        """Prune where that was not done for a month; else it costs one look at a file."""
        stamp = os.path.join(self._folder, "pruned")
        try:
            if self.host.now() - os.stat(stamp).st_mtime < _PRUNE_SECONDS:
                return
            self.prune()
            os.utime(stamp, (self.host.now(), self.host.now()))
        except FileNotFoundError:
            try:
                write_atomically(stamp, b"")
                os.utime(stamp, (self.host.now(), self.host.now()))
            except OSError as error:
                self._note(error)
        except OSError as error:
            self._note(error)

    def prune(self) -> int:
        """Remove what is kept of environments that are gone and were not seen for as long as
        anything is kept, then the sets that no look names any more; return how many sets."""
        named: set[str] = set()
        folder = os.path.join(self._folder, "looks")
        try:
            sets = os.listdir(os.path.join(self._folder, "sets"))  # first: what comes later stays
            files = os.listdir(folder)
        except OSError:
            return 0
        for name in files:
            file = os.path.join(folder, name)
            data = read_bounded(file, _LOOKS_LIMIT)
            if isinstance(data, Unread):
                if name.endswith(".jsonl"):
                    return 0  # what it names is not known
                continue
            lines = list(_lines(data))
            looks = _merge(lines)
            if not self._is_over(lines, looks):
                named.update(one.id for one in looks)
                continue
            with suppress(OSError):  # the next time will do
                os.unlink(file)
        removed = 0
        for name in sets:
            path = os.path.join(self._folder, "sets", name)
            with suppress(OSError):
                young = self.host.now() - os.stat(path).st_mtime < _YOUNG_SECONDS
                if name.removesuffix(".json") not in named and not young:
                    os.unlink(path)
                    removed += 1
        return removed

    def _is_over(self, lines: Sequence[dict[str, Any]], looks: Sequence[_SeenSet]) -> bool:
        """Tell whether an environment is gone, and all that was seen of it is too old."""
        paths = [line["path"] for line in lines if isinstance(line.get("path"), str)]
        if not paths or not looks or absence(paths[-1]) != "does not exist":
            return False
        return max(one.last for one in looks) < self.host.now() - KEPT_SECONDS


def _times(
    environment: Environment,
    distributions: Iterable[Distribution],
    before: "_Set | None",
    now: float,
) -> dict[str, float]:
    """Return when that was put there which the look before did not see: installers write into
    the metadata folder last, also where its files keep older times."""
    python, base, packages = before or (None, None, ())
    known = {(one.name, one.version, one.record) for one in packages}
    paths = [
        (one.name, one.path)
        for one in distributions
        if (one.name, one.version, one.record) not in known
    ]
    program = environment.python.base_executable
    if program and (python, base) != (environment.python.version, environment.python.base):
        paths.append((BASE, program))
    found: dict[str, float] = {}
    for name, path in paths:
        with suppress(OSError, ValueError):  # it is gone by now: then nothing tells
            time = reach.stat(path).st_mtime
            if 0 < time <= now:
                found[name] = round(time, 1)
    return found


def _read_times(line: dict[str, Any]) -> dict[str, float]:
    times = line.get("times")
    if not isinstance(times, dict):
        return {}
    return {name: time for name, time in times.items() if _is_time(time)}


def _encode(python: str | None, base: str | None, packages: Sequence[SnapshotPackage]) -> bytes:
    rows = [one.row for one in packages]
    kept = {"schema": SCHEMA, "python": python, "base": base, "packages": rows}
    return json.dumps(kept, separators=(",", ":")).encode("ascii")


_Set: TypeAlias = tuple[str | None, str | None, tuple[SnapshotPackage, ...]]
"""Version and prefix of the interpreter, and the packages."""


def _decode(data: bytes) -> _Set | None:
    """Return what :func:`_encode` made; None for anything else."""
    try:
        kept = json.loads(data)
        if kept["schema"] != SCHEMA:
            return None
        packages = tuple(SnapshotPackage(*row) for row in kept["packages"])
        texts = [kept["python"], kept["base"], *(one.origin for one in packages)]
        texts += [text for one in packages for text in one.texts]
        fine = all(isinstance(text, str) for text in texts if text is not None)
        fine = fine and all(isinstance(one.editable, bool) for one in packages)
    except (KeyError, RecursionError, TypeError, ValueError):
        return None
    return (kept["python"], kept["base"], packages) if fine else None


def _line(value: dict[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode("ascii") + b"\n"


def _lines(data: bytes) -> Iterator[dict[str, Any]]:
    """Yield the lines that this program can have written, each look once; a torn one is passed
    over."""
    met: set[bytes] = set()
    for text in data.split(b"\n"):
        try:
            line = json.loads(text) if text and text not in met else None
        except (RecursionError, ValueError):
            continue
        if isinstance(line, dict) and _ID.fullmatch(str(line.get("set"))):
            if "at" in line:
                met.add(text)
            yield line


def _is_time(value: object) -> bool:
    return type(value) in {int, float} and 0 <= value <= _LAST_SECOND  # type: ignore[operator]


def _merge(lines: Iterable[dict[str, Any]]) -> list[_SeenSet]:
    """Return the looks in the order of time; those in a row that saw the same are one."""
    looks: list[_SeenSet] = []
    good: dict[str, bool] = {}
    for line in lines:
        if "at" not in line:
            good[line["set"]] = line.get("good") is True
            continue
        at, until = line["at"], line.get("until", line["at"])
        if not (_is_time(at) and _is_time(until)):
            continue
        if line.get("good") is True:
            good.setdefault(line["set"], True)
        if looks and looks[-1].id == line["set"]:
            looks[-1].last = max(looks[-1].last, until)
        else:
            source = str(line.get("source", "scan"))
            looks.append(_SeenSet(line["set"], at, until, source, times=_read_times(line)))
    for one in looks:
        one.good = good.get(one.id, False)
    return looks


def _find_day(every: Sequence[Snapshot], reference: str) -> Snapshot | NoSnapshot:
    try:
        day = datetime.strptime(reference, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return NoSnapshot(f"`{reference}` is not a day", "write a day as 2026-11-28")
    for one in every:
        if one.taken_at < (day + timedelta(days=1)).timestamp():
            return one
    oldest = datetime.fromtimestamp(every[-1].taken_at, UTC)
    hint = f"the oldest is {every[-1].id}, of {oldest:%Y-%m-%d}"
    return NoSnapshot(f"no snapshot on or before {reference}", hint)
