"""The table of the packages of an environment, drawn as far as it is seen."""

from envdeck.core.model import Distribution
from envdeck.tui.panes.package_table import Choice, Columns
from envdeck.tui.widgets.line import Line
from envdeck.tui.widgets.line_list import LineList
from envdeck.tui.widgets.look import Look


class PackageList(LineList[Distribution]):
    """The table of packages."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look
        self.everything: tuple[Distribution, ...] = ()
        self.choice = Choice()
        self._columns: tuple[int, Columns] | None = None

    def take(self, distributions: tuple[Distribution, ...]) -> None:
        """Take other packages to choose from."""
        self.everything = distributions
        self._columns = None

    def columns(self, cells: int) -> Columns:
        """Return the columns for a width."""
        if self._columns is None or self._columns[0] != cells:
            self._columns = cells, Columns.fit(self.everything, cells)
        return self._columns[1]

    def key_of(self, row: Distribution) -> object:
        """A package is named by its metadata folder: two can have one name."""
        return row.path

    def heading(self, cells: int) -> Line | None:
        """The names of the columns."""
        return self.columns(cells).heading(self.choice, self.look) if self.everything else None

    def draw_row(self, row: Distribution, cells: int) -> Line:
        """One package."""
        return self.columns(cells).row(row, self.look)
