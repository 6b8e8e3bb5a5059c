"""PATH, `--python`, filters, sort, `--yes`, `--allow`, `--from`."""

import os
import shlex
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Iterable, Sequence
from functools import partial
from typing import TypeVar

from envdeck.cli.console import CommandError, Exit
from envdeck.cli.context import CommandContext
from envdeck.cli.main import COMMANDS
from envdeck.core.model import Environment, NoPlan
from envdeck.core.query import BadTermError, Matches, read_python
from envdeck.core.system.files import reason_of
from envdeck.core.system.host import Host
from envdeck.core.system.reach import Scope, admit
from envdeck.core.system.words import find_nearest, read_bytes, read_seconds

PlanT = TypeVar("PlanT")


def build_scope(
    paths: Sequence[str],
    context: CommandContext,
    *,
    sizes: bool,
    interpreters: bool = False,
    fresh: bool = False,
    health: bool = False,
) -> Scope:
    """Return where to look, from PATH arguments and the configuration.

    Raises :class:`CommandError` for a PATH that cannot be looked into, and
    :class:`envdeck.config.ConfigurationError`.
    """
    roots = tuple(dict.fromkeys(folder(path, context) for path in paths))
    settings = context.configuration().settings
    return Scope(
        roots,
        sizes=sizes,
        fresh=fresh,
        cross_devices=settings.cross_devices,
        exclude=settings.exclude,
        threads=settings.threads,
        usual_roots=settings.roots,
        interpreters=interpreters,
        health=health,
    )


def folder(path: str, context: CommandContext) -> str:
    """Return the absolute path of a folder that can be looked into.

    Raises :class:`CommandError` when it does not exist, is no folder, or cannot be read.
    """
    absolute = absolute_path(path, context.host)
    try:
        with os.scandir(absolute) as entries:
            next(entries, None)
    except FileNotFoundError:
        hint = _suggest_command(path, context)
        raise CommandError(f"`{path}` does not exist", hint=hint) from None
    except NotADirectoryError:
        raise CommandError(f"`{path}` is not a folder", hint="pass a folder to scan") from None
    except (OSError, ValueError) as error:
        raise CommandError(f"cannot read `{path}`: {reason_of(error)}") from error
    return absolute


def absolute_path(path: str, host: Host) -> str:
    """Return an argument as an absolute path; a quoted `~` is the home folder all the same."""
    if not path:
        raise CommandError("empty path", hint="use `.` for the current folder")
    expanded = path if os.path.lexists(path) else host.expand(path)
    try:
        absolute = os.path.abspath(expanded)
        admit(absolute)
        return absolute
    except FileNotFoundError as error:
        raise CommandError("the current folder no longer exists", hint="cd ~") from error


_OTHER_WORDS = {
    "activate": "run ENV",
    "add": "install ENV REQUIREMENT",
    "audit": "doctor --online",
    "check": "doctor",
    "compare": "diff ENV",
    "env": "dotenv PROJECT",
    "exec": "run ENV -- COMMAND",
    "freeze": "show ENV",
    "gc": "clean",
    "info": "show ENV",
    "init": "create PROJECT",
    "log": "history",
    "new": "create PROJECT",
    "prune": "clean",
    "purge": "trash purge",
    "remove": "delete ENV",
    "restore": "undo",
    "search": "find REQUIREMENT",
    "setup": "onboard PROJECT",
    "shell": "run ENV",
    "sync": "recreate ENV --from lock",
    "tree": "show ENV",
    "update": "upgrade ENV",
}
"""What other programs call a command."""


def _suggest_command(path: str, context: CommandContext) -> str:
    if path in _OTHER_WORDS:
        return f"did you mean `envdeck {_OTHER_WORDS[path]}`?"
    known = context.catalog().remembered(build_scope((), context, sizes=False))
    if os.sep not in path and match_name(path, known):
        return f"environments are named behind a command: envdeck show {shlex.quote(path)}"
    close = find_nearest(path, COMMANDS)
    return f"did you mean `envdeck {close[0]}`?" if close else "envdeck --help"


def match_name(name: str, environments: Iterable[Environment]) -> list[Environment]:
    """Return those of that name; failing that, those whose path ends so, or whose project is
    called so."""
    known = list(environments)
    exact = [environment for environment in known if environment.name == name]
    return exact or [
        environment
        for environment in known
        if environment.path.endswith(os.sep + name) or name in other_names(environment)
    ]


def other_names(environment: Environment) -> set[str]:
    """Return the names of an environment's folder and of its project's."""
    project = environment.project.path
    names = {os.path.basename(environment.path)}
    return names | {os.path.basename(project)} if project else names


def read_python_range(spec: str) -> Matches:
    """Return the test for `3.12` (that and all that begin so) or `>=3.10,<3.12` (PEP 440).

    Raises :class:`argparse.ArgumentTypeError` for anything else.
    """
    try:
        return read_python(spec)
    except BadTermError as error:
        raise ArgumentTypeError(str(error)) from error


OVERRULABLE = (
    *("symlink", "has-dependants", "tracked", "unowned-files", "in-use"),
    *("import-check", "changed-lock"),
)
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


def add_options(parser: ArgumentParser, *, guards: bool = True, more: tuple[str, ...] = ()) -> None:
    """Let a command be planned only, run without a question, and answer in JSON. `more` are
    guards of this command alone that may be overruled."""
    known = (*OVERRULABLE, *more)
    acting = parser.add_argument_group("execution")
    acting.add_argument("--dry-run", action="store_true", help="print the plan without changes")
    acting.add_argument(
        "-y", "--yes", action="store_true", help="skip confirmation; required without a terminal"
    )
    if guards:
        acting.add_argument(
            "--allow",
            action="append",
            default=[],
            type=partial(read_guard, known=known),
            choices=known,
            metavar="NAME",
            help=f"override this guard: {', '.join(known)} (repeatable)",
        )
    acting.add_argument(
        "-v", "--verbose", action="store_true", help="print commands and their output"
    )
    acting.add_argument("--json", action="store_true", help="print plan and result as JSON")
    acting.add_argument("--read-only", action="store_true", help="disable all changes")


def add_runs(parser: ArgumentParser, run: str, runs: str) -> None:
    """Add what a command takes that runs another one again and again, behind `--`."""
    parser.add_argument(
        "--timeout", type=float, metavar="SECONDS", help=f"end {run} after this time"
    )
    parser.add_argument(
        "--jobs", type=int, metavar="N", help=f"{runs} at once (default: the number of cores)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(command=[])


def read_runs(arguments: Namespace, usage: str) -> tuple[tuple[str, ...], float | None, int]:
    """Return the command to run, its time limit in seconds, and how many run at once (0: as many
    as there are cores). Raises :class:`CommandError`."""
    limit: float | None = arguments.timeout
    if not arguments.command:
        raise CommandError("no command to run", hint=f"envdeck {usage} -- COMMAND")
    if limit is not None and not 0 < limit < float("inf"):
        raise CommandError("--timeout: not a number of seconds", hint="--timeout 600")
    return tuple(arguments.command), limit, max(0, arguments.jobs or 0)


def check_plan(plan: PlanT | NoPlan) -> PlanT:
    """Return a plan. Raises :class:`CommandError` where there is none."""
    if isinstance(plan, NoPlan):
        code = Exit.USAGE if plan.missing else Exit.FAILED
        raise CommandError(plan.message, hint=plan.hint, code=code)
    return plan


def read_guard(text: str, known: Sequence[str] = OVERRULABLE) -> str:
    """Return the name of a guard that may be overruled."""
    if text in FINAL:
        raise ArgumentTypeError(f"guard `{text}` cannot be overridden")
    if text not in known:
        raise ArgumentTypeError(f"unknown guard `{text}`; choose from {', '.join(known)}")
    return text


def read_source(given: str, host: Host, known: Sequence[str]) -> tuple[str, str | None]:
    """Return the source that `--from` names, and the file where it is one.

    A file that is called as a source is named with its folder: `./lock`. Raises
    :class:`CommandError`.
    """
    if given in known:
        return given, None
    path = absolute_path(given, host)
    if os.path.isfile(path):
        return "file", path
    sources = ", ".join(f"`{name}`" for name in known)
    reason = "is a folder" if os.path.isdir(path) else "is not a source or a file"
    raise CommandError(f"--from: `{given}` {reason}", hint=f"use {sources}, or a file")


def add_parts(parser: ArgumentParser) -> None:
    """Let a command take groups and extras of a project."""
    for option, what in (("--group", "dependency group"), ("--extra", "extra")):
        parser.add_argument(
            option,
            action="append",
            dest=f"{option[2:]}s",
            metavar="NAME",
            help=f"install only this {what} "
            "(repeatable; default: the groups and extras the project's tool installs)",
        )
    add_no_project(parser)


def add_no_project(parser: ArgumentParser) -> None:
    """Let a command leave the project itself out."""
    parser.add_argument(
        "--no-project", action="store_true", help="install what the project needs, not the project"
    )


def read_interpreter(given: str | None, host: Host) -> str | None:
    """Return what `--python` names: a version as it is, an executable as an absolute path.

    Raises :class:`CommandError` for an executable that is not there.
    """
    if given is None:
        return None
    if not given.strip():
        raise CommandError("--python: empty value", hint="--python 3.13")
    if os.sep not in given and not given.startswith("~"):
        return given
    path = absolute_path(given, host)
    if not os.path.isfile(path):
        raise CommandError(
            f"--python: interpreter not found: `{given}`", hint="envdeck interpreters"
        )
    return path


def read_duration(text: str) -> float:
    """Return `90d` in seconds; `h`, `d`, `w`, `m` or `mo` (30 days), `y`, as in the filter."""
    seconds = read_seconds(text)
    if seconds is None:
        raise ArgumentTypeError(f"invalid duration `{text}`; use 12h, 90d, 6w, 3m (months) or 2y")
    return seconds


def read_byte_count(text: str) -> float:
    """Return `500MB` in bytes; decimal units (`kB` … `TB`) and binary ones (`MiB`)."""
    count = read_bytes(text)
    if count is None:
        raise ArgumentTypeError(f"invalid size `{text}`; use 500MB, 1.5GB or 800MiB")
    return count
