"""What the machine knows of an environment: mounts, processes, git, tools, what rests on it."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest

from envdeck.core.discovery.prefix import recognise
from envdeck.core.model import Operation, ProjectLink, ProjectState
from envdeck.core.operations.guards.check import ask, unchecked
from envdeck.core.operations.guards.context import GuardContext
from envdeck.core.operations.guards.rules import owner_command
from envdeck.core.system.mounts import Mount, read_mounts
from support.processes import WAIT, running


@pytest.fixture
def here(host):
    """Return the real machine with a home of its own."""
    return replace(host, root="/", environ={"PATH": os.environ["PATH"]})


# mounts


def test_a_bind_mount_below_it(asked, home, make_venv, here):
    """It has the same device number and is denied by `ismount`: the table alone tells."""
    path = make_venv(home / "we [red] ird" / "venv")
    precious, point = home / "precious", path / "lib" / "data"
    precious.mkdir()
    (precious / "thesis.tex").write_text("x")
    point.mkdir()
    command = ["mount", "--bind", str(precious), str(point)]
    try:
        done = subprocess.run(command, capture_output=True, check=False)
    except OSError as error:
        pytest.skip(f"mount cannot be run: {error}")
    if done.returncode:
        pytest.skip("this system does not let the test mount anything")
    try:
        assert not os.path.ismount(point)
        assert os.stat(point).st_dev == os.stat(path).st_dev
        for operation in (Operation.DELETE, Operation.RECREATE, Operation.UPGRADE, Operation.PURGE):
            refusal = asked(path, operation, on=here, read_processes=nobody)["mount"]
            assert refusal.message == f"a disk is mounted there: {point}"
            assert not refusal.overrulable
        assert "mount" not in asked(home / "precious", on=here, read_processes=nobody)
    finally:
        subprocess.run(["umount", str(point)], check=True)
    assert (precious / "thesis.tex").exists()


def test_a_mount_at_it_and_beside_it(asked, home, make_venv):
    path = make_venv(home / "venv")

    def mounted(*points):
        table = tuple(Mount(str(point), "ext4", 1, frozenset(), "x") for point in points)
        return asked(path, read_mounts=lambda _: table)

    assert "mount" in mounted("/", path)
    assert "mount" in mounted("/", path / "lib" / "b", path / "lib" / "a")
    assert mounted("/", home, f"{path}2") == {}


def test_another_disk_where_there_is_no_table(asked, home, make_venv, monkeypatch):
    """Mounting takes rights, so the numbers of one folder are changed; the rest is real."""
    path = make_venv(home / "venv")
    real = os.lstat

    def lstat(place, **options):
        status = real(place, **options)
        if str(place).endswith("site-packages"):
            values = list(status)
            values[2] += 1
            return os.stat_result(values)
        return status

    assert asked(path) == {}
    monkeypatch.setattr(os, "lstat", lstat)
    from envdeck.core.operations.guards.rules import _other_disks

    (found,) = _other_disks(str(path))
    assert found.endswith("site-packages")


# files


def test_a_checkout_in_it_is_named(asked, home, make_venv):
    """As `pip install -e git+https://…` leaves it, with work that may never have been pushed."""
    path = make_venv(home / "venv")
    (path / "src" / "lib" / ".git").mkdir(parents=True)
    (path / "src" / "lib" / "work.py").write_text("x" * 2500)
    refusal = asked(path)["unowned-files"]
    assert refusal.message == (
        "contains a nested repository or environment: src/lib;"
        " 1 file belongs to no package (2.5 kB): src/lib/work.py"
    )
    assert refusal.hint == f"envdeck delete {path} --allow unowned-files"
    assert asked(path, Operation.RECREATE) == {}, "there they are carried over"


# processes


def nobody(host):
    from envdeck.core.inspection.processes import Processes

    return Processes(())


@pytest.fixture(name="running")
def _running():
    with running() as start:
        yield start


def test_what_runs_from_it(asked, home, make_venv, here, running):
    path = make_venv(home / "a b" / "venv")
    assert asked(path, on=here) == {}
    process = running(str(path / "bin" / "python"), "-c", WAIT, "--token", "s3cr3t")
    for operation in (Operation.DELETE, Operation.RECREATE, Operation.UPGRADE):
        refusal = asked(path, operation, on=here)["in-use"]
        assert f"({process.pid}: running from this environment)" in refusal.message
        assert refusal.overrulable
        assert "s3cr3t" not in repr(refusal)
    assert asked(path, on=here, allowed={"in-use"}) == {}
    assert asked(make_venv(home / "other"), on=here) == {}


def test_the_environment_that_runs_us(asked, home, make_venv, here, running):
    path = make_venv(home / "venv")
    assert (
        asked(path, ours=(str(path / "lib" / "x"),))["self"].message
        == "EnvDeck runs from this environment"
    )
    assert asked(path, ours=(f"{path}2", str(home))) == {}
    child = "import subprocess,sys; subprocess.run(['sh','-c','echo $$; read x'])"
    command = [str(path / "bin" / "python"), "-c", child]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        below = int(process.stdout.readline())
        refusals = asked(path, Operation.UPGRADE, on=here, pid=below)
        process.communicate(b"\n")
    assert f"({process.pid})" in refusals["self"].message
    assert "in-use" not in refusals


def test_the_activated_one_is_not_deleted(asked, home, make_venv, here):
    path = make_venv(home / "venv")
    (home / "way").symlink_to(path)
    on = replace(here, environ={"VIRTUAL_ENV": str(home / "way"), "PATH": ""})
    refusal = asked(path, on=on, read_processes=nobody)["self"]
    assert (refusal.message, refusal.hint) == ("activated in this shell", "deactivate")
    assert asked(path, Operation.UPGRADE, on=on, read_processes=nobody) == {}


def test_this_very_process_has_places_of_its_own(host):
    moment = GuardContext.now(host)
    assert os.path.realpath(sys.prefix) in moment.ours
    assert moment.folder == os.path.realpath(os.getcwd())
    assert moment.pid == os.getpid()


# git


@pytest.fixture
def repository(home):
    """Return a folder that git looks after, in which nobody's settings hold."""
    folder = home / "re po"
    folder.mkdir()
    git(folder, "init", "-q")
    return folder


def git(folder, *arguments):
    environ = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, env=environ)


pytestmark_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


@pytestmark_git
def test_what_git_tracks(asked, repository, make_venv, here):
    path = make_venv(repository / "[a-z] *" / ".venv")
    beside = make_venv(repository / "x *" / ".venv")
    assert asked(path, on=here) == {}
    git(repository, "--literal-pathspecs", "add", "-f", "[a-z] */.venv/pyvenv.cfg")
    refusal = asked(path, on=here)["tracked"]
    assert refusal.message == f"1 file tracked by git in {repository}: pyvenv.cfg"
    assert list(asked(path, Operation.RECREATE, on=here)) == ["tracked"]
    assert asked(path, on=here, allowed={"tracked"}) == {}
    assert asked(beside, on=here) == {}, "a pattern is taken as a name"


@pytestmark_git
def test_nothing_that_a_repository_names_is_run(asked, repository, make_venv, here, home):
    path = make_venv(repository / ".venv")
    trap = home / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {home}/sprung\n")
    trap.chmod(0o755)
    hooks = repository / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("post-index-change", "fsmonitor-watchman", "query-watchman"):
        shutil.copy(trap, hooks / name)
    for key in ("core.fsmonitor", "core.pager", "core.editor", "core.sshCommand", "core.askPass"):
        git(repository, "config", key, str(trap))
    on = replace(here, environ={**here.environ, "GIT_DIR": str(home / "elsewhere")})
    git(repository, "-c", "core.fsmonitor=false", "add", "-f", ".venv/pyvenv.cfg")
    (home / "sprung").unlink(missing_ok=True)
    assert "tracked" in asked(path, on=on)
    assert not (home / "sprung").exists()


@pytestmark_git
def test_a_repository_that_git_does_not_read(question, home, make_venv, here):
    (home / ".git").write_text("gitdir: nowhere")
    one = question(make_venv(home / "venv"), on=here)
    assert ask(one) == ()
    assert unchecked(one)[0].startswith("git-tracked files not checked: git cannot")


# what rests on it


def test_an_environment_that_others_rest_on(asked, read, home, make_venv):
    base, other = make_venv(home / "base"), make_venv(home / "other")
    for name in ("one", "two"):
        cfg = make_venv(home / name) / "pyvenv.cfg"
        cfg.write_text(f"home = {base}/bin\nversion = 3.12.1\n")
    make_venv(base / "inner")
    known = tuple(read(home / name) for name in ("base", "one", "two", "other", "base/inner"))
    refusal = asked(base, environments=known)["has-dependants"]
    assert refusal.message == f"2 others use its interpreter: {home}/one, {home}/two"
    assert refusal.overrulable
    assert "has-dependants" not in asked(base, Operation.UPGRADE, environments=known)
    assert asked(other, environments=known) == {}


@pytest.mark.parametrize("kind", ["folder", "executable", "chain", "entry"])
def test_who_rests_on_it_by_a_link_counts(kind, asked, make_venv, read, home):
    base, one = make_venv(home / "base"), make_venv(home / "one")
    tools = home / "tools"
    tools.mkdir()
    (tools / "folder").symlink_to(base)
    (tools / "python").symlink_to(base / "bin" / "python")
    (tools / "again").symlink_to("python")
    folder = {"folder": tools / "folder" / "bin"}.get(kind, tools)
    entry = {"folder": folder / "python", "chain": tools / "again"}.get(kind, tools / "python")
    (one / "bin" / "python").unlink()
    (one / "bin" / "python").symlink_to(entry)
    if kind != "entry":  # which only the link itself tells
        (one / "pyvenv.cfg").write_text(f"home = {folder}\nversion = 3.12.1\n")
    known = (read(base), read(one))
    refusal = asked(base, environments=known)["has-dependants"]
    assert refusal.message == f"another environment uses its interpreter: {home}/one"


def test_an_installation_of_conda_stays(asked, home):
    root = home / "miniforge3"
    for name in ("conda-meta", "condabin", "bin"):
        (root / name).mkdir(parents=True)
    (root / "conda-meta" / "history").touch()
    refusal = asked(root, allowed={"has-dependants"})["has-dependants"]
    assert not refusal.overrulable


# tools with an index of their own


def test_an_environment_of_uv_tool(asked, read, home, host, tmp_path, wheel):
    """A real one, installed by uv from a wheel made here."""
    data = home / ".local" / "share" / "uv" / "tools"
    environ = {
        **os.environ,
        "HOME": str(home),
        "UV_CACHE_DIR": str(tmp_path / "cache"),
        "UV_TOOL_BIN_DIR": str(tmp_path / "bin"),
    }
    command = [sys.executable, "-m", "uv", "tool", "install", "-q", "--offline", "--no-config"]
    command += ["--no-index", "--find-links", str(wheel.parent), "--python", sys.executable, "cow"]
    subprocess.run(command, check=True, env=environ, capture_output=True, timeout=60)
    path = data / "cow"
    refusal = asked(path)["owned-by-tool"]
    assert (refusal.hint, refusal.overrulable) == ("uv tool uninstall cow", False)
    assert asked(path, Operation.UPGRADE)["owned-by-tool"].hint == "uv tool upgrade cow"
    environment = read(path)
    assert owner_command(environment, GuardContext(host)) == ("uv", "tool", "uninstall", "cow")
    elsewhere = replace(host, environ={"UV_TOOL_DIR": str(home / "tools")})
    told = owner_command(environment, GuardContext(elsewhere))
    assert told == ("env", f"UV_TOOL_DIR={data}", "uv", "tool", "uninstall", "cow")
    own = [sys.executable, "-m", *owner_command(environment, GuardContext(host))]
    subprocess.run(own, check=True, env=environ, capture_output=True, timeout=60)
    assert not path.exists()


def test_a_stray_receipt_and_a_name_like_an_option_call_nobody_for_more(
    read, home, host, make_venv
):
    """uv is not sent into a project, and `--all` would be all."""
    stray = make_venv(home / "work" / "tool")
    odd = make_venv(home / ".local" / "share" / "uv" / "tools" / "--all")
    for path in (stray, odd):
        (path / "uv-receipt.toml").touch()
    assert read(stray).manager == "uv-tool"
    assert owner_command(read(stray), GuardContext(host)) is None
    assert owner_command(read(odd), GuardContext(host)) == (
        "uv",
        "tool",
        "uninstall",
        "--",
        "--all",
    )


def test_the_owner_may_be_called_in_its_place(question, home, make_venv, host):
    store = home / ".local" / "share" / "pipx"
    path, shared = make_venv(store / "venvs" / "black"), make_venv(store / "shared")
    (path / "pipx_metadata.json").write_text("{}")
    assert [refusal.hint for refusal in ask(question(path))] == ["pipx uninstall black"]
    assert ask(replace(question(path), by_owner=True)) == ()
    (kept,) = ask(replace(question(shared), by_owner=True))
    assert (kept.guard, kept.overrulable) == ("owned-by-tool", False)
    moved = replace(host, environ={"PIPX_HOME": str(home / "px")})
    (refusal,) = ask(question(path, on=moved))
    assert refusal.hint == f"env PIPX_HOME={store} pipx uninstall black"


@pytest.mark.parametrize(
    ("place", "command"),
    [
        (".cache/pre-commit/repoab12/py_env-python3", ("pre-commit", "gc")),
        (".local/share/hatch/env/virtual/blog/a1b2c3d4/blog", None),
        ("work/.tox/py312", None),
        (".virtualenvs/blog", None),
        ("work/.venv", None),
    ],
)
def test_plain_folders_have_no_owner_to_call(read, home, host, make_venv, place, command):
    assert owner_command(read(make_venv(home / place)), GuardContext(host)) == command


def test_poetry_is_called_for_what_its_index_names(read, home, host, make_venv):
    store = home / ".cache" / "pypoetry" / "virtualenvs"
    path = make_venv(store / "blog-npqDAU7S-py3.13", creator="virtualenv")
    project = ProjectLink(ProjectState.FOUND, str(home / "blog"), "environment name")
    environment = replace(read(path), project=project)
    assert owner_command(environment, GuardContext(host)) is None
    (store / "envs.toml").write_text('[blog-npqDAU7S]\nminor = "3.13"\npatch = "3.13.1"\n')
    told = owner_command(environment, GuardContext(host))
    assert told == ("poetry", "--directory", project.path, "env", "remove", path.name)
    assert owner_command(read(path), GuardContext(host)) is None, (
        "without the project nothing can be called"
    )


def test_conda_is_called_with_the_prefix(read, home, host):
    path = home / "miniforge3" / "envs" / "data [x]"
    (path / "conda-meta").mkdir(parents=True)
    (path / "conda-meta" / "history").touch()
    told = owner_command(read(path), GuardContext(host))
    assert told == ("conda", "env", "remove", "--yes", "--prefix", str(path))
    assert recognise(str(path)) is not None
    program = home / "conda"
    program.touch()
    on = replace(host, environ={"CONDA_EXE": str(program)})
    assert owner_command(read(path), GuardContext(on))[0] == str(program)


def test_the_mount_table_of_this_machine_is_read_once(here):
    calls = []
    moment = GuardContext(here, read_mounts=lambda host: calls.append(host) or read_mounts(host))
    assert moment.mounts is moment.mounts
    assert len(calls) == 1
    assert moment.refreshed().mounts is not None
    assert len(calls) == 2
