"""The language of filters, for both front ends: words and terms such as `manager:uv,poetry`."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import NamedTuple, TypeAlias, TypeVar

from envdeck.core import lazy_versions as packaging
from envdeck.core.discovery.managers import manager_names
from envdeck.core.model import Environment, ProjectState, Severity, Status
from envdeck.core.system.words import find_nearest, read_bytes, read_seconds

SubjectT = TypeVar("SubjectT")
Test: TypeAlias = Callable[[Environment], bool]
Matches: TypeAlias = Callable[[str | None], bool]
"""Whether a version, None for one that is not known, is wanted."""
Versions: TypeAlias = Mapping[str, tuple[str, ...]]
"""The versions of installed packages by their names (PEP 503)."""

PACKAGES, DRIFT = "packages", "drift"
"""What a query may need that no record holds."""


class Contents(NamedTuple):
    """What a query had read of an environment; None: not read."""

    packages: Versions | None = None
    drift: bool | None = None
    """Whether its packages differ from what the project declares or locks."""

    def has(self, needs: Iterable[str]) -> bool:
        """Whether all that a query needs was read."""
        return all(getattr(self, need) is not None for need in needs)

    def joined(self, newer: "Contents") -> "Contents":
        """Return this with what was read later in its place."""
        read = {name: value for name, value in newer._asdict().items() if value is not None}
        return self._replace(**read)


UNREAD = Contents()
ContentsTest: TypeAlias = Callable[[Contents], bool]


class Query(NamedTuple):
    """What is looked for. Everything must match; terms not understood are left out and named."""

    text: str = ""
    words: tuple[str, ...] = ()
    unwanted: tuple[str, ...] = ()
    """Words that must not be there."""
    tests: tuple[Test, ...] = ()
    contents: tuple[ContentsTest, ...] = ()
    """Tests of what was read for them, which :attr:`needs` names."""
    needs: frozenset[str] = frozenset()
    problems: tuple[str, ...] = ()
    """Why terms were left out, one sentence each."""
    doubts: tuple["UnknownValue", ...] = ()
    """Values that are none that is known; they match what has them all the same."""

    @classmethod
    def parse(cls, text: str, now: float, home: str = "") -> "Query":
        """Read a query, with ages from `now` and `~/` in `home`; see :attr:`problems`."""
        words: list[str] = []
        unwanted: list[str] = []
        tests: list[Test] = []
        contents: list[ContentsTest] = []
        needs: set[str] = set()
        problems: list[str] = []
        doubts: list[UnknownValue] = []
        for token in TOKEN.findall(text):
            term = token.removeprefix("!")
            negated = term != token
            try:
                found = _read_term(term, now)
            except BadTermError as problem:
                problems.append(str(problem))
                continue
            if found is None and term:  # else a negation is being typed
                word = term.replace('"', "")
                at_home = home and word.startswith("~/")  # as paths are shown
                word = (home + word[1:] if at_home else word).casefold()
                (unwanted if negated else words).append(word)
            elif found is not None and found.test is not None:
                doubts += found.doubts
                tests.append(partial(_differs, found.test) if negated else found.test)
            elif found is not None and found.contents is not None:
                contents.append(partial(_differs, found.contents) if negated else found.contents)
                needs.add(found.need)
        return cls(
            text.strip(),
            tuple(words),
            tuple(unwanted),
            tuple(tests),
            tuple(contents),
            frozenset(needs),
            tuple(problems),
            tuple(doubts),
        )

    def __bool__(self) -> bool:
        """Whether it narrows anything."""
        return bool(self.words or self.unwanted or self.tests or self.contents)

    def matches(self, environment: Environment, text: str, contents: Contents = UNREAD) -> bool:
        """Whether an environment matches; `text` is its :func:`search_text`. What was not read
        yet matches nothing, and no negation either."""
        return (
            all(word in text for word in self.words)
            and not any(word in text for word in self.unwanted)
            and all(test(environment) for test in self.tests)
            and (not self.needs or contents.has(self.needs))
            and all(test(contents) for test in self.contents)
        )

    def doubt(self, environments: Iterable[Environment]) -> str:
        """Return that no such value is known, where none of some environments has it."""
        known = list(environments) if self.doubts else []
        return next((one.text for one in self.doubts if not any(map(one.test, known))), "")


def _differs(test: Callable[[SubjectT], bool], subject: SubjectT) -> bool:
    return not test(subject)


def search_text(environment: Environment) -> str:
    """Return the text of an environment in which plain words are searched, folded."""
    return "\n".join(
        (
            environment.path,
            environment.name,
            environment.manager,
            environment.python.implementation or "",
            environment.python.version or "",
            *environment.states,
            environment.project.path or "",
        )
    ).casefold()


class BadTermError(ValueError):
    """A term that cannot be understood; its text says why."""


class UnknownValue(NamedTuple):
    """A value that is none that is known."""

    test: Test
    text: str


class Term(NamedTuple):
    """What one term asks: of the record, or of what is read for it."""

    test: Test | None = None
    contents: ContentsTest | None = None
    need: str = ""
    doubts: tuple[UnknownValue, ...] = ()


class FilterField(NamedTuple):
    """What may stand before a colon."""

    read: Callable[[str, float], Test]
    """Makes a test of one value, and the time that ages are counted from."""
    joins: str = ""
    """Signs with which a value behind a comma goes on with the one before: a range."""
    offers: tuple[str, ...] = ()
    """Values that are proposed."""
    known: Callable[[], Iterable[str]] | None = None
    """Returns the names that a value can be, or begin with where it names a check."""


TOKEN = re.compile(r'(?:[^\s"]|"[^"]*"?)+')
"""A word or a term."""
_VALUE = re.compile(r'(?:[^,"]|"[^"]*"?)+')
_NAME = re.compile(r"[A-Za-z][A-Za-z_-]+")
"""What could be meant as a term; `C:` is a drive, and a quoted word is a word."""
_OPERATORS = "<>=!~"
_END_OF_LIFE = "end of life"


def _read_term(token: str, now: float) -> Term | None:
    """Return what a term asks; None for a plain word. Raises :class:`BadTermError`."""
    name, colon, text = token.partition(":")
    folded = name.casefold()
    if folded == "eol" and not colon:
        return Term(_status("eol", now))
    if folded == DRIFT and not colon:
        return Term(contents=lambda contents: bool(contents.drift), need=DRIFT)
    compared = re.fullmatch(r"([a-z]+)([<>=!~].*)", "" if colon else folded, re.DOTALL)
    if compared is not None and compared[1] in TERMS:  # as is written elsewhere: `python>=3.11`
        meant = ":".join(compared.groups())
        raise BadTermError(f"{compared[1]}: missing colon (did you mean {meant}?)")
    if not colon or not _NAME.fullmatch(name):
        return None
    if folded == _PACKAGE:
        return Term(contents=_packages(_split(text, _OPERATORS)), need=PACKAGES)
    field = FIELDS.get(folded)
    if field is None:
        near = [known for known in TERMS if known.startswith(folded)]
        near = near or find_nearest(folded, TERMS, least=0.5)
        hint = f" (did you mean {near[0]}:?)" if near else ""
        raise BadTermError(f"unknown filter {name}:{hint}")
    values = _split(text, field.joins) or [""]
    try:
        tests = [field.read(value, now) for value in values]
    except BadTermError as problem:
        raise BadTermError(f"{folded}: {problem}") from None
    found = zip(values, tests, strict=True)
    doubts = tuple(one for each in found for one in _doubts(folded, field, *each))
    if len(tests) == 1:
        return Term(tests[0], doubts=doubts)
    return Term(lambda environment: any(test(environment) for test in tests), doubts=doubts)


def _doubts(name: str, field: FilterField, value: str, test: Test) -> Iterator[UnknownValue]:
    if field.known is None or not value[0].isalpha() or value == "unknown":
        return
    known = list(field.known())
    begins = name == "check" and any(each.startswith(value) for each in known)
    if value not in known and not begins:
        near = find_nearest(value, known)
        what = "implementation" if name == "python" else name
        hint = f" (did you mean {near[0]}?)" if near else ""
        yield UnknownValue(test, f"no {what} `{value}`{hint}")


def _split(text: str, joins: str) -> list[str]:
    """Return the values between commas, folded; quotes keep a comma."""
    values: list[str] = []
    for part in _VALUE.findall(text):
        value = part.replace('"', "").strip().casefold()
        if values and value[:1] and value[0] in joins and not values[-1][-1:].isspace():
            values[-1] += f",{value}"
        elif value:
            values.append(value)
    return values


# the terms


def _manager(value: str, _now: float) -> Test:
    if not value:
        raise BadTermError("missing value, such as manager:uv")
    return lambda environment: environment.manager.casefold() == value


_IMPLEMENTATIONS = ("cpython", "graalpy", "pypy", "python")
_LONGEST = 200
"""Characters of a range; a number of thousands of digits is none that Python reads."""
_PLAIN = re.compile(r"[0-9]+(\.[0-9]+){0,2}([a-z]+[0-9]+)?")


def _python(value: str, _now: float) -> Test:
    if not value:
        raise BadTermError("missing value, such as python:3.12, python:>=3.11 or python:pypy")
    if value == "unknown":
        return lambda environment: environment.python.version is None
    if value[0].isdigit() or value[0] in _OPERATORS:
        matches = read_python(value.rstrip("."))
        return lambda environment: matches(environment.python.version)
    return lambda environment: (environment.python.implementation or "") == value


def read_python(spec: str) -> Matches:
    """Return the test for `3.12` (that and all that begin so) or `>=3.10,<3.12` (PEP 440).

    Raises :class:`BadTermError` for anything else.
    """
    text = spec.strip().lower()
    if _PLAIN.fullmatch(text):
        wanted = text.split(".")
        return lambda version: version is not None and version.split(".")[: len(wanted)] == wanted
    if len(spec) > _LONGEST:
        raise BadTermError("version or range is too long")
    if not text:
        raise BadTermError("a version is required, such as 3.12 or >=3.10,<3.12")
    matches = _specified(spec)
    if matches is None:
        raise BadTermError(f"invalid version or range `{spec}`; use 3.12 or >=3.10,<3.12")
    return matches


def _specified(text: str) -> Matches | None:
    """Return the test for a range (PEP 440), None where it is none; pre-releases count, since they
    are installed."""
    try:
        wanted = packaging.SpecifierSet(text)
    except packaging.InvalidSpecifier:
        return None

    def matches(found: str | None) -> bool:
        try:
            return wanted.contains(packaging.Version(found or ""), prereleases=True)
        except ValueError:  # not valid, or of more digits than Python reads
            return False

    return matches


def _status(value: str, _now: float) -> Test:
    state = _END_OF_LIFE if value in {"eol", "end-of-life"} else value
    if state not in {*Status, "orphan", "unmounted", _END_OF_LIFE}:
        raise BadTermError(f"use {', '.join(Status)}, orphan, unmounted or eol")
    return lambda environment: state in environment.states


def _project(value: str, _now: float) -> Test:
    if not value:
        raise BadTermError("use a name, none, gone or unmounted")
    if value in set(ProjectState):
        return lambda environment: environment.project.state == value
    return lambda environment: value in (environment.project.path or "").casefold()


def _base(value: str, _now: float) -> Test:
    if not value:
        raise BadTermError("missing base interpreter, such as base:/usr")
    return lambda one: (
        value in {each.casefold() for each in (one.python.base, one.python.base_executable) if each}
    )


_COMPARED = re.compile(r"(>=|<=|>|<|=)?\s*(.*)", re.DOTALL)
_COMPARE: Mapping[str, Callable[[int, float], bool]] = {
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    "=": lambda left, right: left == right,
}


def _moment(value: str, now: float, example: str) -> float:
    seconds = read_seconds(value)
    if seconds is None:
        raise BadTermError(f"use a number and h, d, w, m or y, such as {example}")
    return now - seconds


def _unused(value: str, now: float) -> Test:
    limit = _moment(value, now, "unused:90d")
    return lambda environment: (
        environment.last_used.when is not None and environment.last_used.when <= limit
    )


def _used(value: str, now: float) -> Test:
    if value == "unknown":
        return lambda environment: environment.last_used.when is None
    limit = _moment(value, now, "used:30d")
    return lambda environment: (
        environment.last_used.when is not None and environment.last_used.when > limit
    )


def _fits(value: str, example: str) -> Callable[[int], bool]:
    compared: list[tuple[Callable[[int, float], bool], float]] = []
    for part in value.split(","):
        found = _COMPARED.fullmatch(part)
        limit = None if found is None else read_bytes(found[2])
        if found is None or limit is None:
            raise BadTermError(f"use a number and a unit, such as {example}")
        compared.append((_COMPARE[found[1] or ">="], limit))
    return lambda count: all(compare(count, limit) for compare, limit in compared)


def _size(value: str, _now: float) -> Test:
    fits = _fits(value, "size:>500MB")
    return lambda environment: environment.size is not None and fits(environment.size.disk_bytes)


def _frees(value: str, _now: float) -> Test:
    fits = _fits(value, "frees:>500MB")
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
    return lambda environment: environment.worst_severity == value


def _check(value: str, _now: float) -> Test:
    if not value:
        raise BadTermError("missing name, such as check:missing-requirement")
    return lambda environment: any(one.check.startswith(value) for one in environment.findings)


def known_checks() -> frozenset[str]:
    """Return the names of all checks."""
    # start-up: the checks are many, and few filters name one
    from envdeck.core.health.examine import NAMES

    return NAMES


_PACKAGE = "package"
_REQUIREMENT = re.compile(r"([a-z0-9](?:[a-z0-9._-]*[a-z0-9])?)\s*(.*)", re.DOTALL)
_RUNS = re.compile(r"[-_.]+")


def _packages(values: list[str]) -> ContentsTest:
    tests = [_package(value) for value in values]
    if not tests:
        raise BadTermError("package: missing name, such as package:requests or package:pandas<2")
    return lambda contents: any(test(contents.packages or {}) for test in tests)


def _package(value: str) -> Callable[[Versions], bool]:
    found = _REQUIREMENT.fullmatch(value)
    matches = None if found is None or len(value) > _LONGEST else _specified(found[2])
    if found is None or matches is None:
        raise BadTermError(f"package: `{value}` is not a name with versions, such as pandas<2")
    name = _RUNS.sub("-", found[1])
    if not found[2]:
        return lambda packages: name in packages
    return lambda packages: any(map(matches, packages.get(name, ())))


_AGES = ("30d", "90d", "180d", "1y")
_SIZES = (">100MB", ">500MB", ">1GB")
_STATES = ("ok", "broken", "moved", "mixed", "suspect", "orphan", "unmounted", "eol")
FIELDS: Mapping[str, FilterField] = {
    "manager": FilterField(_manager, known=manager_names),
    "python": FilterField(_python, _OPERATORS, known=lambda: _IMPLEMENTATIONS),
    "status": FilterField(_status, offers=_STATES),
    "project": FilterField(_project, offers=("none", "gone", "unmounted")),
    "base": FilterField(_base),
    "unused": FilterField(_unused, offers=_AGES),
    "used": FilterField(_used, offers=(*_AGES, "unknown")),
    "size": FilterField(_size, _OPERATORS, _SIZES),
    "frees": FilterField(_frees, _OPERATORS, _SIZES),
    "health": FilterField(_health, offers=(*Severity, "ok", "unknown")),
    "check": FilterField(_check, known=known_checks),
}
TERMS = (*FIELDS, _PACKAGE)
"""What may stand before a colon."""
BARE_TERMS = ("eol", DRIFT)
"""Terms without a value."""
