"""The line to type a query in; the list narrows with every letter."""

import os
from collections.abc import Callable, Iterable, Iterator
from itertools import takewhile
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Input

from envdeck.core.model import Environment
from envdeck.core.query import BARE_TERMS, FIELDS, TERMS, TOKEN
from envdeck.tui.base.messages import QueryChanged, QueryLeft
from envdeck.tui.widgets.line import Display, Line, OneLine, Part, Tone, clipped, line_width


class _Said(OneLine):
    """The slash, or what came of the query."""

    line: Line = ()

    def lay_out(self, cells: int) -> Line:
        """Return the line."""
        del cells
        return self.line

    def show(self, line: Line) -> None:
        """Show another line, in the room it needs."""
        self.line = line
        self.styles.width = line_width(line)
        self.refresh()


_PLACEHOLDER = "words, manager:uv, python:3.12, status:broken, unused:90d, size:>1GB, eol"
_SLASH_CELLS = 3
_SAID_CELLS = 16


class FilterBar(Horizontal):
    """A query, and what came of it."""

    DEFAULT_CSS: ClassVar[str] = """
    FilterBar { height: 1; background: $surface; }
    FilterBar > _Said { width: 0; }
    FilterBar > Input {
        width: 1fr; height: 1; border: none; padding: 0; background: $surface;
        &:focus { border: none; background-tint: $foreground 0%; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "give_up", show=False),
        Binding("down", "keep", show=False),
        Binding("tab", "complete", show=False),
    ]

    def __init__(
        self,
        text: str,
        ellipsis: str = "…",
        placeholder: str = _PLACEHOLDER,
        completed: Callable[[str], tuple[str, ...]] = lambda _text: (),
    ) -> None:
        """Take the query, and what returns the texts that one may be completed to."""
        super().__init__()
        self._placeholder = placeholder
        self._text = text
        self._completed = completed
        self._turns: tuple[str, ...] = ()
        """The texts that the key for completion goes through, while it does."""
        self._completed_to = ""
        self._ellipsis = ellipsis

    def compose(self) -> ComposeResult:
        """Make the line."""
        yield _Said(id="slash")
        field = Input(
            self._text,
            placeholder=self._placeholder,
            compact=True,
            select_on_focus=False,
        )
        field.cursor_blink = False
        yield field
        yield _Said(id="came")

    def on_mount(self) -> None:
        """Show the slash that opened it."""
        self.query_one("#slash", _Said).show((Part(" / ", Tone.HEADING),))

    @property
    def field(self) -> Input:
        """Where the person types."""
        return self.query_one(Input)

    def set_text(self, text: str) -> None:
        """Write another query."""
        self.query_one(Input).value = text

    @property
    def typing(self) -> bool:
        """Whether letters go into it."""
        return self.query_one(Input).has_focus

    def tell(self, line: Line) -> None:
        """Say at the right what came of the query, or what it can be completed to, in what the
        query itself leaves of the line."""
        if self._turns[1:] and self.field.value == self._completed_to:
            tokens = ((TOKEN.findall(each) or [each])[-1] for each in self._turns)
            line = (Part("  ".join(tokens), Tone.MUTED),)
        query = max(self.size.width * 2 // 5, len(self.field.value) + 1)
        room = max(_SAID_CELLS, self.size.width - _SLASH_CELLS - query)
        said = clipped(line, room - 2, self._ellipsis)
        self.query_one("#came", _Said).show((Part(" "), *said, Part(" ")))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Pass a letter on."""
        event.stop()
        self.post_message(QueryChanged(event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go to what it found."""
        event.stop()
        self.action_keep()

    def action_complete(self) -> None:
        """Complete the last term as far as it is clear, then go through what it may be; go to what
        the query found where there is nothing to complete."""
        text = self.field.value
        if len(self._turns) > 1 and text in self._turns:
            found = self._turns[(self._turns.index(text) + 1) % len(self._turns)]
        else:
            self._turns = self._completed(text)
            if not self._turns or self._turns == (text,):
                self.action_keep()
                return
            common = "".join(each[0] for each in takewhile(_agree, zip(*self._turns, strict=False)))
            found = common if len(common) > len(text) else self._turns[0]
        self.field.value = found
        self.field.cursor_position = len(found)
        self._completed_to = found
        self.tell(())

    def action_give_up(self) -> None:
        """Clear the query."""
        self.post_message(QueryLeft(kept=False))

    def action_keep(self) -> None:
        """Go to what it found."""
        self.post_message(QueryLeft(kept=True))


class ViewFilter(FilterBar):
    """The filter of another view than the list: it tells that by calls."""

    def __init__(
        self,
        look: Display,
        placeholder: str,
        changed: Callable[[str], object],
        left: Callable[[bool], object],
    ) -> None:
        """`changed` gets the text with every letter; `left` whether it is kept, when the person
        goes back to the rows."""
        super().__init__("", look.signs.ellipsis, placeholder)
        self._changed, self._left = changed, left

    def on_input_changed(self, event: Input.Changed) -> None:
        """Tell a letter."""
        event.stop()
        self._changed(event.value.strip())

    def action_give_up(self) -> None:
        """Clear it."""
        self._left(False)  # noqa: FBT003 - a callback

    def action_keep(self) -> None:
        """Go to what it found."""
        self._left(bool(self.field.value.strip()))


def _agree(characters: tuple[str, ...]) -> bool:
    return len(set(characters)) == 1


def complete_term(
    text: str, environments: Iterable[Environment], packages: Iterable[str] = ()
) -> tuple[str, ...]:
    """Return the texts that its last term may be completed to: a name with its colon, or a value
    that some environment has."""
    tokens = TOKEN.findall(text)
    token = tokens[-1] if tokens and text.endswith(tokens[-1]) else ""
    before = text.removesuffix(token) if token else text
    bang, term = ("!", token[1:]) if token[:1] == "!" else ("", token)
    name, colon, value = term.partition(":")
    if not term:
        return ()
    if not colon:
        found = [f"{known}:" for known in TERMS if known.startswith(term.casefold())]
        found += [known for known in BARE_TERMS if known.startswith(term.casefold())]
        return tuple(f"{before}{bang}{each}" for each in sorted(found))
    done, comma, last = value.rpartition(",")
    begun = last.strip('"').casefold()
    return tuple(
        f"{before}{bang}{name}:{done}{comma}{_quoted(each)}"
        for each in sorted(set(_offers(name.casefold(), environments, packages)))
        if each.casefold().startswith(begun) and each.isprintable() and '"' not in each
    )


def _offers(
    name: str, environments: Iterable[Environment], packages: Iterable[str]
) -> Iterator[str]:
    yield from FIELDS[name].offers if name in FIELDS else ()
    if name == "package":
        yield from packages
    for each in environments:
        python = each.python
        if name == "manager":
            yield each.manager
        elif name == "python":
            yield ".".join((python.version or "unknown").split(".")[:2])
            yield python.implementation or "unknown"
        elif name == "base":
            yield from filter(None, (python.base,))
        elif name == "project":
            yield from filter(None, (os.path.basename(each.project.path or ""),))
        elif name == "check":
            yield from (one.check for one in each.findings)


def _quoted(value: str) -> str:
    return f'"{value}"' if set(value) & set(' ,"') else value
