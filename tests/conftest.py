"""What every test may use: a home of its own, and real environments in it."""

import gc
import os
import signal
import sys
from collections.abc import Callable, Generator
from itertools import count
from pathlib import Path

import pytest

from envdeck.core.system.host import Host
from support.environments import create_environment

NOW = 1_795_000_000.0
"""A frozen clock: 2026-11-18T11:06:40Z."""

SETTINGS = (
    "COLUMNS", "CONDA_", "ENVDECK_", "FORCE_COLOR", "GIT_", "HATCH_", "LC_", "LINES", "NO_COLOR",
    "PDM_", "PIPENV_", "PIPX_", "PIP_", "POETRY_", "PYENV_", "PYTHON", "UV_", "VIRTUALENV_",
    "VIRTUAL_ENV", "WORKON_HOME", "XDG_",
)  # fmt: skip
"""How variables begin by which a person sets what a test starts."""

# Without byte code each process would write the assertions of every test anew.
sys.dont_write_bytecode = False
# Python's own thresholds collect every few hundred objects: two fifths of a test with a screen.
gc.set_threshold(50_000, 10, 10)
# What a shell starts in the background ignores Ctrl-C, and so would every program of a test.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True, optionalhook=True)
def pytest_xdist_auto_num_workers() -> Generator[None, int, int]:
    """Start two processes for each core with `--numprocesses=auto`, up to four more than cores.

    Tests of the screen and of the disk wait for more than half of their time.
    """
    cores = yield
    return cores if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ else min(2 * cores, cores + 4)


def pytest_collection_finish() -> None:
    """Let no collection look again through thousands of tests, which stay to the end."""
    gc.freeze()


@pytest.fixture(scope="session")
def _homes(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """Return a function that makes an empty folder, without looking through all before it."""
    folder, numbers = tmp_path_factory.mktemp("untouched-homes"), count()

    def made() -> Path:
        home = folder / str(next(numbers))
        home.mkdir()
        return home

    return made


@pytest.fixture(autouse=True)
def _no_real_home(_homes: Callable[[], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep every test, and what it starts, away from the person's own folders and settings."""
    home = _homes()
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(home))
    for name in list(os.environ):
        # Of Python's own, PYTHONDONTWRITEBYTECODE would have every program compiled at each start.
        if name.startswith(SETTINGS):
            monkeypatch.delenv(name)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return an empty home folder."""
    folder = tmp_path / "home" / "ada"
    folder.mkdir(parents=True)
    return folder.resolve()


@pytest.fixture
def host(home: Path, tmp_path: Path) -> Host:
    """Return a Linux machine with that home, no variables, and no system-wide places."""
    return Host("linux", str(home), {}, lambda: NOW, str(tmp_path / "system"))


@pytest.fixture
def make_venv() -> Callable[..., Path]:
    """Return a function that makes a real environment: `make_venv(path, creator="venv")`."""
    return create_environment
