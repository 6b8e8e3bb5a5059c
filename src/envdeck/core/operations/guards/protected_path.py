"""The path is nobody's home, project, system or standpoint."""

import os

from envdeck.core import reach
from envdeck.core.inspection.own_places import in_trash
from envdeck.core.inspection.protection import protected_place
from envdeck.core.model import Refusal
from envdeck.core.operations.guards.guard import Guard, command
from envdeck.core.operations.guards.moment import Question
from envdeck.core.paths import lies_under

_TRASH_HINT = "`envdeck trash` lists what was put aside, puts it back, and removes it for good"


class ProtectedPath(Guard):
    """A `venv` made in the root of a project, or over the home folder, is an environment by
    its markers, and holds everything else too."""

    name = "protected-path"

    def refuses(self, question: Question) -> Refusal | None:
        """Refuse what a list shows as protected, where we stand, and where scans begin."""
        path, moment = question.path, question.moment
        if cause := protected_place(path, moment.host):
            return self.refusal(question, cause, _way_out(path))
        if any(lies_under(trash, path) for trash in moment.trashes):
            return self.refusal(question, "it holds a trash of EnvDeck's", _TRASH_HINT)
        if moment.folder is not None and lies_under(moment.folder, path):
            way = command("cd", os.path.dirname(path))
            return self.refusal(question, "the current folder is in it", way)
        for root in moment.roots:
            if lies_under(reach.realpath(moment.host.expand(root)), path):
                return self.refusal(question, "it holds a folder that scans begin from")
        for known in moment.environments:
            if known.project.path == path:
                return self.refusal(question, f"it is the project of {known.path}")
        return None


def _way_out(path: str) -> str:
    """Return the command of whoever put it there, or how to part it from what is to stay."""
    if in_trash(path) or f"{os.sep}envdeck{os.sep}trash{os.sep}" in path:
        return _TRASH_HINT
    before, cellar, after = path.partition(f"{os.sep}Cellar{os.sep}")
    if cellar and before:
        return command("brew", "uninstall", after.split(os.sep)[0])
    return ""
