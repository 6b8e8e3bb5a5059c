"""The interpreter and the creator of an environment, without running either."""

import platform
import sys

import pytest

from envdeck.core.discovery.prefix import EnvironmentCandidate, Kind, recognise
from envdeck.core.inspection.environment import read_creation
from envdeck.core.inspection.interpreter import minor_of_executable, read_python
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
    packages = tmp_path / "lib" / "python2.7" / "site-packages"
    packages.mkdir(parents=True)
    assert read_python(recognise(str(tmp_path))).base is None
    (packages.parent / "orig-prefix.txt").write_text("/usr")
    assert read_python(recognise(str(tmp_path))).base == "/usr"
