"""Drift as the tools themselves tell it: recorded, with the commands that made the recordings.

Each folder of `recorded/` holds a project of one tool, what was in its environment, and what the
tool said of that; `command.txt` tells how. The environments are built anew, of nothing but
metadata.
"""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from envdeck.core.catalog import Catalog
from envdeck.core.inspection.packages.distributions import read_distributions
from envdeck.core.inspection.packages.requirements import MarkerHost, marker_environment
from envdeck.core.inspection.packages.site_packages import normalise
from envdeck.core.model import Python
from envdeck.core.project import Comparison, DriftKind
from envdeck.core.project.drift.compare import compare
from envdeck.core.project.locks.find import read_locks
from envdeck.core.project.locks.selection import select
from envdeck.core.project.project import read_project
from envdeck.core.system.host import Host

RECORDED = Path(__file__).parent / "recorded"
TOOLS = ("uv", "poetry", "poetry-1.8", "pdm", "pipenv", "pip-tools", "pylock")
CASES = [*((tool, state) for tool in TOOLS for state in ("fresh", "drifted")), ("uv", "groups")]

Answer = set[tuple[str, str, str]]
"""Kind, name and the version that is wanted, of each package."""


def installed(tool: str, state: str) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = json.loads(
        (RECORDED / tool / f"installed-{state}.json").read_text()
    )
    return rows


def answer(tool: str, state: str) -> Answer:
    """Return what the tool said it would do."""
    text = (RECORDED / tool / f"answer-{state}.txt").read_text()
    there = {normalise(str(row["name"])): str(row["version"]) for row in installed(tool, state)}
    wanted, gone = dict(_PARSERS[tool][0](text)), dict(_PARSERS[tool][1](text))
    found = {
        ("not-as-locked" if name in there else "missing", name, version)
        for name, version in wanted.items()
    }
    return found | {("unreachable", name, "") for name in gone.keys() - wanted.keys()}


def _rows(pattern: str) -> Callable[[str], Iterator[tuple[str, str]]]:
    """Return a function that finds `(name, version)` with this pattern, line by line."""

    def find(text: str) -> Iterator[tuple[str, str]]:
        for match in re.finditer(pattern, text, re.MULTILINE):
            named = match.groupdict()
            yield normalise(named["name"]), named.get("version") or ""

    return find


def _would_install(text: str) -> Iterator[tuple[str, str]]:
    for line in re.findall(r"^Would install (.*)$", text, re.MULTILINE):
        for word in line.split():
            name, _, version = word.rpartition("-")
            yield normalise(name), version


def _cleaned(text: str) -> Iterator[tuple[str, str]]:
    listed = text.partition("clean --dry-run\n")[2].partition("$")[0]
    yield from ((normalise(name), "") for name in listed.split())


_POETRY = (
    _rows(
        r"^  - (?:Installing|Updating|Downgrading) (?P<name>\S+) \((?:\S+ -> )?(?P<version>\S+)\)$"
    ),
    _rows(r"^  - Removing (?P<name>\S+)"),
)
_UV = (_rows(r"^ \+ (?P<name>\S+)==(?P<version>\S+)"), _rows(r"^ - (?P<name>\S+)=="))
_PARSERS = {
    "uv": _UV,
    "pylock": _UV,
    "poetry": _POETRY,
    "poetry-1.8": _POETRY,
    "declared": _UV,
    "pdm": (
        _rows(r"^  - (?P<name>\S+) (?:\S+ -> )?(?P<version>\S+)$(?=[\s\S]*^Packages to remove)"),
        _rows(r"^  - (?P<name>\S+) \S+$(?![\s\S]*^Packages to)"),
    ),
    "pipenv": (_would_install, _cleaned),
    "pip-tools": (_rows(r"^  (?P<name>\S+)==(?P<version>\S+)$"), _rows(r"^  (?P<name>[^=\s]+)$")),
}


class Project:
    """A recorded project, beside an environment made of the recording."""

    def __init__(self, folder: Path, catalog: Catalog, tool: str, state: str) -> None:
        self.folder, self.tool, self.rows = folder, tool, installed(tool, state)
        self.catalog = catalog
        site = next((folder / ".venv").glob("lib/python*/site-packages"))
        for row in self.rows:
            _write_distribution(site, row, folder)

    def compared(self) -> Comparison:
        found = self.catalog.lookup(str(self.folder / ".venv"))
        assert found is not None
        environment = replace(found, manager=self.tool.partition("-")[0])
        distributions = read_distributions(environment)
        assert len(distributions) == len(self.rows)
        return compare(read_project(str(self.folder)), environment, distributions)


def _write_distribution(site: Path, row: dict[str, object], folder: Path) -> None:
    info = site / f"{str(row['name']).replace('-', '_')}-{row['version']}.dist-info"
    info.mkdir()
    lines = ["Metadata-Version: 2.1", f"Name: {row['name']}", f"Version: {row['version']}"]
    for key, header in (("requires", "Requires-Dist"), ("extras", "Provides-Extra")):
        lines += [f"{header}: {value}" for value in row.get(key, [])]  # type: ignore[attr-defined]
    (info / "METADATA").write_text("\n".join([*lines, ""]))
    (info / "RECORD").write_text(f"{info.name}/METADATA,,\n")
    if "installer" in row:
        (info / "INSTALLER").write_text(f"{row['installer']}\n")
    if row["requested"]:
        (info / "REQUESTED").touch()
    if "direct_url" in row:
        text = json.dumps(row["direct_url"]).replace("/home/ada/shop", str(folder))
        (info / "direct_url.json").write_text(text)


@pytest.fixture
def project(
    home: Path, host: Host, make_venv: Callable[..., Path], tmp_path: Path
) -> Callable[[str, str], Project]:
    def make(tool: str, state: str) -> Project:
        folder = home / "shop"
        shutil.copytree(RECORDED / tool, folder, ignore=shutil.ignore_patterns("*.json", "e*.txt"))
        for name in ("show.txt", "check.txt", "command.txt", f"answer-{state}.txt"):
            (folder / name).unlink(missing_ok=True)
        make_venv(folder / ".venv")
        return Project(folder, Catalog(host, str(tmp_path / "index")), tool, state)

    return make


@pytest.mark.parametrize(("tool", "state"), CASES)
def test_drift_is_what_the_tool_says(
    project: Callable[[str, str], Project], tool: str, state: str
) -> None:
    said = answer(tool, state)
    assert bool(said) is (state != "fresh")
    found = project(tool, state).compared()
    assert {(one.kind.value, one.name, one.wanted) for one in found.drifts} == said
    assert found.unchecked == ()
    assert found.against


@pytest.mark.parametrize("state", ["fresh", "drifted"])
def test_drift_from_what_is_declared_is_what_an_install_would_mend(
    project: Callable[[str, str], Project], state: str
) -> None:
    found = project("declared", state).compared()
    said = {
        ("outside" if kind == "not-as-locked" else kind, name)
        for kind, name, _ in answer("declared", state)
    }
    # an installer takes nothing away that nobody asks for: that is ours alone to tell
    kinds = (DriftKind.MISSING, DriftKind.OUTSIDE, DriftKind.NOT_AS_LOCKED)
    assert {(one.kind.value, one.name) for one in found.drifts if one.kind in kinds} == said
    assert found.against == ""
    needed = [
        (one.name, one.wanted, one.installed) for one in found.drifts if one.wanted[:2] == ">="
    ]
    if state == "drifted":  # as `uv pip check` puts it, in check.txt
        assert ("idna", ">=2.5,<4", None) in needed
        assert ("urllib3", ">=1.26,<3", "1.20") in needed


def test_the_recordings_agree_with_each_other() -> None:
    check = (RECORDED / "uv" / "check.txt").read_text()
    wanted, gone = (dict(parse(check)) for parse in _UV)
    drifted = answer("uv", "drifted")
    assert wanted == {name: version for kind, name, version in drifted if kind != "unreachable"}
    assert gone.keys() - wanted.keys() == {
        name for kind, name, _ in drifted if kind == "unreachable"
    }
    assert check.endswith("exit 1\n")
    for tool in ("poetry", "poetry-1.8"):  # `(!)`: not installed
        lacking = re.findall(
            r"^(\S+) +\(!\)", (RECORDED / tool / "show.txt").read_text(), re.MULTILINE
        )
        assert set(lacking) == {
            name for kind, name, _ in answer(tool, "drifted") if kind == "missing"
        }


EXPORTS = [
    ("uv", "export", ("dev", "lint"), ("docs",)),
    ("uv", "export-groups", ("dev", "bench", "lint"), ("tables",)),
    ("poetry", "export", ("dev",), ("docs",)),
    ("poetry-1.8", "export", ("dev",), ("docs",)),
    ("pdm", "export", ("dev", "lint"), ("docs",)),
    ("pipenv", "export", ("dev",), ()),
]


@pytest.mark.parametrize(("tool", "name", "groups", "extras"), EXPORTS)
@pytest.mark.parametrize("platform", ["linux", "win32"])
def test_what_a_lock_file_has_is_what_its_tool_exports(
    tool: str, name: str, groups: tuple[str, ...], extras: tuple[str, ...], platform: str
) -> None:
    system = {"linux": "Linux", "win32": "Windows"}[platform]
    machine = MarkerHost(
        "posix" if platform == "linux" else "nt", platform, "x86_64", "6", system, ""
    )
    markers = marker_environment(Python("3.11.7", "cpython"), machine)
    [lock] = [one for one in read_locks(str(RECORDED / tool)) if one.format != "requirements"]
    found = select(lock, markers, groups, extras)
    assert found.problem == ""
    values = dict(markers.variables)
    exported = set()
    for line in (RECORDED / tool / f"{name}.txt").read_text().splitlines():
        if line and not line.startswith(("#", "-")):
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({**values, "extra": ""}):
                exported.add((normalise(requirement.name), str(requirement.specifier)))
    assert {
        (one.name, f"=={one.version}" if one.version else "") for one in found.packages
    } == exported


def test_nothing_of_where_they_were_recorded_is_in_them() -> None:
    for path in filter(Path.is_file, RECORDED.rglob("*")):
        text = path.read_text()
        for address in re.findall(r"https?://([^/\s\"']+)", text):
            assert address in ("index.example", "files.example"), path
        assert not re.search(r"(?<![\w.])/(?:tmp|root|opt|work|var)/", text), path
