"""What every tab of the detail is: a view that shows one environment and its packages."""

from textual.containers import Vertical
from textual.widget import Widget

from envdeck.core.model import Environment
from envdeck.tui.panes.installed import Installed
from envdeck.tui.widgets.look import Look


class DetailTab(Vertical):
    """A tab of the detail. It is mounted when it is first opened, and told what to show."""

    DEFAULT_CSS = """
    DetailTab { height: 1fr; }
    """

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look

    def show(self, environment: Environment, installed: Installed | None) -> None:
        """Show an environment; called again as more of it becomes known."""
        raise NotImplementedError

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
