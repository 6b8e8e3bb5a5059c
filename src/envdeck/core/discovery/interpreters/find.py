"""Every way in which interpreters come onto a machine, one a module; the registry finds them.

Here they are only located; :mod:`envdeck.core.inspection.interpreters` reads them.
"""

import os
from collections.abc import Iterator

from envdeck.core.discovery.interpreters.landmarks import (
    InterpreterSource,
    Located,
    find_in_folder,
    find_in_prefix,
)
from envdeck.core.discovery.interpreters.system import FRAMEWORK, HOMEBREW, PATH, REGISTRY, SYSTEM
from envdeck.core.discovery.interpreters.version_managers import (
    ASDF,
    CONDA,
    HATCH,
    MISE,
    PDM,
    PIPX,
    POETRY,
    PYENV,
    RYE,
    UV,
)
from envdeck.core.lazy_dataclasses import dataclass, field, replace
from envdeck.core.model import Unreadable
from envdeck.core.system import reach
from envdeck.core.system.host import Host

SOURCES: tuple[InterpreterSource, ...] = tuple(
    sorted(
        (
            *(ASDF, CONDA, FRAMEWORK, HATCH, HOMEBREW, MISE, PATH, PDM, PIPX, POETRY),
            *(PYENV, REGISTRY, RYE, SYSTEM, UV),
        ),
        key=lambda source: source.rank,
    )
)
"""In the order in which they name what they find."""


def locate_all(host: Host) -> Iterator[Located | Unreadable]:
    """Yield every interpreter on the host once, however many links and sources lead to it, and
    the folders that could not be read."""
    found = _Found(host)
    for source in SOURCES:
        yield from found.look(source)
    yield from found.interpreters()


def steady_prefix(prefix: str, source: str) -> str | None:
    """Return the link that leads to a prefix and that its installer moves on with each patch
    release; None where there is none. `source` is the installer, or `path` where it is not
    known: then the place tells."""
    for one in SOURCES:
        if source in (one.name, "path"):
            link = one.steady_link(prefix)
            if link is not None and link != prefix and reach.realpath(link) == prefix:
                return link
    return None


@dataclass(slots=True)
class _Found:
    """What was met so far. One interpreter is one standard library in one prefix: `/usr` holds
    several, and `python3.12` beside `python` is the same one."""

    host: Host
    _met: dict[tuple[str, str], Located] = field(default_factory=dict)
    _names: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    _folders: set[str] = field(default_factory=set)

    def look(self, source: InterpreterSource) -> Iterator[Unreadable]:
        """Look where a source says; yield what cannot be read."""
        for prefix in source.prefixes(self.host):
            if isinstance(prefix, Unreadable):
                yield prefix
                continue
            for hit in find_in_prefix(prefix, self.host):
                if isinstance(hit, Unreadable):
                    yield hit
                    continue
                located = hit[1]
                if located.prefix == reach.realpath(prefix):
                    located = replace(located, source=source.name)
                self._keep(located)
        for folder in source.folders(self.host):
            if (real := reach.realpath(folder)) in self._folders:
                continue
            self._folders.add(real)
            for hit in find_in_folder(real, self.host):
                if isinstance(hit, Unreadable):
                    yield hit
                else:
                    self._keep(hit[1], alias=hit[0])

    def interpreters(self) -> Iterator[Located]:
        """Yield what was met, each with the further paths that lead to it."""
        for key, located in self._met.items():
            names = self._names.get(key, set()) - {located.executable}
            yield replace(located, aliases=tuple(sorted(names)))

    def _keep(self, located: Located, alias: str | None = None) -> None:
        key = located.prefix, located.stdlib
        if alias is not None:
            self._names.setdefault(key, set()).add(alias)
        known = self._met.get(key)
        if known is None:
            self._met[key] = located
            return
        source = located.source if known.source == "path" else known.source
        best = max(known, located, key=self._fitness)
        self._met[key] = replace(best, source=source)

    def _fitness(self, located: Located) -> int:
        """Rate an executable among copies of it: `python3.12` tells more than `python`, but on
        Windows `python.exe` is the customary one."""
        length = len(os.path.basename(located.executable))
        return -length if self.host.windows else length
