"""What a look leaves out, or is led to in vain, is said with the way to include it."""

import sys

import pytest

from envdeck.core.catalog import Catalog, Scope
from envdeck.core.model import Finished, Found, FoundInterpreter, Unreadable
from envdeck.core.system import reach

OUT = "links that lead out of the folders that are searched are not followed"
OTHERS = "caches and other programs' own folders are not searched"


@pytest.fixture
def look(host, tmp_path):
    """Return a function that scans: what was found, and what was left out with its reason."""
    catalog = Catalog(host, str(tmp_path / "cache" / "index.sqlite3"))

    def scan(*roots, **options):
        events = list(catalog.scan(Scope(roots, sizes=False, interpreters=False, **options)))
        (finished,) = (one for one in events if type(one) is Finished)
        unread = {one.path for one in events if type(one) is Unreadable}
        assert unread <= {one.path for one in finished.not_looked_at}
        found = {one.environment.path: one.environment for one in events if type(one) is Found}
        return found, {one.path: (one.reason, one.hint) for one in finished.not_looked_at}

    return scan


@pytest.fixture
def make():
    def environment(path):
        (path / "lib/python3.12/site-packages").mkdir(parents=True)
        (path / "bin").mkdir()
        (path / "bin/python").symlink_to(sys.executable)
        (path / "pyvenv.cfg").write_text(f"home = {sys.base_prefix}/bin\n")
        return path

    return environment


def test_nothing_is_said_where_nothing_is_left_out(home, look, make):
    make(home / "work/api/.venv")
    (home / "code").symlink_to(home / "work")
    assert look()[1] == {}


def test_a_link_out_of_the_roots(home, tmp_path, look, make):
    inner = make(tmp_path / "disk/work/api/.venv")
    (home / "work").symlink_to(tmp_path / "disk/work")
    found, left = look()
    assert (found, left) == (
        {},
        {str(home / "work"): (OUT, f"envdeck list {tmp_path}/disk/work")},
    )
    assert set(look(str(tmp_path / "disk/work"))[0]) == {str(inner)}


def test_links_to_files_and_into_the_system_are_nothing_to_say(home, host, tmp_path, look):
    (tmp_path / "file").touch()
    (tmp_path / "system/usr/share").mkdir(parents=True)
    (home / "file").symlink_to(tmp_path / "file")
    (home / "share").symlink_to(tmp_path / "system/usr/share")
    (home / "loop").symlink_to("loop")
    (home / "gone").symlink_to("/nowhere/at/all")
    assert look()[1] == {}


@pytest.mark.parametrize("folder", [".cache", ".var/app", ".vscode-server", ".local/share/Trash"])
def test_folders_of_caches_and_programs(home, look, make, folder):
    inner = make(home / folder / "x/venv")
    found, left = look()
    assert found == {}
    assert left == {str(home / folder): (OTHERS, f"envdeck list {home}/{folder}")}
    assert set(look(str(home / folder))[0]) == {str(inner)}


def test_what_a_person_excludes_is_not_told_again(home, look):
    (home / ".cache").mkdir()
    assert look(exclude=("~/.cache",))[1] == {}


def test_what_is_not_below_the_roots_is_no_concern(home, look):
    (home / ".cache").mkdir()
    (home / "work").mkdir()
    assert look(str(home / "work"))[1] == {}


@pytest.mark.parametrize("name", [".Trash-1000", ".Trash-0", ".Trash-4711"])
def test_no_trash_holds_anybodys_environment(home, look, make, name):
    make(home / name / "files/.venv")
    assert look()[0] == {}
    assert look(str(home / name))[0] != {}


@pytest.mark.parametrize("name", [".venv", "venv", "env"])
def test_a_link_to_an_environment_that_is_gone(home, look, name):
    (home / "my api").mkdir()
    (home / "my api" / name).symlink_to("../gone/env")
    reason = f"dangling link: {home}/gone/env does not exist"
    hint = f"rm '{home}/my api/{name}' && envdeck create '{home}/my api'"
    assert look()[1] == {str(home / "my api" / name): (reason, hint)}


@pytest.fixture
def share(host, home, tmp_path):
    """Return a folder that the mount table calls a share."""
    table = tmp_path / "system/proc/self/mountinfo"
    table.parent.mkdir(parents=True)
    table.write_text(f"1 0 8:1 / / rw - ext4 d rw\n2 1 0:40 / {tmp_path}/nas rw - nfs4 x rw\n")
    (tmp_path / "nas").mkdir()
    yield tmp_path / "nas"
    table.unlink()
    reach.bar_network(host)


@pytest.mark.parametrize("name", [".venv", "venv", "env", "work"])
def test_a_link_onto_a_share_is_told_once(home, look, make, share, name):
    make(share / "envs/api")
    (home / "my api").mkdir()
    (home / "my api" / name).symlink_to(share / "envs/api")
    reason = f"skipped: on a network disk (nfs4, {share})"
    hint = f"envdeck list '{home}/my api/{name}'"
    assert look() == ({}, {str(home / "my api" / name): (reason, hint)})
    assert set(look(str(home / "my api" / name))[0]) == {str(share / "envs/api")}


def test_what_files_name_on_a_share_is_told_once(home, look, make, share):
    for name in ("a", "b"):
        make(share / "envs" / name)
        (home / name).mkdir()
        (home / name / ".venv").write_text(f"{share}/envs/{name}\n")
    (home / ".conda").mkdir()
    (home / ".conda/environments.txt").write_text(f"{share}/envs/c\n{share}/envs/d\n")
    reason = f"skipped: on a network disk (nfs4, {share})"
    assert look() == ({}, {str(share / "envs"): (reason, f"envdeck list {share}/envs")})


@pytest.mark.parametrize("text", ["{home}/gone/my env\n", "../gone", "custom"])
def test_a_file_that_names_an_environment_that_is_gone(home, look, text):
    (home / "api").mkdir()
    (home / "api/.venv").write_text(text.format(home=home))
    reason = "names an environment that does not exist"
    hint = f"rm {home}/api/.venv && envdeck create {home}/api"
    assert look()[1] == {str(home / "api/.venv"): (reason, hint)}


@pytest.mark.parametrize("content", ["", "python = 3.12\nother", "\0", "python 3.12", "x" * 5000])
def test_another_file_by_that_name_is_no_matter(home, look, content):
    (home / "api").mkdir()
    (home / "api/.venv").write_text(content)
    assert look()[1] == {}


@pytest.mark.parametrize("store", [".local/share/virtualenvs", ".virtualenvs", "chosen"])
def test_a_bare_name_is_one_of_pipenvs(home, host, look, make, store, monkeypatch):
    object.__setattr__(host, "environ", {"WORKON_HOME": str(home / "chosen")})
    path = make(home / store / "custom")
    (home / "api").mkdir()
    (home / "api/.venv").write_text("custom\n")
    (home / "api/Pipfile").touch()
    found, left = look()
    assert (found[str(path)].links, left) == ((str(home / "api/.venv"),), {})
    assert found[str(path)].project.path == str(home / "api")


def test_a_name_beside_the_file_comes_first(home, look, make):
    make(home / ".local/share/virtualenvs/env")
    beside = make(home / "api/env")
    (home / "api/.venv").write_text("env")
    assert look()[0][str(beside)].links == (str(home / "api/.venv"),)


# What environments rest on


def build(prefix, minor="3.12"):
    """Lay out an installation that no installer's folder has."""
    program = prefix / "bin" / f"python{minor}"
    program.parent.mkdir(parents=True)
    program.write_bytes(b"\x7fELF")
    program.chmod(0o755)
    (prefix / "bin/python").symlink_to(program.name)
    (prefix / f"lib/python{minor}").mkdir(parents=True)
    (prefix / f"lib/python{minor}/os.py").touch()
    return program


@pytest.fixture
def interpreters(host, tmp_path):
    catalog = Catalog(host, str(tmp_path / "cache" / "index.sqlite3"))

    def scan():
        events = list(catalog.scan(Scope(sizes=False)))
        found = {
            one.interpreter.prefix: one.interpreter.source
            for one in events
            if type(one) is FoundInterpreter
        }
        listed = {one.environment.path for one in events if type(one) is Found}
        assert {one.prefix for one in catalog.remembered_interpreters()} == set(found)
        return found, listed

    return scan


@pytest.mark.parametrize("copied", [False, True])
@pytest.mark.parametrize(
    "place", ["share/hatch/pythons/3.12/python", "rye/py/cpython@3.12.1", "vendor-2.1"]
)
def test_what_an_environment_rests_on_is_an_interpreter(home, interpreters, place, copied):
    program = build(home / place)
    path = home / "work/.venv"
    (path / "lib/python3.12/site-packages").mkdir(parents=True)
    (path / "bin").mkdir()
    if copied:
        (path / "bin/python").write_bytes(program.read_bytes())
        (path / "bin/python").chmod(0o755)
    else:
        (path / "bin/python").symlink_to(program)
    (path / "pyvenv.cfg").write_text(f"home = {home / place}/bin\nversion = 3.12.1\n")
    assert interpreters() == ({str(home / place): "path"}, {str(path)})


def test_a_conda_installation_in_an_unusual_place(home, interpreters):
    build(home / "science/tools")
    for name in ("conda-meta", "condabin", "envs"):
        (home / "science/tools" / name).mkdir()
    (home / "science/tools/conda-meta/history").touch()
    assert interpreters() == ({str(home / "science/tools"): "conda"}, set())


def test_an_installation_without_a_python_is_listed_with_the_environments(home, interpreters):
    for name in ("conda-meta", "envs"):
        (home / "science/mamba" / name).mkdir(parents=True)
    (home / "science/mamba/conda-meta/history").touch()
    assert interpreters() == ({}, {str(home / "science/mamba")})
