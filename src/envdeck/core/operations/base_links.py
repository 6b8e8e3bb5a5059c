"""The links in an environment's `bin` by which it reaches its base, read and put back.

A relative one (`../../pythons/3.12/bin/python3`) leads nowhere in the folder where an environment
is made or copied: there it is absolute, and becomes what it was when the environment is settled.
"""

import os
import re
from collections.abc import Iterator, Mapping

from envdeck.core import reach
from envdeck.core.operations.engine.relocation import replace_link

_PYTHON = re.compile(r"(?:python|pypy)(?:\d+(?:\.\d+)?t?)?\Z")


def base_links(folder: str) -> Iterator[tuple[str, str]]:
    """Yield name and target of each link among an environment's interpreters (`folder` is its
    `bin`) that leads out of the environment."""
    root = os.path.dirname(folder)
    try:
        names = sorted(name for name in os.listdir(folder) if _PYTHON.match(name))
    except OSError:
        return
    for name in names:
        try:
            target = os.readlink(os.path.join(folder, name))
        except OSError:
            continue
        if not os.path.normpath(os.path.join(folder, target)).startswith(root + os.sep):
            yield name, target


def anchor_links(staged: str, path: str) -> dict[str, str]:
    """Make the relative ones of those links absolute in the copy at `staged` of the environment
    at `path`; return them as they were, by their names."""
    folder = os.path.join(staged, "bin")
    there = dict(base_links(os.path.join(path, "bin")))
    relative = {name: target for name, target in there.items() if not os.path.isabs(target)}
    for name, target in relative.items():
        if _target(os.path.join(folder, name)) == target:
            absolute = os.path.normpath(os.path.join(path, "bin", target))
            replace_link(os.path.join(folder, name), absolute)
    return relative


def restore_links(staged: str, path: str, links: Mapping[str, str]) -> None:
    """Give links in what is made at `staged` and will be at `path` the targets that they had, by
    their names; one that leads elsewhere from there, or within the environment, stays."""
    folder = os.path.join(staged, "bin")
    outer = dict(base_links(folder))
    for name, target in links.items():
        if name not in outer or outer[name] == target:
            continue
        then = reach.realpath(os.path.join(path, "bin", target))
        if then == reach.realpath(os.path.join(folder, outer[name])):
            replace_link(os.path.join(folder, name), target)


def _target(path: str) -> str | None:
    try:
        return os.readlink(path)
    except OSError:
        return None
