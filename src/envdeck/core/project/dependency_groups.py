"""Dependency groups (PEP 735): what each comes to when those it includes are counted in."""

from collections.abc import Iterator, Mapping
from typing import Any

from envdeck.core.inspection.distribution_names import normalise
from envdeck.core.project.model import Problem
from envdeck.core.project.reading import Document

_DEEPEST = 50
_MOST = 20_000


def expand_groups(
    document: Document, groups: Mapping[str, Any]
) -> tuple[dict[str, tuple[str, ...]], tuple[Problem, ...]]:
    """Return the requirements of each group, by its normalised name, and what is wrong.

    `packaging.dependency_groups` gives up on all groups when one is wrong; here each bad entry
    is a problem, and the others count.
    """
    problems: list[Problem] = []
    named: dict[str, Any] = {}
    for name, entries in groups.items():
        if normalise(name) in named:
            problems.append(document.problem("this dependency group is there twice", name))
        named.setdefault(normalise(name), entries)

    spent = 0

    def entries_of(name: str, above: tuple[str, ...]) -> Iterator[str]:
        nonlocal spent
        entries = named[name]
        if not isinstance(entries, list):
            problems.append(document.problem("this dependency group is no list", name))
            return
        for entry in entries:
            spent += 1
            if spent > _MOST:
                return
            if isinstance(entry, str):
                yield entry
                continue
            other = entry.get("include-group") if isinstance(entry, dict) else None
            if not isinstance(other, str) or len(entry) != 1:
                problems.append(
                    document.problem("this dependency group has an entry that is not known", name)
                )
            elif normalise(other) not in named:
                problems.append(
                    document.problem("a dependency group includes one that is none", other)
                )
            elif normalise(other) in above or len(above) > _DEEPEST:
                problems.append(document.problem("a dependency group includes itself", other))
            else:
                yield from entries_of(normalise(other), (*above, normalise(other)))

    found = {name: tuple(dict.fromkeys(entries_of(name, (name,)))) for name in named}
    return found, tuple(dict.fromkeys(problems))
