"""The interpreters of a host, their dependants, what is installed into them.

Debian and its like ship `/usr/bin/python3.11` without the headers that name its micro version;
their own record of what is installed has it. Those of Debian, Alpine and Arch are plain files
or folder names; that of RPM systems is a database of its own format and is not read.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from envdeck.core.discovery.interpreters.find import locate_all
from envdeck.core.discovery.interpreters.landmarks import Located, locate
from envdeck.core.inspection.interpreter import end_of_life, version_of
from envdeck.core.inspection.packages.site_packages import (
    entries,
    from_entry,
    is_distribution,
    normalise,
)
from envdeck.core.model import (
    SEED_PACKAGES,
    Environment,
    GlobalPackages,
    Identity,
    Interpreter,
    Unreadable,
    minor_of,
)
from envdeck.core.system import reach
from envdeck.core.system.files import Unread, is_missing, read_bounded
from envdeck.core.system.host import Host


def global_packages(located: Located, host: Host) -> Iterator[GlobalPackages | Unreadable]:
    """Yield each package folder of an interpreter that is there, empty ones included."""
    seen: set[str] = set()
    for path, kind in _folders(located, host):
        real = reach.realpath(path)
        if real in seen or not reach.isdir(real):
            continue
        seen.add(real)
        names = entries(path)
        if isinstance(names, Unread):
            yield Unreadable(path, names.reason)
            continue
        found = {normalise(from_entry(name)[0]) for name in names if is_distribution(name)}
        yield GlobalPackages(path, kind, tuple(sorted(found - SEED_PACKAGES)))


def user_site(located: Located, host: Host) -> str | None:
    """Return the user's package folder for an interpreter (PEP 370), whether it exists or not;
    None where its minor version is not known."""
    minor = located.minor
    if minor is None:
        return None
    name = os.path.basename(located.stdlib)
    base = host.folder("PYTHONUSERBASE")
    if host.windows:
        base = base or os.path.join(host.user_config(), "Python")
        return os.path.join(base, f"Python{minor.replace('.', '')}", "site-packages")
    if host.macos and ".framework" in located.prefix:
        base = base or host.at_home("Library", "Python", minor)
        return os.path.join(base, "lib", "python", "site-packages")
    base = base or host.at_home(".local")
    name = name if minor in name else f"{located.implementation}{minor}"
    return os.path.join(base, "lib", name, "site-packages")


def _folders(located: Located, host: Host) -> Iterator[tuple[str, str]]:
    name = os.path.basename(located.stdlib)
    yield os.path.join(located.stdlib, "site-packages"), "site-packages"
    for lib in ("lib", "lib64"):
        yield os.path.join(located.prefix, lib, name, "site-packages"), "site-packages"
    yield os.path.join(located.prefix, "site-packages"), "site-packages"  # PyPy before 3.8
    if located.prefix == reach.realpath(host.system("usr")) and not host.windows:
        yield from _of_system(name, located, host)
    if (path := user_site(located, host)) is not None:
        yield path, "user"


def _of_system(name: str, located: Located, host: Host) -> Iterator[tuple[str, str]]:
    """Yield where Debian keeps packages: its own in one folder for every Python 3, what pip
    installed in `/usr/local`; and where Fedora's pip puts them."""
    if located.minor and located.minor.startswith("3."):
        yield os.path.join(located.prefix, "lib", "python3", "dist-packages"), "dist-packages"
    yield os.path.join(located.prefix, "lib", name, "dist-packages"), "dist-packages"
    local = host.system("usr", "local")
    yield os.path.join(local, "lib", name, "dist-packages"), "dist-packages"
    for lib in ("lib", "lib64"):
        yield os.path.join(local, lib, name, "site-packages"), "site-packages"


_LIMIT = 64 * 1024 * 1024
"""Bytes; dpkg's record of a system with 5,000 packages has 8 MB."""
_VERSION_LIMIT = 100
_ENTRIES = 50_000


def packaged_versions(host: Host) -> dict[str, str]:
    """Return the versions of the system's own interpreters by minor: `{"3.11": "3.11.2"}`."""
    if host.windows or host.macos:
        return {}
    return _debian(host) | _alpine(host) | _arch(host)


def upstream(version: str, minor: str | None = None) -> str | None:
    """Return the version of Python in that of a package (`1:3.13.0~rc2-1+b1` → `3.13.0rc2`), or
    None when it names no micro version, or another minor."""
    text = version.rpartition(":")[2].replace("~", "").replace("_", "")
    match = re.match(r"(\d+\.\d+)\.\d+((a|b|rc)\d+)?", text)
    return match.group() if match and minor in {None, match.group(1)} else None


def _debian(host: Host) -> dict[str, str]:
    data = read_bounded(host.system("var", "lib", "dpkg", "status"), _LIMIT, whole=False)
    if isinstance(data, Unread):
        return {}
    found: dict[str, str] = {}
    position = 0
    start = b"\nPackage: python"
    while (position := data.find(start, position)) >= 0:
        position += len(start)
        name = data[position : data.find(b"\n", position)]
        end = data.find(b"\n\n", position)
        stanza = data[position : end if end >= 0 else len(data)]
        if name.endswith(b"-minimal") and b"\nStatus: install ok installed" in stanza:
            minor = name[: -len(b"-minimal")].decode("ascii", "replace")
            if version := upstream(_field(stanza, b"\nVersion: "), minor):
                found[minor] = version
    return found


def _alpine(host: Host) -> dict[str, str]:
    data = read_bounded(host.system("lib", "apk", "db", "installed"), _LIMIT, whole=False)
    if isinstance(data, Unread) or (start := data.find(b"\nP:python3\n")) < 0:
        return {}
    end = data.find(b"\n\n", start + 1)
    stanza = data[start : end if end >= 0 else len(data)]
    version = upstream(_field(stanza, b"\nV:"))
    return {minor_of(version): version} if version else {}


def _arch(host: Host) -> dict[str, str]:
    try:
        with reach.scandir(host.system("var", "lib", "pacman", "local")) as entries:
            names = [
                entry.name
                for entry in islice(entries, _ENTRIES)
                if entry.name.startswith("python-3.")
            ]
    except OSError:
        return {}
    versions = (upstream(name.removeprefix("python-")) for name in sorted(names))
    return {minor_of(version): version for version in versions if version}


def _field(stanza: bytes, name: bytes) -> str:
    start = stanza.find(name)
    if start < 0:
        return ""
    value = stanza[start + len(name) :][:_VERSION_LIMIT].partition(b"\n")[0]
    return value.decode("ascii", "replace").strip()


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


def base_of(environment: Environment, interpreters: Iterable[Interpreter]) -> Interpreter | None:
    """Return the interpreter an environment rests on, or None when it is not among those given.

    Its executable tells for sure; else the prefix and the minor version together, since `/usr`
    holds several. Links are followed: uv's `cpython-3.12-…` and Homebrew's `opt/python@3.12`
    lead to the version they stand for now. A conda prefix rests on none.
    """
    return _Index(interpreters).base_of(environment)


def dependants(
    interpreter: Interpreter, environments: Iterable[Environment]
) -> tuple[Environment, ...]:
    """Return the environments that rest on an interpreter, in their order."""
    index = _Index((interpreter,))
    return tuple(found for found in environments if index.base_of(found) is not None)


def orphans(
    environments: Iterable[Environment], interpreters: Iterable[Interpreter]
) -> dict[str, tuple[Environment, ...]]:
    """Return the environments whose base is gone, by that base: its prefix, or its executable
    where the prefix is still there (`/usr/bin/python3.9`). The largest groups come first.

    A base that merely is not among the interpreters given is not gone: the disk is asked.
    """
    index = _Index(interpreters)
    groups: dict[str, list[Environment]] = {}
    for environment in environments:
        if index.base_of(environment) is None and (gone := _gone(environment)) is not None:
            groups.setdefault(gone, []).append(environment)
    ordered = sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))
    return {base: tuple(found) for base, found in ordered}


class _Index:
    """Interpreters by what environments name them by; built once for a thousand of those."""

    __slots__ = ("_by_executable", "_by_prefix", "_real")

    def __init__(self, interpreters: Iterable[Interpreter]) -> None:
        self._real: dict[str, str] = {}
        self._by_executable: dict[str, Interpreter] = {}
        self._by_prefix: dict[tuple[str, str], Interpreter] = {}
        for interpreter in interpreters:
            for path in (interpreter.executable, *interpreter.aliases):
                self._by_executable.setdefault(self._resolve(path), interpreter)
            key = self._resolve(interpreter.prefix), minor_of(interpreter.version)
            self._by_prefix.setdefault(key, interpreter)

    def base_of(self, environment: Environment) -> Interpreter | None:
        python = environment.python
        if python.base_executable is not None:
            found = self._by_executable.get(self._resolve(python.base_executable))
            if found is not None:
                return found
        if python.base is None:
            return None
        return self._by_prefix.get((self._resolve(python.base), minor_of(python.version)))

    def _resolve(self, path: str) -> str:
        """Follow links, once a path: many environments share a base."""
        if path not in self._real:
            try:
                self._real[path] = reach.realpath(path)
            except ValueError:  # no path of this system, whatever the cfg says
                self._real[path] = path
        return self._real[path]


def _gone(environment: Environment) -> str | None:
    """Return the base of an environment, if it no longer exists."""
    python = environment.python
    if python.base is not None and is_missing(python.base):
        return python.base
    executable = python.base_executable
    if executable is None or not is_missing(executable):
        return None
    if python.executable is not None and not is_missing(python.executable):
        return None  # a link has moved on since it was read
    if executable.startswith(environment.path + os.sep):
        return None  # its own entry is missing, which says nothing of the base
    return executable
