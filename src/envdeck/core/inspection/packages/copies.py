"""Which packages a machine has: the copies that environments hold of each, and their bytes.

Names and versions come from the names of metadata folders, without a file being read. What a copy
takes is read once for each file that installers link: where the METADATA of two copies is one
file, an installer linked the whole copy, so that its linked files are counted once. A copy that
shares nothing is measured once for each length of RECORD.
"""

import os
import stat
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import NamedTuple, TypeAlias

from envdeck.core.inspection.packages.record import place_of, read_rows
from envdeck.core.inspection.packages.site_packages import Listed, list_names
from envdeck.core.inspection.size import blocks_on_disk
from envdeck.core.lazy_dataclasses import dataclass, field
from envdeck.core.model import Environment
from envdeck.core.system import reach
from envdeck.core.system.files import Unread

_BLOCK = 512

LinkKey: TypeAlias = tuple[int, int]
"""Device and inode."""


Held: TypeAlias = Mapping[str, Sequence[str]]
"""What environments hold, by the path of each: a `name==version` for every distribution. One text
for both, since a thousand environments hold sixty thousand of them."""


class PackageCopy(NamedTuple):
    """One distribution in one environment."""

    text: str
    """`name==version`: normalised by PEP 503, and as its metadata folder names it."""
    own_bytes: int | None = None
    """On disk, in files that are here alone; None where it cannot be measured."""
    shared_bytes: int = 0
    """On disk, in files with other names elsewhere: in a cache, or in other environments."""
    link: LinkKey | None = None
    """What tells the copies that share those files with this one."""


Copies: TypeAlias = tuple[PackageCopy, ...]


@dataclass(slots=True)
class PackageUse:
    """One package, over all environments."""

    name: str
    versions: dict[str, int] = field(default_factory=dict)
    """How many environments have each version."""
    environments: int = 0
    occupied: int | None = None
    """Bytes on disk of all copies, linked files counted once; None while not measured."""
    shared: int = 0
    """How many of those are in linked files, which deleting one environment does not free."""
    unmeasured: int = 0
    """Copies that have no size."""


@dataclass(frozen=True, slots=True)
class PackageTable:
    """The packages of all environments."""

    held: Held
    uses: dict[str, PackageUse]
    """By name."""

    def holders(self, name: str) -> list[tuple[str, str]]:
        """Return version and path of each environment that has a package; two where it has two of
        that name."""
        texts = {f"{name}=={version}": version for version in self.uses[name].versions}
        return [
            (texts[text], path)
            for path, some in self.held.items()
            if not texts.keys().isdisjoint(some)
            for text in some
            if text in texts
        ]


def hold(name: str, version: str) -> str:
    """Return a distribution as one text."""
    return f"{name}=={version}"


def count_packages(held: Held) -> PackageTable:
    """Return which packages environments hold, without their bytes."""
    counts = Counter(chain.from_iterable(held.values()))
    names: dict[str, str] = {}
    uses: dict[str, PackageUse] = {}
    for text, count in counts.items():
        name, _, version = text.partition("==")
        names[text] = name
        use = uses.get(name)
        if use is None:
            use = uses[name] = PackageUse(name)
        use.versions[version] = count
        use.environments += count
    for some in held.values():
        if len(set(map(names.__getitem__, some))) < len(some):  # several of one name
            for name, count in Counter(map(names.__getitem__, some)).items():
                uses[name].environments -= count - 1
    return PackageTable(held, uses)


def measure_packages(copies: Mapping[str, Copies]) -> PackageTable:
    """Return which packages environments hold, and what those take."""
    table = count_packages({path: [one.text for one in some] for path, some in copies.items()})
    met: set[LinkKey] = set()
    for some in copies.values():
        for text, own, shared, link in some:
            use = table.uses[text.partition("==")[0]]
            if own is None:
                use.unmeasured += 1
                continue
            use.occupied = (use.occupied or 0) + own
            if link is not None and link not in met:
                met.add(link)
                use.occupied += shared
                use.shared += shared
    return table


@dataclass(slots=True)
class CopyReader:
    """Reads the copies that environments hold; what is the same in several is measured once."""

    _known: dict[object, tuple[int, int]] = field(default_factory=dict)

    def read(self, environment: Environment) -> Copies:
        """Return what an environment holds, by name. Nothing is raised: what cannot be measured
        has no size."""
        listed = list_names(environment.site_packages)
        return tuple(self._read(one, environment.path) for one in listed)

    def read_all(
        self, environments: Iterable[Environment], stopped: Callable[[], bool]
    ) -> Iterator[tuple[str, Copies]]:
        """Yield each environment's path with what it holds, until stopped."""
        for environment in environments:
            if stopped():
                return
            yield environment.path, self.read(environment)

    def _read(self, listed: Listed, environment: str) -> PackageCopy:
        name, version, path = listed
        text = hold(name, version)
        try:
            metadata = reach.lstat(os.path.join(path, "METADATA"))
            record = reach.lstat(os.path.join(path, "RECORD"))
        except (OSError, ValueError):  # no wheel: what its files are is not written there
            return PackageCopy(text)
        linked = metadata.st_nlink > 1
        link = (metadata.st_dev, metadata.st_ino) if linked else None
        key: object = link or (text, metadata.st_size, record.st_size)
        if key not in self._known:
            measured = _measure(path, environment)
            if measured is None:
                return PackageCopy(text)
            self._known[key] = measured
        own, shared = self._known[key]
        if link is None and shared:  # linked files beside an own METADATA: tell those apart too
            link = (metadata.st_dev, metadata.st_ino)
        return PackageCopy(text, own, shared, link)


def _measure(info: str, environment: str) -> tuple[int, int] | None:
    """Return the bytes on disk of a distribution's files here, of those with one name and of
    those with several; None where its RECORD cannot be read."""
    rows = read_rows(os.path.join(info, "RECORD"))
    if isinstance(rows, Unread):
        return None
    folder = os.path.dirname(info)
    own = shared = 0
    met: set[LinkKey] = set()
    for row in rows:
        if place_of(row.path, folder, environment) is None:
            continue  # a RECORD may name any file of the machine
        try:
            status = reach.lstat(os.path.join(folder, row.path))
        except (OSError, ValueError):  # it is missing, which is told elsewhere
            continue
        if not stat.S_ISREG(status.st_mode):
            continue
        taken = blocks_on_disk(status) * _BLOCK
        if status.st_nlink < 2:
            own += taken
        elif (status.st_dev, status.st_ino) not in met:
            met.add((status.st_dev, status.st_ino))
            shared += taken
    return own, shared
