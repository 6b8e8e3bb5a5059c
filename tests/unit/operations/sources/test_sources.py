"""Where an environment can be rebuilt from, and what each would change."""

import shutil
from pathlib import Path

from envdeck.core.inspection.packages.site_packages import normalise
from envdeck.core.model import Distribution, Environment, Identity, Python, Status
from envdeck.core.operations.recreate.options import SourceDifference, difference
from envdeck.core.operations.sources.offer import sources
from envdeck.core.operations.sources.source import InstallMethod, PackageSource, Parts, SourceName

LOCKS = Path(__file__).parents[2] / "project" / "locks"
PYTHON = Python("3.12.1", "cpython")
ENVIRONMENT = Environment("/p/.venv", Identity(1, 2), ".venv", "venv", Status.BROKEN, python=PYTHON)
EXACT = (("Idna", "3.19", "idna==3.19"), ("pip", "26.0", "pip==26.0"))


def installed(*pins: str, requires: dict[str, tuple[str, ...]] | None = None) -> list[Distribution]:
    found = []
    for pin in pins:
        name, _, version = pin.partition("==")
        needs = (requires or {}).get(name, ())
        found.append(Distribution(normalise(name), name, version, "/x", requires=needs))
    return found


def project(tmp_path: Path, *names: str) -> str:
    folder = tmp_path / "my [app]"
    folder.mkdir()
    for name in names:
        shutil.copy(LOCKS / name, folder)
    return str(folder)


def named(found: tuple[PackageSource, ...], file: str) -> PackageSource:
    return next(one for one in found if one.file is not None and one.file.endswith(file))


def test_all_sources_in_the_order_of_the_contract(tmp_path: Path) -> None:
    folder = project(
        tmp_path, "pyproject.toml", "uv.lock", "poetry.lock", "pdm.lock", "pylock.toml"
    )
    extra = tmp_path / "other.txt"
    extra.write_text("idna>=3\n")
    found = sources(ENVIRONMENT, folder, exact=EXACT, file=str(extra))
    assert [(one.name.value, one.title, one.how.value) for one in found] == [
        ("exact", "current packages, exact versions", "pins"),
        ("lock", "uv.lock", "uv-sync"),
        ("lock", "pylock.toml", "pins"),
        ("lock", "poetry.lock", "pins"),
        ("lock", "pdm.lock", "pins"),
        ("declared", "pyproject.toml", "resolve"),
        ("file", "other.txt", "resolve"),
    ]
    assert [one.problem for one in found] == [""] * 7
    assert found[0].requirements == ("idna==3.19", "pip==26.0")


def test_default_groups_are_those_of_the_tool_that_wrote_the_lock(tmp_path: Path) -> None:
    folder = project(tmp_path, "pyproject.toml", "uv.lock", "poetry.lock", "pdm.lock")
    found = sources(ENVIRONMENT, folder)
    assert named(found, "uv.lock").groups == ("dev",)
    assert set(named(found, "poetry.lock").groups) == {"dev", "docs"}
    assert set(named(found, "pdm.lock").groups) == {"dev", "docs"}
    assert named(found, "pyproject.toml").groups == ("dev",)
    for one in sources(ENVIRONMENT, folder, parts=Parts.choose((), ("Net",)))[1:]:
        names = {name for name, _ in one.expected} - {"demo"}
        assert names == {"idna", "certifi"}, one.title


def test_the_project_itself_stays_in_place_where_it_is_so_now(tmp_path: Path) -> None:
    folder = project(tmp_path, "pyproject.toml", "poetry.lock", "uv.lock")
    Path(folder, "demo").mkdir()
    url = Path(folder).as_uri()
    here = Distribution("demo", "demo", "0.1", "/x", editable=True, origin=url)
    found = sources(ENVIRONMENT, folder, distributions=[here])
    assert named(found, "poetry.lock").requirements[-1] == f"-e {url}"
    assert named(found, "pyproject.toml").requirements[-1] == f"-e {url}"
    found = sources(ENVIRONMENT, folder)
    assert not named(found, "poetry.lock").install_project
    assert not any(line.startswith("-e") for line in named(found, "pyproject.toml").requirements)
    assert named(found, "uv.lock").install_project  # as `uv sync` does
    found = sources(None, folder, python=PYTHON)  # made anew: it has a build system
    assert named(found, "poetry.lock").install_project
    assert named(found, "pyproject.toml").install_project


def test_hashes_stand_at_each_pin(tmp_path: Path) -> None:
    found = named(sources(ENVIRONMENT, project(tmp_path, "pylock.toml")), "pylock.toml")
    assert found.hashes
    assert all(" --hash=sha256:" in line for line in found.requirements)
    assert found.constraints == ()


def test_what_cannot_be_used_says_why(tmp_path: Path) -> None:
    folder = project(tmp_path, "pylock.toml")
    Path(folder, "uv.lock").write_text("version = 1\n[[package\n")
    Path(folder, "requirements.txt").write_text("idna\n-r gone.txt\n")
    found = sources(ENVIRONMENT, folder, python=Python("3.8.1"))
    assert named(found, "uv.lock").problem.startswith("uv.lock: line 2: is not TOML")
    assert "for Python >=3.9, not 3.8" in named(found, "pylock.toml").problem
    assert named(found, "requirements.txt").problem.startswith("requirements.txt:2: ")
    assert not any(one.usable for one in found[1:])
    unknown = sources(ENVIRONMENT, folder, python=Python())
    assert "interpreter version unknown" in named(unknown, "pylock.toml").problem


def test_a_project_that_says_nothing(tmp_path: Path) -> None:
    found = sources(ENVIRONMENT, str(tmp_path), exact=EXACT)
    assert [(one.name, bool(one.problem)) for one in found] == [
        (SourceName.EXACT, False), (SourceName.LOCK, True), (SourceName.DECLARED, True),
    ]  # fmt: skip
    assert sources(None, None) == ()


def test_markers_and_options_of_what_is_declared(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text(
        "--index-url https://u:secret@index.example/simple\n-c limits.txt\n"
        "idna\ntomli ; python_version < '3.11'\n"
    )
    (tmp_path / "limits.txt").write_text("idna<4\n")
    found = named(sources(ENVIRONMENT, str(tmp_path)), "requirements.txt")
    assert found.requirements == ("--index-url https://u:secret@index.example/simple", "idna")
    assert found.constraints == ("idna<4",)
    assert "secret" not in repr(found)
    older = named(sources(ENVIRONMENT, str(tmp_path), python=Python("3.9.1")), "requirements.txt")
    assert older.requirements[-1] == "tomli ; python_version < '3.11'"


def test_a_folder_that_is_gone_is_said_before(tmp_path: Path) -> None:
    (tmp_path / "pylock.toml").write_text(
        'lock-version = "1.0"\n[[packages]]\nname = "a"\ndirectory = {path = "gone dir"}\n'
    )
    found = named(sources(ENVIRONMENT, str(tmp_path)), "pylock.toml")
    assert found.problem == "a is locked to a folder or file that does not exist"


def test_difference_to_pins(tmp_path: Path) -> None:
    found = named(sources(ENVIRONMENT, project(tmp_path, "uv.lock")), "uv.lock")
    now = installed("Idna==3.19", "iniconfig==2.3.1", "left==1.0", "pip==26.0")
    assert difference(found, now) == SourceDifference(
        added=(("demo", "0.1.0"),),
        removed=(("left", "1.0"),),
        changed=(("idna", "3.19", "3.20"),),
        same=1,
    )


def test_versions_written_otherwise_are_the_same_and_local_ones_are_not() -> None:
    found = PackageSource(
        name=SourceName.EXACT, title="", how=InstallMethod.PINS,
        expected=(("a", "1.0"), ("b", "1.0"), ("c", "odd"), ("d", None)),
    )  # fmt: skip
    told = difference(found, installed("a==1", "b==1.0+cpu", "c==odd", "d==2"))
    assert told.changed == (("b", "1.0+cpu", "1.0"),)
    assert told.same == 3


def test_difference_to_what_is_declared_is_only_what_can_be_told(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("app>=2\nweb\nnew[x]==1.0\n")
    found = named(sources(ENVIRONMENT, str(tmp_path)), "requirements.txt")
    now = installed(
        "app==1.0", "web==1", "deep==1", "left==3", "setuptools==80",
        requires={"web": ("deep",), "deep": ("web",), "left": ("app",)},
    )  # fmt: skip
    assert difference(found, now) == SourceDifference(
        added=(("new", None),),
        removed=(("left", "3"),),
        changed=(("app", "1.0", None),),
        same=3,
        resolved=False,
    )
