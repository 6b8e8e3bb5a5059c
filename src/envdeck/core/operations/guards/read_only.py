"""Nothing may be changed at all."""

from envdeck.core.model import Operation, Refusal
from envdeck.core.operations.guards.guard import Guard
from envdeck.core.operations.guards.moment import Question


class ReadOnly(Guard):
    """A person's own choice, for every operation there is."""

    name = "read-only"
    operations = frozenset(Operation)
    of_links = True

    def refuses(self, question: Question) -> Refusal | None:
        """Refuse everything in read-only mode."""
        if not question.moment.read_only:
            return None
        return self.refusal(question, "EnvDeck is in read-only mode", "envdeck config show")
