"""Building a demo: its Python, its packages, and what each story plants."""

import os
import shutil
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from envdeck.core.index import index_path
from envdeck.core.operations.engine.uv import find_uv
from envdeck.core.system.files import reason_of
from envdeck.core.system.host import Host
from envdeck.demo.machine import DemoLayout, furnish, machine_of
from envdeck.demo.packages import write_index
from envdeck.demo.pythons import BasePython, other_pythons, stand_in
from envdeck.demo.scenarios import SCENARIOS
from envdeck.demo.workshop import Builder, Created, DemoError, Scenario

_WORKERS = 4


@dataclass(frozen=True, slots=True)
class Demo:
    """A demo that is built."""

    root: str
    host: Host
    """The machine that it is: everything that is asked of it comes from its folder."""
    python: BasePython
    """The one that works there."""
    planted: tuple[Created, ...]

    @property
    def index(self) -> str:
        """Where the memory of looks at it is kept."""
        return index_path(self.host)

    def story(self, name: str) -> Created:
        """Return what a story has left."""
        return next(one for one in self.planted if one.story == name)

    def environment(self, name: str) -> str:
        """Return the environment of a story. Raises LookupError where it has none."""
        found = self.story(name).environment
        if found is None:
            raise LookupError(name)
        return found

    def project(self, name: str) -> str:
        """Return the project of a story. Raises LookupError where it has none."""
        found = self.story(name).project
        if found is None:
            raise LookupError(name)
        return found


def build(
    root: str,
    real: Host,
    *,
    runs: str,
    stories: Collection[str] | None = None,
    tell: Callable[[str], None] = lambda _text: None,
) -> Demo:
    """Build a demo in an empty folder.

    `real` is the machine that we are on: its clock is the demo's, its terminal too, and nothing
    else of it is seen there. `runs` is the Python that runs us. `stories` names those that are
    planted, instead of the usual ones. `tell` is told what is done, a few words each time, from
    any thread. Raises :class:`DemoError`.
    """
    uv = find_uv()
    if uv is None:
        raise DemoError("uv is not installed beside EnvDeck")
    root = os.path.realpath(root)
    layout = DemoLayout(root)
    host = machine_of(layout, real)

    def chosen(story: Scenario) -> bool:
        return story.usual if stories is None else story.name in stories

    try:
        furnish(layout, real, host, uv, runs)
        workshop = _workshop(layout, host, tell)
        planted = _planted([one for one in SCENARIOS if chosen(one)], workshop, tell)
        shutil.rmtree(layout.moulds, ignore_errors=True)
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        raise DemoError(f"{place}{reason_of(error)}") from error
    return Demo(root, host, workshop.python, planted)


def _workshop(layout: DemoLayout, host: Host, tell: Callable[[str], None]) -> Builder:
    """Make what all stories need: a Python, and packages to install."""
    tell("a Python and an index of packages")
    with ThreadPoolExecutor(1) as pool:
        wheels = pool.submit(write_index, layout.packages)
        python = stand_in(os.path.join(layout.home, ".pyenv", "versions"))
        others = other_pythons(layout.home, python)
        wheels.result()
    _offer(python, layout)
    return Builder(layout, host, python, others)


def _planted(
    stories: Sequence[Scenario], workshop: Builder, tell: Callable[[str], None]
) -> tuple[Created, ...]:
    def plant(story: Scenario) -> Created:
        tell(f"{story.name}: {story.shows}")
        return story.plant(workshop)

    pool = ThreadPoolExecutor(_WORKERS)
    try:
        return tuple(pool.map(plant, stories))
    finally:  # what has not begun is not waited for, where one failed or it is broken off
        pool.shutdown(cancel_futures=True)


def _offer(python: BasePython, layout: DemoLayout) -> None:
    """Put the Python on the PATH of the demo."""
    folder = os.path.join(layout.home, ".local", "bin")
    os.makedirs(folder)
    for name in ("python3", f"python{python.minor}"):
        os.symlink(python.executable, os.path.join(folder, name))
