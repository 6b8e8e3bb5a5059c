"""`envdeck find`: who has a package."""

import json

import pytest


@pytest.fixture
def holders(catalog, environment, home):
    """Three environments with the metadata folders of some distributions."""
    holding = {
        "work/a/.venv": ["openai-1.1.0.dist-info", "requests-2.0.dist-info"],
        "work/b/.venv": ["OpenAI-1.5.dist-info", "openai-1.0b1.dist-info"],
        "else/c/.venv": ["openai-0.old.dist-info", "open_ai-1.0.dist-info"],
    }
    for place, folders in holding.items():
        packages = home / place / "lib" / "python3.12" / "site-packages"
        for folder in folders:
            (packages / folder).mkdir(parents=True)
            (packages / folder / "METADATA").write_text("Metadata-Version: 2.1\n")
        catalog.environments.append(environment(place, site_packages=(str(packages),)))
    return catalog


def found(result) -> list[tuple[str, str]]:
    environments = json.loads(result.out)["environments"]
    return [(environment["name"], environment["version"]) for environment in environments]


def test_any_version(cli, holders):
    assert set(found(cli("find", "OpenAI", "--json"))) == {
        ("a/.venv", "1.1.0"),
        ("b/.venv", "1.5"),
        ("b/.venv", "1.0b1"),
        ("c/.venv", "0.old"),
    }


def test_a_range_counts_prereleases_and_leaves_out_what_cannot_be_compared(cli, holders):
    assert set(found(cli("find", "openai<1.2", "--json"))) == {
        ("a/.venv", "1.1.0"),
        ("b/.venv", "1.0b1"),
    }


def test_only_under_the_paths(cli, holders, home):
    assert found(cli("find", "openai", f"{home}/else", "--json")) == [("c/.venv", "0.old")]


def test_the_json_is_that_of_the_list_with_the_version(cli, holders):
    result = json.loads(cli("find", "requests", "--json").out)
    listed = json.loads(cli("list", "--json", "--no-size", "--sort", "name").out)["environments"]
    assert list(result) == ["schema", "requirement", "environments"]
    assert (result["schema"], result["requirement"]) == (1, "requests")
    assert result["environments"] == [{**listed[0], "version": "2.0"}]


def test_the_text(cli, holders):
    lines = cli("find", "openai<1.2").out.splitlines()
    assert [line.split() for line in lines] == [
        ["Path", "Version", "Python", "Manager"],
        ["~/work/a/.venv", "1.1.0", "3.12.4", "venv"],
        ["~/work/b/.venv", "1.0b1", "3.12.4", "venv"],
        [],
        ["2", "environments"],
    ]


def test_none_has_it_and_that_is_no_failure(cli, holders):
    result = cli("find", "flask")
    assert (result.code, result.out) == (0, "no matches\n")
    assert found(cli("find", "flask", "--json")) == []


def test_what_makes_no_difference_is_said(cli, holders):
    result = cli("find", 'requests[socks]; python_version < "3"')
    assert result.code == 0
    assert "the extras of" in result.err
    assert "the marker of" in result.err
    assert "the URL of" in cli("find", "requests @ https://files.example/r.whl").err
