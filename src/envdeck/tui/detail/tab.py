"""Base of a tab."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar, TypeAlias

from textual.binding import Binding
from textual.containers import Vertical
from textual.widget import Widget

from envdeck.core.lazy_dataclasses import dataclass, field, replace
from envdeck.core.model import Distribution, Environment
from envdeck.tui.base.actions import bindings
from envdeck.tui.widgets.line import Display, Line, OneLine, Part, Tone, clipped, flowed, wrapped

if TYPE_CHECKING:
    from envdeck.core.operations.api import Operations
    from envdeck.tui.base.services import PlanRequest
    from envdeck.tui.detail.dotenv_dialog import DotenvValuesDialog
    from envdeck.tui.dialogs.ask import BisectDialog, InstallDialog

TabRequest: TypeAlias = "PlanRequest | DotenvValuesDialog | InstallDialog | BisectDialog | str"
"""What an action of a tab asks for: an operation, a dialog first, or the reason why not."""


@dataclass(frozen=True, slots=True)
class ReadPending:
    """They are being read."""


@dataclass(frozen=True, slots=True)
class ReadDone:
    """They have been read."""

    distributions: tuple[Distribution, ...]

    @property
    def requested(self) -> int:
        """How many were asked for, as far as their installers record it."""
        return sum(distribution.requested for distribution in self.distributions)


@dataclass(frozen=True, slots=True)
class ReadFailure:
    """They could not be read."""

    reason: str


InstalledState: TypeAlias = ReadPending | ReadDone | ReadFailure


def tab_bindings(*ids: str) -> list[Binding]:
    """Return the bindings of actions that mean something in a tab and that the screen does."""
    return [replace(each, action=f"screen.command('{each.id}')") for each in bindings(*ids)]


class DetailTab(Vertical):
    """A tab of the detail. It is mounted when it is first opened, and told what to show."""

    DEFAULT_CSS = """
    DetailTab { height: 1fr; }
    """

    def __init__(self, look: Display) -> None:
        super().__init__()
        self.look = look
        self.offers: frozenset[str] = frozenset()
        """The actions of the registry that mean something of their own in it now."""

    def show(self, environment: Environment, installed: InstalledState | None) -> None:
        """Show an environment; called again as more of it becomes known."""
        raise NotImplementedError

    def left(self) -> None:
        """Answer to another tab being opened, or to there being no environment any more."""

    def read_again(self) -> None:
        """Answer to something having been changed: what is shown may not hold any more."""

    def request_fix(self, operating: "Operations", action: str = "mend") -> "TabRequest":
        """Return the operation that an action means for what is under the cursor, the dialog that
        asks for what it needs first, or why there is none."""
        del operating, action
        return "nothing to fix here"

    def reveal(self) -> None:
        """Show what is hidden under the cursor, or hide it again."""

    @property
    def typing(self) -> bool:
        """Whether letters go into a field of it."""
        return False

    @property
    def hints(self) -> dict[str, str]:
        """The actions worth a hint here, with their word if it is a special one."""
        return {}

    @property
    def entrance(self) -> Widget:
        """The widget that takes the focus when the tab is opened."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class TabRow:
    """One line; where it has a key, the cursor stands on it."""

    line: Line = field(default=(), repr=False)
    """Left out of how a row is written: messages carry rows, and a line may hold a secret."""
    key: object = None
    """What names it, whatever the width and whatever stands above it."""
    about: object = None
    """What it stands for."""


@dataclass(frozen=True, slots=True)
class LateRow:
    """A row whose line is made when it is seen: hundreds of them cost nothing."""

    make: Callable[[], Line]
    key: object
    about: object = None

    @property
    def line(self) -> Line:
        """Make the line."""
        return self.make()


AnyRow: TypeAlias = TabRow | LateRow
BLANK = TabRow()


def wrap_indented(
    line: Line, look: Display, cells: int, indent: int = 1, *, first: Line = ()
) -> Iterator[Line]:
    """Yield a line in as many as it takes, all set in by `indent`; `first` stands at the left
    of the first one instead of the blanks."""
    room = max(cells - indent - 1, 8)
    for number, piece in enumerate(wrapped(line, room, look.signs.ellipsis)):
        yield (*(first if first and not number else (Part(" " * indent),)), *piece)


def pieces(parts: Sequence[Line], look: Display, cells: int, indent: int) -> Iterator[Line]:
    """Yield pieces with separators between them, in lines set in by `indent`."""
    for line in flowed(parts, max(cells - indent - 1, 8), look.signs.ellipsis):
        if line:
            yield (Part(" " * indent), *line)


def heading(text: str, note: str = "") -> TabRow:
    """Return the heading above some rows."""
    return TabRow((Part(f" {text}", Tone.HEADING), Part(f"  {note}" if note else "", Tone.MUTED)))


class TabFooting(OneLine):
    """The line as a widget, cut where it is too long."""

    DEFAULT_CSS: ClassVar[str] = "TabFooting { padding: 0 1; }"

    def __init__(self, look: Display) -> None:
        super().__init__()
        self._look = look
        self.line: Line = ()

    def tell(self, line: Line) -> None:
        """Say something else."""
        if line != self.line:
            self.line = line
            self.refresh()

    def lay_out(self, cells: int) -> Line:
        """Return it, cut at the edge."""
        return clipped(self.line, cells - 2, self._look.signs.ellipsis)
