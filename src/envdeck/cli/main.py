"""Grammar and dispatch: one command's parser at a time; from arguments to an exit code."""

import argparse
import os
import re
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from threading import Thread
from types import MappingProxyType
from typing import NoReturn, Protocol

from envdeck import __version__
from envdeck.cli.console import EXIT_CODES, CommandError, Console, Exit, terminal_width
from envdeck.cli.context import CommandContext
from envdeck.cli.scan import warn_pending
from envdeck.config import ConfigurationError
from envdeck.core.system.host import Host
from envdeck.core.system.words import find_nearest
from envdeck.text import tilde

COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "list": "list environments",
        "show": "show details of one environment",
        "find": 'find environments with a package: `envdeck find "openai<1.2"`',
        "diff": "compare with the project, another environment or a file",
        "doctor": "what is wrong with one, some or all environments, and how to fix it",
        "why": "why a package is installed",
        "bisect": "which change of packages makes a command fail",
        "matrix": "run a command over several Pythons and library versions",
        "timeline": "what changed in an environment, newest first",
        "interpreters": "list base interpreters",
        "run": "run a command, or a shell, with an environment active",
        "outdated": "list available upgrades, over many environments",
        "delete": "move environments to the trash, or delete permanently",
        "clean": "delete by rule: unused, orphaned, end of life, broken",
        "recreate": "recreate an environment, optionally with another Python",
        "upgrade": "upgrade packages or the base interpreter",
        "install": "install missing packages, or reinstall them",
        "uninstall": "uninstall packages, optionally with what only they need",
        "create": "create an environment for a project",
        "onboard": "set up a project after cloning",
        "dotenv": "check and fix a project's .env files",
        "undo": "undo an operation",
        "history": "list past operations",
        "trash": "list, restore or permanently delete trashed items",
        "demo": "try everything on a sample home folder",
        "config": "show the configuration and its path",
        "schema": "print the JSON Schema of what `--json` prints",
        "completion": "print a shell completion script",
    }
)
"""Each command, its own module in :mod:`envdeck.cli.commands`, and what it does."""

_MANY = ("paths", "references", "requirements", "names", "ids")
"""Arguments that take any number of words. A command has one of them at most."""
_WIDEST = 100
"""Columns of a help at most: longer lines are hard to read."""


class CommandModule(Protocol):
    """What the module of a command has."""

    DESCRIPTION: str
    EXAMPLES: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Say which arguments the command takes."""

    def run(self, arguments: argparse.Namespace, context: CommandContext) -> int:
        """Do it, and return the exit code."""


class _Help(argparse.RawDescriptionHelpFormatter):
    """Knows its width by itself, which spares an import (of archives, in the end) that argparse
    would do for every argument it is told."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_width())


class Parser(argparse.ArgumentParser):
    """Says what is wrong as an exception, so that it is written like every other error."""

    def parse(self, arguments: Sequence[str]) -> argparse.Namespace:
        """Return the arguments read; those of which there may be many, such as PATHs, may stand
        before, between and behind options."""
        parsed, rest = self.parse_known_args(arguments)
        many = next((name for name in _MANY if hasattr(parsed, name)), None)
        if rest and (many is None or any(word.startswith("-") for word in rest)):
            self.error(f"unrecognized arguments: {' '.join(rest)}")
        if many is not None:
            setattr(parsed, many, [*getattr(parsed, many), *rest])
        return parsed

    def error(self, message: str) -> NoReturn:
        """Raise :class:`CommandError`, naming the nearest option for an unknown one, and what an
        argument is that is missing."""
        missing = re.match(r"the following arguments are required: (.+)", message)
        if missing is not None:
            named = {
                name: action.help
                for action in self._actions
                for name in action.option_strings or [str(action.metavar)]
            }
            told = [f"{name} ({named.get(name) or name})" for name in missing[1].split(", ")]
            message = f"missing {', '.join(told)}"
        message = re.sub(r"^argument (?=-|\S+: )", "", message)
        raise CommandError(message, hint=self._nearest(message) or f"run `{self.prog} --help`")

    def _check_value(self, action: argparse.Action, value: object) -> None:
        """Say what is no choice, and what the choices are, the same with every Python."""
        if action.choices is None or value in action.choices:
            return
        known = [str(choice) for choice in action.choices]
        option = f"{action.option_strings[-1]}: " if action.option_strings else ""
        close = find_nearest(str(value), known)
        hint = f"did you mean `{close[0]}`?" if close else f"run `{self.prog} --help`"
        raise CommandError(f"{option}`{value}` is not one of {', '.join(known)}", hint=hint)

    def _nearest(self, message: str) -> str:
        unknown = re.match(r"unrecognized arguments: (--[\w-]+)", message)
        if unknown is None:
            return ""
        known = re.findall(r"--([\w-]+)", self.format_help().partition("\n\nexamples:")[0])
        close = find_nearest(unknown[1].removeprefix("--"), known)
        return f"did you mean `--{close[0]}`?" if close else ""


def add_paths(parser: argparse.ArgumentParser) -> None:
    """Let a command take folders to look under."""
    complete_folders(
        parser.add_argument("paths", nargs="*", default=[], metavar="PATH", help="folder to scan")
    )


def complete_folders(argument: argparse.Action) -> None:
    """Mark an argument as a folder, for completion."""
    argument.complete = "directory"  # type: ignore[attr-defined]  # how shtab is told


def command(name: str) -> CommandModule:
    """Return the module of a command."""
    module: CommandModule = import_module(f"envdeck.cli.commands.{name}")
    return module


def build_parser(name: str) -> Parser:
    """Return the parser of one command alone, so that the others are not imported."""
    parser = Parser(prog=f"envdeck {name}", formatter_class=_Help)
    _equip(parser, name)
    return parser


def screen_parser() -> Parser:
    """Return the parser for a call that names no command."""
    parser = Parser(prog="envdeck", formatter_class=_Help, add_help=False, allow_abbrev=False)
    command("screen").add_arguments(parser)
    return parser


def whole_parser(*, summaries: bool = False) -> Parser:
    """Return the parser of all commands, for completion; with `summaries` for the help alone, to
    which the commands add no more than their names and what they do."""
    screen = command("screen")
    parser = Parser(
        prog="envdeck",
        usage="envdeck [PATH ...]\n       envdeck COMMAND [OPTION ...] [ARGUMENT ...]",
        description=_wrapped(screen.DESCRIPTION, _width()),
        epilog=_epilog(screen.EXAMPLES),
        formatter_class=_Help,
        allow_abbrev=False,
    )
    parser.add_argument("-V", "--version", action="version", version=f"envdeck {__version__}")
    parser.add_argument("--read-only", action="store_true", help="disable all changes")
    _add_common(parser)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command")
    for name, summary in COMMANDS.items():
        parser_of_one = commands.add_parser(name, help=summary, formatter_class=_Help)
        if not summaries:
            _equip(parser_of_one, name)
    return parser


def _add_common(parser: argparse.ArgumentParser) -> None:
    """Tell of the options that every command has; they are read before its own."""
    common = parser.add_argument_group("common options")
    common.add_argument("--color", choices=_COLOURS, metavar="WHEN", help=", ".join(_COLOURS))
    common.add_argument(
        "-q", "--quiet", action="store_true", help="no progress, notes, hints or success messages"
    )


def _equip(parser: Parser, name: str) -> None:
    module = command(name)
    parser.description = _wrapped(module.DESCRIPTION, _width())
    parser.epilog = _epilog(module.EXAMPLES)
    parser.allow_abbrev = False
    module.add_arguments(parser)
    _add_common(parser)


def _epilog(examples: str) -> str:
    lines = (line for each in examples.splitlines() for line in _fitted(each, _width()))
    return "\n".join(["examples:", *lines, "", EXIT_CODES])


def _width() -> int:
    """Return the columns of a help."""
    return min(_WIDEST, terminal_width(sys.stdout, os.environ))


def _wrapped(text: str, columns: int) -> str:
    from textwrap import wrap  # start-up: only a help is wrapped

    return "\n".join(wrap(text, columns, break_long_words=False, break_on_hyphens=False))


def _fitted(line: str, columns: int) -> Iterator[str]:
    """Yield an example; where it is too wide, what it does stands below."""
    called, gap, does = line.strip().partition("  ")
    if len(line) <= columns or not gap:
        yield line
        return
    yield f"  {called}"
    yield f"      {does.strip()}"


_HELP = {"-h", "--help"}
_VERSION = {"-V", "--version"}
_ALIASES = {"ls": "list", "rm": "delete"}
_READ_ONLY = "--read-only"
_QUIET = {"-q", "--quiet"}
_COLOR = "--color"
_COLOURS = ("auto", "always", "never")
_LOOKING = {"list", "show", "find", "diff", "doctor", "interpreters", "why"}
"""Commands that change nothing, and say so where something waits to be finished."""
_COMMAND_LINES = {"bisect", "matrix", "run"}
"""Commands that take another command line behind `--`, every word of it as it is."""
_WAKE_SECONDS = 0.5
"""How often Windows is asked for a Ctrl-C; elsewhere a signal ends the wait at once."""


def start(argv: list[str]) -> int:
    """Run a command on this machine, with the streams of this process."""
    host = Host.current()
    console = Console.detect(sys.stdout, sys.stderr, host.environ)
    interactive = sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()
    interactive = interactive and host.variable("TERM") != "dumb"  # it cannot place a cursor
    answers = sys.stdin if sys.stdin and sys.stdin.isatty() and sys.stderr.isatty() else None
    return run(argv, CommandContext(host, console, interactive, answers=answers))


def run(arguments: Sequence[str], context: CommandContext) -> int:
    """Do what the arguments say; what cannot be done is explained on the error stream."""
    context.console.home = context.host.home
    try:
        code = _run_plain(arguments, context)
        context.console.flush()
    except CommandError as error:
        context.console.error(error.message, error.hint, error.details)
        return error.code
    except ConfigurationError as error:
        context.console.error(_place(error, context.host.home), error.hint)
        return Exit.USAGE
    finally:
        context.console.clear_progress()
    return code


def _run_plain(arguments: Sequence[str], context: CommandContext) -> int:
    try:
        return _dispatch(arguments, context)
    except SystemExit as done:  # argparse has printed a help
        return done.code if isinstance(done.code, int) else Exit.DONE


def _dispatch(arguments: Sequence[str], context: CommandContext) -> int:
    whole = arguments
    options, operands = _split(arguments)
    options = _take_common(options, context)
    first = options[0] if options else ""
    first = _ALIASES.get(first, first)
    arguments = [*options, *operands]
    if first == "help":
        return _print_help(arguments[1:])
    if first == "version":
        context.console.line(f"envdeck {__version__}")
        return Exit.DONE
    if first in _COMMAND_LINES and "--" in whole:
        parsed = build_parser(first).parse(options[1:])
        parsed.command = list(whole[whole.index("--") + 1 :])
        return command(first).run(parsed, context)
    if first in COMMANDS:
        parsed = build_parser(first).parse(arguments[1:])
        if first not in _LOOKING:
            return command(first).run(parsed, context)
        return _run_in_thread(lambda: _run_command(first, parsed, context))
    for argument in options:
        if argument in _HELP | _VERSION:
            whole_parser(summaries=True).parse_args([argument])
    parsed = screen_parser().parse(arguments)
    if not context.interactive:
        warn_pending(context)
    return command("screen").run(parsed, context)


def _take_common(options: Sequence[str], context: CommandContext) -> list[str]:
    """Return the options without those that every command has, wherever they stand, and do what
    they say."""
    rest: list[str] = []
    words = iter(options)
    for word in words:
        name, equals, value = word.partition("=")
        if word == _READ_ONLY:
            context.read_only = True
        elif word in _QUIET:
            context.console.quiet = True
        elif name == _COLOR:
            when = value if equals else next(words, "")
            if when not in _COLOURS:
                message = f"--color: `{when}` is not one of {', '.join(_COLOURS)}"
                raise CommandError(message, hint="run `envdeck --help`")
            context.console.choose_colour(when)
        else:
            rest.append(word)
    return rest


def _print_help(names: Sequence[str]) -> int:
    """Print the help of a command, or of all."""
    name = _ALIASES.get(names[0], names[0]) if names else ""
    if name and name not in COMMANDS:
        close = find_nearest(name, COMMANDS)
        hint = f"envdeck help {close[0]}" if close else "envdeck --help"
        raise CommandError(f"no command is called `{name}`", hint=hint)
    parser = build_parser(name) if name else whole_parser()
    parser.print_help()
    return Exit.DONE


def _run_command(name: str, parsed: Namespace, context: CommandContext) -> int:
    warn_pending(context)
    return command(name).run(parsed, context)


def _run_in_thread(call: Callable[[], int]) -> int:
    """Run what changes nothing in a thread, so that Ctrl-C ends it whatever disk it waits for:
    a signal reaches the main thread alone, and not while that waits in the system."""
    ended: list[int] = []
    failed: list[BaseException] = []

    def run_call() -> None:
        try:
            ended.append(call())
        except BaseException as error:  # noqa: BLE001 - raised again where it is handled
            failed.append(error)

    thread = Thread(target=run_call, name="envdeck-command", daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(_WAKE_SECONDS)
    if failed:
        raise failed[0]
    return ended[0]


def _split(arguments: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """Return the arguments before `--`, and those behind it in a spelling that no option has:
    `-x` as `./-x`, which names the same path."""
    if "--" not in arguments:
        return arguments, ()
    at = arguments.index("--")
    behind = [f"./{name}" if name.startswith("-") else name for name in arguments[at + 1 :]]
    return arguments[:at], behind


def _place(error: ConfigurationError, home: str) -> str:
    line = f":{error.line}" if error.line is not None else ""
    return f"{tilde(error.path, home)}{line}: {error.what}"
