"""What is installed, as an upgrade sees it: what may move, what stays, and what is broken now."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from envdeck.core.inspection.marker_environment import marker_environment
from envdeck.core.inspection.requirement_graph import requirement_graph
from envdeck.core.inspection.requirements import parse_requirement
from envdeck.core.model import Distribution, Environment
from envdeck.core.operations.upgrading.candidate import Fixed

SEEDS = frozenset({"pip", "setuptools", "wheel"})
"""What creators put into an environment by themselves."""

_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*\Z")


@dataclass(frozen=True, slots=True)
class Installed:
    """The distributions of an environment, taken apart by what an upgrade may do with them."""

    environment: Environment
    distributions: tuple[Distribution, ...]
    movable: Mapping[str, str]
    """Versions by name of what an index can replace."""
    kept: Mapping[str, str]
    """Versions by name of what stays, and that the resolver must know of."""
    fixed: tuple[Fixed, ...]
    """All that stays, with the reason."""
    broken: frozenset[str]
    """Names of which something here already requires another version than is installed, or
    that it misses; they may go anywhere, down included."""

    @property
    def names(self) -> list[str]:
        """Return the names that the resolver plans over."""
        return sorted({*self.movable, *self.kept})

    def exactly(self, names: Iterable[str]) -> list[str]:
        """Return constraints that hold names at what is installed."""
        every = {**self.movable, **self.kept}
        return [f"{name}=={every[name]}" for name in names]

    def at_least(self, names: Iterable[str]) -> list[str]:
        """Return constraints that let names go up only: without them, a resolver that finds no
        way with newer releases tries those of years ago, for a minute."""
        return [f"{name}>={self.movable[name]}" for name in names if name not in self.broken]


def take_apart(environment: Environment, distributions: Sequence[Distribution]) -> Installed:
    """Return what may move in an environment and what may not."""
    times = Counter(row.name for row in distributions)
    movable: dict[str, str] = {}
    kept: dict[str, str] = {}
    fixed: dict[str, Fixed] = {}
    for row in distributions:
        version = _version(row)
        if times[row.name] > 1:
            fixed[row.name] = Fixed(row.name, row.version, "is installed more than once")
        elif version is None:
            fixed[row.name] = Fixed(
                row.name, row.version, "has a name or version that no index knows"
            )
        elif reason := _reason(row):
            fixed[row.name] = Fixed(row.name, row.version, reason)
            kept[row.name] = version
        else:
            movable[row.name] = version
    unmet = unmet_requirements(environment, distributions)
    return Installed(
        environment,
        tuple(distributions),
        movable,
        kept,
        tuple(fixed[name] for name in sorted(fixed)),
        frozenset(name for names in unmet.values() for name, _text in names),
    )


def unmet_requirements(
    environment: Environment,
    distributions: Sequence[Distribution],
    versions: Mapping[str, str] | None = None,
) -> dict[str, set[tuple[str, str]]]:
    """Return by name what each distribution requires and has not: names and requirements.

    `versions` are versions by name that count in place of the installed ones; names that are
    not installed are added. Markers are evaluated for the environment's own interpreter. What
    is inherited from system packages is not seen, and shows as unmet before and after alike.
    """
    other = versions or {}
    rows = [
        replace(row, version=other[row.name]) if row.name in other else row for row in distributions
    ]
    new = {name: [version] for name, version in other.items()}
    graph = requirement_graph(rows, marker_environment(environment.python), new)
    found: dict[str, set[tuple[str, str]]] = {}
    for row, needs in zip(rows, graph, strict=True):
        for text in needs.missing:
            requirement = parse_requirement(text)
            if requirement is not None:
                found.setdefault(row.name, set()).add((requirement.name, text))
    return found


def excluding(
    installed: Installed,
    versions: Mapping[str, str],
    reached: Mapping[str, str] | None = None,
) -> dict[str, tuple[str, ...]]:
    """Return by name who of the installed would not have it at the version given, in phrases:
    `requests 2.28.1 requires urllib3<1.27`. Names that nobody excludes are left out.

    `reached` are the versions that a plan gets to instead. Who would not have those either moves
    in that plan, so its requirements of today explain nothing, and it is left out.
    """
    unmet = unmet_requirements(installed.environment, installed.distributions, versions)
    past = unmet_requirements(installed.environment, installed.distributions, reached or {})
    at = {row.name: row.version for row in installed.distributions}
    found: dict[str, list[str]] = {}
    for who in sorted(unmet):
        told = unmet[who] - past.get(who, set()) if reached else unmet[who]
        for name, text in sorted(told):
            if name in versions and who != name:
                found.setdefault(name, []).append(f"{who} {at[who]} requires {text}")
    return {name: tuple(phrases) for name, phrases in found.items()}


def _version(row: Distribution) -> str | None:
    """Return the version in the form in which it can be asked for; None where it cannot."""
    from packaging.version import InvalidVersion, Version

    try:
        version = str(Version(row.version))
    except (InvalidVersion, ValueError):  # no version, or of more digits than Python reads
        return None
    return version if _NAME.match(row.name) else None


def _reason(row: Distribution) -> str:
    """Return why a distribution is not upgraded from an index, or an empty text."""
    if row.editable:
        return "is installed in place (editable)"
    if row.origin is not None:
        return f"was installed from {row.origin}"
    if "+" in row.version:
        return f"is a local build ({row.version})"
    if row.installer == "conda":
        return "was installed by conda"
    if not row.path.endswith(".dist-info"):
        return "has no record of its files (not installed from a wheel)"
    return ""
