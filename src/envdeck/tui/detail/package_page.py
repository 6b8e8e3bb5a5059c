"""Tab 2: one package, its trees."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from envdeck.core.inspection.packages import dependencies as dependency_tree
from envdeck.core.inspection.packages.dependencies import TreeRow
from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.model import Distribution
from envdeck.text import clip, counted, plain, size
from envdeck.tui.widgets.line import Display, Line, Part, Tone, clipped, flowed, wrapped
from envdeck.tui.widgets.line_list import DrawnList


class Mark(StrEnum):
    """What is special about a row of a tree."""

    NONE = ""
    CYCLE = "cycle"
    """It stands above itself."""
    ABOVE = "above"
    """It was opened up further above."""
    CUT = "cut"
    """More lies below than is shown."""
    MISSING = "missing"
    """It is needed, and not installed."""
    UNMET = "unmet"
    """It is installed, in a version that does not satisfy."""


@dataclass(frozen=True, slots=True)
class PageNode:
    """One row of a tree."""

    name: str
    """Normalised."""
    lasts: tuple[bool, ...]
    """For each level down to this one, whether its ancestor there is the last of its siblings."""
    mark: Mark = Mark.NONE
    wanted: str = ""
    """The requirement as written, where it is missing or unmet."""

    @property
    def depth(self) -> int:
        """How far below the root, from 1."""
        return len(self.lasts)

    def guide(self, *, unicode: bool) -> str:
        """Return the lines that lead to the row, drawn like those of `tree`."""
        down, on, end, blank = (
            ("│  ", "├─ ", "└─ ", "   ") if unicode else ("|  ", "|- ", "`- ", "   ")
        )
        above = "".join(blank if last else down for last in self.lasts[:-1])
        return above + (end if self.lasts[-1] else on)


def needs(name: str, everything: Sequence[Distribution]) -> list[PageNode]:
    """Return what a package needs, with what that needs in turn, down to the leaves."""
    missing = {
        (one.name, requirement_name(text)): text for one in everything for text in one.missing
    }
    rows = list(dependency_tree.needs(everything, name))
    return [
        _package_tree_node(row, lasts, missing.get((parent, row.name), ""))
        for row, lasts, parent in _placed(rows, name)
    ]


def needed_by(name: str, everything: Sequence[Distribution]) -> list[PageNode]:
    """Return what needs a package, with what needs that in turn, up to the roots."""
    rows = list(dependency_tree.needed_by(everything, name))
    return [_package_tree_node(row, lasts, "") for row, lasts, _ in _placed(rows, name)]


def _package_tree_node(row: TreeRow, lasts: tuple[bool, ...], wanted: str) -> PageNode:
    marks = (
        (not row.installed, Mark.MISSING),
        (bool(wanted), Mark.UNMET),
        (row.cycle, Mark.CYCLE),
        (row.repeated, Mark.ABOVE),
        (row.cut, Mark.CUT),
    )
    mark = next((mark for holds, mark in marks if holds), Mark.NONE)
    return PageNode(row.name, lasts, mark, wanted)


def _placed(rows: Sequence[TreeRow], root: str) -> Iterator[tuple[TreeRow, tuple[bool, ...], str]]:
    """Yield each row with who of its line is the last of its siblings, and its parent's name."""
    lasts: list[bool] = []
    line = [root]
    for row, last in zip(rows, _last_of_siblings(rows), strict=True):
        del lasts[row.depth - 1 :]
        del line[row.depth :]
        lasts.append(last)
        yield row, tuple(lasts), line[-1]
        line.append(row.name)


def _last_of_siblings(rows: Iterable[TreeRow]) -> list[bool]:
    """Read from the end: a row is the last unless one of its depth follows before a lesser."""
    found: list[bool] = []
    followed: list[bool] = []
    for row in reversed(list(rows)):
        del followed[row.depth + 1 :]
        followed += [False] * (row.depth + 1 - len(followed))
        found.append(not followed[row.depth])
        followed[row.depth] = True
    return found[::-1]


def requirement_name(requirement: str) -> str:
    """Return the normalised name in a requirement (PEP 508), or the text where it is none."""
    try:
        return canonicalize_name(Requirement(requirement).name)
    except InvalidRequirement:
        return requirement


def requirement_versions(requirement: str) -> str:
    """Return the versions that a requirement (PEP 508) accepts, `>=0.3.1`; the address of one
    that names an address; the text itself where it is none."""
    try:
        read = Requirement(requirement)
    except InvalidRequirement:
        return requirement
    return read.url or str(read.specifier)


@dataclass(frozen=True, slots=True)
class PageRow:
    """A line of the page; those of the trees lead to another package."""

    line: Line = ()
    target: str | None = None
    """The package it leads to."""
    key: tuple[str, int] | None = None
    """Which tree it is in, and where: what names it, whatever the width."""


def page(
    distribution: Distribution, everything: Sequence[Distribution], look: Display, cells: int
) -> list[PageRow]:
    """Return the page of a package, one of `everything`, in lines of `cells` cells."""
    installed = {one.name: one for one in reversed(everything)}
    rows = [PageRow(line) for line in _head(distribution, look, max(cells - 2, 8))]
    why = needed_by(distribution.name, everything)
    roots = sum(not distribution.required_by for distribution in _named(why, installed))
    rows += [PageRow(), *_title("Why installed", _why(distribution, roots), look, cells)]
    rows += _tree("why", why, installed, look, cells)
    below = needs(distribution.name, everything)
    rows += [PageRow(), *_title("Requires", _below(below), look, cells)]
    rows += _tree("needs", below, installed, look, cells)
    return rows


def _named(nodes: list[PageNode], installed: Mapping[str, Distribution]) -> list[Distribution]:
    return [installed[name] for name in {node.name for node in nodes} if name in installed]


def _title(title: str, said: str, look: Display, cells: int) -> Iterator[PageRow]:
    told = Part(title, Tone.HEADING), Part(f"  {said}", Tone.MUTED)
    return (PageRow(line) for line in _inset([told], max(cells - 2, 8), look))


def _why(distribution: Distribution, roots: int) -> str:
    if distribution.requested:
        also = f", and required by {counted(roots, 'top-level package')}" if roots == 1 else ""
        also = also or (f", and required by {counted(roots, 'top-level package')}" if roots else "")
        return f"direct{also}"
    if not distribution.required_by:
        return "extraneous: not direct, not required by any package"
    direct = len(distribution.required_by)
    return f"required by {counted(direct, 'package')}"


def _below(nodes: list[PageNode]) -> str:
    if not nodes:
        return "nothing"
    packages = {node.name for node in nodes}
    absent = {node.name for node in nodes if node.mark in {Mark.MISSING, Mark.UNMET}}
    said = counted(len(packages), "package")
    return f"{said}, {len(absent)} not satisfied" if absent else said


def _head(distribution: Distribution, look: Display, cells: int) -> Iterator[Line]:
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
        problem = f"{signs.broken} incomplete metadata: {plain(distribution.problem)}"
        yield from _inset([(Part(problem, Tone.ERROR),)], cells, look)
    if distribution.scripts:
        names = ", ".join(plain(script.name) for script in distribution.scripts)
        yield from _inset([(Part("scripts ", Tone.MUTED), Part(names))], cells, look)


def _inset(lines: list[Line], cells: int, look: Display) -> Iterator[Line]:
    for line in lines:
        for piece in wrapped(line, cells, look.signs.ellipsis):
            yield (Part(" "), *piece)


def _tree(
    name: str,
    nodes: list[PageNode],
    installed: Mapping[str, Distribution],
    look: Display,
    cells: int,
) -> Iterator[PageRow]:
    for number, node in enumerate(nodes):
        target = node.name if node.name in installed else None
        yield PageRow(
            _package_page_node(node, installed.get(node.name), look, cells), target, (name, number)
        )


def _package_page_node(
    node: PageNode, distribution: Distribution | None, look: Display, cells: int
) -> Line:
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
        parts.append(Part(f"  {signs.marked} direct", Tone.ACCENT))
    wanted = plain(requirement_versions(node.wanted))
    match node.mark:
        case Mark.MISSING:
            told = f", requires {wanted}" if wanted else ""
            parts.append(Part(f"  {signs.broken} not installed{told}", Tone.ERROR))
        case Mark.UNMET:
            parts.append(Part(f"  {signs.warning} requires {wanted}", Tone.WARNING))
        case Mark.CYCLE:
            parts.append(Part("  (cycle)", Tone.WARNING))
        case Mark.ABOVE:
            parts.append(Part("  (shown above)", Tone.MUTED))
        case Mark.CUT:
            parts.append(Part("  (more levels)", Tone.MUTED))
        case Mark.NONE:
            pass
    return clipped(tuple(parts), cells, signs.ellipsis)


class PackagePage(DrawnList[PageRow]):
    """One package: what it is, why it is here, what it needs; and those gone through to it."""

    def __init__(self, look: Display) -> None:
        self.trail: list[Distribution] = []
        """The packages gone through, the one that is shown last; none where no page is open."""
        self._everything: tuple[Distribution, ...] = ()

        def make(cells: int) -> list[PageRow]:
            return page(self.trail[-1], self._everything, look, cells) if self.trail else []

        super().__init__(make)

    def show(self, trail: list[Distribution], everything: tuple[Distribution, ...]) -> None:
        """Show the last package of a trail among all those installed, from the top."""
        self.trail, self._everything = trail, everything
        if trail:
            self.build(("why", 0))
            self.scroll_to(y=0, animate=False)
