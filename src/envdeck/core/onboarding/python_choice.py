"""Which Python a project accepts: by the range it allows, and by the version that it pins."""

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from envdeck.core.inspection.interpreter import RELEASES, end_of_life, is_version
from envdeck.core.project.model import WantedPython

_TO_GET = tuple(reversed(RELEASES))[: -list(RELEASES).index("3.8")]
"""Minor versions that may be asked of uv by number, the newest first: it has none below 3.8."""
_LAST_PATCH = 99
"""A patch release that is later than any: `>=3.12.4` is met by some 3.12."""


def accepts_python(
    wanted: WantedPython,
    version: str | None,
    implementation: str | None,
    *,
    free_threaded: bool = False,
) -> bool:
    """Tell whether a project accepts a Python. A version that is not known is accepted by a
    project that asks for nothing alone; a range that cannot be read asks for nothing."""
    if version is None:
        return not (wanted.exact or wanted.specifier)
    if wanted.exact is not None:
        if (wanted.implementation or "cpython") != (implementation or "cpython"):
            return False
        if not is_version(version, wanted.exact, free_threaded=free_threaded):
            return False
    return _within(wanted.specifier, version)


def asked_for(wanted: WantedPython) -> str:
    """Say what a project asks of Python, in a few words: `>=3.10, and 3.12`; empty for nothing."""
    exact = " ".join(filter(None, (wanted.implementation, wanted.exact)))
    return " and ".join(filter(None, (wanted.specifier, exact)))


def version_to_get(wanted: WantedPython, now: float) -> str:
    """Return what to ask `uv python install` for: the version that is pinned, else the newest
    minor version that is allowed and still supported, else the range itself; empty (uv then
    takes the newest) where nothing is asked for. `now` is in seconds since the epoch."""
    if wanted.exact is not None:
        name = wanted.implementation
        return wanted.exact if name in (None, "cpython") else f"{name}@{wanted.exact}"
    if not wanted.specifier:
        return ""
    fitting = [one for one in _TO_GET if _some_release(wanted.specifier, one)]
    supported = [one for one in fitting if end_of_life(one, now) is None]
    # The newest of all is the one whose packages may be missing yet, and still the one asked for.
    return next(iter((*supported, *fitting)), wanted.specifier)


def _some_release(specifier: str, minor: str) -> bool:
    """Tell whether a range allows a release of a minor version: its first, or a late one."""
    return any(_within(specifier, f"{minor}.{patch}") for patch in (_LAST_PATCH, 0))


def _within(specifier: str, version: str) -> bool:
    if not specifier:
        return True
    try:
        return SpecifierSet(specifier).contains(Version(version), prereleases=True)
    except (InvalidSpecifier, InvalidVersion, ValueError):
        return True  # the benefit of the doubt: the tool that reads it will say
