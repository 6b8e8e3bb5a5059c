"""Declared, locked, wanted Python, drift: values only."""

from enum import StrEnum

from envdeck.core import lazy_versions as packaging
from envdeck.core.lazy_dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a file, or a part of it, could not be read. What could be read is kept."""

    file: str
    message: str
    """One sentence without a full stop, with nothing in it of what the file says."""
    line: int | None = None
    """Counted from 1; None where the whole file is meant."""

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.message}"


@dataclass(frozen=True, slots=True)
class PackageIndex:
    """An index that a project names."""

    name: str
    url: str = field(repr=False)
    """It may hold credentials."""
    flat: bool = False
    """Whether it is a page or folder of links, and no index with a page for each package."""


@dataclass(frozen=True, slots=True)
class Overrides:
    """What a project puts in place of what packages ask for."""

    file: str = ""
    """Where it says so; empty where it does not."""
    lines: tuple[str, ...] = field(default=(), repr=False)
    """Requirements that count in place of all that is asked under their names; those whose marker
    never holds leave a name out. They may hold credentials."""
    metadata: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    """Of a package, and of this version of it where one is told, what it is said to require."""


@dataclass(frozen=True, slots=True)
class DeclaredRequirement:
    """One requirement as a manifest declares it."""

    text: str = field(repr=False)
    """A line for an installer (PEP 508, or `-e …`); it may hold credentials."""
    name: str
    """Normalised (PEP 503); empty where it is a URL or a folder that names nothing."""
    file: str
    line: int | None = None
    group: str = ""
    """The dependency group (PEP 735); empty for the project's own dependencies."""
    extra: str = ""
    """The extra (optional dependency) it stands under, or empty."""
    hashes: tuple[str, ...] = ()
    """`sha256:…`, where the file pins them."""
    index: str = ""
    """The name of the index that it comes from alone; empty where it may be from any."""
    pip: bool = True
    """Whether pip and uv install it; what conda installs in its own words they do not."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What one file declares, the files it includes counted in."""

    file: str
    format: str
    """`pyproject`, `poetry`, `pdm`, `requirements`, `setup.cfg`, `Pipfile`."""
    requirements: tuple[DeclaredRequirement, ...] = ()
    constraints: tuple[DeclaredRequirement, ...] = ()
    options: tuple[str, ...] = field(default=(), repr=False)
    """Lines such as `--extra-index-url …`, as an installer reads them; may hold credentials."""
    indexes: tuple[PackageIndex, ...] = ()
    """Those that requirements name."""
    name: str = ""
    """The project's own name, normalised; empty where it has none."""
    builds: bool = False
    """Whether the project itself can be installed: it names a build backend."""
    dynamic: bool = False
    """Whether a build alone tells its dependencies: the project itself is one of its lines."""
    unbuilt: str = ""
    """Why its build cannot succeed, in a sentence, where that can be told: then the project
    itself is left out."""
    default_groups: tuple[str, ...] = ()
    """The groups that its tool installs without being asked."""
    optional_groups: tuple[str, ...] = ()
    """Poetry's groups that are only installed when asked for."""
    problems: tuple[Problem, ...] = ()
    overrides: Overrides = Overrides()

    @property
    def groups(self) -> tuple[str, ...]:
        """The names of the groups, in the order of the file."""
        return tuple(dict.fromkeys(one.group for one in self.requirements if one.group))

    @property
    def extras(self) -> tuple[str, ...]:
        """The names of the extras, in the order of the file."""
        return tuple(dict.fromkeys(one.extra for one in self.requirements if one.extra))


@dataclass(frozen=True, slots=True)
class Edge:
    """A package that needs another, in a lock file that keeps a graph."""

    name: str
    version: str | None = None
    """Which of several versions; None where the name tells."""
    extras: tuple[str, ...] = ()
    marker: str = ""
    extra: str = ""
    """It holds under this extra alone."""
    group: str = ""
    """It holds under this group alone (of the project itself)."""


@dataclass(frozen=True, slots=True)
class LockedPackage:
    """One package as a lock file has it."""

    name: str
    """Normalised (PEP 503)."""
    version: str | None
    """None where the file does not tell it: a folder, or a checkout."""
    requirement: str = field(repr=False)
    """A line for an installer, without marker and hashes: `attrs==25.1.0`. May hold
    credentials."""
    hashes: tuple[str, ...] = field(default=(), repr=False)
    """`sha256:…` of everything the file lists."""
    kind: str = "index"
    """`index`, `directory`, `editable`, `archive` or `vcs`."""
    marker: str = ""
    """It is wanted where this holds."""
    groups: tuple[str, ...] = ()
    """It is wanted under any of these, `""` for the project's own; empty: always."""
    edges: tuple[Edge, ...] = ()
    root: bool = False
    """Whether it is the project itself (or a member of its workspace)."""


@dataclass(frozen=True, slots=True)
class Lock:
    """One lock file, for every platform it was made for."""

    file: str
    format: str
    """`uv.lock`, `pylock`, `poetry.lock`, `pdm.lock`, `Pipfile.lock` or `requirements`."""
    packages: tuple[LockedPackage, ...] = ()
    requires_python: str | None = None
    groups: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    default_groups: tuple[str, ...] = ()
    options: tuple[str, ...] = field(default=(), repr=False)
    problems: tuple[Problem, ...] = ()
    """Where there is any, the file cannot be installed from by us."""
    conflicts: tuple[frozenset[tuple[str, str]], ...] = ()
    """Sets of parts of which one alone can be installed, each as a package and `extra:cpu` or
    `group:dev` of it."""

    @property
    def usable(self) -> bool:
        """Whether it was read whole."""
        return not self.problems


class Where(StrEnum):
    """What a Python is named for."""

    DEPLOYED = "deployed"
    """It runs in production: a container, a function, a platform."""
    TESTED = "tested"
    """It is one of those that the project is tested with: CI, tox, nox."""


@dataclass(frozen=True, slots=True)
class NamedPython:
    """One Python that one line of one file names."""

    version: str
    """As exact as it says: `3.12`, `3.12.4`."""
    where: Where
    source: str
    """What names it, in a few words: `Dockerfile`, `GitHub Actions`, `serverless.yml`."""
    file: str
    line: int | None = None
    """Counted from 1."""


@dataclass(frozen=True, slots=True)
class WantedPython:
    """Which Python a project asks for, by all the files that say so."""

    specifier: str = ""
    """PEP 440, of `requires-python` and its like: `>=3.9,<4`; empty where nothing says so."""
    exact: str | None = None
    """What a version file pins: `3.12`, `3.12.4`; `3.13t` is the free-threaded build."""
    implementation: str | None = None
    """`cpython`, `pypy`; None where any will do."""
    specifier_source: str | None = None
    """The file that says :attr:`specifier`."""
    exact_source: str | None = None
    """The file that says :attr:`exact`."""
    named: tuple[NamedPython, ...] = ()
    """The Pythons that its files name without asking for them, the most binding first; looked for
    where no version file pins one."""
    problems: tuple[Problem, ...] = ()

    @property
    def contradiction(self) -> str:
        """Why no Python will do: the version that is pinned is outside the range."""
        if self.exact is None or not self.specifier or allows(self.specifier, self.exact):
            return ""
        pinned = (self.exact_source or "").rpartition("/")[2]
        ranged = (self.specifier_source or "").rpartition("/")[2]
        return f"{pinned} pins {self.exact}, and {ranged} asks for {self.specifier}"


def allows(specifier: str, version: str) -> bool:
    """Tell whether a range allows a version, or any release of a minor version. An invalid range
    allows all: the tool that reads it reports it."""
    if not specifier:
        return True
    version = version.removesuffix("t")  # the free-threaded build of it
    candidates = [version]
    if version.count(".") == 1:
        candidates += [f"{version}.{release}" for release in range(_LAST_RELEASE + 1)]
    try:
        allowed = packaging.SpecifierSet(specifier)
        return any(allowed.contains(one, prereleases=True) for one in candidates)
    except ValueError:  # not valid, or of more digits than Python reads
        return True


_LAST_RELEASE = 30
"""More releases than any minor version of CPython has."""


class DriftKind(StrEnum):
    """In which way a package is not as the project says."""

    MISSING = "missing"
    """Declared or locked, and not installed."""
    NOT_AS_LOCKED = "not-as-locked"
    """Installed at another version than the lock file has."""
    OUTSIDE = "outside"
    """Installed at a version that what is declared does not allow."""
    UNREACHABLE = "unreachable"
    """Installed, and neither declared, nor locked, nor needed by anything that is."""


class DriftFix(StrEnum):
    """The operation that fixes a drift."""

    FROM_LOCK = "from-lock"
    """Recreate from the lock file."""
    FROM_DECLARED = "from-declared"
    """Recreate from what is declared."""
    INTERPRETER = "interpreter"
    """Recreate on the Python that the project asks for."""
    NONE = ""
    """None of ours: the message says why."""


@dataclass(frozen=True, slots=True)
class Drift:
    """One package that is not as the project says."""

    kind: DriftKind
    name: str
    """Normalised (PEP 503)."""
    wanted: str
    """The locked version, or the specifier that is declared (`>=2,<3`); empty where any will do."""
    installed: str | None
    """The version that is there; behind it, in brackets, where it is from when from no index:
    `1.0 (editable)`. None where it is not installed."""
    file: str = ""
    """What says so: the lock file or the manifest."""
    line: int | None = None
    under: tuple[str, ...] = ()
    """The groups and extras that alone ask for it (`group:dev`, `extra:docs`); empty: the
    project's own dependencies, or, of what is unreachable, nothing at all."""
    fix: DriftFix = DriftFix.NONE


@dataclass(frozen=True, slots=True)
class ProjectPart:
    """The project's own dependencies, one of its groups, or one of its extras."""

    id: str
    """Empty for the project's own; `group:dev`, `extra:docs`."""
    declared: int
    """So many requirements hold for this interpreter."""
    installed: int
    """So many of them are installed, at whatever version."""
    default: bool = False
    """Whether its tool installs it without being asked."""
    counts: bool = False
    """Whether it is taken for wanted here: by default, or since all of it is installed. Only what
    such parts ask for is drift."""


@dataclass(frozen=True, slots=True)
class PythonDrift:
    """One Python that the project names, beside the environment's own."""

    message: str
    """`requires-python asks for >=3.12, and this is 3.11.4`; without a full stop."""
    file: str
    line: int | None = None
    error: bool = False
    """Whether it breaks what the project asks for; else it is worth knowing."""
    wanted: str = ""
    """A version that fixes it, for an interpreter to be picked by: `3.12`; empty: none does."""


@dataclass(frozen=True, slots=True)
class PassedFile:
    """A file that says something of the project and is not used."""

    file: str
    reason: str
    """One sentence without a full stop, the file as its subject."""

    def __str__(self) -> str:
        return f"{self.file.rpartition('/')[2]}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Project:
    """Everything that the files of a project say, read once. Nothing of it was run.

    Creating, comparing, project setup and the Project tab take this value and read no file of
    their own, so that what one of them makes is what the others measure.
    """

    folder: str
    manifests: tuple[Manifest, ...] = ()
    locks: tuple[Lock, ...] = ()
    """Those that lock anything, and those that cannot be read; requirements files are one."""
    wanted: WantedPython = field(default_factory=WantedPython)
    named: tuple[NamedPython, ...] = ()
    problems: tuple[Problem, ...] = ()
    """Of all of its files, each once."""
    passed: tuple[PassedFile, ...] = ()
    workspace: str = ""
    """The folder of uv's workspace that it is a member of; empty where it is in none, and for
    the root of one."""
    members: tuple[str, ...] = ()
    """Folders below it that are projects of their own: members of its workspace, or what a
    repository of several projects has."""

    @property
    def files(self) -> frozenset[str]:
        """The files that it was read from, what those include counted in."""
        read = {one.file for one in self.manifests}
        read |= {one.file for one in self.locks} | {one.file for one in self.problems}
        for one in self.manifests:
            read |= {each.file for each in (*one.requirements, *one.constraints)}
        return frozenset(read | {f"{member}/pyproject.toml" for member in self.members})

    @property
    def environment_folder(self) -> str:
        """Where its tool keeps its `.venv`: uv has one for all members of a workspace."""
        return self.workspace or self.folder

    @property
    def declares(self) -> bool:
        """Whether anything says what is to be installed, or may say it and cannot be read."""
        manifests = any(one.requirements or one.builds or one.problems for one in self.manifests)
        return manifests or any(one.packages or one.problems for one in self.locks)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A project beside one environment."""

    project: Project
    parts: tuple[ProjectPart, ...] = ()
    drifts: tuple[Drift, ...] = ()
    """Missing ones first, then those at other versions, then the unreachable; each by name."""
    pythons: tuple[PythonDrift, ...] = ()
    against: str = ""
    """The lock file that versions were compared with; empty where none can be used."""
    unchecked: tuple[str, ...] = ()
    """What could not be compared, and why: one sentence each, without a full stop."""
    agreed: int = 0
    """So many installed packages are as the project says."""
