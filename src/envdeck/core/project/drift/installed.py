"""What is installed, as a comparison asks for it."""

import os
import re
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import unquote

from envdeck.core import lazy_versions as packaging
from envdeck.core.inspection.import_path import inherited_versions
from envdeck.core.inspection.packages.provenance import DIRECT_URL_LIMIT, DirectUrl, mask_url, parse
from envdeck.core.inspection.packages.requirements import (
    MarkerEnvironment,
    ParsedRequirement,
    read_needed,
    satisfied,
)
from envdeck.core.lazy_dataclasses import dataclass, field
from envdeck.core.model import Distribution, Environment
from envdeck.core.project.model import DeclaredRequirement, Overrides
from envdeck.core.project.requirements import file_url, permits
from envdeck.core.system.files import Unread, read_bounded
from envdeck.core.system.host import Host

_VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")
_VCS = ("git+", "hg+", "svn+", "bzr+")


@dataclass(frozen=True, slots=True)
class InstalledIndex:
    """The distributions of an environment, and those of the system that it sees."""

    markers: MarkerEnvironment
    own: Mapping[str, Sequence[Distribution]]
    system: Mapping[str, Sequence[str]]
    """Versions by name of what it sees beyond its own."""
    overrides: Overrides = Overrides()
    """What its project puts in place of what packages ask for."""
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Of the environment, for lines such as `-e ${LIBS}/mine`; their values are never shown."""
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

    def permits(self, requirer: str, requirement: ParsedRequirement) -> bool:
        """Tell whether the project says that what is there, perhaps nothing, will do for what one
        of its packages requires."""
        own = self.own.get(requirer, ()) if self.overrides.file else ()
        there = self.versions(requirement.name)
        return any(
            permits(self.overrides, (one.name, one.version), requirement, there, self.markers)
            for one in own
        )

    def __contains__(self, name: object) -> bool:
        return name in self.own or name in self.system

    def find_origin(self, url: str) -> Distribution | None:
        """Return what was installed from that URL (PEP 610), if anything was."""
        wanted = _place(mask_url(self.expanded(url)))
        for several in self.own.values():
            for one in several:
                if one.origin is not None and _place(one.origin) == wanted:
                    return one
        return None

    def expanded(self, url: str) -> str:
        """Return where a line leads, its variables put in as pip and uv do: a path becomes a URL.
        Never to be shown: there may be a secret in a variable."""
        whole = _VARIABLE.sub(lambda one: self.variables.get(one[1], one[0]), url)
        path = whole.removeprefix("file://")
        return file_url(os.path.normpath(path)) if whole != url and os.path.isabs(path) else whole

    def needs(self, name: str, extra: str) -> tuple[tuple[ParsedRequirement, bool], ...]:
        """Return what it needs under an extra (`""`: without any), and of each whether that is
        sure: a marker that cannot be told makes it no more than possible."""
        key = (name, extra)
        if key not in self._needs:
            self._needs[key] = tuple(
                needed
                for one in self.own.get(name, ())
                if one.requirements
                for needed in read_needed(one.requirements, extra, self.markers).found
            )
        return self._needs[key]

    def unread_needs(self) -> list[str]:
        """Return in words which requirements were not compared: only their names can be read."""
        return [
            f"{name} requires {needed.name} in a version that cannot be read"
            for name in sorted(self.own)
            for needed, _ in self.needs(name, "")
            if needed.unread
        ]

    def present(self, name: str, extras: Iterable[str]) -> bool:
        """Tell whether it is there, with all that these extras bring."""
        return name in self and all(
            needed.name in self or not sure
            for extra in extras
            for needed, sure in self.needs(name, extra)
        )


def installed_in(
    environment: Environment,
    distributions: Iterable[Distribution],
    markers: MarkerEnvironment,
    system_folders: Iterable[str] | None = None,
    host: Host | None = None,
    overrides: Overrides | None = None,
) -> InstalledIndex:
    """Return what is installed, with what the environment sees beyond its own packages (in
    `system_folders`; by default wherever it imports from)."""
    own: dict[str, list[Distribution]] = {}
    for one in distributions:
        own.setdefault(one.name, []).append(one)
    system = inherited_versions(environment, host, system_folders)
    variables = host.environ if host is not None else {}
    return InstalledIndex(markers, own, system, overrides or Overrides(), variables)


def same_version(first: str, second: str) -> bool:
    """Tell whether two versions are one, however they are written (PEP 440); a local part that
    only one of them has (`1.0+cpu`) counts."""
    if first == second:
        return True
    try:
        return packaging.Version(first) == packaging.Version(second)
    except ValueError:
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


@dataclass(frozen=True, slots=True)
class Root:
    """One requirement that somebody declared."""

    name: str
    extras: tuple[str, ...] = ()
    part: int = 0
    """Which part declares it, as one bit; 0: none of them."""
    declared: DeclaredRequirement | None = None


@dataclass(frozen=True, slots=True)
class Lacking:
    """What something installed needs, and what is not there as it needs it."""

    name: str
    specifier: str
    parts: int
    declared: DeclaredRequirement | None
    """The requirement that leads to it."""


@dataclass(frozen=True, slots=True)
class Reached:
    """What was reached."""

    parts: dict[str, int]
    """By name, whether it is installed or not: the bits of the parts that lead to it."""
    lacking: tuple[Lacking, ...]
    """Each name once."""


def reach(roots: Iterable[Root], installed: InstalledIndex) -> Reached:
    """Follow requirements, each under the extras it is asked with, until nothing is new."""
    walk = _Walk(installed)
    for root in roots:
        walk.add(root.name, root.extras, root.part, root.declared)
    return walk.done()


class _Walk:
    def __init__(self, installed: InstalledIndex) -> None:
        self._installed = installed
        self._bits: dict[tuple[str, str], int] = {}
        self._leading: dict[str, DeclaredRequirement | None] = {}
        self._lacking: dict[str, Lacking] = {}
        self._queue: deque[tuple[str, str]] = deque()

    def add(
        self, name: str, extras: Iterable[str], bits: int, declared: DeclaredRequirement | None
    ) -> None:
        """Reach one name, and look at what it needs if that is new for one of these parts."""
        self._leading.setdefault(name, declared)
        for extra in ("", *extras):
            before = self._bits.get((name, extra))
            if before is None or bits & ~before:
                self._bits[name, extra] = bits | (before or 0)
                self._queue.append((name, extra))

    def done(self) -> Reached:
        """Walk to the end; a ring of requirements ends, since its bits only grow."""
        while self._queue:
            name, extra = self._queue.popleft()
            bits = self._bits[name, extra]
            for needed, sure in self._installed.needs(name, extra):
                there = self._installed.versions(needed.name)
                if not there and (not sure or self._installed.permits(name, needed)):
                    continue
                self.add(needed.name, needed.extras, bits, self._leading[name])
                unmet = sure and (not there or self._installed.unfit(needed) is not None)
                if unmet and not self._installed.permits(name, needed):
                    self._note(needed, bits, self._leading[name])
        found: dict[str, int] = {}
        for (name, _), bits in self._bits.items():
            found[name] = found.get(name, 0) | bits
        return Reached(found, tuple(self._lacking.values()))

    def _note(
        self, needed: ParsedRequirement, bits: int, declared: DeclaredRequirement | None
    ) -> None:
        before = self._lacking.get(needed.name)
        if before is not None:
            bits |= before.parts
            declared = before.declared
        specifier = before.specifier if before is not None else needed.specifier
        self._lacking[needed.name] = Lacking(needed.name, specifier, bits, declared)


_COMMIT = re.compile(r"[0-9a-f]{7,64}\Z")
_ARCHIVES = (".whl", ".tar.gz", ".zip", ".tar.bz2", ".tar.xz", ".tgz")


def other_source(url: str, distribution: Distribution) -> str:
    """Return from which file or commit something was installed, where the URL names another one;
    empty where it names the same, and where that cannot be told (a branch moves)."""
    if distribution.origin is None or distribution.editable:
        return ""
    url = url.partition(" ;")[0]
    wanted, there = _file(url), _file(distribution.origin)
    if wanted.endswith(_ARCHIVES) and there.endswith(_ARCHIVES):
        return there if wanted != there else ""
    revision = _revision(url)
    found = _recorded(distribution) if revision else None
    if found is None or found.commit is None:
        return ""
    if _COMMIT.match(revision):
        return "" if found.commit.startswith(revision) else found.commit[:12]
    if not found.requested or _COMMIT.match(found.requested):
        return ""
    return found.requested if found.requested != revision else ""


def _recorded(distribution: Distribution) -> DirectUrl | None:
    data = read_bounded(os.path.join(distribution.path, "direct_url.json"), DIRECT_URL_LIMIT)
    return None if isinstance(data, Unread) else parse(data)


def _file(url: str) -> str:
    path = url.partition("#")[0].partition("?")[0]
    return unquote(path.rpartition("/")[2])


def _revision(url: str) -> str:
    """Return what is checked out: what stands behind the `@` of the last part."""
    scheme, _, rest = url.partition("#")[0].partition("://")
    path = rest.partition("/")[2]
    return path.rpartition("@")[2] if "+" in scheme and "@" in path else ""
