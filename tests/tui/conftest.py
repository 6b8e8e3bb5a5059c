"""An in-memory source, a frozen clock, and the screen over them without a terminal."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import ModuleType

import made_up as made_up_module
import pytest

from support.frames import leave_out_frames
from support.plans import take_any_yes

os.environ["TEXTUAL_ANIMATIONS"] = "none"


@pytest.fixture(autouse=True)
def _frames(monkeypatch):
    take_any_yes(monkeypatch)
    leave_out_frames(monkeypatch)
    monkeypatch.setattr("envdeck.tui.workers.operation_queue.PARALLEL", 2)


@pytest.fixture(scope="session")
def made_up() -> ModuleType:
    """Environments and sources in memory."""
    return made_up_module


async def until(condition: Callable[[], object], seconds: float = 60) -> None:
    """Wait until a condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        await asyncio.sleep(0.005)


@pytest.fixture
def open_screen(made_up):
    """Open the screen over a source; give its pilot once the scan is over (unless told not to)."""
    from envdeck.core.catalog import Scope
    from envdeck.text.safe import UNICODE
    from envdeck.tui import ScreenSettings
    from envdeck.tui.app import EnvDeck

    @asynccontextmanager
    async def opened(
        source=None,
        size=(120, 36),
        roots=("/home/ada/work",),
        settled=True,
        operations=None,
        **changes,
    ) -> AsyncIterator:
        source = made_up.MemorySource(made_up.many(20)) if source is None else source
        settings = ScreenSettings(
            **{"home": made_up.HOME, "now": lambda: made_up.NOW, "signs": UNICODE} | changes,
            read_only=operations is not None and operations.policy.read_only,
        )
        app = EnvDeck(source, Scope(tuple(roots)), settings, operations and (lambda: operations))
        async with app.run_test(size=size, notifications=True) as pilot:
            if settled:
                await until(lambda: app.main.scan.feed.idle and app.main.scan.facts.phase != "")
                await until(lambda: not app.main.panes.wide or app.main.panes.detail)
                await pilot.pause()
            yield pilot

    return opened


@pytest.fixture
def wait_until():
    """Wait until a condition holds."""
    return until
