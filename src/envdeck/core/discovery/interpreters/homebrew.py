"""Interpreters that Homebrew poured, on macOS and on Linux."""

import os
from collections.abc import Iterator
from typing import ClassVar

from envdeck.core.discovery.interpreters.landmarks import children
from envdeck.core.discovery.interpreters.source import Source
from envdeck.core.host import Host
from envdeck.core.model import Unreadable


class Homebrew(Source):
    """`Cellar/python@3.12/3.12.4`, to which `opt/python@3.12` is a link; a framework in it on
    macOS."""

    name: ClassVar[str] = "homebrew"
    rank: ClassVar[int] = 60

    def prefixes(self, host: Host) -> Iterator[str | Unreadable]:
        """Yield each keg, and the framework's versions in it."""
        for cellar in _cellars(host):
            for formula in children(cellar):
                if isinstance(formula, Unreadable):
                    yield formula
                elif os.path.basename(formula).startswith(("python", "pypy", "graalpy")):
                    yield from _in_formula(formula)

    def steady_link(self, prefix: str) -> str | None:
        """Return `opt/python@3.12` for `Cellar/python@3.12/3.12.4`, and what lies in it there."""
        top, cellar, keg = prefix.rpartition(f"{os.sep}Cellar{os.sep}")
        formula, *inner = keg.split(os.sep)
        return os.path.join(top, "opt", formula, *inner[1:]) if cellar and inner else None


def _cellars(host: Host) -> Iterator[str]:
    if folder := host.folder("HOMEBREW_CELLAR"):
        yield folder
    if host.macos:
        yield host.system("opt", "homebrew", "Cellar")
        yield host.system("usr", "local", "Cellar")
    elif not host.windows:
        yield host.system("home", "linuxbrew", ".linuxbrew", "Cellar")


def _in_formula(formula: str) -> Iterator[str | Unreadable]:
    for keg in children(formula):
        yield keg
        if not isinstance(keg, Unreadable):
            yield os.path.join(keg, "libexec")  # PyPy
            yield from children(os.path.join(keg, "Frameworks", "Python.framework", "Versions"))


HOMEBREW = Homebrew()
