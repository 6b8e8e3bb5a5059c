"""Parts that the readers of the lock files share."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from envdeck.core.project.documents import LOCK_LIMIT, DataDocument, read_toml, strings, tables
from envdeck.core.project.model import Lock, Problem
from envdeck.core.project.requirements import is_name, line_of

_FILES = re.compile(
    r"^(?:wheels|files) = \[(?:\n(?:[ \t]+\{[^\n]*\},\n)+|\{[^\n]*\})\]\n"
    r"|^sdist = \{[^\n]*\}\n",
    re.MULTILINE,
)
"""The files of a package as uv, Poetry and PDM write them: one a line, or all on one."""


def read_toml_lock(
    path: str, format_: str, read: Callable[[DataDocument], Lock], *, hashes: bool = True
) -> Lock:
    """Read a lock file of TOML; one that cannot be read is a lock with a problem.

    Without `hashes` the lists of files are passed over: they are nine tenths of such a file, and
    who only compares versions needs none of them.
    """
    document = read_toml(path, LOCK_LIMIT, without=None if hashes else _FILES)
    return (
        Lock(path, format_, problems=(document,))
        if isinstance(document, Problem)
        else (read(document))
    )


def newer(document: DataDocument, version: object, known: Sequence[int]) -> tuple[Problem, ...]:
    """Return the problem of a format whose major version is not among those known."""
    text = str(version) if isinstance(version, str | int | float) else ""
    major = text.partition(".")[0]
    if major.isdigit() and len(major) < 9 and int(major) in known:
        return ()
    if not text:
        return (document.problem("has no format version"),)
    read = " and ".join(map(str, known))
    told = f"has format version {text}; EnvDeck supports {read}"
    return (document.problem(told, f'"{text}"'),)


def pinned(name: object, version: object) -> str | None:
    """Return `name==version`, or None where they are no name and no version."""
    if not isinstance(name, str) or not isinstance(version, str) or not is_name(name):
        return None
    return line_of(name, f"=={version}") if version else None


def hashes_of(*files: object) -> tuple[str, ...]:
    """Return the `hash` (or `hashes`) of every file table, as `sha256:…`."""
    found: list[str] = []
    for listed in files:
        for one in [listed] if isinstance(listed, dict) else tables(listed):
            found += [text for text in strings(one.get("hash")) if _is_hash(text)]
            for algorithm, digest in _mapping(one.get("hashes")).items():
                text = f"{algorithm}:{digest}"
                found += [text] if _is_hash(text) else []
    return tuple(dict.fromkeys(found))


def _is_hash(text: str) -> bool:
    algorithm, colon, digest = text.partition(":")
    return bool(colon) and algorithm.isalnum() and digest.isalnum() and digest.isascii()


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
