"""The environment that markers are evaluated for (PEP 508): the *target's* interpreter.

Our own interpreter would answer for itself: `python_version < "3.9"` holds in an environment of
3.8 whatever we run on. What belongs to the machine is the same for every environment on its disk.
"""

import os
import platform
import re
import sys
from dataclasses import dataclass
from functools import lru_cache

from envdeck.core.model import Python

_VERSION = re.compile(r"(\d{1,4}\.\d{1,4})(\.\d{1,4}\S{0,32})?\Z")
_NAMES = {"cpython": "CPython", "pypy": "PyPy", "graalpy": "GraalVM", "jython": "Jython"}


@dataclass(frozen=True, slots=True)
class Machine:
    """What markers may ask of the machine."""

    os_name: str
    sys_platform: str
    platform_machine: str
    platform_release: str
    platform_system: str
    platform_version: str

    @classmethod
    @lru_cache(maxsize=1)
    def current(cls) -> "Machine":
        """Return the machine we run on."""
        return cls(
            os.name,
            sys.platform,
            platform.machine(),
            platform.release(),
            platform.system(),
            platform.version(),
        )


@dataclass(frozen=True, slots=True)
class MarkerEnvironment:
    """The values of all marker variables but `extra`, and which of them are a guess."""

    variables: tuple[tuple[str, str], ...]
    doubtful: frozenset[str]
    """Variables whose value is not known for sure: nothing is called missing because of them."""

    def doubts(self, marker: str) -> bool:
        """Tell whether a marker's text asks for a variable that is a guess."""
        return any(name in marker for name in self.doubtful)


def marker_environment(python: Python, machine: Machine | None = None) -> MarkerEnvironment:
    """Return what markers see in an environment with that interpreter.

    Where only the minor version is known, `python_full_version` is taken for its `.0`, and is
    doubtful; without any version, or without an implementation, whatever depends on it is.
    """
    facts = machine or Machine.current()
    match = _VERSION.match(python.version or "")
    doubtful = {"implementation_version"}
    if match is None:
        minor = full = "0"
        doubtful |= {"python_version", "python_full_version"}
    else:
        minor, full = match[1], match[1] + (match[2] or ".0")
        if match[2] is None:
            doubtful.add("python_full_version")
    implementation = python.implementation or "cpython"
    if python.implementation is None:
        doubtful |= {"implementation_name", "platform_python_implementation"}
    elif implementation == "cpython" and match is not None and match[2] is not None:
        doubtful.discard("implementation_version")
    variables = {
        "implementation_name": implementation,
        "implementation_version": full,
        "os_name": facts.os_name,
        "platform_machine": facts.platform_machine,
        "platform_python_implementation": _NAMES.get(implementation, implementation.title()),
        "platform_release": facts.platform_release,
        "platform_system": facts.platform_system,
        "platform_version": facts.platform_version,
        "python_full_version": full,
        "python_version": minor,
        "sys_platform": facts.sys_platform,
    }
    return MarkerEnvironment(tuple(variables.items()), frozenset(doubtful))
