"""Pythons of Dockerfiles and images, and those named for Serverless, SAM, App Engine, Render and
Netlify."""

import os
import re
from collections.abc import Callable, Iterator

from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.project.deployed.base import (
    Found,
    Source,
    files_in,
    named_versions,
    version_in,
    yaml_source,
)
from envdeck.core.project.documents import YamlNode, read_toml, string_at, table_at
from envdeck.core.project.model import NamedPython, Problem, Where
from envdeck.core.system import reach
from envdeck.core.system.files import Unread, decode, read_bounded

_SELF = re.compile(r"\$\{self:([\w.-]+)(?:,\s*['\"]?([\w.-]+)['\"]?)?\}\Z")


def _keep_runtime(_document: YamlNode, runtime: YamlNode) -> YamlNode:
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
        _keep_runtime,
    ),
    (
        ("render.yaml", "render.yml"),
        (f"services.[].{_VARIABLE}", f"envVarGroups.[].{_VARIABLE}"),
        _keep_runtime,
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


_DIGEST = re.compile(r"@sha\d+:.*\Z", re.DOTALL)
_RELEASE = r"[23]\.[0-9]{1,2}(?:\.[0-9]{1,3})?(?:(?:a|b|rc)[0-9]{1,2})?(?![\d.])"
_OWN_TAG = re.compile(rf"({_RELEASE})")
_DEV_CONTAINER_TAG = re.compile(rf"(?:(?:dev-)?\d+(?:\.\d+){{0,2}}-|dev-)?({_RELEASE})")
_SPOKEN = re.compile(rf"(?:\A|[-_.])python-?({_RELEASE})")
_JOINED = re.compile(r"(?:\A|[-_])python-?([23])([0-9]{1,2})(?!\d)")
_IMAGES_LONGEST = 512


def python_of_image(image: str) -> str | None:
    """Return the version of CPython in the name of an image, or None.

    Known are the official image of any registry (`registry.example/library/python:3.11`), images
    named after Python (`cimg/python`, `lambda/python`, `ubi9/python-312`), and tags that name it
    (`uv:python3.12-bookworm`, `airflow:2.9.0-python3.11`). `3` and `latest` change over time.
    """
    if len(image) > _IMAGES_LONGEST or any(letter.isspace() for letter in image):
        return None
    image = _DIGEST.sub("", image)
    path, _, last = image.rpartition("/")
    name, _, tag = last.partition(":")
    spoken = _SPOKEN.search(tag)
    if spoken:
        return spoken[1]
    joined = _JOINED.search(tag) or _JOINED.search(name)
    if joined:
        return f"{joined[1]}.{joined[2]}"
    if name == "python" or name.endswith("-python") or name.startswith("python-"):
        dev = path.endswith(("devcontainers", "vscode/devcontainers"))
        match = (_DEV_CONTAINER_TAG if dev else _OWN_TAG).match(tag)
        return match[1] if match else None
    return None


DEVELOPMENT = "dev container"
"""The source of the Python in `.devcontainer` or `Dockerfile.dev`: tested, and not deployed."""

_FOLDERS = ("", "docker", ".docker", "deploy", ".devcontainer")
_NAME = re.compile(
    r"(?:Dockerfile|Containerfile)(?:\.(?P<after>.+))?\Z|(?P<before>.+)\.Dockerfile\Z"
)
_TESTS = re.compile(r"(?:\A|[-_.])(?:test|tests|testing|ci)(?:[-_.]|\Z)", re.IGNORECASE)
_DEVELOPS = re.compile(r"(?:\A|[-_.])(?:dev|devel|development|local)(?:[-_.]|\Z)", re.IGNORECASE)
_NOT = (".dockerignore", "~", ".bak", ".orig", ".swp")
_LIMIT = 256 * 1024
_MANY = 2000
_DOCKERFILE_LONGEST = 1024  # of an image, in letters

_ESCAPE = re.compile(r"#\s*escape\s*=\s*(\S)\s*\Z", re.IGNORECASE)
_HEREDOC = re.compile(r"""<<-?\s*(["']?)(\w+)\1""")
_ARGUMENT = re.compile(r"""\b(\w{1,100})=("(?:[^"\\]|\\.)*"|'[^']*'|\S*)""")
_EXPANDED = re.compile(r"\$(?:\{(\w+)(?:(:?[-+])([^}]{0,200}))?\}|(\w+))")


@dataclass(frozen=True, slots=True)
class _Stage:
    name: str
    image: str
    line: int


def dockerfiles(folder: str) -> Iterator[Found]:
    """Yield the Pythons of a project's Dockerfiles."""
    for below in _FOLDERS:
        for path in files_in(os.path.join(folder, below), _is_dockerfile):
            yield from read_dockerfile(path, developed=below == ".devcontainer")


def read_dockerfile(path: str, *, developed: bool = False) -> Iterator[Found]:
    """Yield the Python of the last stage; where that has none (an environment copied onto a bare
    image), those of the stages before."""
    data = read_bounded(path, _LIMIT)
    if isinstance(data, Unread):
        yield Problem(path, f"cannot be read: {data.reason}")
        return
    stages = _stages(decode(data))
    last = _base(stages, len(stages) - 1)
    candidates = [last] if last is not None and python_of_image(last.image) else stages
    base = os.path.basename(path)
    where, source = (Where.TESTED, DEVELOPMENT) if developed else _purpose(base)
    for stage in candidates:
        version = python_of_image(stage.image)
        if version is not None:
            yield NamedPython(version, where, source, path, stage.line)


def _is_dockerfile(name: str) -> bool:
    return _NAME.match(name) is not None and not name.endswith(_NOT)


def _purpose(base: str) -> tuple[Where, str]:
    match = _NAME.match(base)
    purpose = (match["after"] or match["before"] or "") if match else ""
    if _TESTS.search(purpose):
        return Where.TESTED, base
    return (Where.TESTED, DEVELOPMENT) if _DEVELOPS.search(purpose) else (Where.DEPLOYED, base)


def _base(stages: list[_Stage], at: int) -> _Stage | None:
    """Return the stage with the image that a stage is built on in the end. Stages refer only to
    those before them, so there are no circles."""
    while at >= 0:
        stage = stages[at]
        for before in range(at - 1, -1, -1):
            if stages[before].name and stages[before].name == stage.image.lower():
                at = before
                break
        else:
            return stage
    return None


def _stages(text: str) -> list[_Stage]:
    stages: list[_Stage] = []
    arguments: dict[str, str] = {}
    for number, line in _instructions(text):
        word, _, rest = line.partition(" ")
        word, rest = word.upper(), rest.strip()
        if word == "ARG" and not stages:  # FROM knows only those before the first one
            for name, value in _ARGUMENT.findall(rest):
                arguments[name] = _expand_arguments(value.strip("\"'"), arguments)
        elif word == "FROM":
            words = [one for one in rest.split() if not one.startswith("--")]
            if not words:
                continue
            named = words[2].lower() if len(words) > 2 and words[1].upper() == "AS" else ""
            stages.append(
                _Stage(named, _expand_arguments(words[0].strip("\"'"), arguments), number)
            )
            if len(stages) >= _MANY:
                break
    return stages


def _expand_arguments(text: str, arguments: dict[str, str]) -> str:
    """Replace arguments by their defaults, and those without by nothing, as Docker does."""

    def one(match: re.Match[str]) -> str:
        value = arguments.get(match[1] or match[4], "")
        how = (match[2] or "").removeprefix(":")
        if how == "-":
            return value or match[3]
        if how == "+":
            return match[3] if value else ""
        return value

    return _EXPANDED.sub(one, text[:_DOCKERFILE_LONGEST])[:_DOCKERFILE_LONGEST]


def _instructions(text: str) -> Iterator[tuple[int, str]]:
    """Yield each instruction on one line, with the number of its first line."""
    escape, parts, started = "\\", [""][:0], 0
    ends: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        line = line.strip()
        if ends:  # in the body of a heredoc
            if line == ends[0]:
                ends.pop(0)
            continue
        if line.startswith("#"):
            match = _ESCAPE.match(line) if number == 1 else None
            escape = match[1] if match else escape
            continue
        if not line:
            continue
        started = started if parts else number
        if line.endswith(escape):
            parts.append(line[:-1].strip())
            continue
        whole = " ".join(" ".join([*parts, line]).split())
        parts = []
        if whole[:4].upper() in ("RUN ", "COPY", "ADD "):
            ends = [match[2] for match in _HEREDOC.finditer(whole)][:16]
        yield started, whole
