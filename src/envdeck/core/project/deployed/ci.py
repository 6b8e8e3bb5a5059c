"""Pythons named for GitHub, GitLab, Azure, CircleCI and Travis, and by nox and tox; a noxfile is
parsed and never run."""

import ast
import os
import re
import warnings
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
    version_in,
    yaml_source,
)
from envdeck.core.project.deployed.platforms import python_of_image
from envdeck.core.project.documents import YamlNode, read_toml, string_at, strings, table_at
from envdeck.core.project.model import NamedPython, Problem, Where
from envdeck.core.system import reach
from envdeck.core.system.files import Unread, decode, read_bounded

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
_MATRIX_ENTRIES = 50  # of one matrix, which any number of steps may name
_EXPRESSION = re.compile(
    r"\$\{\{\s*(?P<context>matrix|env|inputs)(?P<path>(?:\.[\w-]+|\[\s*'[\w.-]+'\s*\]){1,4})"
    r"\s*(?:\|\|\s*'(?P<other>[\w.-]{1,20})'\s*)?\}\}\Z"
)
_MATRIX_KEY = re.compile(r"\.([\w-]+)|\[\s*'([\w.-]+)'\s*\]")


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
    keys = [first or second for first, second in _MATRIX_KEY.findall(match["path"])]
    found: list[YamlNode] = []
    if match["context"] == "matrix":
        matrix = job.at("strategy", "matrix")
        found = [one.at(*keys[1:]) for one in _each(matrix.at(keys[0]))]
        found += [one.at(*keys) for one in matrix.at("include").items[:_MATRIX_ENTRIES]]
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
    return node.items[:_MATRIX_ENTRIES] or (node,)


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


_NOX_LIMIT = 128 * 1024
"""Bytes; a longer file takes a second to parse."""
_MANY_VERSIONS = 500
"""So many expressions are followed, which also bounds their depth."""


def nox(folder: str) -> Iterator[Found]:
    """Yield the versions written in place, or as the name of a list in the same file."""
    path = os.path.join(folder, "noxfile.py")
    if not reach.isfile(path):
        return
    data = read_bounded(path, _NOX_LIMIT)
    if isinstance(data, Unread):
        yield Problem(path, f"cannot be read: {data.reason}")
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about escapes in its strings
            tree = ast.parse(data)
    except SyntaxError as error:
        yield Problem(path, "is not Python", error.lineno or None)
        return
    except (ValueError, RecursionError, MemoryError):  # MemoryError: too deep for the parser
        yield Problem(path, "cannot be read as Python")
        return
    names = {
        target.id: one.value
        for one in tree.body
        if isinstance(one, ast.Assign | ast.AnnAssign) and one.value is not None
        for target in (one.targets if isinstance(one, ast.Assign) else [one.target])
        if isinstance(target, ast.Name)
    }
    for version, line in _asked(tree, names):
        yield NamedPython(version, Where.TESTED, "nox", path, line)


def _asked(tree: ast.Module, names: dict[str, ast.expr]) -> Iterator[tuple[str, int]]:
    seen: set[ast.expr] = set()
    for function in tree.body:
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for call in function.decorator_list:
            if not isinstance(call, ast.Call):
                continue
            called = call.func.attr if isinstance(call.func, ast.Attribute) else ""
            called = call.func.id if isinstance(call.func, ast.Name) else called
            if called == "session":
                for keyword in call.keywords:
                    if keyword.arg in ("python", "py"):
                        yield from _nox_versions(keyword.value, names, seen)
            elif called == "parametrize" and len(call.args) > 1:
                what = call.args[0]
                if isinstance(what, ast.Constant) and what.value == "python":
                    yield from _nox_versions(call.args[1], names, seen)


def _nox_versions(
    value: ast.expr, names: dict[str, ast.expr], seen: set[ast.expr]
) -> Iterator[tuple[str, int]]:
    """Yield the versions of an expression, each place once: a list may contain itself by its
    name."""
    if value in seen or len(seen) > _MANY_VERSIONS:
        return
    seen.add(value)
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        version = version_in(value.value)
        if version is not None:
            yield version, value.lineno
    elif isinstance(value, ast.List | ast.Tuple | ast.Set):
        for one in value.elts:
            yield from _nox_versions(one, names, seen)
    elif isinstance(value, ast.Name) and value.id in names:
        yield from _nox_versions(names[value.id], names, seen)
    elif isinstance(value, ast.Starred):
        yield from _nox_versions(value.value, names, seen)
    elif isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add):
        yield from _nox_versions(value.left, names, seen)
        yield from _nox_versions(value.right, names, seen)


_TOX_LIMIT = 256 * 1024
_SECTION = re.compile(r"\[([^\]]*)\]")
_INI_KEY = re.compile(r"([A-Za-z_]+)\s*[=:]\s*(.*)")
_BRACES = re.compile(r"([\w.-]{0,40})\{([\w.,\s-]{0,1000})\}")
_RANGE = re.compile(r"(\d{1,2})-(\d{1,2})\Z")
_FACTOR = re.compile(r"(?:py(?:thon)?(?:\d{2,3}|\d\.\d{1,2})|\d\.\d{1,2}(?:\.\d{1,2})?)t?\Z")


def tox(folder: str) -> Iterator[Found]:
    """Yield the Pythons of `tox.ini`, `setup.cfg`, `tox.toml` and `pyproject.toml`."""
    for name, section in (("tox.ini", "tox"), ("setup.cfg", "tox:tox")):
        path = os.path.join(folder, name)
        if not reach.isfile(path):
            continue
        data = read_bounded(path, _TOX_LIMIT)
        if isinstance(data, Unread):
            yield Problem(path, f"cannot be read: {data.reason}")
            continue
        yield from _read_ini(path, decode(data), section, 0)
    for name, keys in (("tox.toml", ()), ("pyproject.toml", ("tool", "tox"))):
        path = os.path.join(folder, name)
        if reach.isfile(path):
            yield from _read_toml(path, keys)


def _read_toml(path: str, keys: tuple[str, ...]) -> Iterator[Found]:
    document = read_toml(path)
    if isinstance(document, Problem):
        if not keys:  # the manifest reader reports pyproject.toml
            yield document
        return
    table = table_at(document.table, *keys)
    for text in (*strings(table.get("env_list")), *strings(table.get("envlist"))):
        for version in _tox_versions(text):
            line = document.line_of(f'"{text}"') or document.line_of(f"'{text}'")
            yield NamedPython(version, Where.TESTED, "tox", path, line)
    old = string_at(table, "legacy_tox_ini")
    if old:
        yield from _read_ini(path, old, "tox", (document.line_of(old) or 1) - 1)


def _read_ini(path: str, text: str, wanted: str, before: int) -> Iterator[NamedPython]:
    """Yield the versions of the list of environments and of any `basepython`. The parser of the
    standard library knows no lines."""
    section, key = "", ""
    for number, line in enumerate(text.splitlines(), before + 1):
        line = re.split(r"(?:\A|\s)[#;]", line, maxsplit=1)[0].rstrip()
        if not line:
            continue
        if not line[0].isspace():
            key, opened, pair = "", _SECTION.match(line), _INI_KEY.match(line)
            if opened:
                section = opened[1].strip()
            elif pair:
                key, line = pair[1].lower(), pair[2]
        found: Iterator[str] = iter(())
        if section == wanted and key in ("envlist", "env_list"):
            found = _tox_versions(line)
        elif key in ("basepython", "base_python") and section.startswith("testenv"):
            found = (one for word in line.split(",") if (one := version_in(word)))
        for version in found:
            yield NamedPython(version, Where.TESTED, "tox", path, number)


def _tox_versions(text: str) -> Iterator[str]:
    """Yield the versions among the factors of environments, with braces and ranges expanded."""
    names: list[str] = []
    for start, inside in _BRACES.findall(text):
        for part in inside.split(","):
            part = part.strip()
            span = _RANGE.match(part)
            parts = [part]
            if span:
                parts = [str(one) for one in range(int(span[1]), int(span[2]) + 1)]
            names += [start + one for one in parts]
    names += re.split(r"[,\s]+", _BRACES.sub(" ", text))
    seen: set[str] = set()
    for name in names[:_MANY_VERSIONS]:
        for factor in name.strip().split("-"):
            version = version_in(factor) if _FACTOR.match(factor) else None
            if version is not None and version not in seen:
                seen.add(version)
                yield version
