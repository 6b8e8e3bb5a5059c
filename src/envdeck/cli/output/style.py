"""Colour, where it is wanted: never the only carrier of a meaning."""

from collections.abc import Mapping

_CODES = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "cyan": "36",
    "error": "1;31",
    "warning": "1;33",
    "hint": "1;36",
    "note": "1;36",
}


def styled(text: str, style: str, *, colour: bool) -> str:
    """Return text in a style (a name of this module's table, or empty for none)."""
    if not colour or not style or not text:
        return text
    return f"\x1b[{_CODES[style]}m{text}\x1b[0m"


def wants_colour(environ: Mapping[str, str], *, terminal: bool) -> bool:
    """Tell whether a stream gets colour: a terminal does, but for `NO_COLOR` and a dumb one;
    `FORCE_COLOR` gives it to a pipe too (no-color.org, force-color.org)."""
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR", "") not in {"", "0"}:
        return True
    return terminal and environ.get("TERM") != "dumb"
