"""Filter language and matching."""

import re
from collections.abc import Callable, Collection, Mapping
from difflib import get_close_matches
from typing import NamedTuple, TypeAlias

from envdeck.core.model import Environment, ProjectState, Severity, Status
from envdeck.tui.store.columns import StatusOrder, standing, worst_severity

Test: TypeAlias = Callable[[Environment], bool]


class Query(NamedTuple):
    """What is looked for. Everything must match; terms not understood are left out and named."""

    text: str = ""
    words: tuple[str, ...] = ()
    tests: tuple[Test, ...] = ()
    packages: tuple[str, ...] = ()
    """Normalised names (PEP 503) of what must be installed."""
    problems: tuple[str, ...] = ()
    """Why terms were left out, one sentence each."""

    @classmethod
    def parse(cls, text: str, now: float) -> "Query":
        """Read a query; ages are counted from `now`. It never fails: see :attr:`problems`."""
        # moved

        return cls(text.strip(), *read(text, now))

    def __bool__(self) -> bool:
        """Whether it narrows anything."""
        return bool(self.words or self.tests or self.packages)

    def matches(
        self, environment: Environment, told: str, names: Collection[str] = frozenset()
    ) -> bool:
        """Whether an environment is looked for; `told` is what :func:`told_by` said of it, and
        `names` are its packages as far as they are known."""
        return (
            all(word in told for word in self.words)
            and all(test(environment) for test in self.tests)
            and all(name in names for name in self.packages)
        )


def told_by(environment: Environment) -> str:
    """Return everything that plain words are looked for in, folded."""
    return "\n".join(
        (
            environment.path,
            environment.name,
            environment.manager,
            environment.python.implementation or "",
            environment.python.version or "",
            standing(environment).value,
            environment.project.path or "",
        )
    ).casefold()


_TOKEN = re.compile(r'(?:[^\s"]|"[^"]*"?)+')
_SIZE = re.compile(r"(>=|<=|>|<|=)?\s*(\d+(?:\.\d+)?)\s*([kmgtp]?i?b?)", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z][A-Za-z_-]+")
"""What could be meant as a term; `C:` is a drive, and a quoted word is a word."""
_TIME = re.compile(r"(\d+)(mo|[hdwmy])", re.IGNORECASE)
_HOURS = {"h": 1, "d": 24, "w": 7 * 24, "m": 30 * 24, "mo": 30 * 24, "y": 365 * 24}
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}
_COMPARE: Mapping[str, Callable[[int, float], bool]] = {
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    "=": lambda left, right: left == right,
}


class BadTermError(ValueError):
    """A term that cannot be understood; its text says why."""


def read(
    text: str, now: float
) -> tuple[tuple[str, ...], tuple[Test, ...], tuple[str, ...], tuple[str, ...]]:
    """Return the plain words, the tests of the terms, the packages, and what was not
    understood."""
    words: list[str] = []
    packages: list[str] = []
    tests: list[Test] = []
    problems: list[str] = []
    for token in _TOKEN.findall(text):
        name, colon, value = token.partition(":")
        value = value.replace('"', "").strip().casefold()
        field = _FIELDS.get(name.casefold()) if colon else None
        if colon and name.casefold() == _PACKAGE:
            if value:
                packages.append(_RUNS.sub("-", value))
            else:
                problems.append(f"{name}: missing name, such as package:requests")
        elif field is not None:
            try:
                tests.append(field(value, now))
            except BadTermError as problem:
                problems.append(f"{name}: {problem}")
        elif token.casefold() == "eol":
            tests.append(_status("eol", now))
        elif colon and _NAME.fullmatch(name):
            problems.append(_no_term(name))
        else:
            words.append(token.replace('"', "").casefold())
    return tuple(words), tuple(tests), tuple(packages), tuple(problems)


def _no_term(name: str) -> str:
    folded = name.casefold()
    fields = (*_FIELDS, _PACKAGE)
    near = [known for known in fields if known.startswith(folded)]
    near = near or get_close_matches(folded, fields, 1, 0.5)
    return f"unknown filter {name}:" + (f" (did you mean {near[0]}:?)" if near else "")


def _manager(value: str, _now: float) -> Test:
    if not value:
        raise BadTermError("missing value, such as manager:uv")
    return lambda environment: environment.manager.casefold() == value


def _python(value: str, _now: float) -> Test:
    if not value:
        raise BadTermError("missing value, such as python:3.12 or python:pypy")
    if value == "unknown":
        return lambda environment: environment.python.version is None
    if not value[0].isdigit():
        return lambda environment: (environment.python.implementation or "") == value
    parts = value.rstrip(".").split(".")
    return lambda environment: (environment.python.version or "").split(".")[: len(parts)] == parts


def _status(value: str, _now: float) -> Test:
    if value in {"eol", "end-of-life", "end of life"}:
        return lambda environment: environment.python.end_of_life is not None
    if value == StatusOrder.ORPHAN:
        return lambda environment: environment.project.state is ProjectState.GONE
    if value == StatusOrder.UNMOUNTED:
        return lambda environment: environment.project.state is ProjectState.UNMOUNTED
    if value not in set(StatusOrder):
        raise BadTermError(f"use {', '.join(Status)}, orphan, unmounted or eol")
    return lambda environment: standing(environment) == value


def _project(value: str, _now: float) -> Test:
    if not value:
        raise BadTermError("use a name, none, gone or unmounted")
    if value in set(ProjectState):
        return lambda environment: environment.project.state == value
    return lambda environment: value in (environment.project.path or "").casefold()


def _base(value: str, _now: float) -> Test:
    if not value:
        raise BadTermError("missing base interpreter, such as base:/usr")

    def rests(environment: Environment) -> bool:
        python = environment.python
        return value in {each.casefold() for each in (python.base, python.base_executable) if each}

    return rests


def _seconds(value: str, example: str) -> float:
    match = _TIME.fullmatch(value)
    if match is None:
        raise BadTermError(f"use a number and h, d, w, m or y, such as {example}")
    return float(match[1]) * _HOURS[match[2].lower()] * 3600


def _unused(value: str, now: float) -> Test:
    limit = now - _seconds(value, "unused:90d")

    def unused(environment: Environment) -> bool:
        when = environment.last_used.when
        return when is not None and when <= limit

    return unused


def _used(value: str, now: float) -> Test:
    if value == "unknown":
        return lambda environment: environment.last_used.when is None
    limit = now - _seconds(value, "used:30d")

    def used(environment: Environment) -> bool:
        when = environment.last_used.when
        return when is not None and when > limit

    return used


def _bytes(value: str, example: str) -> Callable[[int], bool]:
    match = _SIZE.fullmatch(value)
    if match is None:
        raise BadTermError(f"use a number and a unit, such as {example}")
    unit = match[3].lower().rstrip("b")
    binary = unit.endswith("i")
    limit = float(match[2]) * (1024 if binary else 1000) ** _POWERS[unit.rstrip("i")]
    compare = _COMPARE[match[1] or ">="]
    return lambda count: compare(count, limit)


def _size(value: str, _now: float) -> Test:
    fits = _bytes(value, "size:>500MB")
    return lambda environment: environment.size is not None and fits(environment.size.disk_bytes)


def _frees(value: str, _now: float) -> Test:
    fits = _bytes(value, "frees:>500MB")
    return lambda environment: (
        environment.size is not None and fits(environment.size.reclaimable_bytes)
    )


def _health(value: str, _now: float) -> Test:
    if value == "ok":
        return lambda environment: environment.examined and not environment.findings
    if value == "unknown":
        return lambda environment: not (environment.examined or environment.findings)
    if value not in set(Severity):
        raise BadTermError(f"use {', '.join(Severity)}, ok or unknown")
    return lambda environment: worst_severity(environment) == value


def _check(value: str, _now: float) -> Test:
    if not value:
        raise BadTermError("missing name, such as check:missing-requirement")
    return lambda environment: any(one.check.startswith(value) for one in environment.findings)


_PACKAGE = "package"
_RUNS = re.compile(r"[-_.]+")
_FIELDS: Mapping[str, Callable[[str, float], Test]] = {
    "manager": _manager,
    "python": _python,
    "status": _status,
    "project": _project,
    "base": _base,
    "unused": _unused,
    "used": _used,
    "size": _size,
    "frees": _frees,
    "health": _health,
    "check": _check,
}
