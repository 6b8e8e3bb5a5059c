"""Every way in which interpreters come onto a machine, in the order in which they are asked; here
are asdf, conda, mise, pyenv and uv, and managers of environments that fetch their own.

Interpreters are only located; :mod:`envdeck.core.inspection.interpreters` reads them.
"""

import os
import re
from collections.abc import Iterable, Iterator
from typing import ClassVar

from envdeck.core.discovery.interpreters.landmarks import (
    InterpreterSource,
    Located,
    children,
    find_in_folder,
    find_in_prefix,
)
from envdeck.core.discovery.interpreters.system import FRAMEWORK, HOMEBREW, PATH, REGISTRY, SYSTEM
from envdeck.core.discovery.managers.conda import Conda
from envdeck.core.discovery.managers.hatch import Hatch
from envdeck.core.discovery.managers.pdm import Pdm
from envdeck.core.discovery.managers.pipx import Pipx
from envdeck.core.discovery.managers.pyenv import Pyenv
from envdeck.core.discovery.managers.rye import Rye
from envdeck.core.discovery.managers.uv import uv_data_folders
from envdeck.core.lazy_dataclasses import dataclass, field, replace
from envdeck.core.model import Unreadable
from envdeck.core.system import reach
from envdeck.core.system.host import Host


class AsdfSource(InterpreterSource):
    """`installs/python/<version>`."""

    name: ClassVar[str] = "asdf"
    rank: ClassVar[int] = 50

    def prefixes(self, host: Host) -> Iterator[str | Unreadable]:
        """Yield each version."""
        root = host.folder("ASDF_DATA_DIR") or host.at_home(".asdf")
        installs = os.path.join(root, "installs", "python")
        yield from children(installs)


ASDF = AsdfSource()


class CondaSource(InterpreterSource):
    """The root prefixes; those of micromamba may hold no Python at all."""

    name: ClassVar[str] = "conda"
    rank: ClassVar[int] = 30

    def prefixes(self, host: Host) -> Iterator[str | Unreadable]:
        """Yield each installation."""
        return iter(Conda(host).roots)


CONDA = CondaSource()


_MISE_PATCH = re.compile(r"(\d+\.\d+)\.\d+[a-z0-9]*")


class MiseSource(InterpreterSource):
    """`installs/python/<version>`; `3.12` and `latest` beside it are links."""

    name: ClassVar[str] = "mise"
    rank: ClassVar[int] = 40

    def prefixes(self, host: Host) -> Iterator[str | Unreadable]:
        """Yield each version."""
        data = host.user_data() if host.windows else host.xdg_data()
        root = host.folder("MISE_DATA_DIR") or os.path.join(data, "mise")
        installs = os.path.join(root, "installs", "python")
        yield from children(installs)

    def steady_link(self, prefix: str) -> str | None:
        """Return `3.12` beside `3.12.4`."""
        folder, name = os.path.split(prefix)
        match = _MISE_PATCH.fullmatch(name)
        return os.path.join(folder, match[1]) if match else None


MISE = MiseSource()


class PyenvSource(InterpreterSource):
    """`versions/<version>`; a link there leads to another's interpreter or an environment."""

    name: ClassVar[str] = "pyenv"
    rank: ClassVar[int] = 10

    def prefixes(self, host: Host) -> Iterator[str | Unreadable]:
        """Yield each version."""
        for versions in Pyenv(host).stores:
            yield from children(versions)


PYENV = PyenvSource()


_UV_PATCH = re.compile(r"([a-z]+-\d+\.\d+)\.\d+[a-z0-9]*(?=[+-])")


class UvSource(InterpreterSource):
    """`python/cpython-3.12.4-linux-x86_64-gnu`; the links beside it name only the minor version
    and move on with it."""

    name: ClassVar[str] = "uv"
    rank: ClassVar[int] = 20

    def prefixes(self, host: Host) -> Iterator[str | Unreadable]:
        """Yield each installation in `$UV_PYTHON_INSTALL_DIR` and in the default place."""
        usual = [os.path.join(data, "python") for data in uv_data_folders(host)]
        folder = host.folder("UV_PYTHON_INSTALL_DIR")
        for place in ([folder] if folder else []) + usual:
            yield from children(place)

    def steady_link(self, prefix: str) -> str | None:
        """Return `cpython-3.12-linux-x86_64-gnu` beside `cpython-3.12.4-linux-x86_64-gnu`."""
        folder, name = os.path.split(prefix)
        match = _UV_PATCH.match(name)
        return os.path.join(folder, match[1] + name[match.end() :]) if match else None


UV = UvSource()


class _OwnPythons(InterpreterSource):
    """The Pythons that a manager of environments fetches for itself, one beside the other."""

    inner: ClassVar[str] = ""
    """The folder in each that is the prefix; empty where it is that folder itself, too."""

    def shelves(self, host: Host) -> Iterable[str]:
        """Return the folders that hold them."""
        raise NotImplementedError

    def prefixes(self, host: Host) -> Iterator[str | Unreadable]:
        """Yield each installation."""
        for shelf in self.shelves(host):
            for child in children(shelf):
                yield child
                if self.inner and not isinstance(child, Unreadable):
                    yield os.path.join(child, self.inner)


class RyeSource(_OwnPythons):
    """`~/.rye/py/cpython@3.12.4`; the first releases of Rye had `install` in each."""

    name: ClassVar[str] = "rye"
    rank: ClassVar[int] = 22
    inner: ClassVar[str] = "install"

    def shelves(self, host: Host) -> Iterable[str]:
        """Return `py` in its folder."""
        return (os.path.join(Rye(host).home, "py"),)


class HatchSource(_OwnPythons):
    """`pythons/3.12/python` in each data folder."""

    name: ClassVar[str] = "hatch"
    rank: ClassVar[int] = 23
    inner: ClassVar[str] = "python"

    def shelves(self, host: Host) -> Iterable[str]:
        """Return `pythons` beside the environments."""
        return (os.path.join(os.path.dirname(store), "pythons") for store in Hatch(host).stores)


class PdmSource(_OwnPythons):
    """`python/cpython@3.12.4` in the data folder."""

    name: ClassVar[str] = "pdm"
    rank: ClassVar[int] = 24

    def shelves(self, host: Host) -> Iterable[str]:
        """Return `python` beside the environments."""
        return (os.path.join(os.path.dirname(Pdm(host).stores[-1]), "python"),)


class PoetrySource(_OwnPythons):
    """`python/cpython@3.12.4` in the data folder."""

    name: ClassVar[str] = "poetry"
    rank: ClassVar[int] = 25

    def shelves(self, host: Host) -> Iterable[str]:
        """Return what the variable names, and the default."""
        data = host.user_config() if host.windows else host.user_data()
        chosen = host.folder("POETRY_PYTHON_INSTALLATION_DIR")
        return filter(None, (chosen, os.path.join(data, "pypoetry", "python")))


class PipxSource(_OwnPythons):
    """`py/3.12` in each home, of `--fetch-missing-python`."""

    name: ClassVar[str] = "pipx"
    rank: ClassVar[int] = 26

    def shelves(self, host: Host) -> Iterable[str]:
        """Return `py` beside the environments."""
        return (os.path.join(home, "py") for home in Pipx(host).homes)


RYE, HATCH, PDM, POETRY, PIPX = (
    RyeSource(),
    HatchSource(),
    PdmSource(),
    PoetrySource(),
    PipxSource(),
)


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
