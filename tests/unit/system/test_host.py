"""Where home is, whatever the environment says."""

import os
import pwd
from types import SimpleNamespace

import pytest

from envdeck.core.system.host import Host


@pytest.mark.parametrize("value", [None, "", "relative", "./here"])
def test_a_home_that_is_no_absolute_path_counts_as_unset(monkeypatch, value):
    if value is None:
        monkeypatch.delenv("HOME")
    else:
        monkeypatch.setenv("HOME", value)
    monkeypatch.setattr(pwd, "getpwuid", lambda _: SimpleNamespace(pw_dir="/home/ada/"))
    assert Host.current().home == "/home/ada"


def test_who_has_no_home_at_all_has_the_root(monkeypatch):
    def unknown(number):
        raise KeyError(number)

    monkeypatch.delenv("HOME")
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    assert Host.current().home == os.sep


def test_a_home_is_taken_as_it_is_named(monkeypatch):
    monkeypatch.setenv("HOME", "/home/ada")
    assert Host.current().home == "/home/ada"
