"""uv's environments of scripts with inline metadata (PEP 723), and of `uv run --with`."""

from collections.abc import Iterator

from envdeck.core.discovery.candidate import Candidate, Kind
from envdeck.core.discovery.cfg import unquoted
from envdeck.core.discovery.tool import Place, Tool
from envdeck.core.discovery.tools._uv_cache import buckets, in_cache, is_central
from envdeck.core.host import Host
from envdeck.core.model import ProjectLink, ProjectState


class UvScript(Tool):
    """uv makes them in its cache when a script runs, and `uv cache prune` takes them away."""

    name = "uv-script"
    rank = 75

    def places(self, host: Host) -> Iterator[Place]:
        """Yield `environments-v*` of the uv cache (`UV_CACHE_DIR`)."""
        for bucket in buckets(host):
            yield Place(bucket, 2)

    def claims(self, candidate: Candidate, host: Host) -> bool:
        """Claim what uv keeps in its cache, less the central environments of projects, whose
        names hold the interpreter between the project and the hash."""
        return candidate.kind is Kind.VENV and in_cache(candidate) and not is_central(candidate)

    def project(self, candidate: Candidate, host: Host) -> ProjectLink | None:
        """Say which script it is for: uv keeps the file's name (`prompt`) and not its path."""
        prompt = unquoted(candidate.cfg.get("prompt", ""))
        return ProjectLink(ProjectState.NONE, None, f"script {prompt}") if prompt else None


UV_SCRIPT = UvScript()
