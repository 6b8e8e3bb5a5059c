"""What a person asked for: the installer's marks where they tell, else the graph's leaves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envdeck.core.inspection.packages.provenance import requested, roots_of
from envdeck.core.model import Distribution


def row(
    name: str, *requires: str, installer: str | None = "pip", marked: bool = False
) -> Distribution:
    return Distribution(
        name, name, "1", f"/{name}", requires=requires, installer=installer, requested=marked
    )


def asked(*rows: Distribution) -> list[str]:
    return [found.name for found, by_person in zip(rows, requested(rows), strict=True) if by_person]


def test_the_marks_of_pip_are_taken_at_their_word():
    rows = (row("flask", "jinja2", marked=True), row("jinja2", marked=True), row("left-over"))
    assert asked(*rows) == ["flask", "jinja2"]


@pytest.mark.parametrize("installer", ["uv", "UV\n", "uv-pixi", "conda"])
def test_marks_of_installers_that_mark_everything_tell_nothing(installer):
    rows = (
        row("flask", "jinja2", installer=installer, marked=True),
        row("jinja2", installer=installer, marked=True),
        row("pip", installer=installer, marked=True),
    )
    assert asked(*rows) == ["flask"]


@pytest.mark.parametrize("installer", ["pip", "poetry 1.8.2", None])
def test_without_any_mark_leaves_were_asked_for(installer):
    rows = (
        row("flask", "jinja2", installer=installer),
        row("jinja2", installer=installer),
        row("pip", installer=installer),
        row("setuptools", installer=installer),
    )
    assert asked(*rows) == ["flask"]


def test_each_installer_is_judged_for_itself():
    rows = (
        row("black", marked=True),
        row("click"),
        row("flask", "jinja2", installer="uv", marked=True),
        row("jinja2", installer="uv", marked=True),
        row("pip", marked=True),
    )
    assert asked(*rows) == ["black", "flask"]


def test_a_ring_that_nothing_needs_was_asked_for():
    rows = (row("a", "b"), row("b", "a", "c"), row("c", "d"), row("d", "c"), row("e", "gone"))
    assert asked(*rows) == ["a", "b", "e"]


def test_a_long_chain_needs_no_recursion():
    chain = {str(number): (str(number + 1),) for number in range(20_000)}
    assert roots_of(chain) == {"0"}
    chain["20000"] = ("0",)
    assert roots_of(chain) == set(chain)


@given(st.dictionaries(st.sampled_from("abcdefg"), st.sets(st.sampled_from("abcdefgh"))))
def test_roots_are_those_that_need_all_that_need_them(graph):
    reach = {name: {name} for name in graph}
    for _ in graph:
        for name in graph:
            for other in list(reach[name]):
                reach[name] |= {below for below in graph[other] if below in graph}
    expected = {
        name
        for name in graph
        if all(other in reach[name] for other in graph if name in reach[other])
    }
    assert roots_of(graph) == expected
