"""Which of the interpreters found an environment could rest on, and which is proposed."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from envdeck.core.inspection.dependants import base_of
from envdeck.core.model import Environment, Interpreter
from envdeck.core.project.model import WantedPython

_NUMBERS = re.compile(r"(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?")


@dataclass(frozen=True, slots=True)
class Choice:
    """One interpreter that may be chosen."""

    interpreter: Interpreter
    proposed: bool = False
    same: bool = False
    """The base that the environment rests on now, by whichever link."""
    same_minor: bool = False
    fits: bool = True
    """Whether the project's files allow it."""
    reason: str = ""
    """A few words: `the base it has`, `support ended on 2025-10-31`."""
    path: str | None = None
    """The link by which a person named it, if so."""
    exact: bool = False
    """Whether one patch release of it is asked for, by a person or by the project."""


def interpreters_for(
    environment: Environment | None,
    interpreters: Iterable[Interpreter],
    wanted: WantedPython | None = None,
) -> tuple[Choice, ...]:
    """Return the interpreters in the order of choice; at most one is proposed, the first.

    Proposed is the base it has; else the newest of the same minor version and implementation;
    else the newest that the project's version file asks for; else the newest that it allows and
    that is still supported. What asks for nothing takes CPython.
    """
    wanted = wanted or WantedPython()
    known = [one for one in interpreters if one.version]
    base = base_of(environment, known) if environment is not None else None
    ranked = sorted(
        ((_rank(choice), choice) for choice in (
            _choice(environment, one, wanted, is_base=one is base) for one in known
        )),
        key=lambda pair: pair[0],
    )  # fmt: skip
    choices = [choice for _, choice in ranked]
    if choices and (choices[0].same or choices[0].same_minor or _suits(choices[0])):
        choices[0] = replace(choices[0], proposed=True)
    return tuple(choices)


def _choice(
    environment: Environment | None, one: Interpreter, wanted: WantedPython, *, is_base: bool
) -> Choice:
    python = environment.python if environment else None
    same_minor = (
        python is not None
        and _minor(python.version) is not None
        and _minor(python.version) == _minor(one.version)
        and (python.implementation or "cpython") == (one.implementation or "cpython")
    )
    same = same_minor and is_base
    fits, asked = _fits(one, wanted), _is_asked(one, wanted)
    if same:
        reason = "the base it has"
    elif same_minor:
        reason = "the same minor version"
    elif not fits:
        reason = f"the project asks for {wanted.specifier}"
    elif asked:
        reason = "the version the project asks for"
    else:
        reason = ""
    if one.end_of_life:
        ended = f"support ended in {one.end_of_life}"
        if one.end_of_life.count("-") > 1:
            ended = f"support ended on {one.end_of_life}"
        reason = f"{reason}, {ended}" if reason else ended
    exact = asked and (wanted.exact or "").count(".") > 1
    return Choice(one, same=same, same_minor=same_minor, fits=fits, reason=reason, exact=exact)


def _rank(choice: Choice) -> tuple[bool | int | str, ...]:
    one = choice.interpreter
    asked = "the version the project asks for" in choice.reason
    return (
        not choice.same,
        not choice.same_minor,
        not choice.fits,
        not asked,
        one.end_of_life is not None,
        (one.implementation or "cpython") != "cpython",
        _is_prerelease(one),
        *(-number for number in _numbers(one.version)),
        one.externally_managed,
        one.executable,
    )


def _suits(choice: Choice) -> bool:
    asked = "the version the project asks for" in choice.reason
    return choice.fits and (asked or choice.interpreter.end_of_life is None)


def _fits(one: Interpreter, wanted: WantedPython) -> bool:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet
    from packaging.version import InvalidVersion, Version

    if not wanted.specifier or one.version is None:
        return True
    try:
        version = Version(one.version)
        return SpecifierSet(wanted.specifier).contains(version, prereleases=True)
    except (InvalidSpecifier, InvalidVersion, ValueError):
        return True  # the benefit of the doubt: the tool that reads it will say


def _is_asked(one: Interpreter, wanted: WantedPython) -> bool:
    if wanted.exact is None or one.version is None:
        return False
    implementation = wanted.implementation or "cpython"
    if (one.implementation or "cpython") != implementation:
        return False
    asked = wanted.exact.split(".")
    return one.version.split(".")[: len(asked)] == asked


def _is_prerelease(one: Interpreter) -> bool:
    return bool(re.search(r"\d(a|b|rc)\d", one.version or ""))


def _numbers(version: str | None) -> tuple[int, int, int]:
    match = _NUMBERS.match(version or "")
    return (int(match[1]), int(match[2]), int(match[3] or 0)) if match else (0, 0, 0)


def _minor(version: str | None) -> tuple[int, int] | None:
    match = _NUMBERS.match(version or "")
    return (int(match[1]), int(match[2])) if match else None
