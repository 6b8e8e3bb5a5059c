"""Drift of an environment from what is declared: with no lock file, all that can be compared."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from envdeck.core.inspection.packages.provenance import mask_text
from envdeck.core.inspection.packages.requirements import parse_requirement, satisfied
from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.model import Distribution
from envdeck.core.project.drift.installed import InstalledIndex, Reached, other_source, same_version
from envdeck.core.project.locks.selection import LockSelection
from envdeck.core.project.model import (
    DeclaredRequirement,
    Drift,
    DriftFix,
    DriftKind,
    LockedPackage,
)
from envdeck.core.project.parts import AskedPart, PartRequirement


@dataclass(frozen=True, slots=True)
class Bits:
    """Which parts a requirement stands in, as bits, and back."""

    parts: Sequence[AskedPart]

    def find(self, part: AskedPart) -> int:
        """Return the bit of one part."""
        return 1 << self.parts.index(part)

    def ids(self, bits: int) -> tuple[str, ...]:
        """Return the ids; none where the project's own dependencies are among them."""
        found = tuple(part.id for at, part in enumerate(self.parts) if bits >> at & 1)
        return () if "" in found else found


def declared_drift(parts: Sequence[AskedPart], installed: InstalledIndex) -> tuple[Drift, ...]:
    """Return which requirements of the parts that count nothing installed satisfies."""
    found: dict[tuple[str, str], tuple[PartRequirement, DriftKind, str | None, int]] = {}
    bits = Bits(parts)
    for part in parts:
        if not part.counts:
            continue
        for one in part.asked:
            kind_now = _judged(one, installed)
            if kind_now is None:
                continue
            key = (one.name, one.specifier or one.url)
            before = found[key][3] if key in found else 0
            first = found[key][0] if key in found else one
            found[key] = (first, *kind_now, before | bits.find(part))
    return tuple(
        Drift(
            kind, one.name, readable(one.specifier) or one.url, now, one.declared.file,
            one.declared.line, bits.ids(mask), DriftFix.FROM_DECLARED,
        )
        for one, kind, now, mask in found.values()
    )  # fmt: skip


def unlocked_drift(
    parts: Sequence[AskedPart], installed: InstalledIndex, locked: Mapping[str, str | None]
) -> list[Drift]:
    """Return what the lock file itself is behind with: declared and not locked, or locked at a
    version that is declared no more. Only a new lock file, made of what is declared, fixes it."""
    return [
        one
        for one in declared_drift(parts, installed)
        if one.name not in locked
        or (one.kind is DriftKind.OUTSIDE and not _allowed(one.wanted, locked[one.name]))
    ]


def needed_drift(
    reached: Reached,
    installed: InstalledIndex,
    known: Iterable[str],
    ids: Callable[[int], tuple[str, ...]],
) -> tuple[Drift, ...]:
    """Return what declared packages need and nothing satisfies, but for the names in `known`.

    Each names the declared requirement that leads to it as its file and line.
    """
    passed = frozenset(known)
    drifts = []
    for one in reached.lacking:
        if one.name in passed:
            continue
        there = installed.versions(one.name)
        kind = DriftKind.OUTSIDE if there else DriftKind.MISSING
        file = one.declared.file if one.declared else ""
        line = one.declared.line if one.declared else None
        now = there[0] if there else None
        drifts.append(
            Drift(
                kind,
                one.name,
                readable(one.specifier),
                now,
                file,
                line,
                ids(one.parts),
                DriftFix.FROM_DECLARED,
            )
        )
    return tuple(drifts)


def constrained(
    constraints: Iterable[DeclaredRequirement], installed: InstalledIndex, reached: Iterable[str]
) -> tuple[Drift, ...]:
    """Return what is installed, is reached, and is outside of a constraint (`-c`)."""
    names = frozenset(reached)
    drifts: dict[str, Drift] = {}
    for one in constraints:
        requirement = parse_requirement(one.text)
        there = installed.versions(one.name)
        if requirement is None or one.name not in names or not there:
            continue
        unfit = installed.unfit(requirement)
        if unfit is not None:
            drifts.setdefault(
                one.name,
                Drift(
                    DriftKind.OUTSIDE, one.name, readable(requirement.specifier), unfit,
                    one.file, one.line, (), DriftFix.FROM_DECLARED,
                ),
            )  # fmt: skip
    return tuple(drifts.values())


def readable(specifier: str) -> str:
    """Return a specifier as people write it, from below to above (`>=2,<3`)."""
    parts = specifier.split(",")
    return ",".join(sorted(parts, key=lambda part: (part[:1] == "!", part[:1] == "<", part)))


def _judged(one: PartRequirement, installed: InstalledIndex) -> tuple[DriftKind, str | None] | None:
    """Return in which way a requirement is not met, and the version that is there."""
    there = installed.versions(one.name) if one.name else ()
    if not one.name:
        return None
    if not there:
        return DriftKind.MISSING, None
    if one.url:
        own = installed.own.get(one.name, ())
        from_index = own and all(
            row.origin is None and row.path.endswith(".dist-info") for row in own
        )
        if from_index:
            return DriftKind.OUTSIDE, described(own[0])
        other = next(((row, found) for row in own if (found := other_source(one.url, row))), None)
        return (DriftKind.OUTSIDE, f"{other[0].version} ({other[1]})") if other else None
    requirement = parse_requirement(one.declared.text)
    unfit = installed.unfit(requirement) if requirement is not None else None
    return None if unfit is None else (DriftKind.OUTSIDE, unfit)


def _allowed(specifier: str, version: str | None) -> bool:
    """Tell whether a locked version is one that is declared."""
    requirement = parse_requirement(f"x{specifier}")
    return requirement is None or version is None or satisfied(requirement, (version,))


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
        other = next((two for one in own if (two := other_source(_version_text(package), one))), "")
        if not own or (not other and any(_comes_from(package, one) for one in own)):
            return None
        kind = DriftKind.NOT_AS_LOCKED
        now = f"{own[0].version} ({other})" if other else described(own[0])
    elif package.version is not None and _others(package.version, own):
        kind, now = DriftKind.NOT_AS_LOCKED, described(_others(package.version, own)[0])
    elif package.version is None or own or same_version(package.version, there[0]):
        if not own or len(own) > 1 or own[0].origin is None or _is_file(own[0]):
            return None
        kind, now = DriftKind.NOT_AS_LOCKED, described(own[0])
    else:
        kind, now = DriftKind.NOT_AS_LOCKED, there[0]
    return Drift(
        kind, package.name, _version_text(package), now, found.lock.file, fix=DriftFix.FROM_LOCK
    )


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


def _is_file(distribution: Distribution) -> bool:
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


def _version_text(package: LockedPackage) -> str:
    if package.kind in _DIRECT:
        text = package.requirement.partition(" @ ")[2] or package.requirement
        return mask_text(text.strip())
    return package.version or ""
