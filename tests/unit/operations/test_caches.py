"""Caches and debris: what counts as one, what stays, and what clearing frees."""

import fcntl
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from envdeck.core.caches import CacheFinder
from envdeck.core.catalog import Catalog, Scope
from envdeck.core.model import Ending, Environment, Identity, Interpreter, Status, StepProgress
from envdeck.core.operations.api import Operations
from envdeck.core.operations.delete.clear import plan_clear
from envdeck.text import size
from envdeck.text.operation import room_words
from support.trees import disk_bytes


@pytest.fixture
def catalog(host, tmp_path):
    return Catalog(host, str(tmp_path / "cache" / "index.sqlite3"))


@pytest.fixture
def operations(catalog):
    return Operations(catalog)


def fill(path, length=100_000):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * length)
    return path


TAG = "Signature: 8a477f597d28d172789f06886806bc55\n"


def found(catalog, *kinds, environments=(), interpreters=()):
    finder = CacheFinder(catalog, environments, interpreters)
    if kinds:
        finder.kinds = frozenset(kinds)
    return list(finder.find())


def test_each_tool_has_its_own_folders_and_nothing_else(catalog, home):
    cache = home / ".cache"
    fill(cache / "uv/archive-v0/abc/big.bin")
    fill(cache / "uv/archive-v0/.git", 0)  # as uv does
    fill(cache / "uv/environments-v2/script/pyvenv.cfg")
    fill(cache / "pip/http-v2/a/b")
    fill(cache / "pip/selfcheck/5d1b")
    fill(cache / "pypoetry/artifacts/c3/wheel.whl")
    fill(cache / "pypoetry/virtualenvs/mine/pyvenv.cfg")
    fill(cache / "pipenv/hash-cache/h")
    fill(cache / "pdm/packages/lamp-1.0-py3-none-any.whl.cache/x")
    fill(cache / "hatch/licenses/MIT.txt")
    fill(cache / "hatch/publish/index/previous_working_users.json")
    fill(cache / "pre-commit/db.db")
    fill(home / ".conda/pkgs/urls.txt")
    paths = {
        one.kind: sorted(os.path.relpath(folder.path, home) for folder in one.folders)
        for one in found(catalog)
        if not one.blocked
    }
    assert paths == {
        "uv": [".cache/uv/archive-v0"],
        "pip": [".cache/pip/http-v2"],
        "poetry": [".cache/pypoetry/artifacts"],
        "pipenv": [".cache/pipenv/hash-cache"],
        "pdm": [".cache/pdm/packages"],
        "hatch": [".cache/hatch/licenses"],
        "pre-commit": [".cache/pre-commit"],
        "conda": [".conda/pkgs"],
    }


@pytest.mark.parametrize(
    ("platform", "place"),
    [
        ("darwin", "Library/Caches/pip/http"),
        ("linux", ".cache/pip/http"),
        ("win32", "AppData/Local/pip/Cache/http"),
    ],
)
def test_places_are_those_of_the_system(catalog, host, home, platform, place):
    fill(home / place / "3" / "x")
    catalog.host = replace(host, platform=platform)
    (one,) = found(catalog, "pip")
    assert one.folders[0].path == str(home / place)


VARIABLES = (
    *("PIP_CACHE_DIR", "UV_CACHE_DIR", "PDM_CACHE_DIR", "PRE_COMMIT_HOME", "CONDA_PKGS_DIRS"),
    *("HATCH_CACHE_DIR", "POETRY_CACHE_DIR", "PIPENV_CACHE_DIR"),
)
OTHERS_FOLDERS = (
    *("http/index.html", "wheels/car/x", "cache/x", "artifacts/app.zip", "packages/letters/x"),
    *("metadata/photo.xml", "hashes/a/x", "licenses/mine/x", "pkgs.txt", "thesis/a/x"),
)


@pytest.mark.parametrize("place", ["", "work", "/"])
def test_a_variable_makes_no_cache_of_what_it_names(catalog, host, home, place):
    for name in OTHERS_FOLDERS:
        fill(home / place.strip("/") / name)
    folder = os.path.join(str(home), place)
    catalog.host = replace(host, environ=dict.fromkeys(VARIABLES, folder))
    assert found(catalog) == []


@pytest.mark.parametrize("place", ["", ".."])
def test_a_home_and_what_is_above_it_are_no_cache_whatever_is_in_them(
    catalog, host, home, place, operations
):
    """Broken settings can have a tool fill a home with its own folders."""
    names = ("http-v2/a/x", "archive-v0/a/x", "artifacts/c3/x", "hashes/10/x", "licenses/MIT.txt")
    for name in (*names, "db.db", "urls.txt"):
        fill(home / place / name)
    environ = dict.fromkeys(VARIABLES, os.path.normpath(home / place))
    operations.catalog.host = operations.store.host = replace(host, environ=environ)
    every = found(operations.catalog)
    assert {one.guard for one in every} == {"protected-path"}
    result = operations.run(plan_clear(operations, every, purge=True), lambda _: None)
    assert result.status is Ending.REFUSED
    assert (home / place / "http-v2/a/x").exists()


PERSONS = {
    "uv": ("UV_CACHE_DIR", ("archive-v0/thesis/x", "wheels-v2/.git/HEAD", "wheels-v2/main.py")),
    "pip": ("PIP_CACHE_DIR", ("http/a/letter.txt", "wheels/2d/mine/x")),
    "poetry": ("POETRY_CACHE_DIR", ("artifacts/c3/app.zip", "cache/repositories/x")),
    "pdm": ("PDM_CACHE_DIR", ("hashes/10/mine", "packages/my-project/main.py")),
    "pipenv": ("PIPENV_CACHE_DIR", ("pkgs/main.py", "hash-cache/thesis.tex")),
    "hatch": ("HATCH_CACHE_DIR", ("licenses/mine.txt",)),
    "pre-commit": ("PRE_COMMIT_HOME", ("db.db", "repository/main.py", "repowork1234/main.py")),
    "conda": ("CONDA_PKGS_DIRS", ("urls.txt", "my-own-project/main.py", "a-photo-1.tar.bz2")),
}


@pytest.mark.parametrize("tagged", [False, True])
@pytest.mark.parametrize("kind", PERSONS)
def test_a_persons_folder_that_looks_like_a_cache_stays(
    catalog, host, home, operations, kind, tagged
):
    """The tool's own command is on the PATH, and is not called either."""
    variable, names = PERSONS[kind]
    for name in names:
        fill(home / "uvw" / name)
    if tagged:
        (home / "uvw/CACHEDIR.TAG").write_text(TAG)
    tool(home, kind, f"#!/bin/sh\nrm -r {home}/uvw\n")
    environ = {"PATH": f"{home}/bin:{os.environ['PATH']}", variable: str(home / "uvw")}
    operations.catalog.host = operations.store.host = replace(host, environ=environ)
    every = found(operations.catalog, kind)
    assert {(one.guard, one.command) for one in every} <= {("unowned-files", ())}
    if every:
        result = operations.run(plan_clear(operations, every, purge=True), lambda _: None)
        assert result.status is Ending.REFUSED
    assert all((home / "uvw" / name).exists() for name in names)


@pytest.mark.parametrize("mark", [".git/HEAD", ".hg/store/x", "main.py", ".git"])
def test_a_repository_in_a_folder_of_a_cache_keeps_it(catalog, home, mark):
    fill(home / ".cache/uv/wheels-v8/pypi/x")
    fill(home / ".cache/uv/archive-v0/.git", 0)
    fill(home / ".cache/uv/wheels-v8" / mark)
    (one,) = found(catalog, "uv")
    assert (one.guard, f"wheels-v8/{mark.split('/')[0]}" in one.blocked) == ("unowned-files", True)


def test_a_folder_of_a_cache_that_holds_something_else_keeps_its_command_away(catalog, host, home):
    fill(home / ".cache/pip/wheels/2d/x")
    fill(home / ".cache/pip/http/letter.txt")
    tool(home, "pip", "#!/bin/sh\n")
    catalog.host = replace(host, environ={"PATH": str(home / "bin")})
    (one,) = found(catalog, "pip")
    assert (one.guard, one.command) == ("unowned-files", ())


def test_a_project_among_the_packages_of_pdm_is_none_of_them(catalog, home):
    fill(home / ".cache/pdm/hashes/10/x")
    fill(home / ".cache/pdm/packages/my-project/main.py")
    (one,) = found(catalog, "pdm")
    assert one.guard == "unowned-files"


def test_a_moved_cache_of_uv_with_its_tag_is_one(catalog, host, home):
    fill(home / "fast/archive-v0/0MpjWips1hvx006s/x")
    fill(home / "fast/archive-v0/.git", 0)
    fill(home / "fast/wheels-v8/pypi/x")
    fill(home / "fast/interpreter-v5/a5c7e9386938cf21/x")
    catalog.host = replace(host, environ={"UV_CACHE_DIR": str(home / "fast")})
    assert [one.guard for one in found(catalog, "uv")] == ["unowned-files"]
    (home / "fast/CACHEDIR.TAG").write_text(TAG)
    (one,) = found(catalog, "uv")
    assert (one.blocked, len(one.folders)) == ("", 3)


@pytest.mark.parametrize("late", [False, True])
def test_what_came_into_a_folder_after_the_look_stays(catalog, home, operations, late):
    fill(home / ".cache/pypoetry/artifacts/c3/x")
    (one,) = found(catalog, "poetry")
    plan = plan_clear(operations, [one], purge=True) if late else None
    mine = fill(home / ".cache/pypoetry/artifacts/thesis.tex")
    plan = plan or plan_clear(operations, [one], purge=True)
    result = operations.run(plan, lambda _: None)
    assert (result.status, "changed since" in result.message) == (Ending.REFUSED, True)
    assert mine.exists()


def test_byte_code_beside_which_something_was_put_meanwhile_stays(catalog, home, operations):
    for name in ("pyproject.toml", "a/__pycache__/x.pyc", "b/__pycache__/x.pyc"):
        fill(home / "work/api" / name, 10)
    list(catalog.scan(Scope((str(home),))))
    (one,) = found(catalog, "bytecode")
    plan = plan_clear(operations, [one])
    mine = fill(home / "work/api/a/__pycache__/thesis.tex")
    fill(home / "work/api/b/__pycache__/y.pyc")
    result = operations.run(plan, lambda _: None)
    assert "a/__pycache__ changed since the preview" in result.message
    assert mine.exists()
    assert not (home / "work/api/b/__pycache__").exists()


def test_folders_called_like_those_of_tools_are_not_theirs(catalog, home):
    mine = ("__pycache__/x.pyc/thesis.tex", ".mypy_cache/thesis.tex", ".pytest_cache/v/mine")
    for name in ("pyproject.toml", *mine, ".ruff_cache/0.4.1/x", ".ruff_cache/thesis.tex"):
        fill(home / "work/api" / name, 10)
    list(catalog.scan(Scope((str(home),))))
    assert found(catalog, "bytecode", "mypy", "pytest", "ruff") == []


def test_a_plan_names_the_folders_that_go(catalog, home, operations):
    fill(home / ".cache/uv/archive-v0/abc/x")
    plan = plan_clear(operations, found(catalog, "uv"))
    assert ("folders", "archive-v0") in [(each.label, each.text) for each in plan.targets[0].facts]


def test_a_folder_beside_central_environments_is_not_poetrys(catalog, host, home):
    fill(home / "work/artifacts/c3/app.whl")
    fill(home / "work/virtualenvs/api-npqDAU7S-py3.12/pyvenv.cfg")
    path = str(home / "work/virtualenvs")
    catalog.host = replace(host, environ={"POETRY_VIRTUALENVS_PATH": path})
    assert found(catalog) == []


SETTINGS = {
    "pip": (".config/pip/pip.conf", "[global]\ncache-dir = ~/other\n", "wheels/2d/x"),
    "uv": (".config/uv/uv.toml", 'cache-dir = "~/other"\n', "archive-v0/x"),
    "poetry": (".config/pypoetry/config.toml", 'cache-dir = "~/other"\n', "artifacts/c3/x"),
    "pdm": (".config/pdm/config.toml", 'cache_dir = "~/other"\n', "hashes/10/x"),
    "hatch": (".config/hatch/config.toml", '[dirs]\ncache = "~/other"\n', "licenses/MIT.txt"),
    "conda": (".condarc", "pkgs_dirs:\n  - ~/other\n", "urls.txt"),
}


@pytest.mark.parametrize("kind", SETTINGS)
def test_a_configured_cache_is_found(catalog, home, kind):
    file, text, name = SETTINGS[kind]
    (home / file).parent.mkdir(parents=True, exist_ok=True)
    (home / file).write_text(text)
    fill(home / "other" / name)
    (one,) = found(catalog, kind)
    assert one.root == str(home / "other")


def test_one_folder_is_one_cache_whoever_leads_to_it(catalog, host, home, operations):
    fill(home / ".cache/pip/http-v2/a/b/x")
    fill(home / ".cache/pip/hash-cache/c/d/x")
    (home / "link").symlink_to(home / ".cache/pip")
    environ = {
        "PATH": str(home),
        "PIP_CACHE_DIR": str(home / "link"),
        "PIPENV_CACHE_DIR": str(home / ".cache/pip"),
    }
    operations.catalog.host = operations.store.host = replace(host, environ=environ)
    both = found(operations.catalog)
    assert {one.kind: [os.path.basename(each.path) for each in one.folders] for one in both} == {
        "pip": ["http-v2"],
        "pipenv": ["hash-cache"],
    }
    result = operations.run(plan_clear(operations, both, purge=True), lambda _: None)
    assert result.status is Ending.DONE, result


def test_a_loop_of_links_is_no_cache(catalog, home):
    (home / ".cache").mkdir()
    (home / ".cache/pip").symlink_to(home / ".cache/pip")
    (home / ".cache/uv").mkdir()
    (home / ".cache/uv/archive-v0").symlink_to("archive-v0")
    assert found(catalog) == []


@pytest.mark.parametrize(
    ("kind", "names", "root"),
    [
        ("uv", ("archive-v0/x", "wheels-v8/x"), ".cache/uv"),
        ("pdm", ("hashes/10/x", "wheels/57/x"), ".cache/pdm"),
    ],
)
def test_a_command_that_takes_all_is_not_used_where_other_files_are(
    catalog, host, home, operations, kind, names, root
):
    for name in names:
        fill(home / root / name)
    tool(home, kind, f'#!/bin/sh\nrm -r "{home}/{root}"\n')
    environ = {"PATH": f"{home}/bin:{os.environ['PATH']}"}
    operations.catalog.host = operations.store.host = replace(host, environ=environ)
    assert found(operations.catalog, kind)[0].command[0] == kind
    letter = fill(home / root / "letter.txt")
    (one,) = found(operations.catalog, kind)
    assert one.command == ()
    result = operations.run(plan_clear(operations, [one]), lambda _: None)
    assert result.status is Ending.DONE
    assert os.listdir(home / root) == [letter.name]


@pytest.mark.parametrize(("kind", "sign"), [("pre-commit", "db.db"), ("conda", "urls.txt")])
def test_a_cache_that_goes_as_a_whole_holds_nothing_else(catalog, host, home, kind, sign):
    environ = {"PRE_COMMIT_HOME": str(home / "work"), "CONDA_PKGS_DIRS": str(home / "work")}
    catalog.host = replace(host, environ=environ)
    fill(home / "work" / sign)
    (home / "work/README").write_text("This directory is maintained by the pre-commit project.\n")
    if kind == "pre-commit":
        fill(home / "work/repoab12cd_4/x")
        (home / "work/db.db").write_bytes(b"SQLite format 3\0 ... /work/repoab12cd_4")
    else:
        (home / "work/README").unlink()
        fill(home / "work/zlib-1.3-h4ab18f5_2/info/index.json")
    assert not found(catalog, kind)[0].blocked
    fill(home / "work/letter.txt")
    (one,) = found(catalog, kind)
    assert (one.guard, "letter.txt" in one.blocked) == ("unowned-files", True)


def test_changes_that_pre_commit_stashed_can_be_had_back(catalog, host, home, operations):
    tool(home, "pre-commit", "#!/bin/sh\n")
    fill(home / ".cache/pre-commit/.lock", 0)
    catalog.host = operations.store.host = replace(host, environ={"PATH": str(home / "bin")})
    fill(home / ".cache/pre-commit/db.db")
    assert found(catalog, "pre-commit")[0].command == ("pre-commit", "clean")
    fill(home / ".cache/pre-commit/patch1764000000-4711")
    (one,) = found(catalog, "pre-commit")
    assert (one.command, one.blocked) == ((), "")
    plan = plan_clear(operations, [one])
    assert operations.run(plan, lambda _: None).status is Ending.DONE
    assert operations.run(operations.plan_undo(plan.id), lambda _: None).status is Ending.DONE
    assert (home / ".cache/pre-commit/patch1764000000-4711").exists()


def test_condas_command_is_not_used_where_it_would_clear_another_cache(catalog, host, home):
    tool(home, "conda", "#!/bin/sh\n")
    pkgs = str(home / ".conda/pkgs")
    catalog.host = replace(host, environ={"PATH": str(home / "bin")})
    fill(home / ".conda/pkgs/urls.txt")
    (one,) = found(catalog, "conda")
    assert one.command[:2] == ("conda", "clean")
    assert one.variables == {"CONDA_PKGS_DIRS": pkgs}
    (home / ".condarc").write_text(f"pkgs_dirs: [{pkgs}, {home}/shared]\n")
    (one,) = found(catalog, "conda")
    assert one.command == ()


def test_a_link_out_of_the_home_is_refused(catalog, home, tmp_path, operations):
    fill(tmp_path / "elsewhere/http/3/x")
    (home / ".cache").mkdir()
    (home / ".cache/pip").symlink_to(tmp_path / "elsewhere")
    (one,) = found(catalog, "pip")
    assert one.folders == ()
    assert "a link out of the home folder" in one.blocked
    plan = plan_clear(operations, [one])
    assert [each.guard for each in plan.refusals] == ["symlink"]
    assert operations.run(plan, lambda _: None).status is Ending.REFUSED


def test_a_link_inside_of_a_cache_is_not_followed(catalog, home):
    fill(home / "precious/x")
    fill(home / ".cache/pip/wheels/2d/x")
    (home / ".cache/pip/http").symlink_to(home / "precious")
    (one,) = found(catalog, "pip")
    assert [os.path.basename(each.path) for each in one.folders] == ["wheels"]


def test_what_environments_share_by_hard_links_is_not_freed(catalog, home, operations):
    file = fill(home / ".cache/uv/archive-v0/abc/linked.bin", 200_000)
    fill(home / ".cache/uv/archive-v0/abc/own.bin", 100_000)
    (home / "env").mkdir()
    os.link(file, home / "env/linked.bin")
    (one,) = found(catalog, "uv")
    before = disk_bytes(home / "env", home / ".cache")
    plan = plan_clear(operations, [one], purge=True)
    result = operations.run(plan, lambda _: None)
    assert result.status is Ending.DONE, result
    gone = before - disk_bytes(home / "env", home / ".cache")
    assert one.size.reclaimable_bytes < 200_000
    assert abs(result.freed_bytes - one.size.reclaimable_bytes) <= 8192
    assert (home / "env/linked.bin").stat().st_size == 200_000
    assert not (home / ".cache/uv/archive-v0").exists()
    assert abs(gone - result.freed_bytes) <= gone / 100


def test_to_the_trash_and_back(catalog, home, operations):
    fill(home / ".cache/pypoetry/cache/repositories/x")
    fill(home / ".cache/pypoetry/artifacts/f7/y")
    (one,) = found(catalog, "poetry")
    plan = plan_clear(operations, [one])
    assert plan.frees_now_bytes == 0
    assert plan.reclaims_bytes == one.size.reclaimable_bytes
    result = operations.run(plan, lambda _: None)
    assert result.status is Ending.DONE, result
    assert "poetry cache moved to trash" in result.message
    assert not (home / ".cache/pypoetry/cache").exists()
    assert len(operations.trash()) == 2
    back = operations.run(operations.plan_undo(plan.id), lambda _: None)
    assert back.status is Ending.DONE, back
    assert back.message == "restored 2 items"  # a folder of a cache is no environment
    assert (home / ".cache/pypoetry/artifacts/f7/y").exists()


def test_a_cache_that_its_tool_filled_again_needs_no_undo_and_that_is_said(
    catalog, home, operations
):
    fill(home / ".cache/pypoetry/artifacts/f7/y")
    (one,) = found(catalog, "poetry")
    plan = plan_clear(operations, [one])
    operations.run(plan, lambda _: None)
    fill(home / ".cache/pypoetry/artifacts/f7/z")
    (refusal,) = operations.plan_undo(plan.id).refusals
    assert refusal.message == f"path exists again: {home}/.cache/pypoetry/artifacts"
    assert refusal.hint.startswith("keep it (a cache needs no undo), move it away, or")


PROGRAM = """#!/bin/sh
[ "$1 $2" = "cache purge" ] || exit 2
rm -r "$PIP_CACHE_DIR/http"
"""


def tool(home, name, text):
    program = home / "bin" / name
    program.parent.mkdir(exist_ok=True)
    program.write_text(text)
    program.chmod(0o755)


def test_the_tools_own_command_clears_this_cache_and_is_measured(catalog, host, home, operations):
    tool(home, "pip", PROGRAM)
    path = f"{home}/bin:{os.environ['PATH']}"
    operations.catalog.host = operations.store.host = replace(
        host, environ={"PATH": path, "PIP_CACHE_DIR": str(home / "own")}
    )
    fill(home / "own/http/3/0/x")
    (one,) = found(operations.catalog, "pip")
    plan = plan_clear(operations, [one])
    assert plan.steps[0].command == ("pip", "cache", "purge")
    assert plan.undo is None
    result = operations.run(plan, lambda _: None)
    assert (result.status, result.message) == (Ending.DONE, "pip cache cleared by pip")
    assert result.freed_bytes == one.size.reclaimable_bytes
    tool(home, "pip", "#!/bin/sh\necho no such thing >&2\nexit 3\n")
    fill(home / "own/http/3/0/x")
    (one,) = found(operations.catalog, "pip")
    result = operations.run(plan_clear(operations, [one]), lambda _: None)
    assert result.status is Ending.ROLLED_BACK
    assert "no such thing" in result.message


def test_a_command_that_clears_nothing_or_not_all_is_told(catalog, host, home, operations):
    path = f"{home}/bin:{os.environ['PATH']}"
    operations.catalog.host = operations.store.host = replace(host, environ={"PATH": path})
    fill(home / ".cache/pip/http/3/x")
    kept = fill(home / ".cache/pip/http-v2/a/x", 300_000)
    tool(home, "pip", "#!/bin/sh\necho nothing to do\n")
    result = operations.run(plan_clear(operations, found(operations.catalog)), lambda _: None)
    assert result.status is Ending.ROLLED_BACK
    assert "pip cleared nothing of it" in result.message
    tool(home, "pip", PROGRAM)  # an old one, which knows nothing of `http-v2`
    result = operations.run(plan_clear(operations, found(operations.catalog)), lambda _: None)
    assert result.status is Ending.DONE
    assert "cleared by pip, which kept 3" in result.message
    assert kept.exists()
    assert not (home / ".cache/pip/http").exists()


def test_what_cannot_be_read_is_freed_too_and_said(catalog, home, operations):
    fill(home / ".cache/pypoetry/artifacts/c3/x", 100_000)
    (one,) = found(catalog, "poetry")
    (folder,) = one.folders
    seen = replace(folder.size, reclaimable_bytes=4096, disk_bytes=4096, unreadable=1)
    one = replace(one, folders=(replace(folder, size=seen),))
    plan = plan_clear(operations, [one], purge=True)
    told = "poetry cache: 1 folder could not be read: more than shown is freed"
    assert told in plan.warnings
    assert operations.run(plan, lambda _: None).freed_bytes > 100_000


def test_the_folders_of_a_tool_go_together_or_not_at_all(catalog, home, operations, monkeypatch):
    fill(home / ".cache/pypoetry/cache/repositories/x")
    fill(home / ".cache/pypoetry/artifacts/c3/x")
    (one,) = found(catalog, "poetry")
    real, aside = operations.store.disk.move, []

    def move(source, target):
        if "pypoetry" in source:
            aside.append(source)
            if source != aside[0]:  # the second, whichever trash it is for
                raise OSError(5, "Input/output error", source)
        real(source, target)

    monkeypatch.setattr(type(operations.store.disk), "move", lambda _, *paths: move(*paths))
    result = operations.run(plan_clear(operations, [one]), lambda _: None)
    assert result.status is Ending.ROLLED_BACK, result
    assert "input/output error" in result.message.lower()
    assert (home / ".cache/pypoetry/cache/repositories/x").exists()
    assert (home / ".cache/pypoetry/artifacts/c3/x").exists()


def test_one_folder_that_cannot_be_removed_keeps_no_other(catalog, home, operations, monkeypatch):
    for name in ("api", "blog", "shop"):
        fill(home / f"work/{name}/pyproject.toml", 10)
        fill(home / f"work/{name}/__pycache__/a.pyc")
    list(catalog.scan(Scope((str(home),))))
    (one,) = found(catalog, "bytecode")
    real = type(operations.store.disk).remove_tree

    def remove(disk, path, *rest):
        if "/blog/" in path:
            raise OSError(1, "Operation not permitted", path)
        return real(disk, path, *rest)

    monkeypatch.setattr(type(operations.store.disk), "remove_tree", remove)
    result = operations.run(plan_clear(operations, [one]), lambda _: None)
    assert result.status is Ending.FAILED
    assert result.freed_bytes > 200_000
    assert "blog" in result.message
    assert sorted(path.parent.name for path in home.glob("work/*/__pycache__")) == ["blog"]


def test_a_folder_that_became_a_link_meanwhile_stays(catalog, home, operations):
    """Between the last question and the removal of the many folders of a plan minutes may pass."""
    for name in ("api", "blog"):
        fill(home / f"work/{name}/pyproject.toml", 10)
        fill(home / f"work/{name}/__pycache__/a.pyc")
    precious = fill(home / "precious/__pycache__/b.pyc")
    list(catalog.scan(Scope((str(home),))))
    (one,) = found(catalog, "bytecode")

    def tell(event):
        if isinstance(event, StepProgress) and not (home / "work/blog").is_symlink():
            os.rename(home / "work/blog", home / "aside")
            (home / "work/blog").symlink_to(home / "precious")

    result = operations.run(plan_clear(operations, [one]), tell)
    assert result.status is Ending.FAILED
    assert "changed since the preview" in result.message
    assert precious.exists()


def test_files_in_a_folder_of_byte_code_that_are_none_stay(catalog, home):
    for name in ("pyproject.toml", "a/__pycache__/x.pyc", "b/__pycache__/x.cpython-312.pyc.4711"):
        fill(home / "work/api" / name, 10)
    fill(home / "work/api/c/__pycache__/x.pyc")
    fill(home / "work/api/c/__pycache__/notes.txt")
    list(catalog.scan(Scope((str(home),))))
    (one,) = found(catalog, "bytecode")
    assert {os.path.basename(os.path.dirname(each.path)) for each in one.folders} == {"a", "b"}


@pytest.mark.parametrize("at_once", [True, False])
def test_environments_that_shared_files_are_measured_again(
    catalog, home, make_venv, operations, at_once
):
    made = make_venv(home / "work/.venv")
    file = fill(home / ".cache/uv/archive-v0/x/y", 400_000)
    os.link(file, made / "y")
    now = replace(catalog.host, now=time.time)
    catalog.host = operations.store.host = now
    list(catalog.scan(Scope((str(home),), sizes=True)))
    (before,) = catalog.remembered(Scope((str(home),)))
    (cache,) = found(catalog, "uv", environments=[before])
    operations.run(plan_clear(operations, [cache], purge=at_once), lambda _: None)
    if not at_once:
        assert operations.run(operations.plan_purge(), lambda _: None).status is Ending.DONE
    list(catalog.scan(Scope((str(home),), sizes=True)))
    (after,) = catalog.remembered(Scope((str(home),)))
    assert after.size.reclaimable_bytes - before.size.reclaimable_bytes >= 400_000


def test_who_would_write_waits_while_a_cache_of_uv_is_moved(catalog, home, operations, monkeypatch):
    fill(home / ".cache/uv/archive-v0/x/y")
    lock = fill(home / ".cache/uv/.lock", 0)
    (one,) = found(catalog, "uv")
    real, seen = operations.store.disk.move, []

    def move(_, *paths):
        with open(lock, "r+b") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                seen.append("held")
        real(*paths)

    monkeypatch.setattr(type(operations.store.disk), "move", move)
    assert operations.run(plan_clear(operations, [one]), lambda _: None).status is Ending.DONE
    assert seen == ["held"]
    with open(lock, "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)


def test_uvs_command_is_not_used_where_environments_are_in_its_cache(catalog, host, home):
    assert found(catalog, "uv") == []
    tool(home, "uv", "#!/bin/sh\n")
    catalog.host = replace(host, environ={"PATH": str(home / "bin")})
    fill(home / ".cache/uv/archive-v0/x/y")
    script = Environment(
        str(home / ".cache/uv/environments-v2/s"), Identity(1, 1), "s", "uv-script", Status.OK
    )
    assert found(catalog, "uv")[0].command == ("uv", "cache", "clean")
    (one,) = found(catalog, "uv", environments=[script])
    assert one.command == ()


def test_a_cache_that_packages_are_links_into_stays(catalog, home):
    for number in range(9):  # others come first
        fill(home / f"work/.venv/lib/site-packages/a{number}-1.dist-info/METADATA")
    metadata = fill(home / ".cache/uv/archive-v0/x/tool-1.dist-info/METADATA")
    site = home / "work/.venv/lib/site-packages"
    (site / "tool-1.dist-info").mkdir()
    (site / "tool-1.dist-info/METADATA").symlink_to(metadata)
    one = Environment(
        str(home / "work/.venv"), Identity(1, 1), "w", "uv", Status.OK, site_packages=(str(site),)
    )
    (cache,) = found(catalog, "uv", environments=[one])
    assert cache.guard == "has-dependants"
    assert "symlinks into it" in cache.blocked


def test_a_cache_that_uv_is_writing_is_refused(catalog, home, operations):
    fill(home / ".cache/uv/archive-v0/x/y")
    lock = fill(home / ".cache/uv/.lock", 0)
    (one,) = found(catalog, "uv")
    with open(lock, "r+b") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        plan = plan_clear(operations, [one])
        assert [each.guard for each in plan.refusals] == ["in-use"]
    assert plan_clear(operations, [one]).refusals == ()


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_file_that_a_program_has_open_is_refused(catalog, host, home, operations):
    operations.catalog.host = operations.store.host = replace(host, root="/")
    file = fill(home / ".cache/pypoetry/cache/repositories/x")
    program = "import sys; f = open(sys.argv[1], 'ab'); print(flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", program, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        process.stdout.readline()
        (one,) = found(operations.catalog, "poetry")
        plan = plan_clear(operations, [one])
        process.communicate(b"")
    assert [each.guard for each in plan.refusals] == ["in-use"]
    assert "open file" in plan.refusals[0].message


def test_what_changed_since_it_was_shown_stays(catalog, home, operations):
    fill(home / ".cache/pypoetry/cache/repositories/x")
    (one,) = found(catalog, "poetry")
    plan = plan_clear(operations, [one])
    os.rename(home / ".cache/pypoetry/cache", home / "aside")
    fill(home / ".cache/pypoetry/cache/repositories/another")
    result = operations.run(plan, lambda _: None)
    assert result.status is Ending.REFUSED
    assert (home / ".cache/pypoetry/cache/repositories/another").exists()


def test_debris_of_projects_without_what_is_in_environments(catalog, home, make_venv, operations):
    project = home / "work/api"
    fill(project / "pyproject.toml", 10)
    for name in ("__pycache__/a.pyc", "src/api/__pycache__/b.pyc", ".pytest_cache/v/cache/x",
                 ".mypy_cache/3.12/x", ".ruff_cache/0.4.1/x", ".tox/py312/pyvenv.cfg"):  # fmt: skip
        fill(project / name)
    (project / ".pytest_cache/CACHEDIR.TAG").write_text(TAG)
    make_venv(project / ".venv")
    kept = fill(project / ".venv/lib/python3/site-packages/x/__pycache__/c.pyc")
    fill(project / ".hg/__pycache__/d.pyc")
    list(catalog.scan(Scope((str(home),))))
    every = {one.kind: one for one in found(catalog, "bytecode", "pytest", "mypy", "ruff", "tox")}
    assert {kind: len(one.folders) for kind, one in every.items()} == {
        "bytecode": 2,
        "pytest": 1,
        "mypy": 1,
        "ruff": 1,
        "tox": 1,
    }
    plan = plan_clear(operations, [every["bytecode"], every["mypy"]])
    expected = sum(
        disk_bytes(folder.path) for one in ("bytecode", "mypy") for folder in every[one].folders
    )
    result = operations.run(plan, lambda _: None)
    assert result.status is Ending.DONE, result
    assert abs(result.freed_bytes - expected) <= expected / 100
    assert kept.exists()
    assert not (project / "src/api/__pycache__").exists()
    assert (project / ".hg/__pycache__").exists()


def test_what_git_tracks_stays(catalog, host, home, operations):
    machine = replace(host, environ={"PATH": os.environ["PATH"]})
    catalog.host = operations.store.host = machine
    project = home / "work/api"
    kept = fill(project / "vendored/__pycache__/a.pyc")
    other = fill(project / "__pycache__/b.pyc")
    fill(project / "pyproject.toml", 10)
    for words in (["init", "-q"], ["add", "-f", "vendored"]):
        subprocess.run(["git", "-C", project, *words], check=True, env={**os.environ})
    list(catalog.scan(Scope((str(home),))))
    cleared, blocked = found(catalog, "bytecode")
    assert [folder.path for folder in cleared.folders] == [str(other.parent)]
    assert (blocked.guard, "tracks" in blocked.blocked) == ("tracked", True)
    plan = plan_clear(operations, [cleared])
    subprocess.run(["git", "-C", project, "add", "-f", "__pycache__"], check=True)
    assert operations.run(plan, lambda _: None).guard == "tracked"
    subprocess.run(["git", "-C", project, "rm", "-rq", "--cached", "__pycache__"], check=True)
    assert operations.run(plan, lambda _: None).status is Ending.DONE
    assert kept.exists()
    assert not other.exists()


def test_without_git_nothing_of_a_repository_goes(catalog, home, host):
    catalog.host = replace(host, environ={"PATH": str(home)})
    fill(home / "work/api/pyproject.toml", 10)
    fill(home / "work/api/__pycache__/a.pyc")
    (home / "work/api/.git").mkdir()
    for name in ("HEAD", "config"):
        fill(home / "work/api/.git" / name, 5)
    for name in ("objects", "refs"):
        (home / "work/api/.git" / name).mkdir()
    list(catalog.scan(Scope((str(home),))))
    assert [one.guard for one in found(catalog, "bytecode")] == ["tracked"]


def test_the_index_forgets_environments_that_were_in_what_was_cleared(
    catalog, home, make_venv, operations
):
    project = home / "work/api"
    fill(project / "tox.ini", 10)
    fill(project / "pyproject.toml", 10)
    inner = make_venv(project / ".tox/py312")
    fill(home / "work/blog/pyproject.toml", 10)
    make_venv(home / "work/blog/.tox/py312")
    list(catalog.scan(Scope((str(home),))))
    known = catalog.remembered(Scope((str(home),)))
    assert str(inner) in [one.path for one in known]
    (one,) = found(catalog, "tox", environments=known)
    plan = plan_clear(operations, [one])
    assert len(plan.targets) == 2
    assert operations.run(plan, lambda _: None).status is Ending.DONE
    assert catalog.remembered(Scope((str(home),))) == ()


def test_what_is_freed_now_and_later_is_told_apart(catalog, home, operations):
    fill(home / "work/api/pyproject.toml", 10)
    fill(home / "work/api/__pycache__/a.pyc", 300_000)
    fill(home / ".cache/pypoetry/cache/repositories/x", 500_000)
    list(catalog.scan(Scope((str(home),))))
    plan = plan_clear(operations, found(catalog, "poetry", "bytecode"))
    assert 300_000 <= plan.frees_now_bytes < 400_000
    assert plan.reclaims_bytes >= 800_000
    result = operations.run(plan, lambda _: None)
    assert 300_000 <= result.freed_bytes < 400_000
    told = room_words(plan, result)
    assert f"{size(result.freed_bytes)} freed, " in told
    assert f"{size(plan.reclaims_bytes - plan.frees_now_bytes)} more when the trash is" in told


def test_leftovers_of_an_interrupted_pip(catalog, home, operations):
    site = home / "work/.venv/lib/site-packages"
    fill(site / "~umpy/x")
    fill(site / "numpy/x")
    one = Environment(
        str(home / "work/.venv"), Identity(1, 1), "w", "venv", Status.OK,
        site_packages=(str(site),), leftovers=1,
    )  # fmt: skip
    (cache,) = found(catalog, "leftovers", environments=[one])
    assert operations.run(plan_clear(operations, [cache]), lambda _: None).status is Ending.DONE
    assert sorted(os.listdir(site)) == ["numpy"]


def test_interpreters_that_nothing_uses_are_offered_and_never_by_default(catalog, home):
    def interpreter(version):
        prefix = home / ".pyenv/versions" / version
        fill(prefix / "bin/python")
        return Interpreter(
            str(prefix / "bin/python"), str(prefix), Identity(1, 1), version, "cpython", "pyenv"
        )

    fill(home / ".pyenv/version", 0).write_text("3.12.4\n")
    known = [interpreter("3.8.18"), interpreter("3.12.4"), interpreter("3.9.18")]
    fill(home / "work/api/pyproject.toml", 10)
    (home / "work/api/.python-version").write_text("3.9\n")
    list(catalog.scan(Scope((str(home),))))
    (one,) = found(catalog, "interpreters", interpreters=known)
    assert one.title == "Python 3.8.18 of pyenv"
    assert not one.default


def test_a_stopped_look_ends(catalog, home):
    fill(home / ".cache/pip/http/3/x")
    finder = CacheFinder(catalog, stopped=lambda: True)
    assert list(finder.find()) == []


def real(host, home, program):
    """A host on which a real tool works in the made-up home alone."""
    variables = {"HOME": str(home), "PATH": f"{Path(program).parent}:/usr/bin:/bin"}
    for name in ("HTTPS_PROXY", "https_proxy", "NO_PROXY", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
        if name in os.environ:
            variables[name] = os.environ[name]
    variables["UV_SYSTEM_CERTS"] = variables["UV_NATIVE_TLS"] = "1"
    return replace(host, environ=variables, root="/")


@pytest.mark.network
@pytest.mark.parametrize("name", ["uv", "pip"])
def test_the_cache_of_the_real_tool(host, home, make_venv, tmp_path, name):
    program = os.path.join(os.path.dirname(sys.executable), name)
    machine = real(host, home, program)
    environ = dict(machine.environ)

    def install(place):
        if name == "uv":
            subprocess.run([program, "venv", "-q", place], env=environ, check=True)
            line = [program, "pip", "install", "-q", "--python", place, "six", "idna"]
        else:
            make_venv(Path(place))
            line = [program, "--python", place, "install", "-q", "--no-binary=six", "six", "idna"]
        subprocess.run(line, env=environ, check=True)

    install(str(home / "one"))
    catalog = Catalog(machine, str(tmp_path / "index.sqlite3"))
    operations = Operations(catalog)
    (one,) = found(catalog, name)
    assert one.command[0] == name
    before = disk_bytes(home / ".cache", home / "one")
    result = operations.run(plan_clear(operations, [one]), lambda _: None)
    assert result.status is Ending.DONE, result
    difference = before - disk_bytes(home / ".cache", home / "one")
    assert abs(result.freed_bytes - difference) <= difference / 100
    install(str(home / "two"))
    assert found(catalog, name)
