"""What the readers of files that name Pythons share: which files there are, and how one is told."""

import os
import stat
from collections.abc import Callable, Iterator
from itertools import islice

from envdeck.core import reach
from envdeck.core.project.deployed.model import NamedPython, Where
from envdeck.core.project.deployed.versions import version_in
from envdeck.core.project.model import Problem
from envdeck.core.project.yaml_nodes import Node, read_yaml

Found = NamedPython | Problem
"""What a reader yields: a Python named, or why a file of its could not be read."""

FILES_LIMIT = 60
"""So many files of one kind are read; large projects have some 30 workflows."""
TOTAL_LIMIT = 1024 * 1024
"""Bytes of one kind; a large project's workflows have some 200 KiB, read in 100 ms."""
_SCAN = 2000
"""So many names of a folder are looked at."""
_LONGEST = 1000
"""Letters of one scalar; many aliases can stand for a long one."""


def files_in(folder: str, wanted: Callable[[str], bool]) -> list[str]:
    """Return the files of a folder whose names are wanted, by name; none where it cannot be
    read, as where it is not there."""
    try:
        with reach.scandir(folder) as entries:
            names = [entry.name for entry in islice(entries, _SCAN) if wanted(entry.name)]
    except (OSError, ValueError):
        return []
    paths = [os.path.join(folder, name) for name in sorted(names)[:FILES_LIMIT]]
    return [path for path in paths if reach.isfile(path)]


def documents(paths: list[str]) -> Iterator[tuple[str, Node] | Problem]:
    """Yield the documents of those files of YAML that are there."""
    total = 0
    for path in paths:
        try:
            status = reach.stat(path)
        except (OSError, ValueError):
            continue
        if not stat.S_ISREG(status.st_mode):
            continue
        total += status.st_size
        if total > TOTAL_LIMIT:
            yield Problem(path, "is not read: those before it are enough for one kind of file")
            continue
        read = read_yaml(path)
        if isinstance(read, Problem):
            yield read
            continue
        for document in read.documents:
            yield path, document


def named(node: Node, where: Where, source: str, file: str) -> Iterator[NamedPython]:
    """Yield the versions that a scalar names (one a line, commas between), or a sequence."""
    for scalar in node.scalars():
        for number, line in enumerate((scalar.text or "")[:_LONGEST].splitlines()):
            for word in line.split(","):
                version = version_in(word)
                if version is not None:
                    yield NamedPython(version, where, source, file, scalar.line + number)
