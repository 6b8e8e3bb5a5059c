"""The requirement graph as a tree, both ways: what one needs, and why it is here."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from envdeck.core.model import Distribution

DEEPEST = 64
"""Levels; chains of requirements in the wild end before the twentieth."""


@dataclass(frozen=True, slots=True)
class TreeRow:
    """One line of a tree, in the order in which it is shown."""

    depth: int
    """1 for what the distribution itself needs, or is needed by."""
    name: str
    installed: bool = True
    cycle: bool = False
    """Whether it is one of its own ancestors in the tree; not followed again."""
    repeated: bool = False
    """Whether what is below it was shown before, further up."""
    cut: bool = False
    """Whether more lies below than :data:`DEEPEST` levels show."""


def needs(distributions: Iterable[Distribution], name: str) -> Iterator[TreeRow]:
    """Yield what a distribution needs, and what that needs, and so on, in depth."""
    rows = tuple(distributions)
    return _walk(
        {row.name for row in rows}, _merged((row.name, row.requires) for row in rows), name
    )


def needed_by(distributions: Iterable[Distribution], name: str) -> Iterator[TreeRow]:
    """Yield what needs a distribution, up to those that nothing needs: why it is here."""
    rows = tuple(distributions)
    return _walk(
        {row.name for row in rows}, _merged((row.name, row.required_by) for row in rows), name
    )


def _merged(pairs: Iterable[tuple[str, Sequence[str]]]) -> dict[str, tuple[str, ...]]:
    """Two distributions of one name stand as one in the tree, since names lead there."""
    merged: dict[str, tuple[str, ...]] = {}
    for name, others in pairs:
        both = (*merged.get(name, ()), *others)
        merged[name] = tuple(sorted(set(both)))
    return merged


def _walk(
    installed: set[str], children: Mapping[str, tuple[str, ...]], start: str
) -> Iterator[TreeRow]:
    """Walk with a stack of its own: a hostile chain of names must not exhaust ours."""
    above = [start]
    shown = {start}
    stack = [iter(children.get(start, ()))]
    while stack:
        name = next(stack[-1], None)
        if name is None:
            stack.pop()
            above.pop()
            continue
        depth = len(stack)
        below = children.get(name, ())
        cycle = name in above
        repeated = not cycle and name in shown and bool(below)
        cut = not cycle and not repeated and bool(below) and depth >= DEEPEST
        yield TreeRow(depth, name, name in installed, cycle, repeated, cut)
        if below and not (cycle or repeated or cut):
            shown.add(name)
            above.append(name)
            stack.append(iter(below))
