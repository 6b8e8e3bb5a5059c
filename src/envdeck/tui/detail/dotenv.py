"""The fourth tab of the detail: the dotenv files of the project, every value hidden."""

import os
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.message import Message
from textual.widget import Widget

from envdeck.core.dotenv import reveal
from envdeck.core.model import Environment
from envdeck.text.operation import remedy_words
from envdeck.tui.base.messages import HintsChanged
from envdeck.tui.base.source import CatalogSource
from envdeck.tui.base.system import Hiding, Secret
from envdeck.tui.detail.dotenv_dialog import remedy_dialog
from envdeck.tui.detail.dotenv_view import KeyAt, Shown, dotenv_rows
from envdeck.tui.detail.project_view import has_project, no_project, say
from envdeck.tui.detail.reader import Reader
from envdeck.tui.detail.tab import DetailTab, Installed, ReadFailure, ReadPending
from envdeck.tui.detail.tab_rows import TabFooting, TabRow
from envdeck.tui.dialogs.requests import remedy_request
from envdeck.tui.widgets.line import Line, Look, Part, Tone, joined
from envdeck.tui.widgets.line_list import DrawnList, LineList
from envdeck.tui.workers import run_in_thread

if TYPE_CHECKING:
    from textual.timer import Timer

    from envdeck.core.dotenv.model import DotenvReport, Remedy
    from envdeck.tui.base.services import Operating, PlanRequest
    from envdeck.tui.detail.dotenv_dialog import DotenvValuesDialog

SECONDS = 30.0
"""How long a value is shown."""


def read_value(path: str, name: str) -> Secret:
    """Read what stands behind a key now; called in a thread."""
    return Secret(reveal(path, name))


class ValueRead(Message, bubble=False):
    """The value behind a key was read; nothing that this is written as tells it."""

    def __init__(self, generation: int, at: "KeyAt", secret: Secret) -> None:
        super().__init__()
        self.generation = generation
        self.at = at
        self.secret = secret


class ValueUnread(Message, bubble=False):
    """It could not be read. The reason is none of its own words: they could quote the file."""

    def __init__(self, generation: int, reason: str) -> None:
        super().__init__()
        self.generation = generation
        self.reason = reason


class DotenvTab(DetailTab, Hiding):
    """Files, findings and keys; one value at a time, only while the cursor is on its key.

    What is revealed is read again at that moment, stands in this widget and its rows alone, and
    is gone from both as soon as it is hidden.
    """

    OFFERS: ClassVar[frozenset[str]] = frozenset({"mend", "reveal"})

    def __init__(self, look: Look, source: CatalogSource) -> None:
        super().__init__(look)
        self.view = DrawnList[TabRow](self._lay)
        self.footing = TabFooting(look)
        self._source = source
        self._environment: Environment | None = None
        self._found: DotenvReport | ReadPending | ReadFailure = ReadPending()
        self._asked: object = None
        self._reader = Reader(self, self._read, self._answer, _key)
        self._shown: Shown | None = None
        self._said = ""
        self._revealing = 0
        self._hides: Timer | None = None

    def compose(self) -> ComposeResult:
        """The rows, and what keys do with the one under the cursor."""
        yield self.view
        yield self.footing

    @property
    def entrance(self) -> Widget:
        """The rows."""
        return self.view

    @property
    def hints(self) -> dict[str, str]:
        """The keys for a value and for mending, where there is anything."""
        if self.view.current is None:
            return {}
        word = "hide" if self._shown is not None else ""
        return {"reveal": word, "mend": ""}

    @property
    def report(self) -> "DotenvReport | None":
        """What is shown, once it was read."""
        return None if isinstance(self._found, ReadPending | ReadFailure) else self._found

    # reading

    def show(self, environment: Environment, installed: Installed | None) -> None:
        """Show the files of an environment's project; what was read stays while it is read
        anew."""
        del installed
        before, self._environment = self._environment, environment
        other = before is None or _key(before) != _key(environment)
        if other:
            self._forget_value()
            self._found = self._reader.known(environment) or ReadPending()
            self._asked = None
        asked = (*_key(environment), environment.seen_at)
        if not has_project(environment):
            self._reader.forget()
        elif asked != self._asked:
            self._asked = asked
            self._reader.ask(environment)
        self._build(anew=other)

    def left(self) -> None:
        """Hide what is shown; when it is opened again it is read again."""
        self._asked = None
        self._reader.forget()
        self.hide_secrets()

    def read_again(self) -> None:
        """Read it anew."""
        if self._environment is not None:
            self._asked = None
            self.show(self._environment, None)

    def _read(self, environment: Environment) -> "DotenvReport":
        """Read the files; called in a thread."""
        project = environment.project.path
        report = self._source.dotenv(project or "", environment.path)
        if not report.files and not os.path.isdir(report.project):
            raise FileNotFoundError("its project is no longer there")

        return report

    def _answer(
        self, environment: Environment, found: "DotenvReport | ReadPending | ReadFailure"
    ) -> None:
        if self._environment is None or _key(self._environment) != _key(environment):
            return
        if isinstance(found, ReadPending) and self.report is not None:
            return
        self._found = found
        self._forget_value()
        self._build()

    # showing

    def _build(self, *, anew: bool = False) -> None:
        self.view.build()
        if anew:
            self.view.scroll_to(y=0, animate=False)
            self.view.action_first()
        self._tell()

    def _lay(self, cells: int) -> list[TabRow]:
        environment = self._environment
        if environment is None:
            return []
        nothing = no_project(environment, self.look, cells)
        if nothing is not None:
            return nothing
        match self._found:
            case ReadPending():
                words = f"Reading the dotenv files{self.look.signs.ellipsis}"
                return say([(Part(words, Tone.MUTED),)], self.look, cells)
            case ReadFailure(reason):
                why = f"{self.look.signs.broken} They could not be read: {reason}"
                again = Part(self.look.key("refresh"), Tone.HEADING), Part(" reads them again.")
                return say([(Part(why, Tone.ERROR),), again], self.look, cells)
            case report:
                return dotenv_rows(report, self._shown, self.look, cells)

    @on(LineList.Moved)
    def _moved(self, event: LineList.Moved) -> None:
        event.stop()
        if self._shown is not None and self._key_here() != self._shown.at:
            self.hide_secrets()
        if self._said:
            self._said = ""
        self._tell()

    def _tell(self) -> None:
        """Say what the keys do with the row under the cursor."""
        told: list[Line] = []
        at = self._key_here()
        if self._said:
            told.append((Part(f"{self.look.signs.warning} {self._said}", Tone.WARNING),))
        if at is not None:
            word = f" shows its value for {SECONDS:.0f} s" if self._shown is None else " hides it"
            told.append((Part(self.look.key("reveal"), Tone.HEADING), Part(word, Tone.MUTED)))
        remedy = self._remedy()
        if remedy is not None:
            verb, what = remedy_words(remedy, self.look.home)
            words = f" {'has' if verb == 'have' else verb + 's'} {what}"
            told.append((Part(self.look.key("mend"), Tone.HEADING), Part(words, Tone.MUTED)))
        self.footing.tell(joined(told))
        self.post_message(HintsChanged())

    # revealing

    def _key_here(self) -> "KeyAt | None":
        row = self.view.current
        if row is None or self.report is None:
            return None
        return row.about if isinstance(row.about, KeyAt) else None

    def reveal(self) -> None:
        """Show the value behind the key under the cursor, or hide it again."""
        at = self._key_here()
        if self._shown is not None:
            self.hide_secrets()
        elif at is None:
            self._said = "go to a key first: it has a value"
            self._tell()
        else:
            self._revealing += 1
            generation, path, name = self._revealing, at.path, at.name

            def work() -> Message:
                try:
                    return ValueRead(generation, at, read_value(path, name))
                except Exception as error:  # noqa: BLE001 - whatever it is, it is no value
                    return ValueUnread(generation, type(error).__name__)

            run_in_thread(work, self.post_message)

    def on_value_read(self, message: ValueRead) -> None:
        """Show it, if the cursor is on its key still and the person is here."""
        secret, message.secret = message.secret, Secret(None)
        if message.generation != self._revealing or self._key_here() != message.at:
            return
        if not self.display or not self.screen.is_current:
            return
        self._shown = Shown(message.at, secret)
        self._hides = self.set_timer(SECONDS, self.hide_secrets)
        self._build()

    def on_value_unread(self, message: ValueUnread) -> None:
        """Say that it could not be read."""
        if message.generation == self._revealing:
            self._said = f"its value could not be read ({message.reason})"
            self._tell()

    def hide_secrets(self) -> None:
        """Hide what is shown, and drop what is being read."""
        if self._forget_value():
            self._build()

    def _forget_value(self) -> bool:
        """Forget the value, and return whether one was shown."""
        self._revealing += 1
        if self._hides is not None:
            self._hides.stop()
            self._hides = None
        shown, self._shown = self._shown, None
        return shown is not None

    # mending

    def _remedy(self) -> "Remedy | None":
        row = self.view.current
        mends: tuple[Remedy, ...] = getattr(row.about, "mends", ()) if row is not None else ()
        return mends[0] if mends else None

    def mend(self, operating: "Operating") -> "PlanRequest | DotenvValuesDialog | str":
        """Return what mends the row under the cursor; what needs values asks for them first."""
        remedy, report = self._remedy(), self.report
        if isinstance(self._found, ReadPending):
            return "the dotenv files are being read still"
        if remedy is None or report is None:
            return "nothing here is mended by a key: go to what is wrong with a file"
        self.hide_secrets()
        dialog = remedy_dialog(operating, remedy, report, self.look)
        return dialog or remedy_request(operating, remedy, {}, self.look)

    @on(LineList.Chosen)
    async def _chosen(self, event: LineList.Chosen) -> None:
        event.stop()
        await self.screen.run_action("reveal" if self._key_here() is not None else "mend")


def _key(environment: Environment) -> tuple[str, str | None]:
    return environment.path, environment.project.path
