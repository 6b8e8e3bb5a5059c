"""What tells whether an environment changed since it was last looked at, and what it was then.

What is not read again need not be opened: where every folder and file that recognising reads is as
it was, by inode and the times of its last changes, the candidate is made of what the last look
kept. Only what a candidate is made of is kept: no content of a file but the lines of `pyvenv.cfg`.
"""

import os
from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple, Protocol

from envdeck.core.discovery.prefix import (
    EnvironmentCandidate,
    Kind,
    Layout,
    PackageFolder,
    package_folder,
    recognise,
)
from envdeck.core.inspection.packages.provenance import mask_text
from envdeck.core.model import Identity
from envdeck.core.system import reach

_RACY_NS = 2_000_000_000
"""A change within the resolution of the time stamps would not be seen (two seconds on FAT)."""
_MOST_TEXTS = 200
_MOST_CHARACTERS = 8_000
"""What an ordinary environment takes is a tenth of it."""
_CFG = "pyvenv.cfg"
_ENTRY = "python"


class Seen(NamedTuple):
    """What an ordinary environment was recognised by; empty for any other."""

    cfg: tuple[str, ...] = ()
    """Keys and values of its `pyvenv.cfg`, in turn."""
    names: tuple[str, ...] = ()
    """What is right in it (:attr:`EnvironmentCandidate.names`)."""
    library: str = ""
    """The folder in `lib` that holds its package folder."""
    stamps: str = ""
    """Of what recognising reads besides what :func:`fingerprint` does."""


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
    paths += [folder.path for folder in layout.package_folders]
    paths += [
        path for path in (layout.scripts, layout.executable, candidate.cfg.get("home")) if path
    ]
    if layout.scripts:
        paths.append(os.path.join(layout.scripts, "activate"))
    return ";".join([*(_stamp(path, known) for path in paths), *filter(None, [layout.unread])])


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
    told = [stamp.rpartition(".")[2] for stamp in f"{mark};{stamps}".split(";") if stamp != "-"]
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
