"""Broken, moved, mixed, suspect: each made with a real environment, each with its cause."""

import shutil
import sys

import pytest

from envdeck.core.discovery.prefix import recognise
from envdeck.core.inspection.environment import judge
from envdeck.core.inspection.interpreter import read_python
from envdeck.core.model import Status

MINOR = f"{sys.version_info.major}.{sys.version_info.minor}"


def judged(path):
    candidate = recognise(str(path))
    return judge(candidate, read_python(candidate))


@pytest.fixture(params=["venv", "virtualenv", "uv"])
def environment(request, tmp_path, make_venv):
    return make_venv(tmp_path / "place" / "env", creator=request.param)


def test_a_fresh_environment_is_ok(environment):
    assert judged(environment) == (Status.OK, "")


def test_a_dangling_interpreter_is_broken(environment):
    for entry in (environment / "bin").glob("python*"):
        entry.unlink()
    (environment / "bin" / "python").symlink_to("/gone/bin/python3")
    status, cause = judged(environment)
    assert (status, cause) == (
        Status.BROKEN,
        "its interpreter leads to /gone/bin/python3, which does not exist",
    )


def test_a_base_that_is_gone_breaks_even_a_copied_interpreter(tmp_path, make_venv):
    path = make_venv(tmp_path / "env", flags=("--copies",))
    cfg = path / "pyvenv.cfg"
    lines = cfg.read_text().splitlines()
    cfg.write_text(
        "\n".join("home = /gone/bin" if line.startswith("home") else line for line in lines)
    )
    assert judged(path) == (Status.BROKEN, "its base interpreter is gone: /gone/bin does not exist")


def test_an_interpreter_without_its_execute_bit_is_broken(tmp_path, make_venv, monkeypatch):
    path = make_venv(tmp_path / "env", flags=("--copies",))
    monkeypatch.setattr("os.access", lambda *_: False)  # root may execute what nobody may
    status, cause = judged(path)
    assert status is Status.BROKEN
    assert cause.endswith("cannot be executed")


def test_a_moved_environment_names_where_it_was(environment, tmp_path):
    moved = tmp_path / "elsewhere"
    environment.rename(moved)
    status, cause = judged(moved)
    assert (status, cause) == (
        Status.MOVED,
        f"its scripts point to {environment}, where it was before",
    )


def test_a_copy_names_its_original(environment, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(environment, copy, symlinks=True)
    assert judged(copy) == (
        Status.MOVED,
        f"its scripts run in {environment}, of which it is a copy",
    )
    assert judged(environment) == (Status.OK, "")


def test_a_path_through_a_link_is_no_move(tmp_path, make_venv):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    make_venv(tmp_path / "link" / "env")
    assert judged((tmp_path / "real" / "env").resolve()) == (Status.OK, "")


def test_a_relocatable_environment_may_move(tmp_path, make_venv):
    path = make_venv(tmp_path / "env", creator="uv", flags=("--relocatable",))
    moved = tmp_path / "elsewhere"
    path.rename(moved)
    assert judged(moved) == (Status.OK, "")


@pytest.mark.parametrize(
    "shebang",
    [
        "#!{}/bin/python\n",
        '#!"{}/bin/python"\n',
        "#!/bin/sh\n'''exec' {}/bin/python \"$0\" \"$@\"\n",
    ],
    ids=["plain", "quoted", "through sh"],
)
def test_without_activate_the_shebangs_tell_of_a_move(tmp_path, make_venv, shebang):
    path = make_venv(tmp_path / "env")
    for script in (path / "bin").glob("[aA]ctivate*"):
        script.unlink()
    (path / "bin" / "pip").write_text(shebang.format("/old/place") + "import sys\n")
    assert judged(path)[0] is Status.MOVED
    (path / "bin" / "pip").write_text(shebang.format(path) + "import sys\n")
    assert judged(path) == (Status.OK, "")


def test_another_minor_in_the_cfg_is_mixed(environment):
    cfg = environment / "pyvenv.cfg"
    lines = [line for line in cfg.read_text().splitlines() if not line.startswith("version")]
    cfg.write_text("\n".join([*lines, "version = 3.7.1", "version_info = 3.7.1"]))
    assert judged(environment) == (
        Status.MIXED,
        f"its pyvenv.cfg says 3.7 and its package folder {MINOR}",
    )


def test_two_package_folders_are_mixed(environment):
    (environment / "lib" / "python3.8" / "site-packages").mkdir(parents=True)
    assert judged(environment)[0] is Status.MIXED


def test_a_base_of_another_minor_is_mixed(tmp_path, make_venv):
    path = make_venv(tmp_path / "env")
    base = tmp_path / "bin" / "python3.7"
    base.parent.mkdir()
    base.touch(mode=0o755)
    for entry in (path / "bin").glob("python*"):
        entry.unlink()
    (path / "bin" / "python").symlink_to(base)
    assert judged(path) == (
        Status.MIXED,
        f"its interpreter is now 3.7 and its packages are for {MINOR}",
    )


def test_a_version_in_its_own_path_is_not_its_base(tmp_path, make_venv):
    path = make_venv(tmp_path / "python3.7-old" / "py-3.8", flags=("--copies",))
    assert judged(path) == (Status.OK, "")


def test_missing_markers_are_suspect(tmp_path):
    (tmp_path / "pyvenv.cfg").write_text("home = /usr/bin\n")
    assert judged(tmp_path) == (Status.SUSPECT, "it has no interpreter entry")


def test_a_conda_prefix_without_python_is_ok(tmp_path):
    (tmp_path / "conda-meta").mkdir()
    (tmp_path / "conda-meta" / "history").touch()
    assert judged(tmp_path) == (Status.OK, "")
