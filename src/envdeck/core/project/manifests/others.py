"""`setup.cfg`, `setup.py`, `environment.yml`, `Pipfile`."""

import ast
import configparser
import os
import re
from collections.abc import Mapping
from typing import Any

from envdeck.core.inspection.packages.site_packages import normalise
from envdeck.core.lazy_dataclasses import dataclass, replace
from envdeck.core.project.documents import (
    MANIFEST_LIMIT,
    NO_REQUIREMENT,
    DataDocument,
    YamlNode,
    read_toml,
    read_yaml,
    string_at,
    strings,
    table_at,
    tables,
)
from envdeck.core.project.manifests.indexes import IndexTable, pipenv_indexes
from envdeck.core.project.manifests.pyproject import itself, requirements_of_files
from envdeck.core.project.manifests.requirements_txt import read_lines
from envdeck.core.project.manifests.sources import index_checked
from envdeck.core.project.model import DeclaredRequirement, Manifest, Problem
from envdeck.core.project.requirements import direct, is_name, line_of, parsed
from envdeck.core.system.files import Unread, decode, read_bounded


def read_setup_cfg(path: str) -> Manifest:
    """Read `[options] install_requires` and `[options.extras_require]`."""
    parser = parse_setup_cfg(path)
    if isinstance(parser, Problem):
        return Manifest(path, "setup.cfg", problems=(parser,))
    found: list[DeclaredRequirement] = []
    problems: list[Problem] = []
    listed = [("", parser.get("options", "install_requires", fallback=""))]
    if parser.has_section("options.extras_require"):
        listed += parser.items("options.extras_require")
    for extra, block in listed:
        if block.strip().startswith("file:"):
            names = block.strip().removeprefix("file:").replace("\n", ",").split(",")
            named = [name for name in names if name.strip()]
            more, wrong = requirements_of_files(os.path.dirname(path), named, normalise(extra))
            found += more
            problems += wrong
            continue
        for line in re.split(r"[\n;](?=\s*[\w\[])(?!\s*\w+\s*(?:[<>=!~]|in\b))|\n", block):
            text = line.partition(" #")[0].strip()
            if not text or text.startswith("#"):
                continue
            requirement = parsed(text)
            if requirement is None:
                problems.append(Problem(path, NO_REQUIREMENT))
                continue
            found.append(DeclaredRequirement(text, requirement.name, path, extra=normalise(extra)))
    name = normalise(parser.get("metadata", "name", fallback="").strip())
    return Manifest(
        path, "setup.cfg", tuple(found), name=name, builds=bool(name), problems=tuple(problems)
    )


def parse_setup_cfg(path: str) -> configparser.RawConfigParser | Problem:
    """Return the file parsed, nothing in it expanded."""
    data = read_bounded(path, MANIFEST_LIMIT)
    if isinstance(data, Unread):
        return Problem(path, f"cannot be read: {data.reason}")
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(decode(data))
    except configparser.Error as error:
        line = getattr(error, "lineno", None)
        return Problem(path, "is not a configuration file", line)
    return parser


@dataclass(frozen=True, slots=True)
class SetupCall:
    """What the call of `setup()` in a `setup.py` says in plain words; nothing of it is run."""

    name: str = ""
    requires_python: str = ""
    classifiers: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    lines: tuple[int, int] = (0, 0)
    """Where `python_requires` and the classifiers stand."""


def read_setup_call(path: str) -> SetupCall | Problem:
    """Return what the call says; values that are worked out are left out."""
    data = read_bounded(path, MANIFEST_LIMIT)
    if isinstance(data, Unread):
        return Problem(path, f"cannot be read: {data.reason}")
    try:
        tree = ast.parse(data)
    except SyntaxError as error:
        return Problem(path, "is not Python", error.lineno)
    except (ValueError, RecursionError, MemoryError):
        return Problem(path, "is not Python")
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    found = next((one for one in calls if _called(one) == "setup"), None)
    told = {one.arg: one.value for one in found.keywords if one.arg} if found else {}
    extras = told.get("extras_require")
    keys = extras.keys if isinstance(extras, ast.Dict) else []
    python, classifiers = told.get("python_requires"), told.get("classifiers")
    listed = classifiers.elts if isinstance(classifiers, ast.List | ast.Tuple) else []
    return SetupCall(
        normalise(_text(told.get("name"))),
        _text(python),
        tuple(text for one in listed if (text := _text(one))),
        tuple(normalise(text) for one in keys if (text := _text(one)) and ":" not in text),
        (python.lineno if python else 0, classifiers.lineno if classifiers else 0),
    )


def _called(call: ast.Call) -> str:
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _text(node: ast.AST | None) -> str:
    value = node.value if isinstance(node, ast.Constant) else ""
    return value if isinstance(value, str) else ""


def read_setup_py(path: str) -> Manifest:
    """Return the project itself as its one requirement: what it needs is told by its build."""
    found = read_setup_call(path)
    if isinstance(found, Problem):
        return Manifest(path, "setup.py", problems=(found,))
    lines = itself(path, found.name, extras=found.extras)
    return Manifest(path, "setup.py", tuple(lines), name=found.name, builds=True, dynamic=True)


FORMAT = "environment.yml"

_LONGEST = 2000
_SPEC = re.compile(r"(?:.*::)?\s*([A-Za-z0-9_][\w.-]{0,200})\s*(?:[=<>!~ \[].*)?\Z", re.DOTALL)


def read_environment_yml(path: str) -> Manifest:
    """Return its packages: conda's in conda's own words (`numpy=1.26`), each with its name, then
    the `pip:` list as requirements."""
    read = read_yaml(path)
    if isinstance(read, Problem):
        return Manifest(path, FORMAT, problems=(read,))
    document = next(iter(read.documents), YamlNode(1))
    found: list[DeclaredRequirement] = []
    problems: list[Problem] = []
    told: list[tuple[int, str]] = []
    for one in document.at("dependencies").items:
        if one.text is not None:
            match = _SPEC.match(one.text.strip()) if len(one.text) <= _LONGEST else None
            if match is None:
                problems.append(Problem(path, "this line is not a conda package", one.line))
            else:
                text = one.text.strip()
                name = normalise(match[1])
                found.append(DeclaredRequirement(text, name, path, one.line, pip=False))
        told += [(line.line, (line.text or "")[:_LONGEST].strip()) for line in one.at("pip").items]
    pip = read_lines(path, told, FORMAT)
    return replace(
        pip, requirements=(*found, *pip.requirements), problems=(*problems, *pip.problems)
    )


_NO_PACKAGES = frozenset({"source", "requires", "pipenv", "scripts"})


def read_pipfile(path: str) -> Manifest:
    """Read the packages, the development packages (group `dev`) and other categories."""
    document = read_toml(path)
    if isinstance(document, Problem):
        return Manifest(path, "Pipfile", problems=(document,))
    found: list[DeclaredRequirement] = []
    problems: list[Problem] = []
    for category, table in document.table.items():
        if category in _NO_PACKAGES or not isinstance(table, dict):
            continue
        group = {"packages": "", "dev-packages": "dev"}.get(category, normalise(category))
        for name, told in table.items():
            text = pipenv_line(name, told, os.path.dirname(path))
            if text is None:
                told_of = "unsupported entry for this package"
                problems.append(document.problem(told_of, name))
            else:
                line = document.line_of(f"\n{name}")
                found.append(
                    DeclaredRequirement(
                        text, normalise(name), path, None if line is None else line + 1, group,
                        index=string_at(told, "index"),
                    )
                )  # fmt: skip
    options = pipenv_sources(document)
    known = pipenv_indexes(document)
    found = list(index_checked(document, found, IndexTable(known, options), problems))
    named = dict.fromkeys(one.index for one in found if one.index)
    return Manifest(
        path, "Pipfile", tuple(found), options=options,
        indexes=tuple(known[one] for one in named if one in known), problems=tuple(problems),
    )  # fmt: skip


def pipenv_line(name: str, told: object, folder: str) -> str | None:
    """Return one entry as a line for an installer; None where it is not understood."""
    table: Mapping[str, Any] = told if isinstance(told, dict) else {"version": told}
    if not is_name(name):
        return None
    extras, marker = strings(table.get("extras")), _marker(table)
    found = direct(table, folder)
    if found is not None:
        url, kind = found
        if table.get("editable") is True and kind == "directory":
            return f"-e {url}" + (f"[{','.join(extras)}]" if extras else "")
        return line_of(name, f"@ {url}", extras=extras, marker=marker)
    version = table.get("version", "*")
    if not isinstance(version, str):
        return None
    return line_of(name, "" if version == "*" else version, extras=extras, marker=marker)


def pipenv_sources(document: DataDocument) -> tuple[str, ...]:
    """Return its indexes as options, the first being the one in place of PyPI."""
    listed = document.table.get("source") or table_at(document.table, "_meta").get("sources")
    urls = [string_at(one, "url") for one in tables(listed)]
    urls = [url for url in urls if "://" in url and not any(map(str.isspace, url))]
    return tuple(
        f"{'--extra-index-url' if at else '--index-url'} {url}" for at, url in enumerate(urls)
    )


def _marker(table: Mapping[str, Any]) -> str:
    keys = ("os_name", "sys_platform", "platform_machine", "platform_python_implementation",
            "platform_system", "python_version", "python_full_version")  # fmt: skip
    parts = [f"{key} {table[key]}" for key in keys if isinstance(table.get(key), str)]
    if string_at(table, "markers"):
        parts.append(f"({string_at(table, 'markers')})")
    return " and ".join(parts)
