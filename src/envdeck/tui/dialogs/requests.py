"""From what was chosen in a dialog to a plan that is asked for, and its making."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement
from textual.widget import Widget

from envdeck.core.dotenv.model import Remedy
from envdeck.core.lazy_dataclasses import dataclass, replace
from envdeck.core.model import (
    Environment,
    Finding,
    NoPlan,
    PackageChoice,
    Plan,
    RecreateRequest,
    Refusal,
)
from envdeck.text import capitalise, counted
from envdeck.text.operation import remedy_words
from envdeck.tui.base.services import CombinedPlan, Planned, Planner, PlanRequest
from envdeck.tui.dialogs.plan_view import PlanRow, blocked_paths
from envdeck.tui.store.upgrade import UpgradeChoice
from envdeck.tui.widgets.finding_lines import fixed_together
from envdeck.tui.widgets.line import Display
from envdeck.tui.workers.latest import IsDropped, Latest

if TYPE_CHECKING:
    from envdeck.core.operations.api import Operations
    from envdeck.core.timeline.model import StateDifference


@dataclass(frozen=True, slots=True)
class RecreateChoice:
    """From what, and on which interpreter; of several environments the same for each."""

    source: str
    """`exact`, `lock`, `declared`, `file` or `snapshot`."""
    file: str | None
    """What it is read from, where that has to be told; else None."""
    interpreter: str | None
    """An executable; None for the one it has."""
    jump: str | None = None
    """What becomes of packages that have no wheel for it: they come at the `smallest` version up
    that has one, or at the `newest`; None leaves them at theirs."""
    packages: tuple[tuple[str, PackageChoice], ...] = ()
    """What becomes of packages that cannot be recreated exactly, by their names."""
    snapshot: str | None = None
    """The id of the snapshot, where that is the source."""
    itself: bool = True
    """Whether the project itself is installed, too."""


@dataclass(frozen=True, slots=True)
class InterpreterChosen:
    """The interpreter that an environment is to rest on."""

    executable: str
    in_place: bool
    """Whether it is of the same minor version, so that the packages can stay."""


@dataclass(frozen=True, slots=True)
class CreateChoice:
    """The project that gets an environment, from what and on which interpreter."""

    project: str
    source: str | None
    file: str | None
    interpreter: str | None
    itself: bool = True
    """Whether the project itself is installed, too."""


def recreate_requests(
    operating: "Operations",
    environments: Sequence[Environment],
    choice: RecreateChoice,
    look: Display,
) -> tuple[PlanRequest, ...]:
    """Return one wish an environment: each is a transaction of its own."""

    def plan(
        environment: Environment, allow: frozenset[str], *, keep: bool = False
    ) -> Plan | NoPlan:
        return operating.plan_recreate(
            environment,
            RecreateRequest(
                source=choice.source,
                file=choice.file,
                snapshot=choice.snapshot,
                interpreter=choice.interpreter,
                jump=choice.jump,
                choices=dict(choice.packages),
                itself=choice.itself,
                keep_edits=keep,
            ),
            allow=allow,
        )

    return tuple(
        PlanRequest(
            f"Recreate {look.path(one.path)}",
            partial(plan, one),
            keeping=partial(plan, one, keep=True),
        )
        for one in environments
    )


def upgrade_request(
    operating: "Operations",
    environment: Environment,
    choice: UpgradeChoice | InterpreterChosen,
    look: Display,
) -> PlanRequest:
    """Return the wish to upgrade packages, or to rest on another interpreter."""
    path = look.path(environment.path)
    if isinstance(choice, UpgradeChoice):
        wanted, lock = dict(choice.wanted), choice.lock

        def upgrade(allow: frozenset[str], *, keep: bool = False) -> Plan | NoPlan:
            return operating.plan_upgrade(
                environment, wanted, lock=lock, keep_edits=keep, allow=allow
            )

        return PlanRequest(f"Upgrade {path}", upgrade, keeping=partial(upgrade, keep=True))
    executable = choice.executable

    def rest(allow: frozenset[str], *, keep: bool = False) -> Plan | NoPlan:
        return operating.plan_interpreter(environment, executable, keep_edits=keep, allow=allow)

    word = "Repair" if choice.in_place else "Recreate"
    return PlanRequest(f"{word} {path}", rest, keeping=partial(rest, keep=True))


def delete_request(
    operating: "Operations", environments: Sequence[Environment], title: str
) -> PlanRequest:
    """Return the wish to put environments into the trash, or to purge them at once."""

    def leave_out(paths: Collection[str]) -> PlanRequest:
        return delete_request(
            operating, [one for one in environments if one.path not in paths], title
        )

    return PlanRequest(
        title,
        lambda allow: operating.plan_delete(environments, allow=allow),
        lambda allow: operating.plan_delete(environments, purge=True, allow=allow),
        without=leave_out,
    )


def undo_request(operating: "Operations", title: str, identifier: str | None = None) -> PlanRequest:
    """Return the wish to take an operation back: the last one, or the one named."""
    return PlanRequest(title, lambda allow: operating.plan_undo(identifier, allow=allow))


def create_request(operating: "Operations", choice: CreateChoice, look: Display) -> PlanRequest:
    """Return the wish for a new environment. No guard of it can be overruled."""

    def plan(_allow: frozenset[str]) -> Plan | NoPlan:
        return operating.plan_create(
            choice.project,
            source=choice.file or choice.source,
            interpreter=choice.interpreter,
            itself=choice.itself,
        )

    return PlanRequest(f"New environment for {look.path(choice.project)}", plan)


def remedy_request(
    operating: "Operations", remedy: Remedy, values: Mapping[str, str], look: Display
) -> PlanRequest:
    """Return the wish to fix a finding. The values are in what plans it alone, and no guard of
    it can be overruled."""

    def plan(_allow: frozenset[str]) -> Plan | NoPlan:
        try:
            return operating.plan_remedy(remedy, values)
        except Exception as error:  # noqa: BLE001 - its own words could quote a value
            return NoPlan(f"planning failed: {type(error).__name__}")

    return PlanRequest(capitalise(" ".join(remedy_words(remedy, look.home))), plan)


def finding_request(
    operating: "Operations",
    environment: Environment,
    finding: Finding,
    findings: Sequence[Finding],
    look: Display,
) -> PlanRequest | str:
    """Return the operation that fixes a finding, and with it those of its kind in the
    environment; or what a person can do, where no operation fixes it."""
    together = fixed_together(finding, findings)
    plan_fix = getattr(operating, "plan_fix", None)
    if not together or plan_fix is None:
        return capitalise(look.sentence(finding.remedy)) or "no fix known"

    def plan(allow: frozenset[str]) -> Plan | NoPlan:
        planned: Plan | NoPlan = plan_fix(environment, together, allow=allow)
        return planned

    problems = counted(len(together), "problem")
    return PlanRequest(
        f"Fix {problems} of {look.path(environment.path)}", plan, paths=(environment.path,)
    )


def install_request(
    operating: "Operations", environment: Environment, text: str, look: Display
) -> PlanRequest:
    """Return the wish to install what was typed: one requirement, or several with blanks between
    them."""
    try:
        Requirement(text)
        requirements = [text]
    except InvalidRequirement:
        requirements = text.split()

    def plan(allow: frozenset[str]) -> Plan | NoPlan:
        return operating.plan_install(environment, requirements, allow=allow)

    path = environment.path
    return PlanRequest(f"Install into {look.path(path)}", plan, paths=(path,))


def uninstall_request(
    operating: "Operations", environment: Environment, names: Sequence[str], look: Display
) -> PlanRequest:
    """Return the wish to uninstall packages, and where a person says so what only they need."""

    def plan(allow: frozenset[str], *, unneeded: bool = False) -> Plan | NoPlan:
        return operating.plan_uninstall(environment, names, unneeded=unneeded, allow=allow)

    what = look.sentence(names[0]) if len(names) == 1 else counted(len(names), "package")
    return PlanRequest(
        f"Uninstall {what} from {look.path(environment.path)}",
        plan,
        keeping=partial(plan, unneeded=True),
        paths=(environment.path,),
    )


def pin_request(
    operating: "Operations",
    environment: Environment,
    culprits: "Sequence[StateDifference]",
    look: Display,
) -> PlanRequest:
    """Return the wish to have at its good version what a bisect found."""
    pins = [f"{one.name}=={one.before}" for one in culprits if one.before]
    if not pins:
        return uninstall_request(operating, environment, [one.name for one in culprits], look)

    def plan(allow: frozenset[str]) -> Plan | NoPlan:
        return operating.plan_install(environment, pins, allow=allow)

    path = environment.path
    title = f"Pin {look.sentence(', '.join(pins))} in {look.path(path)}"
    return PlanRequest(title, plan, paths=(path,))


def snapshot_request(
    operating: "Operations", environment: Environment, identity: str, look: Display
) -> PlanRequest:
    """Return the wish to have an environment as it was in a snapshot."""
    request = RecreateRequest(source="snapshot", snapshot=identity)

    def plan(allow: frozenset[str]) -> Plan | NoPlan:
        return operating.plan_recreate(environment, request, allow=allow)

    path = environment.path
    title = f"Recreate {look.path(path)} from snapshot {identity[:8]}"
    return PlanRequest(title, plan, paths=(path,))


class PlanMaker:
    """Plans a wish as its switches stand, in a thread, and keeps what came of it."""

    def __init__(
        self,
        owner: Widget,
        request: PlanRequest,
        far: Callable[[int], object],
        made: Callable[[], object],
    ) -> None:
        """`far` is told how many of several were planned, and `made` is called at the end."""
        self.request = request
        self.plan: Planned | None = None
        """What was planned; None while it is planned."""
        self.allowed: frozenset[str] = frozenset()
        self.for_good = False
        """Whether it is planned for good, past the trash."""
        self.keeps = False
        """Whether it is planned with edited files kept."""
        self.met: dict[str, list[Refusal]] = {}
        """What stood in the way by its guard, what was overruled among it."""
        self.left_out = 0
        """How many of several were left out, since they were blocked."""
        self._owner, self._far, self._made = owner, far, made
        self._latest = Latest[Planned](owner, self._take, self._failed)

    def make(self) -> None:
        """Plan, in place of what is being planned."""
        self.plan = None
        self._far(0)
        self._latest.request(self._plan)

    def cancel(self) -> None:
        """Drop what is being planned."""
        self._latest.cancel()

    @property
    def can_keep(self) -> bool:
        """Whether edited files can be kept."""
        return any(each.keeping is not None for each in (self.request, *self.request.parts))

    def turn(self, row: PlanRow) -> None:
        """Turn the switch of a row, and plan again."""
        if row.keeps:
            self.keeps = not self.keeps
        elif row.guard is not None:
            self.allowed ^= {row.guard}
        self.make()

    def leave_out(self) -> str:
        """Leave out those of several that are blocked, and plan again for the rest; return why
        there are none such, else an empty text."""
        plan, request, count = self.plan, self.request, 0
        if isinstance(plan, CombinedPlan):
            kept = [
                part
                for part, (_, each) in zip(request.parts, plan.planned, strict=True)
                if isinstance(each, Plan) and not each.refusals
            ]
            count = plan.skipped if kept else 0
            request = replace(request, parts=tuple(kept))
        elif isinstance(plan, Plan) and request.without is not None:
            blocked = blocked_paths(plan)
            count = len(blocked) if len(blocked) < len(plan.targets) else 0
            request = request.without(blocked)
        if plan is None:
            return "still planning"
        if not count:
            any_left = isinstance(plan, NoPlan) or plan.refusals
            return "nothing would be left" if any_left else "none is blocked"
        self.request, self.left_out = request, self.left_out + count
        self.met = {}
        self.make()
        return ""

    def _plan(self, stopped: IsDropped) -> Planned:
        """Plan; called in a thread."""
        request, allowed = self.request, self.allowed
        if not request.parts:
            return self._planner(request)(allowed)
        planned: list[tuple[str, Plan | NoPlan]] = []
        for part in request.parts:
            if stopped():
                break
            with suppress(RuntimeError):  # the screen has closed, and its loop with it
                self._owner.call_later(self._say_far, len(planned), stopped)
            try:
                planned.append((part.title, self._planner(part)(allowed)))
            except Exception as error:  # noqa: BLE001 - one that fails must not take the others
                said = f"planning failed: {type(error).__name__}: {error}"
                planned.append((part.title, NoPlan(said)))
        return CombinedPlan(tuple(planned), allowed)

    def _planner(self, request: PlanRequest) -> Planner:
        if self.for_good and request.at_once is not None:
            return request.at_once
        if self.keeps and request.keeping is not None:
            return request.keeping
        return request.plan

    def _say_far(self, done: int, stopped: IsDropped) -> None:
        if not stopped():
            self._far(done)

    def _failed(self, text: str) -> None:
        self._take(NoPlan(f"planning failed: {text}"))

    def _take(self, plan: Planned) -> None:
        """Keep it, and in sight what was overruled, with its reasons."""
        self.plan = plan
        if not isinstance(plan, NoPlan):
            kept = {guard: self.met[guard] for guard in plan.allowed if guard in self.met}
            now: dict[str, list[Refusal]] = {}
            for refusal in (*plan.refusals, *plan.offers):
                now.setdefault(refusal.guard, []).append(refusal)
            self.met = {**now, **kept}
        self._made()
