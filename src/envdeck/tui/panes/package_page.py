"""One package told: what it is, why it is here, what it needs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from envdeck.core.model import Distribution
from envdeck.text import clip, plain, size
from envdeck.tui.panes.package_tree import Mark, Node, needed_by, needs, requirement_versions
from envdeck.tui.panes.words import counted
from envdeck.tui.widgets.line import Line, Part, Tone, clipped, flowed, wrapped
from envdeck.tui.widgets.look import Look


@dataclass(frozen=True, slots=True)
class PageRow:
    """A line of the page; those of the trees lead to another package."""

    line: Line = ()
    target: str | None = None
    """The package it leads to."""
    place: tuple[str, int] | None = None
    """Which tree it is in, and where: what names it, whatever the width."""


def page(
    distribution: Distribution, everything: Sequence[Distribution], look: Look, cells: int
) -> list[PageRow]:
    """Return the page of a package, one of `everything`, in lines of `cells` cells."""
    installed = {one.name: one for one in reversed(everything)}
    rows = [PageRow(line) for line in _head(distribution, look, max(cells - 2, 8))]
    why = needed_by(distribution.name, everything)
    roots = sum(not distribution.required_by for distribution in _named(why, installed))
    rows += [PageRow(), *_title("Why it is here", _why(distribution, roots), look, cells)]
    rows += _tree("why", why, installed, look, cells)
    below = needs(distribution.name, everything)
    rows += [PageRow(), *_title("What it needs", _below(below), look, cells)]
    rows += _tree("needs", below, installed, look, cells)
    return rows


def _named(nodes: list[Node], installed: Mapping[str, Distribution]) -> list[Distribution]:
    return [installed[name] for name in {node.name for node in nodes} if name in installed]


def _title(title: str, said: str, look: Look, cells: int) -> Iterator[PageRow]:
    told = Part(title, Tone.HEADING), Part(f"  {said}", Tone.MUTED)
    return (PageRow(line) for line in _inset([told], max(cells - 2, 8), look))


def _why(distribution: Distribution, roots: int) -> str:
    if distribution.requested:
        also = f", and {counted(roots, 'package')} at the root needs it" if roots == 1 else ""
        also = also or (f", and {counted(roots, 'package')} at the root need it" if roots else "")
        return f"it was asked for{also}"
    if not distribution.required_by:
        return "nothing here needs it, and nobody is recorded as having asked for it"
    direct = len(distribution.required_by)
    return f"{counted(direct, 'package')} {'needs' if direct == 1 else 'need'} it"


def _below(nodes: list[Node]) -> str:
    if not nodes:
        return "nothing"
    packages = {node.name for node in nodes}
    absent = {node.name for node in nodes if node.mark in {Mark.MISSING, Mark.UNMET}}
    said = counted(len(packages), "package")
    return f"{said}, {len(absent)} not satisfied" if absent else said


def _head(distribution: Distribution, look: Look, cells: int) -> Iterator[Line]:
    signs = look.signs
    name = Part(plain(distribution.display_name), Tone.STRONG)
    yield from _inset([(name, Part(f" {plain(distribution.version)}"))], cells, look)
    if distribution.summary:
        yield from _inset([(Part(plain(distribution.summary)),)], cells, look)
    facts = [
        size(distribution.size_bytes, unknown="size unknown (no RECORD)"),
        plain(distribution.licence),
        f"installed by {plain(distribution.installer)}" if distribution.installer else "",
        f"for Python {plain(distribution.requires_python)}" if distribution.requires_python else "",
        f"{signs.editable} editable" if distribution.editable else "",
    ]
    told = flowed(((Part(fact, Tone.MUTED),) for fact in facts if fact), cells, signs.ellipsis)
    yield from ((Part(" "), *line) for line in told)
    if distribution.origin:
        origin = Part(plain(distribution.origin), path=True)
        yield from _inset([(Part("from ", Tone.MUTED), origin)], cells, look)
    yield from _inset([(Part(look.path(distribution.path), Tone.MUTED, path=True),)], cells, look)
    if distribution.problem:
        problem = f"{signs.broken} metadata not read whole: {plain(distribution.problem)}"
        yield from _inset([(Part(problem, Tone.ERROR),)], cells, look)
    if distribution.scripts:
        names = ", ".join(plain(script.name) for script in distribution.scripts)
        yield from _inset([(Part("scripts ", Tone.MUTED), Part(names))], cells, look)


def _inset(lines: list[Line], cells: int, look: Look) -> Iterator[Line]:
    for line in lines:
        for piece in wrapped(line, cells, look.signs.ellipsis):
            yield (Part(" "), *piece)


def _tree(
    name: str, nodes: list[Node], installed: Mapping[str, Distribution], look: Look, cells: int
) -> Iterator[PageRow]:
    for number, node in enumerate(nodes):
        target = node.name if node.name in installed else None
        yield PageRow(_node(node, installed.get(node.name), look, cells), target, (name, number))


def _node(node: Node, distribution: Distribution | None, look: Look, cells: int) -> Line:
    signs = look.signs
    guide = node.guide(unicode=look.unicode)
    if len(guide) > cells // 2:
        guide = f"{signs.ellipsis}{node.depth} deep  {guide[-3:]}"
    shown = plain(distribution.display_name if distribution else node.name)
    parts = [Part(f" {guide}", Tone.MUTED)]
    requested = distribution is not None and distribution.requested
    parts.append(Part(clip(shown, max(cells - len(guide) - 4, 8), signs.ellipsis)))
    if distribution is not None:
        parts.append(Part(f" {plain(distribution.version)}", Tone.MUTED))
    if requested:
        parts.append(Part(f"  {signs.marked} asked for", Tone.ACCENT))
    wanted = plain(requirement_versions(node.wanted))
    match node.mark:
        case Mark.MISSING:
            told = f", needs {wanted}" if wanted else ""
            parts.append(Part(f"  {signs.broken} not installed{told}", Tone.ERROR))
        case Mark.UNMET:
            parts.append(Part(f"  {signs.warning} needs {wanted}", Tone.WARNING))
        case Mark.CYCLE:
            parts.append(Part("  (a cycle: it is above this)", Tone.WARNING))
        case Mark.ABOVE:
            parts.append(Part("  (opened above)", Tone.MUTED))
        case Mark.CUT:
            parts.append(Part("  (goes deeper)", Tone.MUTED))
        case Mark.NONE:
            pass
    return clipped(tuple(parts), cells, signs.ellipsis)
