"""Pictures of screens: an SVG, and beside it the same screen as text, so that it can be read."""

import asyncio
import os
import time

import made_up as made_up_module
import pytest
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from support.frames import leave_out_frames
from support.plans import take_any_yes

os.environ["TEXTUAL_ANIMATIONS"] = "none"


@pytest.fixture(autouse=True)
def _frames(monkeypatch):
    take_any_yes(monkeypatch)
    leave_out_frames(monkeypatch, whole_ones=True)
    monkeypatch.setattr("envdeck.tui.workers.operation_queue.PARALLEL", 2)


class Svg(SingleFileSnapshotExtension):
    _write_mode = WriteMode.TEXT
    file_extension = "svg"


class Screen(SingleFileSnapshotExtension):
    _write_mode = WriteMode.TEXT
    file_extension = "txt"


@pytest.fixture(scope="session")
def made_up():
    """Environments and sources in memory."""
    return made_up_module


def settled(app):
    """Whether there is nothing left that would change the picture."""
    main = app.main
    if not main.scan.feed.idle or main.scan.facts.phase != "done":
        return False
    detail = main.panes.detail
    if detail is None or not detail.display or not len(main.list.listing):
        return not main.panes.wide or detail is not None
    return (
        detail.environment is main.list.listing.current
        and type(detail.installed).__name__ == "ReadDone"
    )


def painted(app):
    """Return the screen as text."""
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


@pytest.fixture
def looks_as_before(snapshot, made_up):
    """Open the screen, press keys, and compare picture and text with those kept."""
    from envdeck.core.catalog import Scope
    from envdeck.text.safe import UNICODE
    from envdeck.tui import ScreenSettings
    from envdeck.tui.app import EnvDeck

    async def compare(
        size,
        *keys,
        source=None,
        operations=None,
        first=None,
        then=lambda app: True,
        **changes,
    ):
        if source is None:
            source = made_up.MemorySource(made_up.many(40))
        settings = ScreenSettings(
            **{"home": made_up.HOME, "now": lambda: made_up.NOW, "signs": UNICODE} | changes,
            read_only=operations is not None and operations.policy.read_only,
        )
        app = EnvDeck(
            source, Scope(("/home/ada/work",)), settings, operations and (lambda: operations)
        )

        async def until(condition):
            end = time.monotonic() + 60
            while not condition():
                assert time.monotonic() < end, "the screen never settled"
                await asyncio.sleep(0.005)

        async with app.run_test(size=size, notifications=True) as pilot:
            await until(lambda: settled(app))
            if first is not None:
                await first(pilot, until)
            for key in keys:
                await pilot.press(key)
            await until(lambda: then(app))
            if app.screen is app.main:
                await until(lambda: settled(app))
            await pilot.pause()
            text, before = painted(app), ""
            for _ in range(200):
                if text == before or app.screen is not app.main:
                    break
                # A bar that comes takes room, and all is laid out once more.
                await pilot.pause()
                await asyncio.sleep(0.02)
                text, before = painted(app), text
            svg = app.export_screenshot(title="EnvDeck", simplify=True)
        assert text + "\n" == snapshot(extension_class=Screen)
        assert svg == snapshot(extension_class=Svg)

    return compare
