"""Proof that what was there is there; unmet dependencies."""

import os
from collections.abc import Sequence

from envdeck.core.inspection.packages.distributions import link_heads, read_heads
from envdeck.core.inspection.packages.record import RECORD_LIMIT, ROW_LIMIT, rows
from envdeck.core.inspection.packages.requirements import (
    marker_environment,
    parse_requirement,
    read_requirement,
)
from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.model import Distribution, Environment
from envdeck.core.operations.recipe.freeze import freeze
from envdeck.core.operations.recipe.identity import unlike_files, unlike_scripts
from envdeck.core.operations.recipe.recipe import Pin, Recipe, comparable, record_of, rows_digest
from envdeck.core.project.model import Overrides
from envdeck.core.project.requirements import permits
from envdeck.core.system.files import Unread, read_bounded

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
    """Whether more differs than its own metadata folder, which a build writes again."""


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


def prove(before: Recipe, after: Environment) -> Proof:
    """Compare the RECORD rows of what was with those of what is, name by name.

    Seeds count like any other: a new environment may have a newer pip. Files that have no hash
    on either side, or of a distribution without a RECORD, are compared by their content. Where
    the old RECORD is still to be read, only lines that the new one has not are looked at.
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
    if not was.path:
        return None  # of what is not here any more, name and version are known alone
    records = _records(was.path, there.path) if was.hashed else None
    if records is not None and records[0] == records[1]:
        return None
    same = records is not None and _have_same_rows(*records, os.path.basename(was.path))
    if same or (was.hashed and _same_rows(was, there.path)):
        unlike = unlike_scripts(was.path, there.path)
    else:
        unlike = unlike_files(was.path, there.path)
    if not unlike:
        return None
    info = os.path.basename(was.path) + "/"
    return PackageDifference(
        was.name,
        "rows",
        was.version,
        there.version,
        tuple(sorted(unlike)[:NAMED_ROWS]),
        len(unlike),
        any(not path.startswith(info) for path in unlike),
    )


def _records(was: str, there: str) -> tuple[bytes, bytes] | None:
    """Return the RECORDs of two metadata folders of one name; None where there are not both."""
    if os.path.basename(was) != os.path.basename(there):
        return None
    old, new = (read_bounded(os.path.join(path, "RECORD"), RECORD_LIMIT) for path in (was, there))
    return None if isinstance(old, Unread) or isinstance(new, Unread) else (old, new)


def _have_same_rows(old: bytes, new: bytes, info: str) -> bool:
    """Tell by the lines that only one of two RECORDs has whether both have the rows that every
    install of one wheel has; False too where that tells nothing: lines with quotes go on, and
    what is not ASCII depends on the whole file."""
    plain = old.isascii() and new.isascii() and b'"' not in old and b'"' not in new
    if not plain or max(old.count(b"\n"), new.count(b"\n")) >= ROW_LIMIT:
        return False
    first, second = {*old.split(b"\n")}, {*new.split(b"\n")}
    left, right = (
        comparable(rows(b"\n".join(lines)), info) for lines in (first - second, second - first)
    )
    return left == right


def _same_rows(was: Pin, there: str) -> bool:
    """Tell by the rows that every install of one wheel has."""
    found = record_of(there)
    if isinstance(found, Unread):
        return False
    return rows_digest(comparable(found, os.path.basename(there))) == was.rows


def new_dependency_problems(
    before: Environment, after: Environment, overrides: Overrides
) -> tuple[tuple[str, str], ...]:
    """Return distribution and requirement of all that is missing now and was not before.

    Markers are evaluated for each environment's own interpreter. A requirement whose text has
    changed with its distribution's version is no new problem where it was missing already.
    """
    known = {(name, _asked(text)) for name, text in dependency_problems(before)}
    return tuple(
        (name, text)
        for name, text in dependency_problems(after, overrides)
        if (name, _asked(text)) not in known
    )


def dependency_problems(
    environment: Environment,
    overrides: Overrides | None = None,
    heads: Sequence[Distribution] | None = None,
    system_folders: Sequence[str] | None = None,
) -> tuple[tuple[str, str], ...]:
    """Return distribution and requirement of all that is missing, but for what a project says in
    its place; `heads` in place of what is installed, and `system_folders` in place of the folders
    that it sees besides its own."""
    rows = read_heads(environment) if heads is None else tuple(heads)
    rows = link_heads(environment, rows, system_folders=system_folders)
    lacking = dict.fromkeys((row, text) for row in rows for text in row.missing)
    if overrides is not None and overrides.file and lacking:
        versions: dict[str, list[str]] = {}
        for row in rows:
            versions.setdefault(row.name, []).append(row.version)
        markers = marker_environment(environment.python)

        def permitted(row: Distribution, text: str) -> bool:
            asked = parse_requirement(text)
            there = versions.get(asked.name, ()) if asked is not None else ()
            requirer = row.name, row.version
            return asked is not None and permits(overrides, requirer, asked, there, markers)

        lacking = dict.fromkeys(one for one in lacking if not permitted(*one))
    return tuple(dict.fromkeys((row.name, text) for row, text in lacking))


def _asked(text: str) -> str:
    requirement = read_requirement(text)
    return requirement.name if requirement is not None else text
