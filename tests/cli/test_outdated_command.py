"""`envdeck outdated`: available upgrades, over many environments."""

import json

import pytest

from envdeck.core.model import NoPlan, Status
from envdeck.core.operations.upgrade.model import Level, UpgradeCandidate, UpgradeCandidates


@pytest.fixture
def answers(catalog, operations, environment):
    """Three environments: one behind, one up to date, one broken; what is asked about."""
    catalog.environments = [
        environment("work/api/.venv"),
        environment("work/blog/venv"),
        environment("work/x/.venv", status=Status.BROKEN, reason="base not found"),
    ]
    api, blog, _ = (one.path for one in catalog.environments)
    row = UpgradeCandidate("requests", "2.31.0", "2.32.0", "2.32.0", Level.MINOR)
    held = UpgradeCandidate("urllib3", "1.26.0", "1.26.0", "2.5.0", Level.MAJOR, ("x requires it",))
    found = {api: UpgradeCandidates((row, held), (), 3), blog: UpgradeCandidates((), (), 5)}
    asked = []

    def candidates(one, _stopped):
        asked.append(one.path)
        return found[one.path]

    operations.candidates = candidates
    return asked, found


def test_all_of_them(cli, answers, home):
    result = cli("outdated")
    assert result.code == 0
    lines = [line.rstrip() for line in result.out.splitlines()]
    assert lines[0] == "~/work/api/.venv"
    assert lines[2].split()[:5] == ["requests", "2.31.0", "2.32.0", "2.32.0", "minor"]
    assert "~/work/blog/venv" not in lines
    assert lines[-2:] == [
        "not queried: ~/work/x/.venv: base not found",
        "1 package in 1 of 3 environments can be upgraded",
    ]
    assert "hint: envdeck upgrade ~/work/api/.venv --all" in result.err
    assert sorted(answers[0]) == [f"{home}/work/api/.venv", f"{home}/work/blog/venv"]


def test_as_json(cli, answers, home):
    document = json.loads(cli("outdated", "--json").out)
    api, blog, broken = document["environments"]
    assert (document["schema"], api["path"]) == (1, f"{home}/work/api/.venv")
    assert [(one["name"], one["target"]) for one in api["candidates"]] == [
        ("requests", "2.32.0"),
        ("urllib3", "1.26.0"),
    ]
    assert (blog["candidates"], blog["current"], blog["problem"]) == ([], 5, None)
    assert (broken["candidates"], broken["problem"]) == (None, "base not found")


def test_only_what_is_named(cli, answers, home):
    asked, found = answers
    document = json.loads(cli("outdated", "api", f"{home}/work/blog/venv", "--json").out)
    assert [one["path"] for one in document["environments"]] == list(found)
    found[f"{home}/work/api/.venv"] = NoPlan("no index")
    asked.clear()
    result = cli("outdated", "api")
    assert (result.code, asked) == (1, [f"{home}/work/api/.venv"])
    assert "not queried: ~/work/api/.venv: no index" in result.out
