"""What of an environment could be upgraded, as text and as JSON."""

from shlex import quote
from typing import TYPE_CHECKING

from envdeck.cli.context import Context
from envdeck.cli.output.table import Cell, Column, table
from envdeck.cli.plans import safe
from envdeck.cli.serialise import SCHEMA, Object
from envdeck.cli.wording import counted
from envdeck.core.model import Environment

if TYPE_CHECKING:
    from envdeck.core.operations.upgrading.candidate import Candidate, Candidates

_COLUMNS = (
    Column("Package"),
    Column("Installed"),
    Column("To"),
    Column("Newest", rank=2),
    Column("Level"),
    Column("Released", rank=3),
    Column("Held back by", flexible=True, rank=1),
)
_STYLES = {"patch": "green", "minor": "cyan", "major": "red"}


def print_candidates(reference: str, found: "Candidates", context: Context) -> None:
    """Print what could be upgraded, and how to."""
    console = context.console
    if not found.rows:
        console.line("everything is the newest there is for it")
    else:
        for line in table(console, _COLUMNS, [_row(each, context) for each in found.rows]):
            console.line(line)
    for fixed in found.fixed:
        console.line(safe(f"{fixed.name} {fixed.installed} stays: it {fixed.reason}"))
    going = sum(each.upgradable for each in found.rows)
    console.line()
    parts = [f"{counted(going, 'package')} can be upgraded", f"{found.current:,} up to date"]
    console.line(console.style(", ".join(parts), "bold"))
    if going:
        console.flush()
        console.hint(f"envdeck upgrade {quote(reference)} --all")


def candidates_object(environment: Environment, found: "Candidates") -> Object:
    """Return what could be upgraded, for programs."""
    return {
        "schema": SCHEMA,
        "path": environment.path,
        "candidates": [
            {
                "name": each.name,
                "installed": each.installed,
                "target": each.target,
                "latest": each.latest,
                "level": each.level.value,
                "held_back_by": list(each.held_back_by),
                "released": each.released,
                "seed": each.seed,
            }
            for each in found.rows
        ],
        "fixed": [
            {"name": each.name, "installed": each.installed, "reason": each.reason}
            for each in found.fixed
        ],
        "current": found.current,
    }


def _row(each: "Candidate", context: Context) -> list[Cell]:
    unknown = context.console.signs.unknown
    return [
        Cell(each.name),
        Cell(each.installed),
        Cell(each.target if each.upgradable else unknown),
        Cell(each.latest),
        Cell(each.level.value, _STYLES.get(each.level.value, "")),
        Cell(each.released or unknown),
        Cell(", ".join(each.held_back_by)),
    ]
