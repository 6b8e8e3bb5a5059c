"""What is said of operations: in the queue, in one line, at their end, and what they would do."""

import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

from envdeck.core.model import Operation, Plan, Step
from envdeck.text import clip, pad, width
from envdeck.text.environment import Activity
from envdeck.text.operation import (
    CHANGE_COLUMNS,
    CHANGES_SHOWN,
    OPERATION_WORDS,
    STAGING,
    change_words,
    progress_words,
    room_words,
)
from envdeck.tui.base.job import Job, JobState
from envdeck.tui.base.messages import CommandRequested, QueueChanged
from envdeck.tui.widgets.line import (
    Display,
    Line,
    OneLine,
    Part,
    Tone,
    bar,
    clipped,
    joined,
    line_width,
    wrapped,
)

_SHORT = {
    "deleting": "delete",
    "recreating": "recreate",
    "upgrading": "upgrade",
    "creating": "create",
    "editing": "edit",
    "installing": "install",
    "uninstalling": "uninstall",
    "bisecting": "bisect",
    "testing": "test",
    "running": "run",
    "cancelling": "cancel",
    "permanently deleting": "delete",
}
_BAR = 10
"""Cells of a bar of progress."""
_PIECE = 3
"""Cells of what goes to and fro where there are no figures."""
_PACE = 6
"""Cells that it goes in a second."""


def subject(plan: Plan, look: Display, cells: int) -> str:
    """Return what a plan acts on: one path, or how many."""
    if len(plan.targets) == 1:
        return look.short_path(plan.targets[0].path, cells)
    things = "items" if plan.operation is Operation.PURGE else "environments"
    return f"{len(plan.targets):,} {things}"


def title(plan: Plan, look: Display, cells: int = 40) -> str:
    """Return an operation in words: `delete 3 environments`."""
    running = plan.operation is Operation.RUN
    verb = "run a command in" if running else OPERATION_WORDS[plan.operation].verb
    return f"{verb} {subject(plan, look, cells)}"


def activity_word(job: Job) -> str:
    """Return what is being done, in a word or two."""
    if job.state is JobState.WAITING:
        return "waiting"
    return "cancelling" if job.stopping else OPERATION_WORDS[job.plan.operation].doing


def busy_words(job: Job) -> str:
    """Return what a person is told of something that is acted on already."""
    be = "is waiting to be" if job.state is JobState.WAITING else "is being"
    return f"{be} {OPERATION_WORDS[job.plan.operation].done}"


def waiting_words(job: Job, look: Display) -> str:
    """Return what an operation waits for that has not begun: another one and what both need, or
    one that leaves its place."""
    if job.waits_for is None:
        return "Waiting: as many operations run as there are cores"
    other, shared = job.waits_for
    what = look.path(shared) if shared.startswith(os.sep) else shared
    need = "" if shared in job.paths else f" (both need {what})"
    return look.sentence(f"Waiting for: {title(other.plan, look)}{need}")


def row_word(job: Job) -> Activity:
    """Return the word for a row that is being acted on."""
    word = activity_word(job)
    return Activity(word, _SHORT.get(word, word))


def figures(job: Job) -> bool:
    """Whether it can be told how far it is: not in a step that says nothing of itself."""
    if job.state is not JobState.RUNNING:
        return True
    return job.progress is not None and bool(job.progress.total)


def progress_bar(job: Job, look: Display, cells: int = _BAR) -> Line:
    """Return a bar that is full when the operation is done; a piece that goes to and fro while
    nobody can tell how far it is."""
    if not figures(job):
        return _bounce_line(max(0.0, look.clock() - (job.started_at or 0.0)), cells, look)
    steps = 1_000
    return bar(round(job.fraction * steps), steps, steps, cells, look.signs)


def _bounce_line(seconds: float, cells: int, look: Display) -> Line:
    way = max(cells - _PIECE, 1)
    at = int(seconds * _PACE) % (2 * way)
    at = min(at, 2 * way - at)
    return (
        Part(look.signs.hollow * at, Tone.HOLLOW),
        Part(look.signs.solid * _PIECE, Tone.SOLID),
        Part(look.signs.hollow * max(cells - _PIECE - at, 0), Tone.HOLLOW),
    )


def how_far(job: Job) -> str:
    """Return a percentage where there are figures, else which step it is: `step 2 of 5`."""
    if figures(job):
        return f"{job.fraction:.0%}"
    total = len(job.plan.steps)
    return f"step {(job.step or 0) + 1} of {total}" if total > 1 else ""


def step_title(job: Job) -> str:
    """Return the step that runs; it is hostile text no more than a plan is."""
    steps = job.plan.steps
    return steps[job.step].title if job.step is not None and job.step < len(steps) else ""


def running_line(jobs: Sequence[Job], look: Display, cells: int) -> Line:
    """Return what is going on in one line; what matters least is left out."""
    if not jobs:
        return ()
    first = next((job for job in jobs if job.state is JobState.RUNNING), jobs[0])
    what: Line = (
        Part(f" {look.signs.warning} ", Tone.ACCENT),
        Part(f"{activity_word(first)} {subject(first.plan, look, 40)}", Tone.STRONG),
    )
    drawn = (*progress_bar(first, look), Part(f" {how_far(first)}".rstrip() or " "))
    step = (Part(look.sentence(step_title(first)), Tone.MUTED),)
    far = (Part(progress_words(first.progress), Tone.MUTED),)
    others = (Part(f"and {len(jobs) - 1:,} more", Tone.MUTED),) if len(jobs) > 1 else ()
    shows = (Part(look.key("operations"), Tone.HEADING), Part(": show", Tone.MUTED))
    ways = (
        [what, drawn, step, far, others, shows],
        [what, drawn, step, others, shows],
        [what, drawn, others, shows],
        [what, drawn, others],
        [what, drawn],
    )
    lines = [joined([part for part in way if part and part[-1].text]) for way in ways]
    return next((line for line in lines if line_width(line) <= cells - 1), what)


def end_words(job: Job, look: Display) -> tuple[str, bool]:
    """Return how an operation ended, for a toast, and whether that is bad news."""
    if job.state is JobState.FAILED:
        fault = look.sentence(job.fault)
        return f"{title(job.plan, look)}: bug in envdeck: {fault}", True
    if job.result is None:
        return f"{title(job.plan, look)}: cancelled before it started", False
    result = job.result
    said = look.sentence(result.message)
    of_copies = job.plan.operation in {Operation.BISECT, Operation.MATRIX}
    if of_copies and job.state is not JobState.REFUSED:
        shows = "" if result.stopped else f" · {look.key('operations')}: operations"
        return f"{title(job.plan, look)}: {said}{shows}", job.state is JobState.ENDED_BADLY
    if job.state is JobState.DONE:
        room = room_words(job.plan, result, f"the trash is emptied ({look.key('trash')})")
        said += f" · {room}" if room else ""
        if job.plan.undo is not None:
            said += f" · {look.key('undo')} to undo"
        if result.notice is not None:
            said += f"\n{look.sentence(result.notice.message)}"
        return said, False
    hint = f"\n{look.sentence(result.hint)}" if result.hint else ""
    if job.state is JobState.ROLLED_BACK:
        return f"{title(job.plan, look)}: rolled back: {said}{hint}", not result.stopped
    if job.state is JobState.ENDED_BADLY:
        return f"{title(job.plan, look)}: {said}{hint}", not result.stopped
    guard = f" ({result.guard})" if result.guard else ""
    return f"{title(job.plan, look)}: blocked: {said}{guard}{hint}", True


class OperationLine(OneLine):
    """The line as a widget; a click shows the operations."""

    DEFAULT_CSS: ClassVar[str] = "OperationLine { background: $surface; }"

    def __init__(self, look: Display) -> None:
        super().__init__()
        self._look = look
        self._jobs: Sequence[Job] = ()
        self.display = False

    def tell(self, jobs: Sequence[Job]) -> None:
        """Show what runs and waits; while that is nothing there is no line."""
        self._jobs = jobs
        self.display = bool(jobs)
        self.refresh()

    def on_queue_changed(self, event: QueueChanged) -> None:
        """Show what runs and waits now, on a screen where nothing else does."""
        event.stop()
        self.tell(event.active)

    def lay_out(self, cells: int) -> Line:
        """Return the line."""
        return running_line(self._jobs, self._look, cells)

    def on_click(self) -> None:
        """Show all of it."""
        self.post_message(CommandRequested("operations"))


def row_words(active: Mapping[str, Job]) -> dict[str, Activity]:
    """Return by path what a row says while it is acted on."""
    return {path: row_word(job) for path, job in active.items()}


def package_lines(plan: Plan, look: Display, cells: int) -> list[Line]:
    """Return what becomes of packages as a table, the first of many, and a blank."""
    changes = plan.package_changes or ()
    if not changes:
        return []
    rows = [CHANGE_COLUMNS, *map(change_words, changes[:CHANGES_SHOWN])]
    told = [[look.sentence(cell) for cell in row] for row in rows]
    room = max(cells - 8, 12)
    first, second = (min(max(width(row[column]) for row in told), room // 3) for column in (0, 1))
    lines: list[Line] = []
    cut = look.signs.ellipsis
    for number, (name, now, after) in enumerate(told):
        before = f"{pad(clip(name, first, cut), first)}  {pad(clip(now, second, cut), second)}"
        line: Line = (Part(f"   {before}  {after}", Tone.PLAIN if number else Tone.MUTED),)
        lines.append(clipped(line, max(cells - 1, 8), cut))
    if len(changes) > CHANGES_SHOWN:
        lines.append((Part(f"   and {len(changes) - CHANGES_SHOWN:,} more", Tone.MUTED),))
    return [*lines, ()]


def step_lines(steps: Sequence[Step], look: Display, cells: int) -> Iterator[Line]:
    """Yield what is done, with the commands."""
    staging = next((step.staging for step in steps if step.command and step.staging), "")
    if steps:
        yield (Part(" Steps", Tone.HEADING),)
    if staging:
        where = (Part(f"{STAGING}  {look.sentence(staging)}", Tone.MUTED),)
        yield from indented(where, 4, 6, cells)
    for number, step in enumerate(steps, 1):
        said = (Part(f"{number:>2} ", Tone.MUTED), Part(look.sentence(step.title)))
        yield from indented(said, 1, 4, cells)
        if step.command:
            line = shlex.join(step.command)
            line = line.replace(step.staging, STAGING) if step.staging else line
            command = (Part(f"$ {look.sentence(line)}", Tone.MUTED),)
            yield from indented(command, 4, 6, cells)


def undo_lines(undo: str | None, look: Display, cells: int) -> Iterator[Line]:
    """Yield a blank, and the command that takes it back."""
    if undo:
        yield ()
        back = joined([(Part(" Undo", Tone.HEADING),), (Part(look.sentence(undo)),)], "  ")
        yield from indented(back, 0, 4, cells)


def indented(line: Line, first: int, other: int, cells: int) -> list[Line]:
    """Return a line in as many as it takes, the first one indented otherwise than the others."""
    told = wrapped(line, max(cells - other - 1, 8))
    return [(Part(" " * (other if number else first)), *each) for number, each in enumerate(told)]
