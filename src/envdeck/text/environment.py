"""Words for status, interpreter, manager, creator and project, for both front ends."""

from collections.abc import Iterable
from typing import NamedTuple

from envdeck.core.model import (
    Creation,
    Finding,
    Interpreter,
    InterpreterOption,
    InterpreterReason,
    ProjectLink,
    ProjectState,
    Python,
    Severity,
)
from envdeck.text.safe import clip, plain, width

_IMPLEMENTATIONS = {
    "cpython": "CPython",
    "pypy": "PyPy",
    "graalpy": "GraalPy",
    "python": "Python",
}


class Activity(NamedTuple):
    """What an operation does to an environment."""

    word: str
    short: str
    """The same in seven cells."""


def count_severities(findings: Iterable[Finding]) -> tuple[int, int, int]:
    """Return how many findings are errors, warnings and notes."""
    levels = [one.severity for one in findings]
    return (
        levels.count(Severity.ERROR),
        levels.count(Severity.WARNING),
        levels.count(Severity.NOTE),
    )


def python_name(python: Python | Interpreter, *, unknown: str = ", version unknown") -> str:
    """Return `CPython 3.12.4`; `unknown` follows the name where the version is not known."""
    spelt = python.implementation or "python"
    version = f" {python.version}" if python.version else unknown
    return plain(_IMPLEMENTATIONS.get(spelt, spelt) + version)


def minor_version(version: str | None) -> str:
    """Return `3.13` of `3.13.1`; empty where it is not known."""
    return ".".join((version or "").split(".")[:2])


_REASONS = {
    InterpreterReason.CURRENT: "current",
    InterpreterReason.SAME_MINOR: "same minor version",
    InterpreterReason.REQUESTED: "required by the project",
}


def reason_words(option: InterpreterOption) -> str:
    """Return why an interpreter may be chosen, or may not; empty where nothing speaks for it."""
    if option.reason is None:
        return ""
    if option.reason is InterpreterReason.NAMED:
        return f"named by {option.named_by}"
    return _REASONS.get(option.reason, f"project requires {option.specifier}")


def option_words(option: InterpreterOption) -> str:
    """Return the reason, and when support has ended: `end of life since 2025-10-31`."""
    day = option.interpreter.end_of_life
    ended = support_words(day) if day else ""
    return ", ".join(filter(None, (reason_words(option), ended)))


def support_words(end_of_life: str) -> str:
    """Return `end of life since 2024-10-07`."""
    return plain(f"end of life since {end_of_life}")


def creator_words(creation: Creation) -> tuple[str, ...]:
    """Return what created an environment (`uv 0.13`), then each of its flags."""
    creator = " ".join(filter(None, (creation.creator, creation.creator_version)))
    flags = (
        "system packages visible" if creation.system_site_packages else "no system packages",
        "relocatable" if creation.relocatable else "",
        "seeded with pip" if creation.seeded else "",
        f"prompt {creation.prompt}" if creation.prompt else "",
    )
    return (plain(creator) or "unknown", *(plain(flag) for flag in flags if flag))


def project_words(link: ProjectLink) -> tuple[str, str]:
    """Return the state of a project, empty for one that was found, and its path as it is."""
    path = link.path or "unknown location"
    match link.state:
        case ProjectState.FOUND:
            return "", path
        case ProjectState.GONE:
            return "gone", path
        case ProjectState.UNMOUNTED:
            return "on an unmounted disk", path
        case ProjectState.NONE:
            return "none found", ""


def protection_reason(protected: str) -> str:
    """Return why an environment cannot be deleted, without the guard's name before it."""
    guard, colon, why = protected.partition(": ")
    return why if colon and " " not in guard else protected


def short_manager(manager: str, cells: int, ellipsis: str) -> str:
    """Return a manager's name that fits, its end kept: `virtualenvwrapper` is no virtualenv."""
    name = plain(manager)
    if width(name) <= cells or not name.startswith("virtualenv"):
        return clip(name, cells, ellipsis)
    return clip(ellipsis + name.removeprefix("virtualenv"), cells, ellipsis)
