"""What the walkthrough says, as lines."""

import shlex
from collections.abc import Iterator, Sequence
from typing import ClassVar

from envdeck.core.onboarding.model import Option, StepState, StepView
from envdeck.text import capitalise, clip, pad, width
from envdeck.text.operation import STEP_WORDS
from envdeck.tui.base.job import Job, JobState
from envdeck.tui.operations.view import job_line
from envdeck.tui.walkthrough.state import WalkthroughState
from envdeck.tui.widgets.line import Display, Line, OneLine, Part, Tone, line_width, wrapped
from envdeck.tui.widgets.line_list import LineList
from envdeck.tui.widgets.line_view import LineView

_TONES = {
    StepState.DONE: Tone.GOOD,
    StepState.OPEN: Tone.ACCENT,
    StepState.WAITING: Tone.MUTED,
    StepState.CANNOT: Tone.WARNING,
    StepState.READY: Tone.ACCENT,
    StepState.SKIPPED: Tone.MUTED,
}
_WORD = 14
"""Cells of the word for a state."""
_MOST = 200
"""Details that are shown of a step; how many more there are is said."""


def state_line(step: StepView, job: Job | None, look: Display) -> Line:
    """Return how a step stands, by sign and word; `job` is what is being done for it."""
    if job is not None and not job.state.over:
        word = "cancelling" if job.stopping else job.state.value
        return Part(f"{look.signs.running} ", Tone.ACCENT), Part(word, Tone.ACCENT)
    tone = _TONES[step.state]
    return Part(f"{look.signs.step_sign(step.state)} ", tone), Part(STEP_WORDS[step.state], tone)


def step_line(step: StepView, job: Job | None, look: Display, cells: int) -> Line:
    """Return one row: how it stands, and what it is."""
    sign, word = state_line(step, job, look)
    quiet = step.state in {StepState.WAITING, StepState.SKIPPED}
    room = max(cells - _WORD - 6, 8)
    title = clip(look.sentence(step.title), room, look.signs.ellipsis)
    return (
        Part(" "),
        sign,
        word._replace(text=pad(word.text, _WORD)),
        Part("  "),
        Part(title, Tone.MUTED if quiet else Tone.PLAIN),
    )


def title_line(
    walk: WalkthroughState, look: Display, cells: int, *, looking: bool, slow: bool = False
) -> Line:
    """Return whose walkthrough it is, and how far it is; `slow` tells that looking takes long."""
    done, total = walk.done
    far = f"{done} of {total} done" if total else ""
    if looking:
        now = "disk not responding" if slow else f"checking{look.signs.ellipsis}"
        far = f"{far}, {now}" if far else now
    head = (Part("Project setup", Tone.STRONG), Part("  "))
    tone = Tone.WARNING if slow else Tone.GOOD if walk.ready else Tone.ACCENT
    tail = (Part("  "), Part(far, tone))
    room = cells - line_width((*head, *tail))
    return (*head, Part(look.short_path(walk.project, max(room, 8))), *tail)


def step_detail(
    walk: WalkthroughState, step: StepView | None, look: Display, cells: int, *, titled: bool = True
) -> list[Line]:
    """Return all about the step under the cursor, what a person has to know first."""
    lines = [*_ready(walk, look, cells)]
    if step is None:
        return lines
    job = walk.jobs.get(step.name)
    if titled:
        lines += _indented((Part(look.sentence(step.title), Tone.HEADING),), 1, cells)
    said = capitalise(look.sentence(step.message))
    found = (*state_line(step, job, look), Part("  "), Part(said))
    lines += _indented(found, 1, cells, more=3)
    if step.hint:
        tone = Tone.WARNING if step.state is StepState.CANNOT else Tone.MUTED
        lines += _indented((Part(capitalise(look.sentence(step.hint)), tone),), 3, cells)
    lines += _last_time(job, look, cells)
    lines += [(), *_indented((Part(look.sentence(step.why), Tone.MUTED),), 1, cells)]
    lines += _commands(step, look, cells)
    lines += _choices(step.options, look, cells)
    if step.fields:
        lines += [(), _heading("Values")]
        for field in step.fields:
            name = (Part(look.sentence(field.name)), Part("  hidden", Tone.MUTED))
            lines += _indented(name if field.secret else name[:1], 3, cells)
    if step.details:
        lines += [(), _heading("Details")]
        for detail in step.details[:_MOST]:
            lines += _indented((Part(look.sentence(detail)),), 3, cells)
        left_out = len(step.details) - _MOST
        if left_out > 0:
            lines.append((Part(f"   and {left_out:,} more", Tone.MUTED),))
    return lines


def _ready(walk: WalkthroughState, look: Display, cells: int) -> Iterator[Line]:
    """Say that nothing is left to do, and what to type now."""
    if not walk.ready:
        return
    said = f"{look.signs.marked} Project setup complete."
    yield from _indented((Part(said, Tone.GOOD),), 1, cells, more=3)
    for label, name in (("activate", "activate"), ("then run", "command")):
        step = walk.found(name)
        if step is not None and step.state is not StepState.SKIPPED and step.commands:
            head = Part(f"   {label}  ", Tone.MUTED)
            pieces = unabridged(command_text(step.commands[0], look), cells - width(head.text) - 1)
            yield (head, Part(pieces[0], Tone.STRONG))
            for piece in pieces[1:]:
                yield (Part(" " * width(head.text)), Part(piece, Tone.STRONG))
    yield ()


def _last_time(job: Job | None, look: Display, cells: int) -> Iterator[Line]:
    """Say how what was done for it ended, where that was no success."""
    if job is None or not job.state.over or job.state is JobState.DONE:
        return
    said = job.state.value
    if job.result is not None:
        said += f": {look.sentence(job.result.message)}"
    elif job.fault:
        said += f": bug in envdeck: {look.sentence(job.fault)}"
    yield from _indented((Part(f"Last run: {said}", Tone.WARNING),), 3, cells)
    if job.result is not None and job.result.hint:
        yield from _indented((Part(look.sentence(job.result.hint), Tone.MUTED),), 3, cells)


def _commands(step: StepView, look: Display, cells: int) -> Iterator[Line]:
    if not step.commands:
        if step.act is not None:
            yield ()
            yield (Part(" Runs no command.", Tone.MUTED),)
        return
    yield ()
    yield _heading("Runs" if step.act is not None else "Run manually")
    for command in step.commands:
        pieces = unabridged(command_text(command, look), cells - 6)
        yield (Part("   $ ", Tone.MUTED), Part(pieces[0], Tone.STRONG))
        for piece in pieces[1:]:
            yield (Part("     "), Part(piece, Tone.STRONG))


def _choices(options: Sequence[Option], look: Display, cells: int) -> Iterator[Line]:
    if not options:
        return
    yield ()
    yield _heading("Choices")
    for option in options:
        yield from _indented((*box(option, look), Part(look.sentence(option.title))), 3, cells)


def box(option: Option, look: Display, *, chosen: bool | None = None) -> Line:
    """Return the box of an option: square where several can be chosen, round where one is."""
    is_chosen = option.chosen if chosen is None else chosen
    left, right = "()" if one_of_several(option) else "[]"
    sign = look.signs.marked if is_chosen else " "
    tone = Tone.ACCENT if is_chosen else Tone.MUTED
    return (Part(f"{left}{sign}{right} ", tone),)


def one_of_several(option: Option) -> bool:
    """Whether choosing it leaves the others of its kind: one command is run."""
    return option.id.startswith("command:")


def command_text(command: Sequence[str], look: Display) -> str:
    """Return a command as a person would type it, safe to show."""
    return look.sentence(typed(command))


def typed(command: Sequence[str]) -> str:
    """Return a command as a person would type it."""
    if command[:1] == ("&",):  # PowerShell's word for calling what a path names
        return f"& {shlex.join(command[1:])}"
    return shlex.join(command)


def unabridged(text: str, cells: int) -> list[str]:
    """Return a text in lines of so many cells, with nothing left out: broken at blanks, and
    within a word where that is longer than a line."""
    cells = max(cells, 8)
    lines = [""]
    for number, word in enumerate(text.split(" ")):
        piece = f" {word}" if number else word
        if lines[-1] and width(lines[-1]) + width(piece) > cells:
            lines.append("")
            piece = word
        while width(piece) > cells - width(lines[-1]):
            end = len(piece)
            while end > 1 and width(lines[-1]) + width(piece[:end]) > cells:
                end -= 1
            lines[-1] += piece[:end]
            piece = piece[end:]
            lines.append("")
        lines[-1] += piece
    return lines


def _heading(text: str) -> Line:
    return (Part(f" {text}", Tone.HEADING),)


def _indented(line: Line, blanks: int, cells: int, more: int | None = None) -> Iterator[Line]:
    """Yield a line broken where the edge is, each with blanks before it; `more` those of all but
    the first."""
    more = blanks if more is None else more
    for number, each in enumerate(wrapped(line, max(cells - max(blanks, more) - 1, 8))):
        yield (Part(" " * (more if number else blanks)), *each)


def slow_words(walk: WalkthroughState, seconds: float, look: Display) -> str:
    """Return what is said where looking takes long."""
    return (
        f"Checking {look.path(walk.project)} for {seconds:.0f} seconds: the disk is not "
        f"responding. {look.key('back')}: leave"
    )


class StepList(LineList[StepView]):
    """The steps, in the order they are done in."""

    def __init__(self, walk: WalkthroughState, look: Display) -> None:
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

    def __init__(self, walk: WalkthroughState, look: Display) -> None:
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
        return step_detail(self._walk, self._step, self._look, cells, titled=self._titled)


class JobHead(OneLine):
    """The line above the output: what is being done, how far it is, how long it takes."""

    DEFAULT_CSS: ClassVar[str] = "JobHead { background: $surface; }"

    def __init__(self, look: Display) -> None:
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
