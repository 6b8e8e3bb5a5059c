"""`envdeck trash`: what was put aside, put back or removed for good."""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING

from envdeck.cli.arguments import absolute_path, add_options
from envdeck.cli.console import CommandError, Exit, TableCell, TableColumn, table
from envdeck.cli.context import CommandContext
from envdeck.cli.main import complete_folders
from envdeck.cli.perform import announce_due, operate
from envdeck.cli.plan_text import path_cell
from envdeck.cli.scan import warn_pending
from envdeck.cli.serialise import SCHEMA, Object, utc_time
from envdeck.core.model import NoPlan, Operation, Plan, Policy
from envdeck.text import ago, counted, size, tilde
from envdeck.text.operation import time_kept

if TYPE_CHECKING:
    from envdeck.core.operations.api import Operations
    from envdeck.core.operations.transaction.trash import Item

DESCRIPTION = """List, restore or permanently delete what delete, recreate, upgrade and dotenv
edits moved to the trash. Space is freed only by a permanent delete."""

EXAMPLES = """  envdeck trash                                  list the trash
  envdeck trash restore 20261120-101502-4f2a
  envdeck trash purge 20261120-101502-4f2a       delete one permanently
  envdeck trash purge --expired                  items older than `keep-days`
  envdeck trash purge --dry-run                  the plan for emptying the trash"""

_COLUMNS = (
    TableColumn("ID"),
    TableColumn("When", right=True, rank=3),
    TableColumn("By", rank=4),
    TableColumn("From", flexible=True),
    TableColumn("Python", rank=5),
    TableColumn("Frees", right=True),
    TableColumn("Kept", right=True, rank=2),
    TableColumn("Notes", rank=1),
)


def add_arguments(parser: ArgumentParser) -> None:
    """Say which arguments the command takes."""
    parser.add_argument(
        "what",
        nargs="?",
        choices=("list", "restore", "purge"),
        default="list",
        metavar="list|restore|purge",
        help="default: list",
    )
    parser.add_argument(
        "ids", nargs="*", default=[], metavar="ID", help="items; purge without ID empties the trash"
    )
    parser.add_argument(
        "--expired", action="store_true", help="purge: only items older than `keep-days`"
    )
    complete_folders(
        parser.add_argument(
            "--to", metavar="PATH", help="restore: to PATH instead of the original path"
        )
    )
    add_options(parser)


def run(arguments: Namespace, context: CommandContext) -> int:
    """List the trash, or act on it."""
    _check(arguments)
    match arguments.what:
        case "restore":
            to = None if arguments.to is None else absolute_path(arguments.to, context.host)
            identifier, allow = arguments.ids[0], frozenset(arguments.allow)
            return operate(
                arguments,
                context,
                Operation.UNDO,
                lambda operations, _: operations.plan_undo(identifier, to=to, allow=allow),
            )
        case "purge":
            return operate(
                arguments,
                context,
                Operation.PURGE,
                lambda operations, _: _purge(operations, arguments),
            )
    warn_pending(context)
    operations, policy = context.operations(), context.policy()
    items = operations.trash()
    if arguments.json:
        context.console.json(trash_object(items, policy, context.host.now()))
        return Exit.DONE
    _print(items, context)
    if not policy.read_only:
        context.console.flush()
        announce_due(operations, context, listed=True)
    return Exit.DONE


def _check(arguments: Namespace) -> None:
    what, given = arguments.what, arguments.ids
    if what == "list" and given:
        raise CommandError("`trash list` accepts no ID", hint="envdeck trash")
    if what == "restore" and len(given) != 1:
        raise CommandError("`trash restore` requires one ID", hint="envdeck trash")
    if arguments.to is not None and what != "restore":
        raise CommandError(
            "--to requires `trash restore`", hint="envdeck trash restore ID --to PATH"
        )
    if arguments.allow and what != "restore":
        raise CommandError("--allow requires `trash restore`")
    if arguments.expired and (what != "purge" or given):
        raise CommandError(
            "--expired requires `trash purge` without an ID", hint="envdeck trash purge --expired"
        )


def _purge(operations: "Operations", arguments: Namespace) -> Plan | NoPlan:
    if not arguments.expired:
        return operations.plan_purge(arguments.ids)
    expired = [item.id for item in operations.expired()]
    if not expired:
        return NoPlan("no expired items in the trash", nothing=True)
    return operations.plan_purge(expired)


def _print(items: Sequence["Item"], context: CommandContext) -> None:
    console = context.console
    if not items:
        console.line("the trash is empty")
        return
    rows = [_row(item, context) for item in items]
    for line in table(console, _COLUMNS, rows):
        console.line(line)
    known = [freed for item in items if (freed := item.reclaimable_bytes) is not None]
    total = f"{counted(len(items), 'item')}, emptying the trash frees {size(sum(known))}"
    if len(known) < len(items):
        total += f"; {len(items) - len(known):,} not measured"
    console.line()
    console.line(console.style(total, "bold"))
    now = context.host.now()
    console.flush()
    if any(item.is_due(now) for item in items):
        console.hint("envdeck trash purge --expired")
    for item in items:
        if item.going and item.ours:
            console.hint(f"envdeck trash purge {item.id}")


def _row(item: "Item", context: CommandContext) -> list[TableCell]:
    manifest, unknown = item.manifest, context.console.signs.unknown
    if manifest is None:
        where = tilde(item.folder, context.host.home)
        blank = TableCell(unknown)
        return [
            TableCell(item.id),
            blank,
            blank,
            TableCell(where),
            blank,
            blank,
            blank,
            TableCell(item.problem),
        ]
    now = context.host.now()
    kept = unknown
    if not item.going:
        kept = time_kept(item.kept_until, now, over="expired")
        kept += " more" if item.kept_until is not None and item.kept_until > now else ""
    return [
        TableCell(item.id),
        TableCell(ago(manifest.put_at, now)),
        TableCell(manifest.operation.value),
        path_cell(manifest.path, context.host.home),
        TableCell(manifest.python or unknown),
        TableCell(size(item.reclaimable_bytes, unknown=unknown)),
        TableCell(kept),
        TableCell(item.problem or ("symlink only" if manifest.is_link else "")),
    ]


def trash_object(items: Sequence["Item"], policy: Policy, now: float) -> Object:
    """Return what `trash --json` says."""
    return {
        "schema": SCHEMA,
        "keep_days": policy.keep_days,
        "items": [_item_object(item, now) for item in items],
    }


def _item_object(item: "Item", now: float) -> Object:
    document: Object = {
        "id": item.id,
        "folder": item.folder,
        "problem": item.problem or None,
        "going": item.going,
        "status": "partly-purged" if item.going else "in-trash",
    }
    manifest = item.manifest
    if manifest is None:
        return document
    return {
        **document,
        "operation": manifest.operation.value,
        "path": manifest.path,
        "name": manifest.name,
        "manager": manifest.manager,
        "python": manifest.python,
        "put_at": utc_time(manifest.put_at),
        "kept_until": utc_time(item.kept_until),
        "due": item.is_due(now),
        "packages": manifest.packages,
        "disk_bytes": manifest.disk_bytes,
        "reclaimable_bytes": manifest.reclaimable_bytes,
        "project": manifest.project,
        "is_link": manifest.is_link,
        "unowned": list(manifest.unowned),
        "edited": list(manifest.edited),
    }
