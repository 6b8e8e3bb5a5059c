"""The screen. Nothing here imports Textual until :func:`run` is called."""

from __future__ import annotations

import gc
import sys
from typing import TYPE_CHECKING

from envdeck.tui.settings import ScreenSettings

if TYPE_CHECKING:
    from envdeck.core.catalog import Scope
    from envdeck.tui.source import Source

_SWITCH = 0.001
"""Seconds a thread may hold the interpreter while another one waits; five times less than usual."""

__all__ = ["ScreenSettings", "run"]


def run(source: Source, scope: Scope, settings: ScreenSettings) -> int:
    """Open the screen, and return the exit code once it is closed.

    The collector rests until the first frame is shown, and never looks at what was there by
    then: it would walk some hundred thousand objects that live as long as the program does.
    """
    gc.disable()
    from envdeck.tui.app import EnvDeck
    from envdeck.tui.ending import ending_on_signals

    # A scan in its thread must hand over quickly, or every key press waits for it.
    sys.setswitchinterval(_SWITCH)
    app = EnvDeck(source, scope, settings)
    with ending_on_signals(app.end):
        app.run()
    return app.return_code or 0
