"""`template.yaml` (AWS SAM, CloudFormation): the runtimes of all functions, and of each."""

import os
from collections.abc import Iterator

from envdeck.core.project.deployed.model import Where
from envdeck.core.project.deployed.source import Found, documents, named
from envdeck.core.project.yaml_nodes import Node

_NAMES = ("template.yaml", "template.yml")
_FUNCTIONS = ("AWS::Serverless::Function", "AWS::Lambda::Function")


def sam_template(folder: str) -> Iterator[Found]:
    """Yield the runtimes of its functions; a parameter (`!Ref`) tells its default."""
    for told in documents([os.path.join(folder, name) for name in _NAMES]):
        if not isinstance(told, tuple):
            yield told
            continue
        file, document = told
        runtimes = [document.at("Globals", "Function", "Runtime")]
        runtimes += [
            one.at("Properties", "Runtime")
            for one in document.at("Resources").table.values()
            if one.string("Type") in _FUNCTIONS
        ]
        for runtime in runtimes:
            node = _looked_up(document, runtime)
            yield from named(node, Where.DEPLOYED, os.path.basename(file), file)


def _looked_up(document: Node, runtime: Node) -> Node:
    name = runtime.text if runtime.tag == "!Ref" else runtime.string("Ref")
    return document.at("Parameters", name, "Default") if name else runtime
