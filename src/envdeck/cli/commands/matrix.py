"""`matrix`: a project's command over several interpreters and versions of libraries."""

import shutil
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from envdeck.cli.arguments import (
    add_parts,
    add_runs,
    check_plan,
    read_interpreter,
    read_runs,
    read_source,
)
from envdeck.cli.console import CommandError, Exit, TableCell, TableColumn, table
from envdeck.cli.context import CommandContext
from envdeck.cli.main import complete_folders
from envdeck.cli.perform import Stops, catch_signals
from envdeck.cli.plan_text import print_plan, sentence
from envdeck.cli.references import find_project
from envdeck.cli.scan import settle_folders, settle_pending, warn_pending
from envdeck.cli.serialise import SCHEMA
from envdeck.core.lazy_dataclasses import dataclass, field
from envdeck.core.model import (
    CellEnd,
    CellStarted,
    CellStatus,
    Ending,
    OperationEvent,
    Result,
)
from envdeck.core.system.words import counted
from envdeck.text import clip, pad, plain, tilde, tilde_within, width
from envdeck.text.operation import CELL_WORDS, column_words, refusal_words

if TYPE_CHECKING:
    from envdeck.core.operations.matrix.plan import MatrixCell, MatrixPlan

DESCRIPTION = """Run a command of a project over several Python versions and versions of libraries,
each in a throw-away environment: from the lock file, or else from the declared dependencies. The
project's folder and its environment are not changed. Default: each minor version here that
`requires-python` admits, once."""

EXAMPLES = """  envdeck matrix . -- pytest -x
  envdeck matrix . --python 3.11,3.13 --with "django>=4,<5" --with "django>=5" -- pytest
  envdeck matrix . --with "pandas<2, numpy<2" --with "" -- pytest   two columns
  envdeck matrix ~/work/api --timeout 600 --jobs 2 --json -- python -m unittest"""

_STYLES = {
    CellStatus.PASSED: "green",
    CellStatus.FAILED: "red",
    CellStatus.NOT_BUILT: "red",
    CellStatus.TIMED_OUT: "yellow",
    CellStatus.NOT_RUN: "dim",
}
_TAIL = 5
"""Lines of the output of a cell that are printed where it did not pass."""
_BETWEEN = 0.1
"""Seconds between two pictures of the grid."""
_COLUMN = 26
"""Cells of a column of the grid at most."""


def add_arguments(parser: ArgumentParser) -> None:
    """Say which arguments the command takes."""
    complete_folders(parser.add_argument("project", metavar="PROJECT", help="project folder"))
    parser.add_argument(
        "--python",
        action="append",
        default=[],
        metavar="PYTHON",
        help="a version (3.13) or an executable; repeatable, or with commas",
    )
    parser.add_argument(
        "--with",
        dest="columns",
        action="append",
        default=[],
        metavar="REQUIREMENT",
        help="a column: requirements to install besides, with commas between them; repeatable; "
        '"" for no other',
    )
    parser.add_argument(
        "--from",
        dest="source",
        metavar="SOURCE",
        help="lock, declared, or a requirements file (default: lock if there is one)",
    )
    add_parts(parser)
    parser.add_argument("--dry-run", action="store_true", help="print the plan without changes")
    add_runs(parser, "a command", "cells")


def run(arguments: Namespace, context: CommandContext) -> int:
    """Run the matrix, and print each cell as it ends."""
    # start-up: a help needs none of it
    from envdeck.core.operations.matrix.plan import MatrixChoice, plan_matrix

    command, limit, at_once = read_runs(arguments, "matrix PROJECT")
    if context.read_only and not arguments.dry_run:
        raise CommandError("read-only mode is on", hint="remove --read-only")
    source, file = None, None
    if arguments.source is not None:
        source, file = read_source(arguments.source, context.host, ("lock", "declared"))
    pythons = [one for text in arguments.python for one in text.split(",") if one.strip()]
    choice = MatrixChoice(
        command=command,
        pythons=tuple(read_interpreter(one.strip(), context.host) or "" for one in pythons),
        columns=tuple(arguments.columns),
        source=file or source,
        groups=arguments.groups,
        extras=arguments.extras,
        itself=not arguments.no_project,
        limit=limit,
        at_once=at_once,
    )
    project = find_project(arguments.project, context)
    with catch_signals() as stops:
        if arguments.dry_run:
            warn_pending(context)
        else:
            settle_folders(context)
        operations = context.operations()
        if not arguments.dry_run:
            settle_pending(operations, context)
        context.console.progress("planning")
        found = plan_matrix(operations, project, choice)
        context.console.clear_progress()
        stops.check()
        plan = check_plan(found)
        if arguments.dry_run:
            return _show_plan(plan, context, as_json=arguments.json)
        for warning in plan.warnings:
            context.console.warn(tilde_within(warning, context.host.home))
        stops.acting = True
        report = _Report(context, plan, stops, silent=arguments.json)
        result = operations.run(plan, report.show, stops)
        report.end()
        log = operations.store.journal.log_file(plan.id)
        if arguments.json:
            context.console.json(matrix_object(plan, result, report.ends, log))
        else:
            _print(plan, result, report.ends, log, context)
    return _exit_code(result)


def _show_plan(plan: "MatrixPlan", context: CommandContext, *, as_json: bool) -> Exit:
    """Print what each cell would be built from, and why one cannot be."""
    console = context.console
    if as_json:
        console.json(planned_object(plan))
    else:
        print_plan(plan, context, aside=False)
        columns = [TableColumn("Python"), TableColumn("With"), TableColumn("Built from")]
        rows = [
            [TableCell(cell.python), TableCell(column_words(cell.column)), _origin(cell, context)]
            for cell in plan.cells
        ]
        if not any(plan.columns):
            del columns[1]
            rows = [[first, last] for first, _, last in rows]
        for line in table(console, columns, rows):
            console.line(line)
        console.note(_planned_words(plan))
    if plan.refusals:
        first = plan.refusals[0]
        console.error(f"blocked: {refusal_words(first, context.host.home)}", first.hint)
        return Exit.REFUSED
    return Exit.DONE if all(cell.spec is not None for cell in plan.cells) else Exit.FAILED


def _planned_words(plan: "MatrixPlan") -> str:
    missing = sum(cell.spec is None for cell in plan.cells)
    many = counted(len(plan.cells) - missing, "environment")
    return f"{many} to build, {missing} cannot be built" if missing else f"{many} to build"


def _origin(cell: "MatrixCell", context: CommandContext) -> TableCell:
    """Return from what a cell is built, or why it cannot be."""
    if cell.spec is None:
        why = sentence(cell.obstacle or "unknown", context)
        return TableCell(f"cannot be built: {why}", "red")
    executable = tilde(cell.executable, context.host.home)
    return TableCell(f"{cell.spec.source.title}, {executable}")


def _exit_code(result: Result) -> Exit:
    if result.stopped:
        return Exit.INTERRUPTED
    if result.status is Ending.REFUSED:
        return Exit.REFUSED
    return Exit.DONE if result.status is Ending.DONE else Exit.FAILED


@dataclass(slots=True)
class _Report:
    """What is told of the cells while they run: a grid on a terminal, lines elsewhere."""

    context: CommandContext
    plan: "MatrixPlan"
    stops: Stops
    silent: bool = False
    ends: dict[int, CellEnd] = field(default_factory=dict)
    _running: dict[int, bool] = field(default_factory=dict)
    _drawn: int = 0
    """Lines of the grid that are on the screen."""
    _drawn_at: float = 0.0

    @property
    def _is_grid(self) -> bool:
        console = self.context.console
        height = shutil.get_terminal_size().lines
        wide = sum(map(len, self._headings())) + 2 * len(self.plan.columns)
        return (
            console.terminal
            and not (self.silent or console.quiet)
            and self.context.interactive
            and len(self.plan.pythons) + 3 < height
            and wide < console.width
        )

    def show(self, event: OperationEvent) -> None:
        """Take an event."""
        if isinstance(event, CellStarted):
            self._running[event.number] = event.runs
        elif isinstance(event, CellEnd):
            self.ends[event.number] = event
        else:
            return
        if self._is_grid:
            self._draw()
        elif isinstance(event, CellEnd) and not self.silent:
            self.context.console.line(cell_line(self.plan, event, self.context))
            self.context.console.flush()
        if not self._is_grid:
            far = f"{len(self.ends)} of {len(self.plan.cells)} environments"
            word = "cancelling: " if self.stops() else ""
            self.context.console.progress(f"{word}{far}")

    def end(self) -> None:
        """Show the last picture."""
        self.context.console.clear_progress()
        if self._is_grid:
            self._draw(last=True)

    def _headings(self) -> list[str]:
        ellipsis = self.context.console.signs.ellipsis
        names = [clip(plain(column_words(one)), _COLUMN, ellipsis) for one in self.plan.columns]
        return ["Python", *(names if any(self.plan.columns) else ["Result"])]

    def _draw(self, *, last: bool = False) -> None:
        now = time.monotonic()
        if not last and now - self._drawn_at < _BETWEEN and len(self.ends) < len(self.plan.cells):
            return
        self._drawn_at = now
        console = self.context.console
        lines = list(self._grid())
        back = f"\x1b[{self._drawn}A" if self._drawn else ""
        console.line(back + "\n".join(f"\x1b[2K{line}" for line in lines))
        console.flush()
        self._drawn = len(lines)

    def _grid(self) -> Iterator[str]:
        console, plan = self.context.console, self.plan
        headings = self._headings()
        rows = [[plain(python)] for python in plan.pythons]
        styles: list[list[str]] = [[""] for _ in rows]
        for at, cell in enumerate(plan.cells):
            row = at // len(plan.columns)
            text, style = self._words(cell.number)
            rows[row].append(text)
            styles[row].append(style)
        widths = [max(map(width, column)) for column in zip(headings, *rows, strict=True)]
        head = (pad(one, cells) for one, cells in zip(headings, widths, strict=True))
        yield console.style("  ".join(head).rstrip(), "bold")
        for row_texts, row_styles in zip(rows, styles, strict=True):
            cells = zip(row_texts, row_styles, widths, strict=True)
            yield "  ".join(console.style(pad(t, w), s) for t, s, w in cells).rstrip()

    def _words(self, number: int) -> tuple[str, str]:
        end = self.ends.get(number)
        if end is not None:
            code = f" ({end.exit})" if end.status is CellStatus.FAILED and end.exit else ""
            took = f" {end.seconds:.1f} s" if end.exit is not None else ""
            return f"{CELL_WORDS[end.status]}{code}{took}", _STYLES[end.status]
        runs = self._running.get(number)
        return ("waiting", "dim") if runs is None else ("runs" if runs else "building", "cyan")


def cell_line(plan: "MatrixPlan", end: CellEnd, context: CommandContext) -> str:
    """Return a cell that is over: its Python, what it has besides, how it ended and why."""
    console, cell = context.console, plan.cells[end.number - 1]
    wide = max(map(len, plan.pythons))
    most = max(width(plain(column_words(one))) for one in plan.columns)
    besides = f"  {pad(plain(column_words(cell.column)), most)}" if any(plan.columns) else ""
    word = console.style(f"{CELL_WORDS[end.status]:15}", _STYLES[end.status])
    took = f"  {end.seconds:.1f} s" if end.seconds else ""
    code = f"  exit code {end.exit}" if end.exit else ""
    why = f"  {tilde_within(plain(end.reason), context.host.home)}" if end.reason else ""
    return f"{plain(pad(cell.python, wide))}{besides}  {word}{took}{code}{why}".rstrip()


def _print(
    plan: "MatrixPlan",
    result: Result,
    ends: Mapping[int, CellEnd],
    log: str,
    context: CommandContext,
) -> None:
    """Print what of it did not pass, and how it ended."""
    console, home = context.console, context.host.home
    if not ends:
        console.error(tilde_within(result.message, home), tilde_within(result.hint, home))
        return
    rest = {CellStatus.PASSED, CellStatus.NOT_RUN}
    for end in (one for _, one in sorted(ends.items()) if one.status not in rest):
        console.line()
        console.line(console.style(cell_line(plan, end, context), "bold"))
        for line in end.output[-_TAIL:]:
            console.line(f"  {plain(line)}")
        if end.hint:
            console.line(
                f"  {console.style('hint:', 'hint')} {tilde_within(plain(end.hint), home)}"
            )
    console.line()
    style = "green" if result.status is Ending.DONE else "red"
    console.line(console.style(plain(result.message), style))
    console.note(f"output of {counted(len(ends), 'environment')}: {tilde(log, home)}")


def matrix_object(
    plan: "MatrixPlan", result: Result, ends: Mapping[int, CellEnd], log: str
) -> dict[str, object]:
    """Return what `matrix --json` says."""
    status = "cancelled" if result.stopped else "passed"
    if not result.stopped and result.status is not Ending.DONE:
        status = "failed" if ends else "refused"
    cells = [(cell, end) for cell in plan.cells if (end := ends.get(cell.number)) is not None]
    return {
        **_head(plan, status),
        "cells": [_cell_object(cell, end, end.status.value) for cell, end in cells],
        "message": result.message,
        "hint": result.hint or None,
        "log": log,
    }


def planned_object(plan: "MatrixPlan") -> dict[str, object]:
    """Return what `matrix --dry-run --json` says: the same, with nothing run."""
    refusal = next(iter(plan.refusals), None)
    return {
        **_head(plan, "planned"),
        "cells": [
            _cell_object(
                cell,
                CellEnd(cell.number, CellStatus.NOT_BUILT, reason=cell.obstacle, hint=cell.hint),
                "planned" if cell.spec is not None else CellStatus.NOT_BUILT.value,
            )
            for cell in plan.cells
        ],
        "message": _planned_words(plan) if refusal is None else refusal.message,
        "hint": (refusal.hint if refusal is not None else "") or None,
        "log": None,
    }


def _head(plan: "MatrixPlan", status: str) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "id": plan.id,
        "status": status,
        "project": plan.project,
        "command": list(plan.steps[0].command),
        "pythons": list(plan.pythons),
        "with": [list(one) for one in plan.columns],
    }


def _cell_object(cell: "MatrixCell", end: CellEnd, status: str) -> dict[str, object]:
    return {
        "python": cell.python,
        "executable": cell.executable or None,
        "with": list(cell.column),
        "source": cell.spec.source.title if cell.spec is not None else None,
        "status": status,
        "exit": end.exit,
        "seconds": round(end.seconds, 3),
        "build_seconds": round(end.build_seconds, 3),
        "packages": dict(end.packages),
        "reason": end.reason or None,
        "hint": end.hint or None,
        "output": list(end.output),
    }
