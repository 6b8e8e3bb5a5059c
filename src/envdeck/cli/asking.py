"""The options of everything that changes something, and the one question it asks."""

from argparse import ArgumentParser, ArgumentTypeError, Namespace

from envdeck.cli.context import Context
from envdeck.cli.errors import CommandError

OVERRULABLE = ("symlink", "has-dependants", "tracked", "unowned-files", "in-use")
"""Guards that a person may overrule by name."""
FINAL = (
    "not-an-environment",
    "protected-path",
    "mount",
    "self",
    "owned-by-tool",
    "read-only",
    "unproved",
)
"""Guards that nobody may."""


def add_options(parser: ArgumentParser, *, guards: bool = True) -> None:
    """Let a command be planned only, run without a question, and answer in JSON."""
    acting = parser.add_argument_group("how")
    acting.add_argument("--dry-run", action="store_true", help="print the plan, and change nothing")
    acting.add_argument(
        "-y", "--yes", action="store_true", help="do not ask; needed without a terminal"
    )
    if guards:
        acting.add_argument(
            "--allow",
            action="append",
            default=[],
            type=guard_name,
            choices=OVERRULABLE,
            metavar="NAME",
            help=f"overrule this guard: {', '.join(OVERRULABLE)} (can be repeated)",
        )
    acting.add_argument(
        "-v", "--verbose", action="store_true", help="show what is run, and all that it says"
    )
    acting.add_argument("--json", action="store_true", help="one JSON document: plan and result")
    acting.add_argument("--read-only", action="store_true", help="change nothing at all")


def guard_name(text: str) -> str:
    """Return the name of a guard that may be overruled."""
    if text in FINAL:
        raise ArgumentTypeError(f"the guard `{text}` is final, and cannot be overruled")
    if text not in OVERRULABLE:
        raise ArgumentTypeError(f"there is no guard `{text}`; known are {', '.join(OVERRULABLE)}")
    return text


def check_asked(arguments: Namespace, context: Context) -> None:
    """Refuse to act where nobody can be asked and nobody said yes before."""
    if not (arguments.dry_run or arguments.yes or context.answers):
        raise CommandError(
            "there is no terminal to ask at",
            hint="`--dry-run` prints the plan, and `--yes` runs it without a question",
        )
