"""Which installed distributions could be upgraded, and how far."""

import re
from collections.abc import Mapping, Sequence

from envdeck.core.model import Distribution, Environment, Status
from envdeck.core.operations.engine.failure import Failure, FailureKind
from envdeck.core.operations.engine.uv_formats import Change
from envdeck.core.operations.upgrading.candidate import Candidate, Candidates, Level, Resolver
from envdeck.core.operations.upgrading.installed import (
    SEEDS,
    Installed,
    excluding,
    take_apart,
)
from envdeck.core.operations.upgrading.levels import level

_DEPENDS = re.compile(r"(\S+) (?:depends on|requires) ([A-Za-z0-9-]+) ?([<>=!~][^\s;]*[^\s;,.])")
"""As uv derives a conflict: `sphinx>=9.0.0,<=9.0.4 depends on docutils>=0.20,<0.23`."""
_PRESELECTED = frozenset({Level.PATCH, Level.MINOR})


def candidates(
    environment: Environment, distributions: Sequence[Distribution], resolver: Resolver
) -> Candidates | Failure:
    """Return every installed name for which something newer exists, with how far it can go.

    The targets come from one plan over everything installed, in which all that an index can
    replace may move, and only up. The newest releases come from the index. Where a target
    stays below the newest, it is told who requires that, as far as the metadata of what is
    installed says so; :func:`why_held` asks the resolver.
    """
    if failure := not_running(environment):
        return failure
    installed = take_apart(environment, distributions)
    plan = plan_all(installed, resolver)
    if isinstance(plan, Failure):
        return plan
    latest = resolver.latest()
    if isinstance(latest, Failure):
        return latest
    targets = targets_of(plan, installed)
    newest = {name: _later(target, latest.get(name, target)) for name, target in targets.items()}
    rows = [name for name in sorted(targets) if newest[name] != installed.movable[name]]
    short = {name: newest[name] for name in rows if newest[name] != targets[name]}
    held = excluding(installed, short, targets)
    days = resolver.released({name: targets[name] for name in rows})
    return Candidates(
        tuple(
            Candidate(
                name,
                installed.movable[name],
                targets[name],
                newest[name],
                level(installed.movable[name], _reached(installed, targets[name], newest, name)),
                held.get(name, ()),
                days.get(name),
                name in SEEDS,
            )
            for name in rows
        ),
        installed.fixed,
        len(targets) - len(rows),
    )


def preselected(found: Candidates) -> dict[str, str]:
    """Return the names and targets that a picker marks at first: patch and minor, not major,
    and nothing whose level cannot be told."""
    return {
        row.name: row.target for row in found.rows if row.upgradable and row.level in _PRESELECTED
    }


def why_held(
    environment: Environment,
    distributions: Sequence[Distribution],
    row: Candidate,
    resolver: Resolver,
) -> str:
    """Return in words why a name does not get to its newest release, asked of the resolver.

    It costs one more plan, so it is for the row that a person looks at. Empty where the newest
    can be had after all, when something else stays behind for it.
    """
    installed = take_apart(environment, distributions)
    others = [name for name in installed.movable if name != row.name]
    answer = resolver.plan(
        installed.names,
        [
            *installed.exactly(installed.kept),
            *installed.at_least(others),
            f"{row.name}=={row.latest}",
        ],
        sorted(installed.movable),
    )
    return reason_in(answer.cause, row) if isinstance(answer, Failure) else ""


def reason_in(words: str, row: Candidate) -> str:
    """Return what a resolver's derivation says of one name, as one phrase.

    Of the requirements in it that counts which lets the target be and the newest not:
    `poetry>=2.4.0 requires findpython>=0.6.2,<0.9.0`; else what the newest asks of Python. A
    derivation without either is returned as it is.
    """
    for who, name, bounds in _DEPENDS.findall(words):
        if name == row.name and _lets(bounds, row.target) and not _lets(bounds, row.latest):
            return f"{who} requires {name}{bounds}"
    for who, name, bounds in _DEPENDS.findall(words):
        if name == "Python" and who.startswith(f"{row.name}="):
            return f"{row.name} {row.latest} requires Python{bounds}"
    return words


def _lets(bounds: str, version: str) -> bool:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        return SpecifierSet(bounds).contains(version, prereleases=True)
    except (InvalidSpecifier, ValueError):
        return False


def plan_all(
    installed: Installed, resolver: Resolver, wanted: Mapping[str, str] | None = None
) -> tuple[Change, ...] | Failure:
    """Return the plan in which all that can move may move up; of names in `wanted` the
    specifier there decides, and they may go down."""
    asked = wanted or {}
    return resolver.plan(
        installed.names,
        [
            *installed.exactly(installed.kept),
            *installed.at_least(name for name in installed.movable if name not in asked),
            *(name + specifier for name, specifier in asked.items()),
        ],
        sorted(installed.movable),
    )


def targets_of(plan: Sequence[Change], installed: Installed) -> dict[str, str]:
    """Return by name where each movable distribution ends."""
    after = {change.name: change.after for change in plan}
    return {name: after.get(name) or version for name, version in installed.movable.items()}


def not_running(environment: Environment) -> Failure | None:
    """Return why nothing can be planned where the interpreter does not run."""
    if environment.python.executable is None:
        return Failure(FailureKind.INTERPRETER, "it has no interpreter")
    if environment.status in (Status.BROKEN, Status.MIXED):
        return Failure(FailureKind.INTERPRETER, environment.reason, "repair or recreate it first")
    return None


def _reached(installed: Installed, target: str, newest: dict[str, str], name: str) -> str:
    return target if target != installed.movable[name] else newest[name]


def _later(first: str, second: str) -> str:
    """Return the later of two versions, the first one if the second is not readable."""
    from packaging.version import InvalidVersion, Version

    try:
        return second if Version(second) > Version(first) else first
    except (InvalidVersion, ValueError):
        return first
