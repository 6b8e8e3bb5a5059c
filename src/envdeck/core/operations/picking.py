"""Which interpreter an operation rests an environment on."""

import os
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from envdeck.core import reach
from envdeck.core.inspection.interpreters import find_interpreters, interpreter_at
from envdeck.core.model import Environment, Interpreter, NoPlan
from envdeck.core.operations.base_path import leads_to, moving_link
from envdeck.core.operations.interpreters import Choice, interpreters_for
from envdeck.core.project.wanted import wanted_python

if TYPE_CHECKING:
    from envdeck.core.operations.context import Context

_VERSION = re.compile(r"\d+(\.\d+){0,2}")


def known_interpreters(operations: "Context") -> tuple[Interpreter, ...]:
    """Return the interpreters of this machine: remembered ones that are still there, else found."""
    remembered = [
        one for one in operations.catalog.remembered_interpreters() if reach.exists(one.executable)
    ]
    if remembered:
        return tuple(remembered)
    found = find_interpreters(operations.catalog.host)
    return tuple(one for one in found if isinstance(one, Interpreter))


def interpreter_choices(
    operations: "Context", environment: Environment | None, project: str | None
) -> tuple[Choice, ...]:
    """Return the interpreters in the order of choice; the base that an environment has is among
    them wherever it lies."""
    known = known_interpreters(operations)
    base = _base(environment) if environment is not None else None
    if base is not None:
        real = reach.realpath(base)
        if real not in {reach.realpath(one.executable) for one in known}:
            own = interpreter_at(real, operations.catalog.host)
            known = (*known, own) if own is not None else known
    wanted = wanted_python(project) if project is not None and reach.isdir(project) else None
    return interpreters_for(environment, known, wanted)


def _base(environment: Environment) -> str | None:
    """Return the executable that an environment rests on; where its own is a copy of that, the
    one in the folder that it was copied from."""
    python = environment.python
    minor = ".".join((python.version or "3").split(".")[:2])
    names = ("python.exe", f"bin/python{minor}", "bin/python3")
    beside = [os.path.join(python.base, *name.split("/")) for name in names if python.base]
    for path in filter(None, (python.base_executable, *beside)):
        if not path.startswith(environment.path + os.sep) and reach.exists(path):
            return path
    return None


def pick(asked: str | None, choices: tuple[Choice, ...], operations: "Context") -> Choice | NoPlan:
    """Return the interpreter that is asked for: an executable, or the newest of a version; with
    nothing asked for, the one that is proposed."""
    if asked is None:
        return _proposed(choices)
    if _VERSION.fullmatch(asked):
        fitting = [one for one in choices if _is_of(one.interpreter.version, asked)]
        if fitting:
            return replace(max(fitting, key=lambda one: _key(one)), exact=asked.count(".") > 1)
        return NoPlan(
            f"no Python {asked} is on this machine",
            hint=f"`envdeck interpreters` lists them; `uv python install {asked}` gets it",
            missing=True,
        )
    named = os.path.abspath(operations.catalog.host.expand(asked))
    path = reach.realpath(operations.catalog.host.expand(asked))
    for one in choices:
        if reach.realpath(one.interpreter.executable) == path:
            return replace(one, path=_link(named, one.interpreter))
    found = interpreter_at(path, operations.catalog.host)
    if found is None:
        return NoPlan(
            f"`{asked}` is no interpreter",
            hint="give a version, such as `3.13`, or the path of a Python",
            missing=True,
        )
    return Choice(found, same_minor=False, path=_link(named, found))


def _link(path: str, one: Interpreter) -> str | None:
    """Return the path that a person gave, where it is a link that an environment may be on."""
    return path if moving_link(path) is not None and leads_to(path, one) else None


def _proposed(choices: tuple[Choice, ...]) -> Choice | NoPlan:
    for one in choices:
        if one.proposed:
            return one
    if choices:
        return NoPlan(
            "none of the interpreters here suits it",
            hint="name one with `--python`; `envdeck interpreters` lists them",
        )
    return NoPlan("no interpreter is on this machine", hint="`uv python install` gets one")


def _is_of(version: str | None, asked: str) -> bool:
    parts = asked.split(".")
    return version is not None and version.split(".")[: len(parts)] == parts


def _key(choice: Choice) -> tuple[object, ...]:
    one = choice.interpreter
    numbers = tuple(int(part) for part in re.findall(r"\d+", one.version or ""))
    return choice.same, not one.externally_managed, numbers
