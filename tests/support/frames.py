"""Frames that nobody looks at, and time in which nothing happens."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from weakref import WeakSet

import pytest
import textual.app
import textual.pilot
from textual.app import App
from textual.cache import LRUCache
from textual.css.stylesheet import Stylesheet
from textual.pilot import Pilot

from support.clock import idle_time_skipped
from support.private_names import find_private

Compositor = find_private("textual._compositor:Compositor")
visible_screen_stack = find_private("textual._context:visible_screen_stack")
for _name in (
    "textual._compositor:Compositor.render_full_update",
    "textual._compositor:Compositor.render_partial_update",
    "textual.css.stylesheet:Stylesheet.set_variables",
    "textual.pilot:wait_for_idle",
    "textual.app:wait_for_idle",
):
    find_private(_name)

_PARSED: dict[frozenset[tuple[str, str]], LRUCache] = {}
"""The style sheets that were parsed, by the colours that they were parsed with."""


def leave_out_frames(monkeypatch: pytest.MonkeyPatch, *, whole_ones: bool = False) -> None:
    """Draw each screen once when it comes to rest, the main one and the last one at the end, and
    no change between; pass over the time in which nothing happens; parse styles once.

    With `whole_ones` every whole screen is painted: the styles of a picture are numbered as they
    were met.

    Half of what a test with a screen takes would be lines that are painted over unseen, and most of
    the rest would be waiting for timers.
    """
    run_test, paint, rest = App.run_test, Compositor.render_full_update, textual.pilot.wait_for_idle
    painted: WeakSet[Compositor] = WeakSet()
    waiting: list[tuple[Compositor, list]] = []
    apps: list[App] = []

    def draw(compositor: Compositor) -> None:
        """Have every widget draw its lines, and put no screen together of them."""
        for _ in compositor._get_renders():
            pass

    def left_out(compositor: Compositor) -> None:
        compositor._dirty_regions.clear()

    def put_off(compositor: Compositor, simplify: bool = False) -> object:
        if simplify:  # a picture is taken
            return paint(compositor, simplify)
        left_out(compositor)
        if compositor not in painted:
            painted.add(compositor)
            waiting.append((compositor, visible_screen_stack.get()))
        return None

    async def wait_for_idle(*given: float) -> None:
        await rest(*given)
        main = getattr(apps[-1], "main", None) if apps else None
        draw_waiting(except_for=main and main._compositor)

    def draw_waiting(except_for: object) -> None:
        for one in waiting[:]:
            compositor, below = one
            if compositor is not except_for:
                waiting.remove(one)
                visible_screen_stack.set(below)
                draw(compositor)

    set_variables = Stylesheet.set_variables

    def share_parsed(sheet: Stylesheet, variables: dict[str, str]) -> None:
        sheet._parse_cache = LRUCache(1)  # what was shared is cleared no more
        set_variables(sheet, variables)
        sheet._parse_cache = _PARSED.setdefault(frozenset(variables.items()), LRUCache(1024))

    @asynccontextmanager
    async def running(app: App, **how: object) -> AsyncGenerator[Pilot]:
        with idle_time_skipped(asyncio.get_running_loop()):
            apps.append(app)
            async with run_test(app, **how) as pilot:
                yield pilot
                if app.is_running:
                    draw_waiting(except_for=app.screen._compositor)
                    draw(app.screen._compositor)

    monkeypatch.setattr(Compositor, "render_partial_update", left_out)
    if not whole_ones:
        monkeypatch.setattr(Compositor, "render_full_update", put_off)
    for module in (textual.app, textual.pilot):
        monkeypatch.setattr(module, "wait_for_idle", wait_for_idle)
    monkeypatch.setattr(Stylesheet, "set_variables", share_parsed)
    monkeypatch.setattr(App, "run_test", running)
