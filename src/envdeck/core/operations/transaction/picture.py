"""How an environment was before an operation began, to prove afterwards that it still is so.

Every file by inode, size and time, and the metadata of packages by content. The picture is taken
before anything is touched, and is kept in the item, so that a recovery can compare too. What Python
compiles by itself is left out.
"""

import hashlib
import json
import os
import zlib
from collections.abc import Mapping, Sequence

from envdeck.core.lazy_dataclasses import dataclass, field
from envdeck.core.operations.disk import Disk
from envdeck.core.operations.disk.links import METADATA_FOLDERS
from envdeck.core.operations.transaction.places import PICTURE
from envdeck.core.system.files import Unread, read_bounded
from envdeck.core.system.words import join_some

_SCHEMA = 2
_LIMIT = 64 * 1024 * 1024
"""Bytes of a picture, unpacked; 80,000 files take some 8 MiB."""
_METADATA_LIMIT = 32 * 1024 * 1024
_DAMAGED = (
    *(AttributeError, LookupError, OverflowError, RecursionError, TypeError, ValueError),
    zlib.error,
)
"""What reading a picture fails with."""
_COMPILED = "__pycache__"
_MOST = 20
"""Files that are kept of those that changed."""
_NAMED = 3
"""Files that a message names."""


@dataclass(frozen=True, slots=True)
class Picture:
    """The files of an environment, by their paths relative to it, with `/`."""

    files: Mapping[str, tuple[int, int, int]]
    """Inode, size in bytes, and time of the last change in nanoseconds."""
    metadata: Mapping[str, str]
    """Digests of `pyvenv.cfg` and of what is in `*.dist-info` and `*.egg-info`."""
    folders: Mapping[str, tuple[int, int]] = field(default_factory=dict, compare=False)
    """Inode and time of the last change of every folder, of those of compiled files too. They are
    looked at before they are listed, and no part of the proof."""

    @classmethod
    def take(cls, path: str, *, digests: bool = True) -> "Picture":
        """Return how the environment at `path` is now, without its metadata where there are to be
        no `digests`. What cannot be read is left out."""
        files: dict[str, tuple[int, int, int]] = {}
        metadata: dict[str, str] = {}
        folders: dict[str, tuple[int, int]] = {}
        pending = [("", path, False)]
        while pending:
            prefix, here, is_metadata = pending.pop()
            is_compiled = here.endswith(_COMPILED) and os.path.basename(here) == _COMPILED
            try:
                status = os.lstat(here)
                folders[prefix.removesuffix("/")] = status.st_ino, status.st_mtime_ns
                with os.scandir(here) as entries:
                    for entry in entries:
                        name = prefix + entry.name
                        if entry.is_dir(follow_symlinks=False):
                            inside = is_metadata or name.endswith(METADATA_FOLDERS)
                            pending.append((f"{name}/", entry.path, inside))
                            continue
                        if is_compiled:
                            continue
                        try:
                            status = entry.stat(follow_symlinks=False)
                        except OSError:
                            continue
                        files[name] = (status.st_ino, status.st_size, status.st_mtime_ns)
                        is_told = digests and (is_metadata or name == "pyvenv.cfg")
                        if is_told and entry.is_file(follow_symlinks=False):
                            metadata[name] = _digest(entry.path)
            except OSError:
                continue
        return cls(files, metadata, folders)

    def changes(self, path: str) -> tuple[str, ...]:
        """Return the first files of the environment at `path` that are not as they were, sorted;
        what has been added is none of them."""
        now = Picture.take(path)
        found = {name for name, state in self.files.items() if now.files.get(name) != state}
        metadata = now.metadata
        found |= {name for name, old in self.metadata.items() if metadata.get(name, old) != old}
        return tuple(sorted(found)[:_MOST])


def describe_changes(changed: Sequence[str]) -> str:
    """Say which files of an environment changed while an operation that was rolled back ran."""
    return f"files changed during the operation: {join_some(changed, _NAMED)}"


def keep_picture(item: str, picture: Picture, disk: Disk) -> None:
    """Keep a picture in an item. Raises `OSError`."""
    inodes, sizes, times = zip(*picture.files.values(), strict=True) if picture.files else [()] * 3
    content = {  # in columns: half the time that a pair for each file takes
        "schema": _SCHEMA,
        "files": [*picture.files],
        "inodes": inodes,
        "sizes": sizes,
        "times": times,
        "metadata": dict(picture.metadata),
    }
    data = zlib.compress(json.dumps(content, separators=(",", ":")).encode("ascii"), 1)
    disk.write(os.path.join(item, PICTURE), data, needed=False)


def read_picture(item: str) -> bytes | None:
    """Return the picture that an item keeps, as it is written; None where it keeps none."""
    data = read_bounded(os.path.join(item, PICTURE), _LIMIT) if item else None
    return data if isinstance(data, bytes) else None


def parse_picture(data: bytes) -> Picture | None:
    """Return the picture that was written so; None where that is damaged."""
    try:
        unpacking = zlib.decompressobj()
        content = json.loads(unpacking.decompress(data, _LIMIT))
        columns = (content[key] for key in ("files", "inodes", "sizes", "times"))
        files = {
            str(name): (int(inode), int(size), int(time))
            for name, inode, size, time in zip(*columns, strict=True)
        }
        metadata = {str(name): str(digest) for name, digest in content["metadata"].items()}
    except _DAMAGED:
        return None
    return Picture(files, metadata)


def _digest(path: str) -> str:
    data = read_bounded(path, _METADATA_LIMIT)
    return "" if isinstance(data, Unread) else hashlib.sha256(data).hexdigest()
