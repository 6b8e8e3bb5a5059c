"""Step: the git hooks that the project asks for are installed."""

from typing import TYPE_CHECKING, ClassVar

from envdeck.core import reach
from envdeck.core.model import NoPlan, Plan
from envdeck.core.onboarding.model import Answers, State, StepView
from envdeck.core.onboarding.pre_commit import Hooks, read_hooks
from envdeck.core.onboarding.situation import Situation
from envdeck.core.onboarding.step import Step

if TYPE_CHECKING:
    from envdeck.core.operations.operations import Operations


class TheGitHooks(Step):
    """Looks for those of pre-commit; what others install is left to them."""

    name: ClassVar = "hooks"
    title: ClassVar = "The git hooks are installed"
    why: ClassVar = "They find before a commit what would else be found in review."
    after: ClassVar = ("environment", "packages")

    def look(self, situation: Situation) -> StepView:
        """Tell whether they are there, and whose they are."""
        hooks = read_hooks(situation.folder, situation.host)
        if hooks is None:
            return self.view(State.SKIPPED, "the project has no .pre-commit-config.yaml")
        if hooks.folder is None:
            return self.view(
                State.CANNOT,
                "it has a .pre-commit-config.yaml, and lies in no git repository",
                hint="clone the repository with git, or `git init` makes one",
            )
        program = situation.program("pre-commit")
        named = ", ".join(hooks.types)
        if set(hooks.there) == set(hooks.types):
            if program or (hooks.python and reach.exists(hooks.python)):
                return self.view(State.DONE, f"pre-commit is installed as {named}")
            gone = f"{named} is there, and the pre-commit that it runs is gone"
            return self._missing(situation, gone)
        if hooks.others:
            return self.view(
                State.CANNOT,
                f"a hook that is not pre-commit's is there: {', '.join(hooks.others)}",
                hint=f"see what {hooks.folder} holds; `pre-commit install` keeps it as "
                f"{hooks.others[0]}.legacy, and runs both",
            )
        if hooks.configured:
            return self.view(
                State.CANNOT,
                f"git runs the hooks of {hooks.folder}, and pre-commit installs none there",
                hint="`git config --unset-all core.hooksPath`, and look again",
            )
        if program is None:
            return self._missing(situation, f"not installed: {named}")
        return self._open(situation, hooks, program)

    def _missing(self, situation: Situation, message: str) -> StepView:
        """Say that there is no pre-commit; one may yet come with the environment."""
        return self.view(
            State.OPEN if situation.environment is None else State.CANNOT,
            f"{message}; there is no pre-commit, in the environment or on the PATH",
            hint="`uv tool install pre-commit` gets it",
        )

    def _open(self, situation: Situation, hooks: Hooks, program: str) -> StepView:
        environment = situation.environment
        argv = (program, "install")

        def act(operations: "Operations", _: Answers) -> Plan | NoPlan:
            from envdeck.core.dotenv import values_of
            from envdeck.core.operations.run_command import Task

            active = environment.path if environment is not None else None
            hides = values_of(situation.folder)
            return operations.plan_run(
                Task("install the git hooks", argv, situation.folder, active, hides)
            )

        missing = [name for name in hooks.types if name not in hooks.there]
        return self.view(
            State.OPEN, f"not installed: {', '.join(missing)}", commands=[argv], act=act
        )
