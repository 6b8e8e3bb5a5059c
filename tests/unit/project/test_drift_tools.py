"""Drift by the habits of each tool, on rows that tell what is installed."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from envdeck.core.inspection.packages.requirements import MarkerHost, marker_environment
from envdeck.core.model import Creation, Distribution, Environment, Identity, Python, Status
from envdeck.core.project import Comparison, Drift, DriftFix, Project
from envdeck.core.project.drift.compare import compare
from envdeck.core.project.locks.poetry import read_poetry_lock
from envdeck.core.project.locks.selection import select
from envdeck.core.project.locks.uv import read_uv_lock
from envdeck.core.project.project import read_project

LOCKS = Path(__file__).parent / "locks"
LINUX = MarkerHost("posix", "linux", "x86_64", "6.1", "Linux", "#1")


def environment(
    manager: str = "venv", version: str | None = "3.12.1", packages: int | None = 1
) -> Environment:
    return Environment(
        "/home/ada/api/.venv", Identity(1, 2), "api/.venv", manager, Status.OK,
        python=Python(version, "cpython"), creation=Creation("venv"), packages=packages,
    )  # fmt: skip


def row(name: str, version: str = "1.0", *requirements: str, **more: object) -> Distribution:
    path = f"/site/{name}.dist-info"
    return Distribution(name, name, version, path, requirements=requirements, **more)


def beside(folder: Path, *rows: Distribution, manager: str = "venv", **more: object) -> Comparison:
    found = compare(read_project(str(folder)), environment(manager, **more), rows, machine=LINUX)
    assert found.project == read_project(str(folder))
    return found


def told(found: Comparison) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(one.kind.value, one.name, one.under) for one in found.drifts]


def parts(found: Comparison) -> dict[str, tuple[bool, bool]]:
    return {part.id: (part.default, part.counts) for part in found.parts}


def put(folder: Path, *names: str) -> Path:
    for name in names:
        shutil.copy(LOCKS / name, folder / name)
    return folder


def test_uv_takes_its_own_lock_and_the_group_dev(tmp_path: Path) -> None:
    folder = put(tmp_path, "pyproject.toml", "uv.lock", "poetry.lock", "pdm.lock")
    found = beside(folder, row("idna", "3.20"), row("certifi", "1"), manager="uv")
    assert found.against == str(folder / "uv.lock")
    assert told(found) == [
        ("missing", "demo", ()),  # uv installs the project itself in place
        ("missing", "iniconfig", ("group:dev",)),
        ("not-as-locked", "certifi", ("extra:net",)),
    ]
    assert parts(found)["extra:net"] == (False, True)
    found = beside(folder, row("idna", "3.20"), manager="poetry")
    assert found.against == str(folder / "poetry.lock")


@pytest.mark.parametrize(("manager", "lock"), [("poetry", "poetry.lock"), ("pdm", "pdm.lock")])
def test_poetry_and_pdm_install_their_groups(tmp_path: Path, manager: str, lock: str) -> None:
    folder = put(tmp_path, "pyproject.toml", lock)
    found = beside(folder, row("idna", "3.20"), row("demo"), row("x"), manager=manager)
    extra = [("missing", "certifi", ("extra:net",))] if manager == "pdm" else []
    assert [one for one in told(found) if one[0] == "missing"] == [
        *extra,  # PDM installs whatever its lock file has
        ("missing", "iniconfig", ("group:dev",)),
        *([("missing", "markupsafe", ("group:docs",))] if _docs(found) else []),
    ]
    assert ("unreachable", "x", ()) in told(found)
    assert parts(found)["group:dev"] == (True, True)
    assert parts(found)["extra:net"] == (bool(extra), bool(extra))
    found = beside(folder, row("idna", "3.20"), row("certifi", "0"), manager=manager)
    assert ("not-as-locked", "certifi") in [one[:2] for one in told(found)]


def _docs(found: Comparison) -> bool:
    return any(one.name == "markupsafe" for one in found.drifts)


def test_pipenv_installs_its_development_packages_when_asked(tmp_path: Path) -> None:
    put(tmp_path, "Pipfile.lock")
    (tmp_path / "Pipfile").write_text(
        '[packages]\nidna = "*"\nmarkupsafe = "*"\n[dev-packages]\niniconfig = "*"\n'
    )
    rows = (row("idna", "3.20"), row("markupsafe", "3.0.4"))
    found = beside(tmp_path, *rows, manager="pipenv", version="3.11.4")
    assert (told(found), parts(found)) == ([], {"": (True, True), "group:dev": (False, False)})
    found = beside(tmp_path, *rows, row("iniconfig", "1"), manager="pipenv", version="3.11.4")
    assert told(found) == [("not-as-locked", "iniconfig", ("group:dev",))]
    found = beside(tmp_path, *rows, manager="pipenv", version="3.12.1")
    assert (found.against, told(found)) == ("", [])
    assert found.unchecked[0].startswith("Pipfile.lock not compared: locked for Python ==3.11")


def test_poetry_groups_that_are_optional_and_extras(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[tool.poetry]\nname = "app"\n[tool.poetry.dependencies]\nidna = "^3"\n'
        'more = {version = "*", optional = true}\n[tool.poetry.extras]\nplus = ["more"]\n'
        '[tool.poetry.group.test.dependencies]\npytest = "*"\n'
        "[tool.poetry.group.docs]\noptional = true\n"
        '[tool.poetry.group.docs.dependencies]\nsphinx = "*"\n'
    )
    found = beside(tmp_path, row("idna", "2.0"))
    assert [(drift.kind.value, drift.name, drift.wanted) for drift in found.drifts] == [
        ("missing", "pytest", ""),
        ("outside", "idna", ">=3,<4"),
    ]
    assert parts(found) == {
        "": (True, True), "group:test": (True, True), "group:docs": (False, False),
        "extra:plus": (False, False),
    }  # fmt: skip


POETRY_LOCK = """[[package]]
name = "idna"
version = "3.1"
optional = false
groups = ["main"]
files = []

[[package]]
name = "pygments"
version = "2.0"
optional = true
groups = ["main", "dev"]
files = []
markers = {main = "extra == \\"fancy\\"", docs = "sys_platform == \\"win32\\""}

[extras]
fancy = ["pygments"]

[metadata]
lock-version = "2.1"
python-versions = "*"
"""


def test_what_poetry_locks_for_one_group_by_a_marker_and_for_another_always(
    tmp_path: Path,
) -> None:
    (tmp_path / "poetry.lock").write_text(POETRY_LOCK)
    pyproject = tmp_path / "pyproject.toml"
    text = '[tool.poetry]\nname = "app"\n[tool.poetry.dependencies]\nidna = "*"\n'
    pyproject.write_text(text)
    found = beside(tmp_path, row("idna", "3.1"), row("pygments", "2.0"), manager="poetry")
    assert [one.name for one in found.drifts] == ["pygments"]
    pyproject.write_text(text + '[tool.poetry.group.dev.dependencies]\npytest = "*"\n')
    rows = (row("idna", "3.1"), row("pytest"))
    assert told(beside(tmp_path, *rows, row("pygments", "2.0"), manager="poetry")) == []
    assert told(beside(tmp_path, *rows, manager="poetry")) == [
        ("missing", "pygments", ("group:dev",))
    ]


def test_setup_cfg_with_an_extra(tmp_path: Path) -> None:
    (tmp_path / "setup.cfg").write_text(
        "[metadata]\nname = app\n[options]\ninstall_requires =\n  idna>=3\n"
        "[options.extras_require]\nnet = certifi\n"
    )
    found = beside(tmp_path, row("certifi"), row("app"))
    assert (told(found), parts(found)["extra:net"]) == ([("missing", "idna", ())], (False, True))
    (tmp_path / "setup.cfg").write_text("[options]\ninstall_requires = file: needs.txt\n")
    (tmp_path / "needs.txt").write_text("idna\n")
    [drift] = beside(tmp_path).drifts
    assert (drift.name, drift.file, drift.line) == ("idna", str(tmp_path / "needs.txt"), 1)


def test_an_environment_yml_is_shown_and_is_no_drift(tmp_path: Path) -> None:
    (tmp_path / "environment.yml").write_text("dependencies:\n  - numpy\n  - pip:\n    - idna\n")
    found = beside(tmp_path, row("numpy", installer="conda"), row("x"), manager="conda")
    assert [one.format for one in found.project.manifests] == ["environment.yml"]
    assert (found.drifts, found.parts) == ((), ())
    assert "no readable declared dependencies" in found.unchecked[0]


def test_what_conda_installed_is_not_called_unreachable(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("idna\n")
    found = beside(tmp_path, row("idna"), row("numpy", installer="conda"), row("x"))
    assert told(found) == [("unreachable", "x", ())]
    assert found.unchecked == ("packages installed by conda are not compared",)


WORKSPACE = """version = 1
requires-python = ">=3.9"
[manifest]
members = ["app", "one", "two"]
{root}
[[package]]
name = "one"
version = "1"
source = {{ editable = "one" }}
dependencies = [{{ name = "idna" }}]
[[package]]
name = "two"
version = "1"
source = {{ editable = "two" }}
dependencies = [{{ name = "certifi" }}]
[[package]]
name = "idna"
version = "3.1"
source = {{ registry = "https://index.example" }}
[[package]]
name = "certifi"
version = "1"
source = {{ registry = "https://index.example" }}
"""
ROOT = """[[package]]
name = "app"
version = "1"
source = { virtual = "." }
dependencies = [{ name = "one" }]
"""


def test_a_workspace_has_what_its_root_needs(tmp_path: Path) -> None:
    (tmp_path / "uv.lock").write_text(WORKSPACE.format(root=ROOT))
    found = beside(tmp_path, manager="uv")
    assert told(found) == [("missing", "idna", ()), ("missing", "one", ())]
    (tmp_path / "uv.lock").write_text(WORKSPACE.format(root=""))
    found = beside(tmp_path, manager="uv")
    assert {one.name for one in found.drifts} == {"idna", "one", "certifi", "two"}


CONFLICT = """version = 1
[[package]]
name = "app"
source = { virtual = "." }
[package.optional-dependencies]
cpu = [{ name = "torch", version = "2.0+cpu" }]
gpu = [{ name = "torch", version = "2.0" }]
[[package]]
name = "torch"
version = "2.0+cpu"
source = { registry = "https://index.example" }
[[package]]
name = "torch"
version = "2.0"
source = { registry = "https://index.example" }
"""


@pytest.mark.parametrize(("version", "out"), [("2.0", "cpu"), ("2.0+cpu", "gpu")])
def test_of_extras_that_conflict_the_installed_one_counts(
    tmp_path: Path, version: str, out: str
) -> None:
    (tmp_path / "uv.lock").write_text(CONFLICT)
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "app"\n[project.optional-dependencies]\n'
        'cpu = ["torch"]\ngpu = ["torch"]\n'
    )
    found = beside(tmp_path, row("torch", version), manager="uv")
    assert found.drifts == ()
    why = "torch is locked more than once for this interpreter"
    assert found.unchecked == (f"extra {out} of uv.lock not compared: {why}",)


EXCLUSIVE = """version = 1
conflicts = [[
    { package = "app", extra = "x1" },
    { package = "app", extra = "x2" },
], [
    { package = "app", group = "g1" },
    { package = "app", group = "g2" },
]]
[[package]]
name = "anyio"
version = "4.16.0"
source = { registry = "https://index.example" }
dependencies = [
    { name = "idna", version = "3.8", marker = "extra == 'extra-3-app-x2' or (extra == 'group-3-app-g1' and extra == 'group-3-app-g2')" },
    { name = "idna", version = "3.9", marker = "extra == 'extra-3-app-x1' or extra != 'extra-3-app-x2' or (extra == 'group-3-app-g1' and extra == 'group-3-app-g2')" },
]
[[package]]
name = "app"
source = { virtual = "." }
dependencies = [{ name = "anyio" }]
[package.optional-dependencies]
x1 = [{ name = "idna", version = "3.9" }]
x2 = [{ name = "idna", version = "3.8" }]
[package.dev-dependencies]
g1 = [{ name = "sniffio", version = "1.3.0" }]
g2 = [{ name = "sniffio", version = "1.3.1" }]
[[package]]
name = "idna"
version = "3.8"
[[package]]
name = "idna"
version = "3.9"
[[package]]
name = "sniffio"
version = "1.3.0"
[[package]]
name = "sniffio"
version = "1.3.1"
"""  # noqa: E501
EXCLUSIVE_PROJECT = """[project]
name = "app"
dependencies = ["anyio"]
[project.optional-dependencies]
x1 = ["idna==3.9"]
x2 = ["idna==3.8"]
[dependency-groups]
g1 = ["sniffio==1.3.0"]
g2 = ["sniffio==1.3.1"]
"""


@pytest.mark.parametrize("locked", [True, False])
@pytest.mark.parametrize(
    ("versions", "counting"),
    [
        ({"idna": "3.9"}, {"extra:x1"}),
        ({"idna": "3.8"}, {"extra:x2"}),
        ({"idna": "3.9", "sniffio": "1.3.1"}, {"extra:x1", "group:g2"}),
        ({"idna": "3.8", "sniffio": "1.3.0"}, {"extra:x2", "group:g1"}),
    ],
)
def test_of_parts_that_exclude_each_other_the_installed_one_counts(
    tmp_path: Path, versions: dict[str, str], counting: set[str], locked: bool
) -> None:
    """astral-sh/uv#9370, pyproject-nix/pyproject.nix#265: a lock names extras and groups in
    markers; without one, a package that others need is no sign of an extra."""
    if locked:
        (tmp_path / "uv.lock").write_text(EXCLUSIVE)
    (tmp_path / "pyproject.toml").write_text(EXCLUSIVE_PROJECT)
    rows = [row("anyio", "4.16.0", "idna>=2.8"), *(row(*one) for one in versions.items())]
    found = beside(tmp_path, *rows, manager="uv")
    assert (told(found), found.unchecked) == ([], ())
    assert {one.id for one in found.parts if one.counts and not one.default} == counting


@pytest.mark.parametrize("locked", [True, False])
def test_of_parts_that_exclude_each_other_none_may_be_as_asked(
    tmp_path: Path, locked: bool
) -> None:
    if locked:
        (tmp_path / "uv.lock").write_text(EXCLUSIVE)
    (tmp_path / "pyproject.toml").write_text(EXCLUSIVE_PROJECT)
    rows = [row("anyio", "4.16.0", "idna>=2.8"), row("idna", "3.9"), row("sniffio", "1.2.0")]
    found = beside(tmp_path, *rows, manager="uv")
    assert {one[:2] for one in told(found)} == {
        ("not-as-locked" if locked else "outside", "sniffio")
    }


@pytest.mark.parametrize(
    ("groups", "extras", "told"),
    [
        ((), ("x1", "x2"), "extra x1 and extra x2 exclude each other"),
        (("g1", "g2"), ("x1",), "group g1 and group g2 exclude each other"),
        (("g1",), ("x2",), ""),
    ],
)
def test_parts_that_exclude_each_other_are_named(
    tmp_path: Path, groups: tuple[str, ...], extras: tuple[str, ...], told: str
) -> None:
    (tmp_path / "uv.lock").write_text(EXCLUSIVE)
    lock = read_uv_lock(str(tmp_path / "uv.lock"))
    markers = marker_environment(Python("3.12.1", "cpython"), LINUX)
    assert select(lock, markers, groups, extras).problem == told


MEMBER = """version = 1
conflicts = [[{ package = "part", extra = "cpu" }, { package = "part", extra = "gpu" }]]
[[package]]
name = "app"
source = { virtual = "." }
dependencies = [{ name = "part", extra = ["gpu"] }]
[[package]]
name = "part"
source = { editable = "part" }
[package.optional-dependencies]
cpu = [{ name = "torch", version = "2.0+cpu", marker = "extra == 'extra-4-part-cpu'" }]
gpu = [{ name = "torch", version = "2.0", marker = "extra == 'extra-4-part-gpu'" }]
[[package]]
name = "torch"
version = "2.0+cpu"
[[package]]
name = "torch"
version = "2.0"
"""


def test_an_extra_of_a_member_counts_in_markers(tmp_path: Path) -> None:
    """astral-sh/uv#14645: `part[gpu]` did not make `extra == 'extra-4-part-gpu'` true."""
    (tmp_path / "uv.lock").write_text(MEMBER)
    found = beside(tmp_path, row("torch", "2.0+cpu"), row("part", editable=True), manager="uv")
    assert [(one.name, one.wanted) for one in found.drifts] == [("torch", "2.0")]


def test_extras_of_a_poetry_lock_are_asked_together(tmp_path: Path) -> None:
    """Poetry's manual on exclusive extras: `extra == 'gpu' and extra != 'cpu'`."""
    (tmp_path / "poetry.lock").write_text(
        '[[package]]\nname = "torch"\nversion = "2.0"\noptional = true\ngroups = ["main"]\n'
        "markers = \"extra == 'gpu' and extra != 'cpu'\"\n"
        '[extras]\ncpu = []\ngpu = ["torch"]\n'
        '[metadata]\nlock-version = "2.1"\npython-versions = "*"\n'
    )
    lock = read_poetry_lock(str(tmp_path / "poetry.lock"))
    markers = marker_environment(Python("3.12.1", "cpython"), LINUX)

    def selected(*extras: str) -> list[str]:
        return [one.name for one in select(lock, markers, (), extras).packages]

    assert (selected("gpu"), selected("gpu", "cpu"), selected()) == (["torch"], [], [])


@pytest.mark.parametrize(
    ("file", "table"), [("pyproject.toml", "[tool.hatch.envs.default]"),
                        ("hatch.toml", "[envs.default]")]
)  # fmt: skip
def test_what_hatch_installs_by_its_own_table_is_not_extraneous(
    tmp_path: Path, file: str, table: str
) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "app"\ndependencies = ["idna"]\n')
    with (tmp_path / file).open("a") as opened:
        opened.write(f'{table}\ndependencies = ["pytest", "x @ {{root:uri}}/x"]\n')
    rows = [row("idna"), row("pytest", "9", "pluggy"), row("pluggy"), row("stray")]
    assert told(beside(tmp_path, *rows, manager="hatch")) == [("unreachable", "stray", ())]
    names = {one.name for one in beside(tmp_path, *rows).drifts}
    assert names == {"pytest", "pluggy", "stray"}


@pytest.mark.parametrize(
    ("release", "missing"),
    [("6.1.0-17-amd64", []), ("5.10.16.3-microsoft-standard-WSL2", []), ("23.1.0", ["wide"])],
)
def test_a_marker_on_a_release_that_is_no_version(
    tmp_path: Path, release: str, missing: list[str]
) -> None:
    """pypa/packaging#774, python-poetry/poetry#8547, pdm-project/pdm#3402: nothing could be
    installed on kernels that are not called as Python packages are."""
    (tmp_path / "pdm.lock").write_text(
        '[metadata]\ngroups = ["default"]\nlock_version = "4.5.0"\n'
        '[[package]]\nname = "idna"\nversion = "3.7"\ngroups = ["default"]\n'
        '[[package]]\nname = "mac"\nversion = "1.0"\ngroups = ["default"]\n'
        "marker = \"platform_release >= '20.0' and sys_platform == 'darwin'\"\n"
        '[[package]]\nname = "wide"\nversion = "1.0"\ngroups = ["default"]\n'
        "marker = \"platform_release >= '20.0'\"\n"
    )
    machine = replace(LINUX, platform_release=release)
    project = read_project(str(tmp_path))
    found = compare(project, environment("pdm"), [row("idna", "3.7")], machine=machine)
    assert ([one.name for one in found.drifts], found.unchecked) == (missing, ())


def test_extras_that_ask_for_each_other_end(tmp_path: Path) -> None:
    lines = "".join(f'e{at} = ["app[e{at + 1},e0]", "app[e{at + 1}]"]\n' for at in range(40))
    (tmp_path / "pyproject.toml").write_text(
        f'[project]\nname = "app"\n[project.optional-dependencies]\n{lines}e40 = ["idna"]\n'
    )
    assert parts(beside(tmp_path, row("idna")))["extra:e0"] == (False, True)


def test_requirements_in_a_ring_end(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("a[x]\n")
    rows = (row("a", "1", "b[y]; extra == 'x'"), row("b", "1", "a[x]>=2; extra == 'y'"))
    assert told(beside(tmp_path, *rows)) == [("outside", "a", ())]


def test_a_marker_that_cannot_be_told_is_unchecked(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("idna\nold; python_version < '3.8'\n")
    found = beside(tmp_path, version=None)
    assert told(found) == [("missing", "idna", ())]
    assert found.unchecked == (
        "requirements.txt:2: its marker cannot be evaluated for this interpreter",
    )


def test_what_cannot_be_listed_is_not_missing(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("idna\n")
    found = beside(tmp_path, packages=None)
    assert (found.drifts, found.unchecked) == ((), ("installed packages cannot be listed",))


def test_a_python_that_does_not_fit_is_mended_first(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "app"\nrequires-python = ">=3.13"\ndependencies = ["idna"]\n'
    )
    found = beside(tmp_path)
    assert [(drift.name, drift.fix) for drift in found.drifts] == [("idna", DriftFix.INTERPRETER)]
    assert found.pythons[0].error


def test_a_declared_url_is_compared_by_where_it_is_from(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text(
        "a @ https://me:s3cret@files.example/a-1.zip\n"
        "git+https://tok3n@git.example/b.git@v1\n-e git+https://git.example/c@main#egg=c\n"
    )
    found = beside(
        tmp_path, row("a"), row("b", origin="https://****@git.example/b.git"),
        row("c", origin="https://git.example/c", editable=True),
    )  # fmt: skip
    assert found.drifts == (
        Drift(
            found.drifts[0].kind, "a", "https://****@files.example/a-1.zip", "1.0",
            str(tmp_path / "requirements.txt"), 1, fix=DriftFix.FROM_DECLARED,
        ),
    )  # fmt: skip
    assert told(found)[0][0] == "outside"
    assert found.unchecked == ()
    assert "s3cret" not in repr(found)
    assert "tok3n" not in repr(found)


@pytest.mark.parametrize(
    ("asked", "url", "info", "now"),
    [
        ("git+https://git.example/a@v2", "https://git.example/a", ("v1", "c0ffee12"), "1.0 (v1)"),
        ("git+https://git.example/a@v1", "https://git.example/a", ("v1", "c0ffee12"), None),
        ("git+https://git.example/a@c0ffee1", "https://git.example/a", ("v1", "c0ffee12"), None),
        ("git+https://git.example/a@c0ffee1", "https://git.example/a", ("v1", "ab"), "1.0 (ab)"),
        ("git+https://git.example/a", "https://git.example/a", ("v1", "c0ffee12"), None),
        ("https://x.example/a-2.zip#md5=1", "https://x.example/a-1.zip", None, "1.0 (a-1.zip)"),
        ("https://me:it@x.example/a-1.zip", "https://x.example/a-1.zip", None, None),
    ],
)
def test_another_revision_or_file_than_the_url_names_is_told(
    tmp_path: Path, asked: str, url: str, info: tuple[str, str] | None, now: str | None
) -> None:
    (tmp_path / "requirements.txt").write_text(f"a @ {asked}\n")
    site = tmp_path / "a-1.0.dist-info"
    site.mkdir()
    content: dict[str, object] = {"url": url, "archive_info": {}}
    if info is not None:
        told = {"vcs": "git", "requested_revision": info[0], "commit_id": info[1]}
        content = {"url": url, "vcs_info": told}
    (site / "direct_url.json").write_text(json.dumps(content))
    found = beside(tmp_path, Distribution("a", "a", "1.0", str(site), origin=url))
    assert [(one.kind.value, one.installed) for one in found.drifts] == (
        [("outside", now)] if now else []
    )


@pytest.mark.parametrize("versions", [("1.0", "2.0"), ("2.0", "1.0")])
def test_what_is_there_twice_has_to_fit_twice(tmp_path: Path, versions: tuple[str, str]) -> None:
    (tmp_path / "requirements.in").write_text("a\n")
    (tmp_path / "requirements.txt").write_text("a==1.0 \\\n    --hash=sha256:aa\n    # via b\n")
    rows = [row("a", one) for one in versions]
    found = beside(tmp_path, *rows)
    assert [(one.kind.value, one.installed) for one in found.drifts] == [("not-as-locked", "2.0")]
    (tmp_path / "requirements.txt").write_text("a<2\n")
    (tmp_path / "requirements.in").unlink()
    found = beside(tmp_path, *rows)
    assert [(one.kind.value, one.installed) for one in found.drifts] == [("outside", "2.0")]


def test_its_own_hides_what_the_system_has(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("six>=2\n")
    system = tmp_path / "system"
    (system / "six-2.0.dist-info").mkdir(parents=True)
    (system / "six-2.0.dist-info" / "METADATA").write_text("Name: six\nVersion: 2.0\n")
    seen = replace(environment(), creation=Creation("venv", system_site_packages=True))
    for rows, drifts in (((), ()), ((row("six", "1.0"),), ("1.0",))):
        found = compare(
            read_project(str(tmp_path)), seen, rows, machine=LINUX, system_folders=(str(system),)
        )
        assert tuple(one.installed for one in found.drifts) == drifts


def test_a_lock_that_lacks_what_is_declared_is_said_to_be_stale(tmp_path: Path) -> None:
    put(tmp_path, "uv.lock")
    text = (
        (LOCKS / "pyproject.toml")
        .read_text()
        .replace("dependencies = [", 'dependencies = ["new", ')
    )
    (tmp_path / "pyproject.toml").write_text(text)
    found = beside(tmp_path, row("idna", "3.20"), row("demo"), row("new"), manager="uv")
    assert "new: declared, but not in uv.lock" in found.unchecked


def test_nothing_at_all(tmp_path: Path) -> None:
    found = compare(Project(str(tmp_path)), environment(), (row("x"),))
    assert (found.drifts, found.parts, found.agreed) == ((), (), 0)
    assert len(found.unchecked) == 1
