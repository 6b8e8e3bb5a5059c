"""Which installed files a person, or a program, has changed since they were installed.

A file is looked at more closely where its length is another, or its time of change is later than
that of the RECORD that lists it. uv links files out of its cache, which another environment may
share: they bear the time at which the cache was filled, as their METADATA does, so what is much
younger than that was changed through another name. Only what is suspect by that is read. An edit
that keeps the length and sets the time back is met where everything is read.
"""

import os
import stat
import time
from collections.abc import Callable, Iterable

from envdeck.core.inspection.packages.claims import (
    Claim,
    HashCache,
    Inode,
    RecordClaims,
    read_claims,
)
from envdeck.core.lazy_dataclasses import dataclass, field
from envdeck.core.model import EditedFile, Edits, Environment
from envdeck.core.operations.recipe.identity import differs_in_flags
from envdeck.core.system import reach
from envdeck.core.system.files import Unread, reason_of
from envdeck.core.system.words import counted

MOST_LISTED = 10_000
"""Edited files that are listed at most; more are counted."""
_UNPACKING_NS = 60 * 1_000_000_000
"""So long may unpacking one wheel take."""
_MOST_BYTES = 1_000_000_000
_MOST_SECONDS = 2.0
"""So much of what is suspect is read, and for so long, before a plan is shown without the rest."""
_SCRIPTS = ("bin/", "Scripts/")
_TOLD = 20
"""Reasons that are kept."""


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is read at most."""

    bytes: int = _MOST_BYTES
    seconds: float = _MOST_SECONDS


def find_edits(
    environment: Environment, names: frozenset[str] | None = None, limits: Limits | None = None
) -> Edits:
    """Return the edited files of an environment, or of the distributions `names` in it, with a
    look at as little as tells."""
    return look_at(environment, names, limits).edits()


def look_at(
    environment: Environment, names: frozenset[str] | None = None, limits: Limits | None = None
) -> "EditSearch":
    """Return a look at an environment of which as little was read as tells; more can be."""
    claims = read_claims(environment.path, environment.site_packages, names)
    look = EditSearch(claims, HashCache(), limits or Limits())
    look.read_suspects()
    return look


@dataclass(slots=True)
class EditSearch:
    """One comparison of an environment with its RECORDs, in up to three parts."""

    claims: RecordClaims
    contents: HashCache
    limits: Limits = field(default_factory=Limits)
    stopped: Callable[[], bool] = _never
    winners: dict[str, frozenset[str]] = field(default_factory=dict)
    """Of the places that several distributions claim with different contents, the names of those
    whose file is there."""
    faulty: set[str] = field(default_factory=set)
    """Names of the distributions of which a file is missing, is no regular one or has another
    length than is listed; of what is outside of the environment nothing is looked at."""
    _files: list[EditedFile] = field(default_factory=list)
    _missing: list[str] = field(default_factory=list)
    """The distribution of each missing file."""
    _unchecked: list[str] = field(default_factory=list)
    _late: int = 0
    _alone: list[str] = field(default_factory=list)
    """Places of files without another name, nothing of which is suspect."""
    _linked: dict[Inode, str] = field(default_factory=dict)
    """Places of those with other names, by what the files are."""

    def read_suspects(self) -> None:
        """Read what length and time speak against, and what several distributions claim."""
        until = time.monotonic() + self.limits.seconds
        self.faulty |= self.claims.outside
        for name, place in self.claims.bare:
            if not reach.isfile(f"{self.claims.root}/{place}"):
                self.faulty.add(name)
        for place, claims in self.claims.by_place.items():
            path = f"{self.claims.root}/{place}"
            try:
                status = reach.stat(path)
            except FileNotFoundError:
                self._missing.append(_last(claims).name)
                self.faulty.update(each.name for each in claims)
                continue
            except (OSError, ValueError) as error:
                self._fail(place, reason_of(error))
                self.faulty.update(each.name for each in claims)
                continue
            if not stat.S_ISREG(status.st_mode):
                self._fail(place, "is not a regular file")
                self.faulty.update(each.name for each in claims)
                continue
            for each in claims:
                if each.size not in {None, status.st_size}:
                    self.faulty.add(each.name)
            if len(claims) > 1 and len({each.hash for each in claims}) > 1:
                pass  # whose file it is has to be known
            elif _is_as_installed(claims, status):
                self._put_off(place, claims, status)
                continue
            if not any(each.size in {None, status.st_size} for each in claims):
                self._add(place, claims, status.st_size)
            elif self._is_over(until):
                self._late += 1
            else:
                self._compare(place, path, status)

    def _put_off(self, place: str, claims: tuple[Claim, ...], status: os.stat_result) -> None:
        expected = claims[0].hash
        if not expected:
            return
        if status.st_nlink == 1:
            self._alone.append(place)
            return
        inode = status.st_dev, status.st_ino
        self.contents.presumed[inode] = expected
        if len(claims) == 1:
            folder, _, name = place.rpartition("/")
            self.contents.folders.setdefault(folder, {})[name] = inode
        self._linked[inode] = place

    def read_others(self) -> None:
        """Read what is not suspect and has no other name; a new environment cannot have it."""
        places, self._alone = self._alone, []
        self._read(places)

    def read_linked(self) -> None:
        """Read what has other names, and is none of the files that the new environment has."""
        met = self.contents.met
        places = [place for inode, place in self._linked.items() if inode not in met]
        self._linked.clear()
        self._read(places)

    def _read(self, places: Iterable[str]) -> None:
        until = time.monotonic() + self.limits.seconds
        for place in places:
            path = f"{self.claims.root}/{place}"
            if self._is_over(until):
                self._late += 1
                continue
            try:
                status = reach.stat(path)
            except (OSError, ValueError) as error:
                self._fail(place, reason_of(error))
                continue
            self._compare(place, path, status)

    def _is_over(self, until: float) -> bool:
        return (
            self.contents.read_bytes > self.limits.bytes
            or time.monotonic() > until
            or self.stopped()
        )

    def _compare(self, place: str, path: str, status: os.stat_result) -> None:
        claims = self.claims.by_place[place]
        right = set()
        for claim in claims:
            if claim.size not in {None, status.st_size}:
                continue
            agrees = self.contents.agrees(path, status, claim.hash)
            if isinstance(agrees, Unread):
                self._fail(place, agrees.reason)
                return
            if agrees:
                right.add(claim.name)
        if not right:
            self._add(place, claims, status.st_size)
        elif len(right) < len(claims):
            self.winners[place] = frozenset(right)

    def _add(self, place: str, claims: tuple[Claim, ...], size: int) -> None:
        if place.startswith(_SCRIPTS) and any(
            differs_in_flags(f"{self.claims.root}/{place}", each.hash) for each in claims
        ):
            return
        last = _last(claims)
        native = place.replace("/", os.sep)
        self._files.append(EditedFile(native, last.name, size, last.hash))

    def _fail(self, place: str, reason: str) -> None:
        if len(self._unchecked) < _TOLD:
            self._unchecked.append(f"{place}: {reason}")

    def edits(self, without: frozenset[str] = frozenset()) -> Edits:
        """Return what was edited, as far as it was read; not of the distributions `without`."""
        found = [each for each in self._files if each.name not in without]
        unchecked = [*self._unchecked, *self.claims.unread]
        if self._late:
            files = f"{counted(self._late, 'file')} {'was' if self._late == 1 else 'were'}"
            unchecked.append(f"{files} not compared with RECORD: too large")
        return Edits(
            tuple(sorted(found, key=lambda each: each.path)[:MOST_LISTED]),
            len(found),
            sum(each.bytes for each in found),
            sum(name not in without for name in self._missing),
            tuple(unchecked),
        )


def _last(claims: tuple[Claim, ...]) -> Claim:
    """Return the claim of whoever came last, and so wrote the file."""
    return max(claims, key=lambda each: each.recorded_ns)


def _is_as_installed(claims: tuple[Claim, ...], status: os.stat_result) -> bool:
    """Tell whether size and time speak for a file's being the one that was installed."""
    for claim in claims:
        if claim.size not in {None, status.st_size} or status.st_mtime_ns > claim.recorded_ns:
            continue
        if not claim.unpacked_ns or status.st_mtime_ns <= claim.unpacked_ns + _UNPACKING_NS:
            return True
    return False
