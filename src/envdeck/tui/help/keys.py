"""The searchable menu of every key, those of the view in use first; `enter` runs one."""

from collections.abc import Collection
from typing import ClassVar, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Input

from envdeck.core.lazy_dataclasses import replace
from envdeck.text import clip, counted, pad
from envdeck.tui.base.actions import ACTIONS, MOVE, Action, bindings, keys_of, shown_key
from envdeck.tui.widgets.key_line import KeyLine
from envdeck.tui.widgets.line import Display, Line, LineLabel, Part, Tone
from envdeck.tui.widgets.line_list import LineList

_KEYS, _TITLE = 14, 26
_TITLE_FROM = 70
"""Cells from which on the title stands beside what it does."""
_MENU_MOVES = ("up", "down", "page_up", "page_down")
_HERE, _DIALOG = "This view", "This dialog"
_IN_DIALOG = {
    "mark": ("Choose", "Choose the row under the cursor, or leave it."),
    "open": ("Confirm", "Confirm; where one is chosen, with the row under the cursor."),
    "back": ("Go back", "Go back without doing anything."),
    "leave": ("Go back", "Go back without doing anything."),
    "next_pane": ("Next part", "To the next part: fields, list, details, buttons."),
    "previous_pane": ("Previous part", "To the part before."),
}
"""What actions do in a dialog, where that is not what they do in the list."""

_FILTER = (
    ("api blog", "all words in path, manager, Python, status or project"),
    ("manager:uv", "managed by uv"),
    ("manager:poetry,uv", "any of them; !manager:uv for none"),
    ("python:3.12", "any 3.12 release; python:>=3.11 for a range, python:pypy"),
    ("status:broken", "or moved, mixed, suspect, orphan, unmounted, ok"),
    ("eol", "Python is end of life"),
    ("project:gone", "or none, unmounted, or part of the path"),
    ("base:/usr", "uses this base interpreter"),
    ("unused:90d", "not used for 90 days; used:30d for recently used"),
    ("health:error", "worst problem is an error; or warning, note, ok, unknown"),
    ("check:missing", "has a finding of a check; its name, or how it begins"),
    ("package:pandas<2", "has the package installed, in such a version"),
    ("drift", "differs from what its project declares or locks"),
    ("size:>500MB", "size on disk; frees:>500MB for reclaimable size"),
)


class HelpRow(NamedTuple):
    """A key with what it does, a term of the filter, or (with neither) a heading."""

    keys: str
    title: str
    text: str = ""
    action: Action | None = None
    """What `enter` runs; None where it means nothing in the view in use."""

    @property
    def is_heading(self) -> bool:
        """Whether it heads a group."""
        return not self.text


def help_rows(
    look: Display, offered: Collection[str], search: str = "", *, modal: bool = False
) -> list[HelpRow]:
    """Return the rows that hold every word of a search: first the actions that the view in use
    (a dialog where it is `modal`) offers, then the others by group, then the terms of the
    filter."""
    first = _DIALOG if modal else _HERE
    groups: dict[str, list[HelpRow]] = {first: []}
    for action in sorted(ACTIONS, key=lambda each: each.group == MOVE):
        keys = "  ".join(map(shown_key, keys_of(action.id, look.keys)))
        here = action.id in offered
        told = action.title, action.tooltip
        if here and modal:
            told = _IN_DIALOG.get(action.id, told)
        row = HelpRow(keys, *told, action if here else None)
        groups.setdefault(first if here else action.group, []).append(row)
    groups["Filter"] = [HelpRow(term, "", text) for term, text in _FILTER]
    words = search.lower().split()
    rows: list[HelpRow] = []
    for name, group in groups.items():
        found = [
            row
            for row in group
            if all(word in f"{row.keys} {row.title} {row.text} {name}".lower() for word in words)
        ]
        if found:
            rows += [HelpRow("", name), *found]
    return rows


def draw_row(row: HelpRow, cells: int, ellipsis: str) -> Line:
    """Return a row as a line."""
    if row.is_heading:
        return (Part(f" {row.title}", Tone.HEADING),)
    tone = Tone.PLAIN if row.action is not None else Tone.MUTED
    parts = [Part(f"  {pad(clip(row.keys, _KEYS, ellipsis), _KEYS)} ", Tone.STRONG)]
    if cells >= _TITLE_FROM and row.title:
        parts.append(Part(f"{pad(clip(row.title, _TITLE, ellipsis), _TITLE)} ", tone))
    room = cells - sum(len(part.text) for part in parts)
    parts.append(Part(clip(row.text, max(room, 8), ellipsis), Tone.MUTED))
    return tuple(parts)


class HelpList(LineList[HelpRow]):
    """The rows; the cursor passes over the headings."""

    def __init__(self, look: Display) -> None:
        super().__init__()
        self._ellipsis = look.signs.ellipsis
        self.can_focus = False  # the letters go into the search

    def can_choose(self, row: HelpRow) -> bool:
        """All but the headings."""
        return not row.is_heading

    def draw_row(self, row: HelpRow, cells: int) -> Line:
        """One key."""
        return draw_row(row, cells, self._ellipsis)


class HelpSearch(Input):
    """The field; the key that opened the menu closes it here too."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(replace(key, priority=True) for key in bindings("help", to="screen.back")),
    ]


class HelpScreen(Screen[Action | None], inherit_bindings=False):
    """The menu over the view it was opened in; it ends with the action to run there."""

    TAKES_LETTERS: ClassVar[bool] = True
    """Every letter is looked for: none of them is a key that does nothing here."""

    DEFAULT_CSS: ClassVar[str] = """
    HelpScreen > LineLabel { background: $panel; }
    HelpScreen > HelpSearch {
        height: 1; border: none; padding: 0 1; background: $surface;
        &:focus { border: none; background-tint: $foreground 0%; }
    }
    HelpScreen > .told { background: $surface; height: auto; max-height: 3; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *(replace(key, action=f"move({key.action!r})") for key in bindings(*_MENU_MOVES)),
        # in a field the keys are its own, whatever keys the actions were given
        Binding("escape", "back", show=False),
    ]

    def __init__(self, look: Display, offered: Collection[str], *, modal: bool = False) -> None:
        """`offered` are the ids of the actions that mean something in the view in use, which is
        a dialog where it is `modal`."""
        super().__init__()
        self._look, self._offered, self._modal = look, offered, modal
        self._list = HelpList(look)
        self._search = HelpSearch(placeholder="search keys and actions", compact=True)
        self._search.cursor_blink = False
        self._title = LineLabel((Part("Keys", Tone.STRONG),))
        self._told = LineLabel(classes="told")
        self._keys = KeyLine({})

    def compose(self) -> ComposeResult:
        """A title, the search, the rows, all of what one does, the keys."""
        yield self._title
        yield self._search
        yield self._list
        yield self._told
        yield self._keys

    def on_mount(self) -> None:
        """Show everything."""
        self._search.focus()
        self._find()

    @on(Input.Changed)
    def _find(self) -> None:
        rows = help_rows(self._look, self._offered, self._search.value, modal=self._modal)
        self._list.say_instead((Part("No key matches", Tone.MUTED),))
        self._list.show_rows(rows)
        found = sum(not row.is_heading for row in rows)
        self._title.show(
            (Part("Keys", Tone.STRONG), Part(f"   {counted(found, 'row')}", Tone.MUTED))
        )

    @on(LineList.Moved)
    def _tell(self) -> None:
        row = self._list.current
        text = "" if row is None else row.text
        if row is not None and row.title and row.action is None:
            text += " Not in this view."
        self._told.show((Part(text),))
        runs = row is not None and row.action is not None
        self._keys.tell({**({"open": "run"} if runs else {}), "back": "close"}, typing=True)

    def action_move(self, way: str) -> None:
        """A row or a page on, while letters go into the search."""
        self._list.go(way)

    @on(Input.Submitted)
    @on(LineList.Chosen)
    def _run(self) -> None:
        row = self._list.current
        if row is not None and row.action is not None:
            self.dismiss(row.action)
        else:
            self.app.bell()

    def action_back(self) -> None:
        """Clear the search, then leave."""
        if self._search.value:
            self._search.value = ""
        else:
            self.dismiss(None)
