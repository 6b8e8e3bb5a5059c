"""Requirements and markers, evaluated for the target interpreter.

Our own interpreter would answer for itself: `python_version < "3.9"` holds in an environment of
3.8 whatever we run on. What belongs to the machine is the same for every environment on its disk.

The same strings recur in environment after environment, and `packaging` takes some 30 µs for
one, so results are kept. `packaging` itself takes 25 ms to import, as long as all else of an
answer about one environment, so the plain forms that nine of ten have (`a[b]>=1.2,<2`) are read
here as it reads them, which the tests hold against it. It is asked about every other form.
"""

import os
import re
import sys
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from envdeck.core.inspection.packages.provenance import mask_text
from envdeck.core.inspection.packages.site_packages import normalise
from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.model import Python

if TYPE_CHECKING:
    from packaging.markers import Marker

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


@dataclass(frozen=True, slots=True)
class MarkerEnvironment:
    """The values of all marker variables but `extra`, and which of them are a guess."""

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
_LONGEST_PLAIN = 512


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
    marker: "Marker | None" = None
    condition: str = ""
    """Its marker as written, where that is of a plain form."""
    unread: bool = False
    """Whether only its name could be read, and what versions it asks for could not."""
    unmarked: bool = False
    """Whether it has a marker that could not be read: nobody knows whether it counts here."""


_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_RELEASE = r"\d{1,9}(?:\.\d{1,9}){0,9}"
_CLAUSE = (
    rf"(?:(?:[<>]=?|[=!]=) *{_RELEASE}|[=!]= *{_RELEASE}\.\*"
    r"|~= *\d{1,9}(?:\.\d{1,9}){1,9})"
)
_CLAUSES = rf"{_CLAUSE}(?: *, *{_CLAUSE}){{0,9}}"
_PLAIN = re.compile(
    rf"({_NAME}) *(?:\[ *({_NAME}(?: *, *{_NAME}){{0,9}}) *\])?"
    rf" *(?:({_CLAUSES})|\( *({_CLAUSES}) *\))? *(?:; *(.*))?\Z",
    re.ASCII,
)
_TERM = (
    rf"""(?:python(?:_full)?_version *(?:[<>]=?|[=!]=) *(?:"{_RELEASE}"|'{_RELEASE}')"""
    r"""|(?:sys_platform|platform_system|os_name|platform_machine|implementation_name"""
    r"""|platform_python_implementation|extra) *[=!]= *"""
    r"""(?:"[A-Za-uw-z][A-Za-z0-9_-]*"|'[A-Za-uw-z][A-Za-z0-9_-]*'))"""
)
_CONDITION = re.compile(rf"{_TERM}(?: +(?:and|or) +{_TERM}){{0,9}} *\Z", re.ASCII)
_PARTS = re.compile(r"""(\w+) *([<>=!]=?) *["']([^"']*)["']""", re.ASCII)
_PLAIN_VERSION = re.compile(rf"({_RELEASE})(\.post\d{{1,9}})?\Z", re.ASCII)
_PLAIN_CLAUSE = re.compile(rf" *([<>=!~]=?) *({_RELEASE})(\.\*)? *\Z", re.ASCII)


def _parse_plain(text: str) -> ParsedRequirement | None:
    """Return a requirement of a plain form, as `packaging` parses it; None for any other."""
    match = _PLAIN.match(text) if len(text) <= _LONGEST_PLAIN else None
    if match is None or (match[5] is not None and not _CONDITION.match(match[5])):
        return None
    written = match[3] or match[4] or ""
    clauses = written.replace(" ", "").split(",") if written else []
    if len({(one[:2].rstrip("0123456789"), _bound(one)) for one in clauses}) < len(clauses):
        return None  # of two that say the same, one is left out
    specifier = ",".join(sorted(clauses))
    extras = sorted({one.strip() for one in match[2].split(",")}) if match[2] else []
    told = f"{match[1]}[{','.join(extras)}]" if extras else match[1]
    return ParsedRequirement(
        normalise(match[1]),
        tuple(sorted(map(normalise, extras))),
        mask_text(f"{told}{specifier}"),
        specifier,
        condition=match[5] or "",
    )


def _bound(clause: str) -> tuple[int | str, ...]:
    """Return what a clause compares with: `1.2` is `1.2.0`, and `1.2.*` another."""
    release = clause.strip("<>=!~")
    numbers = _shortened(release.removesuffix(".*"))
    return (*numbers, "*") if release.endswith(".*") else numbers


def _shortened(release: str) -> tuple[int, ...]:
    numbers = [int(part) for part in release.split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def _accepts_plain(specifier: str, version: str) -> bool | None:
    """Tell whether a version is in a specifier, as `packaging` does; None for other than plain
    forms: there are no pre-releases, epochs or local versions then."""
    if len(specifier) > _LONGEST_PLAIN:
        return None
    match = _PLAIN_VERSION.match(version)
    clauses = [_PLAIN_CLAUSE.match(one) for one in specifier.split(",")]
    if match is None:
        return None
    fits = []
    for clause in clauses:
        kind = clause[1] if clause is not None else ""
        one = None if clause is None else _fits(kind, clause[2], bool(clause[3]), match)
        if one is None:
            return None
        fits.append(one)
    return all(fits)


def _fits(kind: str, bound: str, starred: bool, version: "re.Match[str]") -> bool | None:  # noqa: FBT001
    """Tell whether a plain version is in a plain clause; None where that is none."""
    parts = [int(part) for part in version[1].split(".")]
    release, wanted, post = _shortened(version[1]), _shortened(bound), bool(version[2])
    length = bound.count(".") + 1 - (kind == "~=")
    begins = [*parts, *[0] * length][:length]
    alike = begins == [int(part) for part in bound.split(".")][:length]
    equal = alike if starred else release == wanted and not post
    if starred and kind not in {"==", "!="}:
        return None
    match kind:
        case "==":
            return equal
        case "!=":
            return not equal
        case ">=":
            return release >= wanted
        case ">":
            return release > wanted
        case "<=":
            return release < wanted or equal
        case "<":
            return release < wanted
        case "~=" if length:
            return release >= wanted and alike
        case _:
            return None


def _holds_plain(condition: str, extra: str, environment: MarkerEnvironment) -> bool | None:
    """Tell whether a marker of a plain form holds; None where a version here is not plain."""
    values = dict(environment.variables)
    either, every = False, True
    for part in _PARTS.finditer(condition):
        name, kind, value = part.groups()
        if condition[: part.start()].rstrip().endswith(" or"):
            either, every = either or every, True
        if name.startswith("python_"):
            found = _accepts_plain(kind + value, values[name])
            if found is None:
                return None
        elif name == "extra":
            found = (normalise(value) == normalise(extra)) is (kind == "==")
        else:
            found = (values[name] == value) is (kind == "==")
        every = every and found
    return either or every


@lru_cache(maxsize=_KEPT)
def parse_requirement(text: str) -> ParsedRequirement | None:
    """Return a requirement parsed, or None for what is no requirement."""
    if (plain := _parse_plain(text)) is not None:
        return plain
    # start-up: 20 ms, and only versions and markers ask
    from packaging.requirements import InvalidRequirement, Requirement

    if len(text) > _LONGEST:
        return None
    try:
        found = Requirement(text)
    except (InvalidRequirement, RecursionError):
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
        marked.condition if marked is not None else "",
        unread=True,
        unmarked=conditional and marked is None,
    )


def _evaluable(marker: "Marker") -> "Marker":
    """Return a marker in which `python_version < '3.10.*'` compares as a version does."""
    text = str(marker)
    if ".*" not in text:
        return marker
    return type(marker)(_STARRED.sub(_without_star, text))


def _without_star(match: "re.Match[str]") -> str:
    if match[1]:
        return f"{match[1]}{match[2]}{match[3]}{match[2]}"
    return f"{match[4]}{match[5]}{match[4]}"


@lru_cache(maxsize=_KEPT)
def asking_extras(text: str) -> tuple[str, ...]:
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
    if parsed is None or not (parsed.marker or parsed.condition):
        return True
    if environment.doubts(parsed.condition or str(parsed.marker)):
        return None
    if parsed.condition:
        plain = _holds_plain(parsed.condition, extra, environment)
        if plain is not None:
            return plain
    # start-up: 20 ms, and only what is not plain asks
    from packaging.markers import Marker, UndefinedComparison, UndefinedEnvironmentName

    values = dict(environment.variables)
    try:
        asked = parsed.marker or Marker(parsed.condition)
        return _evaluable(asked).evaluate({**values, "extra": extra})
    except (UndefinedComparison, UndefinedEnvironmentName, ValueError, RecursionError):
        return None  # a version that is none, or of more digits than Python reads


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
        if extra not in asking_extras(text):
            continue
        requirement = read_requirement(text)
        if requirement is None:
            invalid.append(text)
            continue
        if requirement.unread:
            unread.append(text)
        marked = requirement.marker or requirement.condition or requirement.unmarked
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
    if (plain := _accepts_plain(specifier, version)) is not None:
        return plain
    # start-up: 20 ms, and only what is not plain asks
    from packaging.specifiers import SpecifierSet
    from packaging.version import Version

    try:
        return SpecifierSet(specifier).contains(Version(version), prereleases=True)
    except ValueError:  # not valid, or of more digits than Python reads
        return unread
