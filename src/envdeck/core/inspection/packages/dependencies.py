"""Who needs whom: graph, and tree both ways."""

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from envdeck.core.inspection.packages.requirements import (
    MarkerEnvironment,
    read_needed,
    satisfied,
)
from envdeck.core.lazy_dataclasses import dataclass, field
from envdeck.core.model import Distribution


@dataclass(frozen=True, slots=True)
class Needs:
    """One distribution's place in the graph; every tuple sorted, each name once."""

    requires: tuple[str, ...] = ()
    required_by: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    invalid: tuple[str, ...] = ()
    """Requirements in which not even a name can be read, as written."""
    unread: tuple[str, ...] = ()
    """Requirements of which the name can be read and the rest not, as written."""


@dataclass(slots=True)
class _Node:
    requires: set[str] = field(default_factory=set)
    missing: set[str] = field(default_factory=set)
    invalid: set[str] = field(default_factory=set)
    unread: set[str] = field(default_factory=set)


def requirement_graph(
    distributions: Sequence[Distribution],
    environment: MarkerEnvironment,
    inherited: Mapping[str, Sequence[str]] | None = None,
) -> tuple[Needs, ...]:
    """Return for each distribution, in the same order, what it needs here and who needs it.

    `inherited` are versions by name that it sees besides its own (system packages).

    An extra of A counts when something installed requires `A[extra]`, and so on from there
    until nothing changes. An extra that a person asked for (`pip install A[extra]`) leaves no
    trace in metadata. It is not guessed from its requirements being there: `hypothesis` has an
    extra `pytest`, which does not make every pytest beside it a dependency of hypothesis.
    Such an extra is thus neither shown nor ever the cause of something missing.

    Where a marker cannot be decided, the requirement counts if it is installed and fits, and
    is not missing otherwise.
    """
    nodes = [_Node() for _ in distributions]
    versions: dict[str, list[str]] = {}
    places: dict[str, list[int]] = {}
    for index, distribution in enumerate(distributions):
        versions.setdefault(distribution.name, []).append(distribution.version)
        places.setdefault(distribution.name, []).append(index)
    for name, seen in (inherited or {}).items():
        versions.setdefault(name, []).extend(seen)

    queue = deque((index, "") for index in range(len(nodes)))
    met = set(queue)
    while queue:
        index, extra = queue.popleft()
        requirements = distributions[index].requirements
        if not requirements:
            continue
        node = nodes[index]
        needed = read_needed(requirements, extra, environment)
        node.invalid.update(needed.invalid)
        node.unread.update(needed.unread)
        for requirement, sure in needed.found:
            fits = satisfied(requirement, versions.get(requirement.name, ()))
            if not (sure or fits):
                continue
            node.requires.add(requirement.name)
            if not fits:
                node.missing.add(requirement.text)
            for asked in requirement.extras:
                for place in places.get(requirement.name, ()):
                    if (place, asked) not in met:
                        met.add((place, asked))
                        queue.append((place, asked))
    return _add_reverse(distributions, nodes)


def _add_reverse(
    distributions: Sequence[Distribution], nodes: Sequence[_Node]
) -> tuple[Needs, ...]:
    required_by: dict[str, set[str]] = {}
    for distribution, node in zip(distributions, nodes, strict=True):
        node.requires.discard(distribution.name)  # `pkg[all]` requires `pkg[one]`
        for name in node.requires:
            required_by.setdefault(name, set()).add(distribution.name)
    return tuple(
        Needs(
            _sorted(node.requires),
            _sorted(required_by.get(distribution.name, ())),
            _sorted(node.missing),
            _sorted(node.invalid),
            _sorted(node.unread),
        )
        for distribution, node in zip(distributions, nodes, strict=True)
    )


def _sorted(names: Collection[str]) -> tuple[str, ...]:
    return tuple(sorted(names)) if names else ()


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
    """Whether more is below than :data:`DEEPEST` levels show."""


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
    """Walk with its own stack: a hostile chain of names must not exhaust ours."""
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


CHAINS_AT_MOST = 1000
"""Chains; a core package of a large environment is reached by many more, and nobody reads them."""


def chains(
    distributions: Iterable[Distribution], name: str, roots: Collection[str]
) -> tuple[tuple[str, ...], ...]:
    """Return every chain of requirements from one of the roots to a distribution, the shortest
    first, at most :data:`CHAINS_AT_MOST`; one that is a root itself has a chain of itself alone.

    What nothing requires ends a chain too, root or not: a person has to know of it.
    """
    required_by = _merged((row.name, row.required_by) for row in distributions)
    found: list[tuple[str, ...]] = []
    waiting: deque[tuple[str, ...]] = deque([(name,)])
    while waiting and len(found) < CHAINS_AT_MOST:
        chain = waiting.popleft()
        requirers = required_by.get(chain[0], ())
        above = [one for one in requirers if one not in chain]
        if chain[0] in roots or (not requirers and len(chain) > 1):
            found.append(chain)
        if len(chain) < DEEPEST and len(waiting) < CHAINS_AT_MOST:
            waiting.extend((one, *chain) for one in above)
    return tuple(found)
