"""`render.yaml` (Render's blueprint): the variable `PYTHON_VERSION` of services and groups."""

import os
from collections.abc import Iterator

from envdeck.core.project.deployed.model import Where
from envdeck.core.project.deployed.source import Found, documents, named


def render(folder: str) -> Iterator[Found]:
    """Yield the Python of each service that says it."""
    for told in documents([os.path.join(folder, name) for name in ("render.yaml", "render.yml")]):
        if not isinstance(told, tuple):
            yield told
            continue
        file, document = told
        for owner in (*document.at("services").items, *document.at("envVarGroups").items):
            for variable in owner.at("envVars").items:
                if variable.string("key") == "PYTHON_VERSION":
                    value = variable.at("value")
                    yield from named(value, Where.DEPLOYED, os.path.basename(file), file)
