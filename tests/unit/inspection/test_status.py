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
        "base interpreter not found: /gone/bin/python3",
    )


def test_a_base_that_is_gone_breaks_even_a_copied_interpreter(tmp_path, make_venv):
    path = make_venv(tmp_path / "env", flags=("--copies",))
    cfg = path / "pyvenv.cfg"
    lines = cfg.read_text().splitlines()
    cfg.write_text(
        "\n".join("home = /gone/bin" if line.startswith("home") else line for line in lines)
    )
    assert judged(path) == (Status.BROKEN, "base interpreter not found: /gone/bin")


def test_an_interpreter_without_its_execute_bit_is_broken(tmp_path, make_venv, monkeypatch):
    path = make_venv(tmp_path / "env", flags=("--copies",))
    monkeypatch.setattr("os.access", lambda *_: False)  # root may execute what nobody may
    status, cause = judged(path)
    assert status is Status.BROKEN
    assert cause.startswith("interpreter is not executable")


def test_a_moved_environment_names_where_it_was(environment, tmp_path):
    moved = tmp_path / "elsewhere"
    environment.rename(moved)
    status, cause = judged(moved)
    assert (status, cause) == (
        Status.MOVED,
        f"moved from {environment}: its scripts still use that path",
    )


def test_a_copy_names_its_original(environment, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(environment, copy, symlinks=True)
    assert judged(copy) == (
        Status.MOVED,
        f"copy of {environment}: its scripts run the original",
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
        f"pyvenv.cfg is for Python 3.7, packages are for {MINOR}",
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
        f"base interpreter is now Python 3.7, packages are for {MINOR}",
    )


def test_a_version_in_its_own_path_is_not_its_base(tmp_path, make_venv):
    path = make_venv(tmp_path / "python3.7-old" / "py-3.8", flags=("--copies",))
    assert judged(path) == (Status.OK, "")


def test_missing_markers_are_suspect(tmp_path):
    (tmp_path / "pyvenv.cfg").write_text("home = /usr/bin\n")
    assert judged(tmp_path) == (Status.SUSPECT, "no interpreter")


def test_a_conda_prefix_without_python_is_ok(tmp_path):
    (tmp_path / "conda-meta").mkdir()
    (tmp_path / "conda-meta" / "history").touch()
    assert judged(tmp_path) == (Status.OK, "")


@pytest.mark.parametrize(
    "shebang",
    [
        "#!/bin/sh\n",
        "#!/usr/bin/env python\n",
        "#!/usr/bin/env -S python3 -E\n",
        "#!/usr/bin/python3\n",
        '#!/bin/sh\n\'\'\'exec\' "$(dirname -- "$(realpath -- "$0")")"/\'python\' "$0" "$@"\n',
        "#!/nix/store/0abc-bash-5/bin/bash\n",
        "#!/gone/tools/bin/ruby\n",
        "#!{base}/bin/python3\n",
    ],
)
def test_a_shebang_that_names_no_environment_tells_of_no_move(tmp_path, make_venv, shebang):
    path = make_venv(tmp_path / "env")
    for script in (path / "bin").glob("[aA]ctivate*"):
        script.unlink()
    text = shebang.format(base=sys.base_prefix)
    for name in ("pip", "pip3"):
        (path / "bin" / name).write_text(text + "import sys\n")
    assert judged(path) == (Status.OK, "")


def test_a_relocatable_one_is_never_moved(tmp_path, make_venv):
    path = make_venv(tmp_path / "env", creator="uv", flags=("--relocatable",))
    (path / "bin/activate").write_text("VIRTUAL_ENV='/where/it/was'\n")
    (path / "bin/pip").write_text("#!/where/it/was/bin/python\n")
    path.rename(tmp_path / "elsewhere")
    assert judged(tmp_path / "elsewhere") == (Status.OK, "")


@pytest.fixture
def copied(tmp_path):
    """Return an environment with a copy of its base's executable, and that base."""
    base, path = tmp_path / "base", tmp_path / "env"
    for prefix in (base, path):
        (prefix / "bin").mkdir(parents=True)
        (prefix / "bin/python3.9").write_bytes(b"\x7fELF")
        (prefix / "bin/python3.9").chmod(0o755)
    (path / "bin/python").symlink_to("python3.9")
    (base / "lib/python3.9").mkdir(parents=True)
    (base / "lib/python3.9/os.py").touch()
    (path / "lib/python3.9/site-packages").mkdir(parents=True)
    (path / "pyvenv.cfg").write_text(f"home = {base}/bin\nversion = 3.9.18\n")
    return path, base


def test_a_copied_interpreter_stands_on_its_base(copied):
    path, base = copied
    assert judged(path) == (Status.OK, "")
    (base / "lib/python3.9/os.py").unlink()
    lost = f"base interpreter {base}/bin/python3.9 has no standard library"
    assert judged(path) == (Status.BROKEN, lost)
    (base / "bin/python3.9").unlink()
    gone = f"base interpreter not found in {base}/bin"
    assert judged(path) == (Status.BROKEN, gone)
    (base / "bin/python3").symlink_to("python3.9")  # dangles
    assert judged(path) == (Status.BROKEN, gone)


def test_a_linked_interpreter_without_a_standard_library_is_broken(copied):
    path, base = copied
    (path / "bin/python3.9").unlink()
    (path / "bin/python3.9").symlink_to(base / "bin/python3.9")
    assert judged(path) == (Status.OK, "")
    (base / "lib/python3.9/os.py").unlink()
    lost = f"base interpreter {base}/bin/python3.9 has no standard library"
    assert judged(path) == (Status.BROKEN, lost)


def test_a_standard_library_of_links_may_dangle(copied):
    path, base = copied
    (path / "pyvenv.cfg").unlink()
    (path / "bin/activate").write_text(f"VIRTUAL_ENV={path}\n")
    (path / "lib/python3.9/os.py").symlink_to(base / "lib/python3.9/os.py")
    assert judged(path) == (Status.OK, "")
    (base / "lib/python3.9/os.py").unlink()
    target = base / "lib/python3.9/os.py"
    cause = f"standard library does not exist: {target}"
    assert judged(path) == (Status.BROKEN, cause)


@pytest.mark.parametrize("left", [0, 1])
def test_packages_that_are_links_into_a_cleaned_cache_are_broken(copied, tmp_path, left):
    path, _ = copied
    kept = []
    for name in ("click", "six"):
        folder = path / f"lib/python3.9/site-packages/{name}-1.dist-info"
        folder.mkdir()
        kept.append(tmp_path / "cache" / name / "METADATA")
        kept[-1].parent.mkdir(parents=True)
        kept[-1].touch()
        (folder / "METADATA").symlink_to(kept[-1])
    assert judged(path) == (Status.OK, "")
    kept[left].unlink()
    cause = f"package files not found: {kept[left]}"
    assert judged(path) == (Status.BROKEN, cause)
