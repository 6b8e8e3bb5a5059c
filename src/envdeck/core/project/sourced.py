"""Requirements joined with the tables that say where they come from."""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from envdeck.core.inspection.distribution_names import normalise
from envdeck.core.project.index_table import IndexTable, pdm_index_of
from envdeck.core.project.model import DeclaredRequirement, Problem
from envdeck.core.project.reading import Document, string_at, table_at, tables
from envdeck.core.project.requirement_text import direct, parsed
from envdeck.core.project.source_table import (
    NOT_UNDERSTOOD,
    UNKNOWN_INDEX,
    SourceError,
    UvSources,
    direct_line,
)

_PUBLIC = "pypi"


def uv_sourced(
    document: Document,
    found: Iterable[DeclaredRequirement],
    sources: UvSources,
    problems: list[Problem],
) -> Iterator[DeclaredRequirement]:
    """Yield requirements as `[tool.uv.sources]` has them."""
    for one in found:
        if one.name not in sources:
            yield one
            continue
        try:
            for line in sources.lines(one.text, one.group, one.extra):
                yield replace(one, text=line.text, index=line.index or one.index)
        except SourceError as error:
            problems.append(_problem(document, one, "`[tool.uv.sources]`", error))
            yield one


def poetry_joined(
    document: Document, found: Iterable[DeclaredRequirement], problems: list[Problem]
) -> Iterator[DeclaredRequirement]:
    """Yield requirements of `[project]` with what poetry's own table adds to them: the index, the
    folder, the checkout or the archive."""
    poetry = table_at(document.table, "tool", "poetry")
    by_name = {
        normalise(name): list(tables(told if isinstance(told, list) else [told]))
        for name, told in table_at(poetry, "dependencies").items()
    }
    for one in found:
        try:
            yield _joined(one, by_name.get(one.name, []), os.path.dirname(document.file))
        except SourceError as error:
            problems.append(_problem(document, one, "`[tool.poetry.dependencies]`", error))
            yield one


def _joined(
    one: DeclaredRequirement, told_of: list[Mapping[str, Any]], folder: str
) -> DeclaredRequirement:
    requirement = parsed(one.text)
    telling = [table for table in told_of if "source" in table or direct(table, folder)]
    if requirement is None or not telling:
        return one
    if len(told_of) > 1:
        raise SourceError(NOT_UNDERSTOOD)
    table = telling[0]
    found = direct(table, folder)
    if found is None:
        return replace(one, index=string_at(table, "source"))
    marker = str(requirement.marker) if requirement.marker is not None else ""
    line = direct_line(
        requirement.name,
        found,
        extras=requirement.extras,
        marker=marker,
        editable=table.get("develop") is True,
    )
    return replace(one, text=line.text)


def index_checked(
    document: Document,
    found: Iterable[DeclaredRequirement],
    indexes: IndexTable,
    problems: list[Problem],
) -> Iterator[DeclaredRequirement]:
    """Yield requirements whose index is one that is known; the others are problems of the file.

    The public one is known to poetry by its name: where no other index holds for every package,
    it needs not be named."""
    for one in found:
        if not one.index or one.index in indexes.named:
            yield one
            continue
        if one.index.lower() == _PUBLIC and not indexes.options:
            yield replace(one, index="")
            continue
        problems.append(_problem(document, one, "its table", SourceError(UNKNOWN_INDEX)))
        yield one


def pdm_sourced(
    document: Document, found: Iterable[DeclaredRequirement]
) -> Iterator[DeclaredRequirement]:
    """Yield requirements with the index that `include_packages` of `[[tool.pdm.source]]` ties
    them to."""
    for one in found:
        index = pdm_index_of(document, one.name) if one.name and "@" not in one.text else ""
        yield replace(one, index=index) if index else one


def _problem(
    document: Document, one: DeclaredRequirement, table: str, error: SourceError
) -> Problem:
    return Problem(document.file, f"the source of {one.name} in {table} {error}", one.line)
