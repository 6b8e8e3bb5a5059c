"""What cannot be done is said in a line, with a way out, and ends with 2."""

import os
import re

import pytest


def refused(result, message: str, hint: str | None = None) -> None:
    assert result.code == 2, result
    assert result.out == ""
    lines = result.err.splitlines()
    assert re.fullmatch(f"error: {message}", lines[0]), lines
    if hint is not None:
        assert re.fullmatch(f"hint: {hint}", lines[1]), lines


@pytest.mark.parametrize("command", [["list"], ["find", "pip"], []])
def test_a_path_that_does_not_exist(cli, command, tmp_path):
    refused(cli(*command, f"{tmp_path}/nowhere"), f"`{tmp_path}/nowhere` does not exist")


@pytest.mark.parametrize("command", [["list"], ["find", "pip"], []])
def test_a_path_that_is_a_file(cli, command, tmp_path):
    (tmp_path / "file").touch()
    refused(cli(*command, f"{tmp_path}/file"), f"`{tmp_path}/file` is not a folder", ".*folder.*")


def test_a_path_that_is_a_pipe_is_not_waited_for(cli, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    refused(cli("list", f"{tmp_path}/pipe"), ".*pipe` is not a folder")


def test_a_path_that_cannot_be_read(cli, tmp_path, monkeypatch):
    def scandir(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("envdeck.cli.arguments.os.scandir", scandir)
    refused(cli("list", str(tmp_path)), ".*`: permission denied")


def test_paths_the_system_refuses(cli, tmp_path):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    refused(cli("list", f"{tmp_path}/loop"), ".*loop`: too many levels.*")
    refused(cli("list", "x" * 300), ".*`: file name too long")
    refused(cli("list", "a\0b"), r".*a\\x00b`: .*embedded null.*")
    refused(cli("list", ""), "empty path", "use `.` for the current folder")


def test_a_current_folder_that_is_gone(cli, tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    refused(cli("show", "."), "the current folder no longer exists", "cd ~")


def test_a_quoted_tilde_is_the_home_folder(cli, home, catalog):
    (home / "work").mkdir()
    assert cli("list", "~/work").code == 0
    assert catalog.scopes[0].roots == (f"{home}/work",)


def test_a_command_that_is_misspelt(cli):
    refused(cli("lst"), "`lst` does not exist", "did you mean `envdeck list`.*")
    refused(cli("help", "lst"), "no command is called `lst`", "envdeck help list")


@pytest.mark.parametrize(
    ("word", "named"), [("remove", "delete ENV"), ("prune", "clean"), ("update", "upgrade ENV")]
)
def test_what_other_programs_call_a_command(cli, word, named):
    refused(cli(word), f"`{word}` does not exist", f"did you mean `envdeck {named}`.*")


def test_an_environment_in_place_of_a_command(cli, catalog, environment):
    catalog.environments = [environment("work/weather/.venv")]
    hint = "environments are named behind a command: envdeck show weather"
    refused(cli("weather"), "`weather` does not exist", hint)


def test_aliases_that_people_type(cli, catalog, environment, capsys):
    catalog.environments = [environment("work/api/.venv")]
    assert cli("ls", "--no-size").out == cli("list", "--no-size").out != ""
    assert "environment not found: `nothing`" in cli("rm", "nothing", "--yes").err
    assert cli("version").out.startswith("envdeck ")
    for words in (["help", "list"], ["help", "ls"], ["list", "--help"]):
        assert cli(*words).code == 0
        assert capsys.readouterr().out.startswith("usage: envdeck list")
    assert cli("help").code == 0
    assert "commands:" in capsys.readouterr().out


@pytest.mark.parametrize("columns", [72, 80, 132])
@pytest.mark.parametrize("name", ["", "bisect", "dotenv", "matrix", "recreate", "upgrade"])
def test_a_help_fits_the_terminal(cli, capsys, monkeypatch, columns, name):
    monkeypatch.setenv("COLUMNS", str(columns))
    cli("help", *name.split())
    lines = capsys.readouterr().out.splitlines()
    wide = [line for line in lines if len(line) > columns]
    assert [line for line in wide if " " in line.strip() and "envdeck" not in line] == []


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (["list", "--jsn"], "unrecognized arguments: --jsn", "did you mean `--json`.*"),
        (["list", "--zzzzz"], "unrecognized arguments: --zzzzz", "run `envdeck list --help`"),
        (["--json"], "unrecognized arguments: --json", "run `envdeck --help`"),
        (["list", "--status", "fine"], "--status: `fine` is not one of ok, broken, .*", ".*"),
        (["list", "--sort", "luck"], "--sort: `luck` is not one of reclaimable, .*", ".*"),
        (["list", "--min-size", "big"], ".*invalid size `big`; use 500MB.*", ".*"),
        (["list", "--min-size", "-5"], ".*", ".*"),
        (["list", "--min-size", ""], ".*invalid size ``.*", ".*"),
        (["list", "--unused-for", "90"], ".*invalid duration `90`; use.*", ".*"),
        (["list", "--unused-for", "٣d"], ".*invalid duration.*", ".*"),
        (["list", "--python", "three"], ".*invalid version or range `three`; use 3.12.*", ".*"),
        (["list", "--python", ""], ".*a version is required.*", ".*"),
        (["list", "--json", "--ndjson"], ".*not allowed with.*", ".*"),
        (
            ["list", "--sort", "name", "--ndjson"],
            "--sort and --ndjson cannot be combined",
            "use --json",
        ),
        (["list", "--no-size", "--min-size", "1GB"], "--min-size requires sizes", ".*"),
        (["list", "--manager", "uvx"], "--manager: no manager `uvx`", "did you mean `uv`.*"),
        (["list", "--filter", "manager:uvx"], "--filter: no manager `uvx` .*uv.*", ".*keys.md.*"),
        (["clean", "--filter", "size:big"], "--filter: size: use a number.*", ".*"),
        (["list", "--filter", "colour:red"], "--filter: unknown filter colour:.*", ".*"),
        (["list", "--no-size", "--filter", "size:>1GB"], "--filter with size.*", ".*"),
        (["list", "--no-size", "--sort", "size"], "--sort size requires sizes", ".*"),
        (["show"], r"missing ENV \(environment path, .*\)", "run `envdeck show --help`"),
        (["find"], r"missing REQUIREMENT \(package name.*\)", ".*"),
        (["uninstall"], r"missing ENV .*, NAME \(the package\)", ".*"),
        (["bisect", "x"], r"missing --good \(when it worked.*\)", ".*"),
        (["clean", "--nope"], "unrecognized arguments: --nope", "run `envdeck clean --help`"),
        (["nothing-of-the-kind"], "`nothing-of-the-kind` does not exist", "envdeck --help"),
        (["upgrade"], r"missing ENV \([^,]*, [^,]*, or name\)", ".*"),
        (["--color", "blue"], "--color: `blue` is not one of auto, always, never", ".*--help`"),
        (["find", "not a requirement!"], "`not a requirement!` is not a requirement: .*", ".*"),
        (["find", ""], "`` is not a requirement: .*", ".*"),
        (["find", "x<<1"], "`x<<1` is not a requirement: .*", ".*"),
        (["config", "edit"], "`edit` is not one of path, show", "run `envdeck config --help`"),
        (["completion", "basic"], "`basic` is not one of .*", "did you mean `bash`.*"),
        (["interpreters", "--j\x1b[2J"], r"unrecognized arguments: --j\\x1b\[2J", ".*"),
    ],
)
def test_wrong_usage(cli, arguments, message, hint):
    refused(cli(*arguments), message, hint)
