"""`list` and its table."""

import re
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence

from envdeck.cli.arguments import build_scope
from envdeck.cli.console import CommandError, Exit, TableCell, TableColumn, table
from envdeck.cli.context import CommandContext
from envdeck.cli.filters import SORTS, add_filters, read_filters, sort_environments
from envdeck.cli.main import add_paths
from envdeck.cli.plan_text import command_text, path_cell, status_cell
from envdeck.cli.scan import ScanReport
from envdeck.cli.serialise import environment_object, list_object
from envdeck.core.discovery.project_roots import is_project
from envdeck.core.model import Environment, NotLookedAt
from envdeck.text import age, counted, plain, size, tilde, tilde_within
from envdeck.text.environment import count_severities

_NAMED = 3
"""Places that are named for each reason; more are counted."""
_STATUS = TableColumn("Status")
_PATH = TableColumn("Path", flexible=True)
_PYTHON = TableColumn("Python", rank=2)
_MANAGER = TableColumn("Manager", rank=4)
_PACKAGES = TableColumn("Packages", right=True, rank=5)
_RECLAIMABLE = TableColumn("Reclaimable", right=True, rank=1)
_USED = TableColumn("Last used", right=True, rank=3)


def print_list(scan: ScanReport, environments: Sequence[Environment]) -> None:
    """Print a table of environments that a scan found, and their totals."""
    context = scan.context
    console = context.console
    if not environments:
        _print_none(scan)
        return
    columns = [_STATUS, _PATH, _PYTHON, _MANAGER, _PACKAGES, _RECLAIMABLE, _USED]
    rows = [_row(environment, context) for environment in environments]
    if not scan.scope.sizes:
        at = columns.index(_RECLAIMABLE)
        del columns[at]
        for row in rows:
            del row[at]
    for line in table(console, columns, rows):
        console.line(line)
    console.line()
    console.line(console.style(_totals(scan, environments), "bold"))
    print_left_out(scan)
    if any(count_severities(one.findings)[0] for one in environments):
        console.flush()
        console.hint(command_text(("envdeck", "doctor", *scan.scope.roots), context.host.home))


def _print_none(scan: ScanReport) -> None:
    console, home = scan.context.console, scan.context.host.home
    roots, said, hint = scan.scope.roots, "no environments found", ""
    if scan.met:
        said = f"no matches among {counted(scan.met, 'environment')}"
    elif len(roots) == 1 and is_project(roots[0]):
        said += f": {plain(tilde(roots[0], home))} is a project without one"
        hint = command_text(("envdeck", "onboard", roots[0]), home)
    console.line(said)
    print_left_out(scan)
    if hint:
        console.flush()
        console.hint(hint)


def print_left_out(scan: ScanReport) -> None:
    """Print what was left out, a line for each reason, with the command that includes it."""
    context = scan.context
    groups: dict[str, list[NotLookedAt]] = {}
    for place in scan.finished.not_looked_at:
        groups.setdefault(place.reason, []).append(place)
    for reason, places in groups.items():
        named = ", ".join(tilde(place.path, context.host.home) for place in places[:_NAMED])
        more = f" and {len(places) - _NAMED:,} more" if len(places) > _NAMED else ""
        hint = "envdeck list PATH"
        if len(places) == 1:
            hint = tilde_within(places[0].hint, context.host.home)
        text = plain(f"not looked at: {named}{more}: {reason} ({hint})")
        context.console.line(context.console.style(text, "dim"))


def _row(environment: Environment, context: CommandContext) -> list[TableCell]:
    unknown = context.console.signs.unknown
    packages = environment.packages
    measured = environment.size
    return [
        status_cell(environment, context.console.signs),
        path_cell(environment.path, context.host.home),
        TableCell(environment.python.version or unknown),
        TableCell(environment.manager),
        TableCell(unknown if packages is None else f"{packages:,}"),
        TableCell(size(measured.reclaimable_bytes if measured else None, unknown=unknown)),
        TableCell(age(environment.last_used.when, context.host.now(), unknown=unknown)),
    ]


def _totals(scan: ScanReport, environments: Sequence[Environment]) -> str:
    parts = [counted(len(environments), "environment")]
    if scan.scope.sizes:
        joint = scan.catalog.together(environments)
        parts.append(f"{size(joint.disk_bytes)} on disk")
        parts.append(f"{size(joint.reclaimable_bytes)} reclaimable")
        if joint.unmeasured:
            parts.append(f"{joint.unmeasured:,} not measured")
    return ", ".join(parts)


DESCRIPTION = """List environments with their reclaimable size and last use. With PATHs, only
those under them; without, those under the configured folders (default: the
home folder) and in the known locations of every tool."""

EXAMPLES = """  envdeck list --sort used --unused-for 90d
  envdeck list ~/work --python ">=3.8,<3.10" --json
  envdeck list --status broken --no-size
  envdeck list ./list              a folder named like a command"""


def add_arguments(parser: ArgumentParser) -> None:
    """Say which arguments the command takes."""
    add_paths(parser)
    add_filters(parser)
    writing = parser.add_argument_group("output")
    writing.add_argument(
        "--sort",
        choices=SORTS,
        help="sizes: largest first; name: A to Z; python and used: oldest first "
        "(default: reclaimable; name with --no-size)",
    )
    writing.add_argument("--no-size", action="store_true", help="skip measuring sizes (faster)")
    writing.add_argument(
        "--fresh", action="store_true", help="ignore the cache: read and measure everything again"
    )
    form = writing.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON")
    form.add_argument(
        "--ndjson",
        action="store_true",
        help="stream one JSON object per line for each environment; with --no-size one may appear "
        "again when its links or project are found: the last line is valid",
    )


def run(arguments: Namespace, context: CommandContext) -> int:
    """List environments."""
    _check(arguments)
    filters = read_filters(arguments, context.host)
    scope = build_scope(
        arguments.paths,
        context,
        sizes=not arguments.no_size,
        fresh=arguments.fresh,
        health=True,
    )
    scan = ScanReport(context, context.catalog(), scope, at_once=arguments.ndjson)
    wanted = (
        environment for environment in scan.complete() if filters.accept(environment, scan.catalog)
    )
    if arguments.ndjson:
        for environment in wanted:
            context.console.json_line(environment_object(environment))
        return Exit.DONE
    environments = sort_environments(
        wanted, arguments.sort or ("reclaimable" if scope.sizes else "name")
    )
    if arguments.json:
        before, after = list_object(scan.finished)
        objects = map(environment_object, environments)
        context.console.json_long(before, "environments", objects, after)
    else:
        print_list(scan, environments)
    return Exit.DONE


def print_everything(paths: Sequence[str], context: CommandContext) -> int:
    """List everything under the paths as text: what stands in for the screen."""
    scope = build_scope(paths, context, sizes=True)
    scan = ScanReport(context, context.catalog(), scope)
    print_list(scan, sort_environments(scan.complete(), "reclaimable"))
    return Exit.DONE


def _check(arguments: Namespace) -> None:
    if arguments.no_size and arguments.min_size is not None:
        raise CommandError("--min-size requires sizes", hint="remove --no-size")
    if arguments.no_size and re.search(r"(^|\s)!?(size|frees):", " ".join(arguments.filter)):
        raise CommandError("--filter with size: or frees: requires sizes", hint="remove --no-size")
    if arguments.no_size and arguments.sort in {"reclaimable", "size"}:
        raise CommandError(
            f"--sort {arguments.sort} requires sizes", hint="remove --no-size, or use --sort used"
        )
    if arguments.ndjson and arguments.sort:
        raise CommandError("--sort and --ndjson cannot be combined", hint="use --json")
