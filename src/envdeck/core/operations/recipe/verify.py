"""Proof that what was there is there; unmet dependencies."""

import base64
import hashlib
import hmac
import os
import stat
from collections.abc import Callable, Iterator

from envdeck.core.inspection.packages.distributions import read_distributions
from envdeck.core.inspection.packages.record import (
    RECORD_LIMIT,
    RecordRow,
    is_compiled,
    is_own,
    place_of,
)
from envdeck.core.inspection.packages.requirements import read_requirement
from envdeck.core.inspection.packages.site_packages import list_names
from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.model import Environment
from envdeck.core.operations.recipe.freeze import freeze
from envdeck.core.operations.recipe.identity import unlike_files, unlike_scripts
from envdeck.core.operations.recipe.recipe import Pin, Recipe, record_of, rows_digest
from envdeck.core.system import reach
from envdeck.core.system.files import Unread, read_bounded, reason_of

FAULTS = 100
"""So many faults of one check are named; more say nothing new."""
NAMED_ROWS = 5


@dataclass(frozen=True, slots=True)
class PackageDifference:
    """One package that is not what it was."""

    name: str
    kind: str
    """`missing`, `version` or `rows`."""
    before: str
    after: str
    """Versions; `after` is empty where it is missing."""
    rows: tuple[str, ...] = ()
    """The first few files that differ, relative to the package folder. Empty where they cannot
    be told: what was is no longer there to be read."""
    count: int = 0
    """How many differ."""
    code: bool = False
    """Whether more differs than its own metadata folder, which a build writes anew."""


@dataclass(frozen=True, slots=True)
class Proof:
    """How far an environment is what another was, package by package."""

    equal: int
    total: int
    differences: tuple[PackageDifference, ...] = ()
    added: tuple[str, ...] = ()
    """Names that are there beyond the recipe."""

    @property
    def whole(self) -> bool:
        """Whether everything that was is there, and nothing else."""
        return self.equal == self.total and not self.added


@dataclass(frozen=True, slots=True)
class FileFault:
    """A file that is not what its RECORD says."""

    name: str
    """Of the distribution, normalised."""
    path: str
    """As RECORD has it."""
    reason: str


@dataclass(frozen=True, slots=True)
class FileCheck:
    """What became of comparing the files on disk with RECORD."""

    files: int
    """How many were looked at."""
    faults: tuple[FileFault, ...] = ()
    """The first of them."""
    faulty: int = 0
    """How many there are."""
    names: frozenset[str] = frozenset()
    """Of every distribution that has one."""


def prove(before: Recipe, after: Environment) -> Proof:
    """Compare the RECORD rows of what was with those of what is, name by name.

    Seeds count like any other: a new environment may have a newer pip. Files that have no hash
    on either side, or of a distribution without a RECORD, are compared by their content. Where
    the old RECORD is still to be read, and is the new one byte for byte, no row is looked at.
    """
    there = {pin.name: pin for pin in freeze(after, quick=True).installed}
    was = before.installed
    differences = [found for pin in was if (found := _difference(pin, there.get(pin.name)))]
    names = {pin.name for pin in was}
    return Proof(
        equal=len(was) - len(differences),
        total=len(was),
        differences=tuple(differences),
        added=tuple(sorted(there.keys() - names)),
    )


def _difference(was: Pin, there: Pin | None) -> PackageDifference | None:
    if there is None:
        return PackageDifference(was.name, "missing", was.version, "")
    if there.version != was.version:
        return PackageDifference(was.name, "version", was.version, there.version)
    if not was.path or (was.hashed and _same_record(was.path, there.path)):
        return None  # of what is not here any more, name and version are known alone
    if was.hashed and _same_rows(was, there.path):
        rows = unlike_scripts(was.path, there.path)
    else:
        rows = unlike_files(was.path, there.path)
    if not rows:
        return None
    info = os.path.basename(was.path) + "/"
    return PackageDifference(
        was.name,
        "rows",
        was.version,
        there.version,
        tuple(sorted(rows)[:NAMED_ROWS]),
        len(rows),
        any(not path.startswith(info) for path in rows),
    )


def _same_record(was: str, there: str) -> bool:
    """Tell whether one RECORD is the other byte for byte; then it is not taken apart."""
    if os.path.basename(was) != os.path.basename(there):
        return False
    old, new = (read_bounded(os.path.join(path, "RECORD"), RECORD_LIMIT) for path in (was, there))
    return isinstance(old, bytes) and old == new


def _same_rows(was: Pin, there: str) -> bool:
    """Tell by the rows that every install of one wheel has."""
    rows = record_of(there)
    return not isinstance(rows, Unread) and rows_digest(rows, os.path.basename(there)) == was.rows


def check_files(
    environment: Environment, *, hashes: bool = False, stopped: Callable[[], bool] | None = None
) -> FileCheck:
    """Compare every file on disk with its RECORD: it is there, and of that size, and with
    `hashes` (some ten times as slow) of that content.

    Compiled files are left out: Python writes them anew. What a RECORD names outside the
    environment is a fault, and is not looked at.
    """
    files = faulty = 0
    faults: list[FileFault] = []
    names: set[str] = set()
    for name, path, row, place in _listed(environment):
        if stopped is not None and stopped():
            break
        files += 1
        reason = "is outside the environment" if place is None else ""
        if place is not None:
            reason = _fault(os.path.join(environment.path, place), row, hashes=hashes)
        if reason:
            faulty += 1
            names.add(name)
            if len(faults) < FAULTS:
                faults.append(FileFault(name, path, reason))
    return FileCheck(files, tuple(faults), faulty, frozenset(names))


def _listed(environment: Environment) -> Iterator[tuple[str, str, RecordRow, str | None]]:
    for listed in list_names(environment.site_packages):
        rows = record_of(listed.path)
        if isinstance(rows, Unread):
            continue
        folder, info = os.path.split(listed.path)
        for row in rows:
            if is_compiled(row.path, row.hash) or is_own(row.path, info):
                continue
            yield listed.name, row.path, row, place_of(row.path, folder, environment.path)


def _fault(path: str, row: RecordRow, *, hashes: bool) -> str:
    """Return what is amiss with a file, or nothing."""
    try:
        status = reach.stat(path)
        if not stat.S_ISREG(status.st_mode):
            return "is not a regular file"
        if row.size is not None and status.st_size != row.size:
            return f"has {status.st_size} bytes instead of {row.size}"
        algorithm, _, expected = row.hash.partition("=")
        if not hashes or algorithm not in {"sha256", "sha384", "sha512"}:
            return ""
        with open(path, "rb") as file:
            digest = hashlib.file_digest(file, algorithm)
    except FileNotFoundError:
        return "is missing"
    except (OSError, ValueError) as error:
        return f"cannot be read: {reason_of(error)}"
    found = base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()
    same = hmac.compare_digest(found.encode(), expected.rstrip("=").encode("utf-8", "replace"))
    return "" if same else "content differs"


def new_dependency_problems(before: Environment, after: Environment) -> tuple[tuple[str, str], ...]:
    """Return distribution and requirement of all that is missing now and was not before.

    Markers are evaluated for each environment's own interpreter. A requirement whose text has
    changed with its distribution's version is no new problem where it was missing already.
    """
    known = {(name, _asked(text)) for name, text in dependency_problems(before)}
    return tuple(
        (name, text)
        for name, text in dependency_problems(after)
        if (name, _asked(text)) not in known
    )


def dependency_problems(environment: Environment) -> tuple[tuple[str, str], ...]:
    """Return distribution and requirement of all that is missing."""
    rows = read_distributions(environment)
    return tuple(dict.fromkeys((row.name, text) for row in rows for text in row.missing))


def _asked(text: str) -> str:
    requirement = read_requirement(text)
    return requirement.name if requirement is not None else text
