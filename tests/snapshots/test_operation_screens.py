"""Screens of operations as they look, at the sizes they are designed for."""

import pytest

from envdeck.core.model import (
    CommandStarted,
    OutputLine,
    Policy,
    Refusal,
    Step,
    StepProgress,
    StepStarted,
)

WIDE, NARROW, SMALL = (120, 36), (80, 24), (50, 15)
STEPS = (
    Step("Verify that it is unchanged"),
    Step("install 84 packages", ("uv", "pip", "install", "--no-deps", "-r", "requirements.txt")),
    Step("Move it to the trash"),
)
EVENTS = (
    StepStarted(1, STEPS[1].title),
    CommandStarted(STEPS[1].command, "/home/ada/work/api"),
    OutputLine("Resolved 84 packages in 112ms"),
    OutputLine("[/] \x1b[31mPrepared 12 packages in 1.20s"),
    StepProgress(31, 84, "packages"),
)


def refusal(made_up):
    return Refusal(
        "unowned-files",
        "2 files of yours would go with it: notes.txt, .env",
        "move them out first",
        f"{made_up.HOME}/work/notes1/.venv",
        overrulable=True,
    )


def planned(app):
    return getattr(app.screen, "plan", None) is not None


@pytest.mark.parametrize("size", [WIDE, NARROW, SMALL], ids=["wide", "narrow", "small"])
async def test_a_plan_with_a_guard_in_its_way(looks_as_before, made_up, size):
    operations = made_up.MadeUpOperations(
        refusals=(refusal(made_up),),
        changes={"steps": STEPS, "warnings": ("a process uses it: 4711 python",)},
    )
    keys = ("space", "space", "d")
    await looks_as_before(size, *keys, operations=operations, then=planned)


async def test_a_plan_that_can_be_said_yes_to(looks_as_before, made_up):
    operations = made_up.MadeUpOperations(changes={"steps": STEPS})
    await looks_as_before(WIDE, *("space",) * 6, "d", operations=operations, then=planned)


@pytest.fixture
def running(made_up):
    """Operations that run as long as the picture needs, and a plan that is there at once."""
    held = [True]
    operations = made_up.MadeUpOperations(
        events=EVENTS, hold=lambda: held[0], changes={"steps": STEPS}
    )
    yield operations
    held[0] = False


async def deleting(pilot, until):
    await pilot.press("d")
    await until(lambda: planned(pilot.app))
    await pilot.press("y")
    jobs = pilot.app.main.operations.queue.jobs
    await until(lambda: jobs[0].progress is not None)


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
async def test_the_list_while_something_is_done(looks_as_before, running, size):
    await looks_as_before(size, operations=running, first=deleting)


@pytest.mark.parametrize("size", [WIDE, NARROW, SMALL], ids=["wide", "narrow", "small"])
async def test_the_operations(looks_as_before, running, size):
    await looks_as_before(size, "O", operations=running, first=deleting)


async def test_leaving_while_something_is_done(looks_as_before, running):
    await looks_as_before(NARROW, "q", operations=running, first=deleting)


async def test_the_read_only_mode(looks_as_before, made_up):
    operations = made_up.MadeUpOperations(Policy(read_only=True))
    await looks_as_before(NARROW, "d", operations=operations)
