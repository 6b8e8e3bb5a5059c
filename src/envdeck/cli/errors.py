"""How a command ends, and how it says that it cannot be done."""

from enum import IntEnum

EXIT_CODES = """exit codes:
  0    done
  1    findings, or the operation failed and was rolled back
  2    wrong usage, or no such environment
  3    refused by a guard
  130  interrupted, and rolled back"""
"""For the help of every command."""


class Exit(IntEnum):
    """The exit codes of every command."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    REFUSED = 3
    INTERRUPTED = 130


class CommandError(Exception):
    """A command cannot do what it was asked: what, why, and a way out."""

    def __init__(self, message: str, *, hint: str = "", code: Exit = Exit.USAGE) -> None:
        super().__init__(message)
        self.message = message
        """One sentence without a full stop; it may carry hostile text."""
        self.hint = hint
        """What to do, best with a command that works; or empty."""
        self.code = code
