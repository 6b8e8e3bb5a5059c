"""`PackageSource`, how it is installed, its groups and extras; and the one made of a lock file:
pinned lines with hashes for one interpreter."""

import hashlib
import json
import os
import re
from collections.abc import Sequence
from enum import StrEnum
from typing import TypeAlias
from urllib.parse import unquote

from envdeck.core.discovery.managers import lock_manager
from envdeck.core.inspection.packages.requirements import MarkerEnvironment
from envdeck.core.inspection.packages.site_packages import normalise
from envdeck.core.lazy_dataclasses import dataclass, field
from envdeck.core.project import (
    Lock,
    LockedPackage,
    Manifest,
    Overrides,
    PackageIndex,
    Project,
)
from envdeck.core.project.locks.selection import select, split_ids
from envdeck.core.project.locks.uv import uv_lock_revision
from envdeck.core.project.parts import name_in, part_ids
from envdeck.core.project.requirements import file_url
from envdeck.core.system import reach

NOT_ITSELF = "The project itself is left out: only its dependencies are installed"
_NOBODY = "envdeck-indexed-requirements"
"""The name of the made-up project whose dependencies those are."""
_EXTRAS = re.compile(r"\[[^\]]*\]\Z")
_SHARP = re.compile(r"-e (file://[^\s\[]*%23[^\s\[]*)(\[[^\]]*\])?(.*)\Z")
_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")

Exact: TypeAlias = tuple[str, str, str]
"""What is installed now: name, version, and the one requirements line that brings it back."""


class SourceName(StrEnum):
    """The sources by their names in the contract (`--from`), in the order they are offered."""

    EXACT = "exact"
    LOCK = "lock"
    DECLARED = "declared"
    FILE = "file"
    SNAPSHOT = "snapshot"
    """As it was: `snapshot:ID` in the contract."""


class InstallMethod(StrEnum):
    """How its packages get into the environment."""

    PINS = "pins"
    """`uv pip install --no-deps -r`: every package is told, nothing is resolved."""
    RESOLVE = "resolve"
    """`uv pip install -r`: what it needs is found by the resolver."""
    UV_SYNC = "uv-sync"
    """`uv sync --frozen` in the project, into `UV_PROJECT_ENVIRONMENT`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageSource:
    """What an environment can be rebuilt from. Nothing in it was resolved or downloaded."""

    name: SourceName
    title: str
    """As it is offered: `exactly what is here`, `what uv.lock locks`."""
    how: InstallMethod
    file: str | None = None
    """The file it was read from; None for what is here."""
    snapshot: str | None = None
    """The id of the snapshot, where that is the source."""
    project: str | None = None
    """The project's folder: the current folder for its installation."""
    requirements: tuple[str, ...] = field(default=(), repr=False)
    """Lines for a requirements file; they may hold credentials. Of :attr:`InstallMethod.UV_SYNC`
    too, for whoever cannot run uv in the project: then `--no-deps`."""
    indexed: tuple[tuple[str, str, PackageIndex], ...] = field(default=(), repr=False)
    """Lines that come from one index alone, each with its package's name and that index."""
    own_indexes: bool = False
    """Whether it names indexes for all of its packages, which then go before the person's."""
    constraints: tuple[str, ...] = field(default=(), repr=False)
    overrides: Overrides = Overrides()
    """What the project puts in place of what packages ask for."""
    binary: tuple[str, ...] = ()
    """Names that are taken as wheels alone: nothing of theirs is built, so none of their code
    runs."""
    strict: tuple[str, ...] = ()
    """Names of editables that setuptools makes strict."""
    hashes: bool = False
    """Whether every line has its hashes, so that they can be required."""
    expected: tuple[tuple[str, str | None], ...] = ()
    """Names (PEP 503) and versions that will be there, for this interpreter and platform; the
    version is None where the file does not tell. Of :attr:`InstallMethod.RESOLVE` only what is
    asked for."""
    inherited: tuple[str, ...] = ()
    """Names that the environment has from the system, and that are not installed again."""
    places: tuple[tuple[str, str], ...] = ()
    """Of names that a line asks for, where it stands: `requirements.txt:12`."""
    groups: tuple[str, ...] = ()
    """The dependency groups that are installed, by the project's own defaults."""
    extras: tuple[str, ...] = ()
    install_project: bool = False
    """Whether the project itself is installed, editable; the line for it is the last."""
    names_project: bool = False
    """Whether a line that somebody wrote installs the project itself."""
    problem: str = ""
    """Why it cannot be used, in one sentence without a full stop; empty where it can."""
    notes: tuple[str, ...] = ()
    """What a person should know of it, one sentence each."""

    @property
    def empty(self) -> bool:
        """Whether it installs nothing."""
        return not (self.requirements or self.indexed or self.how is InstallMethod.UV_SYNC)

    @property
    def needs_index(self) -> bool:
        """Whether any of it comes from an index, as far as its lines tell."""
        if "--no-index" in self.requirements:
            return False
        named = (line for line in self.requirements if not line.startswith("-"))
        return any("@" not in line.partition("://")[0] and "://" not in line for line in named)

    @property
    def override_lines(self) -> tuple[str, ...]:
        """What counts in place of what packages ask for: what the project says, and nothing for
        what is inherited."""
        never = (f"{name} ; python_version < '0'" for name in self.inherited)
        return (*self.overrides.lines, *never)

    @property
    def usable(self) -> bool:
        """Whether it can be chosen."""
        return not self.problem


@dataclass(frozen=True, slots=True)
class SourceRequest:
    """What sources are read for."""

    project: str
    """Its folder; empty where there is none."""
    markers: MarkerEnvironment
    """Of the interpreter that is to be."""
    groups: tuple[str, ...] | None
    """None: those that the project's own tool installs without being asked."""
    extras: tuple[str, ...] | None
    in_place: bool | None
    """Whether the project is installed in place now; None where there is no environment."""
    manager: str = ""
    """That of the environment; empty where there is none."""
    itself: bool = True
    """Whether the project itself may be installed; else a person leaves it out."""

    def installs(self, *, builds: bool) -> bool:
        """Whether the project itself is installed: as it is now; where there is no environment,
        by whether it can be."""
        return builds and self.itself and self.in_place is not False

    def is_project(self, line: str) -> bool:
        """Whether a line of a requirements file installs the project itself, with or without
        extras."""
        url = line.removeprefix("-e ").rpartition(" @ ")[2].partition(" ;")[0].strip()
        folder = file_url(os.path.normpath(self.project)) if self.project else ""
        return bool(folder) and _EXTRAS.sub("", url).partition("#")[0].rstrip("/") == folder


@dataclass(frozen=True, slots=True)
class Parts:
    """Groups and extras, normalised; None: those that the project's own tool installs."""

    groups: tuple[str, ...] | None = None
    extras: tuple[str, ...] | None = None
    itself: bool = True
    """Whether the project itself is installed, where it can be."""

    @classmethod
    def choose(
        cls, groups: Sequence[str] | None, extras: Sequence[str] | None, *, itself: bool = True
    ) -> "Parts":
        """Return them as the readers of manifests and locks name them."""
        return cls(
            None if groups is None else tuple(map(normalise, groups)),
            None if extras is None else tuple(map(normalise, extras)),
            itself,
        )

    def unknown(self, project: Project | None, file: str | None = None) -> str:
        """Say which of them the project does not have; empty where it has them all.

        Whoever misspells a group would else get an environment without it, and no word.
        """
        if not self.groups and not self.extras:
            return ""
        if project is None or file is not None:
            return "groups and extras require a project"
        has_groups, has_extras = split_ids(part_ids(project))
        for asked, known, what in (
            (self.groups, {*has_groups, *_empty(project, groups=True)}, "group"),
            (self.extras, {*has_extras, *_empty(project, groups=False)}, "extra"),
        ):
            for name in asked or ():
                if name not in known:
                    has = f"; available: {', '.join(sorted(known))}" if known else ""
                    return f"the project has no {what} `{name}`{has}"
        return ""


def _empty(project: Project, *, groups: bool) -> set[str]:
    """Return the groups or extras that manifests and locks name, with anything in them or not."""
    said: tuple[Manifest | Lock, ...] = (*project.manifests, *project.locks)
    return {normalise(name) for one in said for name in (one.groups if groups else one.extras)}


DEFAULTS = Parts()
"""What the project's own tool installs without being asked."""


def manifest_lines(source: PackageSource) -> tuple[str, ...]:
    """Return a manifest of the requirements that come from one index alone: uv knows no line of
    a requirements file that ties one package to an index, and no other."""
    indexes = {index: None for _, _, index in source.indexed}
    told = {name: index for _, name, index in source.indexed}
    lines = ["[project]", f'name = "{_NOBODY}"', 'version = "0"', "dependencies = ["]
    lines += [f"    {_quoted(line)}," for line, _, _ in source.indexed]
    lines += ["]", "[tool.uv.sources]"]
    lines += [
        f"{_quoted(name)} = {{ index = {_quoted(_label(index))} }}" for name, index in told.items()
    ]
    for index in indexes:
        lines += ["[[tool.uv.index]]", f"name = {_quoted(_label(index))}"]
        lines += [f"url = {_quoted(index.url)}", "explicit = true"]
        lines += ['format = "flat"'] if index.flat else []
    return tuple(lines)


def _label(index: PackageIndex) -> str:
    """Return a name as uv permits one; credentials by variables are found by it."""
    if _LABEL.fullmatch(index.name):
        return index.name
    return "index-" + hashlib.sha256(index.name.encode("utf-8", "replace")).hexdigest()[:8]


def _quoted(text: str) -> str:
    """Return a string of TOML."""
    return json.dumps(text).replace("\x7f", "\\u007f")


def uv_line(line: str) -> str:
    """Return a line of a requirements file as uv understands it: of a folder that is installed in
    place, it takes a `#` in the path for the end of it, unless the line names the project."""
    match = _SHARP.match(line)
    name = name_in(match[1]) if match is not None else ""
    return f"-e {name}{match[2] or ''} @ {match[1]}{match[3]}" if match and name else line


def lock_source(lock: Lock, project: Project, asked: SourceRequest) -> PackageSource:
    """Return what a lock file installs; one that cannot be used has its problem.

    uv's own is installed by `uv sync --frozen`; the others are read here, and installed as the
    pins they are, without resolving anything.
    """
    name = os.path.basename(lock.file)
    pyproject = next((one for one in project.manifests if one.format in _PYPROJECT), None)
    usual, more = _defaults(project, lock, asked.manager)
    groups = usual if asked.groups is None else asked.groups
    extras = more if asked.extras is None else asked.extras
    synced = lock.format == "uv.lock" and bool(asked.project) and _is_synced(lock)
    how = InstallMethod.UV_SYNC if synced else InstallMethod.PINS
    title = name
    if lock.problems:
        told = str(lock.problems[0]).removeprefix(lock.file + ":").strip()
        told = f"{name}: line {told}" if lock.problems[0].line else f"{name} {told}"
        return PackageSource(
            name=SourceName.LOCK,
            title=title,
            how=how,
            file=lock.file,
            project=asked.project or None,
            problem=told,
        )
    chosen = select(lock, asked.markers, groups, extras)
    packages = [one for one in chosen.packages if one.requirement and (
        asked.itself or not asked.is_project(one.requirement))]  # fmt: skip
    lines = [_line(one) for one in packages]
    expected = [(one.name, one.version) for one in packages if one.name]
    problem = f"{name} cannot be used: {chosen.problem}" if chosen.problem else ""
    problem = problem or _unknown(lock, groups, extras) or _missing_folder(chosen.packages)
    itself, line = _itself(lock, chosen.roots, pyproject, asked)
    unbuilt = pyproject.unbuilt if pyproject is not None and not chosen.roots else ""
    leaves = bool(unbuilt) and not asked.in_place and asked.installs(builds=True)
    left_out = [unbuilt] if leaves else []
    builds = pyproject is not None and pyproject.builds
    if not asked.itself and (builds or any(one.kind == "editable" for one in chosen.roots)):
        left_out = [NOT_ITSELF]
    hashed = bool(lines) and all(one.hashes for one in packages)
    if itself is not None:
        lines.append(line)
        expected.append(itself)
    return PackageSource(
        name=SourceName.LOCK,
        title=title,
        how=how,
        file=lock.file,
        project=asked.project or None,
        requirements=(*lock.options, *lines),
        hashes=hashed and itself is None,
        expected=tuple(sorted(expected)),
        places=tuple((one.name, name) for one in chosen.packages if one.name),
        overrides=pyproject.overrides if pyproject is not None else Overrides(),
        groups=tuple(groups),
        extras=extras,
        install_project=itself is not None,
        problem=problem,
        notes=(
            *(f"Not used: {one}" for one in project.passed),
            *_notes(lock, synced=synced),
            *left_out,
        ),
    )


_PYPROJECT = frozenset({"pyproject", "poetry", "pdm"})


def _defaults(project: Project, lock: Lock, manager: str) -> tuple[tuple[str, ...], ...]:
    """Return the groups and extras that the tool that keeps a project installs without being
    asked: those that are compared with what it has."""
    default = [name for name, usual in part_ids(project, lock, manager).items() if usual]
    groups, extras = split_ids(default)
    known = {*lock.groups, *lock.extras}
    return (
        tuple(one for one in lock.groups if one in groups),
        tuple(one for one in extras if one in known),
    )


def _itself(
    lock: Lock, roots: Sequence[LockedPackage], pyproject: Manifest | None, asked: SourceRequest
) -> tuple[tuple[str, str | None], str] | tuple[None, str]:
    """Return the project itself, and the line that installs it, where it is installed."""
    for root in roots:  # uv says by its own lock whether it installs the project
        if root.kind == "editable" and asked.itself:
            return (root.name, root.version), root.requirement
    if roots or pyproject is None or not asked.project or not pyproject.name:
        return None, ""
    if pyproject.unbuilt and not asked.in_place:
        return None, ""
    if not asked.installs(builds=pyproject.builds):
        return None, ""
    return (pyproject.name, None), f"-e {file_url(os.path.normpath(asked.project))}"


def _line(package: LockedPackage) -> str:
    hashes = "".join(f" --hash={one}" for one in package.hashes)
    return package.requirement + hashes


def _unknown(lock: Lock, groups: Sequence[str], extras: Sequence[str]) -> str:
    """Say which group or extra that is asked for a lock file does not have: nobody gets an
    environment without it, and no word."""
    known = {*lock.groups, *lock.extras}
    name = os.path.basename(lock.file)
    for kind, asked in (("group", groups), ("extra", extras)):
        lacking = [one for one in asked if one not in known]
        if lacking:
            return f"{name} does not lock the {kind} `{lacking[0]}`"
    return ""


def _missing_folder(packages: Sequence[LockedPackage]) -> str:
    for one in packages:
        _, found, path = one.requirement.partition("file://")
        path = unquote(path, errors="surrogateescape") if found else ""
        if path and not reach.lexists(path.partition("#")[0]):
            return f"{one.name} is locked to a folder or file that does not exist"
    return ""


def _is_synced(lock: Lock) -> bool:
    """Tell whether uv itself installs what a `uv.lock` says, by `uv sync --frozen`: without the
    `pyproject.toml` that it was made from, from revision 5 on."""
    if reach.isfile(os.path.join(os.path.dirname(lock.file), "pyproject.toml")):
        return True
    return (uv_lock_revision(lock.file) or 0) >= _ALONE


_ALONE = 5


def _notes(lock: Lock, *, synced: bool) -> tuple[str, ...]:
    manager = lock_manager(lock.format)
    if not manager or synced:
        return ()
    if manager == "uv":
        return ("uv.lock is read by EnvDeck: uv requires a pyproject.toml for its revision",)
    return (f"{os.path.basename(lock.file)} is read by EnvDeck; {manager} is not run",)
