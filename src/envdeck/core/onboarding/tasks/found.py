"""What a finder of commands is, and what it finds."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from envdeck.core.onboarding.situation import Situation

LIMIT = 512 * 1024
"""Bytes of a file that names commands."""
TARGETS = ("test", "tests", "check", "run")
"""What is looked for among the targets of a Makefile, or of a justfile."""


@dataclass(frozen=True, slots=True)
class FoundTask:
    """One command of a project."""

    words: str
    """As a person types it with the environment active: `pytest`, `make test`. It names the task,
    and is hostile text."""
    argv: tuple[str, ...]
    """The program by its full path, and its arguments; empty where there is no such program."""
    tests: bool = False
    """Whether it runs the tests: then it is proposed first."""
    missing: str = ""
    """What has to be there for it: `pytest`, `make`."""

    @property
    def id(self) -> str:
        """Its name as an option."""
        return f"command:{self.words}"


Finder: TypeAlias = "Callable[[Situation], Iterator[FoundTask]]"


def task(situation: "Situation", program: str, *arguments: str, tests: bool = False) -> FoundTask:
    """Return a task of a program of the environment, or else of the PATH."""
    words = " ".join((program, *arguments))
    path = situation.program(program)
    if path is None:
        return FoundTask(words, (), tests, program)
    return FoundTask(words, (path, *arguments), tests)
