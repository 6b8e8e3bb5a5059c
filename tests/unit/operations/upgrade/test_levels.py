"""Patch, minor or major: by the numbers of a version, and by nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envdeck.core.operations.upgrade.model import Level, level

NUMBERS = st.integers(0, 3000)
SUFFIXES = st.sampled_from(["", "a1", "rc2", ".post1", ".dev3", "+local.1"])
VERSIONS = st.builds(
    lambda numbers, suffix: ".".join(map(str, numbers)) + suffix,
    st.lists(NUMBERS, min_size=1, max_size=4),
    SUFFIXES,
)


@pytest.mark.parametrize(
    ("installed", "target", "expected"),
    [
        ("1.2.3", "1.2.4", Level.PATCH),
        ("1.2.3", "1.2.3.1", Level.PATCH),
        ("1.2", "1.2.post1", Level.PATCH),
        ("2.0rc1", "2.0", Level.PATCH),
        ("1.2+cpu", "1.2+cu12", Level.PATCH),
        ("1.2.3", "1.10", Level.MINOR),
        ("1", "1.1", Level.MINOR),
        ("2025.1", "2025.2", Level.MINOR),
        ("1.9", "2", Level.MAJOR),
        ("2024.12.1", "2025.1.1", Level.MAJOR),
        ("23.3.1", "24.0", Level.MAJOR),
        ("0.9", "0.10", Level.MAJOR),
        ("0.9.1", "0.9.2", Level.PATCH),
        ("0.0.1", "0.0.2", Level.PATCH),
        ("0.27", "1.0", Level.MAJOR),
        ("1!1.0", "2!1.0", Level.OTHER),
        ("2004d", "2005a", Level.OTHER),
        ("not a version", "1.0", Level.OTHER),
        ("1." + "9" * 5000, "2.0", Level.OTHER),
    ],
)
def test_the_first_number_that_differs_decides(installed, target, expected):
    assert level(installed, target) is expected


@given(VERSIONS, VERSIONS)
def test_a_way_and_the_way_back_are_as_far(first, second):
    assert level(first, second) is level(second, first)


@given(VERSIONS, st.sampled_from(["1!", "7!"]))
def test_an_epoch_compares_with_its_own_alone(version, epoch):
    assert level(version, epoch + version) is Level.OTHER
    assert level(epoch + version, epoch + version) is Level.PATCH


@given(st.lists(NUMBERS, min_size=3, max_size=3), st.integers(0, 2), st.integers(1, 50), SUFFIXES)
def test_what_stands_behind_the_number_that_differs_does_not_count(numbers, place, step, suffix):
    after = [*numbers[:place], numbers[place] + step, *([0] * (2 - place))]
    before, then = (".".join(map(str, each)) for each in (numbers, after))
    by_place = [Level.MAJOR, Level.MINOR if numbers[0] else Level.MAJOR, Level.PATCH]
    assert level(before, then + suffix) is by_place[place]
