"""`envdeck history`: what was done, and what can still be taken back."""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING

from envdeck.cli.console import CommandError, Exit, TableCell, TableColumn, table
from envdeck.cli.context import CommandContext
from envdeck.cli.perform import READ_ONLY, catch_signals
from envdeck.cli.plan_text import path_cell, safe
from envdeck.cli.scan import describe_entry, report_settled, settle_folders, warn_pending
from envdeck.cli.serialise import SCHEMA, Object, utc_time
from envdeck.core.inspection.packages.provenance import mask_text
from envdeck.core.system.words import join_some
from envdeck.text import ago, tilde, tilde_within
from envdeck.text.operation import batch_ended, batch_words, ended_word, group_batches

if TYPE_CHECKING:
    from envdeck.core.operations.shared.history import HistoryItem
    from envdeck.core.operations.transaction.journal import Entry

DESCRIPTION = """List all operations, newest first, with their result and whether they can be
undone."""

EXAMPLES = """  envdeck history
  envdeck history --json
  envdeck history --recover        finish or roll back interrupted operations"""

_COLUMNS = (
    TableColumn("ID"),
    TableColumn("When", right=True, rank=2),
    TableColumn("Operation"),
    TableColumn("Path", flexible=True),
    TableColumn("Result"),
    TableColumn("Undo", rank=1),
)
_STYLES = {
    "done": "green",
    "needs attention": "red",
    "partly deleted": "red",
}


def add_arguments(parser: ArgumentParser) -> None:
    """Say which arguments the command takes."""
    parser.add_argument(
        "--recover", action="store_true", help="finish or roll back interrupted operations"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: Namespace, context: CommandContext) -> int:
    """Tell what was done, or bring to an end what was not."""
    if arguments.recover:
        return _recover(arguments, context)
    warn_pending(context)
    past = context.operations().history()
    if arguments.json:
        context.console.json(history_object(past))
    else:
        _print(past, context)
    return Exit.DONE


def _recover(arguments: Namespace, context: CommandContext) -> int:
    if context.policy().read_only:
        message = f"blocked by {READ_ONLY.guard}: {READ_ONLY.message}"
        raise CommandError(message, hint=READ_ONLY.hint, code=Exit.REFUSED)
    with catch_signals() as stops:
        stops.acting = True  # it comes to its end; only a second Ctrl-C breaks it off
        settle_folders(context)
        entries = context.operations().recover()
        whole = report_settled(entries, context)
        told = {entry.id for entry in entries}
        held = [one for one in context.operations().pending() if one.id not in told]
        for entry in held:
            context.console.warn(
                f"{describe_entry(entry, context)} waits: it, or a command that it started, is"
                " still running"
            )
        if arguments.json:
            context.console.json(recovered_object(entries))
        elif not entries and not held:
            context.console.line("no interrupted operations")
        context.console.flush()
    return Exit.DONE if whole else Exit.FAILED


def _print(past: Sequence["HistoryItem"], context: CommandContext) -> None:
    console = context.console
    rows = []
    for told in group_batches((each, entry) for each in past if (entry := each.known) is not None):
        cells = [_row(*one, context) for one in told]
        rows.append(_batch_row(cells, told, context) if len(cells) > 1 else cells[0])
    if rows:
        for line in table(console, _COLUMNS, rows):
            console.line(line)
    else:
        console.line("no operations yet")
    console.flush()
    for each in past:
        if each.known is None:
            path = tilde(each.entry.path, context.host.home)
            console.warn(f"`{path}` skipped: {each.why_not}")


def _batch_row(
    rows: "Sequence[list[TableCell]]",
    told: "Sequence[tuple[HistoryItem, Entry]]",
    context: CommandContext,
) -> list[TableCell]:
    """Return one row for operations that were one for the person who ran them."""
    first = told[0][1]
    ended = batch_ended(row[4].text for row in rows)
    ways = [(each.why_not, row[5]) for (each, _), row in zip(told, rows, strict=True)]
    back = next((cell for why_not, cell in ways if not why_not), ways[0][1])
    count = sum(not why_not for why_not, _ in ways)
    if 0 < count < len(ways):
        back = TableCell(f"{back.text} ({count:,} of {len(ways):,})", back.style)
    return [
        TableCell(first.batch or first.group),
        TableCell(ago(first.created_at, context.host.now())),
        TableCell(first.operation.value),
        TableCell(batch_words([entry for _, entry in told])),
        TableCell(ended, _STYLES.get(ended, "yellow")),
        back,
    ]


def _row(each: "HistoryItem", entry: "Entry", context: CommandContext) -> list[TableCell]:
    why_not = each.why_not
    if entry.message and entry.phase.value in {"rolled-back", "needs-attention"}:
        why_not = tilde_within(entry.message, context.host.home)
    ended = ended_word(entry.phase, entry.operation, partly_purged=each.is_partly_purged)
    way_back = safe(why_not) if why_not else "envdeck undo ID"
    if entry.failed_checks and entry.phase.value == "done":
        way_back += f" (accepted: {safe(join_some(entry.failed_checks, 1))})"
    return [
        TableCell(entry.id),
        TableCell(ago(entry.created_at, context.host.now())),
        TableCell(entry.operation.value),
        path_cell(entry.path, context.host.home),
        TableCell(ended, _STYLES.get(ended, "yellow")),
        TableCell(way_back, "dim" if why_not else ""),
    ]


def history_object(past: Sequence["HistoryItem"]) -> Object:
    """Return what `history --json` says."""
    return {
        "schema": SCHEMA,
        "operations": [
            {**_entry_object(entry, each.why_not), "partly_purged": each.is_partly_purged}
            for each in past
            if (entry := each.known) is not None
        ],
        "unreadable": [
            {"path": each.entry.path, "reason": each.why_not} for each in past if each.known is None
        ],
    }


def recovered_object(entries: Sequence["Entry"]) -> Object:
    """Return what `history --recover --json` says."""
    return {
        "schema": SCHEMA,
        "recovered": [_entry_object(entry, None) for entry in entries],
    }


def _entry_object(entry: "Entry", why_not: str | None) -> Object:
    document: Object = {
        "id": entry.id,
        "group": entry.group,
        "operation": entry.operation.value,
        "status": entry.phase.value if entry.phase.over else "pending",
        "path": entry.path,
        "name": entry.name,
        "manager": entry.manager,
        "python": entry.python,
        "started": utc_time(entry.created_at),
        "ended": utc_time(entry.ended_at),
        "message": mask_text(entry.message),
        "undoes": entry.undoes or None,
        "undone_by": entry.undone_by or None,
        "purged": entry.purged,
        "failed_checks": [mask_text(each) for each in entry.failed_checks],
    }
    if why_not is None:
        return document
    undo = None if why_not else f"envdeck undo {entry.id}"
    return {**document, "undo": undo, "no_undo_because": why_not or None}
