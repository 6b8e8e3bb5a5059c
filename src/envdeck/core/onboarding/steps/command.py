"""Step: the tests, or another command of the project, run."""

from typing import TYPE_CHECKING, ClassVar

from envdeck.core.dotenv.report import values_of
from envdeck.core.model import NoPlan, Plan
from envdeck.core.onboarding.commands import (
    FoundTask,
    command_files,
    find_needs,
    find_tasks,
)
from envdeck.core.onboarding.model import Option, StepAnswers, StepState, StepView
from envdeck.core.onboarding.project_state import ProjectFacts
from envdeck.core.onboarding.steps.base import OnboardingStep
from envdeck.core.operations.run_command import Task

if TYPE_CHECKING:
    from envdeck.core.operations.api import Operations

_UNITS = ((86_400.0, "day"), (3_600.0, "hour"), (60.0, "minute"))


class NeedsStep(OnboardingStep):
    """Says what the project needs beside Python; nothing of it is checked further, or run."""

    name: ClassVar = "needs"
    title: ClassVar = "What else the project needs"
    why: ClassVar = "Services, other packages and migrations that its code counts on."
    where_due: ClassVar = True

    def look(self, situation: ProjectFacts) -> StepView:
        """Name each, with the command that a person types."""
        found = find_needs(situation)
        if not found:
            return self.view(StepState.SKIPPED, "nothing else is needed")
        lines = [f"{one.message}: `{one.command}`" if one.command else one.message for one in found]
        more = f", and {len(found) - 1} more" if len(found) > 1 else ""
        return self.view(
            StepState.READY,
            f"{found[0].message}{more}",
            hint=f"`{found[0].command}`" if found[0].command else "",
            details=lines,
        )


class CommandStep(OnboardingStep):
    """Whether it works is known once it was run here, in this very environment."""

    name: ClassVar = "command"
    title: ClassVar = "Tests"
    why: ClassVar = "If this fails, the problem was there before you."
    needs: ClassVar = ("environment",)
    after: ClassVar = ("packages", "dotenv")

    def look(self, situation: ProjectFacts) -> StepView:
        """Offer the commands that were found, and say how the last one ended here."""
        found = find_tasks(situation)
        if not found:
            there = command_files(situation.folder)
            return self.view(
                StepState.SKIPPED,
                f"{', '.join(there)} has no test, check or run"
                if there
                else "no command of it was found: no tests, scripts, Makefile, justfile, noxfile "
                "or tox",
            )
        tasks = [one for one in found if one.argv]
        if situation.environment is None:
            return self.view(StepState.READY, "commands are known once the environment exists")
        if not tasks:
            missing = ", ".join(dict.fromkeys(one.missing for one in found))
            return self.view(
                StepState.CANNOT,
                f"commands need missing tools: {missing}",
                hint="install them, or select the group that includes them",
                details=[one.words for one in found],
            )
        return self._offered(situation, tasks)

    def _offered(self, situation: ProjectFacts, tasks: list[FoundTask]) -> StepView:
        wanted = situation.chosen(self.name)
        known = [one.id for one in tasks]
        chosen = next((each for each in wanted or () if each in known), known[0])
        first = next(one for one in tasks if one.id == chosen)
        options = tuple(Option(one.id, one.words, one.id == chosen) for one in tasks)

        def act(operations: "Operations", answers: StepAnswers) -> Plan | NoPlan:
            asked = (answers.options or (chosen,))[0]
            one = next((each for each in tasks if each.id == asked), None)
            if one is None:
                return NoPlan(f"command not found: `{asked.partition(':')[2]}`", missing=True)
            return operations.plan_run(_task(situation, one))

        state, message = self._ended(situation, known)
        return self.view(
            state,
            message or f"ready to run `{first.words}`",
            commands=[first.argv] if first.argv else [],
            options=options,
            act=act,
        )

    def _ended(self, situation: ProjectFacts, known: list[str]) -> tuple[StepState, str]:
        """Return how the last run ended, where it was one in this environment."""
        ran = situation.memory.ran
        if ran is None or ran.option not in known or ran.environment != situation.mark:
            return StepState.READY, ""
        ended = f"failed with exit code {ran.code}" if ran.code else "passed"
        words = f"`{ran.option.partition(':')[2]}` {ended}"
        ago = _ago(situation.host.now() - ran.at)
        return (StepState.OPEN if ran.code else StepState.DONE), f"{words} {ago}"


def _task(situation: ProjectFacts, one: FoundTask) -> "Task":
    environment = situation.environment
    return Task(
        f"Run {one.words}",
        one.argv,
        situation.folder,
        environment.path if environment is not None else None,
        values_of(situation.folder),
    )


def _ago(seconds: float) -> str:
    for size, unit in _UNITS:
        count = int(seconds // size)
        if count >= 1:
            return f"{count} {unit}{'' if count == 1 else 's'} ago"
    return "just now"
