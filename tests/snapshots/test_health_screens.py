"""The Health and Timeline tabs and the Problems view, as they look."""

from dataclasses import replace

import pytest

from envdeck.core.model import Examination, Finding, Fix, FixKind, NotChecked, Severity
from envdeck.core.timeline.model import Snapshot, SnapshotPackage

SIZES = pytest.mark.parametrize(
    "size", [(80, 24), (120, 36), (50, 15)], ids=lambda s: f"{s[0]}x{s[1]}"
)
DAY = 86_400


def missing(name, requirer):
    return Finding(
        "missing-requirement",
        Severity.ERROR,
        f"{name} is not installed; required by {requirer}",
        f"Install {name}",
        name,
        (("required_by", (requirer,)), ("requirement", f"{name}>=2")),
        Fix(FixKind.INSTALL, (f"{name}>=2",)),
    )


FINDINGS = (
    missing("idna", "requests"),
    missing("urllib3", "requests"),
    *(
        Finding("changed-file", Severity.WARNING, f"m{n}.py was edited", "Reinstall it", f"m{n}.py")
        for n in range(8)
    ),
    Finding("stale-base", Severity.NOTE, "Base interpreter was upgraded to 3.12.5", "Repair it"),
)


@pytest.fixture
def source(made_up):
    """Three environments, the first with findings and a past."""
    paths = [f"{made_up.HOME}/work/{name}/.venv" for name in ("api", "blog", "shop")]
    found = {paths[0]: FINDINGS, paths[1]: (), paths[2]: FINDINGS[-1:]}
    source = made_up.MemorySource(
        [
            made_up.environment(path, findings=findings, examined=True)
            for path, findings in found.items()
        ]
    )
    source.examinations = lambda one, *, deep, online: Examination(
        found[one.path], (NotChecked("wrong-build", "the interpreter cannot be read"),)
    )

    def snapshot(name, days, good, **versions):
        at = made_up.NOW - days * DAY
        held = tuple(SnapshotPackage(each, version) for each, version in versions.items())
        return Snapshot(name * 16, paths[0], at, at + DAY, "3.12.4", "/usr", held, good=good)

    new = {f"p{n}": "1.0" for n in range(9)}
    source.seen[paths[0]] = [
        snapshot("c", 2, False, requests="2.32.3", **new),
        snapshot("b", 9, False, requests="2.32.3", idna="3.7", urllib3="2.2.0"),
        snapshot("a", 40, True, requests="2.31.0", idna="3.7", urllib3="1.26.20"),
    ]
    return source


def shown(app):
    """Whether the open tab shows what it has read."""
    tab = app.main.panes.detail and app.main.panes.detail.tab
    reading = getattr(tab, "reading", None)
    if reading is not None:
        return reading.report is not None and reading.report.at is not None
    return type(getattr(tab, "state", None)).__name__ == "Past"


@SIZES
async def test_health(looks_as_before, source, size):
    await looks_as_before(size, "g", "5", source=source, then=shown)


async def test_no_problems(looks_as_before, source):
    await looks_as_before((80, 24), "g", "j", "5", source=source, then=shown)


@SIZES
async def test_timeline(looks_as_before, source, size):
    await looks_as_before(size, "g", "6", source=source, then=shown)


async def test_packages_of_a_snapshot(looks_as_before, source):
    async def open_tab(pilot, until):
        await pilot.press("g", "6")
        await until(lambda: shown(pilot.app))
        await pilot.pause()

    await looks_as_before((80, 24), "G", "enter", source=source, first=open_tab)


@SIZES
async def test_problems(looks_as_before, source, size):
    await looks_as_before(size, "P", source=source)


async def test_worst_finding_leads_the_overview(looks_as_before, source):
    await looks_as_before((80, 24), "g", "1", source=source)


async def test_counts_in_a_wide_list(looks_as_before, source, made_up):
    source.known = [*source.known, replace(made_up.environment(), path="/home/ada/x/.venv")]
    await looks_as_before((200, 15), "g", source=source)
