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
from collections.abc import Callable
from dataclasses import dataclass, field

from envdeck.core.files import Unread, reason_of
from envdeck.core.model import EditedFile, Edits, Environment
from envdeck.core.operations.recipe.claims import Claim, Claims, read_claims
from envdeck.core.operations.recipe.contents import Contents, Inode

MOST_LISTED = 10_000
"""Edited files that are listed at most; more are counted."""
_UNPACKING_NS = 60 * 1_000_000_000
"""So long may unpacking one wheel take."""
_MOST_BYTES = 1_000_000_000
_MOST_SECONDS = 2.0
"""So much of what is suspect is read, and for so long, before a plan is shown without the rest."""
_TOLD = 20
"""Reasons that are kept."""


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is read at most."""

    bytes: int = _MOST_BYTES
    seconds: float = _MOST_SECONDS
    everything: bool = False
    """Whether what is not suspect is read too."""


def find_edits(
    environment: Environment,
    names: frozenset[str] | None = None,
    limits: Limits | None = None,
) -> Edits:
    """Return the edited files of an environment, or of the distributions `names` in it, with a
    look at as little as tells."""
    claims = read_claims(environment.path, environment.site_packages, names)
    return Look(claims, Contents(), limits or Limits()).edits()


@dataclass(slots=True)
class Look:
    """One comparison of an environment with its RECORDs; used once."""

    claims: Claims
    contents: Contents
    limits: Limits = field(default_factory=Limits)
    stopped: Callable[[], bool] = _never
    winners: dict[str, frozenset[str]] = field(default_factory=dict)
    """Of the places that several distributions claim with different contents, the names of those
    whose file is there."""
    _files: list[EditedFile] = field(default_factory=list)
    _missing: int = 0
    _unchecked: list[str] = field(default_factory=list)
    _late: int = 0
    _waiting: dict[Inode, str] = field(default_factory=dict)

    def edits(self) -> Edits:
        """Look, and return what was edited."""
        until = time.monotonic() + self.limits.seconds
        for place, claims in self.claims.by_place.items():
            path = f"{self.claims.root}/{place}"
            try:
                status = os.stat(path)
            except FileNotFoundError:
                self._missing += 1
                continue
            except (OSError, ValueError) as error:
                self._fail(place, reason_of(error))
                continue
            if not stat.S_ISREG(status.st_mode):
                self._fail(place, "is not a regular file")
                continue
            fitting = [each for each in claims if each.size in {None, status.st_size}]
            if not fitting:
                self._add(place, claims, status.st_size)
                continue
            plain = len(claims) == 1 or len({each.hash for each in claims}) == 1
            if plain and _is_as_installed(claims, status):
                if not self.limits.everything:
                    continue
                if status.st_nlink > 1 and claims[0].hash:
                    inode = status.st_dev, status.st_ino
                    self.contents.presumed[inode] = claims[0].hash
                    self._waiting[inode] = place
                    continue
            if self._is_over(until):
                self._late += 1
                continue
            self._compare(place, path, status, fitting)
        return self._answer()

    def finish(self) -> Edits:
        """Read what has other names too, and is none of the files that the new environment has;
        return all that was edited."""
        for inode, place in self._waiting.items():
            if inode in self.contents.met:
                continue
            path = f"{self.claims.root}/{place}"
            try:
                status = os.stat(path)
            except (OSError, ValueError) as error:
                self._fail(place, reason_of(error))
                continue
            if self.stopped():
                self._late += 1
            else:
                self._compare(place, path, status, list(self.claims.by_place[place]))
        self._waiting.clear()
        return self._answer()

    def _is_over(self, until: float) -> bool:
        return (
            self.contents.read_bytes > self.limits.bytes
            or time.monotonic() > until
            or self.stopped()
        )

    def _compare(self, place: str, path: str, status: os.stat_result, fitting: list[Claim]) -> None:
        right = set()
        for claim in fitting:
            agrees = self.contents.agrees(path, status, claim.hash)
            if isinstance(agrees, Unread):
                self._fail(place, agrees.reason)
                return
            if agrees:
                right.add(claim.name)
        claims = self.claims.by_place[place]
        if not right:
            self._add(place, claims, status.st_size)
        elif len(right) < len(claims):
            self.winners[place] = frozenset(right)

    def _add(self, place: str, claims: tuple[Claim, ...], size: int) -> None:
        last = max(claims, key=lambda each: each.recorded_ns)  # whoever came last wrote it
        native = place.replace("/", os.sep)
        self._files.append(EditedFile(native, last.name, size, last.hash))

    def _fail(self, place: str, reason: str) -> None:
        if len(self._unchecked) < _TOLD:
            self._unchecked.append(f"{place}: {reason}")

    def _answer(self) -> Edits:
        unchecked = [*self._unchecked, *self.claims.unread]
        if self._late:
            files = "1 file was" if self._late == 1 else f"{self._late:,} files were"
            unchecked.append(f"{files} not compared with RECORD: too much to read")
        return Edits(
            tuple(sorted(self._files, key=lambda each: each.path)[:MOST_LISTED]),
            len(self._files),
            sum(each.bytes for each in self._files),
            self._missing,
            tuple(unchecked),
        )


def _is_as_installed(claims: tuple[Claim, ...], status: os.stat_result) -> bool:
    """Tell whether size and time speak for a file's being the one that was installed."""
    for claim in claims:
        if claim.size not in {None, status.st_size} or status.st_mtime_ns > claim.recorded_ns:
            continue
        if not claim.unpacked_ns or status.st_mtime_ns <= claim.unpacked_ns + _UNPACKING_NS:
            return True
    return False
