"""Drift of an environment from a lock file."""

from collections.abc import Iterator, Mapping, Sequence

from envdeck.core.inspection.packages.provenance import mask_text
from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.model import Distribution
from envdeck.core.project.drift.installed import InstalledIndex, other_source, same_version
from envdeck.core.project.locks.selection import LockSelection
from envdeck.core.project.model import Drift, DriftFix, DriftKind, LockedPackage

_DIRECT = frozenset({"directory", "editable", "archive", "vcs"})
_VIRTUAL = "virtual"
"""A package of uv's that is never installed."""


@dataclass(frozen=True, slots=True)
class Locked:
    """What a lock file says, beside what is installed."""

    drifts: tuple[Drift, ...]
    named: Mapping[str, str | None]
    """The names that it wants here, with their versions (None where it tells none)."""


def locked_drift(found: LockSelection, installed: InstalledIndex) -> Locked:
    """Return what is missing, and what is there otherwise than locked.

    What comes from elsewhere than an index (a folder, a checkout, an archive) is compared by
    that, and not by its version: folders change theirs without a word.
    """
    drifts: list[Drift] = []
    named: dict[str, str | None] = {}
    for package in _wanted(found):
        named[package.name] = None if package.kind in _DIRECT else package.version
        drift = _drift(found, package, installed)
        if drift is not None:
            drifts.append(drift)
    return Locked(tuple(drifts), named)


def _wanted(found: LockSelection) -> Iterator[LockedPackage]:
    for package in (*found.selection.packages, *found.selection.roots):
        if package.name and package.kind != _VIRTUAL:
            yield package


def _drift(found: LockSelection, package: LockedPackage, installed: InstalledIndex) -> Drift | None:
    there = installed.versions(package.name)
    own = installed.own.get(package.name, ())
    if not there:
        kind, now = DriftKind.MISSING, None
    elif package.kind in _DIRECT:
        other = next((two for one in own if (two := other_source(_told(package), one))), "")
        if not own or (not other and any(_comes_from(package, one) for one in own)):
            return None
        kind = DriftKind.NOT_AS_LOCKED
        now = f"{own[0].version} ({other})" if other else described(own[0])
    elif package.version is not None and _others(package.version, own):
        kind, now = DriftKind.NOT_AS_LOCKED, described(_others(package.version, own)[0])
    elif package.version is None or own or same_version(package.version, there[0]):
        if not own or len(own) > 1 or own[0].origin is None or _from_file(own[0]):
            return None
        kind, now = DriftKind.NOT_AS_LOCKED, described(own[0])
    else:
        kind, now = DriftKind.NOT_AS_LOCKED, there[0]
    return Drift(kind, package.name, _told(package), now, found.lock.file, mend=DriftFix.FROM_LOCK)


def _others(version: str, own: Sequence[Distribution]) -> list[Distribution]:
    """Return what is there at another version; of what is there twice each has to be as locked."""
    return [one for one in own if not same_version(version, one.version)]


def described(distribution: Distribution) -> str:
    """Return the version of what is installed, and that it is from no index, where that is so."""
    version = distribution.version
    if distribution.editable:
        return f"{version} (editable)"
    origin = distribution.origin
    return f"{version} ({origin})" if origin else version


def _from_file(distribution: Distribution) -> bool:
    """Whether it is from an archive on this disk: pip notes that of a wheel given by its path,
    which may well be the one that is locked."""
    origin = distribution.origin or ""
    archive = origin.partition("#")[0].endswith((".whl", ".tar.gz", ".zip"))
    return archive and not distribution.editable


def _comes_from(package: LockedPackage, distribution: Distribution) -> bool:
    """Whether an installed one is of the same kind as the locked one; metadata of old (an
    `.egg-info`) does not tell, and is taken for it."""
    if not distribution.path.endswith(".dist-info"):
        return True
    origin = distribution.origin
    if package.kind == "editable":
        return distribution.editable
    if package.kind == "directory":
        return origin is not None and origin.startswith("file:") and not distribution.editable
    return origin is not None and not distribution.editable


def _told(package: LockedPackage) -> str:
    if package.kind in _DIRECT:
        text = package.requirement.partition(" @ ")[2] or package.requirement
        return mask_text(text.strip())
    return package.version or ""
