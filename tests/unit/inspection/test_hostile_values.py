"""Values that no tool writes: endless numbers, endless blanks, secrets where none belong."""

import os
import time

import pytest

from envdeck.core.discovery.prefix import recognise
from envdeck.core.inspection.environment import judge, read_creation
from envdeck.core.inspection.interpreter import read_python
from envdeck.core.inspection.packages.distributions import read_distributions
from envdeck.core.inspection.packages.requirements import (
    holds,
    marker_environment,
    parse_requirement,
    satisfied,
)
from envdeck.core.inspection.packages.site_packages import is_distribution
from envdeck.core.model import Environment, Identity, Python, Status, minor_of

ENDLESS = "9" * 5000
"""More digits than `int` reads (CPython's limit is 4,300)."""


@pytest.fixture
def environment(tmp_path):
    """Return a folder with the markers of an environment, for one test to spoil."""
    path = (tmp_path / "env").resolve()
    (path / "lib" / "python3.12" / "site-packages").mkdir(parents=True)
    (path / "bin").mkdir()
    (path / "bin" / "python").symlink_to(os.path.realpath("/bin/sh"))
    (path / "pyvenv.cfg").write_text("home = /usr/bin\n")
    return path


def judged(path):
    candidate = recognise(str(path))
    return judge(candidate, read_python(candidate))


@pytest.mark.parametrize(
    "content",
    [b"\n" * 16_384, b"\n " * 8192, b"VIRTUAL_ENV=" + b" " * 16_000 + b"$", b"export " * 2340],
    ids=["empty lines", "blank lines", "blanks behind", "words"],
)
def test_an_activate_script_of_blanks_takes_no_time(environment, content):
    (environment / "bin" / "activate").write_bytes(content)
    began = time.process_time()
    assert judged(environment) == (Status.OK, "")
    assert time.process_time() - began < 0.3  # it was seconds where blanks were matched twice


@pytest.mark.parametrize("quote", ["", "'", '"'])
def test_the_place_in_activate_is_read_with_any_quotes(environment, quote):
    (environment / "bin" / "activate").write_text(f"VIRTUAL_ENV={quote}/gone/env{quote} \r\n")
    assert judged(environment) == (
        Status.MOVED,
        "moved from /gone/env: its scripts still use that path",
    )


def test_versions_of_endless_digits_cannot_be_compared():
    environment = marker_environment(Python("3.12.1", "cpython"))
    needed = parse_requirement(f"shop>={ENDLESS}")
    assert needed is not None
    assert satisfied(needed, ["1.0"])  # the benefit of the doubt
    assert satisfied(parse_requirement("shop>=1"), [ENDLESS])
    assert holds(f'shop; python_full_version > "{ENDLESS}"', "", environment) is None


def test_metadata_with_endless_digits_leaves_its_row(environment):
    packages = environment / "lib" / "python3.12" / "site-packages"
    for name, lines in (
        ("shop", f"Version: {ENDLESS}\n"),
        ("till", f"Version: 1\nRequires-Dist: shop>=1\nRequires-Dist: shop<{ENDLESS}\n"),
    ):
        (packages / f"{name}-1.dist-info").mkdir()
        (packages / f"{name}-1.dist-info" / "METADATA").write_text(f"Name: {name}\n{lines}\n")
    rows = read_distributions(
        Environment(
            str(environment),
            Identity(1, 2),
            "env",
            "venv",
            Status.OK,
            python=Python("3.12.1", "cpython"),
            site_packages=(str(packages),),
        )
    )
    assert [(row.name, row.requires) for row in rows] == [("shop", ()), ("till", ("shop",))]


@pytest.mark.parametrize(
    "version", [f"3.{ENDLESS}", f"{ENDLESS}.1", f"3.{ENDLESS}.1.final.0", "٣.١٢"]
)
def test_a_cfg_with_no_real_version_is_read_by_its_folder(environment, version):
    for key in ("version", "version_info"):
        (environment / "pyvenv.cfg").write_text(f"home = /usr/bin\n{key} = {version}\n")
        candidate = recognise(str(environment))
        assert read_python(candidate).version == "3.12"
        assert minor_of(version) == ""
        assert judged(environment) == (Status.OK, "")


def test_an_implementation_is_a_word(environment):
    (environment / "pyvenv.cfg").write_text(
        "home = /usr/bin\nimplementation = https://ada:secret@example.org/\n"
    )
    assert read_python(recognise(str(environment))).implementation == "cpython"


def test_what_a_cfg_says_of_its_making_holds_no_secret(environment):
    (environment / "pyvenv.cfg").write_text(
        "home = /usr/bin\nvirtualenv = https://ada:secret@example.org/\n"
        "prompt = 'https://ada:secret@example.org/'\n"
        "command = /usr/bin/python -m virtualenv -i https://ada:secret@example.org/simple x\n"
    )
    made = read_creation(recognise(str(environment)))
    assert "secret" not in repr(made)
    assert made.command == "/usr/bin/python -m virtualenv -i https://****@example.org/simple x"


def test_an_installer_or_licence_holds_no_secret(environment):
    folder = environment / "lib" / "python3.12" / "site-packages" / "shop-1.dist-info"
    folder.mkdir()
    (folder / "INSTALLER").write_text("https://ada:secret@example.org/\n")
    (folder / "METADATA").write_text(
        "Name: shop\nVersion: 1\nLicense-Expression: https://ada:secret@example.org/\n\n"
    )
    rows = read_distributions(
        Environment(
            str(environment),
            Identity(1, 2),
            "e",
            "venv",
            Status.OK,
            site_packages=(str(folder.parent),),
        )
    )
    assert "secret" not in repr(rows)
    assert rows[0].licence == "https://****@example.org/"


def test_a_suffix_alone_is_no_distribution():
    assert not any(map(is_distribution, (".dist-info", ".egg-info", ".egg", ".egg-link")))


def test_what_may_not_be_looked_at_is_out_of_reach_and_not_missing(environment, monkeypatch):
    (environment / "bin" / "python").unlink()
    (environment / "bin" / "python").symlink_to("/closed/bin/python3.12")
    real = os.stat

    def stat(path, *arguments, **options):
        if str(path).endswith("bin/python") and options.get("follow_symlinks", True):
            raise PermissionError(13, "Permission denied")
        return real(path, *arguments, **options)

    monkeypatch.setattr(os, "stat", stat)
    status, cause = judged(environment)
    assert status is Status.BROKEN
    assert cause.startswith(
        "base interpreter is out of reach (permission denied): /closed/bin/python3.12"
    )


@pytest.mark.parametrize("part", ["lib", "bin"])
def test_a_part_that_cannot_be_read_is_not_called_missing(environment, monkeypatch, part):
    closed = str(environment / part)
    real, lexists = os.scandir, os.path.lexists

    def scandir(path="."):
        if path == closed:
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    if part == "bin":
        monkeypatch.setattr(
            os.path, "lexists", lambda path: not str(path).startswith(closed) and lexists(path)
        )
    assert judged(environment) == (
        Status.SUSPECT,
        f"{part} cannot be read: permission denied",
    )
