"""What a look says of an environment is true whatever was remembered, and wherever home is."""

import os
import sys
import time
from dataclasses import replace
from itertools import count

import pytest

from envdeck.core.catalog import Catalog, Scope
from envdeck.core.discovery import walk
from envdeck.core.discovery.managers.venv import Venv
from envdeck.core.discovery.prefix import Kind, recognise
from envdeck.core.index import folders
from envdeck.core.inspection import stamps
from envdeck.core.inspection.protection import protection
from envdeck.core.model import Finished, Found, LastUsed, Unreadable
from envdeck.core.system.host import Host

DAY = 86_400.0


@pytest.fixture
def catalog(host, tmp_path):
    return Catalog(host, str(tmp_path / "cache" / "index.sqlite3"))


@pytest.fixture
def make():
    """Return a function that makes a folder with the markers of an environment."""

    def environment(path):
        (path / "lib" / "python3.12" / "site-packages").mkdir(parents=True)
        (path / "bin").mkdir()
        (path / "bin" / "python").symlink_to(sys.executable)
        (path / "pyvenv.cfg").write_text(f"home = {os.path.dirname(sys.executable)}\n")
        return path

    return environment


def found(catalog, scope=None):
    events = catalog.scan(scope or Scope(sizes=False, interpreters=False))
    return {event.environment.path: event.environment for event in events if type(event) is Found}


# Where is looked


def test_a_home_that_is_an_environment_hides_nothing(home, make, catalog):
    make(home)
    inner = make(home / "work" / "api" / ".venv")
    assert set(found(catalog)) == {str(home), str(inner)}


def test_a_root_that_is_not_there_is_counted(home, catalog):
    missing = str(home / "gone")
    events = list(catalog.scan(Scope((missing,), sizes=False)))
    assert Unreadable(missing, "no such file or directory") in events
    assert [event.unreadable for event in events if type(event) is Finished] == [1]


def test_a_folder_that_is_a_known_place_too_is_counted_once(home, catalog, monkeypatch):
    closed = home / ".virtualenvs"
    closed.mkdir()
    real = os.scandir

    def scandir(path="."):
        if path == str(closed):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    events = list(catalog.scan(Scope(sizes=False, interpreters=False)))
    assert [event for event in events if type(event) is Unreadable] == [
        Unreadable(str(closed), "permission denied")
    ]


@pytest.mark.parametrize(
    "rule", ["~/.virtualenvs", ".virtualenvs", "~/.virt*", "~/.virtualenvs/blog", "blo?", "blog"]
)
def test_a_known_place_can_be_excluded(home, make, catalog, rule):
    make(home / ".virtualenvs" / "blog")
    assert len(found(catalog)) == 1
    assert not found(catalog, Scope(sizes=False, interpreters=False, exclude=(rule,)))


@pytest.mark.parametrize("rule", ["~/old", "~/ol*"])
def test_a_home_behind_a_link_is_pruned_as_any(home, make, host, tmp_path, rule):
    make(home / ".local" / "share" / "Trash" / "files" / "env")
    make(home / "old" / "env")
    kept = make(home / "work" / "env")
    (tmp_path / "link").symlink_to(home)
    catalog = Catalog(replace(host, home=str(tmp_path / "link")), str(tmp_path / "index.sqlite3"))
    scope = Scope(sizes=False, interpreters=False, exclude=(rule,))
    assert set(found(catalog, scope)) == {str(kept)}


# What is said of it


def test_home_and_all_above_are_protected_behind_a_link_too(home, make, host, tmp_path):
    make(home)
    (tmp_path / "link").symlink_to(home)
    for named in (str(home), str(tmp_path / "link"), str(home / "inner" / "ada")):
        sentence = protection(recognise(str(home)), Venv(host), replace(host, home=named))
        assert sentence == "protected-path: home folder or a parent of it"


def test_protection_is_asked_anew_at_each_look(home, make, catalog, monkeypatch):
    path = str(make(home / "env"))
    assert found(catalog)[path].protected is None
    monkeypatch.setattr(sys, "prefix", path)
    assert found(catalog)[path].protected == "self: EnvDeck runs from this environment"
    monkeypatch.undo()
    assert found(catalog)[path].protected is None


def test_a_mark_that_freezes_a_conda_environment_is_seen_later_too(home, catalog):
    meta = home / "conda" / "conda-meta"
    meta.mkdir(parents=True)
    (meta / "history").touch()
    (environment,) = found(catalog).values()
    assert environment.protected is None
    (meta / "frozen").touch()
    (environment,) = found(catalog).values()
    assert "frozen" in environment.protected


# Looking without a trace: only a file's owner may open it so


@pytest.fixture
def strangers(make, home, monkeypatch):
    """Return an environment of somebody else's, last used ten days ago, whose access time moves
    with every look; as the system does where it may not be asked to leave it alone."""
    from envdeck.core.discovery import prefix as cfg
    from envdeck.core.system import files

    path = make(home / "theirs")
    file = path / "pyvenv.cfg"
    made = 1_790_000_000.0
    os.utime(file, (made + 10 * DAY, made))
    ticks = iter(range(1, 1000))

    def reading(place, limit, *, whole=True):
        data = files.read_bounded(place, limit, whole=whole)
        if place == str(file):
            os.utime(file, (made + 20 * DAY + next(ticks), made))
        return data

    monkeypatch.setattr(cfg, "read_bounded", reading)
    return path, LastUsed(made + 10 * DAY, "pyvenv.cfg atime")


def test_our_own_reading_is_no_use_whatever_looked(catalog, strangers):
    path, used = strangers
    name = str(path)
    assert catalog.lookup(name).last_used == used
    assert catalog.lookup(name).last_used == used
    assert found(catalog)[name].last_used == used
    assert catalog.lookup(name).last_used == used
    assert found(catalog)[name].last_used == used


def test_our_own_reading_is_no_use_where_something_was_installed(catalog, strangers):
    path, used = strangers
    name = str(path)
    assert found(catalog)[name].last_used == used
    (path / "lib" / "python3.12" / "site-packages" / "shop-1.dist-info").mkdir()
    seen = found(catalog)[name]
    assert (seen.packages, seen.last_used) == (1, used)
    assert catalog.refresh(seen).last_used == used


def test_a_look_that_left_no_trace_keeps_nothing(catalog, make, home):
    path = make(home / "ours")
    assert catalog.lookup(str(path)) is not None
    assert catalog.remembered(Scope()) == ()


def test_the_start_file_is_not_read_for_projects(home, make, host, catalog, monkeypatch):
    path = make(home / "env")
    start = path / "lib" / "python3.12" / "site-packages" / "_virtualenv.pth"
    start.write_text("import _virtualenv\n")
    opened = []
    from envdeck.core.discovery import project_links as project_editable
    from envdeck.core.system.files import read_bounded

    monkeypatch.setattr(
        project_editable,
        "read_bounded",
        lambda place, limit: opened.append(place) or read_bounded(place, limit),
    )
    assert found(catalog)[str(path)].last_used.when is not None
    assert str(start) not in opened
    assert stamps.access_times(str(path), [str(start.parent)])
    assert recognise(str(path)).kind is Kind.VENV


def test_a_copy_whose_original_went_says_so_though_nothing_in_it_changed(home, make, catalog):
    original, copy = make(home / "one"), make(home / "two")
    for path in (original, copy):
        (path / "bin/activate").write_text(f"VIRTUAL_ENV='{original}'\n")
        (path / "bin/python").unlink()
        (path / "bin/python").write_bytes(b"\x7fELF")
        (path / "bin/python").chmod(0o755)
        (path / "pyvenv.cfg").write_text(f"home = {home}/base/bin\n")
    (home / "base/bin").mkdir(parents=True)
    (home / "base/bin/python3.12").touch(mode=0o755)
    cause = f"copy of {original}: its scripts run the original"
    assert found(catalog)[str(copy)].reason == cause
    original.rename(home / "moved.away")
    (home / "moved.away" / "pyvenv.cfg").unlink()
    cause = f"moved from {original}: its scripts still use that path"
    assert found(catalog)[str(copy)].reason == cause == catalog.lookup(str(copy)).reason


def test_a_fresh_look_keeps_no_last_use(home, make, catalog, monkeypatch):
    path = make(home / "one")
    os.utime(path / "pyvenv.cfg", (1_600_000_000, 1_500_000_000))
    assert found(catalog)[str(path)].last_used.when == 1_600_000_000
    os.utime(path / "pyvenv.cfg", (1_550_000_000, 1_500_000_000))
    scope = Scope(sizes=False, interpreters=False, fresh=True)
    assert found(catalog, scope)[str(path)].last_used.when == 1_550_000_000


# What is remembered of folders


@pytest.fixture
def later(host):
    """Return the machine at a time when no folder changed just now."""
    return replace(host, now=lambda: time.time() + 10)


@pytest.fixture
def listed(monkeypatch):
    """Return a list of the folders that are read from now on."""
    paths = []
    real = walk.list_folder

    def list_folder(path, *rest, **options):
        paths.append(path)
        return real(path, *rest, **options)

    monkeypatch.setattr(walk, "list_folder", list_folder)
    return paths


def test_a_look_by_other_rules_meanwhile_hides_nothing(home, make, later, monkeypatch):
    """A chain of folders is walked in one order on any disk; the last part of the memory has the
    folder of which the two say other things."""
    monkeypatch.setattr(folders, "SEGMENT_FOLDERS", 10)
    monkeypatch.setattr(walk, "TICK_FOLDERS", 1)
    catalog = Catalog(later)
    everything = Scope(sizes=False, interpreters=False)
    path = str(make(home.joinpath(*(f"c{number}" for number in range(30)), "skip", "env")))
    assert set(found(catalog, everything)) == {path}
    os.utime(home)  # so that there is something to keep
    asked = count()

    def look_meanwhile():
        if next(asked) == 5:
            assert found(catalog, replace(everything, exclude=("skip",))) == {}
        return False

    events = list(catalog.scan(everything, look_meanwhile))
    assert next(asked) > 30
    assert [event.environment.path for event in events if type(event) is Found] == [path]
    assert set(found(catalog, everything)) == {path}


def test_a_fresh_look_reads_every_folder(home, later, listed):
    (home / "work" / "api").mkdir(parents=True)
    catalog = Catalog(later)
    usual = Scope(sizes=False, interpreters=False)
    everything = {str(home), str(home / "work"), str(home / "work" / "api")}
    for scope, expected in (
        (usual, everything),
        (usual, set()),
        (replace(usual, fresh=True), everything),
        (usual, set()),
    ):
        listed.clear()
        found(catalog, scope)
        assert set(listed) == expected


def test_what_another_user_could_read_is_not_taken_for_what_this_one_can(
    home, later, listed, monkeypatch
):
    scope = Scope(sizes=False, interpreters=False)
    for user in ("1000 1000", "1000 1000 27", "0 0"):
        for expected in ([str(home)], []):
            listed.clear()
            found(Catalog(replace(later, user=lambda user=user: user)), scope)
            assert listed == expected, user


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such numbers")
def test_a_user_is_told_by_all_that_permissions_go_by(monkeypatch):
    users = set()
    for number, groups in ((1000, [27, 1000]), (1000, [1000]), (0, [27, 1000])):
        monkeypatch.setattr(os, "geteuid", lambda number=number: number)
        monkeypatch.setattr(os, "getgroups", lambda groups=groups: groups)
        users.add(Host.current().user())
        monkeypatch.setattr(os, "getgroups", lambda groups=groups: groups[::-1])
        users.add(Host.current().user())
    assert len(users) == 3


def test_a_part_that_can_be_read_again_is_no_cause_any_more(home, make, catalog, monkeypatch):
    path = make(home / "one")
    (path / "lib" / "python3.12" / "site-packages").rmdir()
    real, closed = os.scandir, set()

    def scandir(place="."):
        if place in closed:
            raise PermissionError(13, "Permission denied")
        return real(place)

    monkeypatch.setattr(os, "scandir", scandir)
    assert found(catalog)[str(path)].reason == "no package folder"
    closed.add(str(path / "lib"))
    assert found(catalog)[str(path)].reason == "lib cannot be read: permission denied"
    closed.clear()
    assert found(catalog)[str(path)].reason == "no package folder"
