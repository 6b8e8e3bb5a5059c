"""pre-commit: environments of hooks, each beside the clone of its repository."""

import os
import re
from collections.abc import Iterable

from envdeck.core.discovery.managers.base import (
    CacheLayout,
    KnownFolder,
    Manager,
    absolute_paths,
)
from envdeck.core.discovery.prefix import EnvironmentCandidate, Kind
from envdeck.core.model import ProjectLink
from envdeck.core.system.files import Unread, read_bounded
from envdeck.core.system.host import Host

_README_LIMIT = 4096
_LIST_LIMIT = 8 * 2**20


def _caches(host: Host) -> tuple[str, ...]:
    """Return `$PRE_COMMIT_HOME`, and the default: XDG's cache folder on every platform."""
    cache = host.folder("XDG_CACHE_HOME") or host.at_home(".cache")
    default = os.path.join(cache, "pre-commit")
    return absolute_paths(host, host.variable("PRE_COMMIT_HOME"), default)


def _unowned(root: str, names: Iterable[str]) -> list[str]:
    """Return the folders that the list of pre-commit's clones does not name; all of them, where
    pre-commit's words are not beside it."""
    words = read_bounded(os.path.join(root, "README"), _README_LIMIT)
    listed = read_bounded(os.path.join(root, "db.db"), _LIST_LIMIT)
    if isinstance(words, Unread) or b"maintained by the pre-commit project" not in words:
        return sorted(names)
    if isinstance(listed, Unread) or not listed.startswith(b"SQLite format 3\0"):
        return sorted(names)
    return [
        name
        for name in sorted(names)
        if re.fullmatch(r"repo\w+", name) and os.fsencode(name) not in listed
    ]


class PreCommit(Manager):
    """`repo<random>/py_env-<version>` in its cache; which projects use it is in no file of the
    environment, and `pre-commit gc` removes what none uses any more."""

    name = "pre-commit"
    rank = 42
    exclusive = True
    cache = CacheLayout(
        _caches,
        "the next commit creates the environments of its hooks again",
        folder="pre-commit",
        others=r"repo[a-z0-9_]{8}|db\.(?:db|json)(?:-\w+)?|README|\.lock|pre-commit\.log"
        r"|patch\d+(?:-\d+)?",
        keepsakes=r"patch\d+(?:-\d+)?",  # changes of a person that were stashed for a commit
        signs=("db.db", "db.json"),
        command=("pre-commit", "clean"),
        sweeps=True,
        variables={"PRE_COMMIT_HOME": "{}"},
        unowned=_unowned,
    )

    def places(self) -> Iterable[KnownFolder]:
        """Yield its caches, which hold the environments of hooks too."""
        return (KnownFolder(os.path.normpath(path), depth=2) for path in _caches(self.host))

    def claims(self, candidate: EnvironmentCandidate) -> bool:
        """Tell it by its two names, which no other tool gives."""
        repository, name = os.path.split(candidate.path)
        return (
            candidate.kind is Kind.VENV
            and name.startswith("py_env-")
            and os.path.basename(repository).startswith("repo")
        )

    def project(self, candidate: EnvironmentCandidate) -> ProjectLink:
        """There is none: one environment serves every project with that hook."""
        return ProjectLink(source="hook environment, shared by projects")

    def removal(
        self, candidate: EnvironmentCandidate, project: str | None = None
    ) -> tuple[str, ...]:
        """Return pre-commit's command: it removes what no project's configuration names any
        more, and so not this one as long as a project does."""
        return ("pre-commit", "gc")
