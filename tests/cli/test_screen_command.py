"""`envdeck` at a terminal: what is handed to the screen."""

import sys
from dataclasses import replace
from types import ModuleType

import pytest

from envdeck.tui.base.services import ScreenSettings


@pytest.fixture
def screen(monkeypatch):
    """Stand in for the screen, and keep what it was given."""
    calls = []
    stand_in = ModuleType("envdeck.tui")
    stand_in.ScreenSettings = ScreenSettings
    stand_in.__path__ = sys.modules["envdeck.tui"].__path__

    def run(source, scope, settings, operating):
        calls.append((source, scope, settings, operating))
        settings.save_theme("nord")
        return 0

    stand_in.run_screen = run
    monkeypatch.setitem(sys.modules, "envdeck.tui", stand_in)
    return calls


def test_the_settings_reach_the_screen(cli, screen, catalog, operations, home, host):
    folder = home / ".config" / "envdeck"
    folder.mkdir(parents=True)
    text = '# mine\ntheme = "dracula" # dark\ncolumns = ["path", "used"]\n[keys]\nsort = "f9"\n'
    (folder / "config.toml").write_text(text)
    (home / "work").mkdir()
    colourless = replace(host, environ={"NO_COLOR": "1"})
    result = cli(str(home / "work"), interactive=True, host=colourless)
    assert (result.code, result.err) == (0, "")
    source, scope, settings, operating = screen[0]
    assert (source, operating()) == (catalog, operations)
    assert not operations.policy.read_only
    assert (scope.roots, scope.sizes) == ((f"{home}/work",), True)
    assert (settings.theme, settings.columns) == ("dracula", ("path", "used"))
    assert dict(settings.keys) == {"sort": "f9"}
    assert (settings.home, settings.no_color, settings.now()) == (str(home), True, 1_795_000_000.0)
    assert 'theme = "nord" # dark' in (folder / "config.toml").read_text()


def test_the_read_only_mode_reaches_the_screen(cli, screen, home):
    assert cli("--read-only", interactive=True).code == 0
    assert screen[0][3]().policy.read_only


def test_a_theme_that_cannot_be_saved_is_said_once_the_screen_is_closed(cli, screen, home):
    (home / ".config").write_text("in the way")
    result = cli(interactive=True)
    assert result.code == 0
    assert result.err == "warning: theme not saved: not a directory\n"


def test_keys_that_cannot_be_are_refused_before_it_opens(cli, screen, home):
    folder = home / ".config" / "envdeck"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text('[keys]\nsort = "no such key"\n')
    result = cli(interactive=True)
    assert result.code == 2
    assert "[keys]: " in result.err
    assert screen == []


def test_a_wrong_path_is_refused_before_it_opens(cli, screen, home):
    assert cli(f"{home}/nowhere", interactive=True).code == 2
    assert screen == []


def test_the_screen_moves_what_an_older_version_kept_elsewhere(cli, screen, home, host):
    old = home / "old" / "envdeck" / "config.toml"
    old.parent.mkdir(parents=True)
    old.write_text('theme = "dracula"\n')
    host = replace(host, environ={"XDG_CONFIG_HOME": "~/old"})
    assert cli("--read-only", interactive=True, host=host).err == ""
    assert old.exists()
    assert "note: moved" in cli(interactive=True, host=host).err
    assert [call[2].theme for call in screen] == ["dracula", "nord"]
    assert not old.exists()
    assert "nord" in (home / ".config" / "envdeck" / "config.toml").read_text()
