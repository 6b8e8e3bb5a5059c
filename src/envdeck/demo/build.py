"""Building a demo: its Python, its packages, and every scenario."""

import os
import shutil
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor

from envdeck.core.index import index_path
from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.operations.engine.uv import find_uv
from envdeck.core.system.files import reason_of
from envdeck.core.system.host import Host
from envdeck.demo.pythons import BasePython, copy_python, create_other_pythons
from envdeck.demo.sandbox import DemoLayout, create_machine, demo_host
from envdeck.demo.scenarios import SCENARIOS
from envdeck.demo.wheels import write_index
from envdeck.demo.workshop import Builder, Created, DemoError, Scenario

_WORKERS = 4


@dataclass(frozen=True, slots=True)
class Demo:
    """A built demo."""

    root: str
    host: Host
    """Its machine: all paths and variables come from its folder."""
    python: BasePython
    """The one that works there."""
    created: Mapping[str, Created]
    """By the name of the scenario."""

    @property
    def shows(self) -> Mapping[str, str]:
        """What each scenario shows, by its name."""
        return {one.name: one.shows for one in SCENARIOS}

    @property
    def index(self) -> str:
        """The path of its index."""
        return index_path(self.host)

    def environment(self, name: str) -> str:
        """Return the environment of a scenario. Raises LookupError where it has none."""
        found = self.created[name].environment
        if found is None:
            raise LookupError(name)
        return found

    def project(self, name: str) -> str:
        """Return the project of a scenario. Raises LookupError where it has none."""
        found = self.created[name].project
        if found is None:
            raise LookupError(name)
        return found


def build_demo(
    root: str,
    real: Host,
    *,
    runs: str,
    scenarios: Collection[str] | None = None,
    report: Callable[[str], None] = lambda _text: None,
) -> Demo:
    """Build a demo in an empty folder.

    The demo has the clock and the terminal of the machine `real`, and nothing else of it. `runs`
    is the Python that runs EnvDeck. `scenarios` are names; without any, the usual ones. `report`
    gets a few words on each step, from any thread. Raises :class:`DemoError`.
    """
    uv = find_uv()
    if uv is None:
        raise DemoError("uv is not installed with EnvDeck")
    root = os.path.realpath(root)
    layout = DemoLayout(root)
    host = demo_host(layout, real)

    def create(one: Scenario) -> Created:
        report(f"{one.name}: {one.shows}")
        return one.create(builder)

    wanted = [
        one for one in SCENARIOS if (one.usual if scenarios is None else one.name in scenarios)
    ]
    pool = ThreadPoolExecutor(_WORKERS)
    try:
        create_machine(layout, real, host, uv, runs)
        report("Python and a package index")
        builder = _builder(layout, host)
        created = dict(zip((one.name for one in wanted), pool.map(create, wanted), strict=True))
        shutil.rmtree(layout.templates, ignore_errors=True)
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        raise DemoError(f"{place}{reason_of(error)}") from error
    finally:  # after a failure or a cancel, scenarios that have not begun are dropped
        pool.shutdown(cancel_futures=True)
    return Demo(root, host, builder.python, created)


def _builder(layout: DemoLayout, host: Host) -> Builder:
    """Make what all scenarios need: Pythons, one of them on the PATH, and packages."""
    with ThreadPoolExecutor(1) as pool:
        wheels = pool.submit(write_index, layout.packages)
        python = copy_python(os.path.join(layout.home, ".pyenv", "versions"))
        others = create_other_pythons(layout.home, python)
        wheels.result()
    folder = os.path.join(layout.home, ".local", "bin")
    os.makedirs(folder)
    for name in ("python3", f"python{python.minor}"):
        os.symlink(python.executable, os.path.join(folder, name))
    return Builder(layout, host, python, others)
