"""One environment as text."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from envdeck.cli.context import Context
from envdeck.cli.output.table import Cell, Column, table
from envdeck.cli.wording import counted, creation, python_name, standing
from envdeck.core.model import (
    Distribution,
    Environment,
    Finding,
    LastUsed,
    ProjectLink,
    ProjectState,
    Severity,
    Size,
)
from envdeck.text import age, exact_bytes, exact_time, pad, plain, size, tilde, tilde_within

if TYPE_CHECKING:
    from envdeck.core.project.drift import Comparison

_COLUMNS = (
    Column("Package"),
    Column("Version"),
    Column("Size", right=True),
    Column("Asked for", rank=3),
    Column("Installer", rank=1),
    Column("Needed by", flexible=True),
)
_STYLES = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}


def print_environment(
    environment: Environment,
    distributions: Sequence[Distribution],
    context: Context,
    comparison: "Comparison | None" = None,
) -> None:
    """Print the facts about an environment, its findings, how far it is from what its project
    says, and its packages."""
    console = context.console
    console.line(console.style(plain(_path(environment.path, context)), "bold"))
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
    console.line(f"{counted(len(distributions), 'package')}, {asked:,} asked for")
    if distributions:
        console.line()
        rows = [_row(distribution, context) for distribution in distributions]
        for line in table(console, _COLUMNS, rows):
            console.line(line)


def _facts(environment: Environment, context: Context) -> Iterator[tuple[str, str]]:
    python = environment.python
    status = standing(environment, context.console.signs).text.strip()
    reason = _words(environment.reason, context)
    yield "status", f"{status}: {reason}" if reason else status
    ended = f", out of support since {python.end_of_life}" if python.end_of_life else ""
    yield "python", python_name(python) + ended
    yield "interpreter", _path(python.executable or "", context)
    yield "base", _path(python.base or "", context)
    yield "manager", environment.manager
    yield "made by", _words(creation(environment.creation), context)
    yield "project", _project(environment.project, context)
    yield "last used", _last_used(environment.last_used, context)
    yield "size", _size(environment.size)
    for link in environment.links:
        yield "link", _path(link, context)
    yield "protected", _words(environment.protected or "", context)


def _path(path: str, context: Context) -> str:
    return tilde(path, context.host.home)


def _words(text: str, context: Context) -> str:
    return tilde_within(text, context.host.home)


def _project(link: ProjectLink, context: Context) -> str:
    if link.state is ProjectState.NONE or link.path is None:
        return "none found"
    path = _path(link.path, context)
    words = {
        ProjectState.GONE: f"{path} is gone",
        ProjectState.UNMOUNTED: f"{path} is on a disk that is not mounted",
    }
    known = f" ({link.source})" if link.source else ""
    return words.get(link.state, path) + known


def _last_used(last: LastUsed, context: Context) -> str:
    if last.when is None:
        return last.source
    ago = age(last.when, context.host.now())
    since = ago if ago == "now" else f"{ago} ago"
    return f"{since}, {exact_time(last.when)}; {last.source}"


def _size(measured: Size | None) -> str:
    if measured is None:
        return ""
    most = "up to " if measured.up_to else ""
    text = (
        f"{size(measured.disk_bytes)} on disk ({exact_bytes(measured.disk_bytes)}); "
        f"deleting it frees {most}{size(measured.reclaimable_bytes)}"
    )
    if measured.unreadable:
        text += f"; {counted(measured.unreadable, 'folder')} in it could not be read"
    return text


def _print_project(comparison: "Comparison", context: Context) -> None:
    from envdeck.cli.drifting import print_drift

    console = context.console
    console.line()
    console.line(console.style("the project beside it", "bold"))
    asked = [part for part in comparison.parts if part.declared]
    for part in asked:
        name = part.id or "its own dependencies"
        wanted = "" if part.counts else ", not taken for wanted"
        told = f"{name}: {part.installed:,} of {part.declared:,} installed{wanted}"
        console.line(f"  {plain(told)}")
    if asked:
        console.line()
    print_drift(comparison, context)


def _print_finding(finding: Finding, context: Context) -> None:
    console = context.console
    word = console.style(f"{finding.severity}:", _STYLES[finding.severity])
    console.line()
    console.line(f"{word} {plain(_words(finding.message, context))} ({plain(finding.check)})")
    if finding.remedy:
        console.line(f"  {plain(_words(finding.remedy, context))}")


def _row(distribution: Distribution, context: Context) -> list[Cell]:
    unknown = context.console.signs.unknown
    version = distribution.version or unknown
    if distribution.editable:
        version += f" {context.console.signs.editable}"
    asked = "yes" if distribution.requested else ""
    by = distribution.problem or ", ".join(distribution.required_by)
    return [
        Cell(distribution.display_name or distribution.name),
        Cell(version),
        Cell(size(distribution.size_bytes, unknown=unknown)),
        Cell(asked),
        Cell(distribution.installer or unknown),
        Cell(by, "yellow" if distribution.problem else ""),
    ]
