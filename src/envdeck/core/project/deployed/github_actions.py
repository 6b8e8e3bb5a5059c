"""GitHub's workflows: what `python-version` of their steps comes to, and their containers."""

import os
import re
from collections.abc import Iterator

from envdeck.core.project.deployed.images import python_of_image
from envdeck.core.project.deployed.model import NamedPython, Where
from envdeck.core.project.deployed.source import Found, documents, files_in, named
from envdeck.core.project.yaml_nodes import Node

_SOURCE = "GitHub Actions"
_LONGEST = 200
_MANY = 50  # of one matrix, which any number of steps may name
_EXPRESSION = re.compile(
    r"\$\{\{\s*(?P<context>matrix|env|inputs)(?P<path>(?:\.[\w-]+|\[\s*'[\w.-]+'\s*\]){1,4})"
    r"\s*(?:\|\|\s*'(?P<other>[\w.-]{1,20})'\s*)?\}\}\Z"
)
_KEY = re.compile(r"\.([\w-]+)|\[\s*'([\w.-]+)'\s*\]")


def github_actions(folder: str) -> Iterator[Found]:
    """Yield the versions in its workflows; an expression tells what its matrix, its environment
    or its inputs' defaults have, and where it asks for more than that, nothing."""
    paths = files_in(
        os.path.join(folder, ".github", "workflows"), lambda name: name.endswith((".yml", ".yaml"))
    )
    for told in documents(paths):
        if not isinstance(told, tuple):
            yield told
            continue
        file, document = told
        for job in document.at("jobs").table.values():
            yield from _job(file, document, job)


def _job(file: str, document: Node, job: Node) -> Iterator[Found]:
    seen: set[str] = set()
    for step in job.at("steps").items:
        asked = step.at("with", "python-version")
        if asked.text in seen and not step.at("env").table:
            continue  # what comes to the same is not told again, however many steps ask for it
        seen.add(asked.text or "")
        for node in _resolved(asked, document, job, step):
            yield from named(node, Where.TESTED, _SOURCE, file)
    container = job.at("container")
    image = container if container.text else container.at("image")
    version = python_of_image(image.text or "")
    if version is not None:
        yield NamedPython(version, Where.TESTED, _SOURCE, file, image.line)
    called = job.at("with", "python-version")  # of a workflow that is called
    for node in _resolved(called, document, job, job):
        yield from named(node, Where.TESTED, _SOURCE, file)


def _resolved(asked: Node, document: Node, job: Node, step: Node) -> Iterator[Node]:
    text = asked.text or ""
    match = _EXPRESSION.match(text.strip()) if len(text) <= _LONGEST else None
    if match is None:
        yield asked
        return
    keys = [first or second for first, second in _KEY.findall(match["path"])]
    found: list[Node] = []
    if match["context"] == "matrix":
        matrix = job.at("strategy", "matrix")
        found = [one.at(*keys[1:]) for one in _each(matrix.at(keys[0]))]
        found += [one.at(*keys) for one in matrix.at("include").items[:_MANY]]
    elif match["context"] == "env":
        scopes = (step, job, document)
        found = [one for scope in scopes if (one := scope.at("env", keys[0])).text][:1]
    else:
        calls = ("workflow_call", "workflow_dispatch")
        found = [document.at("on", call, "inputs", keys[0], "default") for call in calls]
    if match["other"] and not any(one.text for one in found):
        found = [Node(asked.line, match["other"])]
    yield from found


def _each(node: Node) -> tuple[Node, ...]:
    return node.items[:_MANY] or (node,)
