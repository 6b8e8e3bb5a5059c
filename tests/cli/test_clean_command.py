"""`envdeck clean`: what matches a rule is deleted, and nothing else."""

import json
from dataclasses import replace

import pytest

from envdeck.core.model import ProjectLink, ProjectState, Refusal, Status


@pytest.fixture
def several(catalog, environment, host, size_of):
    """One of each kind: in use, orphaned, end of life and unused, broken, protected."""
    now = host.now()
    gone = ProjectLink(ProjectState.GONE, "/gone", "environment name")
    catalog.environments = [
        environment("work/api/.venv", used=now),
        environment("stores/old", name="old", used=now, project=gone),
        environment("old/blog/venv", eol="2024-10-07", used=now - 400 * 86400),
        environment("x/.venv", status=Status.BROKEN, used=now),
        environment("tools/black", name="black", project=gone, protected="owned-by-tool: pipx"),
    ]
    for number, one in enumerate(catalog.environments):
        catalog.sizes[one.path] = size_of(number * 1_000_000, number * 1_000_000)
    return {one.name for one in catalog.environments}


def planned(operations) -> list[str]:
    """Return the names that the first plan was asked for."""
    (asked,) = [each for each in operations.asked if each[0] == "delete"][:1]
    return sorted(one.name for one in asked[1][0])


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--orphan"], ["old"]),
        (["--eol"], ["blog/venv"]),
        (["--broken"], ["x/.venv"]),
        (["--orphan", "--eol", "--broken"], ["blog/venv", "old", "x/.venv"]),
        (["--unused-for", "90d"], ["blog/venv"]),
        (["--orphan", "--min-size", "1kB"], ["old"]),
        (["--min-size", "2MB", "--manager", "venv"], ["blog/venv", "x/.venv"]),
        (["--manager", "uv,venv", "--filter", "!status:ok !orphan"], ["blog/venv", "x/.venv"]),
        (["--filter", "status:eol,broken", "--filter", "frees:<3MB"], ["blog/venv"]),
    ],
)
def test_what_matches_is_deleted(cli, operations, several, options, expected):
    result = cli("clean", *options, "--yes")
    assert result.code == 0, result.err
    assert planned(operations) == expected
    assert operations.asked[-1][0] == "run"


def test_a_rule_is_needed(cli, operations, several):
    result = cli("clean", "--yes")
    assert (result.code, operations.asked) == (2, [])
    assert "--unused-for" in result.err


@pytest.mark.parametrize(
    "options", [["--orphan", "--unused-for", "90d"], ["--eol", "--manager", "uv"]]
)
def test_nothing_matches(cli, operations, several, options):
    result = cli("clean", *options, "--yes", "--json")
    assert (result.code, json.loads(result.out)["result"]["status"]) == (0, "nothing-to-do")
    assert cli("clean", *options, "--yes").out == "no environments match\n"


def test_what_is_protected_is_left_out_and_counted(cli, operations, several):
    assert "note: 1 protected environment left out" in cli("clean", "--orphan", "--yes").err


def test_what_is_blocked_is_left_out_and_named(cli, operations, several, catalog):
    blocked = catalog.environments[3].path
    refusal = Refusal("in-use", "pid 4", path=blocked)
    operations.planned = [operations.plan("/a", "/b", refusals=(refusal,))]
    result = cli("clean", "--orphan", "--broken", "--yes")
    assert result.code == 3
    assert "skipped: " in result.err
    assert [one.name for one in operations.asked[-2][1][0]] == ["old"]


def test_it_is_the_plan_of_delete(cli, operations, several):
    result = cli("clean", "--orphan", "--purge", "--dry-run", "--json", "--allow", "in-use")
    document = json.loads(result.out)
    assert (result.code, document["operation"], document["result"]) == (0, "delete", None)
    name, _, named = operations.asked[-1]
    assert (name, named["purge"], named["allow"]) == ("delete", True, frozenset({"in-use"}))


def test_without_a_yes_nothing_is_deleted(cli, operations, several, catalog):
    assert cli("clean", "--orphan").code == 2
    assert cli("clean", "--orphan", answer="n\n").code == 1
    assert "run" not in [each[0] for each in operations.asked]
    catalog.environments = [replace(one, size=None) for one in catalog.environments]
    assert cli("clean", "--orphan", answer="y\n").code == 0
