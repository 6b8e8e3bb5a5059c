"""`envdeck run ENV [-- COMMAND …]`: a command, or a shell, with an environment active."""

import os
import shlex
import shutil
import subprocess
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence

from envdeck.cli.console import CommandError, Exit
from envdeck.cli.context import CommandContext
from envdeck.cli.launch import find_directly, launch
from envdeck.cli.main import complete_folders
from envdeck.cli.references import find_environment
from envdeck.core.model import ProjectState, Status
from envdeck.core.system import reach
from envdeck.core.system.activate import activate_variables
from envdeck.text import tilde, tilde_within

DESCRIPTION = """Run a command with an environment active, in its project's folder; without a
command, open your shell. Of a project with several environments, its `.venv` is taken.
The exit code is the command's; 127 when it is not found."""

EXAMPLES = """  envdeck run api/.venv -- pytest -x
  envdeck run . -- python -V
  envdeck run ~/work/api           a shell; `exit` ends it"""


def add_arguments(parser: ArgumentParser) -> None:
    """Say which arguments the command takes."""
    complete_folders(
        parser.add_argument(
            "reference", metavar="ENV", help="environment path, project path, or name"
        )
    )
    parser.add_argument(
        "words", nargs="*", default=[], metavar="-- COMMAND", help="the command and its arguments"
    )


def run(arguments: Namespace, context: CommandContext) -> int:
    """Become the command; on Windows, run it."""
    if arguments.words:
        told = shlex.join(["envdeck", "run", arguments.reference, "--", *arguments.words])
        raise CommandError("the command stands behind `--`", hint=told)
    path, folder = find_directly(arguments.reference) or _find(arguments.reference, context)
    command = list(getattr(arguments, "command", ()))
    if not command:
        told = tilde(path, context.host.home)
        context.console.note(f"shell with {told} active; `exit` ends it")
        command = [_shell(context)]
    context.console.flush()
    if context.host.windows:
        return _run(command, activate_variables(context.host.environ, path), folder)
    return launch(command, path, folder, context.host.environ)


def _find(reference: str, context: CommandContext) -> tuple[str, str]:
    """Return the environment that is meant, and its project's folder, or where one is."""
    environment = find_environment(reference, context, context.catalog())
    if environment.status is Status.BROKEN:
        path = tilde(environment.path, context.host.home)
        reason = tilde_within(environment.reason, context.host.home)
        raise CommandError(
            f"`{path}` is broken: {reason}",
            hint=f"envdeck recreate {shlex.quote(environment.path)}",
            code=Exit.FAILED,
        )
    link = environment.project
    here = link.path is not None and link.state is ProjectState.FOUND and reach.isdir(link.path)
    return environment.path, (link.path or os.curdir) if here else os.curdir


def _run(command: Sequence[str], environ: dict[str, str], folder: str) -> int:
    """Run a command where a process cannot be replaced."""
    program = shutil.which(command[0], path=environ["PATH"])
    if program is None:
        raise CommandError(f"command not found: `{command[0]}`", code=Exit.FAILED)
    words = [program, *command[1:]]
    return subprocess.run(words, env=environ, cwd=folder, check=False).returncode


def _shell(context: CommandContext) -> str:
    host = context.host
    if host.windows:
        return host.variable("COMSPEC") or "cmd.exe"
    return host.variable("SHELL") or "/bin/sh"
