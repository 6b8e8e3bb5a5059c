"""Lock files of poetry from before 2.1: what is wanted is told by `pyproject.toml` alone."""

from pathlib import Path

import pytest

from envdeck.core.inspection.packages.requirements import MarkerHost, marker_environment
from envdeck.core.model import Python
from envdeck.core.project.locks.find import read_lock
from envdeck.core.project.locks.selection import select

MANIFEST = """\
[tool.poetry]
name = "app"
[tool.poetry.dependencies]
python = "^3.9"
direct = { version = "^2", extras = ["more"] }
old = [
    { version = "^1", python = "<3.10" },
    { version = "^2", python = ">=3.10" },
]
wanted-there = { version = "*", platform = "win32" }
plus = { version = "*", optional = true }
[tool.poetry.extras]
net = ["plus"]
[tool.poetry.group.dev.dependencies]
checks = "*"
"""
PACKAGES = """\
[[package]]
name = "Direct"
version = "2.1"
optional = false
[package.dependencies]
below = ">=1"
only-there = { version = "*", markers = "sys_platform == 'win32'" }
richer = { version = "*", optional = true, markers = "python_version >= '3.9' and extra == 'more'" }
other = { version = "*", optional = true, markers = "extra == \\"less\\"" }
[package.extras]
More = ["richer (>=1)"]
less = ["other"]
"""
NAMES = ("below", "only-there", "richer", "other", "wanted-there", "plus", "checks", "stray")


def lock_text(version: str = "2.0") -> str:
    rows = [f'[[package]]\nname = "{name}"\nversion = "1.0"\noptional = false\n' for name in NAMES]
    rows += [f'[[package]]\nname = "old"\nversion = "{one}"\n' for one in ("1.5", "2.5")]
    return "\n".join([PACKAGES, *rows, f'[metadata]\nlock-version = "{version}"\n'])


def chosen(
    folder: Path, platform: str, python: str, groups: tuple[str, ...], extras: tuple[str, ...]
) -> set[str]:
    machine = MarkerHost("posix", platform, "x86_64", "6", platform, "")
    lock = read_lock(str(folder / "poetry.lock"))
    assert lock is not None
    assert lock.usable
    found = select(lock, marker_environment(Python(python, "cpython"), machine), groups, extras)
    assert (found.problem, found.roots) == ("", ())
    return {f"{one.name} {one.version}" for one in found.packages}


@pytest.mark.parametrize("version", ["1.1", "2.0"])
def test_what_is_declared_leads_to_what_is_wanted(tmp_path: Path, version: str) -> None:
    (tmp_path / "pyproject.toml").write_text(MANIFEST)
    (tmp_path / "poetry.lock").write_text(lock_text(version))
    own = {"direct 2.1", "below 1.0", "richer 1.0"}
    assert chosen(tmp_path, "linux", "3.12.1", (), ()) == {*own, "old 2.5"}
    assert chosen(tmp_path, "linux", "3.9.1", (), ()) == {*own, "old 1.5"}
    assert chosen(tmp_path, "linux", "3.12.1", ("dev",), ("net",)) == {
        *own, "old 2.5", "checks 1.0", "plus 1.0",
    }  # fmt: skip
    assert chosen(tmp_path, "win32", "3.12.1", (), ()) == {
        *own, "old 2.5", "only-there 1.0", "wanted-there 1.0",
    }  # fmt: skip
    lock = read_lock(str(tmp_path / "poetry.lock"))
    assert lock is not None
    assert (lock.groups, lock.extras) == (("dev",), ())


@pytest.mark.parametrize("manifest", [None, "[", "", "[tool.poetry.dependencies]\n'' = '^1'\n"])
def test_without_a_manifest_every_package_counts(tmp_path: Path, manifest: str | None) -> None:
    if manifest is not None:
        (tmp_path / "pyproject.toml").write_text(manifest)
    text = lock_text().replace('name = "old"\nversion = "1.5"', 'name = "older"\nversion = "1.5"')
    (tmp_path / "poetry.lock").write_text(text)
    found = chosen(tmp_path, "linux", "3.12.1", (), ())
    assert {"stray 1.0", "other 1.0", "only-there 1.0"} < found
