"""uv: environments of projects, in the project or in uv's cache, and those of `uv venv`."""

import os
from collections.abc import Iterator

from envdeck.core.discovery.candidate import Candidate, Kind
from envdeck.core.discovery.tool import Place, Tool
from envdeck.core.discovery.tools._folders import DEFAULT_NAME
from envdeck.core.discovery.tools._uv_cache import buckets, is_central
from envdeck.core.host import Host
from envdeck.core.model import ProjectLink, ProjectState


class Uv(Tool):
    """uv leaves its version in the cfg, under the key `uv`."""

    name = "uv"
    rank = 80

    def places(self, host: Host) -> Iterator[Place]:
        """Yield the cache, where central environments are, and `UV_PROJECT_ENVIRONMENT`,
        which names one environment (relative to each project unless it is absolute)."""
        for bucket in buckets(host):
            yield Place(bucket, 2)
        if folder := host.folder("UV_PROJECT_ENVIRONMENT"):
            yield Place(folder, 0)

    def claims(self, candidate: Candidate, host: Host) -> bool:
        """Claim what bears its key; tools that call uv to make environments were asked before."""
        return candidate.kind is Kind.VENV and "uv" in candidate.cfg

    def project(self, candidate: Candidate, host: Host) -> ProjectLink | None:
        """Return the project that links its `.venv` to this central environment.

        uv writes the project's name into the cfg and a hash into the folder's name, and the
        path nowhere; without a link that is all that can be said.
        """
        if not is_central(candidate):
            return None
        for link in candidate.links:
            folder, name = os.path.split(link)
            if name == DEFAULT_NAME:
                return ProjectLink(ProjectState.FOUND, folder, "its .venv leads here")
        return None


UV = Uv()
