"""Manager and project where the setting that sent an environment somewhere is not in force here,
and where a project is named through a link."""

import json
import sys
from dataclasses import replace

import pytest

from envdeck.core.catalog import Catalog, Scope
from envdeck.core.discovery.managers.base import encode, short_hash
from envdeck.core.discovery.managers.hatch import Hatch
from envdeck.core.discovery.managers.pdm import Pdm
from envdeck.core.discovery.managers.pipenv import Pipenv
from envdeck.core.discovery.managers.poetry import Poetry
from envdeck.core.model import Found, ProjectState, Status

MINOR = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture
def catalog(host, tmp_path):
    return Catalog(host, str(tmp_path / "cache" / "index.sqlite3"))


@pytest.fixture
def look(catalog):
    """Return a function that scans, and looks each environment up by itself: both must agree."""

    def scan():
        events = catalog.scan(Scope(sizes=False, interpreters=False))
        met = {one.environment.path: one.environment for one in events if type(one) is Found}
        for path, environment in met.items():
            alone = catalog.lookup(path)
            assert (alone.manager, alone.project) == (environment.manager, environment.project)
        return met

    return scan


@pytest.fixture
def virtual():
    """Return a function that lays out an environment."""

    def lay_out(path, **cfg):
        (path / f"lib/python{MINOR}/site-packages").mkdir(parents=True)
        (path / "bin").mkdir()
        (path / "bin/python").symlink_to(sys.executable)
        lines = {"home": f"{sys.base_prefix}/bin", "virtualenv": "20.31", **cfg}
        lines["include-system-site-packages"] = "false"
        text = "".join(f"{key} = {value}\n" for key, value in lines.items())
        (path / "pyvenv.cfg").write_text(text)
        return path

    return lay_out


@pytest.fixture
def project(home, write):
    write(home / "work/blog/pyproject.toml", "[project]\nname = 'blog'\n")
    write(home / "work/blog/Pipfile")
    return home / "work/blog"


@pytest.mark.parametrize(
    ("tool", "place"),
    [
        (Poetry, "elsewhere/blog-{hash}-py3.11"),
        (Pipenv, "elsewhere/blog-{hash}"),
        (Pdm, "elsewhere/{hash}-3.11"),
        (Pdm, "elsewhere/{hash}-docs"),
        (Hatch, "elsewhere/blog/{hash}/blog"),
        (Hatch, "work/blog/.environments/{hash}/test"),
    ],
)
@pytest.mark.parametrize("creator", ["virtualenv", "uv"])
def test_a_hash_of_a_project_that_is_met_tells_tool_and_project(
    home, host, look, virtual, project, tool, place, creator
):
    (hashed,) = list(tool(host).project_names(str(project)))[:1]
    path = virtual(home / place.format(hash=hashed), **{creator: "1.0"})
    if creator == "uv":
        cfg = (path / "pyvenv.cfg").read_text()
        (path / "pyvenv.cfg").write_text(cfg.replace("virtualenv = 20.31\n", ""))
    for _ in range(2):  # once read, once remembered
        found = look()[str(path)]
        assert (found.manager, found.project.path) == (tool.name, str(project))
        assert found.project.state is ProjectState.FOUND


@pytest.mark.parametrize(
    ("name", "prompt", "manager"),
    [
        ("blog-AAAAAAAA-py3.11", "blog-py3.11", "poetry"),
        ("blog-AAAAAAAA-3.11", "blog-3.11", "pdm"),
        ("blog-AAAAAAAA-py3.11", "other", "virtualenv"),
        ("blog-AAAAAAAA-3.11", "other", "virtualenv"),
        ("blog-py3.11", "blog-py3.11", "virtualenv"),
    ],
)
def test_name_and_prompt_together_tell_the_tool_of_a_project_that_is_not_met(
    home, look, virtual, name, prompt, manager
):
    path = virtual(home / "elsewhere" / name, prompt=prompt)
    assert look()[str(path)].manager == manager


@pytest.mark.parametrize("creator", ["venv", "virtualenv", "uv"])
@pytest.mark.parametrize("gone", [False, True])
def test_a_project_file_counts_whoever_made_the_environment(
    home, look, make_venv, project, creator, gone
):
    path = make_venv(home / "elsewhere/custom", creator=creator)
    named = home / "work/gone" if gone else project
    (path / ".project").write_text(f"{named}\n")
    found = look()[str(path)].project
    assert found.path == str(named)
    assert found.state is (ProjectState.GONE if gone else ProjectState.FOUND)


@pytest.mark.parametrize("manifest", ["Pipfile", "setup.py"])
def test_a_custom_name_is_pipenvs_where_the_project_has_a_pipfile(
    home, look, virtual, write, manifest
):
    write(home / "work/shop" / manifest)
    path = virtual(home / "elsewhere/custom")
    (path / ".project").write_text(str(home / "work/shop"))
    expected = "pipenv" if manifest == "Pipfile" else "virtualenvwrapper"
    assert look()[str(path)].manager == expected


def test_an_unlucky_name_is_nobodys_hash(home, look, virtual, project):
    path = virtual(home / "elsewhere/my-projects")
    assert look()[str(path)].manager == "virtualenv"
    assert look()[str(path)].project.state is ProjectState.NONE


@pytest.fixture
def linked(home, project):
    """Return the project by the name that the shell has for it."""
    (home / "code").symlink_to(home / "work")
    return home / "code/blog"


def test_a_project_file_that_goes_through_a_link(home, look, virtual, project, linked):
    path = virtual(home / "elsewhere/custom")
    (path / ".project").write_text(str(linked))
    assert look()[str(path)].project.path == str(project)


def test_an_editable_install_that_goes_through_a_link(home, look, virtual, write, project, linked):
    path = virtual(home / "elsewhere/custom")
    site = path / f"lib/python{MINOR}/site-packages"
    record = {"url": f"file://{linked}", "dir_info": {"editable": True}}
    write(site / "blog-1.dist-info/direct_url.json", json.dumps(record))
    assert look()[str(path)].project.path == str(project)


def test_a_pixi_manifest_that_goes_through_a_link(home, look, write, project, linked):
    meta = home / "elsewhere/envs/default/conda-meta"
    write(meta / "pixi", json.dumps({"manifest_path": f"{linked}/pyproject.toml"}))
    assert look()[str(meta.parent)].project.path == str(project)


def test_a_link_that_was_asked_for_by_another_link(home, catalog, virtual, project, linked):
    path = virtual(home / "elsewhere/custom")
    (project / ".venv").symlink_to(path)
    assert catalog.lookup(str(linked / ".venv")).project.path == str(project)


def test_a_gone_project_has_its_real_path_too(home, look, virtual, project, linked):
    path = virtual(home / "elsewhere/custom")
    (path / ".project").write_text(str(home / "code/gone"))
    found = look()[str(path)].project
    assert (found.state, found.path) == (ProjectState.GONE, str(home / "work/gone"))


@pytest.fixture
def install(home, virtual, write):
    """Return a function that makes an environment with projects installed in place."""

    def make(*projects):
        path = virtual(home / "elsewhere/custom")
        site = path / f"lib/python{MINOR}/site-packages"
        for number, project in enumerate(projects):
            record = {"url": f"file://{project}", "dir_info": {"editable": True}}
            write(site / f"p{number}-1.dist-info/direct_url.json", json.dumps(record))
            write(project / "pyproject.toml", "[project]\n")
        return str(path)

    return make


@pytest.mark.parametrize("tool", ["uv", "rye"])
@pytest.mark.parametrize(
    "members", ['["packages/*"]', '["packages/a", "./packages/b/"]', '["**"]', '["*/[ab]"]']
)
def test_a_workspace_is_the_project_of_its_members(home, look, install, write, tool, members):
    path = install(home / "mono/packages/a", home / "mono/packages/b")
    write(home / "mono/pyproject.toml", f"[tool.{tool}.workspace]\nmembers = {members}\n")
    assert look()[path].project.path == str(home / "mono")


def test_the_root_of_a_workspace_may_be_installed_too(home, look, install, write):
    path = install(home / "mono/packages/a", home / "mono")
    write(home / "mono/pyproject.toml", '[tool.uv.workspace]\nmembers = ["packages/*"]\n')
    assert look()[path].project.path == str(home / "mono")


@pytest.mark.parametrize(
    "workspace",
    [
        "",
        '[tool.uv.workspace]\nmembers = ["other/*"]\n',
        '[tool.uv.workspace]\nmembers = ["*"]\n',
        '[tool.uv.workspace]\nmembers = ["packages/*"]\nexclude = ["packages/b"]\n',
        '[tool.uv.workspace]\nmembers = "packages/*"\n',
        "[tool.uv]\nworkspace = 3\n",
    ],
)
def test_several_that_no_workspace_has_are_said_to_be_several(
    home, look, install, write, workspace
):
    path = install(home / "mono/packages/a", home / "mono/packages/b")
    write(home / "mono/pyproject.toml", workspace)
    found = look()[path].project
    assert (found.state, found.path) == (ProjectState.NONE, None)
    assert found.source == "several are installed in place: p0, p1"


def test_of_several_the_one_whose_name_the_environment_has(home, look, install):
    path = install(home / "one", home / "two")
    renamed = path.replace("custom", "p1-env")
    (home / "elsewhere/custom").rename(renamed)
    assert look()[renamed].project.path == str(home / "two")


def test_another_system_sees_the_same(host, home, virtual, project, tmp_path):
    virtual(home / "elsewhere/custom")
    there = Catalog(replace(host, platform="darwin"), str(tmp_path / "other.sqlite3"))
    assert there.lookup(str(home / "elsewhere/custom")).manager == "virtualenv"


@pytest.mark.parametrize(
    ("place", "manager", "variable"),
    [
        (".local/share/pypoetry/venv", "poetry", None),
        ("opt/poetry/venv", "poetry", ("POETRY_HOME", "opt/poetry")),
        (".local/share/pdm-venv", "pdm", None),
        ("opt/pdm", "pdm", ("PDM_HOME", "opt/pdm")),
    ],
)
def test_what_a_tools_installer_made_is_the_tools(
    home, host, tmp_path, virtual, place, manager, variable
):
    path = virtual(home / place)
    environ = {variable[0]: str(home / variable[1])} if variable else {}
    there = Catalog(replace(host, environ=environ), str(tmp_path / "own.sqlite3"))
    found = there.lookup(str(path))
    assert found.manager == manager
    assert found.protected == f"owned-by-tool: {manager} itself is installed in it"
    assert found.project.state is ProjectState.NONE


@pytest.mark.parametrize("cellar", [".linuxbrew/Cellar", "opt/brew/Cellar"])
@pytest.mark.parametrize("receipt", [True, False])
def test_a_formula_of_homebrew_wherever_it_is(home, catalog, virtual, write, cellar, receipt):
    keg = home / cellar / "httpie/3.2.4"
    path = virtual(keg / "libexec")
    if receipt:
        write(keg / "INSTALL_RECEIPT.json", "{}")
    expected = "protected-path: belongs to a Homebrew formula" if receipt else None
    assert catalog.lookup(str(path)).protected == expected


# Reports of other tools' users: what they met is told apart here


def test_a_base_that_went_is_not_made_up_for_by_another_entry(home, look, virtual):
    """A distribution's upgrade adds `python3.13` and leaves `python` on what it removed."""
    path = virtual(home / ".local/share/pipx/venvs/waymore", version="3.12.1")
    (path / "pipx_metadata.json").write_text("{}")
    (path / "bin/python").unlink()
    (path / "bin/python").symlink_to("python3.12")
    (path / "bin/python3.12").symlink_to("/gone/python3.12")
    (path / "bin/python3.13").symlink_to(sys.executable)
    found = look()[str(path)]
    assert (found.manager, found.status) == ("pipx", Status.BROKEN)
    assert found.reason == "base interpreter not found: /gone/python3.12"


def test_poetry_names_by_the_package_or_by_the_folder(home, look, virtual, write):
    folder = home / "work/inference-image"
    write(folder / "pyproject.toml", '[tool.poetry]\nname = "Rule_Detection"\n')
    digest = short_hash(encode(str(folder)))
    store = home / ".cache/pypoetry/virtualenvs"
    for name in ("rule-detection", "inference-image"):
        path = virtual(store / f"{name}-{digest}-py{MINOR}")
        assert look()[str(path)].project.path == str(folder)


def test_a_version_file_that_names_an_environment_and_a_version(home, look, virtual, write):
    versions = home / ".pyenv/versions"
    path = virtual(versions / "3.11.7/envs/hpc")
    (versions / "hpc").symlink_to(path)
    write(home / "work/cluster/.python-version", "hpc 3.12\n")
    found = look()[str(path)]
    assert (found.manager, found.name) == ("pyenv", "hpc")
    assert found.links == (str(versions / "hpc"),)
    assert found.project.path == str(home / "work/cluster")


@pytest.mark.parametrize("place", ["mono/a/b/c/d/venv", "-rf/.venv", "we ird=\n[1]/.venv"])
def test_deep_and_strange_places(home, look, virtual, place):
    path = virtual(home / "work" / place)
    assert look()[str(path)].status is Status.OK


def test_a_cfg_as_an_editor_on_windows_saves_it(home, look, virtual):
    path = virtual(home / "work/.venv")
    cfg = path / "pyvenv.cfg"
    key = "include-system-site-packages"
    text = cfg.read_text().replace(f"{key} = false", f"{key.title()} = TRUE  ")
    cfg.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    found = look()[str(path)]
    assert (found.status, found.creation.system_site_packages) == (Status.OK, True)
