"""`doctor`: findings with cause and fix, of one environment, of those under a path, or of all."""

import shlex
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Sequence
from itertools import groupby

from envdeck.cli.console import CommandError, Exit
from envdeck.cli.context import CommandContext
from envdeck.cli.main import complete_folders
from envdeck.cli.references import find_environments
from envdeck.cli.serialise import doctor_object
from envdeck.core.health.examine import NAMES
from envdeck.core.model import Environment, Examination, Finding, Severity
from envdeck.core.system.words import find_nearest, join_some
from envdeck.text import counted, plain, tilde, tilde_within

DESCRIPTION = """What is wrong with environments, why, and how to fix it: one environment, those
under a path, or all. Nothing in them is run. Exits with 1 when there is an error."""

EXAMPLES = """  envdeck doctor                       all environments
  envdeck doctor ~/work/api            one, by its path or its project's
  envdeck doctor . --deep              hash every installed file too
  envdeck doctor . --check missing-requirement --json"""

_MOST_ALIKE, _MOST_NAMED = 3, 8
"""Findings of one check, and names, that are shown of more."""
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
        "--check",
        action="append",
        default=[],
        metavar="NAME",
        type=_check_name,
        choices=sorted(NAMES),
        help="only this check (repeatable)",
    )
    parser.add_argument("--deep", action="store_true", help="hash every installed file")
    parser.add_argument("--online", action="store_true", help="ask the index and for advisories")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: Namespace, context: CommandContext) -> int:
    """Examine environments."""
    catalog = context.catalog()
    examined = [
        (
            one,
            catalog.examine(one, arguments.check, deep=arguments.deep, online=arguments.online),
        )
        for one in find_environments(arguments.references, context, catalog)
    ]
    if arguments.json:
        context.console.json(doctor_object(examined))
    else:
        _print(examined, context, fold=not arguments.check)
    failed = any(one.severity is Severity.ERROR for _, each in examined for one in each.findings)
    return Exit.FAILED if failed else Exit.DONE


def _print(
    examined: Sequence[tuple[Environment, Examination]], context: CommandContext, *, fold: bool
) -> None:
    """Print by environment, then by severity; of many findings of one check, the first ones."""
    console = context.console
    alone = len(examined) == 1
    for environment, found in examined:
        if not found.findings and not alone:
            continue
        console.line(console.style(plain(tilde(environment.path, context.host.home)), "bold"))
        for _, group in groupby(found.findings, key=lambda one: (one.severity, one.check)):
            findings = list(group)
            if fold and len(findings) > _MOST_ALIKE + 1:
                _print_alike(findings, environment, context)
                continue
            for one in findings:
                _print_finding(one, context)
        if not found.findings:
            console.line("  No problems found")
        console.line()
    unchecked = Counter(one for _, found in examined for one in found.not_checked)
    for skipped, count in unchecked.items():
        where = "" if alone else f" in {counted(count, 'environment')}"
        said = f"not checked{where}: {skipped.check}: {skipped.reason}"
        console.line(console.style(plain(tilde_within(said, context.host.home)), "dim"))
    console.line(console.style(_totals(examined), "bold"))


def _print_alike(
    findings: Sequence[Finding], environment: Environment, context: CommandContext
) -> None:
    """Print many findings of one check: their number, the first, and the subjects of the rest."""
    console, first = context.console, findings[0]
    word = console.style(f"{first.severity}:", _STYLES[first.severity])
    console.line(f"  {word} {counted(len(findings), 'finding')} of {plain(first.check)}")
    for one in findings[:_MOST_ALIKE]:
        console.line(f"    {plain(tilde_within(one.message, context.host.home))}")
    rest = [one.subject for one in findings[_MOST_ALIKE:]]
    console.line(f"    and {len(rest):,} more: {plain(join_some(rest, _MOST_NAMED))}")
    if len({one.remedy for one in findings}) == 1:
        told = first.remedy
    else:
        told = shlex.join(("envdeck", "doctor", environment.path, "--check", first.check))
        told = f"All, with how to fix them: {told}"
    console.line(f"    {plain(tilde_within(told, context.host.home))}")


def _print_finding(finding: Finding, context: CommandContext) -> None:
    console = context.console
    word = console.style(f"{finding.severity}:", _STYLES[finding.severity])
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


def _check_name(name: str) -> str:
    if name not in NAMES:
        raise CommandError(f"no check is called `{name}`", hint=_nearest(name))
    return name


def _nearest(name: str) -> str:
    close = find_nearest(name, NAMES)
    return f"did you mean `{close[0]}`?" if close else f"the checks are {', '.join(sorted(NAMES))}"
