"""`app.yaml` (Google App Engine): `runtime: python312`, or what `runtime_config` says."""

import os
from collections.abc import Iterator

from envdeck.core.project.deployed.model import Where
from envdeck.core.project.deployed.source import Found, documents, named


def app_engine(folder: str) -> Iterator[Found]:
    """Yield the runtime of the service."""
    for told in documents([os.path.join(folder, name) for name in ("app.yaml", "app.yml")]):
        if not isinstance(told, tuple):
            yield told
            continue
        file, document = told
        nodes = [document.at("runtime")]
        if document.string("runtime").startswith("python"):
            config = document.at("runtime_config")
            nodes += [config.at("runtime_version"), config.at("python_version")]
        for node in nodes:
            yield from named(node, Where.DEPLOYED, os.path.basename(file), file)
