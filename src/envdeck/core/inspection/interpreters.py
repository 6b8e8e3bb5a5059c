"""The interpreters of a host, their dependants, what is installed into them.

Which folders their packages are in is told by :mod:`envdeck.core.inspection.import_path`.
"""

import os
from collections.abc import Iterable, Iterator

from envdeck.core.discovery.interpreters.find import locate_all
from envdeck.core.discovery.interpreters.landmarks import Located
from envdeck.core.inspection.import_path import interpreter_folders
from envdeck.core.inspection.interpreter import BaseReader, end_of_life
from envdeck.core.inspection.packages.site_packages import (
    entries,
    is_distribution,
    normalise,
    parse_entry,
)
from envdeck.core.lazy_dataclasses import dataclass, replace
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
from envdeck.core.system.files import Unread, is_missing
from envdeck.core.system.host import Host, lies_under


def global_packages(located: Located, host: Host) -> Iterator[GlobalPackages | Unreadable]:
    """Yield each package folder of an interpreter that is there, empty ones included."""
    seen: set[str] = set()
    for path, kind in interpreter_folders(located, host):
        real = reach.realpath(path)
        if real in seen or not reach.isdir(real):
            continue
        seen.add(real)
        names = entries(path)
        if isinstance(names, Unread):
            yield Unreadable(path, names.reason)
            continue
        found = {normalise(parse_entry(name)[0]) for name in names if is_distribution(name)}
        yield GlobalPackages(path, kind, tuple(sorted(found - SEED_PACKAGES)))


def find_interpreters(
    host: Host, bases: BaseReader | None = None
) -> Iterator[Interpreter | Unreadable]:
    """Yield every base interpreter of a host once, and every folder that could not be read.

    What merely leads to one (links, copies) is among its aliases when it is on the PATH.
    """
    reader = _Reader(host, bases or BaseReader(host))
    for located in locate_all(host):
        if isinstance(located, Unreadable):
            yield located
        else:
            yield from reader.read(located)


def interpreter_at(
    executable: str, host: Host, bases: BaseReader | None = None
) -> Interpreter | None:
    """Return the interpreter that an executable is or leads to, or None when it is none: for
    bases of environments that no source knows (`/opt/vendor/bin/python3`)."""
    bases = bases or BaseReader(host)
    located = bases.locate(executable)
    if located is None:
        return None
    for read in _Reader(host, bases).read(located):
        if isinstance(read, Interpreter):
            return read
    return None


def further_interpreters(
    environments: Iterable[Environment],
    installations: Iterable[str],
    known: Iterable[Interpreter],
    host: Host,
    bases: BaseReader,
) -> list[Interpreter]:
    """Return the interpreters that no installer's folder has: those on which environments rest,
    and those of installations that the walk met."""
    known = list(known)
    programs = [
        (path, "path")
        for environment in find_baseless(environments, known)
        if environment.creation.creator != "conda"  # its Python is its own
        for path in bases_named(environment)
    ]
    for prefix in installations:
        parts = ("python.exe",) if host.windows else ("bin", "python")
        programs.append((os.path.join(prefix, *parts), "conda"))
    met = {(one.prefix, one.version) for one in known}
    found: list[Interpreter] = []
    for program, source in dict.fromkeys(programs):
        one = interpreter_at(program, host, bases)
        if one is not None and (one.prefix, one.version) not in met:
            met.add((one.prefix, one.version))
            found.append(replace(one, source=source))
    return found


@dataclass(slots=True)
class _Reader:
    """Reads located interpreters of one host."""

    host: Host
    bases: BaseReader

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
        version = self.bases.version(located)
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


def base_of(environment: Environment, interpreters: Iterable[Interpreter]) -> Interpreter | None:
    """Return the interpreter an environment uses, or None when it is not among those given.

    Its executable tells for sure; else the prefix and the minor version together, since `/usr`
    holds several. Links are followed: uv's `cpython-3.12-…` and Homebrew's `opt/python@3.12`
    lead to the version they stand for now. A conda prefix uses none.
    """
    return _Index(interpreters).base_of(environment)


def bases_named(environment: Environment) -> tuple[str, ...]:
    """Return the paths at which the base of an environment may be, as its files name it."""
    python = environment.python
    executable = python.base_executable
    if executable is not None and not lies_under(executable, environment.path):
        return (executable,)
    if python.base is None:
        return ()
    names = (f"python{minor_of(python.version)}", "python3", "python", "pypy3", "pypy", "graalpy")
    folder = os.path.join(python.base, "bin")
    return tuple(path for name in names if reach.exists(path := os.path.join(folder, name)))[:1]


def find_baseless(
    environments: Iterable[Environment], interpreters: Iterable[Interpreter]
) -> Iterator[Environment]:
    """Yield the environments that use none of the interpreters given."""
    index = _Index(interpreters)
    return (one for one in environments if index.base_of(one) is None)


def dependants(
    interpreter: Interpreter, environments: Iterable[Environment]
) -> tuple[Environment, ...]:
    """Return the environments that use an interpreter, in their order."""
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
        if (
            index.base_of(environment) is None
            and (gone := _find_missing_base(environment)) is not None
        ):
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


def _find_missing_base(environment: Environment) -> str | None:
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
