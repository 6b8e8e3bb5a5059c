"""Whether `pyproject.toml` has the shape that its standard asks for (PEP 621, PEP 735)."""

from collections.abc import Iterator
from typing import Any

from envdeck.core.project.model import Problem
from envdeck.core.project.reading import Document, string_at, table_at
from envdeck.core.project.requirement_text import is_name


def shape_problems(document: Document) -> Iterator[Problem]:
    """Yield what a tool would refuse in the tables that declare something. Names of groups and
    requirements are looked at by whoever reads them."""
    whole = document.table
    for name in ("project", "dependency-groups", "tool", "build-system"):
        if name in whole and not isinstance(whole[name], dict):
            yield document.problem(f"[{name}] is no table", name)
    project = table_at(whole, "project")
    if project and not string_at(whole, "tool", "poetry", "name"):
        if "name" not in project:
            yield document.problem("[project] does not tell its name", "[project]")
        elif not isinstance(project["name"], str) or not is_name(project["name"]):
            yield document.problem("the name in [project] is none (PEP 508)", "name")
    if not isinstance(project.get("requires-python", ""), str):
        yield document.problem("requires-python is no string", "requires-python")
    if not _strings(project.get("dependencies", [])):
        yield document.problem("its dependencies are no list of strings", "dependencies")
    extras = project.get("optional-dependencies", {})
    if not isinstance(extras, dict):
        yield document.problem("its extras are no table", "optional-dependencies")
    elif not all(map(_strings, extras.values())):
        bad = next(name for name, listed in extras.items() if not _strings(listed))
        yield document.problem("an extra is no list of strings", bad)


def _strings(value: Any) -> bool:  # noqa: ANN401  whatever TOML can hold
    return isinstance(value, list) and all(isinstance(one, str) for one in value)
