"""'My project broke, why?', as somebody asks it who has just opened the demo: keys are counted."""

import asyncio
import os
import time

import pytest

from envdeck.core.catalog import Catalog, Scope
from envdeck.core.operations.api import Operations
from envdeck.text.safe import UNICODE
from support.frames import leave_out_frames
from support.plans import take_any_yes

os.environ["TEXTUAL_ANIMATIONS"] = "none"
PATIENCE = 60
MOST_KEYS = 6


@pytest.fixture(autouse=True)
def _frames(monkeypatch):
    take_any_yes(monkeypatch)
    leave_out_frames(monkeypatch)


class Person:
    """Presses a key once the screen shows what it is for."""

    def __init__(self, pilot) -> None:
        self.pilot = pilot
        self.keys: list[str] = []

    def sees(self, *words: str) -> bool:
        strips = self.pilot.app.screen._compositor.render_strips()
        text = "\n".join(strip.text for strip in strips)
        return all(one in text for one in words)

    async def press(self, key: str, *until: str) -> None:
        self.keys.append(key)
        await self.pilot.press(key)
        await self.wait(*until)

    async def wait(self, *words: str) -> None:
        end = time.monotonic() + PATIENCE
        while not self.sees(*words):
            assert time.monotonic() < end, f"never saw {words} after {self.keys}"
            await asyncio.sleep(0.02)
        await self.pilot.pause()


@pytest.mark.parametrize("size", [(80, 24), pytest.param((120, 36), marks=pytest.mark.slow)])
async def test_why_it_broke_is_known_after_six_keys_and_fixed_after_two_more(broken_demo, size):
    from envdeck.tui import ScreenSettings
    from envdeck.tui.app import EnvDeck

    host = broken_demo.host
    catalog = Catalog(host, broken_demo.index)
    operations = Operations(catalog)
    settings = ScreenSettings(home=host.home, now=host.now, signs=UNICODE)
    app = EnvDeck(catalog, Scope(health=True), settings, lambda: operations)
    async with app.run_test(size=size, notifications=True) as pilot:
        person = Person(pilot)
        await person.wait("receipts", "2 environments")
        await person.press("P", "huewheel is not installed")
        await person.press("j")
        await person.press("enter", "requires numera")
        await person.press("6", "- huewheel")
        await person.press("b", "pytest", "huewheel, numera")
        await person.press("enter", "Found in", "huewheel 2.18.0")
        assert len(person.keys) <= MOST_KEYS
        assert person.sees("f: pin huewheel==2.18.0")
        await person.press("f", "Steps", "huewheel  not installed  2.18.0")
        await person.press("y")
        await person.wait("installed 1 package")
    path = broken_demo.environment("broke")
    found = catalog.lookup(path)
    assert "huewheel" in {one.name for one in catalog.distributions(found)}
