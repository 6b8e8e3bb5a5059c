"""Rows, order, cursor by identity, marks; totals."""

import os
from collections.abc import Callable, Collection, Iterable
from itertools import pairwise
from typing import NamedTuple

from envdeck.core.model import Environment
from envdeck.core.query import UNREAD, Contents, Query, search_text
from envdeck.tui.store.columns import Column, SortKey, column_named, sort_key


class Listing:
    """Every environment known, and which of them are shown in which order.

    The cursor, the marks and the start of a range are paths and never positions: a sort, a
    filter or a row that comes or goes moves rows, and never makes the cursor mean another one
    while its own is there. Only before the list was touched (:meth:`touch`) it stays on top.
    """

    def __init__(self, column: str = "reclaimable", *, reverse: bool = True) -> None:
        self.column = column_named(column)
        self.reverse = reverse
        self.query = Query()
        self.contents: dict[str, Contents] = {}
        """What was read of environments by path, as far as the filter has asked for it."""
        self.unread = 0
        """Environments whose contents the filter waits for."""
        self.revision = 0
        """Counts changes of rows and order, so that what was worked out can be told from stale."""
        self._rows: dict[str, Environment] = {}
        self._told: dict[str, str] = {}
        self._keys: dict[str, SortKey] = {}
        self._order: list[str] = []
        self._places: dict[str, int] | None = None
        self.marks = Marks(self)
        self._cursor: str | None = None
        self._chosen: str | None = None
        self.touched = False
        """Whether the cursor stands where a person left it."""

    # rows

    def __len__(self) -> int:
        return len(self._order)

    @property
    def count(self) -> int:
        """How many there are, shown or not."""
        return len(self._rows)

    def get(self, path: str | None) -> Environment | None:
        """Return an environment by its path."""
        return None if path is None else self._rows.get(path)

    def at(self, index: int) -> Environment:
        """Return the row at a place; IndexError past the end."""
        return self._rows[self._order[index]]

    def index(self, path: str | None) -> int | None:
        """Return the place of a row that is shown."""
        if path is None:
            return None
        if self._places is None:
            self._places = {each: place for place, each in enumerate(self._order)}
        return self._places.get(path)

    def environments(self) -> list[Environment]:
        """Return all, shown or not."""
        return list(self._rows.values())

    def shown(self) -> list[Environment]:
        """Return those shown, in order."""
        return [self._rows[path] for path in self._order]

    def put(self, environments: Iterable[Environment]) -> None:
        """Add environments, or replace what was known of them. One call for a batch."""
        moved: set[str] = set()
        added: list[str] = []
        for environment in environments:
            path = environment.path
            self._rows[path] = environment
            told = self._told[path] = search_text(environment)
            before = self._keys.pop(path, None)
            key = None
            if self.query.matches(environment, told, self.contents.get(path, UNREAD)):
                key = self._keys[path] = self._key(environment)
            if key == before:
                continue
            if before is not None:
                moved.add(path)
            if key is not None:
                added.append(path)
        self._rearrange(moved, list(dict.fromkeys(added)))

    def remove(self, paths: Iterable[str]) -> None:
        """Forget environments; those not known are passed over."""
        gone = {path for path in paths if self._rows.pop(path, None) is not None}
        for path in gone:
            self._told.pop(path, None)
            self._keys.pop(path, None)
        self.marks.forget(gone)
        if self._chosen in gone:
            self._chosen = None
        self._rearrange(gone, [])

    def _rearrange(self, leaving: Collection[str], coming: list[str]) -> None:
        self.revision += 1
        if not leaving and not coming:
            return
        before, place = self._order, self.index(self._cursor)
        kept = [path for path in before if path not in leaving] if leaving else list(before)
        # A path may both leave and come: its place changed. A batch may name one path twice.
        kept += [path for path in coming if path in self._keys]
        kept.sort(key=self._keys.__getitem__)
        self._order, self._places = kept, None
        self._settle(before, place)

    def _settle(self, before: list[str], place: int | None) -> None:
        """Put the cursor on its own row, or on the nearest one that remained."""
        if not self._order:
            self._cursor = None
        elif not self.touched:
            self._cursor = self._order[0]
        elif self.index(self._cursor) is None:
            self._cursor = self._neighbour(before, place)
        self.marks.settle()

    def _neighbour(self, before: list[str], place: int | None) -> str:
        if place is not None:
            for path in before[place + 1 :]:
                if path in self._keys:
                    return path
            for path in reversed(before[:place]):
                if path in self._keys:
                    return path
        return self._order[0]

    # order and filter

    def _key(self, environment: Environment) -> SortKey:
        return sort_key(environment, self.column, reverse=self.reverse)

    def sort_by(self, column: Column, *, reverse: bool | None = None) -> None:
        """Sort by a column, the interesting end first unless told otherwise."""
        self.column = column
        self.reverse = column.downwards if reverse is None else reverse
        self.revision += 1
        self._keys = {path: self._key(self._rows[path]) for path in self._order}
        self._order.sort(key=self._keys.__getitem__)
        self._places = None
        self._settle(self._order, None)

    def narrow(self, query: Query) -> None:
        """Show only what matches. The cursor stays on its row if that is shown, and returns to
        the one that was last chosen when that is shown again."""
        self.query = query
        self.revision += 1
        self.marks.end_range()
        rows = self._rows
        matching = [
            path
            for path, told in self._told.items()
            if query.matches(rows[path], told, self.contents.get(path, UNREAD))
        ]
        self._keys = {path: self._key(rows[path]) for path in matching}
        self._order = sorted(matching, key=self._keys.__getitem__)
        self._places = None
        if self.touched and self.index(self._chosen) is not None:
            self._cursor = self._chosen
        else:
            self._cursor = self._order[0] if self._order else None

    # cursor

    @property
    def cursor(self) -> str | None:
        """The path under the cursor."""
        return self._cursor

    @property
    def current(self) -> Environment | None:
        """The environment under the cursor."""
        return self.get(self._cursor)

    def touch(self) -> None:
        """Say that a person looks at the row under the cursor: it is kept from now on."""
        if not self.touched and self._cursor is not None:
            self.touched = True
            self._chosen = self._cursor

    def move_to(self, index: int) -> None:
        """Put the cursor on a place, the nearest there is."""
        if self._order:
            self.touched = True
            self._cursor = self._order[max(0, min(index, len(self._order) - 1))]
            self._chosen = self._cursor


class Marks:
    """Which rows of a listing are marked, by their paths, and a range that is being marked."""

    def __init__(self, listing: Listing) -> None:
        self.paths: frozenset[str] = frozenset()
        self._listing = listing
        self._anchor: str | None = None

    @property
    def hidden(self) -> int:
        """How many the filter hides."""
        return sum(self._listing.index(path) is None for path in self.paths)

    def environments(self) -> list[Environment]:
        """Return what is marked: in the order shown, then those the filter hides, by path."""
        listing = self._listing
        shown = [each for each in listing.shown() if each.path in self.paths]
        hidden = [listing.get(path) for path in sorted(self.paths) if listing.index(path) is None]
        return shown + [each for each in hidden if each is not None]

    def targets(self) -> list[Environment]:
        """Return what an action is about: the marked ones, else the one under the cursor."""
        if self.paths:
            return self.environments()
        current = self._listing.current
        return [] if current is None else [current]

    def toggle(self) -> None:
        """Mark the row under the cursor, or take its mark away."""
        if self._listing.cursor is not None:
            self._listing.touch()
            self.paths ^= {self._listing.cursor}

    def toggle_all(self) -> None:
        """Mark every row shown; if all are, take their marks away."""
        shown = {each.path for each in self._listing.shown()}
        self.paths = self.paths - shown if shown <= self.paths else self.paths | shown

    def forget(self, gone: Collection[str]) -> None:
        """Take the marks of rows away that are no longer there."""
        self.paths -= set(gone)

    # range

    @property
    def ranging(self) -> bool:
        """Whether a range was started."""
        return self._anchor is not None

    def start_range(self) -> None:
        """Start a range at the cursor."""
        self._listing.touch()
        self._anchor = self._listing.cursor

    def range_test(self) -> Callable[[int], bool]:
        """Return whether a place is in the range."""
        start, end = (self._listing.index(path) for path in (self._anchor, self._listing.cursor))
        if start is None or end is None:
            return lambda _place: False
        low, high = min(start, end), max(start, end)
        return lambda place: low <= place <= high

    def mark_range(self) -> None:
        """Mark from the start of the range to the cursor, and end it."""
        within = self.range_test()
        shown = enumerate(self._listing.shown())
        self.paths |= {each.path for place, each in shown if within(place)}
        self._anchor = None

    def end_range(self) -> None:
        """Give the range up."""
        self._anchor = None

    def settle(self) -> None:
        """Give the range up where its start is no longer shown."""
        if self._listing.index(self._anchor) is None:
            self._anchor = None


class Totals(NamedTuple):
    """Bytes on disk; None until they are counted."""

    occupied: int | None = None
    freed: int | None = None


def quick_totals(environments: Iterable[Environment]) -> Totals | None:
    """Return the totals if adding up is enough: no size carries files shared with others."""
    occupied = freed = 0
    for environment in environments:
        size = environment.size
        if size is None:
            continue
        if size.shared is not None and size.shared.packed:
            return None
        occupied += size.disk_bytes
        freed += size.reclaimable_bytes
    return Totals(occupied, freed)


def shares_nothing(environments: Iterable[Environment]) -> bool:
    """Whether deleting each would free all it takes, and none of them lies inside another.

    A remembered size does not carry its shared files; that there are some shows all the same.
    """
    paths = []
    for each in environments:
        if each.size is not None and each.size.reclaimable_bytes < each.size.disk_bytes:
            return False
        paths.append(each.path.rstrip(os.sep) + os.sep)
    paths.sort()  # what lies inside a folder follows right after it
    return not any(inner != outer and inner.startswith(outer) for outer, inner in pairwise(paths))
