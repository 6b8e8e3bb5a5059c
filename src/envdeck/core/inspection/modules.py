"""Which module an import finds in a folder, what it hides, and which distribution installed it.

Told from listings and records, as the finder of paths chooses; nothing is imported.
"""

import hashlib
import os
import re
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from envdeck.core.inspection.import_path import PathFolder
from envdeck.core.inspection.packages.record import RECORD_LIMIT
from envdeck.core.inspection.packages.site_packages import normalise
from envdeck.core.lazy_dataclasses import dataclass, field
from envdeck.core.model import Environment
from envdeck.core.system import reach
from envdeck.core.system.files import Unread, read_bounded

MOST_HIDDEN = 20
"""Modules of one folder that are told."""

_MODULE_LIMIT = 1024 * 1024
"""Bytes of a file that is compared with its RECORD: a `.pth`, a `sitecustomize`."""
_MOST_NAMES = 20_000
"""Names of one folder; a package folder of a thousand distributions has 3,000."""
_MOST_CONDA_RECORDS = 2000
_METADATA = (".dist-info", ".egg-info")
_LIKELY = 5
"""Distributions that are looked into first, since a name is like theirs."""
_BEFORE = rb"(?:^|\n)\"?(?:\.\./|[^\n,]*[/\\](?:site|dist)-packages[/\\])?"
_ROW = (_BEFORE, rb"(?:\"?,(?:sha256=([\w-]+))?,|/|\r?\n|\Z)")
"""What is around a path in a RECORD, with its hash, and in an `installed-files.txt`."""
_TOP = re.compile(_BEFORE + rb"([^/\\\n,\"]{1,255})(?=[/\\,\r\n]|\Z)")
"""The first part of a path there."""
_INSTALLED_BY = {"distutils-precedence.pth": "setuptools"}
"""Whose RECORD is looked into first, where the name does not tell."""
_AT_START = frozenset(
    {"abc", "codecs", "encodings", "genericpath", "io", "ntpath", "os", "posixpath", "runpy"}
    | {"site", "stat", "zipimport"}
)
"""Of the standard library, what is built in or loaded before a script's folder is searched."""
_COMMON = frozenset(
    {"benchmarks", "build", "conftest", "dist", "doc", "docs", "example", "examples", "samples"}
    | {"scripts", "setup", "test", "testing", "tests", "tools"}
)
"""What so many projects have beside their package that nobody imports another's."""


class Owner(NamedTuple):
    """Who installed a file of a package folder."""

    name: str
    """Of the distribution, normalised."""
    changed: bool
    """Whether the file is another than its RECORD says."""


class HiddenModule(NamedTuple):
    """A module that is not imported, since another of its name is found first."""

    name: str
    path: str
    """What is imported."""
    target: str
    """What is hidden."""
    kind: str
    """Of the folder that this is in, as in the import path; `standard` of the library."""


@dataclass(frozen=True, slots=True)
class ModuleFolders:
    """The folders that one environment may import from; each is listed once."""

    environment: Environment
    _listed: dict[str, frozenset[str]] = field(default_factory=dict)
    _tops: dict[str, dict[str, str]] = field(default_factory=dict)

    def list_names(self, folder: str) -> frozenset[str]:
        """Return the names in a folder; none where it cannot be listed."""
        if folder not in self._listed:
            try:
                with reach.scandir(folder) as entries:
                    names = frozenset(entry.name for entry in islice(entries, _MOST_NAMES))
            except (OSError, ValueError):
                names = frozenset()
            self._listed[folder] = names
        return self._listed[folder]

    def find(self, folder: str, name: str) -> str | None:
        """Return what is imported of a folder as a module of that name: a package, else an
        extension, source or byte code; None for a folder that is no regular package."""
        names = self.list_names(folder)
        package = os.path.join(folder, name)
        if name in names and reach.isfile(os.path.join(package, "__init__.py")):
            return package
        start = f"{name}."
        extensions = [
            one for one in names if one.startswith(start) and one.endswith((".so", ".pyd"))
        ]
        files = (*sorted(extensions), f"{name}.py", f"{name}.pyc")
        return next((os.path.join(folder, one) for one in files if one in names), None)

    def hidden(self, folder: str, behind: Iterable[PathFolder]) -> list[HiddenModule]:
        """Return what the modules in a folder hide of the folders that are searched after it."""
        mine, found = self._module_names(folder), []
        left = {name for name in mine if name[0] != "_"} - _COMMON - _AT_START
        for place in behind:
            for name in sorted(left & self._module_names(place.path)):
                target = self.find(place.path, name)
                path = self.find(folder, name) if target is not None else None
                if path is not None and target is not None and not _same(path, target):
                    left.discard(name)
                    found.append(HiddenModule(name, path, target, place.kind))
        return found[:MOST_HIDDEN]

    def hidden_within(self, folder: str) -> Iterator[HiddenModule]:
        """Yield the source files in a folder that a package or an extension beside them hides."""
        names = self.list_names(folder)
        for file in sorted(names):
            name = file[:-3]
            if file.endswith(".py") and name in names:
                path, target = self.find(folder, name), os.path.join(folder, file)
                if path not in {None, target} and path is not None:
                    yield HiddenModule(name, path, target, "own")

    def _module_names(self, folder: str) -> frozenset[str]:
        """Return what can be imported from a folder, as its listing tells; a folder in it may be
        no package."""
        return _module_names(self.list_names(folder))

    def owner(self, folder: str, path: str) -> Owner | None:
        """Return the distribution whose RECORD in a package folder lists a file, or files in a
        package, by a path relative to that folder with `/`; None where none does."""
        stem = re.sub(r"[^a-z0-9]", "", _INSTALLED_BY.get(path, path).lower())
        likely = [
            entry
            for entry in sorted(self.list_names(folder))
            if entry.endswith(_METADATA) and _name_of(entry).replace("-", "") in stem
        ][:_LIKELY]
        for entry in likely:
            if (owner := _owner_by(folder, entry, path)) is not None:
                return owner
        if folder not in self._tops:
            self._tops[folder] = self._read_tops(folder)
        entry = self._tops[folder].get(path.partition("/")[0], "")
        return (entry and _owner_by(folder, entry, path)) or self._owner_in_conda(path)

    def _read_tops(self, folder: str) -> dict[str, str]:
        """Return by the first part of all paths that are listed the metadata that lists it."""
        found: dict[str, str] = {}
        for entry in sorted(self.list_names(folder)):
            if entry.endswith(_METADATA):
                tops = set(_TOP.findall(_read_record(folder, entry)))
                found.update((os.fsdecode(top), entry) for top in tops)
        return found

    def _owner_in_conda(self, path: str) -> Owner | None:
        if self.environment.creation.creator != "conda":
            return None
        meta = os.path.join(self.environment.path, "conda-meta")
        wanted = re.compile(rb"/site-packages/" + re.escape(os.fsencode(path)) + rb"[\"/]")
        for name in sorted(self.list_names(meta))[:_MOST_CONDA_RECORDS]:
            if name.endswith(".json"):
                data = read_bounded(os.path.join(meta, name), RECORD_LIMIT)
                if not isinstance(data, Unread) and wanted.search(data):
                    return Owner(normalise(name.rsplit("-", 2)[0]), changed=False)
        return None


def _name_of(entry: str) -> str:
    return normalise(entry.partition("-")[0].removesuffix(".egg"))


def _owner_by(folder: str, entry: str, path: str) -> Owner | None:
    """Return a distribution as the owner of a path, if its record lists that."""
    data, wanted = _read_record(folder, entry), os.fsencode(path)
    if (
        wanted not in data
        or (row := re.search(_ROW[0] + re.escape(wanted) + _ROW[1], data)) is None
    ):
        return None
    changed = bool(row[1]) and _digest(os.path.join(folder, path)) not in {b"", row[1]}
    return Owner(_name_of(entry), changed)


def _read_record(folder: str, entry: str) -> bytes:
    record = "RECORD" if entry.endswith(".dist-info") else "installed-files.txt"
    data = read_bounded(os.path.join(folder, entry, record), RECORD_LIMIT)
    return b"" if isinstance(data, Unread) else data


@lru_cache(maxsize=16)
def _module_names(entries: frozenset[str]) -> frozenset[str]:
    """Many environments have the standard library of one interpreter behind them."""
    return frozenset(name for entry in entries if (name := _module_name(entry)))


def _module_name(entry: str) -> str:
    stem, dot, suffix = entry.partition(".")
    if not stem.isidentifier() or stem == "__pycache__":
        return ""
    return stem if not dot or suffix in {"py", "pyc"} or suffix.endswith(("so", "pyd")) else ""


def _same(first: str, second: str) -> bool:
    try:
        return reach.samefile(first, second)
    except OSError:
        return False


def _digest(path: str) -> bytes:
    data = read_bounded(path, _MODULE_LIMIT)
    if isinstance(data, Unread):
        return b""
    return urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=")
