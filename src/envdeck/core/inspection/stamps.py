"""What inodes and time stamps tell of an environment: whether it changed since it was last looked
at, and when it was last used, as well as its files can tell without being disturbed.

What is not read again need not be opened: where every folder and file that recognising reads is as
it was, by inode and the times of its last changes, the candidate is made of what the last look
kept: names, and the lines of `pyvenv.cfg`.

The folder's own times do not tell of use: using it, or installing into it, leaves them alone. What
an interpreter *reads* at each start does: `pyvenv.cfg` (PEP 405), and start-up files that the
creator put into the package folders. Linux refreshes such an access time to within a day
(`relatime`).
"""

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Protocol

from envdeck.core.discovery.prefix import (
    EnvironmentCandidate,
    Kind,
    Layout,
    PackageFolder,
    package_folder,
    recognise,
)
from envdeck.core.inspection.packages.provenance import mask_text
from envdeck.core.model import Identity, LastUsed, Seen
from envdeck.core.system import reach
from envdeck.core.system.mounts import Mount, is_noatime, mount_of

_RACY_NS = 2_000_000_000
"""A change within the resolution of the time stamps would not be seen (two seconds on FAT)."""
_MOST_TEXTS = 200
_MOST_CHARACTERS = 8_000
"""What an ordinary environment takes is a tenth of it."""
_STAMP_DOTS = 2
"""In a stamp; the name of a library has one."""
_CFG = "pyvenv.cfg"
_PIP_CONF = "pip.conf"
_ENTRY = "python"


def fingerprint(candidate: EnvironmentCandidate) -> str:
    """Return a text that changes whenever what inspection reads may have changed.

    Installing and removing touches `site-packages` and `bin`; a new cfg or a replaced
    interpreter entry touches the root, the cfg or `bin`; a base that vanishes or returns
    changes what the entry leads to; what could not be looked into is in it too. Edits *inside*
    installed packages are not told.
    """
    return candidate.mark or _fingerprint(candidate, {})


def _fingerprint(candidate: EnvironmentCandidate, known: Mapping[str, os.stat_result]) -> str:
    layout = candidate.layout
    paths = [candidate.path, os.path.join(candidate.path, _CFG)]
    if not candidate.lacks(_PIP_CONF):
        paths.append(os.path.join(candidate.path, _PIP_CONF))
    paths += [folder.path for folder in layout.package_folders]
    paths += [
        path for path in (layout.scripts, layout.executable, candidate.cfg.get("home")) if path
    ]
    if layout.scripts:
        paths.append(os.path.join(layout.scripts, "activate"))
    # to rename the folder that holds the packages changes no time of what is in it
    names = [os.path.basename(os.path.dirname(folder.path)) for folder in layout.package_folders]
    stamps = [_stamp(path, known) for path in paths]
    return ";".join([*names, *stamps, *filter(None, [layout.unread])])


def _stamp(path: str, known: Mapping[str, os.stat_result]) -> str:
    status = known.get(path)
    if status is None:
        try:
            status = reach.stat(path)
        except (OSError, ValueError):
            return "-"
    return f"{status.st_ino:x}.{status.st_mtime_ns:x}.{status.st_ctime_ns:x}"


def _stamps_above(path: str, library: str) -> str:
    """Return the stamps of the folders that hold the package folder."""
    lib = f"{path}{os.sep}lib"
    return f"{_stamp(lib, {})};{_stamp(f'{lib}{os.sep}{library}', {})}"


def remember(candidate: EnvironmentCandidate, mark: str, now: float) -> Seen:
    """Return what is to be kept of a candidate with this fingerprint, if it is an ordinary one: a
    virtual environment with `bin/python` and one package folder in `lib`, none of which changed
    within two seconds before `now` (seconds since the epoch, when the look began)."""
    path, layout, names = candidate.path, candidate.layout, candidate.names
    if candidate.kind is not Kind.VENV or candidate.shortcoming or names is None:
        return Seen()
    if len(layout.package_folders) != 1:
        return Seen()
    library = os.path.basename(os.path.dirname(layout.package_folders[0].path))
    scripts = f"{path}{os.sep}bin"
    usual = Layout(scripts, f"{scripts}{os.sep}{_ENTRY}", _package_folders(path, library))
    if layout != usual or ("lib64" in names and not reach.islink(f"{path}{os.sep}lib64")):
        return Seen()
    if _package_parents(path) != [library]:  # another gets a package folder, and nothing tells
        return Seen()
    cfg = tuple(text for pair in candidate.cfg.items() for text in pair)
    texts = (*cfg, *names)
    if len(texts) > _MOST_TEXTS or sum(map(len, texts)) > _MOST_CHARACTERS:
        return Seen()
    if any(mask_text(text) != text for text in cfg):  # a secret is kept nowhere
        return Seen()
    stamps = _stamps_above(path, library)
    every = f"{mark};{stamps}".split(";")
    told = [one.rpartition(".")[2] for one in every if one.count(".") == _STAMP_DOTS]
    if max(int(change, 16) for change in told) > now * 1_000_000_000 - _RACY_NS:
        return Seen()
    return Seen(cfg, tuple(sorted(names)), library, stamps)


def _package_folders(path: str, library: str) -> tuple[PackageFolder, ...]:
    found = package_folder(f"{path}{os.sep}lib", library)
    return () if found is None else (found,)


def _package_parents(path: str) -> list[str]:
    lib = f"{path}{os.sep}lib"
    try:
        return [name for name in reach.listdir(lib) if package_folder(lib, name)]
    except (OSError, ValueError):
        return []


class Kept(Protocol):
    """What the last look kept of an environment."""

    @property
    def seen(self) -> Seen:
        """What it was recognised by."""
        ...

    @property
    def fingerprint(self) -> str:
        """What it had then; empty where that is not to be believed."""
        ...


def recall_known(
    known: Mapping[str, Kept],
) -> Callable[[str, Collection[str]], EnvironmentCandidate | None]:
    """Return what recognises environments, by what was kept of them where that still holds."""

    def recall_or_recognise(path: str, names: Collection[str]) -> EnvironmentCandidate | None:
        kept = known.get(path)
        return (kept and recall(path, kept.seen, kept.fingerprint)) or recognise(path, names)

    return recall_or_recognise


def recall(path: str, seen: Seen, mark: str) -> EnvironmentCandidate | None:
    """Return the candidate at a path as it was when it had this fingerprint; None where anything
    that it is made of is not as it was."""
    folders = _package_folders(path, seen.library) if seen.library and mark else ()
    if not folders or len(seen.cfg) % 2:
        return None
    cfg_path = f"{path}{os.sep}{_CFG}"
    try:
        root, cfg_status = reach.stat(path), reach.stat(cfg_path)
    except (OSError, ValueError):
        return None
    scripts = f"{path}{os.sep}bin"
    candidate = EnvironmentCandidate(
        path,
        Identity(root.st_dev, root.st_ino),
        Kind.VENV,
        Layout(scripts, f"{scripts}{os.sep}{_ENTRY}", folders),
        dict(zip(seen.cfg[::2], seen.cfg[1::2], strict=True)),
        cfg_atime=cfg_status.st_atime,
        names=frozenset(seen.names),
        mark=mark,
    )
    if _fingerprint(candidate, {path: root, cfg_path: cfg_status}) != mark:
        return None
    return candidate if _stamps_above(path, seen.library) == seen.stamps else None


_MAKING = 10.0
"""Seconds; what creating an environment itself may take after its cfg is written."""
_ENTRIES = 4000
"""How many entries of a package folder are looked at for second signs."""


def last_used(
    path: str,
    *,
    cfg_atime: float | None,
    site_packages: Sequence[str] = (),
    mounts: Sequence[Mount] = (),
    previous: LastUsed | None = None,
    left: Sequence[float] = (),
) -> LastUsed:
    """Return the newest trustworthy sign of an interpreter's start, and where it was read.

    `cfg_atime` is that of `pyvenv.cfg`, taken before anything read it (None where there is no
    cfg). `left` is what :func:`access_times` said at the end of our own last look: an access
    time that still stands so, which our reading may have made (systems without `O_NOATIME`),
    is no new use, and `previous`, what we said then, still holds. Times are in seconds since
    the epoch.

    Where no access time can tell (conda, virtualenv before 20), the newest of what use and
    installing write stands in: bytecode folders, metadata folders, conda's history.
    """
    signs = list(_signs(cfg_atime, site_packages))
    if signs and is_noatime(path, mounts):
        mount = mount_of(path, mounts)
        how = "noatime" if mount is not None and "noatime" in mount.options else "read-only"
        return LastUsed(None, f"unknown: the disk is mounted {how}")
    fresh = [sign for sign in signs if sign[0] not in left]
    if fresh:
        when, name = max(fresh)
        made = _mtime(os.path.join(path, "pyvenv.cfg"))
        if made is not None and when <= made + _MAKING:
            return LastUsed(made, f"created; not used since ({name} atime, ± 1 day)")
        return LastUsed(when, f"{name} atime")
    if signs and previous is not None and previous.when is not None:
        return previous
    return _read_written(path, site_packages)


def access_times(path: str, site_packages: Sequence[str] = ()) -> tuple[float, ...]:
    """Return the access times that :func:`last_used` goes by, as they stand now.

    Taken at the end of a look and kept, they tell the next look what is no news.
    """
    cfg = _status(os.path.join(path, "pyvenv.cfg"))
    return signs_of_use(None if cfg is None else cfg.st_atime, site_packages)


def signs_of_use(cfg_atime: float | None, site_packages: Sequence[str]) -> tuple[float, ...]:
    """Return the same with the access time of the cfg given, as it was before it was read."""
    return tuple(when for when, _ in _signs(cfg_atime, site_packages))


def _signs(cfg_atime: float | None, site_packages: Sequence[str]) -> Iterator[tuple[float, str]]:
    """Yield access times with the names of the files; one of zero or less is not kept at all."""
    if cfg_atime is not None and cfg_atime > 0:
        yield cfg_atime, "pyvenv.cfg"
    for folder in site_packages:
        # uv and virtualenv, for some Pythons; virtualenv before 20, whose site.py reads it
        for name in ("_virtualenv.pth", os.path.join("..", "orig-prefix.txt")):
            status = _status(os.path.join(folder, name))
            if status is not None and status.st_atime > 0:
                yield status.st_atime, os.path.basename(name)


def _read_written(path: str, site_packages: Sequence[str]) -> LastUsed:
    signs: list[tuple[float, str]] = []
    for folder in site_packages:
        signs.extend(_find_written(folder))
    history = _mtime(os.path.join(path, "conda-meta", "history"))
    if history is not None:
        signs.append((history, "conda-meta/history"))
    if not signs:
        return LastUsed(None, "unknown")
    when, name = max(signs)
    return LastUsed(when, f"{name} mtime")


def _find_written(folder: str) -> Iterator[tuple[float, str]]:
    try:
        with reach.scandir(folder) as entries:
            for entry, _ in zip(entries, range(_ENTRIES), strict=False):
                name = entry.name
                if name.endswith((".dist-info", ".egg-info")):
                    kind, where = "newest metadata", entry.path
                elif name == "__pycache__":
                    kind, where = "newest __pycache__", entry.path
                elif entry.is_dir(follow_symlinks=False):
                    kind, where = "newest __pycache__", os.path.join(entry.path, "__pycache__")
                else:
                    continue
                when = _mtime(where)
                if when is not None:
                    yield when, kind
    except (OSError, ValueError):  # what cannot be listed gives no sign
        return


def _mtime(path: str) -> float | None:
    status = _status(path)
    return None if status is None else status.st_mtime


def _status(path: str) -> os.stat_result | None:
    try:
        return reach.lstat(path)
    except (OSError, ValueError):
        return None
