"""`envdeck demo`: a home of made-up environments, to try everything on without risk."""

import os
import sys
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from envdeck.cli.commands.screen import open_screen
from envdeck.cli.console import CommandError, Exit
from envdeck.cli.context import CommandContext
from envdeck.cli.main import complete_folders
from envdeck.cli.perform import catch_signals
from envdeck.config.save import offers_tour
from envdeck.core.lazy_dataclasses import replace
from envdeck.text import plain, tilde

if TYPE_CHECKING:
    from envdeck.demo import Demo, Sandbox

# What builds the demo is imported where it is built: a help needs none of it.

DESCRIPTION = """Create a sample home folder with real environments, healthy and broken, and
open the screen on it, to try delete, undo, recreate and upgrade. Takes a few
seconds, works in a temporary folder without network access, never touches your
own environments, and is removed on exit."""

EXAMPLES = """  envdeck demo                     try everything; removed on exit
  envdeck demo --onboard           start with the project setup of a fresh clone
  envdeck demo --keep              keep the folder on exit
  envdeck demo --path FOLDER       create it in FOLDER and keep it"""


def add_arguments(parser: ArgumentParser) -> None:
    """Say which arguments the command takes."""
    parser.add_argument(
        "--onboard", action="store_true", help="start with the project setup of a fresh clone"
    )
    parser.add_argument(
        "--keep", action="store_true", help="keep the folder on exit and print its path"
    )
    complete_folders(
        parser.add_argument(
            "--path", metavar="FOLDER", help="create the demo in FOLDER (empty or new) and keep it"
        )
    )


def run(arguments: Namespace, context: CommandContext) -> int:
    """Build the demo, open the screen on it, and remove it."""
    if not context.interactive and arguments.path is None:
        raise CommandError(
            "the demo screen needs a terminal",
            hint="run `envdeck demo --path FOLDER` to create it for use with other commands",
        )
    with catch_signals() as stops:
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
    """Return the folder of a demo, once those are gone that a kill left behind."""
    # start-up: builders and operations
    from envdeck.demo import Sandbox, SandboxError, leftovers, remove

    for folder in leftovers():
        problem = remove(folder)
        outcome = f"cannot be removed: {problem}" if problem else "removed"
        context.console.note(f"leftover demo {folder}: {outcome}")
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
    console.note(f"creating the demo in {sandbox.path}")

    def tell(text: str) -> None:
        console.progress(plain(text))

    try:
        return build_demo(sandbox.path, context.host, runs=sys.executable, report=tell)
    except DemoError as error:
        raise CommandError(f"cannot create the demo: {error}", code=Exit.FAILED) from error
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
    console, home = context.console, demo.host.home
    console.line(demo.root)
    shows = demo.shows
    for name, created in demo.created.items():
        place = created.environment or created.project or home
        console.line(f"  {plain(tilde(place, home))}: {shows[name]}")
    console.hint(f"run `. {demo.root}/environ.sh` to use it as the home of a shell")
    return Exit.DONE


def _close(sandbox: "Sandbox", context: CommandContext) -> None:
    problem = sandbox.close()
    if sandbox.kept:
        context.console.note(f"demo kept in {sandbox.path}")
    elif problem:
        context.console.warn(f"demo in {sandbox.path} only partly removed: {problem}")
    else:
        context.console.note(f"demo removed: {sandbox.path}")
