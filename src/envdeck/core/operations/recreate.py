"""Making an environment anew, beside the old one, and exchanging the two when it is proved."""

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from envdeck.core.model import (
    Ending,
    Environment,
    Fact,
    NoPlan,
    Operation,
    Plan,
    Refusal,
    Result,
    Step,
    StepStarted,
    Target,
)
from envdeck.core.operations.asking import mark_of, moment_of, obstacles
from envdeck.core.operations.describing import manifest_of
from envdeck.core.operations.engine.creators import CannotBeMade, creator_for
from envdeck.core.operations.engine.failure import explain
from envdeck.core.operations.engine.uv import Uv
from envdeck.core.operations.guards import Moment
from envdeck.core.operations.interpreters import Choice
from envdeck.core.operations.journal import Entry, Move, Phase, new_id
from envdeck.core.operations.jumping import Jumps, jump_over, jumped_source, without_seeds
from envdeck.core.operations.picking import interpreter_choices, pick
from envdeck.core.operations.places import ENVIRONMENT
from envdeck.core.operations.rebuilding import (
    REQUIREMENTS,
    Blueprint,
    Building,
    GivenUpError,
    seeds_of,
)
from envdeck.core.operations.recipe.carry import Carried, carry_over
from envdeck.core.operations.recipe.dependencies import new_dependency_problems
from envdeck.core.operations.recipe.freeze import freeze
from envdeck.core.operations.recipe.pins import SEEDS, Recipe
from envdeck.core.operations.recipe.proof import Proof, check_files
from envdeck.core.operations.restoring import Restoring
from envdeck.core.operations.sources import How, Source, SourceName
from envdeck.core.operations.sourcing import source_of
from envdeck.core.operations.transaction import Ground, first_trash, transaction, trash_of

if TYPE_CHECKING:
    from envdeck.core.operations.operations import Operations, Stopped, Tell

_SPARE_BYTES = 64 * 1024 * 1024
"""Room that is left free on the disk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecreatePlan(Plan):
    """An environment to be made anew."""

    environment: Environment
    recipe: Recipe
    blueprint: Blueprint
    carried: tuple[str, ...]
    """Files that no package owns, relative to it."""
    same_minor: bool
    same_base: bool
    """Whether it rests on the very interpreter that the old one rests on."""
    jumped: frozenset[str] = frozenset()
    """Names that come at another version, since theirs has no wheel for the new interpreter."""


def plan_recreate(
    operations: "Operations",
    environment: Environment,
    *,
    source: str,
    file: str | None,
    interpreter: str | None,
    allow: frozenset[str],
    jump: str | None = None,
    operation: Operation = Operation.RECREATE,
) -> RecreatePlan | NoPlan:
    """Plan to make an environment anew; see :meth:`Operations.plan_recreate`."""
    host = operations.catalog.host
    choices = interpreter_choices(operations, environment, environment.project.path)
    chosen = pick(interpreter, choices, operations)
    if isinstance(chosen, NoPlan):
        return chosen
    recipe = freeze(environment)
    same_minor = _minor(environment.python.version) == _minor(chosen.interpreter.version)
    found = source_of(environment, recipe, source, file, chosen.interpreter)
    if isinstance(found, NoPlan):
        return found
    if found.name is SourceName.EXACT and (lost := _lost(recipe, same_minor=same_minor)):
        return lost
    jumped: Jumps = ()
    if jump is not None and found.name is SourceName.EXACT:
        jumps = jump_over(operations, environment, recipe, chosen.interpreter, jump)
        if isinstance(jumps, NoPlan):
            return jumps
        found, jumped = jumped_source(found, recipe, jumps), jumps
    exact = found.name is SourceName.EXACT
    if exact and not same_minor:
        found = without_seeds(found, recipe)
    uv = Uv(host, folder=host.home, environment=environment.path)
    creator = creator_for(
        environment.creation, host, chosen.interpreter.version, folder=host.home, uv=uv
    )
    if isinstance(creator, CannotBeMade):
        if creator.instead is None:
            return NoPlan(creator.reason, creator.hint)
        creator = creator.instead
    blueprint = Blueprint(
        path=environment.path,
        interpreter=chosen.interpreter.executable,
        creator=creator,
        creation=environment.creation,
        source=found,
        # What is pinned is installed like the rest, by far faster than a creator seeds it.
        seeds=frozenset() if exact and same_minor else seeds_of(recipe),
        copies=_is_copied(environment),
        downloads=operations.policy.downloads,
        offline=operations.policy.offline,
    )
    moment = moment_of(operations)
    unowned = moment.unowned(environment.path)
    target = Target(
        environment.path,
        environment.identity,
        environment.name,
        _facts(environment, chosen, found, unowned.count, jumped),
        mark_of(environment.path),
    )
    refusals = obstacles(operation, target, environment, moment, allow)
    needs = environment.size.reclaimable_bytes if environment.size is not None else None
    identifier = new_id(host)
    staged = os.path.join(_first_trash(environment.path, operations.ground), identifier)
    return RecreatePlan(
        id=identifier,
        operation=operation,
        targets=(target,),
        steps=_steps(blueprint, os.path.join(staged, ENVIRONMENT), environment, unowned.count),
        warnings=_warnings(environment, recipe, found, chosen, same_minor=same_minor),
        refusals=(*refusals, *_room(needs, environment, operations.ground)),
        allowed=allow,
        needs_bytes=needs,
        frees_now_bytes=0,
        reclaims_bytes=needs,
        undo=f"envdeck undo {identifier}",
        kept_until=operations.policy.kept_until(host.now()),
        environment=environment,
        recipe=recipe,
        blueprint=blueprint,
        carried=tuple(each.path for each in unowned.files),
        same_minor=same_minor,
        same_base=same_minor and chosen.same,
        jumped=frozenset(name for name, _, _ in jumped)
        | (frozenset() if same_minor else seeds_of(recipe)),
    )


def _lost(recipe: Recipe, *, same_minor: bool) -> NoPlan | None:
    """Say, before anything is touched, what cannot come back as it was."""
    gone = [
        pin
        for pin in recipe.installed
        if (pin.obstacle or not pin.requirement)
        and (not same_minor or not pin.path.endswith(".dist-info"))
    ]
    if not gone:
        return None
    names = ", ".join(pin.display_name or pin.name for pin in gone[:3])
    why = gone[0].obstacle or gone[0].problem or "its metadata names no release"
    return NoPlan(
        f"{len(gone)} of its packages cannot come back as they were: {names} ({why})",
        hint="choose the lock or the declaration of the project instead (`--from declared`)",
    )


def _facts(
    environment: Environment,
    chosen: Choice,
    source: Source,
    unowned: int,
    jumped: Jumps,
) -> tuple[Fact, ...]:
    now = environment.python.version or "not known"
    one = chosen.interpreter
    facts = [
        Fact("from", source.title),
        Fact("python", f"{now}, then {one.version}, of {one.executable}"),
    ]
    facts += [Fact(name, f"{before} to {after}") for name, before, after in jumped]
    if unowned:
        plural = "file" if unowned == 1 else "files"
        facts.append(Fact("carried over", f"{unowned:,} {plural} that no package owns"))
    return tuple(facts)


def _steps(
    blueprint: Blueprint, staged: str, environment: Environment, unowned: int
) -> tuple[Step, ...]:
    creator = blueprint.creator.command(
        staged,
        blueprint.interpreter,
        blueprint.creation,
        name=os.path.basename(blueprint.path),
        seeds=blueprint.seeds,
        copies=blueprint.copies,
    )
    count = len(blueprint.source.expected or blueprint.source.requirements)
    steps = [
        Step("make a new one beside it", creator.shown),
        Step(
            f"install {count:,} packages and check each against what was",
            ("uv", "pip", "install", "-r", os.path.join(os.path.dirname(staged), REQUIREMENTS)),
        )
        if blueprint.source.how is not How.UV_SYNC
        else Step("install what uv.lock says", ("uv", "sync", "--frozen")),
    ]
    if unowned:
        steps.append(Step(f"copy {unowned:,} files that no package owns"))
    steps.append(Step("check what it needs, and that it imports what it could"))
    steps.append(Step(f"exchange the two: the old one of {environment.name} goes to the trash"))
    return tuple(steps)


def _warnings(
    environment: Environment,
    recipe: Recipe,
    source: Source,
    chosen: Choice,
    *,
    same_minor: bool,
) -> tuple[str, ...]:
    said = [*source.notes]
    if chosen.interpreter.end_of_life:
        said.append(
            f"Python {chosen.interpreter.version} has had no support since"
            f" {chosen.interpreter.end_of_life}"
        )
    if not same_minor and source.name is SourceName.EXACT:
        said.append(
            f"it goes from Python {environment.python.version} to {chosen.interpreter.version}:"
            " a package without a release for that ends it, and nothing is changed"
        )
    rebuilt = [pin.name for pin in recipe.installed if pin.obstacle and source.name == "exact"]
    if rebuilt:
        said.append(
            f"rebuilt from their files here, since their source is gone: {', '.join(rebuilt[:3])}"
        )
    changed = check_files(environment)
    if changed.faulty:
        count = f"{changed.faulty:,} file{'' if changed.faulty == 1 else 's'}"
        said.append(
            f"{count} of its packages {'is' if changed.faulty == 1 else 'are'} not as installed,"
            f" and come{'s' * (changed.faulty == 1)} as released: {changed.faults[0].path}"
        )
    if recipe.leftovers:
        said.append(f"{len(recipe.leftovers)} leftovers of an interrupted pip are left out")
    return tuple(said)


def _room(needs: int | None, environment: Environment, ground: Ground) -> tuple[Refusal, ...]:
    """Refuse what the disk has no room for."""
    if needs is None:
        return ()
    free = ground.disk.free_bytes(os.path.dirname(environment.path))
    if free >= needs + _SPARE_BYTES:
        return ()
    return (
        Refusal(
            "no-room",
            f"the disk has {free:,} bytes free, and it takes {needs:,} while both are there",
            hint="make room, for one with `envdeck trash purge`",
            path=environment.path,
        ),
    )


def _first_trash(path: str, ground: Ground) -> str:
    return first_trash(path, ground)


def _is_copied(environment: Environment) -> bool:
    """Tell whether the interpreter was copied and not linked."""
    executable = environment.python.executable
    return (
        environment.creation.creator in {"venv", "virtualenv"}
        and executable is not None
        and os.path.isfile(executable)
        and not os.path.islink(executable)
    )


def _minor(version: str | None) -> str:
    return ".".join((version or "").split(".")[:2])


# acting


def run_recreate(
    plan: RecreatePlan, operations: "Operations", tell: "Tell", stopped: "Stopped"
) -> Result:
    """Make it, prove it, exchange it; or leave everything as it is."""
    against = _against(plan, moment_of(operations))
    if against:
        return Result(Ending.REFUSED, against.message, hint=against.hint, guard=against.guard)
    ground = operations.ground
    unable: OSError | None = None
    for trash in trash_of(plan.environment.path, ground):
        try:
            with transaction(ground, entry_of(plan)) as current:
                current.open_item(trash)
                current.describe(
                    manifest_of(current.entry, plan.environment, ground, plan.recipe.freeze_lines())
                )
                building = Building(plan.blueprint, current, ground, tell, stopped)
                verified = _build(plan, building)
                if stopped():
                    raise GivenUpError("it was stopped", stopped=True)
                tell(StepStarted(len(plan.steps) - 1, plan.steps[-1].title))
                current.put_in_place()
        except GivenUpError as error:
            return Result(
                Ending.ROLLED_BACK,
                f"everything is as it was: {error.message}",
                hint=error.hint,
                stopped=error.stopped,
            )
        except OSError as error:
            if error.errno != 18:  # EXDEV: another trash may do
                raise
            unable = error
        else:
            name = plan.environment.name
            return Result(Ending.DONE, f"{name} is made anew", verified=verified)
    raise unable if unable is not None else OSError(2, "there is no place to build it")


def _against(plan: RecreatePlan, moment: Moment) -> Refusal | None:
    target = plan.targets[0]
    found = obstacles(plan.operation, target, plan.environment, moment, plan.allowed)
    return found[0] if found else None


def entry_of(plan: RecreatePlan) -> Entry:
    """Return what is journalled of it first."""
    environment = plan.environment
    return Entry(
        id=plan.id,
        group=plan.id,
        operation=plan.operation,
        move=Move.EXCHANGE,
        phase=Phase.PREPARED,
        path=environment.path,
        item="",
        old=plan.targets[0].identity,
        name=environment.name,
        manager=environment.manager,
        python=environment.python.version or "",
        bytes_aside=plan.reclaims_bytes,
    )


def _build(plan: RecreatePlan, building: Building) -> tuple[str, ...]:
    """Build it, and return what was verified; raises :class:`GivenUpError`."""
    steps = iter(enumerate(plan.steps))

    def begin() -> None:
        index, step = next(steps)
        building.tell(StepStarted(index, step.title))

    verified: list[str] = []
    tried: frozenset[str] | None = None
    begin()
    building.make()
    begin()
    if plan.blueprint.source.name is SourceName.EXACT:
        restoring = Restoring(plan.recipe, plan.environment, building, plan.same_minor)
        restoring.install()
        proof = restoring.prove()
        verified += _proved(restoring, proof, plan.jumped)
        if plan.same_base:
            # The same files on the same interpreter import as they did.
            tried = frozenset(each.name for each in proof.differences) | {*restoring.salvaged}
    else:
        done = building.install()
        if not done.ok:
            raise GivenUpError.of(explain(done))
    if plan.carried:
        begin()
    carried = carry_over(plan.environment, building.environment(), plan.carried, plan.recipe)
    verified += _carried(carried)
    begin()
    verified += _checked(plan, building, tried)
    building.settle()
    return tuple(verified)


def _proved(restoring: Restoring, proof: Proof, jumped: frozenset[str]) -> list[str]:
    """Say how far it is what it was; raise where something is missing."""
    unseeded = [
        each.name
        for each in proof.differences
        if each.kind == "missing" and each.name in SEEDS and not restoring.same_minor
    ]
    for each in proof.differences:
        if each.name in unseeded:
            continue
        if each.kind == "missing" or (each.kind == "version" and each.name not in jumped):
            was = f"{each.name} {each.before}"
            raise GivenUpError(
                f"{was} did not come back" + (f", but {each.after}" * bool(each.after)),
                hint="make it from what the project declares: `--from declared`",
            )
    if not restoring.same_minor:
        count = proof.total - len(unseeded)
        moved = sum(each.kind == "version" for each in proof.differences)
        said = [f"all {count:,} packages are there, {moved:,} of them at another version"]
        said += [f"left out, since nothing seeds it now: {', '.join(unseeded)}"] if unseeded else []
    else:
        said = [f"{proof.equal:,} of {proof.total:,} packages are the same, by their RECORD"]
        other = [each.name for each in proof.differences]
        said += [f"built anew, and so not the same: {', '.join(other[:5])}"] if other else []
    if restoring.salvaged:
        said.append(f"rebuilt from their files here: {', '.join(sorted(restoring.salvaged)[:5])}")
    if restoring.building.offline:
        said.append("without the network, from the cache")
    return said


def _carried(carried: Carried) -> list[str]:
    if carried.conflicts:
        first = carried.conflicts[0]
        raise GivenUpError(
            f"a file of yours cannot be carried over: {first.path} {first.reason}",
            hint="move it out of the environment first",
        )
    count = len(carried.files)
    return [f"{count:,} {'file' if count == 1 else 'files'} of yours carried over"] if count else []


def _checked(plan: RecreatePlan, building: Building, tried: frozenset[str] | None) -> list[str]:
    problems = new_dependency_problems(plan.environment, building.environment())
    if problems:
        name, missing = problems[0]
        raise GivenUpError(f"{name} needs {missing}, which would no longer be there")
    lost = building.imports_lost(plan.environment, tried)
    if lost:
        raise GivenUpError(lost[0])
    still = "everything that could be imported still can"
    if tried is not None:
        still = "its interpreter starts, the same as before"
        still += f", and imports {', '.join(sorted(tried)[:5])}" if tried else ""
    return ["no package lacks what it needs", still]
