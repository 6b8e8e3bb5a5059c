"""What a guard is, and the words all of them use."""

import os
import shlex
from collections.abc import Iterable
from typing import ClassVar

from envdeck.core.model import Operation, Refusal
from envdeck.core.operations.guards.context import GuardRequest

CHANGING = frozenset({Operation.DELETE, Operation.RECREATE, Operation.UPGRADE})
"""The operations on an environment that is there."""
_UNITS = ("bytes", "kB", "MB", "GB", "TB")


class Guard:
    """Stands in the way of an operation, with a reason; it never touches anything."""

    name: ClassVar[str]
    """Its name in the contract: `unowned-files`."""
    overrulable: ClassVar[bool] = False
    operations: ClassVar[frozenset[Operation]] = CHANGING
    costly: ClassVar[bool] = False
    """Whether it takes more than a moment: not asked where another refuses for good."""
    of_links: ClassVar[bool] = False
    """Whether it also stands before a link, which can go without what it leads to."""

    def refuses(self, question: GuardRequest) -> Refusal | None:
        """Return why this must not be done, or None."""
        raise NotImplementedError

    def unchecked(self, question: GuardRequest) -> str:
        """Return what could not be checked and why, in one sentence; or empty. It looks at
        answers alone, and asks for none."""
        return ""

    def refusal(
        self, question: GuardRequest, message: str, hint: str = "", *, final: bool = False
    ) -> Refusal:
        """Return a refusal of this guard's."""
        overrulable = self.overrulable and not final
        return Refusal(self.name, message, hint, question.link or question.path, overrulable)

    def overruling(self, question: GuardRequest) -> str:
        """Return the command by which a person overrules this guard."""
        path = question.link or question.path
        return f"{command('envdeck', question.operation.value, path)} --allow {self.name}"


def command(*words: str) -> str:
    """Return words as a line for a shell."""
    return shlex.join(words)


def some(things: Iterable[str], most: int = 3) -> str:
    """Return the first of some things, and how many more there are."""
    every = list(things)
    told = ", ".join(every[:most])
    return told if len(every) <= most else f"{told} and {len(every) - most:,} more"


def amount(size: int) -> str:
    """Return a number of bytes in the largest unit of which it has one: `1.2 MB`."""
    value, unit = float(size), 0
    while value >= 999.95 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return (
        f"{size:,} {'byte' if size == 1 else 'bytes'}"
        if not unit
        else f"{value:.1f} {_UNITS[unit]}"
    )


def short(path: str) -> str:
    """Return the last two parts of a path, which tell it from its neighbours."""
    return os.path.join(*path.split(os.sep)[-2:])


def read_only() -> Refusal:
    """Return why nothing is changed in the read-only mode."""
    return Refusal(
        "read-only",
        "EnvDeck is in its read-only mode, and changes nothing",
        hint="start it without `--read-only`, and take `read-only` out of the configuration",
    )
