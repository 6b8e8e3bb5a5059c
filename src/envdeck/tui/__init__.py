"""The screen. Nothing here imports Textual until :func:`run` is called."""

from __future__ import annotations

import gc
import sys
from typing import TYPE_CHECKING

from envdeck.tui.base.services import ScreenSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from envdeck.core.catalog import Scope
    from envdeck.core.operations.api import Operations
    from envdeck.tui.base.services import CatalogSource

_SWITCH = 0.001
"""Seconds a thread may hold the interpreter while another one waits; five times less than usual."""

_COLLECTED = (1_000, 10, 100)
"""After how many new objects, and how many younger collections, the collector looks. The oldest
are hundreds of thousands, and walking them all holds the screen for 30 ms: rarely is enough."""

__all__ = ["ScreenSettings", "prepare", "run_screen"]


def prepare() -> None:
    """Set the interpreter up for a screen that does not stall; before anything else is imported.

    The collector rests until the first frame is shown, and never looks at what was there by
    then: it would walk some hundred thousand objects that live as long as the program does.
    A thread must hand over quickly, or every key press waits for it.
    """
    gc.disable()
    gc.set_threshold(*_COLLECTED)
    sys.setswitchinterval(_SWITCH)


def run_screen(
    source: CatalogSource,
    scope: Scope,
    settings: ScreenSettings,
    operations: Callable[[], Operations] | None = None,
) -> int:
    """Open the screen, and return the exit code once it is closed.

    `operations` opens what changes environments, once the first frame is shown; without it
    nothing can be changed. What is still being done when it closes
    is given up and waited for, for as long as is decent; the next start clears up the rest.
    """
    prepare()
    # start-up: settings are read before Textual is
    from envdeck.tui.app import EnvDeck, run_to_end

    return run_to_end(EnvDeck(source, scope, settings, operations))
