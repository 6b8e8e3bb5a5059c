"""The search for what turned good into bad, over every way it can be hidden."""

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envdeck.core.operations.bisect.search import (
    BisectVerdict,
    Search,
    SearchStatus,
    most_sets,
)

BAD, GOOD, SKIP = BisectVerdict.BAD, BisectVerdict.GOOD, BisectVerdict.SKIP


class Runs:
    """A command that fails where all culprits are there; counts how often it is run."""

    def __init__(self, culprits, skip=lambda _: False):
        self.culprits, self.skip = frozenset(culprits), skip
        self.sets: list = []

    def __call__(self, sets):
        self.sets += sets
        return [self.verdict(one) for one in sets]

    def verdict(self, one):
        if self.skip(one):
            return SKIP
        return BAD if self.culprits <= one else GOOD


@pytest.mark.parametrize("count", [1, 2, 3, 7, 32, 100])
def test_a_single_culprit_is_found_by_halves(count):
    for culprit in {0, count // 3, count // 2, count - 1}:
        runs = Runs({culprit})
        found = Search(count, runs).run()
        assert (found.status, found.culprits) == (SearchStatus.FOUND, (culprit,))
        assert len(runs.sets) <= math.ceil(math.log2(count)) + 3
        assert len(set(runs.sets[:-1])) == len(runs.sets) - 1, "no set is run twice but the last"


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 11, 20, 32, 100])
@pytest.mark.parametrize("at_once", [1, 2])
def test_two_at_once_take_no_more_runs_than_halves(count, at_once):
    for culprit in range(count):
        runs = Runs({culprit})
        assert Search(count, runs, at_once=at_once).run().culprits == (culprit,)
        assert len(runs.sets) <= math.ceil(math.log2(count)) + 3


@settings(deadline=None)
@given(st.data(), st.integers(1, 200), st.integers(1, 9))
def test_as_many_runs_as_are_told_beforehand_are_enough(data, count, at_once):
    runs = Runs({data.draw(st.integers(0, count - 1))})
    Search(count, runs, at_once=at_once).run()
    assert len(runs.sets) <= most_sets(count, at_once)


@settings(deadline=None)
@given(st.data(), st.integers(1, 200))
def test_a_single_culprit_takes_few_runs_wherever_it_is(data, count):
    culprit = data.draw(st.integers(0, count - 1))
    runs = Runs({culprit})
    assert Search(count, runs).run().culprits == (culprit,)
    assert len(runs.sets) <= math.ceil(math.log2(count)) + 3


@pytest.mark.parametrize("count", [1, 2, 32])
def test_what_failed_once_and_never_again_cannot_be_told(count):
    """The bad state fails by chance, and so does what is taken for the culprit."""
    seen: list = []

    def judge(sets):
        seen.extend(sets)
        return [BAD if 0 in one and seen.count(one) == 1 else GOOD for one in sets]

    found = Search(count, judge).run()
    assert (found.status, found.reason) == (SearchStatus.CANNOT_TELL, "it fails at random")


@settings(deadline=None)
@given(st.data(), st.integers(1, 40), st.integers(1, 4))
def test_what_only_together_breaks_it_is_found_whole(data, count, at_once):
    culprits = data.draw(st.sets(st.integers(0, count - 1), min_size=1, max_size=4))
    found = Search(count, Runs(culprits), at_once=at_once).run()
    assert (found.status, set(found.culprits)) == (SearchStatus.FOUND, culprits)


@settings(deadline=None)
@given(st.data(), st.integers(2, 24), st.integers(1, 3))
def test_one_that_needs_another_is_found_where_sets_are_not_permitted(data, count, at_once):
    """Sets that have a change without the one it requires are passed over."""
    culprit, required = data.draw(
        st.lists(st.integers(0, count - 1), min_size=2, max_size=2, unique=True)
    )
    runs = Runs({culprit}, skip=lambda one: culprit in one and required not in one)
    found = Search(count, runs, at_once=at_once).run()
    assert found.status is SearchStatus.FOUND
    assert culprit in found.culprits
    assert set(found.culprits) <= {culprit, required}


@settings(deadline=None)
@given(st.integers(0, 12), st.integers(0, 2**32), st.integers(1, 3))
def test_whatever_the_verdicts_are_it_ends_and_never_claims_what_was_not_seen(count, seed, at_once):
    chance = random.Random(seed)
    seen = {}

    def judge(sets):
        answers = [chance.choice([BAD, GOOD, SKIP]) for _ in sets]
        seen.update(zip(sets, answers, strict=True))
        return answers

    found = Search(count, judge, at_once=at_once).run()
    if found.status is SearchStatus.FOUND:
        assert seen[frozenset(found.culprits)] is BAD
        assert seen[frozenset()] is GOOD


@pytest.mark.parametrize(
    ("verdicts", "status", "word"),
    [
        ((BAD, BAD), SearchStatus.NOT_REPRODUCED, "good state is bad"),
        ((GOOD, GOOD), SearchStatus.NOT_REPRODUCED, "bad state is good"),
        ((SKIP, BAD), SearchStatus.CANNOT_TELL, "good state"),
        ((GOOD, SKIP), SearchStatus.CANNOT_TELL, "bad state"),
    ],
)
def test_whether_good_is_good_and_bad_is_bad_is_asked_first(verdicts, status, word):
    answers = {frozenset(): verdicts[0], frozenset({0, 1}): verdicts[1]}
    found = Search(2, lambda sets: [answers[one] for one in sets]).run()
    assert found.status is status
    assert word in found.reason


def test_without_any_change_there_is_nothing_to_find():
    found = Search(0, lambda sets: [GOOD for _ in sets]).run()
    assert found.status is SearchStatus.NOT_REPRODUCED


def test_where_nothing_between_can_be_judged_the_suspects_are_told():
    runs = Runs({3}, skip=lambda one: 0 < len(one) < 6)
    found = Search(6, runs).run()
    assert (found.status, found.culprits) == (SearchStatus.CANNOT_TELL, (0, 1, 2, 3, 4, 5))


def test_more_at_once_need_fewer_rounds():
    rounds = []

    def judge(sets):
        rounds.append(len(sets))
        return [BAD if 77 in one else GOOD for one in sets]

    assert Search(100, judge, at_once=4).run().culprits == (77,)
    assert len(rounds) <= 6
    assert max(rounds) <= 4


class Flaky(Runs):
    """A command that fails by chance where the culprits are there, and where they are not."""

    def __init__(self, seed, share):
        super().__init__({0})
        self.chance, self.share = random.Random(seed), share

    def verdict(self, one):
        if not one:
            return GOOD
        return BAD if len(self.sets) < 3 or self.chance.random() < self.share else GOOD


def histories():
    """Forty made-up ones: what broke, among how many changes, and how it hides."""
    chance = random.Random(12)
    for number in range(40):
        count = chance.choice([2, 3, 5, 8, 13, 32, 64, 105])
        kind = ("one", "one", "two", "needs", "none" if number % 2 else "flaky")[number % 5]
        picked = chance.sample(range(count), 2)
        yield pytest.param(kind, count, picked, number, id=f"{number}-{kind}-of-{count}")


@pytest.mark.parametrize(("kind", "count", "picked", "seed"), [*histories()])
def test_made_up_histories(kind, count, picked, seed):
    first, second = picked
    bound = math.ceil(math.log2(count)) + 3
    runs = {
        "one": lambda: Runs({first}),
        "two": lambda: Runs(picked),
        "needs": lambda: Runs({first}, skip=lambda one: first in one and second not in one),
        "none": lambda: Runs({count}),
        "flaky": lambda: Flaky(seed, 0.5),
    }[kind]()
    found = Search(count, runs).run()
    if kind == "one":
        assert (found.status, found.culprits) == (SearchStatus.FOUND, (first,))
        assert len(runs.sets) <= bound
    elif kind == "two":
        assert (found.status, set(found.culprits)) == (SearchStatus.FOUND, set(picked))
        assert len(runs.sets) <= 2 * bound
    elif kind == "needs":
        assert found.status is SearchStatus.FOUND
        assert first in found.culprits
        assert set(found.culprits) <= set(picked)
    elif kind == "none":
        assert (found.status, len(runs.sets)) == (SearchStatus.NOT_REPRODUCED, 2)
    else:  # by chance it may look like a change; never is one told that was not seen to fail
        assert len(runs.sets) <= 4 * count + bound
        if found.status is SearchStatus.FOUND:
            assert frozenset(found.culprits) in runs.sets
