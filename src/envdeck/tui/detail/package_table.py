"""Tab 2: the table."""

from collections.abc import Iterable, Sequence
from enum import StrEnum

from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.model import Distribution
from envdeck.text import clip, counted, pad, plain, size, width
from envdeck.tui.widgets.line import Display, Line, Part, Tone, bar
from envdeck.tui.widgets.line_list import LineList

_SIZE_CELLS = 7
_SIGNS = 3
"""Cells before the name: what is wrong with it, how it came here, a blank."""
_GAP = "  "


class PackageOrder(StrEnum):
    """What packages are sorted by."""

    NAME = "name"
    SIZE = "size"


@dataclass(frozen=True, slots=True)
class PackageView:
    """Which packages are shown, and in which order."""

    text: str = ""
    """Words that must all be in the name or the summary; those with all in the name come first."""
    requested_only: bool = False
    order: PackageOrder = PackageOrder.NAME
    reverse: bool = False

    def pick(self, distributions: Iterable[Distribution]) -> tuple[Distribution, ...]:
        """Return the packages chosen; by size the largest come first, unknown sizes last."""
        words = self.text.casefold().split()
        chosen = [
            one
            for one in distributions
            if (one.requested or not self.requested_only) and _matches(one, words)
        ]
        chosen.sort(
            key=lambda one: one.name, reverse=self.reverse and self.order is PackageOrder.NAME
        )
        if self.order is PackageOrder.SIZE:
            sign = 1 if self.reverse else -1
            chosen.sort(key=lambda one: (one.size_bytes is None, sign * (one.size_bytes or 0)))
        if words:
            chosen.sort(key=lambda one: not _has(one.name, words))
        return tuple(chosen)


def _matches(distribution: Distribution, words: Sequence[str]) -> bool:
    said = " ".join((distribution.name, distribution.display_name, distribution.summary))
    return _has(said, words)


def _has(text: str, words: Sequence[str]) -> bool:
    folded = text.casefold()
    return all(word in folded for word in words)


def origin_word(distribution: Distribution, look: Display) -> str:
    """Return where it came from in a word, empty for a package index."""
    if distribution.editable:
        return f"{look.signs.editable} editable"
    if not distribution.origin:
        return ""
    scheme = distribution.origin.partition(":")[0].casefold()
    if scheme == "file":
        return "local"
    kind = scheme.partition("+")[0]
    return kind if kind in {"git", "hg", "svn", "bzr"} else "url"


@dataclass(frozen=True, slots=True)
class PackageColumns:
    """The widths of the columns, in cells; a column of no cells is left out."""

    name: int
    version: int
    bar: int
    origin: int
    summary: int
    largest: int = 0
    """The size that fills a bar, in bytes."""

    @classmethod
    def fit(cls, distributions: Sequence[Distribution], cells: int) -> "PackageColumns":
        """Return the columns for a width: name, version and size always, the rest as room allows.

        They depend on all the packages and not on those on the screen, so that nothing moves
        sideways while one scrolls or searches.
        """
        longest = max((width(plain(one.display_name)) for one in distributions), default=8)
        version = max((width(plain(one.version)) for one in distributions), default=7)
        largest = max((one.size_bytes or 0 for one in distributions), default=0)
        name = max(8, min(longest, 30, cells * 2 // 5))
        version = max(7, min(version, 14, cells // 4))
        room = cells - _SIGNS - name - len(_GAP) - version - len(_GAP) - _SIZE_CELLS
        taken = {"bar": 0, "origin": 0}
        wanted = (("bar", 6 if cells < 60 else 8 if cells < 90 else 16), ("origin", 10))
        for column, cost in wanted:
            useful = column != "origin" or any(one.origin or one.editable for one in distributions)
            if useful and room >= cost + len(_GAP):
                taken[column] = cost
                room -= cost + len(_GAP)
        summary = room - len(_GAP) if room >= 14 else 0
        return cls(
            name,
            version,
            taken["bar"],
            taken["origin"],
            summary,
            largest,
        )

    def order_at(self, column: int) -> PackageOrder | None:
        """Return what a click on the heading, so many cells from the left, sorts by."""
        if column < _SIGNS + self.name:
            return PackageOrder.NAME
        start = _SIGNS + self.name + len(_GAP) + self.version + len(_GAP)
        extent = _SIZE_CELLS + (self.bar and self.bar + len(_GAP))
        return PackageOrder.SIZE if start <= column < start + extent else None

    def heading(self, choice: PackageView, look: Display) -> Line:
        """Return the heading, with the direction of the order beside its column."""
        arrow = look.signs.descending
        if (choice.order is PackageOrder.SIZE) == choice.reverse:
            arrow = look.signs.ascending
        by_name, by_size = Tone.MUTED, Tone.MUTED
        name, weight = "Name", "Size"
        if choice.order is PackageOrder.NAME:
            name, by_name = f"{name} {arrow}", Tone.HEADING
        else:
            weight, by_size = f"{weight} {arrow}", Tone.HEADING
        parts = [
            Part(" " * _SIGNS + pad(name, self.name), by_name),
            Part(_GAP + pad("Version", self.version), Tone.MUTED),
            Part(_GAP + pad(weight, _SIZE_CELLS, right=True), by_size),
        ]
        for title, cells in (("", self.bar), ("From", self.origin), ("Summary", self.summary)):
            if cells:
                parts.append(Part(_GAP + pad(title, cells), Tone.MUTED))
        return tuple(parts)

    def row(self, distribution: Distribution, look: Display) -> Line:
        """Return the line of a package."""
        signs = look.signs
        sign, tone, said = _state(distribution, look)
        name = Tone.STRONG if distribution.requested else Tone.PLAIN
        parts = [
            Part(sign, tone),
            Part(f"{_how(distribution, look)} ", Tone.ACCENT),
            Part(_cell(distribution.display_name, self.name, look), name),
            Part(_GAP + _cell(distribution.version, self.version, look), Tone.MUTED),
            Part(_GAP + pad(size(distribution.size_bytes, unknown=signs.unknown), 7, right=True)),
        ]
        if self.bar:
            amount = distribution.size_bytes or 0
            parts += [Part(_GAP), *bar(amount, amount, self.largest, self.bar, signs)]
        if self.origin:
            parts.append(Part(_GAP + _cell(origin_word(distribution, look), self.origin, look)))
        if self.summary:
            text = clip(said or plain(distribution.summary), self.summary, signs.ellipsis)
            parts.append(Part(_GAP + text, tone if said else Tone.MUTED))
        return tuple(parts)


def _how(distribution: Distribution, look: Display) -> str:
    """Return the sign for one that is worked on here, or that was asked for."""
    if distribution.editable:
        return look.signs.editable
    return look.signs.marked if distribution.requested else " "


def _state(distribution: Distribution, look: Display) -> tuple[str, Tone, str]:
    if distribution.problem:
        return look.signs.broken, Tone.ERROR, plain(distribution.problem)
    if distribution.missing:
        wanted = ", ".join(plain(name) for name in distribution.missing)
        return look.signs.warning, Tone.WARNING, f"requires {wanted}, not installed"
    return " ", Tone.PLAIN, ""


def _cell(text: str, cells: int, look: Display) -> str:
    return pad(clip(plain(text), cells, look.signs.ellipsis), cells)


def table_footer(
    distributions: Sequence[Distribution], shown: int, choice: PackageView, look: Display
) -> str:
    """Return what is shown of what there is, and what the signs mean."""
    total = len(distributions)
    if not total:
        return "No packages."
    asked = sum(one.requested for one in distributions)
    editable = sum(one.editable for one in distributions)
    count = counted(total, "package") if shown == total else f"{shown:,} of {total:,}"
    only = "only " if choice.requested_only else ""
    said = [count, f"{look.signs.marked} {only}{asked:,} direct"]
    if editable:
        said.append(f"{look.signs.editable} {editable:,} editable")
    return " · ".join(said)


def empty_text(distributions: Sequence[Distribution], choice: PackageView, look: Display) -> str:
    """Return why the table is empty and what to press, or nothing where it is not."""
    if not distributions:
        return "No packages installed."
    if choice.text:
        sought, back = plain(choice.text), look.key("back")
        if choice.requested_only:
            key = look.key("asked")
            return f'No direct package matches "{sought}". {back}: clear, {key}: show all'
        return f'No package matches "{sought}". {back}: clear'
    if choice.requested_only:
        return f"No direct packages recorded. {look.key('asked')}: show all"
    return ""


class PackageList(LineList[Distribution]):
    """The table of packages."""

    def __init__(self, look: Display) -> None:
        super().__init__()
        self.look = look
        self.everything: tuple[Distribution, ...] = ()
        self.choice = PackageView()
        self._columns: tuple[int, PackageColumns] | None = None

    def take(self, distributions: tuple[Distribution, ...]) -> None:
        """Take other packages to choose from."""
        self.everything = distributions
        self._columns = None

    def columns(self, cells: int) -> PackageColumns:
        """Return the columns for a width."""
        if self._columns is None or self._columns[0] != cells:
            self._columns = cells, PackageColumns.fit(self.everything, cells)
        return self._columns[1]

    def key_of(self, row: Distribution) -> object:
        """A package is named by its metadata folder: two can have one name."""
        return row.path

    def heading(self, cells: int) -> Line | None:
        """The names of the columns."""
        return self.columns(cells).heading(self.choice, self.look) if self.everything else None

    def draw_row(self, row: Distribution, cells: int) -> Line:
        """One package."""
        return self.columns(cells).row(row, self.look)
