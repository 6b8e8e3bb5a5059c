"""The first tab of the detail: everything known of one environment, in words."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.widget import Widget

from envdeck.core.model import Environment
from envdeck.tui.panes.detail_tab import DetailTab
from envdeck.tui.panes.installed import Installed
from envdeck.tui.panes.overview_lines import overview
from envdeck.tui.widgets.line import Line
from envdeck.tui.widgets.line_view import LineView
from envdeck.tui.widgets.look import Look


class OverviewLines(LineView):
    """The overview as lines, laid out anew for every width."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look
        self.environment: Environment | None = None
        self.installed: Installed | None = None

    def lay_out(self, cells: int) -> Sequence[Line]:
        """Return the overview for a width."""
        if self.environment is None or cells <= 0:
            return ()
        return overview(self.environment, self.installed, self.look, cells)


class Overview(DetailTab):
    """One environment, told from what matters most to where each figure was read."""

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self.view = OverviewLines(look)

    def compose(self) -> ComposeResult:
        """One view of lines."""
        yield self.view

    @property
    def entrance(self) -> Widget:
        """The lines, for scrolling."""
        return self.view

    def show(self, environment: Environment, installed: Installed | None) -> None:
        """Show an environment, from its first line where it is another one than before."""
        before = self.view.environment
        self.view.environment, self.view.installed = environment, installed
        self.view.lay_out_again()
        if before is None or before.path != environment.path:
            self.view.scroll_to(y=0, animate=False)
