"""Which paths may be touched: none on another machine's disk, unless a person named it; the scope
of a look.

A file or a link can name anything, and a share whose server is gone never answers: one `stat` of
it, and a thread hangs for good. So what looks at paths that others name asks here, by functions
that are called and answer as those of `os` do. A path is followed by its links, one part after the
other, and each part is held against the mount table before it is touched; on a disk that is barred
everything raises :class:`RemoteError`, or is not there for those that only ask.

Where nothing is barred, which is nearly always, it costs one comparison.
"""

import errno
import os
from collections.abc import Iterable

from envdeck.core.lazy_dataclasses import dataclass, field
from envdeck.core.system import reach
from envdeck.core.system.host import Host, lies_under, outermost
from envdeck.core.system.mounts import Mount, is_remote, mount_of, read_mounts

_MOST_LINKS = 40
"""As many as Linux follows."""
_MOST_NAMED = 100
_MOST_MET = 1_000
"""So many paths that were not touched are remembered."""
_SKIPPED = "skipped: on a network disk"


class RemoteError(OSError):
    """A path is on a network disk that nobody named: it was not touched."""

    def __init__(self, path: str, mount: Mount) -> None:
        super().__init__(errno.EREMOTE, f"{_SKIPPED} ({mount.kind})", path)
        self.mount = mount


@dataclass(slots=True)
class _Bars:
    """The disks that are not touched now, and what was asked for on them."""

    mounts: tuple[Mount, ...] = ()
    admitted: tuple[str, ...] = ()
    """What a person named since the program began."""
    met: dict[str, Mount] = field(default_factory=dict)
    """Paths as they were asked for, and the disks they are on."""


_bars = _Bars()
"""A fact of the machine and not of a caller: the disks are the same for all that is asked."""


def bar_network(host: Host, roots: Iterable[str] = ()) -> None:
    """Bar every network disk of a host but those on which its home or one of `roots` is."""
    remote = tuple(mount for mount in read_mounts(host) if is_remote(mount))
    _bars.met = {}
    _bars.mounts = remote
    if remote:
        for root in (host.home, *roots, *_bars.admitted):
            _lift(root)


def admit(path: str) -> None:
    """Let the disk be touched on which a path is that a person named."""
    _bars.admitted = (*_bars.admitted, path)[-_MOST_NAMED:]
    _lift(path)


def _lift(path: str) -> None:
    while _bars.mounts and (found := _find(_absolute(path), follow=True)[1]) is not None:
        _bars.mounts = tuple(mount for mount in _bars.mounts if mount is not found)


def untouched() -> tuple[tuple[str, str], ...]:
    """Return what was not looked at since the network was barred, and why, sorted: each link that
    leads onto a barred disk, and of the disk itself the folder that holds all that was named."""
    named: dict[Mount, list[str]] = {}
    links: dict[str, Mount] = {}
    for path, mount in _bars.met.items():
        if lies_under(path, mount.point):
            named.setdefault(mount, []).append(path)
        else:
            links[path] = mount
    told = [(path, links[path]) for path in outermost(tuple(links))]
    told += [(os.path.commonpath(paths), mount) for mount, paths in named.items()]
    return tuple(
        sorted((path, f"{_SKIPPED} ({mount.kind}, {mount.point})") for path, mount in told)
    )


def obstacle(path: str) -> str:
    """Say why a path is not touched; empty where it may be."""
    if not _bars.mounts or not path:
        return ""
    try:
        _check(path, follow=True)
    except RemoteError as error:
        return str(error.strerror)
    return ""


def stat(path: str) -> os.stat_result:
    """Do as `os.stat`. Raises :class:`RemoteError`."""
    if _bars.mounts:
        _check(path, follow=True)
    return os.stat(path)


def lstat(path: str) -> os.stat_result:
    """Do as `os.lstat`. Raises :class:`RemoteError`."""
    if _bars.mounts:
        _check(path, follow=False)
    return os.lstat(path)


def scandir(path: str) -> "os._ScandirIterator[str]":
    """Do as `os.scandir`. Raises :class:`RemoteError`."""
    _check(path, follow=True)
    return os.scandir(path)


def listdir(path: str) -> list[str]:
    """Do as `os.listdir`. Raises :class:`RemoteError`."""
    _check(path, follow=True)
    return os.listdir(path)


def open_file(path: str, flags: int) -> int:
    """Do as `os.open`. Raises :class:`RemoteError`."""
    if _bars.mounts:
        _check(path, follow=True)
    return os.open(path, flags)


def readlink(path: str) -> str:
    """Do as `os.readlink`. Raises :class:`RemoteError`."""
    _check(path, follow=False)
    return os.readlink(path)


def access(path: str, mode: int) -> bool:
    """Do as `os.access`."""
    return _may(path, follow=True) and os.access(path, mode)


def exists(path: str) -> bool:
    """Do as `os.path.exists`."""
    return _may(path, follow=True) and os.path.exists(path)


def lexists(path: str) -> bool:
    """Do as `os.path.lexists`."""
    return _may(path, follow=False) and os.path.lexists(path)


def isfile(path: str) -> bool:
    """Do as `os.path.isfile`."""
    return _may(path, follow=True) and os.path.isfile(path)


def isdir(path: str) -> bool:
    """Do as `os.path.isdir`."""
    return _may(path, follow=True) and os.path.isdir(path)


def islink(path: str) -> bool:
    """Do as `os.path.islink`."""
    return _may(path, follow=False) and os.path.islink(path)


def which(name: str, search: str) -> str | None:
    """Do as `shutil.which` with the folders of a PATH; those on a barred disk are passed over."""
    import shutil  # start-up: 3 ms, with every kind of archive

    folders = [part for part in search.split(os.pathsep) if part and not obstacle(part)]
    return shutil.which(name, path=os.pathsep.join(folders)) if folders else None


def samefile(first: str, second: str) -> bool:
    """Do as `os.path.samefile`. Raises :class:`RemoteError`."""
    _check(first, follow=True)
    _check(second, follow=True)
    return os.path.samefile(first, second)


def realpath(path: str) -> str:
    """Do as `os.path.realpath`; of a path on a barred disk what is there is not followed."""
    if not _bars.mounts:
        return os.path.realpath(path)
    found, mount = _find(_absolute(path), follow=True)
    if mount is None:
        return os.path.realpath(path)
    _remember(path, mount)
    return os.path.normpath(found)


def _may(path: str, *, follow: bool) -> bool:
    if not _bars.mounts:
        return True
    try:
        _check(path, follow=follow)
    except RemoteError:
        return False
    return True


def _check(path: str, *, follow: bool) -> None:
    if not _bars.mounts or "\0" in path:
        return
    mount = _find(_absolute(path), follow=follow)[1]
    if mount is not None:
        _remember(path, mount)
        raise RemoteError(path, mount)


def _remember(path: str, mount: Mount) -> None:
    if len(_bars.met) < _MOST_MET:
        _bars.met[path] = mount


def _absolute(path: str) -> str:
    # `..` stays: it goes up from where the link before it leads
    return path if os.path.isabs(path) else os.path.join(os.getcwd(), path)


def _find(path: str, *, follow: bool) -> tuple[str, Mount | None]:
    """Follow a path until it is resolved or on a barred disk; return how far, and that disk."""
    parts = [part for part in path.split(os.sep) if part][::-1]
    here, links = os.sep, 0
    while parts:
        part = parts.pop()
        if part == os.pardir:
            here = os.path.dirname(here)
            continue
        if part == os.curdir:
            continue
        here = os.path.join(here, part)
        mount = mount_of(here, _bars.mounts)
        if mount is not None and lies_under(here, mount.point):
            return os.path.join(here, *parts[::-1]), mount
        if not parts and not follow:
            break
        try:
            target = os.readlink(here)
        except (OSError, ValueError):  # no link, or nothing at all
            continue
        links += 1
        if links > _MOST_LINKS:
            break
        parts += [part for part in target.split(os.sep) if part][::-1]
        here = os.sep if os.path.isabs(target) else os.path.dirname(here)
    return here, None


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a scan looks."""

    roots: tuple[str, ...] = ()
    """With roots given, only what is under them; without, the configured ones and every
    known place."""
    sizes: bool = True
    """Whether environments are measured once they are all found."""
    cross_devices: bool = False
    exclude: tuple[str, ...] = ()
    """Folder names, absolute paths, or patterns (`fnmatch`) of either, not to look into."""
    threads: int | None = None
    """How many threads read folders at most; None leaves it to the disk."""
    usual_roots: tuple[str, ...] = ()
    """What is walked when no roots are given; none means the home folder."""
    fresh: bool = False
    """Whether everything is read and measured again, whatever is remembered of it."""
    interpreters: bool = True
    """Whether the interpreters that environments use are looked for too."""
    health: bool = False
    """Whether the contents of what changed are examined too."""

    def walked(self, host: Host) -> tuple[str, ...]:
        """Return the real paths of the folders to walk, none of them below another."""
        roots = self.roots or self.usual_roots or (host.home,)
        return outermost(tuple(reach.realpath(host.expand(root)) for root in roots))

    def limits(self, host: Host) -> tuple[str, ...] | None:
        """Return the folders that results must lie under; None where there is no limit."""
        return self.walked(host) if self.roots else None


_MOST = 40
"""So many links are followed; Linux itself follows no more."""


def link_hops(path: str) -> tuple[str, ...]:
    """Return every path that an absolute path stands for while the links in it are followed,
    from the path as it is written to the one without links, whether that exists or not.

    A link may be in the middle: `opt/python@3.12/bin/python` is followed by
    `Cellar/python@3.12/3.12.4/bin/python`. What runs in a circle ends where it closes.
    """
    found = [path]
    for _ in range(_MOST):
        link = _first_link(path)
        if link is None:
            break
        try:
            target = os.path.join(os.path.dirname(link), reach.readlink(link))
        except OSError:  # it went meanwhile
            break
        path = _joined(target, path[len(link) :])
        if path in found:
            break
        found.append(path)
    return tuple(found)


def deepest_link(path: str) -> str | None:
    """Return the innermost link among a path and the folders above it; None where none of them
    is one. Links directly under the root (`/home`, `/tmp`, `/bin`) are the system's own."""
    while (parent := os.path.dirname(path)) not in (path, os.path.dirname(parent)):
        if _is_link(path):
            return path
        path = parent
    return None


def outer_target(path: str, folder: str) -> str | None:
    """Return the first path outside of a folder to which a link in it leads; None where what it
    leads to is in the folder, or where it is no link. The folder has no links above it."""
    for _ in range(_MOST):
        try:
            target = reach.readlink(path)
        except (OSError, ValueError):
            return None
        path = os.path.normpath(os.path.join(os.path.dirname(path), target))
        if not path.startswith(folder + os.sep):
            return path
    return None


def _first_link(path: str) -> str | None:
    """Return the outermost part of a path that is a link; parts above it are none."""
    parts = path.split(os.sep)
    for end in range(2, len(parts) + 1):
        part = os.sep.join(parts[:end])
        if parts[end - 1] not in ("", ".", "..") and _is_link(part):
            return part
    return None


def _joined(target: str, rest: str) -> str:
    """Join a link's target and what followed the link. `..` after a link goes up from where
    that leads, so that parts are only taken out before the first link of the new path."""
    full = target + rest
    link = _first_link(full)
    return os.path.normpath(full) if link is None else os.path.normpath(link) + full[len(link) :]


def _is_link(path: str) -> bool:
    try:
        return reach.islink(path)
    except ValueError:  # no path of this system: a NUL, or what its encoding does not have
        return False
