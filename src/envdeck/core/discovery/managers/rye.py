"""Rye: `.venv` in the project, tools and Pythons in its own folder."""

import os
from collections.abc import Iterable
from functools import cached_property

from envdeck.core.discovery.managers.base import (
    DEFAULT_NAME,
    KnownFolder,
    Manager,
    has_file,
    is_virtual,
    operand,
)
from envdeck.core.discovery.prefix import EnvironmentCandidate
from envdeck.core.model import ProjectLink
from envdeck.core.system import reach

_MARK = "rye-venv.json"


class Rye(Manager):
    """Rye calls virtualenv or uv, and leaves its mark in what it made."""

    name = "rye"
    rank = 44

    @cached_property
    def home(self) -> str:
        """`RYE_HOME`, or `~/.rye`."""
        return os.path.normpath(self.host.folder("RYE_HOME") or self.host.at_home(".rye"))

    @cached_property
    def stores(self) -> tuple[str, ...]:
        """Where the tools are that it installed."""
        return (os.path.join(self.home, "tools"),)

    @cached_property
    def installations(self) -> frozenset[str]:
        """The environment in which Rye keeps what it needs for itself."""
        return frozenset({reach.realpath(os.path.join(self.home, "self", "venv"))})

    def places(self) -> Iterable[KnownFolder]:
        """Yield the tools, and its own environment."""
        yield from super().places()
        yield KnownFolder(os.path.join(self.home, "self", "venv"), depth=0)

    def claims(self, candidate: EnvironmentCandidate) -> bool:
        """Claim what is in its own folder, and a `.venv` with its mark, unless uv took over."""
        if not is_virtual(candidate):
            return False
        parent, name = os.path.split(candidate.path)
        if candidate.path in self.installations or parent in self.real_stores:
            return True
        return (
            name == DEFAULT_NAME and candidate.has_file(_MARK) and not has_file(parent, "uv.lock")
        )

    def project(self, candidate: EnvironmentCandidate) -> ProjectLink | None:
        """Say that what it keeps for itself and for tools has none."""
        own = os.path.basename(candidate.path) != DEFAULT_NAME
        return ProjectLink(source="environment of an installed tool") if own else None

    def removal(
        self, candidate: EnvironmentCandidate, project: str | None = None
    ) -> tuple[str, ...] | None:
        """Return Rye's command for a tool: it takes the links to its programs away too."""
        store, name = os.path.split(candidate.path)
        return ("rye", "uninstall", *operand(name)) if store in self.real_stores else None
