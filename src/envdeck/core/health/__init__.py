"""One check per module: each takes an inspected environment and yields findings.

A module here with a function `check(environment) -> Iterator[Finding]` is a check; nothing
else has to be touched to add one.
"""

import pkgutil
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from typing import TypeAlias

from envdeck.core.model import Environment, Finding

Check: TypeAlias = Callable[[Environment], Iterator[Finding]]


@cache
def all_checks() -> tuple[Check, ...]:
    """Return every check, in the order of their names."""
    return tuple(
        import_module(f"{__name__}.{module.name}").check
        for module in sorted(pkgutil.iter_modules(__path__), key=lambda module: module.name)
    )


def examine(environment: Environment) -> tuple[Finding, ...]:
    """Return what all the checks find, errors first."""
    found = [finding for check in all_checks() for finding in check(environment)]
    order = {"error": 0, "warning": 1, "note": 2}
    return tuple(sorted(found, key=lambda finding: order[finding.severity]))
