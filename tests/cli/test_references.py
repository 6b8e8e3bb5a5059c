"""ENV: a path, the path of a project, or a name."""

import json
from dataclasses import replace

import pytest

from envdeck.cli.console import CommandError
from envdeck.core.model import ProjectLink, ProjectState


@pytest.fixture
def disk(catalog, environment, home, size_of):
    """Two projects: one with an environment inside, one with its environment in a store."""
    inside = environment("work/api/.venv")
    stored = environment(
        "stores/blog-Xq3kd0aZ-py3.12",
        name="blog-Xq3kd0aZ-py3.12",
        project=ProjectLink(ProjectState.FOUND, f"{home}/work/blog", "environment name"),
    )
    catalog.environments = [inside, stored]
    for found in catalog.environments:
        catalog.sizes[found.path] = size_of(5, 5)
    for folder in ("work/api/.venv", "work/blog", "work/none", "stores"):
        (home / folder).mkdir(parents=True)
    return catalog


def shown(result) -> str:
    assert result.code == 0, result.err
    return json.loads(result.out)["name"]


def test_a_path_is_looked_up_without_a_scan(cli, disk, home):
    assert shown(cli("show", f"{home}/work/api/.venv", "--json")) == "api/.venv"
    assert disk.scopes == []


def test_a_relative_path(cli, disk, home, monkeypatch):
    monkeypatch.chdir(home / "work" / "api")
    assert shown(cli("show", ".venv", "--json")) == "api/.venv"
    assert shown(cli("show", ".", "--json")) == "api/.venv"


def test_a_project_is_looked_into_and_no_further(cli, disk, home):
    assert shown(cli("show", f"{home}/work/api", "--json")) == "api/.venv"
    assert [scope.roots for scope in disk.scopes] == [(f"{home}/work/api",)]


def test_a_project_whose_environment_is_elsewhere_is_found_in_the_memory(cli, disk, home):
    assert shown(cli("show", f"{home}/work/blog", "--json")) == "blog-Xq3kd0aZ-py3.12"
    assert [scope.roots for scope in disk.scopes] == [(f"{home}/work/blog",)]


def test_a_project_whose_environment_is_not_remembered_is_looked_for_everywhere(cli, disk, home):
    disk.index = []
    assert shown(cli("show", f"{home}/work/blog", "--json")) == "blog-Xq3kd0aZ-py3.12"
    assert [scope.roots for scope in disk.scopes] == [(f"{home}/work/blog",), ()]


def test_a_project_without_one(cli, disk, home):
    result = cli("show", f"{home}/work/none")
    assert result.code == 2
    assert "note: no environment below `~/work/none`: searching" in result.err
    assert "is not an environment and has none" in result.err
    assert "hint: envdeck create ~/work/none" in result.err


def test_a_project_with_two_lists_them(cli, disk, home, environment):
    disk.environments.append(environment("work/api/.tox/py312"))
    result = cli("show", f"{home}/work/api")
    assert result.code == 2
    assert result.err.splitlines() == [
        "error: `~/work/api` is ambiguous (2 matches):",
        "  ~/work/api/.tox/py312",
        "  ~/work/api/.venv",
        "hint: pass the path of one",
    ]


def test_of_many_candidates_the_first_are_listed(cli, disk, home, environment):
    disk.environments += [environment(f"work/api/.tox/py{number}") for number in range(12)]
    lines = cli("show", f"{home}/work/api").err.splitlines()
    assert len(lines) == 13
    assert lines[-2:] == ["  and 3 more", "hint: pass the path of one"]
    document = cli("delete", f"{home}/work/api", "--yes", "--json").out
    assert "~/work/api/.tox/py0" in json.loads(document)["result"]["message"]


@pytest.mark.parametrize("name", ["api/.venv", ".venv", "api", "work/api/.venv"])
def test_a_name_is_that_of_the_environment_its_folder_or_its_project(
    cli, disk, name, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    assert shown(cli("show", name, "--json")) == "api/.venv"
    assert disk.scopes == []


def test_an_exact_name_comes_before_a_folder_of_that_name(cli, disk, environment):
    disk.environments.append(environment("else/api", name="api"))
    disk.sizes[disk.environments[-1].path] = None
    assert shown(cli("show", "api", "--json")) == "api"


def test_a_name_that_two_have(cli, disk, environment):
    disk.environments.append(environment("old/api/.venv"))
    result = cli("show", "api/.venv")
    assert result.code == 2
    assert "is ambiguous (2 matches):\n  ~/old/api/.venv\n  ~/work/api/.venv\n" in result.err


@pytest.mark.parametrize("command", ["create", "dotenv", "onboard"])
def test_a_project_is_named_as_everywhere(cli, disk, home, command, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    def met(path, _context):
        raise CommandError(f"met {path}")

    monkeypatch.setattr("envdeck.cli.references.folder", met)
    assert cli(command, "api").err == "error: met ~/work/api\n"
    result = cli(command, "nothing")
    assert (result.code, result.out) == (2, "")
    assert "error: project not found: `nothing`" in result.err


def test_a_name_that_is_remembered_and_gone_is_looked_for(cli, disk, environment):
    disk.index = [environment("gone/api", name="api")]
    assert shown(cli("show", "api", "--json")) == "api/.venv"
    assert [scope.roots for scope in disk.scopes] == [()]


def test_a_name_that_none_has_gets_the_nearest(cli, disk):
    result = cli("show", "blgo-Xq3kd0aZ")
    assert result.code == 2
    assert "error: environment not found: `blgo-Xq3kd0aZ`" in result.err
    assert "hint: did you mean `blog-Xq3kd0aZ-py3.12`?" in result.err
    far = cli("show", "zzz")
    assert far.code == 2
    assert "hint: envdeck list" in far.err


def test_a_file_is_none(cli, disk, home):
    (home / "file").touch()
    result = cli("show", f"{home}/file")
    assert result.code == 2
    assert "is not an environment" in result.err


def test_a_path_from_the_json_is_taken_back(cli, disk, environment):
    odd = environment("work/\udcff\udcfe/.venv")
    disk.environments.append(replace(odd, size=None))
    disk.sizes[odd.path] = None
    listed = json.loads(cli("list", "--json", "--no-size").out)["environments"]
    path = next(found["path"] for found in listed if "\udcff" in found["path"])
    assert shown(cli("show", path, "--json")) == "\udcff\udcfe/.venv"


@pytest.mark.parametrize("name", ["bin", "bin/", "bin/python", "bin/pip"])
def test_what_lies_in_its_scripts_folder_names_the_environment(cli, disk, home, name):
    scripts = home / "work/api/.venv/bin"
    scripts.mkdir()
    (scripts / "python").symlink_to("/usr/bin/python3")  # what `which python` prints
    (scripts / "pip").touch()
    assert shown(cli("show", f"{home}/work/api/.venv/{name}", "--json")) == "api/.venv"
    assert disk.scopes == []


@pytest.mark.parametrize("name", ["bin/gone", "lib/python"])
def test_other_paths_in_it_do_not(cli, disk, home, name):
    (home / "work/api/.venv/lib").mkdir()
    (home / "work/api/.venv/lib/python").touch()
    assert cli("show", f"{home}/work/api/.venv/{name}", "--json").code == 2
