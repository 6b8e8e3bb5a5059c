"""Step: how the environment is made the one in use, in the shell that a person sits at."""

import os
from typing import ClassVar

from envdeck.core import reach
from envdeck.core.onboarding.model import State, StepView
from envdeck.core.onboarding.shells import activation, shell_in_use
from envdeck.core.onboarding.situation import Situation
from envdeck.core.onboarding.step import Step


class Activating(Step):
    """No program can do it for the shell that started it: the line is for a person to type."""

    name: ClassVar = "activate"
    title: ClassVar = "The environment is active in your shell"
    why: ClassVar = "Then `python`, and every command of the packages, is the project's own."
    needs: ClassVar = ("environment",)

    def look(self, situation: Situation) -> StepView:
        """Tell whether it is active, or what to type."""
        environment = situation.environment
        shell = situation.asked_shell or shell_in_use(situation.host, os.getppid())
        if environment is None:
            return self.view(State.READY, f"the line for {shell} is known once there is one")
        active = situation.host.folder("VIRTUAL_ENV") or situation.host.folder("CONDA_PREFIX")
        if active is not None and reach.realpath(active) == environment.path:
            return self.view(State.DONE, "it is active in this shell")
        line = activation(environment, situation.bin, shell)
        if not line:
            return self.view(
                State.CANNOT,
                f"{environment.name} has no activation script for {shell}",
                hint=f"`{situation.bin or environment.path}` holds its commands",
            )
        elsewhere = f"; {active} is active now" if active is not None else ""
        return self.view(
            State.READY, f"type this in {shell}{elsewhere}", commands=[line]
        )  # fmt: skip
