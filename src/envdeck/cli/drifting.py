"""What lies between an environment and its project, as text."""

import os
from collections import Counter

from envdeck.cli.context import Context
from envdeck.cli.output.table import Cell, Column, table
from envdeck.cli.wording import counted
from envdeck.core.project.drift import Comparison, Drift, DriftKind
from envdeck.text import plain, tilde, tilde_within

_COLUMNS = (
    Column("Package"),
    Column("What"),
    Column("Wanted", rank=0),
    Column("Installed"),
    Column("For", rank=2),
    Column("Said by", flexible=True),
)
_STYLES = {
    DriftKind.MISSING: "red",
    DriftKind.NOT_AS_LOCKED: "yellow",
    DriftKind.OUTSIDE: "yellow",
    DriftKind.UNREACHABLE: "cyan",
}
_WORDS = {
    DriftKind.MISSING: "missing",
    DriftKind.NOT_AS_LOCKED: "not as locked",
    DriftKind.OUTSIDE: "outside what is declared",
    DriftKind.UNREACHABLE: "asked for by nothing",
}

_UNCHOSEN = "only for what is not chosen"


def differs(found: Comparison) -> bool:
    """Tell whether anything is otherwise than the project says."""
    return bool(found.drifts) or any(one.error for one in found.pythons)


def print_drift(found: Comparison, context: Context) -> None:
    """Print what differs, what could not be compared, and how much is as it should be."""
    console = context.console
    if found.drifts:
        rows = [_row(one, context) for one in found.drifts]
        for line in table(console, _COLUMNS, rows):
            console.line(line)
        console.line()
    for one in found.pythons:
        word, colour = ("error:", "red") if one.error else ("note:", "cyan")
        named = os.path.basename(one.file) in one.message  # most tell their place themselves
        place = f" ({_place(one.file, one.line, context)})" if one.file and not named else ""
        told = plain(tilde_within(one.message, context.host.home))
        console.line(f"{console.style(word, colour)} {told}{plain(place)}")
    for text in found.unchecked:
        told = plain(tilde_within(text, context.host.home))
        console.line(f"{console.style('not compared:', 'yellow')} {told}")
    for problem in found.project.problems:
        told = f"{_place(problem.file, problem.line, context)}: {problem.message}"
        console.line(f"{console.style('warning:', 'yellow')} {plain(told)}")
    console.line(console.style(summary(found), "bold"))


def summary(found: Comparison) -> str:
    """Return in one line how many packages are in which state."""
    words = Counter(map(_word, found.drifts))
    counts = [f"{words[word]:,} {word}" for word in (*_WORDS.values(), _UNCHOSEN) if words[word]]
    against = f" in {plain(os.path.basename(found.against))}" if found.against else " declared"
    return ", ".join([*counts, f"{counted(found.agreed, 'package')} as{against}"])


def _row(drift: Drift, context: Context) -> list[Cell]:
    unknown = context.console.signs.unknown
    wanted = drift.wanted or ("" if drift.kind is DriftKind.UNREACHABLE else "any")
    return [
        Cell(drift.name),
        Cell(_word(drift), _STYLES[drift.kind]),
        Cell(wanted or unknown),
        Cell(drift.installed or unknown),
        Cell(", ".join(drift.under)),
        Cell(_place(drift.file, drift.line, context)),
    ]


def _word(drift: Drift) -> str:
    if drift.kind is DriftKind.UNREACHABLE and drift.under:
        return _UNCHOSEN
    return _WORDS[drift.kind]


def _place(file: str, line: int | None, context: Context) -> str:
    path = tilde(file, context.host.home)
    return f"{path}:{line}" if line else path
