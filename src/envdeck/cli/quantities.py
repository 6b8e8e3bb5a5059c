"""Durations and sizes as people write them."""

import re
from argparse import ArgumentTypeError

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
    **{prefix: 1000**power for power, prefix in enumerate("kmgt", start=1)},
    **{f"{prefix}b": 1000**power for power, prefix in enumerate("kmgt", start=1)},
    **{f"{prefix}ib": 1024**power for power, prefix in enumerate("kmgt", start=1)},
}
_QUANTITY = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?)\s*([A-Za-z]*)")


def duration(text: str) -> float:
    """Return `90d` in seconds; `h`, `d`, `w`, `m` or `mo` (30 days), `y`, as in the filter."""
    seconds = _quantity(text, _SECONDS)
    if seconds is None:
        raise ArgumentTypeError(f"`{text}` is no duration, such as 12h, 90d, 6w, 3m (months) or 2y")
    return seconds


def byte_count(text: str) -> float:
    """Return `500MB` in bytes; decimal units (`kB` … `TB`) and binary ones (`MiB`)."""
    count = _quantity(text, _BYTES)
    if count is None:
        raise ArgumentTypeError(f"`{text}` is no size, such as 500MB, 1.5GB or 800MiB")
    return count


def _quantity(text: str, units: dict[str, int]) -> float | None:
    found = _QUANTITY.fullmatch(text.strip())
    if found is None or found[2].lower() not in units:
        return None
    return float(found[1]) * units[found[2].lower()]
