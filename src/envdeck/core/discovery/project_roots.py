"""The project folders that a scan meets, and what environments of theirs are called."""

import os
import re
from collections.abc import Iterator

from envdeck.core import reach
from envdeck.core.discovery.candidate import Candidate
from envdeck.core.discovery.project_disks import Disks
from envdeck.core.discovery.tool import Tool
from envdeck.core.host import Host


class ProjectRoots:
    """The project folders met by a scan, and what environments of theirs would be called.

    One is made for each scan. Roots are real paths; each is hashed once for each tool that has
    environments waiting, at the first question after it was added. That comes to some 25 ms for
    5,000 roots and one tool, and to nothing where no tool hashes.
    """

    __slots__ = ("_disks", "_host", "_roots", "_stores", "_tables")

    def __init__(self, host: Host, disks: Disks | None = None) -> None:
        self._host = host
        self._disks = disks
        self._roots: dict[str, None] = {}
        self._tables: dict[str, tuple[int, dict[str, str]]] = {}
        self._stores: frozenset[str] | None = None

    def add(self, root: str) -> None:
        """Take note of a folder that holds `pyproject.toml` or `Pipfile`."""
        self._roots.setdefault(root)

    def __iter__(self) -> Iterator[str]:
        return iter(self._roots)

    def __len__(self) -> int:
        return len(self._roots)

    @property
    def disks(self) -> Disks:
        """Which disks are mounted, read at the first question."""
        if self._disks is None:
            self._disks = Disks.of(self._host)
        return self._disks

    @property
    def stores(self) -> frozenset[str]:
        """The tools' folders for environments: being in one says nothing of a project."""
        if self._stores is None:
            from envdeck.core.discovery.tools import all_tools

            self._stores = frozenset(
                reach.realpath(place.path)
                for tool in all_tools()
                for place in tool.places(self._host)
                if place.depth > 0
            )
        return self._stores

    def awaits(self, tool: Tool, candidate: Candidate) -> bool:
        """Tell whether a root added later could prove to be the project: whoever has no link
        for such an environment asks
        :func:`envdeck.core.discovery.projects.link` again when the walk is over."""
        return tool.project_name_of(candidate, self._host) is not None

    def root_of(self, tool: Tool, candidate: Candidate) -> str | None:
        """Return the root whose environments are called as this one is, or None.

        Where the name can be cut in more than one way (PDM lets a person name the end of it),
        each part that ends before a dash is tried.
        """
        told = tool.project_name_of(candidate, self._host)
        if told is None:
            return None
        table = self._table(tool)
        if told in table:
            return table[told]
        name = os.path.basename(candidate.path)
        dashes = (match.start() for match in re.finditer("-", name))
        return next((table[name[:dash]] for dash in dashes if name[:dash] in table), None)

    def _table(self, tool: Tool) -> dict[str, str]:
        done, table = self._tables.get(tool.name, (0, {}))
        if done < len(self._roots):
            for root in list(self._roots)[done:]:
                for name in tool.project_names(root, self._host):
                    table.setdefault(name, root)
            self._tables[tool.name] = len(self._roots), table
        return table
