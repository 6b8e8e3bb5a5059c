"""What would keep an operation from its end is told before anything is built, and what a build
has left outside of the environment is told too."""

import errno
import os
import subprocess
import sys

import pytest

from envdeck.core.model import CommandStarted, Ending, NoPlan, RecreateRequest
from envdeck.core.operations.disk.links import expect_movable
from envdeck.core.operations.engine.command import Command
from envdeck.core.operations.engine.failure import FailureKind, explain
from envdeck.core.operations.engine.runner import Runner
from envdeck.core.operations.shared.space import not_writable


def as_nobody(ask) -> int:
    """Return what a function returns when a user without rights calls it."""
    child = os.fork()
    if child == 0:
        code = 99
        try:
            os.setgid(65534)
            os.setuid(65534)
            code = ask()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs another user")
def test_a_place_that_cannot_be_written_to_is_told_by_the_plan(tmp_path):
    path = tmp_path / "work" / ".venv"
    path.mkdir(parents=True)
    for each in (tmp_path, *list(tmp_path.parents)[:-2]):
        each.chmod(0o755)
    path.parent.chmod(0o777)
    assert as_nobody(lambda: len(not_writable(str(path)))) == 1  # it could not be moved
    path.chmod(0o777)
    assert as_nobody(lambda: len(not_writable(str(path)))) == 0
    path.parent.chmod(0o755)
    assert as_nobody(lambda: len(not_writable(str(path)))) == 1
    assert not_writable(str(path)) == ()


@pytest.mark.parametrize("place", ["trash/x", ".envdeck-trash/x"])
def test_nothing_is_created_in_a_trash(place, machine):
    project = machine.home / "work"
    project.mkdir()
    above = machine.operations.store.places.trash if place.startswith("trash") else project
    path = os.path.join(os.path.dirname(above) if place.startswith("trash") else above, place)
    os.makedirs(os.path.dirname(path))
    plan = machine.operations.plan_create(str(project), path=path, interpreter=sys.executable)
    assert not isinstance(plan, NoPlan), plan
    assert "protected-path" in [refusal.guard for refusal in plan.refusals]


def test_what_cannot_be_moved_is_told_before_anything_is_built(machine, kit, monkeypatch):
    """As a folder of a container's image, which overlayfs renames nowhere."""
    path = machine.make(machine.home / "work" / ".venv", "uv")
    before = kit.account(path)
    rename = os.rename

    def refuse(source, target, **named):
        if str(source) == str(path):
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), source, None, target)
        rename(source, target, **named)

    monkeypatch.setattr(os, "rename", refuse)
    plan = machine.operations.plan_recreate(machine.look(path), RecreateRequest())
    result, told = machine.run(plan)
    assert result.status is Ending.ROLLED_BACK
    assert not [event for event in told if isinstance(event, CommandStarted)]
    assert kit.account(path) == before
    assert machine.left() == []


def test_asking_whether_a_folder_can_be_moved_moves_nothing(tmp_path):
    for name in ("asked", "filled"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name)
    expect_movable(str(tmp_path / "asked"), str(tmp_path / "filled"))
    assert (tmp_path / "asked" / "file").read_text() == "asked"
    assert (tmp_path / "filled" / "file").read_text() == "filled"


OVERLAY = """
mount -t tmpfs none {0} && cd {0} && mkdir -p lower/env/bin upper work merged filled &&
mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work merged &&
mkdir merged/filled && touch merged/filled/x && exec {1} -c '
import os, errno
try:
    os.rename("merged/env", "merged/filled")
except OSError as error:
    print(errno.errorcode[error.errno])
'
"""


def test_overlayfs_tells_so_of_a_lower_layer(tmp_path):
    script = OVERLAY.format(tmp_path, sys.executable)
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", script], capture_output=True, text=True, timeout=60
    )
    if done.returncode:
        pytest.skip("no overlay can be mounted here")
    assert done.stdout == "EXDEV\n"


def test_a_long_build_output_does_not_hide_which_package_it_was(host):
    said = ["error: Failed to build `slowly==1.0`", "  [stderr]"]
    said += [f"  gcc -c part{number}.c" for number in range(200)]
    code = f"import sys; sys.stderr.write({chr(10).join(said)!r}); sys.exit(1)"
    command = Command((sys.executable, "-c", code), os.getcwd(), dict(os.environ))
    failure = explain(Runner(host).run(command))
    assert failure.kind is FailureKind.BUILD
    assert failure.cause.startswith("slowly==1.0 has no wheel")


def test_what_a_build_wrote_into_the_project_is_told(machine, kit):
    project = kit.make_project(machine.home / "work" / "placed", before="")
    path = machine.make(machine.home / "work" / ".venv", "uv")
    machine.wheel("needed", "1.0")
    machine.install(path, "uv", "-e", project, "needed")
    info = project / "placed.egg-info"
    info.mkdir()
    (info / "PKG-INFO").write_text("of before\n")
    writes = f"open({str(info / 'PKG-INFO')!r}, 'w').write('now'); raise RuntimeError('no')"
    kit.make_project(project, before=writes)
    next(path.glob("lib/python*/site-packages/placed-*.dist-info/RECORD")).unlink()

    result, _ = machine.run(machine.operations.plan_recreate(machine.look(path), RecreateRequest()))

    assert result.status is Ending.ROLLED_BACK, result
    assert f"rewritten by a build: {info}" in result.message
