"""A machine with one Python and git on its PATH, projects, and what is installed in them."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from envdeck.core.catalog import Catalog
from envdeck.core.model import Policy
from envdeck.core.onboarding.walkthrough import Walkthrough
from envdeck.core.operations.api import Operations
from envdeck.core.system.host import Host

MINOR = "{}.{}".format(*sys.version_info)
NOW = 1_795_000_000.0


@pytest.fixture
def programs(tmp_path) -> Path:
    """Return the only folder of the PATH: the base interpreter and git are in it."""
    folder = tmp_path / "programs"
    folder.mkdir()
    (folder / f"python{MINOR}").symlink_to(os.path.realpath(sys.executable))
    if git := shutil.which("git"):
        (folder / "git").symlink_to(git)
    return folder


@pytest.fixture
def host(home, tmp_path, programs) -> Host:
    environ = {"PATH": str(programs), "SHELL": "/bin/zsh"}
    return Host("linux", str(home), environ, lambda: NOW, str(tmp_path / "system"))


@pytest.fixture
def project(home) -> Path:
    folder = home / "work" / "api"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def write(project) -> Callable[[dict[str, str]], None]:
    def write(files: dict[str, str]) -> None:
        for name, text in files.items():
            (project / name).parent.mkdir(parents=True, exist_ok=True)
            (project / name).write_text(text)

    return write


@pytest.fixture
def operations(host) -> Operations:
    return Operations(Catalog(host))


@pytest.fixture
def walk(operations, project) -> Callable[..., Walkthrough]:
    def walk(policy: Policy | None = None, **words) -> Walkthrough:
        operations.policy = policy or Policy()
        return Walkthrough(operations, str(project), **words)

    return walk


@pytest.fixture
def stands(walk) -> Callable[..., tuple]:
    """Return a function that looks at one step: `stands("packages")`."""

    def stands(name: str, policy: Policy | None = None, **words):
        return walk(policy, **words).step(name)

    return stands


@pytest.fixture
def environment(make_venv, project) -> Path:
    return make_venv(project / ".venv")


@pytest.fixture
def install(project) -> Callable[..., None]:
    """Return a function that puts packages into the project's environment as installers leave
    them: `install("six==1.0")`."""

    def install(*names: str) -> None:
        (site,) = (project / ".venv" / "lib").glob("python*/site-packages")
        for each in names:
            name, _, version = each.partition("==")
            info = site / f"{name}-{version or '1.0'}.dist-info"
            info.mkdir()
            head = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version or '1.0'}\n"
            (info / "METADATA").write_text(head)

    return install


@pytest.fixture
def git(project) -> Callable[..., None]:
    if shutil.which("git") is None:
        pytest.skip("git is not installed")

    def git(*words: str) -> None:
        settings = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
        subprocess.run(["git", "-C", str(project), *settings, *words], check=True, timeout=60)

    git("init", "-q")
    return git
