"""Make the pictures of the main views, as SVG and PNG beside this file.

    python screenshots/make.py [NAME …]

It builds the demo (`envdeck demo`), lets EnvDeck look at it, and presses keys. It needs
the `dev` extra, and the font DejaVu Sans Mono for the PNG.
"""

import asyncio
import getpass
import html
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

os.environ["TEXTUAL_ANIMATIONS"] = "none"
for _name in ("NO_COLOR", "FORCE_COLOR", "TEXTUAL_THEME"):
    os.environ.pop(_name, None)

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE)]

import resvg_py  # noqa: E402 - the environment variables come first
from pictured import Pictured, steady_ids  # noqa: E402
from textual.pilot import Pilot  # noqa: E402
from textual.widgets import Input  # noqa: E402

from envdeck.core.catalog import Catalog, Scope  # noqa: E402
from envdeck.core.model import Event, Finished, Progress  # noqa: E402
from envdeck.core.operations.api import Operations  # noqa: E402
from envdeck.core.system.host import Host  # noqa: E402
from envdeck.demo import Demo, build_demo  # noqa: E402
from envdeck.text.safe import UNICODE  # noqa: E402
from envdeck.tui import ScreenSettings  # noqa: E402
from envdeck.tui.app import EnvDeck  # noqa: E402
from envdeck.tui.base.actions import BY_ID  # noqa: E402
from envdeck.tui.detail.tab import ReadDone  # noqa: E402
from envdeck.tui.dialogs import plan  # noqa: E402
from envdeck.tui.widgets.line_list import LineList  # noqa: E402

plan.UNREAD = 0  # the hand reads a plan as soon as it is there
WIDE, NARROW = (120, 36), (80, 24)
PATIENCE = 30.0
"""Seconds to wait for anything before giving up."""
FONT = "DejaVu Sans Mono"
NOW = 1_795_000_000.0
"""A frozen clock: 2026-11-18T11:06:40Z."""


class Steady(Catalog):
    """A catalog whose scans always say that they took the same time, which is about what they
    take: a picture then changes only when the screen does."""

    __slots__ = ()

    def scan(self, scope: Scope, stopped: Callable[[], bool] = lambda: False) -> Iterator[Event]:
        """Look as ever."""
        for event in super().scan(scope, stopped):
            timed = isinstance(event, Finished | Progress)
            yield replace(event, elapsed=0.4) if timed else event


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: how to get to what it shows."""

    name: str
    size: tuple[int, int]
    keys: Callable[["Hand"], Awaitable[None]]
    theme: str | None = None
    changes: bool = False
    """Whether it changes the home, so that it needs one of its own: asking uv for upgrades uses
    the environment."""
    pictured: bool = False
    """Whether something in it is made up, or stands still: see `pictured.py`."""
    onboard: bool = False
    """Whether the walkthrough of the fresh clone is in front."""


@dataclass(frozen=True, slots=True)
class Hand:
    """Presses keys, and waits until what they ask for is there."""

    pilot: Pilot[None]

    @property
    def app(self) -> EnvDeck:
        """The program in the picture."""
        app = self.pilot.app
        if not isinstance(app, EnvDeck):
            raise TypeError(app)
        return app

    async def press(self, *keys: str) -> None:
        """Press keys one after the other."""
        for key in keys:
            await self.pilot.press(key)
        await self.settle()

    async def type(self, text: str) -> None:
        """Type a text."""
        names = {" ": "space", "<": "less_than_sign", ">": "greater_than_sign", "-": "minus"}
        await self.press(*(names.get(letter, letter) for letter in text))

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until a condition holds."""
        end = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > end:
                raise TimeoutError("what the picture should show did not come")
            await asyncio.sleep(0.01)

    async def settle(self) -> None:
        """Wait until the detail has followed, and everything is painted."""
        main = self.app.main
        await self.until(lambda: main.scan.feed.idle and main.scan.facts.phase == "done")
        await self.until(lambda: main.scan.facts.totals.freed is not None)
        if main.panes.detail is not None and (main.panes.wide or main.panes.inside):
            await self.until(self._followed)
        await self.pilot.pause()

    async def see(self, words: str) -> None:
        """Wait until words are on the screen."""
        await self.until(lambda: words in self._seen())
        await self.pilot.pause()

    async def down_to(self, words: str) -> None:
        """Move the cursor down until words are on the screen."""
        for _ in range(60):
            if words in self._seen():
                return
            await self.press("j")
        raise LookupError(words)

    def _seen(self) -> str:
        shown = self.app.export_screenshot(simplify=True)
        words = html.unescape(" ".join(re.findall(r">([^<]+)<", shown)))
        return words.replace("\xa0", " ")

    def under_cursor(self) -> str:
        """Return what the row under the cursor of the list in front says."""
        view = self.app.screen.query_one(LineList)
        return str(view.current)

    def _followed(self) -> bool:
        main = self.app.main
        detail, current = main.panes.detail, main.list.listing.current
        shown = detail and detail.environment
        return shown == current and (shown is None or isinstance(detail.installed, ReadDone))

    async def go_to(self, ending: str) -> None:
        """Move the cursor down to the environment whose path ends so."""
        listing = self.app.main.list.listing
        await self.pilot.press("g")
        for _ in range(len(listing)):
            if listing.current is not None and listing.current.path.endswith(ending):
                break
            await self.pilot.press("j")
        else:
            raise LookupError(f"no environment ends in {ending}")
        await self.settle()


async def _overview(hand: Hand) -> None:
    await hand.go_to("pricing-api/.venv")


async def _marks(hand: Hand) -> None:
    for ending in ("work/forecast/.venv", "work/forecast-2/.venv"):
        await hand.go_to(ending)
        await hand.press("space")
    await hand.go_to("work/forecast/.venv")


async def _packages(hand: Hand) -> None:
    await hand.go_to("dashboard/.venv")
    await hand.press("2", "j", "j", "j")


async def _tree(hand: Hand) -> None:
    await hand.go_to("dashboard/.venv")
    await hand.press("2", "slash")
    await hand.type("tallow")
    await hand.press("enter", "enter")


async def _filter(hand: Hand) -> None:
    await hand.press("slash")
    await hand.type("unused:90d")


async def _interpreters(hand: Hand) -> None:
    await hand.press("i")
    await hand.press("j")


async def _machine(hand: Hand) -> None:
    await hand.press("m")


async def _help(hand: Hand) -> None:
    await hand.press("question_mark")


async def _palette(hand: Hand) -> None:
    await hand.press("ctrl+p")
    await hand.type("re")


async def _list(hand: Hand) -> None:
    await hand.go_to("storefront/.venv")


async def _detail(hand: Hand) -> None:
    await hand.go_to("storefront/.venv")
    await hand.press("enter")


async def _project(hand: Hand) -> None:
    await hand.go_to("pricing-api/.venv")
    await hand.press("3")
    await hand.see("pebblecache")


async def _dotenv(hand: Hand) -> None:
    await hand.go_to("mailroom/.venv")
    await hand.press("4")
    await hand.see("MAIL_PORT")
    await hand.down_to("••••")
    await hand.press(*"jjj")


async def _health(hand: Hand) -> None:
    await hand.go_to("receipts/.venv")
    await hand.press("5")
    await hand.see("examined")


async def _timeline(hand: Hand) -> None:
    await hand.go_to("receipts/.venv")
    await hand.press("enter", "6")
    await hand.see("the newest")


async def _bisect(hand: Hand) -> None:
    await hand.go_to("receipts/.venv")
    await hand.press("enter", "6")
    await hand.see("huewheel")
    await hand.pilot.press("b")
    await hand.see("3 packages changed")
    await hand.until(lambda: hand.app.screen.query_one(Input).value)
    await hand.pilot.press("enter")
    await hand.see("Found in")


async def _matrix(hand: Hand) -> None:
    await hand.go_to("receipts/.venv")
    await hand.pilot.press("V")
    await hand.until(lambda: hand.app.screen.query(Input).first().value)
    command, pythons, columns, _ = hand.app.screen.query(Input)
    await hand.until(lambda: pythons.value)
    command.value, pythons.value = "pytest", "3.11"
    columns.value = "numera<2 | gridframe<3 | numera>=2"
    await hand.pilot.press("enter")
    await hand.see("1 passed")


async def _problems(hand: Hand) -> None:
    await hand.press("P")
    await hand.see("required by")


async def _everywhere(hand: Hand) -> None:
    await hand.press("L")
    await hand.see("shared")
    await hand.press("j")
    await hand.see("list all")


async def _compare(hand: Hand) -> None:
    await hand.go_to("receipts/.venv")
    await hand.press("space")
    await hand.go_to("pricing-api/.venv")
    await hand.press("space", "equals_sign")
    await hand.see("only in")


async def _caches(hand: Hand) -> None:
    home = Path(hand.app.main.look.home)
    for name, length in (
        (".cache/pip/http-v2/a", 31_000_000),
        (".cache/pypoetry/artifacts/c3/a", 12_500_000),
        ("work/dashboard/__pycache__/a.pyc", 240_000),
        ("work/dashboard/.mypy_cache/3.12/a", 4_200_000),
        ("work/dashboard/.ruff_cache/0.4.1/a", 20_000),
    ):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_bytes(bytes(length))
    await hand.press("B")
    await hand.see("mypy caches")
    await hand.until(lambda: not hand.app.screen.looking)
    await hand.press("space", "j")


async def _narrow_project(hand: Hand) -> None:
    await hand.go_to("pricing-api/.venv")
    await hand.press("enter", "3")
    await hand.see("pebblecache")


async def _narrow_dotenv(hand: Hand) -> None:
    await hand.go_to("mailroom/.venv")
    await hand.press("enter", "4")
    await hand.see("MAIL_PORT")


async def _walkthrough(hand: Hand) -> None:
    await hand.see("2 of 8 done")
    await hand.pilot.press("enter")
    await hand.see("Show plan")
    await hand.pilot.press("enter")
    await hand.see("Steps")
    await hand.pilot.press("y")
    await hand.see("fill in")
    await hand.pilot.press("enter")
    await hand.see("Show plan")
    await hand.pilot.press(*"parcel", "enter")
    await hand.see("Steps")
    await hand.pilot.press("y")
    await hand.see("not ignored by git")


async def _begun(hand: Hand) -> None:
    await hand.see("2 of 8 done")
    await hand.see("group docs")


async def _tour(hand: Hand) -> None:
    await hand.pilot.press(BY_ID["tour"].keys)
    await hand.see("1 of 5")


UNUSED = ("envs/try-gridframe", ".virtualenvs/newsletter", ".virtualenvs/scratch")


async def _delete(hand: Hand) -> None:
    for ending in UNUSED:
        await hand.go_to(ending)
        await hand.press("space")
    await hand.press("d")
    await hand.see("Delete")


async def _recreate(hand: Hand) -> None:
    await hand.go_to("storefront/.venv")
    await hand.press("c")
    await hand.see("current packages, exact versions")
    for _ in range(10):
        await hand.pilot.press("j")
        if "3.15.0" in hand.under_cursor():
            break
    await hand.pilot.press("space")
    await hand.see("without a wheel")


async def _upgrade(hand: Hand) -> None:
    await hand.go_to("dashboard/.venv")
    await hand.press("u")
    await hand.see("held back")
    await hand.down_to("plotmill 3.9.0 requires")


async def _operations(hand: Hand) -> None:
    for ending in UNUSED[1:]:
        await _done(hand, ending, "d")
    await _done(hand, "storefront/.venv", "c")
    await hand.pilot.press("O")
    await hand.see("Prepared 3 packages")


async def _trash(hand: Hand) -> None:
    for ending in UNUSED:
        await _done(hand, ending, "d")
    await hand.pilot.press("T")
    await hand.see("try-gridframe")


async def _done(hand: Hand, ending: str, key: str) -> None:
    """Do what a key does with an environment, all the way to the yes."""
    await hand.go_to(ending)
    jobs = 0 if hand.app.main.operations.queue is None else len(hand.app.main.operations.queue.jobs)
    await hand.pilot.press(key)
    if key == "c":
        await hand.see("current packages, exact versions")
        await hand.pilot.press("enter")
    await hand.see("Steps")
    await hand.pilot.press("y")
    await hand.until(
        lambda: (
            hand.app.main.operations.queue is not None
            and len(hand.app.main.operations.queue.jobs) > jobs
        )
    )
    if key == "d":
        await hand.until(lambda: not hand.app.main.operations.queue.busy)
        await hand.settle()


SHOTS = (
    Shot("overview", WIDE, _overview),
    Shot("marks", WIDE, _marks),
    Shot("packages", WIDE, _packages),
    Shot("tree", WIDE, _tree),
    Shot("filter", WIDE, _filter),
    Shot("interpreters", WIDE, _interpreters),
    Shot("machine", WIDE, _machine),
    Shot("help", WIDE, _help),
    Shot("palette", WIDE, _palette),
    Shot("light", WIDE, _overview, theme="textual-light"),
    Shot("narrow-list", NARROW, _list),
    Shot("narrow-detail", NARROW, _detail),
    Shot("delete", WIDE, _delete),
    Shot("recreate", WIDE, _recreate, pictured=True),
    Shot("upgrade", WIDE, _upgrade, changes=True),
    Shot("operations", WIDE, _operations, pictured=True, changes=True),
    Shot("trash", WIDE, _trash, changes=True),
    Shot("narrow-delete", NARROW, _delete),
    Shot("project", WIDE, _project),
    Shot("dotenv", WIDE, _dotenv),
    Shot("health", WIDE, _health),
    Shot("timeline", NARROW, _timeline),
    Shot("problems", WIDE, _problems),
    Shot("everywhere", WIDE, _everywhere),
    Shot("compare", WIDE, _compare),
    Shot("caches", WIDE, _caches, changes=True),
    Shot("bisect", WIDE, _bisect, changes=True),
    Shot("matrix", WIDE, _matrix, changes=True),
    Shot("tour", WIDE, _tour),
    Shot("narrow-project", NARROW, _narrow_project),
    Shot("narrow-dotenv", NARROW, _narrow_dotenv),
    Shot("narrow-walkthrough", NARROW, _begun, onboard=True),
    Shot("walkthrough", WIDE, _walkthrough, onboard=True, changes=True),
)


async def take(shot: Shot, home: Demo) -> str:
    """Return the picture of a view as SVG."""
    settings = ScreenSettings(
        home=home.host.home,
        theme=shot.theme,
        now=home.host.now,
        signs=UNICODE,
        project=home.project("clone") if shot.onboard else "",
    )
    catalog = Steady(home.host, home.index)
    steady_ids()
    operations = Pictured if shot.pictured else Operations
    app = EnvDeck(catalog, Scope(health=True), settings, lambda: operations(catalog))
    async with app.run_test(size=shot.size) as pilot:
        hand = Hand(pilot)
        await hand.settle()
        await shot.keys(hand)
        for field in app.screen.query(Input):
            field.cursor_blink = False
        await pilot.pause()
        return app.export_screenshot(title="EnvDeck", simplify=True)


def without_fetching(svg: str) -> str:
    """Return the SVG with fonts of the reader's machine in place of those it would fetch."""
    svg = re.sub(r"@font-face\s*\{.*?\}\s*", "", svg, flags=re.DOTALL)
    return re.sub(
        r"font-family: Fira Code[^;]*;", f"font-family: Fira Code, {FONT}, monospace;", svg
    )


def private_words(svg: str, home: Demo) -> list[str]:
    """Return what tells of the machine that the picture was made on."""
    shown = html.unescape("\n".join(re.findall(r">([^<]+)<", svg))).replace("\xa0", " ")
    user = getpass.getuser()
    places = {
        os.path.dirname(os.path.dirname(home.host.home)),
        tempfile.gettempdir(),
        os.path.realpath(tempfile.gettempdir()),
        os.path.expanduser("~"),
        sys.prefix,
        str(HERE.parent),
        f"/{user}",
        f"{user}@",
    }
    found = sorted(place for place in places if place in shown or place in svg)
    if user != "root" and re.search(rf"\b{re.escape(user)}\b", shown):  # `root` is a word too
        found.append(user)
    return found


@contextmanager
def some_home() -> Iterator[Demo]:
    """Build a home in a folder of a fixed name: hashes of its paths are in the pictures."""
    root = os.path.join(tempfile.gettempdir(), "envdeck-pictures")
    try:
        os.mkdir(root, 0o700)
    except FileExistsError:
        sys.exit(f"{root} is there already; remove it first")
    try:
        environ = {"PATH": os.environ["PATH"], "SHELL": "/bin/bash", "TERM": "xterm-256color"}
        home = build_demo(root, Host(sys.platform, root, environ, lambda: NOW), runs=sys.executable)
        os.unlink(os.path.join(root, "proc"))
        os.mkdir(os.path.join(root, "proc"))  # a machine on which nothing runs
        yield home
    finally:
        shutil.rmtree(root)


def main(names: list[str]) -> None:
    """Make the pictures of these names, or all."""
    unknown = set(names) - {shot.name for shot in SHOTS}
    if unknown:
        sys.exit(f"no picture is called {', '.join(sorted(unknown))}")
    chosen = [shot for shot in SHOTS if not names or shot.name in names]
    if together := [shot for shot in chosen if not shot.changes]:
        with some_home() as home:
            paint(together, home)
    for shot in chosen:
        if shot.changes:
            with some_home() as home:
                paint([shot], home)


def paint(shots: list[Shot], home: Demo) -> None:
    """Make pictures of one home."""
    for shot in shots:
        svg = without_fetching(asyncio.run(take(shot, home)))
        if told := private_words(svg, home):
            sys.exit(f"{shot.name} shows what is private: {', '.join(told)}")
        (HERE / f"{shot.name}.svg").write_text(svg, encoding="utf-8")
        png = resvg_py.svg_to_bytes(svg_string=svg.replace("Fira Code, ", ""))
        (HERE / f"{shot.name}.png").write_bytes(bytes(png))


if __name__ == "__main__":
    main(sys.argv[1:])
