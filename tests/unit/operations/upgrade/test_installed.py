"""What may move, what stays with which reason, and who would not have it elsewhere."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from envdeck.core.model import Distribution, Environment, Identity, Python, Status
from envdeck.core.operations.upgrade.candidates import (
    find_excluding,
    take_apart,
    unmet_requirements,
)

HERE = Environment(
    "/home/ada/env", Identity(1, 2), "env", "venv", Status.OK, python=Python("3.9.7", "cpython")
)


def dist(name: str, version: str, *requirements: str) -> Distribution:
    folder = f"/home/ada/env/lib/python3.9/site-packages/{name}-{version}.dist-info"
    return Distribution(name, name, version, folder, requirements=requirements)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"editable": True, "origin": "file:///src/it"}, "editable install"),
        ({"origin": "git+https://git.example/it"}, "installed from git+https://git.example/it"),
        ({"version": "1.0+cpu"}, "local build (1.0+cpu)"),
        ({"installer": "conda"}, "installed by conda"),
        ({"path": "/x/it.egg-info"}, "no RECORD (not installed from a wheel)"),
        ({"version": "2004d"}, "name or version unknown to the index"),
        ({"name": "-r /etc/passwd"}, "name or version unknown to the index"),
        ({"name": "it\nother"}, "name or version unknown to the index"),
    ],
)
def test_what_no_index_can_replace_is_a_row_with_its_reason(changes, reason):
    row = replace(dist("it", "1.0"), **changes)
    installed = take_apart(HERE, [row, dist("other", "2.0")])
    assert [(fixed.name, fixed.reason) for fixed in installed.fixed] == [(row.name, reason)]
    assert installed.movable == {"other": "2.0"}
    asked = [*installed.names, *installed.exactly(installed.kept)]
    assert not any(set(line) & set("\n /") for line in asked)


def test_what_is_there_twice_is_not_asked_for():
    installed = take_apart(HERE, [dist("it", "1.0"), dist("it", "1.1"), dist("other", "2.0")])
    assert installed.names == ["other"]
    assert {fixed.reason for fixed in installed.fixed} == {"installed more than once"}


def test_only_requirements_that_hold_here_count():
    rows = [
        dist("app", "1.0", "lib[fast]<2", 'old<2; python_version < "3.8"', "lib; extra == 'x'"),
        dist("lib", "1.0", "engine<3; extra == 'fast'", "engine<2; extra == 'slow'"),
        dist("old", "1.0"),
        dist("engine", "1.0"),
    ]
    installed = take_apart(HERE, rows)
    assert find_excluding(installed, {"lib": "2.0", "old": "2.0", "engine": "2.0"}) == {
        "lib": ("app 1.0 requires lib[fast]<2",)
    }
    assert find_excluding(installed, {"engine": "3.0"}) == {
        "engine": ("lib 1.0 requires engine<3",)
    }


def test_who_would_not_have_what_is_reached_either_explains_nothing():
    rows = [dist("app", "1.0", "lib<2"), dist("page", "1.0", "lib<3"), dist("lib", "1.0")]
    installed = take_apart(HERE, rows)
    assert find_excluding(installed, {"lib": "3.1"}, {"lib": "2.5"}) == {
        "lib": ("page 1.0 requires lib<3",)
    }


def test_what_is_broken_already_may_go_anywhere():
    rows = [dist("app", "1.0", "lib<2", "gone"), dist("lib", "2.5"), dist("other", "1.0")]
    installed = take_apart(HERE, rows)
    assert installed.broken == {"lib", "gone"}
    assert installed.constrain_up(["lib", "other"]) == ["other>=1.0"]
    assert unmet_requirements(HERE, rows, {"lib": "1.9", "gone": "1"}) == {}


BOUNDS = st.sampled_from(["", "<2", ">=1.5", "==1.*", "!=2.0", "~=1.0", "<3,>=1", "===1.0"])
RELEASES = st.sampled_from(["1.0", "1.5", "1.9.3", "2.0", "2.0rc1", "3.1"])


@given(st.lists(BOUNDS, max_size=4), RELEASES, RELEASES)
def test_exactly_those_hold_back_whose_specifier_excludes_the_newest(bounds, now, newest):
    rows = [dist(f"needs-{n}", "1.0", f"lib{bound}") for n, bound in enumerate(bounds)]
    installed = take_apart(HERE, [*rows, dist("lib", now)])
    against = {
        f"needs-{n}"
        for n, bound in enumerate(bounds)
        if not SpecifierSet(bound).contains(Version(newest), prereleases=True)
    }
    told = find_excluding(installed, {"lib": newest}).get("lib", ())
    assert {phrase.split()[0] for phrase in told} == against
    assert len(told) == len(against)
