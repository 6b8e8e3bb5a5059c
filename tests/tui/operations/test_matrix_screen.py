"""A matrix on the screen: the dialog that asks for it, the grid as it fills, each cell's output."""

from dataclasses import replace

import pytest

from envdeck.core.model import (
    CellEnd,
    CellStarted,
    CellStatus,
    Ending,
    NoPlan,
    Operation,
    ProjectLink,
    ProjectState,
    Step,
)
from envdeck.core.operations.matrix.plan import MatrixCell, MatrixEnd, MatrixPlan
from envdeck.text import width
from envdeck.text.safe import ASCII
from envdeck.tui.base.job import Job, JobState
from envdeck.tui.dialogs import ask as dialog
from envdeck.tui.dialogs.ask import MatrixDialog
from envdeck.tui.operations.runs import MatrixScreen, cell_detail, cell_words, grid_lines
from envdeck.tui.operations.screen import OperationsScreen
from envdeck.tui.widgets.line import Display, line_text
from envdeck.tui.widgets.operation_words import end_words

HOME, NOW = "/home/ada", 1_795_000_000.0
LOOK, LETTERS = Display(HOME, lambda: NOW), Display(HOME, lambda: NOW, ASCII)
PROJECT = f"{HOME}/work/api"
HOSTILE = "[red]" + "\x1b[31m" + "x" * 300
COLUMNS = (("django<5",), ("django>=5", "psycopg"))
PYTHONS = ("3.11.7", "3.13.0")
CELLS = tuple(
    MatrixCell(number=2 * row + at + 1, python=python, column=column)
    for row, python in enumerate(PYTHONS)
    for at, column in enumerate(COLUMNS)
)
PASSED = CellEnd(1, CellStatus.PASSED, 0, 1.2, 0.5, packages=(("django", "4.2"),), output=("ok",))
FAILED = CellEnd(2, CellStatus.FAILED, 3, 0.4, 0.5, output=("boom",))
UNBUILT = CellEnd(3, CellStatus.NOT_BUILT, reason="django has no wheel", hint="use another")
ENDS = (PASSED, FAILED, UNBUILT, CellEnd(4, CellStatus.TIMED_OUT, reason="not over after 1 s"))
MESSAGE = "1 of 4 passed, 1 failed, 1 cannot be built, 1 timed out"
RESULT = MatrixEnd(status=Ending.FAILED, message=MESSAGE, cells=ENDS)


def plan(made_up, columns=COLUMNS, cells=CELLS):
    return MatrixPlan(
        id="20261120-101502-0001",
        operation=Operation.MATRIX,
        targets=made_up.plan(PROJECT).targets,
        steps=(Step("Run it in 4 environments", ("pytest", "-x")),),
        project=PROJECT,
        command=("pytest", "-x"),
        pythons=PYTHONS,
        columns=columns,
        cells=cells,
    )


def job_of(made_up, *events):
    job = Job(plan(made_up))
    job.state = JobState.RUNNING
    for one in events:
        job.tell(one)
    job.drain(NOW)
    return job


# words


@pytest.mark.parametrize("look", [LOOK, LETTERS], ids=["unicode", "ascii"])
def test_the_grid_has_a_row_a_python_and_a_column_a_set(made_up, look):
    job = job_of(made_up, PASSED, FAILED, CellStarted(3), CellStarted(4, runs=True))
    lines = [line_text(one) for one in grid_lines(job, job.plan, look, 80)]
    assert lines[0].split() == ["Python", "django<5", "django>=5,", "psycopg"]
    assert lines[1].split()[0] == "3.11.7"
    assert "passed" in lines[1]
    assert "failed (3)" in lines[1]
    assert "building" in lines[2]
    assert "runs" in lines[2]
    assert look is LOOK or "\n".join(lines).isascii()


def test_what_cannot_be_built_never_looks_as_if_it_had_passed():
    words = {one: cell_words(CellEnd(1, one), LOOK) for one in CellStatus}
    passed, tone = words.pop(CellStatus.PASSED)
    assert passed == "✓ passed"
    assert all("✓" not in text and other is not tone for text, other in words.values())


@pytest.mark.parametrize("cells", [18, 39, 78])
def test_no_line_is_wider_than_the_screen(made_up, cells):
    hostile = replace(CELLS[0], column=(HOSTILE,), python=HOSTILE)
    end = CellEnd(1, CellStatus.FAILED, 1, reason=HOSTILE, hint=HOSTILE, output=(HOSTILE,),
                  packages=((HOSTILE, HOSTILE),))  # fmt: skip
    wide = plan(made_up, ((HOSTILE,), ()), (hostile, *CELLS[1:]))
    lines = [*cell_detail(hostile, end, LOOK, cells), *grid_lines(Job(wide), wide, LOOK, cells)]
    assert "\x1b" not in "\n".join(map(line_text, lines))
    assert all(width(line_text(line)) <= cells for line in lines)


def test_the_end_is_bad_news_where_one_did_not_pass(made_up):
    job = job_of(made_up, *ENDS)
    job.end(RESULT)
    assert job.drain(NOW)
    assert job.state is JobState.ENDED_BADLY
    said, failed = end_words(job, LOOK)
    assert said.startswith("test ~/work/api: 1 of 4 passed")
    assert failed


# the screen


@pytest.fixture
def operations(made_up, monkeypatch):
    """Operations whose matrix ends as it is told to."""
    asked = []

    def planned(_operating, project, choice):
        asked.append((project, choice))
        return plan(made_up)

    monkeypatch.setattr(dialog, "plan_matrix", planned)
    monkeypatch.setattr(dialog, "find_command", lambda *_: "pytest -x")
    monkeypatch.setattr(dialog, "default_pythons", lambda *_: PYTHONS)
    return made_up.MadeUpOperations(events=ENDS, result=RESULT, changes={"asked": asked})


@pytest.fixture
def source(made_up):
    link = ProjectLink(path=PROJECT, state=ProjectState.FOUND)
    return made_up.MemorySource([replace(made_up.environment(), project=link)])


async def asked(pilot, wait_until):
    await pilot.press("g", "V")
    await wait_until(lambda: isinstance(pilot.app.screen, MatrixDialog))
    shown = pilot.app.screen
    await wait_until(lambda: shown.fields[1].value)
    return shown


def seen(app):
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_it_asks_fills_the_grid_and_shows_the_output_of_a_cell(
    open_screen, wait_until, source, operations, size
):
    choices = operations.changes.pop("asked")
    async with open_screen(source, operations=operations, size=size) as pilot:
        shown = await asked(pilot, wait_until)
        assert [field.value for field in shown.fields] == ["pytest -x", "3.11.7, 3.13.0", "", ""]
        assert "Command" in seen(pilot.app)
        shown.fields[2].value = "django<5 | django>=5, psycopg"
        shown.fields[3].value = "60"
        await pilot.press("enter")
        await wait_until(lambda: isinstance(pilot.app.screen, MatrixScreen))
        screen = pilot.app.screen
        await wait_until(lambda: screen.job.state.over and MESSAGE[:30] in seen(pilot.app))
        ((project, choice),) = choices
        assert project == PROJECT
        assert choice.command == ("pytest", "-x")
        assert choice.pythons == PYTHONS
        assert choice.columns == ("django<5 ", " django>=5, psycopg")
        assert choice.limit == 60.0
        assert len(screen.table.rows) == 4
        assert "django 4.2" in seen(pilot.app)
        await pilot.press("down")
        await wait_until(lambda: "boom" in seen(pilot.app))
        await pilot.press("enter")
        await wait_until(lambda: screen.about.has_focus)
        await pilot.press("escape", "escape")
        await wait_until(lambda: pilot.app.screen is pilot.app.main)


async def test_left_it_runs_on_the_same_key_returns_to_it_and_it_can_be_cancelled(
    open_screen, wait_until, source, operations
):
    operations.changes.clear()
    hold = [True]
    operations.hold = lambda: hold[0]
    async with open_screen(source, operations=operations) as pilot:
        await asked(pilot, wait_until)
        await pilot.press("enter")
        await wait_until(lambda: isinstance(pilot.app.screen, MatrixScreen))
        first = pilot.app.screen
        for size in ((20, 5), (80, 24), (120, 36)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
        await pilot.press("escape")
        await wait_until(lambda: pilot.app.screen is pilot.app.main)
        await pilot.press("V")
        await wait_until(lambda: isinstance(pilot.app.screen, MatrixScreen))
        assert pilot.app.screen.job is first.job
        await pilot.press("escape", "O")
        await wait_until(lambda: isinstance(pilot.app.screen, OperationsScreen))
        await wait_until(lambda: pilot.app.screen.table.current is first.job)
        await pilot.press("enter")
        await wait_until(lambda: isinstance(pilot.app.screen, MatrixScreen))
        await pilot.press("x")
        await wait_until(lambda: first.job.state.over)
        assert first.job.state is JobState.CANCELLED


async def test_what_cannot_be_used_is_said(
    open_screen, wait_until, source, operations, monkeypatch
):
    choices = operations.changes.pop("asked")
    async with open_screen(source, operations=operations) as pilot:
        shown = await asked(pilot, wait_until)

        async def says(words, command, limit=""):
            shown.fields[0].value, shown.fields[3].value = command, limit
            await pilot.press("enter")
            await wait_until(lambda: words in line_text(shown.said.line))

        await says("quote is not closed", "pytest 'x")
        await says("enter a command", " ")
        await says("invalid time limit", "pytest", "soon")
        assert choices == []
        problem = NoPlan("invalid requirement `[red]`", hint="use a name")
        monkeypatch.setattr(dialog, "plan_matrix", lambda *_: problem)
        await says("invalid requirement `[red]`; use a name", "pytest")


async def test_an_environment_without_a_project_says_so(
    open_screen, made_up, wait_until, operations
):
    operations.changes.clear()
    link = ProjectLink(path=None, state=ProjectState.NONE)
    source = made_up.MemorySource([replace(made_up.environment(), project=link)])
    async with open_screen(source, operations=operations) as pilot:
        await pilot.press("g", "V")
        await wait_until(lambda: pilot.app._notifications)
        assert "no project" in next(iter(pilot.app._notifications)).message
