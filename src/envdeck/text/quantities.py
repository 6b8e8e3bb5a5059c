"""Ages, times and sizes."""

from datetime import UTC, datetime

from envdeck.core.system.words import counted

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_STEPS = (
    (365 * _DAY, "year"),
    (30 * _DAY, "month"),
    (7 * _DAY, "week"),
    (_DAY, "day"),
    (_HOUR, "hour"),
    (_MINUTE, "minute"),
)
_IN_DAYS = 60
"""Up to so many days a time that is left is told in days: weeks would hide most of one."""


def age(when: float | None, now: float, *, unknown: str = "–") -> str:
    """Return how long ago: `3 months`, `1 day`, `now` (under a minute, or in the future)."""
    if when is None:
        return unknown
    seconds = now - when
    for length, name in _STEPS:
        if seconds >= length:
            return counted(int(seconds // length), name)
    return "now"


def ago(when: float, now: float) -> str:
    """Return `3 months ago`, or `just now`."""
    said = age(when, now)
    return "just now" if said == "now" else f"{said} ago"


def short_age(said: str, cells: int) -> str:
    """Return an age, its unit shortened where it is too long for so many cells: `59m`."""
    if len(said) <= cells:
        return said
    count, _, unit = said.partition(" ")
    return f"{count}{unit[: 1 + unit.startswith('mo')]}"


def time_left(seconds: float) -> str:
    """Return how much time is left: `29 days`, `3 hours`; `now` for less than a minute."""
    days = round(seconds / _DAY)
    if 1 < days <= _IN_DAYS:
        return f"{days} days"
    return age(0, seconds)


def duration(seconds: float) -> str:
    """Return how long something took: `2.0 s`, or `< 0.1 s`."""
    return f"{seconds:.1f} s" if seconds >= 0.05 else "< 0.1 s"


def exact_time(when: float) -> str:
    """Return a time in UTC by RFC 3339, to the second: `2026-11-18T09:12:44Z`.

    Times that no calendar holds (a file system can say anything) are given as seconds.
    """
    try:
        moment = datetime.fromtimestamp(when, UTC)
    except (OverflowError, OSError, ValueError):
        return f"{when:.0f} s since 1970"
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


_UNITS = ("kB", "MB", "GB", "TB", "PB")


def size(count: int | None, *, unknown: str = "–") -> str:
    """Return bytes as `812 B`, `4.1 kB`, `412 MB`, `1.9 GB`; `unknown` for None."""
    if count is None:
        return unknown
    if count < 1000:
        return f"{count} B"
    value, step = count / 1000, 0
    while value >= 999.5 and step < len(_UNITS) - 1:
        value, step = value / 1000, step + 1
    unit = _UNITS[step]
    return f"{value:.1f} {unit}" if value < 9.95 else f"{value:.0f} {unit}"


def exact_bytes(count: int) -> str:
    """Return bytes to the last one, grouped: `431,221,034 bytes`."""
    return counted(count, "byte")
