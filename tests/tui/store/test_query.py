"""The language of the filter."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envdeck.core.model import (
    Environment,
    Finding,
    Identity,
    LastUsed,
    ProjectLink,
    ProjectState,
    Python,
    Severity,
    Size,
    Status,
)
from envdeck.tui.store.query import Query, told_by

NOW = 1_795_000_000.0
DAY = 86_400
ENV = Environment(
    "/home/ada/Work/My Api/.venv",
    Identity(1, 1),
    "My Api/.venv",
    "uv",
    Status.OK,
    python=Python("3.12.4", "cpython"),
    last_used=LastUsed(NOW - 100 * DAY, "x"),
    project=ProjectLink(ProjectState.FOUND, "/home/ada/Work/My Api"),
    size=Size(900, 600_000_000, 400_000_000),
)


def matches(text: str, **changes) -> bool:
    query = Query.parse(text, NOW)
    assert query.problems == ()
    environment = replace(ENV, **changes)
    return query.matches(environment, told_by(environment))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "api",
        "WORK api",
        '"my api"',
        "uv",
        "3.12",
        "cpython",
        "manager:uv",
        "MANAGER:UV",
        "python:3",
        "python:3.12",
        "python:3.12.4",
        "python:cpython",
        "status:ok",
        "project:found",
        "project:api",
        'project:"my api"',
        "unused:90d",
        "unused:3m",
        "unused:13w",
        "used:1y",
        "size:>500MB",
        "size:>=600MB",
        "size:600mb",
        "size:<1GB",
        "size:>500MiB",
        "size:=600000000",
        "frees:<500MB",
        "unused:90d manager:uv api",
        "other:thing".replace("other:thing", "work"),
    ],
)
def test_it_matches(text):
    assert matches(text)


@pytest.mark.parametrize(
    "text",
    [
        "nothing",
        "api nothing",
        "manager:u",
        "python:3.1",
        "python:3.12.40",
        "python:pypy",
        "python:unknown",
        "status:broken",
        "status:eol",
        "eol",
        "project:gone",
        "unused:101d",
        "used:90d",
        "used:unknown",
        "size:>600MB",
        "size:>600MiB",
        "frees:>400MB",
    ],
)
def test_it_does_not_match(text):
    assert not matches(text)


def test_what_is_not_known_matches_no_term_about_it():
    assert not matches("unused:1d", last_used=LastUsed(None, "no sign"))
    assert not matches("used:9y", last_used=LastUsed(None, "no sign"))
    assert matches("used:unknown", last_used=LastUsed(None, "no sign"))
    assert not matches("size:>0B", size=None)
    assert not matches("frees:<1TB", size=None)
    assert matches("python:unknown", python=Python())


def test_the_end_of_life_is_a_state_like_the_others():
    old = Python("3.8.18", "cpython", end_of_life="2024-10-07")
    for text in ("eol", "status:eol", 'status:"end of life"', '"end of life"'):
        assert matches(text, python=old), text
    assert not matches("status:ok", python=old)
    assert matches("eol", python=old, status=Status.BROKEN)


@pytest.mark.parametrize(
    "text",
    [
        "manager:",
        "python:",
        "status:fine",
        "status:",
        "unused:soon",
        "unused:90",
        "used:",
        "size:big",
        "size:",
        "size:>5XB",
        "frees:-1GB",
        "project:",
        "size:>٣GBX",
    ],
)
def test_a_term_not_understood_says_why_and_is_left_out(text):
    query = Query.parse(f"{text} api", NOW)
    (problem,) = query.problems
    assert problem.startswith(f"{text.partition(':')[0]}: ")
    assert query.matches(ENV, told_by(ENV))


def test_a_colon_alone_is_a_word():
    assert not matches("c:thing")
    assert matches("c:thing", path="/c:thing/.venv")


@given(st.text(max_size=40))
def test_no_text_breaks_it(text):
    query = Query.parse(text, NOW)
    assert query.matches(ENV, told_by(ENV)) in {True, False}


@given(
    st.sampled_from(["manager", "python", "status", "unused", "used", "size", "frees", "project"]),
    st.text(max_size=12),
)
def test_no_value_breaks_a_term(name, value):
    query = Query.parse(f"{name}:{value}", NOW)
    assert query.matches(ENV, told_by(ENV)) in {True, False}


ERROR = Finding("missing-requirement", Severity.ERROR, "x", "")
NOTE = Finding("stale-base", Severity.NOTE, "x", "")


def test_health_is_that_of_the_worst_finding() -> None:
    both = {"findings": (ERROR, NOTE), "examined": True}
    assert matches("health:error", **both)
    assert not matches("health:note", **both)
    assert matches("health:note", findings=(NOTE,))
    assert matches("health:ok", examined=True)
    assert not matches("health:ok")
    assert matches("health:unknown")
    assert Query.parse("health:bad", NOW).problems == (
        "health: use error, warning, note, ok or unknown",
    )


def test_a_check_is_named_or_begun() -> None:
    assert matches("check:missing-requirement", findings=(ERROR,))
    assert matches("check:missing", findings=(ERROR,))
    assert not matches("check:stale", findings=(ERROR,))


def test_a_package_is_among_the_names_that_are_known() -> None:
    query = Query.parse("package:Zope.Interface uv", NOW)
    assert query
    assert query.packages == ("zope-interface",)
    assert query.matches(ENV, told_by(ENV), {"zope-interface"})
    assert not query.matches(ENV, told_by(ENV), {"zope"})
    assert not query.matches(ENV, told_by(ENV))
    assert Query.parse("package:", NOW).problems
    assert Query.parse("packge:x", NOW).problems == (
        "unknown filter packge: (did you mean package:?)",
    )
