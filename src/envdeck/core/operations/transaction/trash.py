"""The trash: what was put aside, each in its own folder with a manifest."""

import json
import math
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from envdeck.core.lazy_dataclasses import asdict, dataclass, fields, replace
from envdeck.core.model import Identity, Operation
from envdeck.core.operations.disk import Disk, RemainderError, Reserve, is_full
from envdeck.core.operations.transaction.places import (
    BEFORE,
    ENVIRONMENT,
    MANIFEST,
    NEXT,
    RESERVE,
    is_made,
    is_ours_alone,
)
from envdeck.core.system import reach
from envdeck.core.system.files import Unread, read_bounded, reason_of

SCHEMA = 1
_LIMIT = 8 * 1024 * 1024
_PURGING = ".purging"
_FEW = 5
"""Files of the user's that a purge names."""
PARTLY = "partly deleted"
"""What is said of an item whose removal has begun: nothing of it can be put back."""


@dataclass(frozen=True, slots=True)
class TrashManifest:
    """What a person would want to know of an item, and to rebuild it should it be damaged.

    Nothing in it is secret: URLs are masked.
    """

    id: str
    """The operation that put it aside."""
    operation: Operation
    path: str
    """Where it was."""
    name: str
    manager: str
    python: str
    put_at: float
    """Seconds since the epoch, by the clock of then."""
    packages: int | None = None
    disk_bytes: int | None = None
    reclaimable_bytes: int | None = None
    project: str | None = None
    is_link: bool = False
    """Whether only a symbolic link was put aside, and not the environment it leads to."""
    freeze: tuple[str, ...] = ()
    """One requirement line a distribution."""
    cfg: str = ""
    """Its `pyvenv.cfg`."""
    unowned: tuple[str, ...] = ()
    """Files in it that no package owns, relative to it."""
    edited: tuple[str, ...] = ()
    """Files of packages that were edited since they were installed, relative to it."""
    seen_at: float | None = None
    """When it was put there by the time that was seen to pass, which is what its retention
    counts from; None in those of older versions."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing in a trash."""

    folder: str
    manifest: TrashManifest | None
    problem: str = ""
    """Why it cannot be restored, or what is odd about it; or empty."""
    identity: Identity | None = None
    ours: bool = True
    """Whether it is there, and proved to be ours by a manifest or the journal; or it stays."""
    begun: bool = False
    """Whether the journal says that its removal has begun, whatever its folder is called."""
    kept_until: float | None = None
    """Until when it is kept, as the clock of now would tell it; None for ever."""

    @property
    def id(self) -> str:
        """Its name, which is the id of the operation that put it aside."""
        return os.path.basename(self.folder).removesuffix(_PURGING)

    @property
    def going(self) -> bool:
        """Whether it is partly purged: nothing of it can be put back."""
        return self.begun or self.folder.endswith(_PURGING)

    def is_due(self, now: float) -> bool:
        """Whether it was kept for as long as it should be, and waits for no person."""
        return self.kept_until is not None and self.kept_until <= now and not self.going

    @property
    def reclaimable_bytes(self) -> int | None:
        """What purging it frees, as far as its manifest tells; of a part nothing does."""
        return None if self.manifest is None or self.going else self.manifest.reclaimable_bytes


def write_manifest(
    folder: str, manifest: TrashManifest, disk: Disk, name: str = MANIFEST, *, needed: bool = True
) -> None:
    """Keep what is known of an item in it. Raises `OSError`.

    On a full disk the lists are left out, which can be read from the item itself: the manifest
    of a large environment would take all that is spare. One that is not `needed` is left out.
    """
    path = os.path.join(folder, name)
    try:
        disk.write(path, _dump(manifest), needed=False)
    except OSError as error:
        if not is_full(error):
            raise
        if needed:
            short = replace(manifest, freeze=(), unowned=manifest.unowned[:_FEW])
            disk.write(path, _dump(short))


def _dump(manifest: TrashManifest) -> bytes:
    return json.dumps({"schema": SCHEMA, **asdict(manifest)}, indent=1).encode("ascii")


def take_next_manifest(folder: str, disk: Disk) -> None:
    """Have an item tell what it holds after an undo. Raises `OSError`; done twice, it does
    nothing more."""
    following = os.path.join(folder, NEXT)
    found = _manifest(following)
    if isinstance(found, TrashManifest):
        write_manifest(folder, found, disk)
    disk.remove_file(following)


def read_item(folder: str, disk: Disk) -> Item:
    """Read one item; what is wrong with it is told, never raised."""
    try:
        identity = disk.identity(os.path.join(folder, ENVIRONMENT))
    except OSError as error:
        return Item(folder, None, f"cannot be accessed: {reason_of(error)}")
    found = _manifest(os.path.join(folder, MANIFEST))
    going = folder.endswith(_PURGING)
    if isinstance(found, TrashManifest) and found.id != os.path.basename(folder).removesuffix(
        _PURGING
    ):
        found = "its manifest belongs to another item"
    if going:
        manifest = found if isinstance(found, TrashManifest) else None
        return Item(folder, manifest, PARTLY, identity)
    if isinstance(found, str):
        return Item(folder, None, found, identity)
    if identity is None:
        return Item(folder, found, "contents missing")
    return Item(folder, found, "", identity)


def items(trashes: Iterable[str], disk: Disk) -> Iterator[Item]:
    """Yield what is in some trashes, newest first in each; through a link to one, nothing."""
    for trash in trashes:
        if not is_ours_alone(trash):
            continue
        try:
            names = sorted(reach.listdir(trash), reverse=True)
        except OSError:
            continue
        for name in names:
            folder = os.path.join(trash, name)
            real = reach.isdir(folder) and not reach.islink(folder)
            if not name.startswith(".") and real:
                yield read_item(folder, disk)


def prepare_item(trash: str, identifier: str, disk: Disk) -> str:
    """Make the folder of a new item, and return it. Raises `OSError`."""
    disk.ensure_folder(trash)
    if not is_ours_alone(trash):
        raise PermissionError(13, "writable by other users", trash)
    ignore = os.path.join(trash, ".gitignore")
    if not os.path.lexists(ignore):
        try:
            disk.write(ignore, b"*\n", needed=False)
        except OSError as error:  # git alone looks at it: the next item brings it
            if not is_full(error):
                raise
    item = os.path.join(trash, identifier)
    disk.make_folder(item)
    return item


def clear_item(item: str, disk: Disk, new: Identity | None = None) -> tuple[str, ...]:
    """Remove what operations themselves had made in an item, and return what is left of it.

    An environment goes only where it is `new`, the one that this operation had made, or empty;
    the item itself only where it is empty then, and the trash too if it is not the user's usual
    one. The caller has proved that the item is ours. Raises `OSError`.
    """
    if not item:
        return ()
    left = []
    if disk.identity(item) is not None:
        for name in sorted(os.listdir(item)):
            path = os.path.join(item, name)
            is_new = new is not None and disk.identity(path) == new
            if is_made(name) or (name in {ENVIRONMENT, BEFORE} and is_new):
                disk.remove_tree(path)
            elif name not in {ENVIRONMENT, BEFORE} or not _removed_empty(path, disk):
                left.append(name)
        if not left:
            disk.remove_folder(item)
    tidy(os.path.dirname(item), disk)
    return tuple(left)


def _removed_empty(path: str, disk: Disk) -> bool:
    """Remove a folder or a file that was made there and not filled yet."""
    status = os.lstat(path)
    if stat.S_ISREG(status.st_mode) and not status.st_size:
        disk.remove_file(path)
        return True
    if not stat.S_ISDIR(status.st_mode) or os.listdir(path):
        return False
    disk.remove_folder(path)
    return True


def tidy(trash: str, disk: Disk) -> None:
    """Remove a trash that holds nothing any more."""
    try:
        names = set(os.listdir(trash))
        if names <= {".gitignore", RESERVE}:
            Reserve(os.path.join(trash, RESERVE)).remove()
            disk.remove_file(os.path.join(trash, ".gitignore"))
            disk.remove_folder(trash)
    except OSError:  # somebody has just put something into it: then it is not empty
        return


def remove_item(
    folder: str, disk: Disk, tell: Callable[[int, int], None] = lambda _files, _bytes: None
) -> int:
    """Remove an item for good, its manifest last, and return the bytes freed.

    As long as anything of it is left it can be told what that was. Raises
    :class:`RemainderError` where not all could be removed; what keeps one part keeps no other.
    """
    names = [name for name in os.listdir(folder) if name != MANIFEST]
    refused: list[RemainderError] = []
    freed = 0

    def report(files: int, size: int) -> None:
        tell(files, freed + size)

    for name in sorted(names):
        path = os.path.join(folder, name)
        try:
            freed += disk.remove_tree(path, report)
        except FileNotFoundError:  # somebody has just removed it
            continue
        except OSError as error:
            refused.append(_refusal(error, path))
            freed += refused[-1].freed
    if not refused:
        try:
            manifest = os.path.join(folder, MANIFEST)
            if os.path.lexists(manifest):
                freed += disk.remove_tree(manifest)
            disk.remove_folder(folder)
        except OSError as error:
            refused.append(_refusal(error, folder))
    if refused:
        raise RemainderError(
            refused[0],
            refused[0].path,
            sum(each.count for each in refused),
            freed=freed,
            changed=bool(freed) or any(each.changed for each in refused),
        )
    return freed


def _refusal(error: OSError, path: str) -> RemainderError:
    if isinstance(error, RemainderError):
        return error
    named = error.filename if isinstance(error.filename, str) and error.filename else path
    return RemainderError(error, named, 1, changed=False)


def purge_name(item: str) -> str:
    """Return what an item is called while it is removed."""
    return item if item.endswith(_PURGING) else item + _PURGING


def _manifest(path: str) -> TrashManifest | str:
    data = read_bounded(path, _LIMIT)
    if isinstance(data, Unread):
        return f"manifest cannot be read: {data.reason}"
    try:
        content = json.loads(data)
        if content["schema"] > SCHEMA:
            return "created by a newer version of envdeck"
        return _read(content)
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError, RecursionError):
        return "manifest damaged"


def _read(content: dict[str, Any]) -> TrashManifest:
    known = {field.name for field in fields(TrashManifest)}
    values = {name: value for name, value in content.items() if name in known}
    manifest = TrashManifest(**values)
    if not os.path.isabs(manifest.path) or "\0" in manifest.path:
        raise ValueError("not an absolute path")
    texts = (manifest.id, manifest.name, manifest.manager, manifest.python, manifest.cfg)
    if not all(isinstance(text, str) for text in (*texts, manifest.project or "")):
        raise TypeError("not text")
    for text in (*texts, manifest.path, manifest.project or ""):
        os.fsencode(text)  # a ValueError where no file could be called so
    numbers = (manifest.packages, manifest.disk_bytes, manifest.reclaimable_bytes)
    if not all(isinstance(number, int | None) for number in numbers):
        raise TypeError("not a number")
    if not math.isfinite(manifest.put_at):  # a TypeError where it is no number
        raise ValueError("not a time")
    if manifest.seen_at is not None and not math.isfinite(manifest.seen_at):
        raise ValueError("not a time")
    return replace(
        manifest,
        operation=Operation(manifest.operation),
        freeze=_lines(manifest.freeze),
        unowned=_lines(manifest.unowned),
        edited=_lines(manifest.edited),
    )


def _lines(found: Iterable[object]) -> tuple[str, ...]:
    lines = tuple(map(str, found))
    os.fsencode("".join(lines))  # as above
    return lines
