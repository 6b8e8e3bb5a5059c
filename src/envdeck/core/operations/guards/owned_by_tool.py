"""A tool with an index of its own looks after it."""

from envdeck.core.discovery.candidate import Candidate
from envdeck.core.discovery.markers import recognise
from envdeck.core.host import Host
from envdeck.core.model import Environment, Operation, Refusal
from envdeck.core.operations.guards.guard import Guard, as_said, command
from envdeck.core.operations.guards.moment import Question, tool_of


class OwnedByTool(Guard):
    """Behind its back, links to programs would dangle and its index would lie."""

    name = "owned-by-tool"

    def refuses(self, question: Question) -> Refusal | None:
        """Refuse with the owner's own command; with the owner called to do it, only what the
        owner itself keeps back."""
        path, moment = question.path, question.moment
        candidate, tool = moment.candidate(path), moment.tool(path)
        if candidate is None or tool is None:
            return None
        guard, reason = as_said(tool.refuses(candidate, moment.host))
        if guard == self.name:
            return self.refusal(question, reason)
        if question.by_owner:
            return None
        if question.operation is Operation.DELETE:
            own = _removal(candidate, question.environment, moment.host)
            if own is None:
                return None
            return self.refusal(question, f"{tool.name} keeps an index of it", command(*own))
        if not tool.exclusive:
            return None
        own = tool.renewal(candidate, moment.host)
        hint = command(*own) if own else ""
        return self.refusal(question, f"only {tool.name} may change what is in it", hint)


def owner_command(environment: Environment, host: Host) -> tuple[str, ...] | None:
    """Return the command by which the tool that owns an environment removes it, or None where
    it is a plain folder that nothing keeps an index of."""
    candidate = recognise(environment.path)
    return None if candidate is None else _removal(candidate, environment, host)


def _removal(
    candidate: Candidate, environment: Environment | None, host: Host
) -> tuple[str, ...] | None:
    project = environment.project.path if environment is not None else None
    tool = tool_of(candidate, host)
    return None if tool is None else tool.removal(candidate, host, project)
