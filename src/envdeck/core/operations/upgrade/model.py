"""`UpgradeCandidate`, `Resolution`, levels, the `Resolver` protocol, and `UpgradePlan`: what is
changed in a copy of an environment that takes its place."""

import os
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import ClassVar, Protocol

from packaging.version import InvalidVersion, Version

from envdeck.core.lazy_dataclasses import dataclass, field, replace
from envdeck.core.model import (
    Environment,
    Fact,
    NoPlan,
    Operation,
    PackageChange,
    Refusal,
    Step,
    Target,
)
from envdeck.core.operations.disk.links import folder_links
from envdeck.core.operations.engine.command import Command
from envdeck.core.operations.engine.creators import VenvCreator
from envdeck.core.operations.engine.failure import Failure, FailureKind
from envdeck.core.operations.engine.pip_configuration import is_cut_off
from envdeck.core.operations.guards.check import guard_context, mark_of, obstacles
from envdeck.core.operations.recipe.edits import find_edits
from envdeck.core.operations.recipe.freeze import freeze
from envdeck.core.operations.shared.context import Context
from envdeck.core.operations.shared.describe import edit_facts, inherited_facts, upgrade_warnings
from envdeck.core.operations.shared.history import failed_before
from envdeck.core.operations.shared.space import no_room, not_writable
from envdeck.core.operations.sources.source import PackageSource
from envdeck.core.operations.staging.changes import Installed
from envdeck.core.operations.staging.replace import ReplacePlan
from envdeck.core.operations.staging.stage import BuildSpec
from envdeck.core.operations.transaction.journal import new_id
from envdeck.core.operations.transaction.places import ENVIRONMENT
from envdeck.core.operations.transaction.transaction import first_trash
from envdeck.core.operations.upgrade.interpreter import Repair
from envdeck.core.system import reach


class Level(StrEnum):
    """How far the newest release is from what is installed, by its version number alone."""

    PATCH = "patch"
    MINOR = "minor"
    MAJOR = "major"
    OTHER = "other"
    """It cannot be told: a version that PEP 440 does not read, or another epoch."""


@dataclass(frozen=True, slots=True)
class UpgradeCandidate:
    """An installed distribution for which the index has something newer."""

    name: str
    """Normalised (PEP 503)."""
    installed: str
    target: str
    """The newest that the resolver takes when everything here may move; :attr:`installed` where
    that is what is here (then :attr:`held_back_by` says why)."""
    latest: str
    """The newest on the index that this interpreter takes; at least :attr:`target`."""
    level: Level
    """From installed to target; to latest where the target is what is installed."""
    held_back_by: tuple[str, ...] = ()
    """Why the target is below the latest, one phrase each: `requests requires urllib3<2`. Empty
    where it is not held back."""
    released: str | None = None
    """The day the target was released (`2026-09-30`), where the index tells; None: not told."""
    seed: bool = False
    """pip, setuptools or wheel, which the creator put there."""

    @property
    def held_back(self) -> bool:
        """Whether the newest cannot be had."""
        return self.target != self.latest

    @property
    def upgradable(self) -> bool:
        """Whether there is anything to move to."""
        return self.target != self.installed


@dataclass(frozen=True, slots=True)
class Fixed:
    """An installed distribution that is not upgraded from an index, and why."""

    name: str
    installed: str
    reason: str
    """`is installed in place (editable)`."""


@dataclass(frozen=True, slots=True)
class UpgradeCandidates:
    """What could be upgraded in one environment."""

    rows: tuple[UpgradeCandidate, ...]
    """By name; every installed name that has something newer, once."""
    fixed: tuple[Fixed, ...] = ()
    """By name; what is left where it is."""
    current: int = 0
    """How many are the newest already."""


@dataclass(frozen=True, slots=True)
class HeldPackage:
    """A chosen name that does not get as far as was asked, and why."""

    name: str
    wanted: str
    gets: str
    because: tuple[str, ...] = ()
    """`requests requires urllib3<2`; empty where nothing installed says so."""


@dataclass(frozen=True, slots=True)
class Resolution:
    """What an upgrade of the chosen names comes to, over everything installed."""

    changes: tuple[PackageChange, ...]
    """Everything that would change, by name; empty where nothing would."""
    moves_along: tuple[str, ...] = ()
    """Names in :attr:`changes` that were not chosen."""
    held: tuple[HeldPackage, ...] = ()
    requirements: tuple[str, ...] = ()
    """Lines for an installer that bring exactly this about: one `name==version` for everything
    that is to be installed. Install them without resolving again (`--no-deps`)."""


@dataclass(frozen=True, slots=True)
class LockChange:
    """What upgrades the lock file of a project."""

    file: str
    """Its path."""
    project: str
    tool: str
    """The manager whose lock it is."""
    command: Command


@dataclass(frozen=True, slots=True)
class InstallChange:
    """Packages that are added, installed again, or removed."""

    changes: tuple[PackageChange, ...]
    """Everything that changes, by name."""
    requirements: tuple[str, ...] = ()
    """`name==version` of everything that is installed, without resolving again."""
    lines: Mapping[str, str] = field(default_factory=dict)
    """By name the line that brings back each distribution that an index has, as it will be: for
    what shares files with one that is removed."""
    again: tuple[str, ...] = ()
    """Names that are installed again at the version they have."""
    halves: tuple[str, ...] = ()
    """Metadata folders without RECORD, relative to the environment: no installer can remove what
    they are of, so they go first, and the rest is overwritten."""
    broken: frozenset[str] = frozenset()
    """Names that stay and that a person lets lose what they require."""

    @property
    def removed(self) -> tuple[str, ...]:
        """The names that go."""
        return tuple(each.name for each in self.changes if each.after is None)


@dataclass(frozen=True, slots=True)
class Cleanup:
    """What an interrupted installer left is removed."""

    paths: tuple[str, ...]
    """Relative to the environment."""


class Resolver(Protocol):
    """What planning asks of an installer; nothing of it changes an environment."""

    def plan(
        self,
        names: Sequence[str],
        constraints: Sequence[str],
        upgrade: Sequence[str],
        overrides: Sequence[str] = (),
    ) -> tuple[PackageChange, ...] | Failure:
        """Return what installing all those names would change. Those to upgrade go as far as
        the constraints let them; the others stay where the constraints and the rest let them.
        `overrides` stand in place of whatever anything requires of those names."""
        ...

    def unanswered(self, names: Sequence[str]) -> dict[str, Failure]:
        """Return by name why the index has nothing to say of it; what it has a release of is
        left out."""
        ...

    def latest(self) -> dict[str, str] | Failure:
        """Return the newest release by name, of what is installed and not the newest already."""
        ...

    def released(self, versions: Mapping[str, str]) -> dict[str, str]:
        """Return the days of those releases by name (`2026-09-30`), where the index tells."""
        ...


def level(installed: str, target: str) -> Level:
    """Return how far `target` is from `installed`, by their numbers alone (PEP 440).

    The first number that differs decides: the first one is major, the second minor, and all
    behind it patch, as are a post-release, a local label, and the step from a pre-release to
    its release. While the first number is 0, a change of the second is major too, which is how
    npm-check-updates and the caret of semantic versioning have it. A calendar version is taken
    by its numbers like any other: from 2025.1 to 2026.1 is major. It promises nothing: authors
    number as they like. Across epochs numbers do not compare.
    """
    try:
        before, after = Version(installed), Version(target)
    except (InvalidVersion, ValueError):  # no version, or of more digits than Python reads
        return Level.OTHER
    if before.epoch != after.epoch:
        return Level.OTHER
    if before.major != after.major:
        return Level.MAJOR
    if before.minor != after.minor:
        return Level.MINOR if before.major else Level.MAJOR
    return Level.PATCH


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradePlan(ReplacePlan):
    """An environment to be changed in a copy that takes its place."""

    runner: ClassVar[str] = "envdeck.core.operations.upgrade.run"
    change: Resolution | InstallChange | LockChange | Repair | Cleanup
    """What is done in the copy."""
    tried: frozenset[str] | None
    """The distributions whose import is tried; None for all."""


def no_plan(failure: Failure) -> NoPlan:
    """Return a failure as why there is no plan."""
    return NoPlan(failure.cause, failure.hint, missing=failure.kind is FailureKind.MISSING)


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedChange:
    """What is changed in the copy, and how a person is told."""

    change: Resolution | InstallChange | LockChange | Repair | Cleanup
    operation: Operation = Operation.UPGRADE
    package_changes: tuple[PackageChange, ...] | None
    source: PackageSource
    facts: tuple[Fact, ...] = ()
    middle: Callable[[str, BuildSpec], tuple[Step, ...]]
    """Returns the steps between making the copy and checking it, given where it will lie."""
    warnings: tuple[str, ...]
    refusals: tuple[Refusal, ...] = ()
    """What stands in the way, besides the guards."""
    tried: frozenset[str] | None = None
    """The distributions whose import is tried; None for all."""
    done: str


def staged_plan(
    context: Context,
    environment: Environment,
    wanted: StagedChange,
    *,
    allow: frozenset[str],
    installed: Installed | None = None,
) -> UpgradePlan | NoPlan:
    """Return the plan of a change that is made in a copy of an environment.

    `installed` is what was read before anything was asked; by default, it is read now. There is
    no plan where a link would have the change made outside of the copy.
    """
    host = context.catalog.host
    link = next(folder_links(environment.path), None)
    if link is not None:
        return NoPlan(say_shared(environment.path, link), hint=SHARED_HINT)
    installed = installed or Installed.read(environment)
    identifier = new_id(host)
    trash = first_trash(environment.path, context.store)
    staged = os.path.join(trash, identifier, ENVIRONMENT)
    machine = guard_context(context)
    target = Target(
        environment.path,
        environment.identity,
        environment.name,
        (*wanted.facts, *inherited_facts(environment, host)),
        mark_of(environment.path),
    )
    blueprint = BuildSpec(
        path=environment.path,
        interpreter=environment.python.base_executable or "",
        creator=VenvCreator(host, host.home),
        creation=environment.creation,
        source=wanted.source,
        downloads=context.policy.downloads,
        offline=context.policy.offline
        or (wanted.source.needs_index and is_cut_off(context, environment.path)),
    )
    item = os.path.dirname(staged)
    steps = (
        Step("Create a hard-linked copy in staging"),
        *(replace(one, staging=item) for one in wanted.middle(staged, blueprint)),
        Step("Check dependencies and imports"),
        Step(f"Swap in {environment.name} and move the old one to trash"),
    )
    return UpgradePlan(
        id=identifier,
        operation=wanted.operation,
        targets=(target,),
        steps=steps,
        package_changes=wanted.package_changes,
        warnings=wanted.warnings,
        refusals=(
            *obstacles(wanted.operation, target, environment, machine, allow),
            *not_writable(environment.path),
            *wanted.refusals,
            *no_room(environment.path, None, context.store),
        ),
        allowed=allow,
        offers=failed_before(environment.path, context.store),
        frees_now_bytes=0,
        undo=f"envdeck undo {identifier}",
        kept_until=context.policy.kept_until(host.now()),
        environment=environment,
        recipe=freeze(environment, quick=True, heads=installed.heads),
        installed=installed,
        blueprint=blueprint,
        change=wanted.change,
        tried=wanted.tried,
        done=wanted.done,
    )


SHARED_HINT = "replace the link with a folder, or recreate the environment"


def say_shared(path: str, link: str) -> str:
    """Say why nothing is changed in a copy that shares a folder."""
    full = os.path.join(path, link)
    return (
        f"{link} is a symlink to {reach.realpath(full)}: packages would be"
        " installed there, which could not be undone"
    )


def add_edits(
    plan: UpgradePlan, names: frozenset[str], *, keep: bool, became: str = "upgraded"
) -> UpgradePlan:
    """Return a plan that tells of the edited files in the distributions that it replaces;
    `became` says what becomes of those."""
    edits = find_edits(plan.environment, names)
    target = plan.targets[0]
    target = replace(target, facts=(*target.facts, *edit_facts(edits)), edits=edits)
    warnings = (*plan.warnings, *upgrade_warnings(edits, keep=keep, became=became))
    return replace(
        plan,
        targets=(target,),
        warnings=warnings,
        keep_edits=keep,
        replaced_edits=edits.count,
    )
