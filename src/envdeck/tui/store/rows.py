"""Rows, order, cursor by identity, marks; totals."""

import os
from collections.abc import Callable, Collection, Iterable
from itertools import pairwise
from typing import NamedTuple

from envdeck.core.model import Environment
from envdeck.tui.store.columns import Column, SortKey, column_named, sort_key
from envdeck.tui.store.query import Query, told_by


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
        self.revision = 0
        """Counts changes of rows and order, so that what was worked out can be told from stale."""
        self._rows: dict[str, Environment] = {}
        self._told: dict[str, str] = {}
        self._keys: dict[str, SortKey] = {}
        self._order: list[str] = []
        self._places: dict[str, int] | None = None
        self._marks: set[str] = set()
        self._cursor: str | None = None
        self._chosen: str | None = None
        self._anchor: str | None = None
        self._touched = False

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
            told = self._told[path] = told_by(environment)
            before = self._keys.pop(path, None)
            key = None
            if self.query.matches(environment, told):
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
        self._marks -= gone
        if self._anchor in gone:
            self._anchor = None
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
        elif not self._touched:
            self._cursor = self._order[0]
        elif self.index(self._cursor) is None:
            self._cursor = self._neighbour(before, place)
        if self._anchor is not None and self.index(self._anchor) is None:
            self._anchor = None

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

    def turn(self) -> None:
        """Sort the other way round."""
        self.sort_by(self.column, reverse=not self.reverse)

    def narrow(self, query: Query) -> None:
        """Show only what matches. The cursor stays on its row if that is shown, and returns to
        the one that was last chosen when that is shown again."""
        self.query = query
        self.revision += 1
        self._anchor = None
        rows = self._rows
        matching = [path for path, told in self._told.items() if query.matches(rows[path], told)]
        self._keys = {path: self._key(rows[path]) for path in matching}
        self._order = sorted(matching, key=self._keys.__getitem__)
        self._places = None
        if self._touched and self.index(self._chosen) is not None:
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

    @property
    def touched(self) -> bool:
        """Whether the cursor stands where a person left it."""
        return self._touched

    def touch(self) -> None:
        """Say that a person looks at the row under the cursor: it is kept from now on."""
        if not self._touched and self._cursor is not None:
            self._touched = True
            self._chosen = self._cursor

    def move_to(self, index: int) -> None:
        """Put the cursor on a place, the nearest there is."""
        if self._order:
            self._touched = True
            self._cursor = self._order[max(0, min(index, len(self._order) - 1))]
            self._chosen = self._cursor

    def move_by(self, rows: int) -> None:
        """Move the cursor down, or up."""
        self.move_to((self.index(self._cursor) or 0) + rows)

    # marks

    @property
    def marks(self) -> frozenset[str]:
        """The paths marked."""
        return frozenset(self._marks)

    @property
    def hidden_marks(self) -> int:
        """How many marked ones the filter hides."""
        return sum(path not in self._keys for path in self._marks)

    def is_marked(self, path: str) -> bool:
        """Whether a row is marked."""
        return path in self._marks

    def marked(self) -> list[Environment]:
        """Return what is marked: in the order shown, then those the filter hides, by path."""
        hidden = sorted(path for path in self._marks if path not in self._keys)
        shown = [path for path in self._order if path in self._marks]
        return [self._rows[path] for path in shown + hidden]

    def targets(self) -> list[Environment]:
        """Return what an action is about: the marked ones, else the one under the cursor."""
        if self._marks:
            return self.marked()
        return [] if self.current is None else [self.current]

    def toggle_mark(self) -> None:
        """Mark the row under the cursor, or take its mark away."""
        if self._cursor is not None:
            self.touch()
            self._marks ^= {self._cursor}

    def toggle_all(self) -> None:
        """Mark every row shown; if all are, take their marks away."""
        shown = set(self._order)
        self._marks = self._marks - shown if shown <= self._marks else self._marks | shown

    # range

    @property
    def ranging(self) -> bool:
        """Whether a range was started."""
        return self._anchor is not None

    def start_range(self) -> None:
        """Start a range at the cursor."""
        self.touch()
        self._anchor = self._cursor

    def in_range(self) -> Callable[[int], bool]:
        """Return whether a place is in the range."""
        start, end = self.index(self._anchor), self.index(self._cursor)
        if start is None or end is None:
            return lambda _place: False
        low, high = min(start, end), max(start, end)
        return lambda place: low <= place <= high

    def mark_range(self) -> None:
        """Mark from the start of the range to the cursor, and end it."""
        within = self.in_range()
        self._marks |= {path for place, path in enumerate(self._order) if within(place)}
        self._anchor = None

    def end_range(self) -> None:
        """Give the range up."""
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


def nothing_shared(environments: Iterable[Environment]) -> bool:
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
