"""Words only the screen uses."""

import os
from typing import NamedTuple

from envdeck.core.dotenv.model import Remedy, RemedyKind
from envdeck.core.model import Environment, Interpreter, ProjectState, Python, Status
from envdeck.text import clip, plain, width
from envdeck.tui.widgets.line import Line, Look, Part, Tone

_IMPLEMENTATIONS = {"cpython": "CPython", "pypy": "PyPy", "graalpy": "GraalPy"}
_STATUS_TONES = {
    Status.OK: Tone.GOOD,
    Status.BROKEN: Tone.ERROR,
    Status.MOVED: Tone.WARNING,
    Status.MIXED: Tone.WARNING,
    Status.SUSPECT: Tone.WARNING,
}


def counted(count: int, noun: str) -> str:
    """Return `1 package`, `1,204 packages`."""
    if count == 1:
        return f"1 {noun}"
    if noun.endswith("y"):
        return f"{count:,} {noun[:-1]}ies"
    return f"{count:,} {noun}s"


def python_name(python: Python | Interpreter) -> str:
    """Return `CPython 3.12.4`, as much of it as is known."""
    spelt = python.implementation or "python"
    name = _IMPLEMENTATIONS.get(spelt, "Python" if spelt == "python" else spelt)
    return plain(f"{name} {python.version}" if python.version else f"{name}, version unknown")


def status_line(environment: Environment, look: Look) -> Line:
    """Return sign and word of what holds: `✗ broken, orphan`; why is said by the findings."""
    status = environment.status
    parts = [Part(_signed(status.value, look), _STATUS_TONES[status])]
    for holds, word in (
        (environment.project.state is ProjectState.GONE, "orphan"),
        (environment.python.end_of_life is not None, "end of life"),
        (environment.project.state is ProjectState.UNMOUNTED, "unmounted"),
    ):
        if holds and status is Status.OK and len(parts) == 1 and parts[0].text == status.value:
            parts = [Part(_signed(word, look), Tone.WARNING)]
        elif holds:
            parts.append(Part(f", {word}", Tone.WARNING))
    return tuple(parts)


def _signed(word: str, look: Look) -> str:
    return f"{look.signs.of_status(word)} {word}".strip()


def refusal(protected: str) -> str:
    """Return why an environment is not deleted, without the name of the guard before it."""
    guard, colon, why = protected.partition(": ")
    return why if colon and " " not in guard else protected


def end_of_life(when: str, look: Look) -> Line:
    """Return `● end of life since 2024-10-07`."""
    return (Part(f"{look.signs.warning} end of life since {plain(when)}", Tone.WARNING),)


def made_by(environment: Environment) -> str:
    """Return `uv 0.13`."""
    creation = environment.creation
    if creation.creator is None:
        return "unknown"
    return plain(" ".join(filter(None, (creation.creator, creation.creator_version))))


def project_line(environment: Environment, look: Look) -> Line:
    """Return where the project is, or which of three ways it has of not being there."""
    link = environment.project
    path = Part(look.path(link.path or "its place is not known"), path=True)
    match link.state:
        case ProjectState.FOUND:
            return (path,)
        case ProjectState.GONE:
            return (Part("gone: ", Tone.WARNING), path)
        case ProjectState.UNMOUNTED:
            return (Part("on a disk that is not mounted: ", Tone.WARNING), path)
        case ProjectState.NONE:
            return (Part("none found"),)


def short_manager(manager: str, cells: int, look: Look) -> str:
    """Return a manager's name that fits, its end kept: `virtualenvwrapper` is no virtualenv."""
    name = plain(manager)
    if width(name) <= cells or not name.startswith("virtualenv"):
        return clip(name, cells, look.signs.ellipsis)
    ellipsis = look.signs.ellipsis
    return clip(ellipsis + name.removeprefix("virtualenv"), cells, ellipsis)


def place(file: str, line: int | None, folder: str, look: Look) -> str:
    """Return where something stands, from the project's folder: `uv.lock:12`."""
    if not file:
        return ""
    start = folder.rstrip("/\\")
    inside = start and file.startswith(start) and file[len(start) : len(start) + 1] in {"/", os.sep}
    shown = plain(file[len(start) + 1 :]) if inside else look.path(file)
    return shown if line is None else f"{shown}:{line}"


class Activity(NamedTuple):
    """What is being done with an environment."""

    word: str
    short: str
    """The same in seven cells."""


def minor(version: str | None) -> str:
    """Return `3.13` of `3.13.1`; empty where it is not known."""
    return ".".join((version or "").split(".")[:2])


def capital(text: str) -> str:
    """Return a sentence as it begins; a path, a file's name or a key keeps its letters."""
    first = text.partition(" ")[0].rstrip(".,:;")
    if any(sign in first for sign in "/\\._="):
        return text
    return text[:1].upper() + text[1:]


def remedy_title(remedy: Remedy, look: Look) -> str:
    """Return the title of the plan."""
    file = place(remedy.file, None, remedy.project, look)
    match remedy.kind:
        case RemedyKind.CREATE:
            return f"Create {file} from {place(remedy.example, None, remedy.project, look)}"
        case RemedyKind.ADD if len(remedy.keys) == 1:
            return f"Add {plain(remedy.keys[0])} to {file}"
        case RemedyKind.ADD:
            return f"Add {len(remedy.keys):,} keys to {file}"
        case RemedyKind.IGNORE:
            return f"Have git ignore {file}"
        case RemedyKind.PRIVATE:
            return f"Let nobody else read {file}"
