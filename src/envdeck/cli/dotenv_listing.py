"""The dotenv files of a project as text. Values are not even read for it."""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from envdeck.cli.context import Context
from envdeck.cli.plans import said
from envdeck.cli.wording import counted
from envdeck.text import pad, plain, size, tilde, width

if TYPE_CHECKING:
    from envdeck.core.dotenv import DotenvFile, DotenvFinding, DotenvReport, GitState, Key

_STYLES = {"error": "red", "warning": "yellow", "note": "cyan"}
_KINDS = {"example": "an example", "stray": "inside the environment"}


def print_report(report: "DotenvReport", context: Context) -> None:
    """Print every file with its keys, how they compare, and what is wrong."""
    console = context.console
    home = context.host.home
    if not report.files:
        console.line(f"{plain(tilde(report.project, home))} has no dotenv files")
    for number, file in enumerate(report.files):
        if number:
            console.line()
        facts = ", ".join(_facts(file))
        name = plain(_name(file.path, report))
        console.line(f"{console.style(name, 'bold')}  {console.style(plain(facts), 'dim')}")
        widest = max((width(plain(key.name)) for key in file.keys), default=0)
        for key in file.keys:
            console.line(f"  {pad(plain(key.name), widest)}  {_value(key, context)}")
    _print_compared(report, context)
    for finding in report.findings:
        _print_finding(finding, report, context)


def masked(context: Context) -> str:
    """Return what stands for a value, whatever that is: always as long."""
    return "••••" if context.console.signs.ellipsis == "…" else "****"


def _value(key: "Key", context: Context) -> str:
    if not key.has_value:
        return context.console.style("empty", "dim")
    told = masked(context)
    return (
        f"{told}  {context.console.style('a placeholder', 'yellow')}" if key.placeholder else told
    )


def _facts(file: "DotenvFile") -> Iterator[str]:
    if kind := _KINDS.get(file.kind.value):
        yield kind
    if file.link is not None:
        yield f"a link to {file.link}"
    if file.problem:
        yield f"not read: {file.problem}"
    else:
        yield counted(len(file.keys), "key")
    if file.bytes is not None:
        yield size(file.bytes)
    if file.mode is not None:
        yield f"mode {file.mode:04o}"
    if file.encoding != "utf-8":
        yield file.encoding
    yield from _git(file.git, example=file.kind == "example")


def _git(state: "GitState", *, example: bool) -> Iterator[str]:
    if state.problem:
        yield f"git not asked: {state.problem}"
    if state.tracked:
        yield "tracked by git"
    elif state.ignored is not None:
        open_to_git = "not in git yet" if example else "not ignored by git"  # it belongs there
        yield "ignored by git" if state.ignored else open_to_git
    if state.committed and not state.tracked:
        yield "was committed before"


def _name(path: str, report: "DotenvReport") -> str:
    within = os.path.relpath(path, report.project)
    return path if within.split(os.sep)[0] == os.pardir else within


def _print_compared(report: "DotenvReport", context: Context) -> None:
    pairs = [pair for pair in report.compared if pair.missing or pair.extra]
    if pairs:
        context.console.line()
    for pair in pairs:
        told = []
        if pair.missing:
            told.append(f"lacks {', '.join(pair.missing)}")
        if pair.extra:
            told.append(f"has {', '.join(pair.extra)} beyond it")
        names = f"{_name(pair.file, report)} beside {_name(pair.example, report)}"
        context.console.line(plain(f"{names}: {'; '.join(told)}"))


def _print_finding(finding: "DotenvFinding", report: "DotenvReport", context: Context) -> None:
    console = context.console
    word = console.style(f"{finding.severity}:", _STYLES.get(finding.severity.value, ""))
    line = "" if finding.line is None else f":{finding.line}"
    place = plain(f"{_name(finding.file, report)}{line}")
    console.line()
    console.line(f"{word} {place}: {said(finding.message, context)} ({plain(finding.check)})")
    if finding.remedy:
        console.line(f"  {said(finding.remedy, context)}")
