"""What came into an environment while the one that takes its place was made.

A notebook is saved, a log goes on, somebody runs pip: none of that may end up in the trash
unsaid. Folders are looked at by their times, which change whenever a name in them comes, goes or
is replaced; only where one did are the files themselves compared.
"""

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from envdeck.core.inspection.packages.site_packages import list_names
from envdeck.core.inspection.unowned import unowned_files
from envdeck.core.model import Environment
from envdeck.core.operations.guards.check import elsewhere
from envdeck.core.operations.recipe.carry import bring, mapped
from envdeck.core.system.words import join_some

Signature: TypeAlias = tuple[int, int, int] | None
"""Size, time of change (ns) and inode; None for what is not there."""

_NAMED = 3
_COPIED = frozenset({"", "bin", "Scripts"})
_DATA = (".pth", ".cfg", ".json", ".egg-link")
"""What a copy of hard links does not share: these folders' files, and these endings."""
Packages: TypeAlias = tuple[tuple[str, str, Signature], ...]
"""Each metadata folder, its distribution's name and the state of its RECORD."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What became of files that came meanwhile; paths relative to the environment."""

    carried: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    """These are in the old environment alone."""
    packages: tuple[str, ...] = ()
    """Names of distributions that were installed, changed or removed."""


@dataclass(slots=True)
class ChangeMonitor:
    """How an environment was at one moment."""

    environment: Environment
    folders: dict[str, Signature] = field(default_factory=dict)
    """Every folder in it, by its relative path."""
    files: dict[str, Signature] = field(default_factory=dict)
    """Files whose content is not shared with the new one, by their relative paths."""
    packages: Packages = ()

    @classmethod
    def of(cls, environment: Environment) -> "ChangeMonitor":
        """Return how it is now."""
        watch = cls(environment)
        pending = [""]
        while pending:
            here = pending.pop()
            full = os.path.join(environment.path, here)
            watch.folders[here] = _signature(full)  # before it is listed
            copied = here in _COPIED
            try:
                with os.scandir(full) as entries:
                    for entry in entries:
                        if entry.is_dir(follow_symlinks=False):
                            pending.append(os.path.join(here, entry.name))
                        elif copied or entry.name.endswith(_DATA):
                            path = os.path.join(here, entry.name)
                            watch.files[path] = _signature(entry.path)
            except OSError:
                continue
        watch.packages = packages_of(environment)
        return watch

    def follow(self, paths: Iterable[str]) -> None:
        """Look after these files too, from now on."""
        for path in paths:
            self.files.setdefault(path, _signature(os.path.join(self.environment.path, path)))

    def suspects(self, folder: str) -> frozenset[str] | None:
        """Return the folders that changed in the tree that now lies at `folder`, and the files
        that are followed and did; None where nothing did at all."""
        found = {
            path
            for known in (self.folders, self.files)
            for path, before in known.items()
            if _signature(os.path.join(folder, path)) != before
        }
        return frozenset(found) or None

    def changed_packages(self, folder: str) -> tuple[str, ...]:
        """Return the distributions that are no longer what they were."""
        return changed_between(self.packages, packages_of(elsewhere(self.environment, folder)))

    def arrived(self, folder: str, after: Environment, *, overwrite: bool) -> Changes:
        """Bring what came into the tree at `folder` to the environment `after`.

        With `overwrite`, as long as nobody uses `after`, a file of the person's that changed
        replaces the copy of what it was. Raises `OSError` where `after` cannot be written.
        """
        suspects = self.suspects(folder)
        if suspects is None:
            return Changes()
        before = elsewhere(self.environment, folder)
        packages = self.changed_packages(folder)
        if packages:
            return Changes(packages=packages)
        unowned = unowned_files(before)
        found = [each.path for each in unowned.files]
        new = [path for path in found if self._is_new(path, suspects)]
        mine = {each.path for each in unowned_files(after).files} if new and overwrite else ()
        carried: list[str] = []
        left = [] if unowned.complete else ["what could not be looked at"]
        for path in new:
            target = mapped(path, before, after)
            if target is None:
                left.append(path)
                continue
            told = bring(folder, path, after.path, target, replace=target in mine)
            if told is None:
                continue
            (left if told else carried).append(path)
        return Changes(tuple(carried), tuple(left))

    def _is_new(self, path: str, suspects: frozenset[str]) -> bool:
        above = os.path.dirname(path)
        return path in suspects or above in suspects or above not in self.folders


def named(paths: Iterable[str]) -> str:
    """Return the first few of some paths, and how many more there are."""
    return join_some(paths, _NAMED)


def packages_of(environment: Environment) -> Packages:
    """Return what is installed as its metadata folders tell, none of which is read."""
    root = environment.path
    return tuple(
        (
            os.path.relpath(listed.path, root),
            listed.name,
            _signature(os.path.join(listed.path, "RECORD")),
        )
        for listed in list_names(environment.site_packages)
    )


def changed_between(before: Packages, after: Packages) -> tuple[str, ...]:
    """Return the names of the distributions that came, went or were installed anew."""
    return tuple(sorted({name for _, name, _ in {*before} ^ {*after}}))


def _signature(path: str) -> Signature:
    try:
        status = os.lstat(path)
    except (OSError, ValueError):
        return None
    size = 0 if stat.S_ISDIR(status.st_mode) else status.st_size
    return size, status.st_mtime_ns, status.st_ino
