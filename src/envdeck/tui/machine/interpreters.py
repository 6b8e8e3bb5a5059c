"""The interpreters view: the Pythons that environments rest on, and what they carry."""

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from textual.binding import BindingType

from envdeck.core.model import Environment, Interpreter
from envdeck.text import counted
from envdeck.tui.base.actions import bindings
from envdeck.tui.base.messages import FilterRequested
from envdeck.tui.base.services import CatalogSource
from envdeck.tui.machine.groups import InterpreterBase, add_dependants, bases, query_for
from envdeck.tui.machine.interpreters_view import (
    BaseDetailRow,
    BaseRow,
    base_detail,
    base_rows,
    draw_base,
    empty_text,
    heading,
)
from envdeck.tui.widgets.line import Display, Line, Part, Tone
from envdeck.tui.widgets.line_list import DrawnList, LineList
from envdeck.tui.widgets.list_detail import ListDetailScreen
from envdeck.tui.workers.latest import Latest


class BaseList(LineList[BaseRow]):
    """The bases, those that are gone below."""

    def __init__(self, look: Display) -> None:
        super().__init__()
        self.look = look

    def heading(self, cells: int) -> Line | None:
        """The names of the columns."""
        return heading(cells) if self.rows else None

    def can_choose(self, row: BaseRow) -> bool:
        """Bases, and not the title."""
        return row.base is not None

    def key_of(self, row: BaseRow) -> object:
        """A base is named by its path and version: one prefix can hold several."""
        base = row.base
        return base and (base.path, base.interpreter and base.interpreter.version)

    def draw_row(self, row: BaseRow, cells: int) -> Line:
        """One base."""
        return draw_base(row, cells, self.look)


class BaseDetail(DrawnList[BaseDetailRow]):
    """What one base carries, and what rests on it."""

    def __init__(self, look: Display) -> None:
        self.base: InterpreterBase | None = None
        self._unfolded = False

        def make(cells: int) -> list[BaseDetailRow]:
            base = self.base
            return [] if base is None else base_detail(base, look, cells, unfolded=self._unfolded)

        super().__init__(make)

    def show(self, base: InterpreterBase | None) -> None:
        """Show a base."""
        if base == self.base:
            return
        another = self.base is None or base is None or base.path != self.base.path
        news = another or (self.base is not None and not self.base.dependants)
        self.base = base
        self._unfolded = self._unfolded and not another
        self.build(base.dependants[0].path if base and base.dependants and news else None)
        if another:
            self.scroll_to(y=0, animate=False)

    def unfold(self) -> None:
        """Show every name installed globally."""
        self._unfolded = True
        self.build()


class InterpretersScreen(ListDetailScreen[BaseList, BaseDetail]):
    """Bases above, all about one of them below.

    Posts :class:`~envdeck.tui.messages.FilterRequested` for the environment chosen; whoever
    answers it closes the screen.
    """

    DEFAULT_CSS = """
    InterpretersScreen > .above { height: auto; max-height: 45%; }
    InterpretersScreen.-nothing > .above { height: 1fr; max-height: 100%; }
    """
    WHY_NOT: ClassVar[Mapping[str, str]] = {"sort": "interpreters stand by version"}
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("interpreters", "recreate")]

    def __init__(
        self,
        source: CatalogSource,
        environments: Sequence[Environment],
        interpreters: Sequence[Interpreter],
        *,
        look: Display | None = None,
        recreate: Callable[[Sequence[Environment]], object] | None = None,
    ) -> None:
        """`recreate` lets a person choose from what environments are recreated."""
        look = look or Display.current()
        super().__init__(look, BaseList(look), BaseDetail(look))
        self._recreate = recreate
        self.source = source
        self._environments = tuple(environments)
        self._bases = bases(interpreters)
        self._latest = Latest(self, self._show)

    def on_mount(self) -> None:
        """Show the bases, and work out beside the screen what rests on them."""
        keys = {"open": "details", "recreate": "recreate all that use it", "next_pane": ""}
        self.keys.tell({**keys, "back": "", "help": ""})
        self.table.say_instead((Part(empty_text(self.look), Tone.MUTED),))
        self._show(self._bases)
        known, environments = self._bases, self._environments
        self._latest.request(lambda _stopped: add_dependants(known, environments))

    def _show(self, found: list[InterpreterBase]) -> None:
        """Show bases; the cursor stays on its own."""
        self._bases = found
        self.table.show_rows(base_rows(found))
        self.set_class(not found, "-nothing")
        self.tell()

    def tell(self) -> None:
        """Say how many there are, and what rests on those that are gone."""
        here = sum(not base.gone for base in self._bases)
        gone = len(self._bases) - here
        parts = [Part("Interpreters", Tone.STRONG), Part(f"   {here:,} found")]
        if gone:
            resting = sum(len(base.dependants or ()) for base in self._bases if base.gone)
            text = f" · {gone:,} missing, used by {counted(resting, 'environment')}"
            parts.append(Part(text, Tone.ERROR))
        self.title_label.show(tuple(parts))

    def row_moved(self) -> None:
        """Show another one below."""
        if self.table.current is not None:
            self.about.show(self.table.current.base)

    def row_chosen(self, row: object) -> None:
        """Look into a base, or list the environments of a row below."""
        match row:
            case BaseDetailRow(environment=Environment(path=path)):
                self.post_message(FilterRequested(query_for(path)))
            case BaseDetailRow(query=str(query)):
                self.post_message(FilterRequested(query))
            case BaseDetailRow(unfolds=True):
                self.about.unfold()
            case BaseRow():
                self.to_pane(above=False)
            case _:
                return

    def action_recreate(self) -> None:
        """Choose from what all environments that use this interpreter are recreated; below, the one
        under the cursor."""
        row, below = self.table.current, self.about.current if self.about.has_focus else None
        base = None if row is None else row.base
        targets = () if base is None else base.dependants or ()
        if below is not None and below.environment is not None:
            targets = (below.environment,)
        if targets and self._recreate is not None:
            self._recreate(targets)
        else:
            looking = base is not None and base.dependants is None
            said = (
                "still looking which environments use it" if looking else "no environment uses it"
            )
            self.notify(said, markup=False)

    action_interpreters = ListDetailScreen.action_dismiss  # the key that opened it closes it
