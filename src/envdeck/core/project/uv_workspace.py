"""uv's workspace: the root above a project, and the folders of its members by name."""

import fnmatch
import os
from collections.abc import Iterator

from envdeck.core.inspection.distribution_names import normalise
from envdeck.core.project.model import Problem
from envdeck.core.project.reading import Document, read_toml, string_at, strings, table_at

_CLIMB = 20
_FOLDERS = 2_000
"""So many folders are looked at for members."""
_DEEPEST = 8


def workspace_root(document: Document) -> Document | None:
    """Return the manifest of the workspace that a `pyproject.toml` is in, that file itself among
    what it may be; None where there is none."""
    if _is_root(document):
        return document
    folder = os.path.dirname(document.file)
    for _ in range(_CLIMB):
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above
        found = read_toml(os.path.join(folder, "pyproject.toml"))
        if not isinstance(found, Problem) and _is_root(found):
            return found
    return None


def member_folder(root: Document, name: str) -> str | None:
    """Return the folder of the member of a workspace that has a name (PEP 503), or None."""
    top = os.path.dirname(root.file)
    if normalise(string_at(root.table, "project", "name")) == name:
        return top
    for folder in _members(root, top):
        found = read_toml(os.path.join(folder, "pyproject.toml"))
        if isinstance(found, Problem):
            continue
        if normalise(string_at(found.table, "project", "name")) == name:
            return folder
    return None


def _is_root(document: Document) -> bool:
    return "workspace" in table_at(document.table, "tool", "uv")


def _members(root: Document, top: str) -> Iterator[str]:
    workspace = table_at(root.table, "tool", "uv", "workspace")
    excluded = strings(workspace.get("exclude"))
    left = [_FOLDERS]
    for pattern in strings(workspace.get("members")):
        parts = [part for part in pattern.replace("\\", "/").split("/") if part not in ("", ".")]
        if ".." in parts or pattern.startswith("/"):
            continue
        for folder in _matching(top, parts, left):
            relative = os.path.relpath(folder, top).replace(os.sep, "/")
            if not any(fnmatch.fnmatch(relative, one.rstrip("/")) for one in excluded):
                yield folder


def _matching(folder: str, parts: list[str], left: list[int], depth: int = 0) -> Iterator[str]:
    """Yield the folders below one that a pattern names, as long as there are any `left` to look
    at; links are not followed."""
    if not parts:
        yield folder
        return
    part, rest = parts[0], parts[1:]
    if part == "**":
        yield from _matching(folder, rest, left, depth)
    try:
        with os.scandir(folder) as entries:
            found = [one for one in entries if one.is_dir(follow_symlinks=False)]
    except (OSError, ValueError):
        return
    for entry in sorted(found, key=lambda one: one.name):
        left[0] -= 1
        if left[0] < 0 or depth > _DEEPEST:
            return
        if part == "**":
            if not entry.name.startswith("."):
                yield from _matching(entry.path, parts, left, depth + 1)
        elif fnmatch.fnmatch(entry.name, part):
            yield from _matching(entry.path, rest, left, depth + 1)
