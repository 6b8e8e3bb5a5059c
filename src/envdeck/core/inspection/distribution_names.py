"""Names and versions of distributions, as the names of their metadata folders tell them."""

import re

SUFFIXES = (".dist-info", ".egg-info", ".egg-link", ".egg")
"""What marks an entry of a package folder as a distribution: the recorded format (PEP 376), and
setuptools' three: a folder or file of metadata, a link to a project in development, an egg."""

LEFTOVER = "~"
"""How pip begins the name of what it puts aside while it removes or upgrades a package."""

_RUNS = re.compile(r"[-_.]+")
_BEFORE_VERSION = re.compile(r"-(?=v?\d)")
_PYTHON_TAG = re.compile(r"-py\d+(?:\.\d+)?(?:-.*)?\Z", re.DOTALL)


def normalise(name: str) -> str:
    """Return a distribution's or an extra's name as PEP 503 and PEP 685 compare it."""
    name = name.lower()
    return name if name.isalnum() else _RUNS.sub("-", name)


def is_distribution(entry: str) -> bool:
    """Tell whether an entry of a package folder is the metadata of a distribution."""
    return entry.endswith(SUFFIXES) and not entry.startswith((LEFTOVER, "."))


def from_entry(entry: str) -> tuple[str, str]:
    """Return name (as spelt) and version of `zope.interface-5.4.0-py3.8.egg-info`.

    A name has no dash in it (the wheel format writes `_`), but some writers of old left one, so
    the version begins at the first dash with a digit behind it. In a version `_` stands for the
    dash. The version is empty where the entry names none, as an `.egg-link` does.
    """
    stem, _, suffix = entry.rpartition(".")
    if suffix == "egg-link":
        return stem, ""
    if suffix != "dist-info":
        stem = _PYTHON_TAG.sub("", stem)
    name, *version = _BEFORE_VERSION.split(stem, maxsplit=1)
    return name, version[0].replace("_", "-") if version else ""
