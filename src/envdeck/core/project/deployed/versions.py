"""Versions of Python as the words of many tools have them: exact ones, or none."""

import re

_RELEASE = r"[23]\.\d{1,2}(?:\.\d{1,3})?"
_VERSION = re.compile(
    rf"(?:v|={{1,3}}|(?:c?python|py)[-@]?)?(?P<release>{_RELEASE})"
    r"(?:\.?[-.]?(?P<pre>a|b|rc|alpha|beta)\.?(?P<number>\d{1,2})|-?dev|\.[x*]|t)?\Z",
    re.IGNORECASE | re.ASCII,
)
_JOINED = re.compile(
    r"(?:c?python|py)-?(?P<major>[23])(?P<minor>\d{1,2})t?\Z", re.IGNORECASE | re.ASCII
)
_LONGEST = 40


def version_in(text: str) -> str | None:
    """Return the version that a word names: `3.12`, `3.12.4`, `python3.12`, `python312`, `py312`,
    `3.12.x` and `3.12-dev` (both 3.12); None for a range, `3`, `latest`, and other
    implementations than CPython."""
    if len(text) > _LONGEST:
        return None
    text = text.strip()
    match = _VERSION.match(text)
    if match is not None:
        pre = {"alpha": "a", "beta": "b"}.get((match["pre"] or "").lower(), match["pre"] or "")
        return match["release"] + (f"{pre.lower()}{match['number']}" if pre else "")
    match = _JOINED.match(text)
    return f"{match['major']}.{match['minor']}" if match else None


def minor_of(version: str) -> tuple[int, int] | None:
    """Return `(3, 12)` for `3.12` and whatever it begins; None where that is not told."""
    match = re.match(r"([0-9]{1,3})\.([0-9]{1,3})(?![0-9])", version)
    return (int(match[1]), int(match[2])) if match else None
