"""The three parts of the view of the operations: the queue, the steps of one, its output."""

from collections.abc import Sequence

from textual.events import Resize

from envdeck.tui.job import LOG_LINES, Job
from envdeck.tui.screens.operation_lines import command_lines, job_line, log_lines, step_lines
from envdeck.tui.widgets.line import Line, Part, Tone
from envdeck.tui.widgets.line_list import LineList
from envdeck.tui.widgets.line_view import LineView
from envdeck.tui.widgets.look import Look


class JobList(LineList[Job]):
    """The operations, those that are not over first."""

    def __init__(self, look: Look) -> None:
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

    def __init__(self, look: Look) -> None:
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
        self.call_after_refresh(self._to_step, job)

    def _to_step(self, job: Job) -> None:
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

    def __init__(self, look: Look) -> None:
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
            self._to_end()

    def follow(self) -> None:
        """Take what came since; what was laid out before is kept."""
        job = self._job
        if job is None or (not self.commands and job.written == self._taken):
            return
        self._to_end()

    def _to_end(self) -> None:
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
            return lines or [(Part(" No command was run.", Tone.MUTED),)]
        new = job.written - self._taken
        if not self._rows or new >= len(job.log) or len(self._rows) > 3 * LOG_LINES:
            self._rows, new = [], len(job.log)
            left_out = job.written - len(job.log)
            if left_out:
                said = f" {left_out:,} earlier lines are in the log of the operation alone"
                self._rows.append((Part(said, Tone.MUTED),))
        log = list(job.log)[-new:] if new else []
        for line in log:
            self._rows += log_lines(line, self._look, cells)
        self._taken = job.written
        return self._rows or [(Part(" No output.", Tone.MUTED),)]

    def on_resize(self, event: Resize) -> None:
        """Break the lines anew."""
        self._rows = []
        following = self._following
        super().on_resize(event)
        if following:
            self.call_after_refresh(self.scroll_end, animate=False)
