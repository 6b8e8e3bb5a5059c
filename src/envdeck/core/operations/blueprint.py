"""How an environment is to be made: decided when it is planned, and shown as it will be run."""

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from envdeck.core.host import Host
from envdeck.core.model import Creation
from envdeck.core.operations.base_path import BaseNames
from envdeck.core.operations.engine.command import Command
from envdeck.core.operations.engine.creators import Creator
from envdeck.core.operations.engine.pip_configuration import index_lines
from envdeck.core.operations.engine.uv import Uv
from envdeck.core.operations.sources.source import How, Source, SourceName
from envdeck.core.project import Index

REQUIREMENTS = "requirements.txt"
CONSTRAINTS = "constraints.txt"
INDEXED = "pyproject.toml"
"""Files of an item, for its owner's eyes alone; they go before the item is done."""

_DEFAULT = "--index-url "
_NOBODY = "envdeck-indexed-requirements"
"""The name of the made-up project whose dependencies those are."""
_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Blueprint:
    """How an environment is to be made: everything that was decided when it was planned."""

    path: str
    """Where it will be."""
    interpreter: str
    """The base interpreter's executable, by the path that the environment names it by."""
    names: BaseNames | None = None
    """What the old environment calls it, where that stays."""
    creator: Creator
    creation: Creation
    source: Source
    seeds: frozenset[str] = frozenset()
    copies: bool = False
    downloads: bool = False
    offline: bool = False

    @property
    def compiles(self) -> bool:
        """Whether uv may start the interpreter of what it installed into: not before every
        package is proved to be what was here."""
        return self.source.name is not SourceName.EXACT

    def creating(self, staged: str) -> Command:
        """Return the command that makes it, empty but for its seeds, at `staged`."""
        return self.creator.command(
            staged,
            self.interpreter,
            self.creation,
            name=os.path.basename(self.path),
            seeds=self.seeds,
            copies=self.copies,
        )

    def installing(
        self, staged: str, host: Host, *, python: str | None = None, offline: bool = False
    ) -> Command:
        """Return the command that installs what the source says into what is at `staged`.

        It reads :meth:`files`, which lie beside it. `python` is its executable.
        """
        source, item = self.source, os.path.dirname(staged)
        python = python or python_at(staged, host)
        if source.how is How.UV_SYNC and source.project is not None:
            return self.uv(host, item, project=source.project, offline=offline).project_sync(
                staged,
                python,
                groups=source.groups,
                extras=source.extras,
                default_groups=False,
                install_project=source.install_project,
            )
        return self.uv(host, item, offline=offline).install(
            python,
            os.path.join(item, REQUIREMENTS),
            dependencies=source.how is How.RESOLVE,
            manifest=os.path.join(item, INDEXED) if source.indexed else None,
            constraints=os.path.join(item, CONSTRAINTS) if source.constraints else None,
            hashes=source.hashes,
            compiles=self.compiles,
        )

    def files(self, host: Host) -> Mapping[str, tuple[str, ...]]:
        """Return the lines of the files that :meth:`installing` reads, by their names."""
        if self.source.how is How.UV_SYNC and self.source.project is not None:
            return {}
        lines = (*self.source.requirements, *only_wheels(self.source.binary))
        if self.source.own_indexes:
            own = [line.removeprefix(_DEFAULT) for line in lines if line.startswith(_DEFAULT)]
            # uv asks its default index last: it stands here once more, before the person's.
            lines += tuple(f"--extra-index-url {url}" for url in own)
            lines += index_lines(host, self.path, default=not own)
        found = {REQUIREMENTS: lines}
        if self.source.indexed:
            found[INDEXED] = _manifest_lines(self.source)
        if self.source.constraints:
            found[CONSTRAINTS] = self.source.constraints
        return found

    def uv(self, host: Host, item: str, *, project: str | None = None, offline: bool = False) -> Uv:
        """Return uv, acting for this environment; for a project, with that one's settings."""
        return Uv(
            host,
            folder=project or self.source.project or item,
            project=project is not None,
            downloads=self.downloads,
            offline=offline or self.offline,
            environment=self.path,
            indexes=not self.source.own_indexes,
        )


def only_wheels(names: Iterable[str]) -> tuple[str, ...]:
    """Return the lines of a requirements file that have nothing of these built."""
    return tuple(f"--only-binary={name}" for name in names)


def _manifest_lines(source: Source) -> tuple[str, ...]:
    """Return a manifest of the requirements that come from one index alone: uv knows no line of
    a requirements file that ties one package to an index, and no other."""
    indexes = {index: None for _, _, index in source.indexed}
    told = {name: index for _, name, index in source.indexed}
    lines = ["[project]", f'name = "{_NOBODY}"', 'version = "0"', "dependencies = ["]
    lines += [f"    {_quoted(line)}," for line, _, _ in source.indexed]
    lines += ["]", "[tool.uv.sources]"]
    lines += [
        f"{_quoted(name)} = {{ index = {_quoted(_label(index))} }}" for name, index in told.items()
    ]
    for index in indexes:
        lines += ["[[tool.uv.index]]", f"name = {_quoted(_label(index))}"]
        lines += [f"url = {_quoted(index.url)}", "explicit = true"]
        lines += ['format = "flat"'] if index.flat else []
    return tuple(lines)


def _label(index: Index) -> str:
    """Return a name as uv permits one; credentials by variables are found by it."""
    if _LABEL.fullmatch(index.name):
        return index.name
    return "index-" + hashlib.sha256(index.name.encode("utf-8", "replace")).hexdigest()[:8]


def _quoted(text: str) -> str:
    """Return a string of TOML."""
    return json.dumps(text).replace("\x7f", "\\u007f")


def python_at(folder: str, host: Host) -> str:
    """Return where an environment at `folder` has its interpreter."""
    parts = ("Scripts", "python.exe") if host.windows else ("bin", "python")
    return os.path.join(folder, *parts)
