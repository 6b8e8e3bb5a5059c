"""`envdeck outdated`: what could be upgraded, over many environments at once."""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from shlex import quote
from typing import TYPE_CHECKING, TypeAlias

from envdeck.cli.commands.upgrade import candidates_object, candidates_table
from envdeck.cli.console import CommandError, Exit
from envdeck.cli.context import CommandContext
from envdeck.cli.main import complete_folders
from envdeck.cli.perform import Stops, catch_signals
from envdeck.cli.plan_text import sentence
from envdeck.cli.references import find_environments
from envdeck.cli.scan import warn_pending
from envdeck.cli.serialise import SCHEMA, Object
from envdeck.core.model import Environment, NoPlan, Status
from envdeck.text import counted, plain, tilde

if TYPE_CHECKING:
    from envdeck.core.operations.upgrade.model import UpgradeCandidates

DESCRIPTION = """List available upgrades of one environment, of those under a path, or of all.
Queries the package index; nothing is changed. Exits with 1 when no environment could be queried."""

EXAMPLES = """  envdeck outdated                 all environments
  envdeck outdated ~/work          those under a folder
  envdeck outdated api/.venv --json"""

_AT_ONCE = 4
"""Environments that are asked about at the same time; most of it is waiting for the index."""
OutdatedResult: TypeAlias = "tuple[Environment, UpgradeCandidates | NoPlan]"


def add_arguments(parser: ArgumentParser) -> None:
    """Say which arguments the command takes."""
    complete_folders(
        parser.add_argument(
            "references",
            nargs="*",
            default=[],
            metavar="ENV_OR_PATH",
            help="an environment, or a folder to look under",
        )
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: Namespace, context: CommandContext) -> int:
    """List available upgrades."""
    warn_pending(context)
    environments = list(find_environments(arguments.references, context, context.catalog()))
    with catch_signals() as stops:
        answers = _ask(environments, context, stops)
        interrupted = stops()
    context.console.clear_progress()
    if interrupted:
        raise CommandError("interrupted", code=Exit.INTERRUPTED)
    if arguments.json:
        documents = [_object(*answer) for answer in answers]
        context.console.json({"schema": SCHEMA, "environments": documents})
    else:
        _print(answers, context)
    failed = answers and all(isinstance(found, NoPlan) for _, found in answers)
    return Exit.FAILED if failed else Exit.DONE


def _ask(
    environments: Sequence[Environment], context: CommandContext, stops: Stops
) -> list[OutdatedResult]:
    from concurrent.futures import ThreadPoolExecutor  # start-up: a help asks no index

    operations = context.operations()

    def ask(environment: Environment) -> "UpgradeCandidates | NoPlan":
        if environment.status is Status.BROKEN:
            return NoPlan(environment.reason or "broken")
        return NoPlan("interrupted") if stops() else operations.candidates(environment, stops)

    answers: list[OutdatedResult] = []
    with ThreadPoolExecutor(_AT_ONCE, "envdeck-outdated") as pool:
        for environment, found in zip(environments, pool.map(ask, environments), strict=True):
            answers.append((environment, found))
            done = f"{len(answers)} of {counted(len(environments), 'environment')}"
            context.console.progress(f"querying the package index: {done}")
    return answers


def _object(environment: Environment, found: "UpgradeCandidates | NoPlan") -> Object:
    if isinstance(found, NoPlan):
        nothing: Object = {"candidates": None, "fixed": None, "current": None}
        return {"path": environment.path, **nothing, "problem": found.message}
    return {**candidates_object(environment, found), "problem": None}


def _print(answers: Sequence[OutdatedResult], context: CommandContext) -> None:
    """Print what has something newer, by environment, then what could not be asked."""
    console, home = context.console, context.host.home
    upgradable: list[str] = []
    packages = 0
    for environment, found in answers:
        if isinstance(found, NoPlan) or not found.rows:
            continue
        going = sum(each.upgradable for each in found.rows)
        packages += going
        upgradable += [environment.path] if going else []
        console.line(console.style(plain(tilde(environment.path, home)), "bold"))
        for line in candidates_table(found, context):
            console.line(f"  {line}")
        console.line()
    for environment, found in answers:
        if isinstance(found, NoPlan):
            message = f"{tilde(environment.path, home)}: {found.message}"
            console.line(f"{console.style('not queried:', 'yellow')} {sentence(message, context)}")
    total = counted(len(answers), "environment")
    many = f"{counted(packages, 'package')} in {len(upgradable):,} of {total} can be upgraded"
    console.line(console.style(many, "bold"))
    if upgradable:
        console.flush()
        console.hint(f"envdeck upgrade {quote(upgradable[0])} --all")
