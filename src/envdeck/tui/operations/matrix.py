"""A matrix: the grid as it fills, with the output of each cell."""

import shlex
from collections.abc import Iterator, Sequence
from typing import ClassVar

from envdeck.core.model import CellEnd, CellStarted, CellStatus, Plan
from envdeck.core.operations.matrix.plan import MatrixCell, MatrixPlan
from envdeck.text import clip, counted, duration, pad, plain, width
from envdeck.text.operation import CELL_WORDS, column_words
from envdeck.tui.base.job import Job, JobState, LogLine
from envdeck.tui.operations.view import log_lines
from envdeck.tui.widgets.line import Display, Line, Part, Tone, clipped, joined, wrapped
from envdeck.tui.widgets.line_list import LineList
from envdeck.tui.widgets.list_detail import RunsScreen, RunsSummary
from envdeck.tui.workers.operation_queue import OperationQueue

_WIDEST = 24
"""Cells of a column of the grid at most."""
_TONES = {
    CellStatus.PASSED: Tone.GOOD,
    CellStatus.FAILED: Tone.ERROR,
    CellStatus.NOT_BUILT: Tone.ERROR,
    CellStatus.TIMED_OUT: Tone.WARNING,
    CellStatus.NOT_RUN: Tone.MUTED,
}


def cell_words(state: CellEnd | CellStarted | None, look: Display) -> tuple[str, Tone]:
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


def grid_lines(job: Job, plan: MatrixPlan, look: Display, cells: int) -> Iterator[Line]:
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


def cell_detail(
    cell: MatrixCell, state: CellEnd | CellStarted | None, look: Display, cells: int
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


class CellList(LineList[MatrixCell]):
    """The cells, row by row of the grid."""

    def __init__(self, look: Display, job: Job, plan: MatrixPlan) -> None:
        super().__init__()
        self._look, self._job, self._plan = look, job, plan

    def key_of(self, row: MatrixCell) -> object:
        """A cell is named by its number."""
        return row.number

    def draw_row(self, row: MatrixCell, cells: int) -> Line:
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


class MatrixSummary(RunsSummary):
    """What is run, the grid, and how far it is."""

    def __init__(self, look: Display, job: Job, plan: MatrixPlan) -> None:
        super().__init__(look, job)
        self._plan = plan

    def lay_out(self, cells: int) -> Sequence[Line]:
        """Lay it out; with one column the list below is the grid."""
        look, room = self.look, max(cells - 2, 8)
        lines: list[Line] = []
        if not self.screen.has_class("-low"):
            told = look.sentence(shlex.join(self._plan.steps[0].command))
            lines += wrapped((Part("$ ", Tone.MUTED), Part(told)), room, look.signs.ellipsis)
        if len(self._plan.columns) > 1 and not self.screen.has_class("-low"):
            lines += [(), *grid_lines(self.job, self._plan, look, room), ()]
        lines += wrapped(self._outcome(), room, look.signs.ellipsis)
        return [(Part(" "), *line) for line in lines]

    def _outcome(self) -> Line:
        job, result = self.job, self.job.result
        if job.state.over:
            said = job.fault or (result.message if result is not None else "not started")
            tone = Tone.GOOD if job.state is JobState.DONE else Tone.ERROR
            tone = Tone.WARNING if job.state is JobState.CANCELLED else tone
            return (Part(self.look.sentence(said), tone),)
        done = sum(isinstance(one, CellEnd) for one in job.cells.values())
        return self.progress(f"{done} of {counted(len(self._plan.cells), 'environment')}")


class MatrixScreen(RunsScreen[MatrixCell]):
    """The grid, the cells, and all about one of them."""

    DEFAULT_CSS: ClassVar[str] = """
    MatrixScreen > RunsSummary { max-height: 45%; }
    MatrixScreen > .below { height: 35%; }
    MatrixScreen.-low > RunsSummary { max-height: 2; }
    """

    def __init__(self, queue: OperationQueue, job: Job, plan: MatrixPlan, look: Display) -> None:
        def about(cell: MatrixCell, cells: int) -> list[Line]:
            return cell_detail(cell, job.cells.get(cell.number), look, cells)

        table, summary = CellList(look, job, plan), MatrixSummary(look, job, plan)
        super().__init__(table, about, summary, queue.cancel)
        self._plan = plan

    def on_mount(self) -> None:
        """Show the cells."""
        self.table.show_rows(self._plan.cells, 1)
        self.table.focus()

    def tell(self) -> None:
        """Say what is tested, and what keys do."""
        self.tell_title("Test versions", self._plan.project)
        cancel = {} if self.job.state.over else {"cancel": ""}
        self.keys.tell({**cancel, "open": "output", "next_pane": "", "back": "", "help": ""})


def show_matrix(queue: OperationQueue, job: Job, look: Display) -> MatrixScreen | None:
    """Return the screen of an operation, where it is a matrix."""
    plan: Plan = job.plan
    return MatrixScreen(queue, job, plan, look) if isinstance(plan, MatrixPlan) else None
