"""`pyproject.toml`: dependencies and extras (PEP 621), groups (PEP 735), and what uv adds."""

import os
from collections.abc import Iterable

from envdeck.core import reach
from envdeck.core.inspection.distribution_names import normalise
from envdeck.core.project.dependency_groups import expand_groups
from envdeck.core.project.index_table import (
    IndexTable,
    pdm_indexes,
    poetry_indexes,
    uv_indexes,
)
from envdeck.core.project.model import DeclaredRequirement, Manifest, Problem
from envdeck.core.project.pdm_table import pdm_requirements
from envdeck.core.project.poetry_table import poetry_requirements
from envdeck.core.project.pyproject_shape import shape_problems
from envdeck.core.project.reading import (
    NO_REQUIREMENT,
    Document,
    read_toml,
    string_at,
    strings,
    table_at,
)
from envdeck.core.project.requirement_text import parsed
from envdeck.core.project.setuptools_files import requirements_of_files
from envdeck.core.project.source_table import UvSources
from envdeck.core.project.sourced import (
    index_checked,
    pdm_sourced,
    poetry_joined,
    uv_sourced,
)
from envdeck.core.project.uv_workspace import workspace_root


def read_pyproject(path: str) -> Manifest:
    """Read what a `pyproject.toml` declares, by whichever tables it has."""
    document = read_toml(path)
    if isinstance(document, Problem):
        return Manifest(path, "pyproject", problems=(document,))
    project, tool = table_at(document.table, "project"), table_at(document.table, "tool")
    found: list[DeclaredRequirement] = []
    problems: list[Problem] = []
    root = workspace_root(document)
    indexes = uv_indexes(document, root)
    _add(document, strings(project.get("dependencies")), found, problems)
    for extra, texts in table_at(project, "optional-dependencies").items():
        _add(document, strings(texts), found, problems, extra=normalise(extra))
    groups, wrong = expand_groups(document, table_at(document.table, "dependency-groups"))
    problems += wrong
    for group, members in groups.items():
        _add(document, members, found, problems, group=group)
    _add(document, strings(table_at(tool, "uv").get("dev-dependencies")), found, problems, "dev")
    defaults, format_ = _uv_defaults(document, groups), "pyproject"
    optional: frozenset[str] = frozenset()
    if table_at(tool, "poetry"):
        found = list(poetry_joined(document, found, problems))
        more, wrong_too, optional = poetry_requirements(document, has_project=bool(project))
        found += more
        problems += wrong_too
        names = dict.fromkeys(one.group for one in found if one.group)
        defaults = tuple(name for name in names if name not in optional)
        format_ = "poetry"
    elif table_at(tool, "pdm"):
        for group, texts in pdm_requirements(document).items():
            _add(document, texts, found, problems, group=group)
        defaults = tuple(dict.fromkeys(one.group for one in found if one.group))
        format_ = "pdm"
    name = string_at(project, "name") or string_at(tool, "poetry", "name")
    _dynamic(document, found, problems)
    theirs = poetry_indexes(document) if format_ == "poetry" else pdm_indexes(document)
    known = {**indexes.named, **theirs.named}
    options = tuple(dict.fromkeys((*indexes.options, *theirs.options)))
    found = list(pdm_sourced(document, found))
    found = list(uv_sourced(document, found, UvSources(document, root, indexes), problems))
    found = list(index_checked(document, found, IndexTable(known, options), problems))
    named = dict.fromkeys(one.index for one in found if one.index)
    problems += shape_problems(document)
    return Manifest(
        path,
        format_,
        tuple(found),
        constraints=tuple(_constraints(document, problems)),
        options=options,
        indexes=tuple(known[one] for one in named if one in known),
        name=normalise(name),
        builds=_builds(document),
        default_groups=defaults,
        optional_groups=tuple(sorted(optional)),
        problems=tuple(problems),
    )


def _add(
    document: Document,
    texts: Iterable[str],
    found: list[DeclaredRequirement],
    problems: list[Problem],
    group: str = "",
    extra: str = "",
) -> None:
    for text in texts:
        requirement = parsed(text)
        if requirement is None:
            problems.append(document.problem(NO_REQUIREMENT, text))
        else:
            name, line = requirement.name, document.line_of(text)
            found.append(DeclaredRequirement(text, name, document.file, line, group, extra))


def _dynamic(document: Document, found: list[DeclaredRequirement], problems: list[Problem]) -> None:
    """Read what setuptools would read from other files; a build tells whatever else is dynamic."""
    dynamic = strings(table_at(document.table, "project").get("dynamic"))
    told = table_at(document.table, "tool", "setuptools", "dynamic")
    listed = {"": table_at(told, "dependencies")} if "dependencies" in dynamic else {}
    if "optional-dependencies" in dynamic:
        listed |= table_at(told, "optional-dependencies")
    for extra, table in listed.items():
        files = strings(table_at(table).get("file"))
        more, wrong = requirements_of_files(os.path.dirname(document.file), files, normalise(extra))
        found += more
        problems += wrong
        if not files and not extra:
            told_by = "its dependencies are told by a build alone"
            problems.append(document.problem(told_by, "dynamic"))


def _uv_defaults(document: Document, groups: Iterable[str]) -> tuple[str, ...]:
    """uv, and so we, install the group `dev` unless the project says otherwise."""
    told = table_at(document.table, "tool", "uv").get("default-groups", ["dev"])
    known = (*groups, "dev")
    if told == "all":
        return tuple(dict.fromkeys(groups))
    named = dict.fromkeys(map(normalise, strings(told)))
    return tuple(name for name in named if name in known)


def _builds(document: Document) -> bool:
    """Whether a tool would install the project itself."""
    tool = table_at(document.table, "tool")
    package = table_at(tool, "uv").get("package")
    if isinstance(package, bool):
        return package
    if table_at(tool, "poetry").get("package-mode") is False:
        return False
    if table_at(tool, "pdm").get("distribution") is False:
        return False
    if "build-system" in document.table:
        return True
    legacy = not table_at(document.table, "project") and not table_at(tool, "poetry")
    return legacy and reach.isfile(os.path.join(os.path.dirname(document.file), "setup.py"))


def _constraints(document: Document, problems: list[Problem]) -> Iterable[DeclaredRequirement]:
    found: list[DeclaredRequirement] = []
    told = table_at(document.table, "tool", "uv").get("constraint-dependencies")
    _add(document, strings(told), found, problems)
    return found
