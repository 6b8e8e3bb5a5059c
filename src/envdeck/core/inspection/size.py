"""Size, shared files, reclaimable bytes; several environments together.

Installers that keep a cache (uv foremost) link its files into every environment, so that a tree
of 60 MB can free next to nothing. A file is freed only when the last of its links goes.
"""

import os
import stat
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import attrgetter

from envdeck.core.inspection.packages.record import Presence
from envdeck.core.model import JointSize, SharedFiles, Size
from envdeck.core.system import reach
from envdeck.core.system.host import lies_under
from envdeck.core.system.mounts import Mount, may_share_blocks

_BLOCK = 512
"""Bytes; the unit of `st_blocks`, whatever the file system's own is (stat(2))."""
_CLUSTER = 4096
"""Bytes; the usual unit of allocation on NTFS, for systems without `st_blocks`."""
_WORD = (1 << 64) - 1
_BY_DESCRIPTOR = os.scandir in os.supports_fd
_FLAGS = os.O_RDONLY
for _name in ("O_DIRECTORY", "O_NOFOLLOW", "O_CLOEXEC"):
    _FLAGS |= getattr(os, _name, 0)
_NOATIME: int = getattr(os, "O_NOATIME", 0)


def _never() -> bool:
    return False


def measure(
    path: str,
    *,
    now: float,
    mounts: Sequence[Mount] = (),
    stopped: Callable[[], bool] = _never,
    platform: str = "linux",
    presence: Presence | None = None,
) -> Size | None:
    """Measure a folder in one walk, as `du -s` does: blocks of files and of folders, and a file
    with several links once.

    `disk_bytes` is what `du -s -x --block-size=1` says. `apparent_bytes` is the lengths of files
    and symbolic links, as `du --apparent-size` counts them since coreutils 9.2; earlier ones add
    those of the folders. On systems without `st_blocks` (Windows), a length is rounded up to
    clusters of 4 KiB and folders count as nothing.

    Other devices and mounts below are left out: deleting must stop there too. Symbolic links are
    never followed. What vanishes meanwhile is not there; a folder that cannot be read is counted
    in `unreadable`. `now` (seconds) is only noted. Returns None when `stopped` said so before
    the end, or when there is no such folder.

    What is met is compared with `presence`, if one is given.
    """
    path = path.rstrip("/") or "/"
    try:
        top = os.lstat(path)
    except (OSError, ValueError):
        return None
    if not stat.S_ISDIR(top.st_mode):
        return None
    device, is_folder, is_link, blocks_of = top.st_dev, stat.S_ISDIR, stat.S_ISLNK, blocks_on_disk
    barred = {m.point for m in mounts if m.point != path and lies_under(m.point, path)}
    files = apparent = unreadable = 0
    blocks = blocks_of(top)
    links: dict[int, tuple[int, int, int]] = {}  # inode: links in all, links met, blocks
    known = links.get
    pending = [path]
    while pending:
        if stopped():
            return None
        folder = pending.pop()
        wanted = presence is not None and presence.wants(folder)
        lengths: dict[str, int | None] = {}
        try:
            for name, status in _listing(folder):
                if wanted and not is_link(status.st_mode):
                    lengths[name] = status.st_size
                if is_folder(status.st_mode):
                    below = f"{folder}/{name}"
                    if status.st_dev == device and below not in barred:
                        pending.append(below)
                        blocks += blocks_of(status)
                    continue
                taken = blocks_of(status)
                if status.st_nlink > 1:
                    inode = status.st_ino
                    met = known(inode)
                    links[inode] = (status.st_nlink, met[1] + 1 if met else 1, taken)
                    if met:
                        continue
                files += 1
                blocks += taken
                apparent += status.st_size
        except (FileNotFoundError, NotADirectoryError):
            pass
        except OSError:
            unreadable += 1
        if presence is not None and wanted:
            presence.compare(folder, lengths)
    outside = {inode: link for inode, link in links.items() if link[0] > link[1]}
    return Size(
        apparent_bytes=apparent,
        disk_bytes=blocks * _BLOCK,
        reclaimable_bytes=(blocks - sum(link[2] for link in outside.values())) * _BLOCK,
        files=files,
        up_to=may_share_blocks(path, mounts, platform),
        unreadable=unreadable,
        measured_at=now,
        shared=_pack(device, outside) if outside else None,
    )


def is_whole(presence: Presence) -> bool:
    """Tell whether all is there that is expected, without a walk: only folders are listed in which
    something is. False says no more than that a closer look is worth it."""
    for folder in presence.folders():
        if reach.obstacle(folder):
            return False
        try:
            found = {
                name: status.st_size
                for name, status in _listing(folder)
                if not stat.S_ISLNK(status.st_mode)
            }
        except OSError:
            return False
        presence.compare(folder, found)
    return presence.end()


class JointCount:
    """What deleting a selection would free, kept up while it grows and shrinks.

    A file counts once the links inside the selected environments are all it has. Marking one
    more costs one pass over its own shared files; memory is one entry for each shared file in
    the selection. No environment may lie inside another, or be added twice.
    """

    __slots__ = ("_left", "_own", "_shared")

    def __init__(self) -> None:
        self._left: dict[int, dict[int, int]] = {}
        self._own = 0
        self._shared = 0

    @property
    def reclaimable_bytes(self) -> int:
        """Bytes that deleting everything added so far would free."""
        return self._own + self._shared

    def add(self, size: Size) -> None:
        """Count an environment in."""
        self._own += size.reclaimable_bytes
        if size.shared is None:
            return
        left = self._left.setdefault(size.shared.device, {})
        get = left.get
        freed = 0
        for inode, count, inside, taken in shared_records(size.shared):
            rest = get(inode, count) - inside
            left[inode] = rest
            if rest <= 0 < rest + inside:
                freed += taken
        self._shared += freed

    def discard(self, size: Size) -> None:
        """Count an environment out that was counted in."""
        self._own -= size.reclaimable_bytes
        if size.shared is None:
            return
        left = self._left.get(size.shared.device, {})
        for inode, count, inside, taken in shared_records(size.shared):
            rest = left.pop(inode, count - inside) + inside
            if rest < count:
                left[inode] = rest
            if rest - inside <= 0 < rest:
                self._shared -= taken


def _listing(folder: str) -> Iterator[tuple[str, os.stat_result]]:
    """Yield names and status; what cannot be told of one entry is raised after the others.

    Through a descriptor where the system can: the kernel then resolves a name and not a whole
    path for each file, no link that took the folder's place is followed, and the folder keeps
    its access time.
    """
    failure: OSError | None = None
    descriptor = _open(folder) if _BY_DESCRIPTOR else -1
    try:
        with os.scandir(descriptor if _BY_DESCRIPTOR else folder) as entries:
            for entry in entries:
                try:
                    status = entry.stat(follow_symlinks=False)
                    if not status.st_nlink:  # Windows' listings hold no links, inodes or devices
                        status = os.lstat(f"{folder}/{entry.name}")
                except FileNotFoundError:
                    continue
                except OSError as error:
                    failure = error
                    continue
                yield entry.name, status
    finally:
        if _BY_DESCRIPTOR:
            os.close(descriptor)
    if failure is not None:
        raise failure


def _open(folder: str) -> int:
    if _NOATIME:
        try:
            return os.open(folder, _FLAGS | _NOATIME)
        except PermissionError:  # only a folder's owner may ask for it
            pass
    return os.open(folder, _FLAGS)


def _blocks_by_length(status: os.stat_result) -> int:
    if stat.S_ISDIR(status.st_mode):
        return 0
    return -(-status.st_size // _CLUSTER) * (_CLUSTER // _BLOCK)


blocks_on_disk: Callable[[os.stat_result], int] = (
    attrgetter("st_blocks") if hasattr(os.stat_result, "st_blocks") else _blocks_by_length
)


def _pack(device: int, links: dict[int, tuple[int, int, int]]) -> SharedFiles:
    packed = array("Q", bytes(32 * len(links)))
    inodes = sorted(links)  # neighbours in number compress well where they are kept
    counts, inside, blocks = zip(*map(links.__getitem__, inodes), strict=True)
    packed[0::4] = array("Q", [inode & _WORD for inode in inodes])
    packed[1::4] = array("Q", counts)
    packed[2::4] = array("Q", inside)
    packed[3::4] = array("Q", [taken * _BLOCK for taken in blocks])
    return SharedFiles(device, packed.tobytes())


def shared_records(shared: SharedFiles) -> Iterator[tuple[int, int, int, int]]:
    """Yield inode, links in all, links inside, and bytes on disk of each shared file."""
    numbers = array("Q")
    numbers.frombytes(shared.packed[: len(shared.packed) // 32 * 32])
    each = iter(numbers)
    return zip(each, each, each, each, strict=True)


def joint_size(sizes: Iterable[Size | None]) -> JointSize:
    """Count sizes together. None stands for an environment that has not been measured.

    Sizes may be loaded as they are asked for: one at a time is held, and one number for each
    file that is shared.
    """
    freed = JointCount()
    seen: dict[int, set[int]] = {}
    occupied = unmeasured = 0
    for size in sizes:
        if size is None:
            unmeasured += 1
            continue
        freed.add(size)
        occupied += size.disk_bytes
        if size.shared is not None:
            met = seen.setdefault(size.shared.device, set())
            for inode, _links, _inside, taken in shared_records(size.shared):
                if inode in met:
                    occupied -= taken
                else:
                    met.add(inode)
    return JointSize(occupied, freed.reclaimable_bytes, unmeasured)
