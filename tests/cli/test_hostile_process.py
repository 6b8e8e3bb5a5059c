"""The program as a process, where streams, folders and encodings are not as they should be."""

import json
import os
import subprocess
import sys

import pytest

from envdeck.config import ConfigurationError, load
from envdeck.core.system.host import Host


@pytest.fixture
def envdeck(home):
    """Return a function that runs the program with a home of its own."""

    def call(*arguments, cwd=None, environ=None, **options):
        settings = {"capture_output": True, "timeout": 60, **options}
        return subprocess.run(
            [sys.executable, "-m", "envdeck", *arguments],
            env={**os.environ, "HOME": str(home), "PYTHONUNBUFFERED": "", **(environ or {})},
            cwd=cwd,
            check=False,
            **settings,
        )

    return call


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["list", "--help"], ["config"]])
def test_a_full_disk_behind_the_output_is_told(envdeck, arguments):
    with open("/dev/full", "wb") as full:
        done = envdeck(*arguments, stdout=full, capture_output=False, stderr=subprocess.PIPE)
    assert done.returncode == 1
    assert done.stderr == b"error: cannot write the output: no space left on device\n"


def test_an_error_that_nobody_takes_is_still_one(envdeck):
    with open("/dev/full", "wb") as full:
        done = envdeck("list", "/gone", stderr=full, capture_output=False)
    assert done.returncode == 2
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as broken:
        assert envdeck("list", "/gone", stderr=broken, capture_output=False).returncode == 2


@pytest.mark.parametrize("home_is", ["relative", ""])
def test_nothing_is_written_into_the_current_folder(envdeck, tmp_path, home_is):
    current = tmp_path / "current"
    current.mkdir()
    done = envdeck("config", "path", cwd=current, environ={"HOME": home_is})
    assert done.returncode == 0
    assert os.path.isabs(done.stdout.decode())
    assert list(current.iterdir()) == []


def test_names_are_found_in_a_locale_that_does_not_have_them(envdeck, home, make_venv):
    path = make_venv(home / "café" / "漢字" / ".venv")
    (home / "other").mkdir()
    (home / "other" / ".venv").write_text(str(path), encoding="utf-8")
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    for environ in ({}, plain, {}, plain):
        done = envdeck("list", "--json", environ=environ)
        assert (done.returncode, done.stderr) == (0, b"")
        (found,) = json.loads(done.stdout)["environments"]
        shown = found["path"].encode("ascii" if environ else "utf-8", "surrogateescape")
        assert shown == os.fsencode(path)
        assert (found["status"], len(found["links"])) == ("ok", 1)


def test_a_configuration_relative_to_a_folder_that_is_gone(envdeck, tmp_path):
    script = 'mkdir "$1" && cd "$1" && rmdir "$1" && exec "$2" -m envdeck list'
    done = subprocess.run(
        ["sh", "-c", script, "sh", str(tmp_path / "gone"), sys.executable],
        env={**os.environ, "ENVDECK_CONFIG": "mine.toml"},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert b"the current folder no longer exists" in done.stderr


def test_what_cannot_be_reached_is_not_called_absent(cli, home, monkeypatch):
    closed = str(home / "closed" / ".venv")
    real = os.lstat

    def lstat(path, **options):
        if path == closed:
            raise PermissionError(13, "Permission denied")
        return real(path, **options)

    monkeypatch.setattr(os, "lstat", lstat)
    done = cli("show", closed)
    assert done.code == 2
    assert done.err == "error: cannot read `~/closed/.venv`: permission denied\n"


def test_an_argument_with_a_secret_is_not_repeated(cli):
    for arguments in (
        ["find", "shop @ https://ada:secret@example.org/shop.whl", "--json"],
        ["find", "!! https://ada:secret@example.org/"],
        ["list", "https://ada:secret@example.org/"],
        ["show", "https://ada:secret@example.org/"],
    ):
        done = cli(*arguments)
        assert "secret" not in done.out + done.err
        assert "****@example.org" in done.out + done.err


def test_a_message_is_no_longer_than_a_person_reads(cli):
    done = cli("list", "/gone" * 5000)
    assert done.code == 2
    assert len(done.err) < 1200


@pytest.mark.parametrize("spec", [">=" + "9" * 5000, "3." + "9" * 5000 + ",<4"])
def test_a_version_of_endless_digits_is_wrong_usage(cli, spec):
    assert cli("list", "--python", spec).code == 2


def test_a_requirement_of_endless_digits_is_in_no_environment(cli, catalog, environment, tmp_path):
    (tmp_path / "shop-1.0.dist-info").mkdir()
    catalog.environments = [environment("a/.venv", site_packages=(str(tmp_path),))]
    assert "1 environment" in cli("find", "shop>=0.9").out
    assert cli("find", "shop>=" + "9" * 5000).out == "no matches\n"


def test_a_number_of_endless_digits_is_a_wrong_configuration(home):
    folder = home / ".config" / "envdeck"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text("theme = 1" + "9" * 5000)
    with pytest.raises(ConfigurationError, match="is not TOML"):
        load(Host("linux", str(home), {}))


@pytest.mark.parametrize("pattern", ["build/", "a/b", "./x", "../x", "x/*"])
def test_an_exclusion_that_no_path_can_match_is_refused(home, pattern):
    folder = home / ".config" / "envdeck"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text(f'exclude = ["{pattern}"]')
    with pytest.raises(ConfigurationError, match="not a name or an absolute path") as caught:
        load(Host("linux", str(home), {}))
    assert caught.value.line == 1


def test_times_before_the_year_1000_are_times(cli, catalog, environment):
    catalog.environments = [environment("a/.venv", used=-60_000_000_000.0)]
    (found,) = json.loads(cli("list", "--json").out)["environments"]
    assert found["last_used"] == "0068-09-03T13:20:00Z"


def test_what_stands_where_we_keep_our_own_is_named(envdeck, home):
    state = home / ".local" / "state"
    state.mkdir(parents=True)
    (state / "envdeck").write_text("in the way")
    (home / ".env").write_text("A=1\n")
    done = envdeck("dotenv", str(home), "--private", "--yes", environ={"XDG_STATE_HOME": ""})
    assert done.returncode == 1
    error, hint = done.stderr.decode().splitlines()
    assert error.startswith(f"error: the system refused: not a directory: {state}/envdeck")
    assert hint.startswith("hint: check its permissions")
