"""`envdeck demo`: a home of made-up environments, to try everything on without risk."""

import os
import sys
from argparse import ArgumentParser, Namespace
from dataclasses import replace
from typing import TYPE_CHECKING

from envdeck.cli.commands.screen import open_screen
from envdeck.cli.console import CommandError, Exit
from envdeck.cli.context import CommandContext
from envdeck.cli.main import complete_folders
from envdeck.cli.perform import catch_signals
from envdeck.config.save import offers_tour
from envdeck.text import plain, tilde

if TYPE_CHECKING:
    from envdeck.demo import Demo, Sandbox

# What builds the demo is imported where it is built: a help needs none of it.

DESCRIPTION = """Build a home folder of made-up projects with real environments, healthy and not,
and open the screen on it: the place to try delete, undo, recreate and upgrade. It is built in
a temporary folder in some seconds, needs no network, knows nothing of your own environments,
and is removed when you leave."""

EXAMPLES = """  envdeck demo                     try everything; nothing of it stays
  envdeck demo --onboard           from a fresh clone to its first command
  envdeck demo --keep              the same, and the folder stays
  envdeck demo --path FOLDER       build it there; without a terminal, only that"""


def add_arguments(parser: ArgumentParser) -> None:
    """Say which arguments the command takes."""
    parser.add_argument(
        "--onboard", action="store_true", help="begin with the walkthrough of a fresh clone"
    )
    parser.add_argument("--keep", action="store_true", help="do not remove it, and say where it is")
    complete_folders(
        parser.add_argument(
            "--path", metavar="FOLDER", help="build it in an empty or absent folder, and keep it"
        )
    )


def run(arguments: Namespace, context: CommandContext) -> int:
    """Build the demo, open the screen on it, and remove it."""
    if not context.interactive and arguments.path is None:
        raise CommandError(
            "there is no terminal for the screen of the demo",
            hint="`envdeck demo --path FOLDER` builds it in a folder, for other commands",
        )
    from envdeck.demo import leftovers, remove  # start-up: builders and operations

    with catch_signals() as stops:
        for folder in leftovers():
            problem = remove(folder)
            outcome = f"could not be removed: {problem}" if problem else "is removed"
            context.console.note(f"{folder}, left behind by an earlier demo, {outcome}")
        sandbox = _sandbox(arguments, context)
        try:
            demo = _build(sandbox, context)
            if not context.interactive:
                return _print_commands(demo, context)
            return _open(demo, context, onboard=arguments.onboard)
        finally:
            with stops.unbroken():
                _close(sandbox, context)


def _sandbox(arguments: Namespace, context: CommandContext) -> "Sandbox":
    from envdeck.demo import Sandbox, SandboxError  # start-up: builders and operations

    try:
        if arguments.path is not None:
            return Sandbox.at(os.path.abspath(context.host.expand(arguments.path)))
        sandbox = Sandbox.temporary()
    except SandboxError as error:
        raise CommandError(str(error)) from error
    if arguments.keep:
        sandbox.keep()
    return sandbox


def _build(sandbox: "Sandbox", context: CommandContext) -> "Demo":
    from envdeck.demo import DemoError, build_demo  # start-up: builders and operations

    console = context.console
    console.note(f"building the demo in {sandbox.path}")

    def tell(text: str) -> None:
        console.progress(plain(text))

    try:
        return build_demo(sandbox.path, context.host, runs=sys.executable, report=tell)
    except DemoError as error:
        raise CommandError(f"the demo cannot be built: {error}", code=Exit.FAILED) from error
    finally:
        console.clear_progress()


def _open(demo: "Demo", context: CommandContext, *, onboard: bool) -> int:
    """Open the screen with the demo for a machine, as it opens with a real one."""
    inside = replace(context, host=demo.host, _configuration=None)
    clone = demo.project("clone") if onboard else None
    offered = None if offers_tour(context.host) else False  # its own home has answered nothing
    return open_screen(inside, project=clone, tour=offered, label="demo")


def _print_commands(demo: "Demo", context: CommandContext) -> int:
    """Say what there is to see, where no screen shows it."""
    from envdeck.demo import SCENARIOS  # start-up: builders and operations

    console, home = context.console, demo.host.home
    console.line(demo.root)
    shows = {one.name: one.shows for one in SCENARIOS}
    for name, created in demo.created.items():
        place = created.environment or created.project or home
        console.line(f"  {plain(tilde(place, home))}: {shows[name]}")
    console.hint(f"`. {demo.root}/environ.sh` makes it the home of a shell")
    return Exit.DONE


def _close(sandbox: "Sandbox", context: CommandContext) -> None:
    problem = sandbox.close()
    if sandbox.kept:
        context.console.note(f"the demo stays in {sandbox.path}")
    elif problem:
        context.console.warn(f"the demo in {sandbox.path} could not be removed whole: {problem}")
    else:
        context.console.note(f"the demo in {sandbox.path} is removed")
