"""Upgrading in the project's lock: its own tool changes the lock, and the environment follows.

The lock file is a person's file outside of the environment. It is saved in the item before the
tool may touch it, and returns when the operation is given up or taken back.
"""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from envdeck.core.inspection.distributions import read_distributions
from envdeck.core.model import Environment, Fact, NoPlan, Plan, Step, StepStarted
from envdeck.core.operations.engine.command import Command
from envdeck.core.operations.engine.environ import clean_environ
from envdeck.core.operations.engine.failure import explain
from envdeck.core.operations.engine.tool_change import update_of, version_of
from envdeck.core.operations.engine.uv import Uv
from envdeck.core.operations.rebuilding import Building, GivenUpError
from envdeck.core.operations.sources.offering import sources
from envdeck.core.operations.sources.source import How, Source, SourceName
from envdeck.core.operations.staged import staged_plan, with_edits
from envdeck.core.operations.upgrading.lock_offers import LockOffer
from envdeck.core.project import read_lock
from envdeck.core.project.uv_lock import uv_lock_revision

if TYPE_CHECKING:
    from envdeck.core.operations.context import Context

_LOCK_ONLY = {
    "poetry": ("update", "--lock"),
    "pdm": ("update", "--no-sync"),
    "pipenv": ("upgrade", "--lock-only"),
}
"""How the tools change the lock and leave their environment alone: it is changed in a copy."""


_MANIFESTS = {"pipenv": "Pipfile"}
"""What a tool makes the lock from, where that is not `pyproject.toml`."""


def plan_lock_upgrade(
    operations: "Context",
    environment: Environment,
    names: Sequence[str],
    offer: LockOffer | None,
    allow: frozenset[str],
    *,
    keep_edits: bool = False,
) -> Plan | NoPlan:
    """Plan to upgrade `names` in the project's lock, and the environment with it."""
    project = environment.project.path
    if offer is None or project is None:
        return NoPlan("its project has no lock file", hint="leave `--lock` out", missing=True)
    if not offer.available:
        return NoPlan(offer.sentence)
    file = os.path.join(project, offer.file)
    manifest = _MANIFESTS.get(offer.tool, "pyproject.toml")
    if not os.path.isfile(os.path.join(project, manifest)):
        return NoPlan(
            f"{offer.file} cannot be upgraded without the {manifest} that it was made from",
            hint="leave `--lock` out: only the environment is upgraded then",
        )
    read = read_lock(file, hashes=False)
    unread = () if read is None else read.problems
    if unread:  # its own tool may well write another one over it
        told = str(unread[0]).removeprefix(f"{file}:").strip()
        return NoPlan(f"{offer.file} cannot be upgraded: {told}")
    command = _command(operations, project, names, offer)

    def change(building: Building) -> list[str]:
        building.current.save_file(file)
        before = uv_lock_revision(file) if offer.tool == "uv" else None
        done = building.run(command)
        if not done.ok:
            raise GivenUpError.of(explain(done))
        if before is not None and (after := uv_lock_revision(file) or 0) < before:
            raise GivenUpError(
                f"{offer.file} is of revision {before}, and {version_of('uv')} writes revision"
                f" {after}, without what newer ones have added",
                hint=update_of("uv"),
            )
        building.tell(StepStarted(2, follow.title))
        source = _lock_source(environment, project, file, building)
        return _follow(source, building)

    follow = Step(f"install in the copy what {offer.file} says then")
    told = f"upgrade {', '.join(names[:5])}" + (" and more" if len(names) > 5 else "")
    plan = staged_plan(
        operations,
        environment,
        source=Source(name=SourceName.LOCK, title=offer.file, how=How.PINS),
        facts=(
            Fact("lock", file),
            Fact("packages", ", ".join(names)),
        ),
        middle=lambda _staged, _blueprint: (
            Step(f"{told} in {offer.file}, which is saved first", command.shown),
            follow,
        ),
        warnings=(f"{offer.file} changes: it returns with `envdeck undo`",),
        change=change,
        tried=frozenset(),
        done=f"{offer.file} and {environment.name} are upgraded together",
        allow=allow,
    )
    return plan if isinstance(plan, NoPlan) else with_edits(plan, frozenset(names), keep=keep_edits)


def _command(
    operations: "Context", project: str, names: Sequence[str], offer: LockOffer
) -> Command:
    host = operations.catalog.host
    if offer.tool == "uv":
        uv = Uv(
            host,
            folder=project,
            project=True,
            downloads=operations.policy.downloads,
            offline=operations.policy.offline,
        )
        return uv.lock(tuple(names))
    words = (offer.program or offer.tool, *_LOCK_ONLY[offer.tool], *names)
    return Command(words, project, clean_environ(host))


def _lock_source(environment: Environment, project: str, file: str, building: Building) -> Source:
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
                raise GivenUpError(f"the new lock cannot be used: {one.problem}")
            return one
    raise GivenUpError(f"{os.path.basename(file)} is no longer there")


def _follow(source: Source, building: Building) -> list[str]:
    """Install what the lock says; what it does not name stays."""
    python = building.environment().python.executable or ""
    if source.how is How.UV_SYNC and source.project is not None:
        command = building.uv(source.project).project_sync(
            building.folder,
            python,
            groups=source.groups,
            extras=source.extras,
            default_groups=False,
            install_project=source.install_project,
            exact=False,
        )
    else:
        requirements = building.write("lock.txt", source.requirements)
        command = building.uv().install(
            python, requirements, dependencies=False, hashes=source.hashes
        )
    done = building.run(command)
    if not done.ok:
        raise GivenUpError.of(explain(done))
    there = {row.name: row.version for row in read_distributions(building.environment())}
    for name, version in source.expected:
        if version is not None and there.get(name) != version:
            raise GivenUpError(f"{name} came out as {there.get(name)}, and not as {version}")
    return [f"all {len(source.expected):,} packages are as {os.path.basename(source.file or '')}"]
