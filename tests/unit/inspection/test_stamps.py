"""What is recalled of an environment is what reading it would say."""

import os
import sys
import time
from dataclasses import fields, replace

import pytest

from envdeck.core.catalog import Catalog, Scope
from envdeck.core.discovery.prefix import recognise
from envdeck.core.inspection import stamps as module
from envdeck.core.inspection.stamps import fingerprint, recall, remember
from envdeck.core.model import Found, Seen, Status

LATER = time.time() + 3_600


@pytest.fixture
def path(home):
    """Return an ordinary environment."""
    path = home / "work" / ".venv"
    (path / "lib" / "python3.12" / "site-packages").mkdir(parents=True)
    (path / "lib64").symlink_to("lib")
    (path / "bin").mkdir()
    (path / "bin" / "activate").touch()
    (path / "bin" / "python").symlink_to(sys.executable)
    (path / "pyvenv.cfg").write_text(f"home = {os.path.dirname(sys.executable)}\nprompt = é\n")
    return path


def kept(path):
    candidate = recognise(str(path))
    mark = fingerprint(candidate)
    return candidate, mark, remember(candidate, mark, LATER)


def test_an_unchanged_environment_is_recalled_as_it_was_recognised(path):
    candidate, mark, seen = kept(path)
    found = recall(str(path), seen, mark)
    for field in fields(candidate):
        if field.name != "mark":
            assert getattr(found, field.name) == getattr(candidate, field.name), field.name
    assert fingerprint(found) == mark


def rewrite_cfg(path):
    (path / "pyvenv.cfg").write_text("home = /opt/other/bin\n")


def add_name(path):
    (path / ".project").touch()


def replace_python(path):
    (path / "bin" / "python").unlink()
    (path / "bin" / "python").symlink_to(path / "bin" / "activate")


def add_python(path):
    (path / "lib" / "python3.13" / "site-packages").mkdir(parents=True)


def lose_packages(path):
    (path / "lib" / "python3.12" / "site-packages").rmdir()


def part_libraries(path):
    (path / "lib64").unlink()
    (path / "lib64" / "python3.12" / "site-packages").mkdir(parents=True)


def lose_cfg(path):
    (path / "pyvenv.cfg").unlink()


def close_library(path):
    (path / "lib").chmod(0)


@pytest.mark.parametrize(
    "change",
    [rewrite_cfg, add_name, replace_python, add_python, lose_packages, part_libraries, lose_cfg,
     close_library],
)  # fmt: skip
def test_whatever_a_candidate_is_made_of_is_seen_to_change(path, change):
    _, mark, seen = kept(path)
    try:
        change(path)
        assert recall(str(path), seen, mark) is None
    finally:
        (path / "lib").chmod(0o755)


def test_an_environment_in_the_place_of_another_is_another(path, home):
    _, mark, seen = kept(path)
    path.rename(home / "former")
    (home / "former" / "bin").rename(home / "bin")
    path.mkdir()
    assert recall(str(path), seen, mark) is None


def other_folder_of_an_interpreter(path):
    (path / "lib" / "python3.13").mkdir()


def no_python(path):
    (path / "bin" / "python").rename(path / "bin" / "python3")


def no_home(path):
    (path / "pyvenv.cfg").write_text("version = 3.12.1\n")


def secret(path):
    with (path / "pyvenv.cfg").open("a") as file:
        file.write("command = pip install --index-url https://ada:hunter2@example.com/simple x\n")


def long(path):
    with (path / "pyvenv.cfg").open("a") as file:
        file.write(f"prompt = {'x' * 9_000}\n")


def many(path):
    for number in range(300):
        (path / f"n{number}").touch()


@pytest.mark.parametrize(
    "make", [other_folder_of_an_interpreter, no_python, no_home, secret, long, many]
)
def test_what_is_not_ordinary_is_not_kept(path, make):
    make(path)
    assert kept(path)[2] == Seen()


def test_what_changed_as_the_look_began_is_not_kept(path):
    candidate = recognise(str(path))
    mark = fingerprint(candidate)
    changed = max(os.stat(path / name).st_ctime for name in ("", "bin", "lib", "pyvenv.cfg"))
    assert remember(candidate, mark, changed + 1) == Seen()
    assert remember(candidate, mark, changed + 3) != Seen()


def look(catalog):
    scope = Scope(sizes=False, interpreters=False)
    (found,) = [event for event in catalog.scan(scope) if type(event) is Found]
    return found.environment


def test_the_second_look_opens_nothing_in_an_unchanged_environment(
    path, host, tmp_path, monkeypatch
):
    catalog = Catalog(replace(host, now=lambda: LATER), str(tmp_path / "index.sqlite3"))
    first = look(catalog)
    read = []
    monkeypatch.setattr(module, "recognise", lambda *told: read.append(told) or recognise(*told))
    assert look(catalog) == first
    assert read == []
    rewrite_cfg(path)
    assert look(catalog).status != first.status
    assert [asked for asked, _ in read] == [str(path)]
    assert look(Catalog(host, str(tmp_path / "index.sqlite3"))).status != first.status


def test_a_fresh_look_recalls_nothing(path, host, tmp_path, monkeypatch):
    catalog = Catalog(replace(host, now=lambda: LATER), str(tmp_path / "index.sqlite3"))
    look(catalog)
    read = []
    monkeypatch.setattr(module, "recognise", lambda *told: read.append(told) or recognise(*told))
    list(catalog.scan(Scope(sizes=False, interpreters=False, fresh=True)))
    assert [asked for asked, _ in read] == [str(path)]


def test_a_setting_of_pip_in_it_is_part_of_it(path):
    (path / "pip.conf").write_text("[global]\n")
    _, mark, seen = kept(path)
    assert recall(str(path), seen, mark) is not None
    (path / "pip.conf").write_text("[global]\ntarget = /nowhere\n")
    assert recall(str(path), seen, mark) is None


def test_packages_that_became_those_of_another_version_are_read_again(path, host, tmp_path):
    (path / "bin" / "python").unlink()
    (path / "bin" / "python").write_bytes(b"")
    (path / "bin" / "python").chmod(0o755)
    base = os.path.dirname(os.path.realpath(sys.executable))
    (path / "pyvenv.cfg").write_text(f"home = {base}\nversion = 3.12.1\n")
    catalog = Catalog(host, str(tmp_path / "index.sqlite3"))

    def look():
        events = catalog.scan(Scope(roots=(str(path.parent),), sizes=False))
        (found,) = {
            e.environment.path: e.environment for e in events if isinstance(e, Found)
        }.values()
        return found.status, found.site_packages

    site = str(path / "lib" / "python3.12" / "site-packages")
    assert look() == (Status.OK, (site,))
    (path / "lib" / "python3.12").rename(path / "lib" / "python3.10")
    assert look() == (Status.MIXED, (site.replace("3.12", "3.10"),))
