"""`envdeck clean --caches`: what tools keep and leave behind."""

import json
import os

import pytest

from support.program import run_program


@pytest.fixture
def machine(home):
    """A home with caches and debris, and what runs the program in it."""
    for name in (
        *(".cache/pip/http/3/a", ".cache/uv/archive-v0/b", ".cache/pypoetry/artifacts/c3/c"),
        *("work/api/pyproject.toml", "work/api/__pycache__/d.pyc", "work/api/.mypy_cache/3.12/e"),
    ):
        file = home / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"" if name.endswith("toml") else b"x" * 50_000)
    (home / "elsewhere").mkdir()
    environ = {"HOME": str(home), "PATH": str(home / "bin")}

    def run(*arguments):
        return run_program("clean", *arguments, environ=environ, cwd=home)

    return run


def test_the_plan_names_each_with_what_is_lost(machine, home):
    done = machine("--caches", "--dry-run", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert {os.path.relpath(path, home) for path in document["plan"]["targets"]} == {
        *(".cache/pip", ".cache/uv", ".cache/pypoetry"),
        *("work/api/__pycache__", "work/api/.mypy_cache"),
    }
    assert document["plan"]["reclaims_bytes"] > 5 * 50_000
    text = machine("--caches", "--dry-run").stdout
    assert "Python compiles modules again" in text
    assert (home / ".cache/pip/http/3/a").exists()


def test_only_what_is_named_is_cleared_and_undone(machine, home):
    done = machine("--caches", "--only", "pip", "--yes", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["result"]["status"] == "done"
    assert not (home / ".cache/pip/http").exists()
    assert (home / ".cache/uv/archive-v0/b").exists()


def test_for_good(machine, home):
    done = machine("--caches", "--purge", "--yes")
    assert done.returncode == 0, done.stderr
    assert not (home / ".cache/uv/archive-v0").exists()
    assert not (home / "work/api/__pycache__").exists()
    assert (home / "work/api/pyproject.toml").exists()
    again = machine("--caches", "--yes", "--json")
    assert (again.returncode, json.loads(again.stdout)["result"]["status"]) == (0, "nothing-to-do")


def test_what_is_a_link_out_of_the_home_is_left_out_and_named(machine, home, tmp_path):
    outside = tmp_path / "outside"
    os.rename(home / ".cache/pip", outside)
    (home / ".cache/pip").symlink_to(outside)
    done = machine("--caches", "--yes")
    assert done.returncode == 3
    assert "a link out of the home folder" in done.stderr + done.stdout
    assert (outside / "http/3/a").exists()
    assert not (home / ".cache/uv/archive-v0").exists()


def test_it_stands_alone(machine):
    assert machine("--caches", "--orphan").returncode == 2
    assert machine("--caches", "--only", "nothing").returncode == 2
