"""Candidates as lines."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from envdeck.core.lazy_dataclasses import dataclass, field
from envdeck.text import clip, counted, pad, plain, width
from envdeck.text.difference import fixed_words
from envdeck.tui.dialogs.picker import BLANK, BOX, ChoiceRow, text_row, tick, title
from envdeck.tui.store.upgrade import HELD, UpgradePicker
from envdeck.tui.widgets.line import Display, Line, Part, Tone, clipped, line_width, wrapped

if TYPE_CHECKING:
    from envdeck.core.operations.upgrade.lock import LockOffer
    from envdeck.core.operations.upgrade.model import Fixed, UpgradeCandidate

_GAP = "  "
_DAY = 10
_NOTES = 24
"""Cells that who holds a package back should have, before the day of the release is shown."""
_TONES = {"patch": Tone.GOOD, "minor": Tone.ACCENT, "major": Tone.ERROR}
_GROUPS = {
    "patch": ("Patch", "bug fixes"),
    "minor": ("Minor", "new features"),
    "major": ("Major", "breaking changes, choose individually"),
    "other": ("Other", "versions not comparable"),
    HELD: ("Held back", "by other packages"),
}


@dataclass(frozen=True, slots=True)
class UpgradeColumns:
    """The widths of the columns, the same for every row."""

    name: int
    installed: int
    target: int
    day: int
    """0 where no release date is told, or there is no room."""
    notes: bool
    """Whether any is held back."""

    @classmethod
    def fit(cls, picker: UpgradePicker, cells: int) -> "UpgradeColumns":
        """Return the columns for a width: name and versions always, the rest as room allows."""
        rows = picker.candidates.rows
        names = [row.name for row in rows] + [one.name for one in picker.fixed]
        seeds = any(row.seed for row in rows)
        longest = max((width(plain(name)) for name in names), default=4) + (5 if seeds else 0)
        before = [row.installed for row in rows] + [one.installed for one in picker.fixed]
        installed = max((width(plain(text)) for text in before), default=4)
        target = max((width(plain(picker.version_of(row))) for row in rows), default=4)
        room = cells - BOX - 2 * len(_GAP) - 3
        installed, target = min(installed, max(room // 4, 6), 14), min(target, 14)
        name = max(8, min(longest, 30, room - installed - target))
        left = room - name - installed - target
        told = any(row.released for row in rows)
        notes = _NOTES if any(row.held_back for row in rows) else 0
        day = _DAY if told and left >= _DAY + len(_GAP) + notes else 0
        return cls(name, installed, target, day, bool(notes))

    def heading(self) -> Line:
        """Return the names of the columns."""
        text = " " * BOX + pad("Package", self.name)
        text += _GAP + pad(clip("Current", self.installed), self.installed, right=True) + "   "
        text += pad("Target", self.target)
        if self.day:
            text += _GAP + pad("Released", self.day)
        return (Part(f"{text}{_GAP}{'Latest / Held back by' if self.notes else ''}", Tone.MUTED),)


def group_line(group: str, picker: UpgradePicker, cells: int, look: Display) -> Line:
    """Return the title of a group, with how many of it are chosen."""
    name, why = _GROUPS[group]
    total, chosen = len(picker.groups[group]), picker.count(group)
    count = f"{chosen:,} of {total:,} chosen" if group != HELD or chosen else f"{total:,}"
    parts = (
        Part(f" {name}", Tone.HEADING),
        Part(f"  {count}", Tone.PLAIN),
        Part(f"  {why}", Tone.MUTED),
    )
    return clipped(parts, cells - 1, look.signs.ellipsis)


def candidate_line(
    row: "UpgradeCandidate",
    picker: UpgradePicker,
    columns: UpgradeColumns,
    cells: int,
    look: Display,
) -> Line:
    """Return the row of a package that could be upgraded."""
    version = picker.version_of(row)
    moves = version != row.installed
    seed = " seed" if row.seed else ""
    name = clip(plain(row.name), columns.name - len(seed), look.signs.ellipsis)
    blanks = " " * (columns.name - width(name) - len(seed))
    line: Line = (
        *tick(look, chosen=picker.is_chosen(row.name), possible=moves),
        Part(name, Tone.STRONG if picker.is_chosen(row.name) else Tone.PLAIN),
        Part(f"{seed}{blanks}{_GAP}", Tone.MUTED),
        Part(_cell(row.installed, columns.installed, look, right=True), Tone.MUTED),
    )
    if moves:
        line = (*line, Part(f" {look.signs.moved} ", Tone.MUTED))
        line = (*line, *_target(row, version, columns.target, look))
    else:
        line = (*line, Part(" " * (3 + columns.target)))
    if columns.day:
        released = row.released if version == row.target and moves else None
        told = plain(released or look.signs.unknown) if moves else ""
        line = (*line, Part(_GAP + _cell(told, columns.day, look), Tone.MUTED))
    line = (*line, Part(_GAP), *_notes(row, picker, look))
    return clipped(line, cells - 1, look.signs.ellipsis)


def _target(row: "UpgradeCandidate", version: str, cells: int, look: Display) -> Line:
    """Return a version with what of it is new in the colour of its group."""
    text = clip(plain(version), cells, look.signs.ellipsis)
    kept = _common(plain(row.installed), text)
    tone = _TONES.get(row.level.value, Tone.WARNING)
    if version != row.target:
        tone = Tone.WARNING
    blanks = " " * (cells - width(text))
    return Part(text[:kept]), Part(text[kept:], tone), Part(blanks)


def _common(before: str, after: str) -> int:
    """Return how many characters of two versions are the same, in whole numbers."""
    kept = 0
    for old, new in zip(_numbers(before), _numbers(after), strict=False):
        if old != new:
            break
        kept += len(new)
    return min(kept, len(after))


def _numbers(text: str) -> list[str]:
    return re.findall(r"[^.]+\.?", text)


def _notes(row: "UpgradeCandidate", picker: UpgradePicker, look: Display) -> Line:
    parts: list[Part] = []
    if picker.is_changed(row.name):
        level = picker.level_of(row)
        word = f"{level}, " if level != row.level.value else ""
        parts.append(Part(f"{word}instead of {plain(row.target)}  ", Tone.WARNING))
    if row.held_back and picker.version_of(row) != row.latest:
        parts.append(Part(f"{plain(row.latest)}", Tone.PLAIN))
        if row.held_back_by:
            parts.append(Part(f" {look.sentence(row.held_back_by[0])}", Tone.MUTED))
        if len(row.held_back_by) > 1:
            parts.append(Part(f" and {len(row.held_back_by) - 1:,} more", Tone.MUTED))
    return tuple(parts)


def candidate_about(
    row: "UpgradeCandidate", picker: UpgradePicker, cells: int, look: Display
) -> list[Line]:
    """Return all that is known of a package that could be upgraded."""
    room, ellipsis = max(cells - 2, 12), look.signs.ellipsis
    version = picker.version_of(row)
    head: tuple[Part, ...] = (Part(plain(row.name), Tone.STRONG),)
    if version == row.installed:
        head = (*head, Part(f"  stays at {plain(row.installed)}"))
    else:
        head = (*head, Part(f"  {plain(row.installed)} {look.signs.moved} {plain(version)}"))
        level = picker.level_of(row)
        head = (*head, Part(f"  {level}", _TONES.get(level, Tone.WARNING)))
    lines = wrapped(head, room, ellipsis)
    if row.released and version == row.target:
        lines.append((Part(f"{plain(row.target)} was released on {plain(row.released)}"),))
    if picker.is_changed(row.name):
        said = f"Chosen: {plain(version)}; the latest compatible version is {plain(row.target)}."
        lines += wrapped((Part(said, Tone.WARNING),), room, ellipsis)
    if row.held_back:
        lines += wrapped((Part(f"Latest is {plain(row.latest)}, held back by:"),), room, ellipsis)
        reasons = row.held_back_by or ("reason unknown",)
        for reason in reasons:
            lines += wrapped((Part(f"  {look.sentence(reason)}", Tone.MUTED),), room, ellipsis)
        newer = Part(look.key("newer"), Tone.HEADING)
        lines.append((newer, Part(": choose it anyway; the plan shows whether it resolves")))
    if row.seed:
        said = "Seed package: installed by the tool that created the environment."
        lines += wrapped((Part(said, Tone.MUTED),), room, ellipsis)
    return [(Part(" "), *line) for line in lines]


def fixed_line(fixed: "Fixed", columns: UpgradeColumns, cells: int, look: Display) -> Line:
    """Return the row of a package that is not upgraded here, with the reason."""
    line = (
        Part(" " * BOX),
        Part(_cell(fixed.name, columns.name, look), Tone.MUTED),
        Part(_GAP + _cell(fixed.installed, columns.installed, look, right=True), Tone.MUTED),
        Part(f"{_GAP} {look.sentence(fixed.reason)}", Tone.MUTED),
    )
    return clipped(line, cells - 1, look.signs.ellipsis)


def fixed_about(fixed: "Fixed", cells: int, look: Display) -> list[Line]:
    """Return why a package is left where it is."""
    line = (Part(plain(fixed.name), Tone.STRONG), Part(f" {look.sentence(fixed_words(fixed))}"))
    return [(Part(" "), *one) for one in wrapped(line, max(cells - 2, 12), look.signs.ellipsis)]


def lock_line(offer: "LockOffer", cells: int, look: Display, *, chosen: bool) -> Line:
    """Return the row that offers to upgrade the lock file as well."""
    possible = can_lock(offer)
    box = tick(look, chosen=chosen, possible=possible)
    file, tool = plain(offer.file), plain(offer.tool)
    if possible:
        said: Line = (Part(f"also upgrade {file} with {tool}"),)
        if not chosen:
            said = (*said, Part("  (otherwise they drift)", Tone.WARNING))
    else:
        why = f"{tool} is not on the PATH" if offer.tool else "no tool can upgrade it"
        said = (Part(f"{look.signs.warning} {file} will drift: {why}", Tone.WARNING),)
    return (*box, *clipped(said, cells - line_width(box) - 1, look.signs.ellipsis))


def can_lock(offer: "LockOffer") -> bool:
    """Whether the tool that upgrades the lock is here; uv is, as it comes with EnvDeck."""
    return offer.tool == "uv" or (bool(offer.tool) and offer.program is not None)


def lock_about(offer: "LockOffer", cells: int, look: Display) -> list[Line]:
    """Return what upgrading the lock comes to, and the commands of it."""
    room = max(cells - 2, 12)
    lines = wrapped((Part(look.sentence(offer.sentence)),), room, look.signs.ellipsis)
    for command in offer.commands:
        said = " ".join(plain(word) for word in command)
        lines += wrapped((Part(f"$ {said}", Tone.MUTED),), room, look.signs.ellipsis)
    return [(Part(" "), *line) for line in lines]


def heading(path: str, picker: UpgradePicker | None, look: Display, cells: int) -> Line:
    """Return what is upgraded, and how much of it needs no upgrade."""
    current = picker.candidates.current if picker is not None else 0
    note = f"  {counted(current, 'package')} up to date" if current else ""
    room = cells - len("Upgrade ")
    if room - width(note) < 20:
        note = ""
    shown = look.short_path(path, max(room - width(note), 12))
    return Part(f"Upgrade {shown}", Tone.STRONG), Part(note, Tone.MUTED)


def newest_lines(picker: UpgradePicker, look: Display) -> Sequence[Line]:
    """Return what is said where nothing could be upgraded, and what to press."""
    count = picker.candidates.current
    return [
        (Part(f" {look.signs.marked} All packages up to date", Tone.GOOD),),
        (Part(f"   {counted(count, 'package')} checked against the index.", Tone.MUTED),),
        (),
        (
            Part(f"   {look.key('tab.2')}", Tone.HEADING),
            Part(": interpreters · ", Tone.MUTED),
            Part(look.key("back"), Tone.HEADING),
            Part(": back", Tone.MUTED),
        ),
    ]


def _cell(text: str, cells: int, look: Display, *, right: bool = False) -> str:
    return pad(clip(plain(text), cells, look.signs.ellipsis), cells, right=right)


PACKAGE, FIXED, LOCK = "package", "fixed", ("lock", "")
"""What rows stand for: a package or a fixed one with its name, and the offer for the lock."""


@dataclass(slots=True)
class UpgradeRows:
    """Makes the rows of a picker as it stands; the columns are worked out once for a width."""

    picker: UpgradePicker
    offer: "LockOffer | None"
    look: Display
    _fitted: dict[int, UpgradeColumns] = field(default_factory=dict)

    def columns(self, cells: int) -> UpgradeColumns:
        """Return the columns for a width."""
        if cells not in self._fitted:
            self._fitted[cells] = UpgradeColumns.fit(self.picker, cells)
        return self._fitted[cells]

    def rows(self) -> list[ChoiceRow]:
        """Return all rows."""
        picker = self.picker
        rows: list[ChoiceRow] = []
        if self.offer is not None and not picker.empty:
            rows += [self._lock(self.offer), BLANK]
        if picker.empty:
            rows += [text_row(line) for line in newest_lines(picker, self.look)]
            rows.append(BLANK)
        for group, members in picker.groups.items():
            rows.append(self._group(group))
            rows += [self._package(one) for one in members]
            rows.append(BLANK)
        if picker.fixed:
            rows.append(title("Not upgradable"))
            rows += [self._fixed(one) for one in picker.fixed]
        elif rows and rows[-1] is BLANK:
            rows.pop()
        return rows

    def _group(self, group: str) -> ChoiceRow:
        return ChoiceRow(lambda cells: group_line(group, self.picker, cells, self.look))

    def _package(self, one: "UpgradeCandidate") -> ChoiceRow:
        return ChoiceRow(
            lambda cells: candidate_line(one, self.picker, self.columns(cells), cells, self.look),
            (PACKAGE, one.name),
            lambda cells: candidate_about(one, self.picker, cells, self.look),
        )

    def _fixed(self, one: "Fixed") -> ChoiceRow:
        return ChoiceRow(
            lambda cells: fixed_line(one, self.columns(cells), cells, self.look),
            (FIXED, one.name),
            lambda cells: fixed_about(one, cells, self.look),
        )

    def _lock(self, offer: "LockOffer") -> ChoiceRow:
        chosen = self.picker.lock
        return ChoiceRow(
            lambda cells: lock_line(offer, cells, self.look, chosen=chosen),
            LOCK,
            lambda cells: lock_about(offer, cells, self.look),
        )
