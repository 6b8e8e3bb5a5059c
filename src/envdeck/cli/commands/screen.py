"""`envdeck [PATH …]`: the screen, where there is a terminal for it."""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from functools import partial

from envdeck.cli.arguments import build_scope
from envdeck.cli.context import CommandContext
from envdeck.cli.main import add_paths
from envdeck.cli.scan import settle_folders
from envdeck.config import Configuration, ConfigurationError
from envdeck.config.save import (
    keep_answer,
    offers_tour,
    read_screen_state,
    save_screen_state,
    save_theme,
)

DESCRIPTION = """Manage every Python environment on this machine from one terminal screen.
Without a command, opens the screen on all environments or those under PATH;
without a terminal, prints the same as `envdeck list`."""

EXAMPLES = """  envdeck                          every environment on this machine
  envdeck ~/work                   environments under one folder
  envdeck ./list                   a folder named like a command
  envdeck list --json              the same for scripts"""


def add_arguments(parser: ArgumentParser) -> None:
    """Say which arguments the command takes."""
    add_paths(parser)


def run(arguments: Namespace, context: CommandContext) -> int:
    """Open the screen, or list plainly where nobody could see it."""
    if not context.interactive:
        # start-up: only where there is no terminal
        from envdeck.cli.commands.list import print_everything

        return print_everything(arguments.paths, context)
    return open_screen(context, paths=arguments.paths)


def open_screen(
    context: CommandContext,
    *,
    project: str | None = None,
    paths: Sequence[str] = (),
    tour: bool | None = None,
    label: str = "",
) -> int:
    """Open the screen, and return the exit code once it is closed.

    `project` (a folder) puts its walkthrough in front; `paths` narrow what is looked at; `tour`
    says whether the tour is offered, None offers it until it was answered once; `label` stands
    beside the program's name.
    """
    # start-up: a help, and what has no terminal, need no screen
    from envdeck.tui import ScreenSettings, run_screen

    if not (context.read_only or context.configuration().settings.read_only):
        settle_folders(context)
    host, settings = context.host, context.configuration().settings
    check_keys(context.configuration())
    scope = build_scope(paths, context, sizes=True, interpreters=True, health=True)
    unsaved: list[str] = []

    def keep_theme(theme: str) -> None:
        reason = save_theme(host, theme)
        if reason is not None:
            unsaved.append(reason)

    catalog = context.catalog()
    code = run_screen(
        catalog,
        scope,
        ScreenSettings(
            home=host.home,
            theme=settings.theme,
            keys=settings.keys,
            columns=settings.columns,
            save_theme=keep_theme,
            now=host.now,
            signs=context.console.signs,
            no_color=host.variable("NO_COLOR") is not None,
            notices=settings.notices,
            read_only=context.read_only or settings.read_only,
            label=label,
            project=project or "",
            state=read_screen_state(host),
            save_state=partial(save_screen_state, host),
            tour=offers_tour(host) if tour is None else tour,
            tour_answered=lambda: keep_answer(host),
        ),
        lambda: context.operations(catalog),
    )
    if unsaved:
        context.console.warn(f"theme not saved: {unsaved[-1]}")
    return code


def check_keys(configuration: Configuration) -> None:
    """Refuse keys that the screen cannot use.

    Raises :class:`envdeck.config.ConfigurationError`. It imports Textual, which knows the keys,
    only where some are configured.
    """
    if not configuration.settings.keys:
        return
    # start-up: a help, and what has no terminal, need no screen
    from envdeck.tui.base.keymap import validate_keys

    problems = validate_keys(configuration.settings.keys)
    if problems:
        raise ConfigurationError(
            configuration.path,
            f"[keys]: {'; '.join(problems)}",
            hint="press `?` on the screen for all keys",
        )
