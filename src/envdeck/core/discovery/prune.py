"""What the walk does not look into: places that hold no environments, or hold them by name."""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import translate

from envdeck.core.host import Host

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

    @classmethod
    def for_host(
        cls, host: Host, exclude: Iterable[str] = (), mounts: Iterable[str] = ()
    ) -> "Prune":
        """Return the rules for a host; `exclude` holds names, paths, or patterns of either
        (`fnmatch`), `mounts` the mount points that are not to be crossed."""
        names, paths = set(NAMES), set(mounts)
        patterns: list[re.Pattern[str]] = []
        path_patterns: list[re.Pattern[str]] = []
        for rule in map(host.expand, exclude):
            whole = "/" in rule or os.sep in rule
            if any(character in rule for character in "*?["):
                (path_patterns if whole else patterns).append(re.compile(translate(rule)))
            elif whole:
                paths.add(os.path.normpath(rule))
            else:
                names.add(rule)
        paths.update(host.at_home(*parts) for parts in _AT_HOME)
        paths.update(host.system(name) for name in _SYSTEM)
        return cls(frozenset(names), frozenset(paths), tuple(patterns), tuple(path_patterns))

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
