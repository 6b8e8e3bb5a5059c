"""What an older version kept elsewhere: a look reads it there, and a change moves it first."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from envdeck.core.model import Operation, Size
from envdeck.core.operations.disk import disk_for
from envdeck.core.operations.transaction.journal import Entry, Journal, Move, Phase
from support.trees import states

VARIABLES = ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")
ID = "20261118-100640-4f2a"


@pytest.fixture
def host(host):
    """Return a machine on which the version before read `~` in the variables."""
    return replace(host, environ=dict.fromkeys(VARIABLES, "~/old"))


@pytest.fixture
def old(home, host) -> Path:
    folder = home / "old" / "envdeck"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text('theme = "dracula"\n')
    path = f"{home}/api/.venv"
    done = Entry(
        id=ID, group=ID, operation=Operation.DELETE, move=Move.OWNER, phase=Phase.DONE, path=path
    )
    Journal(str(folder / "operations"), disk_for(host)).write(done)
    return folder


@pytest.mark.parametrize(
    "arguments",
    [
        ["list"],
        ["config"],
        ["config", "path"],
        ["history"],
        ["trash"],
        ["--read-only"],
        ["delete", "api", "--dry-run"],
        ["undo", "--dry-run"],
        ["--read-only", "delete", "api", "--yes"],
        ["history", "--recover", "--read-only"],
        ["--help"],
    ],
)
def test_a_look_moves_nothing(cli, old, home, catalog, environment, arguments, monkeypatch):
    catalog.environments = [environment("api/.venv", size=Size(9, 9, 9))]
    monkeypatch.chdir(home)
    before = states(home)
    assert "moved" not in cli(*arguments).err
    assert states(home) == before


def test_a_look_reads_it(cli, old):
    assert cli("config", "path").out == f"{old}/config.toml\n"


@pytest.mark.parametrize(
    "arguments", [["history", "--recover"], ["delete", "api", "--yes"], ["undo", "--yes"]]
)
def test_what_changes_something_moves_it_first_and_says_so(
    cli, old, home, catalog, environment, arguments
):
    catalog.environments = [environment("api/.venv", size=Size(9, 9, 9))]
    result = cli(*arguments)
    assert result.code == 0
    moved = [line for line in result.err.splitlines() if "moved" in line]
    assert moved == [
        "note: moved ~/old/envdeck/config.toml to ~/.config/envdeck/config.toml",
        "note: moved ~/old/envdeck/operations to ~/.local/state/envdeck/operations",
    ]
    assert not old.exists()
    assert cli("config", "path").out == f"{home}/.config/envdeck/config.toml\n"
    assert "moved" not in cli(*arguments).err


def test_what_cannot_move_is_said_and_used_where_it_is(cli, old, home):
    (home / ".config").write_text("in the way")
    result = cli("history", "--recover")
    assert result.code == 0
    assert (
        "warning: cannot move ~/old/envdeck/config.toml to ~/.config/envdeck/config.toml: "
        "file exists" in result.err
    )
    assert cli("config", "path").out == f"{old}/config.toml\n"


def test_the_program_itself_asks_platformdirs(home, old):
    environ = {**os.environ, **dict.fromkeys(VARIABLES, "~/old"), "HOME": str(home)}

    def envdeck(*arguments):
        command = [sys.executable, "-m", "envdeck", *arguments]
        done = subprocess.run(
            command, env=environ, capture_output=True, text=True, check=True, timeout=60
        )
        return done.stdout, done.stderr

    assert ID in envdeck("history")[0]
    assert (old / "operations").exists()
    _, said = envdeck("history", "--recover")
    assert said.count("note: moved") == 2
    assert ID in envdeck("history")[0]
    assert (home / ".local" / "state" / "envdeck" / "operations" / f"{ID}.json").exists()
    assert not old.exists()
