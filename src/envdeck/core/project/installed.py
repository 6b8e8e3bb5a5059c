"""What an environment holds, as a comparison asks for it: by name, by origin, and what it needs."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from envdeck.core.inspection.credentials import mask_url
from envdeck.core.inspection.distributions import base_package_folders
from envdeck.core.inspection.marker_environment import MarkerEnvironment
from envdeck.core.inspection.requirements import (
    ParsedRequirement,
    asking_extras,
    holds,
    parse_requirement,
    satisfied,
)
from envdeck.core.inspection.site_packages import list_names
from envdeck.core.model import Distribution, Environment

_VCS = ("git+", "hg+", "svn+", "bzr+")


@dataclass(frozen=True, slots=True)
class Installed:
    """The distributions of an environment, and those of the system that it sees."""

    markers: MarkerEnvironment
    own: Mapping[str, Sequence[Distribution]]
    system: Mapping[str, Sequence[str]]
    """Versions by name, where system packages are switched on."""
    _needs: dict[tuple[str, str], tuple[tuple[ParsedRequirement, bool], ...]] = field(
        default_factory=dict
    )

    def versions(self, name: str) -> tuple[str, ...]:
        """Return the versions that are there; the environment's own hide the system's."""
        own = tuple(one.version for one in self.own.get(name, ()))
        return own or tuple(self.system.get(name, ()))

    def unfit(self, requirement: ParsedRequirement) -> str | None:
        """Return a version that is there and does not satisfy a requirement; None where there is
        none. Of what is there twice each has to: which one is imported is a matter of luck."""
        there = self.versions(requirement.name)
        if requirement.name in self.own:
            return next((one for one in there if not satisfied(requirement, (one,))), None)
        return there[0] if there and not satisfied(requirement, there) else None

    def __contains__(self, name: object) -> bool:
        return name in self.own or name in self.system

    def from_origin(self, url: str) -> Distribution | None:
        """Return what was installed from that URL (PEP 610), if anything was."""
        wanted = _place(mask_url(url))
        for several in self.own.values():
            for one in several:
                if one.origin is not None and _place(one.origin) == wanted:
                    return one
        return None

    def needs(self, name: str, extra: str) -> tuple[tuple[ParsedRequirement, bool], ...]:
        """Return what it needs under an extra (`""`: without any), and of each whether that is
        sure: a marker that cannot be told makes it no more than possible."""
        key = (name, extra)
        if key not in self._needs:
            self._needs[key] = tuple(self._needed(name, extra))
        return self._needs[key]

    def present(self, name: str, extras: Iterable[str]) -> bool:
        """Tell whether it is there, with all that these extras bring."""
        return name in self and all(
            needed.name in self or not sure
            for extra in extras
            for needed, sure in self.needs(name, extra)
        )

    def _needed(self, name: str, extra: str) -> Iterator[tuple[ParsedRequirement, bool]]:
        for one in self.own.get(name, ()):
            for text in one.requirements:
                if extra not in asking_extras(text):
                    continue
                requirement = parse_requirement(text)
                if requirement is None:
                    continue
                marked = requirement.marker is not None
                verdict = holds(text, extra, self.markers) if marked else True
                if verdict is not False:
                    yield requirement, verdict is True


def installed_in(
    environment: Environment,
    distributions: Iterable[Distribution],
    markers: MarkerEnvironment,
    system_folders: Iterable[str] | None = None,
) -> Installed:
    """Return what is installed, the system's packages counted in where the environment sees
    them (`system_folders`; by default those of its base)."""
    own: dict[str, list[Distribution]] = {}
    for one in distributions:
        own.setdefault(one.name, []).append(one)
    system: dict[str, list[str]] = {}
    if environment.creation.system_site_packages:
        if system_folders is None:
            system_folders = base_package_folders(environment)
        for listed in list_names(system_folders):
            system.setdefault(listed.name, []).append(listed.version)
    return Installed(markers, own, system)


def same_version(first: str, second: str) -> bool:
    """Tell whether two versions are one, however they are written (PEP 440); a local part that
    only one of them has (`1.0+cpu`) counts."""
    from packaging.version import InvalidVersion, Version

    if first == second:
        return True
    try:
        return Version(first) == Version(second)
    except (InvalidVersion, ValueError):
        return False


def _place(url: str) -> str:
    """Return a URL as it compares: no prefix of a checkout, no revision, no fragment."""
    for prefix in _VCS:
        url = url.removeprefix(prefix)
    url = url.partition("#")[0]
    head, slash, last = url.rpartition("/")
    if not url.startswith("file:"):
        last = last.partition("@")[0]
    return (head + slash + last).rstrip("/").removesuffix(".git").replace(os.sep, "/")
