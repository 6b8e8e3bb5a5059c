"""What a choice comes to, planned over everything.

The planning functions take a :class:`Resolver`; the real one is :class:`UvResolver`.
"""

import datetime
import os
import re
import shlex
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from envdeck.core.inspection.import_path import inherited_versions
from envdeck.core.inspection.packages.requirements import parse_requirement, satisfied
from envdeck.core.inspection.packages.site_packages import normalise
from envdeck.core.lazy_dataclasses import replace
from envdeck.core.model import Distribution, Environment, OperationEvent, PackageChange
from envdeck.core.operations.engine.command import Command, Completed
from envdeck.core.operations.engine.failure import Failure, FailureKind, explain, package_at_fault
from envdeck.core.operations.engine.runner import Runner, ignore, never
from envdeck.core.operations.engine.tool_change import update_of, version_of
from envdeck.core.operations.engine.uv import UvAdapter, read_outdated, read_plan
from envdeck.core.operations.transaction.places import FileLock, lock_of_uv
from envdeck.core.operations.upgrade.candidates import (
    UpgradeBaseline,
    find_excluding,
    not_running,
    plan_all,
    read_bounds,
    take_apart,
    targets_of,
    unmet_requirements,
)
from envdeck.core.operations.upgrade.model import HeldPackage, Resolution, Resolver

_GONE = {FailureKind.OVERDUE, FailureKind.NETWORK, FailureKind.STOPPED}  # for every name
FINAL_FAILURES = frozenset(
    {FailureKind.STOPPED, FailureKind.OVERDUE, FailureKind.DISK, FailureKind.PERMISSION}
    | {FailureKind.NETWORK, FailureKind.INDEX, FailureKind.OFFLINE, FailureKind.BUILD}
    | {FailureKind.DOWNLOAD}
)
"""Failures that another plan would meet again."""


def resolve(
    environment: Environment,
    distributions: Sequence[Distribution],
    chosen: Mapping[str, str | None],
    resolver: Resolver,
) -> Resolution | Failure:
    """Return what comes of upgrading the chosen names, over everything that is installed.

    `chosen` holds by normalised name the version wanted, or a specifier (`>=2.30,<3`), or None
    for the newest that can be had when everything may move. All other names stay where they
    are, if any plan lets them; if none does, those that must move along, up only. To upgrade
    the chosen alone would resolve nothing but their own requirements, and break what requires
    *them*. A version that cannot be had is a failure that says who is against it.
    """
    if failure := not_running(environment):
        return failure
    installed = take_apart(environment, distributions)
    if failure := _not_chosen(installed, chosen):
        return failure
    wanted = {name: bounds for name, asked in chosen.items() if (bounds := _specifier(asked))}
    goals = {name: version for name, asked in chosen.items() if (version := _version(asked))}
    newest: dict[str, str] = {}
    if len(goals) < len(chosen):
        plan = plan_all(installed, resolver, wanted)
        if isinstance(plan, Failure):
            return _explain(plan, installed, goals)
        goals = {name: targets_of(plan, installed)[name] for name in chosen}
        latest = resolver.latest()
        if isinstance(latest, Failure):
            return latest
        newest = {name: latest[name] for name in chosen if name in latest}
        still = [
            name
            for name, asked in chosen.items()
            if asked is None and name not in latest and goals[name] == installed.movable[name]
        ]
        for name, failure in resolver.unanswered(sorted(still)).items():
            return replace(failure, cause=f"{name} could not be checked: {failure.cause}")
    changes = _least(installed, goals, resolver)
    if isinstance(changes, Failure):
        return _explain(changes, installed, goals)
    if broken := newly_broken(installed, changes):
        return Failure(FailureKind.CONFLICT, broken)
    return Resolution(
        changes,
        tuple(change.name for change in changes if change.name not in chosen),
        _find_held(installed, chosen, goals, newest),
        tuple(f"{change.name}=={change.after}" for change in changes if change.after),
    )


def _least(
    installed: UpgradeBaseline, goals: Mapping[str, str], resolver: Resolver
) -> tuple[PackageChange, ...] | Failure:
    """Plan with all others held; then, if that cannot be, with the others free to go up."""
    others = sorted(installed.movable.keys() - goals.keys())
    kept = installed.exactly(installed.kept)
    pins = [f"{name}=={version}" for name, version in sorted(goals.items())]
    constraints = [*kept, *installed.exactly(others), *pins]
    held = resolver.plan(installed.names, constraints, sorted(goals), installed.overrides)
    if not isinstance(held, Failure) or held.kind in FINAL_FAILURES:
        return held
    constraints = [*kept, *installed.constrain_up(others), *pins]
    return resolver.plan(installed.names, constraints, sorted(goals), installed.overrides)


def newly_broken(installed: UpgradeBaseline, changes: Sequence[PackageChange]) -> str:
    """Return what a plan would break of what is not itself changed; empty where nothing is.

    The resolver sees to it; this is a second look that trusts nobody, from metadata alone.
    """
    moved = {change.name for change in changes}
    after = {change.name: change.after for change in changes if change.after}
    gone = {change.name for change in changes if change.after is None}
    left = [row for row in installed.distributions if row.name not in gone]
    before = unmet_requirements(installed.environment, installed.distributions)
    then = unmet_requirements(installed.environment, left, after)
    for who in sorted(then):
        new = sorted(then[who] - before.get(who, set()))
        if new and who not in moved:
            return f"conflicts with {who}, which requires {new[0][1]}"
    return ""


def _find_held(
    installed: UpgradeBaseline,
    chosen: Mapping[str, str | None],
    goals: Mapping[str, str],
    newest: Mapping[str, str],
) -> tuple[HeldPackage, ...]:
    """Return those that were to go as far as they can, and stay below the newest."""
    behind = {
        name: newest[name]
        for name, asked in chosen.items()
        if asked is None and name in newest and newest[name] != goals[name]
    }
    because = find_excluding(installed, behind, goals)
    return tuple(
        HeldPackage(name, behind[name], goals[name], because.get(name, ()))
        for name in sorted(behind)
    )


def _explain(failure: Failure, installed: UpgradeBaseline, goals: Mapping[str, str]) -> Failure:
    """Return a conflict as one sentence, where the metadata of what is installed tells it."""
    if failure.kind is not FailureKind.CONFLICT:
        return failure
    for name, phrases in find_excluding(installed, goals).items():
        stays = phrases[0].split(" ", 1)[0] in installed.kept
        more = "" if stays else ", and no newer release of it is compatible"
        return Failure(
            FailureKind.CONFLICT,
            f"{name} {goals[name]} is not possible: {phrases[0]}{more}",
            f"omit {name}, or use a compatible release",
        )
    return failure


def _not_chosen(installed: UpgradeBaseline, chosen: Mapping[str, str | None]) -> Failure | None:
    reasons = {row.name: row.reason for row in installed.fixed}
    for name, asked in chosen.items():
        if asked is not None and not _specifier(asked):
            return Failure(FailureKind.OTHER, f"invalid version or range {asked!r}")
        if name in reasons:
            return Failure(FailureKind.OTHER, f"{name} cannot be upgraded: {reasons[name]}")
        if name not in installed.movable:
            path = shlex.quote(installed.environment.path)
            return Failure(
                FailureKind.OTHER, f"{name} is not installed", f"envdeck install {path} {name}"
            )
    return None


def _version(asked: str | None) -> str | None:
    """Return a version in its normal form; None for what is none."""
    try:
        return str(Version(asked or ""))
    except (InvalidVersion, ValueError):
        return None


def _specifier(asked: str | None) -> str | None:
    """Return what was asked for as a specifier; None for what is neither that nor a version."""
    version = _version(asked)
    try:
        return str(SpecifierSet(f"=={version}" if version else asked or ""))
    except (InvalidSpecifier, ValueError):
        return None


def read_release_days(text: str, versions: Mapping[str, str]) -> dict[str, str]:
    """Return the day (UTC) on which each of those releases got its first file.

    Empty for what is no lock file; names whose index tells no time are left out, which is
    'not told' and never a day made up.
    """
    try:
        packages = tomllib.loads(text).get("packages")
    except (tomllib.TOMLDecodeError, RecursionError, ValueError):
        return {}
    found: dict[str, str] = {}
    for package in packages if isinstance(packages, list) else ():
        if not isinstance(package, dict):
            continue
        name = normalise(str(package.get("name", "")))
        if name in versions and package.get("version") == versions[name]:
            times = list(_times(package))
            if times:
                found[name] = min(times).date().isoformat()
    return found


def _times(package: Mapping[str, Any]) -> Iterator[datetime.datetime]:
    wheels = package.get("wheels")
    for file in (package.get("sdist"), *(wheels if isinstance(wheels, list) else ())):
        time = file.get("upload-time") if isinstance(file, dict) else None
        if isinstance(time, datetime.datetime):
            zone = time.tzinfo or datetime.UTC
            yield time.replace(tzinfo=zone).astimezone(datetime.UTC)


_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_UNANSWERED = 30
"""Names that are asked for one by one: an index that has none of so many has none at all."""
LIMIT_SECONDS, ALL_SECONDS = 180.0, 300.0
"""What one answer may take (to try old releases takes a minute), and all together."""


class UvResolver:
    """The resolver of uv, asked for one environment and never acting on it.

    uv starts the environment's interpreter, and so runs the `.pth` code in it: this is for
    planning what a person asked for, not for looking.
    """

    def __init__(
        self,
        uv: UvAdapter,
        runner: Runner,
        environment: Environment,
        tell: Callable[[OperationEvent], None] = ignore,
        stopped: Callable[[], bool] = never,
    ) -> None:
        self._uv = uv
        self._runner = runner
        self._python = environment.python.executable or ""
        self._environment = environment.path
        inherited = inherited_versions(environment, uv.host)
        self.bounds = read_bounds(environment, uv.host)
        self._inherited = {name: versions[0] for name, versions in inherited.items()}
        self._tell = tell
        self._stopped = stopped
        self._until = time.monotonic() + ALL_SECONDS

    def plan(
        self,
        names: Sequence[str],
        constraints: Sequence[str],
        upgrade: Sequence[str],
        overrides: Sequence[str] = (),
    ) -> tuple[PackageChange, ...] | Failure:
        """Ask for the dry run of an installation of everything.

        uv sees an environment's own packages alone: what it would add though the environment has
        it from the system, at a version that all can do with, is left to the system.
        """
        changes = self._plan(names, constraints, upgrade, overrides)
        asked = {normalise(match[0]) for match in map(_NAME.match, names) if match}
        spared: set[str] = set()
        while not isinstance(changes, Failure):
            new = {
                change.name: f"{change.name}=={self._inherited[change.name]}"
                for change in changes
                if change.before is None
                and change.name in self._inherited
                and change.name not in asked
                and change.name not in spared
            }
            if not new:
                break
            # a distributor's own build is on no index: what it will not do for is seen in the copy
            unknown = {pin for pin in new.values() if self.unanswered([pin])}
            pins = [pin for pin in new.values() if pin not in unknown]
            none = [f"{name} ; python_version < '0'" for name, pin in new.items() if pin in unknown]
            goals = [
                f"{each.name}=={each.after}"
                for each in changes
                if each.after and each.name not in {*new, *spared}
            ]
            again = self._plan(names, [*constraints, *pins, *goals], upgrade, [*overrides, *none])
            if isinstance(again, Failure):
                break
            constraints, overrides = [*constraints, *pins], [*overrides, *none]
            changes = again
            spared |= new.keys()
        if isinstance(changes, Failure):
            return changes
        return tuple(each for each in changes if each.name not in spared)

    def _plan(
        self,
        names: Sequence[str],
        constraints: Sequence[str],
        upgrade: Sequence[str],
        overrides: Sequence[str],
    ) -> tuple[PackageChange, ...] | Failure:
        with (
            _no_lock_left(self._environment),
            tempfile.TemporaryDirectory(prefix="envdeck-") as folder,
        ):
            constraints, bounds = self._bounded(constraints, folder)
            done = self._run(
                replace(self._uv, bounds=bounds).plan(
                    self._python,
                    _lines(folder, "requirements.txt", names),
                    upgrade=tuple(upgrade) or None,
                    constraints=_lines(folder, "constraints.txt", constraints),
                    overrides=_lines(folder, "overrides.txt", overrides) if overrides else None,
                )
            )
        return _planned(done)

    def _bounded(
        self, constraints: Sequence[str], folder: str
    ) -> tuple[Sequence[str], tuple[str, ...] | None]:
        """Have what is beyond a person's constraints stay where it is, unless it is to have
        another version."""
        kept = {
            name: f"{name}=={one.version}"
            for name, one in self.bounds.broken.items()
            if all(
                asked is None or asked.name != name or satisfied(asked, (one.version,))
                for asked in map(parse_requirement, constraints)
            )
        }
        if not kept:
            return constraints, None
        return [*constraints, *kept.values()], self.bounds.rewrite_without(kept, folder)

    def reinstall(self, versions: Mapping[str, str]) -> tuple[PackageChange, ...] | Failure:
        """Ask for the dry run of installing those again, at these versions and alone."""
        with tempfile.TemporaryDirectory(prefix="envdeck-") as folder:
            pins = [f"{name}=={version}" for name, version in versions.items()]
            lines = _lines(folder, "requirements.txt", pins)
            uv = self._uv
            done = self._run(
                uv.plan(self._python, lines, dependencies=False, reinstall=[*versions])
            )
        return _planned(done)

    def latest(self) -> dict[str, str] | Failure:
        """Ask for what is outdated."""
        done = self._run(self._uv.outdated(self._python))
        if not done.ok:
            return explain(done)
        if (rows := read_outdated(done)) is None:
            return _unread("its list of outdated packages")
        return {row.name: row.latest for row in rows}

    def unanswered(self, names: Sequence[str]) -> dict[str, Failure]:
        """Ask for any release of each. To an installation, which has what is installed to fall
        back on, uv is content with an index that denies access, has nothing or is a login page.
        """
        left, found = list(names), dict[str, Failure]()
        while left:
            with tempfile.TemporaryDirectory(prefix="envdeck-") as folder:
                asked = _lines(folder, "requirements.txt", left)
                command = self._uv.resolve(asked, python=self._python, dependencies=False)
                done = self._run(command)
            if done.ok:
                break
            failure = explain(done)
            named = package_at_fault(done, left)
            if failure.kind in _GONE or named is None or len(found) >= _UNANSWERED:
                return found | dict.fromkeys(left, failure)
            found[named] = failure
            left.remove(named)
        return found

    def released(self, versions: Mapping[str, str]) -> dict[str, str]:
        """Ask for a lock file (PEP 751) of these alone, which holds `upload-time` where the
        index tells it (PEP 700), and costs a tenth of a second after a plan. Any failure
        leaves the days unknown."""
        if not versions:
            return {}
        with tempfile.TemporaryDirectory(prefix="envdeck-") as folder:
            pins = [f"{name}=={version}" for name, version in versions.items()]
            command = self._uv.resolve(
                _lines(folder, "requirements.txt", pins), python=self._python, dependencies=False
            )
            done = self._run(_write_lock_file(command))
        return read_release_days(done.stdout, versions) if done.ok else {}

    def _run(self, command: Command) -> Completed:
        limit = max(0.0, min(LIMIT_SECONDS, self._until - time.monotonic()))
        return self._runner.run(command, self._tell, self._stopped, limit=limit)


def _planned(done: Completed) -> tuple[PackageChange, ...] | Failure:
    """Return what a dry run says."""
    if not done.ok:
        return explain(done)
    plan = read_plan(done)
    return _unread("its dry run") if plan is None else plan


@contextmanager
def _no_lock_left(environment: str) -> Iterator[None]:
    """Have no lock file of uv left in an environment that had none: planning changes nothing."""
    path = os.path.join(environment, ".lock")
    was_there = os.path.lexists(path)
    try:
        yield
    finally:
        held = None if was_there else lock_of_uv(environment)
        if isinstance(held, FileLock):
            with held, suppress(OSError):  # of somebody else, or on a disk that is read-only
                if os.path.getsize(path) == 0:
                    os.unlink(path)


def _unread(what: str) -> Failure:
    """Return why nothing is concluded from an answer in a form that is not known."""
    cause = f"{version_of('uv')} prints {what} in an unknown format"
    return Failure(FailureKind.TOOL, cause, update_of("uv"))


def _write_lock_file(command: Command) -> Command:
    """Ask for the same resolution in the form of a lock file."""
    end = command.argv.index("--")
    argv = (*command.argv[:end], "--format", "pylock.toml", *command.argv[end:])
    return replace(command, argv=argv, data=True)


def _lines(folder: str, name: str, lines: Iterable[str]) -> str:
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines)
    return path
