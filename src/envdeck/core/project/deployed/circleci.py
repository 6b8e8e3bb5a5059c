"""`.circleci/config.yml`: the images of its jobs and executors, and the Python orb."""

import os
from collections.abc import Iterator
from itertools import islice

from envdeck.core.project.deployed.images import python_of_image
from envdeck.core.project.deployed.model import NamedPython, Where
from envdeck.core.project.deployed.source import Found, documents, named
from envdeck.core.project.deployed.variables import VARIABLES_LIMIT, Values, put_in
from envdeck.core.project.yaml_nodes import Node

_SOURCE = "CircleCI"


def circleci(folder: str) -> Iterator[Found]:
    """Yield the Python of each image; parameters are what workflows give (their matrix counted
    in), else their defaults."""
    names = ("config.yml", "config.yaml")
    for told in documents([os.path.join(folder, ".circleci", name) for name in names]):
        if not isinstance(told, tuple):
            yield told
            continue
        file, document = told
        calls = _calls(document)
        given = _given(calls)
        pipeline = _defaults(document)
        for owners in ("jobs", "executors"):
            for owner in document.at(owners).table.values():
                values = {**pipeline, **_defaults(owner), **given}
                for container in owner.at("docker").items:
                    for node, text in put_in(container.at("image"), values):
                        version = python_of_image(text)
                        if version is not None:
                            yield NamedPython(version, Where.TESTED, _SOURCE, file, node.line)
        for name, call in calls:
            if name.startswith("python/"):
                yield from named(call.at("version"), Where.TESTED, _SOURCE, file)
                asked = call.at("matrix", "parameters", "version")
                yield from named(asked, Where.TESTED, _SOURCE, file)


def _calls(document: Node) -> list[tuple[str, Node]]:
    """Return the jobs that workflows call with anything, by name."""
    workflows = document.at("workflows").table.values()
    return [
        called
        for workflow in workflows
        for one in workflow.at("jobs").items
        for called in one.table.items()
    ]


def _given(calls: list[tuple[str, Node]]) -> Values:
    """Return what is given to any parameter of that name: names are told apart by no more."""
    given: dict[str, list[Node]] = {}
    for _, call in calls:
        for table in (call.at("matrix", "parameters"), call):
            for name, node in table.table.items():
                given.setdefault(name, []).extend(node.scalars())
    return dict(
        islice(((name, tuple(nodes)) for name, nodes in given.items() if nodes), VARIABLES_LIMIT)
    )


def _defaults(owner: Node) -> Values:
    parameters = islice(owner.at("parameters").table.items(), VARIABLES_LIMIT)
    return {name: tuple(one.at("default").scalars()) for name, one in parameters}
