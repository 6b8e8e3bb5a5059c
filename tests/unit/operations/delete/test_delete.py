"""Deleting real environments through the one door: each guard once more when it acts."""

import fcntl
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from envdeck.core.catalog import Catalog
from envdeck.core.model import CommandEnded, Ending, Policy
from envdeck.core.operations.api import Operations
from envdeck.core.operations.disk.platforms import LinuxDisk
from envdeck.core.operations.execute import recover
from envdeck.core.operations.transaction.places import lock
from support.trees import states

UNOWNED = frozenset({"unowned-files"})


@pytest.fixture
def operations(host) -> Operations:
    return Operations(Catalog(host))


@pytest.fixture
def env(home, make_venv) -> Path:
    return make_venv(home / "work" / "it's [1]" / ".venv")


@pytest.fixture
def plan(operations, env):
    """Return a function that plans to delete it, or other environments."""

    def planning(*paths, links=None, **more):
        found = [operations.catalog.lookup(str(path)) for path in paths or (env,)]
        made = operations.plan_delete(found, links=links, **more)
        assert not made.refusals, made.refusals
        return made

    return planning


@pytest.fixture
def run(operations):
    return lambda plan, stopped=lambda: False: operations.run(plan, lambda _event: None, stopped)


def tree(top: Path) -> dict[str, tuple[int, int, int, bytes]]:
    return states(top, without={".local", ".cache"})


def trashed(operations) -> list[str]:
    return [item.manifest.path for item in operations.trash()]


def test_it_goes_whole_and_comes_back_whole(operations, env, plan, run, home):
    before = tree(home)
    planned = plan()
    result = run(planned)
    assert (result.status, env.exists()) == (Ending.DONE, False)
    assert (planned.frees_now_bytes, planned.undo) == (0, f"envdeck undo {planned.id}")
    (item,) = operations.trash()
    assert (item.manifest.path, item.problem) == (str(env), "")
    assert run(operations.plan_undo()).status is Ending.DONE
    assert {path: each[0] for path, each in tree(home).items()} == {
        path: each[0] for path, each in before.items()
    }
    inside = f"{env.relative_to(home)}/"
    assert tree(env) == {
        path.removeprefix(inside): each for path, each in before.items() if path.startswith(inside)
    }
    assert operations.trash() == ()


def change_replaced(env: Path) -> None:
    env.rename(env.with_name("other"))
    shutil.copytree(env.with_name("other"), env, symlinks=True)


def change_anew(env: Path) -> None:
    """Removed and made again at once, so that its inode's number may be the same."""
    shutil.copytree(env, env.with_name("copy"), symlinks=True)
    shutil.rmtree(env)
    shutil.copytree(env.with_name("copy"), env, symlinks=True)


def change_moved(env: Path) -> None:
    env.rename(env.with_name("elsewhere"))


def change_linked(env: Path) -> None:
    env.rename(env.with_name("elsewhere"))
    env.symlink_to("elsewhere")


def change_emptied(env: Path) -> None:
    (env / "pyvenv.cfg").unlink()


def change_edited(env: Path) -> None:
    os.utime(env / "pyvenv.cfg", ns=(1, 1))


CHANGES = [change_replaced, change_anew, change_moved, change_linked, change_emptied, change_edited]


@pytest.mark.parametrize("purge", [False, True])
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_what_is_not_what_was_shown_is_not_touched(operations, env, plan, run, home, change, purge):
    planned = plan(purge=purge)
    change(env)
    before = tree(home)
    result = run(planned)
    assert (result.status, result.guard) == (Ending.REFUSED, "not-an-environment"), result
    assert tree(home) == before
    assert operations.trash() == ()


def test_a_disk_that_is_mounted_in_it_meanwhile(env, plan, run, home, host):
    planned = plan()
    table = Path(host.root, "proc", "self", "mountinfo")
    table.parent.mkdir(parents=True)
    point = str(env / "lib").replace(" ", "\\040")
    table.write_text(
        f"22 1 8:1 / / rw - ext4 /dev/sda1 rw\n23 22 8:1 / {point} rw - ext4 /dev/sda1 rw\n"
    )
    before = tree(home)
    result = run(planned)
    assert (result.status, result.guard) == (Ending.REFUSED, "mount")
    assert tree(home) == before


def test_it_became_the_environment_of_the_shell(operations, env, plan, run, home, host):
    planned = plan()
    before = tree(home)
    active = replace(host, environ={"VIRTUAL_ENV": str(env)})
    result = Operations(Catalog(active)).run(planned, lambda _event: None)
    assert (result.status, result.guard) == (Ending.REFUSED, "self")
    assert tree(home) == before


def test_a_process_started_from_it_meanwhile(env, plan, host, home):
    planned = plan()
    command = [
        env / "bin" / "python",
        "-B",
        "-c",
        "import sys; print(flush=True); sys.stdin.read()",
    ]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True, cwd=env
    ) as program:
        program.stdout.readline()
        before = tree(home)
        machine = Operations(Catalog(replace(host, root="/")))  # with its processes
        result = machine.run(planned, lambda _event: None)
        program.communicate()
    assert (result.status, result.guard) == (Ending.REFUSED, "in-use")
    assert str(program.pid) in result.message
    assert tree(home) == before


def test_files_that_came_after_the_look_bring_it_back(operations, env, plan, run, home):
    planned = plan()
    mine = env / "my notes [1].txt"
    mine.write_text("all of a day's work")
    before = tree(home)
    result = run(planned)
    assert (result.status, result.guard) == (Ending.REFUSED, "unowned-files")
    assert mine.name in result.message
    after = tree(home)
    assert {path: each[3] for path, each in after.items()} == {
        path: each[3] for path, each in before.items()
    }
    assert operations.trash() == ()


def test_files_that_were_shown_go_along_if_allowed(operations, env, run):
    (env / "mine.txt").write_text("mine")
    environment = operations.catalog.lookup(str(env))
    assert [one.guard for one in operations.plan_delete([environment]).refusals] == [
        "unowned-files"
    ]
    planned = operations.plan_delete([environment], allow=UNOWNED)
    assert run(planned).status is Ending.DONE
    assert operations.trash()[0].manifest.unowned == ("mine.txt",)


def test_a_plan_that_a_guard_refuses_is_not_run(operations, env, run, home):
    (env / "mine.txt").write_text("mine")
    refused = operations.plan_delete([operations.catalog.lookup(str(env))])
    before = tree(home)
    assert run(refused).status is Ending.REFUSED
    assert tree(home) == before


@pytest.mark.parametrize("purge", [False, True])
def test_the_read_only_mode_refuses_everything(host, env, plan, home, purge):
    planned = plan(purge=purge)
    before = tree(home)
    careful = Operations(Catalog(host), Policy(read_only=True))
    for each in (planned, careful.plan_delete([careful.catalog.lookup(str(env))])):
        result = careful.run(each, lambda _event: None)
        assert (result.status, result.guard) == (Ending.REFUSED, "read-only")
    assert tree(home) == before
    assert not os.path.exists(careful.store.places.journal)


def test_somebody_else_works_on_it(operations, env, plan, run, home):
    planned, store = plan(), operations.store
    before = tree(home)
    with lock(str(env), store.places.locks, store.disk, "theirs"):
        result = run(planned)
    assert (result.status, result.guard) == (Ending.REFUSED, "in-use")
    assert "operation theirs" in result.message
    assert tree(home) == before
    (env / ".lock").write_text("")
    planned = plan(allow=UNOWNED)
    with open(env / ".lock") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert run(planned).message == "in use by uv"
    assert env.exists()


def test_several_go_all_or_none(operations, env, plan, run, home, make_venv):
    other = make_venv(home / "work" / "other" / ".venv")
    planned = plan(env, other)
    (other / "mine.txt").write_text("mine")
    result = run(planned)
    assert result.status is Ending.REFUSED
    assert (env.exists(), other.exists(), operations.trash()) == (True, True, ())
    planned = plan(env, other, allow=UNOWNED)
    result = run(planned, stopped=iter([False, True]).__next__)
    assert (result.status, result.stopped) == (Ending.ROLLED_BACK, True)
    assert (env.exists(), other.exists(), operations.trash()) == (True, True, ())
    planned = plan(env, other, allow=UNOWNED)
    assert run(planned).status is Ending.DONE
    assert sorted(trashed(operations)) == sorted([str(env), str(other)])
    assert run(operations.plan_undo()).status is Ending.DONE
    assert (env.exists(), other.exists(), operations.trash()) == (True, True, ())


def test_one_that_is_busy_brings_the_others_back(operations, env, plan, run, home, make_venv):
    other = make_venv(home / "work" / "other" / ".venv")
    planned, store = plan(env, other), operations.store
    with lock(str(other), store.places.locks, store.disk, "theirs"):
        assert run(planned).status is Ending.REFUSED
    assert (env.exists(), other.exists(), operations.trash()) == (True, True, ())


def test_purged_at_once_it_frees_what_it_says(operations, env, plan, run, home):
    (env / "lib" / "python.data").write_bytes(os.urandom(300_000))
    size = operations.catalog.measure(operations.catalog.lookup(str(env)))
    environment = replace(operations.catalog.lookup(str(env)), size=size)
    planned = operations.plan_delete([environment], purge=True, allow=UNOWNED)
    assert not planned.refusals
    result = run(planned)
    assert result.status is Ending.DONE
    assert planned.undo is None
    folders = 4096 * 40
    assert abs(result.freed_bytes - planned.frees_now_bytes) <= folders
    assert result.freed_bytes >= 300_000
    assert not env.exists()
    assert operations.trash() == ()
    assert not os.path.exists(operations.store.places.trash)
    assert operations.plan_undo().message == "nothing to undo"


def test_a_link_goes_alone_and_comes_back(operations, env, run, home):
    link = home / "work" / "link to it"
    link.symlink_to(env)
    before, inside = os.readlink(link), tree(env)
    environment = operations.catalog.lookup(str(link))
    asked = {"links": {environment.path: str(link)}}
    refused = operations.plan_delete([environment], **asked)
    assert [one.guard for one in refused.refusals] == ["symlink"]
    planned = operations.plan_delete([environment], **asked, allow=frozenset({"symlink"}))
    assert run(planned).status is Ending.DONE
    assert not os.path.lexists(link)
    assert tree(env) == inside
    (item,) = operations.trash()
    assert (item.manifest.is_link, item.manifest.path) == (True, str(link))
    assert run(operations.plan_undo()).status is Ending.DONE
    assert os.readlink(link) == before
    planned = operations.plan_delete([environment], **asked, allow=frozenset({"symlink"}))
    link.unlink()
    link.symlink_to("elsewhere")
    assert run(planned).status is Ending.REFUSED
    assert os.readlink(link) == "elsewhere"


class RaceDisk(LinuxDisk):
    """Somebody replaces the environment between the last look and the rename."""

    def move(self, source: str, target: str) -> None:
        if os.path.basename(source) == ".venv" and not os.path.exists(f"{source}.theirs"):
            os.rename(source, f"{source}.theirs")
            os.mkdir(source)
            Path(source, "mine").write_text("mine")
        super().move(source, target)


def test_replaced_in_the_last_moment_it_is_laid_back(operations, env, plan, run, host):
    planned = plan()
    operations.store.disk = RaceDisk(host)
    result = run(planned)
    assert (result.status, result.guard) == (Ending.REFUSED, "not-an-environment")
    assert (env / "mine").read_text() == "mine"
    assert operations.trash() == ()
    assert recover(operations.store) == ()
    assert operations.history()[0].entry.phase == "rolled-back"


class LateDisk(LinuxDisk):
    """Its syncs fail once the environment was moved."""

    def _keep_entries(self, source: str, target: str) -> None:
        raise OSError(5, "input/output error")


def test_a_sync_that_fails_after_the_move_is_no_failure(operations, env, plan, run, host):
    planned = plan()
    operations.store.disk = LateDisk(host)
    result = run(planned)
    assert (result.status, env.exists()) == (Ending.DONE, False)
    assert trashed(operations) == [str(env)]
    assert [each.why_not for each in operations.history()] == [""]
    operations.store.disk = LinuxDisk(host)
    assert run(operations.plan_undo()).status is Ending.DONE
    assert env.exists()


RACE = """
import sys
from envdeck.core.catalog import Catalog
from envdeck.core.system.host import Host
from envdeck.core.operations.api import Operations
operations = Operations(Catalog(Host("linux", sys.argv[1], {}, root=sys.argv[2])))
plan = operations.plan_delete([operations.catalog.lookup(sys.argv[3])])
print("ready", flush=True)
sys.stdin.readline()
print(operations.run(plan, lambda _event: None).status)
"""


def test_of_two_that_race_one_wins(operations, env, home, host):
    command = [sys.executable, "-c", RACE, home, host.root, env]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    programs = [subprocess.Popen(command, **pipes) for _ in range(2)]
    for program in programs:
        assert program.stdout.readline() == "ready\n"
    for program in programs:
        program.stdin.write("go\n")
        program.stdin.flush()
    ended = sorted(program.communicate(timeout=60)[0].strip() for program in programs)
    assert ended == ["done", "refused"]
    assert trashed(operations) == [str(env)]


# the owner's own command


@pytest.fixture
def owned(home, host, make_venv, tmp_path):
    """Return a function that makes an environment of pipx, and a pipx that does as told."""

    def making(script: str) -> tuple[Operations, Path]:
        path = make_venv(home / ".local" / "share" / "pipx" / "venvs" / "black")
        (path / "pipx_metadata.json").write_text("{}")
        (tmp_path / "bin").mkdir()
        tool = tmp_path / "bin" / "pipx"
        tool.write_text(f"#!/bin/sh\nenv_dir='{path}'\n{script}\n")
        tool.chmod(0o755)
        environ = {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}
        return Operations(Catalog(replace(host, environ=environ))), path

    return making


def by_owner(operations: Operations, path: Path, stopped=lambda: False):
    plan = operations.plan_delete([operations.catalog.lookup(str(path))], allow=UNOWNED)
    assert not plan.refusals, plan.refusals
    assert (plan.undo, plan.steps[0].command) == (None, ("pipx", "uninstall", "black"))
    return operations.run(plan, lambda _event: None, stopped)


def test_the_owner_removes_it(owned, tmp_path):
    operations, path = owned(f'echo "$@" > {tmp_path}/asked; rm -r "$env_dir"')
    result = by_owner(operations, path)
    assert result.status is Ending.DONE
    assert (tmp_path / "asked").read_text() == "uninstall black\n"
    assert not path.exists()
    (past,) = operations.history()
    assert past.why_not == "deleted by its own tool"


def test_the_owner_fails(owned):
    operations, path = owned("echo no such thing >&2; exit 3")
    before = tree(path)
    result = by_owner(operations, path)
    assert result.status is Ending.ROLLED_BACK
    assert "no such thing" in result.message
    assert tree(path) == before
    assert operations.history()[0].entry.phase == "rolled-back"


def test_the_owner_is_stopped_in_the_midst_of_it(owned, tmp_path):
    operations, path = owned(f'rm "$env_dir"/pipx_metadata.json; touch {tmp_path}/begun; sleep 100')
    result = by_owner(operations, path, stopped=lambda: (tmp_path / "begun").exists())
    assert result.stopped
    assert result.status is Ending.ROLLED_BACK
    assert operations.history()[0].entry.phase == "needs-attention"
    assert path.exists()


def test_the_owner_is_not_there(owned, tmp_path):
    operations, path = owned("exit 0")
    (tmp_path / "bin" / "pipx").unlink()
    careful = Operations(Catalog(replace(operations.catalog.host, environ={"PATH": "/nowhere"})))
    result = by_owner(careful, path)
    assert (result.status, result.guard) == (Ending.REFUSED, "owned-by-tool")
    assert path.exists()


@pytest.fixture
def both(owned, make_venv, home):
    """Return a function that plans to delete an environment of pipx, and two others around it."""

    def planning(script: str, **more):
        operations, path = owned(script)
        others = [make_venv(home / "work" / name / ".venv") for name in ("one", "two")]
        found = [operations.catalog.lookup(str(each)) for each in (others[0], path, others[1])]
        plan = operations.plan_delete(found, allow=UNOWNED, **more)
        assert not plan.refusals
        return operations, plan, path, others

    return planning


def test_what_its_owner_removed_is_not_said_to_be_in_the_trash(both):
    operations, plan, path, others = both('rm -r "$env_dir"')
    result = operations.run(plan, lambda _event: None)
    assert (result.status, result.message) == (
        Ending.DONE,
        "2 environments moved to trash; black permanently deleted by pipx",
    )
    assert result.hint == f"use `envdeck undo {plan.id}` to restore what is in the trash"
    assert len(operations.trash()) == 2
    undo = operations.plan_undo(plan.id)
    assert undo.warnings == (f"{path} is not restored: deleted by its own tool",)
    assert operations.run(undo, lambda _event: None).status is Ending.DONE
    assert [each.exists() for each in (path, *others)] == [False, True, True]


def test_purged_at_once_both_are_said(both):
    operations, plan, path, others = both('rm -r "$env_dir"', purge=True)
    result = operations.run(plan, lambda _event: None)
    assert result.message == (
        "2 environments permanently deleted; black permanently deleted by pipx"
    )
    assert not any(each.exists() for each in (path, *others))
    assert operations.trash() == ()


def test_an_owner_that_fails_brings_back_what_was_moved(both):
    operations, plan, path, others = both("exit 3")
    result = operations.run(plan, lambda _event: None)
    assert result.status is Ending.ROLLED_BACK
    assert all(each.exists() for each in (path, *others))
    assert operations.trash() == ()


def test_stopped_after_an_owner_it_says_what_is_gone(both):
    operations, plan, _, others = both('rm -r "$env_dir"')
    second = replace(plan.removals[1], target=replace(plan.removals[1].target, name="again"))
    plan = replace(plan, removals=(*plan.removals, second))
    ended = []

    def tell(event):
        if isinstance(event, CommandEnded):
            ended.append(event)

    result = operations.run(plan, tell, lambda: bool(ended))
    assert (result.status, result.stopped) == (Ending.FAILED, True)
    assert result.message == (
        "cancelled; black permanently deleted by pipx, everything else unchanged"
    )
    assert all(each.exists() for each in others)


def test_of_several_one_that_was_purged_does_not_keep_the_others(
    operations, env, plan, run, home, make_venv
):
    other = make_venv(home / "work" / "other" / ".venv")
    planned = plan(env, other)
    assert run(planned).message == "2 environments moved to trash"
    gone = next(item for item in operations.trash() if item.manifest.path == str(env))
    assert run(operations.plan_purge([gone.id])).status is Ending.DONE
    undo = operations.plan_undo(planned.id)
    assert undo.warnings == (f"{env} is not restored: permanently deleted",)
    assert run(undo).status is Ending.DONE
    assert (env.exists(), other.exists()) == (False, True)


def test_purged_at_once_what_is_left_is_said(operations, env, run, home, make_venv, monkeypatch):
    other = make_venv(home / "work" / "other" / ".venv")
    environments = [operations.catalog.lookup(str(path)) for path in (env, other)]
    planned = operations.plan_delete(environments, purge=True, allow=UNOWNED)
    inode, real = (env / "pyvenv.cfg").stat().st_ino, os.unlink

    def unlink(path, *, dir_fd=None):
        if os.stat(path, dir_fd=dir_fd, follow_symlinks=False).st_ino == inode:
            raise PermissionError(1, "Operation not permitted", path)
        real(path, dir_fd=dir_fd)

    with monkeypatch.context() as patch:
        patch.setattr(os, "unlink", unlink)
        result = run(planned)
    assert result.status is Ending.FAILED
    assert "1 of 2 permanently deleted" in result.message
    assert "partly deleted, cannot be undone: environment/pyvenv.cfg" in result.message
    assert [each.status for each in result.items] == [Ending.FAILED, Ending.DONE]
    (left,) = operations.trash()
    assert left.going
    assert run(operations.plan_purge()).status is Ending.DONE


def test_what_is_in_the_trash_is_not_deleted_again(operations, env, plan, run):
    run(plan())
    (item,) = operations.trash()
    inside = operations.catalog.lookup(os.path.join(item.folder, "environment"))
    refused = operations.plan_delete([inside], allow=UNOWNED)
    assert [one.guard for one in refused.refusals] == ["protected-path"]
    assert run(refused).status is Ending.REFUSED
    assert run(operations.plan_undo()).status is Ending.DONE


class FarDisk(LinuxDisk):
    """Every rename leads to another disk."""

    def move(self, source, target):
        raise OSError(18, "cross-device link", source, None, target)


def test_the_way_out_fits_what_was_asked(operations, env, plan, run, host):
    planned = plan()
    usual = operations.store.disk
    operations.store.disk = FarDisk(host)
    assert "--purge" in run(planned).hint
    operations.store.disk = usual
    run(plan())
    operations.store.disk = FarDisk(host)
    result = run(operations.plan_undo(to=str(env.with_name("other"))))
    assert result.status is Ending.ROLLED_BACK
    assert "--purge" not in result.hint
    assert "on the same disk as its trash" in result.hint


def test_only_what_runs_a_plan_is_loaded():
    code = """
import sys
from envdeck.core.operations import execute as running
loaded = sys.modules.keys()
names = {"create", "recreate", "upgrade", "delete", "purge", "undo"}
assert not {f"envdeck.core.operations.{name}" for name in names} & loaded
"""
    subprocess.run([sys.executable, "-c", code], check=True)
