"""From arguments to an exit code."""

from argparse import Namespace
from collections.abc import Callable, Sequence
from threading import Thread

from envdeck.cli.context import Context
from envdeck.cli.errors import CommandError, Exit
from envdeck.cli.parser import COMMANDS, command, parser_of, screen_parser, whole_parser
from envdeck.cli.pending import say_pending
from envdeck.config import ConfigurationError
from envdeck.text import tilde

_HELP = {"-h", "--help"}
_VERSION = {"-V", "--version"}
_READ_ONLY = "--read-only"
_LOOKING = {"list", "show", "find", "diff", "interpreters"}
"""Commands that change nothing, and say so where something waits to be finished."""
_WAKE_SECONDS = 0.5
"""How often Windows is asked for a Ctrl-C; elsewhere a signal ends the wait at once."""


def run(arguments: Sequence[str], context: Context) -> int:
    """Do what the arguments say; what cannot be done is explained on the error stream."""
    try:
        code = _done(arguments, context)
        context.console.flush()
    except CommandError as error:
        context.console.error(error.message, error.hint)
        return error.code
    except ConfigurationError as error:
        context.console.error(_place(error, context.host.home), error.hint)
        return Exit.USAGE
    finally:
        context.console.clear_progress()
    return code


def _done(arguments: Sequence[str], context: Context) -> int:
    try:
        return _dispatch(arguments, context)
    except SystemExit as done:  # argparse has printed a help
        return done.code if isinstance(done.code, int) else Exit.DONE


def _dispatch(arguments: Sequence[str], context: Context) -> int:
    options, operands = _split(arguments)
    if _READ_ONLY in options:  # it holds for every command, wherever it stands
        context.read_only = True
        options = [option for option in options if option != _READ_ONLY]
    arguments = [*options, *operands]
    first = options[0] if options else ""
    if first in COMMANDS:
        parsed = parser_of(first).parse(arguments[1:])
        if first not in _LOOKING:
            return command(first).run(parsed, context)
        return _run_aside(lambda: _look(first, parsed, context))
    for argument in options:
        if argument in _HELP | _VERSION:
            whole_parser().parse_args([argument])
    parsed = screen_parser().parse(arguments)
    if not context.interactive:
        say_pending(context)
    return command("screen").run(parsed, context)


def _look(name: str, parsed: Namespace, context: Context) -> int:
    say_pending(context)
    return command(name).run(parsed, context)


def _run_aside(call: Callable[[], int]) -> int:
    """Run what changes nothing in a thread, so that Ctrl-C ends it whatever disk it waits for:
    a signal reaches the main thread alone, and not while that waits in the system."""
    ended: list[int] = []
    failed: list[BaseException] = []

    def run_call() -> None:
        try:
            ended.append(call())
        except BaseException as error:  # noqa: BLE001 - raised again where it is handled
            failed.append(error)

    thread = Thread(target=run_call, name="envdeck-command", daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(_WAKE_SECONDS)
    if failed:
        raise failed[0]
    return ended[0]


def _split(arguments: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """Return the arguments before `--`, and those behind it in a spelling that no option has:
    `-x` as `./-x`, which names the same path."""
    if "--" not in arguments:
        return arguments, ()
    at = arguments.index("--")
    behind = [f"./{name}" if name.startswith("-") else name for name in arguments[at + 1 :]]
    return arguments[:at], behind


def _place(error: ConfigurationError, home: str) -> str:
    line = f":{error.line}" if error.line is not None else ""
    return f"{tilde(error.path, home)}{line}: {error.what}"
