"""The PATH arguments: checked before anything is looked at."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from envdeck.cli.context import Context
from envdeck.cli.errors import CommandError
from envdeck.cli.parser import COMMANDS
from envdeck.core.files import reason_of
from envdeck.core.host import Host
from envdeck.core.reach import admit

if TYPE_CHECKING:
    from envdeck.core.catalog import Scope


def scope_of(
    paths: Sequence[str],
    context: Context,
    *,
    sizes: bool,
    interpreters: bool = False,
    fresh: bool = False,
) -> "Scope":
    """Return where to look, from PATH arguments and the configuration.

    Raises :class:`CommandError` for a PATH that cannot be looked into, and
    :class:`envdeck.config.ConfigurationError`.
    """
    from envdeck.core.catalog import Scope

    roots = tuple(dict.fromkeys(folder(path, context.host) for path in paths))
    settings = context.configuration().settings
    return Scope(
        roots,
        sizes=sizes,
        fresh=fresh,
        cross_devices=settings.cross_devices,
        exclude=settings.exclude,
        usual_roots=settings.roots,
        interpreters=interpreters,
    )


def folder(path: str, host: Host) -> str:
    """Return the absolute path of a folder that can be looked into.

    Raises :class:`CommandError` when it does not exist, is no folder, or cannot be read.
    """
    absolute = absolute_path(path, host)
    try:
        with os.scandir(absolute) as entries:
            next(entries, None)
    except FileNotFoundError:
        raise CommandError(f"`{path}` does not exist", hint=_meant(path)) from None
    except NotADirectoryError:
        raise CommandError(f"`{path}` is not a folder", hint="give a folder to look into") from None
    except (OSError, ValueError) as error:
        raise CommandError(f"`{path}` cannot be read: {reason_of(error)}") from error
    return absolute


def absolute_path(path: str, host: Host) -> str:
    """Return an argument as an absolute path; a quoted `~` is the home folder all the same."""
    if not path:
        raise CommandError("an empty path names nothing", hint="`.` is the current folder")
    expanded = path if os.path.lexists(path) else host.expand(path)
    try:
        absolute = os.path.abspath(expanded)
        admit(absolute)
        return absolute
    except FileNotFoundError as error:
        raise CommandError("the current folder no longer exists", hint="cd ~") from error


def _meant(path: str) -> str:
    from difflib import get_close_matches  # only for a mistake: it costs 5 ms

    if path == "help":
        return "envdeck --help"
    close = get_close_matches(path, COMMANDS, n=1)
    return f"did you mean the command `envdeck {close[0]}`?" if close else ""
