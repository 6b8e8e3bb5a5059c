"""What a source would change in what is installed."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from packaging.version import InvalidVersion, Version

from envdeck.core.inspection.packages.requirements import parse_requirement, satisfied
from envdeck.core.inspection.packages.site_packages import normalise
from envdeck.core.model import SEED_PACKAGES, Distribution
from envdeck.core.operations.sources.source import InstallMethod, PackageSource


@dataclass(frozen=True, slots=True)
class SourceDifference:
    """Names are those of PEP 503, sorted."""

    added: tuple[tuple[str, str | None], ...] = ()
    """Name and version that come; the version is None where it is not known yet."""
    removed: tuple[tuple[str, str], ...] = ()
    """Name and version that go. Where not :attr:`resolved`: what nothing declared leads to."""
    changed: tuple[tuple[str, str, str | None], ...] = ()
    """Name, version now, version then (None: only that this one will not do is known)."""
    same: int = 0
    """How many stay as they are."""
    resolved: bool = True
    """False where the outcome is only known after a resolve: then this is what can be told."""


def difference(
    source: PackageSource,
    installed: Sequence[Distribution],
) -> SourceDifference:
    """Compare a source with what is installed.

    Seed packages are the creator's, and not called removed. A version that a source does
    not tell (a folder, a checkout) is taken for the one that is there.
    """
    now = {one.name: one.version for one in installed}
    if source.how is InstallMethod.RESOLVE:
        return _unresolved(source, installed, now)
    then = {normalise(name): version for name, version in source.expected}
    changed = tuple(
        (name, now[name], version)
        for name, version in sorted(then.items())
        if name in now and version is not None and not _equal(now[name], version)
    )
    return SourceDifference(
        tuple((name, version) for name, version in sorted(then.items()) if name not in now),
        _gone(now, then.keys() | SEED_PACKAGES),
        changed,
        len(now.keys() & then.keys()) - len(changed),
    )


def _unresolved(
    source: PackageSource,
    installed: Sequence[Distribution],
    now: dict[str, str],
) -> SourceDifference:
    """Tell which requirements nothing installed satisfies, and what none of them leads to."""
    added: dict[str, None] = {}
    changed: dict[str, tuple[str, str, None]] = {}
    wanted = dict.fromkeys(name for name, _ in source.expected if name)
    for line in (*source.requirements, *(line for line, _, _ in source.indexed)):
        requirement = parse_requirement(line.partition(" --hash=")[0])
        if requirement is None or requirement.name not in wanted:
            continue
        version = now.get(requirement.name)
        if version is not None and not satisfied(requirement, (version,)):
            changed[requirement.name] = (requirement.name, version, None)
    added = {name: None for name in wanted if name not in now}
    requires = {one.name: one.requires for one in installed}
    reached: set[str] = set()
    todo = list(wanted)
    while todo:
        name = todo.pop()
        if name not in reached:
            reached.add(name)
            todo += requires.get(name, ())
    removed = _gone(now, reached | SEED_PACKAGES)
    same = len(now) - len(removed) - len(changed)
    return SourceDifference(
        tuple((name, None) for name in sorted(added)),
        removed,
        tuple(changed[name] for name in sorted(changed)),
        same,
        resolved=False,
    )


def _gone(now: dict[str, str], kept: Collection[str]) -> tuple[tuple[str, str], ...]:
    return tuple((name, now[name]) for name in sorted(now) if name not in kept)


def _equal(first: str, second: str) -> bool:
    """Tell whether two versions are one, however they are written; a local part that only one
    of them has (`1.0+cpu`) counts."""
    if first == second:
        return True
    try:
        return Version(first) == Version(second)
    except (InvalidVersion, ValueError):
        return False
