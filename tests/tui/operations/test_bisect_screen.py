"""A bisect on the screen: the dialog that asks for a command, its runs, and what can be done."""

from dataclasses import replace

import pytest
from textual.widgets import Input

from envdeck.core.model import BisectRun, BisectRunStarted, BisectVerdict, Ending, Operation, Step
from envdeck.core.operations.bisect.plan import BisectEnd, BisectPlan
from envdeck.core.operations.bisect.run import BisectRequest, BisectResult
from envdeck.core.operations.bisect.search import SearchStatus
from envdeck.core.timeline.model import Snapshot, SnapshotPackage, StateDifference
from envdeck.text import width
from envdeck.tui.base.job import Job, JobState
from envdeck.tui.detail.timeline import TimelineTab
from envdeck.tui.dialogs import ask as dialog
from envdeck.tui.dialogs.ask import BisectDialog
from envdeck.tui.dialogs.plan import PlanDialog
from envdeck.tui.operations.runs import BisectScreen, end_lines, run_detail, run_line
from envdeck.tui.operations.screen import OperationsScreen
from envdeck.tui.widgets.line import Display, line_text

HOME, NOW, DAY = "/home/ada", 1_795_000_000.0, 86_400
LOOK = Display(HOME, lambda: NOW)
PATH = f"{HOME}/work/api/.venv"
HOSTILE = "[red]" + "\x1b[31m" + "x" * 300


def snapshot(identity, days, packages, **changes):
    held = tuple(SnapshotPackage(name, version) for name, version in packages.items())
    at = NOW - days * DAY
    base = Snapshot(identity * 16, PATH, at, at, "3.12.4", "/usr", held)
    return replace(base, **changes)


OLD = snapshot("a", 30, {"idna": "3.7", "six": "1.16", "yarl": "1.0"}, good=True)
NEW = snapshot("b", 2, {"idna": "3.10", "yarl": "1.0", "zope": "5"})
STARTED = BisectRunStarted(3, {"idna": "3.10", "six": "1.16"}, ("idna",))
GOOD = BisectRun({"idna": "3.7", "six": "1.16"}, (), BisectVerdict.GOOD, 0, 0.6, number=1)
BAD = BisectRun(
    {"idna": "3.10", "six": None}, ("idna", "six"), BisectVerdict.BAD, 1, 0.4, number=2,
    output=("boom", HOSTILE),
)  # fmt: skip
SKIP = BisectRun({"idna": "3.10", "six": "1"}, ("idna",), BisectVerdict.SKIP, reason="no", number=3)
FOUND = BisectResult(
    SearchStatus.FOUND, "idna 3.7 → 3.10", (StateDifference("idna", "3.7", "3.10"),), (GOOD, BAD)
)


def plan(environment, good=OLD, bad=NEW):
    request = BisectRequest(environment, good, bad, ("pytest", "-x"), "/")
    return BisectPlan(
        id="20261120-101502-0001",
        operation=Operation.BISECT,
        targets=(),
        steps=(Step("Try sets of packages in copies"),),
        request=request,
    )


def end(found=FOUND, **changes):
    base = BisectEnd(status=Ending.DONE, message=found.message, found=found)
    return replace(base, **changes)


# words


def test_a_run_says_its_verdict_what_it_tried_and_how_long_it_took():
    said = [line_text(run_line(one, LOOK, 70, "2 s")).split() for one in (GOOD, BAD, SKIP, STARTED)]
    assert said[0] == ["1", "✓", "good", *["all", "as", "in", "the", "good", "state"], "0.6", "s"]
    assert said[1][:3] == ["2", "✗", "bad"]
    assert "idna 3.10 · no" in " ".join(said[2])
    assert said[3] == ["3", LOOK.signs.running, "runs", "idna", "3.10", "2", "s"]


@pytest.mark.parametrize("cells", [18, 39, 78])
def test_no_line_is_wider_than_the_screen_and_names_that_would_act_are_shown(cells):
    hostile = replace(BAD, packages={HOSTILE: HOSTILE, "six": None}, applied=(HOSTILE,))
    lines = [run_line(hostile, LOOK, cells), *run_detail(hostile, LOOK, cells)]
    text = "\n".join(map(line_text, lines))
    assert "\x1b" not in text
    assert "[red]" in text
    assert all(width(line_text(line)) <= cells for line in lines)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (FOUND, ["Found in 2 runs: idna 3.7 → 3.10", "f: pin idna==3.7", "snapshot aaaaaaaa"]),
        (
            BisectResult(SearchStatus.NOT_REPRODUCED, "the bad state is good", (), (GOOD, GOOD)),
            ["Not reproduced: the bad state is good.", "does not show the problem"],
        ),
        (
            BisectResult(SearchStatus.NOT_REPRODUCED, "the good state is bad", (), (BAD, BAD)),
            ["Not reproduced", "select an earlier snapshot"],
        ),
        (
            BisectResult(SearchStatus.CANNOT_TELL, "it fails at random"),
            ["Cannot tell: it fails at random."],
        ),
    ],
)
def test_the_end_says_what_it_is_and_offers_what_can_be_done(made_up, found, words):
    lines = end_lines(end(found), plan(made_up.environment()), LOOK)
    text = "\n".join(map(line_text, lines))
    assert all(one in text for one in words)
    assert ("f: pin" in text) == (found is FOUND)


def test_a_culprit_that_was_not_installed_is_uninstalled_and_a_declared_one_is_named(made_up):
    new = replace(FOUND, culprits=(StateDifference("zope", None, "5"),))
    told = end(new, declared=(("zope", "requirements.txt", 3),))
    text = "\n".join(map(line_text, end_lines(told, plan(made_up.environment()), LOOK)))
    assert "f: uninstall zope" in text
    assert "zope is declared in requirements.txt, line 3" in text


def test_a_cancelled_bisect_is_cancelled_and_nothing_was_rolled_back(made_up):
    job = Job(plan(made_up.environment()))
    job.state = JobState.RUNNING
    job.tell(STARTED)
    job.end(end(status=Ending.ROLLED_BACK, stopped=True))
    assert job.drain(NOW)
    assert job.state is JobState.CANCELLED
    assert job.runs == {3: STARTED}


# the screen


@pytest.fixture
def source(made_up):
    source = made_up.MemorySource([made_up.environment()])
    source.seen = {PATH: [NEW, OLD]}
    return source


@pytest.fixture
def operations(made_up, source, monkeypatch):
    """Operations whose bisect says what it is told to."""
    asked = []

    def planned(_operating, environment, choice):
        asked.append(choice)
        return replace(plan(environment), targets=made_up.plan(PATH).targets)

    monkeypatch.setattr(dialog, "plan_bisect", planned)
    monkeypatch.setattr(dialog, "find_command", lambda *_: "pytest -x")
    return made_up.MadeUpOperations(
        source=source, events=(GOOD, BAD, STARTED), result=end(), changes={"asked": asked}
    )


async def asked(pilot, wait_until, *keys):
    await pilot.press("g", "6")
    panes = pilot.app.main.panes
    await wait_until(lambda: panes.detail and isinstance(panes.detail.tab, TimelineTab))
    tab = panes.detail.tab
    await wait_until(lambda: type(tab.state).__name__ == "Timeline")
    await pilot.pause()
    await pilot.press(*keys, "b")
    await wait_until(lambda: isinstance(pilot.app.screen, BisectDialog))
    shown = pilot.app.screen
    await wait_until(lambda: shown.query_one(Input).value == "pytest -x")
    return shown


async def test_it_asks_for_the_command_shows_the_runs_and_offers_a_pin(
    open_screen, made_up, wait_until, source, operations
):
    choices = operations.changes.pop("asked")
    async with open_screen(source, operations=operations) as pilot:
        shown = await asked(pilot, wait_until)
        text = "\n".join(line_text(line) for line in shown.notes())
        assert "Good  snapshot aaaaaaaa" in text
        assert "Bad   the current packages" in text
        assert "3 packages changed: idna, six, zope" in text
        await pilot.press("enter")
        await wait_until(lambda: isinstance(pilot.app.screen, BisectScreen))
        screen = pilot.app.screen
        await wait_until(lambda: screen.job.state is JobState.DONE and screen.summary.lines)
        assert [one.good for one in choices] == [OLD.id]
        assert choices[0].command == ("pytest", "-x")
        assert choices[0].bad is None
        await wait_until(lambda: [row.number for row in screen.table.rows] == [1, 2])
        assert not pilot.app._notifications
        await pilot.press("f")
        await wait_until(lambda: isinstance(pilot.app.screen, PlanDialog))
        await wait_until(lambda: ("install", (PATH, ("idna==3.7",), False, frozenset()))
                         in operations.asked)  # fmt: skip
        await pilot.press("escape")
        await wait_until(lambda: pilot.app.screen is screen)
        await pilot.press("c")
        await wait_until(lambda: any(one[0] == "recreate" for one in operations.asked))


async def test_left_it_runs_on_and_the_same_key_returns_to_it(
    open_screen, made_up, wait_until, source, operations
):
    operations.changes.clear()
    hold = [True]
    operations.hold = lambda: hold[0]
    async with open_screen(source, operations=operations) as pilot:
        await asked(pilot, wait_until)
        await pilot.press("enter")
        await wait_until(lambda: isinstance(pilot.app.screen, BisectScreen))
        first = pilot.app.screen
        await wait_until(lambda: len(first.table.rows) == 3)
        for size in ((20, 5), (80, 24), (120, 36)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
        await pilot.press("escape")
        await wait_until(lambda: pilot.app.screen is pilot.app.main)
        await pilot.press("b")
        await wait_until(lambda: isinstance(pilot.app.screen, BisectScreen))
        assert pilot.app.screen.job is first.job
        await pilot.press("escape", "O")
        await wait_until(lambda: isinstance(pilot.app.screen, OperationsScreen))
        await wait_until(lambda: pilot.app.screen.table.current is first.job)
        await pilot.press("enter")
        await wait_until(lambda: isinstance(pilot.app.screen, BisectScreen))
        await pilot.press("x")
        await wait_until(lambda: first.job.state.over)
        assert first.job.state is JobState.CANCELLED


async def test_a_command_or_a_limit_that_cannot_be_used_is_said(
    open_screen, made_up, wait_until, source, operations
):
    choices = operations.changes.pop("asked")
    async with open_screen(source, operations=operations) as pilot:
        shown = await asked(pilot, wait_until)
        command, limit = shown.fields

        async def says(words, one, other):
            command.value, limit.value = one, other
            await pilot.press("enter")
            await wait_until(lambda: words in line_text(shown.said.line))

        await says("quote is not closed", "pytest 'x", "")
        await says("enter the command", "  ", "")
        await says("invalid time limit", "pytest", "soon")
        await says("invalid time limit", "pytest", "-1")
        assert choices == []
        command.value, limit.value = "pytest", "30"
        await pilot.click("#late")
        await pilot.click("#go_on")
        await wait_until(lambda: choices)
        assert (choices[0].limit, choices[0].late_is_bad) == (30.0, True)


async def test_the_marked_snapshot_is_the_bad_one(
    open_screen, made_up, wait_until, source, operations
):
    choices = operations.changes.pop("asked")
    middle = snapshot("c", 9, {"idna": "3.8", "six": "1.16", "yarl": "1.0"})
    source.seen[PATH] = [NEW, middle, OLD]
    async with open_screen(source, operations=operations) as pilot:
        await pilot.press("g", "6")
        panes = pilot.app.main.panes
        await wait_until(lambda: panes.detail and isinstance(panes.detail.tab, TimelineTab))
        tab = panes.detail.tab
        await wait_until(lambda: type(tab.state).__name__ == "Timeline" and tab.view.rows)
        tab.view.move_to_key(("snapshot", middle.id, middle.taken_at))
        await pilot.press("space")
        await wait_until(lambda: tab.bad == middle.id)
        await pilot.press("b")
        await wait_until(lambda: isinstance(pilot.app.screen, BisectDialog))
        await wait_until(lambda: pilot.app.screen.fields[0].value)
        await pilot.press("enter")
        await wait_until(lambda: choices)
        assert (choices[0].good, choices[0].bad) == (OLD.id, middle.id)


async def test_hostile_names_are_shown_as_they_are_at_any_size(
    open_screen, made_up, wait_until, source, operations
):
    operations.changes.clear()
    name = "[@click=app.quit]x[/]\x1b[31m"
    source.seen[PATH] = [snapshot("b", 2, {name: "[red]2"}), snapshot("a", 9, {name: "1" * 300})]
    hostile = replace(BAD, packages={name: "[red]2"}, applied=(name,), reason="[/]\x1b[2J")
    operations.events = (GOOD, hostile)
    culprit = StateDifference(name, "1" * 300, "[red]2")
    operations.result = end(replace(FOUND, culprits=(culprit,)), declared=((name, "[/]", 1),))
    async with open_screen(source, operations=operations) as pilot:
        await pilot.press("g", "6")
        panes = pilot.app.main.panes
        await wait_until(lambda: panes.detail and isinstance(panes.detail.tab, TimelineTab))
        tab = panes.detail.tab
        await wait_until(lambda: type(tab.state).__name__ == "Timeline" and tab.view.rows)
        await pilot.press("G", "b")
        await wait_until(lambda: isinstance(pilot.app.screen, BisectDialog))

        def seen():
            strips = pilot.app.screen._compositor.render_strips()
            return "\n".join(strip.text for strip in strips)

        async def holds(words):
            for size in ((20, 5), (50, 15), (80, 24)):
                await pilot.resize_terminal(*size)
                await pilot.pause()
                assert "\x1b" not in seen()
            await wait_until(lambda: words in seen())

        await holds("1 package changed: [@click=app.quit]x[/]\\x1b[31m")
        await wait_until(lambda: pilot.app.screen.fields[0].value)
        await pilot.press("enter")
        await wait_until(lambda: isinstance(pilot.app.screen, BisectScreen))
        screen = pilot.app.screen
        await wait_until(lambda: screen.job.state.over and len(screen.table.rows) == 2)
        await holds("all as in the bad state · [/]\\x1b[2J")
        await holds("[@click=app.quit]x[/]\\x1b[31m")
        await pilot.press("f")
        await wait_until(lambda: isinstance(pilot.app.screen, PlanDialog))
        await holds("Pin [@click")
        assert "\x1b" not in pilot.app.screen.request.title
