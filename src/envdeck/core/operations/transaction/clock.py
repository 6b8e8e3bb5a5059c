"""The time that was seen to pass, which is what the trash counts.

A clock can be set, and a machine can start with a wrong one: the date is no measure of how long
something was kept. So what passed is counted, from one look to the next:

- while the machine runs (asleep counts), by what both its clocks say: that of the day, which can
  be set, and that since its start, which cannot. The lesser counts.
- over a start of the machine, by how far the day is past the latest that was ever seen, a day at
  most: whether it was off for long, or its clock is wrong, nobody can tell.

Whatever a clock does, it adds a day at most; set back, it adds nothing.
"""

import json
import math
import os
from collections.abc import Mapping
from threading import Lock
from typing import Any

from envdeck.core.lazy_dataclasses import asdict, dataclass, field, replace
from envdeck.core.operations.disk import Disk
from envdeck.core.system.files import Unread, boot_id, read_bounded

SCHEMA = 1
_LIMIT = 1024 * 1024
DAY = 86_400.0
"""Seconds."""
_UNSEEN = DAY
"""Seconds over a start of the machine that count at most."""
_SAME_START = 120.0
"""Seconds by which two reckonings of the machine's start may differ, where it has no name."""


@dataclass(frozen=True, slots=True)
class ClockRecord:
    """What is known of the time, at one look."""

    seen: float = 0.0
    """Seconds that were seen to pass since the first look."""
    wall: float = 0.0
    """What the clock of the day said."""
    latest: float = 0.0
    """The latest that it ever said."""
    uptime: float = 0.0
    """How long the machine had been running."""
    boot: str = ""
    """Which start of it that was; empty where nothing tells."""
    first_seen: Mapping[str, float] = field(default_factory=dict)
    """When items of the trash that have no such time themselves were first seen, by their ids."""
    announced: Mapping[str, float] = field(default_factory=dict)
    """When it was said of items that they will be purged, by their ids."""


class Clock:
    """The record of one user on one host; what cannot be read is started over."""

    def __init__(self, file: str, disk: Disk) -> None:
        self._file = file
        self._disk = disk
        self._writing = Lock()
        """Operations run in threads."""

    def now(self) -> ClockRecord:
        """Return the record as it is by now. Nothing is written."""
        host = self._disk.host
        now = ClockRecord(
            wall=host.now(), latest=host.now(), uptime=host.uptime(), boot=boot_id(host)
        )
        before = _load(self._file)
        return now if before is None else _advance(before, now)

    def seen(self) -> float:
        """Return how many seconds were seen to pass by now."""
        return self.now().seen

    def keep(self, record: ClockRecord) -> None:
        """Write a record, from which the next look counts. Raises `OSError`."""
        self._disk.ensure_folder(os.path.dirname(self._file))
        content = {"schema": SCHEMA, **asdict(record)}
        with self._writing:
            self._disk.write(self._file, json.dumps(content).encode("ascii"), needed=False)


def _advance(before: ClockRecord, now: ClockRecord) -> ClockRecord:
    if _is_same_start(before, now):
        passed = min(now.uptime - before.uptime, now.wall - before.wall)
    else:
        passed = min(now.wall - before.latest, _UNSEEN)
    return replace(
        before,
        seen=before.seen + max(passed, 0.0),
        wall=now.wall,
        latest=max(before.latest, now.wall),
        uptime=now.uptime,
        boot=now.boot,
    )


def _is_same_start(before: ClockRecord, now: ClockRecord) -> bool:
    """Tell whether the machine has been running since; one that was put back to an earlier state
    has not."""
    if now.uptime < before.uptime or now.boot != before.boot:
        return False
    started, then = now.wall - now.uptime, before.wall - before.uptime
    return bool(now.boot) or abs(started - then) <= _SAME_START


def _load(file: str) -> ClockRecord | None:
    data = read_bounded(file, _LIMIT)
    if isinstance(data, Unread):
        return None
    try:
        return _record(json.loads(data))
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError, RecursionError):
        return None


def _record(content: dict[str, Any]) -> ClockRecord:
    numbers = {name: _seconds(content[name]) for name in ("seen", "wall", "latest", "uptime")}
    if not isinstance(content["boot"], str):
        raise TypeError("boot is not text")
    return ClockRecord(
        **numbers,
        boot=content["boot"],
        first_seen=_times(content["first_seen"]),
        announced=_times(content["announced"]),
    )


def _times(found: dict[str, object]) -> dict[str, float]:
    return {name: _seconds(value) for name, value in found.items()}


def _seconds(value: object) -> float:
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise TypeError("not a time")
    return float(value)
