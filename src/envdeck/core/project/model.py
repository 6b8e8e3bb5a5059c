"""What a project says of itself: declared, locked, and which Python it wants. Values only."""

from dataclasses import dataclass, field


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
class Index:
    """An index that a project names."""

    name: str
    url: str = field(repr=False)
    """It may hold credentials."""
    flat: bool = False
    """Whether it is a page or folder of links, and no index with a page for each package."""


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
    indexes: tuple[Index, ...] = ()
    """Those that requirements name."""
    name: str = ""
    """The project's own name, normalised; empty where it has none."""
    builds: bool = False
    """Whether the project itself can be installed: it names a build backend."""
    default_groups: tuple[str, ...] = ()
    """The groups that its tool installs without being asked."""
    optional_groups: tuple[str, ...] = ()
    """Poetry's groups that are only installed when asked for."""
    problems: tuple[Problem, ...] = ()

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

    @property
    def usable(self) -> bool:
        """Whether it was read whole."""
        return not self.problems


@dataclass(frozen=True, slots=True)
class WantedPython:
    """Which Python a project asks for, by all the files that say so."""

    specifier: str = ""
    """PEP 440, of `requires-python` and its like: `>=3.9,<4`; empty where nothing says so."""
    exact: str | None = None
    """What a version file pins: `3.12`, `3.12.4`."""
    implementation: str | None = None
    """`cpython`, `pypy`; None where any will do."""
    specifier_source: str | None = None
    """The file that says :attr:`specifier`."""
    exact_source: str | None = None
    """The file that says :attr:`exact`."""
    problems: tuple[Problem, ...] = ()
