"""Our own folders: as platformdirs has them, on the system that runs and on made-up ones."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from envdeck.core.system import host as module
from envdeck.core.system.host import Host, former_folders, own_folders, own_path

HOME = "/home/ada"
VARIABLES = ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")
ENVIRONS = [
    {},
    dict.fromkeys(VARIABLES, "/x"),
    dict.fromkeys(VARIABLES, ""),
    dict.fromkeys(VARIABLES, "relative"),
    dict.fromkeys(VARIABLES, "~/x"),
    dict.fromkeys(VARIABLES, "/x/y/../z/"),
    {"XDG_DATA_HOME": "/d", "XDG_STATE_HOME": "/s"},
]
KINDS = ("config", "cache", "data", "state")

ASK = """
import json, os, sys
from importlib import import_module
module, name = sys.argv[1:]
dirs = getattr(import_module(f"platformdirs.{module}"), name)
told = {}
for kind in ("config", "cache", "data", "state"):
    one = dirs("envdeck", appauthor=False, opinion=False, roaming=kind == "config")
    told[kind] = getattr(one, f"user_{kind}_dir")
print(json.dumps(told))
"""
CURRENT = """
import json, sys
from dataclasses import asdict
from envdeck.core.system.host import Host, own_folders
print(json.dumps(asdict(own_folders(Host.current()))), "platformdirs" in sys.modules)
"""


def run(code, *arguments, environ):
    """Return what a process of its own prints, which has these variables and no others."""
    result = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=environ,
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return result.stdout


def told(folders):
    return {kind: os.path.normpath(folders.folder(kind)) for kind in KINDS}


@pytest.mark.parametrize("environ", ENVIRONS)
@pytest.mark.parametrize(
    ("platform", "asked"), [("linux", ("unix", "Unix")), ("darwin", ("macos", "MacOS"))]
)
def test_a_made_up_machine_has_what_platformdirs_answers_there(platform, asked, environ):
    answer = json.loads(run(ASK, *asked, environ={"HOME": HOME, **environ}))
    expected = {kind: os.path.normpath(path) for kind, path in answer.items()}
    assert told(own_folders(Host(platform, HOME, environ))) == expected


def test_so_has_a_made_up_windows():
    known = {"WIN_PD_OVERRIDE_LOCAL_APPDATA": "C:\\L", "WIN_PD_OVERRIDE_APPDATA": "C:\\R"}
    answer = json.loads(run(ASK, "windows", "Windows", environ={"HOME": HOME, **known}))
    environ = {"LOCALAPPDATA": "/local", "APPDATA": "/roaming"}
    bases = {"/local": "C:\\L", "/roaming": "C:\\R"}
    folders = told(own_folders(Host("win32", HOME, environ)))
    for kind, path in folders.items():
        base = os.path.dirname(path)
        assert answer[kind] == path.replace(base, bases[base])


@pytest.mark.parametrize("environ", ENVIRONS)
def test_the_machine_that_runs_has_what_platformdirs_answers_without_its_import(environ):
    environ = {"HOME": HOME, **environ}
    folders, imported = run(CURRENT, environ=environ).rsplit(maxsplit=1)
    asked = json.loads(run(ASK, "unix", "Unix", environ=environ))
    assert imported == "False"
    expected = {kind: os.path.normpath(path) for kind, path in asked.items()}
    assert {kind: os.path.normpath(path) for kind, path in json.loads(folders).items()} == expected


def test_a_relative_home_counts_as_unset_for_both():
    """What sets the lowest release of platformdirs: earlier ones take it as it is."""
    usual = json.loads(run(CURRENT, environ={}).rsplit(maxsplit=1)[0])
    for home in ("relative", ""):
        assert json.loads(run(CURRENT, environ={"HOME": home}).rsplit(maxsplit=1)[0]) == usual
    assert all(map(os.path.isabs, usual.values()))


def test_it_is_asked_for_no_machine_but_that_one(monkeypatch):
    def fail():
        raise AssertionError("asked for a made-up machine")

    monkeypatch.setattr(module, "_find_own_folders", fail)
    monkeypatch.setenv("HOME", HOME)
    other = "darwin" if sys.platform != "darwin" else "linux"
    for host in (
        Host(sys.platform, HOME, dict(os.environ)),
        Host(sys.platform, "/home/other", os.environ),
        Host(other, HOME, os.environ),
    ):
        assert own_folders(host).state.startswith(host.home)
    monkeypatch.setenv("ANDROID_ROOT", "/system")
    with pytest.raises(AssertionError, match="made-up"):
        own_folders(Host.current())


def test_where_platformdirs_finds_no_home_there_is_the_root(monkeypatch):
    import pwd

    def unknown(number):
        raise KeyError(number)

    monkeypatch.delenv("HOME")
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    assert own_folders(Host.current()).state == "/.local/state/envdeck"


@pytest.mark.parametrize(
    ("platform", "environ"),
    [
        ("linux", {}),
        ("linux", {"XDG_STATE_HOME": "/s", "XDG_CACHE_HOME": "/c//"}),
        ("darwin", {}),
        ("win32", {}),
        ("win32", {"LOCALAPPDATA": "/l", "APPDATA": "/r"}),
    ],
)
def test_what_has_not_changed_is_spelled_as_before(platform, environ):
    host = Host(platform, HOME, environ)
    assert own_folders(host) == former_folders(host)


def test_on_macos_the_variables_count_now():
    host = Host("darwin", HOME, {"XDG_CONFIG_HOME": f"{HOME}/.config"})
    assert own_folders(host).config == f"{HOME}/.config/envdeck"
    assert former_folders(host).config == f"{HOME}/Library/Application Support/envdeck"
    assert own_folders(host).state == former_folders(host).state


def test_a_thing_is_where_it_belongs_unless_it_is_only_in_the_former_folder(home):
    host = Host("darwin", str(home), {"XDG_STATE_HOME": str(home / "state")})
    former = home / "Library" / "Application Support" / "envdeck" / "tour"
    usual = home / "state" / "envdeck" / "tour"
    assert own_path(host, "state", "tour") == str(usual)
    assert list(home.iterdir()) == []
    former.parent.mkdir(parents=True)
    former.touch()
    assert own_path(host, "state", "tour") == str(former)
    usual.parent.mkdir(parents=True)
    usual.symlink_to(home / "nowhere")
    assert own_path(host, "state", "tour") == str(usual)


def test_the_table_in_the_manual_is_true():
    page = (Path(__file__).parents[3] / "docs" / "configuration.md").read_text("utf-8")
    rows = [line.strip("|").split("|") for line in page.splitlines() if "XDG_" in line]
    names = {"configuration": "config"}
    table = {
        names.get(kind.strip(), kind.strip()): [cell.strip(" `") for cell in cells]
        for kind, *cells in (row for row in rows if len(row) == 5)
    }
    assert set(table) == set(KINDS)
    local, roaming = f"{HOME}/l", f"{HOME}/r"
    windows = Host("win32", HOME, {"LOCALAPPDATA": local, "APPDATA": roaming})
    machines = [Host("linux", HOME, {}), Host("darwin", HOME, {}), windows]
    for kind, (*places, variable) in table.items():
        for machine, place in zip(machines, places, strict=True):
            path = place.replace("~", HOME).replace("%LOCALAPPDATA%", local)
            path = path.replace("%APPDATA%", roaming)
            assert own_folders(machine).folder(kind) == f"{path}/envdeck"
        for platform in ("linux", "darwin"):
            moved = own_folders(Host(platform, HOME, {variable: "/x"}))
            assert moved.folder(kind) == "/x/envdeck"
