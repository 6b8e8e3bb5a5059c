"""What a person chooses from before an environment is made again."""

from dataclasses import dataclass

from envdeck.core.model import Doubt, Interpreter


@dataclass(frozen=True, slots=True)
class SourceChoice:
    """One thing an environment can be made from, and how that differs from what is there."""

    name: str
    """`exact`, `lock`, `declared` or `file`."""
    title: str
    """`exactly what is here`, `what the project locked` …"""
    file: str | None = None
    """What it is read from."""
    added: tuple[tuple[str, str], ...] = ()
    """Name and version of what is not here now."""
    removed: tuple[tuple[str, str], ...] = ()
    """Name and version of what would be gone."""
    changed: tuple[tuple[str, str, str], ...] = ()
    """Name, version here, version then."""
    resolved: bool = True
    """Whether the difference is exact; else only the resolver can tell it all."""
    notes: tuple[str, ...] = ()
    """What a person should know of it, one sentence each."""
    problem: str = ""
    """Why it cannot be used; or empty."""


@dataclass(frozen=True, slots=True)
class InterpreterChoice:
    """One interpreter it could rest on."""

    interpreter: Interpreter
    note: str = ""
    """`as now`, `end of life since 2025-10-31`, `asked for by .python-version` …"""
    same_minor: bool = True
    """Whether packages can be taken over as they are; else a forecast is due."""
    proposed: bool = False
    """Whether it is the one to take unless a person wants another; at most one is."""


@dataclass(frozen=True, slots=True)
class RecreateChoices:
    """Both, in the order of choice."""

    sources: tuple[SourceChoice, ...]
    interpreters: tuple[InterpreterChoice, ...]
    doubts: tuple[Doubt, ...] = ()
    """The packages that cannot be recreated exactly on the proposed one."""
