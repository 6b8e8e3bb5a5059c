"""The interpreters of a host, located and read, without running any."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from envdeck.core import reach
from envdeck.core.discovery.interpreters import locate_all
from envdeck.core.discovery.interpreters.landmarks import Located, locate
from envdeck.core.host import Host
from envdeck.core.inspection.eol import end_of_life
from envdeck.core.inspection.global_packages import global_packages
from envdeck.core.inspection.interpreter_version import version_of
from envdeck.core.inspection.system_packages import packaged_versions
from envdeck.core.model import GlobalPackages, Identity, Interpreter, Unreadable


def find_interpreters(host: Host) -> Iterator[Interpreter | Unreadable]:
    """Yield every base interpreter of a host once, and every folder that could not be read.

    What merely leads to one (links, copies) is among its aliases when it is on the PATH.
    """
    reader = _Reader(host)
    for located in locate_all(host):
        if isinstance(located, Unreadable):
            yield located
        else:
            yield from reader.read(located)


def interpreter_at(executable: str, host: Host) -> Interpreter | None:
    """Return the interpreter that an executable is or leads to, or None when it is none: for
    bases of environments that no source knows (`/opt/vendor/bin/python3`)."""
    located = locate(executable, windows=host.windows)
    if located is None:
        return None
    for read in _Reader(host).read(located):
        if isinstance(read, Interpreter):
            return read
    return None


@dataclass(slots=True)
class _Reader:
    """Reads located interpreters of one host; the package manager is asked at most once."""

    host: Host
    _packaged: Mapping[str, str] | None = field(default=None)

    def read(self, located: Located) -> Iterator[Interpreter | Unreadable]:
        """Yield the interpreter, after the folders of its packages that could not be read."""
        try:
            status = reach.stat(located.prefix)
        except OSError:
            return  # removed since it was located
        packages: list[GlobalPackages] = []
        for found in global_packages(located, self.host):
            if isinstance(found, Unreadable):
                yield found
            else:
                packages.append(found)
        system_prefix = reach.realpath(self.host.system("usr"))
        packaged = self._system_versions() if located.prefix == system_prefix else {}
        version = version_of(located, packaged, system_prefix)
        marker = os.path.join(located.stdlib, "EXTERNALLY-MANAGED")
        yield Interpreter(
            executable=located.executable,
            prefix=located.prefix,
            identity=Identity(status.st_dev, status.st_ino),
            version=version,
            implementation=located.implementation,
            source=located.source,
            end_of_life=end_of_life(version, self.host.now(), located.implementation),
            externally_managed=reach.lexists(marker),
            global_packages=tuple(packages),
            aliases=located.aliases,
        )

    def _system_versions(self) -> Mapping[str, str]:
        if self._packaged is None:
            self._packaged = packaged_versions(self.host)
        return self._packaged
