"""Every view over a project full of secrets: none shows one, or lets one into a picture."""

import asyncio
import html
import os
import re
import time
from contextlib import asynccontextmanager

import pytest

from envdeck.core.catalog import Catalog, Scope
from envdeck.core.dotenv import Remedy, RemedyKind
from envdeck.core.model import Ending, Policy
from envdeck.core.operations.api import Operations
from envdeck.core.system.host import Host
from envdeck.tui import ScreenSettings
from envdeck.tui.app import EnvDeck
from envdeck.tui.detail.dotenv import DotenvTab
from envdeck.tui.detail.dotenv_dialog import DotenvValuesDialog
from support.frames import leave_out_frames

VIEWS = {
    "1": "CPython",
    "2": "No packages",
    "3": "missing",
    "4": " keys",
    "c": "current packages, exact versions",
    "u": "the index",
    "n": "pyproject.toml",
    "d": "belongs to no",
    "O": "Operations",
    "H": "edit",
    "T": "edited",
    "i": "Interpreters",
    "m": "By manager",
    "e": "No unreadable paths",
    "question_mark": "search keys",
    "f12": "1 of 5",
    "ctrl+p": "Find an action",
}
"""The key of each view, and words that it shows once it has read what it shows."""
SIZES = ((120, 36), pytest.param((80, 24), marks=pytest.mark.slow))


@pytest.fixture(autouse=True)
def _frames(monkeypatch):
    leave_out_frames(monkeypatch)


@asynccontextmanager
async def opened(marked, size):
    variables = {"PATH": os.environ["PATH"], "UV_OFFLINE": "1", "PIP_NO_INDEX": "1"}
    host = Host("linux", str(marked.home), variables)
    catalog = Catalog(host)
    operations = Operations(catalog, Policy(offline=True))
    remedy = Remedy(RemedyKind.PRIVATE, str(marked.project / ".env"), str(marked.project))
    done = operations.run(operations.plan_remedy(remedy), lambda _event: None)
    assert done.status is Ending.DONE  # so that there is something in history and trash
    settings = ScreenSettings(home=host.home)
    app = EnvDeck(catalog, Scope((str(marked.home),)), settings, lambda: operations)
    async with app.run_test(size=size, notifications=True) as pilot:
        await until(lambda: app.main.scan.feed.idle and app.main.list.listing.current is not None)
        yield pilot


async def until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        await asyncio.sleep(0.01)


def picture(app):
    """Return what a picture of the screen says, and what every toast does."""
    svg = app.export_screenshot(simplify=True)
    return html.unescape(" ".join(re.findall(r">([^<]+)<", svg))).replace("\xa0", " ")


def lines(app):
    """Return what is on the screen itself, which is not taken through any picture."""
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip) for strip in strips)


async def seen(app, words):
    try:
        await until(lambda: words in lines(app))
    except AssertionError:
        raise AssertionError(f"{words!r} never came; there is:\n{lines(app)}") from None


async def tab_read(app):
    """Wait until the tab of dotenv files shows what it has read."""
    await until(
        lambda: app.main.panes.detail and getattr(app.main.panes.detail.tab, "report", None)
    )


@pytest.mark.parametrize("size", SIZES)
async def test_no_view_says_a_secret_or_keeps_one(marked, size):
    telling = {}
    async with opened(marked, size) as pilot:
        app = pilot.app

        def look(where):
            if told := marked.told(lines(app) + picture(app)):
                telling[where] = told

        for key, words in VIEWS.items():
            await pilot.press(key)
            await seen(app, words)
            look(key)
            for _ in range(12):
                await pilot.press("j")
            await pilot.pause()
            look(f"{key}, further down")
            for _ in range(9):  # what was typed in a view goes first
                if app.screen is not app.main:
                    await pilot.press("escape")
                    await pilot.pause()
            assert app.screen is app.main
            await pilot.press("escape")
        await pilot.press("4")
        await tab_read(app)
        await pilot.press("g", "f")
        await until(lambda: isinstance(app.screen, DotenvValuesDialog))
        await seen(app, "API_SECRET")
        look("values asked for")
        await pilot.press("escape")
        await until(lambda: app.screen is app.main)
        await pilot.press("w")
        await seen(app, "Secrets not in git")
        for _ in range(8):
            await pilot.press("j")
            await pilot.pause()
            look("walkthrough")
    assert telling == {}
    assert marked.kept() == {}


async def test_every_row_of_the_tab_is_masked(marked):
    async with opened(marked, (120, 36)) as pilot:
        app = pilot.app
        await pilot.press("4")
        await tab_read(app)
        for _ in range(60):
            await pilot.press("j")
            await pilot.pause()
            assert marked.told(lines(app) + picture(app)) == []


async def test_a_revealed_value_gets_into_no_picture_and_goes_with_the_cursor(marked):
    async with opened(marked, (120, 36)) as pilot:
        app = pilot.app
        await pilot.press("4")
        await tab_read(app)
        tab = app.main.panes.detail.tab
        assert isinstance(tab, DotenvTab)
        for _ in range(80):
            await pilot.press("p")
            await pilot.pause(0.02)
            if marked.told(lines(app)):
                break
            await pilot.press("j")
        assert marked.told(lines(app)), "no value was ever shown"
        assert marked.told(picture(app)) == []
        await pilot.press("p")
        await until(lambda: marked.told(lines(app)))
        await pilot.press("j")
        await pilot.pause()
        assert marked.told(lines(app)) == []
    assert marked.kept() == {}
