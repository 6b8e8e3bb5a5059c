"""Sizes as people read them: decimal units, three digits at most."""

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
    return f"{count:,} byte" if count == 1 else f"{count:,} bytes"
