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
    refused(cli("help"), "`help` does not exist", "envdeck --help")


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (["list", "--jsn"], "unrecognized arguments: --jsn", "did you mean `--json`.*"),
        (["list", "--zzzzz"], "unrecognized arguments: --zzzzz", "run `envdeck list --help`"),
        (["--json"], "unrecognized arguments: --json", "run `envdeck --help`"),
        (["list", "--status", "fine"], ".*--status: invalid choice: 'fine'.*", ".*"),
        (["list", "--sort", "luck"], ".*--sort: invalid choice: 'luck'.*", ".*"),
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
        (["list", "--no-size", "--sort", "size"], "--sort size requires sizes", ".*"),
        (["show"], ".*required: ENV", "run `envdeck show --help`"),
        (["find"], ".*required: REQUIREMENT", ".*"),
        (["find", "not a requirement!"], "`not a requirement!` is not a requirement: .*", ".*"),
        (["find", ""], "`` is not a requirement: .*", ".*"),
        (["find", "x<<1"], "`x<<1` is not a requirement: .*", ".*"),
        (["config", "edit"], ".*invalid choice: 'edit'.*", ".*"),
        (["completion", "basic"], ".*invalid choice: 'basic'.*", ".*"),
        (["interpreters", "--j\x1b[2J"], r"unrecognized arguments: --j\\x1b\[2J", ".*"),
    ],
)
def test_wrong_usage(cli, arguments, message, hint):
    refused(cli(*arguments), message, hint)
