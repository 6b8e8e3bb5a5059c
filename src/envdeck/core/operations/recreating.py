"""Building an environment anew, and proving that it is what it should be."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from envdeck.core.inspection.unowned import Unowned, unowned_files
from envdeck.core.model import Environment, StepStarted
from envdeck.core.operations.engine.failure import explain
from envdeck.core.operations.file_proof import FileProof
from envdeck.core.operations.meanwhile import Watch
from envdeck.core.operations.rebuilding import Building, GivenUpError
from envdeck.core.operations.recipe.carry import Carried, carry_over
from envdeck.core.operations.recipe.edits import Look
from envdeck.core.operations.recipe.pins import SEEDS, Recipe
from envdeck.core.operations.recipe.proof import Proof
from envdeck.core.operations.replacing import ReplacePlan
from envdeck.core.operations.restoring import Restoring
from envdeck.core.operations.sources import SourceName


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be built, and what it is to be compared with."""

    plan: ReplacePlan
    recipe: Recipe
    same_minor: bool
    same_base: bool
    """Whether it rests on the very interpreter that the old one rests on."""
    carries: bool
    """Whether the plan has a step for files that no package owns."""
    look: Look
    """At the files of the old one, as it was planned."""
    jumped: frozenset[str] = frozenset()
    """Names that come at another version, since theirs has no wheel for the new interpreter."""


def build_anew(order: Order, building: Building) -> list[str]:
    """Build it, and return what was verified; raises :class:`GivenUpError`."""
    plan = order.plan
    steps = iter(enumerate(plan.steps))

    def begin() -> None:
        index, step = next(steps)
        building.tell(StepStarted(index, step.title))

    verified: list[str] = []
    files = FileProof(plan.environment, keep=plan.keep_edits, look=order.look)
    tried: frozenset[str] | None = None
    begin()
    building.make()
    begin()
    with ThreadPoolExecutor(1) as aside:  # the old one is listed while an installer runs
        looking = aside.submit(_look, plan.environment, building)
        reading = aside.submit(files.read_old, building.stopped)
        if plan.blueprint.source.name is SourceName.EXACT:
            restoring = Restoring(order.recipe, plan.environment, building, order.same_minor)
            restoring.install()
            proof = restoring.prove()
            files.hurry()
            reading.result()
            checked = files.check(building, _lines(order.recipe))
            if checked.reinstalled:
                proof = restoring.prove()
            verified += _proved(restoring, proof, order.jumped)
            if order.same_base:
                # The same files on the same interpreter import as they did.
                tried = frozenset(each.name for each in proof.differences) | {*restoring.salvaged}
        else:
            done = building.install()
            if not done.ok:
                raise GivenUpError.of(explain(done))
            files.hurry()
            reading.result()
            checked = files.check(building)
        verified += checked.verified
        unowned = looking.result()
    if not unowned.complete:
        raise GivenUpError(
            "not every file in it could be looked at, so that not all could be carried over",
            hint="move what is yours out of it first",
        )
    if order.carries:
        begin()
    carried = carry_over(
        plan.environment,
        building.environment(),
        [each.path for each in unowned.files],
        order.recipe,
    )
    verified += _carried(carried)
    begin()
    verified += _checked(plan, building, tried)
    building.settle()
    return [*verified, *files.settle_edits(building)]


def _lines(recipe: Recipe) -> dict[str, str]:
    return {pin.name: pin.requirement for pin in recipe.installed if pin.requirement}


def _look(environment: Environment, building: Building) -> Unowned:
    """List the files that no package owns, and look after them from now on."""
    watch = Watch.of(environment)
    found = unowned_files(environment, stopped=building.stopped)
    watch.follow(each.path for each in found.files)
    building.watch = watch
    return found


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
            f"a file of yours cannot be carried over: {first.path}: {first.reason}",
            hint="move it out of the environment first",
        )
    count = len(carried.files)
    return [f"{count:,} {'file' if count == 1 else 'files'} of yours carried over"] if count else []


def _checked(plan: ReplacePlan, building: Building, tried: frozenset[str] | None) -> list[str]:
    problems = building.unmet(plan.environment)
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
