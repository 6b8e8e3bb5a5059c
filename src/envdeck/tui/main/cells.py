"""The rows of the list as lines: which columns fit, and what stands in each."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from envdeck.core.model import Environment
from envdeck.text import age, clip, pad, plain, short_age, size, width
from envdeck.text.environment import Activity, short_manager
from envdeck.tui.store.columns import Column, StatusOrder, worst_status
from envdeck.tui.widgets.finding_lines import short_counts
from envdeck.tui.widgets.line import Display, Line, Part, Tone, bar

MARK = 2
"""Cells at the left for the mark."""
_EDGE = 1
"""Cells left free before the scroll bar."""
_LONG_MANAGER_FROM = 44
"""Cells of the path from which the manager has room for the longest name there is."""
_LONG_MANAGER = 17

_TONES = {
    StatusOrder.BROKEN: Tone.ERROR,
    StatusOrder.MOVED: Tone.WARNING,
    StatusOrder.MIXED: Tone.WARNING,
    StatusOrder.SUSPECT: Tone.WARNING,
    StatusOrder.ORPHAN: Tone.WARNING,
    StatusOrder.END_OF_LIFE: Tone.WARNING,
    StatusOrder.UNMOUNTED: Tone.MUTED,
    StatusOrder.OK: Tone.MUTED,
}
_FINE = {StatusOrder.OK, StatusOrder.UNMOUNTED}
"""States beside which the counts of findings say more, where they have no column."""
_SHORT = {StatusOrder.END_OF_LIFE: "EOL", StatusOrder.UNMOUNTED: "no disk"}


class _Style(NamedTuple):
    """How generously columns are set."""

    gap: int
    path: int
    """Cells of the path before another column gives way."""
    cells: Mapping[str, int]
    """Widths that differ from those of the columns themselves."""

    def width(self, column: Column) -> int:
        return self.cells.get(column.id, column.cells)

    def before(self, column: Column, previous: Column | None) -> int:
        """Return the gap before a column; a bar stands right beside its figure."""
        if previous is None:
            return 0
        return 1 if column.id == "bar" and previous.id == "reclaimable" else self.gap


_ROOMY = _Style(2, 28, {})
_DENSE = _Style(1, 20, {"status": 9, "python": 8, "bar": 6, "used": 8, "packages": 5, "health": 6})


class CellPlace(NamedTuple):
    """A column where it stands."""

    column: Column
    start: int
    cells: int


def places(columns: Sequence[Column], cells: int, sorted_by: str = "") -> tuple[CellPlace, ...]:
    """Return the columns that fit into a width, those that matter least left out first.

    The one that the rows are sorted by stays: an order that cannot be seen explains nothing.
    They are set generously where that costs no column.
    """
    cells -= _EDGE
    roomy, dense = (_fit_columns(columns, cells, style, sorted_by) for style in (_ROOMY, _DENSE))
    fitting, style = (roomy, _ROOMY) if len(roomy) == len(dense) else (dense, _DENSE)
    path = max(cells - _fixed(fitting, style), 8)
    manager = style.width(next((one for one in fitting if one.id == "manager"), fitting[0]))
    if path >= _LONG_MANAGER_FROM and any(one.id == "manager" for one in fitting):
        path -= _LONG_MANAGER - manager
        manager = _LONG_MANAGER
    result, start = [], MARK
    previous: Column | None = None
    for column in fitting:
        taken = {"path": path, "manager": manager}.get(column.id, style.width(column))
        start += style.before(column, previous)
        result.append(CellPlace(column, start, taken))
        start, previous = start + taken, column
    return tuple(result)


def _fit_columns(
    columns: Sequence[Column], cells: int, style: _Style, sorted_by: str
) -> list[Column]:
    fitting = list(columns)
    while cells - _fixed(fitting, style) < style.path:
        droppable = [one for one in fitting if one.gives_way and one.id != sorted_by]
        if not droppable:
            break
        fitting.remove(max(droppable, key=lambda column: column.gives_way))
    return fitting


def _fixed(columns: Sequence[Column], style: _Style) -> int:
    """Return the cells that everything but the path takes."""
    taken, previous = MARK, None
    for column in columns:
        taken += style.before(column, previous) + style.width(column)
        previous = column
    return taken


def heading(
    layout: Sequence[CellPlace], sorted_by: Column, look: Display, *, reverse: bool
) -> Line:
    """Return the headings, the one that is sorted by marked with its direction."""
    arrow = look.signs.descending if reverse else look.signs.ascending
    shown = any(place.column.id == sorted_by.id for place in layout)
    parts: list[Part] = []
    at = 0
    for place in layout:
        text, tone = place.column.heading, Tone.MUTED
        if place.column.id == sorted_by.id:
            text, tone = _sorted_by(place, arrow), Tone.HEADING
        elif place.column.id == "path" and not shown:
            text = f"{text} · by {sorted_by.heading.lower()} {arrow}"
        elif width(text) > place.cells:
            text = place.column.short or text
        text = pad(
            clip(text, place.cells, look.signs.ellipsis), place.cells, right=place.column.right
        )
        parts += (Part(" " * (place.start - at)), Part(text, tone))
        at = place.start + place.cells
    return (*parts, Part(" " * _EDGE))


def _sorted_by(place: CellPlace, arrow: str) -> str:
    column = place.column
    whole = f"{column.heading} {arrow}".strip()
    return whole if width(whole) <= place.cells else f"{column.short or column.heading} {arrow}"


def row(
    environment: Environment,
    layout: Sequence[CellPlace],
    look: Display,
    *,
    marked: bool,
    largest: int,
    doing: Activity | None = None,
) -> Line:
    """Return the line of an environment; `largest` bytes fill the bar. What is being done with it
    stands in the place of its status."""
    sign = look.signs.marked if marked else " "
    parts = [Part(pad(sign, MARK), Tone.ACCENT)]
    at = MARK
    counted = any(place.column.id == "health" for place in layout)
    for place in layout:
        parts.append(Part(" " * (place.start - at)))
        at = place.start + place.cells
        if place.column.id == "bar":
            parts.extend(_bar(environment, place.cells, look, largest))
        elif doing is not None and place.column.id == "status":
            word = doing.word if width(doing.word) <= place.cells - 2 else doing.short
            text = clip(f"{look.signs.running} {word}", place.cells, look.signs.ellipsis)
            parts.append(Part(pad(text, place.cells), Tone.ACCENT))
        else:
            text, tone = _status_words(environment, place, look)
            if place.column.id == "status" and not counted and worst_status(environment) in _FINE:
                text, tone = _counts(environment, look) or (text, tone)
            text = clip(text, place.cells, look.signs.ellipsis)
            parts.append(Part(pad(text, place.cells, right=place.column.right), tone))
    return (*parts, Part(" " * _EDGE))


def _bar(environment: Environment, cells: int, look: Display, largest: int) -> Line:
    measured = environment.size
    if measured is None:
        return (Part(" " * cells),)
    return bar(measured.reclaimable_bytes, measured.disk_bytes, largest, cells, look.signs)


def _status_words(environment: Environment, place: CellPlace, look: Display) -> tuple[str, Tone]:
    unknown = look.signs.unknown
    measured = environment.size
    match place.column.id:
        case "status":
            return status_words(environment, look, short=place.cells < 13)
        case "health":
            told = ("", Tone.MUTED) if environment.examined else (unknown, Tone.MUTED)
            return _counts(environment, look) or told
        case "path":
            return look.short_path(environment.path, place.cells), Tone.PLAIN
        case "python":
            return _python(environment, place.cells, look)
        case "manager":
            return short_manager(environment.manager, place.cells, look.signs.ellipsis), Tone.PLAIN
        case "packages":
            packages = environment.packages
            return (unknown if packages is None else f"{packages:,}"), Tone.PLAIN
        case "size":
            return size(measured.disk_bytes if measured else None, unknown=unknown), Tone.PLAIN
        case "reclaimable":
            return freed(environment, look), Tone.STRONG if measured else Tone.MUTED
        case _:
            when = environment.last_used.when
            return short_age(age(when, look.clock(), unknown=unknown), place.cells), Tone.MUTED


def _counts(environment: Environment, look: Display) -> tuple[str, Tone] | None:
    """Return how many errors and warnings there are; None where there are none."""
    said, tone = short_counts(environment.findings, look)
    return (said, tone) if said else None


def _python(environment: Environment, cells: int, look: Display) -> tuple[str, Tone]:
    """Return the version, and that its support ended where the status does not say so."""
    version = plain(environment.python.version or look.signs.unknown)
    if not environment.python.end_of_life:
        return version, Tone.PLAIN
    if worst_status(environment) is StatusOrder.END_OF_LIFE:
        return version, Tone.WARNING
    minor = ".".join(version.split(".")[:2])
    ways = (f"{version} EOL", f"{minor} EOL", f"{minor} {look.signs.warning}")
    return next((way for way in ways if width(way) <= cells), ways[-1]), Tone.WARNING


def status_words(environment: Environment, look: Display, *, short: bool) -> tuple[str, Tone]:
    """Return an environment's state as sign and word, and its tone."""
    state = worst_status(environment)
    word = _SHORT.get(state, state.value) if short else state.value
    return f"{look.signs.status_sign(state.value)} {word}", _TONES[state]


def freed(environment: Environment, look: Display) -> str:
    """Return what deleting would free, marked where it is only an upper bound."""
    if environment.size is None:
        return look.signs.unknown
    bound = ("≤" if look.unicode else "<") if environment.size.up_to else ""
    return bound + size(environment.size.reclaimable_bytes)
