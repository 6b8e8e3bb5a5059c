"""What the view of the operations says, as lines."""

import re
import shlex
from collections.abc import Iterable

from envdeck.text import clip, duration, pad, width
from envdeck.text.operation import progress_words
from envdeck.tui.base.job import Job, JobCommand, JobState, LogLine
from envdeck.tui.widgets.line import Display, Line, Part, Tone, joined, line_width, wrapped
from envdeck.tui.widgets.operation_words import progress_bar, title, waiting_words

_STATE = 12
"""Cells of the word for a state."""
_TONES = {
    JobState.WAITING: Tone.MUTED,
    JobState.RUNNING: Tone.ACCENT,
    JobState.DONE: Tone.GOOD,
    JobState.ROLLED_BACK: Tone.WARNING,
    JobState.ENDED_BADLY: Tone.ERROR,
    JobState.REFUSED: Tone.ERROR,
    JobState.CANCELLED: Tone.MUTED,
    JobState.FAILED: Tone.ERROR,
}


def state_sign(state: JobState, look: Display) -> str:
    """Return a sign that says a state without colour."""
    signs = look.signs
    return {
        JobState.WAITING: signs.away,
        JobState.RUNNING: signs.running,
        JobState.DONE: signs.marked,
        JobState.ROLLED_BACK: signs.warning,
        JobState.ENDED_BADLY: signs.broken,
        JobState.CANCELLED: signs.unknown,
    }.get(state, signs.broken)


def job_line(job: Job, look: Display, cells: int) -> Line:
    """Return one operation: its state, how far it is, what it is, how long it took."""
    word = "cancelling" if job.stopping and not job.state.over else job.state.value
    took = ""
    if job.started_at is not None:
        took = duration(max(0.0, (job.ended_at or look.clock()) - job.started_at))
    parts: list[Part] = [
        Part(f" {state_sign(job.state, look)} ", _TONES[job.state]),
        Part(pad(word, _STATE), _TONES[job.state]),
    ]
    if cells >= 60:
        parts += [*progress_bar(job, look), Part(" ")]
    room = cells - line_width(tuple(parts)) - width(took) - 3
    what = title(job.plan, look, max(room - 10, 12))
    parts.append(Part(pad(clip(what, room, look.signs.ellipsis), room)))
    parts.append(Part(f" {took}", Tone.MUTED))
    return tuple(parts)


def step_lines(job: Job, look: Display, cells: int, *, upto: int | None = None) -> list[Line]:
    """Return the steps, each done, running or waiting, and how it ended; with `upto` the lines
    up to the end of that step alone."""
    lines: list[Line] = []
    for number, step in enumerate(job.plan.steps):
        if upto is not None and number > upto:
            return lines
        state = _step_state(job, number)
        parts = [
            Part(f" {state_sign(state, look)} ", _TONES[state]),
            Part(
                look.sentence(step.title), Tone.MUTED if state is JobState.WAITING else Tone.PLAIN
            ),
        ]
        if state is JobState.RUNNING:
            far = progress_words(job.progress)
            parts.append(Part(f"  {far}" if far else "", Tone.ACCENT))
        elif state.over and state is not JobState.DONE:
            parts.append(Part(f"  {state.value}", _TONES[state]))
        told = wrapped(tuple(parts), max(cells - 4, 8))
        lines += [told[0], *((Part("   "), *more) for more in told[1:])]
    return [*lines, *_outcome(job, look, cells)]


def _step_state(job: Job, number: int) -> JobState:
    if job.state is JobState.DONE:
        return JobState.DONE
    if job.step is None or number > job.step:
        return JobState.WAITING
    return JobState.DONE if number < job.step else job.state


def _outcome(job: Job, look: Display, cells: int) -> list[Line]:
    said: list[Line] = []
    if job.state is JobState.WAITING:
        said.append((Part(waiting_words(job, look), Tone.MUTED),))
    if job.fault:
        said.append((Part(f"bug in envdeck: {look.sentence(job.fault)}", Tone.ERROR),))
    if job.result is not None:
        said.append((Part(look.sentence(job.result.message), _TONES[job.state]),))
        if job.result.hint:
            said.append((Part(look.sentence(job.result.hint), Tone.MUTED),))
        said += [(Part(look.sentence(each), Tone.GOOD),) for each in job.result.verified]
        if job.result.notice is not None:
            said.append((Part(look.sentence(job.result.notice.message), Tone.WARNING),))
            said.append((Part(look.sentence(job.result.notice.hint), Tone.MUTED),))
    return [(Part("   "), *told) for line in said for told in wrapped(line, max(cells - 4, 8))]


def log_lines(line: LogLine, look: Display, cells: int) -> Iterable[Line]:
    """Return a line of the log, broken where the edge is: output is never cut. What is drawn for
    a wider screen, a ruler or a gap, is made shorter: a percentage stays in its line."""
    text = look.sentence(f"$ {line.text}" if line.command else line.text.expandtabs(4))
    tone = Tone.STRONG if line.command else Tone.PLAIN
    room = max(cells - 2, 8)
    if len(text) > room and not line.command:
        text = _fitted(text, room)
    if text.isascii():  # nearly all of it, and there is much of it
        pieces = [text[start : start + room] for start in range(0, len(text), room)] or [""]
    else:
        pieces = _broken(text, room)
    return [(Part(" "), Part(piece, tone)) for piece in pieces]


_DRAWN = re.compile(r"([ =_*#-])\1{3,}")
_LEAST = 3
"""Characters that are left of a ruler or a gap."""


def _fitted(text: str, room: int) -> str:
    """Return a line with its rulers and gaps as short as they have to be: all the same, where it
    is too long without them too."""
    over = width(text) - room
    runs = [one for one in _DRAWN.finditer(text.rstrip()) if one[0].strip() or one.start()]
    spare = sum(len(run[0]) - _LEAST for run in runs)
    if over > spare:
        return text
    parts, at = [], 0
    for number, run in enumerate(runs):
        fair = -(-over // (len(runs) - number))
        less = max(0, min(fair, len(run[0]) - _LEAST))
        less = max(less, over - sum(len(one[0]) - _LEAST for one in runs[number + 1 :]))
        over -= less
        parts += [text[at : run.start()], run[0][less:]]
        at = run.end()
    return "".join([*parts, text[at:]])


def _broken(text: str, room: int) -> list[str]:
    pieces, taken = [""], 0
    for character in text:
        cells = width(character)
        if taken + cells > room:
            pieces.append("")
            taken = 0
        pieces[-1] += character
        taken += cells
    return pieces


def command_lines(command: JobCommand, look: Display, cells: int, *, over: bool) -> list[Line]:
    """Return a command that was really run, where, and how it ended."""
    words = look.sentence(f"$ {shlex.join(command.words)}")
    told = wrapped((Part(words, Tone.STRONG),), max(cells - 4, 8))
    if command.code is None:
        ended: Line = (Part("did not finish" if over else "running", Tone.ACCENT),)
    else:
        tone = Tone.MUTED if command.code == 0 else Tone.ERROR
        ended = (Part(f"exit {command.code} after {duration(command.seconds)}", tone),)
    where: Line = (Part(f"in {look.short_path(command.folder, max(cells - 34, 12))}", Tone.MUTED),)
    return [
        (Part(" "), *told[0]),
        *((Part("     "), *more) for more in told[1:]),
        (Part("   "), *joined([ended, where])),
    ]


def log_path_line(path: str, look: Display, cells: int) -> Line:
    """Return where the whole log of an operation is, and the key that copies that."""
    label, key, does = "full log: ", look.key("copy"), ": copy"
    room = cells - width(label) - width(key) - width(does) - 4
    shown = Part(look.short_path(path, max(room, 12)))
    return (Part(label, Tone.MUTED), shown, Part(f"  {key}", Tone.HEADING), Part(does, Tone.MUTED))
