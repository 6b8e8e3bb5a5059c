"""`azure-pipelines.yml`: what its tasks `UsePythonVersion` ask for."""

import os
from collections.abc import Iterator
from itertools import islice

from envdeck.core.project.deployed.images import python_of_image
from envdeck.core.project.deployed.model import NamedPython, Where
from envdeck.core.project.deployed.source import Found, documents, named
from envdeck.core.project.deployed.variables import VARIABLES_LIMIT, Values, put_in
from envdeck.core.project.yaml_nodes import Node

_SOURCE = "Azure Pipelines"
_NAMES = (
    "azure-pipelines.yml",
    "azure-pipelines.yaml",
    ".azure-pipelines.yml",
    ".azure-pipelines/azure-pipelines.yml",
)


def azure_pipelines(folder: str) -> Iterator[Found]:
    """Yield the versions of all stages' and jobs' steps; variables are those of the pipeline, the
    stage, the job and its matrix."""
    for told in documents([os.path.join(folder, name) for name in _NAMES]):
        if not isinstance(told, tuple):
            yield told
            continue
        file, document = told
        yield from _scope(file, document, {})


def _scope(file: str, scope: Node, known: Values) -> Iterator[Found]:
    values = _values(scope, known)
    for inner in ("stages", "jobs"):
        for one in scope.at(inner).items:
            yield from _scope(file, one, values)
    container = scope.at("container")
    image = container if container.text else container.at("image")
    for node, text in put_in(image, values):
        version = python_of_image(text)
        if version is not None:
            yield NamedPython(version, Where.TESTED, _SOURCE, file, node.line)
    for step in scope.at("steps").items:
        if step.string("task").startswith("UsePythonVersion@"):
            for node, text in put_in(step.at("inputs", "versionSpec"), values):
                yield from named(Node(node.line, text), Where.TESTED, _SOURCE, file)


def _values(scope: Node, known: Values) -> Values:
    found: dict[str, tuple[Node, ...]] = {}
    variables = scope.at("variables")
    pairs = [*variables.table.items()]
    pairs += [(one.string("name"), one.at("value")) for one in variables.items]
    for one in scope.at("parameters").items:
        values = one.at("values")
        pairs.append((one.string("name"), values if values.items else one.at("default")))
    for name, node in pairs[:VARIABLES_LIMIT]:
        found[name] = tuple(node.scalars())
    rows: dict[str, list[Node]] = {}
    for row in scope.at("strategy", "matrix").table.values():
        for name, node in islice(row.table.items(), VARIABLES_LIMIT):
            rows.setdefault(name, []).extend(node.scalars())
    varied = islice(rows.items(), VARIABLES_LIMIT)
    return {**known, **found, **{name: tuple(nodes) for name, nodes in varied}}
