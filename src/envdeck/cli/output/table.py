"""Aligned columns, fitted to a terminal and whole in a pipe."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from envdeck.cli.output.console import Console
from envdeck.text import pad, plain, shorten, width

GAP = 2
"""Cells between two columns."""
_LEAST = 24
"""Cells that the flexible column should have before others are dropped for it."""


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A heading, and how what is below it stands."""

    heading: str
    right: bool = False
    """Whether its cells are numbers, to be aligned at their end."""
    flexible: bool = False
    """Whether it holds paths, which are shortened where the terminal is narrow."""
    rank: int = 0
    """Which column goes first where the terminal is narrow: the highest; 0 never goes."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Text, still as it came, and its style."""

    text: str
    style: str = ""


def table(
    console: Console, columns: Sequence[TableColumn], rows: Sequence[Sequence[Cell]]
) -> Iterator[str]:
    """Yield the lines of a table, its headings first."""
    cells = [[Cell(plain(cell.text), cell.style) for cell in row] for row in rows]
    widths = [
        max(width(column.heading), *(width(row[index].text) for row in cells), 0)
        for index, column in enumerate(columns)
    ]
    shown = list(range(len(columns)))
    if console.terminal:
        shown = _fitting(columns, widths, console.width)
    headings = [Cell(column.heading, "bold") for column in columns]
    for row in (headings, *cells):
        yield _line(console, columns, row, widths, shown)


def _fitting(columns: Sequence[TableColumn], widths: list[int], available: int) -> list[int]:
    """Return the columns that fit, narrowing the flexible one in `widths`."""
    shown = list(range(len(columns)))
    flexible = next((i for i, column in enumerate(columns) if column.flexible), None)
    if flexible is None:
        return shown
    natural = widths[flexible]
    while True:
        others = sum(widths[i] + GAP for i in shown if i != flexible)
        room = available - others
        droppable = [i for i in shown if columns[i].rank]
        if room >= min(natural, _LEAST) or not droppable:
            widths[flexible] = max(1, min(natural, room))
            return shown
        shown.remove(max(droppable, key=lambda i: columns[i].rank))


def _line(
    console: Console,
    columns: Sequence[TableColumn],
    row: Sequence[Cell],
    widths: Sequence[int],
    shown: Sequence[int],
) -> str:
    parts = []
    for index in shown:
        text, cells = row[index].text, widths[index]
        if columns[index].flexible:
            text = shorten(text, cells, console.signs.ellipsis)
        padded = pad(text, cells, right=columns[index].right)
        parts.append(padded.replace(text, console.style(text, row[index].style), 1))
    return (" " * GAP).join(parts).rstrip()
