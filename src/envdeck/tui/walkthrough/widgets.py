"""The parts of the walkthrough's screen: its steps, all about one of them, what is being done."""

from collections.abc import Sequence
from typing import ClassVar

from envdeck.core.onboarding.model import StepView
from envdeck.tui.base.job import Job
from envdeck.tui.operations.view import job_line
from envdeck.tui.walkthrough.state import WalkthroughState
from envdeck.tui.walkthrough.view import about_lines, step_line
from envdeck.tui.widgets.line import Line, Look, OneLine
from envdeck.tui.widgets.line_list import LineList
from envdeck.tui.widgets.line_view import LineView


class StepList(LineList[StepView]):
    """The steps, in the order they are done in."""

    def __init__(self, walk: WalkthroughState, look: Look) -> None:
        super().__init__(classes="steps")
        self._walk, self._look = walk, look

    def key_of(self, row: StepView) -> object:
        """A step is named by its name."""
        return row.name

    def draw_row(self, row: StepView, cells: int) -> Line:
        """One step."""
        return step_line(row, self._walk.jobs.get(row.name), self._look, cells)


class StepDetail(LineView):
    """All about the step under the cursor."""

    def __init__(self, walk: WalkthroughState, look: Look) -> None:
        super().__init__(classes="about")
        self._walk, self._look = walk, look
        self._step: StepView | None = None
        self._titled = False

    def show(self, step: StepView | None, *, titled: bool) -> None:
        """Show a step; from its first line on where it is another one. `titled` tells that its
        title is not on the line just above."""
        self._titled = titled
        another = self._step is None or step is None or self._step.name != step.name
        self._step = step
        self.lay_out_again()
        if another:
            self.scroll_to(y=0, animate=False)

    def lay_out(self, cells: int) -> Sequence[Line]:
        """Lay it out."""
        return about_lines(self._walk, self._step, self._look, cells, titled=self._titled)


class JobHead(OneLine):
    """The line above the output: what is being done, how far it is, how long it takes."""

    DEFAULT_CSS: ClassVar[str] = "JobHead { background: $surface; }"

    def __init__(self, look: Look) -> None:
        super().__init__(classes="job-head")
        self._look = look
        self._job: Job | None = None

    def show(self, job: Job | None) -> None:
        """Show what is being done."""
        self._job = job
        self.refresh()

    def lay_out(self, cells: int) -> Line:
        """Return the line."""
        return () if self._job is None else job_line(self._job, self._look, cells)
