"""Step: an interpreter that the project accepts is here."""

from typing import TYPE_CHECKING, ClassVar

from envdeck.core.model import NoPlan, Plan
from envdeck.core.onboarding.accepting import asked_for, version_to_get
from envdeck.core.onboarding.model import Answers, State, StepView
from envdeck.core.onboarding.problems import python_problems
from envdeck.core.onboarding.situation import Situation
from envdeck.core.onboarding.step import Step

if TYPE_CHECKING:
    from envdeck.core.operations.operations import Operations


class AnInterpreter(Step):
    """Looks for one among those that are remembered, else on the whole machine."""

    name: ClassVar = "interpreter"
    title: ClassVar = "A Python that the project accepts"
    why: ClassVar = (
        "On another version than the project is made for, packages may not install, "
        "and its code may fail in ways that nobody else sees."
    )

    def look(self, situation: Situation) -> StepView:
        """Name the best of those that are accepted, or how to get one."""
        wanted = situation.wanted
        problems = python_problems(wanted)
        asked = asked_for(wanted)
        if situation.interpreters:
            best = situation.interpreters[0].interpreter
            ended = f", whose support ended in {best.end_of_life}" if best.end_of_life else ""
            suits = f", and the project asks for {asked}" if asked else ""
            if problems and not asked:
                suits = "; what the project asks for is not checked"
            return self.view(
                State.DONE,
                f"Python {best.version} is at {best.executable}{ended}{suits}",
                details=problems,
            )
        return self._missing(situation, asked, problems)

    def _missing(self, situation: Situation, asked: str, problems: tuple[str, ...]) -> StepView:
        from envdeck.core.operations.engine.uv import find_uv  # only who has none asks for it

        version = version_to_get(situation.wanted, situation.host.now())
        words = ("python", "install", *([version] if version else []))
        message = f"no Python here is one that the project accepts ({asked})"
        if not asked:
            message = "no Python is here"
        program = find_uv()
        policy = situation.operations.policy
        if program is None or not policy.downloads or policy.offline:
            return self.view(
                State.CANNOT,
                message,
                hint=f"`uv {' '.join(_quoted(word) for word in words)}` gets one; with "
                "`downloads = true` in the configuration it is done here",
                details=problems,
                commands=[("uv", *words)],
            )
        folder = situation.host.home

        def act(operations: "Operations", _: Answers) -> Plan | NoPlan:
            from envdeck.core.operations.run_command import Task

            title = f"get Python {version}".strip()
            return operations.plan_run(Task(title, (program, *words), folder))

        return self.view(
            State.OPEN, message, details=problems, commands=[("uv", *words)], safe=True, act=act
        )


def _quoted(word: str) -> str:
    return word if word.replace(".", "").replace("@", "").isalnum() else f'"{word}"'
