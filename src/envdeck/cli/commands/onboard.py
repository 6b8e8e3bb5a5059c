"""`envdeck onboard PROJECT`: from a fresh clone to the first running command."""

import os
from argparse import ArgumentParser, Namespace

from envdeck.cli.arguments import folder, read_guard
from envdeck.cli.commands import screen
from envdeck.cli.commands.onboard_run import act, check
from envdeck.cli.console import CommandError
from envdeck.cli.context import CommandContext
from envdeck.cli.main import complete_folders
from envdeck.core.project.locks.find import find_locks
from envdeck.core.project.project import manifest_files

DESCRIPTION = """What a project needs before work on it can begin, step by step: a Python that it
accepts, an environment, its packages, its .env, no secrets in git, its git hooks, a command
that runs, and the line that activates the environment. Every step is checked, and none is said
to be done that was not. On a terminal it opens the screen on the walkthrough."""

EXAMPLES = """  envdeck onboard .                        the walkthrough, on a terminal
  envdeck onboard . --check                how it stands; exit code 1 with open steps
  envdeck onboard . --yes --group dev      all that is safe to do unattended
  envdeck onboard . --step command         run the tests, or another command of it
  envdeck onboard . --check --json         the same for programs"""

_STEPS = (
    *("interpreter", "environment", "packages", "dotenv", "secrets", "hooks", "command"),
    "activate",
)

_OF_PROJECTS = (".git", "pyproject.toml", "setup.py", "setup.cfg", "requirements.txt", "Pipfile")
"""What is in a folder that is a project too: some make the environment in the project itself."""


def add_arguments(parser: ArgumentParser) -> None:
    """Say which arguments the command takes."""
    complete_folders(parser.add_argument("project", metavar="PROJECT", help="its folder"))
    parser.add_argument(
        "--check", action="store_true", help="only say how it stands; exit 1 with open steps"
    )
    parser.add_argument(
        "--step", choices=_STEPS, metavar="STEP", help=f"do this one step: {', '.join(_STEPS)}"
    )
    parser.add_argument(
        "--group",
        action="append",
        metavar="NAME",
        help="install this dependency group, and no others (can be repeated; default: those "
        "that are here, or that its tool installs)",
    )
    parser.add_argument(
        "--extra",
        action="append",
        metavar="NAME",
        help="install this extra, and no others (can be repeated)",
    )
    parser.add_argument(
        "--run", metavar="COMMAND", help="which of the commands found the step `command` runs"
    )
    parser.add_argument("--shell", metavar="SHELL", help="the shell to activate it in")
    acting = parser.add_argument_group("how")
    acting.add_argument("--dry-run", action="store_true", help="print the plan, and change nothing")
    acting.add_argument(
        "-y",
        "--yes",
        action="store_true",
        help="do the safe steps without a question; with --step, that one",
    )
    acting.add_argument(
        "--allow",
        action="append",
        default=[],
        type=read_guard,
        metavar="NAME",
        help="overrule this guard (can be repeated)",
    )
    acting.add_argument(
        "-v", "--verbose", action="store_true", help="show what is run, and all that it says"
    )
    acting.add_argument("--json", action="store_true", help="one JSON document: the steps")
    acting.add_argument("--read-only", action="store_true", help="change nothing at all")


def run(arguments: Namespace, context: CommandContext) -> int:
    """Open the walkthrough, say how it stands, or do what is open."""
    project = folder(arguments.project, context.host)
    if _has(project, "pyvenv.cfg") and not _has(project, *_OF_PROJECTS):
        raise CommandError(
            f"`{arguments.project}` is an environment, and no project",
            hint="give the folder of its project",
        )
    if not _is_project(project):
        context.console.warn(
            f"`{arguments.project}` has no file that says that it is a project",
            "give the folder of a clone; what follows holds for any folder",
        )
    acts = arguments.yes or arguments.step is not None or arguments.dry_run
    plain = arguments.check or arguments.json or acts
    if context.interactive and not plain:
        return screen.open_screen(context, project=project)
    if acts and not arguments.check:
        return act(arguments, context, project)
    return check(arguments, context, project)


def _is_project(folder: str) -> bool:
    """Whether anything there is declared, locked or kept in git."""
    return bool(_has(folder, *_OF_PROJECTS) or manifest_files(folder) or find_locks(folder))


def _has(folder: str, *names: str) -> bool:
    return any(os.path.lexists(os.path.join(folder, name)) for name in names)
