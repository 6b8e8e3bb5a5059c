"""The journal: one file an operation on one environment, written before each change.

A file is replaced whole and has reached the disk before the next change is made, so that after
a kill, a crash or a power cut it tells what was meant, and the folders' identities tell how far
it came.
"""

import json
import math
import os
import re
import secrets
import time
from enum import StrEnum
from typing import Any, Self

from envdeck.core.lazy_dataclasses import dataclass, fields, replace
from envdeck.core.model import Environment, Identity, Operation, Plan, Target
from envdeck.core.operations.disk import Disk
from envdeck.core.operations.transaction.places import FILE_AFTER, FILE_BEFORE, is_item
from envdeck.core.system.files import Unread, boot_id, read_bounded
from envdeck.core.system.host import Host

SCHEMA = 1
_LIMIT = 1024 * 1024
"""Bytes; a real one has some four thousand."""
_TEXTS = (
    *("id", "group", "path", "item", "file", "file_if_done", "file_if_not", "name", "manager"),
    "file_digest",
    *("python", "mark", "message", "undoes", "undone_by", "boot", "batch"),
)
_IDS = ("id", "group", "undoes", "undone_by", "batch")
_KEPT_FILES = ("", FILE_BEFORE, FILE_AFTER)
_KEPT = 500
"""Operations that the history keeps."""


class Phase(StrEnum):
    """How far an operation came."""

    PREPARED = "prepared"
    """Nothing has changed but that its item may be there."""
    STAGING = "staging"
    """The new environment is being made in the item."""
    MOVING = "moving"
    """The one step that counts may have been taken or not: the identities tell."""
    DONE = "done"
    ROLLED_BACK = "rolled-back"
    ATTENTION = "needs-attention"
    """What is on the disk is none of what was journalled: left alone, for a person to look."""

    @property
    def over(self) -> bool:
        """Whether nothing is left to do."""
        return self in {Phase.DONE, Phase.ROLLED_BACK, Phase.ATTENTION}


class Move(StrEnum):
    """Which change of the disk an operation makes, apart from what it is called."""

    ASIDE = "aside"
    """From its place into the item."""
    BACK = "back"
    """From the item to its place."""
    EXCHANGE = "exchange"
    """The one in the item for the one in its place."""
    REMOVE = "remove"
    """The item, for good."""
    OWNER = "owner"
    """Whatever the tool that owns it does; nothing of it can be taken back."""


_SEQUENCE = re.compile(rb'"sequence": ([0-9]{1,15})[,\s}]')
"""As it is written; in a text the quotes would be escaped."""
_OVER = tuple(f'"phase": "{phase}"'.encode() for phase in Phase if phase.over)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is journalled of one operation on one environment. It holds no secret."""

    id: str
    group: str
    """The plan it belongs to: several environments can be deleted by one."""
    batch: str = ""
    """What ties plans that were answered by one yes; empty in those of older versions, which
    ignore it."""
    operation: Operation
    move: Move
    phase: Phase = Phase.PREPARED
    path: str
    """The place of the environment."""
    item: str = ""
    """The folder of the trash that holds, or held, what is put aside; empty where none does."""
    old: Identity | None = None
    """What was in its place; None where nothing was."""
    new: Identity | None = None
    """What is to be there; None while it is not made."""
    keep_new: bool = False
    """Whether :attr:`new` was there before (an undo), so that giving up must not discard it."""
    two_steps: bool = False
    """Whether two renames stand for the exchange: :data:`places.BEFORE` then holds the old one."""
    is_file: bool = False
    """Whether one file stands in the place of the environment: an edit, or what takes one back."""
    mark: str = ""
    """When the new file was last written to, and its size, so that later changes are seen."""
    file: str = ""
    """A file outside of the environment that is changed with it: the project's lock."""
    file_folder: Identity | None = None
    """The folder that the file is in."""
    file_digest: str = ""
    """What the file held when the operation had changed it (SHA-256), so that later changes are
    seen; empty in those of older versions."""
    file_if_done: str = ""
    """The file of the item that it is to hold when the operation is done; empty: as it is."""
    file_if_not: str = ""
    """The file of the item that it is to hold when the operation is given up."""
    name: str = ""
    manager: str = ""
    python: str = ""
    bytes_aside: int | None = None
    """What purging it frees, as far as it is known."""
    sequence: int = 0
    """Its place in the order of all operations, whatever the clock said: each new one has the
    highest. 0 in those of older versions, which come before all others."""
    created_at: float = 0.0
    ended_at: float | None = None
    message: str = ""
    changed: tuple[str, ...] = ()
    """Files of the environment that were not as they had been when the operation was rolled back:
    the first of them, relative to it."""
    failed_checks: tuple[str, ...] = ()
    """What a check found that a person may accept, one sentence each (hostile text): accepted where
    the operation was done, and why it was rolled back where it was."""
    undoes: str = ""
    """The operation that this one takes back."""
    undone_by: str = ""
    """The operation that took this one back; empty again once that is taken back itself."""
    purged: bool = False
    partly: bool = False
    """Whether a removal was begun and could not be ended: nothing of the item can be put back."""
    pid: int = 0
    boot: str = ""

    @classmethod
    def begin(
        cls, plan: Plan, identifier: str, move: Move, target: Target, environment: Environment
    ) -> Self:
        """Return the entry of an operation that begins on one environment of a plan."""
        return cls(
            id=identifier,
            group=plan.id,
            batch=plan.batch,
            operation=plan.operation,
            move=move,
            path=target.path,
            old=target.identity,
            name=environment.name,
            manager=environment.manager,
            python=environment.python.version or "",
        )

    def undo_possible(self) -> bool:
        """Tell whether it can be taken back, as far as the journal knows."""
        return (
            self.phase is Phase.DONE
            and self.move in {Move.ASIDE, Move.EXCHANGE}
            and not self.undone_by
            and not self.purged
        )

    def tells_of_part(self) -> bool:
        """Tell whether it is a removal that was begun, and not ended since."""
        return self.move is Move.REMOVE and self.phase is Phase.ATTENTION and not self.purged

    @property
    def tie(self) -> tuple[str, str]:
        """What those of one batch share: they were one operation for the person who ran them."""
        return self.batch or self.group, self.operation

    @property
    def order(self) -> tuple[int, float, str]:
        """What entries are sorted by, oldest first."""
        return self.sequence, self.created_at, self.id


@dataclass(frozen=True, slots=True)
class UnreadableEntry:
    """A journal file that is left alone: damaged, or of a newer version."""

    path: str
    reason: str


class Journal:
    """All entries of one user."""

    def __init__(self, folder: str, disk: Disk) -> None:
        self._folder = folder
        self._disk = disk

    @property
    def host(self) -> Host:
        """The host whose operations these are."""
        return self._disk.host

    def write(self, entry: Entry) -> Entry:
        """Keep an entry; it has reached the disk when this returns. Raises `OSError`."""
        self._disk.ensure_folder(self._folder)
        self._disk.write(self._file(entry.id), _dump(entry))
        return entry

    def read(self, identifier: str) -> Entry | UnreadableEntry | None:
        """Return one entry by its id; None where there is none."""
        path = self._file(identifier)
        return _load(path) if os.path.lexists(path) else None

    def read_all(self) -> tuple[list[Entry], list[UnreadableEntry]]:
        """Return every entry, oldest first, and the files that could not be read."""
        entries, unreadable = [], []
        for name in self._names():
            found = _load(os.path.join(self._folder, name))
            if isinstance(found, Entry):
                entries.append(found)
            else:
                unreadable.append(found)
        entries.sort(key=lambda entry: entry.order)
        return entries, unreadable

    def next_sequence(self) -> int:
        """Return the number of the next operation: more than any that is kept has.

        Files are not parsed: it is asked for whenever an operation begins.
        """
        highest = 0
        for name in self._names():
            data = read_bounded(os.path.join(self._folder, name), _LIMIT)
            if not isinstance(data, Unread) and (found := _SEQUENCE.search(data)):
                highest = max(highest, int(found[1]))
        return highest + 1

    def pending_at(self, path: str) -> list[Entry]:
        """Return the entries about the environment at `path` that are not over, oldest first.

        Files that say that they are over are not parsed: a long history costs a few ms.
        """
        found = []
        for name in self._names():
            file = os.path.join(self._folder, name)
            data = read_bounded(file, _LIMIT)
            if isinstance(data, Unread) or any(each in data for each in _OVER):
                continue
            entry = _load(file)
            if isinstance(entry, Entry) and entry.path == path and not entry.phase.over:
                found.append(entry)
        return sorted(found, key=lambda entry: entry.order)

    def trashes(self) -> tuple[str, ...]:
        """Return the trashes that items were ever put into, the latest first."""
        items = (entry.item for entry in reversed(self.read_all()[0]) if entry.item)
        return tuple(dict.fromkeys(os.path.dirname(item) for item in items))

    def forget_oldest(self) -> None:
        """Keep the history within bounds; what can still be taken back is never forgotten, nor
        that an item is only a part of what it was."""
        names = self._names()
        if len(names) <= _KEPT:
            return
        entries, _ = self.read_all()
        spare = [
            each
            for each in entries
            if each.phase.over and not each.undo_possible() and not each.tells_of_part()
        ]
        for entry in spare[: len(names) - _KEPT]:
            self._disk.remove_file(self._file(entry.id))
            self._disk.remove_file(self.log_file(entry.id))

    def log_file(self, identifier: str) -> str:
        """Return where the output of an operation is kept."""
        return os.path.join(self._folder, f"{identifier}.log")

    def _names(self) -> list[str]:
        try:
            return sorted(name for name in os.listdir(self._folder) if name.endswith(".json"))
        except FileNotFoundError:
            return []

    def _file(self, identifier: str) -> str:
        return os.path.join(self._folder, f"{identifier}.json")


def new_id(host: Host) -> str:
    """Return an id that sorts by time and is told apart by four random digits."""
    moment = time.strftime("%Y%m%d-%H%M%S", time.gmtime(host.now()))
    return f"{moment}-{secrets.token_hex(2)}"


def opened(entry: Entry, host: Host) -> Entry:
    """Return an entry signed with who works on it and since when."""
    return replace(entry, created_at=host.now(), pid=os.getpid(), boot=boot_id(host))


def _dump(entry: Entry) -> bytes:
    content: dict[str, Any] = {"schema": SCHEMA}
    for field in fields(entry):
        value = getattr(entry, field.name)
        content[field.name] = [value.device, value.inode] if isinstance(value, Identity) else value
    return json.dumps(content, indent=1).encode("ascii")


def _load(path: str) -> Entry | UnreadableEntry:
    data = read_bounded(path, _LIMIT)
    if isinstance(data, Unread):
        return UnreadableEntry(path, data.reason)
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        return UnreadableEntry(path, "damaged: not JSON")
    if not isinstance(content, dict) or not isinstance(content.get("schema"), int):
        return UnreadableEntry(path, "damaged: not a journal entry")
    if content["schema"] > SCHEMA:
        return UnreadableEntry(path, "written by a newer version of envdeck")
    try:
        return _entry(content, os.path.basename(path).removesuffix(".json"))
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        return UnreadableEntry(path, f"damaged: {error}")


def _entry(content: dict[str, Any], identifier: str) -> Entry:
    values: dict[str, Any] = {}
    for field in fields(Entry):
        if field.name in content:
            values[field.name] = content[field.name]
    for name in ("old", "new", "file_folder"):
        pair = values.get(name)
        if pair is not None:
            device, inode = pair
            values[name] = Identity(int(device), int(inode))
    for name in _TEXTS:
        if not isinstance(values.get(name, ""), str):
            raise TypeError(f"{name} is not text")
        if not _is_writable(values.get(name, "")):
            raise ValueError(f"{name} has characters invalid in file names")
    for name in ("created_at", "ended_at", "bytes_aside", "pid"):
        number = values.get(name)
        if number is not None and not (isinstance(number, int | float) and math.isfinite(number)):
            raise TypeError(f"{name} is not a number")
    sequence = values.get("sequence", 0)
    if not isinstance(sequence, int) or not 0 <= sequence < 10**15:
        raise TypeError("sequence is not a positive number")
    for name in ("keep_new", "two_steps", "is_file", "purged", "partly"):
        if not isinstance(values.get(name, False), bool):
            raise TypeError(f"{name} must be true or false")
    for name in ("changed", "failed_checks"):
        texts = values.get(name, [])
        if not isinstance(texts, list) or not all(isinstance(one, str) for one in texts):
            raise TypeError(f"{name} is not a list of names")
        if not all(map(_is_writable, texts)):
            raise ValueError(f"{name} has characters invalid in file names")
        values[name] = tuple(texts)
    if values["id"] != identifier:
        raise ValueError("its id does not match its file name")
    if any(os.path.basename(values.get(name, "")) != values.get(name, "") for name in _IDS):
        raise ValueError("an id is a path")
    if any(values.get(name, "") not in _KEPT_FILES for name in ("file_if_done", "file_if_not")):
        raise ValueError("names a file without an item")
    places = [values["path"], values["item"] or os.sep, values.get("file") or os.sep]
    if not all(map(os.path.isabs, places)):
        raise ValueError("a path is not absolute")
    if "\0" in "".join(places):
        raise ValueError("a path contains NUL")
    if values["item"] and not is_item(values["item"]):
        raise ValueError("its item is not in a trash")
    own = values["move"] == Move.REMOVE or values.get("undoes")
    if values["item"] and not own and os.path.basename(values["item"]) != values["id"]:
        raise ValueError("its item belongs to another user")
    values["operation"] = Operation(values["operation"])
    values["move"] = Move(values["move"])
    values["phase"] = Phase(values["phase"])
    return Entry(**values)


def _is_writable(text: str) -> bool:
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        return False
    return True
