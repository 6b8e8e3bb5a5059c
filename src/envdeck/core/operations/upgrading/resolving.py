"""What upgrading some names comes to, planned over everything that is installed."""

from collections.abc import Mapping, Sequence

from envdeck.core.model import Distribution, Environment
from envdeck.core.operations.engine.failure import Failure, FailureKind
from envdeck.core.operations.engine.uv_formats import Change
from envdeck.core.operations.upgrading.candidate import Held, Resolution, Resolver
from envdeck.core.operations.upgrading.candidates import not_running, plan_all, targets_of
from envdeck.core.operations.upgrading.installed import (
    Installed,
    excluding,
    take_apart,
    unmet_requirements,
)

_FINAL = frozenset(
    {FailureKind.STOPPED, FailureKind.OVERDUE, FailureKind.DISK, FailureKind.PERMISSION}
    | {FailureKind.NETWORK, FailureKind.INDEX, FailureKind.OFFLINE, FailureKind.BUILD}
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
            return _told(plan, installed, goals)
        goals = {name: targets_of(plan, installed)[name] for name in chosen}
        latest = resolver.latest()
        if isinstance(latest, Failure):
            return latest
        newest = {name: latest[name] for name in chosen if name in latest}
    changes = _least(installed, goals, resolver)
    if isinstance(changes, Failure):
        return _told(changes, installed, goals)
    if broken := _newly_broken(installed, changes):
        return Failure(FailureKind.CONFLICT, broken)
    return Resolution(
        changes,
        tuple(change.name for change in changes if change.name not in chosen),
        _held(installed, chosen, goals, newest),
        tuple(f"{change.name}=={change.after}" for change in changes if change.after),
    )


def _least(
    installed: Installed, goals: Mapping[str, str], resolver: Resolver
) -> tuple[Change, ...] | Failure:
    """Plan with all others held; then, if that cannot be, with the others free to go up."""
    others = sorted(installed.movable.keys() - goals.keys())
    kept = installed.exactly(installed.kept)
    pins = [f"{name}=={version}" for name, version in sorted(goals.items())]
    held = resolver.plan(installed.names, [*kept, *installed.exactly(others), *pins], sorted(goals))
    if not isinstance(held, Failure) or held.kind in _FINAL:
        return held
    return resolver.plan(
        installed.names, [*kept, *installed.at_least(others), *pins], sorted(goals)
    )


def _newly_broken(installed: Installed, changes: Sequence[Change]) -> str:
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
            return f"{who} would not work with it: it requires {new[0][1]}"
    return ""


def _held(
    installed: Installed,
    chosen: Mapping[str, str | None],
    goals: Mapping[str, str],
    newest: Mapping[str, str],
) -> tuple[Held, ...]:
    """Return those that were to go as far as they can, and stay below the newest."""
    behind = {
        name: newest[name]
        for name, asked in chosen.items()
        if asked is None and name in newest and newest[name] != goals[name]
    }
    because = excluding(installed, behind, goals)
    return tuple(
        Held(name, behind[name], goals[name], because.get(name, ())) for name in sorted(behind)
    )


def _told(failure: Failure, installed: Installed, goals: Mapping[str, str]) -> Failure:
    """Return a conflict as one sentence, where the metadata of what is installed tells it."""
    if failure.kind is not FailureKind.CONFLICT:
        return failure
    for name, phrases in excluding(installed, goals).items():
        stays = phrases[0].split(" ", 1)[0] in installed.kept
        more = "" if stays else ", and no newer release of it fits either"
        return Failure(
            FailureKind.CONFLICT,
            f"{name} {goals[name]} cannot be had: {phrases[0]}{more}",
            f"leave {name} out, or take a release that fits",
        )
    return failure


def _not_chosen(installed: Installed, chosen: Mapping[str, str | None]) -> Failure | None:
    reasons = {row.name: row.reason for row in installed.fixed}
    for name, asked in chosen.items():
        if asked is not None and not _specifier(asked):
            return Failure(FailureKind.OTHER, f"{asked!r} is no version and no range of versions")
        if name in reasons:
            return Failure(FailureKind.OTHER, f"{name} {reasons[name]}, and is not upgraded here")
        if name not in installed.movable:
            return Failure(FailureKind.OTHER, f"{name} is not installed here")
    return None


def _version(asked: str | None) -> str | None:
    """Return a version in its normal form; None for what is none."""
    from packaging.version import InvalidVersion, Version

    try:
        return str(Version(asked or ""))
    except (InvalidVersion, ValueError):
        return None


def _specifier(asked: str | None) -> str | None:
    """Return what was asked for as a specifier; None for what is neither that nor a version."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    version = _version(asked)
    try:
        return str(SpecifierSet(f"=={version}" if version else asked or ""))
    except (InvalidSpecifier, ValueError):
        return None
