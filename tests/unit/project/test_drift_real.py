"""Projects beside real environments, with packages that real installers put there."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from envdeck.core.catalog import Catalog
from envdeck.core.inspection.packages.distributions import read_distributions
from envdeck.core.project import Comparison, Drift, DriftFix, DriftKind
from envdeck.core.project.drift.compare import compare
from envdeck.core.project.project import read_project
from envdeck.core.system.host import Host
from support.wheels import write_wheel


class Beside:
    """One project, its environment, and wheels to install."""

    def __init__(self, folder: Path, environment: Path, catalog: Catalog) -> None:
        self.folder, self.path, self.catalog = folder, environment, catalog
        self.wheels = folder.parent / "wheels"
        self.wheels.mkdir()

    def wheel(self, name: str, version: str, *headers: str) -> Path:
        files = {f"{name.replace('-', '_')}/__init__.py": ""}
        return write_wheel(self.wheels, name, version, files, headers=headers)

    def install(self, *lines: str) -> None:
        """Install by uv, from the wheels made here alone, without what they need."""
        environ = {**os.environ, "UV_CACHE_DIR": str(self.folder.parent / "cache")}
        command = [sys.executable, "-m", "uv", "pip", "install", "-q", "--offline", "--no-deps"]
        command += ["--no-config", "--no-index", "--find-links", str(self.wheels)]
        command += ["--python", str(self.path / "bin" / "python"), *lines]
        subprocess.run(command, check=True, env=environ, capture_output=True, timeout=60)

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path

    def compared(self, *, python: str | None = None, **more: object) -> Comparison:
        environment = self.catalog.lookup(str(self.path))
        assert environment is not None
        if python is not None:
            environment = replace(environment, python=replace(environment.python, version=python))
        distributions = read_distributions(environment)
        return compare(read_project(str(self.folder)), environment, distributions, **more)


@pytest.fixture
def beside(
    home: Path, host: Host, make_venv: Callable[..., Path], tmp_path: Path
) -> Callable[..., Beside]:
    def make(creator: str = "uv", flags: tuple[str, ...] = ()) -> Beside:
        folder = home / "work" / "api"
        path = make_venv(folder / ".venv", creator=creator, flags=flags)
        return Beside(folder, path, Catalog(host, str(tmp_path / "index")))

    return make


def told(drifts: tuple[Drift, ...]) -> list[tuple[str, str, str, str | None, tuple[str, ...]]]:
    return [(one.kind.value, one.name, one.wanted, one.installed, one.under) for one in drifts]


LOCK = """version = 1
revision = 3
requires-python = ">=3.9"

[[package]]
name = "api"
version = "0.1"
source = { virtual = "." }
dependencies = [
    { name = "direct", extra = ["more"] },
    { name = "old", marker = "python_full_version < '3.5'" },
]

[package.optional-dependencies]
net = [
    { name = "wire" },
]

[package.dev-dependencies]
dev = [
    { name = "checks" },
]
docs = [
    { name = "pages" },
]

[[package]]
name = "checks"
version = "3.0"
source = { registry = "https://index.example/simple" }
sdist = { url = "https://files.example/checks-3.0.tar.gz", hash = "sha256:aa", size = 1 }
wheels = [
    { url = "https://files.example/checks-3.0-py3-none-any.whl", hash = "sha256:bb", size = 1 },
    { url = "https://files.example/checks-3.0-cp312.whl", hash = "sha256:cc", size = 1 },
]

[[package]]
name = "direct"
version = "2.0"
source = { registry = "https://index.example/simple" }
dependencies = [
    { name = "below" },
]

[package.optional-dependencies]
more = [
    { name = "extra-of-direct" },
]

[[package]]
name = "below"
version = "1.0.0"
source = { registry = "https://index.example/simple" }

[[package]]
name = "extra-of-direct"
version = "1.0"
source = { registry = "https://index.example/simple" }

[[package]]
name = "old"
version = "1.0"
source = { registry = "https://index.example/simple" }

[[package]]
name = "pages"
version = "1.0"
source = { registry = "https://index.example/simple" }

[[package]]
name = "wire"
version = "1.0"
source = { registry = "https://index.example/simple" }
"""
PYPROJECT = """[project]
name = "api"
version = "0.1"
requires-python = ">=3.9"
dependencies = ["direct[more]>=2", "old; python_version < '3.5'"]
[project.optional-dependencies]
net = ["wire"]
[dependency-groups]
dev = ["checks"]
docs = ["pages"]
"""


def test_all_as_locked_is_no_drift(beside: Callable[..., Beside]) -> None:
    one = beside()
    one.write("uv.lock", LOCK)
    one.write("pyproject.toml", PYPROJECT)
    for name, version in (("direct", "2"), ("below", "1.0"), ("extra-of-direct", "1.0"),
                          ("checks", "3.0")):  # fmt: skip
        one.wheel(name, version)
    one.install("direct", "below", "extra-of-direct", "checks")
    found = one.compared()
    assert (found.drifts, found.unchecked, found.agreed) == ((), (), 4)
    assert found.against == str(one.folder / "uv.lock")
    assert [(part.id, part.declared, part.installed, part.default, part.counts)
            for part in found.parts] == [
        ("", 1, 1, True, True),
        ("group:dev", 1, 1, True, True),
        ("group:docs", 1, 0, False, False),
        ("extra:net", 1, 0, False, False),
    ]  # fmt: skip


def test_every_kind_of_drift_from_a_lock(beside: Callable[..., Beside]) -> None:
    one = beside()
    one.write("uv.lock", LOCK)
    one.write("pyproject.toml", PYPROJECT)
    one.wheel("direct", "2.1", "Provides-Extra: more")
    for name in ("pages", "stray", "pip", "old"):
        one.wheel(name, "1.0")
    one.install("direct", "pages", "stray", "pip", "old")
    found = one.compared()
    assert told(found.drifts) == [
        ("missing", "below", "1.0.0", None, ()),
        ("missing", "checks", "3.0", None, ("group:dev",)),
        ("missing", "extra-of-direct", "1.0", None, ()),
        ("not-as-locked", "direct", "2.0", "2.1", ()),
        ("unreachable", "old", "", "1.0", ()),
        ("unreachable", "stray", "", "1.0", ()),
    ]
    assert {drift.fix for drift in found.drifts} == {DriftFix.FROM_LOCK}
    assert {part.id: part.counts for part in found.parts}["group:docs"]
    assert found.agreed == 1


def test_a_lock_that_is_behind_what_is_declared(beside: Callable[..., Beside]) -> None:
    one = beside()
    one.write("uv.lock", LOCK.replace('["more"]', "[]"))
    text = PYPROJECT.replace("direct[more]>=2", "direct>=3").replace('"old;', '"fresh", "old;')
    one.write("pyproject.toml", text)
    for name, version in (("direct", "2.0"), ("below", "1.0.0"), ("checks", "3.0")):
        one.wheel(name, version)
    one.install("direct", "below", "checks")
    found = one.compared()
    assert told(found.drifts) == [
        ("missing", "fresh", "", None, ()),
        ("outside", "direct", ">=3", "2.0", ()),
    ]
    assert [(drift.line, drift.fix) for drift in found.drifts] == [(5, DriftFix.FROM_DECLARED)] * 2


def test_a_lock_for_another_python_is_not_compared(beside: Callable[..., Beside]) -> None:
    one = beside()
    one.write("uv.lock", LOCK.replace(">=3.9", ">=3.14"))
    one.write("pyproject.toml", '[project]\nname = "api"\ndependencies = ["direct"]\n')
    found = one.compared(python="3.11.4")
    assert found.against == ""
    assert told(found.drifts) == [("missing", "direct", "", None, ())]
    assert found.unchecked == ("uv.lock not compared: locked for Python >=3.14, not 3.11",)


def test_a_newer_lock_format_is_said_and_the_rest_works(beside: Callable[..., Beside]) -> None:
    one = beside()
    one.write("uv.lock", LOCK.replace("version = 1\n", "version = 9\n", 1))
    one.write("pyproject.toml", PYPROJECT)
    found = one.compared()
    assert found.against == ""
    assert [drift.name for drift in found.drifts] == ["checks", "direct"]
    [said] = found.unchecked
    assert said.startswith("uv.lock: has format version 9")
    assert [problem.file for problem in found.project.problems] == [str(one.folder / "uv.lock")]


def test_what_comes_from_elsewhere_is_compared_by_that(beside: Callable[..., Beside]) -> None:
    one = beside()
    lock = LOCK.replace(
        'name = "below"\nversion = "1.0.0"\nsource = { registry = "https://index.example/simple" }',
        'name = "below"\nversion = "1.0.0"\nsource = { git = "https://me:s3cret@git.example/below'
        '?rev=main#abc" }',
    ).replace(
        'name = "checks"\nversion = "3.0"\nsource = { registry = "https://index.example/simple" }',
        'name = "checks"\nsource = { editable = "checks" }',
    )
    one.write("uv.lock", lock)
    one.write("pyproject.toml", PYPROJECT)
    for name, version in (("below", "1.0.0"), ("direct", "2.0"), ("extra-of-direct", "1.0")):
        one.wheel(name, version)
    one.write("checks/pyproject.toml", BACKEND.format(name="checks"))
    one.write("checks/backend.py", BACKEND_CODE)
    one.install("below", "direct", "extra-of-direct", "-e", str(one.folder / "checks"))
    found = one.compared()
    [drift] = found.drifts
    assert (drift.kind, drift.name, drift.installed) == (DriftKind.NOT_AS_LOCKED, "below", "1.0.0")
    assert drift.wanted == "git+https://****@git.example/below@abc"
    assert "s3cret" not in repr(found)
    one.write("uv.lock", LOCK)  # now from an index, and installed in place
    [drift] = one.compared().drifts
    assert (drift.name, drift.wanted, drift.installed) == ("checks", "3.0", "1.0 (editable)")


BACKEND = """[project]
name = "{name}"
version = "1.0"
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""
BACKEND_CODE = """
import os, tomllib, zipfile


def build_editable(folder, settings=None, metadata=None):
    with open("pyproject.toml", "rb") as file:
        project = tomllib.load(file)["project"]
    name = project["name"].replace("-", "_")
    wheel = f"{name}-{project['version']}-py3-none-any.whl"
    info = f"{name}-{project['version']}.dist-info"
    needs = [f"Requires-Dist: {line}" for line in project.get("dependencies", [])]
    text = "\\n".join(["Metadata-Version: 2.1", f"Name: {project['name']}",
                      f"Version: {project['version']}", *needs, ""])
    with zipfile.ZipFile(os.path.join(folder, wheel), "w") as archive:
        archive.writestr(f"{name}.pth", os.getcwd())
        archive.writestr(f"{info}/METADATA", text)
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nGenerator: test\\n"
                         "Root-Is-Purelib: true\\nTag: py3-none-any\\n")
        archive.writestr(f"{info}/RECORD", f"{name}.pth,,\\n{info}/METADATA,,\\n{info}/WHEEL,,\\n"
                         f"{info}/RECORD,,\\n")
    return wheel
"""


def test_without_a_lock_by_what_is_declared_and_what_that_needs(
    beside: Callable[..., Beside],
) -> None:
    one = beside("venv")
    one.write(
        "pyproject.toml",
        '[project]\nname = "api"\ndependencies = [\n  "direct[more]>=2",\n  "gone ~= 1.0",\n'
        "  \"old; python_version < '3.5'\",\n]\n"
        '[project.optional-dependencies]\nnet = ["wire"]\nhalf = ["wire", "never"]\n'
        'all = ["api[net]"]\n[dependency-groups]\ndev = ["checks"]\n',
    )
    one.wheel("direct", "1.5", "Provides-Extra: more", "Requires-Dist: below>=2",
              "Requires-Dist: lost", "Requires-Dist: extra-of-direct; extra == 'more'",
              "Requires-Dist: unasked; extra == 'other'")  # fmt: skip
    for name in ("below", "extra-of-direct", "unasked", "old", "wheel"):
        one.wheel(name, "1.0")
    one.wheel("wire", "1.0", "Requires-Dist: below")
    one.install("direct", "below", "extra-of-direct", "unasked", "old", "wheel", "wire")
    found = one.compared()
    assert found.against == ""
    assert told(found.drifts) == [
        ("missing", "gone", "~=1.0", None, ()),
        ("missing", "lost", "", None, ()),
        ("outside", "below", ">=2", "1.0", ()),
        ("outside", "direct", ">=2", "1.5", ()),
    ]
    assert found.unchecked == (
        ("extraneous packages not checked: dependencies of the missing gone are unknown"),
    )
    assert [drift.line for drift in found.drifts[:4]] == [5, 4, 4, 4]
    assert [(part.id, part.declared, part.installed, part.counts) for part in found.parts] == [
        ("", 2, 1, True),
        ("group:dev", 1, 0, False),
        ("extra:net", 1, 1, True),
        ("extra:half", 2, 1, False),
        ("extra:all", 1, 1, True),
    ]
    assert {drift.fix for drift in found.drifts} == {DriftFix.FROM_DECLARED}
    assert found.agreed == 2


def test_requirements_files_are_parts_by_their_names(beside: Callable[..., Beside]) -> None:
    one = beside("venv")
    one.write("requirements.txt", "direct>=1\n-c limits.txt\n")
    one.write("limits.txt", "direct<2\n")
    one.write("requirements-dev.txt", "-r requirements.txt\nchecks\nmore\n")
    one.write("requirements/docs.txt", "pages\n")
    for name, version in (("direct", "2.0"), ("pages", "1.0")):
        one.wheel(name, version)
    one.install("direct", "pages")
    found = one.compared()
    assert [(part.id, part.declared, part.installed, part.default, part.counts)
            for part in found.parts] == [
        ("", 1, 1, True, True),
        ("group:dev", 3, 1, False, False),
        ("group:docs", 1, 1, False, True),
    ]  # fmt: skip
    assert told(found.drifts) == [("outside", "direct", "<2", "2.0", ())]
    assert (found.drifts[0].file, found.drifts[0].line) == (str(one.folder / "limits.txt"), 1)


@pytest.mark.parametrize("hashed", [True, False])
def test_what_was_compiled_is_the_lock_of_its_source(
    beside: Callable[..., Beside], *, hashed: bool
) -> None:
    one = beside("venv")
    one.write("requirements.in", "direct\n")
    tail = " \\\n    --hash=sha256:aa\n" if hashed else "\n    # via direct\n"
    one.write("requirements.txt", f"below==1.0{tail}direct==2.0{tail}")
    one.write("requirements-dev.in", "checks\n")
    one.write("requirements-dev.txt", f"checks==3.0{tail}")
    for name, version in (("direct", "2.5"), ("checks", "3.1"), ("stray", "1")):
        one.wheel(name, version)
    one.install("direct", "checks", "stray")
    found = one.compared()
    assert found.against == str(one.folder / "requirements.txt")
    assert told(found.drifts) == [
        ("missing", "below", "1.0", None, ()),
        ("not-as-locked", "checks", "3.0", "3.1", ("group:dev",)),
        ("not-as-locked", "direct", "2.0", "2.5", ()),
        ("unreachable", "stray", "", "1", ()),
    ]
    assert [part.id for part in found.parts] == ["", "group:dev"]


def test_the_project_itself_in_place_and_what_nothing_names(
    beside: Callable[..., Beside],
) -> None:
    one = beside("venv")
    one.write("backend.py", BACKEND_CODE)
    one.write("pyproject.toml", BACKEND.format(name="api").replace(
        'version = "1.0"', 'version = "1.0"\ndependencies = ["direct"]'))  # fmt: skip
    one.wheel("direct", "1.0")
    one.install("direct", "-e", str(one.folder))
    assert one.compared().drifts == ()
    one.write("requirements.txt", "-e .\n-e ./lib\n")
    found = one.compared()
    assert found.drifts == ()
    assert found.unchecked[0] == ("requirements.txt:2: no package name: cannot check if installed")


def test_what_the_system_has_is_not_missing_and_not_stray(
    beside: Callable[..., Beside], tmp_path: Path
) -> None:
    one = beside("venv", ("--system-site-packages",))
    for name in ("direct-1.0", "other-1.0"):
        (tmp_path / "site" / f"{name}.dist-info").mkdir(parents=True)
    one.write("requirements.txt", "direct>=1\nother>=2\n")
    found = one.compared(system_folders=[str(tmp_path / "site")])
    assert told(found.drifts) == [("outside", "other", ">=2", "1.0", ())]


def test_setuptools_reads_its_dependencies_from_a_file(beside: Callable[..., Beside]) -> None:
    one = beside("venv")
    one.write(
        "pyproject.toml",
        '[project]\nname = "api"\ndynamic = ["dependencies"]\n[build-system]\nrequires = []\n'
        '[tool.setuptools.dynamic]\ndependencies = {file = ["requirements.txt"]}\n',
    )
    one.write("requirements.txt", "\ndirect\n")
    found = one.compared()
    assert [part.id for part in found.parts] == [""]
    [drift] = found.drifts
    assert (drift.name, drift.file, drift.line) == (
        "direct", str(one.folder / "requirements.txt"), 2,
    )  # fmt: skip


def test_where_a_file_cannot_be_read_whole_nothing_is_called_unreachable(
    beside: Callable[..., Beside],
) -> None:
    one = beside("venv")
    one.write("requirements.txt", "direct\nno requirement at all\n-r requirements.txt\n-r b.txt\n")
    one.wheel("stray", "1.0")
    one.install("stray")
    found = one.compared()
    assert told(found.drifts) == [("missing", "direct", "", None, ())]
    assert found.unchecked == (
        "extraneous packages not checked: requirements.txt:2 is only partly readable",
    )
    assert [problem.line for problem in found.project.problems] == [2, 3, 4]
    one.write("requirements.txt", "")
    one.write("pyproject.toml", "[project\n")
    found = one.compared()
    assert found.drifts == ()
    why = "no readable declared dependencies"
    assert found.unchecked == (f"extraneous packages not checked: {why}",)
    assert [problem.line for problem in found.project.problems] == [1]
