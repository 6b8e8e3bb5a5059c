"""Which distributions a person asked for, as far as the installer tells.

The REQUESTED mark (PEP 376) is pip's since 20.2, and PDM's. uv marks all it installs and conda
what it likes; Poetry, older pips and `setup.py` mark nothing. Where the marks tell nothing, those
that no other distribution needs are taken for the ones that were asked for.
"""

from collections.abc import Iterable, Mapping, Sequence

from envdeck.core.model import Distribution

SEEDS = frozenset({"pip", "setuptools", "wheel"})
"""What creators put into an environment by themselves; `ensurepip` even marks pip REQUESTED."""

_MARKS_SAY_NOTHING = ("uv", "conda", "pixi")


def requested(distributions: Sequence[Distribution]) -> tuple[bool, ...]:
    """Return in the same order whether each was asked for.

    The distributions must know their `requires`, and carry in `requested` whether there is a
    REQUESTED file. Installers are judged each for itself: their marks count if they are not
    known to be meaningless and at least one of its distributions has one. Seeds never count.
    """
    telling = {
        installer
        for distribution in distributions
        if distribution.requested
        and distribution.name not in SEEDS
        and (installer := _installer(distribution)) is not None
    }
    roots = roots_of({row.name: row.requires for row in distributions})
    return tuple(
        row.name not in SEEDS
        and (row.requested if _installer(row) in telling else row.name in roots)
        for row in distributions
    )


def roots_of(requires: Mapping[str, Iterable[str]]) -> set[str]:
    """Return the names that no other needs; of a ring that nothing outside needs, all of it.

    A ring (a needs b, b needs a) has no leaf, yet somebody asked for it, and which of it cannot
    be told. Rings are found by Tarjan's algorithm, without recursion.
    """
    component = _components(requires)
    roots = set(component.values())
    for name, needed in requires.items():
        for other in needed:
            if other in component and component[other] != component[name]:
                roots.discard(component[other])
    return {name for name, number in component.items() if number in roots}


def _components(requires: Mapping[str, Iterable[str]]) -> dict[str, int]:
    """Number the strongly connected components; one number for each ring."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    component: dict[str, int] = {}
    stack: list[str] = []
    for start in requires:
        if start in order:
            continue
        path = [(start, iter(requires[start]))]
        order[start] = low[start] = len(order)
        stack.append(start)
        while path:
            name, others = path[-1]
            for other in others:
                if other not in requires:
                    continue
                if other not in order:
                    order[other] = low[other] = len(order)
                    stack.append(other)
                    path.append((other, iter(requires[other])))
                    break
                if other not in component:
                    low[name] = min(low[name], order[other])
            else:
                path.pop()
                if path:
                    low[path[-1][0]] = min(low[path[-1][0]], low[name])
                if low[name] == order[name]:
                    while True:
                        member = stack.pop()
                        component[member] = order[name]
                        if member == name:
                            break
    return component


def _installer(distribution: Distribution) -> str | None:
    """Return who installed it, where its marks may mean something: `pip`, `pdm`, or empty."""
    name = (distribution.installer or "").lower()
    return None if name.startswith(_MARKS_SAY_NOTHING) or "pixi" in name else name.split(" ")[0]
