"""The walkthrough's screen: what it shows, what its keys do, and that it never waits."""

import threading
from dataclasses import replace
from pathlib import Path

import made_up_walkthrough as made
import pytest

from envdeck.core.model import (
    CommandStarted,
    Ending,
    OutputLine,
    Policy,
    ProjectLink,
    ProjectState,
    Result,
    StepStarted,
)
from envdeck.core.onboarding.model import StepAnswers, StepField, StepState
from envdeck.core.onboarding.steps import STEPS
from envdeck.text import capitalise, width
from envdeck.text.safe import ASCII, UNICODE
from envdeck.tui.base.keymap import validate_keys
from envdeck.tui.base.messages import OperationEnded
from envdeck.tui.dialogs.plan import PlanDialog
from envdeck.tui.recreate import project_folder
from envdeck.tui.recreate.project_folder import ProjectDialog, folders_like
from envdeck.tui.walkthrough import worker as walkthrough_looking
from envdeck.tui.walkthrough.options import StepDialog
from envdeck.tui.walkthrough.state import WalkthroughState
from envdeck.tui.walkthrough.view import step_detail, step_line, title_line, typed, unabridged
from envdeck.tui.widgets.line import Display, line_text, line_width
from envdeck.tui.workers.operation_queue import Job

MARK = "MARK-3f9c"


PROJECT = made.PROJECT


def shown(app):
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


def said(app):
    return " ".join(toast.message for toast in app._notifications)


@pytest.mark.parametrize(
    ("text", "begins"),
    [("it is moved", "It"), ("api/.venv is moved", "api"), ("pyproject.toml: no", "pyproject")],
)
def test_a_sentence_that_begins_with_a_name_keeps_it(text, begins):
    assert capitalise(text).startswith(begins)


@pytest.fixture
def walked(open_screen, made_up, wait_until):
    """Open the screen on the walkthrough of a project, looked at once."""
    from contextlib import asynccontextmanager

    @asynccontextmanager
    async def opened(walking=None, *, operations=None, looked=True, size=(120, 36), **changes):
        walking = walking or made.MadeUpWalking()
        operations = operations or made_up.MadeUpOperations()
        source = made_up.MemorySource([made_up.environment(f"{PROJECT}/.venv")])
        async with open_screen(source, size=size, operations=operations, **changes) as pilot:
            app = pilot.app
            app.open_walking = lambda *_: walking
            await pilot.press("w")
            await wait_until(lambda: hasattr(app.screen, "walk"))
            if looked:
                await wait_until(lambda: app.screen.walk.steps and not app.screen.panes.looking)
                await pilot.pause()
            yield pilot, walking

    return opened


def look(signs=UNICODE, **keys):
    return Display("/home/ada", lambda: 0.0, signs, keys)


def walk_of(steps):
    walk = WalkthroughState(PROJECT, lambda: None)
    walk.steps = steps
    return walk


# what it says


@pytest.mark.parametrize(
    ("state", "unicode", "ascii_"),
    [
        (StepState.DONE, "✓ done", "* done"),
        (StepState.OPEN, "○ to do", "o to do"),
        (StepState.WAITING, "◦ waiting", ". waiting"),
        (StepState.CANNOT, "✗ manual step", "x manual step"),
        (StepState.READY, "▷ ready", "> ready"),
        (StepState.SKIPPED, "– not applicable", "- not applicable"),
    ],
)
def test_each_state_has_a_sign_and_a_word_and_plain_ones_where_there_is_no_unicode(
    state, unicode, ascii_
):
    step = replace(made.steps()[0], state=state)
    for signs, word in ((UNICODE, unicode), (ASCII, ascii_)):
        line = line_text(step_line(step, None, look(signs), 60))
        assert line.startswith(f" {word} ")
        assert line.endswith(step.title)
        if signs is ASCII:
            assert line.isascii()


@pytest.mark.parametrize("size", [(80, 24), (100, 30), (120, 36)])
async def test_no_name_of_a_step_is_cut(walked, size):
    async with walked(size=size) as (pilot, _):
        room = pilot.app.screen.query_one("StepList").size.width
        step = made.steps()[0]
        for each in STEPS:
            row = step_line(replace(step, title=each.title), None, look(), room)
            assert line_text(row).endswith(each.title)


@pytest.mark.parametrize("cells", [30, 50, 66, 200])
def test_no_line_is_wider_than_there_is_room_and_hostile_text_stays_text(cells, made_up):
    told = " ".join(made_up.HOSTILE)
    steps = [
        replace(
            step,
            title=told,
            message=told,
            hint=told,
            why=told,
            details=(told,),
            commands=((told, "x" * 300),),
            options=tuple(replace(each, title=told) for each in step.options),
        )
        for step in made.steps()
    ]
    walk = walk_of(tuple(steps))
    for step in steps:
        rows = [step_line(step, None, look(), cells), *step_detail(walk, step, look(), cells)]
        for row in rows:
            assert line_width(row) <= cells
            assert "\x1b" not in line_text(row)
            assert "\n" not in line_text(row)


@pytest.mark.parametrize("cells", [8, 20, 41])
def test_a_command_is_shown_whole(cells):
    text = "uv pip install --python '/home/ada/a b/.venv/bin/python' " + "x" * 90
    lines = unabridged(text, cells)
    assert all(width(line) <= cells for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_how_far_it_is_leaves_out_what_does_not_apply():
    title = line_text(title_line(walk_of(made.steps()), look(), 80, looking=False))
    assert "~/work/shop" in title
    assert title.endswith("1 of 7 done")


def test_when_nothing_is_open_it_says_how_to_activate_and_what_to_try():
    walk = walk_of(made.ready())
    told = "\n".join(line_text(each) for each in step_detail(walk, walk.steps[0], look(), 80))
    assert "Project setup complete" in told
    assert "activate  source ~/work/shop/.venv/bin/activate" in told
    assert "then run  pytest -q" in told
    one_open = walk_of(made.steps())
    told = "\n".join(line_text(each) for each in step_detail(one_open, None, look(), 80))
    assert "Project setup complete" not in told


async def test_it_shows_the_steps_and_all_about_the_one_under_the_cursor(walked):
    async with walked() as (pilot, _):
        text = shown(pilot.app)
        assert "1 of 7 done" in text
        for step in made.steps():
            assert step.title in text
        assert "○ to do  There is no environment in the project" in text
        assert "$ uv venv --python /usr/bin/python3.12" in text
        assert "[✓] dev" in text
        await pilot.press("j", "j", "j")
        assert "give new values to what is in it" in shown(pilot.app).lower()


def test_what_is_typed_in_a_power_shell_keeps_its_call_operator():
    assert typed(("&", "/a b/Activate.ps1")) == "& '/a b/Activate.ps1'"
    assert typed(("source", "/a b/activate")) == "source '/a b/activate'"


def test_its_keys_cannot_be_given_to_two_things():
    assert validate_keys({"cancel": "r"}) == ["key 'r' is used by both 'refresh' and 'cancel'"]
    assert len(validate_keys({"cancel": "w"})) == 1


# doing a step


async def to_plan(pilot, wait_until):
    await wait_until(lambda: isinstance(pilot.app.screen, PlanDialog) and pilot.app.screen.plan)


async def test_options_first_then_the_plan_and_then_it_runs_is_ticked_and_goes_on(
    walked, made_up, wait_until
):
    done = made.steps(environment=StepState.DONE, packages=StepState.OPEN)
    walking = made.MadeUpWalking(after={"environment": done})
    operations = made_up.MadeUpOperations(
        events=(
            StepStarted(0, "make it"),
            CommandStarted(("uv", "venv"), PROJECT),
            OutputLine("[/] Using CPython 3.12.4"),
        )
    )
    async with walked(walking, operations=operations) as (pilot, _):
        app, screen = pilot.app, pilot.app.screen
        await pilot.press("enter")
        assert isinstance(app.screen, StepDialog)
        await pilot.press("j", "space", "enter")
        await to_plan(pilot, wait_until)
        both = ("group:dev", "extra:docs")
        assert ("choose", ("environment", both, {})) in walking.asked
        assert ("plan", ("environment", both, {})) in walking.asked
        assert app.focused.id == "cancel"
        assert not operations.ran
        await pilot.press("y")
        await wait_until(lambda: ("ended", ("environment", Ending.DONE)) in walking.asked)
        await wait_until(
            lambda: screen.panes.list.current.name == "packages" and not screen.panes.looking
        )
        await pilot.pause()
        assert app.screen is screen
        assert "2 of 7 done" in shown(app)
        assert "[/] Using CPython 3.12.4" in shown(app)
        assert [step.state for step in screen.walk.steps[:3]] == [
            StepState.DONE,
            StepState.DONE,
            StepState.OPEN,
        ]


async def test_a_plan_that_is_not_said_yes_to_leads_back_to_what_was_chosen(walked, wait_until):
    async with walked() as (pilot, walking):
        await pilot.press("enter", "enter")
        await to_plan(pilot, wait_until)
        await pilot.press("n")
        await wait_until(lambda: isinstance(pilot.app.screen, StepDialog))
        assert not pilot.app.screen.has_class("-under")
        await pilot.press("escape")
        await wait_until(lambda: hasattr(pilot.app.screen, "walk"))
        assert not [each for each in walking.asked if each[0] == "ended"]


async def test_what_a_published_example_proposes_is_shown_and_what_is_typed_is_not(walked):
    async with walked() as (pilot, _):
        app = pilot.app
        dialog = StepDialog(
            replace(
                app.screen.walk.steps[2],
                fields=(
                    StepField("DATABASE_URL", default="sqlite:///dev.db", published=True),
                    StepField("API_KEY", default="private"),
                ),
            ),
            Display("/home/ada", lambda: 0.0, UNICODE, {}),
        )
        app.push_screen(dialog)
        await pilot.pause()
        assert "DATABASE_URL  hidden, from the example: sqlite:///dev.db" in shown(app)
        assert "API_KEY  hidden, from the example" in shown(app)
        assert "private" not in shown(app)


async def test_values_are_masked_and_go_to_the_plan_alone(walked, made_up, wait_until):
    operations = made_up.MadeUpOperations()
    async with walked(operations=operations) as (pilot, walking):
        app = pilot.app
        await pilot.press("j", "j", "enter")
        assert isinstance(app.screen, StepDialog)
        assert app.screen.fields[0].password
        assert not app.screen.fields[1].password
        await pilot.press(*("minus" if letter == "-" else letter for letter in MARK))
        await pilot.pause()
        assert "MARK" not in shown(app)
        assert "MARK" not in app.export_screenshot()
        await pilot.press("enter", "enter")
        await to_plan(pilot, wait_until)
        values = {"DATABASE_URL": MARK, "PORT": "8000"}
        assert ("plan", ("dotenv", None, values)) in walking.asked
        assert "MARK" not in shown(app)
        assert not [each for each in walking.asked if each[0] == "choose"]
        assert "MARK" not in repr(StepAnswers(None, values))
        await pilot.press("y")
        await wait_until(lambda: operations.ran)
        await wait_until(lambda: app.screen is not None and hasattr(app.screen, "walk"))
        assert "MARK" not in shown(app)


async def test_x_cancels_and_the_cursor_stays(walked, made_up, wait_until):
    operations = made_up.MadeUpOperations(hold=lambda: True)
    async with walked(operations=operations) as (pilot, walking):
        app, screen = pilot.app, pilot.app.screen
        await pilot.press("enter", "enter")
        await to_plan(pilot, wait_until)
        await pilot.press("y")
        await wait_until(lambda: operations.ran)
        await pilot.pause()
        assert "» running" in shown(app)
        await pilot.press("j", "j", "enter")
        assert "one step at a time" in said(app)
        await pilot.press("k", "k", "x")
        await wait_until(lambda: ("ended", ("environment", Ending.ROLLED_BACK)) in walking.asked)
        await wait_until(lambda: not screen.panes.looking)
        await pilot.pause()
        assert screen.panes.list.current.name == "environment"
        assert "Last run: rolled back" in shown(app)


async def test_what_waits_is_given_up_before_it_begins(walked, made_up, wait_until):
    async with walked() as (pilot, walking):
        app, screen = pilot.app, pilot.app.screen
        app.main.operations.need_queue(app.main.operations.operating)._held = True
        await pilot.press("enter", "enter")
        await to_plan(pilot, wait_until)
        await pilot.press("y")
        await wait_until(lambda: "» waiting" in shown(app))
        await pilot.press("x")
        await wait_until(lambda: screen.walk.active is None)
        await wait_until(lambda: ("step", "environment") in walking.asked)
        await wait_until(lambda: "Last run: cancelled" in shown(app))
        assert not [each for each in walking.asked if each[0] == "ended"]


async def test_a_failure_says_why_where_the_step_is(walked, made_up, wait_until):
    result = Result(Ending.ROLLED_BACK, "[/] has no wheel", "ask for another Python")
    operations = made_up.MadeUpOperations(result=result)
    async with walked(operations=operations) as (pilot, walking):
        screen = pilot.app.screen
        await pilot.press("enter", "enter")
        await to_plan(pilot, wait_until)
        await pilot.press("y")
        await wait_until(lambda: ("step", "environment") in walking.asked)
        await wait_until(lambda: not screen.panes.looking)
        await pilot.pause()
        assert "rolled back: [/] has no wheel" in shown(pilot.app)
        assert "ask for another Python" in shown(pilot.app)


@pytest.mark.parametrize(
    ("down", "words"),
    [
        (1, "requires: Environment"),
        (3, "manual step: give new values"),
        (4, "not applicable"),
        (6, "copied source ~/work/shop/.venv/bin/activate"),
    ],
)
async def test_what_cannot_be_done_by_a_key_says_what_can(walked, down, words):
    async with walked() as (pilot, walking):
        await pilot.press(*["j"] * down, "enter")
        await pilot.pause()
        assert words in said(pilot.app)
        assert not [each for each in walking.asked if each[0] == "plan"]


async def test_in_the_read_only_mode_it_is_looked_at_and_nothing_is_done(walked, made_up):
    operations = made_up.MadeUpOperations(Policy(read_only=True))
    async with walked(operations=operations) as (pilot, walking):
        await pilot.press("enter")
        await pilot.pause()
        assert "read-only" in said(pilot.app)
        assert not walking.asked


# looking


async def test_r_looks_anew_and_the_cursor_stays(walked, wait_until):
    async with walked() as (pilot, walking):
        screen = pilot.app.screen
        await pilot.press("j", "j")
        walking.found = made.steps(dotenv=StepState.DONE)
        await pilot.press("r")
        await wait_until(lambda: screen.walk.found("dotenv").state is StepState.DONE)
        assert screen.panes.list.current.name == "dotenv"


async def test_what_was_done_elsewhere_is_looked_at_too(walked, made_up, wait_until):
    async with walked() as (pilot, walking):
        screen = pilot.app.screen
        walking.found = made.steps(dotenv=StepState.DONE)
        screen.post_message(OperationEnded(Job(made_up.plan("/elsewhere/.venv"))))
        await wait_until(lambda: screen.walk.found("dotenv").state is StepState.DONE)


async def test_it_is_left_and_resumed_where_it_was(walked, wait_until):
    async with walked() as (pilot, walking):
        main, walk = pilot.app.main, pilot.app.screen.walk
        await pilot.press("j", "j", "escape")
        await wait_until(lambda: pilot.app.screen is main)
        walking.hold = lambda: True
        await pilot.press("w")
        await wait_until(lambda: hasattr(pilot.app.screen, "walk"))
        assert pilot.app.screen.walk is walk
        await wait_until(lambda: pilot.app.screen.panes.list.current is not None)
        assert pilot.app.screen.panes.list.current.name == "dotenv"
        await wait_until(lambda: "1 of 7 done, checking…" in shown(pilot.app))


async def test_what_ends_after_it_was_left_is_remembered(walked, made_up, wait_until):
    held = [True]
    operations = made_up.MadeUpOperations(hold=lambda: held[0])
    async with walked(operations=operations) as (pilot, walking):
        await pilot.press("enter", "enter")
        await to_plan(pilot, wait_until)
        await pilot.press("y")
        await wait_until(lambda: operations.ran)
        await pilot.press("w")
        await wait_until(lambda: pilot.app.screen is pilot.app.main)
        held[0] = False
        await wait_until(lambda: ("ended", ("environment", Ending.DONE)) in walking.asked)


async def test_a_disk_that_does_not_answer_is_said_and_costs_one_thread(
    walked, wait_until, monkeypatch
):
    monkeypatch.setattr(walkthrough_looking, "_SLOW", 0.02)
    dead = [True]
    walking = made.MadeUpWalking(dead=lambda: dead[0])
    try:
        async with walked(walking, looked=False) as (pilot, _):
            await wait_until(lambda: "the disk is not responding" in shown(pilot.app))
            await pilot.press(*["r"] * 5)  # none waits for the disk
            assert walking.looks == walking.most_at_once == 1
            dead[0] = False
            await wait_until(lambda: pilot.app.screen.walk.steps)
            assert walking.looks == 2
            assert walking.most_at_once == 1
            dead[0] = True
            await pilot.press("r")
            await wait_until(lambda: "1 of 7 done, disk not responding" in shown(pilot.app))
            for _ in range(3):
                await pilot.press("escape")
                await wait_until(lambda: pilot.app.screen is pilot.app.main)
                await pilot.press("w")
                await wait_until(lambda: hasattr(pilot.app.screen, "walk"))
            assert walking.most_at_once == 1
    finally:
        dead[0] = False


async def test_a_look_that_fails_says_why_and_can_be_tried_again(walked, wait_until):
    walking = made.MadeUpWalking(failure=OSError("[/] gone"))
    async with walked(walking, looked=False) as (pilot, _):
        await wait_until(lambda: "[/] gone" in shown(pilot.app))
        walking.failure = None
        await pilot.press("r")
        await wait_until(lambda: pilot.app.screen.walk.steps)
        await pilot.pause()
        assert "1 of 7 done" in shown(pilot.app)


# panes and sizes


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (50, 15)])
async def test_the_panes_take_turns_and_esc_leads_back(walked, size, wait_until):
    async with walked(size=size) as (pilot, _):
        app, screen = pilot.app, pilot.app.screen
        assert screen.panes.list.has_focus
        assert "to do" in shown(app)
        await pilot.press("tab")
        assert screen.panes.about.has_focus
        assert " Runs" in shown(app)
        await pilot.press("escape")
        assert screen.panes.list.has_focus
        await pilot.press("escape")
        await wait_until(lambda: app.screen is app.main)


async def test_the_mouse_moves_opens_and_uses_the_key_line(walked, wait_until):
    async with walked() as (pilot, _):
        app, screen = pilot.app, pilot.app.screen
        await pilot.click(screen.panes.list, offset=(20, 3))
        assert screen.panes.list.current.name == "dotenv"
        await pilot.click(screen.panes.list, offset=(20, 3), times=2)
        await wait_until(lambda: isinstance(app.screen, StepDialog))
        await pilot.press("escape")
        await wait_until(lambda: app.screen is screen)
        at = shown(app).splitlines()[-1].index("esc leave")
        await pilot.click(screen.panes._keys, offset=(at, 0))
        await wait_until(lambda: app.screen is app.main)


async def test_the_palette_offers_what_it_answers_to(walked):
    async with walked() as (pilot, _):
        titles = {each.title for each in pilot.app.get_system_commands(pilot.app.screen)}
        assert {"Cancel the operation", "Refresh", "Tour", "Help"} <= titles
        assert "Delete" not in titles


# which project


async def test_without_a_project_it_asks_for_a_folder_that_is_completed(
    open_screen, made_up, wait_until, tmp_path, monkeypatch
):
    (tmp_path / "clones" / "shop").mkdir(parents=True)
    (tmp_path / "clones" / "shop" / "pyproject.toml").touch()
    (tmp_path / "clones" / "[b] blog").mkdir()
    monkeypatch.chdir(tmp_path)
    lost = ProjectLink(ProjectState.NONE)
    source = made_up.MemorySource([made_up.environment(project=lost)])
    asked = []

    def opened(_operating, project, environment):
        asked.append((project, environment))
        return made.MadeUpWalking()

    operations = made_up.MadeUpOperations()
    async with open_screen(source, operations=operations, home=str(tmp_path), roots=()) as pilot:
        app = pilot.app
        app.open_walking = opened
        await pilot.press("w")
        dialog = app.screen
        assert isinstance(dialog, ProjectDialog)
        assert dialog.field.value == "~"
        await pilot.press("end", *"/clo")
        await wait_until(
            lambda: [each.path for each in dialog.folders.rows] == [str(tmp_path / "clones")]
        )
        await pilot.press("tab")
        await wait_until(lambda: dialog.field.value == "~/clones/")
        await wait_until(lambda: len(dialog.folders.rows) == 2)
        assert "[b] blog" in shown(app)
        await pilot.press(*"sh")
        await wait_until(lambda: len(dialog.folders.rows) == 1)
        await pilot.press("tab", "backspace", "x", "enter")
        await wait_until(lambda: "cannot open folder ~/clones/" in shown(app))
        await pilot.press("backspace", "enter")
        await wait_until(lambda: asked)
        assert asked == [(str(tmp_path / "clones" / "shop"), None)]


async def test_the_folder_that_was_opened_is_proposed(open_screen, made_up, tmp_path):
    folder = str(tmp_path / "clones")
    options = {"home": str(tmp_path), "roots": (folder,)}
    operations = made_up.MadeUpOperations()
    async with open_screen(made_up.MemorySource(), operations=operations, **options) as pilot:
        await pilot.press("W")
        assert pilot.app.screen.field.value == "~/clones"


async def test_tab_completes_what_was_typed_before_its_folders_were_read(
    open_screen, made_up, wait_until, tmp_path, monkeypatch
):
    (tmp_path / "clones").mkdir()
    (tmp_path / "clips").mkdir()
    monkeypatch.chdir(tmp_path)
    read = project_folder.folders_like
    may_read = threading.Event()

    def read_late(typed):
        assert may_read.wait(timeout=60)
        return read(typed)

    source = made_up.MemorySource([made_up.environment(project=ProjectLink(ProjectState.NONE))])
    operations = made_up.MadeUpOperations()
    async with open_screen(source, operations=operations, home=str(tmp_path), roots=()) as pilot:
        await pilot.press("w")
        dialog = pilot.app.screen
        await wait_until(lambda: dialog.folders.rows)
        monkeypatch.setattr(project_folder, "folders_like", read_late)
        await pilot.press("end", *"/clo", "tab")
        assert dialog.field.value == "~/clo"
        assert dialog.focused is dialog.field
        may_read.set()
        await wait_until(lambda: dialog.field.value == "~/clones/")
        assert dialog.focused is dialog.field


def test_folders_are_offered_by_how_they_begin_hidden_ones_when_asked_for(tmp_path):
    for name in ("api", "apx", "blog", ".venv"):
        (tmp_path / name).mkdir()
    (tmp_path / "api" / "setup.py").touch()
    (tmp_path / "app.py").touch()
    names = [(Path(each.path).name, each.project) for each in folders_like(str(tmp_path / "ap"))]
    assert names == [("api", True), ("apx", False)]
    assert [Path(each.path).name for each in folders_like(f"{tmp_path}/")] == ["api", "apx", "blog"]
    assert [Path(each.path).name for each in folders_like(f"{tmp_path}/.")] == [".venv"]
    with pytest.raises(OSError, match="No such file"):
        folders_like(str(tmp_path / "none" / "x"))


async def test_it_opens_in_front_when_a_project_was_given(open_screen, made_up, wait_until):
    operations = made_up.MadeUpOperations()
    async with open_screen(operations=operations, settled=False, project=PROJECT) as pilot:
        pilot.app.open_walking = lambda *_: made.MadeUpWalking()
        await wait_until(lambda: hasattr(pilot.app.screen, "walk"))
        assert pilot.app.screen.walk.project == PROJECT
        await wait_until(lambda: pilot.app.screen.walk.steps)


async def test_a_clone_that_has_no_row_is_walked_through_by_its_folder(
    open_screen, made_up, tmp_path
):
    (tmp_path / "clone").mkdir()
    asked = []

    def opened(_operating, project, environment):
        asked.append((project, environment))
        return made.MadeUpWalking()

    operations = made_up.MadeUpOperations()
    async with open_screen(operations=operations, home=str(tmp_path)) as pilot:
        app = pilot.app
        app.open_walking = opened
        app.main.commands.walk(str(tmp_path / "clone"))
        await pilot.pause()
        await pilot.press("escape")
        await pilot.press("W")
        assert isinstance(app.screen, ProjectDialog)
        assert app.screen.field.value == "~/clone"
    assert asked == [(str(tmp_path / "clone"), None)]
