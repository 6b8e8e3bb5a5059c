"""Files in it that no package would bring back."""

from envdeck.core.model import Operation, Refusal
from envdeck.core.operations.guards.guard import Guard, amount, some
from envdeck.core.operations.guards.moment import Question


class UnownedFiles(Guard):
    """A `.env`, a notebook, a hook, a checkout with commits that were never pushed."""

    name = "unowned-files"
    overrulable = True
    operations = frozenset({Operation.DELETE})
    costly = True

    def refuses(self, question: Question) -> Refusal | None:
        """Refuse when there is one, or when a part could not be looked at."""
        found = question.moment.unowned(question.path)
        told: list[str] = []
        if found.nested:
            told.append(f"it holds a repository or environment of its own: {some(found.nested)}")
        if found.count:
            files = "1 file belongs" if found.count == 1 else f"{found.count:,} files belong"
            names = some(file.path for file in found.files)
            more = found.count - len(found.files)
            told.append(
                f"{files} to no package ({amount(found.bytes)}): {names}"
                + (f", {more:,} not listed" if more else "")
            )
        if found.unread:
            told.append(f"not everything could be looked at: {some(found.unread)}")
        if not told:
            return None
        return self.refusal(question, "; ".join(told), self.overruling(question))

    def unchecked(self, question: Question) -> str:
        """Say which packages have no list of their files."""
        found, _, _ = question.moment.answers(question.path)
        notes = found.notes if found is not None else ()
        return (
            f"which files belong to a package is not known of all: {some(notes)}" if notes else ""
        )
