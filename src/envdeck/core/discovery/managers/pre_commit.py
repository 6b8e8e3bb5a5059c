"""pre-commit: environments of hooks, each beside the clone of its repository."""

import os
from collections.abc import Iterable

from envdeck.core.discovery.managers.base import (
    CacheLayout,
    KnownFolder,
    Manager,
    absolute_paths,
)
from envdeck.core.discovery.prefix import EnvironmentCandidate, Kind
from envdeck.core.model import ProjectLink
from envdeck.core.system.host import Host


def _caches(host: Host) -> tuple[str, ...]:
    """Return `$PRE_COMMIT_HOME`, and the default: XDG's cache folder on every platform."""
    cache = host.folder("XDG_CACHE_HOME") or host.at_home(".cache")
    default = os.path.join(cache, "pre-commit")
    return absolute_paths(host, host.variable("PRE_COMMIT_HOME"), default)


class PreCommit(Manager):
    """`repo<random>/py_env-<version>` in its cache; which projects use it is in no file of the
    environment, and `pre-commit gc` removes what none uses any more."""

    name = "pre-commit"
    rank = 42
    exclusive = True
    cache = CacheLayout(
        _caches,
        "the next commit creates the environments of its hooks again",
        others=r"repo[a-z0-9_]+|db\.(?:db|json)(?:-\w+)?|README|\.lock|tmp\w+|pre-commit\.log"
        r"|patch\d+(?:-\d+)?",
        keepsakes=r"patch\d+(?:-\d+)?",  # changes of a person that were stashed for a commit
        signs=("db.db", "db.json"),
        command=("pre-commit", "clean"),
        sweeps=True,
        variables={"PRE_COMMIT_HOME": "{}"},
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
