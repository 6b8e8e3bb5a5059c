"""Names in a package folder: dist-info, egg-info, eggs, leftovers.

Names and versions are enough to count, and to find who has `openai<1.2` among a thousand
environments: one listing a folder, and no file is read.
"""

import os
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from envdeck.core.inspection.packages.provenance import mask_text
from envdeck.core.system import reach
from envdeck.core.system.files import Unread, decode, decode_path, reason_of

SUFFIXES = (".dist-info", ".egg-info", ".egg-link", ".egg")
"""What marks an entry of a package folder as a distribution: the recorded format (PEP 376), and
setuptools' three: a folder or file of metadata, a link to a project in development, an egg."""

LEFTOVER = "~"
"""How pip begins the name of what it puts aside while it removes or upgrades a package."""
_LEFT = frozenset({LEFTOVER, "-", "=", "%"})
"""The same, with how pip 10 to 19 began them; their dots are told by the end of the name."""

_STRANGE = _LEFT | {"."}

_RUNS = re.compile(r"[-_.]+")
_BEFORE_VERSION = re.compile(r"-(?=v?\d)")
_PYTHON_TAG = re.compile(r"-py\d+(?:\.\d+)?(?:-.*)?\Z", re.DOTALL)


def normalise(name: str) -> str:
    """Return a distribution's or an extra's name as PEP 503 and PEP 685 compare it."""
    name = name.lower()
    return name if name.isalnum() else _RUNS.sub("-", name)


def is_distribution(entry: str) -> bool:
    """Tell whether an entry of a package folder is the metadata of a distribution, whose name
    begins with a letter or a digit (PEP 508)."""
    return entry.endswith(SUFFIXES) and entry[0].isalnum() and entry[0].isascii()


def is_leftover(entry: str) -> bool:
    """Tell whether an entry of a package folder is what a pip that was killed left aside."""
    return entry[0] in _LEFT or (entry[0] == "." and entry.endswith(SUFFIXES))


def parse_entry(entry: str) -> tuple[str, str]:
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


class Listed(NamedTuple):
    """A distribution as its metadata folder's name tells it."""

    name: str
    """Normalised (PEP 503)."""
    version: str
    """Empty where the entry names none (`.egg-link`)."""
    path: str


def entries(folder: str) -> tuple[str, ...] | Unread:
    """Return the names in a package folder, sorted, or why it cannot be listed."""
    try:
        return tuple(sorted(reach.listdir(folder)))
    except (OSError, ValueError) as error:
        return Unread(reason_of(error))


def folders(site_packages: Iterable[str]) -> tuple[str, ...]:
    """Return package folders each once, whatever links lead to it (`lib64` to `lib`)."""
    paths = tuple(dict.fromkeys(site_packages))
    if len(paths) < 2:
        return paths
    met: dict[object, str] = {}
    for path in paths:
        met.setdefault(_identity(path), path)
    return tuple(met.values())


def list_names(site_packages: Iterable[str]) -> tuple[Listed, ...]:
    """Return every distribution by the names of the metadata folders, sorted by name.

    Two of one name are two rows. A folder that cannot be listed adds none:
    :func:`count_distributions` tells that from an empty one.
    """
    return tuple(sorted(_listed(site_packages)))


def count_distributions(site_packages: Iterable[str]) -> tuple[int | None, int]:
    """Return how many distributions the folders hold (None when not one could be listed), and
    how many leftovers."""
    listed = [
        found
        for folder in folders(site_packages)
        if not isinstance(found := entries(folder), Unread)
    ]
    if not listed:
        return None, 0
    # one look at each name where it ends or begins as those that count; there are thousands
    counted = [name for names in listed for name in names if name.endswith(SUFFIXES)]
    strange = [name for names in listed for name in names if name[0] in _STRANGE]
    return sum(map(is_distribution, counted)), sum(map(is_leftover, strange))


def leftovers(site_packages: Iterable[str]) -> tuple[str, ...]:
    """Return the paths of what a pip that was killed left aside (`~umpy`), sorted.

    pip renames what it removes to a name with `~` in front, beside it, and deletes that last.
    They are no distributions: nothing imports them, and they only take room.
    """
    found: list[str] = []
    for folder in folders(site_packages):
        names = entries(folder)
        if not isinstance(names, Unread):
            found += [os.path.join(folder, name) for name in names if is_leftover(name)]
    return tuple(sorted(found))


def _listed(site_packages: Iterable[str]) -> Iterator[Listed]:
    for folder in folders(site_packages):
        names = entries(folder)
        if isinstance(names, Unread):
            continue
        for entry in names:
            if is_distribution(entry):
                name, version = parse_entry(entry)
                yield Listed(normalise(name), version, os.path.join(folder, entry))


def _identity(path: str) -> object:
    try:
        status = reach.stat(path)
    except (OSError, ValueError):
        return path
    return status.st_dev, status.st_ino


REQUIRES_LIMIT = 64 * 1024
"""Bytes of a `requires.txt`."""
EGG_LINK_LIMIT = 8 * 1024
"""Bytes; it holds two paths."""


def parse_requires(data: bytes) -> tuple[str, ...]:
    """Return a `requires.txt` as requirements of PEP 508.

    Its sections are `[extra]`, `[extra:marker]` or `[:marker]`, and hold for every line below.
    """
    return tuple(_requirements(decode(data)))


def parse_egg_link(data: bytes) -> str | None:
    """Return the folder an `.egg-link` leads to, its first line, or None when it names none."""
    lines = decode_path(data).splitlines()
    return (lines[0].strip() or None) if lines else None


def _requirements(text: str) -> Iterator[str]:
    condition = ""
    for raw in text.replace("\r", "\n").split("\n"):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if line[0] == "[" and line[-1] == "]":
            condition = _condition(line[1:-1])
        else:
            yield mask_text(f"{line} ; {condition}" if condition else line)


def _condition(section: str) -> str:
    extra, _, marker = section.partition(":")
    parts = [f"({marker.strip()})"] if marker.strip() else []
    if extra.strip():
        name = extra.strip().replace('"', "")
        parts.append(f'extra == "{name}"')
    return " and ".join(parts)
