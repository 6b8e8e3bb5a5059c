"""What could be upgraded and how far."""

import os
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from packaging.requirements import Requirement
from packaging.version import InvalidVersion, Version

from envdeck.core.inspection.import_path import inherited_versions
from envdeck.core.inspection.packages.dependencies import requirement_graph
from envdeck.core.inspection.packages.requirements import (
    holds,
    marker_environment,
    parse_requirement,
    read_requirement,
    satisfied,
)
from envdeck.core.inspection.packages.site_packages import list_names, normalise
from envdeck.core.lazy_dataclasses import dataclass, replace
from envdeck.core.model import (
    SEED_PACKAGES,
    Distribution,
    Environment,
    PackageChange,
    ProjectState,
    Status,
)
from envdeck.core.operations.engine.failure import Failure, FailureKind
from envdeck.core.operations.engine.pip_configuration import constraint_files
from envdeck.core.operations.upgrade.model import (
    Fixed,
    Resolver,
    UpgradeCandidate,
    UpgradeCandidates,
    level,
)
from envdeck.core.project import DeclaredRequirement, Manifest
from envdeck.core.project.manifests.requirements_txt import read_requirements
from envdeck.core.project.project import project_overrides
from envdeck.core.system import reach
from envdeck.core.system.host import Host

_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*\Z")


@dataclass(frozen=True, slots=True)
class UpgradeBaseline:
    """The distributions of an environment, taken apart by what an upgrade may do with them."""

    environment: Environment
    distributions: tuple[Distribution, ...]
    movable: Mapping[str, str]
    """Versions by name of what an index can replace."""
    kept: Mapping[str, str]
    """Versions by name of what stays, and that the resolver must know of."""
    fixed: tuple[Fixed, ...]
    """All that stays, with the reason."""
    overrides: tuple[str, ...]
    """What counts in place of what anything requires of some names: what the project says; of
    those that are required from a URL, which no resolver takes from anything but a person, what is
    installed; of those that would be changed if they were so much as asked for, nothing."""
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

    def constrain_up(self, names: Iterable[str]) -> list[str]:
        """Return constraints that let names go up only: without them, a resolver that finds no
        way with newer releases tries those of years ago, for a minute."""
        return [f"{name}>={self.movable[name]}" for name in names if name not in self.broken]


def take_apart(environment: Environment, distributions: Sequence[Distribution]) -> UpgradeBaseline:
    """Return what may move in an environment and what may not."""
    times = Counter(row.name for row in distributions)
    by_url = _required_by_url(distributions)
    movable: dict[str, str] = {}
    kept: dict[str, str] = {}
    fixed: dict[str, Fixed] = {}
    hidden: set[str] = set()
    for row in distributions:
        version = normal_version(row)
        if times[row.name] > 1:
            fixed[row.name] = Fixed(row.name, row.version, "installed more than once")
            hidden.add(row.name)
        elif _is_hollow(row):
            fixed[row.name] = Fixed(row.name, row.version, "no METADATA")
            hidden.add(row.name)
        elif version is None:
            fixed[row.name] = Fixed(row.name, row.version, "name or version unknown to the index")
        elif reason := _reason(row) or by_url.get(row.name, ""):
            fixed[row.name] = Fixed(row.name, row.version, reason)
            kept[row.name] = version
        else:
            movable[row.name] = version
    unmet = unmet_requirements(environment, distributions)
    held = sorted(name for name in {*by_url, *hidden} if _NAME.match(name))
    project = environment.project.path if environment.project.state is ProjectState.FOUND else None
    said = project_overrides(project).lines if project else ()
    return UpgradeBaseline(
        environment,
        tuple(distributions),
        movable,
        kept,
        tuple(fixed[name] for name in sorted(fixed)),
        (
            *(one for one in said if normalise(Requirement(one).name) not in held),
            *(
                f"{name}=={kept[name]}" if name in kept else f"{name} ; python_version < '0'"
                for name in held
            ),
        ),
        frozenset(name for names in unmet.values() for name, _text in names),
    )


def _required_by_url(distributions: Sequence[Distribution]) -> dict[str, str]:
    """Return by name who requires it from a URL, in a phrase."""
    found: dict[str, str] = {}
    for row in distributions:
        for text in row.requirements:
            requirement = parse_requirement(text)
            if requirement is not None and "@" in requirement.text.partition("://")[0]:
                found.setdefault(requirement.name, f"required by {row.name} from a URL")
    return found


def unmet_requirements(
    environment: Environment,
    distributions: Sequence[Distribution],
    versions: Mapping[str, str] | None = None,
) -> dict[str, set[tuple[str, str]]]:
    """Return by name what each distribution requires and has not: names and requirements.

    `versions` are versions by name that count in place of the installed ones; names that are
    not installed are added. Markers are evaluated for the environment's own interpreter, and
    what it sees beyond its own packages counts too.
    """
    other = versions or {}
    rows = [
        replace(row, version=other[row.name]) if row.name in other else row for row in distributions
    ]
    new = {**inherited_versions(environment), **{name: [one] for name, one in other.items()}}
    graph = requirement_graph(rows, marker_environment(environment.python), new)
    found: dict[str, set[tuple[str, str]]] = {}
    for row, needs in zip(rows, graph, strict=True):
        for text in needs.missing:
            requirement = read_requirement(text)
            if requirement is not None:
                found.setdefault(row.name, set()).add((requirement.name, text))
    return found


def find_excluding(
    installed: UpgradeBaseline,
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


def _is_hollow(row: Distribution) -> bool:
    """Tell whether nothing but the name of a metadata folder is left of a distribution."""
    return row.path.endswith(".dist-info") and _lacks(row, "METADATA")


def _lacks(row: Distribution, name: str) -> bool:
    return reach.isdir(row.path) and not reach.isfile(os.path.join(row.path, name))


def normal_version(row: Distribution) -> str | None:
    """Return the version in the form in which it can be asked for; None where it cannot."""
    try:
        version = str(Version(row.version))
    except (InvalidVersion, ValueError):  # no version, or of more digits than Python reads
        return None
    return version if _NAME.match(row.name) else None


NO_RECORD = "no RECORD (not installed from a wheel)"


def is_half(row: Distribution) -> bool:
    """Tell whether RECORD is all that a distribution of an index lacks, as where an installer was
    killed: then it can be installed again over what there is."""
    return row.path.endswith(".dist-info") and _lacks(row, "RECORD") and _reason(row) is NO_RECORD


def _reason(row: Distribution) -> str:
    """Return why a distribution is not upgraded from an index, or an empty text."""
    if row.editable:
        return "editable install"
    if row.origin is not None:
        return f"installed from {row.origin}"
    if "+" in row.version:
        return f"local build ({row.version})"
    if row.installer == "conda":
        return "installed by conda"
    if not row.path.endswith(".dist-info") or _lacks(row, "RECORD"):
        return NO_RECORD
    return ""


"""As uv derives a conflict: `sphinx>=9.0.0,<=9.0.4 depends on docutils>=0.20,<0.23`."""


def candidates(
    environment: Environment, distributions: Sequence[Distribution], resolver: Resolver
) -> UpgradeCandidates | Failure:
    """Return every installed name for which something newer exists, with how far it can go.

    The targets come from one plan over everything installed, in which all that an index can
    replace may move, and only up. The newest releases come from the index. Where a target
    stays below the newest, it is told who requires that, as far as the metadata of what is
    installed says so.
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
    silent = resolver.unanswered([name for name in sorted(targets) if name not in rows])
    if silent and len(silent) == len(targets):
        return _nothing_checked(next(iter(silent.values())), len(silent))
    short = {name: newest[name] for name in rows if newest[name] != targets[name]}
    held = find_excluding(installed, short, targets)
    days = resolver.released({name: targets[name] for name in rows})
    return UpgradeCandidates(
        tuple(
            UpgradeCandidate(
                name,
                installed.movable[name],
                targets[name],
                newest[name],
                level(installed.movable[name], _reached(installed, targets[name], newest, name)),
                held.get(name, ()),
                days.get(name),
                name in SEED_PACKAGES,
            )
            for name in rows
        ),
        tuple(
            sorted(
                (*installed.fixed, *(_unchecked(installed, *pair) for pair in silent.items())),
                key=lambda fixed: fixed.name,
            )
        ),
        len(targets) - len(rows) - len(silent),
    )


def _unchecked(installed: UpgradeBaseline, name: str, why: Failure) -> Fixed:
    return Fixed(name, installed.movable[name], f"not checked: {why.cause}")


def _nothing_checked(failure: Failure, count: int) -> Failure:
    """Return why nothing is known of the index: that it has none of the packages is no answer."""
    if failure.kind is not FailureKind.MISSING:
        return replace(failure, cause=f"no package could be checked: {failure.cause}")
    return Failure(
        FailureKind.INDEX,
        f"no package could be checked: the index has none of the {count:,} installed",
        "check the index and its credentials: `pip config list`",
    )


def plan_all(
    installed: UpgradeBaseline, resolver: Resolver, wanted: Mapping[str, str] | None = None
) -> tuple[PackageChange, ...] | Failure:
    """Return the plan in which all that can move may move up; of names in `wanted` the
    specifier there decides, and they may go down."""
    asked = wanted or {}
    return resolver.plan(
        installed.names,
        [
            *installed.exactly(installed.kept),
            *installed.constrain_up(name for name in installed.movable if name not in asked),
            *(name + specifier for name, specifier in asked.items()),
        ],
        sorted(installed.movable),
        installed.overrides,
    )


def targets_of(plan: Sequence[PackageChange], installed: UpgradeBaseline) -> dict[str, str]:
    """Return by name where each movable distribution ends."""
    after = {change.name: change.after for change in plan}
    return {name: after.get(name) or version for name, version in installed.movable.items()}


def not_running(environment: Environment) -> Failure | None:
    """Return why nothing can be planned where the interpreter does not run."""
    if environment.python.executable is None:
        return Failure(FailureKind.INTERPRETER, "no interpreter")
    if environment.status in (Status.BROKEN, Status.MIXED):
        return Failure(
            FailureKind.INTERPRETER, environment.reason, "repair or recreate the environment first"
        )
    return None


def _reached(installed: UpgradeBaseline, target: str, newest: dict[str, str], name: str) -> str:
    return target if target != installed.movable[name] else newest[name]


def _later(first: str, second: str) -> str:
    """Return the later of two versions, the first one if the second is not readable."""
    try:
        return second if Version(second) > Version(first) else first
    except (InvalidVersion, ValueError):
        return first


@dataclass(frozen=True, slots=True)
class Broken:
    """An installed version that a constraint excludes."""

    version: str
    requirement: str
    """`six<1.16`."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The constraint files that count for an environment. pip and uv refuse any plan where what
    is installed is beyond one, though nobody asks for it: here it stays, and is told."""

    files: Mapping[str, Manifest | None]
    """By path or URL; None where that is not read by us."""
    broken: Mapping[str, Broken]
    """By name."""

    def sentences(self, names: Collection[str] = ()) -> tuple[str, ...]:
        """Say what is beyond them and stays, but for these names."""
        return tuple(
            f"{name} {one.version} is outside the constraint {one.requirement}; unchanged"
            for name, one in sorted(self.broken.items())
            if name not in names
        )

    def rewrite_without(self, names: Collection[str], folder: str) -> tuple[str, ...]:
        """Return the files with nothing said of these names, rewritten into a folder where
        they say anything."""
        found = []
        for number, (path, manifest) in enumerate(self.files.items()):
            lines = _bound_lines(manifest)
            if any(one.name in names for one in lines):
                path = os.path.join(folder, f"bounds-{number}.txt")
                with open(path, "w", encoding="utf-8", errors="surrogateescape") as file:
                    file.writelines(f"{one.text}\n" for one in lines if one.name not in names)
            found.append(path)
        return tuple(found)


def _bound_lines(manifest: Manifest | None) -> tuple[DeclaredRequirement, ...]:
    return () if manifest is None else (*manifest.requirements, *manifest.constraints)


def read_bounds(environment: Environment, host: Host) -> Bounds:
    """Return the bounds that count for an environment, and what in it is beyond them."""
    files: dict[str, Manifest | None] = {}
    broken: dict[str, Broken] = {}
    paths = constraint_files(host, environment.path)
    if not paths:
        return Bounds(files, broken)
    installed = {one.name: one.version for one in list_names(environment.site_packages)}
    markers = marker_environment(environment.python)
    for path in paths:
        manifest = None if "://" in path else read_requirements(path)
        files[path] = manifest if manifest is not None and not manifest.problems else None
        for one in _bound_lines(files[path]):
            asked = parse_requirement(one.text)
            if asked is None or not (version := installed.get(one.name)):
                continue
            if holds(one.text, "", markers) is not False and not satisfied(asked, (version,)):
                broken[one.name] = Broken(version, asked.text)
    return Bounds(files, broken)
