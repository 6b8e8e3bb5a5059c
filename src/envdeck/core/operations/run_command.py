"""A command of a project, run as it was shown: its hooks installed, its tests started."""

import os
from typing import ClassVar

from envdeck.core.lazy_dataclasses import dataclass, field
from envdeck.core.model import (
    Claims,
    Ending,
    Fact,
    NoPlan,
    Operation,
    Plan,
    Result,
    Step,
    StepStarted,
    Target,
)
from envdeck.core.operations.engine.command import Command
from envdeck.core.operations.engine.runner import Runner
from envdeck.core.operations.guards.context import read_only
from envdeck.core.operations.shared.context import Context, Stopped, Tell
from envdeck.core.operations.transaction.journal import new_id
from envdeck.core.system import reach
from envdeck.core.system.activate import activate_variables
from envdeck.core.system.files import absence
from envdeck.core.system.host import Host

_NO_WAY_BACK = "runs a command of the project; its effects cannot be undone"


@dataclass(frozen=True, slots=True)
class Task:
    """What is run, and where."""

    title: str
    """A few words, without a full stop: `run the tests`."""
    argv: tuple[str, ...]
    """The program by its full path, and its arguments; no shell reads them."""
    folder: str
    """The current folder: the project's."""
    environment: str | None = None
    """The environment that is active for it (`VIRTUAL_ENV`, and first on the `PATH`)."""
    hides: tuple[str, ...] = field(default=(), repr=False)
    """Words that are masked in what it prints: the values of the project's dotenv files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPlan(Plan):
    """A command that is to be run."""

    runner: ClassVar[str] = "envdeck.core.operations.run_command"
    task: Task

    @property
    def claims(self) -> Claims:
        """What it needs for itself while it runs."""
        folder = frozenset({self.task.folder})
        active = self.task.environment
        return Claims(changes=folder, alone=folder, reads=frozenset({active} if active else ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult(Result):
    """How a command ended. What it printed is not in it: that may well be a secret."""

    code: int
    """Its exit code; negative: the signal that ended it; 127 and 126 as in a shell."""


def plan_run(context: Context, task: Task) -> RunPlan | NoPlan:
    """Plan to run a command; see :meth:`Operations.plan_run`."""
    host = context.catalog.host
    program = task.argv[0]
    missing = absence(program)
    if missing:
        return NoPlan(f"{program} {missing}", missing=True)
    if not os.path.isabs(program) or not reach.access(program, os.X_OK):
        return NoPlan(f"{program} is not executable")
    if not reach.isdir(task.folder):
        return NoPlan(f"folder not found: {task.folder}", missing=True)
    facts = [Fact("in", task.folder)]
    if task.environment is not None:
        facts.append(Fact("active", task.environment))
    return RunPlan(
        id=new_id(host),
        operation=Operation.RUN,
        targets=(Target(task.folder, None, os.path.basename(task.folder), tuple(facts)),),
        steps=(Step(task.title, task_command(task, host).shown),),
        warnings=(_NO_WAY_BACK,),
        refusals=(read_only(),) if context.policy.read_only else (),
        frees_now_bytes=0,
        undo=None,
        task=task,
    )


def run(plan: RunPlan, context: Context, tell: Tell, stopped: Stopped) -> RunResult:
    """Run it to its end, telling what it prints; it has no input, and can be stopped."""
    host = context.catalog.host
    tell(StepStarted(0, plan.steps[0].title))
    done = Runner(host).run(task_command(plan.task, host), tell, stopped)
    after = f"after {done.seconds:.1f} s"
    stays = "its effects remain"
    if done.stopped:
        message = f"cancelled {after}; {stays}"
        return RunResult(status=Ending.FAILED, message=message, stopped=True, code=done.code)
    if done.code == 0:
        return RunResult(status=Ending.DONE, message=f"passed {after}", code=0)
    how = f"exit code {done.code}" if done.code > 0 else f"signal {-done.code}"
    return RunResult(
        status=Ending.FAILED, message=f"failed with {how} {after}; {stays}", code=done.code
    )


def task_command(task: Task, host: Host) -> Command:
    """Return the command that carries a task out."""
    return Command(task.argv, task.folder, _environ(task, host), hides=task.hides)


def _environ(task: Task, host: Host) -> dict[str, str]:
    """Return the person's own variables, with the environment active as its scripts would have
    it, and Python told not to hold back what it prints."""
    environ = {**host.environ}
    environ.setdefault("HOME", host.home)
    environ.setdefault("PYTHONUNBUFFERED", "1")
    return environ if task.environment is None else activate_variables(environ, task.environment)
