"""`envdeck config`: show the configuration and its path."""

import json
from dataclasses import replace

import pytest


@pytest.fixture
def configured(home):
    folder = home / ".config" / "envdeck"
    folder.mkdir(parents=True)
    return folder / "config.toml"


def test_the_path(cli, configured):
    assert cli("config", "path").out == f"{configured}\n"
    assert json.loads(cli("config", "path", "--json").out) == {
        "schema": 1,
        "path": str(configured),
        "path_origin": "default",
    }


def test_the_path_is_told_though_the_file_is_wrong(cli, configured):
    configured.write_text("= wrong")
    assert cli("config", "path").code == 0
    assert cli("config").code == 2


def test_what_holds_and_what_says_so(cli, configured, home):
    configured.write_text('roots = ["~/work"]\n[keys]\nsort = "o"\nfolder = "s"\n')
    told = json.loads(cli("config", "show", "--json").out)
    assert told["exists"] is True
    assert told["settings"]["roots"] == {"value": [f"{home}/work"], "origin": "file"}
    assert told["settings"]["cross-devices"] == {"value": False, "origin": "default"}
    assert told["settings"]["keys"]["value"] == {"sort": "o", "folder": "s"}
    text = cli("config").out
    assert text.splitlines()[0] == "~/.config/envdeck/config.toml"
    assert "sort = o, folder = s" in text


def test_no_file(cli):
    told = json.loads(cli("config", "--json").out)
    assert told["exists"] is False
    assert {setting["origin"] for setting in told["settings"].values()} == {"default"}
    assert "not found; defaults apply" in cli("config").out


@pytest.mark.parametrize(
    ("line", "told", "shown"),
    [("keep-days = 0", 0, "0"), ('keep-days = "for ever"', "for ever", "for ever")],
)
def test_how_long_the_trash_keeps_things(cli, configured, line, told, shown):
    configured.write_text(line)
    assert json.loads(cli("config", "--json").out)["settings"]["keep-days"]["value"] == told
    row = next(row for row in cli("config").out.splitlines() if row.startswith("keep-days"))
    assert row.split() == ["keep-days", *shown.split(), "file"]


def test_a_variable_names_another(cli, host, tmp_path):
    other = tmp_path / "other.toml"
    other.write_text('theme = "nord"\n')
    elsewhere = replace(host, environ={"ENVDECK_CONFIG": str(other)})
    told = json.loads(cli("config", "--json", host=elsewhere).out)
    assert (told["path"], told["path_origin"]) == (str(other), "environment")
    assert told["settings"]["theme"] == {"value": "nord", "origin": "file"}


def test_keys_that_the_screen_does_not_know_are_refused(cli, configured):
    configured.write_text('[keys]\nsrot = "x"\n')
    result = cli("config")
    assert result.code == 2
    assert "~/.config/envdeck/config.toml: [keys]: " in result.err
    assert "did you mean" in result.err


@pytest.mark.parametrize("command", [["list"], ["find", "pip"], ["interpreters"], ["show", "x"]])
def test_a_wrong_file_stops_commands_that_need_it(cli, configured, command):
    configured.write_text('# mine\ncolums = ["\x1bpath"]\n')
    result = cli(*command)
    assert result.code == 2
    assert result.out == ""
    assert result.err.startswith("error: ~/.config/envdeck/config.toml:2: is not TOML: ")
    assert "\x1b" not in result.err
    configured.write_text("# mine\n\ncolums = []\n")
    assert cli(*command).err.splitlines() == [
        "error: ~/.config/envdeck/config.toml:3: unknown key `colums`",
        "hint: did you mean `columns`?",
    ]
