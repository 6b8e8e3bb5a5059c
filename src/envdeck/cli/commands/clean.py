"""`envdeck clean`: delete by rule."""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING

from envdeck.cli.arguments import add_options, build_scope
from envdeck.cli.commands.delete import Deletion
from envdeck.cli.console import CommandError
from envdeck.cli.context import CommandContext
from envdeck.cli.filters import RULES, Filters, add_filters, read_filters, sort_environments
from envdeck.cli.main import add_paths
from envdeck.cli.perform import operate
from envdeck.cli.references import EnvironmentReference
from envdeck.cli.scan import ScanReport
from envdeck.core.caches import INTERPRETERS, KINDS, CacheFinder
from envdeck.core.model import NoPlan, Operation, Plan, Refusal
from envdeck.text import counted

if TYPE_CHECKING:
    from envdeck.core.operations.api import Operations
    from envdeck.core.operations.shared.context import Stopped

DESCRIPTION = """Move every environment that matches the filters to the trash; `envdeck undo`
restores them. An environment has to match every filter; of --orphan, --eol and --broken one is
enough. Blocked and protected environments are left out. Asks for confirmation first. --caches
clears the caches of tools and what they leave in projects instead, with the tool's own command
where it has one."""

EXAMPLES = """  envdeck clean --unused-for 90d --dry-run       show the plan
  envdeck clean --orphan --eol --broken          any of the three
  envdeck clean ~/work --unused-for 1y --min-size 100MB --purge
  envdeck clean --caches --dry-run               caches and debris, with sizes
  envdeck clean --caches --only uv --only pip
  envdeck clean --orphan --yes --json            for scripts"""


def add_arguments(parser: ArgumentParser) -> None:
    """Say which arguments the command takes."""
    add_paths(parser)
    add_filters(parser, rules=True)
    parser.add_argument(
        "--caches",
        action="store_true",
        help="clear caches and debris instead of deleting environments",
    )
    parser.add_argument(
        "--only",
        action="append",
        choices=KINDS,
        metavar="KIND",
        help=f"clear these caches alone (repeatable): {', '.join(KINDS)}"
        f" (default: all but {INTERPRETERS})",
    )
    parser.add_argument(
        "--purge",
        action="store_true",
        help="delete permanently and free the space now; cannot be undone",
    )
    add_options(parser)


def run(arguments: Namespace, context: CommandContext) -> int:
    """Delete what matches."""
    filters = read_filters(arguments, context.host)
    if arguments.caches or arguments.only:
        if filters != Filters() or arguments.paths:
            raise CommandError(
                "--caches cannot be combined with paths or filters of environments",
                hint="envdeck clean --caches --only uv --dry-run",
            )
        return _clear_caches(arguments, context)
    if filters == Filters():
        options = ", ".join(f"--{name}" for name in RULES)
        raise CommandError(
            "no filter: this would delete every environment",
            hint=f"add --unused-for 90d, --min-size, --manager, --python, --filter, {options}",
        )

    def read() -> Sequence[EnvironmentReference]:
        return _read_matches(filters, arguments.paths, context)

    deletion = Deletion(arguments, read, keep_going=True)
    return operate(arguments, context, Operation.DELETE, deletion.plan, left_out=deletion.left_out)


def _clear_caches(arguments: Namespace, context: CommandContext) -> int:
    """Clear what may be cleared; what is blocked is left out, and named."""
    left_out: list[Refusal] = []

    def plan(operations: "Operations", stopped: "Stopped") -> Plan | NoPlan:
        # start-up: the other rules need none of it
        from envdeck.core.operations.delete.clear import plan_clear

        catalog = operations.catalog
        scan = ScanReport(context, catalog, build_scope([], context, sizes=False))
        environments = tuple(scan.complete())
        finder = CacheFinder(catalog, environments, catalog.remembered_interpreters(), stopped)
        if arguments.only:
            finder.kinds = frozenset(arguments.only)
        found = [one for one in finder.find() if one.default or arguments.only]
        context.console.clear_progress()
        going = [one for one in found if not one.blocked]
        left_out.extend(
            Refusal(one.guard, f"{one.title}: {one.blocked}", path=one.root)
            for one in found
            if one.blocked
        )
        if not going:
            return NoPlan("no caches to clear", nothing=True)
        planned = plan_clear(operations, going, purge=arguments.purge)
        held = {refusal.path for refusal in planned.refusals}
        free = [one for one in planned.clearings if one.target.path not in held]
        if not held or not free:
            return planned
        left_out.extend(planned.refusals)
        return plan_clear(operations, [one.cache for one in free], purge=arguments.purge)

    return operate(arguments, context, Operation.DELETE, plan, left_out=left_out)


def _read_matches(
    filters: Filters, paths: Sequence[str], context: CommandContext
) -> Sequence[EnvironmentReference]:
    """Return what a scan finds and the filters accept, but for what may never be deleted."""
    scope = build_scope(paths, context, sizes=True, health=bool(filters.query))
    scan = ScanReport(context, context.catalog(), scope)
    wanted = (one for one in scan.complete() if filters.accept(one, scan.catalog))
    found = sort_environments(wanted, "reclaimable")
    protected = sum(one.protected is not None for one in found)
    if protected:
        context.console.note(f"{counted(protected, 'protected environment')} left out")
    return [EnvironmentReference(one) for one in found if one.protected is None]
