"""We, or what started us, run from it."""

from envdeck.core import reach
from envdeck.core.model import Operation, Refusal
from envdeck.core.operations.guards.guard import Guard, command
from envdeck.core.operations.guards.moment import Question
from envdeck.core.paths import lies_under


class OwnEnvironment(Guard):
    """What runs cannot be taken from under itself. A shell that has it activated is no harm to
    a change in place, but would be left with paths to nothing by a delete."""

    name = "self"

    def refuses(self, question: Question) -> Refusal | None:
        """Refuse the environment of this process and of those above it."""
        path, moment = question.path, question.moment
        if any(lies_under(place, path) for place in moment.ours):
            return self.refusal(
                question,
                "EnvDeck runs from it",
                "run EnvDeck from another environment: uvx envdeck",
            )
        above = () if moment.pid is None else moment.processes.ancestors_of(moment.pid)
        for process in above:
            if any(lies_under(program, path) for program in process.programs):
                message = f"a process that EnvDeck was started by runs from it: {process.name}"
                return self.refusal(
                    question, f"{message} ({process.pid})", command("ps", "-fp", str(process.pid))
                )
        active = [name for process in above for name in process.active]
        names = (moment.host.folder(name) for name in ("VIRTUAL_ENV", "CONDA_PREFIX"))
        active += [name for name in names if name is not None]
        if question.operation is Operation.DELETE and any(
            reach.realpath(name) == path for name in active if "\0" not in name
        ):
            return self.refusal(question, "it is activated in this shell", "deactivate")
        return None
