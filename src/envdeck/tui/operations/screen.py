"""The queue, its steps and output."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.events import Resize

from envdeck.core.model import Operation
from envdeck.text import plain
from envdeck.tui.base.actions import bindings
from envdeck.tui.base.job import LOG_LINES, Job, JobState
from envdeck.tui.base.messages import PlanRequested
from envdeck.tui.base.terminal import quote_path
from envdeck.tui.dialogs.requests import undo_request
from envdeck.tui.operations.runs import show_bisect, show_matrix
from envdeck.tui.operations.view import (
    command_lines,
    job_line,
    log_lines,
    log_path_line,
    step_lines,
)
from envdeck.tui.widgets.line import Display, Line, LineLabel, Part, Tone
from envdeck.tui.widgets.line_list import LineList
from envdeck.tui.widgets.line_view import LineView
from envdeck.tui.widgets.list_detail import ListDetailScreen, RunsScreen
from envdeck.tui.widgets.operation_words import title as job_title
from envdeck.tui.workers.operation_queue import OperationQueue


class JobList(LineList[Job]):
    """The operations, those that are not over first."""

    def __init__(self, look: Display) -> None:
        super().__init__()
        self._look = look

    def key_of(self, row: Job) -> object:
        """An operation is named by its plan."""
        return row.plan.id

    def draw_row(self, row: Job, cells: int) -> Line:
        """One operation."""
        return job_line(row, self._look, cells)


class StepsView(LineView):
    """The steps of one operation, and how it ended."""

    def __init__(self, look: Display) -> None:
        super().__init__()
        self._look = look
        self.job: Job | None = None
        self._followed: tuple[Job, int | None, bool] | None = None

    def follow(self) -> None:
        """Bring the step that runs into sight, and the outcome at the end; what the person
        scrolls to stays until then."""
        job = self.job
        if job is None or self._followed == (job, job.step, job.state.over):
            return
        self._followed = (job, job.step, job.state.over)
        self.call_after_refresh(self._show_step, job)

    def _show_step(self, job: Job) -> None:
        if job.state.over:
            self.scroll_to(y=self.max_scroll_y, animate=False)
            return
        room = max(1, self.scrollable_content_region.height)
        last = len(step_lines(job, self._look, self.cells, upto=job.step or 0))
        self.scroll_to(y=max(0, last - room + (1 if room > 1 else 0)), animate=False)

    def lay_out(self, cells: int) -> Sequence[Line]:
        """Lay the steps out."""
        return [] if self.job is None else step_lines(self.job, self._look, cells)


class LogView(LineView):
    """The output of one operation as it comes, or its commands; it stays at the end while that
    is in sight."""

    def __init__(self, look: Display) -> None:
        super().__init__()
        self._look = look
        self._job: Job | None = None
        self._taken = 0
        self._rows: list[Line] = []
        self._following = True
        """Whether the end is what is looked at."""
        self.commands = False
        """Whether the commands are shown, and not the output."""

    def show(self, job: Job | None, *, commands: bool) -> None:
        """Show an operation's log from its end on."""
        if job is not self._job or commands != self.commands:
            self._job, self.commands = job, commands
            self._taken, self._rows, self._following = 0, [], True
            self._show_end()

    def follow(self) -> None:
        """Take what came since; what was laid out before is kept."""
        job = self._job
        if job is None or (not self.commands and job.written == self._taken):
            return
        self._show_end()

    def _show_end(self) -> None:
        following = self._following
        self.lay_out_again()
        if following:
            self.call_after_refresh(self.scroll_end, animate=False)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Stay at the end, or no longer, as the person scrolls."""
        super().watch_scroll_y(old_value, new_value)
        self._following = new_value >= self.max_scroll_y - 1

    def lay_out(self, cells: int) -> Sequence[Line]:
        """Lay out what is new, or all of it where little can be kept."""
        job = self._job
        if job is None:
            return []
        if self.commands:
            self._taken, self._rows = 0, []
            lines = [
                line
                for each in job.commands
                for line in command_lines(each, self._look, cells, over=job.state.over)
            ]
            return lines or [(Part(" No commands run.", Tone.MUTED),)]
        new = job.written - self._taken
        if not self._rows or new >= len(job.log) or len(self._rows) > 3 * LOG_LINES:
            self._rows, new = [], len(job.log)
            left_out = job.written - len(job.log)
            if left_out:
                said = f" {left_out:,} earlier lines are only in the log file"
                self._rows.append((Part(said, Tone.MUTED),))
        log = list(job.log)[-new:] if new else []
        for line in log:
            self._rows += log_lines(line, self._look, cells)
        self._taken = job.written
        return self._rows or [(Part(" No output.", Tone.MUTED),)]

    def on_resize(self, event: Resize) -> None:
        """Break the lines again."""
        self._rows = []
        following = self._following
        super().on_resize(event)
        if following:
            self.call_after_refresh(self.scroll_end, animate=False)


_POLL = 0.1
"""Seconds between two looks at what runs."""


class OperationsScreen(ListDetailScreen[JobList, LogView]):
    """The queue above, one operation below."""

    DEFAULT_CSS: ClassVar[str] = """
    OperationsScreen > .above {
        height: auto; max-height: 35%; min-height: 2; margin-top: 0; border-top: solid $surface;
    }
    OperationsScreen > .above:focus { border-top: solid $primary; }
    OperationsScreen > StepsView {
        height: auto; max-height: 30%; border-top: solid $foreground 20%;
    }
    OperationsScreen.-nothing > StepsView { display: none; }
    OperationsScreen > .log-path { display: none; background: $panel; }
    OperationsScreen.-high.-logged > .log-path { display: block; }
    OperationsScreen.-nothing > .above { height: 1fr; max-height: 100%; }
    """
    WHY_NOT: ClassVar[Mapping[str, str]] = {"sort": "running operations first, then newest"}
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("operations", "cancel", "undo", "copy", "tab.1", "tab.2")
    ]

    def __init__(self, queue: OperationQueue, look: Display) -> None:
        super().__init__(look, JobList(look), LogView(look))
        self.VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-high")]
        self._queue = queue
        self.steps = StepsView(look)
        self._log_path = LineLabel(classes="log-path")
        self._seen: tuple[int, int] = (-1, -1)

    def compose(self) -> ComposeResult:
        """The queue, the steps, the output, where all of it is, the keys."""
        yield self.title_label
        yield self.table
        yield self.steps
        yield self.about
        yield self._log_path
        yield self.keys

    def on_mount(self) -> None:
        """Show it, and follow it."""
        look = self.look
        does = ", ".join(look.key(name) for name in ("delete", "recreate", "upgrade", "new"))
        self.table.say_instead(
            (
                Part("No operations. ", Tone.MUTED),
                Part(f"Start one in the list with {does}. ", Tone.MUTED),
                Part(look.key("history"), Tone.HEADING),
                Part(": history", Tone.MUTED),
            )
        )
        self._follow()
        self.set_interval(_POLL, self._follow)

    def _follow(self) -> None:
        queue = self._queue
        jobs = [*queue.active, *(job for job in reversed(queue.jobs) if job.state.over)]
        if [*self.table.rows] != jobs:
            self.table.show_rows(jobs)
        elif queue.busy or self._seen[0] != queue.revision:
            self.table.refresh()
        self.set_class(not jobs, "-nothing")
        self._seen = (queue.revision, len(jobs))
        self.row_moved()

    def tell(self) -> None:
        """Say how many are not over, and what keys do."""
        active = len(self._queue.active)
        said = f"   {active:,} active" if active else "   all finished"
        said = said if self.table.rows else ""
        self.title_label.show((Part("Operations", Tone.STRONG), Part(said)))
        job = self.table.current
        first = {"undo": "undo"} if job is None or job.plan.undo is not None else {}
        if job is not None and job.state is not JobState.DONE:
            first = {} if job.state.over else {"cancel": ""}
        if job is not None and job.plan.operation is Operation.BISECT:
            first = {"open": "runs", **first}
        if job is not None and job.plan.operation is Operation.MATRIX:
            first = {"open": "grid", **first}
        hints = {**first, "tab.1": "output", "tab.2": "commands", "history": "", "back": ""}
        self.keys.tell({**hints, "help": ""})

    def row_moved(self) -> None:
        """Show the operation under the cursor as it is now."""
        job = self.table.current
        another = job is not self.steps.job
        self.steps.job = job
        if another or (job is not None and not job.state.over) or self.steps.lines:
            self.steps.lay_out_again()
        self.steps.follow()
        self.about.show(job, commands=self.about.commands)
        self.about.follow()
        path = None if job is None else self._queue.log_file(job)
        self.set_class(path is not None, "-logged")
        if path is not None:
            self._log_path.show(log_path_line(path, self.look, self.size.width))
        self.tell()

    def row_chosen(self, row: object) -> None:
        """Show the runs of a bisect; of others read below what is told."""
        shown = show_runs(self._queue, row, self.look) if isinstance(row, Job) else None
        if shown is not None:
            self.app.push_screen(shown)
        else:
            super().row_chosen(row)

    def action_cancel(self) -> None:
        """Give up what is under the cursor; it says when it is rolled back."""
        job = self.table.current
        if job is None or job.state.over:
            said = "nothing to cancel: already finished"
        elif job.stopping:
            said = "already cancelling"
        else:
            waiting = job.state is JobState.WAITING
            self._queue.cancel(job)
            runs = job.plan.operation is Operation.RUN
            said = "cancelling: its effects remain" if runs else "cancelling: rolling back"
            said = "cancelled before it started" if waiting else said
        self.notify(said, markup=False)
        self._follow()

    def action_tab_1(self) -> None:
        """The output."""
        self.about.show(self.table.current, commands=False)

    def action_tab_2(self) -> None:
        """The commands that were really run."""
        self.about.show(self.table.current, commands=True)

    def action_copy(self) -> None:
        """Copy the path of the whole log, and show it: not every terminal takes it."""
        job = self.table.current
        path = None if job is None else self._queue.log_file(job)
        if path is None:
            self.notify("no log: no commands run", markup=False)
        else:
            self.app.copy_to_clipboard(quote_path(path))
            self.notify(f"copied {plain(path)}", markup=False)

    def action_undo(self) -> None:
        """Ask whether the operation under the cursor shall be taken back."""
        job = self.table.current
        if job is None or not job.state.over:
            said = "nothing to undo" if job is None else "still running: nothing to undo"
            self.notify(said, markup=False)
        elif job.state is not JobState.DONE:
            self.notify("nothing to undo: nothing changed", markup=False)
        else:
            title = f"Undo: {job_title(job.plan, self.look)}"
            request = undo_request(self._queue.operating, title, job.plan.id)
            self.post_message(PlanRequested(request))

    action_operations = ListDetailScreen.action_dismiss  # the key that opened it closes it


def show_runs(queue: OperationQueue, job: Job, look: Display) -> RunsScreen[Any] | None:
    """Return the screen of the runs of an operation, where it has some."""
    return show_bisect(queue, job, look) or show_matrix(queue, job, look)
