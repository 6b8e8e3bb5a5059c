"""Other environments rest on it."""

from envdeck.core.model import Operation, Refusal
from envdeck.core.operations.guards.guard import Guard, as_said, some
from envdeck.core.operations.guards.moment import Question
from envdeck.core.paths import lies_under


class HasDependants(Guard):
    """An environment whose interpreter others use (their `home` points into it) takes them
    along. Best effort: what no scan has met is not known."""

    name = "has-dependants"
    overrulable = True
    operations = frozenset({Operation.DELETE, Operation.RECREATE})

    def refuses(self, question: Question) -> Refusal | None:
        """Refuse an installation for good, and a base of known environments by default."""
        path, moment = question.path, question.moment
        candidate, tool = moment.candidate(path), moment.tool(path)
        if candidate is not None and tool is not None:
            guard, reason = as_said(tool.refuses(candidate, moment.host))
            if guard == self.name:
                return self.refusal(question, reason, final=True)
        resting = [
            known
            for known, bases in moment.bases.items()
            if any(lies_under(base, path) for base in bases)
            and not lies_under(known, path)  # what is in there goes along, and is told elsewhere
        ]
        if not resting:
            return None
        count = "another environment rests" if len(resting) == 1 else f"{len(resting)} others rest"
        message = f"{count} on its interpreter: {some(sorted(resting))}"
        return self.refusal(question, message, self.overruling(question))
