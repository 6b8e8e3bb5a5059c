"""What an environment is made from, as people name it: `--from` and `--python`."""

import os
from argparse import ArgumentParser
from collections.abc import Sequence

from envdeck.cli.errors import CommandError
from envdeck.cli.places import absolute_path
from envdeck.core.host import Host


def origin_named(given: str, host: Host, known: Sequence[str]) -> tuple[str, str | None]:
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
    reason = "is a folder" if os.path.isdir(path) else "is neither a source nor a file"
    raise CommandError(f"--from: `{given}` {reason}", hint=f"sources are {sources}, or a file")


def add_parts(parser: ArgumentParser) -> None:
    """Let a command take groups and extras of a project."""
    for option, what in (("--group", "dependency group"), ("--extra", "extra")):
        parser.add_argument(
            option,
            action="append",
            dest=f"{option[2:]}s",
            metavar="NAME",
            help=f"install this {what} of the lock or the declaration, and no other "
            "(repeatable; default: what the project's own tool installs)",
        )


def interpreter_named(given: str | None, host: Host) -> str | None:
    """Return what `--python` names: a version as it is, an executable as an absolute path.

    Raises :class:`CommandError` for an executable that is not there.
    """
    if given is None:
        return None
    if not given.strip():
        raise CommandError("--python: an empty word names no interpreter", hint="--python 3.13")
    if os.sep not in given and not given.startswith("~"):
        return given
    path = absolute_path(given, host)
    if not os.path.isfile(path):
        raise CommandError(
            f"--python: there is no interpreter `{given}`", hint="`envdeck interpreters` lists them"
        )
    return path
