"""Machine view."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual.binding import BindingType

from envdeck.core.lazy_dataclasses import dataclass, replace
from envdeck.core.model import Environment
from envdeck.text import clip, counted, pad, plain, size
from envdeck.tui.base.actions import bindings
from envdeck.tui.base.messages import CommandRequested, FilterRequested
from envdeck.tui.base.services import CatalogSource
from envdeck.tui.machine.groups import Group, GroupSection, group_all, sections, sort_by_freed
from envdeck.tui.store.rows import Totals
from envdeck.tui.widgets.line import Display, Line, Part, Tone, bar
from envdeck.tui.widgets.line_list import LineList
from envdeck.tui.widgets.list_detail import ListDetailScreen
from envdeck.tui.workers.latest import IsDropped, Latest

_COUNT, _FIGURE, _GAP = 6, 8, "  "


@dataclass(frozen=True, slots=True)
class BarRow:
    """A row of the view: a bar, or (without a group) the title above some."""

    section: GroupSection | None = None
    group: Group | None = None


def rows(shown: tuple[GroupSection, ...]) -> list[BarRow]:
    """Return the sections as rows, with a blank between them."""
    found: list[BarRow] = []
    for section in shown:
        if found:
            found.append(BarRow())
        found.append(BarRow(section))
        found += [BarRow(section, group) for group in section.groups]
    return found


def replace_totals(
    shown: tuple[GroupSection, ...], counted_groups: dict[str, Group]
) -> tuple[GroupSection, ...]:
    """Return the sections with groups counted meanwhile in place of the same ones before."""
    found = []
    for section in shown:
        groups = tuple(counted_groups.get(group.query, group) for group in section.groups)
        found.append(replace(section, groups=sort_by_freed(groups) if section.ranked else groups))
    return tuple(found)


def _label_cells(cells: int) -> int:
    return 30 if cells >= 110 else 22 if cells >= 76 else 13


def heading(cells: int) -> Line:
    """Return the names of the columns."""
    room = _bar_cells(cells)
    told = _GAP.join(
        (
            " " + pad("", _label_cells(cells)),
            pad("Envs", _COUNT, right=True),
            pad("", room),
            pad("Frees", _FIGURE, right=True),
            pad("On disk", _FIGURE, right=True),
        )
    )
    return (Part(told, Tone.MUTED),)


def _bar_cells(cells: int) -> int:
    fixed = 1 + _label_cells(cells) + _COUNT + 2 * _FIGURE + 4 * len(_GAP) + 1
    return max(0, min(cells - fixed, 60))


def draw(row: BarRow, cells: int, look: Display) -> Line:
    """Return the line of a row."""
    if row.section is None:
        return ()
    if row.group is None:
        return (Part(f" {row.section.title}", Tone.HEADING),)
    group, signs = row.group, look.signs
    measured = group.unmeasured < len(group.environments)
    unknown = signs.unknown
    freed = size(group.freed, unknown=unknown) if measured else unknown
    occupied = size(group.occupied, unknown=unknown) if measured else unknown
    return (
        *_label(group, _label_cells(cells), look),
        Part(_GAP + pad(f"{len(group.environments):,}", _COUNT, right=True) + _GAP),
        *bar(group.freed, group.occupied, row.section.largest, _bar_cells(cells), signs),
        Part(_GAP + pad(freed, _FIGURE, right=True), Tone.STRONG),
        Part(_GAP + pad(occupied, _FIGURE, right=True), Tone.MUTED),
    )


def _label(group: Group, cells: int, look: Display) -> Line:
    label = plain(group.label)
    if not group.end_of_life or not group.query.startswith("python:"):
        return (Part(" " + pad(clip(label, cells, look.signs.ellipsis), cells)),)
    word = "end of life" if cells >= 20 else "EOL"
    mark = f"{look.signs.warning} {word}"
    kept = cells - len(mark) - 2
    name = pad(clip(label, kept, look.signs.ellipsis), min(kept, 6))
    return Part(f" {name}  "), Part(pad(mark, cells - len(name) - 2), Tone.WARNING)


def totals_line(everything: Group) -> Line:
    """Return what there is in all."""
    parts = [Part("Machine", Tone.STRONG)]
    parts.append(Part(f"   {counted(len(everything.environments), 'environment')}"))
    if everything.unmeasured < len(everything.environments):
        parts.append(Part(f" · {size(everything.occupied)} on disk", Tone.MUTED))
        parts.append(Part(f" · {size(everything.freed)} reclaimable", Tone.PLAIN))
    if everything.environments and everything.unmeasured:
        parts.append(Part(f" · {everything.unmeasured:,} unmeasured", Tone.MUTED))
    return tuple(parts)


def legend(everything: Group, look: Display, *, counting: bool) -> Line:
    """Return what the bars mean."""
    signs = look.signs
    parts = [
        Part(signs.solid, Tone.SOLID),
        Part(" reclaimable  "),
        Part(signs.hollow, Tone.HOLLOW),
        Part(" shared, not freed"),
    ]
    if any(one.size is not None and one.size.up_to for one in everything.environments):
        parts.append(Part(" · upper bound (reflinks)"))
    if counting:
        parts.append(Part(f" · counting shared files{signs.ellipsis}"))
    return tuple(parts)


def empty_text(look: Display) -> str:
    """Return what is said where there is nothing to draw."""
    return (
        f"No environments found yet. Press {look.key('back')} and let the scan finish, or "
        f"{look.key('refresh')} in the list to refresh."
    )


_LEGEND_FROM = 60
"""Cells from which it is said beside the keys what the bars mean."""


class Bars(LineList[BarRow]):
    """The bars, in sections."""

    def __init__(self, look: Display) -> None:
        super().__init__()
        self.look = look

    def heading(self, cells: int) -> Line | None:
        """The names of the columns."""
        return heading(cells) if self.rows else None

    def can_choose(self, row: BarRow) -> bool:
        """Bars, and not the titles above them."""
        return row.group is not None

    def key_of(self, row: BarRow) -> object:
        """A group is named by its query."""
        return row.group and row.group.query

    def draw_row(self, row: BarRow, cells: int) -> Line:
        """A bar or a title."""
        return draw(row, cells, self.look)


class MachineScreen(ListDetailScreen[Bars, None]):
    """Bars by manager, by Python and by last use; one opens the list filtered to its group.

    Posts :class:`~envdeck.tui.messages.FilterRequested`; whoever answers it closes the screen.
    """

    WHY_NOT: ClassVar[Mapping[str, str]] = {"sort": "most reclaimable first"}
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("machine", "caches")]

    def __init__(
        self,
        source: CatalogSource,
        environments: Sequence[Environment],
        *,
        look: Display | None = None,
    ) -> None:
        look = look or Display.current()
        super().__init__(look, Bars(look), None)
        self.source = source
        self._everything = group_all(environments)
        self._sections = sections(environments, look.clock())
        self._counting = False
        self._latest = Latest(self, self._show_counted)

    def on_mount(self) -> None:
        """Draw with what is known, and count what is shared beside the screen."""
        self.table.say_instead((Part(empty_text(self.look), Tone.MUTED),))
        self.table.show_rows(rows(self._sections))
        groups = [group for section in self._sections for group in section.groups]
        uncounted = [group for group in (self._everything, *groups) if not group.counted]
        self._counting = bool(uncounted)
        if uncounted:
            self._latest.request(lambda stopped: self._count(uncounted, stopped))

    def tell(self) -> None:
        """Say what there is in all, and what the bars mean."""
        self.title_label.show(totals_line(self._everything))
        said: Line = ()
        if self.size.width >= _LEGEND_FROM:
            said = legend(self._everything, self.look, counting=self._counting)
        self.keys.tell({"open": "list", "caches": "", "back": "", "help": ""}, said)

    def _count(self, groups: Sequence[Group], stopped: IsDropped) -> dict[str, Group]:
        """Return each group counted together, as the list does, by its query."""
        counted: dict[str, Group] = {}
        for group in groups:
            if stopped():
                break
            joint = self.source.together(group.environments)
            totals = Totals(joint.disk_bytes, joint.reclaimable_bytes)
            counted[group.query] = replace(group, totals=totals, counted=True)
        return counted

    def _show_counted(self, groups: dict[str, Group]) -> None:
        """Correct the figures in place."""
        self._everything = groups.get(self._everything.query, self._everything)
        self._sections = replace_totals(self._sections, groups)
        self.table.show_rows(rows(self._sections))
        self._counting = False
        self.tell()

    def row_chosen(self, row: object) -> None:
        """List the environments of a bar."""
        if isinstance(row, BarRow) and row.group is not None:
            self.post_message(FilterRequested(row.group.query))

    def action_caches(self) -> None:
        """Go on to what is not an environment."""
        self.post_message(CommandRequested("caches"))

    action_machine = ListDetailScreen.action_dismiss  # the key that opened it closes it
