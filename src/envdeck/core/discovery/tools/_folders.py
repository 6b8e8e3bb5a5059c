"""What the tools share to tell, from a path alone, whether an environment is theirs."""

import os
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

from envdeck.core import reach
from envdeck.core.discovery.candidate import Candidate, Kind
from envdeck.core.host import Host

T = TypeVar("T")

DEFAULT_NAME = ".venv"
"""The folder name on which every tool that keeps environments in projects agrees."""


class PerHost(Generic[T]):
    """Remembers the last answer of a question about a host, since each environment asks again.

    A tool's :meth:`places`, called once a scan, asks :meth:`anew`, so that a setting changed
    between two scans is seen.
    """

    __slots__ = ("_held", "_question")

    def __init__(self, question: Callable[[Host], T]) -> None:
        self._question = question
        self._held: tuple[Host, T] | None = None

    def __call__(self, host: Host) -> T:
        """Return the answer for this host, remembered if it was the last one asked about."""
        held = self._held
        return held[1] if held is not None and held[0] is host else self.anew(host)

    def anew(self, host: Host) -> T:
        """Ask, whatever is remembered."""
        answer = self._question(host)
        self._held = (host, answer)
        return answer


def is_virtual(candidate: Candidate) -> bool:
    """Tell whether it is a virtual environment, of PEP 405 or of virtualenv before 20."""
    return candidate.kind is Kind.VENV or candidate.kind is Kind.LEGACY


def made_by_virtualenv(candidate: Candidate) -> bool:
    """Tell whether virtualenv wrote it: its key in the cfg, or no cfg at all (before 20)."""
    return candidate.kind is Kind.LEGACY or "virtualenv" in candidate.cfg


def with_real(folders: Iterable[str]) -> frozenset[str]:
    """Return folders as given and with links resolved: a candidate's path is a real one."""
    given = tuple(folders)
    return frozenset(given) | frozenset(reach.realpath(folder) for folder in given)


def operand(name: str) -> tuple[str, ...]:
    """Return a folder's name as the last word of a command, which never takes it for an option:
    a folder can be called `--all`."""
    return ("--", name) if name.startswith("-") else (name,)


def has_file(*parts: str) -> bool:
    """Tell whether a file is at the path these parts make."""
    return reach.isfile(os.path.join(*parts))
