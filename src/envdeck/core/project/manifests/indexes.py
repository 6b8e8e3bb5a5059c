"""The indexes that a project names, in the words of each tool, and what an installer is told."""

import fnmatch
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from envdeck.core.lazy_dataclasses import dataclass, field
from envdeck.core.project.documents import (
    DataDocument,
    read_toml,
    string_at,
    strings,
    table_at,
    tables,
)
from envdeck.core.project.model import PackageIndex, Problem
from envdeck.core.project.requirements import file_url

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[\x21-\x7e]+\Z")


@dataclass(frozen=True, slots=True)
class IndexTable:
    """What a project says of indexes."""

    named: Mapping[str, PackageIndex] = field(default_factory=dict)
    """By their names as the file spells them."""
    options: tuple[str, ...] = ()
    """Lines of a requirements file for those that hold for every package."""


def uv_indexes(document: DataDocument, root: DataDocument | None) -> IndexTable:
    """Read `[[tool.uv.index]]` of a project and of the root of its workspace, or `uv.toml` where
    that takes the place of both."""
    table = table_at(document.table, "tool", "uv")
    settings = document if root is None else root
    listed = dict(_uv_listed(document.file, table))
    if settings is not document:
        listed |= dict(_uv_listed(settings.file, table_at(settings.table, "tool", "uv")))
    own = read_toml(os.path.join(os.path.dirname(settings.file), "uv.toml"))
    if isinstance(own, Problem):
        return IndexTable(
            listed, tuple(_uv_options(settings.file, table_at(settings.table, "tool", "uv")))
        )
    listed |= dict(_uv_listed(own.file, own.table))
    return IndexTable(listed, tuple(_uv_options(own.file, own.table)))


def poetry_indexes(document: DataDocument) -> IndexTable:
    """Read `[[tool.poetry.source]]`."""
    return _tools(document, "poetry")


def pdm_indexes(document: DataDocument) -> IndexTable:
    """Read `[[tool.pdm.source]]`."""
    return _tools(document, "pdm")


def pdm_index_of(document: DataDocument, name: str) -> str:
    """Return the name of the index that `include_packages` ties a package to, or nothing."""
    for one in tables(table_at(document.table, "tool", "pdm").get("source")):
        if any(fnmatch.fnmatch(name, pattern) for pattern in strings(one.get("include_packages"))):
            return string_at(one, "name")
    return ""


def pipenv_indexes(document: DataDocument) -> dict[str, PackageIndex]:
    """Read `[[source]]` of a `Pipfile`, by name."""
    return dict(_named(document.file, tables(document.table.get("source"))))


def _tools(document: DataDocument, owner: str) -> IndexTable:
    listed = list(tables(table_at(document.table, "tool", owner).get("source")))
    options = []
    for one in listed:
        url = _place(document.file, string_at(one, "url"))
        if not url:
            continue
        if string_at(one, "type") == "find_links":
            options.append(f"--find-links {url}")
        elif owner == "pdm" and string_at(one, "name") == "pypi":
            options.append(f"--index-url {url}")
        elif string_at(one, "priority") != "explicit":
            options.append(f"--extra-index-url {url}")
    return IndexTable(dict(_named(document.file, listed)), tuple(options))


def _named(file: str, listed: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, PackageIndex]]:
    for one in listed:
        name, url = string_at(one, "name"), _place(file, string_at(one, "url"))
        if name and url:
            yield name, PackageIndex(name, url, flat=string_at(one, "type") == "find_links")


def _uv_listed(file: str, table: Mapping[str, Any]) -> Iterator[tuple[str, PackageIndex]]:
    for one in tables(table.get("index")):
        name, url = string_at(one, "name"), _place(file, string_at(one, "url"))
        if name and url:
            yield name, PackageIndex(name, url, flat=string_at(one, "format") == "flat")


def _uv_options(file: str, table: Mapping[str, Any]) -> Iterator[str]:
    for one in tables(table.get("index")):
        url = _place(file, string_at(one, "url"))
        if not url or one.get("explicit") is True:
            continue
        if string_at(one, "format") == "flat":
            yield f"--find-links {url}"
        else:
            yield f"{'--index-url' if one.get('default') is True else '--extra-index-url'} {url}"
    for key, option in (("index-url", "--index-url"), ("extra-index-url", "--extra-index-url"),
                        ("find-links", "--find-links")):  # fmt: skip
        told = table.get(key)
        for text in (told,) if isinstance(told, str) else strings(told):
            if url := _place(file, text):
                yield f"{option} {url}"
    if table.get("no-index") is True:
        yield "--no-index"


def _place(file: str, text: str) -> str:
    """Return a URL as it is, and a path as one; nothing for what is neither."""
    if "://" in text:
        return text if _URL.match(text) else ""
    if not text or any(letter in text for letter in "\0\r\n"):
        return ""
    return file_url(os.path.normpath(os.path.join(os.path.dirname(file), text)))
