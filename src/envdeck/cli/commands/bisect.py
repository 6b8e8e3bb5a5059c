"""`bisect`: which change of packages makes a command fail."""

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from typing import TYPE_CHECKING

from envdeck.cli.arguments import add_runs, check_plan, read_runs
from envdeck.cli.console import CommandError, Exit
from envdeck.cli.context import CommandContext
from envdeck.cli.main import complete_folders
from envdeck.cli.perform import catch_signals
from envdeck.cli.references import find_environment
from envdeck.cli.scan import settle_folders, settle_pending
from envdeck.cli.serialise import SCHEMA
from envdeck.core.model import BisectRun, BisectRunStarted
from envdeck.text import counted, plain
from envdeck.text.operation import tried_words

DESCRIPTION = """Which change of packages makes a command fail: sets of packages between a good
snapshot and a bad one are tried in throw-away copies. The environment is not changed.
Exit code 0 of the command is good, 125 cannot tell, any other is bad."""

EXAMPLES = """  envdeck bisect . --good 2026-11-20 -- pytest -x tests/test_api.py
  envdeck bisect . --good 3f9a --bad 77c1 --timeout 60 -- python -c "import app"
  envdeck timeline .               the snapshots there are"""

if TYPE_CHECKING:
    from envdeck.core.operations.bisect.run import BisectResult

_STYLES = {"good": "green", "bad": "red", "skip": "dim"}


def add_arguments(parser: ArgumentParser) -> None:
    """Say which arguments the command takes."""
    complete_folders(
        parser.add_argument(
            "reference", metavar="ENV", help="environment path, project path, or name"
        )
    )
    parser.add_argument(
        "--good", required=True, metavar="SNAPSHOT", help="when it worked: an id, or a day"
    )
    parser.add_argument(
        "--bad", metavar="SNAPSHOT", help="when it failed (default: the current packages)"
    )
    parser.add_argument(
        "--timeout-is-bad", action="store_true", help="count such a run as bad, not as unknown"
    )
    add_runs(parser, "a run", "runs")


def run(arguments: Namespace, context: CommandContext) -> int:
    """Bisect one environment."""
    # start-up: a help needs none of it
    from envdeck.core.operations.bisect import plan, run

    command, limit, at_once = read_runs(arguments, "bisect ENV --good ID")
    if context.read_only:
        raise CommandError("read-only mode is on", hint="remove --read-only")
    choice = plan.BisectChoice(
        good=arguments.good,
        bad=arguments.bad,
        command=command,
        folder=os.getcwd(),
        limit=limit,
        late_is_bad=arguments.timeout_is_bad,
        at_once=at_once,
    )
    tell = _ignore if arguments.json else _teller(context)
    with catch_signals() as stops:
        settle_folders(context)
        operations = context.operations()
        settle_pending(operations, context)
        environment = find_environment(arguments.reference, context, context.catalog())
        found = check_plan(plan.plan_bisect(operations, environment, choice))
        stops.acting = True
        result = run.run_bisect(operations, found.request, tell, stops)
    if isinstance(result, run.NoBisect):
        raise CommandError(result.message, hint=result.hint, code=Exit.FAILED)
    if arguments.json:
        context.console.json(bisect_object(result))
    else:
        _print(result, " with ".join(one.words for one in result.culprits), context)
    if result.stopped:
        return Exit.INTERRUPTED
    return Exit.DONE if result.status == "found" else Exit.FAILED


def _ignore(_one: BisectRunStarted | BisectRun) -> None:
    """JSON has every run at the end."""


def _teller(context: CommandContext) -> Callable[[BisectRunStarted | BisectRun], None]:
    console = context.console
    count = 0

    def tell(one: BisectRunStarted | BisectRun) -> None:
        nonlocal count
        if isinstance(one, BisectRunStarted):
            return
        count += 1
        verdict = console.style(f"{one.verdict:4}", _STYLES[one.verdict])
        took = f"  {one.seconds:.1f} s" if one.exit is not None else ""
        reason = f"  {one.reason}" if one.reason else ""
        console.line(f"{count:3}  {verdict}  {plain(tried_words(one))}{took}{plain(reason)}")

    return tell


def _print(result: "BisectResult", told: str, context: CommandContext) -> None:
    console = context.console
    console.line()
    if result.status == "found":
        console.line(
            console.style(plain(f"Found in {counted(len(result.runs), 'run')}: {told}"), "bold")
        )
        for hint in result.hints:
            console.line(f"  {plain(hint)}")
        return
    console.line(console.style(plain(f"{result.status}: {result.message}"), "yellow"))
    last = next((one for one in reversed(result.runs) if one.tail), None)
    for line in last.tail if last is not None else ():
        console.line(f"  {plain(line)}")


def bisect_object(result: "BisectResult") -> dict[str, object]:
    """Return what `bisect --json` says."""
    return {
        "schema": SCHEMA,
        "status": result.status.value,
        "culprits": [
            {"name": one.name, "from": one.before, "to": one.after} for one in result.culprits
        ],
        "runs": [
            {
                "packages": dict(one.packages),
                "verdict": one.verdict.value,
                "exit": one.exit,
                "seconds": round(one.seconds, 3),
                "reason": one.reason or None,
            }
            for one in result.runs
        ],
        "message": result.message,
        "hints": list(result.hints),
    }
