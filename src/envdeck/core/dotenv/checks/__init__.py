"""One check a module: each takes a project's files as they were read, and yields findings.

A module here with a function `check(looked) -> Iterator[DotenvFinding]` is a check; nothing else
has to be touched to add one. Words of a finding name keys, and never what stands behind them.
"""

import pkgutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from importlib import import_module
from typing import TypeAlias

from envdeck.core.dotenv.looked import Looked
from envdeck.core.dotenv.model import DotenvFinding

Check: TypeAlias = Callable[[Looked], Iterator[DotenvFinding]]

_MANY = 100
"""So many findings of one check in one file are told one by one."""
_ORDER = {"error": 0, "warning": 1, "note": 2}


@cache
def all_checks() -> tuple[Check, ...]:
    """Return every check, in the order of their names."""
    return tuple(
        import_module(f"{__name__}.{module.name}").check
        for module in sorted(pkgutil.iter_modules(__path__), key=lambda module: module.name)
    )


def examine(looked: Looked) -> tuple[DotenvFinding, ...]:
    """Return what all the checks find: errors first, then by file and line."""
    places = {file.path: place for place, file in enumerate(looked.files)}
    found = [finding for check in all_checks() for finding in _told(check(looked))]
    return tuple(
        sorted(
            found,
            key=lambda one: (
                _ORDER[one.severity],
                places.get(one.file, len(places)),
                one.file,
                one.line or 0,
            ),
        )
    )


def _told(findings: Iterator[DotenvFinding]) -> Iterator[DotenvFinding]:
    """Yield findings of one check, of a file's that go on and on the first ones and how many
    there are besides."""
    counts: Counter[str] = Counter()
    after: dict[str, DotenvFinding] = {}
    for finding in findings:
        counts[finding.file] += 1
        if counts[finding.file] <= _MANY:
            yield finding
        else:
            after.setdefault(finding.file, finding)
    for file, first in after.items():
        count = counts[file] - _MANY
        lines = "line is" if count == 1 else "lines are"
        yield replace(first, message=f"{count:,} more {lines} like that, from this one on")
