"""Wheels built here, real installers to install them, and the environment as we read it."""

import csv
import os
import resource
import subprocess
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
from uv import find_uv_bin

from envdeck.core.discovery.find import manager_of
from envdeck.core.discovery.managers import managers
from envdeck.core.discovery.prefix import recognise
from envdeck.core.inspection.environment import Inspector
from envdeck.core.model import ProjectLink
from envdeck.core.system.host import Host
from support.environments import new_uv_cache
from support.wheels import digest, make_project, make_repository, unpacked_pip, write_wheel


def pip_install(environment: Path, *arguments: str | Path) -> None:
    command = [environment / "bin" / "python", "-m", "pip", "install", "-q", "--no-index"]
    command += ["--no-deps", "--no-build-isolation", "--disable-pip-version-check"]
    command += ["--no-compile", *arguments]
    environ = {**os.environ, "PYTHONPATH": str(unpacked_pip())}
    environ.pop("PYTHONDONTWRITEBYTECODE", None)  # or pip is compiled anew each time
    _run(command, environ)


def uv_install(environment: Path, *arguments: str | Path) -> None:
    command = [find_uv_bin(), "pip", "install", "-q", "--no-config", "--no-index"]
    command += ["--no-deps", "--no-build-isolation", "--python", environment, *arguments]
    _run(command, {**os.environ, "UV_CACHE_DIR": new_uv_cache(environment.parent / ".uv-cache")})


def _run(command, environ):
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def inspect(path: Path):
    candidate = recognise(os.path.realpath(path))
    host = Host.current()
    return Inspector(host).inspect(candidate, manager_of(candidate, managers(host)), ProjectLink())


@pytest.fixture
def tools():
    """What every test of the recipe builds on."""
    return SimpleNamespace(
        build_wheel=partial(write_wheel, quoting=csv.QUOTE_ALL),
        make_project=make_project,
        make_repository=make_repository,
        pip=pip_install,
        uv=uv_install,
        install={"venv": pip_install, "virtualenv": uv_install, "uv": uv_install},
        inspect=inspect,
        digest=digest,
    )


@pytest.fixture
def no_more_than():
    """A disk on which no file can grow beyond some bytes."""

    @contextmanager
    def limited(size: int):
        usual = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, usual[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, usual)

    return limited
