"""Build, verify, replace."""

import os
import shlex
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from envdeck.core.inspection.packages.record import RecordRow, place_of
from envdeck.core.inspection.packages.requirements import read_requirement
from envdeck.core.inspection.packages.site_packages import list_names
from envdeck.core.inspection.unowned import Unowned, unowned_files
from envdeck.core.model import (
    SEED_PACKAGES,
    Environment,
    PackageChoice,
    Result,
    StepStarted,
)
from envdeck.core.operations.engine.failure import BuildError
from envdeck.core.operations.recipe.carry import Carried, carry_over, mapped
from envdeck.core.operations.recipe.recipe import PinKind, Recipe, record_of
from envdeck.core.operations.recipe.verify import Proof
from envdeck.core.operations.recreate.exact import ExactInstall, SnapshotInstall
from envdeck.core.operations.recreate.plan import RecreatePlan, unreleased
from envdeck.core.operations.shared.context import Context, Stopped, Tell
from envdeck.core.operations.sources.source import SourceName
from envdeck.core.operations.staging.prove import FileProof, install_source, is_of
from envdeck.core.operations.staging.replace import replace_environment
from envdeck.core.operations.staging.stage import StagedBuild
from envdeck.core.system.files import Unread
from envdeck.core.system.words import counted, join_some


def run(plan: RecreatePlan, context: Context, tell: Tell, stopped: Stopped) -> Result:
    """Make it, prove it, exchange it; or leave everything as it is."""
    return replace_environment(plan, partial(_build, plan), context, tell, stopped)


def _build(plan: RecreatePlan, building: StagedBuild) -> list[str]:
    """Build it, and return what was verified; raises :class:`BuildError`, with how to do without
    the project itself where that is what does not build."""
    try:
        return _built(plan, building)
    except BuildError as error:
        if is_of(error, plan.own):
            source = plan.blueprint.source
            words = ["envdeck", "recreate", plan.environment.path, "--no-project"]
            if source.name is not SourceName.EXACT:
                words += [
                    "--from",
                    str(source.file) if source.name is SourceName.FILE else source.name,
                ]
            error.hint = f"leave it out: `{shlex.join(words)}`"
        raise


def _built(plan: RecreatePlan, building: StagedBuild) -> list[str]:
    steps = iter(enumerate(plan.steps))

    def begin() -> None:
        index, step = next(steps)
        building.tell(StepStarted(index, step.title))

    verified: list[str] = []
    files = FileProof(
        plan.environment,
        keep=plan.keep_edits,
        look=plan.look,
        exempt=unreleased(plan.choices),
    )
    tried: frozenset[str] | None = None
    begin()
    building.make()
    begin()
    with ThreadPoolExecutor(1) as aside:  # the old one is listed while an installer runs
        looking = aside.submit(_look, plan.environment, building)
        reading = aside.submit(files.read_old, building.stopped)
        restoring = _prepare_install(plan, building)
        if restoring is not None:
            restoring.install()
            proof = restoring.prove()
            files.hurry()
            reading.result()
            checked = files.check(building, restoring.lines())
            if checked.reinstalled:
                proof = restoring.prove()
            if isinstance(restoring, SnapshotInstall):
                verified += restoring.verified(proof)
            else:
                verified += _proved(restoring, proof, plan)
            if plan.same_base and plan.past is None:
                # The same files on the same interpreter import as they did.
                tried = frozenset(each.name for each in proof.differences)
                tried = (tried | {*restoring.salvaged, *plan.choices}) - {
                    *plan.chosen(PackageChoice.OMIT)
                }
        else:
            verified += install_source(building)
            files.hurry()
            reading.result()
            checked = files.check(building)
        verified += checked.verified
        unowned = looking.result()
    if not unowned.complete:
        raise BuildError(
            f"not all files can be carried over: {unowned.problem}",
            hint="move your files out of the environment first",
        )
    if plan.carries:
        begin()
    carried = carry_over(
        plan.environment,
        building.environment(),
        _not_released([each.path for each in unowned.files], plan, building.environment()),
        plan.recipe if plan.past is None else plan.past.marks(plan.recipe),
    )
    verified += _carried(carried)
    begin()
    verified += _checked(plan, building, tried)
    building.settle()
    return [*verified, *files.settle_edits(building)]


def _prepare_install(plan: RecreatePlan, building: StagedBuild) -> ExactInstall | None:
    """Return what brings back known packages, one by one; None where a source chooses others."""
    if plan.past is not None:
        return SnapshotInstall(
            plan.past.recipe, plan.environment, building, same_minor=True, homes=plan.past.homes
        )
    if plan.blueprint.source.name is not SourceName.EXACT:
        return None
    return ExactInstall(
        plan.recipe, plan.environment, building, plan.same_minor, plan.choices, plan.jumped
    )


def _look(environment: Environment, building: StagedBuild) -> Unowned:
    """List the files that no package owns, and look after them from now on."""
    found = unowned_files(environment, stopped=building.stopped)
    if building.watch is not None:
        building.watch.follow(each.path for each in found.files)
    return found


def _proved(restoring: ExactInstall, proof: Proof, plan: RecreatePlan) -> list[str]:
    """Say how far it is what it was; raise where something is missing."""
    unseeded = [
        each.name
        for each in proof.differences
        if each.kind == "missing" and each.name in SEED_PACKAGES and not restoring.same_minor
    ]
    # What is built from a project's own files is as they are now.
    live = _live(plan.recipe)
    moved_on = [each for each in proof.differences if each.kind == "version" and each.name in live]
    differences = [
        each
        for each in proof.differences
        if each.name not in plan.choices and each.name not in unseeded and each not in moved_on
    ]
    for each in differences:
        if each.kind == "missing" or (each.kind == "version" and each.name not in plan.jumped):
            was = f"{each.name} {each.before}"
            raise BuildError(
                f"{was} was not installed" + (f", but {each.after}" * bool(each.after)),
                hint="recreate from the declared dependencies: `--from declared`",
            )
    if not restoring.same_minor:
        gone = {*unseeded, *plan.chosen(PackageChoice.OMIT)}
        moved = sum(each.kind == "version" for each in proof.differences)
        count = proof.total - len(gone)
        moved_too = f", {moved:,} at another version" if moved else ""
        said = [f"all {count:,} packages installed{moved_too}"]
        said += [f"no longer bundled, omitted: {', '.join(unseeded)}"] if unseeded else []
    else:
        said = [f"{proof.equal:,} of {proof.total:,} packages identical by RECORD"]
        said += _named("rebuilt from their origin", [each.name for each in differences])
    said += [f"{each.name} {each.before} is {each.after} now (editable)" for each in moved_on[:5]]
    said += _named("rebuilt from installed files", sorted(restoring.salvaged))
    said += _named("files kept", plan.chosen(PackageChoice.KEEP))
    said += _named("from the index", plan.chosen(PackageChoice.RELEASE))
    said += _named("omitted", plan.chosen(PackageChoice.OMIT))
    if restoring.building.offline:
        said.append("offline, from the cache")
    return said


def _live(recipe: Recipe) -> frozenset[str]:
    """Return the names of the editable installs: their project, not the environment, decides
    which version they are and what they require."""
    return frozenset(pin.name for pin in recipe.installed if pin.kind is PinKind.EDITABLE)


def _named(what: str, names: Sequence[str]) -> list[str]:
    """Return what became of some packages, the first five by name; nothing where there are none."""
    return [f"{what}: {join_some(names, 5)}"] if names else []


def _not_released(paths: Sequence[str], plan: RecreatePlan, after: Environment) -> Sequence[str]:
    """Return the files that are carried over: not those of which a release was chosen to take the
    place, though no list says whose they were."""
    released = {*plan.chosen(PackageChoice.RELEASE)}
    if not released:
        return paths
    owned = {
        place_of(row.path, os.path.dirname(listed.path), after.path)
        for listed in list_names(after.site_packages)
        if listed.name in released
        for row in _rows(listed.path)
    }
    return [path for path in paths if mapped(path, plan.environment, after) not in owned]


def _rows(info: str) -> tuple[RecordRow, ...]:
    rows = record_of(info)
    return () if isinstance(rows, Unread) else rows


def _carried(carried: Carried) -> list[str]:
    if carried.conflicts:
        first = carried.conflicts[0]
        raise BuildError(
            f"cannot carry over your file {first.path}: {first.reason}",
            hint="move it out of the environment first",
        )
    count = len(carried.files)
    return [f"{counted(count, 'file')} of yours carried over"] if count else []


def _checked(plan: RecreatePlan, building: StagedBuild, tried: frozenset[str] | None) -> list[str]:
    omitted = {*plan.chosen(PackageChoice.OMIT)}
    problems = building.unmet(plan.environment)
    live = _live(plan.recipe)
    lacking = [each for each in problems if _asked(each[1]) not in omitted and each[0] not in live]
    if lacking and plan.past is None:
        name, missing = lacking[0]
        raise BuildError(f"{name} requires {missing}, which would be missing")
    lost = building.check_imports(plan.environment, tried, held=not omitted)
    still = "imports verified"
    if tried is not None:
        still = "interpreter starts"
        still += f", imports {', '.join(sorted(tried)[:5])}" if tried else ""
    lacks = "which was omitted" if plan.past is None else "as in the snapshot"
    said = [
        f"{name} requires {missing}, {'which is not installed' if name in live else lacks}"
        for name, missing in problems[:5]
    ]
    late = _named("imports not tested (time limit)", sorted(building.untried))
    return [*(said or ["no missing dependencies"]), *(lost or [still]), *late]


def _asked(requirement: str) -> str:
    parsed = read_requirement(requirement)
    return parsed.name if parsed is not None else requirement
