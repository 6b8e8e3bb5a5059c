"""The snapshots of all environments, in the user's data folder, where nothing throws them away.

What was seen is in files named by their content (`sets/ID.json`), and when it was seen in one file
for each environment (`looks/KEY.jsonl`), to which lines are only ever added: two programs that add
at once lose nothing. A file that is damaged, foreign or of a later format is passed over, and
what it held is seen again by the next look.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from envdeck.core.model import Distribution, Environment, Notice
from envdeck.core.system.files import Unread, read_bounded, reason_of, write_atomically
from envdeck.core.system.host import Host, own_path
from envdeck.core.timeline.model import NoSnapshot, Snapshot, SnapshotPackage

SCHEMA = 1
LOOKS_KEPT = 200
"""Of one environment; the good ones beyond that are kept too."""
KEPT_SECONDS = 2 * 365 * 86400
SEEN_AGAIN_SECONDS = 3600
"""How long the same set is not noted again."""
_SET_LIMIT = 4 * 1024 * 1024
_LOOKS_LIMIT = 1024 * 1024
_COMPACT_BYTES = 128 * 1024
_ID = re.compile(r"[0-9a-f]{16}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(slots=True)
class _Look:
    """A set that was seen, from when to when."""

    id: str
    first: float
    last: float
    source: str
    good: bool = False


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
        packages = tuple(
            sorted(
                (
                    SnapshotPackage(one.name, one.version, one.origin, one.record, one.editable)
                    for one in distributions
                ),
                key=lambda one: (one.name, one.version),
            )
        )
        python = environment.python
        data = _encode(python.version, python.base, packages)
        identity = hashlib.sha256(data).hexdigest()[:16]
        looks = self._looks(environment.path)
        last = looks[-1] if looks else None
        if last is not None and last.id == identity and os.path.exists(self._set_path(identity)):
            if now - last.last >= SEEN_AGAIN_SECONDS:
                self._append(environment.path, {"set": identity, "at": now})
            return None
        try:
            os.makedirs(os.path.dirname(self._set_path(identity)), mode=0o700, exist_ok=True)
            write_atomically(self._set_path(identity), data)
        except OSError as error:
            self._note(error)
            return None
        line = {"set": identity, "at": now, "source": source}
        if last is None:
            line["path"] = environment.path
        self._append(environment.path, line)
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
        )

    def knows(self, path: str) -> bool:
        """Tell whether the environment at `path` was ever seen; fast, for every row of a list."""
        return os.path.exists(self._looks_path(path))

    def mark_good(self, path: str, identity: str, *, good: bool = True) -> None:
        """Note that a snapshot of the environment at `path` is known to have worked."""
        self._append(path, {"set": identity, "good": good})

    def snapshots(self, path: str) -> tuple[Snapshot, ...]:
        """Return what was seen of the environment at `path`, newest first."""
        found = (self._snapshot(path, look) for look in reversed(self._looks(path)))
        return tuple(one for one in found if one is not None)

    def find(self, path: str, reference: str) -> Snapshot | NoSnapshot:
        """Return the snapshot that a reference names: an id or the start of one, or a day
        (`2026-11-28`: the last of that day, or before it)."""
        every = self.snapshots(path)
        if not every:
            return NoSnapshot("no snapshot of this environment is kept")
        if _DAY.fullmatch(reference):
            return _of_day(every, reference)
        ids = dict.fromkeys(one.id for one in every if one.id.startswith(reference.lower()))
        if len(ids) == 1 and reference:
            return next(one for one in every if one.id in ids)
        known = ", ".join(dict.fromkeys(one.id for one in every[:5]))
        reason = f"`{reference}` is ambiguous" if ids else f"no snapshot is called `{reference}`"
        return NoSnapshot(reason, f"the newest are {known}")

    def _snapshot(self, path: str, look: _Look) -> Snapshot | None:
        data = read_bounded(self._set_path(look.id), _SET_LIMIT)
        if isinstance(data, Unread) or hashlib.sha256(data).hexdigest()[:16] != look.id:
            return None
        kept = _decode(data)
        if kept is None:
            return None
        python, base, packages = kept
        return Snapshot(
            look.id,
            path,
            look.first,
            look.last,
            python,
            base,
            packages,
            good=look.good,
            source=look.source,
        )

    def _looks(self, path: str) -> list[_Look]:
        data = read_bounded(self._looks_path(path), _LOOKS_LIMIT)
        if isinstance(data, Unread):
            return []
        looks = _merge(_lines(data))
        if len(data) > _COMPACT_BYTES:
            looks = self._compact(path, looks, len(data))
        return looks

    def _compact(self, path: str, looks: list[_Look], read: int) -> list[_Look]:
        """Write the looks again, without those too old or too many, and what they alone named."""
        oldest = self.host.now() - KEPT_SECONDS
        kept = [one for one in looks[:-LOOKS_KEPT] if one.good and one.last >= oldest]
        kept += [one for one in looks[-LOOKS_KEPT:] if one.last >= oldest or one is looks[-1]]
        file = self._looks_path(path)
        lines = [
            {"set": one.id, "at": one.first, "until": one.last, "source": one.source}
            | ({"good": True} if one.good else {})
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

    def _append(self, path: str, line: dict[str, Any]) -> None:
        try:
            self._write(self._looks_path(path), _line(line))
        except OSError as error:
            self._note(error)

    def _write(self, file: str, data: bytes) -> None:
        os.makedirs(os.path.dirname(file), mode=0o700, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
        descriptor = os.open(file, flags, 0o600)
        try:
            os.write(descriptor, data)
        finally:
            os.close(descriptor)

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

    def prune(self) -> int:
        """Remove the sets that no look names any more, and return how many; one that is younger
        than a day may be about to be named."""
        named: set[str] = set()
        folder = os.path.join(self._folder, "looks")
        try:
            files = os.listdir(folder)
            sets = os.listdir(os.path.join(self._folder, "sets"))
        except OSError:
            return 0
        for name in files:
            data = read_bounded(os.path.join(folder, name), _LOOKS_LIMIT)
            if isinstance(data, Unread):
                return 0  # what it names is not known
            named.update(one.id for one in _merge(_lines(data)))
        removed = 0
        for name in sets:
            path = os.path.join(self._folder, "sets", name)
            with suppress(OSError):
                young = self.host.now() - os.stat(path).st_mtime < 86400
                if name.removesuffix(".json") not in named and not young:
                    os.unlink(path)
                    removed += 1
        return removed


def _encode(python: str | None, base: str | None, packages: Sequence[SnapshotPackage]) -> bytes:
    rows = [[one.name, one.version, one.origin, one.record, one.editable] for one in packages]
    kept = {"schema": SCHEMA, "python": python, "base": base, "packages": rows}
    return json.dumps(kept, separators=(",", ":")).encode("ascii")


def _decode(data: bytes) -> tuple[str | None, str | None, tuple[SnapshotPackage, ...]] | None:
    """Return what :func:`_encode` made; None for anything else."""
    try:
        kept = json.loads(data)
        if kept["schema"] != SCHEMA:
            return None
        packages = tuple(SnapshotPackage(*row) for row in kept["packages"])
        texts = [kept["python"], kept["base"], *(one.origin for one in packages)]
        texts += [text for one in packages for text in (one.name, one.version, one.record)]
        fine = all(isinstance(text, str) for text in texts if text is not None)
    except (KeyError, RecursionError, TypeError, ValueError):
        return None
    return (kept["python"], kept["base"], packages) if fine else None


def _line(value: dict[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode("ascii") + b"\n"


def _lines(data: bytes) -> Iterator[dict[str, Any]]:
    """Yield the lines that this program can have written; a torn one is passed over."""
    for text in data.split(b"\n"):
        try:
            line = json.loads(text) if text else None
        except (RecursionError, ValueError):
            continue
        if isinstance(line, dict) and _ID.fullmatch(str(line.get("set"))):
            yield line


def _merge(lines: Iterable[dict[str, Any]]) -> list[_Look]:
    """Return the looks in the order of time; those in a row that saw the same are one."""
    looks: list[_Look] = []
    good: dict[str, bool] = {}
    for line in lines:
        if "at" not in line:
            good[line["set"]] = line.get("good") is True
            continue
        at, until = line["at"], line.get("until", line["at"])
        if type(at) not in {int, float} or type(until) not in {int, float}:
            continue
        if line.get("good") is True:
            good.setdefault(line["set"], True)
        if looks and looks[-1].id == line["set"]:
            looks[-1].last = max(looks[-1].last, until)
        else:
            looks.append(_Look(line["set"], at, until, str(line.get("source", "scan"))))
    for one in looks:
        one.good = good.get(one.id, False)
    return looks


def _of_day(every: Sequence[Snapshot], reference: str) -> Snapshot | NoSnapshot:
    try:
        day = datetime.strptime(reference, "%Y-%m-%d").replace(tzinfo=UTC) + timedelta(days=1)
    except ValueError:
        return NoSnapshot(f"`{reference}` is not a day")
    for one in every:
        if one.taken_at < day.timestamp():
            return one
    return NoSnapshot(f"no snapshot on or before {reference}")
