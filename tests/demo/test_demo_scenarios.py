"""Every scenario of the demo is what it says."""

import os
import re
import subprocess
import sys

import pytest

from envdeck.core.inspection.size import joint_size, measure
from envdeck.core.model import ProjectState, Severity, Status
from envdeck.core.operations.api import Operations
from envdeck.core.project.model import DriftKind
from envdeck.demo import SCENARIOS

DAY = 86_400.0


@pytest.fixture
def environment(demo, scanned):
    _, found, _ = scanned
    return lambda scenario: found[demo.environment(scenario)]


def test_the_scan_finds_what_was_planted_and_nothing_else(demo, scanned):
    _, found, interpreters = scanned
    planted = {
        path
        for one in demo.created.values()
        for path in (one.environment, *one.others)
        if path is not None
    }
    assert set(found) == planted
    assert len(planted) > 20
    assert demo.python.executable in {one.executable for one in interpreters}
    for place in [*found, *(one.executable for one in interpreters)]:
        assert place.startswith(demo.root + os.sep)


def test_no_environment_tells_of_the_real_machine(demo, scanned):
    _, found, _ = scanned
    for one in found.values():
        for place in (one.python.base, one.python.base_executable, *one.site_packages):
            assert place is not None
            assert place.startswith(demo.root + os.sep)
        with open(os.path.join(one.path, "pyvenv.cfg"), encoding="utf-8") as file:
            cfg = file.read()
        assert not re.search(rf"{re.escape(sys.executable)}\b|template", cfg)
        minor = ".".join(one.python.version.split(".")[:2])
        said = re.findall(
            r"^(?:python-version|version|version_info) = (\d+\.\d+)", cfg, re.MULTILINE
        )
        assert set(said) == {minor}


@pytest.mark.parametrize(
    ("scenario", "status", "finding"),
    [
        ("healthy", Status.OK, None),
        ("drifted", Status.OK, None),
        ("shared", Status.OK, None),
        ("unused", Status.OK, None),
        ("broken", Status.BROKEN, "broken-interpreter"),
        ("moved", Status.MOVED, "moved-environment"),
        ("end-of-life", Status.OK, "end-of-life"),
        ("orphan", Status.OK, "project-gone"),
        ("large", Status.OK, None),
        ("lagging", Status.OK, None),
        ("poetry-cache", Status.OK, None),
        ("pipenv", Status.OK, None),
        ("tox", Status.OK, None),
        ("hatch", Status.OK, None),
        ("central", Status.OK, None),
        ("direnv", Status.OK, None),
        ("now-and-then", Status.OK, None),
        ("scratch", Status.OK, None),
        ("command", Status.OK, None),
        ("pipx", Status.OK, None),
        ("hook", Status.OK, None),
    ],
)
def test_each_has_its_status_and_its_finding(environment, scenario, status, finding):
    one = environment(scenario)
    assert one.status is status
    assert [each.check for each in one.findings] == ([finding] if finding else [])
    assert one.packages


@pytest.mark.parametrize(
    ("scenario", "manager", "state"),
    [
        ("poetry-cache", "poetry", ProjectState.FOUND),
        ("pipenv", "pipenv", ProjectState.FOUND),
        ("tox", "tox", ProjectState.FOUND),
        ("hatch", "hatch", ProjectState.FOUND),
        ("central", "uv", ProjectState.FOUND),
        ("direnv", "direnv", ProjectState.FOUND),
        ("large", "venv", ProjectState.FOUND),
        ("lagging", "virtualenv", ProjectState.FOUND),
        ("orphan", "virtualenvwrapper", ProjectState.GONE),
        ("scratch", "virtualenvwrapper", ProjectState.NONE),
        ("command", "uv-tool", ProjectState.NONE),
        ("pipx", "pipx", ProjectState.NONE),
        ("hook", "pre-commit", ProjectState.NONE),
    ],
)
def test_each_has_its_manager_and_its_project(demo, environment, scenario, manager, state):
    one = environment(scenario)
    assert one.manager == manager
    assert (one.project.state, one.project.path) == (state, demo.created[scenario].project)


def test_nothing_is_missing_or_damaged_in_any(demo, scanned):
    catalog, found, _ = scanned
    for one in found.values():
        for row in catalog.distributions(one):
            drifted = one.path in map(demo.environment, ("drifted", "broke"))
            assert drifted or not row.missing, (one.path, row.name)
            assert not row.problem, (one.path, row.name)


def test_the_one_that_broke_has_kept_what_it_was(demo, scanned, environment):
    catalog, _, _ = scanned
    one = environment("broke")
    snapshots = catalog.snapshots(one)
    days = [round((demo.host.now() - each.taken_at) / 86_400) for each in snapshots]
    assert days == [2, 20, 63]
    assert [each.good for each in snapshots] == [False, True, True]
    newest = [(each.subject, each.after) for each in catalog.timeline(one).events][:3]
    assert newest == [("gridframe", "3.0.0"), ("huewheel", None), ("numera", "2.1.3")]
    found = catalog.examine(one).findings
    assert "huewheel" in [each.subject for each in found if each.check == "missing-requirement"]


def test_the_large_one_is_the_largest_and_has_what_no_index_has(demo, scanned, environment):
    catalog, found, _ = scanned
    large = environment("large")
    assert large.size.reclaimable_bytes == max(one.size.reclaimable_bytes for one in found.values())
    assert large.size.reclaimable_bytes > 25_000_000
    wheels = {name.partition("-")[0] for name in os.listdir(os.path.join(demo.root, ".packages"))}
    installed = {row.name.replace("-", "_") for row in catalog.distributions(large)}
    assert installed - wheels == {"chorus_models"}


def test_what_poetry_left_behind_is_of_a_python_without_fixes(demo, scanned):
    (left,) = demo.created["poetry-cache"].others
    assert [each.check for each in scanned[1][left].findings] == ["end-of-life"]


def test_a_python_that_nothing_rests_on_has_packages(scanned):
    _, found, interpreters = scanned
    bases = {one.python.base for one in found.values()}
    left = [one for one in interpreters if one.prefix not in bases]
    assert {one.source for one in left} == {"pyenv", "asdf"}
    (own,) = (one for one in left if any(each.names for each in one.global_packages))
    assert own.version == "3.9.18"


def test_one_of_the_scratch_ones_was_never_used_since(demo, scanned):
    (tried,) = demo.created["scratch"].others
    assert "not used since" in scanned[1][tried].last_used.source


def test_no_python_that_only_stands_in_for_one_is_proposed(demo, scanned):
    catalog, found, interpreters = scanned
    operations = Operations(catalog)
    (coming,) = demo.created["tox"].others
    assert len(interpreters) > 2
    for path in set(found) - {coming}:
        choices = operations.recreate_choices(found[path]).interpreters
        assert [one.interpreter.executable for one in choices if one.default] == [
            demo.python.executable
        ], path


def test_it_is_of_a_moderate_size_and_nothing_of_the_building_is_left(demo):
    used = subprocess.run(["du", "-sk", demo.root], capture_output=True, text=True, check=True)
    program = os.path.getsize(os.path.realpath(sys.executable))  # 32 MB where it holds libpython
    copies = sum(
        not os.path.islink(path) and os.path.getsize(path) == program
        for folder, _, names in os.walk(demo.root)
        for path in (os.path.join(folder, name) for name in names)
    )
    assert int(used.stdout.split()[0]) - copies * program // 1024 < 150 * 1024
    assert set(os.listdir(demo.root)) <= {
        ".packages", "bin", "environ.sh", "home", "proc", "tmp"
    }  # fmt: skip


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


def test_two_that_share_free_more_together(demo):
    shared = demo.created["shared"]
    sizes = [measure(path, now=0.0) for path in (shared.environment, *shared.others)]
    alone = [size.reclaimable_bytes for size in sizes]
    assert joint_size(sizes).reclaimable_bytes > 5 * sum(alone)


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


def test_the_scenarios_say_what_they_show(demo):
    names = [one.name for one in SCENARIOS]
    assert len(set(names)) == len(names)
    assert list(demo.created) == [one.name for one in SCENARIOS if one.usual]
    for one in SCENARIOS:
        assert one.shows
        assert not one.shows.endswith(".")


OF_STATUS = {"broken-interpreter", "end-of-life", "project-gone", "moved-environment", "drift"}


def test_only_what_the_demo_broke_is_told(scanned):
    """By the checks of contents: no error and no warning that was not put there."""
    catalog, found, _ = scanned
    told = {
        (os.path.basename(os.path.dirname(path)), one.check, one.subject)
        for path, environment in found.items()
        for one in catalog.examine(environment, deep=True).findings
        if one.severity is not Severity.NOTE and one.check not in OF_STATUS
    }
    assert told == {
        ("receipts", "missing-requirement", "huewheel"),
        ("receipts", "incompatible-requirement", "numera"),
        ("mailroom", "dotenv-findings", ".env"),
    }
