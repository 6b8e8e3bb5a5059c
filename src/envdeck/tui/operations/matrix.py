"""A matrix: the dialog that asks for it, and the grid as it fills, with the output of each cell."""

import shlex
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from envdeck.core.model import CellEnd, CellStarted, CellStatus, Environment, NoPlan, Plan
from envdeck.core.operations.matrix.plan import (
    Cell,
    MatrixChoice,
    MatrixPlan,
    default_pythons,
    plan_matrix,
)
from envdeck.text import clip, counted, duration, pad, plain, width
from envdeck.text.operation import CELL_WORDS, column_words
from envdeck.tui.base.actions import bindings
from envdeck.tui.base.job import Job, JobState, LogLine
from envdeck.tui.base.services import Operating
from envdeck.tui.dialogs.ask import AskDialog, Question
from envdeck.tui.dialogs.bisect import find_command
from envdeck.tui.operations.view import log_lines
from envdeck.tui.widgets.line import Line, Look, Part, Tone, clipped, joined, wrapped
from envdeck.tui.widgets.line_list import LineList
from envdeck.tui.widgets.line_view import LineView
from envdeck.tui.widgets.list_detail import ListDetailScreen, RowDetail
from envdeck.tui.widgets.operation_words import progress_bar, waiting_words
from envdeck.tui.workers.latest import Latest, Stopped
from envdeck.tui.workers.operation_queue import OperationQueue

if TYPE_CHECKING:
    from textual.events import Resize

_POLL = 0.1
"""Seconds between two looks at what runs."""
_WIDEST = 24
"""Cells of a column of the grid at most."""
_TONES = {
    CellStatus.PASSED: Tone.GOOD,
    CellStatus.FAILED: Tone.ERROR,
    CellStatus.NOT_BUILT: Tone.ERROR,
    CellStatus.TIMED_OUT: Tone.WARNING,
    CellStatus.NOT_RUN: Tone.MUTED,
}
_COLUMNS = "|"
"""What stands between two columns in the dialog: no requirement has one."""


class MatrixDialog(AskDialog[MatrixPlan]):
    """Asks for the command, the Pythons and the columns, and ends with a plan that can be run."""

    DEFAULT_CSS = "MatrixDialog .fields { max-height: 80%; }"
    GO_ON = "Test"

    def __init__(self, operating: Operating, environment: Environment, look: Look) -> None:
        project = environment.project.path or ""
        questions = [
            Question("Command", "without a shell; exit 0 passes", "", "pytest"),
            Question("Pythons", "with commas; empty: all it admits", "", "3.11, 3.13"),
            Question("With", f"{_COLUMNS} between columns", "", "django<5 | django>=5"),
            Question("Time limit", "seconds for one command; empty: none"),
        ]  # fmt: skip
        super().__init__(f"Test versions of {look.path(project)}", questions, look)
        self.environment = environment
        self.on_chosen: Callable[[MatrixPlan], None] | None = None
        """Who takes the plan."""
        self._operating = operating
        self._project = project
        self._latest: Latest[MatrixPlan | NoPlan] = Latest(
            self, self._planned, lambda text: self.say(look.sentence(text))
        )

    def notes(self) -> Sequence[Line]:
        """What is done."""
        said = (
            "Each Python runs the command with each column in a throw-away environment."
            " The project and its environment are not changed."
        )
        return [(Part(said, Tone.MUTED),)]

    def on_mount(self) -> None:
        """Look which command runs the tests, and which Pythons there are."""
        super().on_mount()

        def work(_stopped: Stopped) -> tuple[str, str]:
            pythons = default_pythons(self._operating, self._project)
            return find_command(self._operating, self.environment), ", ".join(pythons)

        def propose(found: tuple[str, str]) -> None:
            for field, text in zip(self.fields, found, strict=False):
                if text and not field.value:
                    field.value = text
                    field.cursor_position = len(text)

        Latest(self, propose, lambda _text: None).request(work)

    def action_go_on(self) -> None:
        """Plan it in a thread."""
        command, pythons, columns, seconds = (field.value.strip() for field in self.fields)
        try:
            words = tuple(shlex.split(command))
        except ValueError:
            self.say("invalid command: a quote is not closed")
            return
        try:
            limit = float(seconds) if seconds else None
        except ValueError:
            limit = 0.0
        if not words:
            self.say("enter a command, such as pytest")
        elif limit is not None and not 0 < limit < float("inf"):
            self.say("invalid time limit")
        else:
            self.said.show((Part(f"Preparing{self.look.signs.ellipsis}", Tone.MUTED),))
            choice = MatrixChoice(
                command=words,
                pythons=tuple(one.strip() for one in pythons.split(",") if one.strip()),
                columns=tuple(columns.split(_COLUMNS)) if columns else (),
                limit=limit,
            )
            operating, project = self._operating, self._project
            self._latest.request(lambda _stopped: plan_matrix(operating, project, choice))

    def _planned(self, plan: MatrixPlan | NoPlan) -> None:
        if isinstance(plan, NoPlan):
            hint = f"; {plan.hint}" if plan.hint else ""
            self.say(self.look.sentence(f"{plan.message}{hint}"))
            return
        self.dismiss(plan)
        if self.on_chosen is not None:
            self.on_chosen(plan)


def cell_words(state: CellEnd | CellStarted | None, look: Look) -> tuple[str, Tone]:
    """Return how a cell stands, by its sign and a word or two, and its tone."""
    signs = look.signs
    if state is None:
        return f"{signs.waiting} waiting", Tone.MUTED
    if isinstance(state, CellStarted):
        return f"{signs.running} {'runs' if state.runs else 'building'}", Tone.ACCENT
    sign = {
        CellStatus.PASSED: signs.marked,
        CellStatus.TIMED_OUT: signs.warning,
        CellStatus.NOT_RUN: signs.unknown,
    }.get(state.status, signs.broken)
    code = f" ({state.exit})" if state.status is CellStatus.FAILED and state.exit else ""
    return f"{sign} {CELL_WORDS[state.status]}{code}", _TONES[state.status]


def grid_lines(job: Job, plan: MatrixPlan, look: Look, cells: int) -> Iterator[Line]:
    """Yield the grid: a line for each Python, a column for each that `--with` made."""
    ellipsis = look.signs.ellipsis
    first = min(max(map(width, ("Python", *map(plain, plan.pythons)))), cells // 3)
    room = (cells - first) // len(plan.columns) - 2
    names = [clip(plain(column_words(one)), _WIDEST, ellipsis) for one in plan.columns]
    wide = [min(max(width(name), 19), max(room, 3)) for name in names]
    heading = [pad("Python", first)]
    heading += [pad(clip(name, wide[at], ellipsis), wide[at]) for at, name in enumerate(names)]
    yield clipped((Part("  ".join(heading), Tone.HEADING),), cells, ellipsis)
    for row, python in enumerate(plan.pythons):
        parts = [Part(pad(clip(plain(python), first, ellipsis), first), Tone.STRONG)]
        for at in range(len(plan.columns)):
            cell = plan.cells[row * len(plan.columns) + at]
            text, tone = cell_words(job.cells.get(cell.number), look)
            parts.append(Part("  " + pad(clip(text, wide[at], ellipsis), wide[at]), tone))
        yield clipped(tuple(parts), cells, ellipsis)


def about_cell(
    cell: Cell, state: CellEnd | CellStarted | None, look: Look, cells: int
) -> list[Line]:
    """Return all about a cell: how it ended, what was installed, what the command wrote."""
    room = max(cells - 2, 8)
    text, tone = cell_words(state, look)
    said: list[Line] = [(Part(text, tone),)]
    lines: list[Line] = []
    if isinstance(state, CellEnd):
        took = [f"built in {duration(state.build_seconds)}"] if state.build_seconds else []
        took += [f"ran for {duration(state.seconds)}"] if state.seconds else []
        took += [f"exit code {state.exit}"] if state.exit is not None else []
        said += [(Part(one, Tone.MUTED),) for one in took]
        for note in filter(None, (state.reason, state.hint)):
            lines += wrapped((Part(look.sentence(note)),), room, look.signs.ellipsis)
        if state.packages:
            versions = ", ".join(f"{name} {version}" for name, version in state.packages)
            lines += wrapped((Part(look.sentence(versions), Tone.STRONG),), room)
    if cell.spec is not None:
        said.append((Part(f"from {look.sentence(cell.spec.source.title)}", Tone.MUTED),))
    lines = [(Part(" "), *line) for line in [*wrapped(joined(said), room), *lines]]
    if isinstance(state, CellEnd):
        written = [line for one in state.output for line in log_lines(LogLine(one), look, cells)]
        ran = state.status is not CellStatus.NOT_BUILT
        lines += [(), *(written or ([(Part(" No output.", Tone.MUTED),)] if ran else []))]
    return lines


class CellList(LineList[Cell]):
    """The cells, row by row of the grid."""

    def __init__(self, look: Look, job: Job, plan: MatrixPlan) -> None:
        super().__init__()
        self._look, self._job, self._plan = look, job, plan

    def key_of(self, row: Cell) -> object:
        """A cell is named by its number."""
        return row.number

    def draw_row(self, row: Cell, cells: int) -> Line:
        """One cell: its Python, what it has besides, how it stands and why."""
        look = self._look
        state = self._job.cells.get(row.number)
        text, tone = cell_words(state, look)
        wide = max(map(width, map(plain, self._plan.pythons)))
        parts = [Part(f" {pad(plain(row.python), wide)}  ", Tone.STRONG), Part(pad(text, 19), tone)]
        if any(self._plan.columns):
            parts.append(Part(f"  {look.sentence(column_words(row.column))}"))
        if isinstance(state, CellEnd):
            parts.append(Part(f"  {duration(state.seconds)}" if state.seconds else "", Tone.MUTED))
            parts.append(Part(f"  {look.sentence(state.reason)}" if state.reason else ""))
        return clipped(tuple(parts), cells, look.signs.ellipsis)


class MatrixSummary(LineView):
    """What is run, the grid, and how far it is."""

    def __init__(self, look: Look, job: Job, plan: MatrixPlan) -> None:
        super().__init__()
        self._look, self._job, self._plan = look, job, plan

    def lay_out(self, cells: int) -> Sequence[Line]:
        """Lay it out; with one column the list below is the grid."""
        look, room = self._look, max(cells - 2, 8)
        lines: list[Line] = []
        if not self.screen.has_class("-low"):
            told = look.sentence(shlex.join(self._plan.steps[0].command))
            lines += wrapped((Part("$ ", Tone.MUTED), Part(told)), room, look.signs.ellipsis)
        if len(self._plan.columns) > 1 and not self.screen.has_class("-low"):
            lines += [(), *grid_lines(self._job, self._plan, look, room), ()]
        lines += wrapped(self._progress(), room, look.signs.ellipsis)
        return [(Part(" "), *line) for line in lines]

    def _progress(self) -> Line:
        job, look = self._job, self._look
        result = job.result
        if job.state.over:
            said = job.fault or (result.message if result is not None else "not started")
            tone = Tone.GOOD if job.state is JobState.DONE else Tone.ERROR
            tone = Tone.WARNING if job.state is JobState.CANCELLED else tone
            return (Part(look.sentence(said), tone),)
        if job.state is JobState.WAITING:
            return (Part(waiting_words(job, look), Tone.MUTED),)
        if job.stopping:
            return (Part(f"Cancelling{look.signs.ellipsis}", Tone.WARNING),)
        done = sum(isinstance(one, CellEnd) for one in job.cells.values())
        took = duration(max(0.0, look.clock() - (job.started_at or look.clock())))
        many = counted(len(self._plan.cells), "environment")
        far = (Part(f"{done} of {many}"),)
        return joined([progress_bar(job, look), far, (Part(took, Tone.MUTED),)])


class MatrixScreen(ListDetailScreen[CellList, RowDetail[Cell]]):
    """The grid, the cells, and all about one of them. Leaving it leaves the matrix running, as any
    operation."""

    DEFAULT_CSS: ClassVar[str] = """
    MatrixScreen > MatrixSummary { height: auto; max-height: 45%; margin-top: 1; }
    MatrixScreen > .above { height: 1fr; border-top: solid $foreground 20%; margin-top: 0; }
    MatrixScreen > .above:focus { border-top: solid $primary; }
    MatrixScreen > .below { height: 35%; }
    MatrixScreen.-low > MatrixSummary { max-height: 2; margin-top: 0; }
    MatrixScreen.-low.-above > .below, MatrixScreen.-low.-below > .above { display: none; }
    MatrixScreen.-low.-below > .below { height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("cancel")]

    def __init__(self, queue: OperationQueue, job: Job, plan: MatrixPlan, look: Look) -> None:
        table = CellList(look, job, plan)

        def about(cell: Cell, cells: int) -> list[Line]:
            return about_cell(cell, job.cells.get(cell.number), look, cells)

        super().__init__(look, table, RowDetail[Cell](about, table.key_of))
        self.VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-high")]
        self.job, self._plan, self._queue = job, plan, queue
        self.summary = MatrixSummary(look, job, plan)
        self._was_over = False

    def compose(self) -> ComposeResult:
        """What is run, the cells, one of them, the keys."""
        yield self.title_label
        yield self.summary
        yield self.table
        yield self.about
        yield self.keys

    def on_mount(self) -> None:
        """Show it, and follow it."""
        self.table.show_rows(self._plan.cells, 1)
        self.table.focus()
        self._follow()
        self.set_interval(_POLL, self._follow)

    def _follow(self) -> None:
        if self._was_over:
            return
        self._was_over = self.job.state.over
        self.table.refresh()
        self.summary.lay_out_again()
        self.summary.styles.height = len(self.summary.lines)
        self.row_moved()

    def on_resize(self, event: "Resize") -> None:
        """Give the summary the lines that it needs at another width."""
        super().on_resize(event)
        self._was_over = False
        self.call_after_refresh(self._follow)

    def tell(self) -> None:
        """Say what is tested, and what keys do."""
        state = self.job.state.value if self.job.state.over else "running"
        self.title_label.show(
            (
                Part("Test versions ", Tone.STRONG),
                Part(self.look.path(self._plan.project), Tone.STRONG, path=True),
                Part(f"   {state}", Tone.MUTED),
            )
        )
        cancel = {} if self.job.state.over else {"cancel": ""}
        self.keys.tell({**cancel, "open": "output", "next_pane": "", "back": "", "help": ""})

    def row_moved(self) -> None:
        """Show another cell below."""
        self.about.show(self.table.current)
        self.tell()

    def action_cancel(self) -> None:
        """End it: the project was not touched."""
        if self.job.state.over:
            self.notify("already finished", markup=False)
        else:
            self._queue.cancel(self.job)
            self._follow()


def show_matrix(queue: OperationQueue, job: Job, look: Look) -> MatrixScreen | None:
    """Return the screen of an operation, where it is a matrix."""
    plan: Plan = job.plan
    return MatrixScreen(queue, job, plan, look) if isinstance(plan, MatrixPlan) else None
