"""`envdeck delete`: which environments it means."""

import json
from dataclasses import replace

import pytest

from envdeck.core.model import Fact, ProjectLink, ProjectState, Refusal, Step


@pytest.fixture
def three(catalog, environment, size_of, home):
    for name in ("api", "blog", "shop"):
        catalog.environments.append(environment(f"{name}/.venv", size=size_of(500, 400)))
    return [found.path for found in catalog.environments]


def deleted(operations) -> list[str]:
    """Return the paths that the last plan was made for."""
    _, (environments,), _ = next(call for call in reversed(operations.asked) if call[0] == "delete")
    return [environment.path for environment in environments]


def test_several_each_once_and_measured(cli, operations, catalog, three, environment, size_of):
    bare = environment("bare/.venv")
    catalog.environments.append(bare)
    catalog.sizes[bare.path] = size_of(9, 8)
    words = ["delete", *three, "--purge", "blog/.venv", "--yes", bare.path]
    assert cli(*words).code == 0
    assert deleted(operations) == [*three, bare.path]
    _, (environments,), named = operations.asked[1]
    assert environments[3].size == size_of(9, 8)
    assert (named["purge"], named["links"], named["allow"]) == (True, {}, frozenset())


@pytest.fixture
def second_refused(operations, three):
    refusal = Refusal("mount", "a disk is mounted in it", path=three[1])
    operations.planned = [
        operations.plan(*three, refusals=(refusal,)),
        operations.plan(three[0], three[2]),
    ]
    return refusal


def test_one_refused_refuses_all(cli, operations, three, second_refused):
    assert cli("delete", *three, "--yes").code == 3
    assert [call[0] for call in operations.asked] == ["recover", "delete"]


def test_keep_going_leaves_out_what_is_refused(cli, operations, three, second_refused):
    result = cli("delete", *three, "--yes", "--keep-going", "--json")
    assert result.code == 3
    assert deleted(operations) == [three[0], three[2]]
    told = json.loads(result.out)
    assert told["result"]["status"] == "done"
    assert [refusal["path"] for refusal in told["plan"]["left_out"]] == [three[1]]
    assert "warning: skipped: ~/blog/.venv: a disk is mounted in it (mount)" in result.err


def test_keep_going_with_nothing_left_is_a_refusal(cli, operations, three):
    refusal = Refusal("mount", "a disk is mounted in it", path=three[0])
    operations.planned = [operations.plan(three[0], refusals=(refusal,))]
    assert cli("delete", three[0], "--yes", "--keep-going").code == 3
    assert not any(call[0] == "run" for call in operations.asked)


def test_one_that_is_not_there_refuses_all(cli, operations, three, home):
    result = cli("delete", three[0], f"{home}/nowhere/.venv", "--yes")
    assert (result.code, operations.asked) == (2, [("recover",)])


def test_keep_going_past_one_that_is_not_there(cli, operations, three, home):
    result = cli("delete", three[0], f"{home}/nowhere/.venv", "--yes", "--keep-going")
    assert result.code == 2
    assert deleted(operations) == [three[0]]
    assert "warning: skipped: environment not found" in result.err
    assert cli("delete", "nowhere", "--yes", "--keep-going").code == 2


def test_a_link_is_told_from_what_it_leads_to(cli, operations, catalog, environment, home, size_of):
    found = environment("stores/api", size=size_of(5, 4))
    catalog.environments.append(found)
    (home / "stores" / "api").mkdir(parents=True)
    (home / "work").mkdir()
    link = home / "work" / ".venv"
    link.symlink_to(found.path)
    catalog.lookup = lambda path: found if path in {found.path, str(link)} else None
    cli("delete", f"{link}/", found.path, "--yes")
    assert operations.asked[1][2]["links"] == {found.path: str(link)}
    operations.asked.clear()
    cli("delete", found.path, "--yes")
    assert operations.asked[1][2]["links"] == {}


def test_a_project_whose_environment_is_reached_by_a_link_in_it(
    cli, operations, catalog, environment, home, size_of
):
    """The environment is elsewhere, and may serve others; the link alone is the project's."""
    link = f"{home}/work/.venv"
    project = ProjectLink(ProjectState.FOUND, f"{home}/work", "environment name")
    found = environment("stores/api", size=size_of(5, 4), links=(link,), project=project)
    catalog.environments.append(found)
    (home / "work").mkdir()
    assert cli("delete", f"{home}/work", "--yes").code == 0
    assert operations.asked[1][2]["links"] == {found.path: link}


def test_a_batch_tells_the_same_sentence_once(cli, operations, catalog, environment, size_of):
    names = ("api", "blog", "shop", "etl")
    for name in names:
        catalog.environments.append(environment(f"{name}/.venv", size=size_of(500, 400)))
    paths = [found.path for found in catalog.environments]
    plan = operations.plan(*paths)
    targets = tuple(
        replace(one, name=f"{name}/.venv", facts=(Fact("processes", "not in use"),))
        for one, name in zip(plan.targets, names, strict=True)
    )
    refusals = tuple(Refusal("mount", "a disk is mounted in it", path=path) for path in paths[:2])
    steps = tuple(Step(f"Move {name}/.venv to the trash") for name in names)
    operations.planned = [
        replace(plan, targets=targets, steps=steps, refusals=refusals, warnings=())
    ]
    result = cli("delete", *paths, "--dry-run")
    assert result.code == 3
    lines = [" ".join(line.split()) for line in result.out.splitlines()]
    for once in ("processes not in use · all 4", "1. Move 4 environments to the trash"):
        assert lines.count(once) == 1
    assert [line for line in lines if line.startswith("frees")]  # the total, though two are blocked
    assert (
        "error: blocked: a disk is mounted in it (mount) · 2: ~/api/.venv, ~/blog/.venv"
        in result.err
    )
    assert "hint: 2 of 4 blocked; use `--keep-going` to delete the rest" in result.err
