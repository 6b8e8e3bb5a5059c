"""Which environments rest on which interpreter, and which rest on one that is gone."""

import os
from collections.abc import Iterable

from envdeck.core.files import is_missing
from envdeck.core.model import Environment, Interpreter


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
        self._by_prefix: dict[tuple[str, str | None], Interpreter] = {}
        for interpreter in interpreters:
            for path in (interpreter.executable, *interpreter.aliases):
                self._by_executable.setdefault(self._resolve(path), interpreter)
            key = self._resolve(interpreter.prefix), _minor(interpreter.version)
            self._by_prefix.setdefault(key, interpreter)

    def base_of(self, environment: Environment) -> Interpreter | None:
        python = environment.python
        if python.base_executable is not None:
            found = self._by_executable.get(self._resolve(python.base_executable))
            if found is not None:
                return found
        if python.base is None:
            return None
        return self._by_prefix.get((self._resolve(python.base), _minor(python.version)))

    def _resolve(self, path: str) -> str:
        """Follow links, once a path: many environments share a base."""
        if path not in self._real:
            try:
                self._real[path] = os.path.realpath(path)
            except ValueError:  # no path of this system, whatever the cfg says
                self._real[path] = path
        return self._real[path]


def _minor(version: str | None) -> str | None:
    return None if version is None else ".".join(version.split(".")[:2])


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
