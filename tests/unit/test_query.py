"""The language of the filter."""

import re
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
from envdeck.core.query import Contents, Query, search_text

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
    return query.matches(environment, search_text(environment))


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
        "manager:poetry,uv",
        "!manager:poetry",
        "!manager:poetry,pipx !nothing",
        "python:>=3.11",
        "python:>=3.10,<3.13",
        "python:3.11,3.12",
        "python:pypy,cpython",
        "!python:>=3.13",
        "!eol !status:broken,moved",
        "status:broken,ok",
        "size:>500MB,<1GB",
        "unused:90d,1y",
        'project:"my api",none',
        '!"nothing here"',
        "!health:error",
        "!",
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
        "manager:poetry,pipx",
        "!manager:poetry,uv",
        "!api",
        '!"my api"',
        "python:<3.12",
        "python:>=3.10,<3.12",
        "!python:3.12",
        "size:>100MB,<500MB",
        "!status:ok",
        "manager:uvx",
        "health:error,warning",
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
        "python:>=",
        "!status:fine",
        "status:ok,fine",
        "package:",
        "package:pandas<",
        "package:>2",
        "package:pandas=2",
    ],
)
def test_a_term_not_understood_says_why_and_is_left_out(text):
    query = Query.parse(f"{text} api", NOW)
    (problem,) = query.problems
    assert problem.startswith(f"{text.lstrip('!').partition(':')[0]}: ")
    assert query.matches(ENV, search_text(ENV))


@pytest.mark.parametrize("text", ["python>=3.11", "size>1GB", "!Frees<5MB", "used=30d"])
def test_a_comparison_without_the_colon_is_told_the_term_and_is_no_word(text):
    query = Query.parse(f"{text} api", NOW)
    (problem,) = query.problems
    name = re.split("[<>=]", text.lstrip("!").lower())[0]
    assert problem.startswith(f"{name}: missing colon (did you mean {name}:")
    assert query.matches(ENV, search_text(ENV))
    assert Query.parse("work>=3", NOW).words == ("work>=3",)


@pytest.mark.parametrize(
    ("text", "found"),
    [("~/work/", True), ('"~/Work/My Api/.venv"', True), ("~/other", False), ("!~/work", False)],
)
def test_a_path_is_found_as_it_is_shown_with_the_sign_of_the_home(text, found):
    query = Query.parse(text, NOW, "/home/ada")
    assert query.matches(ENV, search_text(ENV)) is found


def test_a_colon_alone_is_a_word():
    assert not matches("c:thing")
    assert matches("c:thing", path="/c:thing/.venv")


@given(st.text(max_size=40))
def test_no_text_breaks_it(text):
    query = Query.parse(text, NOW)
    assert query.matches(ENV, search_text(ENV)) in {True, False}


@given(
    st.sampled_from(["manager", "python", "status", "unused", "used", "size", "frees", "project"]),
    st.text(max_size=12),
)
def test_no_value_breaks_a_term(name, value):
    query = Query.parse(f"{name}:{value}", NOW)
    assert query.matches(ENV, search_text(ENV)) in {True, False}


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
    assert query.needs == {"packages"}
    assert query.matches(ENV, search_text(ENV), Contents({"zope-interface": ("5.4",)}))
    assert not query.matches(ENV, search_text(ENV), Contents({"zope": ("5.4",)}))
    assert not query.matches(ENV, search_text(ENV))
    assert Query.parse("package:", NOW).problems
    assert Query.parse("packge:x", NOW).problems == (
        "unknown filter packge: (did you mean package:?)",
    )


INSTALLED = Contents(
    {"pandas": ("1.5.3",), "numpy": ("1.26.4", "2.0.1"), "odd": ("not-a-version",)}
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("package:pandas<2", True),
        ("package:PANDAS>=1,<2", True),
        ("package:pandas>=2", False),
        ("package:pandas==1.5.*", True),
        ("package:pandas~=1.4", True),
        ("package:numpy<2", True),
        ("package:numpy>=2", True),
        ("package:odd", True),
        ("package:odd>0", False),
        ("package:flask,pandas", True),
        ("package:pandas>=2,<3,numpy<2", True),
        ("package:flask", False),
        ("!package:flask", True),
        ("!package:pandas<2", False),
        ('"package:pandas<2"', False),
    ],
)
def test_a_package_is_asked_for_by_its_version(text, expected):
    query = Query.parse(text, NOW)
    assert query.problems == ()
    assert query.matches(ENV, search_text(ENV), INSTALLED) is expected


def test_what_was_not_read_yet_matches_no_term_about_it_and_no_negation():
    for text in ("package:flask", "!package:flask", "drift", "!drift"):
        query = Query.parse(text, NOW)
        assert query
        assert not query.matches(ENV, search_text(ENV)), text
    drifted = Contents(drift=True)
    assert Query.parse("drift", NOW).matches(ENV, search_text(ENV), drifted)
    assert not Query.parse("!drift", NOW).matches(ENV, search_text(ENV), drifted)
    assert not Query.parse("drift package:pandas", NOW).matches(ENV, search_text(ENV), drifted)
    both = INSTALLED.joined(drifted)
    assert Query.parse("drift package:pandas", NOW).matches(ENV, search_text(ENV), both)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("manager:uvx", "no manager `uvx` (did you mean uv?)"),
        ("!manager:poetry,qqqq", "no manager `qqqq`"),
        ("python:pypi", "no implementation `pypi` (did you mean pypy?)"),
        ("check:missing-requirements", "(did you mean missing-requirement?)"),
        ("manager:uv check:missing python:3.99 health:ok", ""),
    ],
)
def test_a_value_that_nothing_known_has_is_said(text, said):
    query = Query.parse(text, NOW)
    assert query.problems == ()
    assert said in query.doubt([ENV])
    assert bool(query.doubt([ENV])) is bool(said)


def test_a_value_that_some_environment_has_is_known():
    query = Query.parse("manager:newtool", NOW)
    assert query.doubt([ENV]) == "no manager `newtool`"
    assert query.doubt([replace(ENV, manager="NewTool")]) == ""


@given(st.text(alphabet='!,:"<>=~ abdeilmnoprstuvwx123.', max_size=30))
def test_no_query_breaks_it(text):
    query = Query.parse(text, NOW)
    assert query.matches(ENV, search_text(ENV), INSTALLED) in {True, False}
    assert isinstance(query.doubt([ENV]), str)
