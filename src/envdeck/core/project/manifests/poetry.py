"""`[tool.poetry]`: dependencies and groups in poetry's own words, put into those of PEP 508."""

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

from envdeck.core.inspection.packages.site_packages import normalise
from envdeck.core.project.documents import DataDocument, string_at, strings, table_at, tables
from envdeck.core.project.model import DeclaredRequirement, Problem
from envdeck.core.project.requirements import direct, editable_line, is_name, line_of

_CARET = re.compile(r"([~^])\s*=?\s*(v?[\w.!+-]+)\Z")
_TILDE_EQUAL = re.compile(r"~=")
_NUMBERS = re.compile(r"v?(?:(\d{1,9})!)?(\d{1,9}(?:\.\d{1,9})*)")
_PART = re.compile(r"\s*(?:,|\s(?=[<>=!~^]))\s*")


def poetry_requirements(
    document: DataDocument, *, has_project: bool
) -> tuple[list[DeclaredRequirement], list[Problem], frozenset[str]]:
    """Return what `[tool.poetry]` declares, what is wrong with it, and the optional groups.

    With a `[project]` table that has dependencies, the main table only adds to them.
    """
    poetry = table_at(document.table, "tool", "poetry")
    project = table_at(document.table, "project")
    found: list[DeclaredRequirement] = []
    problems: list[Problem] = []
    main = {} if has_project and "dependencies" in project else table_at(poetry, "dependencies")
    extras = _extras(poetry)
    for name, told in main.items():
        for text, index in _lines(document, name, told, problems):
            optional = isinstance(told, dict) and told.get("optional") is True
            under = extras.get(normalise(name), ()) if optional else ("",)
            line = document.line_of(f"\n{name}")
            line = None if line is None else line + 1
            found += [
                DeclaredRequirement(
                    text, normalise(name), document.file, line, extra=extra, index=index
                )
                for extra in under
            ]
    optional_groups = set()
    groups = {"dev": {"dependencies": table_at(poetry, "dev-dependencies")}}
    for group, table in (*groups.items(), *table_at(poetry, "group").items()):
        if isinstance(table, dict) and table.get("optional") is True:
            optional_groups.add(normalise(group))
        for name, told in table_at(table, "dependencies").items():
            for text, index in _lines(document, name, told, problems):
                found.append(
                    DeclaredRequirement(
                        text,
                        normalise(name),
                        document.file,
                        document.line_of(f"{name} ") or document.line_of(name),
                        normalise(group),
                        index=index,
                    )
                )
    return found, problems, frozenset(optional_groups)


def poetry_specifier(constraint: str) -> str | None:
    """Translate `^1.2`, `~1.2`, `1.2.*`, `*`, `>=1 <2` into PEP 440; None for what is not told
    by it (alternatives, `||`)."""
    constraint = constraint.strip()
    if constraint in ("", "*"):
        return ""
    if "|" in constraint:
        return None
    parts = [_part(part) for part in _PART.split(constraint) if part]
    return None if None in parts else ",".join(part for part in parts if part)


def _part(part: str) -> str | None:
    match = None if part.startswith("~=") else _CARET.match(part)
    if match is None:
        part = part.replace(" ", "")
        if part == "*":
            return ""
        if part[:1] == "=" and part[:2] != "==":
            part = f"={part}"
        return part if part[:1] in "<>=!~" else f"=={part}"
    numbers = _NUMBERS.match(match[2])
    if numbers is None:
        return None
    epoch = f"{numbers[1]}!" if numbers[1] else ""
    release = [int(number) for number in numbers[2].split(".")]
    if match[1] == "~":
        kept = release[:2]
    else:  # up to the first number that is not 0, or to the last where all are
        first = next((at for at, number in enumerate(release) if number), len(release) - 1)
        kept = release[: first + 1]
    above = [*kept[:-1], kept[-1] + 1]
    return f">={match[2].removeprefix('v')},<{epoch}{'.'.join(map(str, above))}"


def _extras(poetry: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Return under which extras each optional dependency stands."""
    found: dict[str, tuple[str, ...]] = {}
    for extra, names in table_at(poetry, "extras").items():
        for name in map(normalise, strings(names)):
            found[name] = (*found.get(name, ()), normalise(extra))
    return found


def _lines(
    document: DataDocument, name: str, told: object, problems: list[Problem]
) -> Iterator[tuple[str, str]]:
    """Yield the requirements that one dependency comes to, each with the name of its index."""
    if normalise(name) == "python":
        return
    several = list(tables(told)) if isinstance(told, list) else [told]
    for one in several:
        table = one if isinstance(one, dict) else {"version": one}
        text = _line(name, table, os.path.dirname(document.file))
        if text is None:
            problems.append(document.problem("unsupported entry for this package", name))
        else:
            yield text, string_at(table, "source")


def _line(name: str, table: Mapping[str, Any], folder: str) -> str | None:
    if not is_name(name):
        return None
    extras, marker = strings(table.get("extras")), _marker(table)
    if marker is None:
        return None
    found = direct(table, folder)
    if found is not None:
        if table.get("develop") is True and found[1] == "directory":
            return editable_line(found[0], extras=extras, marker=marker)
        return line_of(name, f"@ {found[0]}", extras=extras, marker=marker)
    version = table.get("version", "")
    specifier = poetry_specifier(version) if isinstance(version, str) else None
    if specifier is None:
        return None
    return line_of(name, specifier, extras=extras, marker=marker)


def _marker(table: Mapping[str, Any]) -> str | None:
    parts = [f"({string_at(table, 'markers')})"] if string_at(table, "markers") else []
    platform = string_at(table, "platform")
    if platform:
        parts.append(f"sys_platform == '{platform}'")
    python = poetry_specifier(string_at(table, "python"))
    if python is None:
        return None
    for part in filter(None, python.split(",")):
        match = re.match(r"([<>=!~]+)(.*)", part)
        if match is None:
            return None
        full = match[2].count(".") > 1 and not match[2].endswith(".*")
        variable = "python_full_version" if full else "python_version"
        parts.append(f"{variable} {match[1]} '{match[2]}'")
    return " and ".join(parts)
