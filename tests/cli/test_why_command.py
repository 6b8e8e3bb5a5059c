"""`envdeck why`: the chains of requirements that lead to a package."""

import json
from dataclasses import replace

import pytest

from envdeck.core.model import Distribution, Finding, Severity


@pytest.fixture
def api(catalog, environment):
    """flask requires click; idna is required by nothing; a name is hostile."""
    made = environment("work/api/.venv")
    catalog.environments = [made]
    catalog.distributions_of[made.path] = (
        Distribution("click", "click", "8.1", "p", required_by=("evil", "flask")),
        Distribution("evil", "evil\x1b[2J", "1", "p", requires=("click",)),
        Distribution("flask", "Flask", "3.0", "p", requested=True, requires=("click",)),
        Distribution("idna", "idna", "3.7", "p"),
    )
    return made


def test_the_chains_are_told_with_what_is_direct(cli, api):
    result = cli("why", api.path, "Click")
    assert result.code == 0
    assert "flask (direct) → click" in result.out
    assert "evil (required by nothing, not declared) → click" in result.out


def test_the_json_has_each_chain_and_what_its_root_is(cli, api):
    told = json.loads(cli("why", api.path, "click", "--json").out)
    assert (told["schema"], told["path"], told["name"]) == (1, api.path, "click")
    assert {"packages": ["flask", "click"], "root": "direct"} in told["chains"]
    assert {"packages": ["evil", "click"], "root": None} in told["chains"]


def test_what_nothing_requires_is_extraneous(cli, api):
    result = cli("why", api.path, "idna")
    assert result.code == 1
    assert "Extraneous" in result.out


def test_what_is_not_installed_is_an_error_with_the_nearest_name(cli, api):
    result = cli("why", api.path, "flaks")
    assert result.code == 2
    assert "flaks is not installed" in result.err
    assert "flask" in result.err


def test_no_control_character_reaches_the_terminal(cli, api):
    assert "\x1b" not in cli("why", api.path, "evil").out


def test_what_is_found_extraneous_is_direct_nowhere(cli, catalog, api):
    """Of what an installer did not mark, that nothing requires it is only a guess."""

    def requested():
        rows = json.loads(cli("show", "api", "--no-size", "--json").out)["distributions"]
        return [one["name"] for one in rows if one["requested"]]

    assert requested() == ["flask"]
    finding = Finding("unneeded-distribution", Severity.NOTE, "flask is extraneous", "", "flask")
    catalog.environments = [replace(one, findings=(finding,)) for one in catalog.environments]
    assert requested() == []
    assert cli("why", "api", "flask").code == 1
