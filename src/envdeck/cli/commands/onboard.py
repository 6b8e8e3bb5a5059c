"""`envdeck onboard PROJECT`: from a fresh clone to the first running command."""

import os
from argparse import ArgumentParser, Namespace

from envdeck.cli.arguments import add_no_project, read_guard
from envdeck.cli.commands import screen
from envdeck.cli.console import CommandError
from envdeck.cli.context import CommandContext
from envdeck.cli.main import complete_folders
from envdeck.cli.references import find_project

DESCRIPTION = """Set up a project after cloning, step by step: Python, environment,
dependencies, .env file, secrets in git, git hooks, tests or a first command,
activation. Every step is verified before it is reported as done. On a
terminal, opens the project setup screen."""

EXAMPLES = """  envdeck onboard .                        open project setup (on a terminal)
  envdeck onboard . --check                report only; exit 1 with open steps
  envdeck onboard . --yes --group dev      run all safe steps
  envdeck onboard . --yes --no-project     where the project itself does not build
  envdeck onboard . --step command         run the tests or another command
  envdeck onboard . --check --json         for scripts"""

_STEPS = (
    *("interpreter", "environment", "packages", "dotenv", "secrets", "hooks", "needs"),
    *("command", "activate"),
)

_OF_PROJECTS = (".git", "pyproject.toml", "setup.py", "setup.cfg", "requirements.txt", "Pipfile")
"""What is in a folder that is a project too: some make the environment in the project itself."""


def add_arguments(parser: ArgumentParser) -> None:
    """Say which arguments the command takes."""
    complete_folders(parser.add_argument("project", metavar="PROJECT", help="project folder"))
    parser.add_argument("--check", action="store_true", help="report only; exit 1 with open steps")
    parser.add_argument(
        "--step", choices=_STEPS, metavar="STEP", help=f"run only this step: {', '.join(_STEPS)}"
    )
    parser.add_argument(
        "--group",
        action="append",
        metavar="NAME",
        help="install only this dependency group (repeatable; default: the installed groups, "
        "or those the project's tool installs)",
    )
    parser.add_argument(
        "--extra",
        action="append",
        metavar="NAME",
        help="install only this extra (repeatable)",
    )
    add_no_project(parser)
    parser.add_argument("--run", metavar="COMMAND", help="command to run in the step `command`")
    parser.add_argument("--shell", metavar="SHELL", help="shell to activate the environment in")
    acting = parser.add_argument_group("execution")
    acting.add_argument("--dry-run", action="store_true", help="print the plan without changes")
    acting.add_argument(
        "-y",
        "--yes",
        action="store_true",
        help="run the safe steps without confirmation; with --step, that step",
    )
    acting.add_argument(
        "--allow",
        action="append",
        default=[],
        type=read_guard,
        metavar="NAME",
        help="override this guard (repeatable)",
    )
    acting.add_argument(
        "-v", "--verbose", action="store_true", help="print commands and their output"
    )
    acting.add_argument("--json", action="store_true", help="print the steps as JSON")
    acting.add_argument("--read-only", action="store_true", help="disable all changes")


def run(arguments: Namespace, context: CommandContext) -> int:
    """Open the walkthrough, say how it stands, or do what is open."""
    project = find_project(arguments.project, context)
    if _has(project, "pyvenv.cfg") and not _has(project, *_OF_PROJECTS):
        raise CommandError(
            f"`{arguments.project}` is an environment, not a project",
            hint="pass the project folder",
        )
    # start-up: 70 ms, and a help does nothing
    from envdeck.cli.commands.onboard_run import act, check, has_dependencies

    if not _has(project, *_OF_PROJECTS) and not has_dependencies(project):
        context.console.warn(
            f"`{arguments.project}` does not look like a project",
            "pass the folder of a clone",
        )
    acts = arguments.yes or arguments.step is not None or arguments.dry_run
    plain = arguments.check or arguments.json or acts
    if context.interactive and not plain:
        return screen.open_screen(context, project=project)
    if acts and not arguments.check:
        return act(arguments, context, project)
    return check(arguments, context, project)


def _has(folder: str, *names: str) -> bool:
    return any(os.path.lexists(os.path.join(folder, name)) for name in names)
