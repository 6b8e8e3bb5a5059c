"""Upgrading in the lock by the project's own manager.

The lock file is a person's file outside of the environment. It is saved in the item before the
tool may touch it, and returns when the operation is given up or taken back.
"""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from envdeck.core.discovery.managers import lock_files, lock_manager
from envdeck.core.inspection.packages.distributions import read_distributions, read_heads
from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.model import Environment, Fact, NoPlan, Plan, Step, StepStarted
from envdeck.core.operations.engine.command import Command, clean_environ
from envdeck.core.operations.engine.failure import BuildError, explain
from envdeck.core.operations.engine.tool_change import update_of, version_of
from envdeck.core.operations.engine.uv import InstallRules, UvAdapter
from envdeck.core.operations.sources.offer import drop_inherited, sources
from envdeck.core.operations.sources.source import InstallMethod, PackageSource, SourceName
from envdeck.core.operations.staging.changes import Installed
from envdeck.core.operations.staging.stage import StagedBuild
from envdeck.core.operations.transaction.transaction import digest_of
from envdeck.core.operations.upgrade.model import (
    LockChange,
    StagedChange,
    UpgradePlan,
    add_edits,
    staged_plan,
)
from envdeck.core.project.locks.find import LOCK_FILES, read_lock
from envdeck.core.project.locks.uv import uv_lock_revision
from envdeck.core.system import reach
from envdeck.core.system.host import Host

if TYPE_CHECKING:
    from envdeck.core.operations.shared.context import Context


@dataclass(frozen=True, slots=True)
class LockOffer:
    """The lock file of a project, and how its own tool upgrades in it."""

    file: str
    """Its name in the project: `uv.lock`."""
    tool: str
    """`uv`, `poetry`, `pdm`, `pipenv`; empty where no tool is known to upgrade it."""
    commands: tuple[tuple[str, ...], ...]
    """What upgrades the names in it and then installs what it says, in order, each run in the
    project's folder. Empty without a tool."""
    program: str | None
    """Where the tool was found on the PATH; None where it is not there. uv needs none: we bring
    our own."""
    sentence: str
    """What a person should know before choosing, without a full stop."""

    @property
    def available(self) -> bool:
        """Whether the offer can be taken here and now."""
        return bool(self.commands) and (self.program is not None or self.tool == "uv")


def lock_offer(
    host: Host, project: str, names: Sequence[str], *, manager: str = ""
) -> LockOffer | None:
    """Return what upgrading those names means for the lock file of the project at `project`;
    None where it has no lock file.

    Of several the one of the environment's `manager` counts, else the first that a manager has.
    Only names of files are looked at; nothing is run.
    """
    there = [file for file in LOCK_FILES if reach.isfile(os.path.join(project, file))]
    if not there:
        return None
    owners = {file: lock_manager(file) for file in there}
    file = min(there, key=lambda file: (owners[file] != manager, not owners[file]))
    tool = owners[file]
    lock = lock_files().get(tool)
    program = reach.which(tool, host.environ.get("PATH", "")) if tool else None
    commands = lock.commands(names) if lock else ()
    differ = f"{file} and the environment will differ"
    if not tool:
        sentence = f"{differ}: no tool can upgrade single packages in it"
    elif program is None and tool != "uv":
        sentence = f"{differ}: {tool} is not on the PATH"
    else:
        told = ", then ".join(" ".join(command) for command in commands)
        sentence = f"{differ}, unless the lock is upgraded too: {told}"
    return LockOffer(file, tool, commands, program, sentence)


def plan_lock_upgrade(
    operations: "Context",
    environment: Environment,
    names: Sequence[str],
    offer: LockOffer | None,
    allow: frozenset[str],
    *,
    installed: Installed,
    keep_edits: bool = False,
) -> Plan | NoPlan:
    """Plan to upgrade `names` in the project's lock, and the environment with it."""
    project = environment.project.path
    if offer is None or project is None:
        return NoPlan("the project has no lock file", hint="remove `--lock`", missing=True)
    if not offer.available:
        return NoPlan(offer.sentence)
    file = os.path.join(project, offer.file)
    manifest = lock_files()[offer.tool].manifest
    if not reach.isfile(os.path.join(project, manifest)):
        return NoPlan(
            f"{offer.file} cannot be upgraded without {manifest}",
            hint="remove `--lock` to upgrade only the environment",
        )
    read = read_lock(file, hashes=False)
    unread = () if read is None else read.problems
    if unread:  # its own tool may well write another one over it
        told = str(unread[0]).removeprefix(f"{file}:").strip()
        return NoPlan(f"{offer.file} cannot be upgraded: {told}")
    command = _command(operations, project, names, offer)

    follow = Step(f"Install packages from {offer.file} in the copy")
    told = f"Upgrade {', '.join(names[:5])}" + (" and more" if len(names) > 5 else "")
    plan = staged_plan(
        operations,
        environment,
        StagedChange(
            change=LockChange(file, project, offer.tool, command),
            package_changes=None,
            source=PackageSource(name=SourceName.LOCK, title=offer.file, how=InstallMethod.PINS),
            facts=(Fact("lock", file), Fact("packages", ", ".join(names))),
            middle=lambda _staged, _blueprint: (
                Step(f"{told} in {offer.file} (backed up first)", command.shown),
                follow,
            ),
            warnings=(f"{offer.file} changes; `envdeck undo` restores it",),
            done=f"upgraded {offer.file} and {environment.name}",
        ),
        allow=allow,
        installed=installed,
    )
    return plan if isinstance(plan, NoPlan) else add_edits(plan, frozenset(names), keep=keep_edits)


def upgrade_lock(change: LockChange, plan: UpgradePlan, building: StagedBuild) -> list[str]:
    """Save the lock, have its tool upgrade it, and install what it says then."""
    file, name = change.file, os.path.basename(change.file)
    building.current.save_file(file)
    before = uv_lock_revision(file) if change.tool == "uv" else None
    done = building.run(change.command)
    if not done.ok:
        raise BuildError.explain(explain(done))
    if before is not None and (after := uv_lock_revision(file) or 0) < before:
        raise BuildError(
            f"{name} has revision {before}, but {version_of('uv')} writes the older"
            f" revision {after}",
            hint=update_of("uv"),
        )
    current = building.current
    current.note(current.entry.phase, file_digest=digest_of(current.entry.file))
    building.tell(StepStarted(2, plan.steps[2].title))
    return _follow(_lock_source(plan.environment, change.project, file, building), building)


def _command(
    operations: "Context", project: str, names: Sequence[str], offer: LockOffer
) -> Command:
    host = operations.catalog.host
    if offer.tool == "uv":
        uv = UvAdapter(
            host,
            folder=project,
            project=True,
            downloads=operations.policy.downloads,
            offline=operations.policy.offline,
        )
        return uv.lock(tuple(names))
    tool, *words = lock_files()[offer.tool].upgrade(names, alone=True)
    return Command((offer.program or tool, *words), project, clean_environ(host))


def _lock_source(
    environment: Environment, project: str, file: str, building: StagedBuild
) -> PackageSource:
    """Read the lock as the tool has left it."""
    now = building.environment()
    found = sources(
        environment,
        project,
        distributions=read_distributions(now),
        python=environment.python,
    )
    for one in found:
        if one.name is SourceName.LOCK and one.file == file:
            if not one.usable:
                raise BuildError(f"the upgraded lock cannot be used: {one.problem}")
            return drop_inherited(one, environment)
    raise BuildError(f"file not found: {os.path.basename(file)}")


def _follow(source: PackageSource, building: StagedBuild) -> list[str]:
    """Install what the lock says; what it does not name stays."""
    python = building.environment().python.executable or ""
    if source.how is InstallMethod.UV_SYNC and source.project is not None:
        command = building.uv(source.project).project_sync(
            building.folder,
            python,
            groups=source.groups,
            extras=source.extras,
            install_project=source.install_project,
            omitted=source.inherited,
            exact=False,
        )
    else:
        requirements = building.write("lock.txt", source.requirements)
        rules = InstallRules(dependencies=False, hashes=source.hashes)
        command = building.uv().install(python, requirements, rules)
    done = building.run(command)
    if not done.ok:
        raise BuildError.explain(explain(done))
    there = {row.name: row.version for row in read_heads(building.environment())}
    for name, version in source.expected:
        if version is not None and there.get(name) != version:
            raise BuildError(f"{name} is {there.get(name)} instead of {version}")
    return [f"all {len(source.expected):,} packages match {os.path.basename(source.file or '')}"]
