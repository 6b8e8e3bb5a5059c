"""Grammar and dispatch: one command's parser at a time; from arguments to an exit code."""

import argparse
import os
import re
import sys
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
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
        "timeline": "what changed in an environment, newest first",
        "interpreters": "list base interpreters",
        "delete": "move environments to the trash, or delete permanently",
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
        "completion": "print a shell completion script",
    }
)
"""Each command, a module of its own in :mod:`envdeck.cli.commands`, and what it does."""

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
        width = min(_WIDEST, terminal_width(sys.stdout, os.environ))
        super().__init__(prog, width=width - 2)


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
        """Raise :class:`CommandError`, naming the nearest option for an unknown one."""
        raise CommandError(message, hint=self._nearest(message) or f"run `{self.prog} --help`")

    def _nearest(self, message: str) -> str:
        unknown = re.match(r"unrecognized arguments: (--[\w-]+)", message)
        if unknown is None:
            return ""
        known = re.findall(r"--[\w-]+", self.format_help().partition("\n\nexamples:")[0])
        close = find_nearest(unknown[1], known)
        return f"did you mean `{close[0]}`?" if close else ""


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


def whole_parser() -> Parser:
    """Return the parser of all commands: for the help, and for completion."""
    screen = command("screen")
    parser = Parser(
        prog="envdeck",
        usage="envdeck [PATH ...]\n       envdeck COMMAND [OPTION ...] [ARGUMENT ...]",
        description=screen.DESCRIPTION,
        epilog=_epilog(screen.EXAMPLES),
        formatter_class=_Help,
        allow_abbrev=False,
    )
    parser.add_argument("-V", "--version", action="version", version=f"envdeck {__version__}")
    parser.add_argument("--read-only", action="store_true", help="disable all changes")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command")
    for name, summary in COMMANDS.items():
        _equip(commands.add_parser(name, help=summary, formatter_class=_Help), name)
    return parser


def _equip(parser: Parser, name: str) -> None:
    module = command(name)
    parser.description = module.DESCRIPTION
    parser.epilog = _epilog(module.EXAMPLES)
    parser.allow_abbrev = False
    module.add_arguments(parser)


def _epilog(examples: str) -> str:
    return f"examples:\n{examples}\n\n{EXIT_CODES}"


_HELP = {"-h", "--help"}
_VERSION = {"-V", "--version"}
_READ_ONLY = "--read-only"
_LOOKING = {"list", "show", "find", "diff", "doctor", "interpreters", "why"}
"""Commands that change nothing, and say so where something waits to be finished."""
_COMMAND_LINES = {"bisect"}
"""Commands that take another command line behind `--`, every word of it as it is."""
_WAKE_SECONDS = 0.5
"""How often Windows is asked for a Ctrl-C; elsewhere a signal ends the wait at once."""


def start(argv: list[str]) -> int:
    """Run a command on this machine, with the streams of this process."""
    host = Host.current()
    console = Console.of(sys.stdout, sys.stderr, host.environ)
    interactive = sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()
    interactive = interactive and host.variable("TERM") != "dumb"  # it cannot place a cursor
    answers = sys.stdin if sys.stdin and sys.stdin.isatty() and sys.stderr.isatty() else None
    return run(argv, CommandContext(host, console, interactive, answers=answers))


def run(arguments: Sequence[str], context: CommandContext) -> int:
    """Do what the arguments say; what cannot be done is explained on the error stream."""
    try:
        code = _done(arguments, context)
        context.console.flush()
    except CommandError as error:
        context.console.error(error.message, error.hint)
        return error.code
    except ConfigurationError as error:
        context.console.error(_place(error, context.host.home), error.hint)
        return Exit.USAGE
    finally:
        context.console.clear_progress()
    return code


def _done(arguments: Sequence[str], context: CommandContext) -> int:
    try:
        return _dispatch(arguments, context)
    except SystemExit as done:  # argparse has printed a help
        return done.code if isinstance(done.code, int) else Exit.DONE


def _dispatch(arguments: Sequence[str], context: CommandContext) -> int:
    whole = arguments
    options, operands = _split(arguments)
    if _READ_ONLY in options:  # it holds for every command, wherever it stands
        context.read_only = True
        options = [option for option in options if option != _READ_ONLY]
    arguments = [*options, *operands]
    first = options[0] if options else ""
    if first in _COMMAND_LINES and "--" in whole:
        parsed = build_parser(first).parse(options[1:])
        parsed.command = list(whole[whole.index("--") + 1 :])
        return command(first).run(parsed, context)
    if first in COMMANDS:
        parsed = build_parser(first).parse(arguments[1:])
        if first not in _LOOKING:
            return command(first).run(parsed, context)
        return _run_aside(lambda: _run_command(first, parsed, context))
    for argument in options:
        if argument in _HELP | _VERSION:
            whole_parser().parse_args([argument])
    parsed = screen_parser().parse(arguments)
    if not context.interactive:
        warn_pending(context)
    return command("screen").run(parsed, context)


def _run_command(name: str, parsed: Namespace, context: CommandContext) -> int:
    warn_pending(context)
    return command(name).run(parsed, context)


def _run_aside(call: Callable[[], int]) -> int:
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
