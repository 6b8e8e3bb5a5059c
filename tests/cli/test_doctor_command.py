"""`envdeck doctor`: findings as a person reads them, and as JSON."""

import json
import os
from dataclasses import replace

import pytest

from envdeck.core.model import (
    Examination,
    Finding,
    NotChecked,
    ProjectLink,
    ProjectState,
    Severity,
)


def finding(check="missing-requirement", subject="idna", severity=Severity.ERROR, remedy="Install"):
    return Finding(check, severity, f"{subject} is not installed", remedy, subject)


@pytest.fixture
def ill(catalog, environment, monkeypatch):
    """Return what is to be found in environments, by their paths; each is in the catalog."""
    found: dict[str, Examination] = {}
    asked: list[tuple] = []

    def examine(one, names, *, deep, online):
        asked.append((tuple(names), deep, online))
        return found.get(one.path, Examination())

    monkeypatch.setattr(type(catalog), "examine", staticmethod(examine), raising=False)

    def add(name, *findings, not_checked=()):
        made = environment(name)
        catalog.environments.append(made)
        found[made.path] = Examination(findings, not_checked)
        return made.path

    add.asked = asked
    return add


def test_one_environment_is_told_with_how_to_fix_it(cli, ill):
    path = ill("work/api/.venv", finding())
    result = cli("doctor", path)
    assert result.code == 1
    assert "error: idna is not installed (missing-requirement)\n    Install\n" in result.out
    assert "1 environment: 1 error, 0 warnings, 0 notes" in result.out


def test_an_environment_that_is_named_by_its_folder_is_read_once(cli, ill, catalog, monkeypatch):
    path = ill("work/api/.venv")
    os.makedirs(path, exist_ok=True)
    read, lookup = [], catalog.lookup
    monkeypatch.setattr(
        type(catalog),
        "lookup",
        staticmethod(lambda path: read.append(path) or lookup(path)),
        raising=False,
    )
    assert cli("doctor", path).code == 0
    assert len(read) == 1


def test_a_folder_stands_for_what_its_project_keeps_elsewhere_too(cli, ill, catalog, home):
    """Poetry keeps the environment of a project in its own folder."""
    ill("stores/blog-py3.12", finding())
    (home / "work" / "blog").mkdir(parents=True)
    link = ProjectLink(ProjectState.FOUND, f"{home}/work/blog", "environment name")
    catalog.environments = [replace(catalog.environments[0], project=link)]
    result = cli("doctor", f"{home}/work/blog")
    assert (result.code, "stores/blog-py3.12" in result.out) == (1, True)
    assert [scope.roots for scope in catalog.scopes] == [(f"{home}/work/blog",)]
    catalog.index = []  # not seen yet
    assert cli("doctor", f"{home}/work/blog").code == 1
    assert catalog.scopes[-1].roots == ()


def test_a_healthy_one_says_so_and_exits_with_0(cli, ill):
    result = cli("doctor", ill("work/api/.venv"))
    assert result.code == 0
    assert "No problems found" in result.out


def test_many_findings_of_one_check_are_folded_and_all_are_shown_when_it_is_asked_for(cli, ill):
    names = [f"part{number}" for number in range(9)]
    path = ill("work/api/.venv", *(finding(subject=name, remedy=name) for name in names))
    folded = cli("doctor", path).out
    assert "error: 9 findings of missing-requirement" in folded
    assert "and 6 more: part3, part4, part5, part6, part7, part8" in folded
    assert "--check missing-requirement" in folded
    whole = cli("doctor", path, "--check", "missing-requirement").out
    assert whole.count("is not installed") == 9


def test_a_fix_that_all_have_in_common_is_told_once(cli, ill):
    path = ill("work/api/.venv", *(finding(subject=str(number)) for number in range(9)))
    assert cli("doctor", path).out.count("    Install\n") == 1


def test_of_all_environments_the_healthy_are_counted_and_what_was_not_checked_is_told_once(
    cli, ill
):
    skipped = (NotChecked("changed-file", "--deep does"),)
    ill("work/api/.venv", finding(), not_checked=skipped)
    ill("work/web/.venv", not_checked=skipped)
    out = cli("doctor").out
    assert "web" not in out
    assert "not checked in 2 environments: changed-file: --deep does" in out
    assert "2 environments: 1 error" in out


def test_warnings_alone_exit_with_0(cli, ill):
    assert cli("doctor", ill("a/.venv", finding(severity=Severity.WARNING))).code == 0


def test_the_json_is_the_contract(cli, ill):
    path = ill("work/api/.venv", finding(), not_checked=(NotChecked("wrong-build", "why"),))
    result = cli("doctor", path, "--json", "--deep", "--check", "wrong-build")
    (told,) = json.loads(result.out)["environments"]
    assert told["findings"][0]["subject"] == "idna"
    assert told["not_checked"] == [{"check": "wrong-build", "reason": "why"}]
    assert ill.asked == [(("wrong-build",), True, False)]


def test_a_check_that_is_none_is_an_error_with_the_nearest_name(cli, ill):
    result = cli("doctor", "--check", "wrong-bild")
    assert result.code == 2
    assert "no check is called `wrong-bild`" in result.err
    assert "wrong-build" in result.err


def test_no_control_character_reaches_the_terminal(cli, ill):
    path = ill("work/api/.venv", *(finding(subject=f"{n}\x1b[2J", remedy="\x1b") for n in range(9)))
    assert "\x1b" not in cli("doctor", path).out
