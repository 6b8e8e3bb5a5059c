"""Counts, lists, amounts, ages and times in a sentence, and amounts read: `1 package`, `a, b and 3
more`, `1.2 MB`, `3 months`, `90d`."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

_UNITS = ("kB", "MB", "GB", "TB", "PB")


def counted(count: int, noun: str) -> str:
    """Return `1 package`, `1,204 packages`, `2 directories`, `2 keys`."""
    if count == 1:
        return f"1 {noun}"
    if noun[-1] == "y" and noun[-2] not in "aeiou":
        return f"{count:,} {noun[:-1]}ies"
    return f"{count:,} {noun}s"


def join_some(names: Iterable[str], most: int = 3, *, count: int | None = None) -> str:
    """Return the first of some names, and how many more there are: `a, b, c and 3 more`.

    `count` is how many there are, where only the first of them are listed.
    """
    listed = list(names)
    more = (len(listed) if count is None else count) - min(len(listed), most)
    told = ", ".join(listed[:most])
    return f"{told} and {more:,} more" if more else told


def amount(size: int) -> str:
    """Return a number of bytes in the largest unit of which it has one: `1.2 MB`."""
    value, unit = float(size), ""
    for larger in _UNITS:
        if value < 999.95:
            break
        value, unit = value / 1000, larger
    return f"{value:.1f} {unit}" if unit else counted(size, "byte")


def find_nearest(name: str, known: Iterable[str], most: int = 1, least: float = 0.6) -> list[str]:
    """Return the known names that are most like another one, the nearest first; `least` says how
    like they are, from 0 to 1."""
    from difflib import get_close_matches  # start-up: 5 ms, and only a mistake asks

    return get_close_matches(name, list(known), most, least)


_DAY = 86400
_SECONDS = {
    "h": 3600,
    "d": _DAY,
    "w": 7 * _DAY,
    "m": 30 * _DAY,
    "mo": 30 * _DAY,
    "y": 365 * _DAY,
}
_BYTES = {
    "": 1,
    "b": 1,
    **{prefix: 1000**power for power, prefix in enumerate("kmgtp", start=1)},
    **{f"{prefix}b": 1000**power for power, prefix in enumerate("kmgtp", start=1)},
    **{f"{prefix}i": 1024**power for power, prefix in enumerate("kmgtp", start=1)},
    **{f"{prefix}ib": 1024**power for power, prefix in enumerate("kmgtp", start=1)},
}
_QUANTITY = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?)\s*([A-Za-z]*)")


def read_seconds(text: str) -> float | None:
    """Return `90d` in seconds; `h`, `d`, `w`, `m` or `mo` (30 days), `y`. None for other text."""
    return _quantity(text, _SECONDS)


def read_bytes(text: str) -> float | None:
    """Return `500MB` in bytes; decimal units (`kB` …) and binary ones (`MiB`). None for other
    text."""
    return _quantity(text, _BYTES)


def _quantity(text: str, units: Mapping[str, int]) -> float | None:
    found = _QUANTITY.fullmatch(text.strip())
    if found is None or found[2].lower() not in units:
        return None
    return float(found[1]) * units[found[2].lower()]


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
