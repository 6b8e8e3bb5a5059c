"""How commands speak of environments to people."""

from envdeck.cli.output.table import Cell
from envdeck.core.model import Creation, Environment, Python, Status
from envdeck.text import Signs, tilde

_IMPLEMENTATIONS = {"cpython": "CPython", "pypy": "PyPy", "graalpy": "GraalPy"}
_STYLES = {
    Status.OK: "green",
    Status.BROKEN: "red",
    Status.MOVED: "red",
    Status.MIXED: "yellow",
    Status.SUSPECT: "yellow",
}


def standing(environment: Environment, signs: Signs) -> Cell:
    """Return sign and word for an environment's state; one whose Python is out of support is
    said to be so, though its status is ok."""
    status = environment.status
    if status is Status.OK and environment.python.end_of_life:
        return Cell(f"{signs.warning} end of life", "yellow")
    return Cell(f"{signs.of_status(status)} {status}", _STYLES[status])


def path_cell(path: str, home: str) -> Cell:
    """Return a path with `~` for the home folder."""
    return Cell(tilde(path, home))


def python_name(python: Python) -> str:
    """Return `CPython 3.12.4`, as far as it is known."""
    implementation = implementation_name(python.implementation)
    return f"{implementation} {python.version or 'of an unknown version'}"


def implementation_name(implementation: str | None) -> str:
    """Return an implementation's name as its makers write it."""
    return _IMPLEMENTATIONS.get(implementation or "", implementation or "Python")


def creation(made: Creation) -> str:
    """Return what made an environment, and with which flags."""
    parts = [" ".join(part for part in (made.creator, made.creator_version) if part) or "unknown"]
    if made.prompt:
        parts.append(f"prompt {made.prompt}")
    if made.relocatable:
        parts.append("relocatable")
    if made.seeded:
        parts.append("with pip")
    parts.append(f"system packages {'on' if made.system_site_packages else 'off'}")
    return ", ".join(parts)


def counted(count: int, noun: str) -> str:
    """Return `1 environment`, `1,204 environments`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
