"""What differs between an environment and another one, a lock, a requirements file, or the JSON of
another machine: versions side by side."""

import json
import os
from collections.abc import Iterable, Mapping

from envdeck.core.inspection.packages.site_packages import normalise
from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.model import Distribution, Environment
from envdeck.core.project.drift.compare import compare
from envdeck.core.project.model import Comparison
from envdeck.core.project.project import project_of_file
from envdeck.core.system.files import Unread, read_bounded
from envdeck.core.system.host import Host

KNOWN_SCHEMA = 1
"""The newest schema of `show --json` whose every key is known here."""
_JSON_LIMIT = 64 * 1024 * 1024
_MOST = 100_000
"""Packages that are taken of one file."""
_TEXT = 1_000
"""Letters of a name, a version or a path that are taken of a file."""


class SideError(ValueError):
    """Why there is nothing to compare with, in a sentence; and a way out."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two."""

    label: str
    """Its path, as a person knows it; hostile text where it is from a file."""
    python: str | None = None
    """The version of its interpreter, or what the project asks for; None: not told."""
    packages: Mapping[str, str] | None = None
    """Versions by normalised name, where all of them are known."""
    notes: tuple[str, ...] = ()
    """What could not be read or compared, one sentence each."""


@dataclass(frozen=True, slots=True)
class PackagePair:
    """One package on both sides."""

    name: str
    first: str | None
    """Its version there; None where it is not there."""
    second: str | None
    """The same, or what is asked for (`>=2,<3`)."""

    @property
    def same(self) -> bool:
        """Whether both have it at one version."""
        return self.first == self.second


@dataclass(frozen=True, slots=True)
class Difference:
    """Two sides, package by package."""

    first: Side
    second: Side
    pairs: tuple[PackagePair, ...]
    """By name; those that agree too, where they are known one by one."""
    agreed: int
    """How many agree."""

    @property
    def changed(self) -> tuple[PackagePair, ...]:
        """Those that both have, at different versions."""
        return tuple(one for one in self.pairs if one.first and one.second and not one.same)

    @property
    def only_first(self) -> tuple[PackagePair, ...]:
        """Those that only the first has."""
        return tuple(one for one in self.pairs if one.second is None)

    @property
    def only_second(self) -> tuple[PackagePair, ...]:
        """Those that only the second has."""
        return tuple(one for one in self.pairs if one.first is None)

    @property
    def differing(self) -> tuple[PackagePair, ...]:
        """Everything that is not the same."""
        return tuple(one for one in self.pairs if not one.same)

    @property
    def same_python(self) -> bool:
        """Whether both have one Python, or one of them does not tell."""
        return None in (self.first.python, self.second.python) or (
            self.first.python == self.second.python
        )


def versions_of(distributions: Iterable[Distribution]) -> dict[str, str]:
    """Return versions by name; of several distributions of one name, all of them."""
    found: dict[str, str] = {}
    for one in distributions:
        text = f"{one.version} (editable)" if one.editable else one.version
        found[one.name] = f"{found[one.name]}, {text}" if one.name in found else text
    return found


def side_of(environment: Environment, distributions: Iterable[Distribution]) -> Side:
    """Return an environment as a side."""
    return Side(environment.path, environment.python.version, versions_of(distributions))


def difference(first: Side, second: Side) -> Difference:
    """Compare two sides whose packages are known."""
    one, two = first.packages or {}, second.packages or {}
    names = sorted(one.keys() | two.keys())
    pairs = tuple(PackagePair(name, one.get(name), two.get(name)) for name in names)
    return Difference(first, second, pairs, sum(pair.same for pair in pairs))


def difference_from_file(
    environment: Environment,
    distributions: tuple[Distribution, ...],
    path: str,
    host: Host | None = None,
) -> tuple[Difference, Comparison | None]:
    """Compare an environment with a file: the JSON of `envdeck show --json`, a lock, or what
    declares requirements; of those two, return how the project compares as well.
    Raises :class:`SideError` where there is nothing to compare with.
    """
    first = side_of(environment, distributions)
    if path.endswith(".json") and (side := read_json_side(path, environment)) is not None:
        return difference(first, side), None
    project = project_of_file(path)
    declares = any(one.requirements for one in project.manifests)
    if project.problems and (project.locks or not declares):
        raise SideError(f"nothing to compare with: {project.problems[0]}")
    if not declares and not project.locks:
        raise SideError(f"`{path}` declares nothing")
    found = compare(project, environment, distributions, host=host)
    return difference_from_project(first, found, path), found


def difference_from_project(first: Side, found: Comparison, label: str) -> Difference:
    """Return a comparison with a project as two sides. What the project allows and does not name
    one by one is counted alone."""
    python = next((one.wanted for one in found.pythons if one.wanted), None)
    second = Side(found.against or label, python, notes=found.unchecked)
    pairs = tuple(
        PackagePair(one.name, one.installed, one.wanted or None)
        if one.installed is not None
        else PackagePair(one.name, None, one.wanted or "any version")
        for one in sorted(found.drifts, key=lambda one: one.name)
    )
    return Difference(first, second, pairs, found.agreed)


def read_json_side(path: str, beside: Environment) -> Side | None:
    """Return what `envdeck show --json` wrote on some machine; None where a file is JSON of
    another kind (a lock, say).

    What a newer schema adds is passed over, and that is noted. Nothing in it is trusted: it is
    names and versions, to be shown as plain text. Raises :class:`SideError` where it cannot be
    read, or holds no packages.
    """
    data = read_bounded(path, _JSON_LIMIT)
    if isinstance(data, Unread):
        raise SideError(f"`{path}` cannot be read: {data.reason}")
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        raise SideError(f"`{path}` is not JSON") from None
    if not isinstance(document, dict) or not {"distributions", "environments"} & document.keys():
        return None
    schema = document.get("schema", KNOWN_SCHEMA)
    listed = document.get("environments")
    found: object = document
    if isinstance(listed, list):
        found = _chosen(listed, beside)
    if not isinstance(found, dict) or not isinstance(found.get("distributions"), list):
        hint = "write one with `envdeck show ENV --json`"
        raise SideError(f"`{path}` holds no packages", hint)
    packages: dict[str, str] = {}
    left_out = 0
    for row in found["distributions"][:_MOST]:
        name, version = (row.get("name"), row.get("version")) if isinstance(row, dict) else (0, 0)
        if not isinstance(name, str) or not isinstance(version, str) or not name:
            left_out += 1
            continue
        name, text = normalise(name[:_TEXT]), version[:_TEXT]
        text = f"{text} (editable)" if row.get("editable") is True else text
        packages[name] = f"{packages[name]}, {text}" if name in packages else text
    notes = []
    if type(schema) is not int or schema > KNOWN_SCHEMA:
        told = schema if type(schema) is int else "unknown"
        notes.append(
            f"written by a newer envdeck (schema {told}):"
            " what this version does not know is left out"
        )
    left_out += max(len(found["distributions"]) - _MOST, 0)
    if left_out:
        notes.append(f"{left_out:,} entries of it cannot be read")
    python = found.get("python")
    version = python.get("version") if isinstance(python, dict) else None
    where = found.get("path")
    label = os.path.basename(path)
    if isinstance(where, str):
        label = f"{where[:_TEXT]} ({label})"
    known = version[:_TEXT] if isinstance(version, str) else None
    return Side(label, known, packages, tuple(notes))


def _chosen(listed: list[object], beside: Environment) -> object:
    """Return the environment of a list that is like one here: of its path or its name, else the
    only one."""
    every = [one for one in listed if isinstance(one, dict)]
    for key, value in (("path", beside.path), ("name", beside.name)):
        found = [one for one in every if one.get(key) == value]
        if len(found) == 1:
            return found[0]
    return every[0] if len(every) == 1 else None
