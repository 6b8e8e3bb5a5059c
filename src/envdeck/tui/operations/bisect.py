"""A bisect as it runs: every run, what it says, and at the end what can be done."""

import shlex
from collections.abc import Iterator, Sequence
from typing import ClassVar

from textual.binding import BindingType

from envdeck.core.model import BisectRun, BisectRunStarted, BisectVerdict, Plan
from envdeck.core.operations.bisect.plan import BisectEnd, BisectPlan
from envdeck.core.operations.bisect.run import BisectResult
from envdeck.core.operations.bisect.search import SearchStatus
from envdeck.text import clip, counted, duration, exact_time, pad, plain, width
from envdeck.text.operation import tried_words
from envdeck.tui.base.actions import bindings
from envdeck.tui.base.job import Job, LogLine
from envdeck.tui.base.messages import PlanRequested
from envdeck.tui.dialogs.requests import pin_request, snapshot_request
from envdeck.tui.operations.view import log_lines
from envdeck.tui.widgets.line import Display, Line, Part, Tone, clipped, joined, wrapped
from envdeck.tui.widgets.line_list import LineList
from envdeck.tui.widgets.list_detail import RunsScreen, RunsSummary
from envdeck.tui.workers.operation_queue import OperationQueue

AnyRun = BisectRun | BisectRunStarted
_NAME = 30
_TONES = {
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
        tone, took = _TONES[run.verdict], duration(run.seconds)
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
