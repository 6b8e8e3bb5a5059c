"""An upgrade is carried out: in a copy of hard links, verified, then exchanged."""

import os
from functools import partial

from envdeck.core.inspection.packages.distributions import read_heads
from envdeck.core.model import Environment, Result, StepProgress, StepStarted
from envdeck.core.operations.disk.links import FolderLinkError
from envdeck.core.operations.engine.failure import BuildError, explain
from envdeck.core.operations.shared.base_interpreter import anchor_links
from envdeck.core.operations.shared.context import Context, Stopped, Tell
from envdeck.core.operations.staging.changes import confine_records
from envdeck.core.operations.staging.prove import FileProof
from envdeck.core.operations.staging.replace import replace_environment
from envdeck.core.operations.staging.stage import SOME, StagedBuild
from envdeck.core.operations.upgrade.candidates import normal_version
from envdeck.core.operations.upgrade.interpreter import Repair, apply_repair
from envdeck.core.operations.upgrade.lock import upgrade_lock
from envdeck.core.operations.upgrade.model import (
    SHARED_HINT,
    Cleanup,
    InstallChange,
    LockChange,
    Resolution,
    UpgradePlan,
    say_shared,
)
from envdeck.core.system.words import counted


def run(plan: UpgradePlan, context: Context, tell: Tell, stopped: Stopped) -> Result:
    """Change the copy, prove it, exchange it; or leave everything as it is."""
    return replace_environment(plan, partial(_change, plan), context, tell, stopped)


def _change(plan: UpgradePlan, building: StagedBuild) -> list[str]:
    building.tell(StepStarted(0, plan.steps[0].title))
    _copy(plan.environment, building)
    building.tell(StepStarted(1, plan.steps[1].title))
    verified: list[str]
    match plan.change:
        case Resolution():
            verified = _upgrade_packages(plan.change, building)
        case InstallChange():
            verified = _change_packages(plan.change, plan.environment, building)
        case LockChange():
            verified = upgrade_lock(plan.change, plan, building)
        case Repair():
            apply_repair(building.folder, plan.change, building.store.disk.rewrite)
            building.read = None
            verified = [f"base interpreter is {plan.change.named.executable}"]
        case Cleanup():
            verified = _remove_leftovers(plan.change, building)
    wanted = plan.change if isinstance(plan.change, InstallChange) else InstallChange(())
    files = FileProof(plan.environment, keep=plan.keep_edits)
    verified += files.check_changed(building, wanted.lines)
    building.tell(StepStarted(len(plan.steps) - 2, plan.steps[-2].title))
    for name, missing in building.unmet(plan.environment):
        if name not in wanted.broken:
            raise BuildError(f"{name} requires {missing}, which would be missing")
    lost = building.check_imports(plan.environment, plan.tried)
    building.settle()
    verified += files.settle_edits(building, wanted.removed)
    whole = () if wanted.broken else ("no missing dependencies",)
    return [*verified, *whole, *(lost or ["imports verified"])]


def _upgrade_packages(resolution: Resolution, building: StagedBuild) -> list[str]:
    done = building.install()
    if not done.ok:
        raise BuildError.explain(explain(done))
    names = frozenset(each.name for each in resolution.changes)
    versions = {each.name: each.version for each in read_heads(building.environment(), names)}
    for each in resolution.changes:
        if versions.get(each.name) != each.after:
            found = versions.get(each.name)
            raise BuildError(f"{each.name} is {found} instead of {each.after}")
    return [f"all {len(resolution.changes):,} at the planned versions"]


def _change_packages(
    change: InstallChange, before: Environment, building: StagedBuild
) -> list[str]:
    """Remove and install, and see that this and nothing else has changed."""
    uv = building.uv()
    python = building.environment().python.executable or ""
    for each in change.halves:
        building.store.disk.remove_tree(os.path.join(building.folder, each))
    if change.removed:
        done = building.run(uv.uninstall(python, building.write(SOME, change.removed)))
        if not done.ok:
            raise BuildError.explain(explain(done))
    if change.requirements:
        done = building.install(lambda: building.install_lines(change.requirements, change.again))
        if not done.ok:
            raise BuildError.explain(explain(done))
    wanted = {each.name: each.after for each in change.changes}
    was, now = (_versions(each) for each in (before, building.environment()))
    for name in sorted({*was, *now, *wanted}):
        right = [] if (after := wanted.get(name)) is None else [after]
        if name not in wanted:
            right = was.get(name, [])
        if now.get(name, []) != right:
            found, asked = (
                ", ".join(each) or "not installed" for each in (now.get(name, []), right)
            )
            raise BuildError(f"{name} is {found} instead of {asked}")
    return [f"{counted(len(change.changes), 'package')} changed as planned, no other"]


def _remove_leftovers(change: Cleanup, building: StagedBuild) -> list[str]:
    """Remove paths from the copy; the files have another link in the old environment."""
    for each in change.paths:
        path = os.path.join(building.folder, each)
        if os.path.isdir(path) and not os.path.islink(path):
            building.store.disk.remove_tree(path)
        else:
            os.unlink(path)
    return [f"{counted(len(change.paths), 'leftover')} removed"]


def _versions(environment: Environment) -> dict[str, list[str]]:
    """Return the versions of what is installed, by name, in the form that uv writes."""
    found: dict[str, list[str]] = {}
    for row in read_heads(environment):
        found.setdefault(row.name, []).append(normal_version(row) or row.version)
    return found


def _copy(environment: Environment, building: StagedBuild) -> None:
    """Make the copy; the files are the same ones, and replaced, never written into."""
    building.current.make_staged()
    total = environment.size.files if environment.size else None

    def copied(files: int, _size: int) -> None:
        building.tell(StepProgress(files, total, "files"))
        if building.stopped():
            raise BuildError("cancelled", stopped=True)

    try:
        building.store.disk.link_tree(environment.path, building.folder, copied)
        building.links = anchor_links(building.folder, environment.path)
        building.records = confine_records(
            environment, building.folder, building.store.disk.rewrite
        )
    except FolderLinkError as error:
        raise BuildError(say_shared(environment.path, error.path), SHARED_HINT) from None
