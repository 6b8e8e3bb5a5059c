"""The Health and Timeline tabs and the Problems view, as they look."""

from dataclasses import replace

import pytest

from envdeck.core.model import (
    BisectRun,
    BisectVerdict,
    Ending,
    Examination,
    Finding,
    Fix,
    FixKind,
    NotChecked,
    Operation,
    Severity,
    Step,
)
from envdeck.core.operations.bisect.plan import BisectEnd, BisectPlan
from envdeck.core.operations.bisect.run import BisectRequest, BisectResult
from envdeck.core.operations.bisect.search import SearchStatus
from envdeck.core.timeline.model import Snapshot, SnapshotPackage, StateDifference
from envdeck.tui.dialogs import ask as dialog

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
    return type(getattr(tab, "state", None)).__name__ == "Timeline"


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


# a bisect


def bisected(source, monkeypatch, made_up, found):
    """Let the key for it open the runs of a bisect that has ended so."""
    path = f"{made_up.HOME}/work/api/.venv"
    new, old, _ = source.seen[path]
    names = {"idna": None, "urllib3": None, "requests": "2.32.3"}
    runs = (
        BisectRun(
            {**names, "idna": "3.7", "urllib3": "2.2.0"}, (), BisectVerdict.GOOD, 0, 1.2, number=1
        ),
        BisectRun(
            names, ("idna", "urllib3"), BisectVerdict.BAD, 1, 0.4,
            output=("E   ModuleNotFoundError: No module named 'urllib3'", "1 failed"), number=2,
        ),
        BisectRun(
            {**names, "idna": "3.7"}, ("urllib3",), BisectVerdict.SKIP,
            reason="not permitted: requests requires urllib3<3,>=1.21.1", number=3,
        ),
        BisectRun({**names, "urllib3": "2.2.0"}, ("idna",), BisectVerdict.BAD, 1, 0.9, number=4),
    )  # fmt: skip
    culprits = (StateDifference("idna", "3.7", None),) if found is SearchStatus.FOUND else ()
    message = "idna 3.7 → not installed" if culprits else "the bad state is good"
    result = BisectResult(found, message, culprits, runs)
    end = BisectEnd(
        status=Ending.DONE, message=message, found=result,
        declared=(("idna", "requirements.txt", 4),) if culprits else (),
    )  # fmt: skip

    def plan(_operating, environment, choice):
        return BisectPlan(
            id="20261120-101502-0001",
            operation=Operation.BISECT,
            targets=made_up.plan(path).targets,
            steps=(Step("Try sets of packages in copies"),),
            request=BisectRequest(environment, old, new, choice.command, path),
        )

    monkeypatch.setattr(dialog, "plan_bisect", plan)
    monkeypatch.setattr(dialog, "find_command", lambda *_: "pytest -x")
    return made_up.MadeUpOperations(source=source, events=runs, result=end)


async def to_the_dialog(pilot, until):
    await pilot.press("g", "6")
    await until(lambda: shown(pilot.app))
    await pilot.pause()
    await pilot.press("down", "down", "b")
    await until(lambda: type(pilot.app.screen).__name__ == "BisectDialog")
    await until(lambda: pilot.app.screen.fields[0].value)


@SIZES
async def test_bisect_dialog(looks_as_before, source, made_up, monkeypatch, size):
    operations = bisected(source, monkeypatch, made_up, SearchStatus.FOUND)
    await looks_as_before(size, source=source, operations=operations, first=to_the_dialog)


@SIZES
@pytest.mark.parametrize("found", [SearchStatus.FOUND, SearchStatus.NOT_REPRODUCED])
async def test_bisect(looks_as_before, source, made_up, monkeypatch, size, found):
    operations = bisected(source, monkeypatch, made_up, found)
    await looks_as_before(
        size, "enter", source=source, operations=operations, first=to_the_dialog,
        then=lambda app: getattr(getattr(app.screen, "job", None), "state", None) == "done"
        and len(app.screen.table.rows) == 4,
    )  # fmt: skip


# over all environments


@SIZES
async def test_packages_of_all_environments(looks_as_before, source, size):
    async def opened(pilot, until):
        await pilot.press("L")
        await until(lambda: pilot.app.screen.table.rows)
        await until(lambda: pilot.app.screen.table.rows[0].use.occupied)
        await pilot.pause()

    await looks_as_before(size, "s", source=source, first=opened)


@SIZES
async def test_two_environments_compared(looks_as_before, source, size):
    usual = source.distributions

    def distributions(environment):
        flask, jinja, pip = usual(environment)
        return (
            (replace(flask, version="2.0"), pip) if "blog" in environment.path else (flask, jinja)
        )

    source.distributions = distributions
    await looks_as_before(
        size, "a", "G", "space", "equals_sign", source=source,
        then=lambda app: getattr(app.screen, "table", None) and app.screen.table.rows,
    )  # fmt: skip


async def test_what_to_compare_with_is_asked(looks_as_before, source):
    await looks_as_before((80, 24), "equals_sign", source=source)


@SIZES
async def test_caches_and_debris(looks_as_before, source, made_up, monkeypatch, size):
    from envdeck.core.caches import Cache, CacheFolder
    from envdeck.core.model import Size
    from envdeck.tui.machine import caches

    def cache(kind, title, disk, freed, **changes):
        folder = CacheFolder(f"{made_up.HOME}/.cache/{kind}/x", Size(disk, disk, freed, 9))
        loses = "packages are downloaded again when they are next installed"
        return Cache(kind, title, loses, (folder,), f"{made_up.HOME}/.cache/{kind}", **changes)

    found = (
        cache("uv", "uv cache", 900_000_000, 200_000_000, command=("uv", "cache", "clean")),
        cache(
            "pip", "pip cache", 400_000_000, 400_000_000, blocked="a link out of the home folder"
        ),
        cache("mypy", "mypy caches", 9_000_000, 9_000_000, forever=True),
    )
    monkeypatch.setattr(caches, "finder", lambda *_: lambda _stopped: iter(found))
    await looks_as_before(
        size, "B", "j", "space", source=source, operations=made_up.MadeUpOperations(),
        then=lambda app: not getattr(app.screen, "looking", True),
    )  # fmt: skip
