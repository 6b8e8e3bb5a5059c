"""`[tool.poetry]`: dependencies and groups in poetry's own words, put into those of PEP 508."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from envdeck.core.inspection.packages.site_packages import normalise
from envdeck.core.lazy_dataclasses import replace
from envdeck.core.project.documents import DataDocument, string_at, strings, table_at, tables
from envdeck.core.project.model import DeclaredRequirement, Problem
from envdeck.core.project.requirements import direct, editable_line, is_name, line_of

_CARET = re.compile(r"([~^])\s*=?\s*(v?[\w.!+-]+)\Z")
_NUMBERS = re.compile(r"v?(?:(\d{1,9})!)?(\d{1,9}(?:\.\d{1,9})*)")
_PART = re.compile(r"\s*(?:,|\s(?=[<>=!~^]))\s*")


def poetry_requirements(
    document: DataDocument, declared: Sequence[DeclaredRequirement], *, has_project: bool
) -> tuple[list[DeclaredRequirement], list[Problem], frozenset[str]]:
    """Return what `[tool.poetry]` declares, what is wrong with it, and the optional groups.

    With a `[project]` table that has dependencies, the main table only adds to them. What is
    `declared` in groups by `[dependency-groups]` may be included by groups here.
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
    tables_of = {"dev": [table_at(poetry, "dev-dependencies")]}
    groups = {normalise(name): table for name, table in table_at(poetry, "group").items()}
    for group, table in groups.items():
        tables_of.setdefault(group, []).append(table_at(table, "dependencies"))
    own: dict[str, list[DeclaredRequirement]] = {}
    for each in declared:
        own.setdefault(each.group, []).append(each)
    for group, listed in tables_of.items():
        for name, told in (each for table in listed for each in table.items()):
            line = document.line_of(f"{name} ") or document.line_of(name)
            own.setdefault(group, []).extend(
                DeclaredRequirement(text, normalise(name), document.file, line, group, index=index)
                for text, index in _lines(document, name, told, problems)
            )
    for group in dict.fromkeys((*tables_of, *groups)):
        for one in _expand_group(group, groups):
            found += [
                replace(each, group=group)
                for each in own.get(one, ())
                if one != group or each not in declared
            ]
    chosen = {name for name in groups if table_at(groups, name).get("optional") is True}
    return found, problems, frozenset(chosen)


def _expand_group(group: str, groups: Mapping[str, object]) -> list[str]:
    """Return a group and those that it includes (`include-groups`), each once."""
    met = [group]
    for one in met:
        included = map(normalise, strings(table_at(groups, one).get("include-groups")))
        met += [each for each in dict.fromkeys(included) if each not in met]
    return met


def poetry_specifier(constraint: str) -> str | None:
    """Translate `^1.2`, `~1.2`, `1.2.*`, `*`, `>=1 <2` and alternatives (`^1.2 || ^3.0`) into
    PEP 440; None for what is not told by it."""
    found = [_joined(one) for one in _alternatives(constraint)]
    if None in found or len(found) < 2:
        return found[0] if len(found) == 1 else None
    return "" if "" in found else _union([one for one in found if one])


def _alternatives(constraint: str) -> list[str]:
    return [one.strip() for one in re.split(r"\s*\|\|?\s*", constraint.strip())]


def _joined(constraint: str) -> str | None:
    if constraint in ("", "*"):
        return ""
    parts = [_part(part) for part in _PART.split(constraint) if part]
    return None if None in parts else ",".join(part for part in parts if part)


def _union(specifiers: list[str]) -> str | None:
    """Return what is in any of these: from the lowest bound to the highest, without the releases
    between them (`>=1.2,<4,!=2.*`), where those can be told one by one."""
    ranges = [_range(one) for one in specifiers]
    known = sorted(one for one in ranges if one is not None)
    if len(known) < len(ranges):
        return None
    (low, high), gaps = known[0], []
    for first, last in known[1:]:
        if first > high:
            between = _list_between(high, first)
            if between is None:
                return None
            gaps += between
        high = max(high, last)
    bounds = [f">={_dotted(low)}"] if low else []
    bounds += [f"<{_dotted(high)}"] if high != _ENDLESS else []
    return ",".join([*bounds, *(f"!={_dotted(one)}.*" for one in gaps)])


_Release: TypeAlias = tuple[int, ...]
_ENDLESS: _Release = (10**9,)
_MOST_GAPS = 20


def _range(specifier: str) -> tuple[_Release, _Release] | None:
    """Return from which release on, and up to which, a specifier goes; None for another form."""
    low: _Release = ()
    high = _ENDLESS
    for part in specifier.split(","):
        match = re.fullmatch(r"(>=|<|==)v?(\d{1,9}(?:\.\d{1,9})*)(\.\*)?", part)
        if match is None or (match[3] is None) is (match[1] == "=="):
            return None
        release = _stripped(tuple(map(int, match[2].split("."))), 0 if match[3] is None else 9)
        if match[1] == ">=":
            low = max(low, release)
        elif match[1] == "<":
            high = min(high, release)
        else:
            low, high = release, (*release[:-1], release[-1] + 1)
    return low, high


def _stripped(release: _Release, kept: int) -> _Release:
    while len(release) > kept and release and release[-1] == 0:
        release = release[:-1]
    return release


def _list_between(first: _Release, last: _Release) -> list[_Release] | None:
    """Return the releases from one up to another as prefixes: 2 and 3 of 2 to 4, 3.6 of 3.6 to
    3.7; None where they are too many, or of several lengths."""
    length = max(len(first), len(last))
    start, end = ((*one, *(0,) * (length - len(one))) for one in (first, last))
    if start[:-1] != end[:-1] or end[-1] - start[-1] > _MOST_GAPS:
        return None
    return [(*start[:-1], number) for number in range(start[-1], end[-1])]


def _dotted(release: _Release) -> str:
    return ".".join(map(str, release))


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
    several = [_python_marker(one) for one in _alternatives(string_at(table, "python"))]
    told = [one for one in several if one is not None]
    if len(told) < len(several):
        return None
    if all(told):  # an alternative that says nothing admits every Python
        joined = " or ".join(told)
        parts.append(f"({joined})" if len(told) > 1 else joined)
    return " and ".join(parts)


def _python_marker(constraint: str) -> str | None:
    python, parts = _joined(constraint), []
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
