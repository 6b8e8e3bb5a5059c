"""What the distributions need of each other, and of the interpreter."""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from itertools import chain
from typing import NamedTuple, TypeAlias

from envdeck.core import lazy_versions as packaging
from envdeck.core.health import Answer, Diagnosis, Skipped, content_check
from envdeck.core.health.context import HealthContext
from envdeck.core.health.project import compare_with_project
from envdeck.core.inspection.packages.provenance import marked_names, roots_of
from envdeck.core.inspection.packages.record import share_there
from envdeck.core.inspection.packages.requirements import (
    ParsedRequirement,
    accepts,
    holds,
    parse_requirement,
    read_requirement,
)
from envdeck.core.model import Distribution, Fix, FixKind, Severity, minor_of
from envdeck.core.system import reach
from envdeck.core.system.words import amount, counted, join_some

_MOST_NAMED = 3
_RELEASE = re.compile(r"\d+(?:\.\d+)*")


_ByName: TypeAlias = dict[str, dict[str, list[str]]]
"""By name and requirement, who requires it."""


class _Unmet(NamedTuple):
    """What nothing here satisfies."""

    errors: _ByName
    overridden: _ByName
    """What of it the project has otherwise."""
    file: str
    """Where that says so."""


def _unread(context: HealthContext) -> Iterator[Skipped]:
    """Tell of which packages it is not known what they require."""
    told = [f"{one.name} {one.problem}" for one in context.distributions if one.unread]
    if told:
        yield Skipped(join_some(told, _MOST_NAMED))


def _unmet(context: HealthContext) -> _Unmet:
    """Return what nothing here satisfies. What `packaging` rejects does not count, as with any
    installer."""
    lacking = [one for one in context.distributions if one.missing]
    file, permits = _permission(context) if lacking else ("", None)
    unmet = _Unmet({}, {}, file)
    for one in lacking:
        for text in one.missing:
            requirement = parse_requirement(text)
            if requirement is None or (not requirement.specifier and _is_unread(one, text)):
                continue
            permitted = permits is not None and permits(one, requirement)
            by_name = unmet.overridden if permitted else unmet.errors
            by_name.setdefault(requirement.name, {}).setdefault(text, []).append(one.name)
    return unmet


def _permission(
    context: HealthContext,
) -> tuple[str, Callable[[Distribution, ParsedRequirement], bool] | None]:
    """Return the file in which the project overrides what packages require, and a function that
    tells whether what is there will do by it; None where there is no such file."""
    if context.project is None:
        return "", None
    from envdeck.core.project.project import project_overrides  # start-up: hardly anybody lacks
    from envdeck.core.project.requirements import permits  # start-up: as above

    overrides = project_overrides(context.project)

    def permitted(requirer: Distribution, requirement: ParsedRequirement) -> bool:
        told = requirer.name, requirer.version
        return permits(
            overrides, told, requirement, _versions(context, requirement.name), context.markers
        )

    return (overrides.file, permitted) if overrides.file else ("", None)


def _versions(context: HealthContext, name: str) -> tuple[str, ...]:
    """Return the versions that are there; the environment's own hide the system's."""
    own = tuple(one.version for one in context.by_name.get(name, ()))
    return own or tuple(context.inherited.get(name, ()))


def _overridden(context: HealthContext, unmet: _Unmet, *, there: bool) -> Iterator[Diagnosis]:
    """Tell what is as the project says and not as packages do, in one note for each name: of
    what is installed, or of what is not."""
    file = unmet.file
    for name, texts in unmet.overridden.items():
        versions = _versions(context, name)
        if bool(versions) is not there:
            continue
        requirers = _requirers(texts)
        verb = "requires" if len(requirers) == 1 else "require"
        what = f"{name} {versions[0]} is installed" if versions else f"{name} is not installed"
        yield Diagnosis(
            f"{what}; {join_some(requirers, _MOST_NAMED)} {verb} {', '.join(texts)},"
            f" overridden by {os.path.basename(file)}",
            f"Remove the override from {file} when it is no longer needed",
            name,
            (("required_by", requirers), ("requirement", ", ".join(texts)),
             ("overridden_by", file)),
            severity=Severity.NOTE,
        )  # fmt: skip


def _is_unread(distribution: Distribution, text: str) -> bool:
    """Tell whether only the name of a requirement could be read."""
    read = map(read_requirement, distribution.requirements)
    return any(one is not None and one.unread and one.text == text for one in read)


def _requirers(texts: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    return tuple(sorted({name for names in texts.values() for name in names}))


@content_check(Severity.ERROR)
def missing_requirement(context: HealthContext) -> Iterator[Answer]:
    """A requirement whose marker holds here, and of which nothing is installed."""
    yield from _unread(context)
    unmet = _unmet(context)
    yield from _overridden(context, unmet, there=False)
    for name, texts in unmet.errors.items():
        if name in context.by_name or name in context.inherited:
            continue
        requirers = _requirers(texts)
        text = next(iter(texts)) if len(texts) == 1 else name
        yield Diagnosis(
            f"{name} is not installed; required by {join_some(requirers, _MOST_NAMED)}",
            f"Install {text}",
            name,
            (("required_by", requirers), ("requirement", ", ".join(texts))),
            Fix(FixKind.INSTALL, tuple(texts)),
        )


@content_check(Severity.ERROR)
def incompatible_requirement(context: HealthContext) -> Iterator[Answer]:
    """What is installed, in a version that a requirement excludes."""
    yield from _unread(context)
    unmet = _unmet(context)
    yield from _overridden(context, unmet, there=True)
    for name, texts in unmet.errors.items():
        versions = _versions(context, name)
        if not versions:
            continue
        requirers = _requirers(texts)
        asked = ", ".join(texts)
        together = _together(context, name, texts)
        if together is None:
            moving = [one for one in requirers if one in context.by_name]
            remedy = f"Upgrade what requires it: {context.command('upgrade', *moving)}"
            fix = Fix(FixKind.UPGRADE, tuple(moving))
        else:
            remedy = f"Move it to {together}: {context.command('upgrade', name)}"
            fix = Fix(FixKind.UPGRADE, (f"{name}{together}",))
        verb = "requires" if len(requirers) == 1 else "require"
        yield Diagnosis(
            f"{name} {versions[0]} is installed; {join_some(requirers, _MOST_NAMED)} {verb} {asked}"
            + ("" if together is not None else ", which others here exclude"),
            remedy,
            name,
            (
                ("installed", versions[0]),
                ("required_by", requirers),
                ("requirement", asked),
                ("satisfies_all", None if together is None else together),
            ),
            fix,
        )


def _together(context: HealthContext, name: str, texts: Iterable[str]) -> str | None:
    """Return the specifier that whoever requires a distribution agrees on; None where it is plain
    that no version is in all of them."""
    asked = [one for text in texts if (one := parse_requirement(text)) is not None]
    for requirer in context.distributions:
        if name not in requirer.requires:
            continue
        for text in requirer.requirements:
            one = parse_requirement(text)
            if one is not None and one.name == name and holds(text, "", context.markers):
                asked.append(one)
    together = packaging.SpecifierSet(
        ",".join(dict.fromkeys(one.specifier for one in asked if one.specifier))
    )
    bounds = [bound.version.removesuffix(".*") for bound in together]
    versions = [
        "0",
        *bounds,
        *(f"{bound}.1" for bound in bounds),
        *map(_version_below, bounds),
        "99999",
    ]
    for text in versions:
        try:
            if together.contains(packaging.Version(text), prereleases=True):
                return str(together)
        except packaging.InvalidVersion:
            continue
    return None


def _version_below(bound: str) -> str:
    """Return a version just below another one: `1.9.99999` of `1.10`, `1.99999` of `2.0`."""
    numbers = [int(part) for part in bound.split(".") if part.isdecimal()][:4]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    if not numbers:
        return ""
    return ".".join(map(str, [*numbers[:-1], numbers[-1] - 1, 99999]))


@content_check(Severity.ERROR)
def python_requirement(context: HealthContext) -> Iterator[Answer]:
    """A distribution whose Requires-Python excludes the interpreter."""
    version = context.environment.python.version or ""
    release = _RELEASE.match(version)
    if release is None:
        yield Skipped("the version of the interpreter is not known")
        return
    yield from _unread(context)
    exact = release[0].count(".") >= 2
    versions = (release[0],) if exact else (f"{release[0]}.0", f"{release[0]}.99")
    for one in context.distributions:
        allowed = one.requires_python
        if not allowed or any(accepts(allowed, each) for each in versions):
            continue
        yield Diagnosis(
            f"{one.name} {one.version} requires Python {one.requires_python}; the interpreter is"
            f" {version}",
            _python_remedy(context, allowed, one.name),
            one.name,
            (("installed", one.version), ("requires_python", one.requires_python),
             ("python", version)),
            Fix(FixKind.UPGRADE, (one.name,)),
        )  # fmt: skip


def _python_remedy(context: HealthContext, allowed: str, name: str) -> str:
    python = minor_of(context.environment.python.version)
    suitable = [minor for minor in range(8, 15) if accepts(allowed, f"3.{minor}.99")]
    if not suitable:
        return f"Upgrade or downgrade it: {context.command('upgrade', name)}"
    told = context.command("recreate", "--python", f"3.{suitable[-1]}")
    return f"Install a version of it for Python {python}, or recreate with another Python: {told}"


@content_check(Severity.ERROR)
def duplicate_distribution(context: HealthContext) -> Iterator[Answer]:
    """Two metadata folders of one name: tools go by one, `import` takes another's files."""
    for name, several in context.by_name.items():
        whole = [one for one in several if _has_metadata(one)] if len(several) > 1 else []
        if len(whole) < 2:
            continue
        there = max(whole, key=lambda one: (share_there(one.path), _numbers(one.version)))
        versions = tuple(dict.fromkeys(one.version for one in whole))
        same = len(versions) == 1
        yield Diagnosis(
            f"{name} is installed {_times(len(whole))}: {', '.join(one.version for one in whole)};"
            f" the files are those of {there.version}",
            f"Reinstall {there.version}",
            name,
            (("versions", versions), ("imported", there.version),
             ("paths", tuple(one.path for one in whole))),
            Fix(FixKind.REINSTALL, (name,)),
            Severity.WARNING if same else None,
        )  # fmt: skip


def _times(count: int) -> str:
    return "twice" if count == 2 else f"{count} times"


def _has_metadata(distribution: Distribution) -> bool:
    """Tell whether there is more than a name: what is left of an interrupted install is none."""
    if not distribution.path.endswith(".dist-info"):
        return True
    return reach.lexists(f"{distribution.path}/METADATA")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d{1,9}", version))


@content_check(Severity.NOTE)
def unneeded_distribution(context: HealthContext) -> Iterator[Answer]:
    """What nothing direct or declared leads to."""
    spare = _extraneous(context)
    if isinstance(spare, Skipped):
        yield spare
        return
    installed = {one.name: one for one in context.distributions}
    needs = {name: [each for each in installed[name].requires if each in spare] for name in spare}
    tops = sorted(roots_of(needs))
    below = {top: _reached([top], needs) for top in tops}
    for top in tops:
        others = set(chain.from_iterable(below[each] for each in tops if each != top))
        along = tuple(sorted(below[top] - others - {top}))
        frees = sum(installed[name].size_bytes or 0 for name in (top, *along))
        options = ["--unneeded"] if along else []
        with_them = f", with {counted(len(along), 'package')} required by it alone" if along else ""
        yield Diagnosis(
            f"{top} is extraneous{with_them}: nothing direct or declared requires it;"
            f" {amount(frees)}",
            f"Uninstall it: {context.command('uninstall', top, *options)}",
            top,
            (("installed", installed[top].version), ("needed_by_it_alone", along),
             ("bytes", frees)),
            Fix(FixKind.UNINSTALL, (top, *along)),
        )  # fmt: skip


def _extraneous(context: HealthContext) -> Set[str] | Skipped:
    """Return what can be told to be needed by nothing: by the project, as drift judges; without
    one, by the marks of installers that mark what was asked for by name."""
    installed = {one.name: one for one in context.distributions}
    requires = {name: one.requires for name, one in installed.items()}
    marked = marked_names(context.distributions)
    direct = {
        name
        for name, one in installed.items()
        if one.editable or one.origin is not None or (name in marked and one.requested)
    }
    if context.project is None:
        if not marked:
            return Skipped("no project, and its installer does not record what is direct")
        unmarked = installed.keys() - marked
        return marked - _reached([*direct, *unmarked], requires)
    comparison = compare_with_project(context, context.project, pythons=False)
    spare = {one.name for one in comparison.drifts if str(one.kind) == "unreachable"}
    if not spare and comparison.unchecked:
        return Skipped(join_some(comparison.unchecked, 1))
    return (spare & installed.keys()) - _reached(direct, requires)


def _reached(roots: Iterable[str], requires: Mapping[str, Iterable[str]]) -> set[str]:
    """Return the names that requirements lead to, these included."""
    pending = list(roots)
    met = set(pending)
    while pending:
        for name in requires.get(pending.pop(), ()):
            if name not in met:
                met.add(name)
                pending.append(name)
    return met
