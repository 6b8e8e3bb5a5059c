"""What a package folder lists: distributions and leftovers by name alone, without opening any.

Names and versions are enough to count, and to find who has `openai<1.2` among a thousand
environments: one listing a folder, and no file is read.
"""

import os
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from envdeck.core import reach
from envdeck.core.files import Unread, reason_of
from envdeck.core.inspection.distribution_names import (
    LEFTOVER,
    from_entry,
    is_distribution,
    normalise,
)


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


def count_distributions(site_packages: Iterable[str]) -> int | None:
    """Return how many distributions the folders hold; None when not one could be listed."""
    counts = [
        sum(map(is_distribution, found))
        for folder in folders(site_packages)
        if not isinstance(found := entries(folder), Unread)
    ]
    return sum(counts) if counts else None


def leftovers(site_packages: Iterable[str]) -> tuple[str, ...]:
    """Return the paths of what a pip that was killed left aside (`~umpy`), sorted.

    pip renames what it removes to a name with `~` in front, beside it, and deletes that last.
    They are no distributions: nothing imports them, and they only take room.
    """
    found: list[str] = []
    for folder in folders(site_packages):
        names = entries(folder)
        if not isinstance(names, Unread):
            found += [os.path.join(folder, name) for name in names if name.startswith(LEFTOVER)]
    return tuple(sorted(found))


def _listed(site_packages: Iterable[str]) -> Iterator[Listed]:
    for folder in folders(site_packages):
        names = entries(folder)
        if isinstance(names, Unread):
            continue
        for entry in names:
            if is_distribution(entry):
                name, version = from_entry(entry)
                yield Listed(normalise(name), version, os.path.join(folder, entry))


def _identity(path: str) -> object:
    try:
        status = reach.stat(path)
    except (OSError, ValueError):
        return path
    return status.st_dev, status.st_ino
