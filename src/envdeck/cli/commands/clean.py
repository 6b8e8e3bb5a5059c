"""`envdeck clean`: delete by rule."""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence

from envdeck.cli.arguments import add_options, build_scope
from envdeck.cli.commands.delete import Deletion
from envdeck.cli.console import CommandError
from envdeck.cli.context import CommandContext
from envdeck.cli.filters import RULES, Filters, add_filters, read_filters, sort_environments
from envdeck.cli.main import add_paths
from envdeck.cli.perform import operate
from envdeck.cli.references import EnvironmentReference
from envdeck.cli.scan import ScanReport
from envdeck.core.model import Operation
from envdeck.text import counted

DESCRIPTION = """Move every environment that matches the filters to the trash; `envdeck undo`
restores them. An environment has to match every filter; of --orphan, --eol and --broken one is
enough. Blocked and protected environments are left out. Asks for confirmation first."""

EXAMPLES = """  envdeck clean --unused-for 90d --dry-run       show the plan
  envdeck clean --orphan --eol --broken          any of the three
  envdeck clean ~/work --unused-for 1y --min-size 100MB --purge
  envdeck clean --orphan --yes --json            for scripts"""


def add_arguments(parser: ArgumentParser) -> None:
    """Say which arguments the command takes."""
    add_paths(parser)
    add_filters(parser, rules=True)
    parser.add_argument(
        "--purge",
        action="store_true",
        help="delete permanently and free the space now; cannot be undone",
    )
    add_options(parser)


def run(arguments: Namespace, context: CommandContext) -> int:
    """Delete what matches."""
    filters = read_filters(arguments, context.host.now())
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
