"""The fourth tab of the detail: the dotenv files of the project, every value hidden."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from textual.widget import Widget

from envdeck.core.dotenv.report import reveal
from envdeck.core.model import Environment
from envdeck.core.system import reach
from envdeck.text.operation import remedy_words
from envdeck.tui.base.messages import HintsChanged
from envdeck.tui.base.services import CatalogSource
from envdeck.tui.detail.dotenv_dialog import remedy_dialog
from envdeck.tui.detail.dotenv_view import KeyAt, Shown, dotenv_rows
from envdeck.tui.detail.project_view import say
from envdeck.tui.detail.reader import ProjectRequest, ReadTab
from envdeck.tui.detail.tab import InstalledState, ReadFailure, ReadPending, TabRow
from envdeck.tui.dialogs.requests import remedy_request
from envdeck.tui.widgets.fields import Hiding, Secret
from envdeck.tui.widgets.line import Display, Line, Part, Tone, joined
from envdeck.tui.workers.latest import IsDropped, Latest

if TYPE_CHECKING:
    from textual.timer import Timer

    from envdeck.core.dotenv.model import DotenvReport, Remedy
    from envdeck.core.operations.api import Operations
    from envdeck.tui.base.services import PlanRequest
    from envdeck.tui.detail.dotenv_dialog import DotenvValuesDialog

SECONDS = 30.0
"""How long a value is shown."""


def read_value(path: str, name: str) -> Secret:
    """Read what stands behind a key now; called in a thread."""
    return Secret(reveal(path, name))


class Peek:
    """The one value that is shown, for a time. It is read for that alone, and held in one place,
    which is emptied when it is hidden or comes too late."""

    def __init__(
        self,
        owner: Widget,
        wanted: Callable[[KeyAt], bool],
        changed: Callable[[], object],
        failed: Callable[[str], object],
    ) -> None:
        """Take who shows it, who tells whether that of a key still is to be shown, who is told
        that it is shown or hidden, and who is told why it could not be read."""
        self.shown: Shown | None = None
        self._owner = owner
        self._wanted = wanted
        self._changed = changed
        self._failed = failed
        self._secret = Secret(None)
        self._hides: Timer | None = None
        self._latest = Latest(owner, self._show)

    def show(self, at: KeyAt) -> None:
        """Show the value behind a key, once it was read."""
        self.forget()
        secret = self._secret = Secret(None)

        def read(stopped: IsDropped) -> tuple[KeyAt, str]:
            try:
                secret.text = read_value(at.path, at.name).text
            except Exception as error:  # noqa: BLE001 - whatever it is, it is no value
                return at, type(error).__name__  # its own words could quote the file
            if stopped():
                secret.text = None
            return at, ""

        self._latest.request(read)

    def _show(self, read: tuple["KeyAt", str]) -> None:
        at, problem = read
        if problem:
            self._failed(f"cannot read the value ({problem})")
        elif self._wanted(at):
            self.shown = Shown(at, self._secret)
            self._hides = self._owner.set_timer(SECONDS, self.hide)
            self._changed()
        else:
            self.forget()

    def hide(self) -> None:
        """Hide what is shown, and drop what is being read."""
        if self.forget():
            self._changed()

    def forget(self) -> bool:
        """Forget the value, and return whether one was shown."""
        self._latest.cancel()
        self._secret.text = None
        if self._hides is not None:
            self._hides.stop()
            self._hides = None
        shown, self.shown = self.shown, None
        return shown is not None


class DotenvTab(ReadTab["DotenvReport"], Hiding):
    """Files, findings and keys; one value at a time, only while the cursor is on its key.

    What is revealed is read again at that moment, stands in this widget and its rows alone, and
    is gone from both as soon as it is hidden.
    """

    def __init__(self, look: Display, source: CatalogSource) -> None:
        super().__init__(look, partial(_read, source))
        self.offers = frozenset({"mend", "reveal"})
        self.peek = Peek(self, self._may_show, self.build, self._warn)
        self._peeked_into: object = None
        """What was read when the value was shown."""
        self._said = ""

    @property
    def hints(self) -> dict[str, str]:
        """The keys for a value and for fixing, where there is anything."""
        if self.view.current is None:
            return {}
        word = "hide" if self.peek.shown is not None else ""
        return {"reveal": word, "mend": ""}

    @property
    def report(self) -> "DotenvReport | None":
        """What is shown, once it was read."""
        return self.reading.found

    def show(self, environment: Environment, installed: InstalledState | None) -> None:
        """Show the files of an environment's project."""
        del installed
        self.reading.show(environment, ())

    def left(self) -> None:
        """Hide what is shown, and read nothing more."""
        super().left()
        self.hide_secrets()

    # showing

    def build(self, *, again: bool = False) -> None:
        """Lay the rows out; a value of what was read before is shown no more."""
        if self._peeked_into is not self.reading.state:
            self._peeked_into = self.reading.state
            self.peek.forget()
        super().build(again=again)

    def lay(self, environment: Environment, cells: int) -> list[TabRow]:
        """Return the rows."""
        match self.reading.state:
            case ReadPending():
                words = f"Reading .env files{self.look.signs.ellipsis}"
                return say([(Part(words, Tone.MUTED),)], self.look, cells)
            case ReadFailure(reason):
                why = f"{self.look.signs.broken} Cannot read .env files: {reason}"
                again = Part(self.look.key("refresh"), Tone.HEADING), Part(": try again")
                return say([(Part(why, Tone.ERROR),), again], self.look, cells)
            case report:
                return dotenv_rows(report, self.peek.shown, self.look, cells)

    def row_moved(self) -> None:
        """Hide a value that the cursor has left."""
        if self.peek.shown is not None and self._key_here() != self.peek.shown.at:
            self.hide_secrets()
        self._said = ""
        self.tell()

    def tell(self) -> None:
        """Say what the keys do with the row under the cursor."""
        told: list[Line] = []
        at, shown = self._key_here(), self.peek.shown
        if self._said:
            told.append((Part(f"{self.look.signs.warning} {self._said}", Tone.WARNING),))
        if at is not None:
            word = f": reveal value for {SECONDS:.0f} s" if shown is None else ": hide value"
            told.append((Part(self.look.key("reveal"), Tone.HEADING), Part(word, Tone.MUTED)))
        remedy = self._remedy()
        if remedy is not None:
            verb, what = remedy_words(remedy, self.look.home)
            words = f": {verb} {what}"
            told.append((Part(self.look.key("mend"), Tone.HEADING), Part(words, Tone.MUTED)))
        self.footing.tell(joined(told))
        self.post_message(HintsChanged())

    # revealing

    def _key_here(self) -> KeyAt | None:
        row = self.view.current
        if row is None or self.report is None:
            return None
        return row.about if isinstance(row.about, KeyAt) else None

    def reveal(self) -> None:
        """Show the value behind the key under the cursor, or hide it again."""
        at = self._key_here()
        if self.peek.shown is not None:
            self.hide_secrets()
        elif at is None:
            self._warn("select a key first")
        else:
            self.peek.show(at)

    def _warn(self, text: str) -> None:
        self._said = text
        self.tell()

    def _may_show(self, at: KeyAt) -> bool:
        """Whether the cursor is on its key still, and the person is here."""
        return self._key_here() == at and self.display and self.screen.is_current

    def hide_secrets(self) -> None:
        """Hide what is shown, and drop what is being read."""
        self.peek.hide()

    # fixing

    def _remedy(self) -> "Remedy | None":
        row = self.view.current
        fixes: tuple[Remedy, ...] = getattr(row.about, "fixes", ()) if row is not None else ()
        return fixes[0] if fixes else None

    def request_fix(
        self, operating: "Operations", action: str = "mend"
    ) -> "PlanRequest | DotenvValuesDialog | str":
        """Return what fixes the row under the cursor; what needs values asks for them first."""
        del action
        remedy, report = self._remedy(), self.report
        if isinstance(self.reading.state, ReadPending):
            return "still reading .env files"
        if remedy is None or report is None:
            return "select a problem to fix"
        self.hide_secrets()
        dialog = remedy_dialog(operating, remedy, report, self.look)
        return dialog or remedy_request(operating, remedy, {}, self.look)

    def action_of(self, row: TabRow | None) -> str:
        """A key shows its value, what is wrong is fixed."""
        return "reveal" if self._key_here() is not None else super().action_of(row)


def _read(source: CatalogSource, request: ProjectRequest) -> "DotenvReport":
    """Read the files; called in a thread."""
    environment = request[0]
    report = source.dotenv(environment.project.path or "", environment.path)
    if not report.files and not reach.isdir(report.project):
        raise FileNotFoundError("project not found")
    return report
