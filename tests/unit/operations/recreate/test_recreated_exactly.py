"""An environment made anew is the one that was: row by row, script by script, mark by mark."""

import os
import shutil
import subprocess

import pytest

from envdeck.core.model import RecreateRequest

CREATORS = ["venv", "virtualenv", "uv"]
FLAGS = ("--system-site-packages", "--prompt=it's [1]")
COUNT = 40


def furnish(machine, kit, path, creator):
    """Put forty packages from the index in, and one of every other kind."""
    names = [f"part-{number:02}" for number in range(COUNT)]
    for number, name in enumerate(names):
        needs = [f"{names[number - 1]}>=1"] if number % 3 else []
        machine.wheel(name, f"1.{number}", requires=needs, scripts=[name] if number % 4 else [])
    machine.wheel(
        "rich-thing",
        "2.0",
        [
            ("DATA/scripts/own-script", b"#!python\nimport sys\nprint(sys.prefix)\n"),
            ("DATA/scripts/shell", b"#!/bin/sh\necho hello\n"),
            ("DATA/data/share/thing/note.txt", b"note"),
            ('rich_thing/n\xe4me \u2713, "x".dat', bytes(range(256))),
        ],
    )
    local = kit.build_wheel(machine.home / "my wheels", "local", "1.0+cpu")
    bygone = kit.build_wheel(machine.home / "bygone", "gone", "3.1+cu118", scripts=["gone"])
    placed = kit.make_project(machine.home / "work" / "placed [x]")
    cloned = machine.home / "work" / "cloned"
    kit.make_repository(cloned)
    origins = [local, bygone, f"git+{cloned.as_uri()}", "-e", placed.as_uri()]
    installer = "venv" if creator == "venv" else "uv"
    machine.install(path, installer, *names, "rich-thing", *origins)
    bygone.unlink()
    (path / "note [x].txt").write_text("mine")
    (path / "bin" / "hook").write_text("#!/bin/sh\n")
    os.chmod(path / "bin" / "hook", 0o750)
    site = next(path.glob("lib/python*/site-packages"))
    (site / "mine.pth").write_text(str(machine.home / "work") + "\n")
    os.symlink("note [x].txt", path / "link")


@pytest.mark.parametrize("creator", CREATORS)
def test_everything_comes_back_as_it_was_twice(creator, machine, kit):
    path = machine.home / "work" / ("it's [1]" if creator == "venv" else "a [1]") / ".venv"
    machine.make(path, creator, *FLAGS)
    furnish(machine, kit, path, creator)
    rows, marks, cfg = kit.records(path), kit.marks(path), settings(path)
    before = kit.source_only(kit.account(path))
    assert len(rows) == COUNT + 5

    for _ in range(2):
        result = machine.done(machine.operations.plan_recreate(machine.look(path)))

        said = f"{len(rows)} of {len(rows)} packages identical by RECORD"
        assert said in result.verified
        assert "rebuilt from installed files: gone" in result.verified
        assert kit.records(path) == rows
        assert kit.marks(path) == marks
        assert kit.unlike_record(path) == []
        assert settings(path) == cfg
        after = kit.source_only(kit.account(path))
        changed = {key for key in before.keys() | after if before.get(key) != after.get(key)}
        changed = {key for key in changed if not key.endswith("/RECORD")}
        if creator == "venv":  # it quotes the apostrophe in another way
            changed -= {f"bin/activate{shell}" for shell in ("", ".csh", ".fish")}
        changed -= {"bin/activate.nu"}  # of two ways to quote a blank
        if creator != "uv":  # what pip and uv write in other words
            changed -= {".lock", "pyvenv.cfg", "bin/gone", "bin/own-script"}
            changed = {key for key in changed if not key.startswith("bin/part-")}
        assert not changed
        it_works(path, machine.home)
    assert machine.operations.pending() == ()
    assert [past.entry.phase for past in machine.operations.history()] == ["done", "done"]


FLAGGED = [
    ("uv", "--relocatable"),
    ("venv", "--copies"),
    ("virtualenv", "--copies"),
    ("virtualenv", "--symlinks"),
]


@pytest.mark.parametrize(("creator", "flag"), FLAGGED)
def test_flags_are_kept(creator, flag, machine, kit):
    machine.wheel("part-one", "1.0", scripts=["part-one"])
    path = machine.make(machine.home / "work" / ".venv", creator, flag)
    machine.install(path, "uv", "part-one")
    cfg, before = settings(path), kit.account(path / "bin")
    kinds = {name: isinstance(told, str) for name, told in before.items()}

    machine.done(machine.operations.plan_recreate(machine.look(path)))

    assert settings(path) == cfg
    after = kit.account(path / "bin")
    assert {name: isinstance(told, str) for name, told in after.items()} == kinds
    assert after["part-one"] == before["part-one"]
    if flag == "--relocatable":
        path = path.rename(machine.home / "moved")
    assert machine.call([path / "bin" / "part-one"]) == "part-one 1.0\n"


def test_seeds_come_back_from_the_index(machine, kit):
    """virtualenv installs them in a way of its own; they are the same for all that."""
    shutil.copy(kit.pip, machine.wheels)
    machine.wheel("part-one", "1.0", scripts=["part-one"])
    flags = ("--pip", "--no-setuptools")
    path = machine.make(machine.home / "work" / ".venv", "virtualenv", *flags)
    machine.install(path, "uv", "part-one")
    rows, marks = kit.records(path), kit.marks(path)

    result = machine.done(machine.operations.plan_recreate(machine.look(path)))

    assert "2 of 2 packages identical by RECORD" in result.verified
    assert (kit.records(path), kit.marks(path)) == (rows, marks)
    assert str(path) in machine.call([path / "bin" / "pip", "--version"])


def settings(path):
    """Return pyvenv.cfg but for the line in which venv notes its own command."""
    lines = (path / "pyvenv.cfg").read_text().splitlines()
    return sorted(line for line in lines if not line.startswith("command ="))


def it_works(path, home):
    told = "import sys, placed, cloned, gone, part_39; print(sys.prefix, placed.__file__)"
    placed = home / "work" / "placed [x]" / "placed.py"
    assert run(path / "bin" / "python", "-I", "-c", told) == f"{path} {placed}\n"
    assert run(path / "bin" / "part-01") == "part-01 1.1\n"
    assert run(path / "bin" / "gone") == "gone 3.1+cu118\n"
    assert run(path / "bin" / "own-script") == f"{path}\n"
    assert run(path / "bin" / "shell") == "hello\n"
    asked = '. "$0/bin/activate" && command -v part-01 && echo "$VIRTUAL_ENV $PS1"'
    told = run("bash", "-c", asked, path)
    assert told.startswith(f"{path}/bin/part-01\n{path} ")
    assert "it's [1]" in told.splitlines()[-1]


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout


@pytest.mark.parametrize("requires", ["", "Requires-Dist: absent\n"])
def test_an_editable_project_that_has_moved_on_is_as_it_is_now(requires, machine, kit):
    """With setuptools_scm every commit is another version."""
    project = kit.make_project(machine.home / "work" / "bumped", "bumped", "0.3")
    path = machine.make(machine.home / "work" / ".venv", "uv")
    machine.install(path, "uv", "-e", project)
    (path / "note").write_text("mine")
    kit.make_project(project, "bumped", "0.10", requires=requires)

    plan = machine.operations.plan_recreate(machine.look(path), RecreateRequest())
    result = machine.done(plan, unplanned=frozenset({"bumped"}))

    assert "bumped 0.3 is 0.10 now (editable)" in result.verified
    told = "bumped requires absent, which is not installed"
    assert (told in result.verified) is bool(requires)
    assert [name for name in kit.records(path) if name.startswith("bumped")] == [
        "bumped-0.10.dist-info"
    ]
    assert (path / "note").read_text() == "mine"


def test_lines_in_an_activate_and_marks_of_managers_survive(machine):
    path = machine.make(machine.home / "work" / ".venv", "venv", "--pip")
    for name in ("activate", "activate.fish"):
        with (path / "bin" / name).open("a") as file:
            file.write("export KEY=1\n")
    (path / ".project").write_text(f"{machine.home}/work\n")
    (path / ".tox-info.json").write_text("{}")
    before = {name: (path / name).read_text() for name in ("bin/activate", "bin/activate.fish")}

    machine.done(machine.operations.plan_recreate(machine.look(path), RecreateRequest()))

    assert {name: (path / name).read_text() for name in before} == before
    assert (path / ".project").read_text() == f"{machine.home}/work\n"
    assert (path / ".tox-info.json").read_text() == "{}"


def test_an_empty_metadata_folder_is_left_behind(machine, kit):
    machine.wheel("part-one", "1.0")
    path = machine.make(machine.home / "work" / ".venv", "uv")
    machine.install(path, "uv", "part-one")
    next(path.glob("lib/python*/site-packages")).joinpath("ghost-1.0.dist-info").mkdir()
    plan = machine.operations.plan_recreate(machine.look(path), RecreateRequest())
    assert "empty metadata folders skipped: ghost" in plan.warnings
    machine.done(plan, unplanned=frozenset({"ghost"}))
    assert list(kit.records(path)) == ["part_one-1.0.dist-info"]
