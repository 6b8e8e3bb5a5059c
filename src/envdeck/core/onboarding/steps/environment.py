"""Step: an environment of the project is there, works, and is of a Python that it accepts."""

import os
from typing import TYPE_CHECKING, ClassVar

from envdeck.core import reach
from envdeck.core.model import Environment, NoPlan, Plan, Status
from envdeck.core.onboarding.accepting import accepts, asked_for, minor_of
from envdeck.core.onboarding.model import Answers, Option, State, StepView
from envdeck.core.onboarding.parts import chosen_of, with_answers
from envdeck.core.onboarding.problems import lock_problem, manifest_problem, told
from envdeck.core.onboarding.situation import Situation
from envdeck.core.onboarding.step import Step
from envdeck.core.onboarding.twins import envdeck_command

if TYPE_CHECKING:
    from envdeck.core.operations.operations import Operations


class AnEnvironment(Step):
    """Makes one where there is none, mends one that is broken, moved, or of the wrong Python."""

    name: ClassVar = "environment"
    title: ClassVar = "An environment that works"
    why: ClassVar = (
        "Packages of its own keep a project from breaking others, and from being broken by them."
    )
    needs: ClassVar = ("interpreter",)

    def look(self, situation: Situation) -> StepView:
        """Tell whether it is there, works, and is accepted."""
        environment = situation.environment
        if environment is None:
            return self._none(situation)
        python = environment.python
        named = f"{environment.name}, with Python {python.version or 'of an unknown version'}"
        if environment.status is Status.SUSPECT:
            return self.view(
                State.CANNOT,
                f"{environment.name} may be no environment at all: {environment.reason}",
                hint=f"look at {environment.path}, and move it away if it is none",
            )
        if environment.status is not Status.OK:
            return self._mended(
                situation, environment, f"{environment.name} is {environment.status}: "
                f"{environment.reason}",
            )  # fmt: skip
        if not accepts(situation.wanted, python.version, python.implementation):
            return self._mended(
                situation, environment, f"{named}, and the project asks for "
                f"{asked_for(situation.wanted)}",
            )  # fmt: skip
        return self.view(State.DONE, f"{named}; it and its interpreter are in order")

    def _none(self, situation: Situation) -> StepView:
        place = situation.place
        if reach.lexists(place):
            return self.view(
                State.CANNOT,
                f"{os.path.basename(place)} is there, and is no environment",
                hint=f"look at {place}, and move it away",
            )
        if not situation.writable:
            return self.view(
                State.CANNOT,
                "there is none, and none can be made: the project's folder is read-only",
                hint="make the folder writable, or copy the project to where you may write",
            )
        problem = manifest_problem(situation.project)
        if problem is not None and not any(lock.usable for lock in situation.project.locks):
            return self.view(
                State.CANNOT,
                f"there is none, and none can be made: {told(problem)}",
                hint="mend that file",
            )
        chosen = situation.interpreters[0].interpreter if situation.interpreters else None
        options, folder = situation.options, situation.folder

        def act(operations: "Operations", answers: Answers) -> Plan | NoPlan:
            parts = chosen_of(situation.project, with_answers(options, answers))
            return operations.plan_create(
                folder,
                path=place,
                interpreter=chosen.executable if chosen is not None else None,
                groups=parts.groups,
                extras=parts.extras,
            )

        unread = lock_problem(situation.project)
        return self.view(
            State.OPEN,
            f"none is known; this makes one at {os.path.basename(place)}",
            details=[f"{told(unread)}: it is made from what is declared"] if unread else (),
            commands=[envdeck_command("create", folder, situation.project, options)],
            safe=True,
            options=options,
            act=act,
        )

    def _mended(self, situation: Situation, environment: Environment, message: str) -> StepView:
        """Rest it on the interpreter that is accepted; make it anew where that cannot mend it."""
        if situation.other_project:
            return self.view(
                State.CANNOT,
                f"{message}; it serves another project, {situation.other_project}",
                hint="give this project an environment of its own",
            )
        if not reach.access(os.path.dirname(environment.path), os.W_OK | os.X_OK):
            return self.view(
                State.CANNOT, message, hint="make the folder that it lies in writable"
            )  # fmt: skip
        chosen = situation.interpreters[0].interpreter if situation.interpreters else None
        same = chosen is not None and minor_of(chosen.version) == minor_of(
            environment.python.version
        )
        executable = chosen.executable if chosen is not None else None
        options: tuple[Option, ...] = ()
        if same and environment.status in {Status.BROKEN, Status.OK}:

            def rest(operations: "Operations", answers: Answers) -> Plan | NoPlan:
                return operations.plan_interpreter(environment, executable, allow=answers.allow)

            words = ("envdeck", "upgrade", environment.path, "--python", executable or "")
            return self.view(
                State.OPEN, message, commands=[words], safe=True, options=options, act=rest
            )
        options = situation.options
        lock = any(lock.usable for lock in situation.project.locks)
        declared = any(one.requirements or one.builds for one in situation.project.manifests)
        source = "lock" if lock else "declared" if declared else "exact"

        def anew(operations: "Operations", answers: Answers) -> Plan | NoPlan:
            parts = chosen_of(situation.project, with_answers(options, answers))
            return operations.plan_recreate(
                environment,
                source=source,
                interpreter=executable,
                groups=parts.groups if source != "exact" else None,
                extras=parts.extras if source != "exact" else None,
                allow=answers.allow,
            )

        command = envdeck_command(
            "recreate", environment.path, situation.project, options if source != "exact" else ()
        )
        command += ("--from", source, *(("--python", executable) if executable else ()))
        return self.view(
            State.OPEN, message, commands=[command], safe=True, options=options, act=anew
        )
