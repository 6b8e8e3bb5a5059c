"""A bisect as a plan, so that it runs beside other operations, and can be cancelled."""

import os
from collections.abc import Sequence
from typing import ClassVar

from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.model import (
    CACHES,
    BisectRun,
    BisectRunStarted,
    Claims,
    Ending,
    Environment,
    NoPlan,
    Operation,
    Plan,
    Result,
    Step,
    StepProgress,
    StepStarted,
    Target,
)
from envdeck.core.operations.bisect.run import BisectRequest, BisectResult, NoBisect, run_bisect
from envdeck.core.operations.bisect.search import SearchStatus, most_sets
from envdeck.core.operations.guards.check import mark_of
from envdeck.core.operations.guards.context import read_only
from envdeck.core.operations.shared.context import Context, Stopped, Tell
from envdeck.core.operations.transaction.journal import new_id
from envdeck.core.project.project import read_project
from envdeck.core.system import reach
from envdeck.core.timeline.model import NoSnapshot, StateDifference, suspects
from envdeck.core.timeline.store import SnapshotStore


@dataclass(frozen=True, slots=True, kw_only=True)
class BisectChoice:
    """What a person asks for."""

    good: str
    """The snapshot that worked: an id, the start of one, or a day."""
    bad: str | None = None
    """The one that did not; None: the current packages."""
    command: tuple[str, ...]
    folder: str = ""
    """Where the command runs if there is no project."""
    limit: float | None = None
    """Seconds after which a run is ended."""
    late_is_bad: bool = False
    at_once: int = 0
    """How many runs at once; 0: as many as there are cores."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BisectPlan(Plan):
    """A bisect that is to be run."""

    runner: ClassVar[str] = "envdeck.core.operations.bisect.plan"
    request: BisectRequest

    @property
    def claims(self) -> Claims:
        """What it needs for itself while it runs."""
        base = self.request.environment.python.base
        return Claims(
            changes=frozenset({self.request.environment.path}),
            alone=frozenset({self.request.folder}),
            reads=frozenset({CACHES, base} if base else {CACHES}),
        )

    @property
    def suspects(self) -> int:
        """How many packages can have done it."""
        changes = suspects(self.request.good, self.request.bad)
        return sum(not one.obstacle for one in changes)

    @property
    def bound(self) -> int:
        """How many runs find a single culprit, where every set can be judged."""
        return most_sets(self.suspects, self.request.at_once)


@dataclass(frozen=True, slots=True, kw_only=True)
class BisectEnd(Result):
    """How a bisect ended."""

    found: BisectResult
    declared: tuple[tuple[str, str, int | None], ...] = ()
    """The culprits that the project declares: name, file, and line where that is known."""


def plan_bisect(
    context: Context, environment: Environment, choice: BisectChoice
) -> BisectPlan | NoPlan:
    """Plan to search for the change of packages that makes a command fail. What is installed now
    is kept as a snapshot: the bad side, unless another one is named."""
    host = context.catalog.host
    if not choice.command:
        return NoPlan("no command to run", missing=True)
    found = context.catalog.lookup(environment.path)
    if found is None:
        return NoPlan(f"no environment at {environment.path}", missing=True)
    store = SnapshotStore(host)
    store.keep(found, context.catalog.distributions(found), source="scan")
    if store.notice is not None:  # the bad side would be an older one
        return NoPlan(store.notice.message, hint=store.notice.hint)
    good = store.find(found.path, choice.good)
    if isinstance(good, NoSnapshot):
        return NoPlan(good.reason, hint=good.hint, missing=True)
    bad = store.find(found.path, choice.bad) if choice.bad else store.snapshots(found.path)[0]
    if isinstance(bad, NoSnapshot):
        return NoPlan(bad.reason, hint=bad.hint, missing=True)
    if good.id == bad.id:  # a day of the future names the newest one
        return NoPlan(
            f"nothing that can be installed differs between the two: both are snapshot {good.id}",
            hint=f"name an older one: `envdeck timeline {found.path}` lists the snapshots",
            missing=True,
        )
    project = found.project.path
    request = BisectRequest(
        found,
        good,
        bad,
        choice.command,
        project if project is not None and reach.isdir(project) else choice.folder or host.home,
        limit=choice.limit,
        late_is_bad=choice.late_is_bad,
        at_once=max(1, choice.at_once or os.cpu_count() or 1),
    )
    path = found.path
    plan = BisectPlan(
        id=new_id(host),
        operation=Operation.BISECT,
        targets=(Target(path, found.identity, found.name, mark=mark_of(path)),),
        steps=(Step("Try sets of packages in copies", choice.command),),
        refusals=(read_only(),) if context.policy.read_only else (),
        request=request,
    )
    if not plan.suspects:
        return NoPlan(
            "nothing that can be installed differs between the two",
            hint=f"`envdeck timeline {path}` lists the snapshots",
        )
    return plan


def run(plan: BisectPlan, context: Context, tell: Tell, stopped: Stopped) -> Result:
    """Search to the end, telling each run; the environment is as it was, whatever comes of it."""
    tell(StepStarted(0, plan.steps[0].title))
    done = 0

    def report(one: BisectRunStarted | BisectRun) -> None:
        nonlocal done
        tell(one)
        if isinstance(one, BisectRun):
            done += 1
        tell(StepProgress(done, max(plan.bound, done), "runs"))

    found = run_bisect(context, plan.request, report, stopped)
    if isinstance(found, NoBisect):
        return Result(Ending.REFUSED, found.message, hint=found.hint)
    if found.stopped:
        return BisectEnd(
            status=Ending.ROLLED_BACK, message=found.message, stopped=True, found=found
        )
    words = {
        SearchStatus.FOUND: f"found in {len(found.runs)} runs",
        SearchStatus.NOT_REPRODUCED: "not reproduced",
        SearchStatus.CANNOT_TELL: "cannot tell",
    }
    return BisectEnd(
        status=Ending.DONE,
        message=f"{words[found.status]}: {found.message}",
        found=found,
        declared=_declared(plan.request.environment, found.culprits),
    )


def _declared(
    environment: Environment, culprits: Sequence[StateDifference]
) -> tuple[tuple[str, str, int | None], ...]:
    path = environment.project.path
    if not culprits or path is None or not reach.isdir(path):
        return ()
    names = {one.name for one in culprits}
    manifests = read_project(path, deployed=False).manifests
    found = [
        (line.name, os.path.basename(line.file), line.line)
        for one in manifests
        for line in one.requirements
        if line.name in names
    ]
    return tuple(dict.fromkeys(found))
