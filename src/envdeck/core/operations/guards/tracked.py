"""Git tracks files in it."""

from envdeck.core.model import Operation, Refusal
from envdeck.core.operations.guards.guard import Guard, some
from envdeck.core.operations.guards.moment import Question


class TrackedByGit(Guard):
    """An environment that was committed is part of a repository's history, wanted or not."""

    name = "tracked"
    overrulable = True
    operations = frozenset({Operation.DELETE, Operation.RECREATE})
    costly = True

    def refuses(self, question: Question) -> Refusal | None:
        """Refuse what has tracked files in it."""
        answer = question.moment.tracked(question.path)
        if not answer.files:
            return None
        count = f"{'more than ' if answer.more else ''}{len(answer.files):,}"
        files = "file" if len(answer.files) == 1 else "files"
        return self.refusal(
            question,
            f"git tracks {count} {files} in it ({some(answer.files)}) for {answer.repository}",
            self.overruling(question),
        )

    def unchecked(self, question: Question) -> str:
        """Say so where git could not be asked."""
        _, answer, _ = question.moment.answers(question.path)
        problem = answer.problem if answer is not None else ""
        return f"whether git tracks files in it was not checked: {problem}" if problem else ""
