"""Saving the theme: the one line changes, the rest stays byte for byte."""

import os
import stat
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envdeck.config import load
from envdeck.config.save import save_theme


@pytest.fixture
def file(home) -> Path:
    folder = home / ".config" / "envdeck"
    folder.mkdir(parents=True)
    return folder / "config.toml"


def test_the_folder_and_the_file_are_made(host, home):
    assert save_theme(host, "nord") is None
    assert (home / ".config/envdeck/config.toml").read_bytes() == b'theme = "nord"\n'
    assert load(host).settings.theme == "nord"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"", b'theme = "nord"\n'),
        (b"# mine", b'# mine\ntheme = "nord"\n'),
        (b"  theme='old'   # dark\r\n# \xc3\xa9", b'  theme="nord"   # dark\r\n# \xc3\xa9'),
        (b'"theme" = "old"\n', b'"theme" = "nord"\n'),
        (b'theme = "a\\"b"\n', b'theme = "nord"\n'),
        (b"roots = []\r\n", b'roots = []\r\ntheme = "nord"\r\n'),
        (
            b'roots = [\n  "~",\n]\n\n[keys]\ntheme = "x"\n',
            b'roots = [\n  "~",\n]\n\ntheme = "nord"\n[keys]\ntheme = "x"\n',
        ),
        (
            b'exclude = ["""\ntheme = "old"\n"""]\n',
            b'exclude = ["""\ntheme = "old"\n"""]\ntheme = "nord"\n',
        ),
        (
            b"exclude = [\n[\"x\"],\n'y']\n",
            b'theme = "nord"\nexclude = [\n["x"],\n\'y\']\n',
        ),
        (b"\xef\xbb\xbftheme = 'old'\n", b'\xef\xbb\xbftheme = "nord"\n'),
        (b'theme = "nord"', b'theme = "nord"'),
    ],
)
def test_only_the_theme_changes(host, file, before, after):
    file.write_bytes(before)
    assert save_theme(host, "nord") is None
    assert file.read_bytes() == after
    assert os.listdir(file.parent) == ["config.toml"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"theme = ", "cannot change the line `theme` safely"),
        (b'theme = """\nold"""\n', "cannot change the line `theme` safely"),
        (b"theme = '\xff'", "is not UTF-8"),
        (b"#" * 300_000, "is larger than 256 KiB"),
    ],
)
def test_what_cannot_be_changed_is_left_alone(host, file, content, reason):
    file.write_bytes(content)
    assert save_theme(host, "nord") == reason
    assert file.read_bytes() == content


def test_a_link_stays_a_link_and_the_mode_stays(host, file, tmp_path):
    real = tmp_path / "dotfiles.toml"
    real.write_text('theme = "old"\n')
    real.chmod(0o640)
    file.symlink_to(real)
    assert save_theme(host, "nord") is None
    assert file.is_symlink()
    assert real.read_text() == 'theme = "nord"\n'
    assert stat.S_IMODE(real.stat().st_mode) == 0o640


def test_a_file_where_the_folder_should_be(host, home):
    (home / ".config").touch()
    assert save_theme(host, "nord") == "not a directory"


def test_a_disk_that_refuses_leaves_nothing_behind(host, file, monkeypatch):
    file.write_text('theme = "old"\n')

    def replace_(source, target):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("envdeck.config.save.os.replace", replace_)
    assert save_theme(host, "nord") == "read-only file system"
    assert file.read_text() == 'theme = "old"\n'
    assert os.listdir(file.parent) == ["config.toml"]


def test_no_configuration_takes_no_theme(host):
    switched_off = replace(host, environ={"ENVDECK_CONFIG": os.devnull})
    assert save_theme(switched_off, "nord") == "the configuration is disabled"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20))
def test_any_name_is_read_back(host, file, name):
    file.write_text('# top\ntheme = "old"\n[keys]\nsort = "o"\n')
    assert save_theme(host, name) is None
    assert tomllib.loads(file.read_bytes().decode()) == {
        "theme": name,
        "keys": {"sort": "o"},
    }
