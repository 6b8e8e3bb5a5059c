"""`show`: environment, packages, drift."""

import os
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Iterator, Sequence

from envdeck.cli.console import Exit, TableCell, TableColumn, table
from envdeck.cli.context import CommandContext
from envdeck.cli.main import complete_folders
from envdeck.cli.plan_text import status_cell
from envdeck.cli.references import find_environment, read_distributions
from envdeck.cli.serialise import distribution_object, drift_object, environment_object
from envdeck.core.lazy_dataclasses import replace
from envdeck.core.model import (
    Distribution,
    Environment,
    Finding,
    LastUsed,
    ProjectLink,
    Severity,
    Size,
)
from envdeck.core.project.model import Comparison, Drift, DriftKind
from envdeck.text import (
    ago,
    counted,
    exact_bytes,
    exact_time,
    pad,
    place,
    plain,
    size,
    tilde,
    tilde_within,
)
from envdeck.text.difference import DRIFT_WORDS, UNCHOSEN, drift_words, part_name, part_words
from envdeck.text.environment import (
    creator_words,
    project_words,
    python_name,
    support_words,
)

_PACKAGE_COLUMNS = (
    TableColumn("Package"),
    TableColumn("Version"),
    TableColumn("Size", right=True),
    TableColumn("Direct", rank=3),
    TableColumn("Installer", rank=1),
    TableColumn("Required by", flexible=True),
)
_SEVERITY_STYLES = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}


def print_environment(
    environment: Environment,
    distributions: Sequence[Distribution],
    context: CommandContext,
    comparison: "Comparison | None" = None,
) -> None:
    """Print the facts about an environment, its findings, how far it is from what its project
    says, and its packages."""
    console = context.console
    console.line(console.style(plain(tilde(environment.path, context.host.home)), "bold"))
    facts = [(name, value) for name, value in _facts(environment, context) if value]
    widest = max(len(name) for name, _ in facts)
    for name, value in facts:
        console.line(f"  {console.style(pad(name, widest), 'dim')}  {plain(value)}")
    for finding in environment.findings:
        _print_finding(finding, context)
    if comparison is not None:
        _print_project(comparison, context)
    console.line()
    asked = sum(distribution.requested for distribution in distributions)
    console.line(f"{counted(len(distributions), 'package')}, {asked:,} direct")
    if distributions:
        console.line()
        rows = [_package_row(distribution, context) for distribution in distributions]
        for line in table(console, _PACKAGE_COLUMNS, rows):
            console.line(line)


def _facts(environment: Environment, context: CommandContext) -> Iterator[tuple[str, str]]:
    python = environment.python
    words = environment.states
    status = ", ".join([status_cell(environment, context.console.signs).text.strip(), *words[1:]])
    reason = tilde_within(environment.reason, context.host.home)
    yield "status", f"{status}: {reason}" if reason else status
    ended = f", {support_words(python.end_of_life)}" if python.end_of_life else ""
    yield "python", python_name(python) + ended
    yield "interpreter", tilde(python.executable or "", context.host.home)
    yield "base", tilde(python.base or "", context.host.home)
    yield "manager", environment.manager
    yield "created by", ", ".join(creator_words(environment.creation))
    yield "project", _project_text(environment.project, context)
    yield "last used", _last_used_text(environment.last_used, context)
    yield "size", _size_text(environment.size)
    for link in environment.links:
        yield "link", tilde(link, context.host.home)
    yield "protected", tilde_within(environment.protected or "", context.host.home)


def _project_text(link: ProjectLink, context: CommandContext) -> str:
    state, path = project_words(link)
    if not path:
        return state
    source = f" ({link.source})" if link.source else ""
    return f"{state}{': ' if state else ''}{tilde(path, context.host.home)}{source}"


def _last_used_text(last: LastUsed, context: CommandContext) -> str:
    if last.when is None:
        return last.source
    return f"{ago(last.when, context.host.now())}, {exact_time(last.when)}; {last.source}"


def _size_text(measured: Size | None) -> str:
    if measured is None:
        return ""
    most = "up to " if measured.up_to else ""
    text = (
        f"{size(measured.disk_bytes)} on disk ({exact_bytes(measured.disk_bytes)}); "
        f"{most}{size(measured.reclaimable_bytes)} reclaimable"
    )
    if measured.unreadable:
        text += f"; {counted(measured.unreadable, 'folder')} unreadable"
    return text


def _print_project(comparison: "Comparison", context: CommandContext) -> None:
    console = context.console
    console.line()
    console.line(console.style("project", "bold"))
    declared = [part for part in comparison.parts if part.declared]
    for part in declared:
        name, amount, why = part_words(part)
        console.line(f"  {name}: {amount} installed, {why}")
    if declared:
        console.line()
    print_drift(comparison, context)


def _print_finding(finding: Finding, context: CommandContext) -> None:
    console = context.console
    word = console.style(f"{finding.severity}:", _SEVERITY_STYLES[finding.severity])
    console.line()
    console.line(
        f"{word} {plain(tilde_within(finding.message, context.host.home))} ({plain(finding.check)})"
    )
    if finding.remedy:
        console.line(f"  {plain(tilde_within(finding.remedy, context.host.home))}")


def _package_row(distribution: Distribution, context: CommandContext) -> list[TableCell]:
    unknown = context.console.signs.unknown
    version = distribution.version or unknown
    if distribution.editable:
        version += f" {context.console.signs.editable}"
    asked = "yes" if distribution.requested else ""
    by = distribution.problem or ", ".join(distribution.required_by)
    return [
        TableCell(distribution.display_name or distribution.name),
        TableCell(version),
        TableCell(size(distribution.size_bytes, unknown=unknown)),
        TableCell(asked),
        TableCell(distribution.installer or unknown),
        TableCell(by, "yellow" if distribution.problem else ""),
    ]


DESCRIPTION = """Show one environment: interpreter, size, project, problems and installed
packages. Runs nothing from the environment."""

EXAMPLES = """  envdeck show ~/work/api/.venv    by path
  envdeck show ~/work/api          by project, if it has one environment
  envdeck show api/.venv           by unique name
  envdeck show . --json"""


def add_arguments(parser: ArgumentParser) -> None:
    """Say which arguments the command takes."""
    complete_folders(
        parser.add_argument(
            "reference", metavar="ENV", help="environment path, project path, or name"
        )
    )
    parser.add_argument("--no-size", action="store_true", help="skip measuring its size")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: Namespace, context: CommandContext) -> int:
    """Show one environment."""
    catalog = context.catalog()
    environment = find_environment(arguments.reference, context, catalog)
    if arguments.no_size:
        environment = replace(environment, size=None)
    elif environment.size is None:
        environment = replace(environment, size=catalog.measure(environment))
    environment, distributions = read_distributions(environment, catalog)
    comparison = catalog.project(environment, distributions)
    if arguments.json:
        context.console.json(
            {
                **environment_object(environment),
                "distributions": [distribution_object(found) for found in distributions],
                "drift": None if comparison is None else drift_object(comparison),
            }
        )
    else:
        print_environment(environment, distributions, context, comparison)
    return Exit.DONE


_DRIFT_COLUMNS = (
    TableColumn("Package"),
    TableColumn("Drift"),
    TableColumn("Required", rank=0),
    TableColumn("Installed"),
    TableColumn("For", rank=2),
    TableColumn("Source", flexible=True),
)
_DRIFT_STYLES = {
    DriftKind.MISSING: "red",
    DriftKind.NOT_AS_LOCKED: "yellow",
    DriftKind.OUTSIDE: "yellow",
    DriftKind.UNREACHABLE: "cyan",
}


def has_drift(found: Comparison) -> bool:
    """Tell whether anything is otherwise than the project says."""
    return bool(found.drifts) or any(one.error for one in found.pythons)


def print_drift(found: Comparison, context: CommandContext) -> None:
    """Print what has_drift, what could not be compared, and how much is as it should be."""
    console = context.console
    if found.drifts:
        rows = [_drift_row(one, context) for one in found.drifts]
        for line in table(console, _DRIFT_COLUMNS, rows):
            console.line(line)
        console.line()
    for one in found.pythons:
        word, colour = ("error:", "red") if one.error else ("note:", "cyan")
        named = os.path.basename(one.file) in one.message  # most tell their place themselves
        where = (
            f" ({place(one.file, one.line, context.host.home)})" if one.file and not named else ""
        )
        text = plain(tilde_within(one.message, context.host.home))
        console.line(f"{console.style(word, colour)} {text}{plain(where)}")
    for reason in found.unchecked:
        text = plain(tilde_within(reason, context.host.home))
        console.line(f"{console.style('not compared:', 'yellow')} {text}")
    for passed in found.project.passed:
        text = f"{place(passed.file, None, context.host.home)}: {passed.reason}"
        console.line(f"{console.style('not used:', 'yellow')} {plain(text)}")
    for problem in found.project.problems:
        text = f"{place(problem.file, problem.line, context.host.home)}: {problem.message}"
        console.line(f"{console.style('warning:', 'yellow')} {plain(text)}")
    console.line(console.style(summary(found), "bold"))


def summary(found: Comparison) -> str:
    """Return in one line how many packages are in which state."""
    words = Counter(map(drift_words, found.drifts))
    order = [*(whole for _, whole in DRIFT_WORDS.values()), UNCHOSEN]
    counts = [f"{words[word]:,} {word}" for word in order if words[word]]
    against = plain(os.path.basename(found.against)) if found.against else "the project"
    match = "matches" if found.agreed == 1 else "match"
    return ", ".join([*counts, f"{counted(found.agreed, 'package')} {match} {against}"])


def _drift_row(drift: Drift, context: CommandContext) -> list[TableCell]:
    unknown = context.console.signs.unknown
    wanted = drift.wanted or ("" if drift.kind is DriftKind.UNREACHABLE else "any")
    return [
        TableCell(drift.name),
        TableCell(drift_words(drift), _DRIFT_STYLES[drift.kind]),
        TableCell(wanted or unknown),
        TableCell(drift.installed or unknown),
        TableCell(", ".join(map(part_name, drift.under))),
        TableCell(place(drift.file, drift.line, context.host.home)),
    ]
