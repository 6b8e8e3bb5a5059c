"""The interpreter and the creator of an environment, without running either."""

import platform
import sys

import pytest

from envdeck.core.discovery.prefix import EnvironmentCandidate, Kind, recognise
from envdeck.core.inspection.environment import read_creation
from envdeck.core.inspection.interpreter import minor_of_executable, read_python
from envdeck.core.inspection.packages.requirements import marker_environment
from envdeck.core.model import Identity


def candidate(cfg, **options):
    return EnvironmentCandidate(
        "/home/ada/env", Identity(1, 1), options.pop("kind", Kind.VENV), cfg=cfg, **options
    )


@pytest.mark.parametrize("creator", ["venv", "virtualenv", "uv"])
def test_a_real_environment_tells_its_interpreter_and_creator(tmp_path, make_venv, creator):
    found = recognise(str(make_venv(tmp_path / "env", creator=creator)))
    python = read_python(found)
    assert python.version == platform.python_version()
    assert python.implementation == sys.implementation.name
    assert python.base == sys.base_prefix
    assert python.executable == str(tmp_path / "env" / "bin" / "python")
    assert read_creation(found).creator == creator


@pytest.mark.parametrize("creator", ["venv", "virtualenv", "uv"])
def test_the_flags_are_told(tmp_path, make_venv, creator):
    flags = ("--system-site-packages", "--prompt", "shop")
    creation = read_creation(
        recognise(str(make_venv(tmp_path / "env", creator=creator, flags=flags)))
    )
    assert (creation.system_site_packages, creation.prompt) == (True, "shop")
    assert (creation.creator_version is None) == (creator == "venv")


def test_relocatable_is_told(tmp_path, make_venv):
    path = make_venv(tmp_path / "env", creator="uv", flags=("--relocatable",))
    assert read_creation(recognise(str(path))).relocatable


@pytest.mark.parametrize(
    ("cfg", "version"),
    [
        ({"version": "3.13.0"}, "3.13.0"),
        ({"version_info": "3.12.1.final.0", "version": "3.12.1"}, "3.12.1"),
        ({"version_info": "3.14.0.candidate.2"}, "3.14.0rc2"),
        ({"version_info": "3.13.0"}, "3.13.0"),
        ({"version_info": "3.15.0a1"}, "3.15.0a1"),
        ({"version": "nonsense"}, None),
        ({}, None),
    ],
)
def test_versions_as_the_creators_write_them(cfg, version):
    assert read_python(candidate(cfg)).version == version


def test_the_folder_name_is_the_last_to_be_asked(tmp_path):
    (tmp_path / "pyvenv.cfg").write_text("home = /usr/bin\n")
    (tmp_path / "lib" / "pypy3.10" / "site-packages").mkdir(parents=True)
    python = read_python(recognise(str(tmp_path)))
    assert (python.version, python.implementation) == ("3.10", "pypy")


def test_conda_tells_by_the_record_of_the_package_python(tmp_path):
    meta = tmp_path / "conda-meta"
    meta.mkdir()
    for name in ("history", "python-dateutil-2.9.0-py_0.json", "python-3.11.9-h955ad1f_0.json"):
        (meta / name).touch()
    assert read_python(recognise(str(tmp_path))).version == "3.11.9"


@pytest.mark.parametrize(
    ("path", "minor"),
    [
        ("/usr/bin/python3.11", "3.11"),
        ("/home/ada/.pyenv/versions/3.12.4/bin/python", "3.12"),
        ("/home/ada/.local/share/uv/python/cpython-3.10.2-linux-x86_64-gnu/bin/python3", "3.10"),
        ("/opt/pypy3.10/bin/pypy3.10", "3.10"),
        ("/usr/bin/python3", None),
        ("C:\\Python312\\python.exe", None),
        (None, None),
    ],
)
def test_the_minor_version_in_the_place_of_a_base(path, minor):
    assert minor_of_executable(path) == minor


@pytest.mark.parametrize(
    ("cfg", "base"),
    [
        ({"home": "/usr/bin"}, "/usr"),
        ({"home": "C:\\Python312"}, None),
        ({"home": "/opt/py", "base-prefix": "/opt/py/"}, "/opt/py"),
        ({}, None),
    ],
)
def test_the_base_is_the_prefix_above_its_home(cfg, base):
    assert read_python(candidate(cfg)).base == base


def test_before_cfg_the_base_is_in_a_note(tmp_path):
    (tmp_path / "bin").mkdir()
    for name in ("activate", "python"):
        (tmp_path / "bin" / name).touch(mode=0o755)
    (tmp_path / "bin" / "activate").write_text(f"VIRTUAL_ENV='{tmp_path}'\n")
    packages = tmp_path / "lib" / "python2.7" / "site-packages"
    packages.mkdir(parents=True)
    assert read_python(recognise(str(tmp_path))).base is None
    (packages.parent / "orig-prefix.txt").write_text("/usr")
    assert read_python(recognise(str(tmp_path))).base == "/usr"


@pytest.mark.parametrize(
    ("path", "minor"),
    [
        ("/opt/graalpy-24.1/bin/python", None),
        ("/opt/vendor-2.1/bin/python3", None),
        ("/opt/tool-3.9/bin/python3", None),
        ("/opt/blender-3.6/python/bin/python3", None),
        ("/srv/pypy3.10-7.3.15/bin/pypy", "3.10"),
        ("/data/cpython-3.12.4-linux-x86_64-gnu/bin/python", "3.12"),
        ("/home/ada/.pyenv/versions/3.9.18/bin/python", "3.9"),
        ("/opt/python@3.11/bin/python", "3.11"),
    ],
)
def test_a_number_in_a_folders_name_is_pythons_only_where_it_is_its_own(path, minor):
    assert minor_of_executable(path) == minor


def installation(prefix, header):
    """Lay out a base interpreter; another header makes it another release."""
    program = prefix / "bin" / "python3.11"
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_bytes(b"\x7fELF")
    program.chmod(0o755)
    (prefix / "lib/python3.11").mkdir(parents=True, exist_ok=True)
    (prefix / "lib/python3.11/os.py").touch()
    (prefix / "include/python3.11").mkdir(parents=True, exist_ok=True)
    (prefix / "include/python3.11/patchlevel.h").write_text(f'#define PY_VERSION "{header}"\n')
    return program


@pytest.mark.parametrize("linked", [True, False])
def test_the_version_is_that_of_the_base_now_unless_the_executable_is_a_copy(tmp_path, linked):
    first = installation(tmp_path / "3.11.2", "3.11.2")
    (tmp_path / "3.11").symlink_to("3.11.2")
    path = tmp_path / "env"
    (path / "bin").mkdir(parents=True)
    (path / "lib/python3.11/site-packages").mkdir(parents=True)
    (path / "pyvenv.cfg").write_text(f"home = {tmp_path}/3.11/bin\nversion = 3.11.2\n")
    if linked:
        (path / "bin/python").symlink_to(tmp_path / "3.11/bin/python3.11")
    else:
        (path / "bin/python").write_bytes(first.read_bytes())
        (path / "bin/python").chmod(0o755)
    assert read_python(recognise(str(path))).version == "3.11.2"
    installation(tmp_path / "3.11.7", "3.11.7")
    (tmp_path / "3.11").unlink()
    (tmp_path / "3.11").symlink_to("3.11.7")
    assert read_python(recognise(str(path))).version == ("3.11.7" if linked else "3.11.2")


def test_an_upgrade_in_place_is_seen_too(tmp_path):
    program = installation(tmp_path / "usr", "3.11.2")
    path = tmp_path / "env"
    (path / "bin").mkdir(parents=True)
    (path / "lib/python3.11/site-packages").mkdir(parents=True)
    (path / "pyvenv.cfg").write_text(f"home = {tmp_path}/usr/bin\nversion = 3.11.2\n")
    (path / "bin/python").symlink_to(program)
    installation(tmp_path / "usr", "3.11.9")
    assert read_python(recognise(str(path))).version == "3.11.9"


@pytest.mark.parametrize("word", ["GraalVM", "graalpy", "GraalPy"])
def test_graalpy_has_one_name_whoever_wrote_the_cfg(word):
    python = read_python(candidate({"implementation": word, "version": "3.11.7"}))
    values = dict(marker_environment(python).variables)
    assert values["implementation_name"] == "graalpy"
    assert values["platform_python_implementation"] == "GraalVM"
