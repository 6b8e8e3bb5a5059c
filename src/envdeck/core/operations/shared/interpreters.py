"""Interpreters to choose from, and how well each fits."""

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from envdeck.core.inspection.interpreters import base_of
from envdeck.core.model import Environment, Interpreter, minor_of
from envdeck.core.project.model import WantedPython
from envdeck.core.system import reach

_NUMBERS = re.compile(r"(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?")


@dataclass(frozen=True, slots=True)
class InterpreterOption:
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
) -> tuple[InterpreterOption, ...]:
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
) -> InterpreterOption:
    python = environment.python if environment else None
    same_minor = (
        python is not None
        and _interpreters_minor(python.version) is not None
        and _interpreters_minor(python.version) == _interpreters_minor(one.version)
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
    return InterpreterOption(
        one, same=same, same_minor=same_minor, fits=fits, reason=reason, exact=exact
    )


def _rank(choice: InterpreterOption) -> tuple[bool | int | str, ...]:
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
        *(-number for number in _interpreters_numbers(one.version)),
        one.externally_managed,
        one.executable,
    )


def _suits(choice: InterpreterOption) -> bool:
    asked = "the version the project asks for" in choice.reason
    return choice.fits and (asked or choice.interpreter.end_of_life is None)


def _fits(one: Interpreter, wanted: WantedPython) -> bool:
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


def _interpreters_numbers(version: str | None) -> tuple[int, int, int]:
    match = _NUMBERS.match(version or "")
    return (int(match[1]), int(match[2]), int(match[3] or 0)) if match else (0, 0, 0)


def _interpreters_minor(version: str | None) -> tuple[int, int] | None:
    match = _NUMBERS.match(version or "")
    return (int(match[1]), int(match[2])) if match else None


_FOLDER = re.compile(r"python(\d+\.\d+)(t?)\Z")
_VERSION = re.compile(r"\d+(?:\.\d+){0,2}\S*\Z")


@dataclass(frozen=True, slots=True)
class InterpreterRequest:
    """Which interpreter a person asked for: at most one of the two."""

    version: str | None = None
    path: str | None = None

    @classmethod
    def parse(cls, text: str | None) -> "InterpreterRequest":
        """Read a version (`3.11`, `3.11.9`) or a path."""
        if text is None:
            return cls()
        return cls(version=text) if _VERSION.match(text) else cls(path=text)

    def fits(self, interpreter: Interpreter) -> bool:
        """Tell whether an interpreter is what was asked for."""
        if self.path is not None:
            names = (interpreter.executable, *interpreter.aliases, interpreter.prefix)
            return self.path in names or reach.realpath(self.path) in names
        if self.version is None:
            return True
        known = interpreter.version or ""
        return known == self.version or known.startswith(f"{self.version}.")

    @property
    def text(self) -> str:
        """Return it as it was asked."""
        return self.version or self.path or ""


def package_minors(environment: Environment) -> set[str]:
    """Return the minor versions that the package folders are for: `3.13`, or `3.13t`."""
    found = set()
    for folder in environment.site_packages:
        match = _FOLDER.match(os.path.basename(os.path.dirname(folder)))
        if match:
            found.add(match[1] + match[2])
    return found


@dataclass(frozen=True, slots=True)
class NoBase:
    """Why there is no base."""

    reason: str
    other: str | None = None
    """The version that was asked for, where it is there and of another minor version."""


def choose_base(
    environment: Environment,
    interpreters: Sequence[Interpreter],
    minor: str,
    wanted: InterpreterRequest,
) -> Interpreter | NoBase:
    """Return the best interpreter of that minor version, or why there is none.

    Free-threaded builds (`3.13t`) are a version of their own: their packages do not go together
    with those of the others. Best is the newest patch release; of two alike that from where the
    present base is, then the one first found.
    """
    asked = [one for one in interpreters if wanted.fits(one)]
    alike = [one for one in asked if _bases_minor(one) == minor]
    fitting = [one for one in alike if _usable(one)]
    if fitting:
        return max(fitting, key=lambda one: (_bases_numbers(one.version), _near(environment, one)))
    if alike:
        return NoBase(f"{alike[0].executable} cannot be used as a base")
    if wanted.text and asked:
        other = _bases_minor(asked[0]) or "of no known version"
        return NoBase(f"its packages are for {minor}, and {wanted.text} is {other}", other)
    return NoBase(f"no interpreter {wanted.text or minor} was found")


def _usable(interpreter: Interpreter) -> bool:
    return (
        interpreter.implementation in (None, "cpython")
        and can_stand(interpreter.executable)
        and can_stand(interpreter.prefix)
        and reach.access(interpreter.executable, os.X_OK)
    )


def _bases_minor(interpreter: Interpreter) -> str:
    minor = minor_of(interpreter.version)
    library = os.path.join(interpreter.prefix, "lib", f"python{minor}")
    return f"{minor}t" if reach.isdir(f"{library}t") and not reach.isdir(library) else minor


def _bases_numbers(version: str | None) -> tuple[bool, tuple[int, ...]]:
    """Return what sorts versions: releases above pre-releases of any number."""
    text = version or ""
    numbers = tuple(int(part) for part in re.findall(r"\d+", text)[:3])
    return re.search(r"(?:a|b|rc)\d", text) is None, numbers


def _near(environment: Environment, interpreter: Interpreter) -> int:
    """Return how much of its path an interpreter shares with the present base."""
    base = environment.python.base or environment.python.base_executable or ""
    pairs = zip(base.split(os.sep), interpreter.prefix.split(os.sep), strict=False)
    return len(list(takewhile(lambda pair: pair[0] == pair[1], pairs)))


def can_stand(path: str) -> bool:
    """Tell whether a path survives as a value: one line, and no blanks at its ends."""
    return path == path.strip() and not set(path) & {"\n", "\r", "\0"}
