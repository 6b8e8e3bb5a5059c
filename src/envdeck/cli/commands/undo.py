"""`envdeck undo [ID]`: take an operation back."""

from argparse import ArgumentParser, Namespace

from envdeck.cli.arguments import absolute_path, add_options
from envdeck.cli.context import CommandContext
from envdeck.cli.main import complete_folders
from envdeck.cli.perform import operate
from envdeck.core.model import Operation

DESCRIPTION = """Take back what was done: the last operation, or the one with this ID. What was
deleted returns to its place, and what was recreated or upgraded is as it was before."""

EXAMPLES = """  envdeck undo                                   the last operation
  envdeck undo 20261120-101502-4f2a              one that `envdeck history` lists
  envdeck undo 20261120-101502-4f2a --to ~/other where its place is taken"""


def add_arguments(parser: ArgumentParser) -> None:
    """Say which arguments the command takes."""
    parser.add_argument("id", nargs="?", metavar="ID", help="default: the last that can be")
    complete_folders(
        parser.add_argument("--to", metavar="PATH", help="put it there, and not where it was")
    )
    add_options(parser)


def run(arguments: Namespace, context: CommandContext) -> int:
    """Take an operation back."""
    to = None if arguments.to is None else absolute_path(arguments.to, context.host)
    identifier, allow = arguments.id, frozenset(arguments.allow)
    return operate(
        arguments,
        context,
        Operation.UNDO,
        lambda operations, _: operations.plan_undo(identifier, to=to, allow=allow),
    )
