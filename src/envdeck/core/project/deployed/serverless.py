"""`serverless.yml` (the Serverless Framework): the runtimes of the provider and of functions."""

import os
import re
from collections.abc import Iterator

from envdeck.core.project.deployed.model import Where
from envdeck.core.project.deployed.source import Found, documents, named
from envdeck.core.project.yaml_nodes import Node

_SELF = re.compile(r"\$\{self:([\w.-]+)(?:,\s*['\"]?([\w.-]+)['\"]?)?\}\Z")


def serverless(folder: str) -> Iterator[Found]:
    """Yield the runtimes that are named in words; `${self:…}` is looked up once, and no other
    variable is."""
    names = ("serverless.yml", "serverless.yaml")
    for told in documents([os.path.join(folder, name) for name in names]):
        if not isinstance(told, tuple):
            yield told
            continue
        file, document = told
        functions = document.at("functions")
        tables = functions.items or (functions,)  # a list of tables is allowed as well
        runtimes = [document.at("provider", "runtime")]
        runtimes += [one.at("runtime") for table in tables for one in table.table.values()]
        for runtime in runtimes:
            node = _looked_up(document, runtime)
            yield from named(node, Where.DEPLOYED, os.path.basename(file), file)


def _looked_up(document: Node, runtime: Node) -> Node:
    match = _SELF.match(runtime.text or "")
    if match is None:
        return runtime
    found = document.at(*match[1].split("."))
    return found if found.text else Node(runtime.line, match[2] or "")
