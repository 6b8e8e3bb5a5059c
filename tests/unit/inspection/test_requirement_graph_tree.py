"""The tree both ways: rings marked, repeated parts shown once, and depth bounded."""

from itertools import pairwise

from envdeck.core.inspection.packages.dependencies import DEEPEST, TreeRow, needed_by, needs
from envdeck.core.model import Distribution


def rows(**requires: str) -> tuple[Distribution, ...]:
    needed = {name: tuple(text.split()) for name, text in requires.items()}
    return tuple(
        Distribution(
            name,
            name,
            "1",
            f"/{name}",
            requires=others,
            required_by=tuple(other for other in needed if name in needed[other]),
        )
        for name, others in needed.items()
    )


DIAMOND = rows(app="left right", left="base", right="base", base="core", core="")


def test_what_it_needs_with_a_repeated_part_shown_once():
    assert list(needs(DIAMOND, "app")) == [
        TreeRow(1, "left"),
        TreeRow(2, "base"),
        TreeRow(3, "core"),
        TreeRow(1, "right"),
        TreeRow(2, "base", repeated=True),
    ]


def test_why_it_is_here():
    assert list(needed_by(DIAMOND, "core")) == [
        TreeRow(1, "base"),
        TreeRow(2, "left"),
        TreeRow(3, "app"),
        TreeRow(2, "right"),
        TreeRow(3, "app"),
    ]


def test_rings_are_marked_and_not_followed():
    ring = rows(a="b", b="a c", c="c gone")
    assert list(needs(ring, "a")) == [
        TreeRow(1, "b"),
        TreeRow(2, "a", cycle=True),
        TreeRow(2, "c"),
        TreeRow(3, "c", cycle=True),
        TreeRow(3, "gone", installed=False),
    ]


def test_two_of_one_name_are_one_in_the_tree():
    double = (*rows(a="b"), *rows(a="c"), *rows(b="", c=""))
    assert [row.name for row in needs(double, "a")] == ["b", "c"]


def test_a_name_that_is_not_installed_has_an_empty_tree():
    assert list(needs(DIAMOND, "nobody")) == list(needed_by(DIAMOND, "nobody")) == []


def test_a_chain_beyond_the_deepest_level_is_cut_and_says_so():
    chain = rows(**{f"n{number}": f"n{number + 1}" for number in range(500)}, n500="")
    found = list(needs(chain, "n0"))
    assert len(found) == DEEPEST
    assert [row.cut for row in found] == [False] * (DEEPEST - 1) + [True]
    assert all(after.depth - before.depth == 1 for before, after in pairwise(found))


def test_a_dense_graph_stays_as_large_as_its_edges():
    dense = rows(**{f"n{a:02}": " ".join(f"n{b:02}" for b in range(a + 1, 40)) for a in range(40)})
    assert len(list(needs(dense, "n00"))) == 40 * 39 // 2
