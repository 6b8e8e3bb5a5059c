"""The rows of the list as lines: which columns fit, and what stands in each."""

from collections.abc import Sequence
from typing import NamedTuple

from envdeck.core.model import Environment
from envdeck.text import age, clip, pad, plain, shorten, size
from envdeck.tui.store.columns import Column, Standing, standing
from envdeck.tui.widgets.bar import bar
from envdeck.tui.widgets.line import Line, Part, Tone
from envdeck.tui.widgets.look import Look

MARK = 2
"""Cells at the left for the mark."""
_EDGE = 1
"""Cells left free before the scroll bar."""
_GAP = 2
_PATH_AT_LEAST = 24
_WORDS_FROM = 96
"""Cells from which a status is written out."""
_LONG_BARS_FROM = 120

_TONES = {
    Standing.BROKEN: Tone.ERROR,
    Standing.MOVED: Tone.WARNING,
    Standing.MIXED: Tone.WARNING,
    Standing.SUSPECT: Tone.WARNING,
    Standing.END_OF_LIFE: Tone.WARNING,
    Standing.OK: Tone.MUTED,
}


class Place(NamedTuple):
    """A column where it stands."""

    column: Column
    start: int
    cells: int


def places(columns: Sequence[Column], cells: int) -> tuple[Place, ...]:
    """Return the columns that fit into a width, those that matter least left out first."""
    cells -= _EDGE
    fitting = list(columns)
    while True:
        fixed = MARK + sum(_cells(column, cells) + _GAP for column in fitting) - _GAP
        droppable = [column for column in fitting if column.gives_way]
        if cells - fixed >= _PATH_AT_LEAST or not droppable:
            break
        fitting.remove(max(droppable, key=lambda column: column.gives_way))
    result, start = [], MARK
    for column in fitting:
        taken = max(cells - fixed, 8) if column.id == "path" else _cells(column, cells)
        result.append(Place(column, start, taken))
        start += taken + _GAP
    return tuple(result)


def _cells(column: Column, cells: int) -> int:
    if column.id == "status" and cells < _WORDS_FROM:
        return 9
    if column.id == "bar" and cells < _LONG_BARS_FROM:
        return 6
    return column.cells


def heading(layout: Sequence[Place], sorted_by: Column, look: Look, *, reverse: bool) -> Line:
    """Return the headings, the one that is sorted by marked with its direction."""
    arrow = look.signs.descending if reverse else look.signs.ascending
    shown = any(place.column.id == sorted_by.id for place in layout)
    parts = [Part(" " * MARK)]
    for number, place in enumerate(layout):
        text, tone = place.column.heading, Tone.MUTED
        if place.column.id == sorted_by.id:
            text, tone = f"{text} {arrow}", Tone.HEADING
        elif place.column.id == "path" and not shown:
            text = f"{text} · by {sorted_by.heading.lower()} {arrow}"
        text = pad(
            clip(text, place.cells, look.signs.ellipsis), place.cells, right=place.column.right
        )
        parts.append(Part(text, tone))
        parts.append(Part(" " * (_GAP if number < len(layout) - 1 else _EDGE)))
    return tuple(parts)


def row(
    environment: Environment,
    layout: Sequence[Place],
    look: Look,
    *,
    marked: bool,
    largest: int,
) -> Line:
    """Return the line of an environment; `largest` bytes fill the bar."""
    sign = look.signs.marked if marked else " "
    parts = [Part(pad(sign, MARK), Tone.ACCENT)]
    for number, place in enumerate(layout):
        if place.column.id == "bar":
            parts.extend(_bar(environment, place.cells, look, largest))
        else:
            text, tone = _told(environment, place, look)
            text = clip(text, place.cells, look.signs.ellipsis)
            parts.append(Part(pad(text, place.cells, right=place.column.right), tone))
        parts.append(Part(" " * (_GAP if number < len(layout) - 1 else _EDGE)))
    return tuple(parts)


def _bar(environment: Environment, cells: int, look: Look, largest: int) -> Line:
    measured = environment.size
    if measured is None:
        return (Part(" " * cells),)
    return bar(measured.reclaimable_bytes, measured.disk_bytes, largest, cells, look.signs)


def _told(environment: Environment, place: Place, look: Look) -> tuple[str, Tone]:
    unknown = look.signs.unknown
    measured = environment.size
    match place.column.id:
        case "status":
            return status_words(environment, look, short=place.cells < 13)
        case "path":
            return short_path(environment.path, place.cells, look), Tone.PLAIN
        case "python":
            version = plain(environment.python.version or unknown)
            return version, Tone.WARNING if environment.python.end_of_life else Tone.PLAIN
        case "manager":
            return plain(environment.manager), Tone.PLAIN
        case "packages":
            packages = environment.packages
            return (unknown if packages is None else f"{packages:,}"), Tone.PLAIN
        case "size":
            return size(measured.disk_bytes if measured else None, unknown=unknown), Tone.PLAIN
        case "reclaimable":
            return freed(environment, look), Tone.STRONG if measured else Tone.MUTED
        case _:
            when = environment.last_used.when
            return age(when, look.clock(), unknown=unknown), Tone.MUTED


def short_path(path: str, cells: int, look: Look) -> str:
    """Return a path that fits; its end alone where the last two parts are too long, because
    that is what tells the environments in a tool's central folder apart."""
    shown = look.path(path)
    # The plain sign for "cut" is the tilde, which at the start of a path means home.
    ellipsis = look.signs.ellipsis if look.unicode else "..."
    short = shorten(shown, cells, ellipsis)
    separator = "\\" if "\\" in shown and "/" not in shown else "/"
    last = shown.rpartition(separator)[2]
    if short == shown or short.endswith(separator + last):
        return short
    return clip(ellipsis + separator + last, cells, ellipsis)


def status_words(environment: Environment, look: Look, *, short: bool) -> tuple[str, Tone]:
    """Return an environment's state as sign and word, and its tone."""
    state = standing(environment)
    word = "EOL" if short and state is Standing.END_OF_LIFE else state.value
    sign = look.signs.of_status(state.value)
    if state is Standing.END_OF_LIFE:
        sign = look.signs.warning
    return f"{sign} {word}", _TONES[state]


def freed(environment: Environment, look: Look) -> str:
    """Return what deleting would free, marked where it is only an upper bound."""
    if environment.size is None:
        return look.signs.unknown
    bound = ("≤" if look.unicode else "<") if environment.size.up_to else ""
    return bound + size(environment.size.reclaimable_bytes)
