"""The caches view: what tools keep and leave behind, what it takes, and what clearing it costs."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType

from envdeck.core.caches import Cache, CacheFinder, CacheFolder
from envdeck.core.inspection.size import joint_size
from envdeck.core.model import Environment, Interpreter, JointSize, NoPlan, Plan, Size
from envdeck.core.operations.delete.clear import plan_clear
from envdeck.text import clip, counted, pad, plain, size
from envdeck.tui.base.actions import bindings
from envdeck.tui.base.messages import OutcomeSaid, PlanRequested
from envdeck.tui.base.services import PlanRequest
from envdeck.tui.widgets.line import Display, Line, Part, Tone, bar, wrapped
from envdeck.tui.widgets.line_list import LineList
from envdeck.tui.widgets.list_detail import ListDetailScreen, RowDetail
from envdeck.tui.workers.latest import IsDropped, Latest

if TYPE_CHECKING:
    from textual.timer import Timer

    from envdeck.core.operations.api import Operations

Find = Callable[[IsDropped], Iterator[Cache]]
_FIGURE, _GAP = 8, "  "
_TRASH = "trash"
_TICK = 0.2
"""Seconds between two looks at what was found."""
_SHOWN = 200
"""Folders that are named of one cache."""


def finder(
    operating: "Operations", environments: Sequence[Environment], known: Sequence[Interpreter]
) -> Find:
    """Return what finds the caches of the machine that operations act on."""

    def find(stopped: IsDropped) -> Iterator[Cache]:
        yield from CacheFinder(operating.catalog, environments, known, stopped).find()
        if items := [item for item in operating.trash() if item.ours]:
            taken = [item.reclaimable_bytes or 0 for item in items]
            folders = (
                CacheFolder(item.folder, Size(each, each, each))
                for item, each in zip(items, taken, strict=True)
            )
            yield Cache(
                _TRASH,
                f"trash ({counted(len(items), 'item')})",
                "what is in it can no longer be restored",
                tuple(folders),
                forever=True,
                default=False,
            )

    return find


def cache_key(cache: Cache) -> str:
    """Return what names a cache, whatever it takes."""
    return f"{cache.kind} {cache.root or cache.title}"


def way_words(cache: Cache) -> str:
    """Return what becomes of it when it is cleared."""
    if cache.blocked:
        return "blocked"
    if cache.command:
        return " ".join(cache.command)
    return "permanently" if cache.forever else "to the trash"


class CacheList(LineList[Cache]):
    """The caches, the largest first."""

    def __init__(self, look: Display) -> None:
        super().__init__()
        self.look = look
        self.marked: frozenset[str] = frozenset()
        self.largest = 0

    def heading(self, cells: int) -> Line | None:
        """The names of the columns."""
        if not self.rows:
            return None
        title, drawn = _cells(cells)
        told = (
            ["  " + pad("Cache", title), pad("", drawn)] if drawn else ["  " + pad("Cache", title)]
        )
        told += [pad("Frees", _FIGURE, right=True), pad("On disk", _FIGURE, right=True)]
        told += ["Cleared"] if _way_cells(cells) else []
        return (Part(_GAP.join(told), Tone.MUTED),)

    def key_of(self, row: Cache) -> object:
        """By its tool and place."""
        return cache_key(row)

    def draw_row(self, row: Cache, cells: int) -> Line:
        """One cache."""
        signs, taken = self.look.signs, row.size
        title, drawn = _cells(cells)
        mark = signs.marked if cache_key(row) in self.marked else " "
        freed, whole = taken.reclaimable_bytes, taken.disk_bytes
        parts = [
            Part(f"{mark} ", Tone.ACCENT),
            Part(pad(clip(plain(row.title), title, signs.ellipsis), title) + _GAP),
        ]
        if drawn:
            parts += [*bar(freed, whole, self.largest, drawn, signs), Part(_GAP)]
        parts.append(Part(pad(size(freed), _FIGURE, right=True), Tone.STRONG))
        parts.append(Part(_GAP + pad(size(whole), _FIGURE, right=True), Tone.MUTED))
        if room := _way_cells(cells):
            tone = Tone.WARNING if row.blocked else Tone.MUTED
            parts.append(Part(_GAP + clip(way_words(row), room, signs.ellipsis), tone))
        return tuple(parts)


def _cells(cells: int) -> tuple[int, int]:
    """Return the cells of a title and of a bar."""
    title = max(10, min(30, cells - 26))
    return title, (24 if cells >= 110 else 0)


def _way_cells(cells: int) -> int:
    """Return the cells that are left for how it is cleared; 0 where those are too few."""
    title, drawn = _cells(cells)
    room = cells - 2 - title - (drawn + 2 if drawn else 0) - 2 * _FIGURE - 7
    return room if room >= 8 else 0


class CachesScreen(ListDetailScreen[CacheList, RowDetail[Cache]]):
    """Caches and debris above, all about one of them below; the marked ones are cleared by a
    plan."""

    DEFAULT_CSS: ClassVar[str] = """
    CachesScreen > .above { height: 1fr; }
    CachesScreen > .below { height: 40%; }
    CachesScreen.-low > .above { margin-top: 0; }
    CachesScreen.-low.-above > .below, CachesScreen.-low.-below > .above { display: none; }
    CachesScreen.-low.-below > .below { height: 1fr; border-top: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("caches", "mark", "mark_all", "delete")]

    def __init__(
        self, find: Find, look: Display, operating: "Callable[[], Operations | None]"
    ) -> None:
        """`find` finds them in a thread; `operating` gives what may clear them."""
        about = RowDetail[Cache](lambda one, cells: cache_detail(one, look, cells), cache_key)
        super().__init__(look, CacheList(look), about)
        self.VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-high")]
        self._find, self._operating = find, operating
        self._found: list[Cache] = []
        self._whole = self._free = _together(())
        """What all take, and those free that may be cleared: counted when they change, since the
        links of a large cache take 50 ms."""
        self.looking = True
        self._latest: Latest[None] = Latest(self, self._end)
        self._tick: Timer | None = None

    def on_mount(self) -> None:
        """Look beside the screen."""
        self._look_again()

    def _look_again(self) -> None:
        found = self._found = []
        self.looking = True
        if self._tick is None:
            self._tick = self.set_interval(_TICK, self._show)
        self._latest.request(partial(_collect, self._find, found))
        self._show()

    on_operation_ended = _look_again

    def _end(self, _: None) -> None:
        self.looking = False
        if self._tick is not None:
            self._tick.stop()
            self._tick = None
        self._show()

    def _show(self) -> None:
        rows = sorted(self._found, key=lambda one: (-one.size.reclaimable_bytes, cache_key(one)))
        self.table.largest = max((one.size.disk_bytes for one in rows), default=0)
        self.table.marked &= frozenset(map(cache_key, rows))
        said = f"looking{self.look.signs.ellipsis}" if self.looking else "No caches found."
        self.table.say_instead((Part(said, Tone.MUTED),))
        if rows != list(self.table.rows):
            self._whole = _together(rows)
            self._free = _together([one for one in rows if not one.blocked])
        self.table.show_rows(rows)
        self.set_class(not rows, "-nothing")
        self.tell()

    def tell(self) -> None:
        """Say what there is in all, what is marked, and what keys do."""
        parts = [Part("Caches and debris", Tone.STRONG)]
        parts.append(Part(f"   {size(self._whole.disk_bytes)} on disk", Tone.MUTED))
        parts.append(Part(f" · {size(self._free.reclaimable_bytes)} reclaimable"))
        if self.looking:
            parts.append(Part(f" · looking{self.look.signs.ellipsis}", Tone.MUTED))
        self.title_label.show(tuple(parts))
        marked = self._targets() if self.table.marked else ()
        said: Line = ()
        if marked:
            freed = size(_together(marked).reclaimable_bytes)
            said = (Part(f"{len(marked):,} marked, frees {freed}", Tone.ACCENT),)
        hints = {"mark": "", "delete": "clear", "next_pane": "details", "back": "", "help": ""}
        self.keys.tell(hints, said)

    def row_moved(self) -> None:
        """Show another one below."""
        self.about.show(self.table.current)

    def _targets(self) -> tuple[Cache, ...]:
        """Return the marked ones, else the one under the cursor."""
        marked = tuple(one for one in self.table.rows if cache_key(one) in self.table.marked)
        current = self.table.current
        return marked or ((current,) if current is not None else ())

    def action_mark(self) -> None:
        """Mark the row and go on to the next."""
        current = self.table.current
        if current is not None:
            self.table.marked ^= {cache_key(current)}
            self.table.move_to((self.table.cursor.place or 0) + 1)
            self.table.refresh()
            self.tell()

    def action_mark_all(self) -> None:
        """Mark what is cleared where nobody names anything; if all of that is, unmark it."""
        every = frozenset(
            cache_key(one) for one in self.table.rows if one.default and not one.blocked
        )
        self.table.marked = frozenset() if every <= self.table.marked else every
        self.table.refresh()
        self.tell()

    def action_delete(self) -> None:
        """Ask whether the marked ones, or this one, shall be cleared."""
        chosen = self._targets()
        operating = self._operating() if chosen else None
        if operating is None:
            return
        if all(one.kind == _TRASH for one in chosen):
            empty = PlanRequest("Empty trash", lambda _allow: operating.plan_purge())
            self.post_message(PlanRequested(empty))
            return
        if any(one.kind == _TRASH for one in chosen):
            told = "empty the trash by itself: unmark it, or the caches"
            self.post_message(OutcomeSaid(told, failed=True))
            return

        def plan(_allow: frozenset[str], *, purge: bool = False) -> Plan | NoPlan:
            return plan_clear(operating, chosen, purge=purge)

        what = chosen[0].title if len(chosen) == 1 else counted(len(chosen), "cache")
        at_once = partial(plan, purge=True) if any(_is_trashed(one) for one in chosen) else None
        self.post_message(PlanRequested(PlanRequest(f"Clear {plain(what)}", plan, at_once)))

    action_caches = ListDetailScreen.action_dismiss  # the key that opened it closes it


def _collect(find: Find, found: list[Cache], stopped: IsDropped) -> None:
    """Find them, one after the other; called in a thread."""
    found.extend(find(stopped))  # one by one: they are shown as they come


def _together(caches: Sequence[Cache]) -> JointSize:
    return joint_size(folder.size for one in caches for folder in one.folders)


def _is_trashed(cache: Cache) -> bool:
    return not (cache.command or cache.forever)


def cache_detail(cache: Cache, look: Display, cells: int) -> list[Line]:
    """Return everything about one cache in lines of `cells` cells."""
    room = max(cells - 2, 8)
    told: list[Line] = [(Part(plain(cache.title), Tone.STRONG),)]
    if cache.blocked:
        told.append(
            (Part(f"{look.signs.broken} Blocked: {look.sentence(cache.blocked)}", Tone.ERROR),)
        )
    told.append((Part("Lost by clearing  ", Tone.MUTED), Part(look.sentence(cache.loses))))
    how = {
        "to the trash": f"moved to the trash; {look.key('undo')} to undo",
        "permanently": "deleted permanently",
    }.get(way_words(cache), way_words(cache))
    if not cache.blocked:
        told.append((Part("Cleared by        ", Tone.MUTED), Part(plain(how))))
    taken = cache.size
    shared = taken.disk_bytes - taken.reclaimable_bytes
    if shared > 0:
        said = f"{size(shared)} stay: files that environments share with it by hard links"
        told.append((Part(said, Tone.MUTED),))
    lines = [line for each in told for line in wrapped(each, room, look.signs.ellipsis)]
    lines.append(())
    for folder in sorted(cache.folders, key=_size_key)[:_SHOWN]:
        figure = size(folder.size.disk_bytes if folder.size else None, unknown=look.signs.unknown)
        path = look.short_path(folder.path, max(room - 12, 8))
        lines.append((Part(pad(figure, _FIGURE, right=True) + _GAP, Tone.MUTED), Part(path)))
    if len(cache.folders) > _SHOWN:
        lines.append((Part(f"and {len(cache.folders) - _SHOWN:,} more", Tone.MUTED),))
    return [(Part(" "), *line) for line in lines]


def _size_key(folder: CacheFolder) -> tuple[int, str]:
    return (-(folder.size.disk_bytes if folder.size else 0), folder.path)
