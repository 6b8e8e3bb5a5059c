"""`doctor`: findings with cause and fix, of one environment, of those under a path, or of all."""

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from itertools import groupby

from envdeck.cli.arguments import absolute_path, build_scope
from envdeck.cli.console import CommandError, Exit
from envdeck.cli.context import CommandContext
from envdeck.cli.main import complete_folders
from envdeck.cli.references import find_environment
from envdeck.cli.scan import ScanReport
from envdeck.cli.serialise import doctor_object
from envdeck.core.catalog import Catalog
from envdeck.core.health.examine import NAMES
from envdeck.core.model import Environment, Examination, Finding, Severity
from envdeck.text import counted, plain, tilde, tilde_within

DESCRIPTION = """What is wrong with environments, why, and how to fix it: one environment, those
under a path, or all. Nothing in them is run. Exits with 1 when there is an error."""

EXAMPLES = """  envdeck doctor                       all environments
  envdeck doctor ~/work/api            one, by its path or its project's
  envdeck doctor . --deep              hash every installed file too
  envdeck doctor . --check missing-requirement --json"""

_STYLES = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}


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
    parser.add_argument(
        "--check", action="append", default=[], metavar="NAME", help="only this check (repeatable)"
    )
    parser.add_argument("--deep", action="store_true", help="hash every installed file")
    parser.add_argument("--online", action="store_true", help="ask the index and for advisories")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: Namespace, context: CommandContext) -> int:
    """Examine environments."""
    for name in arguments.check:
        if name not in NAMES:
            raise CommandError(f"no check is called `{name}`", hint=_nearest(name))
    catalog = context.catalog()
    examined = [
        (
            one,
            catalog.examine(one, arguments.check, deep=arguments.deep, online=arguments.online),
        )
        for one in _environments(arguments.references, context, catalog)
    ]
    if arguments.json:
        context.console.json(doctor_object(examined))
    else:
        _print(examined, context)
    failed = any(one.severity is Severity.ERROR for _, each in examined for one in each.findings)
    return Exit.FAILED if failed else Exit.DONE


def _environments(
    references: Sequence[str], context: CommandContext, catalog: Catalog
) -> Iterator[Environment]:
    """Yield what is meant, each once: an environment, or everything under a folder."""
    met: set[str] = set()
    folders: list[str] = []
    for reference in references:
        path = absolute_path(reference, context.host)
        if os.path.isdir(path) and catalog.lookup(path) is None:
            folders.append(reference)
            continue
        environment = find_environment(reference, context, catalog)
        if environment.path not in met:
            met.add(environment.path)
            yield environment
    if folders or not references:
        scope = build_scope(folders, context, sizes=False)
        for environment in ScanReport(context, catalog, scope).complete():
            if environment.path not in met:
                met.add(environment.path)
                yield environment


def _print(examined: Sequence[tuple[Environment, Examination]], context: CommandContext) -> None:
    console = context.console
    for environment, found in examined:
        if not found.findings and len(examined) > 1:
            continue
        console.line(console.style(plain(tilde(environment.path, context.host.home)), "bold"))
        for severity, findings in groupby(found.findings, key=lambda one: one.severity):
            for one in findings:
                _print_finding(one, severity, context)
        if not found.findings:
            console.line("  No problems found")
        for one_not in found.not_checked:
            console.line(
                console.style(plain(f"  not checked: {one_not.check}: {one_not.reason}"), "dim")
            )
        console.line()
    console.line(console.style(_totals(examined), "bold"))


def _print_finding(finding: Finding, severity: Severity, context: CommandContext) -> None:
    console = context.console
    word = console.style(f"{severity}:", _STYLES[severity])
    message = tilde_within(finding.message, context.host.home)
    console.line(f"  {word} {plain(message)} ({plain(finding.check)})")
    if finding.remedy:
        console.line(f"    {plain(tilde_within(finding.remedy, context.host.home))}")


def _totals(examined: Sequence[tuple[Environment, Examination]]) -> str:
    findings = [one for _, found in examined for one in found.findings]
    counts = [
        counted(sum(one.severity is severity for one in findings), severity.value)
        for severity in Severity
    ]
    return f"{counted(len(examined), 'environment')}: {', '.join(counts)}"


def _nearest(name: str) -> str:
    from difflib import get_close_matches  # only for a mistake: it costs 5 ms

    close = get_close_matches(name, NAMES, n=1)
    return f"did you mean `{close[0]}`?" if close else f"the checks are {', '.join(sorted(NAMES))}"
