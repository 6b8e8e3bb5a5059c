"""The tool that made an environment makes it again, with what it was told then."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from envdeck.core.model import Creation
from envdeck.core.operations.engine.creators import CannotBeMade, Creator, creator_for
from envdeck.core.operations.engine.relocation import relocate
from envdeck.core.operations.engine.runner import Runner
from envdeck.core.operations.engine.uv import UvAdapter
from envdeck.core.system.host import Host


@pytest.fixture
def creator(
    engine_host: Host, tmp_path: Path, uv: UvAdapter
) -> Callable[..., Creator | CannotBeMade]:
    def creator(creation: Creation, version: str | None = "3.12.1", **changes) -> object:
        tool = changes.get("uv", uv)
        return creator_for(creation, engine_host, version, folder=str(tmp_path), uv=tool)

    return creator


@pytest.mark.parametrize("name", ["venv", "virtualenv", "uv"])
@pytest.mark.parametrize("prompt", [None, "it's mine"])
def test_it_is_made_as_it_was(creator, engine_host: Host, tmp_path: Path, name, prompt) -> None:
    base = str(Path(sys.base_prefix) / "bin" / "python3")
    creation = Creation(name, prompt=prompt, system_site_packages=True)
    tool = creator(creation)
    staged = tmp_path / "item" / "environment"
    staged.mkdir(parents=True)

    done = Runner(engine_host).run(tool.command(str(staged), base, creation, name="api"))

    assert done.ok, done.tail
    cfg = staged / "pyvenv.cfg"
    cfg.write_bytes(tool.settled(cfg.read_bytes(), creation))
    relocate(str(staged), str(staged), str(tmp_path / "api"), lambda p, d: Path(p).write_bytes(d))
    staged.rename(tmp_path / "api")
    keys = dict(
        line.split(" = ", 1) for line in (tmp_path / "api/pyvenv.cfg").read_text().splitlines()
    )
    assert keys["include-system-site-packages"] == "true"
    assert keys.get("prompt", "").strip("'\"") == (prompt or "").strip("'\"")
    script = 'PS1="$ "; . "$0/bin/activate"; echo "$PS1"; command -v pip || true'
    shown = subprocess.run(
        ["bash", "-c", script, tmp_path / "api"],
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout.splitlines()[0] == f"({prompt or 'api'}) $ "
    assert not (tmp_path / "api" / "bin" / "pip").exists()


def test_seeds_and_copies(creator) -> None:
    def flags(name: str, *seeds: str, version: str = "3.12", copies: bool = False) -> set[str]:
        creation = Creation(name)
        command = creator(creation, version).command(
            "/e", "/p", creation, name="e", seeds=frozenset(seeds), copies=copies
        )
        wanted = {"--seed", "--no-seed", "--without-pip", "--no-setuptools", "--copies"}
        return wanted.intersection(command.argv)

    assert flags("venv") == {"--without-pip"}
    assert flags("venv", "pip", copies=True) == {"--copies"}
    assert flags("uv", "pip") == {"--seed"}
    assert flags("uv") == set()
    assert flags("virtualenv") == {"--no-seed"}
    assert flags("virtualenv", "pip") == {"--no-setuptools"}
    assert flags("virtualenv", "pip", "setuptools") == set()
    assert flags("virtualenv", "pip", version="3.8") == {"--no-seed"}


def test_uv_s_mark_of_seeds_is_kept(creator) -> None:
    seeded = Creation("uv", seeded=True)
    tool = creator(seeded)
    assert tool.settled(b"uv = 1\n", seeded) == b"uv = 1\nseed = true\n"
    assert tool.settled(b"seed = true\nuv = 1\n", seeded) == b"seed = true\nuv = 1\n"
    assert tool.settled(b"uv = 1\n", Creation("uv")) == b"uv = 1\n"


def test_settings_of_virtualenv_are_left_out(creator, engine_host: Host, tmp_path: Path) -> None:
    folder = Path(engine_host.home) / ".config" / "virtualenv"
    folder.mkdir(parents=True)
    (folder / "virtualenv.ini").write_text("[virtualenv]\nclear = true\n")
    path = tmp_path / "env"
    path.mkdir()
    (path / "mine").touch()
    creation = Creation("virtualenv")
    command = creator(creation).command(str(path), sys.executable, creation, name="env")
    Runner(engine_host).run(command)
    assert (path / "mine").exists()


def test_what_cannot_be_made_says_why_and_what_can(creator, engine_host: Host) -> None:
    old = creator(Creation("virtualenv"), "2.7.18")
    assert isinstance(old, CannotBeMade)
    assert (old.instead, "virtualenv<20.22" in old.hint) == (None, True)
    noisy = creator(Creation("virtualenv"), "3.6.15")
    assert isinstance(noisy, CannotBeMade)
    assert noisy.instead is not None
    assert noisy.instead.name == "venv"
    assert isinstance(creator(Creation("conda")), CannotBeMade)
    assert creator(Creation(None), None).name == "venv"
