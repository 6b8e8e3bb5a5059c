"""`dotenv`: report."""

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from typing import TYPE_CHECKING

from envdeck.cli.arguments import absolute_path, add_options
from envdeck.cli.console import CommandError, Exit
from envdeck.cli.context import CommandContext
from envdeck.cli.main import complete_folders
from envdeck.cli.plan_text import sentence
from envdeck.cli.references import find_project
from envdeck.cli.scan import warn_pending
from envdeck.cli.serialise import dotenv_object
from envdeck.core.system.host import lies_under
from envdeck.text import counted, pad, plain, size, tilde, width

if TYPE_CHECKING:
    from envdeck.core.dotenv import DotenvFile, DotenvFinding, DotenvReport, GitState, Key

DESCRIPTION = """Show the dotenv files of a project: keys with masked values, differences from
the example, git status and problems. --create, --add, --add-missing, --ignore
and --private write one file, with a preview and undo. Values are prompted for
without echo or read from standard input, never passed as arguments."""

EXAMPLES = """  envdeck dotenv .                              exit code 1 on errors
  envdeck dotenv . --reveal TOKEN               print one value
  envdeck dotenv . --create                     create .env from .env.example
  envdeck dotenv . --add-missing                add all keys missing from .env
  envdeck dotenv . --add TOKEN URL --values - --yes < values.env
  envdeck dotenv . --ignore --dry-run           add .env to .gitignore
  envdeck dotenv . --private --file .env.local  restrict access to the owner"""

_ACTS = ("create", "add", "add_missing", "ignore", "private")


def add_arguments(parser: ArgumentParser) -> None:
    """Say which arguments the command takes."""
    complete_folders(parser.add_argument("project", metavar="PROJECT", help="project folder"))
    parser.add_argument("--file", metavar="FILE", help="dotenv file (default: .env)")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--reveal", metavar="KEY", help="print only this value")
    what.add_argument("--create", action="store_true", help="create the file from its example")
    what.add_argument(
        "--add", nargs="+", action="extend", metavar="KEY", help="add these keys to the file"
    )
    what.add_argument(
        "--add-missing", action="store_true", help="add all keys missing from the file"
    )
    what.add_argument("--ignore", action="store_true", help="add the file to .gitignore")
    what.add_argument("--private", action="store_true", help="restrict access to the file's owner")
    parser.add_argument(
        "--values",
        choices=("-",),
        metavar="-",
        help="read KEY=value lines for --create, --add and --add-missing from standard input",
    )
    add_options(parser, guards=False)


def run(arguments: Namespace, context: CommandContext) -> int:
    """Show the dotenv files of a project, reveal one value, or write one file."""
    # start-up: 60 ms, and a help reads no file
    from envdeck.cli.commands.dotenv_fix import fix, print_value, read_report

    _check(arguments)
    project = find_project(arguments.project, context)
    file = _find_file(arguments.file, project, context)
    if any(getattr(arguments, name) for name in _ACTS):
        return fix(arguments, context, project, file or os.path.join(project, ".env"))
    warn_pending(context)
    report = read_report(project, context)
    if arguments.reveal is not None:
        return print_value(arguments.reveal, file, report, context)
    if file is not None:
        raise CommandError("--file requires --reveal or an option that writes a file")
    if arguments.json:
        context.console.json(dotenv_object(report))
    else:
        print_report(report, context)
    return Exit.FAILED if any(each.severity == "error" for each in report.findings) else Exit.DONE


def _check(arguments: Namespace) -> None:
    acts = any(getattr(arguments, name) for name in _ACTS)
    if arguments.reveal is not None and arguments.json:
        raise CommandError("--reveal and --json cannot be combined", hint="remove --json")
    if (arguments.dry_run or arguments.yes) and not acts:
        raise CommandError(
            "--dry-run and --yes require an action",
            hint="add --create, --add, --add-missing, --ignore or --private",
        )
    if arguments.values and not (arguments.create or arguments.add or arguments.add_missing):
        raise CommandError("--values requires --create, --add or --add-missing")


def _find_file(named: str | None, project: str, context: CommandContext) -> str | None:
    """Return a file as the project names it, or as the current folder does from within it."""
    if named is None:
        return None
    here = absolute_path(named, context.host)
    real = os.path.join(os.path.realpath(os.path.dirname(here)), os.path.basename(here))
    if os.path.isabs(context.host.expand(named)):
        folder = os.path.realpath(project)  # which may be named by a link, and the file not
        return os.path.join(project, real[len(folder) + 1 :]) if lies_under(real, folder) else here
    within = os.path.normpath(os.path.join(project, named))
    return here if not os.path.lexists(within) and lies_under(here, project) else within


_STYLES = {"error": "red", "warning": "yellow", "note": "cyan"}
_KINDS = {"example": "example", "stray": "inside the environment"}


def print_report(report: "DotenvReport", context: CommandContext) -> None:
    """Print every file with its keys, how they compare, and what is wrong."""
    console = context.console
    home = context.host.home
    if not report.files:
        console.line(f"{plain(tilde(report.project, home))} has no .env files")
    for number, file in enumerate(report.files):
        if number:
            console.line()
        facts = ", ".join(_facts(file))
        name = plain(_name(file.path, report))
        console.line(f"{console.style(name, 'bold')}  {console.style(plain(facts), 'dim')}")
        widest = max((width(plain(key.name)) for key in file.keys), default=0)
        for key in file.keys:
            console.line(f"  {pad(plain(key.name), widest)}  {_value(key, context)}")
    _print_comparisons(report, context)
    for finding in report.findings:
        _print_finding(finding, report, context)


def _value(key: "Key", context: CommandContext) -> str:
    console = context.console
    if not key.has_value:
        return console.style("empty", "dim")
    mask = "••••" if console.signs.ellipsis == "…" else "****"  # of every value as long
    return f"{mask}  {console.style('placeholder', 'yellow')}" if key.placeholder else mask


def _facts(file: "DotenvFile") -> Iterator[str]:
    if kind := _KINDS.get(file.kind.value):
        yield kind
    if file.link is not None:
        yield f"symlink to {file.link}"
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
        yield f"git status unknown: {state.problem}"
    if state.tracked:
        yield "tracked by git"
    elif state.ignored is not None:
        open_to_git = "untracked" if example else "not ignored by git"  # it belongs there
        yield "ignored by git" if state.ignored else open_to_git
    if state.committed and not state.tracked:
        yield "previously committed"


def _name(path: str, report: "DotenvReport") -> str:
    within = os.path.relpath(path, report.project)
    return path if within.split(os.sep)[0] == os.pardir else within


def _print_comparisons(report: "DotenvReport", context: CommandContext) -> None:
    pairs = [pair for pair in report.compared if pair.missing or pair.extra]
    if pairs:
        context.console.line()
    for pair in pairs:
        parts = []
        if pair.missing:
            parts.append(f"missing {', '.join(pair.missing)}")
        if pair.extra:
            parts.append(f"extra {', '.join(pair.extra)}")
        names = f"{_name(pair.file, report)} compared with {_name(pair.example, report)}"
        context.console.line(plain(f"{names}: {'; '.join(parts)}"))


def _print_finding(
    finding: "DotenvFinding", report: "DotenvReport", context: CommandContext
) -> None:
    console = context.console
    word = console.style(f"{finding.severity}:", _STYLES.get(finding.severity.value, ""))
    line = "" if finding.line is None else f":{finding.line}"
    place = plain(f"{_name(finding.file, report)}{line}")
    console.line()
    console.line(f"{word} {place}: {sentence(finding.message, context)} ({plain(finding.check)})")
    if finding.remedy:
        console.line(f"  {sentence(finding.remedy, context)}")
