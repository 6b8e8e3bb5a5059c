"""The walkthrough and the tour as they look, at the sizes they are designed for."""

import made_up_walkthrough as made
import pytest

from envdeck.core.model import CommandStarted, OutputLine, StepProgress, StepStarted
from envdeck.text.safe import ASCII
from envdeck.tui.walkthrough.options import StepDialog

SIZES = pytest.mark.parametrize(
    "size", [(80, 24), (120, 36), (50, 15)], ids=lambda s: f"{s[0]}x{s[1]}"
)
NARROW = (80, 24)


def looked(app):
    walk = getattr(app.screen, "walk", None)
    return walk is not None and walk.steps and not app.screen.panes.looking


def _settled(view):
    """Whether it has its scroll bar where it needs one, and none where it does not."""
    room = view.scrollable_content_region.height
    return room and view.show_vertical_scrollbar == (len(view.lines) > room)


@pytest.fixture
def walks(looks_as_before, made_up):
    """Open the walkthrough of a project, press keys, and compare."""

    async def compare(
        size, *keys, found=None, operations=None, first=None, then=lambda _app: True, **changes
    ):
        walking = made.MadeUpWalking(found or made.steps())

        async def opening(pilot, until):
            pilot.app.open_walking = lambda *_: walking
            await pilot.press("w")
            await until(lambda: looked(pilot.app))
            await pilot.pause()
            if first is not None:
                await first(pilot, until)

        source = made_up.MemorySource([made_up.environment(f"{made.PROJECT}/.venv")])
        operations = operations or made_up.MadeUpOperations()
        await looks_as_before(
            size, *keys, source=source, operations=operations, first=opening, then=then, **changes
        )

    return compare


@SIZES
async def test_a_fresh_clone(walks, size):
    await walks(size)


@SIZES
async def test_nothing_is_left_to_do(walks, size):
    await walks(size, found=made.ready())


@SIZES
async def test_a_step_is_being_done(walks, made_up, size):
    held = [True]
    operations = made_up.MadeUpOperations(
        events=(
            StepStarted(0, "make it"),
            CommandStarted(("uv", "venv", f"{made.PROJECT}/.venv"), made.PROJECT),
            OutputLine("Using CPython 3.12.4"),
            OutputLine("[/] \x1b[31mCreating virtual environment"),
            StepProgress(31, 84, "packages"),
        ),
        hold=lambda: held[0],
    )

    async def doing(pilot, until):
        await pilot.press("enter", "enter")
        await until(lambda: getattr(pilot.app.screen, "plan", None) is not None)
        await pilot.press("y")
        jobs = pilot.app.main.operations.queue.jobs
        await until(lambda: jobs[0].progress is not None and jobs[0].written == 3)
        screen = pilot.app.screen
        await until(lambda: any("Creating" in str(line) for line in screen.panes.log_view.lines))
        # Before it is laid out it has no width, and its lines are more than it has room for.
        await until(lambda: _settled(screen.panes.log_view))

    try:
        await walks(size, operations=operations, first=doing)
    finally:
        held[0] = False


@SIZES
async def test_values_are_asked_for(walks, size):
    async def typing(pilot, until):
        # Each key once there is what takes it: a loaded machine looks idle to the pilot.
        await pilot.press("j", "j")
        await until(lambda: pilot.app.screen.panes.list.current.name == "dotenv")
        await pilot.press("enter")
        await until(lambda: isinstance(pilot.app.screen, StepDialog))
        field = pilot.app.screen.fields[0]
        await until(lambda: field.has_focus)
        await pilot.press("x", "y", "z")
        await until(lambda: field.value == "xyz")
        await until(lambda: pilot.app.screen.keys.display)

    await walks(size, first=typing)


async def test_options_are_chosen(walks):
    async def choosing(pilot, until):
        await pilot.press("enter")
        await until(lambda: isinstance(pilot.app.screen, StepDialog))
        await until(lambda: pilot.app.screen.choices.has_focus)
        await pilot.press("j", "space")
        await until(lambda: len(pilot.app.screen.chosen) == 2)

    await walks(NARROW, first=choosing)


async def test_plain_signs(walks):
    await walks(NARROW, signs=ASCII)


async def test_without_colour(walks):
    await walks(NARROW, no_color=True)


@SIZES
async def test_the_offer_of_the_tour(looks_as_before, size):
    def offered(app):
        return len(app.screen_stack) > 1

    async def waits(pilot, until):
        await until(lambda: offered(pilot.app))

    await looks_as_before(size, first=waits, tour=True)


@SIZES
async def test_a_card_of_the_tour(looks_as_before, size):
    await looks_as_before(size, "f12", "enter", "enter", then=lambda app: app.screen.number == 2)
