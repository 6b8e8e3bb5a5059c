"""`.travis.yml`: `python:`, of all jobs and of those that are included."""

import os
from collections.abc import Iterator

from envdeck.core.project.deployed.model import Where
from envdeck.core.project.deployed.source import Found, documents, named


def travis(folder: str) -> Iterator[Found]:
    """Yield the versions that it is tested with."""
    for told in documents([os.path.join(folder, ".travis.yml")]):
        if not isinstance(told, tuple):
            yield told
            continue
        file, document = told
        included = [one for key in ("jobs", "matrix") for one in document.at(key, "include").items]
        for owner in (document, *included):
            yield from named(owner.at("python"), Where.TESTED, "Travis CI", file)
