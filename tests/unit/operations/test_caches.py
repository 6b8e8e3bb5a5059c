"""Caches and debris: what counts as one, what stays, and what clearing frees."""

import fcntl
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from envdeck.core.caches import CacheFinder
from envdeck.core.catalog import Catalog, Scope
from envdeck.core.model import Ending, Environment, Identity, Interpreter, Status
from envdeck.core.operations.api import Operations
from envdeck.core.operations.delete.clear import plan_clear
from envdeck.text import size
from envdeck.text.operation import room_words


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


def found(catalog, *kinds, environments=(), interpreters=()):
    finder = CacheFinder(catalog, environments, interpreters)
    if kinds:
        finder.kinds = frozenset(kinds)
    return list(finder.find())


def used(*paths):
    """What the file system itself says of folders: blocks of each file and folder, links once."""
    met, total = set(), 0
    for folder, _, files in (walked for path in paths for walked in os.walk(path)):
        for each in (folder, *(os.path.join(folder, name) for name in files)):
            status = os.lstat(each)
            if (status.st_dev, status.st_ino) not in met:
                met.add((status.st_dev, status.st_ino))
                total += status.st_blocks * 512
    return total


def test_each_tool_has_its_own_folders_and_nothing_else(catalog, home):
    cache = home / ".cache"
    fill(cache / "uv/archive-v0/abc/big.bin")
    fill(cache / "uv/archive-v0/.git", 0)  # as uv does
    fill(cache / "uv/environments-v2/script/pyvenv.cfg")
    fill(cache / "pip/http-v2/a/b")
    fill(cache / "pypoetry/artifacts/x/wheel.whl")
    fill(cache / "pypoetry/virtualenvs/mine/pyvenv.cfg")
    fill(cache / "pipenv/hash-cache/h")
    fill(cache / "pdm/packages/p/x")
    fill(cache / "hatch/dist/x")
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
        "hatch": [".cache/hatch/dist"],
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
    fill(home / place / "x")
    catalog.host = replace(host, platform=platform)
    (one,) = found(catalog, "pip")
    assert one.folders[0].path == str(home / place)


def test_a_variable_makes_no_cache_of_a_home(catalog, host, home):
    fill(home / "Documents/thesis.tex")
    fill(home / "letters/x")
    names = ("PIP_CACHE_DIR", "UV_CACHE_DIR", "PDM_CACHE_DIR", "PRE_COMMIT_HOME", "CONDA_PKGS_DIRS")
    catalog.host = replace(host, environ=dict.fromkeys(names, str(home)))
    assert [one.kind for one in found(catalog) if one.folders] == []


def test_a_link_out_of_the_home_is_refused(catalog, home, tmp_path, operations):
    fill(tmp_path / "elsewhere/http/x")
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
    fill(home / ".cache/pip/wheels/x")
    (home / ".cache/pip/http").symlink_to(home / "precious")
    (one,) = found(catalog, "pip")
    assert [os.path.basename(each.path) for each in one.folders] == ["wheels"]


def test_what_environments_share_by_hard_links_is_not_freed(catalog, home, operations):
    file = fill(home / ".cache/uv/archive-v0/abc/linked.bin", 200_000)
    fill(home / ".cache/uv/archive-v0/abc/own.bin", 100_000)
    (home / "env").mkdir()
    os.link(file, home / "env/linked.bin")
    (one,) = found(catalog, "uv")
    before = used(home / "env", home / ".cache")
    plan = plan_clear(operations, [one], purge=True)
    result = operations.run(plan, lambda _: None)
    assert result.status is Ending.DONE, result
    gone = before - used(home / "env", home / ".cache")
    assert one.size.reclaimable_bytes < 200_000
    assert abs(result.freed_bytes - one.size.reclaimable_bytes) <= 8192
    assert (home / "env/linked.bin").stat().st_size == 200_000
    assert not (home / ".cache/uv/archive-v0").exists()
    assert abs(gone - result.freed_bytes) <= gone / 100


def test_to_the_trash_and_back(catalog, home, operations):
    fill(home / ".cache/pypoetry/cache/x")
    fill(home / ".cache/pypoetry/artifacts/y")
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
    assert (home / ".cache/pypoetry/artifacts/y").exists()


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
    fill(home / "own/http/x")
    (one,) = found(operations.catalog, "pip")
    plan = plan_clear(operations, [one])
    assert plan.steps[0].command == ("pip", "cache", "purge")
    assert plan.undo is None
    result = operations.run(plan, lambda _: None)
    assert (result.status, result.message) == (Ending.DONE, "pip cache cleared by pip")
    assert result.freed_bytes == one.size.reclaimable_bytes
    tool(home, "pip", "#!/bin/sh\necho no such thing >&2\nexit 3\n")
    fill(home / "own/http/x")
    (one,) = found(operations.catalog, "pip")
    result = operations.run(plan_clear(operations, [one]), lambda _: None)
    assert result.status is Ending.ROLLED_BACK
    assert "no such thing" in result.message


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
    metadata = fill(home / ".cache/uv/archive-v0/x/tool-1.dist-info/METADATA")
    site = home / "work/.venv/lib/site-packages"
    (site / "tool-1.dist-info").mkdir(parents=True)
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
    file = fill(home / ".cache/pypoetry/cache/x")
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
    fill(home / ".cache/pypoetry/cache/x")
    (one,) = found(catalog, "poetry")
    plan = plan_clear(operations, [one])
    os.rename(home / ".cache/pypoetry/cache", home / "aside")
    fill(home / ".cache/pypoetry/cache/another")
    result = operations.run(plan, lambda _: None)
    assert result.status is Ending.REFUSED
    assert (home / ".cache/pypoetry/cache/another").exists()


def test_debris_of_projects_without_what_is_in_environments(catalog, home, make_venv, operations):
    project = home / "work/api"
    fill(project / "pyproject.toml", 10)
    for name in ("__pycache__/a.pyc", "src/api/__pycache__/b.pyc", ".pytest_cache/v",
                 ".mypy_cache/3.12/x", ".ruff_cache/0/x", ".tox/py312/pyvenv.cfg"):  # fmt: skip
        fill(project / name)
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
        used(folder.path) for one in ("bytecode", "mypy") for folder in every[one].folders
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
    fill(home / ".cache/pypoetry/cache/x", 500_000)
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
    known = [interpreter("3.8.18"), interpreter("3.12.4")]
    (one,) = found(catalog, "interpreters", interpreters=known)
    assert one.title == "Python 3.8.18 of pyenv"
    assert not one.default


def test_a_stopped_look_ends(catalog, home):
    fill(home / ".cache/pip/http/x")
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
    before = used(home / ".cache", home / "one")
    result = operations.run(plan_clear(operations, [one]), lambda _: None)
    assert result.status is Ending.DONE, result
    difference = before - used(home / ".cache", home / "one")
    assert abs(result.freed_bytes - difference) <= difference / 100
    install(str(home / "two"))
    assert found(catalog, name)
