"""The one door to the walkthrough: look, plan what a step needs, and remember how it ended."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, cast

from envdeck.core.lazy_dataclasses import replace
from envdeck.core.model import Ending, Environment, NoPlan, Operation, Plan, Result
from envdeck.core.onboarding.answers import CommandRun, remember_choice, remember_run
from envdeck.core.onboarding.commands import find_tasks
from envdeck.core.onboarding.model import StepAnswers, StepState, StepView
from envdeck.core.onboarding.project_state import KINDS, ProjectFacts, ReadOperations
from envdeck.core.onboarding.steps import STEPS
from envdeck.core.onboarding.steps.base import OnboardingStep
from envdeck.core.operations.run_command import RunResult
from envdeck.core.system import reach
from envdeck.core.timeline.store import SnapshotStore

if TYPE_CHECKING:
    from envdeck.core.operations.api import Operations

_OF_PARTS = ("environment", "packages")
"""Steps whose options are the groups and extras: chosen for one, chosen for both."""
_COMMAND = "command"


def _never() -> bool:
    return False


class Walkthrough:
    """From a fresh clone to the first running command, for one project.

    Each look reads everything again, so that what it says was so just now. All of it may be slow,
    and may be called from any thread; what is remembered between two calls is on the disk.
    """

    def __init__(
        self,
        operations: "Operations | ReadOperations",
        project: str,
        *,
        environment: Environment | str | None = None,
        shell: str | None = None,
        chosen: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        """With what can only look, nothing can be planned. `project` is a folder. `environment`
        is the one that is meant, or its path, and `shell` the name of the shell in use; None
        finds them. `chosen` holds ids of options that stand in the place of what was chosen before,
        by `group`, `extra` and `command`."""
        self.operations = operations
        self.project = reach.realpath(project)
        self.environment: Environment | None = None
        """The environment of the project, as the last look found it."""
        self._asked = environment.path if isinstance(environment, Environment) else environment
        self._shell = shell
        self._chosen = dict(chosen or {})
        self._planned: dict[str, tuple[str, ...]] = {}

    def look(self, stopped: Callable[[], bool] = _never) -> tuple[StepView, ...]:
        """Return every step as it stands, in order; when `stopped` says so, those so far."""
        situation = self._situation(stopped)
        views: dict[str, StepView] = {}
        for step in STEPS:
            if stopped():
                break
            view = _stands(step, situation, views)
            if not step.where_due or view.state is not StepState.SKIPPED:
                views[step.name] = view
        if "environment" in views:
            self.environment = situation.environment
        return tuple(views.values())

    def step(self, name: str, stopped: Callable[[], bool] = _never) -> StepView:
        """Return one step as it stands now; those that it waits for are looked at with it."""
        situation = self._situation(stopped)
        known = {step.name: step for step in STEPS}
        views: dict[str, StepView] = {}

        def stands(step: OnboardingStep) -> StepView:
            for before in (*step.needs, *step.after):
                if before not in views:
                    views[before] = stands(known[before])
            return _stands(step, situation, views)

        return stands(known[name])

    def plan(self, step: StepView, answers: StepAnswers | None = None) -> Plan | NoPlan:
        """Plan what the keystroke does, for what a person chose and typed."""
        if step.act is None:
            return NoPlan(step.message, step.hint)
        answers = answers or StepAnswers()
        plan = step.act(cast("Operations", self.operations), answers)
        if isinstance(plan, Plan):
            proposed = tuple(one.id for one in step.options if one.chosen)
            self._planned[plan.id] = proposed if answers.options is None else answers.options
        return plan

    def ended(self, step: StepView, plan: Plan, result: Result) -> None:
        """Remember what was chosen for a plan that is over, and how a command ended. It is not
        what makes a step done: that is looked at again."""
        chosen = self._planned.pop(plan.id, None)
        if chosen is None or result.status is Ending.REFUSED:
            return
        if step.options:
            self._remember(step.name, chosen)
        if step.name != _COMMAND or plan.operation is not Operation.RUN or not chosen:
            return
        if not isinstance(result, RunResult) or result.stopped:
            return
        if self.operations.policy.read_only:
            return
        situation = self._situation(_never)
        ran = CommandRun(chosen[0], result.code, situation.host.now(), situation.mark)
        remember_run(situation.host, self.project, ran)
        environment = situation.environment
        if environment is not None and result.code == 0 and _is_tests(chosen[0], situation):
            _mark_good(environment, situation)

    def choose(self, name: str, answers: StepAnswers) -> None:
        """Remember what a person chose for a step, for the next look, and the next time."""
        if answers.options is not None:
            for kind in KINDS if name in _OF_PARTS else (name,):
                self._chosen.pop(kind, None)
            self._remember(name, answers.options)

    def _remember(self, name: str, options: tuple[str, ...]) -> None:
        if not self.operations.policy.read_only:
            host = self.operations.catalog.host
            remember_choice(host, self.project, _memory_name(name), options)

    def _situation(self, stopped: Callable[[], bool]) -> ProjectFacts:
        return ProjectFacts(
            self.operations,
            self.project,
            environment=self._asked,
            shell=self._shell,
            chosen=self._chosen,
            stopped=stopped,
        )


def _is_tests(option: str, situation: ProjectFacts) -> bool:
    return any(one.tests and one.id == option for one in find_tasks(situation))


def _mark_good(environment: Environment, situation: ProjectFacts) -> None:
    """Note that the tests passed on what is installed now."""
    store = SnapshotStore(situation.host)
    store.keep(environment, situation.distributions, source="scan")
    kept = store.snapshots(environment.path)
    if kept:
        store.mark_good(environment.path, kept[0].id)


def _memory_name(step: str) -> str:
    return "packages" if step in _OF_PARTS else step


def _stands(step: OnboardingStep, situation: ProjectFacts, views: dict[str, StepView]) -> StepView:
    """Return a step as it stands; it waits where another has to come first."""
    if not reach.isdir(situation.folder):
        message = "project folder not found"
        return step.view(StepState.CANNOT, message, hint="refresh when it is available again")
    view = step.look(situation)
    if view.state in {StepState.DONE, StepState.SKIPPED}:
        return view
    held_up = [name for name in step.needs if name in views and views[name].state.is_open]
    if view.state is not StepState.CANNOT:
        held_up += [
            name
            for name in step.after
            if name in views and views[name].state in {StepState.OPEN, StepState.WAITING}
        ]
    if not held_up:
        is_doable = view.state is not StepState.OPEN or view.act is not None
        return view if is_doable else replace(view, state=StepState.CANNOT)
    return replace(
        view,
        state=StepState.WAITING,
        message=f"requires: {views[held_up[0]].title}",
        hint="",
        details=(),
        commands=(),
        fields=(),
        act=None,
    )
