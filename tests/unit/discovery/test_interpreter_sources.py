"""Where interpreters come from: each source's layout, and what counts as an interpreter."""

import os
import sys
import sysconfig
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from envdeck.core.discovery.interpreters.find import SOURCES, locate_all, steady_prefix
from envdeck.core.discovery.interpreters.landmarks import Located, is_name, locate
from envdeck.core.discovery.interpreters.system import RegistrySource
from envdeck.core.model import Unreadable
from envdeck.core.system.host import Host

PROGRAM = b"\x7fELF"


def build(prefix: Path, minor: str = "3.12", *, executable: str = "", stdlib: str = "") -> Path:
    """Lay out an installation as `make install` does; return its executable."""
    program = prefix / "bin" / (executable or f"python{minor}")
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_bytes(PROGRAM)
    program.chmod(0o755)
    if not executable:
        for name in ("python3", "python"):
            (program.parent / name).symlink_to(program.name)
    landmark = prefix / (stdlib or f"lib/python{minor}") / "os.py"
    landmark.parent.mkdir(parents=True, exist_ok=True)
    landmark.touch()
    return program


def build_on_windows(prefix: Path) -> Path:
    """Lay out an installation as the installers for Windows do; return its executable."""
    (prefix / "Lib").mkdir(parents=True)
    (prefix / "Lib/os.py").touch()
    for name in ("python.exe", "pythonw.exe", "python3.exe"):
        (prefix / name).write_bytes(b"MZ")
    return prefix / "python.exe"


def located(host: Host) -> list[Located]:
    found = list(locate_all(host))
    assert not [item for item in found if isinstance(item, Unreadable)]
    return [item for item in found if isinstance(item, Located)]


def only(host: Host) -> Located:
    found = located(host)
    assert len(found) == 1, found
    return found[0]


VERSIONS = "Frameworks/Python.framework/Versions/3.12"
TOOLS = "/Library/Developer/CommandLineTools/Library/Frameworks/Python3.framework"
PYTHONS = {"UV_PYTHON_INSTALL_DIR": "~/pythons"}

LAYOUTS = [
    ("linux", "pyenv", ".pyenv/versions/3.12.4", {}),
    ("linux", "pyenv", "py/versions/3.12.4", {"PYENV_ROOT": "~/py"}),
    ("linux", "uv", ".local/share/uv/python/cpython-3.12.4-linux-x86_64-gnu", {}),
    ("linux", "uv", "pythons/cpython-3.12.4-linux-x86_64-gnu", PYTHONS),
    ("darwin", "uv", ".local/share/uv/python/cpython-3.12.4-macos-aarch64-none", {}),
    ("linux", "conda", "miniforge3", {}),
    ("linux", "conda", "elsewhere/mamba", {"MAMBA_ROOT_PREFIX": "~/elsewhere/mamba"}),
    ("linux", "mise", ".local/share/mise/installs/python/3.12.4", {}),
    ("linux", "mise", "m/installs/python/3.12.4", {"MISE_DATA_DIR": "~/m"}),
    ("linux", "asdf", ".asdf/installs/python/3.12.4", {}),
    ("linux", "asdf", "a/installs/python/3.12.4", {"ASDF_DATA_DIR": "~/a"}),
    ("linux", "homebrew", "/home/linuxbrew/.linuxbrew/Cellar/python@3.12/3.12.4_1", {}),
    ("darwin", "homebrew", f"/opt/homebrew/Cellar/python@3.12/3.12.4/{VERSIONS}", {}),
    ("darwin", "homebrew", f"/usr/local/Cellar/python@3.12/3.12.4/{VERSIONS}", {}),
    ("darwin", "python.org", f"/Library/{VERSIONS}", {}),
    ("darwin", "system", f"{TOOLS}/Versions/3.12", {}),
    ("linux", "rye", ".rye/py/cpython@3.12.4", {}),
    ("linux", "rye", "r/py/cpython@3.12.4/install", {"RYE_HOME": "~/r"}),
    ("linux", "hatch", ".local/share/hatch/pythons/3.12/python", {}),
    ("linux", "hatch", "h/pythons/3.12/python", {"HATCH_DATA_DIR": "~/h"}),
    ("linux", "pdm", ".local/share/pdm/python/cpython@3.12.4", {}),
    ("darwin", "pdm", "Library/Application Support/pdm/python/cpython@3.12.4", {}),
    ("linux", "poetry", ".local/share/pypoetry/python/cpython@3.12.4", {}),
    ("linux", "poetry", "p/cpython@3.12.4", {"POETRY_PYTHON_INSTALLATION_DIR": "~/p"}),
    ("linux", "pipx", ".local/share/pipx/py/3.12", {}),
    ("linux", "pipx", "x/py/3.12", {"PIPX_HOME": "~/x"}),
    ("linux", "system", "/usr", {}),
    ("linux", "system", "/usr/local", {}),
    ("linux", "system", "/opt/python/3.12.4", {}),
    ("linux", "path", "own/build", {"PATH": "~/nothing:~/own/build/bin"}),
]  # fmt: skip


@pytest.mark.parametrize(("platform", "source", "place", "environ"), LAYOUTS)
def test_each_source_finds_its_layout(
    host: Host, platform: str, source: str, place: str, environ: dict[str, str]
) -> None:
    system = place.startswith("/")
    prefix = Path(host.system(place[1:]) if system else host.at_home(place))
    program = build(prefix)
    expanded = {key: value.replace("~", host.home) for key, value in environ.items()}
    found = only(replace(host, platform=platform, environ=expanded))
    assert found.source == source
    assert found.executable == os.path.realpath(program)
    assert found.prefix == os.path.realpath(prefix)
    assert (found.minor, found.implementation) == ("3.12", "cpython")


def test_every_layout_on_every_platform_is_covered() -> None:
    names = {source.name for source in SOURCES}
    assert {source for _, source, _, _ in LAYOUTS} | {"registry"} == names


@pytest.mark.parametrize(
    ("source", "place", "environ"),
    [
        ("pyenv", ".pyenv/pyenv-win/versions/3.12.4", {}),
        ("uv", "AppData/Roaming/uv/data/python/cpython-3.12.4-windows-x86_64-none", {}),
        ("conda", "AppData/Local/miniconda3", {}),
        ("mise", "AppData/Local/mise/installs/python/3.12.4", {}),
        ("path", "tools/python", {"PATH": "~/nothing;~/tools/python"}),
    ],
)
def test_layouts_on_windows(host: Host, source: str, place: str, environ: dict[str, str]) -> None:
    program = build_on_windows(Path(host.at_home(place)))
    expanded = {key: value.replace("~", host.home) for key, value in environ.items()}
    found = only(replace(host, platform="win32", environ=expanded))
    assert (found.source, found.executable) == (source, str(program))
    assert found.minor is None


@dataclass(frozen=True)
class ReplayedHive:
    """Values as `reg export` shows them."""

    values: dict[str, dict[str, str]]

    def subkeys(self, path: str) -> Iterable[str]:
        below = [key[len(path) + 1 :] for key in self.values if key.startswith(path + "\\")]
        return dict.fromkeys(key.partition("\\")[0] for key in below)

    def text(self, path: str, name: str) -> str | None:
        return self.values.get(path, {}).get(name)


def test_the_registry_of_windows_is_read_by_pep_514(host: Host) -> None:
    root = r"Software\Python"
    user = ReplayedHive(
        {
            rf"{root}\PythonCore\3.12": {"SysVersion": "3.12", "Version": "3.12.4"},
            rf"{root}\PythonCore\3.12\InstallPath": {"": "/py/312/", "ExecutablePath": "/no"},
            rf"{root}\Company\Tag\InstallPath": {"ExecutablePath": "/company/python.exe"},
            rf"{root}\PyLauncher\x\InstallPath": {"": "/windows"},
            rf"{root}\PythonCore\3.9\InstallPath": {"": "relative"},
        }
    )
    machine = ReplayedHive({rf"{root}\PythonCore\3.11-32\InstallPath": {"": "/py/311"}})
    source = RegistrySource(lambda: (user, machine))
    windows = replace(host, platform="win32")
    assert list(source.prefixes(windows)) == ["/py/312", "/company", "/py/311"]
    assert list(source.prefixes(host)) == []


def test_without_a_registry_there_is_nothing_in_it(host: Host) -> None:
    if sys.platform != "win32":
        assert list(RegistrySource().prefixes(replace(host, platform="win32"))) == []


def test_links_beside_the_versions_are_passed_over(home: Path, host: Host) -> None:
    pythons = home / ".local/share/uv/python"
    program = build(pythons / "cpython-3.12.4-linux-x86_64-gnu")
    (pythons / "cpython-3.12-linux-x86_64-gnu").symlink_to("cpython-3.12.4-linux-x86_64-gnu")
    build(pythons / ".temp/cpython-3.13.0")
    (pythons / ".lock").touch()
    assert only(host).executable == str(program)


def test_links_on_the_path_become_aliases_of_what_they_lead_to(home: Path, host: Host) -> None:
    program = build(home / ".local/share/uv/python/cpython-3.12.4-linux-x86_64-gnu")
    commands = home / ".local/bin"
    commands.mkdir(parents=True)
    (commands / "python3.12").symlink_to(program)
    (commands / "python3.9").symlink_to(home / "gone")
    found = only(replace(host, environ={"PATH": str(commands)}))
    assert (found.source, found.executable) == ("uv", str(program))
    assert found.aliases == (str(commands / "python3.12"),)


def test_a_prefix_holds_several_and_each_has_its_names(host: Host) -> None:
    usr = Path(host.system("usr"))
    first = build(usr, "3.11")
    second = build(usr, "3.13", executable="python3.13")
    threaded = build(usr, "3.13t", executable="python3.13t")
    Path(host.system("bin")).symlink_to("usr/bin")
    found = {Path(item.executable): item for item in located(host)}
    assert set(found) == {first, second, threaded}
    assert found[first].aliases == (str(usr / "bin/python"), str(usr / "bin/python3"))
    assert found[second].aliases == ()
    assert found[threaded].minor == "3.13"
    assert {item.source for item in found.values()} == {"system"}


def test_a_link_in_the_systems_folder_does_not_make_it_the_systems(home: Path, host: Host) -> None:
    program = build(home / "own")
    folder = Path(host.system("usr", "local", "bin"))
    folder.mkdir(parents=True)
    (folder / "python3.12").symlink_to(program)
    found = only(host)
    assert (found.source, found.aliases) == ("path", (str(folder / "python3.12"),))


def test_entries_of_environments_are_no_interpreters(
    home: Path, host: Host, make_venv: Callable[..., Path]
) -> None:
    environment = make_venv(home / "work/.venv")
    copied = make_venv(home / "copied", flags=("--copies",))
    (copied / "lib/python3.12").mkdir(parents=True, exist_ok=True)
    path = f"{environment / 'bin'}:{copied / 'bin'}"
    assert located(replace(host, environ={"PATH": path})) == []


def test_shims_scripts_and_tools_beside_are_no_interpreters(home: Path, host: Host) -> None:
    shims = home / ".pyenv/shims"
    shims.mkdir(parents=True)
    for name in ("python", "python3.12"):
        (shims / name).write_text("#!/usr/bin/env bash\nexec pyenv exec\n")
        (shims / name).chmod(0o755)
    program = build(home / "own")
    for name in ("python3-config", "python3.12-config", "python3.12-gdb.py", "pythonw", "python3x"):
        (program.parent / name).write_bytes(PROGRAM)
        (program.parent / name).chmod(0o755)
    (program.parent / "python4").write_text("#!/bin/sh\n")
    (program.parent / "python4").chmod(0o755)
    (program.parent / "python2").write_bytes(PROGRAM)
    (program.parent / "python2").chmod(0o644)
    found = only(replace(host, environ={"PATH": f"{shims}:{program.parent}"}))
    assert found.executable == str(program)


def test_a_program_without_a_standard_library_is_none(home: Path, host: Host) -> None:
    program = build(home / "own")
    (home / "own/lib/python3.12/os.py").unlink()
    assert located(replace(host, environ={"PATH": str(program.parent)})) == []


@pytest.mark.parametrize(
    ("executable", "stdlib", "minor", "implementation"),
    [
        ("pypy3.10", "lib/pypy3.10", "3.10", "pypy"),
        ("pypy3", "lib-python/3", None, "pypy"),
        ("pypy", "lib-python/2.7", "2.7", "pypy"),
        ("graalpy", "lib/python3.11", "3.11", "graalpy"),
        ("python2.7", "lib/python2.7", "2.7", "cpython"),
        ("python3.12", "lib64/python3.12", "3.12", "cpython"),
        ("python", "lib/python3.10", "3.10", "cpython"),
    ],
)
def test_implementations_and_their_layouts(
    home: Path, executable: str, stdlib: str, minor: str | None, implementation: str
) -> None:
    program = build(home / "own", executable=executable, stdlib=stdlib)
    found = locate(str(program))
    assert found is not None
    assert (found.minor, found.implementation) == (minor, implementation)
    assert (found.prefix, found.stdlib) == (str(home / "own"), str(home / "own" / stdlib))


def test_pypys_version_names_are_kept_apart_from_pythons(home: Path, host: Host) -> None:
    build(home / ".pyenv/versions/pypy3.10-7.3.17", executable="pypy3.10", stdlib="lib/pypy3.10")
    found = only(host)
    assert (found.source, found.minor) == ("pyenv", "3.10")


def test_an_unreadable_folder_is_said_and_the_rest_found(
    home: Path, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = build(home / ".asdf/installs/python/3.12.4")
    closed = home / ".pyenv/versions"
    closed.mkdir(parents=True)
    scandir = os.scandir

    def refusing(path: str) -> object:
        if path == str(closed):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    found = list(locate_all(host))
    assert found[0] == Unreadable(str(closed), "permission denied")
    assert [item.executable for item in found[1:] if isinstance(item, Located)] == [str(program)]


def test_drives_of_windows_on_the_path_are_not_asked_under_wsl(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    scandir = os.scandir

    def noting(path: str) -> object:
        asked.append(path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", noting)
    path = {"PATH": "/mnt/c/Windows:/mnt/d:/mnt/data/bin"}
    list(locate_all(replace(host, environ={**path, "WSL_DISTRO_NAME": "Debian"})))
    assert "/mnt/data/bin" in asked
    assert not {"/mnt/c/Windows", "/mnt/d"} & set(asked)
    list(locate_all(replace(host, environ=path)))
    assert "/mnt/c/Windows" in asked


def test_odd_entries_of_the_path_are_harmless(home: Path, host: Host) -> None:
    loop = home / "loop"
    loop.mkdir()
    (loop / "python3").symlink_to("python3.12")
    (loop / "python3.12").symlink_to("python3")
    os.mkfifo(loop / "python")
    (loop / "python2").mkdir()
    file = home / "file"
    file.touch()
    environ = {"PATH": f":relative:.:{loop}:{file}:{home}/nul\0:{home}/\udcff"}
    assert located(replace(host, environ=environ)) == []


@pytest.mark.parametrize(
    "name", ["python", "python3", "python3.12", "python3.13t", "pypy3.10", "graalpy"]
)
def test_names_of_interpreters(name: str) -> None:
    assert is_name(name)
    assert is_name(f"{name}.EXE", windows=True)
    assert not is_name(name, windows=True)


@pytest.mark.parametrize("name", ["python3-config", "pythonw", "python-build", "py", "ipython"])
def test_names_of_other_things(name: str) -> None:
    assert not is_name(name)
    assert not is_name(f"{name}.exe", windows=True)


def test_the_running_interpreters_base_is_found_through_its_folder(host: Host) -> None:
    base = Path(sys.base_prefix).resolve()
    executables = [
        item
        for item in located(replace(host, environ={"PATH": str(base / "bin")}))
        if item.prefix == str(base) and item.minor == sysconfig.get_python_version()
    ]
    assert len(executables) == 1
    assert os.path.samefile(executables[0].stdlib, sysconfig.get_path("stdlib"))


STEADY = [
    ("uv", "python/cpython-3.12.4-linux-x86_64-gnu", "python/cpython-3.12-linux-x86_64-gnu"),
    ("uv", "python/cpython-3.13.0rc2+freethreaded-linux-x86_64-gnu",
     "python/cpython-3.13+freethreaded-linux-x86_64-gnu"),
    ("uv", "python/pypy-3.10.16-macos-aarch64-none", "python/pypy-3.10-macos-aarch64-none"),
    ("mise", "installs/python/3.12.4", "installs/python/3.12"),
    ("homebrew", "Cellar/python@3.12/3.12.4_1", "opt/python@3.12"),
    ("homebrew", f"Cellar/python@3.12/3.12.4/{VERSIONS}", f"opt/python@3.12/{VERSIONS}"),
    ("path", "python/cpython-3.12.4-linux-x86_64-gnu", "python/cpython-3.12-linux-x86_64-gnu"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "version", "link"), STEADY)
def test_the_link_that_a_manager_moves_on(
    source: str, version: str, link: str, tmp_path: Path
) -> None:
    prefix, steady = tmp_path.resolve() / version, tmp_path.resolve() / link
    build(prefix)
    assert steady_prefix(str(prefix), source) is None  # not there
    kegs = "Cellar" in version
    inner = VERSIONS if link.endswith(VERSIONS) else ""
    made = Path(str(steady).removesuffix(f"/{inner}")) if inner else steady
    leads = Path(str(prefix).removesuffix(f"/{inner}")) if inner else prefix
    made.parent.mkdir(parents=True, exist_ok=True)
    made.symlink_to(os.path.relpath(leads, made.parent) if kegs else leads.name)
    assert steady_prefix(str(prefix), source) == str(steady)
    made.unlink()
    build(tmp_path / "another")
    made.symlink_to(tmp_path / "another")
    assert steady_prefix(str(prefix), source) is None  # it has moved on


@pytest.mark.parametrize("source", ["pyenv", "asdf", "system", "conda"])
def test_a_link_that_a_person_keeps_is_not_the_manager_s(source: str, tmp_path: Path) -> None:
    prefix = tmp_path.resolve() / "installs/python/3.12.4"
    build(prefix)
    (prefix.parent / "3.12").symlink_to("3.12.4")
    assert steady_prefix(str(prefix), source) is None


def test_links_to_an_installation_are_not_more_of_them(tmp_path: Path) -> None:
    home = tmp_path.resolve()
    python = build(home / ".local/share/uv/python/cpython-3.12.4-linux-x86_64-gnu")
    link = python.parents[2] / "cpython-3.12-linux-x86_64-gnu"
    link.symlink_to(python.parents[1].name)
    (home / "pythons").symlink_to(link.parent)
    (home / "bin").mkdir()
    (home / "bin/python3.12").symlink_to(link / "bin/python3.12")
    path = f"{link}/bin:{python.parent}:{home}/bin:{home}/pythons/{link.name}/bin"
    host = Host(
        "linux",
        str(home),
        {"PATH": path, "UV_PYTHON_INSTALL_DIR": "~/pythons"},
        root=str(home / "none"),
    )
    assert only(host).executable == str(python)
