"""Pythons named for App Engine, Netlify, Render, SAM and Serverless."""

import os
import re
from collections.abc import Iterator

from envdeck.core.project.deployed.base import Found, documents, named, version_in
from envdeck.core.project.documents import read_toml, string_at, table_at
from envdeck.core.project.model import NamedPython, Problem, Where
from envdeck.core.project.yaml_nodes import YamlNode
from envdeck.core.system import reach


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
            node = _sam_template_looked_up(document, runtime)
            yield from named(node, Where.DEPLOYED, os.path.basename(file), file)


def _sam_template_looked_up(document: YamlNode, runtime: YamlNode) -> YamlNode:
    name = runtime.text if runtime.tag == "!Ref" else runtime.string("Ref")
    return document.at("Parameters", name, "Default") if name else runtime


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
            node = _serverless_looked_up(document, runtime)
            yield from named(node, Where.DEPLOYED, os.path.basename(file), file)


def _serverless_looked_up(document: YamlNode, runtime: YamlNode) -> YamlNode:
    match = _SELF.match(runtime.text or "")
    if match is None:
        return runtime
    found = document.at(*match[1].split("."))
    return found if found.text else YamlNode(runtime.line, match[2] or "")
