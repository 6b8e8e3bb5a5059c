"""Pythons named for Serverless, SAM, App Engine, Render and Netlify."""

import os
import re
from collections.abc import Callable, Iterator

from envdeck.core.project.deployed.base import (
    Found,
    Source,
    named_versions,
    version_in,
    yaml_source,
)
from envdeck.core.project.documents import read_toml, string_at, table_at
from envdeck.core.project.model import NamedPython, Problem, Where
from envdeck.core.project.yaml_nodes import YamlNode
from envdeck.core.system import reach

_SELF = re.compile(r"\$\{self:([\w.-]+)(?:,\s*['\"]?([\w.-]+)['\"]?)?\}\Z")


def _as_written(_document: YamlNode, runtime: YamlNode) -> YamlNode:
    return runtime


def _self_reference(document: YamlNode, runtime: YamlNode) -> YamlNode:
    """Follow one `${self:…}`, else take its default; other variables are unknown here."""
    match = _SELF.match(runtime.text or "")
    if match is None:
        return runtime
    found = document.at(*match[1].split("."))
    return found if found.text else YamlNode(runtime.line, match[2] or "")


def _parameter(document: YamlNode, runtime: YamlNode) -> YamlNode:
    """Take the default of a parameter (`!Ref`)."""
    name = runtime.text if runtime.tag == "!Ref" else runtime.string("Ref")
    return document.at("Parameters", name, "Default") if name else runtime


_FUNCTION = r"Type=AWS::(?:Serverless|Lambda)::Function\Z"
_VARIABLE = r"envVars.[].key=PYTHON_VERSION\Z.value"
_FLEXIBLE = "runtime=python.runtime_config"
_TABLE = (
    (
        ("serverless.yml", "serverless.yaml"),
        ("provider.runtime", "functions.[].*.runtime", "functions.*.runtime"),
        _self_reference,
    ),
    (
        ("template.yaml", "template.yml"),
        ("Globals.Function.Runtime", f"Resources.*.{_FUNCTION}.Properties.Runtime"),
        _parameter,
    ),
    (
        ("app.yaml", "app.yml"),
        ("runtime", f"{_FLEXIBLE}.runtime_version", f"{_FLEXIBLE}.python_version"),
        _as_written,
    ),
    (
        ("render.yaml", "render.yml"),
        (f"services.[].{_VARIABLE}", f"envVarGroups.[].{_VARIABLE}"),
        _as_written,
    ),
)
"""Files of each platform, the paths to versions in them, and how a version may be written."""


def _source(
    names: tuple[str, ...],
    paths: tuple[str, ...],
    spelling: Callable[[YamlNode, YamlNode], YamlNode],
) -> Source:
    @yaml_source(*names)
    def read(file: str, document: YamlNode) -> Iterator[Found]:
        for path in paths:
            nodes = [document]
            for step in path.split("."):
                nodes = [found for node in nodes for found in _step(node, step)]
            for node in nodes:
                runtime = spelling(document, node)
                yield from named_versions(runtime, Where.DEPLOYED, os.path.basename(file), file)

    return read


def _step(node: YamlNode, step: str) -> tuple[YamlNode, ...]:
    """Return where a step of a path leads: `*` to each value of a mapping, `[]` to each item,
    `key=pattern` nowhere else where the text of that key matches, another to the value of a key."""
    key, condition, pattern = step.partition("=")
    if condition:
        return (node,) if re.match(pattern, node.string(key)) else ()
    if step == "*":
        return tuple(node.table.values())
    return node.items if step == "[]" else (node.at(step),)


PLATFORMS = tuple(_source(*row) for row in _TABLE)


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
