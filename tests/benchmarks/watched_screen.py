"""The screen with something to watch it; a process of its own, on a terminal.

`stall ROOT REPORT` scans a tree through the real catalog while a task in the same event loop
sleeps for five milliseconds over and over: what it oversleeps is how long the loop stood still.
`tabs ROOT REPORT` opens the tabs of the project and of its dotenv files, and watches likewise.
`many COUNT` shows made-up environments from memory; `packages COUNT EACH FOLDER` too, with what
they hold in an index in a folder.
"""

import asyncio
import json
import sys
import time
from collections.abc import Callable, Collection, Iterable, Iterator

from envdeck.core.catalog import Catalog, Scope
from envdeck.core.index import Index
from envdeck.core.inspection.packages.copies import PackageCopy, PackageTable, measure_packages
from envdeck.core.model import (
    Distribution,
    Environment,
    Event,
    Finished,
    Found,
    Identity,
    Interpreter,
    LastUsed,
    Python,
    Size,
    Status,
)
from envdeck.core.query import Contents
from envdeck.core.system.host import Host
from envdeck.tui import prepare
from envdeck.tui.app import EnvDeck
from envdeck.tui.base.services import ScreenSettings

_NAP = 0.005
_AFTERWARDS = 1.0
"""Seconds that are still watched once the scan has ended: its last events are drained then."""


class Told:
    """A catalog that notes when its scan said the first and the last thing."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self.first: float | None = None
        self.last: float | None = None
        self.found = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._catalog, name)

    def scan(self, scope: Scope, stopped: Callable[[], bool] = lambda: False) -> Iterator[Event]:
        for event in self._catalog.scan(scope, stopped):
            if isinstance(event, Found):
                self.first = self.first or time.perf_counter()
                self.found += 1
            yield event
        self.last = time.perf_counter()


class Memory:
    """A source of made-up environments that costs nothing to ask."""

    def __init__(self, count: int, catalog: Catalog | None = None) -> None:
        self._environments = tuple(_made_up(number) for number in range(count))
        self._catalog = catalog

    def packages(
        self,
        environments: Iterable[Environment],
        stopped: Callable[[], bool] = lambda: False,
        *,
        remembered: bool = False,
    ) -> PackageTable:
        table = self._catalog.packages(environments, remembered=True)
        if remembered:
            return table
        return measure_packages(
            {
                path: tuple(PackageCopy(text, 20_000, 80_000, (1, hash(text))) for text in some)
                for path, some in table.held.items()
            }
        )

    def remembered(self, scope: Scope) -> tuple[Environment, ...]:
        return self._environments

    def remembered_interpreters(self) -> tuple[Interpreter, ...]:
        return ()

    def scan(self, scope: Scope, stopped: Callable[[], bool] = lambda: False) -> Iterator[Event]:
        for environment in self._environments:
            yield Found(environment)
        yield Finished(scope.roots, len(self._environments), 0, 0.1, complete=True)

    def distributions(self, environment: Environment) -> tuple[Distribution, ...]:
        return ()

    def contents(self, environment: Environment, needs: Collection[str]) -> Contents:
        return Contents()

    def measure(self, environment: Environment) -> Size:
        return environment.size or Size(0, 0, 0)

    def refresh(self, environment: Environment) -> Environment | None:
        return environment


def _made_up(number: int) -> Environment:
    path = f"/home/ada/work/area{number % 97}/project{number * 7919 % 10007:05}/.venv"
    mixed = number * 104_729 % 1_000_003
    return Environment(
        path=path,
        identity=Identity(1, number + 1),
        name=f"project{number * 7919 % 10007:05}/.venv",
        manager=("uv", "venv", "poetry", "pipenv", "tox")[number % 5],
        status=tuple(Status)[mixed % 5],
        python=Python(version=f"3.{8 + mixed % 6}.{mixed % 20}", implementation="cpython"),
        packages=mixed % 400,
        last_used=LastUsed(1_700_000_000 - mixed * 60, "pyvenv.cfg atime"),
        size=Size(mixed * 900, mixed * 1_000, mixed * 700, files=mixed % 5_000),
        seen_at=1_700_000_000,
    )


async def _watch(app: EnvDeck, told: Told, report: str) -> None:
    stalls: list[float] = []
    while told.last is None or time.perf_counter() < told.last + _AFTERWARDS:
        before = time.perf_counter()
        await asyncio.sleep(_NAP)
        now = time.perf_counter()
        if told.first is not None:
            stalls.append(now - before - _NAP)
    stalls.sort(reverse=True)
    scanned = (told.last or 0) - (told.first or 0)
    with open(report, "w", encoding="utf-8") as file:
        json.dump(
            {"found": told.found, "scanned": scanned, "stalls": stalls, "peak": _peak()}, file
        )
    app.exit()


def _peak() -> int:
    """Return the most bytes of memory that were resident; 0 where the system does not tell."""
    try:
        with open("/proc/self/status", encoding="utf-8") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) * 1024
    except OSError:
        return 0


async def _stall(root: str, report: str) -> None:
    host = Host.current()
    told = Told(Catalog(host))
    app = EnvDeck(told, Scope(roots=(root,)), ScreenSettings(home=host.home))
    watch = asyncio.create_task(_watch(app, told, report))
    await app.run_async()
    await watch


async def _open_tabs(app: EnvDeck, report: str) -> None:
    """Open each tab a few times; the loop is watched from the first key until all is read."""
    stalls: list[float] = []

    async def rest(seconds: float) -> None:
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            before = time.perf_counter()
            await asyncio.sleep(_NAP)
            if watching:
                stalls.append(time.perf_counter() - before - _NAP)

    watching = False
    await rest(_AFTERWARDS)  # until it is at rest: starting is measured elsewhere
    while app.main.list.listing.current is None or not app.main.scan.feed.idle:
        await rest(_NAP)
    await rest(_AFTERWARDS)
    watching = True
    for number in (3, 4, 1) * 3:
        await getattr(app.main, f"action_tab_{number}")()
        await rest(_AFTERWARDS / 2)
    stalls.sort(reverse=True)
    with open(report, "w", encoding="utf-8") as file:
        json.dump({"stalls": stalls}, file)
    app.exit()


async def _tabs(root: str, report: str) -> None:
    host = Host.current()
    app = EnvDeck(Catalog(host), Scope(roots=(root,)), ScreenSettings(home=host.home))
    watch = asyncio.create_task(_open_tabs(app, report))
    await app.run_async()
    await watch


def _packages(count: int, each: int, folder: str) -> Memory:
    """Keep in an index what made-up environments hold."""
    catalog = Catalog(Host.current(), f"{folder}/index.sqlite3")
    source = Memory(count, catalog)
    held = {
        one.path: [
            f"wheel-{(number * 7 + turn) % 400}==1.{turn % 5}.{number % 3}" for turn in range(each)
        ]
        for number, one in enumerate(source.remembered(Scope()))
    }
    with Index.open(f"{folder}/index.sqlite3", host=catalog.host) as index:
        index.save_environments((), held)
    return source


def main(mode: str, *arguments: str) -> None:
    prepare()  # as the program does before it opens its screen
    if mode == "stall":
        asyncio.run(_stall(*arguments))
    elif mode == "tabs":
        asyncio.run(_tabs(*arguments))
    else:
        settings = ScreenSettings(home="/home/ada", now=lambda: 1_700_000_100.0)
        source = Memory(int(arguments[0]))
        if mode == "packages":
            source = _packages(int(arguments[0]), int(arguments[1]), arguments[2])
        EnvDeck(source, Scope(), settings).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
