"""Caches and debris of the tools: where they are, what they take, what is lost by clearing them.

Only folders of a tool's own layout count (`wheels` in pip's cache, `archive-v0` in uv's): a
variable that names a home folder as a cache makes nothing of it one. Nothing is changed here.
"""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from envdeck.core.catalog import Catalog
from envdeck.core.discovery.managers.conda import Conda
from envdeck.core.discovery.managers.poetry import Poetry
from envdeck.core.discovery.managers.pre_commit import PreCommit
from envdeck.core.discovery.managers.uv import uv_caches
from envdeck.core.git import Git
from envdeck.core.index import Index, index_path
from envdeck.core.inspection.interpreters import dependants
from envdeck.core.inspection.packages.site_packages import leftovers
from envdeck.core.inspection.protection import protected_place
from envdeck.core.inspection.size import joint_size
from envdeck.core.inspection.size_pool import Sizer
from envdeck.core.lazy_dataclasses import dataclass, field, replace
from envdeck.core.model import Environment, Interpreter, JointSize, Size
from envdeck.core.system import reach
from envdeck.core.system.files import Unread, read_bounded
from envdeck.core.system.host import Host, lies_under
from envdeck.core.system.mounts import read_mounts
from envdeck.core.system.words import join_some

_MOST_FOLDERS = 50_000
"""Folders that are looked through in one project; a repository of everything has fewer."""
_LOOKED_AT = 3
"""Distributions of an environment that are asked whether they are links into a cache."""


class Tool(NamedTuple):
    """One tool with a cache."""

    kind: str
    """Its name, and that of the cache on the command line."""
    roots: Callable[[Host], Iterable[str]]
    parts: str
    """Which folders right below a root are the cache, as a pattern; empty: the root itself."""
    loses: str
    sign: tuple[str, ...] = ()
    """Names of which a root that is cleared as a whole has to hold one."""
    command: tuple[str, ...] = ()
    """The tool's own command that clears it."""
    variable: str = ""
    """What tells that command where the cache is."""


@dataclass(frozen=True, slots=True)
class CacheFolder:
    """One folder that goes when its cache is cleared."""

    path: str
    """Its real path."""
    size: Size | None = None


@dataclass(frozen=True, slots=True)
class Cache:
    """One cache, or the debris of one kind."""

    kind: str
    title: str
    """A few words: `uv cache`."""
    loses: str
    """What is lost by clearing it, in a sentence without a full stop."""
    folders: tuple[CacheFolder, ...]
    root: str = ""
    """The tool's folder that holds them; empty where several do."""
    command: tuple[str, ...] = ()
    """The tool's own command that clears exactly these; empty: there is none."""
    variables: Mapping[str, str] = field(default_factory=dict, hash=False)
    """What that command is run with, so that it clears this one."""
    blocked: str = ""
    """Why it must not be cleared; empty where it may."""
    guard: str = ""
    """The guard that blocks it, by its name in the contract."""
    forever: bool = False
    """Whether it goes for good at once: what tools write again by themselves."""
    default: bool = True
    """Whether it is cleared where a person names none."""

    @property
    def size(self) -> JointSize:
        """What its folders take and free together."""
        return joint_size(folder.size for folder in self.folders)


def _first(*folders: str | None) -> tuple[str, ...]:
    return tuple(folder for folder in folders if folder)[:1]


def _conda(host: Host) -> Iterator[str]:
    for name in (host.variable("CONDA_PKGS_DIRS") or "").split(os.pathsep):
        if os.path.isabs(host.expand(name)):
            yield host.expand(name)
    yield from (os.path.join(root, "pkgs") for root in Conda(host).roots)
    yield host.at_home(".conda", "pkgs")


TOOLS: tuple[Tool, ...] = (
    Tool(
        "uv",
        uv_caches,
        r"(?:archive|wheels|sdists|built-wheels|simple|git|builds|interpreter|flat-index|binaries)"
        r"-v\d+",
        "packages are downloaded and built again when they are next installed",
        command=("uv", "cache", "clean"),
        variable="UV_CACHE_DIR",
    ),
    Tool(
        "pip",
        lambda host: _first(
            host.folder("PIP_CACHE_DIR"),
            os.path.join(host.user_cache(), *(("pip", "Cache") if host.windows else ("pip",))),
        ),
        "http|http-v2|wheels|selfcheck",
        "packages are downloaded and built again when they are next installed",
        command=("pip", "cache", "purge"),
        variable="PIP_CACHE_DIR",
    ),
    Tool(
        "poetry",
        lambda host: [
            os.path.dirname(store)
            for store in Poetry(host).stores
            if os.path.basename(store) == "virtualenvs"
        ],
        "cache|artifacts",
        "packages are downloaded again when they are next installed",
    ),
    Tool(
        "pipenv",
        lambda host: _first(
            host.folder("PIPENV_CACHE_DIR"), os.path.join(host.user_cache(), "pipenv")
        ),
        "http|http-v2|hash-cache|wheels|pkgs|selfcheck",
        "packages are downloaded and hashed again when they are next locked",
    ),
    Tool(
        "pdm",
        lambda host: _first(host.folder("PDM_CACHE_DIR"), os.path.join(host.user_cache(), "pdm")),
        "http|wheels|hashes|metadata|packages",
        "packages are downloaded and built again when they are next installed",
        command=("pdm", "cache", "clear"),
        variable="PDM_CACHE_DIR",
    ),
    Tool(
        "conda",
        _conda,
        "",
        "packages are downloaded again when they are next installed",
        sign=("urls", "urls.txt", "cache"),
        command=("conda", "clean", "--packages", "--tarballs", "--yes"),
        variable="CONDA_PKGS_DIRS",
    ),
    Tool(
        "pre-commit",
        lambda host: [place.path for place in PreCommit(host).places()],
        "",
        "the next commit creates the environments of its hooks again",
        sign=("db.db", "db.json"),
        command=("pre-commit", "clean"),
        variable="PRE_COMMIT_HOME",
    ),
    Tool(
        "hatch",
        lambda host: _first(
            host.folder("HATCH_CACHE_DIR"), os.path.join(host.user_cache(), "hatch")
        ),
        r"[a-z][a-z0-9_-]*",
        "downloads are repeated when they are next used",
    ),
)
"""In the order in which they are shown."""


class _DebrisKind(NamedTuple):
    folder: str
    title: str
    loses: str
    forever: bool = True


DEBRIS: Mapping[str, _DebrisKind] = {
    "bytecode": _DebrisKind(
        "__pycache__", "byte code of projects", "Python compiles modules again at the next import"
    ),
    "pytest": _DebrisKind(
        ".pytest_cache", "pytest caches", "pytest forgets which tests failed last"
    ),
    "mypy": _DebrisKind(".mypy_cache", "mypy caches", "the next run of mypy checks everything"),
    "ruff": _DebrisKind(".ruff_cache", "ruff caches", "the next run of ruff checks everything"),
    "tox": _DebrisKind(
        ".tox",
        "tox environments",
        "the next run of tox creates its environments again",
        forever=False,
    ),
}
"""What lies in projects, by its name on the command line."""
_BY_FOLDER = {one.folder: kind for kind, one in DEBRIS.items()}
LEFTOVERS, INTERPRETERS = "leftovers", "interpreters"
KINDS = (*(tool.kind for tool in TOOLS), *DEBRIS, LEFTOVERS, INTERPRETERS)
"""All of them, by their names on the command line."""
_NOT_WALKED = frozenset({".git", ".hg", ".svn", ".jj", "node_modules", "site-packages"})


def _never() -> bool:
    return False


@dataclass(slots=True)
class CacheFinder:
    """Finds the caches and debris of one host, and measures them."""

    catalog: Catalog
    environments: Sequence[Environment] = ()
    """All that are known: what is linked into a cache keeps it."""
    interpreters: Sequence[Interpreter] = ()
    stopped: Callable[[], bool] = _never
    kinds: frozenset[str] = field(default_factory=lambda: frozenset(KINDS))
    """Which are looked for."""

    @property
    def _host(self) -> Host:
        return self.catalog.host

    def find(self) -> Iterator[Cache]:
        """Yield each that there is, measured, as it is found."""
        sizer = Sizer(self._host, read_mounts(self._host), self.stopped)
        for found in self._all():
            if self.stopped():
                return
            folders = tuple(
                replace(folder, size=sizer.measure(folder.path)[1]) for folder in found.folders
            )
            yield replace(found, folders=folders)

    def _all(self) -> Iterator[Cache]:
        for tool in TOOLS:
            if tool.kind in self.kinds:
                for root in dict.fromkeys(map(os.path.normpath, tool.roots(self._host))):
                    found = self._of_tool(tool, root)
                    if found is not None:
                        yield found
        if self.kinds & DEBRIS.keys():
            yield from self._debris()
        if LEFTOVERS in self.kinds:
            yield from self._leftovers()
        if INTERPRETERS in self.kinds:
            yield from self._interpreters()

    # tools

    def _of_tool(self, tool: Tool, root: str) -> Cache | None:
        title = f"{tool.kind} cache"
        if not reach.isdir(root):
            return None
        real, home = reach.realpath(root), reach.realpath(self._host.home)
        if lies_under(root, self._host.home) and not lies_under(real, home):
            why = f"a link out of the home folder: {real}"
            return Cache(tool.kind, title, tool.loses, (), root, blocked=why, guard="symlink")
        names = _folders_in(real)
        if tool.sign and not any(reach.lexists(os.path.join(real, name)) for name in tool.sign):
            return None
        if tool.parts:
            parts = [name for name in names if re.fullmatch(tool.parts, name)]
            paths = [os.path.join(real, name) for name in parts]
        else:
            paths = [real]
        if not paths:
            return None
        found = Cache(
            tool.kind,
            title,
            tool.loses,
            tuple(map(CacheFolder, paths)),
            real,
            tool.command if self._has(tool) else (),
            {tool.variable: real} if tool.variable else {},
        )
        return self._judged(found, whole=bool(tool.parts))

    def _has(self, tool: Tool) -> bool:
        search = self._host.environ.get("PATH", os.defpath)
        return bool(tool.command) and reach.which(tool.command[0], search) is not None

    def _judged(self, found: Cache, *, whole: bool) -> Cache:
        """Say what stands in the way of clearing it, or takes its own command away: that clears
        the root, whatever environments are in it."""
        # Of the root alone: uv puts a `.git` into folders of its cache, to end searches there.
        if cause := protected_place(found.root, self._host):
            return replace(found, blocked=cause, guard="protected-path")
        linked = [one.path for one in self.environments if _is_linked_into(one, found.root)]
        if linked:
            more = f" and {len(linked) - 1:,} more" if len(linked) > 1 else ""
            why = f"packages of {linked[0]}{more} are symlinks into it"
            return replace(found, blocked=why, guard="has-dependants")
        inside = any(lies_under(one.path, found.root) for one in self.environments)
        return replace(found, command=()) if whole and inside else found

    # projects

    def _debris(self) -> Iterator[Cache]:
        path = self.catalog.index_file or index_path(self._host)
        with Index.open(path, host=self._host) as index:
            named = {*index.project_roots(), *(one.project.path for one in self.environments)}
        roots = sorted(reach.realpath(root) for root in named if root)
        home = reach.realpath(self._host.home)
        folders: dict[str, list[str]] = {kind: [] for kind in DEBRIS}
        met: set[str] = set()
        for root in roots:
            if root != home and lies_under(root, home) and not self.stopped():
                for kind, path in _debris_in(root, met):
                    folders[kind].append(path)
        kept = Git(self._host).tracked_in(path for paths in folders.values() for path in paths)
        for kind, every in folders.items():
            one, paths = DEBRIS[kind], [path for path in every if path not in kept]
            if paths and kind in self.kinds:
                found = tuple(map(CacheFolder, paths))
                yield Cache(kind, one.title, one.loses, found, forever=one.forever)
            if len(paths) < len(every) and kind in self.kinds:
                stay = [path for path in every if path in kept]
                why = f"{join_some(stay, 3)}: {kept[stay[0]]}"
                found = tuple(map(CacheFolder, stay))
                title = f"{one.title}, in git"
                yield Cache(kind, title, one.loses, found, blocked=why, guard="tracked")

    # environments and interpreters

    def _leftovers(self) -> Iterator[Cache]:
        paths = [
            path
            for one in self.environments
            if one.leftovers
            for path in leftovers(one.site_packages)
            if reach.isdir(path) and not reach.islink(path)
        ]
        if paths:
            loses = "nothing: pip put these aside when it was interrupted, and nothing imports them"
            found = tuple(map(CacheFolder, paths))
            yield Cache(LEFTOVERS, "interrupted installs (~name)", loses, found)

    def _interpreters(self) -> Iterator[Cache]:
        """Yield those that pyenv and uv installed at home and that no known environment uses."""
        home = reach.realpath(self._host.home)
        for one in self.interpreters:
            prefix = reach.realpath(one.prefix)
            if one.source not in {"pyenv", "uv"} or not lies_under(prefix, home):
                continue
            if dependants(one, self.environments) or _is_chosen(prefix):
                continue
            yield Cache(
                INTERPRETERS,
                f"Python {one.version or os.path.basename(prefix)} of {one.source}",
                "no known environment uses it; scripts that name it stop working",
                (CacheFolder(prefix),),
                default=False,
            )


def _folders_in(path: str) -> list[str]:
    """Return the names of real folders in a folder, sorted; of links there are none."""
    try:
        names = sorted(reach.listdir(path))
    except (OSError, ValueError):
        return []
    whole = ((name, os.path.join(path, name)) for name in names)
    return [name for name, each in whole if reach.isdir(each) and not reach.islink(each)]


def _is_linked_into(environment: Environment, root: str) -> bool:
    """Tell whether packages of an environment are links into a cache (`link-mode = "symlink"` of
    uv, PDM's `install.cache`): asked of its package folders and of a few distributions."""
    for folder in environment.site_packages:
        try:
            names = reach.listdir(folder)
        except (OSError, ValueError):
            continue
        few = [name for name in sorted(names) if name.endswith(".dist-info")][:_LOOKED_AT]
        asked = [os.path.join(folder, name) for name in names]
        asked += [os.path.join(folder, name, "METADATA") for name in few]
        for path in asked:
            if reach.islink(path) and lies_under(reach.realpath(path), root):
                return True
    return False


def _debris_in(root: str, met: set[str]) -> Iterator[tuple[str, str]]:
    """Yield kind and path of what tools leave in a project; environments are not looked into."""
    pending, count = [root], 0
    while pending and count < _MOST_FOLDERS:
        folder = pending.pop()
        if folder in met:
            continue
        met.add(folder)
        count += 1
        for name in _folders_in(folder):
            path = os.path.join(folder, name)
            kind = _BY_FOLDER.get(name)
            if kind is not None:
                if path not in met:
                    met.add(path)
                    yield kind, path
            elif name not in _NOT_WALKED and not _is_environment(path):
                pending.append(path)


def _is_environment(path: str) -> bool:
    return any(reach.lexists(os.path.join(path, name)) for name in ("pyvenv.cfg", "conda-meta"))


def _is_chosen(prefix: str) -> bool:
    """Tell whether pyenv uses a version where no project names one."""
    data = read_bounded(os.path.join(os.path.dirname(prefix), os.pardir, "version"), 4096)
    if isinstance(data, Unread):
        return False
    return os.path.basename(prefix) in data.decode("utf-8", "replace").split()
