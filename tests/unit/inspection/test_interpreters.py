"""Interpreters, read without running them: version, marker, support, one row each."""

import json
import os
import platform
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from envdeck.core.inspection.interpreters import find_interpreters, interpreter_at
from envdeck.core.model import Identity, Interpreter, Unreadable
from envdeck.core.system.host import Host


def build(prefix: Path, minor: str = "3.12", *, stdlib: str = "") -> Path:
    """Lay out an installation with nothing in it that tells its micro version."""
    program = prefix / "bin" / f"python{minor}"
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_bytes(b"\x7fELF")
    program.chmod(0o755)
    landmark = prefix / (stdlib or f"lib/python{minor}") / "os.py"
    landmark.parent.mkdir(parents=True, exist_ok=True)
    landmark.touch()
    return program


def header(path: Path, version: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#define PY_MAJOR_VERSION 3\n#define PY_VERSION      \t"{version}"\n')


def read(program: Path, host: Host) -> Interpreter:
    found = interpreter_at(str(program), host)
    assert found is not None
    return found


def test_the_running_interpreters_base_is_read_as_it_is(tmp_path: Path) -> None:
    executable = os.path.realpath(sys.executable)
    found = interpreter_at(executable, Host("linux", str(tmp_path), {}))
    assert found is not None
    assert found.prefix == os.path.realpath(sys.base_prefix)
    assert found.implementation == sys.implementation.name
    minor = ".".join(platform.python_version_tuple()[:2])
    assert found.version in {platform.python_version().rstrip("+"), minor}


def test_the_header_tells_the_version(home: Path, host: Host) -> None:
    program = build(home / "own")
    header(home / "own/include/python3.12/patchlevel.h", "3.12.4")
    found = read(program, host)
    status = (home / "own").stat()
    assert (found.version, found.executable, found.source) == ("3.12.4", str(program), "path")
    assert found.identity == Identity(status.st_dev, status.st_ino)


@pytest.mark.parametrize(
    ("written", "version"),
    [("3.12.0rc2", "3.12.0rc2"), ("3.12.4+", "3.12.4"), ("3.11.9", "3.12"), ("noise", "3.12")],
)
def test_odd_headers(home: Path, host: Host, written: str, version: str) -> None:
    program = build(home / "own")
    header(home / "own/include/python3.12/patchlevel.h", written)
    assert read(program, host).version == version


def test_headers_of_other_layouts(home: Path, host: Host) -> None:
    old = build(home / "old", "3.7")
    header(home / "old/include/python3.7m/patchlevel.h", "3.7.16")
    assert read(old, host).version == "3.7.16"
    windows = home / "Python312"
    (windows / "Lib").mkdir(parents=True)
    (windows / "Lib/os.py").touch()
    (windows / "python.exe").write_bytes(b"MZ")
    header(windows / "include/patchlevel.h", "3.12.4")
    assert read(windows / "python.exe", replace(host, platform="win32")).version == "3.12.4"


@pytest.mark.parametrize(
    ("details", "version"),
    [
        ({"language": {"version_info": {"major": 3, "minor": 14, "micro": 2,
          "releaselevel": "final", "serial": 0}}}, "3.14.2"),
        ({"implementation": {"version": {"major": 3, "minor": 14, "micro": 0,
          "releaselevel": "candidate", "serial": 3}}}, "3.14.0rc3"),
        ({"language": {"version_info": {"major": 3}}}, "3.14"),
        ({"language": {"version_info": {"major": 3, "minor": 14, "micro": "\x1b[2J"}}}, "3.14"),
        ({"language": None}, "3.14"),
        ([], "3.14"),
    ],
)  # fmt: skip
def test_build_details_of_pep_739(home: Path, host: Host, details: object, version: str) -> None:
    program = build(home / "own", "3.14")
    (home / "own/lib/python3.14/build-details.json").write_text(json.dumps(details))
    assert read(program, host).version == version


def test_condas_record_names_the_version(home: Path, host: Host) -> None:
    program = build(home / "miniforge3")
    meta = home / "miniforge3/conda-meta"
    meta.mkdir()
    for name in ("python-dateutil-2.9.0-py.json", "python-3.12.7-hc5c86c4_0_cpython.json"):
        (meta / name).write_text("{}")
    assert read(program, host).version == "3.12.7"


def test_a_frameworks_property_list_names_the_version(home: Path, host: Host) -> None:
    prefix = home / "Python3.framework/Versions/3.9"
    program = build(prefix, "3.9")
    (prefix / "Resources").mkdir()
    (prefix / "Resources/Info.plist").write_text(
        "<plist><dict><key>CFBundleVersion</key>\n\t<string>3.9.6</string></dict></plist>"
    )
    assert read(program, host).version == "3.9.6"


@pytest.mark.parametrize(
    ("folder", "version"),
    [
        ("cpython-3.12.4-linux-x86_64-gnu", "3.12.4"),
        ("cpython-3.12.0rc1+freethreaded-linux", "3.12.0rc1"),
        ("3.12.4_1", "3.12.4"),
        ("python@3.12/3.12.4/Frameworks/Python.framework/Versions/3.12", "3.12.4"),
        ("pypy3.12-7.3.17", "3.12"),
        ("3.11.9", "3.12"),
        ("13.12.4", "3.12"),
        ("mine", "3.12"),
    ],
)
def test_a_folders_name_tells_unless_the_library_contradicts(
    home: Path, host: Host, folder: str, version: str
) -> None:
    assert read(build(home / folder), host).version == version


def write_system(host: Host, path: str, text: str) -> None:
    file = Path(host.system(*path.split("/")))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


DPKG = """\
Package: python3
Status: install ok installed
Version: 3.11.2-1+b1

Package: python3.9-minimal
Status: deinstall ok config-files
Version: 3.9.2-1

Package: python3.11-minimal
Status: install ok installed
Priority: optional
Architecture: amd64
Multi-Arch: allowed
Version: 3.11.2-6+deb12u6
Depends: libpython3.11-minimal (= 3.11.2-6+deb12u6)

Package: python3.13-minimal
Status: install ok installed
Version: 1:3.13.0~rc2-1"""


@pytest.mark.parametrize(
    ("minor", "version"), [("3.11", "3.11.2"), ("3.13", "3.13.0rc2"), ("3.9", "3.9")]
)
def test_debians_record_names_the_version_of_the_systems_own(
    host: Host, minor: str, version: str
) -> None:
    program = build(Path(host.system("usr")), minor)
    write_system(host, "var/lib/dpkg/status", DPKG)
    assert read(program, host).version == version
    local = build(Path(host.system("usr", "local")), minor)
    assert read(local, host).version == minor


def test_alpine_and_arch_have_records_too(host: Host) -> None:
    program = build(Path(host.system("usr")))
    write_system(
        host, "lib/apk/db/installed", "C:x\nP:busybox\nV:1\n\nC:y\nP:python3\nV:3.12.8-r1\n"
    )
    assert read(program, host).version == "3.12.8"
    Path(host.system("lib", "apk", "db", "installed")).unlink()
    for name in ("python-3.12.7-1", "python-3to2-1.1-1", "python-pip-24.0-1"):
        Path(host.system("var", "lib", "pacman", "local", name)).mkdir(parents=True)
    assert read(program, host).version == "3.12.7"


def test_the_marker_of_pep_668_is_seen(home: Path, host: Host) -> None:
    program = build(home / "own")
    assert not read(program, host).externally_managed
    (home / "own/lib/python3.12/EXTERNALLY-MANAGED").write_text("[externally-managed]\n")
    assert read(program, host).externally_managed


def test_support_is_told_by_the_hosts_clock(home: Path, host: Host) -> None:
    program = build(home / ".pyenv/versions/3.8.18", "3.8")
    assert read(program, host).end_of_life == "2024-10-07"
    assert read(program, replace(host, now=lambda: 0.0)).end_of_life is None


def test_each_is_found_once_with_its_source_and_aliases(home: Path, host: Host) -> None:
    program = build(home / ".pyenv/versions/3.12.4")
    commands = home / ".local/bin"
    commands.mkdir(parents=True)
    (commands / "python3").symlink_to(program)
    build(Path(host.system("usr")), "3.11")
    write_system(host, "var/lib/dpkg/status", DPKG)
    on_path = replace(host, environ={"PATH": f"{commands}:{program.parent}"})
    found = [item for item in find_interpreters(on_path) if isinstance(item, Interpreter)]
    assert [(item.version, item.source, item.aliases) for item in found] == [
        ("3.12.4", "pyenv", (str(commands / "python3"),)),
        ("3.11.2", "system", ()),
    ]


def test_what_cannot_be_listed_is_said(
    home: Path, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = build(home / ".pyenv/versions/3.12.4")
    closed = home / ".pyenv/versions/3.12.4/lib/python3.12/site-packages"
    closed.mkdir()
    listdir = os.listdir

    def refusing(path: str) -> list[str]:
        if path == str(closed):
            raise PermissionError(13, "Permission denied", path)
        return listdir(path)

    monkeypatch.setattr(os, "listdir", refusing)
    unreadable, found = find_interpreters(host)
    assert unreadable == Unreadable(str(closed), "permission denied")
    assert isinstance(found, Interpreter)
    assert (found.executable, found.global_packages) == (str(program), ())


def test_what_is_no_interpreter_is_none(home: Path, host: Host) -> None:
    for name in ("missing", "nul\0", "\ud800"):
        assert interpreter_at(str(home / name), host) is None
    (home / "python3").write_text("#!/bin/sh\n")
    assert interpreter_at(str(home / "python3"), host) is None
