"""The grammar of the command line, one command's at a time."""

import argparse
import os
import re
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from types import MappingProxyType
from typing import NoReturn, Protocol

from envdeck import __version__
from envdeck.cli.context import Context
from envdeck.cli.errors import EXIT_CODES, CommandError
from envdeck.cli.output.console import terminal_width

COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "list": "every environment, as text or JSON",
        "show": "one environment whole",
        "find": 'who has a package: `envdeck find "openai<1.2"`',
        "diff": "what differs: from the project, another environment, or a file",
        "interpreters": "the interpreters that environments rest on",
        "delete": "to the trash, or for good",
        "recreate": "the same environment, made anew",
        "upgrade": "packages, or the interpreter",
        "create": "a new environment for a project",
        "onboard": "from a fresh clone to the first running command",
        "dotenv": "the .env files of a project, and what is wrong with them",
        "undo": "take back what was done",
        "history": "what was done, and how it ended",
        "trash": "what was put aside: list, restore, purge",
        "demo": "a made-up home, to try everything on without risk",
        "config": "where the configuration is, and what holds",
        "completion": "a script that completes commands in a shell",
    }
)
"""Each command, a module of its own in :mod:`envdeck.cli.commands`, and what it does."""

_MANY = ("paths", "references", "requirements", "ids")
"""Arguments that take any number of words. A command has one of them at most."""
_WIDEST = 100
"""Columns of a help at most: longer lines are hard to read."""


class Command(Protocol):
    """What the module of a command has."""

    DESCRIPTION: str
    EXAMPLES: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Say which arguments the command takes."""

    def run(self, arguments: argparse.Namespace, context: Context) -> int:
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
        raise CommandError(message, hint=self._nearest(message) or f"try `{self.prog} --help`")

    def _nearest(self, message: str) -> str:
        unknown = re.match(r"unrecognized arguments: (--[\w-]+)", message)
        if unknown is None:
            return ""
        from difflib import get_close_matches  # only for a mistake: it costs 5 ms

        known = re.findall(r"--[\w-]+", self.format_help().partition("\n\nexamples:")[0])
        close = get_close_matches(unknown[1], known, n=1)
        return f"did you mean `{close[0]}`?" if close else ""


def add_paths(parser: argparse.ArgumentParser) -> None:
    """Let a command take folders to look under."""
    complete_folders(
        parser.add_argument(
            "paths", nargs="*", default=[], metavar="PATH", help="a folder to look under"
        )
    )


def complete_folders(argument: argparse.Action) -> None:
    """Mark an argument as a folder, for completion."""
    argument.complete = "directory"  # type: ignore[attr-defined]  # how shtab is told


def command(name: str) -> Command:
    """Return the module of a command."""
    module: Command = import_module(f"envdeck.cli.commands.{name}")
    return module


def parser_of(name: str) -> Parser:
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
    parser.add_argument("--read-only", action="store_true", help="change nothing at all")
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
