"""Paths shortened; cell widths."""

import os
import re
from collections.abc import Iterator
from unicodedata import category, east_asian_width

from envdeck.text.safe import plain


def width(text: str) -> int:
    """Return the cells that text takes; wide characters take two, combining marks none."""
    if text.isascii():
        return len(text)
    return sum(_cells(character) for character in text)


def _cells(character: str) -> int:
    # Marks of every kind, and the Hangul letters that join the one before them; a vowel sign
    # has the combining class 0 and takes no cell all the same.
    if category(character)[0] == "M" or "\u1160" <= character <= "\u11ff":
        return 0
    return 2 if east_asian_width(character) in "WF" else 1


def clip(text: str, cells: int, ellipsis: str = "…") -> str:
    """Return text cut to at most `cells` cells, the cut marked."""
    if width(text) <= cells:
        return text
    room = cells - width(ellipsis)
    if room < 0:
        return "." * max(cells, 0)
    taken, used = 0, 0
    for character in text:
        used += _cells(character)
        if used > room:
            break
        taken += 1
    return text[:taken] + ellipsis


def pad(text: str, cells: int, *, right: bool = False) -> str:
    """Return text filled with blanks to `cells` cells, on the left for numbers (`right`)."""
    blanks = " " * max(0, cells - width(text))
    return blanks + text if right else text + blanks


_EVERYDAY = frozenset(
    {"lib", "bin", "virtual", "site-packages", "versions", "default"}
    | {dot + name for dot in ("", ".") for name in ("venv", "venvs", "env", "envs", "conda")}
    | {dot + name for dot in ("", ".") for name in ("virtualenv", "virtualenvs")}
    | {".tox", ".nox", ".pixi", ".hatch", ".direnv"}
)
"""Names that environments of many projects have, so that one says nothing without its project."""
_INSIDE_A_PROJECT = frozenset({".tox", ".nox", ".pixi", ".hatch", ".direnv", "__pypackages__"})
_HASHED = r"(?P<name>.+)-(?=[a-z_-]*[A-Z0-9])(?P<hash>[A-Za-z0-9_-]{8})(?P<end>-(?:py)?\d[\d.]*)?"
"""A folder that poetry, pipenv or PDM named: a project, eight characters of a hash, a version."""


def tilde(path: str, home: str) -> str:
    """Return a path with the home folder written as `~`."""
    if path == home:
        return "~"
    for separator in ("/", "\\"):
        if path.startswith(home + separator) and home not in {"", "/"}:
            return "~" + path[len(home) :]
    return path


def tilde_within(text: str, home: str) -> str:
    """Return a sentence with the home folder written as `~` wherever it begins a path."""
    if home in {"", "/"} or home not in text:
        return text
    return re.sub(rf"(?<![\w./\\~-]){re.escape(home)}(?![\w.-])", "~", text)


def place(file: str, line: int | None, home: str, folder: str = "") -> str:
    """Return where something stands, relative to a project's folder if inside: `uv.lock:12`."""
    if not file:
        return ""
    start = folder.rstrip("/\\")
    inside = start and file.startswith(start) and file[len(start) : len(start) + 1] in {"/", os.sep}
    shown = plain(file[len(start) + 1 :] if inside else tilde(file, home))
    return shown if line is None else f"{shown}:{line}"


def shorten(path: str, cells: int, ellipsis: str = "…") -> str:
    """Return a path in at most `cells` cells, keeping what tells it from others.

    That is its last part, and where many environments are called so (`.venv`, `.tox/py39`,
    `envs/default`) the project above it. Whole parts go from the middle first:
    `~/…/api/.venv`; then a name is cut, inside its hash where a tool gave it one. The plain
    sign for a cut is a tilde, which in a path means home, so three dots stand for it.
    """
    if width(path) <= cells:
        return path
    ellipsis = "..." if ellipsis == "~" else ellipsis
    separator = "\\" if "\\" in path and "/" not in path else "/"
    parts = path.rstrip(separator).split(separator)
    telling = _naming_part(parts)
    kept = {telling, len(parts) - 1}
    least = _joined(parts, kept, separator, ellipsis)
    if width(least) > cells:
        return _cut(parts, telling, cells, separator, ellipsis)
    best = least
    for place in _order_of_parts(parts, telling):
        wider = _joined(parts, kept | {place}, separator, ellipsis)
        if width(wider) <= cells:
            kept.add(place)
            best = wider
        elif 0 < place < telling - 1:
            break
    return best


def _everyday(part: str) -> bool:
    folded = part.lower()
    if folded in _EVERYDAY or folded.startswith("py_env-"):
        return True
    for prefix in ("python-", "python", "pypy", "py"):
        if folded.startswith(prefix):
            folded = folded.removeprefix(prefix)
            break
    return not folded.strip("0123456789.")


def _naming_part(parts: list[str]) -> int:
    """Return the place of the part that names the environment, or else its project."""
    last = len(parts) - 1
    if not _everyday(parts[last]) and not _INSIDE_A_PROJECT.intersection(parts[-3:-1]):
        return last
    for place in range(last - 1, 0, -1):
        if not _everyday(parts[place]):
            return place
    return last


def _order_of_parts(parts: list[str], telling: int) -> Iterator[int]:
    """Yield the places of the other parts, those that help most to tell a path first."""
    above = telling - 1
    if above > 0 and not _everyday(parts[above]):
        yield above
    yield 0
    yield from range(len(parts) - 2, telling, -1)
    yield from range(above, 0, -1)


def _joined(parts: list[str], kept: set[int], separator: str, ellipsis: str) -> str:
    """Return the kept parts as a path, an ellipsis for each run that is left out."""
    said: list[str] = []
    for place, part in enumerate(parts):
        if place in kept:
            said.append(part)
        elif not said or said[-1] != ellipsis:
            said.append(ellipsis)
    return separator.join(said)


def _cut(parts: list[str], telling: int, cells: int, separator: str, ellipsis: str) -> str:
    """Return what fits of the two names that matter, the first of them cut."""
    last = len(parts) - 1
    lead = "" if telling == 0 else ellipsis + separator
    between = separator if telling == last - 1 else f"{separator}{ellipsis}{separator}"
    tail = between + parts[last] if telling < last else ""
    room = cells - width(lead) - width(tail)
    if room >= 5:
        return lead + shorten_name(parts[telling], room, ellipsis) + tail
    room = cells - width(lead) - width(parts[telling]) - width(between)
    if tail and room >= 5:
        return lead + parts[telling] + between + shorten_name(parts[last], room, ellipsis)
    lead = ellipsis + separator if cells >= 8 else ""
    return clip(lead + shorten_name(parts[last], max(cells - width(lead), 1), ellipsis), cells)


def shorten_name(name: str, cells: int, ellipsis: str = "…") -> str:
    """Return a name in at most `cells` cells: cut inside its hash where it has one, so that the
    project and the Python stay (`invoices-…-py3.9`), else in its middle."""
    if width(name) <= cells:
        return name
    hashed = re.fullmatch(_HASHED, name)
    if hashed is not None:
        start, end = hashed["name"] + "-", ellipsis + (hashed["end"] or "")
        room = cells - width(start) - width(end)
        if room >= 0:
            return start + _start(hashed["hash"], room) + end
    room = cells - width(ellipsis)
    if room < 3:
        return clip(name, cells, ellipsis)
    start = _start(name, room - room // 3)
    return start + ellipsis + _end(name, room - width(start))


def _start(text: str, cells: int) -> str:
    return clip(text, cells, "") if cells > 0 else ""


def _end(text: str, cells: int) -> str:
    end, used = len(text), 0
    while end > 0:
        used += width(text[end - 1])
        if used > cells:
            break
        end -= 1
    return text[end:]
