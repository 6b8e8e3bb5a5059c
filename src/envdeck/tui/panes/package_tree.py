"""The trees of a package drawn: which lines lead to a row, and what is special about it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from envdeck.core.inspection import dependency_tree
from envdeck.core.inspection.dependency_tree import TreeRow
from envdeck.core.model import Distribution


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
class Node:
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


def needs(name: str, everything: Sequence[Distribution]) -> list[Node]:
    """Return what a package needs, with what that needs in turn, down to the leaves."""
    missing = {
        (one.name, requirement_name(text)): text for one in everything for text in one.missing
    }
    rows = list(dependency_tree.needs(everything, name))
    return [
        _node(row, lasts, missing.get((parent, row.name), ""))
        for row, lasts, parent in _placed(rows, name)
    ]


def needed_by(name: str, everything: Sequence[Distribution]) -> list[Node]:
    """Return what needs a package, with what needs that in turn, up to the roots."""
    rows = list(dependency_tree.needed_by(everything, name))
    return [_node(row, lasts, "") for row, lasts, _ in _placed(rows, name)]


def _node(row: TreeRow, lasts: tuple[bool, ...], wanted: str) -> Node:
    marks = (
        (not row.installed, Mark.MISSING),
        (bool(wanted), Mark.UNMET),
        (row.cycle, Mark.CYCLE),
        (row.repeated, Mark.ABOVE),
        (row.cut, Mark.CUT),
    )
    mark = next((mark for holds, mark in marks if holds), Mark.NONE)
    return Node(row.name, lasts, mark, wanted)


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
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.utils import canonicalize_name

    try:
        return canonicalize_name(Requirement(requirement).name)
    except InvalidRequirement:
        return requirement


def requirement_versions(requirement: str) -> str:
    """Return the versions that a requirement (PEP 508) accepts, `>=0.3.1`; the address of one
    that names an address; the text itself where it is none."""
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        read = Requirement(requirement)
    except InvalidRequirement:
        return requirement
    return read.url or str(read.specifier)
