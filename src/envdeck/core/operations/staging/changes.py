"""Files added to the old environment while the new one is built; RECORDs of a copy that name
files outside of it, kept from an installer while it works there.

An installer that removes a package deletes what its RECORD names. A row with an absolute path, as
poetry writes them for the project itself, or with enough `..`, leads from a copy back into the
original, or to somewhere else. In the copy such rows are made relative, or are left out where they
lead out of the environment; when the copy is finished, each RECORD that nobody rewrote meanwhile is
again what it was.
"""

import codecs
import csv
import io
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Self, TypeAlias

from envdeck.core.inspection.packages.distributions import link_heads, read_heads
from envdeck.core.inspection.packages.record import COMPILED, RECORD_LIMIT, RecordRow, rows
from envdeck.core.inspection.packages.site_packages import entries, list_names
from envdeck.core.inspection.unowned import unowned_files
from envdeck.core.lazy_dataclasses import dataclass, field
from envdeck.core.model import Distribution, Environment, PackageChange
from envdeck.core.operations.guards.check import elsewhere
from envdeck.core.operations.recipe.carry import bring, mapped
from envdeck.core.operations.recipe.recipe import Recipe
from envdeck.core.operations.transaction.picture import Picture
from envdeck.core.system import reach
from envdeck.core.system.files import Unread, read_bounded, same_content
from envdeck.core.system.host import lies_under, relative_to
from envdeck.core.system.words import join_some

Signature: TypeAlias = tuple[int, int, int] | None
"""Size, time of change (ns) and inode; None for what is not there."""
FileState: TypeAlias = tuple[int, int, int] | None
"""The same as a picture has it: inode, size and time of change."""

_NAMED = 3
PackageStates: TypeAlias = tuple[tuple[str, str, Signature], ...]
"""Each metadata folder, its distribution's name and the state of its RECORD."""


@dataclass(frozen=True, slots=True)
class Installed:
    """What is installed in an environment, read at one moment for all that ask about it."""

    packages: PackageStates
    heads: tuple[Distribution, ...]
    """What each distribution says of itself."""
    distributions: tuple[Distribution, ...]
    """The same with what they are to each other."""

    @classmethod
    def read(cls, environment: Environment) -> Self:
        """Read it now."""
        packages = packages_of(environment)  # first: what changes meanwhile is told by it
        heads = read_heads(environment, sizes=True)
        return cls(packages, heads, link_heads(environment, heads))


@dataclass(frozen=True, slots=True)
class Changes:
    """What became of files that came meanwhile; paths relative to the environment."""

    carried: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    """These are in the old environment alone."""
    packages: tuple[str, ...] = ()
    """Names of distributions that were installed, changed or removed."""


@dataclass(frozen=True, slots=True)
class BuildTraces:
    """What builds write into the projects that are installed from their own folder: no rollback
    brings that back, and so it is said."""

    folders: tuple[str, ...]
    files: Mapping[str, tuple[int, int]]
    """Time of the last change and size, by path."""

    @classmethod
    def read(cls, recipe: Recipe, project: str | None) -> Self:
        """Look at those that are installed in an environment, and at its own project."""
        sources = {project, *(pin.source for pin in recipe.installed)}
        folders = tuple(sorted(source for source in sources if source is not None))
        return cls(folders, dict(_egg_infos(folders)))

    def changes(self) -> tuple[str, ...]:
        """Return the folders of metadata that have been written to since."""
        now = dict(_egg_infos(self.folders))
        found = {path for path, state in now.items() if self.files.get(path) != state}
        return tuple(sorted({os.path.dirname(path) for path in found | (self.files.keys() - now)}))


def _egg_infos(folders: Iterable[str]) -> Iterator[tuple[str, tuple[int, int]]]:
    for folder in folders:
        for place in (folder, os.path.join(folder, "src")):
            names = entries(place)
            for name in () if isinstance(names, Unread) else names:
                info = os.path.join(place, name)
                inside = entries(info) if name.endswith(".egg-info") else ()
                for file in () if isinstance(inside, Unread) else inside:
                    path = os.path.join(info, file)
                    with suppress(OSError):
                        status = reach.lstat(path)
                        yield path, (status.st_mtime_ns, status.st_size)


@dataclass(slots=True)
class ChangeMonitor:
    """How an environment was at one moment."""

    environment: Environment
    folders: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Every folder in it, by its relative path: inode and time of change."""
    files: dict[str, FileState] = field(default_factory=dict)
    """Every file, and those that are followed, by their relative paths."""
    packages: PackageStates = ()
    own: frozenset[str] | None = None
    """The files that the new environment does not share, as links to the very same ones; None
    where that is not known."""

    @classmethod
    def start(
        cls,
        environment: Environment,
        picture: Picture | None = None,
        packages: PackageStates | None = None,
    ) -> "ChangeMonitor":
        """Return how it was when `picture` was taken, and `packages` were read; by default, how it
        is now."""
        packages = packages_of(environment) if packages is None else packages
        picture = picture or Picture.take(environment.path, digests=False)
        folders, files = dict(picture.folders), dict(picture.files)
        if os.sep != "/":
            folders = {path.replace("/", os.sep): state for path, state in folders.items()}
            files = {path.replace("/", os.sep): state for path, state in files.items()}
        return cls(environment, folders, files, packages)  # type: ignore[arg-type]  # none is None

    def follow(self, paths: Iterable[str]) -> None:
        """Look after these files too, from now on."""
        for path in paths:
            if path not in self.files:
                self.files[path] = _state(os.path.join(self.environment.path, path))
                self.own = None

    def share(self, after: str) -> None:
        """Look no more at files that the environment at `after` has too, which shares what is
        written into them; that a name leads to another file is told by its folder."""
        shared = set()
        for path in self.folders:
            inside = path and path + os.sep
            with suppress(OSError), os.scandir(os.path.join(after, path)) as entries:
                for entry in entries:
                    name = inside + entry.name
                    known = self.files.get(name)
                    if known is not None and known[0] == entry.inode():
                        shared.add(name)
        self.own = frozenset(self.files.keys() - shared)

    def suspects(self, folder: str) -> frozenset[str] | None:
        """Return the folders and files that changed in the tree that now is at `folder`; None
        where nothing did at all. What is new is told by its folder, so each is looked at by its
        path, and nothing is listed."""
        found: set[str] = set()
        replaced: tuple[str, ...] = ()  # what is below may be anywhere by now: it is not touched
        for path, known in self.folders.items():  # the outer ones first
            state = None
            if not replaced or not path.startswith(replaced):
                state = _state(os.path.join(folder, path) if path else folder)
            if state is None or (state[0], state[2]) != known:
                found.add(path)
            if state is None or state[0] != known[0]:
                replaced = (*replaced, path and path + os.sep)
        looked_at = self.files.keys() if found or self.own is None else self.own
        inside = folder + os.sep
        for path in looked_at:
            below = replaced and path.startswith(replaced)
            if below or _state(inside + path) != self.files[path]:
                found.add(path)
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
        left = [] if unowned.complete else [unowned.problem]
        for path in new:
            target = mapped(path, before, after)
            if target is None:
                left.append(path)
                continue
            told = bring(folder, path, after.path, target, replace=target in mine)
            if told is None:
                continue
            (left if told else carried).append(path)
        for path in sorted(suspects & self.files.keys() - {*found}):
            target = mapped(path, before, after)
            if path.endswith(COMPILED) or target is None or not self._is_saved(path, folder):
                continue
            full = os.path.join(after.path, target)
            if _same_content(os.path.join(folder, path), full):
                continue
            untouched = overwrite and _state(full) == self.files[path]  # the copy shares it
            if untouched and not bring(folder, path, after.path, target, replace=True):
                carried.append(path)
            else:
                left.append(path)
        return Changes(tuple(carried), tuple(left))

    def _is_saved(self, path: str, folder: str) -> bool:
        """Tell whether a file was written to, and is there."""
        state = _state(os.path.join(folder, path))
        return state is not None and state != self.files[path]

    def _is_new(self, path: str, suspects: frozenset[str]) -> bool:
        above = os.path.dirname(path)
        return path in suspects or above in suspects or above not in self.folders


def settle_shared(after: str, watch: ChangeMonitor | None, settle: Callable[[str], None]) -> None:
    """Have a finished tree reach the disk, and meanwhile see what it shares with the old one."""
    with ThreadPoolExecutor(1) as aside:
        listing = None if watch is None else aside.submit(watch.share, after)
        settle(after)
    if listing is not None:
        listing.result()


def named(paths: Iterable[str]) -> str:
    """Return the first few of some paths, and how many more there are."""
    return join_some(paths, _NAMED)


def packages_of(environment: Environment) -> PackageStates:
    """Return what is installed as its metadata folders tell, none of which is read."""
    root = environment.path
    return tuple(
        (
            relative_to(listed.path, root),
            listed.name,
            _signature(os.path.join(listed.path, "RECORD")),
        )
        for listed in list_names(environment.site_packages)
    )


def changed_between(before: PackageStates, after: PackageStates) -> tuple[str, ...]:
    """Return the names of the distributions that came, went or were reinstalled."""
    return tuple(sorted({name for _, name, _ in {*before} ^ {*after}}))


def changes_to(
    before: Mapping[str, str], after: Mapping[str, str | None]
) -> tuple[PackageChange, ...]:
    """Return what becomes of packages, by versions; None is a version that is not told."""
    found = []
    for name in sorted({*before, *after}):
        was, then = before.get(name), after.get(name, None)
        if name in after and then is None:
            then = was or ""
        if was != then:
            found.append(PackageChange(name, was, then))
    return tuple(found)


def changes_between(before: Environment | None, after: Environment) -> tuple[PackageChange, ...]:
    """Return what became of packages from one environment, or from none, to another."""
    was, now = (
        {} if each is None else {one.name: one.version for one in list_names(each.site_packages)}
        for each in (before, after)
    )
    return changes_to(was, now)


def _signature(path: str) -> Signature:
    state = _state(path)
    return None if state is None else (state[1], state[2], state[0])


def _state(path: str) -> FileState:
    try:
        status = os.lstat(path)
    except (OSError, ValueError):
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


def _same_content(first: str, second: str) -> bool:
    try:
        return same_content(first, second)
    except OSError:
        return False


Write = Callable[[str, bytes], None]
"""Replaces a file as a whole."""
_ROOTED = re.compile(rb"\n(?:[/\\]|[A-Za-z]:)[^\n]*")


def confine_records(
    environment: Environment, copy: str, write: Write
) -> Mapping[str, tuple[bytes, bytes]]:
    """Have the RECORDs in the copy of an environment name nothing outside of the copy.

    Returns, by the path of each RECORD that was changed, what it was and what it is now. Raises
    `OSError` where one cannot be written.
    """
    changed = {}
    roots = (os.path.normpath(environment.path), os.path.realpath(environment.path))
    for listed in list_names(environment.site_packages):
        inner = relative_to(listed.path, environment.path)
        if inner.startswith(os.pardir):
            continue
        path = os.path.join(copy, inner, "RECORD")
        data = read_bounded(path, RECORD_LIMIT)
        if isinstance(data, Unread):
            continue
        confined = _confine(data, os.path.dirname(listed.path), roots)
        if confined is not None:
            write(path, confined)
            changed[path] = (data, confined)
    return changed


def restore_records(changed: Mapping[str, tuple[bytes, bytes]], write: Write) -> None:
    """Have each RECORD be what it was that nobody rewrote or removed. Raises `OSError`."""
    for path, (before, confined) in changed.items():
        if read_bounded(path, RECORD_LIMIT) == confined:
            write(path, before)


def _confine(data: bytes, folder: str, roots: tuple[str, str]) -> bytes | None:
    """Return a RECORD whose rows stay within the environment, which is at `roots`; None where they
    all do."""
    told = data if b'"' in data else _climbers(data)
    if not told:
        return None
    if all(_inner_path(row.path, folder, roots) == row.path for row in rows(told)):
        return None
    kept: list[RecordRow] = []
    for row in rows(data):
        path = _inner_path(row.path, folder, roots)
        if path is not None:
            kept.append(row._replace(path=path))
    return _text(kept)


def _climbers(data: bytes) -> bytes:
    """Return the lines of a RECORD without quotes that could lead anywhere but below its folder:
    those that begin at a root, and those that go up."""
    data = data.removeprefix(codecs.BOM_UTF8)
    found = _ROOTED.findall(b"\n" + data)
    if b".." in data:
        found += [line for line in data.split(b"\n") if b".." in line]
    return b"\n".join(found)


def _inner_path(path: str, folder: str, roots: Iterable[str]) -> str | None:
    """Return the path of a row relative to the package folder; None where it leads out."""
    full = os.path.normpath(os.path.join(folder, path))
    for root in roots:
        if lies_under(full, root):
            if not os.path.isabs(path):
                return path
            base = folder if lies_under(folder, root) else os.path.realpath(folder)
            return os.path.relpath(full, base).replace(os.sep, "/")
    return None


def _text(kept: Iterable[RecordRow]) -> bytes:
    written = io.StringIO(newline="")
    writer = csv.writer(written, lineterminator="\n")
    for row in kept:
        writer.writerow((row.path, row.hash, "" if row.size is None else row.size))
    return written.getvalue().encode("utf-8", "surrogateescape")
