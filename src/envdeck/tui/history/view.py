"""The history in lines: what was done, how it ended, and whether it can be taken back."""

from collections.abc import Collection, Iterable, Sequence

from envdeck.core.lazy_dataclasses import dataclass, replace
from envdeck.core.model import Operation
from envdeck.core.operations.shared.history import HistoryItem
from envdeck.core.operations.transaction.journal import Entry, Move, Phase, UnreadableEntry
from envdeck.text import (
    age,
    capitalise,
    clip,
    counted,
    duration,
    exact_time,
    pad,
    plain,
    short_age,
    size,
    time_left,
    width,
)
from envdeck.text.operation import (
    OPERATION_WORDS,
    batch_ended,
    batch_words,
    ended_word,
    group_batches,
)
from envdeck.tui.widgets.line import Display, Line, Part, Tone, clipped, wrapped

_GAP = "  "
_WHEN, _WHAT = 9, 9
_ENDED = 17
_ROOMY_FROM = 100
_PATH = 8
"""Cells of a path at the least."""
_UNDO = 19
"""Cells of `permanently deleted`."""
_NARROW_BELOW = 73


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """A row: something that was done, or (without it) a title or a blank."""

    past: HistoryItem | None = None
    title: str = ""
    batch: tuple[HistoryItem, ...] = ()
    """The operations that it stands for, which were one for the person who ran them."""
    opened: bool = False
    """Whether those of the batch stand below."""
    inside: bool = False
    """Whether it is one of an opened batch."""

    @property
    def entries(self) -> list[Entry]:
        """What the journal has of a batch."""
        return [entry for each in self.batch if (entry := each.known) is not None]

    @property
    def identifier(self) -> str:
        """What a batch is undone by."""
        return next((one.tie[0] for one in self.entries), "")


def history_rows(pasts: Sequence[HistoryItem], opened: Collection[object] = ()) -> list[HistoryRow]:
    """Return what was done, a batch in one row and below it, where that is `opened`, its own; then
    what could not be read below a title of its own."""
    rows = []
    done = ((past, entry) for past in pasts if (entry := past.known) is not None)
    for pairs in group_batches(done):
        batch = tuple(past for past, _ in pairs)
        if len(batch) == 1:
            rows.append(HistoryRow(batch[0]))
            continue
        row = HistoryRow(batch=batch)
        rows.append(replace(row, opened=batch_key(row) in opened))
        if rows[-1].opened:
            rows += [HistoryRow(past, inside=True) for past in batch]
    unread = [HistoryRow(past) for past in pasts if past.known is None]
    if unread:
        rows += [HistoryRow()] if rows else []
        rows += [HistoryRow(title="Unreadable"), *unread]
    return rows


def batch_key(row: HistoryRow) -> object:
    """Return what names a batch."""
    return row.entries[0].tie


@dataclass(frozen=True, slots=True)
class HistoryColumns:
    """The widths of the columns."""

    path: int
    ended: int
    undo: int

    @classmethod
    def fit(cls, cells: int, ended: int = _ENDED) -> "HistoryColumns":
        """Return the columns for a width, where results take `ended` cells."""
        ended = 2 if cells < _NARROW_BELOW else min(max(ended, len("Result")), _ENDED)
        undo = 4 if cells < _NARROW_BELOW else 37 if cells >= _ROOMY_FROM else _UNDO
        taken = 1 + _WHEN + _WHAT + ended + undo + 4 * len(_GAP) + 1
        return cls(max(cells - taken, _PATH), ended, undo)

    def heading(self) -> Line:
        """Return the names of the columns."""
        names = [" " + pad("When", _WHEN), pad("Type", _WHAT), pad("Path", self.path)]
        names.append(pad("Result" if self.ended > 2 else "", self.ended))
        names.append(clip("Undo", self.undo, ""))
        return (Part(_GAP.join(names), Tone.MUTED),)


def draw_past(row: HistoryRow, columns: HistoryColumns, look: Display) -> Line:
    """Return the line of a row."""
    past = row.past
    if row.batch:
        return _draw_batch(row, columns, look)
    if past is None:
        return (Part(f" {row.title}", Tone.HEADING),) if row.title else ()
    entry = past.entry
    if isinstance(entry, UnreadableEntry):
        room = _WHEN + _WHAT + columns.path + len(_GAP) * 2
        path = look.short_path(entry.path, min(room, 40))
        line = (
            Part(f" {look.signs.broken} ", Tone.ERROR),
            Part(path),
            Part(f"{_GAP}{look.sentence(entry.reason)}", Tone.MUTED),
        )
        return clipped(line, room + columns.ended + columns.undo, look.signs.ellipsis)
    word, tone = ended_words(past, entry, look)
    said = word if columns.ended > 2 else word[:1]
    when = clip(short_age(age(entry.created_at, look.clock()), _WHEN), _WHEN, "")
    undo, undo_tone = undo_words(past, entry, columns.undo, look)
    inset = "  " if row.inside else ""
    room = columns.path - len(inset)
    return (
        Part(" " + pad(when, _WHEN), Tone.MUTED),
        Part(_GAP + pad(entry.operation.value, _WHAT)),
        Part(_GAP + pad(inset + look.short_path(entry.path, room), columns.path), Tone.STRONG),
        Part(_GAP + pad(clip(said, columns.ended, ""), columns.ended), tone),
        Part(_GAP + clip(undo, columns.undo, look.signs.ellipsis), undo_tone),
    )


def ended_cells(rows: Iterable[HistoryRow], look: Display) -> int:
    """Return the cells that results take, where there is room for all of them."""
    told = []
    for row in rows:
        if row.batch:
            told.append(_batch_ended(row, look)[0])
        elif row.past is not None and row.past.known is not None:
            told.append(ended_words(row.past, row.past.known, look)[0])
    return max(map(width, told), default=0)


def _draw_batch(row: HistoryRow, columns: HistoryColumns, look: Display) -> Line:
    """Return the line of a batch: `Deleted 12 environments · 2.3 GB`."""
    entries = row.entries
    first, cut = entries[0], look.signs.ellipsis
    word, tone = _batch_ended(row, look)
    said = word if columns.ended > 2 else word[:1]
    when = clip(short_age(age(first.created_at, look.clock()), _WHEN), _WHEN, "")
    sign = ("▾" if row.opened else "▸") if look.unicode else ("-" if row.opened else "+")
    title = _batch_title(row)
    room = _WHAT + len(_GAP) + columns.path
    spare = min(max(width(title) - room, 0), max(columns.ended - width(said), 0))
    room += spare  # what the result leaves free
    undo, undo_tone = _batch_undo(row, columns.undo, look)
    return (
        Part(sign + pad(when, _WHEN), Tone.MUTED),
        Part(_GAP + pad(clip(title, room, cut), room), Tone.STRONG),
        Part(_GAP + pad(clip(said, columns.ended, cut), columns.ended - spare), tone),
        Part(_GAP + clip(undo, columns.undo, cut), undo_tone),
    )


def _batch_title(row: HistoryRow) -> str:
    done = OPERATION_WORDS[row.entries[0].operation].done
    return f"{capitalise(done)} {batch_words(row.entries)}"


def _batch_ended(row: HistoryRow, look: Display) -> tuple[str, Tone]:
    ended = [ended_words(each, one, look) for each, one in zip(row.batch, row.entries, strict=True)]
    if len({word for word, _ in ended}) == 1:
        return ended[0]
    tone = Tone.ERROR if Tone.ERROR in {tone for _, tone in ended} else Tone.WARNING
    return f"{look.signs.warning} {batch_ended(word[2:] for word, _ in ended)}", tone


def _batch_undo(row: HistoryRow, cells: int, look: Display) -> tuple[str, Tone]:
    able = [each for each in row.batch if not each.why_not]
    if not able or not isinstance(able[0].entry, Entry):
        return undo_words(row.batch[0], row.entries[0], cells, look)
    said, tone = undo_words(able[0], able[0].entry, cells, look)
    if len(able) < len(row.batch) and cells > 4:
        said = f"{look.key('undo')} to undo {len(able):,} of {len(row.batch):,}"
    return said, tone


def ended_words(past: HistoryItem, entry: Entry, look: Display) -> tuple[str, Tone]:
    """Return how an operation ended, as sign and word, and its tone."""
    partly = past.is_partly_purged and entry.move is Move.REMOVE
    sign, tone = {
        Phase.DONE: (" ", Tone.GOOD),
        Phase.ROLLED_BACK: (look.signs.warning, Tone.WARNING),
        Phase.ATTENTION: (look.signs.broken, Tone.ERROR),
    }.get(entry.phase, (look.signs.away, Tone.WARNING))
    if entry.operation in {Operation.BISECT, Operation.MATRIX} and entry.phase is Phase.ROLLED_BACK:
        sign, tone = " ", Tone.PLAIN
    return f"{sign} {ended_word(entry.phase, entry.operation, partly_purged=partly)}", tone


def undo_words(past: HistoryItem, entry: Entry, cells: int, look: Display) -> tuple[str, Tone]:
    """Return that it can be taken back and for how long, or why not."""
    if past.why_not:
        said = look.sentence(past.why_not) if cells > 4 else ""
        return (said if width(said) <= cells else said.partition(": ")[0]), Tone.MUTED
    key = look.key("undo")
    left = _remaining_words(past, entry, look)
    if cells <= 4:
        return key, Tone.ACCENT
    said = f"{key} to undo" + (f" ({left})" if left else "")
    return (said if width(said) <= cells else f"{key} to undo"), Tone.ACCENT


def _remaining_words(past: HistoryItem, entry: Entry, look: Display) -> str:
    """Return for how long the trash keeps what an undo needs; empty where it needs nothing."""
    if entry.move not in {Move.ASIDE, Move.EXCHANGE} or entry.old is None:
        return ""
    if past.kept_until is None:
        return ""
    left = past.kept_until - look.clock()
    return time_left(left) if left > 0 else ""


def operation_detail(row: HistoryRow | None, look: Display, cells: int) -> list[Line]:
    """Return all that the journal knows of an operation."""
    if row is None or not (row.past or row.batch):
        return []
    room = max(cells - 2, 12)
    if row.past is None:
        pieces = _batch_detail(row, look)
    elif isinstance(entry := row.past.entry, UnreadableEntry):
        pieces = _unreadable(entry, look)
    else:
        pieces = _entry_detail(row.past, entry, look)
    lines = [line for piece in pieces for line in wrapped(piece, room, look.signs.ellipsis)]
    return [(Part(" "), *line) for line in lines]


def _batch_detail(row: HistoryRow, look: Display) -> list[Line]:
    word, tone = _batch_ended(row, look)
    at = row.entries[0].created_at
    times = f" · started {look.ago(at)} ({exact_time(at)})"
    pieces: list[Line] = [
        (Part(_batch_title(row), Tone.STRONG),),
        (Part(word.strip(), tone), Part(times, Tone.MUTED)),
    ]
    if any(not each.why_not for each in row.batch):
        undo, _ = _batch_undo(row, 40, look)
        command = Part(f"envdeck undo {plain(row.identifier)}", Tone.ACCENT)
        pieces.append((Part(undo), Part(", or "), command))
    else:
        pieces.append((Part(f"Cannot be undone: {look.sentence(row.batch[0].why_not)}."),))
    pieces.append((Part(look.key("open"), Tone.HEADING), Part(": show each", Tone.MUTED)))
    return [*pieces, *((Part(look.path(one.path), Tone.MUTED, path=True),) for one in row.entries)]


def _unreadable(entry: UnreadableEntry, look: Display) -> list[Line]:
    return [
        (Part(look.path(entry.path), Tone.STRONG, path=True),),
        (Part(f"{look.signs.broken} {look.sentence(entry.reason)}.", Tone.ERROR),),
        (
            Part(
                "Journal file of one operation. It is ignored; anything the operation moved to "
                "the trash is still there."
            ),
        ),
    ]


def _entry_detail(past: HistoryItem, entry: Entry, look: Display) -> list[Line]:
    word, tone = ended_words(past, entry, look)
    pieces: list[Line] = [
        (
            Part(f"{entry.operation.value} ".capitalize(), Tone.STRONG),
            Part(look.path(entry.path), Tone.STRONG, path=True),
        )
    ]
    times = f"started {look.ago(entry.created_at)} ({exact_time(entry.created_at)})"
    if entry.ended_at is not None:
        times += f", took {duration(max(entry.ended_at - entry.created_at, 0))}"
    pieces.append((Part(word.strip(), tone), Part(f" · {times}", Tone.MUTED)))
    if entry.message:
        pieces.append((Part(look.sentence(entry.message)),))
    if past.why_not:
        pieces.append((Part(f"Cannot be undone: {look.sentence(past.why_not)}."),))
    else:
        left = _remaining_words(past, entry, look)
        pieces.append(
            (
                Part(look.key("undo"), Tone.HEADING),
                Part(" to undo" + (f" ({left})" if left else "") + ", or "),
                Part(f"envdeck undo {plain(entry.id)}", Tone.ACCENT),
            )
        )
    made = [f"Python {plain(entry.python)}"] if entry.python else []
    made += [plain(entry.manager)] if entry.manager else []
    if entry.bytes_aside is not None and _has_trash(entry) and not past.why_not:
        made.append(f"reclaimable {size(entry.bytes_aside)}")
    if made:
        pieces.append((Part(" · ".join(made), Tone.MUTED),))
    if entry.undoes:
        pieces.append((Part(f"undoes {plain(entry.undoes)}", Tone.MUTED),))
    if entry.undone_by:
        pieces.append((Part(f"undone by {plain(entry.undone_by)}", Tone.MUTED),))
    if entry.group and entry.group != entry.id:
        group = f"part of {plain(entry.group)}"
        pieces.append((Part(group, Tone.MUTED),))
    if past.is_partly_purged:
        pieces.append((Part("The rest is in the trash."),))
    elif _has_trash(entry):
        was = "was in trash: " if past.why_not and entry.phase is Phase.DONE else "in trash: "
        pieces.append((Part(was), Part(look.path(entry.item), Tone.MUTED, path=True)))
    return pieces


def _has_trash(entry: Entry) -> bool:
    """Whether something may lie in the trash because of it; nothing does after it was rolled
    back, taken back or purged."""
    back = entry.phase is Phase.ROLLED_BACK or bool(entry.undone_by)
    return bool(entry.item) and not entry.purged and not back


def title_line(pasts: Sequence[HistoryItem], look: Display, cells: int) -> Line:
    """Return how much was done, and what of it can be taken back."""
    parts = [Part("History", Tone.STRONG)]
    done = [past for past in pasts if past.known is not None]
    if pasts:
        parts.append(Part(f"   {counted(len(done), 'operation')}"))
        back = sum(not past.why_not for past in done)
        parts.append(Part(f" · {back:,} can be undone", Tone.MUTED))
    unread = len(pasts) - len(done)
    if unread:
        words = f" · {look.signs.broken} {unread:,} unreadable"
        parts.append(Part(words, Tone.ERROR))
    return clipped(tuple(parts), cells, look.signs.ellipsis)


def empty_words(look: Display) -> Line:
    """Return what is said where nothing was done yet, and what to press."""
    return (
        Part("No operations yet. ", Tone.STRONG),
        Part(
            "Every operation is listed here with its result and can be undone, even after a "
            "restart. ",
            Tone.MUTED,
        ),
        Part(look.key("back"), Tone.HEADING),
        Part(": back to the list", Tone.MUTED),
    )
