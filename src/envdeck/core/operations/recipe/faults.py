"""Files of a new environment that are not what their RECORD says."""

import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from envdeck.core import reach
from envdeck.core.files import Unread, reason_of
from envdeck.core.operations.recipe.claims import Claim, Claims
from envdeck.core.operations.recipe.contents import Contents, Inode


@dataclass(frozen=True, slots=True)
class Fault:
    """A file that is not what it should be."""

    place: str
    """Relative to the environment, with `/`."""
    names: tuple[str, ...]
    """The distributions that claim it and should have it."""
    hashes: frozenset[str]
    """What it may hold, as RECORD has it."""
    reason: str


def find_faults(
    claims: Claims,
    contents: Contents,
    winners: Mapping[str, frozenset[str]],
    stopped: Callable[[], bool],
) -> list[Fault]:
    """Read every file that is claimed, and return those that are not as their RECORD says.

    `winners` are the distributions, by place, one of which has to have its file there where
    several claim it.
    """
    found = []
    inodes = _Inodes(claims.root)
    for place, every in claims.by_place.items():
        inode = inodes.find(place)
        if len(every) == 1 and inode and contents.presumed.get(inode) == every[0].hash:
            contents.met.add(inode)
            continue
        if stopped():
            break
        rightful = every
        if len(every) > 1 and (names := winners.get(place)):
            rightful = tuple(each for each in every if each.name in names) or every
        reason = _amiss(f"{claims.root}/{place}", rightful, contents)
        if reason:
            names = frozenset(each.name for each in rightful)
            hashes = frozenset(each.hash for each in rightful)
            found.append(Fault(place, tuple(sorted(names)), hashes, reason))
    return found


@dataclass(slots=True)
class _Inodes:
    """Which files lie in the folders of a tree, as listing a folder tells."""

    root: str
    _folders: dict[str, dict[str, Inode]] = field(default_factory=dict)

    def find(self, place: str) -> Inode | None:
        """Return the file at a place; None where there is none, or a link."""
        folder, _, name = place.rpartition("/")
        listed = self._folders.get(folder)
        if listed is None:
            listed = self._folders[folder] = self._list(f"{self.root}/{folder}")
        return listed.get(name)

    def _list(self, path: str) -> dict[str, Inode]:
        try:
            device = reach.stat(path).st_dev
            with os.scandir(path) as entries:
                return {
                    entry.name: (device, entry.inode())
                    for entry in entries
                    if not entry.is_symlink()
                }
        except OSError:  # the files in it are missing, and told
            return {}


def _amiss(path: str, claims: tuple[Claim, ...], contents: Contents) -> str:
    """Return why a file is none of those that are claimed; nothing where it is one."""
    try:
        status = reach.stat(path)
    except FileNotFoundError:
        return "is missing"
    except (OSError, ValueError) as error:
        return f"cannot be read: {reason_of(error)}"
    if not stat.S_ISREG(status.st_mode):
        return "is not a regular file"
    for claim in claims:
        if claim.size not in {None, status.st_size}:
            continue
        agrees = contents.agrees(path, status, claim.hash)
        if isinstance(agrees, Unread):
            return f"cannot be read: {agrees.reason}"
        if agrees:
            return ""
    return "is not what its RECORD says"
