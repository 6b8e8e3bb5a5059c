"""What a walkthrough is for the screen: the core behind it, and where the person is in it.

It outlives its screen, so that one that was left is resumed where it was.
"""

from collections.abc import Callable
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Protocol, TypeAlias

from envdeck.core.onboarding.model import StepAnswers, StepState, StepView
from envdeck.core.onboarding.walkthrough import Walkthrough
from envdeck.tui.base.services import Stopped
from envdeck.tui.workers import run_in_thread

if TYPE_CHECKING:
    from textual.message import Message

    from envdeck.core.model import Environment, NoPlan, Plan, Result
    from envdeck.core.operations.api import Operations
    from envdeck.tui.base.job import Job


class Walking(Protocol):
    """What the screen needs of a walkthrough;
    :class:`envdeck.core.onboarding.walkthrough.Walkthrough` is the real one. All of it may be
    slow, and is called from threads, one call at a time."""

    def look(self, stopped: Stopped = ...) -> tuple[StepView, ...]:
        """Look at every step; `stopped` is polled to end it early."""
        ...

    def step(self, name: str) -> StepView:
        """Look at one step again."""
        ...

    def plan(self, step: StepView, answers: StepAnswers) -> "Plan | NoPlan":
        """Plan what a step does."""
        ...

    def ended(self, step: StepView, plan: "Plan", result: "Result") -> None:
        """Remember how what was done for a step ended."""
        ...

    def choose(self, name: str, answers: StepAnswers) -> None:
        """Remember what was chosen for a step."""
        ...


_PATIENCE = 0.2
"""Seconds between two questions whether anybody still waits."""
OpenWalking: TypeAlias = "Callable[[Operations, str, Environment | None], Walking]"


def open_walking(
    operating: "Operations", project: str, environment: "Environment | None"
) -> Walking:
    """Return the real walkthrough of a project; called in a thread."""
    return Walkthrough(operating, project, environment=environment)


class WalkthroughState:
    """One project's walkthrough. Used from the screen's thread, but for what says that it is called
    in one; what is behind it is asked by one thread at a time."""

    def __init__(self, project: str, begin: Callable[[], Walking]) -> None:
        self.project = project
        self.steps: tuple[StepView, ...] = ()
        """What was found last; empty before the first look."""
        self.cursor: str | None = None
        """The step that the cursor was left on."""
        self.shown = False
        """Whether its screen is open."""
        self.last: Job | None = None
        """What was done last, or is being done."""
        self.jobs: dict[str, Job] = {}
        """What was done last for each step, by its name."""
        self._begin = begin
        self._walking: Walking | None = None
        self._lock = Lock()
        self._not_over: dict[str, StepView] = {}

    def look(self, stopped: Stopped) -> tuple[StepView, ...]:
        """Look at every step; called in a thread. It waits for whoever asks already, but not
        once nobody waits for it: where a disk does not answer, threads would gather."""
        while not self._lock.acquire(timeout=_PATIENCE):
            if stopped():
                return ()
        try:
            return () if stopped() else self._open().look(stopped)
        finally:
            self._lock.release()

    def plan(self, step: StepView, answers: StepAnswers) -> "Plan | NoPlan":
        """Remember what was chosen, and plan what a step does; called in a thread."""
        with self._lock:
            walking = self._open()
            if answers.options is not None:
                walking.choose(step.name, StepAnswers(answers.options))
            return walking.plan(step, answers)

    def record(self, step: StepView, job: "Job") -> StepView:
        """Remember how something ended, and look at its step again; called in a thread."""
        with self._lock:
            walking = self._open()
            if job.result is not None:
                walking.ended(step, job.plan, job.result)
            return walking.step(step.name)

    def _open(self) -> Walking:
        if self._walking is None:
            self._walking = self._begin()
        return self._walking

    # what is being done

    def started(self, step: StepView, job: "Job") -> None:
        """Take what has been put into the queue for a step."""
        self.last = self.jobs[step.name] = job
        self._not_over[job.plan.id] = step

    @property
    def active(self) -> "Job | None":
        """What runs or waits; one step is done at a time."""
        return self.last if self.last is not None and not self.last.state.over else None

    @property
    def active_step(self) -> str | None:
        """The name of the step that it is done for."""
        active = self.active
        return next((name for name, job in self.jobs.items() if job is active), None)

    def take(self, job: "Job") -> StepView | None:
        """Return the step that something was done for that is over now, once."""
        return self._not_over.pop(job.plan.id, None)

    # how far it is

    def found(self, name: str) -> StepView | None:
        """Return a step as it was found last."""
        return next((step for step in self.steps if step.name == name), None)

    def put(self, found: StepView) -> None:
        """Take one step as it was found again."""
        self.steps = tuple(found if step.name == found.name else step for step in self.steps)

    @property
    def done(self) -> tuple[int, int]:
        """How many steps are done, of how many that apply to this project."""
        applying = [step for step in self.steps if step.state is not StepState.SKIPPED]
        return sum(step.state is StepState.DONE for step in applying), len(applying)

    @property
    def ready(self) -> bool:
        """Whether nothing is left to do before the project can be worked on."""
        return bool(self.steps) and not any(step.state.is_open for step in self.steps)

    def next_after(self, name: str | None) -> str | None:
        """Return the step to go on with: the next one after a step that a person can do
        something about, then any before it, then what is only ready to be tried."""
        names = [step.name for step in self.steps]
        at = names.index(name) + 1 if name in names else 0
        around = (*self.steps[at:], *self.steps[:at])
        for wanted in ({StepState.OPEN, StepState.CANNOT}, {StepState.READY}):
            for step in around:
                if step.state in wanted:
                    return step.name
        return None


class WalkthroughStates:
    """The walkthroughs of this run of the program."""

    def __init__(self) -> None:
        self._walks: dict[tuple[str, str | None], WalkthroughState] = {}

    def find(
        self,
        project: str,
        environment: "Environment | None",
        begin: Callable[[], Walking],
    ) -> WalkthroughState:
        """Return the walkthrough of a project, the one that was left if there is one."""
        key = (project, None if environment is None else environment.path)
        if key not in self._walks:
            self._walks[key] = WalkthroughState(project, begin)
        return self._walks[key]

    def job_ended(self, job: "Job", post: "Callable[[Message], object]") -> None:
        """Remember how something ended whose walkthrough was left meanwhile."""
        for walk in self._walks.values():
            step = None if walk.shown else walk.take(job)
            if step is not None:
                run_in_thread(partial(_record, walk, step, job), post)


def _record(walk: WalkthroughState, step: StepView, job: "Job") -> None:
    walk.record(step, job)
