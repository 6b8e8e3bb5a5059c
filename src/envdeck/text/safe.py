"""Text made harmless (`plain`), paths shortened, cells counted, signs with their ASCII forms."""

import os
import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import NamedTuple
from unicodedata import category, east_asian_width

_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def plain(text: str) -> str:
    r"""Return text with everything that could act on a terminal written as an escape.

    Controls, line ends, format characters (bidirectional overrides among them), lone
    surrogates and private-use characters become `\x1b`, `\n`, `\u202e`, `\udcff` (one that
    stands for a byte, by PEP 383, becomes that byte: `\xff`). Text that is printable already
    comes back as it is. It says nothing about markup: use `Content`/`Text`, never `str`,
    where a widget would parse it.
    """
    if text.isprintable():
        return text
    return "".join(character if _harmless(character) else _escape(character) for character in text)


def capitalise(text: str) -> str:
    """Return a sentence as it begins; a path, a file's name or a key keeps its letters."""
    first = text.partition(" ")[0].rstrip(".,:;")
    return text if any(sign in first for sign in "/\\._=") else text[:1].upper() + text[1:]


def _harmless(character: str) -> bool:
    return character.isprintable() or unicodedata.category(character) == "Zs"


def _escape(character: str) -> str:
    if character in _NAMED:
        return _NAMED[character]
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        code -= 0xDC00
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


class Signs(NamedTuple):
    """One character each, the same width in every terminal."""

    broken: str = "✗"
    warning: str = "●"
    moved: str = "→"
    mixed: str = "≠"
    suspect: str = "?"
    away: str = "○"
    """Something that is not there now, and may come back."""
    marked: str = "✓"
    ascending: str = "↑"
    descending: str = "↓"
    ellipsis: str = "…"
    unknown: str = "–"
    solid: str = "█"
    hollow: str = "░"
    editable: str = "✎"
    running: str = "»"
    waiting: str = "◦"
    ready: str = "▷"

    def status_sign(self, status: str) -> str:
        """Return the sign of a status, a blank for `ok`."""
        signs = {
            "broken": self.broken,
            "moved": self.moved,
            "mixed": self.mixed,
            "suspect": self.suspect,
            "orphan": self.warning,
            "end of life": self.warning,
            "unmounted": self.away,
        }
        return signs.get(status, " ")

    def step_sign(self, state: str) -> str:
        """Return the sign of a step of the project setup."""
        return {
            "done": self.marked,
            "open": self.away,
            "waiting": self.waiting,
            "cannot": self.broken,
            "ready": self.ready,
            "skipped": self.unknown,
        }[state]


UNICODE = Signs()
ASCII = Signs(
    broken="x",
    warning="!",
    moved=">",
    mixed="#",
    away="o",
    marked="*",
    ascending="^",
    descending="v",
    ellipsis="~",
    unknown="-",
    solid="#",
    hollow=".",
    editable="e",
    running=">",
    waiting=".",
    ready=">",
)


def signs_for(encoding: str | None, environ: Mapping[str, str]) -> Signs:
    """Return the signs a terminal can show: Unicode where the output's encoding is UTF-8, the
    locale is not the C one, and the terminal is neither `dumb` nor the Linux console, whose font
    has few of them."""
    utf8 = (encoding or "").lower().replace("-", "").replace("_", "") in {"utf8", "utf8sig"}
    if not utf8 or _is_c_locale(environ) or environ.get("TERM", "") in {"dumb", "linux"}:
        return ASCII
    return UNICODE


def _is_c_locale(environ: Mapping[str, str]) -> bool:
    """Tell whether a person asks for ASCII by the locale. Python writes UTF-8 then all the same,
    and sets `LC_CTYPE` to `C.UTF-8` by itself (PEP 538, PEP 540)."""
    if environ.get("LC_ALL"):
        return environ["LC_ALL"] in _C_LOCALES
    of_python = environ.get("LC_CTYPE", "") in {"", "C.UTF-8", *_C_LOCALES}
    return of_python and environ.get("LANG", "") in _C_LOCALES


_C_LOCALES = frozenset({"C", "POSIX"})
_LETTERS = {
    **dict.fromkeys(range(0x2500, 0x2580), "+"),
    **dict.fromkeys(map(ord, "─━┄┅┈┉╌╍═╴╶╸╺╼╾"), "-"),
    **dict.fromkeys(map(ord, "│┃┆┇┊┋╎╏║╵╷╹╻╽╿"), "|"),
    **dict.fromkeys(range(0x2580, 0x25A0), "#"),
    **dict.fromkeys(map(ord, "▁▂▔"), " "),
    **dict.fromkeys(map(ord, "▌▎▍▊▋▐▏▕"), "|"),
    **dict.fromkeys(map(ord, "░▒"), "."),
    **dict.fromkeys(range(0x2800, 0x2900), "*"),
    **dict.fromkeys(map(ord, "–—\u2010\u2011·•\u2212"), "-"),
    **dict.fromkeys(map(ord, "→▶▷▸»\u203a"), ">"),
    **dict.fromkeys(map(ord, "←◀◁«\u2039"), "<"),
    **dict.fromkeys(map(ord, "↑▲△"), "^"),
    **dict.fromkeys(map(ord, "↓▼▽"), "v"),
    **dict.fromkeys(map(ord, "\u201c\u201d"), '"'),
    **dict.fromkeys(map(ord, "\u2018\u2019"), "'"),
    **dict(zip(map(ord, "…±×✓✗●○◦≠≥≤✎\u00a0"), "~~x*x!o.#><e ", strict=True)),
}
"""By its number, what stands for a sign where there are letters alone: each as wide as before."""


def spell_ascii(text: str) -> str:
    """Return text with signs, boxes and bars as ASCII; letters of other scripts stay."""
    return text if text.isascii() else text.translate(_LETTERS)


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
