"""Every story of the demo is what it says."""

import os
import subprocess

import pytest

from envdeck.core.model import ProjectState, Status
from envdeck.core.project.drift import DriftKind
from envdeck.demo import STORIES

DAY = 86_400.0


@pytest.fixture
def environment(demo, scanned):
    _, found, _ = scanned
    return lambda story: found[demo.environment(story)]


def test_the_scan_finds_what_was_planted_and_nothing_else(demo, scanned):
    _, found, interpreters = scanned
    planted = {
        path for one in demo.planted for path in (one.environment, *one.others) if path is not None
    }
    assert set(found) == planted
    assert len(planted) > 9
    assert len(interpreters) == 1
    for place in [*found, *(one.executable for one in interpreters)]:
        assert place.startswith(demo.root + os.sep)


def test_no_environment_tells_of_the_real_machine(demo, scanned):
    _, found, _ = scanned
    for one in found.values():
        for place in (one.python.base, one.python.base_executable, *one.site_packages):
            assert place is not None
            assert place.startswith(demo.root + os.sep)


@pytest.mark.parametrize(
    ("story", "status", "finding"),
    [
        ("healthy", Status.OK, None),
        ("drifted", Status.OK, None),
        ("shared", Status.OK, None),
        ("unused", Status.OK, None),
        ("broken", Status.BROKEN, "broken-interpreter"),
        ("moved", Status.MOVED, "moved-environment"),
        ("end-of-life", Status.OK, "end-of-life"),
        ("orphan", Status.OK, "project-gone"),
    ],
)
def test_each_has_its_status_and_its_finding(environment, story, status, finding):
    one = environment(story)
    assert one.status is status
    assert [each.check for each in one.findings] == ([finding] if finding else [])
    assert one.packages


def test_the_healthy_one_is_as_locked(environment, scanned):
    compared = scanned[0].project(environment("healthy"))
    assert compared.against.endswith("uv.lock")
    assert not compared.drifts
    assert not compared.pythons
    assert not scanned[0].dotenv(environment("healthy").project.path).findings


def test_the_drifted_one_has_drifted_in_every_way(environment, scanned):
    compared = scanned[0].project(environment("drifted"))
    ways = {drift.name: drift.kind for drift in compared.drifts}
    assert ways == {
        "pebblecache": DriftKind.MISSING,
        "schemapress": DriftKind.NOT_AS_LOCKED,
        "gridframe": DriftKind.UNREACHABLE,
        "numera": DriftKind.UNREACHABLE,
    }
    assert any("deploys on" in python.message for python in compared.pythons)


def test_the_dotenv_file_is_in_all_its_trouble(demo, scanned):
    report = scanned[0].dotenv(demo.project("dotenv"), demo.environment("dotenv"))
    expected = {"missing-key", "duplicated-key", "readable-by-others", "secret-in-example"}
    expected |= {"stray-in-environment"}
    if os.path.lexists(os.path.join(demo.project("dotenv"), ".git")):
        expected |= {"tracked-by-git", "ever-committed"}
    assert expected <= {finding.check for finding in report.findings}


def test_shared_files_free_little_and_copies_free_all(environment):
    shared, copied = environment("shared").size, environment("unused").size
    assert shared.reclaimable_bytes < shared.disk_bytes / 10
    assert copied.reclaimable_bytes == copied.disk_bytes


def test_the_times_are_as_told(demo, environment):
    now = demo.host.now()
    assert now - environment("unused").last_used.when > 730 * DAY
    assert now - environment("healthy").last_used.when < DAY


def test_the_orphan_names_what_is_gone(demo, environment):
    link = environment("orphan").project
    assert (link.state, link.path) == (ProjectState.GONE, demo.project("orphan"))
    assert not os.path.exists(demo.project("orphan"))


def test_the_clone_has_a_lock_that_is_up_to_date_and_no_environment(demo):
    project = demo.project("clone")
    assert not os.path.lexists(os.path.join(project, ".venv"))
    uv = os.path.join(demo.root, "bin", "uv")
    checked = [uv, "lock", "--check", "--offline"]
    environ = dict(demo.host.environ)
    done = subprocess.run(checked, cwd=project, env=environ, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_stories_say_what_they_show(demo):
    names = [story.name for story in STORIES]
    assert len(set(names)) == len(names)
    assert {one.story for one in demo.planted} == {one.name for one in STORIES if one.usual}
    for story in STORIES:
        assert story.shows
        assert not story.shows.endswith(".")
