"""What was installed into interpreters themselves, and where that can be."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from envdeck.core.inspection.interpreters import interpreter_at
from envdeck.core.model import GlobalPackages
from envdeck.core.system.host import Host

FRAMEWORK = "Python.framework/Versions/3.12"
BASE = {"PYTHONUSERBASE": "~/base"}


def build(prefix: Path, stdlib: str = "lib/python3.12", executable: str = "python3.12") -> Path:
    """Lay out an installation without packages."""
    program = prefix / "bin" / executable
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_bytes(b"\x7fELF")
    program.chmod(0o755)
    (prefix / stdlib).mkdir(parents=True, exist_ok=True)
    (prefix / stdlib / "os.py").touch()
    return program


def packages(program: Path, host: Host) -> dict[tuple[str, str], tuple[str, ...]]:
    found = interpreter_at(str(program), host)
    assert found is not None
    return {(item.kind, item.path): item.names for item in found.global_packages}


def fill(folder: Path, *names: str) -> str:
    for name in names:
        (folder / name).mkdir(parents=True)
    return str(folder)


def test_names_come_from_the_folders_names_alone(home: Path, host: Host) -> None:
    program = build(home / "own")
    folder = fill(
        home / "own/lib/python3.12/site-packages",
        "Flask_SQLAlchemy-3.1.1.dist-info",
        "zope.interface-5.4.0-py3.8.egg-info",
        "crcmod.egg-info",
        "pip-24.0.dist-info",
        "setuptools-69.0.dist-info",
        "wheel-0.43.0.dist-info",
        "~umpy-1.26.dist-info",
        "flask",
        "__pycache__",
    )
    (Path(folder) / "mine.egg-link").touch()
    assert packages(program, host) == {
        ("site-packages", folder): ("crcmod", "flask-sqlalchemy", "mine", "zope-interface")
    }


def test_a_clean_one_is_shown_as_clean(home: Path, host: Host) -> None:
    program = build(home / "own")
    folder = fill(home / "own/lib/python3.12/site-packages", "pip-24.0.dist-info")
    found = interpreter_at(str(program), host)
    assert found is not None
    assert found.global_packages == (GlobalPackages(folder, "site-packages", ()),)


def test_debians_folders_belong_to_the_systems_own(host: Host) -> None:
    usr = Path(host.system("usr"))
    program = build(usr)
    shared = fill(usr / "lib/python3/dist-packages", "PyYAML-6.0.dist-info")
    local = fill(usr / "local/lib/python3.12/dist-packages", "requests-2.32.dist-info")
    fill(usr / "local/lib/python3.11/dist-packages", "other-1.dist-info")
    assert packages(program, host) == {
        ("dist-packages", shared): ("pyyaml",),
        ("dist-packages", local): ("requests",),
    }
    own = build(usr / "local")
    assert packages(own, host) == {}


def test_fedoras_two_libraries_are_both_read_once(host: Host) -> None:
    usr = Path(host.system("usr"))
    program = build(usr, "lib64/python3.12")
    platlib = fill(usr / "lib64/python3.12/site-packages", "numpy-2.0.dist-info")
    purelib = fill(usr / "lib/python3.12/site-packages", "six-1.16.dist-info")
    assert packages(program, host) == {
        ("site-packages", platlib): ("numpy",),
        ("site-packages", purelib): ("six",),
    }
    (usr / "local/lib").mkdir(parents=True)
    (usr / "local/lib64").symlink_to("lib")
    fill(usr / "local/lib/python3.12/site-packages", "pytz-1.dist-info")
    assert list(packages(program, host).values()).count(("pytz",)) == 1


@pytest.mark.parametrize(
    ("platform", "prefix", "place", "environ"),
    [
        ("linux", "own", ".local/lib/python3.12/site-packages", {}),
        ("linux", "own", "base/lib/python3.12/site-packages", BASE),
        ("darwin", "own", ".local/lib/python3.12/site-packages", {}),
        ("darwin", FRAMEWORK, "Library/Python/3.12/lib/python/site-packages", {}),
        ("darwin", FRAMEWORK, "base/lib/python/site-packages", BASE),
    ],
)  # fmt: skip
def test_the_users_folder_by_pep_370(
    home: Path, host: Host, platform: str, prefix: str, place: str, environ: dict[str, str]
) -> None:
    program = build(home / prefix)
    folder = fill(home / place, "black-24.1.dist-info")
    there = replace(host, platform=platform, environ=environ)
    assert packages(program, there) == {("user", folder): ("black",)}


def test_the_users_folder_on_windows(home: Path, host: Host) -> None:
    prefix = home / "Python312"
    (prefix / "Lib").mkdir(parents=True)
    (prefix / "Lib/os.py").touch()
    (prefix / "python3.12.exe").write_bytes(b"MZ")
    own = fill(prefix / "Lib/site-packages", "attrs-23.dist-info")
    user = fill(home / "AppData/Roaming/Python/Python312/site-packages", "black-24.1.dist-info")
    windows = replace(host, platform="win32")
    assert packages(prefix / "python3.12.exe", windows) == {
        ("site-packages", own): ("attrs",),
        ("user", user): ("black",),
    }


def test_free_threaded_and_pypy_have_folders_of_their_own(home: Path, host: Host) -> None:
    threaded = build(home / "t", "lib/python3.13t", "python3.13t")
    pypy = build(home / "p", "lib/pypy3.10", "pypy3.10")
    old = build(home / "o", "lib-python/2.7", "pypy")
    fill(home / ".local/lib/python3.13/site-packages", "no-1.dist-info")
    first = fill(home / ".local/lib/python3.13t/site-packages", "a-1.dist-info")
    second = fill(home / ".local/lib/pypy3.10/site-packages", "b-1.dist-info")
    third = fill(home / "o/site-packages", "c-1.dist-info")
    assert packages(threaded, host) == {("user", first): ("a",)}
    assert packages(pypy, host) == {("user", second): ("b",)}
    assert packages(old, host) == {("site-packages", third): ("c",)}


def test_a_user_folder_that_is_a_file_or_a_loop_is_nothing(home: Path, host: Host) -> None:
    program = build(home / "own")
    folder = home / ".local/lib/python3.12"
    folder.mkdir(parents=True)
    (folder / "site-packages").symlink_to("site-packages")
    os.mkfifo(home / "own/lib/python3.12/site-packages")
    assert packages(program, host) == {}
