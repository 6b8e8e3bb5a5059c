"""The trash: what was put aside, each in a folder of its own with a manifest."""

import json
import math
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from envdeck.core.files import Unread, read_bounded, reason_of
from envdeck.core.model import Identity, Operation
from envdeck.core.operations.disk import Disk
from envdeck.core.operations.places import BEFORE, ENVIRONMENT, is_ours_alone

MANIFEST = "manifest.json"
SCHEMA = 1
_LIMIT = 8 * 1024 * 1024
_PURGING = ".purging"


@dataclass(frozen=True, slots=True)
class Manifest:
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
    """Seconds since the epoch."""
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


@dataclass(frozen=True, slots=True)
class Item:
    """One thing in a trash."""

    folder: str
    manifest: Manifest | None
    problem: str = ""
    """Why it cannot be restored, or what is odd about it; or empty."""
    identity: Identity | None = None

    @property
    def id(self) -> str:
        """Its name, which is the id of the operation that put it aside."""
        return os.path.basename(self.folder)


def write_manifest(folder: str, manifest: Manifest, disk: Disk) -> None:
    """Keep what is known of an item in it. Raises `OSError`."""
    content = {"schema": SCHEMA, **asdict(manifest)}
    disk.write(os.path.join(folder, MANIFEST), json.dumps(content, indent=1).encode("ascii"))


def read_item(folder: str, disk: Disk) -> Item:
    """Read one item; what is wrong with it is told, never raised."""
    try:
        identity = disk.identity(os.path.join(folder, ENVIRONMENT))
    except OSError as error:
        return Item(folder, None, f"it cannot be reached: {reason_of(error)}")
    found = _manifest(os.path.join(folder, MANIFEST))
    if isinstance(found, str):
        return Item(folder, None, found, identity)
    if identity is None:
        return Item(folder, found, "what was put aside is no longer in it")
    return Item(folder, found, "", identity)


def items(trashes: Iterable[str], disk: Disk) -> Iterator[Item]:
    """Yield what is in some trashes, newest first in each; what is being purged is passed over."""
    for trash in trashes:
        try:
            names = sorted(os.listdir(trash), reverse=True)
        except OSError:
            continue
        for name in names:
            folder = os.path.join(trash, name)
            if not name.startswith(".") and not name.endswith(_PURGING) and os.path.isdir(folder):
                yield read_item(folder, disk)


def prepare_item(trash: str, identifier: str, disk: Disk) -> str:
    """Make the folder of a new item, and return it. Raises `OSError`."""
    disk.ensure_folder(trash)
    if not is_ours_alone(trash):
        raise PermissionError(13, "others may write there", trash)
    ignore = os.path.join(trash, ".gitignore")
    if not os.path.lexists(ignore):
        disk.write(ignore, b"*\n")
    item = os.path.join(trash, identifier)
    disk.make_folder(item)
    return item


def clear_item(item: str, disk: Disk) -> None:
    """Remove an item and what an operation itself had made in it; the trash too if it is empty
    then and not the user's usual one."""
    if not item:
        return
    if disk.identity(item) is not None:
        for name in (ENVIRONMENT, BEFORE):
            if disk.identity(os.path.join(item, name)) is not None:
                disk.remove_tree(os.path.join(item, name))
        disk.remove_tree(item)
    tidy(os.path.dirname(item), disk)


def tidy(trash: str, disk: Disk) -> None:
    """Remove a trash that holds nothing any more."""
    try:
        names = set(os.listdir(trash))
        if names <= {".gitignore"}:
            disk.remove_file(os.path.join(trash, ".gitignore"))
            disk.remove_folder(trash)
    except OSError:  # somebody has just put something into it: then it is not empty
        return


def purging_name(item: str) -> str:
    """Return what an item is called while it is removed."""
    return item + _PURGING


def _manifest(path: str) -> Manifest | str:
    data = read_bounded(path, _LIMIT)
    if isinstance(data, Unread):
        return f"its manifest cannot be read: {data.reason}"
    try:
        content = json.loads(data)
        if content["schema"] > SCHEMA:
            return "it was put there by a newer version of envdeck"
        return _read(content)
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError, RecursionError):
        return "its manifest is damaged"


def _read(content: dict[str, Any]) -> Manifest:
    known = {field.name for field in fields(Manifest)}
    values = {name: value for name, value in content.items() if name in known}
    manifest = Manifest(**values)
    if not os.path.isabs(manifest.path) or "\0" in manifest.path:
        raise ValueError("no absolute path")
    texts = (manifest.id, manifest.name, manifest.manager, manifest.python, manifest.cfg)
    if not all(isinstance(text, str) for text in (*texts, manifest.project or "")):
        raise TypeError("no text")
    numbers = (manifest.packages, manifest.disk_bytes, manifest.reclaimable_bytes)
    if not all(isinstance(number, int | None) for number in numbers):
        raise TypeError("no number")
    if not math.isfinite(manifest.put_at):  # a TypeError where it is no number
        raise ValueError("no time")
    return replace(
        manifest,
        operation=Operation(manifest.operation),
        freeze=tuple(map(str, manifest.freeze)),
        unowned=tuple(map(str, manifest.unowned)),
    )
