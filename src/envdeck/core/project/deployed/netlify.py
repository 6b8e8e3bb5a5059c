"""`netlify.toml`: the variable `PYTHON_VERSION` of its builds."""

import os
from collections.abc import Iterator

from envdeck.core import reach
from envdeck.core.project.deployed.model import NamedPython, Where
from envdeck.core.project.deployed.source import Found
from envdeck.core.project.deployed.versions import version_in
from envdeck.core.project.model import Problem
from envdeck.core.project.reading import read_toml, string_at, table_at


def netlify(folder: str) -> Iterator[Found]:
    """Yield the Python of all builds, and of those of one context."""
    path = os.path.join(folder, "netlify.toml")
    if not reach.isfile(path):
        return
    document = read_toml(path)
    if isinstance(document, Problem):
        yield document
        return
    contexts = table_at(document.table, "context").values()
    for table in (table_at(document.table, "build"), *contexts):
        version = version_in(string_at(table, "environment", "PYTHON_VERSION"))
        if version is not None:
            line = document.line_of("PYTHON_VERSION")
            yield NamedPython(version, Where.DEPLOYED, "netlify.toml", path, line)
