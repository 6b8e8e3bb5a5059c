"""What is at the path: an environment, the same one, nobody's home or project, no link."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from envdeck.core.model import Operation, ProjectLink, ProjectState, Target
from envdeck.core.operations.guards.check import ask
from envdeck.core.operations.transaction.journal import Entry, Move, Phase
from envdeck.core.operations.transaction.transaction import OperationStore


def reasons(one):
    return {refusal.guard: refusal.message for refusal in ask(one)}


def empty(path):
    for entry in path.iterdir():
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()


def replaced(path):
    os.rename(path, f"{path}-old")
    shutil.copytree(f"{path}-old", path, symlinks=True)


def linked(path):
    os.rename(path, f"{path}-old")
    path.symlink_to(f"{path}-old")


def linked_above(path):
    os.rename(path.parent, f"{path.parent}-old")
    path.parent.symlink_to(f"{path.parent}-old")


def a_file(path):
    shutil.rmtree(path)
    path.touch()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (shutil.rmtree, "no longer exists"),
        (empty, "not an environment"),
        (replaced, "folder was replaced since the preview"),
        (linked, "is now a symlink to "),
        (linked_above, "a parent folder is now a symlink"),
        (a_file, "no longer a folder"),
        (lambda path: (path / "pyvenv.cfg").write_text(""), "not an environment (pyvenv.cfg"),
        (lambda path: shutil.rmtree(path / "lib"), "not an environment (no package folder"),
    ],
)
def test_what_changed_since_it_was_shown(question, home, make_venv, change, reason):
    path = make_venv(home / "work" / ".venv")
    one = question(path)
    assert ask(one) == ()
    change(path)
    later = replace(one, machine=one.machine.refreshed())
    assert reasons(later)["not-an-environment"].startswith(reason)
    assert not ask(later)[0].overrulable


def test_a_stray_cfg_makes_no_environment(asked, home):
    (home / "photos").mkdir()
    (home / "photos" / "pyvenv.cfg").touch()
    (home / "photos" / "2019.jpg").write_text("irreplaceable")
    assert list(asked(home / "photos")) == ["not-an-environment"]


def test_a_recreate_may_be_of_what_is_gone(question, home, make_venv):
    path = make_venv(home / "venv")
    one = replace(question(path, Operation.RECREATE), target=Target(str(path), None))
    assert reasons(one)["not-an-environment"] == "path was created since the preview"
    shutil.rmtree(path)
    assert ask(replace(one, machine=one.machine.refreshed())) == ()


@pytest.mark.parametrize("name", [".git", "pyproject.toml", "uv.lock", ".hg"])
def test_an_environment_made_in_the_root_of_a_project(asked, home, make_venv, name):
    path = make_venv(home / "app")
    (path / name).mkdir()
    for operation in (Operation.DELETE, Operation.RECREATE, Operation.UPGRADE):
        refusal = asked(path, operation)["protected-path"]
        assert refusal.message == f"root of a project (has {name})"
        assert not refusal.overrulable


def test_the_current_folder_and_those_above_it(asked, home, make_venv):
    path = make_venv(home / "venv")
    for folder in (path, path / "lib"):
        assert "the current folder" in asked(path, folder=str(folder))["protected-path"].message
    assert asked(path, folder=str(home)) == {}
    assert asked(path, folder=f"{path}2") == {}


def test_home_roots_of_scans_and_projects(asked, home, make_venv, host, read):
    path = make_venv(home / "venv")
    at_home = replace(host, home=str(path / "lib"))
    assert "home folder" in asked(path, on=at_home)["protected-path"].message
    assert "root folder" in asked(path, roots=(str(path / "lib"),))["protected-path"].message
    found = ProjectLink(ProjectState.FOUND, str(path), "parent folder")
    known = replace(read(make_venv(home / "other")), project=found)
    assert "project folder of" in asked(path, environments=(known,))["protected-path"].message


@pytest.mark.parametrize(
    ("place", "stays"),
    [
        ("usr/lib/python3/venv", True),
        ("usr/share/app", True),
        ("opt", True),
        ("opt/homebrew/Cellar/httpie/3.2/libexec", True),
        ("nix/store/abc", True),
        ("usr/local/app/venv", False),
        ("opt/app/venv", False),
        ("srv/app/venv", False),
        ("run/media/ada/stick/venv", False),
    ],
)
def test_what_belongs_to_the_system(asked, host, make_venv, place, stays):
    path = make_venv(Path(host.root) / place)
    assert ("protected-path" in asked(path)) is stays


@pytest.mark.parametrize(
    "place",
    [
        ".local",
        ".local/share",
        ".local/share/envdeck",
        ".local/share/envdeck/trash",
        ".local/share/envdeck/trash/20261118-110640-4f2a/environment",
        ".local/state",
        ".local/state/envdeck/operations",
        ".cache",
        ".cache/envdeck/venv",
        "work/.envdeck-trash/20261118-110640-4f2a/environment",
        "work/.envdeck-trash-1000/20261118-110640-4f2a/environment",
    ],
)
def test_our_own_places_and_what_holds_them(asked, home, make_venv, place):
    path = make_venv(home / place)
    for operation in (Operation.DELETE, Operation.RECREATE, Operation.UPGRADE):
        refusal = asked(path, operation)["protected-path"]
        assert "EnvDeck's own data" in refusal.message
        assert ("`envdeck trash`" in refusal.hint) is ("trash/" in place or "trash-" in place)
        assert not refusal.overrulable


@pytest.mark.parametrize("variable", ["XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"])
def test_our_own_places_where_they_were_put_or_lead_to(asked, home, make_venv, host, variable):
    path = make_venv(home / "big" / "venv")
    on = replace(host, environ={**host.environ, variable: str(path / "mine")})
    assert "protected-path" in asked(path, on=on)
    on = replace(host, environ={**host.environ, variable: str(home / "elsewhere")})
    assert asked(path, on=on) == {}
    (path / "kept").mkdir()
    (home / "elsewhere").mkdir()
    (home / "elsewhere" / "envdeck").symlink_to(path / "kept")
    assert "protected-path" in asked(path, on=on)


def test_a_trash_in_an_environment(asked, home, make_venv, host):
    path = make_venv(home / "outer")
    (path / ".envdeck-trash").mkdir()
    assert "trash" in asked(path)["protected-path"].message
    (path / ".envdeck-trash").rmdir()
    item = path / "deep" / "down" / ".envdeck-trash" / "20261118-110640-4f2a"
    item.mkdir(parents=True)
    assert asked(path, allowed={"unowned-files"}) == {}
    store = OperationStore.open(host)
    store.journal.write(
        Entry(
            id=item.name,
            group=item.name,
            operation=Operation.DELETE,
            move=Move.ASIDE,
            phase=Phase.DONE,
            path=str(path / "deep" / "down" / ".venv"),
            item=str(item),
        )
    )
    assert asked(path)["protected-path"].message == "contains an EnvDeck trash"


def test_windows_own_folders(asked, home, make_venv, host):
    path = make_venv(home / "Windows" / "Temp" / "venv")
    on = replace(host, platform="win32", environ={"SYSTEMROOT": str(home / "windows")})
    assert asked(path, on=on)["protected-path"].message == "belongs to the operating system"


def test_a_link_goes_alone(asked, question, home, make_venv):
    path = make_venv(home / "envs" / "blog")
    (path / ".env").touch()  # what the link leads to stays, and what is in it is nobody's matter
    link = home / ".venv"
    link.symlink_to(path)
    refusal = asked(path, link=link)["symlink"]
    assert refusal.message == f"symlink, its target is kept: {path}"
    assert (refusal.path, refusal.overrulable) == (str(link), True)
    assert f"envdeck delete {link} --allow symlink" in refusal.hint
    assert asked(path, link=link, allowed={"symlink"}) == {}
    assert asked(path, Operation.RECREATE, link=link, allowed={"symlink"}) == {}
    link.unlink()
    link.symlink_to(home)
    assert not asked(path, link=link, allowed={"symlink"})["symlink"].overrulable
    link.unlink()
    link.mkdir()
    assert not asked(path, link=link, allowed={"symlink"})["symlink"].overrulable
