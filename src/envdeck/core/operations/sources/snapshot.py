"""A snapshot as a source: each package from files that are here, or by the line that brings it."""

import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence

from envdeck.core.discovery.project_links import path_of
from envdeck.core.inspection.packages.distributions import read_distributions
from envdeck.core.inspection.packages.provenance import MASK
from envdeck.core.lazy_dataclasses import dataclass, field, replace
from envdeck.core.model import (
    SEED_PACKAGES,
    Distribution,
    Environment,
    NoPlan,
    Operation,
    RecreateRequest,
    minor_of,
)
from envdeck.core.operations.recipe.freeze import freeze, one_word, release_line
from envdeck.core.operations.recipe.recipe import Pin, PinKind, Recipe
from envdeck.core.operations.shared.context import Context, read_environment
from envdeck.core.operations.shared.history import trashed
from envdeck.core.operations.sources.source import InstallMethod, PackageSource, SourceName
from envdeck.core.operations.transaction.places import ENVIRONMENT
from envdeck.core.system.files import absence
from envdeck.core.system.words import counted, join_some
from envdeck.core.timeline.model import NoSnapshot, Snapshot, SnapshotPackage
from envdeck.core.timeline.store import SnapshotStore

OFFERED = 3
"""So many of the newest snapshots are offered, and as many good ones."""
_FORMER = 5
"""So many environments of the trash are looked into, the newest."""
_ARCHIVE = re.compile(r"\.(?:whl|zip|tar\.(?:gz|bz2|xz)|tgz)(?:[?#]|\Z)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PastRecipe:
    """What brings a snapshot back."""

    snapshot: Snapshot
    recipe: Recipe
    python: str
    """The version of the interpreter that it is brought back on."""
    homes: Mapping[str, Environment] = field(default_factory=dict, hash=False)
    """By the names of packages whose files are in another environment than the one that there is
    now: the one that has them."""
    problems: tuple[str, ...] = ()
    """What cannot be had again, and why."""

    @property
    def source(self) -> PackageSource:
        """The same, as one of the sources."""
        usable = [pin for pin in self.recipe.installed if pin.requirement and not pin.obstacle]
        base = snapshot_source(self.snapshot, self.python)
        problem = join_some(self.problems, 5)
        return replace(
            base,
            requirements=tuple(pin.requirement for pin in usable),
            binary=tuple(pin.name for pin in usable if not pin.anchored),
            expected=tuple((pin.name, pin.version) for pin in self.recipe.installed),
            problem=f"not all of it can be had again: {problem}" if problem else "",
            notes=(*base.notes, _origin_words(self.recipe)),
        )

    def marks(self, now: Recipe) -> Recipe:
        """Return the recipe by which the installers' marks are set: as they were in what the
        files come from, and else as they are now."""
        own = tuple(pin for pin in self.recipe.installed if pin.path)
        names = {pin.name for pin in own}
        return replace(now, pins=(*own, *(pin for pin in now.installed if pin.name not in names)))


def _origin_words(recipe: Recipe) -> str:
    """Say where the packages of a snapshot come from: what is installed somewhere is copied."""
    pins = recipe.installed
    kept = sum(1 for pin in pins if pin.path)
    fetched = sum(1 for pin in pins if not pin.path and pin.requirement and not pin.obstacle)
    parts = [f"{kept:,} of {counted(len(pins), 'package')} copied from files on this disk"]
    parts += [f"{fetched:,} downloaded"] if fetched else []
    return ", ".join(parts)


def snapshot_source(snapshot: Snapshot, python: str | None) -> PackageSource:
    """Return a snapshot as it is offered: what it held, and nothing of how that is had. `python`
    is the version that is there, or is to be."""
    other = snapshot.python is not None and minor_of(snapshot.python) != minor_of(python)
    return PackageSource(
        name=SourceName.SNAPSHOT,
        title=f"snapshot of {_moment(snapshot.taken_at)}" + (", good" * snapshot.good),
        how=InstallMethod.PINS,
        snapshot=snapshot.id,
        expected=tuple((one.name, one.version) for one in snapshot.packages),
        notes=(f"it was on Python {snapshot.python}",) if other else (),
    )


def usable_source(past: PastRecipe) -> PackageSource | NoPlan:
    """Return the source, or what of it cannot be had again."""
    source = past.source
    if source.usable:
        return source
    hint = f"`envdeck timeline {past.snapshot.path}` lists other snapshots"
    return NoPlan(f"{source.title} is not available: {source.problem}", hint)


def _moment(when: float) -> str:
    return time.strftime("%Y-%m-%d %H:%MZ", time.gmtime(when))


def offered_snapshots(
    context: Context, environment: Environment, installed: Sequence[Distribution]
) -> tuple[PackageSource, ...]:
    """Return the newest snapshots and the good ones that are not what is installed now, newest
    first, each set once."""
    now = {(one.name, one.version) for one in installed}
    store = SnapshotStore(context.catalog.host)
    unique: dict[str, Snapshot] = {}
    for one in store.snapshots(environment.path):
        if {(each.name, each.version) for each in one.packages} != now:
            unique.setdefault(one.id, one)
    every = tuple(unique.values())
    good = [one for one in every if one.good][:OFFERED]
    chosen = {one.id for one in (*every[:OFFERED], *good)}
    return tuple(
        snapshot_source(one, environment.python.version) for one in every if one.id in chosen
    )


def find_snapshot(
    context: Context, environment: Environment, request: RecreateRequest
) -> Snapshot | NoPlan | None:
    """Return the snapshot that is asked for, or why there is none; None where another source
    is."""
    if request.source != SourceName.SNAPSHOT:
        return None
    store = SnapshotStore(context.catalog.host)
    found = store.find(environment.path, request.snapshot or "")
    return (
        NoPlan(found.reason, found.hint, missing=True) if isinstance(found, NoSnapshot) else found
    )


def past_recipe(
    context: Context, environment: Environment, recipe: Recipe, snapshot: Snapshot, python: str
) -> PastRecipe:
    """Return what brings a snapshot back on a Python of a version.

    A package whose files are in the environment, or in one that it took the place of and that
    is in the trash, comes from its origin as those tell it, and from the files where that has
    it no more. Else the origin is what the snapshot tells.
    """
    minor = minor_of(python)
    found: dict[str, tuple[Pin, Environment, bool]] = {}
    wanted = {one.name: one for one in snapshot.packages}
    for home, pins in _homes(context, environment, recipe):
        if all(name in found and found[name][2] for name in wanted):
            break
        by_path = {one.path: one for one in read_distributions(home)}
        fits = minor_of(home.python.version) == minor
        for pin in pins:
            past, there = wanted.get(pin.name), by_path.get(pin.path)
            if past is None or there is None or not _is_same(past, there):
                continue
            exact = fits and past.record == there.record
            if pin.name not in found or (exact and not found[pin.name][2]):
                files = pin if fits else replace(pin, path="", rows="", hashed=False, anchored=True)
                found[pin.name] = files, home, exact
    pins, homes, problems = [], {}, []
    for past in wanted.values():
        pin, home = found[past.name][:2] if past.name in found else (_pin(past), environment)
        if pin.path and home.path != environment.path:
            homes[pin.name] = home
        if (pin.obstacle or not pin.requirement) and not pin.path:
            why = pin.obstacle or "its name or version is none of a release"
            problems.append(f"{past.name} {past.version} ({why})")
        pins.append(pin)
    made = replace(recipe, pins=tuple(pins), leftovers=(), problems=())
    return PastRecipe(snapshot, made, python, homes, tuple(problems))


def _homes(
    context: Context, environment: Environment, recipe: Recipe
) -> Iterator[tuple[Environment, Sequence[Pin]]]:
    """Yield the environment and those whose place it took, the newest first, with their pins."""
    yield environment, recipe.installed
    count = 0
    for item in trashed(context.store):
        manifest = item.manifest
        if manifest is None or item.going or manifest.path != environment.path:
            continue
        if manifest.operation is Operation.EDIT or count == _FORMER:
            continue
        former = read_environment(os.path.join(item.folder, ENVIRONMENT), context.catalog.host)
        if former is not None:
            count += 1
            yield former, freeze(former).installed


def _is_same(past: SnapshotPackage, there: Distribution) -> bool:
    """Tell whether a distribution is what a snapshot saw. What is installed in place is what its
    project is, whatever version that has by now."""
    if past.editable or there.editable:
        return past.editable and there.editable and past.origin == there.origin
    if past.commit and there.commit and past.commit != there.commit:
        return False
    return (past.version, past.origin) == (there.version, there.origin)


def _pin(past: SnapshotPackage) -> Pin:
    """Return what brings a package back of which nothing is here."""
    kind, requirement, obstacle = _line(past)
    return Pin(
        name=past.name,
        display_name=past.name,
        version=past.version,
        kind=kind,
        requirement=requirement,
        path="",
        seed=past.name in SEED_PACKAGES,
        anchored=True,
        obstacle=obstacle,
    )


def _line(past: SnapshotPackage) -> tuple[PinKind, str, str]:
    """Return the kind, the line, and why there is none."""
    if past.origin is None:
        return PinKind.INDEX, release_line(past.name, past.version), ""
    url, path = one_word(past.origin), path_of(past.origin)
    kind = PinKind.ARCHIVE if _ARCHIVE.search(past.origin) else PinKind.VCS
    if past.editable or (path is not None and kind is not PinKind.ARCHIVE):
        kind = PinKind.EDITABLE if past.editable else PinKind.DIRECTORY
    gone = absence(path) if path is not None else ""
    if gone:
        return kind, "", f"{path} {gone}"
    if kind is PinKind.VCS and not past.vcs:
        return kind, "", f"which commit of {past.origin} it was is not kept"
    if MASK in past.origin:
        return kind, "", f"the credentials of {past.origin} are not kept"
    if kind is PinKind.EDITABLE:
        return kind, f"-e {url}", ""
    if kind is PinKind.VCS:
        url = f"{past.vcs}+{url}@{past.commit}"
    named = release_line(past.name, "1")  # a name that a line can hold
    return kind, f"{past.name} @ {url}" if named else "", ""
