"""Text made harmless (`plain`), and signs with their ASCII forms."""

import unicodedata
from collections.abc import Mapping
from typing import NamedTuple

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
