"""Which of the interpreters found an environment can be put on."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from envdeck.core import reach
from envdeck.core.inspection.interpreter import minor_of
from envdeck.core.model import Environment, Interpreter

_FOLDER = re.compile(r"python(\d+\.\d+)(t?)\Z")
_VERSION = re.compile(r"\d+(?:\.\d+){0,2}\S*\Z")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which interpreter a person asked for: at most one of the two."""

    version: str | None = None
    path: str | None = None

    @classmethod
    def parse(cls, text: str | None) -> "Wanted":
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
    environment: Environment, interpreters: Sequence[Interpreter], minor: str, wanted: Wanted
) -> Interpreter | NoBase:
    """Return the best interpreter of that minor version, or why there is none.

    Free-threaded builds (`3.13t`) are a version of their own: their packages do not go together
    with those of the others. Best is the newest patch release; of two alike that from where the
    present base is, then the one first found.
    """
    asked = [one for one in interpreters if wanted.fits(one)]
    alike = [one for one in asked if _minor(one) == minor]
    fitting = [one for one in alike if _usable(one)]
    if fitting:
        return max(fitting, key=lambda one: (_numbers(one.version), _near(environment, one)))
    if alike:
        return NoBase(f"{alike[0].executable} cannot be used as a base")
    if wanted.text and asked:
        other = _minor(asked[0]) or "of no known version"
        return NoBase(f"its packages are for {minor}, and {wanted.text} is {other}", other)
    return NoBase(f"no interpreter {wanted.text or minor} was found")


def _usable(interpreter: Interpreter) -> bool:
    return (
        interpreter.implementation in (None, "cpython")
        and can_stand(interpreter.executable)
        and can_stand(interpreter.prefix)
        and reach.access(interpreter.executable, os.X_OK)
    )


def _minor(interpreter: Interpreter) -> str | None:
    minor = minor_of(interpreter.version)
    library = os.path.join(interpreter.prefix, "lib", f"python{minor}")
    return f"{minor}t" if reach.isdir(f"{library}t") and not reach.isdir(library) else minor


def _numbers(version: str | None) -> tuple[bool, tuple[int, ...]]:
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
