"""Caches and debris of the tools: where they are, what they take, what is lost by clearing them.

Only folders of a tool's own layout count (`wheels` in pip's cache, `archive-v0` in uv's): a
variable that names a home folder as a cache makes nothing of it one. Nothing is changed here.
"""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from envdeck.core.catalog import Catalog
from envdeck.core.discovery.managers import manager_classes
from envdeck.core.discovery.managers.base import CacheLayout, has_tag, holds_only, names_in
from envdeck.core.git import Git
from envdeck.core.index import Index, index_path
from envdeck.core.inspection.interpreters import dependants
from envdeck.core.inspection.packages.site_packages import leftovers
from envdeck.core.inspection.pip_options import pip_caches
from envdeck.core.inspection.protection import protected_place
from envdeck.core.inspection.size import joint_size
from envdeck.core.inspection.size_pool import Sizer
from envdeck.core.lazy_dataclasses import dataclass, field, replace
from envdeck.core.model import Environment, Interpreter, JointSize, Size
from envdeck.core.system import reach
from envdeck.core.system.files import Unread, read_bounded
from envdeck.core.system.host import Host, lies_under
from envdeck.core.system.mounts import Mount, read_mounts
from envdeck.core.system.words import join_some

_MOST_FOLDERS = 50_000
"""Folders that are looked through in one project; a repository of everything has fewer."""
_PIN_LIMIT = 4096


_PIP = CacheLayout(
    pip_caches,
    "packages are downloaded and built again when they are next installed",
    folder="pip",
    parts={"http|http-v2": "[0-9a-f]", "wheels": "[0-9a-f]{2}"},
    inner={
        "http|http-v2": "[0-9a-f] / [0-9a-f]",
        "wheels": "[0-9a-f]{2} / [0-9a-f]{2}",
    },
    others=r"selfcheck(?:\.json)?",
    command=("pip", "cache", "purge"),
    variables={"PIP_CACHE_DIR": "{}", "PIP_CONFIG_FILE": os.devnull, "PIP_NO_CACHE_DIR": ""},
)
TOOLS = ("uv", "pip", "poetry", "pipenv", "pdm", "conda", "pre-commit", "hatch")
"""Those that have a cache, in the order in which they are shown."""


@dataclass(frozen=True, slots=True)
class CacheFolder:
    """One folder that goes when its cache is cleared."""

    path: str
    """Its real path."""
    size: Size | None = None
    names: frozenset[str] | None = None
    """What was right in it at the look; None: that was not asked."""
    own: str = ""
    """What a tool may add to it meanwhile, as a pattern; empty: nothing."""

    @property
    def has_more(self) -> bool:
        """Whether it holds now what it did not at the look: a yes to that was never said."""
        if self.own == _BYTE_CODE:
            return not is_debris("bytecode", self.path)
        new = () if self.names is None else {*names_in(self.path)} - self.names
        return not all(re.fullmatch(self.own, name, re.DOTALL) for name in new)


@dataclass(frozen=True)
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
    names: frozenset[str] | None = field(default=None, hash=False)
    """What was right in its root at the look, where the tool's command may take all of that."""

    @property
    def has_more(self) -> bool:
        """Whether it holds now what it did not at the look."""
        beside = CacheFolder(self.root, names=self.names)
        return beside.has_more or any(folder.has_more for folder in self.folders)

    @property
    def whole(self) -> bool:
        """Whether its root goes, with all that is in it."""
        return any(folder.path == self.root for folder in self.folders)

    @property
    def shown_paths(self) -> list[str]:
        """The folders that go, below its root if it has one."""
        return [folder.path.removeprefix(os.path.join(self.root, "")) for folder in self.folders]

    @cached_property
    def size(self) -> JointSize:
        """What its folders take and free together."""
        return joint_size(folder.size for folder in self.folders)


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
"""What is in projects, by its name on the command line."""
_BY_FOLDER = {one.folder: kind for kind, one in DEBRIS.items()}
LEFTOVERS, INTERPRETERS = "leftovers", "interpreters"
KINDS = (*TOOLS, *DEBRIS, LEFTOVERS, INTERPRETERS)
"""All of them, by their names on the command line."""
_NOT_WALKED = frozenset({".git", ".hg", ".svn", ".jj", "node_modules", "site-packages"})
_BYTE_CODE = r".+\.(?:pyc|pyo|nbi|nbc)(?:\.\d+)?"
"""What Python and Numba write, also while they do."""
_MARKS = r"CACHEDIR\.TAG|\.gitignore"
_WRITTEN = {
    "pytest": rf"{_MARKS}|README\.md|[vd]",
    "mypy": rf"{_MARKS}|\d+\.\d+|missing_stubs",
    "ruff": rf"{_MARKS}|\d+(?:\.\d+)*|content",
}
"""What each tool writes right into its folder."""


def _never() -> bool:
    return False


@dataclass
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

    @cached_property
    def _mounts(self) -> tuple[Mount, ...]:
        return read_mounts(self._host)

    def find(self) -> Iterator[Cache]:
        """Yield each that there is, measured, as it is found."""
        sizer = Sizer(self._host, self._mounts, self.stopped)
        for found in self._all():
            if self.stopped():
                return
            listed = (replace(one, names=frozenset(names_in(one.path))) for one in found.folders)
            folders = tuple(replace(one, size=sizer.measure(one.path)[1]) for one in listed)
            yield replace(found, folders=folders)

    def _all(self) -> Iterator[Cache]:
        layouts = {"pip": _PIP, **{one.name: one.cache for one in manager_classes()}}
        met: set[str] = set()
        for name in TOOLS:
            layout = layouts.get(name)
            if layout is None or name not in self.kinds:
                continue
            for root in layout.roots(self._host):
                if found := self._build_cache(name, layout, os.path.normpath(root), met):
                    yield found
        if self.kinds & DEBRIS.keys():
            yield from self._debris()
        if LEFTOVERS in self.kinds:
            yield from self._leftovers()
        if INTERPRETERS in self.kinds:
            yield from self._interpreters()

    # tools

    def _build_cache(
        self, tool: str, layout: CacheLayout, root: str, met: set[str]
    ) -> Cache | None:
        """Return the cache at a root; `met` are the folders that are told of already, since a
        link, a variable or another tool may lead to the same."""
        if not reach.isdir(root):
            return None
        found = Cache(tool, f"{tool} cache", layout.loses, (), root)
        real, home = reach.realpath(root), reach.realpath(self._host.home)
        if lies_under(root, self._host.home) and not lies_under(real, home):
            why = f"a link out of the home folder: {real}"
            return None if real in met else replace(found, blocked=why, guard="symlink")
        names = frozenset(names_in(real))
        if layout.signs and names.isdisjoint(layout.signs):
            return None
        parts = _parts_of(layout, real, names) if layout.parts else {real: ""}
        usual = layout.is_usual(real, self._host)
        folders = layout.named_like_parts(set(_folders_in(real)))
        if not layout.parts:
            doubts = layout.unowned(real, names) if layout.unowned and not usual else []
        else:
            doubts = layout.strange_names(real, parts, usual=usual)
            doubts += [each for each in folders if each not in parts.values()]
        paths = [path for path in parts if path not in met]
        if not paths:
            return None
        met.update(paths)
        # A tool's own command would follow a link in place of one of its folders.
        alone = len(paths) == len(parts) and not any(
            reach.islink(os.path.join(real, name)) for name in layout.named_like_parts(names)
        )
        own = {path: layout.pattern_of(parts[path]) for path in paths}
        listed = tuple(CacheFolder(path, own=own[path]) for path in paths)
        found = replace(found, root=real, folders=listed)
        known = names if not layout.parts else names - frozenset(parts.values())
        strange = [name for name in sorted(known) if not re.fullmatch(layout.others, name, re.S)]
        if cause := protected_place(real, self._host):
            # Of the root alone: uv puts a `.git` into folders of its cache, to end searches there.
            return replace(found, blocked=cause, guard="protected-path")
        if not layout.parts:
            doubts = sorted({*doubts, *strange})
        if doubts:
            why = f"also holds what is not of {tool}: {join_some(doubts)}"
            return replace(found, blocked=why, guard="unowned-files")
        if linked := [path for path, ends in self._links if any(lies_under(e, real) for e in ends)]:
            more = f" and {len(linked) - 1:,} more" if len(linked) > 1 else ""
            why = f"packages of {linked[0]}{more} are symlinks into it"
            return replace(found, blocked=why, guard="has-dependants")
        kept = strange or any(re.fullmatch(layout.keepsakes, name, re.S) for name in names)
        inside = any(lies_under(one.path, real) for one in self.environments)
        takes_more = layout.sweeps and (kept or (layout.parts and inside))
        if takes_more or not alone or any(mount.point == real for mount in self._mounts):
            return found
        command = layout.command_of(self._host, real) if layout.command_of else layout.command
        search = self._host.environ.get("PATH", os.defpath)
        if not command or reach.which(command[0], search) is None:
            return found
        variables = {name: text.replace("{}", real) for name, text in layout.variables.items()}
        return replace(found, command=command, variables=variables, names=names)

    @cached_property
    def _links(self) -> list[tuple[str, frozenset[str]]]:
        """The environments whose packages are links, each with where those lead
        (`link-mode = "symlink"` of uv, PDM's `install.cache`)."""
        linked = ((one.path, _link_ends(one)) for one in self.environments)
        return [(path, ends) for path, ends in linked if ends]

    # projects

    @cached_property
    def _roots(self) -> list[str]:
        """The known projects."""
        path = self.catalog.index_file or index_path(self._host)
        with Index.open(path, host=self._host) as index:
            named = {*index.project_roots(), *(one.project.path for one in self.environments)}
        return sorted(reach.realpath(root) for root in named if root)

    def _debris(self) -> Iterator[Cache]:
        home = reach.realpath(self._host.home)
        folders: dict[str, list[str]] = {kind: [] for kind in DEBRIS}
        met: set[str] = set()
        for root in self._roots:
            if root != home and lies_under(root, home) and not self.stopped():
                for kind, path in _debris_in(root, met):
                    folders[kind].append(path)
        kept = Git(self._host).tracked_in(path for paths in folders.values() for path in paths)
        for kind, every in folders.items():
            one, paths = DEBRIS[kind], [path for path in every if path not in kept]
            if paths and kind in self.kinds:
                own = _BYTE_CODE if kind == "bytecode" else _WRITTEN.get(kind, ".*")
                found = tuple(CacheFolder(path, own=own) for path in paths)
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
        pins = {pin for root in self._roots for pin in _pinned(root)}
        pinned = _meant_by(pins, (one.version for one in self.interpreters if one.version))
        for one in self.interpreters:
            prefix = reach.realpath(one.prefix)
            if one.source not in {"pyenv", "uv"} or not lies_under(prefix, home):
                continue
            version = one.version or os.path.basename(prefix)
            if dependants(one, self.environments) or _is_chosen(prefix) or version in pinned:
                continue
            if any(lies_under(each.path, prefix) for each in self.environments):
                continue
            yield Cache(
                INTERPRETERS,
                f"Python {version} of {one.source}",
                "no known environment uses it; scripts that name it stop working",
                (CacheFolder(prefix),),
                default=False,
            )


def _folders_in(path: str) -> list[str]:
    """Return the names of real folders in a folder, sorted; of links there are none."""
    whole = ((name, os.path.join(path, name)) for name in names_in(path))
    return [name for name, each in whole if reach.isdir(each) and not reach.islink(each)]


def _parts_of(layout: CacheLayout, root: str, names: Iterable[str]) -> dict[str, str]:
    """Return the folders of a cache by their paths, in the order in which they may go."""
    found: dict[str, str] = {}
    folders = sorted(names)
    for part, inside in layout.parts.items():
        for name in folders:
            path = os.path.join(root, name)
            if not re.fullmatch(part, name) or reach.islink(path) or not reach.isdir(path):
                continue
            if not inside or holds_only(path, inside):
                found[path] = name
    return found


def is_debris(kind: str, path: str) -> bool:
    """Tell whether a folder that is called like a tool's holds only what that tool writes."""
    if kind == "bytecode":
        each = (os.path.join(path, name) for name in names_in(path))
        return holds_only(path, _BYTE_CODE) and all(
            reach.isfile(one) and not reach.islink(one) for one in each
        )
    if kind not in _WRITTEN:
        return True
    versions = (name for name in _folders_in(path) if re.fullmatch(r"\d+(\.\d+)+", name))
    return holds_only(path, _WRITTEN[kind]) and (has_tag(path) or any(versions))


def _link_ends(environment: Environment) -> frozenset[str]:
    """Return where the links among packages of an environment lead: folders and files right in
    its package folders, and the METADATA of each distribution."""
    found: set[str] = set()
    for folder in environment.site_packages:
        try:
            with reach.scandir(folder) as entries:
                for entry in entries:
                    path = entry.path
                    if entry.name.endswith(".dist-info") and not entry.is_symlink():
                        path = os.path.join(path, "METADATA")
                    if reach.islink(path):
                        found.add(os.path.dirname(reach.realpath(path)))
        except (OSError, ValueError):
            continue
    return frozenset(found)


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
                if path not in met and is_debris(kind, path):
                    met.add(path)
                    yield kind, path
            elif name not in _NOT_WALKED and not _is_environment(path):
                pending.append(path)


def _is_environment(path: str) -> bool:
    return any(reach.lexists(os.path.join(path, name)) for name in ("pyvenv.cfg", "conda-meta"))


def _is_chosen(prefix: str) -> bool:
    """Tell whether pyenv uses a version where no project names one."""
    file = os.path.join(os.path.dirname(prefix), os.pardir, "version")
    return os.path.basename(prefix) in _words_in(file)


def _pinned(project: str) -> list[str]:
    """Return the Pythons that a project's `.python-version` names."""
    return _words_in(os.path.join(project, ".python-version"))


def _meant_by(pins: Iterable[str], versions: Iterable[str]) -> set[str]:
    """Return the versions that pins mean: itself, or all of a minor version (`3.12`)."""
    prefixes = tuple(pins)
    return {one for one in versions if any(f"{one}.".startswith(f"{pin}.") for pin in prefixes)}


def _words_in(file: str) -> list[str]:
    data = read_bounded(file, _PIN_LIMIT)
    return [] if isinstance(data, Unread) else data.decode("utf-8", "replace").split()
