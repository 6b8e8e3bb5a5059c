"""Every command on a full disk, as a person runs it: what looks still looks, what needs room is
refused before it makes anything, and what frees some works."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from envdeck.config.save import save_theme
from envdeck.core.system.host import Host

ALLOW = ("--yes", "--allow", "unowned-files")


@pytest.fixture
def envdeck(disk) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return a function that runs the command line in the home of the small disk."""
    home = disk.top / "home"
    for name in (".local/state", ".local/share", ".cache", ".config", "work"):
        (home / name).mkdir(parents=True)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "envdeck", *arguments],
            env={"HOME": str(home), "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
            cwd=home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


def everything(disk) -> set[str]:
    """The names of all files but what fills the disk, and what a look itself reads."""
    return {
        os.path.join(folder, name)
        for folder, _, names in os.walk(disk.top / "home")
        for name in names
        if not name.endswith(".crowd")
    }


def test_looking_goes_on_and_leaves_nothing(disk, envdeck, environment):
    path = environment(disk.top / "home" / "work" / ".venv")
    disk.fill()
    before = everything(disk)
    for arguments in (
        ("list", "--json"),
        ("show", str(path), "--json"),
        ("trash", "--json"),
        ("history", "--json"),
        ("interpreters", "--json"),
    ):
        done = envdeck(*arguments)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)
        assert "Traceback" not in done.stderr
    assert envdeck("history", "--recover").returncode == 0
    left = {os.path.basename(each) for each in everything(disk) - before}
    assert left <= {"index.sqlite3"}


def test_what_builds_is_refused_before_it_makes_anything(disk, envdeck, environment):
    path = environment(disk.top / "home" / "work" / ".venv")
    disk.fill()
    before = everything(disk)
    for arguments in (
        ("recreate", str(path), *ALLOW),
        ("create", str(path.parent), "--path", str(path.with_name("other")), "--yes"),
    ):
        done = envdeck(*arguments)
        assert done.returncode != 0
        assert "trash purge" not in done.stderr, "the trash is empty"
    left = {os.path.basename(each) for each in everything(disk) - before}
    assert left <= {"index.sqlite3"}
    assert not path.with_name("other").exists()


def test_the_theme_is_not_saved_and_leaves_nothing(disk):
    home = disk.top / "home"
    (home / ".config" / "envdeck").mkdir(parents=True)
    config = home / ".config" / "envdeck" / "config.toml"
    config.write_text("# mine\n")
    disk.fill()
    assert save_theme(Host("linux", str(home), {}), "nord")
    assert config.read_text() == "# mine\n"
    assert [name for name in os.listdir(config.parent) if not name.endswith(".crowd")] == [
        "config.toml"
    ]


def test_what_frees_room_works(disk, envdeck, environment):
    work = disk.top / "home" / "work"
    first, second = (environment(work / name / ".venv") for name in ("one", "two"))
    assert envdeck("delete", str(first), *ALLOW).returncode == 0
    disk.fill()
    done = envdeck("delete", str(second), *ALLOW)
    assert done.returncode == 0, done.stderr
    (newest, _) = json.loads(envdeck("trash", "--json").stdout)["items"]
    disk.fill()
    done = envdeck("trash", "restore", newest["id"], "--yes")
    assert (done.returncode, second.exists()) == (0, True), done.stderr
    disk.fill()
    done = envdeck("trash", "purge", "--yes")
    assert done.returncode == 0, done.stderr
    assert json.loads(envdeck("trash", "--json").stdout)["items"] == []
    disk.fill()
    done = envdeck("delete", "--purge", str(second), *ALLOW)
    assert (done.returncode, second.exists()) == (0, False), done.stderr
    assert Path(first).parent.exists()


def test_the_hint_can_be_run_as_it_stands(disk, envdeck, environment):
    path = environment(disk.top / "home" / "work" / ".venv")
    disk.fill()
    done = envdeck("delete", str(path), *ALLOW)
    assert (done.returncode, path.exists()) == (1, True), done.stderr
    hint = done.stderr.partition("hint: run `envdeck ")[2].partition("`")[0]
    assert hint, done.stderr
    done = envdeck(*hint.split(), "--yes")
    assert (done.returncode, path.exists()) == (0, False), done.stderr
