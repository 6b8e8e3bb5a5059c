"""The runs of a matrix and of a bisect as they go on: what each says, with its output, and what can
be done at the end."""

import shlex
from collections.abc import Iterator, Sequence
from typing import ClassVar

from textual.binding import BindingType

from envdeck.core.model import (
    BisectRun,
    BisectRunStarted,
    BisectVerdict,
    CellEnd,
    CellStarted,
    CellStatus,
    Plan,
)
from envdeck.core.operations.bisect.plan import BisectEnd, BisectPlan
from envdeck.core.operations.bisect.run import BisectResult
from envdeck.core.operations.bisect.search import SearchStatus
from envdeck.core.operations.matrix.plan import MatrixCell, MatrixPlan
from envdeck.text import clip, counted, duration, exact_time, pad, plain, width
from envdeck.text.operation import CELL_WORDS, column_words, tried_words
from envdeck.tui.base.actions import bindings
from envdeck.tui.base.job import Job, JobState, LogLine
from envdeck.tui.base.messages import PlanRequested
from envdeck.tui.dialogs.requests import pin_request, snapshot_request
from envdeck.tui.operations.view import log_lines
from envdeck.tui.widgets.line import Display, Line, Part, Tone, clipped, joined, wrapped
from envdeck.tui.widgets.line_list import LineList
from envdeck.tui.widgets.list_detail import RunsScreen, RunsSummary
from envdeck.tui.workers.operation_queue import OperationQueue

_WIDEST = 24
"""Cells of a column of the grid at most."""
_MATRIX_TONES = {
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
    return f"{sign} {CELL_WORDS[state.status]}{code}", _MATRIX_TONES[state.status]


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


AnyRun = BisectRun | BisectRunStarted
_NAME = 30
_BISECT_TONES = {
    BisectVerdict.GOOD: Tone.GOOD,
    BisectVerdict.BAD: Tone.ERROR,
    BisectVerdict.SKIP: Tone.MUTED,
}


def run_line(run: AnyRun, look: Display, cells: int, took: str = "") -> Line:
    """Return one run: its number, its verdict, what it has as in the bad state, how long it took;
    `took` is how long one has run that is not over."""
    if isinstance(run, BisectRunStarted):
        sign, word, tone = look.signs.running, "runs", Tone.ACCENT
    else:
        signs = {BisectVerdict.GOOD: look.signs.marked, BisectVerdict.BAD: look.signs.broken}
        sign, word = signs.get(run.verdict, look.signs.unknown), run.verdict.value
        tone, took = _BISECT_TONES[run.verdict], duration(run.seconds)
    head = (Part(f" {run.number:>3}  ", Tone.MUTED), Part(f"{sign} {word:4}  ", tone))
    room = max(cells - 14 - width(took) - 3, 8)
    tried = look.sentence(tried_words(run))
    if isinstance(run, BisectRun) and run.reason:
        tried += f" · {look.sentence(run.reason)}"
    what = Part(pad(clip(tried, room, look.signs.ellipsis), room))
    return clipped((*head, what, Part(f" {took}")), cells, look.signs.ellipsis)


def run_detail(run: AnyRun, look: Display, cells: int) -> list[Line]:
    """Return all about a run: how it ended, its packages, what the command wrote."""
    lines: list[Line] = []
    room = max(cells - 2, 8)
    if isinstance(run, BisectRun):
        said = [run.verdict.value, look.sentence(run.reason)]
        said += [] if run.exit is None else [f"exit code {run.exit}"]
        parts = [(Part(one),) for one in (*said, duration(run.seconds)) if one]
        lines += wrapped(joined(parts), room, look.signs.ellipsis)
    column = min(max((width(plain(name)) for name in run.packages), default=0), _NAME, room // 2)
    for name, version in run.packages.items():
        is_bad = name in run.applied
        told = (
            Part(pad(clip(plain(name), column, look.signs.ellipsis), column) + "  "),
            Part(plain(version or "not installed"), Tone.STRONG),
            Part("  as in the bad state" if is_bad else "", Tone.WARNING),
        )
        lines.append(clipped(told, room, look.signs.ellipsis))
    lines = [(Part(" "), *line) for line in lines]
    if isinstance(run, BisectRun) and run.output:
        lines.append(())
        lines += [line for text in run.output for line in log_lines(LogLine(text), look, cells)]
    elif isinstance(run, BisectRun) and run.exit is not None:
        lines += [(), (Part(" No output.", Tone.MUTED),)]
    return lines


def end_lines(end: BisectEnd, plan: BisectPlan, look: Display) -> Iterator[Line]:
    """Yield what was found, and what can be done about it."""
    found = end.found
    if end.stopped:
        yield (Part("Cancelled. The environment is unchanged.", Tone.WARNING),)
    elif found.status is SearchStatus.FOUND:
        told = " with ".join(one.words for one in found.culprits)
        runs = counted(len(found.runs), "run")
        sign = look.signs.marked
        yield (Part(f"{sign} Found in {runs}: ", Tone.GOOD), Part(look.sentence(told), Tone.STRONG))
    elif found.status is SearchStatus.NOT_REPRODUCED:
        yield (Part(f"Not reproduced: {look.sentence(found.message)}.", Tone.WARNING),)
        yield (Part(_why_not_reproduced(found), Tone.MUTED),)
    else:
        yield (Part(f"Cannot tell: {look.sentence(found.message)}.", Tone.WARNING),)
    if found.status is not SearchStatus.FOUND or end.stopped:
        return
    yield offer("mend", pin_words(found, look), look)
    yield offer("recreate", f"back to before: recreate from {good_words(plan)}", look)
    for name, file, line in end.declared:
        where = look.sentence(file) + (f", line {line}" if line else "")
        yield (Part(f"{look.sentence(name)} is declared in {where}: pin it there too", Tone.MUTED),)


def _why_not_reproduced(found: BisectResult) -> str:
    if len(found.runs) > 1 and found.runs[0].verdict is BisectVerdict.GOOD:
        return "The command passes with the current packages: it does not show the problem."
    return "The command fails with the good packages too: select an earlier snapshot."


def pin_words(found: BisectResult, look: Display) -> str:
    """Return what a pin does: `pin urllib3==1.26.20`."""
    pins = [f"{one.name}=={one.before}" for one in found.culprits if one.before]
    gone = [one.name for one in found.culprits if not one.before]
    return look.sentence(f"pin {', '.join(pins)}" if pins else f"uninstall {', '.join(gone)}")


def good_words(plan: BisectPlan) -> str:
    """Return the good end: `snapshot 6f3a91c2 of 2026-11-20`."""
    good = plan.request.good
    return f"snapshot {good.id[:8]} of {exact_time(good.taken_at)[:10]}"


def offer(action: str, words: str, look: Display) -> Line:
    """Return a key and what it does."""
    return (Part(look.key(action), Tone.HEADING), Part(f": {words}"))


class RunList(LineList[AnyRun]):
    """The runs, in the order of their beginning."""

    def __init__(self, look: Display, job: Job) -> None:
        super().__init__()
        self._look, self._job = look, job
        self.since: dict[int, float] = {}
        """When each of those was first seen that run."""
        self.say_instead((Part(f"Preparing{look.signs.ellipsis}", Tone.MUTED),))

    def key_of(self, row: AnyRun) -> object:
        """A run is named by its number."""
        return row.number

    def draw_row(self, row: AnyRun, cells: int) -> Line:
        """One run."""
        began = self.since.get(row.number, self._look.clock())
        return run_line(row, self._look, cells, duration(max(0.0, self._look.clock() - began)))


class BisectSummary(RunsSummary):
    """What is searched, how far it is, and what was found."""

    def __init__(self, look: Display, job: Job, plan: BisectPlan) -> None:
        super().__init__(look, job)
        self._plan = plan

    def lay_out(self, cells: int) -> Sequence[Line]:
        """Lay it out."""
        look, job, request = self.look, self.job, self._plan.request
        done = job.progress.done if job.progress is not None else 0
        bound = f"about {self._plan.bound} for one culprit"
        bad = f"snapshot {request.bad.id[:8]} of {exact_time(request.bad.taken_at)[:10]}"
        lines: list[Line] = [
            (Part("$ ", Tone.MUTED), Part(look.sentence(shlex.join(request.command)))),
            (
                Part("Good ", Tone.GOOD),
                Part(good_words(self._plan)),
                Part(" · Bad ", Tone.ERROR),
                Part(bad),
                Part(f" · {counted(self._plan.suspects, 'package')} changed", Tone.MUTED),
            ),
            self.progress(f"{counted(done, 'run')} done, {bound}"),
        ]
        result = job.result
        if isinstance(result, BisectEnd):
            lines[-1:] = end_lines(result, self._plan, look)
        elif job.state.over:
            why = job.fault or (result.message if result is not None else "not started")
            lines[-1:] = [(Part(f"{job.state.value}: {look.sentence(why)}", Tone.ERROR),)]
            if result is not None and result.hint:
                lines.append((Part(look.sentence(result.hint), Tone.MUTED),))
        if self.screen.has_class("-low"):
            del lines[:2]  # how far it is, or what was found, matters more
        room = max(cells - 2, 8)
        told = [wrapped(line, room, look.signs.ellipsis) for line in lines]
        return [(Part(" "), *line) for some in told for line in some]


class BisectScreen(RunsScreen[AnyRun]):
    """What is searched, the runs, and all about one of them."""

    DEFAULT_CSS: ClassVar[str] = """
    BisectScreen > RunsSummary { max-height: 40%; }
    BisectScreen > .below { height: 40%; }
    BisectScreen.-low > RunsSummary { max-height: 3; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("mend", "recreate")]

    def __init__(self, queue: OperationQueue, job: Job, plan: BisectPlan, look: Display) -> None:
        def about(run: AnyRun, cells: int) -> list[Line]:
            return run_detail(run, look, cells)

        table = RunList(look, job)
        super().__init__(table, about, BisectSummary(look, job, plan), queue.cancel)
        self._plan, self._queue = plan, queue
        self._since = table.since

    def take(self) -> None:
        """Take over the runs, and stay at the last one while that is under the cursor."""
        now = self.look.clock()
        runs = [self.job.runs[number] for number in sorted(self.job.runs)]
        if self.job.state.over:  # what was being tried when it was cancelled was not judged
            runs = [one for one in runs if isinstance(one, BisectRun)]
            self.table.say_instead((Part("No run was judged.", Tone.MUTED),))
        for one in runs:
            self._since.setdefault(one.number, now)
        at_end = not self.table.rows or self.table.current is self.table.rows[-1]
        if [*self.table.rows] != runs:
            self.table.show_rows(runs, runs[-1].number if runs and at_end else None)

    def tell(self) -> None:
        """Say what is bisected, and what keys do."""
        self.tell_title("Bisect", self.job.paths[0])
        first: dict[str, str] = {"cancel": ""}
        if self.job.state.over:
            first = {"mend": "pin", "recreate": "back to before"} if self._found() else {}
        log = {"open": "log", "next_pane": ""} if self.table.rows else {}
        self.keys.tell({**first, **log, "back": "", "help": ""})

    def _found(self) -> BisectResult | None:
        result = self.job.result
        if isinstance(result, BisectEnd) and result.found.status is SearchStatus.FOUND:
            return result.found
        return None

    def action_mend(self) -> None:
        """Ask whether what was found shall be pinned to its good version."""
        found = self._found()
        if found is None:
            self.notify("nothing found to pin", markup=False)
            return
        environment = self._plan.request.environment
        request = pin_request(self._queue.operating, environment, found.culprits, self.look)
        self.post_message(PlanRequested(request))

    def action_recreate(self) -> None:
        """Ask whether the environment shall be as it was in the good snapshot."""
        request = snapshot_request(
            self._queue.operating,
            self._plan.request.environment,
            self._plan.request.good.id,
            self.look,
        )
        self.post_message(PlanRequested(request))


def show_bisect(queue: OperationQueue, job: Job, look: Display) -> BisectScreen | None:
    """Return the screen of an operation, where it is a bisect."""
    plan: Plan = job.plan
    return BisectScreen(queue, job, plan, look) if isinstance(plan, BisectPlan) else None
