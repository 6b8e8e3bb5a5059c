"""Choosing environments by the version of their Python."""

import re
from argparse import ArgumentTypeError
from collections.abc import Callable

Matches = Callable[[str | None], bool]
"""Whether a version, None for one that is not known, is wanted."""

_LONGEST = 200
"""Characters of a range; a number of thousands of digits is none that Python reads."""
_PLAIN = re.compile(r"[0-9]+(\.[0-9]+){0,2}([a-z]+[0-9]+)?")


def python_matches(spec: str) -> Matches:
    """Return the test for `3.12` (that and all that begin so) or `>=3.10,<3.12` (PEP 440).

    Raises :class:`argparse.ArgumentTypeError` for anything else.
    """
    text = spec.strip().lower()
    if _PLAIN.fullmatch(text):
        return _begins_with(text.split("."))
    return _specified(spec)


def _begins_with(wanted: list[str]) -> Matches:
    def matches(version: str | None) -> bool:
        return version is not None and version.split(".")[: len(wanted)] == wanted

    return matches


def _specified(spec: str) -> Matches:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet
    from packaging.version import Version

    try:
        wanted = SpecifierSet(spec)
    except InvalidSpecifier as error:
        message = f"`{spec}` is no version, such as 3.12, or range, such as >=3.10,<3.12"
        raise ArgumentTypeError(message) from error
    if len(spec) > _LONGEST:
        raise ArgumentTypeError("that is too long for a version or a range")
    if not spec.strip():
        raise ArgumentTypeError("a version is needed, such as 3.12 or >=3.10,<3.12")

    def matches(version: str | None) -> bool:
        try:
            return version is not None and wanted.contains(Version(version), prereleases=True)
        except ValueError:  # not valid, or of more digits than Python reads
            return False

    return matches
