"""`upgrade` and its candidates."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from shlex import quote
from typing import TYPE_CHECKING

from envdeck.cli.arguments import add_options, check_plan, read_interpreter
from envdeck.cli.console import CommandError, Exit, TableCell, TableColumn, table
from envdeck.cli.context import CommandContext
from envdeck.cli.main import complete_folders
from envdeck.cli.perform import catch_signals, operate
from envdeck.cli.plan_text import safe
from envdeck.cli.references import find_environment
from envdeck.cli.scan import warn_pending
from envdeck.cli.serialise import SCHEMA, Object
from envdeck.core import lazy_versions as packaging
from envdeck.core.inspection.packages.site_packages import normalise
from envdeck.core.model import Environment, NoPlan, Operation, Plan
from envdeck.text import counted
from envdeck.text.difference import fixed_words

if TYPE_CHECKING:
    from envdeck.core.operations.api import Operations
    from envdeck.core.operations.shared.context import Stopped
    from envdeck.core.operations.upgrade.model import UpgradeCandidate, UpgradeCandidates

DESCRIPTION = """Upgrade packages, resolved together with all other packages in the environment,
or the base interpreter. The previous state moves to the trash; `envdeck undo`
restores it. Without packages, lists available upgrades."""

EXAMPLES = """  envdeck upgrade ~/work/api/.venv               list available upgrades
  envdeck upgrade api/.venv requests "urllib3==2.2.3"
  envdeck upgrade api/.venv --all --dry-run
  envdeck upgrade api/.venv --all --lock         upgrade the lock file first
  envdeck upgrade api/.venv --python 3.13        another base interpreter"""


def add_arguments(parser: ArgumentParser) -> None:
    """Say which arguments the command takes."""
    complete_folders(
        parser.add_argument(
            "reference", metavar="ENV", help="environment path, project path, or name"
        )
    )
    parser.add_argument(
        "requirements",
        nargs="*",
        default=[],
        metavar="REQUIREMENT",
        help="package name (latest compatible version), name==version or name>=version",
    )
    parser.add_argument("--all", action="store_true", help="upgrade all packages")
    parser.add_argument(
        "--lock",
        action="store_true",
        help="upgrade the lock file with the project's tool, then sync",
    )
    parser.add_argument(
        "--python",
        metavar="PYTHON",
        help="base interpreter: a version (the current one repairs in place) or an executable",
    )
    parser.add_argument(
        "--keep-edits",
        action="store_true",
        help="keep edited package files whose original is unchanged",
    )
    add_options(parser)


def run(arguments: Namespace, context: CommandContext) -> int:
    """Upgrade packages or the interpreter, or list available upgrades."""
    wanted = _read_requirements(arguments)
    allow = frozenset(arguments.allow)
    interpreter = read_interpreter(arguments.python, context.host)

    def make(operations: "Operations", stopped: "Stopped") -> Plan | NoPlan:
        environment = find_environment(arguments.reference, context, context.catalog())
        if arguments.python is not None:
            return operations.plan_interpreter(
                environment, interpreter, allow=allow, keep_edits=arguments.keep_edits
            )
        return operations.plan_upgrade(
            environment,
            wanted or None,
            lock=arguments.lock,
            keep_edits=arguments.keep_edits,
            allow=allow,
            stopped=stopped,
        )

    if not (wanted or arguments.all or arguments.python is not None):
        return _show_candidates(arguments, context)
    return operate(arguments, context, Operation.UPGRADE, make)


def _read_requirements(arguments: Namespace) -> dict[str, str | None]:
    """Return the version of each package that was named; None where the newest is meant."""
    if arguments.python is not None and (arguments.requirements or arguments.all or arguments.lock):
        raise CommandError(
            "--python cannot be combined with packages", hint="upgrade the packages separately"
        )
    if arguments.all and arguments.requirements:
        raise CommandError("--all and package names cannot be combined", hint="use one of them")
    if arguments.lock and not (arguments.all or arguments.requirements):
        raise CommandError("--lock requires packages", hint="add package names or --all")
    return dict(map(_read_requirement, arguments.requirements))


def _read_requirement(text: str) -> tuple[str, str | None]:
    try:
        requirement = packaging.Requirement(text)
    except packaging.InvalidRequirement:
        requirement = None
    if requirement is None or requirement.url or requirement.marker or requirement.extras:
        raise CommandError(
            f"invalid package `{text}`", hint="use name, name==version or name>=version"
        )
    pins = list(requirement.specifier)
    if len(pins) == 1 and pins[0].operator == "==" and not pins[0].version.endswith(".*"):
        return normalise(requirement.name), pins[0].version
    return normalise(requirement.name), str(requirement.specifier) or None


def _show_candidates(arguments: Namespace, context: CommandContext) -> int:
    warn_pending(context)
    environment = find_environment(arguments.reference, context, context.catalog())
    context.console.progress("querying the package index")
    with catch_signals() as stopped:
        found = context.operations().candidates(environment, stopped)
        interrupted = stopped()
    context.console.clear_progress()
    if interrupted:
        raise CommandError("interrupted", code=Exit.INTERRUPTED)
    found = check_plan(found)
    if arguments.json:
        context.console.json({"schema": SCHEMA, **candidates_object(environment, found)})
    else:
        print_candidates(arguments.reference, found, context)
    return Exit.DONE


_COLUMNS = (
    TableColumn("Package"),
    TableColumn("Current"),
    TableColumn("Target"),
    TableColumn("Latest", rank=2),
    TableColumn("Level"),
    TableColumn("Released", rank=3),
    TableColumn("Held back by", flexible=True, rank=1),
)
_STYLES = {"patch": "green", "minor": "cyan", "major": "red"}


def print_candidates(reference: str, found: "UpgradeCandidates", context: CommandContext) -> None:
    """Print available upgrades, and the command for them."""
    console = context.console
    if not found.rows:
        console.line("all packages up to date")
    else:
        for line in candidates_table(found, context):
            console.line(line)
    for fixed in found.fixed:
        console.line(safe(f"{fixed.name} {fixed_words(fixed)}"))
    going = sum(each.upgradable for each in found.rows)
    console.line()
    parts = [f"{counted(going, 'package')} can be upgraded", f"{found.current:,} up to date"]
    console.line(console.style(", ".join(parts), "bold"))
    if going:
        console.flush()
        console.hint(f"envdeck upgrade {quote(reference)} --all")


def candidates_table(found: "UpgradeCandidates", context: CommandContext) -> Iterator[str]:
    """Yield the lines of a table of available upgrades."""
    return table(context.console, _COLUMNS, [_row(each, context) for each in found.rows])


def candidates_object(environment: Environment, found: "UpgradeCandidates") -> Object:
    """Return available upgrades as JSON."""
    return {
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


def _row(each: "UpgradeCandidate", context: CommandContext) -> list[TableCell]:
    unknown = context.console.signs.unknown
    return [
        TableCell(each.name),
        TableCell(each.installed),
        TableCell(each.target if each.upgradable else unknown),
        TableCell(each.latest),
        TableCell(each.level.value, _STYLES.get(each.level.value, "")),
        TableCell(each.released or unknown),
        TableCell(", ".join(each.held_back_by)),
    ]
