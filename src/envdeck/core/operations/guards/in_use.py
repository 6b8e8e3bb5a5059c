"""Processes use it now."""

from envdeck.core.model import Operation, Refusal
from envdeck.core.operations.guards.guard import CHANGING, Guard, command, some
from envdeck.core.operations.guards.moment import Question


class InUse(Guard):
    """Best effort: what belongs to another user may not be seen, and a process that starts a
    moment later was not there."""

    name = "in-use"
    overrulable = True
    operations = CHANGING | {Operation.UNDO}
    costly = True

    def refuses(self, question: Question) -> Refusal | None:
        """Refuse with the names and numbers of the processes; never with their arguments."""
        moment = question.moment
        line = () if moment.pid is None else moment.processes.ancestors_of(moment.pid)
        ourselves = [process.pid for process in line]  # of them `self` speaks
        uses = moment.processes.users_of(question.path, without=ourselves)
        if not uses:
            return None
        count = "a process uses it" if len(uses) == 1 else f"{len(uses):,} processes use it"
        told = some(f"{use.process.name} ({use.process.pid}: {use.how})" for use in uses)
        numbers = ",".join(str(use.process.pid) for use in uses[:20])
        return self.refusal(
            question,
            f"{count}: {told}",
            f"{command('ps', '-fp', numbers)} shows them; {self.overruling(question)}",
        )

    def unchecked(self, question: Question) -> str:
        """Say where processes could not be asked at all. That those of other users cannot be
        looked into holds on every machine: it is a fact of the plan, and no warning."""
        _, _, processes = question.moment.answers(question.path)
        if processes is None:
            return ""
        if processes.problem:
            return f"whether a process uses it was not checked: {processes.problem}"
        return ""
