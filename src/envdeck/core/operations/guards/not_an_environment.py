"""It is an environment now, and the one that was shown."""

import os
import stat

from envdeck.core import reach
from envdeck.core.files import reason_of
from envdeck.core.model import Operation, Refusal
from envdeck.core.operations.guards.guard import Guard, command
from envdeck.core.operations.guards.moment import Question


class NotAnEnvironment(Guard):
    """Markers and (device, inode) are read again each time: between the look and the act a
    folder can be replaced, emptied, or become a link to anything."""

    name = "not-an-environment"

    def refuses(self, question: Question) -> Refusal | None:
        """Refuse what is gone, something else, or not one for sure."""
        cause = self._cause(question)
        if not cause:
            return None
        return self.refusal(
            question, cause, command("envdeck", "list", os.path.dirname(question.path))
        )

    def _cause(self, question: Question) -> str:
        path, shown = question.path, question.target.identity
        if shown is None and question.operation is Operation.RECREATE:
            return "something is there that was not shown" if os.path.lexists(path) else ""
        if not os.path.isabs(path):
            return "its path is not an absolute one"
        try:
            status = os.lstat(path)
        except FileNotFoundError:
            return "it is no longer there"
        except (OSError, ValueError) as error:
            return f"it cannot be looked at: {reason_of(error)}"
        if stat.S_ISLNK(status.st_mode):
            return f"it is now a link to {reach.realpath(path)}"
        if not stat.S_ISDIR(status.st_mode):
            return "it is no folder any more"
        if shown is None or (status.st_dev, status.st_ino) != (shown.device, shown.inode):
            return "another folder is there than the one that was shown"
        if reach.realpath(path) != os.path.normpath(path):
            return "a folder above it is now a link"
        candidate = question.moment.candidate(path)
        if candidate is None:
            return "it has no markers of an environment"
        return f"it may be none: {candidate.shortcoming}" if candidate.shortcoming else ""
