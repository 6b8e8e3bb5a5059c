"""The interpreters that an environment could rest on, in lines."""

from collections.abc import Sequence

from envdeck.core.operations.choices import InterpreterChoice
from envdeck.text import clip, pad, plain, width
from envdeck.tui.dialogs.choice_row import radio
from envdeck.tui.dialogs.forecast_lines import Told, forecast_about, forecast_line
from envdeck.tui.panes.words import minor, python_name
from envdeck.tui.widgets.line import Line, Part, Tone, clipped, line_width, wrapped
from envdeck.tui.widgets.look import Look

_SOURCE = 8
_SOURCE_FROM = 58
"""Cells from which it is said who installed it."""
_NAME = 16
_ENDED = ("support ended", "end of life")
_PATH_FROM = 24
"""Cells that must be left for a path to be worth showing."""


def python_line(
    choice: InterpreterChoice,
    told: Sequence[Told] | None,
    cells: int,
    look: Look,
    *,
    chosen: bool,
    asking: bool = False,
) -> Line:
    """Return the row of an interpreter; `told` are the forecasts for it, as far as they came."""
    interpreter = choice.interpreter
    name = clip(python_name(interpreter), _NAME, look.signs.ellipsis)
    source = clip(plain(interpreter.source), _SOURCE, look.signs.ellipsis)
    line: Line = (
        *radio(look, chosen=chosen),
        Part(pad(name, _NAME), Tone.STRONG),
    )
    if cells >= _SOURCE_FROM:
        line = (*line, Part("  " + pad(source, _SOURCE)))
    for piece in (_note(choice, look), _outlook(choice, told, look, asking=asking)):
        if piece:
            line = (*line, Part("  "), *piece)
    room = cells - line_width(line) - 3
    if room >= _PATH_FROM and told is None and not asking:
        path = look.short_path(interpreter.executable, room)
        line = (*line, Part(" " * (room - width(path) + 2)), Part(path, Tone.MUTED))
    return clipped(line, cells - 1, look.signs.ellipsis)


def _note(choice: InterpreterChoice, look: Look) -> Line:
    pieces = look.sentence(choice.note).split(", ")
    # That its support ended is said by sign and word, and when by what stands below the list.
    told = ", ".join(one for one in pieces if one and not one.startswith(_ENDED))
    note = (Part(told, Tone.ACCENT),) if told else ()
    if not choice.interpreter.end_of_life:
        return note
    mark = Part(f"{look.signs.warning} end of life", Tone.WARNING)
    return (mark, Part(", ", Tone.MUTED), *note) if note else (mark,)


def _outlook(
    choice: InterpreterChoice, told: Sequence[Told] | None, look: Look, *, asking: bool
) -> Line:
    if choice.same_minor:
        return ()
    if told is not None:
        return forecast_line(told, look)
    if asking:
        return (Part(f"asking the index{look.signs.ellipsis}", Tone.MUTED),)
    return ()


def python_about(
    choice: InterpreterChoice,
    told: Sequence[Told] | None,
    cells: int,
    look: Look,
    *,
    same: str,
    another: str,
) -> list[Line]:
    """Return all about an interpreter; `same` and `another` say what choosing one of the same,
    or of another minor version comes to."""
    room, ellipsis = max(cells - 2, 12), look.signs.ellipsis
    interpreter = choice.interpreter
    lines = wrapped(
        (
            Part(python_name(interpreter), Tone.STRONG),
            Part(f"  from {plain(interpreter.source)}  ", Tone.MUTED),
            Part(look.path(interpreter.executable), Tone.MUTED, path=True),
        ),
        room,
        ellipsis,
    )
    if interpreter.end_of_life:
        since = f"{look.signs.warning} end of life since {plain(interpreter.end_of_life)}"
        lines += wrapped((Part(since, Tone.WARNING), Part(": no more fixes")), room, ellipsis)
    lines += wrapped((Part(same if choice.same_minor else another),), room, ellipsis)
    if not choice.same_minor:
        lines += _forecast(choice, told, room, look)
    return [(Part(" "), *line) for line in lines]


def _forecast(
    choice: InterpreterChoice, told: Sequence[Told] | None, room: int, look: Look
) -> list[Line]:
    if told is None:
        asking = f"Asking the package index what it has for it{look.signs.ellipsis}"
        return [(Part(asking, Tone.MUTED),)]
    python = minor(choice.interpreter.version) or "that version"
    return forecast_about(told, python, room, look)
