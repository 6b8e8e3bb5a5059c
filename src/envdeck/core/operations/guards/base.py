"""What a guard is, and the words all of them use."""

import shlex
from typing import ClassVar

from envdeck.core.model import Operation, Refusal
from envdeck.core.operations.guards.context import GuardRequest

CHANGING = frozenset({Operation.DELETE, Operation.RECREATE, Operation.UPGRADE})
"""The operations on an environment that is there."""


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


def read_only() -> Refusal:
    """Return why nothing is changed in the read-only mode."""
    return Refusal(
        "read-only",
        "EnvDeck is in its read-only mode, and changes nothing",
        hint="start it without `--read-only`, and take `read-only` out of the configuration",
    )
