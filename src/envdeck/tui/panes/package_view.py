"""The page of one package, with a cursor over the trees that lead to others."""

from textual.events import Resize

from envdeck.core.model import Distribution
from envdeck.tui.panes.package_page import PageRow, page
from envdeck.tui.widgets.line import Line
from envdeck.tui.widgets.line_list import LineList
from envdeck.tui.widgets.look import Look


class PackagePage(LineList[PageRow]):
    """One package: what it is, why it is here, what it needs."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look
        self.everything: tuple[Distribution, ...] = ()
        self.package: Distribution | None = None
        self._cells = 0

    def open(self, package: Distribution, everything: tuple[Distribution, ...]) -> None:
        """Show a package among all those installed, from the top."""
        self.package, self.everything = package, everything
        self._cells = 0
        self._build(("why", 0))
        self.scroll_to(y=0, animate=False)

    def _build(self, key: object = None) -> None:
        cells = self.cells
        if self.package is not None and cells and cells != self._cells:
            self._cells = cells
            self.show_rows(page(self.package, self.everything, self.look, cells), key)

    def on_resize(self, event: Resize) -> None:
        """Tell it for the new width."""
        super().on_resize(event)
        self._build()

    def can_choose(self, row: PageRow) -> bool:
        """The rows of the trees."""
        return row.place is not None

    def key_of(self, row: PageRow) -> object:
        """A place in a tree, whatever stands above it."""
        return row.place

    def draw_row(self, row: PageRow, cells: int) -> Line:
        """The line is drawn already."""
        del cells
        return row.line
