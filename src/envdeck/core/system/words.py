"""Counts, lists and amounts in a sentence, and amounts read: `1 package`, `a, b and 3 more`,
`1.2 MB`, `90d`."""

import re
from collections.abc import Iterable, Mapping

_UNITS = ("kB", "MB", "GB", "TB")


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
