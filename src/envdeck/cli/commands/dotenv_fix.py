"""What `envdeck dotenv` does with values: it shows one, or writes those a person gives for a
remedy."""

import getpass
import os
import signal
import sys
import threading
from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING
from warnings import catch_warnings, simplefilter

from envdeck.cli.console import CommandError, Exit
from envdeck.cli.context import CommandContext
from envdeck.cli.perform import operate
from envdeck.core.catalog import Scope
from envdeck.core.dotenv import FileKind, Remedy, RemedyKind
from envdeck.core.dotenv.files import examples, kind_of, names_a_key
from envdeck.core.dotenv.report import reveal
from envdeck.core.dotenv.syntax import parse
from envdeck.core.model import NoPlan, Operation, Plan
from envdeck.core.system.host import lies_under
from envdeck.text import plain

if TYPE_CHECKING:
    from envdeck.core.dotenv import DotenvFile, DotenvReport
    from envdeck.core.operations.api import Operations
    from envdeck.core.operations.shared.context import Stopped

_LIMIT = 1024 * 1024
"""Bytes of values that are read from the standard input."""


def fix(arguments: Namespace, context: CommandContext, project: str, file: str) -> int:
    """Plan one remedy, show it, ask, and run it."""
    given = _read_values() if arguments.values else None

    def make(operations: "Operations", _: "Stopped") -> Plan | NoPlan:  # Ctrl-C ends a question
        report = read_report(project, context)
        if not _is_dotenv(file, report):
            name = os.path.relpath(file, project)
            hint = "use a name such as `.env`, `.env.local` or `prod.env`, inside the project"
            return NoPlan(f"not a dotenv file of the project: {name}", hint, missing=True)
        remedy = _choose_remedy(arguments, report, file)
        if isinstance(remedy, NoPlan):
            return remedy
        if given is not None:
            return operations.plan_remedy(remedy, given)
        plan = operations.plan_remedy(remedy)
        asked = _keys_to_ask(arguments, remedy, report)
        if isinstance(plan, NoPlan) or plan.refusals or arguments.dry_run or not asked:
            return plan
        if context.policy().read_only:
            return plan
        context.console.clear_progress()
        values = ask_values(asked, context, keep=remedy.kind is RemedyKind.CREATE)
        return operations.plan_remedy(remedy, values) if values else plan

    return operate(arguments, context, Operation.EDIT, make)


def _is_dotenv(file: str, report: "DotenvReport") -> bool:
    """Tell a dotenv file of the project, or one that is to be, from any other file: that is not
    ours to write."""
    if any(each.path == file for each in report.files):
        return True
    return lies_under(file, report.project) and kind_of(os.path.basename(file)) is not None


def _choose_remedy(arguments: Namespace, report: "DotenvReport", file: str) -> Remedy | NoPlan:
    project = report.project
    if arguments.ignore:
        return Remedy(RemedyKind.IGNORE, file, project)
    if arguments.private:
        return Remedy(RemedyKind.PRIVATE, file, project)
    example = _find_example(file, report)
    if arguments.create:
        if example is None:
            unread = [each for each in report.files if each.kind is FileKind.EXAMPLE]
            if unread and (problem := _read_problem(unread[0], report)):
                return NoPlan(problem)
            return NoPlan(
                f"no example found to create {os.path.relpath(file, project)} from",
                hint="add a .env.example, .env.sample or .env.template",
                missing=True,
            )
        return Remedy(RemedyKind.CREATE, file, project, example.names, example.path)
    if arguments.add:
        keys = tuple(dict.fromkeys(arguments.add))
        return Remedy(RemedyKind.ADD, file, project, keys, example.path if example else "")
    missing = next((pair for pair in report.compared if pair.file == file), None)
    if missing is None or not missing.missing:
        if not os.path.lexists(file):
            return NoPlan(f"file not found: {file}", hint="use --create", missing=True)
        here = next((each for each in report.files if each.path == file), None)
        if here is not None and (problem := _read_problem(here, report)):
            return NoPlan(problem)
        compared = missing is not None
        what = "no missing keys" if compared else "no example to compare with"
        said = f"{os.path.relpath(file, project)} has {what}"
        return NoPlan(said, missing=not compared, nothing=compared)
    return Remedy(RemedyKind.ADD, file, project, missing.missing, missing.example)


def _read_problem(file: "DotenvFile", report: "DotenvReport") -> str:
    name = os.path.relpath(file.path, report.project)
    return f"cannot read {name}: {file.problem}" if file.problem else ""


def _find_example(file: str, report: "DotenvReport") -> "DotenvFile | None":
    """Return the example of a file: by its name, or the one it was compared with."""
    paths = {pair.file: pair.example for pair in report.compared}
    compared = next((each for each in report.files if each.path == paths.get(file)), None)
    return compared or examples(report.files).get(file)


def _keys_to_ask(arguments: Namespace, remedy: Remedy, report: "DotenvReport") -> Sequence[str]:
    """Return the keys that a person is asked values for: those to add, and of an example those
    that it leaves open; with `--yes` it is taken as it is."""
    if remedy.kind is RemedyKind.ADD:
        return remedy.keys
    if remedy.kind is not RemedyKind.CREATE or arguments.yes:
        return ()
    example = next((each for each in report.files if each.path == remedy.example), None)
    keys = example.keys if example is not None else ()
    return [key.name for key in keys if key.placeholder or not key.has_value]


def ask_values(names: Sequence[str], context: CommandContext, *, keep: bool) -> dict[str, str]:
    """Ask a person for values without showing them; `keep` says that Enter keeps the example's.

    Raises :class:`CommandError` where nobody can be asked, or what is typed would be shown.
    """
    if context.answers is None:
        raise CommandError(
            "not a terminal: cannot prompt for values",
            hint="use `--values -` to read KEY=value lines from standard input",
        )
    values = {}
    for name in names:
        what = "Enter keeps the example's value" if keep else "Enter leaves it empty"
        value = _ask_value(f"{plain(name)} (hidden; {what}): ")
        if value:
            values[name] = value
    return values


def _ask_value(prompt: str) -> str:
    with catch_warnings(), _ignore_suspension():
        simplefilter("error", getpass.GetPassWarning)
        try:
            return getpass.getpass(prompt)
        except UnicodeDecodeError:  # it would quote what was typed
            problem = "input is not valid in this terminal's encoding"
        except getpass.GetPassWarning:
            problem = "this terminal cannot hide input"
        except EOFError:
            problem = "no value entered; nothing changed"
    raise CommandError(problem, hint="use `--values -` to read values from standard input")


@contextmanager
def _ignore_suspension() -> Iterator[None]:
    """Let Ctrl-Z do nothing meanwhile: a shell that takes the terminal gives it back with what is
    typed shown."""
    number = getattr(signal, "SIGTSTP", None)
    if number is None or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(number, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(number, before)


def _read_values() -> Mapping[str, str]:
    """Return the values on the standard input. No error quotes what it says."""
    if sys.stdin is None:  # as who closes it leaves it
        raise CommandError("standard input is not available")
    data = sys.stdin.buffer.read(_LIMIT + 1)
    if len(data) > _LIMIT:
        raise CommandError(f"values exceed {_LIMIT // 1024} KiB")
    text = _decode(data)
    statements = parse(text) if text is not None else "not UTF-8"
    if isinstance(statements, str):
        raise CommandError(f"cannot read values: {statements}")
    for one in statements:
        if one.name is None or one.value is None or not names_a_key(one):
            raise CommandError(f"line {one.line} does not set a key", hint="use KEY=value lines")
    return {one.name: one.value for one in statements if one.name and one.value is not None}


def _decode(data: bytes) -> str | None:
    """Return bytes as text, their line ends as a program that opens a file has them."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_report(project: str, context: CommandContext) -> "DotenvReport":
    """Return the dotenv files of a project, and those in the environment that is known of it."""
    catalog = context.catalog()
    real = os.path.realpath(project)
    environments = (
        known.path for known in catalog.remembered(Scope()) if known.project.path == real
    )
    return catalog.dotenv(project, next(environments, None))


def print_value(key: str, file: str | None, report: "DotenvReport", context: CommandContext) -> int:
    """Print the value of one key, and nothing else."""
    found = _find_holder(key, file, report)
    value = reveal(found.path, key)
    if value is None:
        raise CommandError(f"{key} has no value in {found.path}")
    console = context.console
    if console.terminal:  # what a terminal would obey is written out; a program gets it as it is
        value = "\n".join(map(plain, value.split("\n")))
    console.line(value)
    return Exit.DONE


def _find_holder(key: str, file: str | None, report: "DotenvReport") -> "DotenvFile":
    """Return the file that a key is revealed of: the one named, or the first that has it; an
    example alone only where it is named, since what it holds is nobody's value."""
    named = [each for each in report.files if file is None or each.path == file]
    if not named:
        raise CommandError(
            f"no readable dotenv file in {file or report.project}",
            hint=f"envdeck dotenv {report.project}",
        )
    usual = os.path.join(report.project, ".env")
    named.sort(key=lambda each: (each.kind != "env", each.path != usual))
    for each in named:
        if key in each.names and (file is not None or each.kind != "example"):
            return each
    unread = next((each for each in named if each.problem and each.kind != "example"), None)
    if unread is not None:
        raise CommandError(f"cannot read {unread.path}: {unread.problem}")
    example = next((each for each in named if key in each.names), None)
    if example is not None:
        name = os.path.basename(example.path)
        raise CommandError(
            f"{key} is only in the example {name}",
            hint=f"add `--file {name}` to print the example's value",
        )
    where = named[0].path if file is not None else report.project
    raise CommandError(f"key {key} not found in {where}", hint=f"envdeck dotenv {report.project}")
