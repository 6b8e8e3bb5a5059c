"""What the walk skips by name, by disk, by file system."""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import translate

from envdeck.core.lazy_dataclasses import dataclass, field
from envdeck.core.system import reach
from envdeck.core.system.host import Host, former_folders, lies_under, own_folders
from envdeck.core.system.mounts import Mount, is_network, is_pseudo, mount_of

NAMES = frozenset(
    {
        ".git", ".hg", ".svn", ".bzr", "CVS",
        "node_modules", "bower_components",
        "__pycache__", "site-packages", "dist-packages",
        ".cargo", ".rustup", ".gradle", ".m2", ".npm",
        ".eggs", ".hypothesis", ".mypy_cache", ".pytest_cache", ".ruff_cache",
        ".cache", ".Trash", ".Trashes", "$Recycle.Bin", "$RECYCLE.BIN",
        "System Volume Information", "lost+found",
    }
)  # fmt: skip
"""Folder names. What is pruned and holds environments all the same (`.cache/pypoetry`) is one
of the tools' known places and visited by name."""

_USER = os.getuid() if hasattr(os, "getuid") else "user"
_TRASHES = frozenset({".envdeck-trash", f".envdeck-trash-{_USER}", f".Trash-{_USER}"})
"""What was deleted and can still be put back (:mod:`envdeck.core.operations.transaction`) is no
environment of anybody's, wherever it is put aside."""

_AT_HOME = (
    ("Library", "Caches"),
    (".local", "share", "Trash"),
    (".vscode", "extensions"),
    (".vscode-server",),
    (".cursor-server",),
    (".var", "app"),
)
_SYSTEM = ("proc", "sys", "dev", "run")


@dataclass(frozen=True, slots=True)
class Prune:
    """The rules of one walk."""

    names: frozenset[str] = NAMES
    paths: frozenset[str] = frozenset()
    patterns: tuple[re.Pattern[str], ...] = field(default=())
    """The person's own exclusions, on names."""
    path_patterns: tuple[re.Pattern[str], ...] = field(default=())
    """The person's own exclusions, on whole paths."""
    own: frozenset[str] = frozenset()
    """The person's own exclusions that are no patterns: names and paths."""
    at_home: frozenset[str] = frozenset()
    """Folders of a home that are left out, by their real paths."""

    @classmethod
    def for_host(
        cls, host: Host, exclude: Iterable[str] = (), mounts: Iterable[str] = ()
    ) -> "Prune":
        """Return the rules for a host; `exclude` holds names, paths, or patterns of either
        (`fnmatch`), `mounts` the mount points that are not to be crossed."""
        real_home = reach.realpath(host.home)
        own: set[str] = set()
        patterns: list[re.Pattern[str]] = []
        path_patterns: list[re.Pattern[str]] = []
        for rule in map(host.expand, exclude):
            whole = "/" in rule or os.sep in rule
            if any(character in rule for character in "*?["):
                kept = path_patterns if whole else patterns
                kept += (re.compile(translate(each)) for each in _spellings(rule, host, real_home))
            elif whole:
                path = os.path.normpath(rule)
                own |= {path, reach.realpath(path)}
            else:
                own.add(rule)
        paths = {
            os.path.join(home, *parts) for home in (host.home, real_home) for parts in _AT_HOME
        }
        paths.update(host.system(name) for name in _SYSTEM)
        for ours in (own_folders(host).data, former_folders(host).data):
            paths |= {ours, reach.realpath(ours)}
        return cls(
            NAMES | _TRASHES | own,
            frozenset(paths).union(mounts, own),
            tuple(patterns),
            tuple(path_patterns),
            frozenset(own),
            frozenset(os.path.join(real_home, *parts) for parts in (*_AT_HOME, (".cache",))),
        )

    def unwalked(self, roots: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Yield the folders below roots that are there and left out whatever is in them, with the
        reason: caches and other programs' own. What a person excludes is not told again."""
        for path in sorted(self.at_home):
            inside = any(lies_under(path, root) and path != root for root in roots)
            if inside and not self.bars(path) and reach.isdir(path):
                yield path, "caches and other programs' own folders are not searched"

    def mark(self, root: str) -> str:
        """Return a text that is another one whenever these rules leave out other folders below a
        root."""
        parts = (
            sorted(self.names),
            sorted(path for path in self.paths if lies_under(path, root)),
            [pattern.pattern for pattern in self.patterns],
            [pattern.pattern for pattern in self.path_patterns],
        )
        return "\n".join("\0".join(part) for part in parts)

    def alone(self, names: frozenset[str]) -> "Prune":
        """Return the person's own rules, and these names in place of the usual ones: for a place
        that holds environments, however it is called. A trash is none."""
        return Prune(
            names | _TRASHES | self.own, self.own, self.patterns, self.path_patterns, self.own
        )

    def bars(self, path: str) -> bool:
        """Tell whether the person's own rules leave out a folder, or one above it."""
        name = os.path.basename(path)
        while name:
            if self.alone(frozenset()).skips(name, path):
                return True
            path = os.path.dirname(path)
            name = os.path.basename(path)
        return False

    @property
    def patterned(self) -> bool:
        """Whether there are patterns, so that each name has to be asked for."""
        return bool(self.patterns or self.path_patterns)

    def skips(self, name: str, path: str) -> bool:
        """Tell whether a folder is not looked into."""
        return (
            name in self.names
            or path in self.paths
            or any(pattern.match(name) for pattern in self.patterns)
            or any(pattern.match(path) for pattern in self.path_patterns)
        )


def _spellings(rule: str, host: Host, real_home: str) -> Iterator[str]:
    """Yield a rule as given, and as it is where a home folder that is a link leads: walks go by
    real paths."""
    yield rule
    if rule.startswith(host.home + os.sep) and real_home != host.home:
        yield real_home + rule[len(host.home) :]


IN_TRASH = re.compile(r"/\.Trash-[0-9]+/")
"""The trash of another user on a disk that several use, by the rules of freedesktop.org."""


def barred_mounts(
    roots: Iterable[str], mounts: Sequence[Mount], *, cross_devices: bool
) -> frozenset[str]:
    """Return the mount points that a walk from these roots does not enter.

    Other devices only when asked for; file systems of the kernel and of other machines never,
    unless named as a root: those are entered whatever they are.
    """
    named = set(roots)
    devices = {mount.device for root in named if (mount := mount_of(root, mounts))}
    return frozenset(
        mount.point
        for mount in mounts
        if mount.point not in named
        and (
            is_pseudo(mount) or is_network(mount) or not (cross_devices or mount.device in devices)
        )
    )
