"""The list: order, cursor by identity, marks and ranges."""

from dataclasses import replace

import pytest

from envdeck.core.model import (
    Environment,
    Finding,
    Identity,
    LastUsed,
    Python,
    Severity,
    Size,
    Status,
)
from envdeck.tui.store import COLUMNS, Listing, Query
from envdeck.tui.store.columns import column_named

NOW = 1_795_000_000.0


def env(name: str, freed: int | None = 0, **changes) -> Environment:
    size = None if freed is None else Size(freed, freed, freed)
    base = Environment(f"/w/{name}", Identity(1, 1), name, "uv", Status.OK, size=size)
    return replace(base, **changes)


def names(listing: Listing) -> list[str]:
    return [each.name for each in listing.shown()]


@pytest.fixture
def listing() -> Listing:
    listing = Listing()
    listing.put([env("a", 10), env("b", 30), env("c", 20), env("d", None)])
    return listing


def test_most_reclaimable_first_and_unknown_last_both_ways(listing):
    assert names(listing) == ["b", "c", "a", "d"]
    listing.sort_by(listing.column, reverse=not listing.reverse)
    assert names(listing) == ["a", "c", "b", "d"]


@pytest.mark.parametrize(
    "column", [each for each in COLUMNS if each.id != "bar"], ids=lambda c: c.id
)
def test_every_column_sorts_and_turning_it_reverses_what_is_known(column):
    listing = Listing()
    listing.put(
        env(
            f"n{number}",
            number * 1000,
            status=status,
            manager=f"m{number}",
            python=Python(f"3.{number + 8}.1"),
            packages=number,
            last_used=LastUsed(NOW - number, "x"),
            findings=(Finding("x", Severity.ERROR, "x", ""),) * number,
            examined=True,
        )
        for number, status in enumerate(Status)
    )
    listing.sort_by(column_named(column.id), reverse=False)
    forwards = names(listing)
    listing.sort_by(listing.column, reverse=not listing.reverse)
    assert names(listing) == forwards[::-1]
    assert len(set(forwards)) == len(Status)


def test_versions_sort_by_number_and_not_by_letter():
    listing = Listing("python", reverse=False)
    listing.put(env(v, python=Python(v)) for v in ("3.10.2", "3.9.19", "3.14.0rc1", "2.7.18"))
    assert names(listing) == ["2.7.18", "3.9.19", "3.10.2", "3.14.0rc1"]


def test_a_longer_path_comes_after_its_beginning_and_before_it_in_reverse():
    listing = Listing("path", reverse=False)
    listing.put([env("ab"), env("a"), env("abc")])
    assert names(listing) == ["a", "ab", "abc"]
    listing.sort_by(listing.column, reverse=not listing.reverse)
    assert names(listing) == ["abc", "ab", "a"]


def test_the_cursor_stays_on_top_until_it_is_touched(listing):
    assert listing.cursor == "/w/b"
    listing.put([env("e", 99)])
    assert listing.cursor == "/w/e"
    listing.touch()
    listing.put([env("f", 999)])
    assert listing.cursor == "/w/e"
    assert listing.index(listing.cursor) == 1


def test_the_cursor_follows_its_environment_through_a_sort(listing):
    listing.move_to(2)
    assert listing.cursor == "/w/a"
    listing.sort_by(column_named("path"))
    assert (listing.cursor, listing.index("/w/a")) == ("/w/a", 0)


def test_a_cursor_whose_row_goes_stands_on_the_next_one_then_on_the_one_before(listing):
    listing.move_to(1)
    listing.remove(["/w/c"])
    assert listing.cursor == "/w/a"
    listing.move_to(2)
    listing.remove(["/w/d"])
    assert listing.cursor == "/w/a"
    listing.remove(["/w/a", "/w/b"])
    assert listing.cursor is None


def test_clearing_a_filter_brings_the_cursor_back_to_what_was_chosen(listing):
    listing.move_to(2)
    listing.narrow(Query.parse("/w/b", NOW))
    assert listing.cursor == "/w/b"
    listing.narrow(Query())
    assert listing.cursor == "/w/a"


def test_a_row_that_no_longer_matches_leaves_the_filtered_list(listing):
    listing.narrow(Query.parse("status:ok", NOW))
    listing.put([env("b", 30, status=Status.BROKEN)])
    assert "b" not in names(listing)
    assert listing.get("/w/b").status is Status.BROKEN
    assert listing.count == 4


def test_marks_survive_a_filter_and_say_how_many_it_hides(listing):
    listing.marks.toggle_all()
    listing.narrow(Query.parse("/w/a", NOW))
    assert len(listing.marks.paths) == 4
    assert listing.marks.hidden == 3
    assert [each.name for each in listing.marks.environments()] == ["a", "b", "c", "d"]


def test_marking_all_twice_leaves_the_hidden_marks(listing):
    listing.move_to(0)
    listing.marks.toggle()
    listing.narrow(Query.parse("/w/a", NOW))
    listing.marks.toggle_all()
    assert listing.marks.paths == {"/w/a", "/w/b"}
    listing.marks.toggle_all()
    assert listing.marks.paths == {"/w/b"}


def test_targets_are_the_marked_ones_or_the_one_under_the_cursor(listing):
    listing.move_to(1)
    assert [each.name for each in listing.marks.targets()] == ["c"]
    listing.marks.toggle()
    listing.move_to(3)
    assert [each.name for each in listing.marks.targets()] == ["c"]
    assert Listing().marks.targets() == []


def test_a_range_marks_from_its_start_to_the_cursor_either_way(listing):
    listing.move_to(2)
    listing.marks.start_range()
    listing.move_to(0)
    within = listing.marks.range_test()
    assert [within(place) for place in range(4)] == [True, True, True, False]
    listing.marks.mark_range()
    assert listing.marks.paths == {"/w/b", "/w/c", "/w/a"}
    assert not listing.marks.ranging


def test_a_range_ends_when_its_start_goes(listing):
    listing.marks.start_range()
    listing.move_to(2)
    listing.remove(["/w/b"])
    assert not listing.marks.ranging
    listing.marks.mark_range()
    assert not listing.marks.paths


def test_one_batch_may_name_a_path_twice(listing):
    listing.put([env("e", 1), env("e", 50), env("a", 60), env("a", 5)])
    assert names(listing) == ["e", "b", "c", "a", "d"]


def test_ten_thousand_rows_are_sorted():
    listing = Listing()
    listing.put(env(f"{n:05}", n * 7919 % 10007) for n in range(10_000))
    listing.sort_by(column_named("path"), reverse=True)
    assert listing.at(0).name == "09999"
