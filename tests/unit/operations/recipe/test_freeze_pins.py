"""Every way to install a package, by the real installers, read back as what it was."""

import os
import shutil
from pathlib import Path

import pytest

from envdeck.core.operations.recipe.freeze import freeze, read_origin
from envdeck.core.operations.recipe.recipe import PinKind
from envdeck.core.operations.recipe.verify import prove


@pytest.mark.parametrize("creator", ["venv", "uv"])
def test_each_kind_of_install_comes_back_as_what_it_was(creator, tmp_path, make_venv, tools):
    wheels = tmp_path / "my wheels"
    tools.build_wheel(wheels, "from-index", "1.0+cpu", {"from_index.py": b""})
    local = tools.build_wheel(wheels / "apart", "local", "2.0", {"local.py": b"a = 1\n"})
    project = tools.make_project(tmp_path / "a project")
    first = make_venv(tmp_path / "one" / "env", creator=creator)
    install = tools.install[creator]
    install(first, "--find-links", wheels, "from-index", local, "-e", project)

    recipe = freeze(tools.inspect(first))
    pins = {pin.name: pin for pin in recipe.pins}

    assert {name: pin.kind for name, pin in pins.items()} == {
        "from-index": PinKind.INDEX,
        "local": PinKind.ARCHIVE,
        "placed": PinKind.EDITABLE,
    }
    assert pins["from-index"].requirement == "from-index==1.0+cpu"
    assert pins["from-index"].local
    assert pins["local"].source == str(local)
    assert pins["placed"].requirement == f"-e {project.as_uri()}"
    assert {pin.installer for pin in recipe.pins} == {"uv" if creator == "uv" else "pip"}
    assert [pin.problem + pin.obstacle for pin in recipe.pins] == ["", "", ""]
    lines = tmp_path / "requirements.txt"
    lines.write_text(recipe.requirements())
    second = make_venv(tmp_path / "two", creator="uv")
    tools.uv(second, "--find-links", wheels, "-r", lines)
    assert prove(recipe, tools.inspect(second)).whole


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
@pytest.mark.parametrize("creator", ["venv", "uv"])
def test_a_checkout_comes_back_at_its_commit(creator, tmp_path, make_venv, tools):
    repository = tmp_path / "a repository"
    commit = tools.make_repository(repository)
    first = make_venv(tmp_path / "one", creator=creator)
    tools.install[creator](first, f"placed @ git+{repository.as_uri()}")
    recipe = freeze(tools.inspect(first))
    (pin,) = recipe.pins
    assert pin.kind is PinKind.VCS
    assert pin.requirement == f"placed @ git+{repository.as_uri()}@{commit}"
    lines = tmp_path / "requirements.txt"
    lines.write_text(recipe.requirements())
    second = make_venv(tmp_path / "two", creator="uv")
    tools.uv(second, "-r", lines)
    assert prove(recipe, tools.inspect(second)).whole
    repository.rename(tmp_path / "elsewhere")
    (pin,) = freeze(tools.inspect(first)).pins
    assert pin.obstacle == f"repository {repository} does not exist"


def test_what_is_gone_or_changed_is_told_before_anything_is_done(tmp_path, make_venv, tools):
    wheel = tools.build_wheel(tmp_path / "wheels", "local", "2.0", {"local.py": b"a = 1\n"})
    project = tools.make_project(tmp_path / "project")
    path = make_venv(tmp_path / "env")
    tools.pip(path, wheel, "-e", project)
    tools.build_wheel(tmp_path / "wheels", "local", "2.0", {"local.py": b"a = 2\n"})
    project.joinpath("pyproject.toml").unlink()
    local, placed = freeze(tools.inspect(path)).pins
    assert local.obstacle == f"archive {wheel} differs from the installed one"
    assert placed.obstacle == f"project {project} has no pyproject.toml or setup.py"
    wheel.unlink()
    shutil.rmtree(project)
    recipe = freeze(tools.inspect(path))
    assert [pin.obstacle for pin in recipe.pins] == [
        f"archive {wheel} does not exist",
        f"project {project} does not exist",
    ]
    assert recipe.requirements() == ""
    assert len(recipe.freeze_lines()) == 2
    quick = freeze(tools.inspect(path), quick=True)
    assert quick.freeze_lines() == recipe.freeze_lines()
    assert [pin.rows for pin in quick.pins] == ["", ""]


def by_hand(folder: Path, python: str = "3.12") -> Path:
    """A broken environment: its interpreter leads nowhere."""
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to("/nowhere/python3.12")
    (folder / "pyvenv.cfg").write_text("home = /nowhere\nversion = 3.12.1\n")
    site = folder / "lib" / f"python{python}" / "site-packages"
    site.mkdir(parents=True)
    return site


def put(site: Path, stem: str, **files: bytes) -> Path:
    info = site / f"{stem}.dist-info"
    info.mkdir()
    name, version = stem.rsplit("-", 1)
    files.setdefault("METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    for name, data in files.items():
        if data is not None:
            data = data if isinstance(data, bytes) else data.encode()
            (info / name.replace("_json", ".json")).write_bytes(data)
    return info


def test_a_broken_environment_loses_no_row(tmp_path, tools):
    site = by_hand(tmp_path / "env")
    put(site, "double-1.0", RECORD=b"double.py,sha256=x,4\n")
    put(site, "double-2.0", RECORD=b"double.py,sha256=x,9\n")
    (site / "double.py").write_bytes(b"four")
    put(site, "bare-3.0", METADATA=None)
    put(site, "pip-26.0", RECORD=b"", REQUESTED=b"", INSTALLER=b"uv")
    put(site, "odd-1.0 beta", RECORD=b"")
    (site / "worse\n-r x-1.dist-info").mkdir()
    (site / "~ip").mkdir()
    (site / "linked.egg-link").write_text(f"{tmp_path}/dev\n.\n")
    (tmp_path / "dev" / "linked.egg-info").mkdir(parents=True)
    (tmp_path / "dev" / "setup.py").touch()

    recipe = freeze(tools.inspect(tmp_path / "env"))

    assert recipe.python == "3.12.1"
    assert [(pin.name, pin.version) for pin in recipe.pins] == [
        ("bare", "3.0"),
        ("double", "1.0"),
        ("double", "2.0"),
        ("linked", ""),
        ("odd", "1.0 beta"),
        ("pip", "26.0"),
        ("worse\n-r x", "1"),
    ]
    assert [line for line in recipe.freeze_lines() if "\n" in line] == []
    assert "worse" not in recipe.requirements()
    pins = {(pin.name, pin.version): pin for pin in recipe.pins}
    assert "has no METADATA" in pins["bare", "3.0"].problem
    assert "RECORD" in pins["bare", "3.0"].problem
    assert pins["bare", "3.0"].requirement == "bare==3.0"
    assert pins["double", "2.0"].superseded
    assert not pins["double", "1.0"].superseded
    assert "more than once" in pins["double", "1.0"].problem
    assert pins["linked", ""].requirement == f"-e file://{tmp_path}/dev"
    assert pins["odd", "1.0 beta"].obstacle == "metadata has no name or version"
    assert pins["pip", "26.0"].seed
    assert pins["pip", "26.0"].requested
    assert [os.path.basename(path) for path in recipe.leftovers] == ["~ip"]
    assert recipe.problems == ("1 leftovers of an interrupted pip skipped: ~ip",)


def test_the_project_of_an_editable_without_an_origin_is_found(tmp_path, tools):
    site = by_hand(tmp_path / "env")
    project = tools.make_project(tmp_path / "it's")
    (project / "src").mkdir()
    put(site, "a-1", RECORD=b"__editable__.a-1.pth,sha256=x,1\n")
    (site / "__editable__.a-1.pth").write_text(f"{project}/src\n")
    put(site, "b-1", RECORD=b"__editable___b_1_finder.py,sha256=x,1\n")
    mapping = {"b": f"{project}/src/b"}
    (site / "__editable___b_1_finder.py").write_text(f"MAPPING: dict[str, str] = {mapping!r}\n")
    put(site, "c-1", RECORD=b"__editable__.c-1.pth,sha256=x,1\n")
    (site / "__editable__.c-1.pth").write_text("/nowhere/src\n")
    pins = freeze(tools.inspect(tmp_path / "env")).pins
    assert [pin.requirement for pin in pins[:2]] == [f"-e {project.as_uri()}"] * 2
    assert pins[2].obstacle == "project /nowhere/src does not exist"


SECRET = "hunter22"


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (
            '{"url": "https://ada:hunter22@index.example/a-1.tar.gz",'
            ' "archive_info": {"hash": "sha256=' + "a" * 64 + '"}, "subdirectory": "sub dir"}',
            "a @ https://ada:hunter22@index.example/a-1.tar.gz#subdirectory=sub%20dir&sha256="
            + "a" * 64,
        ),
        (
            """{"url": "https://${TOKEN}@index.example/${HOME}/a.git",
            "vcs_info": {"vcs": "git", "commit_id": "abc"}}""",
            "a @ git+https://${TOKEN}@index.example/%24{HOME}/a.git@abc",
        ),
        (
            r"""{"url": "https://x.example/a.whl\n--index-url https://evil.example",
            "archive_info": {}}""",
            "a @ https://x.example/a.whl%0A--index-url%20https://evil.example",
        ),
    ],
)
def test_a_url_is_kept_whole_in_memory_and_shown_masked(content, line, tmp_path, tools):
    site = by_hand(tmp_path / "env")
    put(site, "a-1", RECORD=b"", direct_url_json=content.encode())
    recipe = freeze(tools.inspect(tmp_path / "env"))
    assert recipe.pins[0].requirement == line
    assert recipe.requirements() == f"{line}\n"
    for public in (repr(recipe), *recipe.freeze_lines(), recipe.pins[0].problem):
        assert SECRET not in public


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"[]",
        b'{"url": ""}',
        b'{"url": 3, "dir_info": {}}',
        b'{"url": "https://x.example/a", "dir_info": {}}',
        b'{"url": "https://x.example/a", "vcs_info": {"vcs": "git"}}',
        b'{"url": "https://x.example/a", "vcs_info": {"vcs": "git", "commit_id": "a b"}}',
        b'{"url": "https://x.example/a", "vcs_info": {"vcs": ["git"], "commit_id": "a"}}',
        b'{"url": "https://x.example/a"}',
    ],
)
def test_an_origin_that_cannot_be_read_is_not_taken_for_the_index(content, tmp_path, tools):
    assert isinstance(read_origin(content), str)
    site = by_hand(tmp_path / "env")
    put(site, "a-1", RECORD=b"", direct_url_json=content)
    recipe = freeze(tools.inspect(tmp_path / "env"))
    assert recipe.pins[0].obstacle
    assert recipe.requirements() == ""
