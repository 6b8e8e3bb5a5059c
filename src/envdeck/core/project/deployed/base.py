"""Files, variables and versions, as all readers of named Pythons need them."""

import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import islice
from typing import TypeAlias

from envdeck.core.project.documents import YamlNode, read_yaml
from envdeck.core.project.model import NamedPython, Problem, Where
from envdeck.core.system import reach

_RELEASE = r"[23]\.\d{1,2}(?:\.\d{1,3})?"
_VERSION = re.compile(
    rf"(?:v|={{1,3}}|(?:c?python|py)[-@]?)?(?P<release>{_RELEASE})"
    r"(?:\.?[-.]?(?P<pre>a|b|rc|alpha|beta)\.?(?P<number>\d{1,2})|-?dev|\.[x*]|t)?\Z",
    re.IGNORECASE | re.ASCII,
)
_JOINED = re.compile(
    r"(?:c?python|py)-?(?P<major>[23])(?P<minor>\d{1,2})t?\Z", re.IGNORECASE | re.ASCII
)
_VERSIONS_LONGEST = 40


def version_in(text: str) -> str | None:
    """Return the version in a word: `3.12`, `3.12.4`, `python3.12`, `python312`, `py312`, `3.12.x`
    and `3.12-dev` (both 3.12); None for a range, `3`, `latest` and other implementations than
    CPython."""
    if len(text) > _VERSIONS_LONGEST:
        return None
    text = text.strip()
    match = _VERSION.match(text)
    if match is not None:
        pre = {"alpha": "a", "beta": "b"}.get((match["pre"] or "").lower(), match["pre"] or "")
        return match["release"] + (f"{pre.lower()}{match['number']}" if pre else "")
    match = _JOINED.match(text)
    return f"{match['major']}.{match['minor']}" if match else None


def minor_numbers(version: str) -> tuple[int, int] | None:
    """Return `(3, 12)` for `3.12` and `3.12.4`; None for another text."""
    match = re.match(r"([0-9]{1,3})\.([0-9]{1,3})(?![0-9])", version)
    return (int(match[1]), int(match[2])) if match else None


Found = NamedPython | Problem
"""What a source yields: a named Python, or why a file could not be read."""
Source: TypeAlias = Callable[[str], Iterator[Found]]
"""A reader of one kind of file in a project's folder."""

FILES_LIMIT = 60
"""So many files of one kind are read; large projects have some 30 workflows."""
TOTAL_LIMIT = 1024 * 1024
"""Bytes of one kind; a large project's workflows have some 200 KiB, read in 100 ms."""
_SCAN = 2000
"""So many names of a folder are read."""
_SOURCE_LONGEST = 1000
"""Letters of one scalar, which many aliases may repeat."""


def files_in(folder: str, wanted: Callable[[str], bool]) -> list[str]:
    """Return the files of a folder whose names are wanted, by name; none of an unreadable one."""
    try:
        with reach.scandir(folder) as entries:
            names = [entry.name for entry in islice(entries, _SCAN) if wanted(entry.name)]
    except (OSError, ValueError):
        return []
    paths = [os.path.join(folder, name) for name in sorted(names)[:FILES_LIMIT]]
    return [path for path in paths if reach.isfile(path)]


def read_documents(
    paths: list[str], read: Callable[[str, YamlNode], Iterator[Found]]
) -> Iterator[Found]:
    """Yield what `read` finds in each document of the YAML files that exist."""
    total = 0
    for path in paths:
        try:
            status = reach.stat(path)
        except (OSError, ValueError):
            continue
        if not stat.S_ISREG(status.st_mode):
            continue
        total += status.st_size
        if total > TOTAL_LIMIT:
            yield Problem(path, "skipped: too many files of this kind")
            continue
        yaml = read_yaml(path)
        if isinstance(yaml, Problem):
            yield yaml
            continue
        for document in yaml.documents:
            yield from read(path, document)


def yaml_source(*names: str) -> Callable[[Callable[[str, YamlNode], Iterator[Found]]], Source]:
    """Make a source of YAML files, by their paths in a project, of a reader of one document."""

    def make(read: Callable[[str, YamlNode], Iterator[Found]]) -> Source:
        def source(folder: str) -> Iterator[Found]:
            return read_documents([os.path.join(folder, name) for name in names], read)

        return source

    return make


def named_versions(node: YamlNode, where: Where, source: str, file: str) -> Iterator[NamedPython]:
    """Yield the versions in a scalar (one a line, commas between) or in a sequence."""
    for scalar in node.scalars():
        for number, line in enumerate((scalar.text or "")[:_SOURCE_LONGEST].splitlines()):
            for word in line.split(","):
                version = version_in(word)
                if version is not None:
                    yield NamedPython(version, where, source, file, scalar.line + number)


Values = Mapping[str, tuple[YamlNode, ...]]
"""The possible scalars of each variable."""

_VARIABLE = re.compile(
    r"\$\{\{\s*(?:variables|parameters|matrix)\.([\w.-]+)\s*\}\}"  # Azure, at compile time
    r"|\$\{\{\s*variables\[\s*'([\w.-]+)'\s*\]\s*\}\}"
    r"|<<\s*(?:pipeline\.)?parameters\.([\w-]+)\s*>>"  # CircleCI
    r"|\$\(([\w.-]+)\)|\$\{(\w+)\}|\$(\w+)"  # Azure, then GitLab
)
_VARIABLES_LONGEST = 512
_MANY = 64
VARIABLES_LIMIT = 200
"""So many variables are taken of one place that sets them."""


def expand_variables(scalar: YamlNode, values: Values) -> Iterator[tuple[YamlNode, str]]:
    """Yield each text that a scalar stands for, with the node of its version: itself or, with
    one variable of several values in it, each of these. Two such variables yield nothing."""
    text = scalar.text or ""
    if not text or len(text) > _VARIABLES_LONGEST:
        return
    names = {next(filter(None, match.groups())) for match in _VARIABLE.finditer(text)}
    several = [name for name in names if len(values.get(name, ())) > 1]
    if not names:
        yield scalar, text
    elif len(several) <= 1:
        varied = several[0] if several else next(iter(names))
        for node in values.get(varied, ())[:_MANY]:
            single = {**values, varied: (node,)}
            yield node, _VARIABLE.sub(partial(_value_of, single), text)


def _value_of(values: Values, match: re.Match[str]) -> str:
    known = values.get(next(filter(None, match.groups())), ())
    return (known[0].text or "")[:_VARIABLES_LONGEST] if known else ""
