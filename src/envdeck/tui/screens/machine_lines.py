"""The machine view in lines: a bar for each group, with its figures."""

from dataclasses import dataclass, replace

from envdeck.text import clip, pad, plain, size
from envdeck.tui.panes.words import counted
from envdeck.tui.screens.machine_groups import Group, Section, by_freed
from envdeck.tui.widgets.bar import bar
from envdeck.tui.widgets.line import Line, Part, Tone
from envdeck.tui.widgets.look import Look

_COUNT, _FIGURE, _GAP = 6, 8, "  "


@dataclass(frozen=True, slots=True)
class BarRow:
    """A row of the view: a bar, or (without a group) the title above some."""

    section: Section | None = None
    group: Group | None = None


def rows(shown: tuple[Section, ...]) -> list[BarRow]:
    """Return the sections as rows, with a blank between them."""
    found: list[BarRow] = []
    for section in shown:
        if found:
            found.append(BarRow())
        found.append(BarRow(section))
        found += [BarRow(section, group) for group in section.groups]
    return found


def with_totals(
    shown: tuple[Section, ...], counted_groups: dict[str, Group]
) -> tuple[Section, ...]:
    """Return the sections with groups counted meanwhile in place of the same ones before."""
    found = []
    for section in shown:
        groups = tuple(counted_groups.get(group.query, group) for group in section.groups)
        found.append(replace(section, groups=by_freed(groups) if section.ranked else groups))
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


def draw(row: BarRow, cells: int, look: Look) -> Line:
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


def _label(group: Group, cells: int, look: Look) -> Line:
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


def legend(everything: Group, look: Look, *, counting: bool) -> Line:
    """Return what the bars mean."""
    signs = look.signs
    parts = [
        Part(signs.solid, Tone.SOLID),
        Part(" freed  "),
        Part(signs.hollow, Tone.HOLLOW),
        Part(" shared, stays"),
    ]
    if any(one.size is not None and one.size.up_to for one in everything.environments):
        parts.append(Part(" · at most (reflinks)"))
    if counting:
        parts.append(Part(f" · counting what is shared{signs.ellipsis}"))
    return tuple(parts)


def nothing(look: Look) -> str:
    """Return what is said where there is nothing to draw."""
    return (
        f"No environments are known yet. Press {look.key('back')} and let the scan go on, or "
        f"{look.key('refresh')} in the list to look again; bars by manager, by Python and by "
        "last use will be here."
    )
