"""What an advisory service and the package index say of what is installed; asked for only."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from envdeck.core import lazy_versions as packaging
from envdeck.core.health import Answer, CheckScope, Diagnosis, Skipped, content_check
from envdeck.core.health.context import HealthContext
from envdeck.core.inspection.packages.requirements import (
    find_marker_extras,
    holds,
    read_requirement,
    satisfied,
)
from envdeck.core.model import AuditedPackage, AuditState, Fix, FixKind, Severity
from envdeck.core.system.files import Unread
from envdeck.core.system.words import join_some

if TYPE_CHECKING:
    from envdeck.core.online.audit import Advisory
    from envdeck.core.online.releases import ProjectReleases

Told = TypeVar("Told")
_MALICIOUS = "MAL-"
"""How the ids of packages begin that are an attack by themselves."""


@content_check(Severity.ERROR, CheckScope.ONLINE)
def vulnerable_distribution(context: HealthContext) -> Iterator[Answer]:
    """An advisory names the installed version."""
    yield from _foreign(context)
    yield from _list_unchecked(context.audited)
    for name, audited in context.audited.items():
        if not isinstance(audited, Unread):
            for advisory in audited.advisories:
                yield _vulnerable(context, name, advisory, audited.asked_at)


def audit_states(context: HealthContext) -> tuple[AuditedPackage, ...]:
    """Return what is known of the advisories for each distribution, by name."""
    found: dict[str, AuditedPackage] = {}
    for name, version in context.indexed:
        told = context.audited[name]
        if isinstance(told, Unread):
            state = AuditedPackage(name, version, AuditState.NOT_CHECKED, told.reason)
        else:
            which = AuditState.VULNERABLE if told.advisories else AuditState.CLEAN
            state = AuditedPackage(name, version, which, asked_at=told.asked_at)
        found[name] = state
    for name, why in context.not_indexed.items():
        version = context.by_name[name][0].version
        found[name] = AuditedPackage(name, version, AuditState.SKIPPED, why)
    return tuple(found[name] for name in sorted(found))


def _vulnerable(
    context: HealthContext, name: str, advisory: "Advisory", asked_at: float
) -> Diagnosis:
    version = context.by_name[name][0].version
    fixed = _above(advisory.fixed, version)
    permitted, held = _first_permitted(context, name, fixed)
    malicious = any(one.startswith(_MALICIOUS) for one in (advisory.id, *advisory.aliases))
    fix: Fix | None = None
    if malicious:
        fix = Fix(FixKind.UNINSTALL, (name,))
        remedy = f"envdeck uninstall {context.environment.path} {name}"
    elif fixed:
        wanted = f"{name}>={permitted or fixed[0]}"
        fix = Fix(FixKind.UPGRADE, (wanted,))
        remedy = f"envdeck upgrade {context.environment.path} '{wanted}'"
        remedy += f"; held back by {join_some(held)}" if held else ""
    else:
        remedy = "No version fixes it yet: read the advisory, or replace the package"
    aliases = f" ({', '.join(advisory.aliases[:2])})" if advisory.aliases else ""
    summary = f": {advisory.summary}" if advisory.summary else ""
    return Diagnosis(
        f"{name} {version} is vulnerable: {advisory.id}{aliases}{summary}",
        remedy,
        name,
        (
            ("id", advisory.id),
            ("aliases", advisory.aliases),
            ("summary", advisory.summary),
            ("installed", version),
            ("fixed_versions", fixed),
            ("permitted", permitted or None),
            ("held_back_by", held),
            ("asked_at", _date_text(asked_at)),
        ),
        fix,
        Severity.ERROR if malicious or fixed else Severity.WARNING,
    )


def _first_permitted(
    context: HealthContext, name: str, versions: Sequence[str]
) -> tuple[str, tuple[str, ...]]:
    """Return the first of some versions that all others here permit, or who does not."""
    held: dict[str, None] = {}
    for version in versions:
        against = [
            one.name
            for one in context.distributions
            for text in one.requirements
            if one.name != name and _excludes(context, text, name, version)
        ]
        if not against:
            return version, ()
        held.update(dict.fromkeys(against))
    return "", tuple(held)


def _excludes(context: HealthContext, text: str, name: str, version: str) -> bool:
    requirement = read_requirement(text)
    if requirement is None or requirement.name != name or "" not in find_marker_extras(text):
        return False
    return holds(text, "", context.markers) is True and not satisfied(requirement, [version])


@content_check(Severity.WARNING, CheckScope.ONLINE)
def yanked_release(context: HealthContext) -> Iterator[Answer]:
    """The author took the installed release back (PEP 592)."""
    yield from _list_unchecked(context.releases)
    for name, version, told in _read_releases(context):
        release = told.find(version)
        if release is None or release.yanked is None:
            continue
        latest = told.latest(version, context.environment.python.version)
        reason = f": {release.yanked}" if release.yanked else ""
        yield Diagnosis(
            f"{name} {version} was yanked{reason}",
            f"envdeck upgrade {context.environment.path} {name}",
            name,
            (("installed", version), ("reason", release.yanked or None), ("latest", latest),
             ("asked_at", _date_text(told.asked_at))),
            Fix(FixKind.UPGRADE, (name,)) if latest else None,
        )  # fmt: skip


@content_check(Severity.WARNING, CheckScope.ONLINE)
def adverse_status(context: HealthContext) -> Iterator[Answer]:
    """The project of a distribution is quarantined, archived or deprecated (PEP 792)."""
    yield from _list_unchecked(context.releases)
    for name, version, told in _read_releases(context):
        if told.status == "active":
            continue
        reason = f": {told.reason}" if told.reason else ""
        yield Diagnosis(
            f"{name} is {told.status}{reason}",
            f"Look for another package; envdeck why {context.environment.path} {name}",
            name,
            (("installed", version), ("status", told.status), ("reason", told.reason or None),
             ("asked_at", _date_text(told.asked_at))),
            severity=Severity.ERROR if told.status == "quarantined" else None,
        )  # fmt: skip


@content_check(Severity.NOTE, CheckScope.ONLINE)
def outdated_distribution(context: HealthContext) -> Iterator[Answer]:
    """The index has a newer release for this interpreter."""
    yield from _list_unchecked(context.releases)
    for name, version, told in _read_releases(context):
        latest = told.latest(version, context.environment.python.version)
        if latest is None or not _above((latest,), version):
            continue
        held = _first_permitted(context, name, (latest,))[1]
        yield Diagnosis(
            f"{name} {version} → {latest}" + (f"; held back by {join_some(held)}" if held else ""),
            f"Excluded by {join_some(held)}: {context.command('why', name)}" if held else "",
            name,
            (("installed", version), ("latest", latest), ("held_back_by", held),
             ("asked_at", _date_text(told.asked_at))),
            None if held else Fix(FixKind.UPGRADE, (name,)),
        )  # fmt: skip


def _above(versions: Sequence[str], installed: str) -> tuple[str, ...]:
    """Return those of some versions that are newer than the installed one, the first one first:
    an advisory names the fix of each branch."""
    found = []
    for text in versions:
        try:
            version = packaging.Version(text)
            if version > packaging.Version(installed):
                found.append((version, text))
        except ValueError:
            continue
    return tuple(text for _, text in sorted(found))


def _read_releases(context: HealthContext) -> Iterator[tuple[str, str, "ProjectReleases"]]:
    for name, version in context.indexed:
        told = context.releases[name]
        if not isinstance(told, Unread):
            yield name, version, told


def _foreign(context: HealthContext) -> Iterator[Answer]:
    """Say which distributions no index has, in one line."""
    if names := [f"{name} ({why})" for name, why in context.not_indexed.items()]:
        yield Skipped(f"not from an index: {join_some(names, 10)}")


def _list_unchecked(answers: Mapping[str, Told | Unread]) -> Iterator[Answer]:
    """Say what could not be asked, in a line for each reason."""
    reasons: dict[str, list[str]] = {}
    for name, answer in answers.items():
        if isinstance(answer, Unread):
            reasons.setdefault(answer.reason, []).append(name)
    for reason, names in reasons.items():
        yield Skipped(f"{join_some(names)}: {reason}")


def _date_text(when: float) -> str:
    return datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
