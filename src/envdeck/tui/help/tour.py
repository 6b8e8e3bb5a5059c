"""The tour and its cards."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, ClassVar, NamedTuple

from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widget import Widget
from textual.widgets import Button

from envdeck.tui.base.actions import bindings, keys_of, shown_key
from envdeck.tui.dialogs.dialog import KEYS, Dialog, DialogButton
from envdeck.tui.widgets.line import Display, Line, Part, Tone, content, glued, wrapped
from envdeck.tui.widgets.line_view import LineView


class Card(NamedTuple):
    """One card: what it is about, and what it says."""

    title: str
    said: str
    """Paragraphs with an empty line between; a line end within one is a blank."""


CARDS: tuple[Card, ...] = (
    Card(
        "All environments on this machine",
        """
Each row is an environment: path, Python, manager, last use and reclaimable size.

{down} and {up} move, {filter} filters the list (try eol or unused:90d), {sort} sorts by the next
column. {machine} shows disk usage as bars.

Browsing changes nothing, and no data leaves this machine.
""",
    ),
    Card(
        "Environment details",
        """
{open} opens the selected environment, {back} goes back. In a wide terminal, the details are
always next to the list.

{tab.1} overview, {tab.2} installed packages and why, {tab.3} project, {tab.4} .env files.

{tab.5} Health shows problems with their fix ({mend}), {tab.6} what changed and when. {problems}
shows the problems of all environments.
""",
    ),
    Card(
        "Safe cleanup",
        """
{mark} marks a row, {mark_all} all rows shown. {delete} deletes, {recreate} recreates, {upgrade}
upgrades.

Every operation first shows its steps, cost and commands: {yes} confirms, {back} goes back.

Deleted environments stay in the trash ({trash}) for a while: {undo} to undo.
""",
    ),
    Card(
        "Projects",
        """
{tab.3} shows the project's declared and locked dependencies and the drift from them; {tab.4} its
.env files with hidden values. {mend} fixes the selected problem.

{walkthrough} sets up a project, from a fresh clone to the first command: each step is checked,
explained and run with one key.
""",
    ),
    Card(
        "Getting help",
        """
{palette} finds any action by name, {help} shows all keys, {tour} shows this tour again.

"envdeck demo" opens a sample home folder to try everything without touching your own
environments.
""",
    ),
)


_LOW = 20
"""Lines of a terminal below which a card takes all of them."""
_PLACE = re.compile(r"\{([a-z_.0-9]+)\}")


def paragraph(text: str, look: Display) -> Line:
    """Return a paragraph with the keys as they are now where their actions are named."""
    parts: list[Part] = []
    at = 0
    for found in _PLACE.finditer(text):
        parts.append(Part(text[at : found.start()]))
        keys = keys_of(found.group(1), look.keys)
        parts.append(Part(glued(shown_key(keys[0])), Tone.HEADING))
        at = found.end()
    return (*parts, Part(text[at:]))


def named_actions(card: Card) -> Iterator[str]:
    """Yield the actions whose keys a card names."""
    yield from _PLACE.findall(card.said)


def card_lines(card: Card, look: Display, cells: int) -> list[Line]:
    """Return what a card says, a blank line after each paragraph."""
    lines: list[Line] = []
    for text in card.said.strip().split("\n\n"):
        told = wrapped(paragraph(text.replace("\n", " "), look), max(cells - 2, 8))
        lines += [*((Part(" "), *line) for line in told), ()]
    return lines[:-1]


class _CardView(LineView):
    """What a card says."""

    def __init__(self, look: Display) -> None:
        super().__init__()
        self._look = look
        self._card: Card | None = None

    def show(self, card: Card) -> None:
        """Show another card."""
        self._card = card
        self.lay_out_again()
        self.scroll_to(y=0, animate=False)

    def lay_out(self, cells: int) -> Sequence[Line]:
        """Lay it out."""
        return () if self._card is None else card_lines(self._card, self._look, cells)


def _fit(dialog: Dialog[Any], lines: int) -> None:
    """Give a dialog so many lines, or all there are where they are few."""
    low = dialog.size.height < _LOW
    dialog.query_one(".dialog", Vertical).styles.height = None if low else lines


class TourDialog(Dialog[None], inherit_bindings=False):
    """The cards, one at a time."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("leave", to="end"),
        *KEYS,
        *bindings("open", "tour"),
        *bindings("yes", to="go_on"),
        *bindings("no", to="end"),
        Binding("h,left", "previous", "Previous card", show=False),
        Binding("escape", "end", "End the tour", show=False),
    ]
    AUTO_FOCUS = "#next"
    CONFIRM = "next"

    def __init__(self, look: Display) -> None:
        super().__init__(look)
        self.add_class("-brief")
        self.number = 0
        self._said = _CardView(look)
        self._previous = DialogButton((Part(" Back (h) "),), id="previous")
        self._next = DialogButton((Part(" Next (enter) "),), id="next")
        for button in (self._previous, self._next):
            button.active_effect_duration = 0  # or what is pressed meanwhile would be lost

    def body(self) -> Widget:
        """What the card says."""
        return self._said

    def buttons(self) -> Iterable[Button]:
        """Back, on, and out."""
        yield DialogButton((Part(" End (esc) "),), id="cancel")
        yield self._previous
        yield self._next

    def on_resize(self) -> None:
        """Be as high as the cards need, where there is room."""
        _fit(self, 17)

    def on_mount(self) -> None:
        """The first card."""
        self.app.clear_notifications()
        self._show()

    def _show(self) -> None:
        card, last = CARDS[self.number], len(CARDS) - 1
        far = Part(f"   {self.number + 1} of {len(CARDS)}", Tone.MUTED)
        self.title_label.show((Part(card.title, Tone.STRONG), far))
        self._said.show(card)
        self._previous.display = self.number > 0
        done = self.number == last
        self._next.label = content((Part(" Done (enter) " if done else " Next (enter) "),))
        self._next.refresh(layout=True)
        self._next.focus()

    def action_go_on(self) -> None:
        """The next card; after the last one the tour is over."""
        if self.number + 1 < len(CARDS):
            self.number += 1
            self._show()
        else:
            self.dismiss(None)

    def action_open(self) -> None:
        """The key that opens what is under the cursor turns to the next card."""
        self.action_go_on()

    def action_previous(self) -> None:
        """The card before."""
        if self.number > 0:
            self.number -= 1
            self._show()

    def action_end(self) -> None:
        """Leave it."""
        self.dismiss(None)

    def action_back(self) -> None:
        """The button for leaving it."""
        self.dismiss(None)

    def action_tour(self) -> None:
        """The key that opened it closes it."""
        self.dismiss(None)


class _Offer(LineView):
    def __init__(self, look: Display) -> None:
        super().__init__()
        self._look = look

    def lay_out(self, cells: int) -> Sequence[Line]:
        """Say how it can be had later."""
        key = Part(self._look.key("tour"), Tone.HEADING)
        line = (Part("The list, safe cleanup, and getting help. "), key)
        told = wrapped((*line, Part(" shows it any time.")), max(cells - 2, 8))
        return [(Part(" "), *each) for each in told]


class TourAccepted(NamedTuple):
    """The tour shall be shown."""


class TourOffer(Dialog[TourAccepted]):
    """Asks whether the tour shall be shown."""

    AUTO_FOCUS = "#yes"
    CONFIRM = "yes"

    def __init__(self, look: Display) -> None:
        super().__init__(look)
        self.VERTICAL_BREAKPOINTS = None
        self.add_class("-brief")

    def body(self) -> Widget:
        """How it can be had later."""
        return _Offer(self.look)

    def buttons(self) -> Iterable[Button]:
        """Yes, since it only shows something; or no."""
        yield DialogButton((Part(" No (esc) "),), id="cancel")
        yield DialogButton((Part(" Yes (enter) "),), id="yes")

    def on_resize(self) -> None:
        """Be no higher than it needs."""
        _fit(self, 9)

    def on_mount(self) -> None:
        """Ask."""
        ask = "Take a one-minute tour?"
        self.title_label.show((Part(ask, Tone.STRONG),))

    def action_go_on(self) -> None:
        """Show it."""
        self.dismiss(TourAccepted())
