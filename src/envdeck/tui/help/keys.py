"""Every key, from the registry, as it is now."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen

from envdeck.text import Signs, pad
from envdeck.tui.base.actions import ACTIONS, Action, bindings, keys_of, shown_key
from envdeck.tui.widgets.key_line import KeyLine
from envdeck.tui.widgets.line import Line, LineLabel, Look, Part, Tone, line_width, wrapped
from envdeck.tui.widgets.line_view import LineView

_TWO_COLUMNS_FROM = 110
_KEYS = 18

_FILTER = (
    ("api blog", "all words in path, manager, Python, status or project"),
    ("manager:uv", "managed by uv"),
    ("python:3.12", "any 3.12 release; python:pypy for an implementation"),
    ("status:broken", "or moved, mixed, suspect, orphan, unmounted, ok"),
    ("eol", "Python is end of life"),
    ("project:gone", "or none, unmounted, or part of the path"),
    ("base:/usr", "uses this base interpreter"),
    ("unused:90d", "not used for 90 days; used:30d for recently used"),
    ("health:error", "worst problem is an error; or warning, note, ok, unknown"),
    ("check:missing", "has a finding of a check; its name, or how it begins"),
    ("package:requests", "has the package installed"),
    ("size:>500MB", "size on disk; frees:>500MB for reclaimable size"),
)


def help_lines(look: Look, cells: int) -> list[Line]:
    """Return the whole page for a width."""
    remapped, signs = look.keys, look.signs
    width = (cells - 6) // 2 if cells >= _TWO_COLUMNS_FROM else cells - 4
    groups: dict[str, list[Action]] = {}
    for action in ACTIONS:
        groups.setdefault(action.group, []).append(action)
    blocks = [_block(name, actions, remapped, width, signs) for name, actions in groups.items()]
    blocks.append(_filter_block(width, signs))
    if cells < _TWO_COLUMNS_FROM:
        return [(Part("  "), *line) for block in blocks for line in block]
    half = sum(map(len, blocks)) / 2
    left: list[Line] = []
    right: list[Line] = []
    for block in blocks:
        (left if len(left) + len(block) / 2 <= half else right).extend(block)
    return [
        (
            Part("  "),
            *_filled(left[row] if row < len(left) else (), width),
            Part("  "),
            *(right[row] if row < len(right) else ()),
        )
        for row in range(max(len(left), len(right)))
    ]


def _filled(line: Line, cells: int) -> Line:
    return (*line, Part(" " * max(0, cells - line_width(line))))


def _block(
    name: str,
    actions: Sequence[Action],
    remapped: Mapping[str, str],
    cells: int,
    signs: Signs,
) -> list[Line]:
    rows = [
        ("  ".join(map(shown_key, keys_of(action.id, remapped))), action.tooltip)
        for action in actions
    ]
    return _rows(name, rows, cells, signs)


def _filter_block(cells: int, signs: Signs) -> list[Line]:
    return _rows("Filter", _FILTER, cells, signs)


def _rows(name: str, rows: Sequence[tuple[str, str]], cells: int, signs: Signs) -> list[Line]:
    lines: list[Line] = [(Part(name, Tone.HEADING),)]
    for keys, text in rows:
        room = max(cells - _KEYS - 2, 16)
        told = wrapped((Part(text),), room, signs.ellipsis)
        first = pad(keys, _KEYS)
        lines.append((Part(first, Tone.STRONG), Part("  "), *told[0]))
        lines += [(Part(" " * (_KEYS + 2)), *more) for more in told[1:]]
    return [*lines, ()]


class _Page(LineView):
    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look

    def lay_out(self, cells: int) -> Sequence[Line]:
        """Lay the page out."""
        return help_lines(self._look, cells)


class HelpScreen(Screen[None], inherit_bindings=False):
    """The page; it is left with the key that opened it, or with the one for going back."""

    DEFAULT_CSS: ClassVar[str] = """
    HelpScreen > LineLabel { background: $panel; }
    HelpScreen > _Page { margin: 1 0 0 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("back")]

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._page = _Page(look)
        self._keys = KeyLine(look.keys)

    def compose(self) -> ComposeResult:
        """A title, the page, how to leave it."""
        yield LineLabel((Part("Keys", Tone.STRONG),))
        yield self._page
        yield self._keys

    def on_mount(self) -> None:
        """Let the keys scroll it."""
        self._keys.tell({"down": "scroll", "page_down": "", "back": ""})
        self._page.focus()

    def action_back(self) -> None:
        """Leave it."""
        self.dismiss()
