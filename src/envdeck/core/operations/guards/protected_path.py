"""The path is nobody's home, project, system or standpoint."""

import os

from envdeck.core.inspection.protection import protected_place
from envdeck.core.model import Refusal
from envdeck.core.operations.guards.guard import Guard, command
from envdeck.core.operations.guards.moment import Question
from envdeck.core.paths import lies_under


class ProtectedPath(Guard):
    """A `venv` made in the root of a project, or over the home folder, is an environment by
    its markers, and holds everything else too."""

    name = "protected-path"

    def refuses(self, question: Question) -> Refusal | None:
        """Refuse what a list shows as protected, where we stand, and where scans begin."""
        path, moment = question.path, question.moment
        if cause := protected_place(path, moment.host):
            return self.refusal(question, cause, _way_out(path))
        if moment.folder is not None and lies_under(moment.folder, path):
            way = command("cd", os.path.dirname(path))
            return self.refusal(question, "the current folder is in it", way)
        for root in moment.roots:
            if lies_under(os.path.realpath(moment.host.expand(root)), path):
                return self.refusal(question, "it holds a folder that scans begin from")
        for known in moment.environments:
            if known.project.path == path:
                return self.refusal(question, f"it is the project of {known.path}")
        return None


def _way_out(path: str) -> str:
    """Return the command of whoever put it there, or how to part it from what is to stay."""
    before, cellar, after = path.partition(f"{os.sep}Cellar{os.sep}")
    if cellar and before:
        return command("brew", "uninstall", after.split(os.sep)[0])
    return ""
