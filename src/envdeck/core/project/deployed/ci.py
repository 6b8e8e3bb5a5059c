"""Pythons named for GitHub, GitLab, Azure, CircleCI and Travis."""

import os
import re
from collections.abc import Iterator
from itertools import islice

from envdeck.core.project.deployed.base import (
    VARIABLES_LIMIT,
    Found,
    Values,
    expand_variables,
    files_in,
    named_versions,
    read_documents,
    yaml_source,
)
from envdeck.core.project.deployed.platforms import python_of_image
from envdeck.core.project.documents import YamlNode
from envdeck.core.project.model import NamedPython, Where

_GITHUB = "GitHub Actions"
_GITLAB = "GitLab CI"
_AZURE = "Azure Pipelines"
_CIRCLECI = "CircleCI"


def _image(owner: YamlNode, key: str, inner: str) -> YamlNode:
    """Return the image of a job, written as `key: IMAGE` or as `key: {inner: IMAGE}`."""
    image = owner.at(key)
    return image if image.text else image.at(inner)


def _image_versions(
    image: YamlNode, values: Values, source: str, file: str
) -> Iterator[NamedPython]:
    """Yield the Pythons of an image with variables in its name."""
    for node, text in expand_variables(image, values):
        version = python_of_image(text)
        if version is not None:
            yield NamedPython(version, Where.TESTED, source, file, node.line)


_LONGEST = 200
_MANY = 50  # of one matrix, which any number of steps may name
_EXPRESSION = re.compile(
    r"\$\{\{\s*(?P<context>matrix|env|inputs)(?P<path>(?:\.[\w-]+|\[\s*'[\w.-]+'\s*\]){1,4})"
    r"\s*(?:\|\|\s*'(?P<other>[\w.-]{1,20})'\s*)?\}\}\Z"
)
_KEY = re.compile(r"\.([\w-]+)|\[\s*'([\w.-]+)'\s*\]")


def github_actions(folder: str) -> Iterator[Found]:
    """Yield the versions in its workflows; of expressions those of the matrix, the environment
    or the defaults of inputs."""
    workflows = os.path.join(folder, ".github", "workflows")
    paths = files_in(workflows, lambda name: name.endswith((".yml", ".yaml")))
    return read_documents(paths, _workflow)


def _workflow(file: str, document: YamlNode) -> Iterator[Found]:
    for job in document.at("jobs").table.values():
        yield from _job(file, document, job)


def _job(file: str, document: YamlNode, job: YamlNode) -> Iterator[Found]:
    seen: set[str] = set()
    for step in job.at("steps").items:
        asked = step.at("with", "python-version")
        if asked.text in seen and not step.at("env").table:
            continue  # the same text in many steps counts once
        seen.add(asked.text or "")
        for node in _resolved(asked, document, job, step):
            yield from named_versions(node, Where.TESTED, _GITHUB, file)
    image = _image(job, "container", "image")
    version = python_of_image(image.text or "")
    if version is not None:
        yield NamedPython(version, Where.TESTED, _GITHUB, file, image.line)
    called = job.at("with", "python-version")  # of a workflow that is called
    for node in _resolved(called, document, job, job):
        yield from named_versions(node, Where.TESTED, _GITHUB, file)


def _resolved(
    asked: YamlNode, document: YamlNode, job: YamlNode, step: YamlNode
) -> Iterator[YamlNode]:
    text = asked.text or ""
    match = _EXPRESSION.match(text.strip()) if len(text) <= _LONGEST else None
    if match is None:
        yield asked
        return
    keys = [first or second for first, second in _KEY.findall(match["path"])]
    found: list[YamlNode] = []
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
        found = [YamlNode(asked.line, match["other"])]
    yield from found


def _each(node: YamlNode) -> tuple[YamlNode, ...]:
    return node.items[:_MANY] or (node,)


_ROWS = 20


@yaml_source(".gitlab-ci.yml")
def gitlab_ci(file: str, document: YamlNode) -> Iterator[Found]:
    """Yield the Python of each image; variables are those of the file, of the job, and of its
    `parallel: matrix:`."""
    shared = _gitlab_ci_values(document.at("variables"), {})
    own = {"image", "default", "variables", "include", "stages", "workflow"}
    jobs = [node for name, node in document.table.items() if name not in own]
    yield from _image_versions(_image(document, "image", "name"), shared, _GITLAB, file)
    for owner in (document.at("default"), *jobs):
        values = _gitlab_ci_values(owner.at("variables"), shared)
        for row in owner.at("parallel", "matrix").items[:_ROWS]:
            values = _gitlab_ci_values(row, values)
        yield from _image_versions(_image(owner, "image", "name"), values, _GITLAB, file)


def _gitlab_ci_values(table: YamlNode, known: Values) -> Values:
    found: dict[str, tuple[YamlNode, ...]] = {}
    for name, node in islice(table.table.items(), VARIABLES_LIMIT):
        value = node if not node.table else node.at("value")  # `{value:, description:}`
        found[name] = (*(known.get(name, ()) if node.items else ()), *value.scalars())
    return {**known, **found}


@yaml_source(
    "azure-pipelines.yml",
    "azure-pipelines.yaml",
    ".azure-pipelines.yml",
    ".azure-pipelines/azure-pipelines.yml",
)
def azure_pipelines(file: str, document: YamlNode) -> Iterator[Found]:
    """Yield the versions of all steps; variables are those of the pipeline, the stage, the job
    and its matrix."""
    yield from _scope(file, document, {})


def _scope(file: str, scope: YamlNode, known: Values) -> Iterator[Found]:
    values = _azure_pipelines_values(scope, known)
    for inner in ("stages", "jobs"):
        for one in scope.at(inner).items:
            yield from _scope(file, one, values)
    yield from _image_versions(_image(scope, "container", "image"), values, _AZURE, file)
    for step in scope.at("steps").items:
        if step.string("task").startswith("UsePythonVersion@"):
            for node, text in expand_variables(step.at("inputs", "versionSpec"), values):
                version = YamlNode(node.line, text)
                yield from named_versions(version, Where.TESTED, _AZURE, file)


def _azure_pipelines_values(scope: YamlNode, known: Values) -> Values:
    found: dict[str, tuple[YamlNode, ...]] = {}
    variables = scope.at("variables")
    pairs = [*variables.table.items()]
    pairs += [(one.string("name"), one.at("value")) for one in variables.items]
    for one in scope.at("parameters").items:
        values = one.at("values")
        pairs.append((one.string("name"), values if values.items else one.at("default")))
    for name, node in pairs[:VARIABLES_LIMIT]:
        found[name] = tuple(node.scalars())
    rows: dict[str, list[YamlNode]] = {}
    for row in scope.at("strategy", "matrix").table.values():
        for name, node in islice(row.table.items(), VARIABLES_LIMIT):
            rows.setdefault(name, []).extend(node.scalars())
    varied = islice(rows.items(), VARIABLES_LIMIT)
    return {**known, **found, **{name: tuple(nodes) for name, nodes in varied}}


@yaml_source(".circleci/config.yml", ".circleci/config.yaml")
def circleci(file: str, document: YamlNode) -> Iterator[Found]:
    """Yield the Python of each image; parameters have the values that workflows give (also by a
    matrix), else their defaults."""
    calls = _calls(document)
    given = _given(calls)
    pipeline = _defaults(document)
    for owners in ("jobs", "executors"):
        for owner in document.at(owners).table.values():
            values = {**pipeline, **_defaults(owner), **given}
            for container in owner.at("docker").items:
                yield from _image_versions(container.at("image"), values, _CIRCLECI, file)
    for name, call in calls:
        if name.startswith("python/"):
            for version in (call.at("version"), call.at("matrix", "parameters", "version")):
                yield from named_versions(version, Where.TESTED, _CIRCLECI, file)


def _calls(document: YamlNode) -> list[tuple[str, YamlNode]]:
    """Return the jobs that workflows call with parameters, by name."""
    workflows = document.at("workflows").table.values()
    return [
        called
        for workflow in workflows
        for one in workflow.at("jobs").items
        for called in one.table.items()
    ]


def _given(calls: list[tuple[str, YamlNode]]) -> Values:
    """Return the values given to parameters, by name, whichever job they are of."""
    given: dict[str, list[YamlNode]] = {}
    for _, call in calls:
        for table in (call.at("matrix", "parameters"), call):
            for name, node in table.table.items():
                given.setdefault(name, []).extend(node.scalars())
    return dict(
        islice(((name, tuple(nodes)) for name, nodes in given.items() if nodes), VARIABLES_LIMIT)
    )


def _defaults(owner: YamlNode) -> Values:
    parameters = islice(owner.at("parameters").table.items(), VARIABLES_LIMIT)
    return {name: tuple(one.at("default").scalars()) for name, one in parameters}


@yaml_source(".travis.yml")
def travis(file: str, document: YamlNode) -> Iterator[Found]:
    """Yield the versions of all jobs."""
    included = [one for key in ("jobs", "matrix") for one in document.at(key, "include").items]
    for owner in (document, *included):
        yield from named_versions(owner.at("python"), Where.TESTED, "Travis CI", file)
