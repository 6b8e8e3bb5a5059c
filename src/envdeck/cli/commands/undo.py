"""`envdeck undo [ID]`: take an operation back."""

from argparse import ArgumentParser, Namespace

from envdeck.cli.arguments import absolute_path, add_options
from envdeck.cli.context import CommandContext
from envdeck.cli.main import complete_folders
from envdeck.cli.perform import operate
from envdeck.core.model import Operation

DESCRIPTION = """Undo the last operation, or the one with this ID. Restores what was deleted,
recreated or upgraded from the trash."""

EXAMPLES = """  envdeck undo                                   undo the last operation
  envdeck undo 20261120-101502-4f2a              an ID from `envdeck history`
  envdeck undo 20261120-101502-4f2a --to ~/other if the original path is taken"""


def add_arguments(parser: ArgumentParser) -> None:
    """Say which arguments the command takes."""
    parser.add_argument(
        "id", nargs="?", metavar="ID", help="default: the last operation that can be undone"
    )
    complete_folders(
        parser.add_argument(
            "--to", metavar="PATH", help="restore to PATH instead of the original path"
        )
    )
    add_options(parser)


def run(arguments: Namespace, context: CommandContext) -> int:
    """Undo an operation."""
    to = None if arguments.to is None else absolute_path(arguments.to, context.host)
    identifier, allow = arguments.id, frozenset(arguments.allow)
    return operate(
        arguments,
        context,
        Operation.UNDO,
        lambda operations, _: operations.plan_undo(identifier, to=to, allow=allow),
    )
