"""Building an environment anew, and proving that it is what it should be."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from envdeck.core.files import Unread
from envdeck.core.inspection.record import RecordRow
from envdeck.core.inspection.requirements import parse_requirement
from envdeck.core.inspection.site_packages import list_names
from envdeck.core.inspection.unowned import Unowned, unowned_files
from envdeck.core.model import Choices, Environment, PackageChoice, StepStarted
from envdeck.core.operations.engine.failure import explain
from envdeck.core.operations.file_proof import FileProof
from envdeck.core.operations.meanwhile import Watch
from envdeck.core.operations.rebuilding import Building, GivenUpError
from envdeck.core.operations.recipe.carry import Carried, carry_over, mapped
from envdeck.core.operations.recipe.edits import Look
from envdeck.core.operations.recipe.pins import SEEDS, Recipe
from envdeck.core.operations.recipe.proof import Proof
from envdeck.core.operations.recipe.records import place_of, record_of
from envdeck.core.operations.replacing import ReplacePlan
from envdeck.core.operations.restoring import Restoring
from envdeck.core.operations.sources.source import SourceName


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
    choices: Choices = field(default_factory=dict)
    """What becomes of packages that cannot be recreated exactly."""

    def chosen(self, choice: PackageChoice) -> list[str]:
        """Return the names that a choice was made for."""
        return sorted(name for name, made in self.choices.items() if made is choice)


def build_anew(order: Order, building: Building) -> list[str]:
    """Build it, and return what was verified; raises :class:`GivenUpError`."""
    plan = order.plan
    steps = iter(enumerate(plan.steps))

    def begin() -> None:
        index, step = next(steps)
        building.tell(StepStarted(index, step.title))

    verified: list[str] = []
    files = FileProof(
        plan.environment,
        keep=plan.keep_edits,
        look=order.look,
        exempt=unreleased(order.choices),
    )
    tried: frozenset[str] | None = None
    begin()
    building.make()
    begin()
    with ThreadPoolExecutor(1) as aside:  # the old one is listed while an installer runs
        looking = aside.submit(_look, plan.environment, building)
        reading = aside.submit(files.read_old, building.stopped)
        if plan.blueprint.source.name is SourceName.EXACT:
            restoring = Restoring(
                order.recipe,
                plan.environment,
                building,
                order.same_minor,
                order.choices,
                order.jumped,
            )
            restoring.install()
            proof = restoring.prove()
            files.hurry()
            reading.result()
            checked = files.check(building, restoring.lines())
            if checked.reinstalled:
                proof = restoring.prove()
            verified += _proved(restoring, proof, order)
            if order.same_base:
                # The same files on the same interpreter import as they did.
                tried = frozenset(each.name for each in proof.differences)
                tried = (tried | {*restoring.salvaged, *order.choices}) - {
                    *order.chosen(PackageChoice.OMIT)
                }
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
        _not_released([each.path for each in unowned.files], order, building.environment()),
        order.recipe,
    )
    verified += _carried(carried)
    begin()
    verified += _checked(order, building, tried)
    building.settle()
    return [*verified, *files.settle_edits(building)]


def unreleased(choices: Choices) -> frozenset[str]:
    """Return the names whose files are not put beside those of a release: kept, or left out."""
    return frozenset(
        name for name, choice in choices.items() if choice is not PackageChoice.RELEASE
    )


def _look(environment: Environment, building: Building) -> Unowned:
    """List the files that no package owns, and look after them from now on."""
    watch = Watch.of(environment)
    found = unowned_files(environment, stopped=building.stopped)
    watch.follow(each.path for each in found.files)
    building.watch = watch
    return found


def _proved(restoring: Restoring, proof: Proof, order: Order) -> list[str]:
    """Say how far it is what it was; raise where something is missing."""
    unseeded = [
        each.name
        for each in proof.differences
        if each.kind == "missing" and each.name in SEEDS and not restoring.same_minor
    ]
    differences = [
        each
        for each in proof.differences
        if each.name not in order.choices and each.name not in unseeded
    ]
    for each in differences:
        if each.kind == "missing" or (each.kind == "version" and each.name not in order.jumped):
            was = f"{each.name} {each.before}"
            raise GivenUpError(
                f"{was} did not come back" + (f", but {each.after}" * bool(each.after)),
                hint="make it from what the project declares: `--from declared`",
            )
    if not restoring.same_minor:
        gone = {*unseeded, *order.chosen(PackageChoice.OMIT)}
        moved = sum(each.kind == "version" for each in proof.differences)
        count = proof.total - len(gone)
        moved_too = f", {moved:,} of them at another version" if moved else ""
        said = [f"all {count:,} packages are there{moved_too}"]
        said += [f"left out, since nothing seeds it now: {', '.join(unseeded)}"] if unseeded else []
    else:
        said = [f"{proof.equal:,} of {proof.total:,} packages are the same, by their RECORD"]
        said += _named("built anew from their origin", [each.name for each in differences])
    said += _named("rebuilt from their files here", sorted(restoring.salvaged))
    said += _named("files kept as they are", order.chosen(PackageChoice.KEEP))
    said += _named("taken as the index has them", order.chosen(PackageChoice.RELEASE))
    said += _named("left out", order.chosen(PackageChoice.OMIT))
    if restoring.building.offline:
        said.append("without the network, from the cache")
    return said


def _named(what: str, names: Sequence[str]) -> list[str]:
    """Return what became of some packages, the first five by name; nothing where there are none."""
    more = f" and {len(names) - 5:,} more" if len(names) > 5 else ""
    return [f"{what}: {', '.join(names[:5])}{more}"] if names else []


def _not_released(paths: Sequence[str], order: Order, after: Environment) -> Sequence[str]:
    """Return the files that are carried over: not those of which a release was chosen to take the
    place, though no list says whose they were."""
    released = {*order.chosen(PackageChoice.RELEASE)}
    if not released:
        return paths
    owned = {
        place_of(row.path, os.path.dirname(listed.path), after.path)
        for listed in list_names(after.site_packages)
        if listed.name in released
        for row in _rows(listed.path)
    }
    return [path for path in paths if mapped(path, order.plan.environment, after) not in owned]


def _rows(info: str) -> tuple[RecordRow, ...]:
    rows = record_of(info)
    return () if isinstance(rows, Unread) else rows


def _carried(carried: Carried) -> list[str]:
    if carried.conflicts:
        first = carried.conflicts[0]
        raise GivenUpError(
            f"a file of yours cannot be carried over: {first.path}: {first.reason}",
            hint="move it out of the environment first",
        )
    count = len(carried.files)
    return [f"{count:,} {'file' if count == 1 else 'files'} of yours carried over"] if count else []


def _checked(order: Order, building: Building, tried: frozenset[str] | None) -> list[str]:
    omitted = {*order.chosen(PackageChoice.OMIT)}
    problems = building.unmet(order.plan.environment)
    lacking = [each for each in problems if _asked(each[1]) not in omitted]
    if lacking:
        name, missing = lacking[0]
        raise GivenUpError(f"{name} needs {missing}, which would no longer be there")
    lost = building.imports_lost(order.plan.environment, tried)
    if lost and not omitted:
        raise GivenUpError(lost[0])
    still = "everything that could be imported still can"
    if tried is not None:
        still = "its interpreter starts, the same as before"
        still += f", and imports {', '.join(sorted(tried)[:5])}" if tried else ""
    said = [f"{name} lacks {missing}, which was left out" for name, missing in problems[:5]]
    late = _named("imports not tried, since the time was up", sorted(building.untried))
    return [*(said or ["no package lacks what it needs"]), *(lost or [still]), *late]


def _asked(requirement: str) -> str:
    parsed = parse_requirement(requirement)
    return parsed.name if parsed is not None else requirement
