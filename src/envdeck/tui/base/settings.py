"""What a person can choose about the screen, handed over by the command line."""

import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from envdeck.config.load import ScreenState
from envdeck.text.safe import UNICODE, Signs


def _keep_nothing(_theme: str) -> None:
    """Stand in for the configuration where there is none to write to."""


def _keep_no_answer() -> None:
    """Stand in for the file that says that the tour was offered."""


def _keep_no_state(_state: ScreenState) -> str | None:
    """Stand in for the file of what was chosen."""
    return None


class ScreenSettings(NamedTuple):
    """Typed, with a default for everything."""

    home: str
    """Written as `~` in paths."""
    theme: str | None = None
    """A Textual theme, or None for the default (`ansi-dark` where `NO_COLOR` is set)."""
    keys: Mapping[str, str] = MappingProxyType({})
    """Keys by action, as in `{"mark": "space,m"}`; `keymap.validate_keys` says what is wrong."""
    columns: tuple[str, ...] = ()
    """Columns of the list in their order; none given means all."""
    save_theme: Callable[[str], None] = _keep_nothing
    """Called when the person chose another theme."""
    now: Callable[[], float] = time.time
    signs: Signs = UNICODE
    no_color: bool = False
    """Whether `NO_COLOR` is set."""
    read_only: bool = False
    """Whether nothing may be changed."""
    label: str = ""
    """What the summary says it is besides EnvDeck: `demo`; nothing where it is empty."""
    project: str = ""
    """A project whose walkthrough is in front when it opens; none where it is empty."""
    state: ScreenState = ScreenState()
    """What was chosen on the screen before."""
    save_state: Callable[[ScreenState], str | None] = _keep_no_state
    """Called, in a thread, when something else was chosen; returns why it cannot be kept."""
    tour: bool = False
    """Whether the tour is offered once the list is shown."""
    tour_answered: Callable[[], None] = _keep_no_answer
    """Called, in a thread, once that was answered."""
