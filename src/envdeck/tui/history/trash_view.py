"""The trash in lines: what was put aside, where it was, and until when it is kept."""

from collections.abc import Sequence

from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.model import Operation
from envdeck.core.operations.transaction.trash import PARTLY, Item, TrashManifest
from envdeck.text import (
    age,
    capitalise,
    clip,
    counted,
    exact_bytes,
    exact_time,
    pad,
    plain,
    short_age,
    size,
)
from envdeck.text.operation import OPERATION_WORDS, time_kept
from envdeck.tui.widgets.line import Display, Line, Part, Tone, bar, clipped, line_width, wrapped

MARK = 2
_GAP = "  "
_BY, _WHEN, _KEPT, _FREES = 9, 9, 9, 8
_BAR_FROM = 104
_BY_FROM = 70
_PARTLY_FROM = 40
"""Cells of a path from which on there is room for words before it."""
_WHEN_FROM = 56
_NAMES_SHOWN = 200
_SENTENCES = {
    Operation.DELETE: "Deleted",
    Operation.RECREATE: "Replaced by a recreate",
    Operation.UPGRADE: "Replaced by an upgrade",
    Operation.INSTALL: "Replaced by an install",
    Operation.UNINSTALL: "Replaced by an uninstall",
    Operation.CREATE: "Created, then undone",
    Operation.UNDO: "Replaced by an undo",
    Operation.EDIT: "Replaced by an edit",
}


@dataclass(frozen=True, slots=True)
class TrashColumns:
    """The widths of the columns; one of no cells is left out."""

    path: int
    by: int
    when: int
    kept: int
    bar: int

    @classmethod
    def fit(cls, cells: int) -> "TrashColumns":
        """Return the columns for a width: the place and what a purge frees always."""
        by = _BY if cells >= _BY_FROM else 0
        when = _WHEN if cells >= _WHEN_FROM else 0
        kept = _KEPT if cells >= _WHEN_FROM else 7
        wide = min(cells - _BAR_FROM + 12, 24) if cells >= _BAR_FROM else 0
        taken = MARK + _FREES + len(_GAP) + 1
        taken += sum(each + len(_GAP) for each in (by, when, kept) if each)
        taken += wide + 1 if wide else 0
        return cls(max(cells - taken, 8), by, when, kept, wide)

    def heading(self) -> Line:
        """Return the names of the columns."""
        cells = [pad(" " * MARK + "Original path", MARK + self.path)]
        kept = "Kept for" if self.kept >= _KEPT else "Kept"
        for title, room in (("By", self.by), ("Trashed", self.when), (kept, self.kept)):
            if room:
                cells.append(pad(clip(title, room, ""), room))
        cells.append(pad("Frees", _FREES, right=True))
        return (Part(_GAP.join(cells), Tone.MUTED),)


def frees(item: Item) -> int | None:
    """Return what purging an item frees, as far as its manifest tells."""
    manifest = item.manifest
    if manifest is None or item.going:
        return None
    if manifest.reclaimable_bytes is not None:
        return manifest.reclaimable_bytes
    return manifest.disk_bytes


def total(items: Sequence[Item]) -> int:
    """Return what purging some items frees, those whose size is known."""
    return sum(frees(item) or 0 for item in items)


def place(item: Item) -> str:
    """Return where an item was; for one whose manifest cannot be read, where it is now."""
    return item.folder if item.manifest is None else item.manifest.path


def draw_item(
    item: Item,
    columns: TrashColumns,
    look: Display,
    *,
    marked: bool,
    largest: int,
) -> Line:
    """Return the row of an item."""
    manifest, signs = item.manifest, look.signs
    parts = [Part(pad(signs.marked if marked else "", MARK), Tone.ACCENT)]
    sign = f"{signs.broken} " if item.problem else ""
    if item.going and columns.path >= _PARTLY_FROM:
        sign += f"{PARTLY}: "
    path = look.short_path(place(item), columns.path - len(sign))
    parts += [Part(sign, Tone.ERROR), Part(pad(path, columns.path - len(sign)))]
    if columns.by:
        word = "" if manifest is None else OPERATION_WORDS[manifest.operation].done
        parts.append(Part(_GAP + pad(word, columns.by), Tone.MUTED))
    if columns.when:
        when = None if manifest is None else manifest.put_at
        told = age(when, look.clock(), unknown=signs.unknown)
        parts.append(Part(_GAP + _age(told, columns.when), Tone.MUTED))
    word, tone = kept_words(item, look)
    parts.append(Part(_GAP + _age(word, columns.kept), tone))
    freed = frees(item)
    parts.append(Part(_GAP + pad(size(freed, unknown=signs.unknown), _FREES, right=True)))
    if columns.bar:
        occupied = (manifest.disk_bytes if manifest else None) or freed or 0
        parts += [Part(" "), *bar(freed or 0, occupied, largest, columns.bar, signs)]
    return tuple(parts)


def _age(said: str, cells: int) -> str:
    return pad(clip(short_age(said, cells), cells, ""), cells)


def kept_words(item: Item, look: Display) -> tuple[str, Tone]:
    """Return for how long an item is still kept: `27 days`, `for ever`, `due`."""
    if item.manifest is None or item.going:
        return look.signs.unknown, Tone.MUTED
    kept = time_kept(item.kept_until, look.clock(), over="due")
    if item.kept_until is None:
        return kept, Tone.MUTED
    left = item.kept_until - look.clock()
    return kept, Tone.WARNING if left < 3 * 86_400 else Tone.PLAIN


def item_detail(item: Item, look: Display, cells: int) -> list[Line]:
    """Return all that is known of an item."""
    room = max(cells - 2, 12)
    pieces: list[Line] = [(Part(look.path(place(item)), Tone.STRONG, path=True),)]
    if item.problem:
        sentence = f"{look.signs.broken} {capitalise(look.sentence(item.problem))}."
        pieces.append((Part(sentence, Tone.ERROR),))
    if item.manifest is None:
        pieces.append((Part("Its contents are kept."),))
        pieces += _keys(item, look)
    else:
        pieces += _manifest_lines(item, item.manifest, look)
    pieces.append((Part(f"in {look.path(item.folder)}", Tone.MUTED),))
    lines = [line for piece in pieces for line in wrapped(piece, room, look.signs.ellipsis)]
    if item.manifest is not None:
        lines += _contents(item.manifest, room, look)
    return [(Part(" "), *line) for line in lines]


def _manifest_lines(item: Item, manifest: TrashManifest, look: Display) -> list[Line]:
    done = _SENTENCES.get(manifest.operation, "Moved to trash")
    when = f"{done} {look.ago(manifest.put_at)} ({exact_time(manifest.put_at)})"
    until = item.kept_until
    if item.going:
        keeping = "the rest cannot be restored."
    elif until is None:
        keeping = "kept for ever."
    elif until <= look.clock():
        keeping = (
            "expired: EnvDeck announces it at its next start and permanently deletes it at a "
            "start 8 hours later or more."
        )
    else:
        keeping = f"kept until {exact_time(until)}."
    made = [f"Python {plain(manifest.python)}"] if manifest.python else []
    made += [plain(manifest.manager)] if manifest.manager else []
    if manifest.packages is not None:
        made.append(counted(manifest.packages, "package"))
    freed = frees(item)
    if freed is not None:
        made.append(f"reclaimable {size(freed)} ({exact_bytes(freed)})")
    pieces: list[Line] = [(Part(f"{when}, {keeping}"),)]
    pieces.append((Part(" · ".join(made), Tone.MUTED),))
    if manifest.is_link:
        pieces.append((Part("Only a symlink was moved; its target is untouched."),))
    if manifest.project:
        pieces.append((Part("project ", Tone.MUTED), Part(look.path(manifest.project), path=True)))
    return pieces + _keys(item, look)


def _keys(item: Item, look: Display) -> list[Line]:
    if item.going:
        return [
            (
                Part(look.key("purge"), Tone.HEADING),
                Part(": delete the rest"),
            )
        ]
    return [
        (
            Part(look.key("restore"), Tone.HEADING),
            Part(": restore · "),
            Part(look.key("purge"), Tone.HEADING),
            Part(": delete permanently"),
        )
    ]


def _contents(manifest: TrashManifest, room: int, look: Display) -> list[Line]:
    lines: list[Line] = []
    for heading, names in (
        ("Your files", manifest.unowned),
        ("Edited package files", manifest.edited),
        ("Packages", manifest.freeze),
    ):
        if not names:
            continue
        lines += [(), (Part(f"{heading} ({len(names):,})", Tone.HEADING),)]
        lines += [
            clipped((Part(f"  {plain(name)}", Tone.MUTED),), room, look.signs.ellipsis)
            for name in names[:_NAMES_SHOWN]
        ]
        if len(names) > _NAMES_SHOWN:
            lines.append((Part(f"  and {len(names) - _NAMES_SHOWN:,} more", Tone.MUTED),))
    return lines


def trash_title(items: Sequence[Item], look: Display, cells: int) -> Line:
    """Return how much there is in all."""
    head = Part("Trash", Tone.STRONG)
    if not items:
        return (head,)
    unknown = any(frees(item) is None for item in items)
    freed = f"{'at least ' if unknown else ''}{size(total(items))}"
    partly = sum(item.going for item in items)
    odd = sum(bool(item.problem) for item in items) - partly
    problems = [(partly, PARTLY)] * bool(partly) + [(odd, "with problems")] * bool(odd)
    count = Part(f"   {counted(len(items), 'item')}")
    lines = [
        (
            head,
            count,
            Part(f" · {freed}{' reclaimable' if whole else ''}"),
            *(
                Part(f" · {look.signs.broken} {number:,}{f' {words}' if named else ''}", Tone.ERROR)
                for number, words in problems
            ),
        )
        for whole, named in ((True, True), (True, False), (False, False))
    ]
    fits = next((line for line in lines if line_width(line) <= cells), lines[-1])
    return clipped(fits, cells, look.signs.ellipsis)


def marked_line(items: Sequence[Item]) -> Line:
    """Return how many are marked, and what purging them frees."""
    if not items:
        return ()
    line = (
        Part(f"{len(items):,} marked, frees ", Tone.ACCENT),
        Part(f"{size(total(items))} ", Tone.STRONG),
    )
    return line if line_width(line) < 40 else line[:1]


def empty_trash_words(look: Display) -> Line:
    """Return what is said where nothing was put aside, and what to press."""
    return (
        Part("The trash is empty. ", Tone.STRONG),
        Part(
            "Deleted and replaced environments are kept here and can be restored until they are "
            "permanently deleted. ",
            Tone.MUTED,
        ),
        Part(look.key("back"), Tone.HEADING),
        Part(": back to the list, ", Tone.MUTED),
        Part(look.key("delete"), Tone.HEADING),
        Part(": delete", Tone.MUTED),
    )
