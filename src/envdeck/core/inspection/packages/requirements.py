"""Requirements and markers, evaluated for the target interpreter.

Our own interpreter would answer for itself: `python_version < "3.9"` holds in an environment of
3.8 whatever we run on. What belongs to the machine is the same for every environment on its disk.

The same strings recur in environment after environment, and `packaging` takes some 30 µs for
one, so results are kept.
"""

import os
import re
import sys
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from envdeck.core import lazy_versions as packaging
from envdeck.core.inspection.packages.provenance import mask_text
from envdeck.core.inspection.packages.site_packages import normalise
from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.model import Python

_VERSION = re.compile(r"(\d{1,4}\.\d{1,4})(\.\d{1,4}\S{0,32})?\Z")
_NAMES = {"cpython": "CPython", "pypy": "PyPy", "graalpy": "GraalVM", "jython": "Jython"}


@dataclass(frozen=True, slots=True)
class MarkerHost:
    """What markers may ask of the machine."""

    os_name: str
    sys_platform: str
    platform_machine: str
    platform_release: str
    platform_system: str
    platform_version: str

    @classmethod
    @lru_cache(maxsize=1)
    def current(cls) -> "MarkerHost":
        """Return the machine we run on."""
        if sys.platform == "win32":
            import platform  # start-up: 3 ms, and a list evaluates no marker

            told = platform.uname()
            names = told.machine, told.release, told.system, told.version
        else:  # what `platform` asks, too
            there = os.uname()
            names = there.machine, there.release, there.sysname, there.version
        return cls(os.name, sys.platform, *names)


@dataclass(frozen=True, slots=True, eq=False)
class MarkerEnvironment:
    """The values of all marker variables but `extra`, and which of them are a guess. One object for
    one interpreter: it is looked up by for each distribution, and hashing values takes longer."""

    variables: tuple[tuple[str, str], ...]
    doubtful: frozenset[str]
    """Variables whose value is not known for sure: nothing is called missing because of them."""

    def doubts(self, marker: str) -> bool:
        """Tell whether a marker's text asks for a variable that is a guess."""
        return any(name in marker for name in self.doubtful)


def marker_environment(python: Python, machine: MarkerHost | None = None) -> MarkerEnvironment:
    """Return what markers see in an environment with that interpreter.

    Where only the minor version is known, `python_full_version` is taken for its `.0`, and is
    doubtful; without any version, or without an implementation, whatever depends on it is.
    """
    return _markers(python.version, python.implementation, machine or MarkerHost.current())


@lru_cache(maxsize=64)
def _markers(version: str | None, told: str | None, facts: MarkerHost) -> MarkerEnvironment:
    match = _VERSION.match(version or "")
    doubtful = {"implementation_version"}
    if match is None:
        minor = full = "0"
        doubtful |= {"python_version", "python_full_version"}
    else:
        minor, full = match[1], match[1] + (match[2] or ".0")
        if match[2] is None:
            doubtful.add("python_full_version")
    implementation = told or "cpython"
    if told is None:
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


_KEPT = 8192  # an environment of 400 packages has some 1,500 that are not under an unused extra
_QUOTED = re.compile(r"""["']([^"']*)["']""")
_EXTRA_ALONE = re.compile(r"""(?<![\w"'])extra\s*==\s*["']([^"']+)["']""")
_LONGEST = 8192  # characters


@dataclass(frozen=True, slots=True, eq=False)
class ParsedRequirement:
    """A requirement that can be asked."""

    name: str
    """Normalised (PEP 503)."""
    extras: tuple[str, ...]
    """Normalised (PEP 685)."""
    text: str
    """Without its marker, credentials masked."""
    specifier: str
    marker: "packaging.Marker | None"
    unread: bool = False
    """Whether only its name could be read, and what versions it asks for could not."""
    unmarked: bool = False
    """Whether it has a marker that could not be read: nobody knows whether it counts here."""


@lru_cache(maxsize=_KEPT)
def parse_requirement(text: str) -> ParsedRequirement | None:
    """Return a requirement parsed, or None for what is no requirement."""
    if len(text) > _LONGEST:
        return None
    try:
        found = packaging.Requirement(text)
    except (packaging.InvalidRequirement, RecursionError):
        return None
    marker, found.marker = found.marker, None
    return ParsedRequirement(
        normalise(found.name),
        tuple(sorted(map(normalise, found.extras))),
        mask_text(str(found)),
        str(found.specifier),
        marker,
    )


_NAMED = re.compile(
    r"""['"]?\s*(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[(?P<extras>[^\]]*)\])?"""
    r"""\s*(?=[(<>=!~^*,;@'"]|\Z)"""
)
_STARRED = re.compile(r"""([<>]=?\s*)(['"])([0-9.]+)\.\*\2|(['"])([0-9.]+)\.\*\4(?=\s*[<>])""")
"""An ordered comparison with `3.10.*`, which means `3.10` and says nothing that can be compared."""


@lru_cache(maxsize=_KEPT)
def read_requirement(text: str) -> ParsedRequirement | None:
    """Return a requirement of installed metadata; None for what does not even begin with a name.

    Old tools wrote specifiers that PEP 440 does not have (`>=5.1.*`, `>=2011k`, `>dev`), and
    installers took them. The name, the extras and the marker still hold.
    """
    if (found := parse_requirement(text)) is not None:
        return found
    if len(text) > _LONGEST or (match := _NAMED.match(text)) is None:
        return None
    rest, _, condition = text.rpartition(";")
    conditional = bool(rest and condition.strip())
    marked = parse_requirement(f"x ; {condition}") if conditional else None
    parts = (match["extras"] or "").split(",")
    extras = tuple(sorted(normalise(extra) for part in parts if (extra := part.strip())))
    return ParsedRequirement(
        normalise(match["name"]),
        extras,
        f"{match['name']}[{','.join(extras)}]" if extras else match["name"],
        "",
        marked.marker if marked is not None else None,
        unread=True,
        unmarked=conditional and marked is None,
    )


def _evaluable(marker: "packaging.Marker") -> "packaging.Marker":
    """Return a marker in which `python_version < '3.10.*'` compares as a version does."""
    text = str(marker)
    if ".*" not in text:
        return marker
    return type(marker)(_STARRED.sub(_drop_star, text))


def _drop_star(match: "re.Match[str]") -> str:
    if match[1]:
        return f"{match[1]}{match[2]}{match[3]}{match[2]}"
    return f"{match[4]}{match[5]}{match[4]}"


@lru_cache(maxsize=_KEPT)
def find_marker_extras(text: str) -> tuple[str, ...]:
    """Return the extras that a requirement as written may depend on; `""` for 'none at all'.

    It is told from the text alone, since most requirements stand under an extra that nobody
    asked for, and need not be parsed then.
    """
    before, semicolon, marker = text.rpartition(";")
    if not semicolon or "extra" not in marker:
        return ("",)
    if " or " not in marker and marker.count("extra") == 1 and before:
        match = _EXTRA_ALONE.search(marker)
        if match and "not in" not in marker:
            return (normalise(match[1]),)
    return ("", *dict.fromkeys(normalise(name) for name in _QUOTED.findall(marker) if name))


@lru_cache(maxsize=_KEPT)
def holds(text: str, extra: str, environment: MarkerEnvironment) -> bool | None:
    """Tell whether a requirement's marker holds, under that extra; None when it cannot be told
    (a variable that is not known, or values that do not compare)."""
    editable, _, marker = text.partition(" ; ") if text.startswith("-e ") else ("", "", "")
    parsed = read_requirement(f"editable ; {marker}" if editable and marker else text)
    if parsed is not None and parsed.unmarked:
        return None
    if parsed is None or parsed.marker is None:
        return True
    if environment.doubts(str(parsed.marker)):
        return None
    values = dict(environment.variables)
    try:
        return _evaluable(parsed.marker).evaluate({**values, "extra": extra})
    except (ValueError, RecursionError):  # not defined, no version, more digits than Python reads
        return None


class Needed(NamedTuple):
    """What the requirements of one release ask for under one extra, by one interpreter."""

    found: tuple[tuple[ParsedRequirement, bool], ...] = ()
    """Those whose marker holds, or may; and whether that is sure."""
    invalid: tuple[str, ...] = ()
    """Those in which not even a name can be read, as written."""
    unread: tuple[str, ...] = ()
    """Those of which the name can be read and the rest not, as written."""


@lru_cache(maxsize=_KEPT // 2)
def read_needed(
    requirements: tuple[str, ...], extra: str, environment: MarkerEnvironment
) -> Needed:
    """Return what the requirements of a distribution ask for under an extra (`""`: without any).
    Releases recur in environment after environment, so each is read once for an interpreter."""
    found: list[tuple[ParsedRequirement, bool]] = []
    invalid: list[str] = []
    unread: list[str] = []
    for text in requirements:
        if extra not in find_marker_extras(text):
            continue
        requirement = read_requirement(text)
        if requirement is None:
            invalid.append(text)
            continue
        if requirement.unread:
            unread.append(text)
        marked = requirement.marker is not None or requirement.unmarked
        verdict = holds(text, extra, environment) if marked else True
        if verdict is not False:
            found.append((requirement, verdict is True))
    return Needed(tuple(found), tuple(invalid), tuple(unread))


def satisfied(requirement: ParsedRequirement, versions: Sequence[str]) -> bool:
    """Tell whether one of the installed versions will do; pre-releases count, being there.

    A version that PEP 440 cannot read is given the benefit of the doubt.
    """
    specifier = requirement.specifier
    if not specifier:
        return bool(versions)
    return any(accepts(specifier, version) for version in versions)


@lru_cache(maxsize=_KEPT)
def accepts(specifier: str, version: str, *, unread: bool = True) -> bool:
    """Tell whether a version is in a specifier; what cannot be read is accepted, or as `unread`
    says."""
    if not specifier:
        return True
    try:
        wanted = packaging.SpecifierSet(specifier)
        return wanted.contains(packaging.Version(version), prereleases=True)
    except ValueError:  # not valid, or of more digits than Python reads
        return unread
