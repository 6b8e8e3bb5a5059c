"""What runs: in the list, in its own view, at the start and at the end of the program."""

import os
import subprocess
import sys
from dataclasses import replace

import pytest
from choosing_cases import CHOICES

from envdeck.core.model import (
    CommandEnded,
    CommandStarted,
    Ending,
    Notice,
    Operation,
    OutputLine,
    Policy,
    Result,
    Step,
    StepProgress,
    StepStarted,
)
from envdeck.core.operations.shared.history import NOTICE, Due
from envdeck.core.operations.transaction.journal import Entry, Move, Phase
from envdeck.core.operations.transaction.trash import Item
from envdeck.tui.app import PATIENCE, ROLLBACK_PATIENCE
from envdeck.tui.base.job import LOG_LINES, Job, JobState, LogLine
from envdeck.tui.dialogs.plan import PlanDialog
from envdeck.tui.dialogs.quit import QuitDialog
from envdeck.tui.operations.screen import LogView, OperationsScreen
from envdeck.tui.operations.view import command_lines, job_line, log_lines, step_lines
from envdeck.tui.widgets.line import Display, line_text, line_width
from envdeck.tui.widgets.operation_words import end_words, progress_bar, running_line

LOOK = Display("/home/ada", lambda: 0.0)
EVENTS = (
    StepStarted(1, "Move it to the trash"),
    CommandStarted(("uv", "pip", "install"), "/home/ada/work"),
    OutputLine("[/] Resolved \x1b[31m12"),
    StepProgress(40, 100, "files"),
)


class Hand:
    """The screen over operations that run until they are let go."""

    def __init__(self, pilot, operations, until):
        self.pilot, self.app, self.operations, self.until = pilot, pilot.app, operations, until
        self.main = pilot.app.main

    @property
    def text(self):
        return "\n".join(strip.text for strip in self.app.screen._compositor.render_strips())

    @property
    def toasts(self):
        return [note.message for note in self.app._notifications]

    async def delete(self):
        """Delete what is marked or under the cursor."""
        await self.pilot.press("d")
        await self.until(lambda: self.app.screen.plan is not None)
        await self.pilot.press("y")
        await self.until(lambda: self.app.screen is self.main)
        await self.pilot.pause()

    async def over(self):
        self.operations.held = False
        await self.until(lambda: self.main.operations.queue and not self.main.operations.busy)
        await self.pilot.pause()


@pytest.fixture
def acting(open_screen, made_up, wait_until):
    """Open the screen over made-up operations that are held."""

    def make(count=5, source=None, held=True, size=(120, 36), **told):
        source = source or made_up.MemorySource(made_up.many(count))
        operations = made_up.MadeUpOperations(source=source, **{"events": EVENTS} | told)
        operations.held = held
        operations.hold = lambda: operations.held
        screen = open_screen(source, operations=operations, size=size)

        class Context:
            async def __aenter__(self):
                hand = Hand(await screen.__aenter__(), operations, wait_until)
                await wait_until(lambda: hand.main.operations._recovered)
                return hand

            async def __aexit__(self, *error):
                operations.held = False
                return await screen.__aexit__(*error)

        return Context()

    return make


# in the list


async def test_the_row_and_a_line_say_what_is_being_done_and_the_end_says_the_way_back(acting):
    async with acting() as hand:
        path = hand.main.list.listing.cursor
        await hand.delete()
        assert "» delet" in hand.text
        await hand.until(lambda: "40 of 100 files" in hand.text)
        assert "deleting" in hand.text
        assert "O: show" in hand.text
        await hand.over()
        await hand.until(lambda: hand.main.list.listing.get(path) is None)
        await hand.pilot.pause()
        assert "» delet" not in hand.text
        assert any("z to undo" in toast for toast in hand.toasts)


async def test_the_list_is_corrected_without_a_scan_and_the_cursor_stays_on_its_own(acting):
    async with acting(held=False) as hand:
        listing = hand.main.list.listing
        await hand.pilot.press("space", "j")
        stays = listing.cursor
        (gone,) = listing.marks.paths
        scans = hand.operations.source.scans
        await hand.delete()
        await hand.until(lambda: listing.get(gone) is None)
        assert listing.cursor == stays
        assert listing.marks.paths == frozenset()
        await hand.pilot.press("z")
        await hand.until(lambda: getattr(hand.app.screen, "plan", None) is not None)
        await hand.pilot.press("y")
        await hand.until(lambda: listing.get(gone) is not None)
        assert listing.cursor == stays
        assert hand.operations.source.scans == scans
        assert hand.operations.ran[-1].operation is Operation.UNDO


async def test_a_scan_that_looked_before_does_not_bring_a_deleted_row_back(acting, made_up):
    async with acting(held=False) as hand:
        listing = hand.main.list.listing
        deleted = listing.current
        await hand.delete()
        await hand.until(lambda: listing.get(deleted.path) is None)
        from envdeck.core.model import Found
        from envdeck.tui.workers.scan import ScanBatch

        late = ScanBatch()
        late.add(Found(deleted))
        hand.main.scan.apply(late)
        assert listing.get(deleted.path) is None
        hand.operations.source.vanished = frozenset()  # somebody else has taken it back
        await hand.pilot.press("r")
        await hand.until(lambda: listing.get(deleted.path) is not None)


async def test_what_is_being_worked_on_is_not_taken_twice(acting):
    async with acting() as hand:
        first = hand.main.list.listing.cursor
        await hand.delete()
        assert hand.main.list.listing.cursor != first  # on to the next one
        for key in ("d", "c", "u"):
            await hand.pilot.press("g", key)
            assert hand.app.screen is hand.main
            assert "is being deleted (O: operations)" in hand.toasts[-1]


async def test_the_last_row_keeps_the_cursor_after_a_yes(acting):
    async with acting() as hand:
        await hand.pilot.press("G")
        last = hand.main.list.listing.cursor
        await hand.delete()
        assert hand.main.list.listing.cursor == last


async def test_in_the_view_the_one_under_the_cursor_is_taken_back(acting):
    async with acting(held=False) as hand:
        for _ in range(2):
            await hand.delete()
            await hand.over()
        first, last = (job.plan for job in hand.main.operations.queue.jobs)
        await hand.pilot.press("O", "G", "z")
        await hand.until(lambda: getattr(hand.app.screen, "plan", None) is not None)
        assert ("undo", (first.id, None, frozenset())) in hand.operations.asked
        assert hand.app.screen.plan.targets == first.targets
        await hand.pilot.press("escape", "escape", "z")
        await hand.until(lambda: getattr(hand.app.screen, "plan", None) is not None)
        assert hand.operations.asked[-1] == ("undo", (None, None, frozenset()))
        assert hand.app.screen.plan.targets == last.targets


async def test_in_the_view_what_is_not_over_is_not_taken_back(acting):
    async with acting() as hand:
        await hand.delete()
        await hand.pilot.press("O", "z")
        assert isinstance(hand.app.screen, OperationsScreen)
        assert "still running" in hand.toasts[-1]
        await hand.pilot.press("x")
        await hand.until(lambda: not hand.main.operations.busy)
        await hand.pilot.press("z")
        assert "nothing to undo: nothing changed" in hand.toasts[-1]


async def test_the_step_that_runs_stays_in_sight(acting, made_up):
    steps = tuple(Step(f"step number {number}") for number in range(30))
    events = (StepStarted(20, "step number 20"),)
    async with acting(events=events, changes={"steps": steps}, size=(80, 24)) as hand:
        await hand.delete()
        await hand.pilot.press("O")
        await hand.until(lambda: "» step number 20" in hand.text)
        assert "step 21 of 30" in line_text(
            running_line(hand.main.operations.queue.jobs, LOOK, 120)
        )  # no figures


async def test_a_dialog_whose_plan_cannot_be_leads_back_to_what_was_chosen(acting, made_up):
    nothing = made_up.NoPlan("no index answers")
    async with acting() as hand:
        hand.operations.choices = CHOICES
        hand.operations.no_plan = nothing
        await hand.pilot.press("c")
        await hand.until(lambda: "current packages, exact versions" in hand.text)
        picker = hand.app.screen
        await hand.pilot.press("j", "space")
        chosen = picker._sources.chosen
        assert chosen[0] == "lock"
        picker.action_go_on()
        await hand.until(lambda: getattr(hand.app.screen, "plan", None) is not None)
        await hand.pilot.pause()
        assert "no index answers" in hand.text
        assert "uv.lock" not in hand.text
        await hand.pilot.press("enter")
        assert hand.app.screen is picker
        assert picker._sources.chosen == chosen
        await hand.until(lambda: "uv.lock" in hand.text)
        hand.operations.no_plan = None
        picker.action_go_on()
        await hand.until(lambda: getattr(hand.app.screen, "plan", None) is not None)
        await hand.pilot.press("y")
        await hand.until(lambda: hand.app.screen is hand.main)
        assert len(hand.main.operations.queue.jobs) == 1


async def test_a_failure_says_that_everything_is_as_it_was(acting):
    refused = Result(Ending.ROLLED_BACK, "the disk is full", hint="make room [/]")
    async with acting(held=False, result=refused) as hand:
        path = hand.main.list.listing.cursor
        await hand.delete()
        await hand.over()
        assert "rolled back: the disk is full\nmake room [/]" in hand.toasts[-1]
        assert hand.main.list.listing.get(path) is not None


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_what_is_said_in_passing_lies_below_the_summary(acting, size):
    async with acting(held=False, size=size, count=40) as hand:
        await hand.delete()
        await hand.over()
        await hand.until(lambda: "z to undo" in hand.text)
        lines = hand.text.split("\n")
        assert "environments" in lines[0]
        assert "z to undo" in lines[1]
        assert "z to undo" not in "".join(lines[2:])


async def test_what_becomes_of_the_room_is_said(acting):
    freed = Result(Ending.DONE, "gone", freed_bytes=2_300_000_000, free_bytes=14_000_000_000)
    async with acting(held=False, result=freed) as hand:
        await hand.until(lambda: "14 GB free" in hand.text.split("\n")[0])
        await hand.delete()
        await hand.over()
        await hand.until(lambda: "gone · 2.3 GB freed, 14 GB free" in hand.toasts[-1])


@pytest.mark.parametrize("key", ["T", "H", "m", "P", "i"])
async def test_every_view_says_what_is_being_done(acting, key):
    async with acting() as hand:
        await hand.delete()
        await hand.pilot.press(key)
        await hand.until(lambda: hand.app.screen is not hand.main)
        await hand.until(lambda: "deleting" in hand.text and "O: show" in hand.text)
        hand.operations.held = False
        await hand.until(lambda: "deleting" not in hand.text)


# the view


async def test_the_view_shows_steps_output_and_commands_and_cancels(acting):
    async with acting() as hand:
        await hand.delete()
        await hand.pilot.press("O")
        assert isinstance(hand.app.screen, OperationsScreen)
        await hand.until(lambda: "40 of 100 files" in hand.text)
        assert "✓ Verify that it is unchanged" in hand.text
        assert "$ uv pip install" in hand.text
        assert "[/] Resolved \\x1b[31m12" in hand.text
        await hand.pilot.press("2")
        assert "running · in ~/work" in hand.text
        await hand.pilot.press("1", "x")
        assert any("cancelling: rolling back" in toast for toast in hand.toasts)
        await hand.until(lambda: not hand.main.operations.busy)
        await hand.until(lambda: "rolled back" in hand.text)
        await hand.pilot.press("x")
        assert "nothing to cancel: already finished" in hand.toasts[-1]
        await hand.pilot.press("O")
        assert hand.app.screen is hand.main


async def test_the_whole_log_is_shown_by_its_path_and_copied(acting, monkeypatch):
    async with acting() as hand:
        copied = []
        monkeypatch.setattr(hand.app, "copy_to_clipboard", copied.append)
        await hand.delete()
        await hand.until(lambda: hand.main.operations.queue.jobs[0].commands)
        await hand.pilot.press("O")
        await hand.until(lambda: "full log: ~/.local/state/envdeck" in hand.text)
        await hand.pilot.press("y")
        log = f"operations/{hand.main.operations.queue.jobs[0].plan.id}.log"
        assert [path.endswith(log) for path in copied] == [True]
        hand.main.operations.queue.jobs[0].commands.clear()
        await hand.pilot.press("y")
        assert len(copied) == 1
        await hand.until(lambda: "full log" not in hand.text)


async def test_the_palette_offers_what_the_view_answers_to(acting):
    async with acting() as hand:
        await hand.delete()
        await hand.pilot.press("O")
        offered = {each.title: each for each in hand.app.get_system_commands(hand.app.screen)}
        assert {"Cancel the operation", "History", "Undo", "Quit"} <= offered.keys()
        assert "Delete" not in offered
        await offered["Cancel the operation"].callback()
        await hand.until(lambda: not hand.main.operations.busy)
        assert hand.main.operations.queue.jobs[0].state is JobState.ROLLED_BACK


async def test_one_that_waits_is_cancelled_before_it_begins(acting):
    async with acting() as hand:
        for _ in range(3):
            await hand.delete()
            await hand.pilot.press("j")
        assert [job.state for job in hand.main.operations.queue.jobs][2] is JobState.WAITING
        assert "» wait" in hand.text
        await hand.pilot.press("O", "G", "x")
        assert hand.main.operations.queue.jobs[2].state is JobState.CANCELLED
        await hand.over()
        assert len(hand.operations.ran) == 2


def test_where_there_is_no_operation_there_is_no_log():
    assert LogView(LOOK).lay_out(80) == []


async def test_with_nothing_to_see_the_view_says_what_to_press(acting):
    async with acting() as hand:
        await hand.pilot.press("O")
        assert "No operations." in hand.text
        await hand.pilot.press("escape")
        assert hand.app.screen is hand.main


async def test_much_output_is_followed_to_its_end(acting, made_up):
    events = tuple(OutputLine(f"line {number}") for number in range(2 * LOG_LINES))
    async with acting(events=events) as hand:
        await hand.delete()
        await hand.pilot.press("O")
        await hand.until(lambda: f"line {2 * LOG_LINES - 1} " in hand.text)
        view = hand.app.screen.about
        assert len(view.lines) <= 3 * LOG_LINES
        await hand.pilot.press("tab", "g")
        await hand.pilot.pause()
        assert f"{LOG_LINES:,} earlier lines" in hand.text


# leaving


async def test_quitting_asks_while_something_is_being_done_and_staying_is_the_default(acting):
    async with acting() as hand:
        await hand.delete()
        await hand.pilot.press("q")
        assert isinstance(hand.app.screen, QuitDialog)
        await hand.pilot.press("enter")
        await hand.until(lambda: "w: wait, x: cancel" in hand.text)
        await hand.pilot.press("escape")
        assert hand.app.screen is hand.main
        assert hand.app.is_running
        assert hand.main.operations.busy


async def test_quitting_waits_for_what_runs_where_that_is_wanted(acting):
    async with acting() as hand:
        await hand.delete()
        await hand.pilot.press("q", "right", "enter")
        assert "waiting for operations to finish" in hand.text
        assert hand.app._exit is False
        hand.operations.held = False
        await hand.until(lambda: hand.app._exit)
        assert hand.main.operations.queue.jobs[0].state is JobState.DONE


async def test_quitting_rolls_back_where_that_is_wanted(acting):
    async with acting() as hand:
        await hand.delete()
        await hand.pilot.press("q", "right", "right", "enter")
        await hand.until(lambda: hand.app._exit)
        assert hand.main.operations.queue.jobs[0].state is JobState.ROLLED_BACK


@pytest.mark.parametrize(("key", "state"), [("w", JobState.DONE), ("x", JobState.ROLLED_BACK)])
async def test_the_buttons_of_leaving_have_keys(acting, key, state):
    async with acting() as hand:
        await hand.delete()
        await hand.pilot.press("q")
        assert f"({key})" in hand.text
        await hand.pilot.press(key)
        hand.operations.held = False
        await hand.until(lambda: hand.app._exit)
        assert hand.main.operations.queue.jobs[0].state is state


async def test_of_a_command_that_is_run_no_way_back_is_promised(acting):
    async with acting() as hand:
        await hand.delete()
        job = hand.main.operations.queue.active[0]
        job.plan = replace(job.plan, operation=Operation.RUN)
        await hand.pilot.press("q")
        await hand.until(lambda: "its effects remain" in " ".join(hand.text.split()))
        assert "nothing changed" not in hand.text
        await hand.pilot.press("escape", "O", "x")
        assert "cancelling: its effects remain" in hand.toasts


async def test_the_key_for_quitting_once_more_does_not_wait(acting):
    async with acting() as hand:
        await hand.delete()
        await hand.pilot.press("q", "q")
        assert hand.app._exit is False
        await hand.until(lambda: "w: wait, x: cancel" in hand.text)
        await hand.pilot.press("w", "q")
        await hand.until(lambda: hand.app._exit)
        assert hand.main.operations.busy


async def test_once_the_work_is_over_the_dialog_offers_to_quit_alone(acting):
    async with acting() as hand:
        await hand.delete()
        await hand.pilot.press("q", "right", "right")
        await hand.over()
        await hand.until(lambda: "Quit (q)" in hand.text)
        assert "Cancel and quit" not in hand.text
        assert "rolled back" not in hand.text
        assert hand.app.focused.id == "cancel"
        await hand.pilot.press("x")
        assert hand.app._exit is False
        await hand.pilot.press("q")
        await hand.until(lambda: hand.app._exit)


async def test_a_signal_stops_what_runs_and_has_more_patience_with_it(acting):
    async with acting() as hand:
        assert hand.app.end(0) == PATIENCE
    async with acting() as hand:
        await hand.delete()
        assert hand.app.end(143) == PATIENCE + ROLLBACK_PATIENCE
        assert hand.main.operations.queue.wait(60)
        await hand.until(lambda: hand.app._exit)
        assert hand.app.return_code == 143
        hand.main.operations.queue.drain()
        assert hand.main.operations.queue.jobs[0].state is JobState.ROLLED_BACK


# beginning


def entry(phase, path="/home/ada/work/[/]/.venv"):
    return Entry(
        id="20261120-101502-4f2a",
        group="20261120-101502-4f2a",
        operation=Operation.UPGRADE,
        move=Move.EXCHANGE,
        phase=phase,
        path=path,
        item="",
        message="another folder is there",
    )


@pytest.mark.parametrize(
    ("phase", "words"),
    [
        (Phase.DONE, "upgrading ~/work/[/]/.venv was interrupted, now finished"),
        (Phase.ROLLED_BACK, "was interrupted, now rolled back"),
        (Phase.ATTENTION, "needs attention: another folder is there"),
        (Phase.MOVING, "was interrupted and is still pending: another folder is there"),
    ],
)
async def test_what_was_interrupted_is_cleared_up_first_and_said(acting, phase, words):
    async with acting(recovered=(entry(phase),)) as hand:
        await hand.until(lambda: any(words in toast for toast in hand.toasts))
        assert hand.operations.asked[0] == ("recover", ())


async def test_the_read_only_mode_says_what_is_pending_and_clears_nothing_up(
    open_screen, made_up, wait_until
):
    operations = made_up.MadeUpOperations(
        Policy(read_only=True), interrupted=(entry(Phase.STAGING), entry(Phase.MOVING))
    )
    async with open_screen(operations=operations) as pilot:
        toasts = pilot.app._notifications
        await wait_until(
            lambda: any(
                "and 1 more: interrupted, or running in another envdeck" in each.message
                for each in toasts
            )
        )
        assert operations.asked == [("pending", ())]


async def test_what_was_announced_is_purged_through_the_queue(acting):
    items = (Item("/home/ada/trash/one", None), Item("/home/ada/trash/two", None))
    async with acting(held=False, due_items=Due(purge=items)) as hand:
        await hand.until(lambda: hand.operations.ran and not hand.main.operations.busy)
        assert ("purge", ("one", "two")) in hand.operations.asked
        assert hand.operations.ran[0].operation is Operation.PURGE
        assert not any(what == "announce" for what, _ in hand.operations.asked)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (("one",), "1 environment will be permanently deleted"),
        (("one", "two"), "2 environments will be permanently deleted"),
    ],
)
async def test_what_a_later_start_purges_is_said_noted_and_left_alone(acting, names, words):
    items = tuple(Item(f"/home/ada/trash/{name}", None) for name in names)
    said = f"{words} from the trash when EnvDeck starts in 8 hours or later (T: open trash)"
    async with acting(held=False, due_items=Due(announced=items, wait=NOTICE - 1)) as hand:
        await hand.until(lambda: any(said in toast for toast in hand.toasts))
        await hand.until(lambda: ("announce", names) in hand.operations.asked)
        assert not any(what == "purge" for what, _ in hand.operations.asked)
        assert hand.operations.ran == []


async def test_a_recovery_that_fails_is_said_and_nothing_waits_for_it(acting, made_up):
    class Failing(made_up.MadeUpOperations):
        def recover(self):
            raise OSError("the journal is gone")

    source = made_up.MemorySource(made_up.many(3))
    async with acting(source=source) as hand:
        hand.main.operations._opened = Failing(source=source)
        hand.main.operations._recovered = False
        hand.main.operations.begin()
        await hand.until(lambda: any("the journal is gone" in toast for toast in hand.toasts))
        assert hand.main.operations._recovered


async def test_the_keys_are_answered_where_there_are_no_operations(open_screen):
    async with open_screen() as pilot:
        for key in ("d", "c", "u", "n", "z", "O", "T", "H"):
            await pilot.press(key)
            assert pilot.app.screen is pilot.app.main
        assert isinstance(pilot.app.screen, PlanDialog) is False


# lines


def test_a_bar_goes_to_and_fro_while_there_are_no_figures(made_up):
    now = [0.0]
    look = Display("/home/ada", lambda: now[0])
    job = Job(made_up.plan("/a"))
    job.state, job.step, job.started_at = JobState.RUNNING, 0, 0.0
    drawn = set()
    for tenth in range(40):
        now[0] = tenth / 10
        line = progress_bar(job, look)
        assert line_width(line) == 10
        drawn.add(line_text(line))
    assert len(drawn) == 8
    job.progress = StepProgress(1, 2, "files")
    assert line_text(progress_bar(job, look)) not in drawn
    assert "25%" in line_text(running_line([job], look, 120))


@pytest.mark.parametrize("cells", [30, 50, 80, 120])
@pytest.mark.parametrize("state", [*JobState])
def test_an_operation_is_one_line_that_fits(made_up, state, cells):
    job = Job(made_up.plan("/home/ada/work/日本語/[v1.0]/.venv"))
    job.state, job.started_at = state, 0.0
    line = job_line(job, LOOK, cells)
    assert line_width(line) <= cells
    assert state.value in line_text(line)


def test_steps_say_which_are_done_which_runs_and_which_failed(made_up):
    job = Job(made_up.plan("/a"))
    job.state, job.step, job.progress = JobState.RUNNING, 0, StepProgress(10_000, None, "bytes")
    assert [line_text(line).strip() for line in step_lines(job, LOOK, 80)] == [
        "» Verify that it is unchanged  10 kB",
        "○ Move it to the trash",
    ]
    job.state = JobState.ROLLED_BACK
    job.result = Result(Ending.ROLLED_BACK, "no room", hint="make some", verified=("it is whole",))
    told = [line_text(line).strip() for line in step_lines(job, LOOK, 80)]
    assert told[0].startswith("● Verify that it is unchanged")
    assert told[-3:] == ["no room", "make some", "it is whole"]


def test_what_a_person_should_know_besides_is_told(made_up):
    job = Job(made_up.plan("/a"))
    notice = Notice("cannot keep snapshots in /data: no space left", "the timeline lacks it")
    job.state, job.result = JobState.DONE, Result(Ending.DONE, "deleted", notice=notice)
    told = [line_text(line).strip() for line in step_lines(job, LOOK, 80)]
    assert told[-2:] == [notice.message, notice.hint]
    said, bad = end_words(job, LOOK)
    assert notice.message in said
    assert not bad


@pytest.mark.parametrize("text", ["", "x" * 500, "日本語" * 100, "\x1b[31m" * 30, "a\tb"])
def test_output_is_broken_at_the_edge_and_never_cut(text):
    lines = [*log_lines(LogLine(text), LOOK, 40)]
    assert lines
    assert all(line_width(line) <= 40 for line in lines)
    whole = "".join(line_text(line)[1:] for line in lines)
    assert len(whole) >= len(text)


def test_a_command_says_where_and_how_it_ended(made_up):
    job = Job(made_up.plan("/a"))
    job.state = JobState.RUNNING
    job.tell(CommandStarted(("uv", "a b"), "/home/ada/work"))
    job.tell(CommandEnded(("uv", "a b"), 3, 1.5))
    job.tell(CommandStarted(("uv", "again"), "/"))
    job.drain(0.0)
    first, second = (
        " ".join(line_text(line).strip() for line in command_lines(each, LOOK, 80, over=False))
        for each in job.commands
    )
    assert first == "$ uv 'a b' exit 3 after 1.5 s · in ~/work"
    assert second.startswith("$ uv again running")


# with the real operations


async def test_real_environments_are_deleted_and_come_back(
    open_screen, wait_until, host, home, make_venv
):
    from envdeck.core.catalog import Catalog
    from envdeck.core.operations.api import Operations

    paths = {str(make_venv(home / "work" / name / ".venv")) for name in ("one", "two")}
    catalog = Catalog(host)
    operations = Operations(catalog)
    roots = (str(home / "work"),)
    async with open_screen(catalog, roots=roots, home=str(home), operations=operations) as pilot:
        hand = Hand(pilot, operations, wait_until)
        listing = hand.main.list.listing
        await wait_until(lambda: {each.path for each in listing.environments()} == paths)
        await pilot.press("a")
        await hand.delete()
        await wait_until(lambda: listing.count == 0)
        assert not any(os.path.lexists(path) for path in paths)
        await pilot.press("z")
        await wait_until(lambda: getattr(hand.app.screen, "plan", None) is not None)
        await pilot.press("y")
        await wait_until(lambda: {each.path for each in listing.environments()} == paths)
        assert all(os.path.isfile(os.path.join(path, "pyvenv.cfg")) for path in paths)


def test_a_first_frame_imports_nothing_that_acts():
    code = """
import sys
import envdeck.cli.commands.screen, envdeck.core.catalog, envdeck.tui.app
acting = ("envdeck.core.operations", "envdeck.core.project", "envdeck.tui.dialogs",
          "envdeck.tui.workers.operation_queue", "envdeck.tui.base.job")
print(*sorted(name for name in sys.modules if name.startswith(acting)))
"""
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert result.stdout.split() == []


PYTEST = "tests/test_api.py ..........                                            [ 41%]"


@pytest.mark.parametrize("cells", [50, 60, 72, 90])
@pytest.mark.parametrize("text", [PYTEST, f"{'=' * 29} 4 passed {'=' * 29}", "-" * 79])
def test_what_is_drawn_for_a_wider_screen_stays_in_its_line(cells, text):
    (line,) = log_lines(LogLine(text), LOOK, cells)
    assert line_width(line) <= cells - 1
    assert line_text(line)[-3:] == text[-3:]


def test_what_is_too_long_without_that_is_broken_and_nothing_of_it_is_lost():
    text = "x" * 30 + "     " + "y" * 60
    lines = [line_text(one)[1:] for one in log_lines(LogLine(text), LOOK, 42)]
    assert "".join(lines) == text
    assert len(lines) == 3
    (code,) = log_lines(LogLine("a = {    'b': 1 }"), LOOK, 42)
    assert line_text(code) == " a = {    'b': 1 }"


@pytest.mark.parametrize(
    ("shared", "said"),
    [
        ("/home/ada/work/api", " (both need ~/work/api)"),
        ("the package caches", " (both need the package caches)"),
        ("/home/ada/work/api/.venv", ""),
    ],
)
def test_what_waits_says_for_which_operation_and_for_what(made_up, shared, said):
    first = Job(made_up.plan("/home/ada/work/api/venv"))
    waits = Job(made_up.plan("/home/ada/work/api/.venv", name="2"))
    waits.waits_for = first, shared
    told = "\n".join("".join(part.text for part in line) for line in step_lines(waits, LOOK, 100))
    assert f"Waiting for: delete ~/work/api/venv{said}" in told
    waits.waits_for = None
    told = "\n".join("".join(part.text for part in line) for line in step_lines(waits, LOOK, 100))
    assert "Waiting: as many operations run as there are cores" in told
