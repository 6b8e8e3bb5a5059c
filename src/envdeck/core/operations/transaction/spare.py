"""Where the room for a journal comes from on a disk that has none.

First from what is kept for it: a reserve beside the journal, and one in each trash on another
disk. Where that is used up, or there was never room for it, and something is to be removed for
good, from that: first from what Python writes again by itself, so that it is whole until its
removal is journalled; and if that is not enough an item is given the name of one that is going,
which needs no block, and tells as well as the journal that it is half removed. The journal itself
is never kept anywhere else: one that does not outlive a reboot would leave what was half done to
nobody.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import Lock

from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.model import Identity
from envdeck.core.operations.disk import Disk, Reserve
from envdeck.core.operations.disk.permissions import mounted_in
from envdeck.core.operations.transaction.places import RESERVE, Places, is_ours_alone
from envdeck.core.system import reach
from envdeck.core.system.files import existing_folder
from envdeck.core.system.host import lies_under

_FILES = 32
"""Half a megabyte: enough to delete and purge some ten environments, and on btrfs some three,
which asks for more than it uses."""
_FILES_ELSEWHERE = 12
"""In the trash of another disk, where a folder and a manifest are all that is written."""
_STEP = 64 * 1024
"""Bytes that are freed at once of what goes for good."""


@dataclass(frozen=True, slots=True)
class PurgeRequest:
    """What a person has asked to remove for good, and not more than that."""

    path: str
    """Where it is, or where it was before it became an item that is going."""
    identity: Identity | None
    going: str = ""
    """What it is called once its removal has begun: under that name nothing of it need stay. The
    name is what tells of it until the journal does; empty where it must not come to that yet."""


class Spare:
    """The room of one user that can be freed when a disk is full."""

    def __init__(self, places: Places, disk: Disk, trashes: Callable[[], Iterable[str]]) -> None:
        self._host = disk.host
        self._disk = disk
        self._trashes = trashes
        self._own = Reserve(places.reserve, _FILES)
        self._elsewhere: dict[str, Reserve] = {}
        self._going: list[PurgeRequest] = []
        self._asking = Lock()
        self._begun: set[Identity] = set()

    def free(self, path: str) -> bool:
        """Free a little on the disk of `path`; False where there is nothing more to free."""
        device = device_of(path)
        for reserve in self._reserves():
            if reserve.device() == device and reserve.take():
                return True
        return any(self._give(each, device) for each in self._going)

    def keep(self) -> None:
        """Make what the reserves lack, where there is room. Nothing is made in a home that is
        not there."""
        home = self._host.home
        if not lies_under(self._own.folder, home) or os.path.isdir(home):
            self._own.fill()
        for trash, reserve in list(self._elsewhere.items()):  # threads add some
            if reach.isdir(trash):
                reserve.fill()

    def keep_in(self, trash: str) -> None:
        """Have a trash keep a reserve where it is on another disk than the journal."""
        if device_of(trash) == device_of(self._own.folder):
            return
        self._reserve_of(trash).fill()

    @contextmanager
    def lend_room(self, going: Iterable[PurgeRequest]) -> Iterator[None]:
        """Take room from what is removed for good meanwhile, if there is no other."""
        asked = list(going)
        with self._asking:  # operations run side by side, and end in any order
            self._going = [*self._going, *asked]
        try:
            yield
        finally:
            with self._asking:
                left = [*self._going]
                for each in asked:
                    left.remove(each)
                self._going = left

    def has_begun(self, identity: Identity | None) -> bool:
        """Tell whether more of something was taken than what is written again by itself."""
        return identity in self._begun

    def _give(self, going: PurgeRequest, device: int | None) -> bool:
        """Take a little of what goes: as long as it is whole, what is written again by itself;
        then it is set going, and the rest of it too."""
        identity, disk = going.identity, self._disk
        if identity is None or identity.device != device:
            return False
        if going.path != going.going and disk.identity(going.path) == identity:
            if mounted_in(going.path, self._host):
                return False
            if disk.free_derivable(going.path, _STEP):
                return True
            if not going.going or disk.identity(going.going) is not None:
                return False
            try:
                os.rename(going.path, going.going)
            except OSError:  # no room even for the name
                return False
        if not going.going or disk.identity(going.going) != identity:
            return False
        if mounted_in(going.going, self._host):
            return False
        self._begun.add(identity)
        return disk.free_derivable(going.going, _STEP, everything=True) > 0

    def _reserves(self) -> Iterator[Reserve]:
        yield self._own
        for trash in self._trashes():
            if reach.isdir(os.path.join(trash, RESERVE)) and is_ours_alone(trash):
                yield self._reserve_of(trash)

    def _reserve_of(self, trash: str) -> Reserve:
        folder = os.path.join(trash, RESERVE)
        return self._elsewhere.setdefault(trash, Reserve(folder, _FILES_ELSEWHERE))


def device_of(path: str) -> int | None:
    """Return the disk of a path that may not be there yet: of the folder it would be made in."""
    try:
        return os.stat(existing_folder(path)).st_dev
    except OSError:
        return None
