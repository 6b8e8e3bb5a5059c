"""A link is not what it leads to."""

import os

from envdeck.core import reach
from envdeck.core.model import Operation, Refusal
from envdeck.core.operations.guards.guard import Guard, command
from envdeck.core.operations.guards.moment import Question


class Symlink(Guard):
    """Overruled, the link alone goes, and what it leads to stays."""

    name = "symlink"
    overrulable = True
    operations = frozenset({Operation.DELETE})
    of_links = True

    def refuses(self, question: Question) -> Refusal | None:
        """Refuse what was asked for by a link, and name where that leads."""
        link = question.link
        if link is None:
            return None
        if not os.path.lexists(link):
            return self.refusal(question, "it is no longer there", final=True)
        if os.path.isdir(link) and not os.path.islink(link):
            return self.refusal(question, "it is a folder, and no longer a link", final=True)
        if os.path.islink(link) and reach.realpath(link) != question.path:
            now = reach.realpath(link)
            return self.refusal(question, f"it now leads elsewhere: {now}", final=True)
        return self.refusal(
            question,
            f"it is a link, and what it leads to stays: {question.path}",
            f"{self.overruling(question)} removes the link;"
            f" {command('envdeck', 'delete', question.path)} the environment",
        )
