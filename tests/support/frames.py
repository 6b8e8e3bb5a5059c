"""Frames that nobody looks at."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from textual._compositor import Compositor
from textual.app import App
from textual.pilot import Pilot


def leave_out_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    """Paint whole screens, those that a test looks at and the last one, and no change between.

    Half of what a test with a screen takes would be lines that are painted over unseen.
    """
    run_test = App.run_test

    def left_out(compositor: Compositor) -> None:
        compositor._dirty_regions.clear()

    @asynccontextmanager
    async def running(app: App, **how: object) -> AsyncGenerator[Pilot]:
        async with run_test(app, **how) as pilot:
            yield pilot
            if app.is_running:
                app.screen._compositor.render_strips()

    monkeypatch.setattr(Compositor, "render_partial_update", left_out)
    monkeypatch.setattr(App, "run_test", running)
