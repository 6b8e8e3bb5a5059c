"""A command with an environment active: started in the place of this process, and at once where the
environment stands in its project, or the index of the last scan knows it. Nothing is loaded for
that which the command would wait for."""

import os
import sys
from collections.abc import Mapping, Sequence

from envdeck.core.system.activate import activate_variables

NOT_EXECUTABLE, NOT_FOUND = 126, 127
"""What a shell answers for a command that cannot be started."""
_OF_PROJECTS = ("pyproject.toml", "requirements.txt", "setup.py", "setup.cfg", "Pipfile", ".git")


def launch_directly(argv: Sequence[str]) -> int | None:
    """Run `run ENV -- COMMAND …` where a look at the disk tells all (ENV is a project with a
    `.venv`, or that folder), or one into the index of the last scan. None where more has to be
    known, or said."""
    if len(argv) < 4 or argv[0] != "run" or argv[2] != "--" or os.name == "nt":
        return None
    found = find_directly(argv[1]) or find_remembered(argv[1], os.environ)
    return None if found is None else launch(argv[3:], *found, os.environ)


def find_directly(reference: str) -> tuple[str, str] | None:
    """Return an environment and the folder of its project; None for one that does not start."""
    if not reference or reference.startswith(("-", "~")) or not os.path.isdir(reference):
        return None
    path = os.path.realpath(reference)
    folder, name = os.path.split(path)
    if not os.path.isfile(os.path.join(path, "pyvenv.cfg")):
        path, folder = os.path.join(path, ".venv"), path
    elif name != ".venv":
        return None
    own = any(os.path.lexists(os.path.join(folder, each)) for each in _OF_PROJECTS)
    starts = os.access(os.path.join(path, "bin", "python"), os.X_OK)
    if own and starts and os.path.isfile(os.path.join(path, "pyvenv.cfg")):
        return path, folder
    return None


def find_remembered(reference: str, environ: Mapping[str, str]) -> tuple[str, str] | None:
    """Return the environment that the index knows by this path or name, and the folder of its
    project, as `envdeck.cli.references` would find it; None where anything of it is in doubt."""
    home = environ.get("HOME", "")
    configuration = _own_file(environ, home, "CONFIG", ".config", "config.toml")
    index = _own_file(environ, home, "CACHE", ".cache", "index.sqlite3")
    asked = bool(reference) and all(each.isalnum() or each in "._-/" for each in reference)
    usual = "ENVDECK_CONFIG" not in environ and not os.path.lexists(configuration)
    if not (asked and reference.isascii() and home and usual and sys.platform == "linux"):
        return None
    if sys.getfilesystemencoding() != "utf-8" or reference.startswith("-"):
        return None
    is_path = os.path.lexists(reference)
    real = os.path.realpath(reference)
    matches = [
        row
        for row in _remembered(index, real if is_path else reference)
        if (row[0] == real if is_path else _is_called(row, reference))
    ]
    exact = matches if is_path else [row for row in matches if row[1] == reference]
    found = exact or matches
    if len(found) != 1:
        return None
    path, _name, status, state, project = found[0]
    if (status, state) != ("ok", "found") or not project or not os.path.isdir(project):
        return None
    starts = os.access(os.path.join(path, "bin", "python"), os.X_OK)
    whole = starts and os.path.isfile(os.path.join(path, "pyvenv.cfg"))
    return (path, project) if whole else None


def _own_file(environ: Mapping[str, str], home: str, kind: str, usual: str, name: str) -> str:
    """Return a file in one of EnvDeck's own folders, as `Host` has them on Linux."""
    base = environ.get(f"XDG_{kind}_HOME", "")
    base = base if base.startswith("/") else os.path.join(home, usual)
    return os.path.join(base, "envdeck", name)


def _is_called(row: "_Row", name: str) -> bool:
    path, own, _status, _state, project = row
    names = {own, os.path.basename(path), os.path.basename(project) if project else own}
    return name in names or path.endswith(os.sep + name)


_Row = tuple[str, str, str, str, "str | None"]
"""Path, name, status, state of its project, and the folder of that."""
_MARK, _VERSION = 0x456E7644, 5
"""Those of `envdeck.core.index.database`, whose records are read here."""


def _remembered(index: str, part: str) -> list[_Row]:
    """Return of the environments in the index whose record holds a text what is needed here, and
    none where it is not understood."""
    import sqlite3  # start-up: only where the disk does not tell

    if not os.path.isfile(index):
        return []
    address = "file:" + index.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    try:
        connection = sqlite3.connect(f"{address}?mode=ro", uri=True, timeout=0.1)
        try:
            marks = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in _MARKS]
            if marks != [_MARK, _VERSION]:
                return []
            rows = connection.execute(_ASKED, (part,)).fetchall()
        finally:
            connection.close()
    except (sqlite3.Error, UnicodeDecodeError):
        return []
    known = [row for row in rows if row[5] or part.startswith("/")]
    return [row[:5] for row in known if all(isinstance(one, str) for one in row[:4])]


_MARKS = ("application_id", "user_version")
_ASKED = """SELECT json_extract(record, '$[3][0]'), json_extract(record, '$[3][1]'),
    json_extract(record, '$[3][3]'), json_extract(record, '$[3][6]'),
    json_extract(record, '$[4][10]'), json_extract(record, '$[2]')
    FROM (SELECT substr(record, 9) AS record FROM environment WHERE instr(record, ?))"""
"""Behind a checksum a record is JSON."""


def launch(
    command: Sequence[str], environment: str, folder: str, environ: Mapping[str, str]
) -> int:
    """Become a command, so that signals and its exit code are its own; it returns only where there
    is no such command. Not for Windows, where a process cannot be replaced."""
    active = activate_variables(environ, environment)
    try:
        os.chdir(folder)
        os.execvpe(command[0], list(command), active)  # noqa: S606  what a person typed
    except FileNotFoundError:
        sys.stderr.write(f"error: command not found: {ascii(command[0])[1:-1]}\n")
        return NOT_FOUND
    except OSError as error:
        reason = (error.strerror or "").lower()
        sys.stderr.write(f"error: cannot run {ascii(command[0])[1:-1]}: {reason}\n")
        return NOT_EXECUTABLE
