"""Reading the configuration: what it may hold, and what is said when it is wrong."""

import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envdeck.config import Configuration, ConfigurationError, SettingOrigin, Settings, load, locate


@pytest.fixture
def file(home) -> Path:
    folder = home / ".config" / "envdeck"
    folder.mkdir(parents=True)
    return folder / "config.toml"


def refused(host) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        load(host)
    return caught.value


def test_none_means_all_defaults(host, home):
    path = f"{home}/.config/envdeck/config.toml"
    assert load(host) == Configuration(path, SettingOrigin.DEFAULT, exists=False)


def test_everything_it_may_hold(host, file, home):
    file.write_bytes(
        b"\xef\xbb\xbf# mine\n"
        b'roots = ["~", "~/work/", "/srv/../srv/py", "~/work"]\n'
        b'exclude = ["node_modules", "~/old"]\n'
        b"cross-devices = true\n"
        b'theme = "nord"\ncolumns = ["path", "used"]\n'
        b"read-only = true\nkeep-days = 7\nthreads = 1\ndownloads = true\n"
        b'[keys]\nsort = "o"\ntab.1 = "f1"\n"tab.2" = "f2"\n'
    )
    configuration = load(host)
    assert configuration.settings == Settings(
        roots=(str(home), f"{home}/work", "/srv/py"),
        exclude=("node_modules", f"{home}/old"),
        cross_devices=True,
        theme="nord",
        columns=("path", "used"),
        read_only=True,
        keep_days=7,
        threads=1,
        downloads=True,
        keys={"sort": "o", "tab.1": "f1", "tab.2": "f2"},
    )
    assert configuration.origin("roots") is SettingOrigin.FILE


@pytest.mark.parametrize(
    ("text", "what", "line", "hint"),
    [
        ("\ncolums = []", "unknown key `colums`", 2, "did you mean `columns`?"),
        ("cross_devices = true", "unknown key `cross_devices`", 1, "did you mean `cross-devices`?"),
        ("zzz = 1", "unknown key `zzz`", 1, "choose from `roots`, `exclude`, `cross-devices`, "),
        ("[key]\na = 'b'", "unknown key `key`", 1, "did you mean `keys`?"),
        ("roots = '~'", "`roots` must be a list of folders, not a string", 1, ""),
        ("roots = [1]", "`roots` must be a list of folders, each in quotes", 1, ""),
        (
            "roots = ['']",
            "`roots` must be a list of folders, each in quotes",
            1,
            "",
        ),
        ("roots = ['work']", "`roots`: `work` is not an absolute path", 1, "start it"),
        (
            "cross-devices = 1",
            "`cross-devices` must be true or false, not",
            1,
            "",
        ),
        ("read-only = 'yes'", "`read-only` must be true or false, not a string", 1, ""),
        ("downloads = 1", "`downloads` must be true or false, not the number 1", 1, ""),
        ("keep-days = -1", "`keep-days` must be a number of days from 0 to 36,500, or", 1, ""),
        ("keep-days = 36501", "`keep-days` must be a number of days from 0", 1, ""),
        ("keep-days = 1.5", "`keep-days` must be a number of days from 0", 1, ""),
        ("keep-days = true", "`keep-days` must be a number of days from 0", 1, ""),
        ("threads = 0", "`threads` must be a number from 1 to 64, not", 1, ""),
        ("threads = true", "`threads` must be a number from 1 to 64, not", 1, ""),
        (
            "keep-days = 'never'",
            ('`keep-days` must be a number of days from 0 to 36,500, or "for ever", not `never`'),
            1,
            "",
        ),
        ("theme = ['x']", "`theme` must be a name in quotes, not an array", 1, ""),
        ("theme = 1979-05-27", "`theme` must be a name in quotes, not a date or time", 1, ""),
        ("columns = ['pth']", "`columns`: unknown column `pth`", 1, "did you mean `path`?"),
        ("columns = ['path', 'path']", "`columns`: duplicate column", 1, ""),
        ("keys = true", "`keys` must be a table", 1, ""),
        ("theme = 'x'\n[keys]\nsort = 1", "`sort` must be a key in quotes", 3, ""),
        ("[keys]\nsort = {}", "`sort` must be a key in quotes", 2, ""),
        ("theme = 'a'\n# x\ntheme = 'b'", "is not TOML: ", 3, ""),
        ("theme = ", "is not TOML: ", 1, ""),
        ("a = [" * 20_000, "is not TOML: ", None, ""),
    ],
)
def test_what_is_wrong_is_said_with_its_line_and_a_way_out(host, file, text, what, line, hint):
    file.write_text(text)
    error = refused(host)
    assert error.path == str(file)
    assert error.what.startswith(what)
    assert error.hint.startswith(hint)
    if line is not None:
        assert error.line == line


@pytest.mark.parametrize(("text", "days"), [("0", 0), ("36500", 36_500), ('"for ever"', None)])
def test_how_long_the_trash_keeps_things(host, file, text, days):
    file.write_text(f"keep-days = {text}")
    assert load(host).settings.keep_days == days


def test_a_key_inside_a_table_is_not_taken_for_one_outside(host, file):
    file.write_text('[keys]\ntheme = "x"\n[oops]\n')
    assert refused(host).line == 3


def test_bytes_that_are_no_utf8(host, file):
    file.write_bytes(b"# one\ntheme = '\xff'\n")
    error = refused(host)
    assert (error.what, error.line) == ("is not UTF-8: byte 0xff", 2)


def test_a_file_that_is_huge_is_not_read(host, file):
    with file.open("wb") as opened:
        opened.truncate(100_000_000)
    assert refused(host).what == "cannot be read: is larger than 256 KiB"


def test_a_pipe_is_not_waited_for(host, file):
    os.mkfifo(file)
    assert refused(host).what == "cannot be read: is not a regular file"


def test_a_folder(host, file):
    file.mkdir()
    assert refused(host).what.startswith("cannot be read: is")


def test_a_link_that_leads_nowhere_is_not_taken_for_none(host, file):
    file.symlink_to(file.parent / "gone.toml")
    assert refused(host).what == "cannot be read: no such file or directory"


def test_a_link_that_leads_to_itself(host, file):
    file.symlink_to(file)
    assert refused(host).what.startswith("cannot be read: too many levels")


def test_a_file_in_place_of_its_folder_means_none(host, home):
    (home / ".config").touch()
    assert load(host).exists is False


def test_a_variable_names_another(host, home, tmp_path):
    (home / "mine.toml").write_text("theme = 'nord'")
    named = replace(host, environ={"ENVDECK_CONFIG": "~/mine.toml"})
    assert locate(named) == (f"{home}/mine.toml", SettingOrigin.ENVIRONMENT)
    assert load(named).settings.theme == "nord"
    assert load(replace(host, environ={"ENVDECK_CONFIG": ""})).exists is False


def test_one_that_is_named_must_be_there(host):
    error = refused(replace(host, environ={"ENVDECK_CONFIG": "/no/such.toml"}))
    assert (error.path, error.what) == ("/no/such.toml", "does not exist")
    assert "unset ENVDECK_CONFIG" in error.hint


def test_the_null_device_stands_for_none(host, file):
    file.write_text("theme = 'nord'")
    switched_off = replace(host, environ={"ENVDECK_CONFIG": os.devnull})
    assert load(switched_off).settings == Settings()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(max_size=60) | st.binary(max_size=60))
def test_any_content_is_settings_or_an_error(host, file, content):
    file.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "replace"))
    with suppress(ConfigurationError):
        assert load(host).exists
