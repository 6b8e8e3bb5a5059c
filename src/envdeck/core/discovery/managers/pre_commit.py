"""pre-commit: environments of hooks, each beside the clone of its repository."""

import os
from collections.abc import Iterable

from envdeck.core.discovery.managers.base import KnownFolder, Manager
from envdeck.core.discovery.prefix import EnvironmentCandidate, Kind
from envdeck.core.model import ProjectLink


class PreCommit(Manager):
    """`repo<random>/py_env-<version>` in its cache; which projects use it is in no file of the
    environment, and `pre-commit gc` removes what none uses any more."""

    name = "pre-commit"
    rank = 42
    exclusive = True

    def places(self) -> Iterable[KnownFolder]:
        """Yield `$PRE_COMMIT_HOME`, and the default: XDG's cache folder on every platform."""
        if folder := self.host.folder("PRE_COMMIT_HOME"):
            yield KnownFolder(os.path.normpath(folder), depth=2)
        cache = self.host.folder("XDG_CACHE_HOME") or self.host.at_home(".cache")
        yield KnownFolder(os.path.join(cache, "pre-commit"), depth=2)

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
