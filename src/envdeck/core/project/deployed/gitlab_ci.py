"""`.gitlab-ci.yml`: the images that its jobs run in."""

import os
from collections.abc import Iterator
from itertools import islice

from envdeck.core.project.deployed.images import python_of_image
from envdeck.core.project.deployed.model import NamedPython, Where
from envdeck.core.project.deployed.source import Found, documents
from envdeck.core.project.deployed.variables import VARIABLES_LIMIT, Values, put_in
from envdeck.core.project.yaml_nodes import Node

_SOURCE = "GitLab CI"
_ROWS = 20


def gitlab_ci(folder: str) -> Iterator[Found]:
    """Yield the Python of each image; variables are those of the file, of the job, and of its
    `parallel: matrix:`."""
    for told in documents([os.path.join(folder, ".gitlab-ci.yml")]):
        if not isinstance(told, tuple):
            yield told
            continue
        file, document = told
        shared = _values(document.at("variables"), {})
        own = {"image", "default", "variables", "include", "stages", "workflow"}
        jobs = [node for name, node in document.table.items() if name not in own]
        for owner in (document, document.at("default"), *jobs):
            values = shared
            if owner is not document:
                values = _values(owner.at("variables"), shared)
                for row in owner.at("parallel", "matrix").items[:_ROWS]:
                    values = _values(row, values)
            image = owner.at("image")
            image = image if image.text else image.at("name")
            for node, text in put_in(image, values):
                version = python_of_image(text)
                if version is not None:
                    yield NamedPython(version, Where.TESTED, _SOURCE, file, node.line)


def _values(table: Node, known: Values) -> Values:
    found: dict[str, tuple[Node, ...]] = {}
    for name, node in islice(table.table.items(), VARIABLES_LIMIT):
        told = node if not node.table else node.at("value")  # `{value:, description:}`
        found[name] = (*(known.get(name, ()) if node.items else ()), *told.scalars())
    return {**known, **found}
