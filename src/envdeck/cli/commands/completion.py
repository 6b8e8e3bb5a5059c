"""`envdeck completion SHELL`: a script that completes commands in a shell."""

from argparse import ArgumentParser, Namespace

import shtab

from envdeck.cli.console import CommandError, Exit
from envdeck.cli.context import CommandContext
from envdeck.cli.main import whole_parser

DESCRIPTION = """Print a shell completion script for envdeck's commands, options and folders."""

EXAMPLES = """  eval "$(envdeck completion bash)"                  add to ~/.bashrc
  envdeck completion zsh > ~/.zfunc/_envdeck        with ~/.zfunc in fpath
  envdeck completion fish > ~/.config/fish/completions/envdeck.fish"""

SHELLS = ("bash", "zsh", "tcsh", "fish")


def add_arguments(parser: ArgumentParser) -> None:
    """Say which arguments the command takes."""
    parser.add_argument("shell", choices=SHELLS, help="target shell")


def run(arguments: Namespace, context: CommandContext) -> int:
    """Print a completion script."""
    if arguments.shell not in shtab.SUPPORTED_SHELLS:
        raise CommandError(
            f"shtab {shtab.__version__} does not support {arguments.shell}",
            hint="pip install --upgrade shtab",
        )
    parser = whole_parser()
    context.console.line(shtab.complete(parser, shell=arguments.shell).rstrip("\n"))
    return Exit.DONE
