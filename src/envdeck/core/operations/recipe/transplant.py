"""A distribution brought over file by file: where its project cannot be built again now, or its
files are to stay as a person left them."""

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence

from envdeck.core import reach
from envdeck.core.files import Unread, decode_path, read_bounded
from envdeck.core.inspection.record import RECORD_LIMIT
from envdeck.core.model import Environment
from envdeck.core.operations.recipe.carry import mapped
from envdeck.core.operations.recipe.pins import Pin
from envdeck.core.operations.recipe.records import COMPILED, is_compiled, record_of

_MOST = 1_000
"""Files; an editable install puts down a handful."""
_MOST_KEPT = 200_000
_EASY_INSTALL = "easy-install.pth"


def transplant(pin: Pin, before: Environment, after: Environment) -> str:
    """Copy what RECORD lists of an editable distribution from one environment into another.

    Both have the same minor version. Scripts come too, and still name the old environment's
    interpreter, which is right where the new one takes its place. Returns why it cannot be
    done, or nothing. Raises OSError when `after` cannot be written.
    """
    rows = record_of(pin.path)
    if isinstance(rows, Unread):
        return f"its RECORD cannot be read: {rows.reason}"
    if len(rows) > _MOST:
        return "it lists more files than an editable install has"
    paths = [path for row in rows if not is_compiled(path := row.path, row.hash)]
    for path in paths:
        source = _at(pin, path)
        if source.startswith(before.path + os.sep) and not reach.isfile(source):
            return f"a file of it is missing: {os.path.relpath(source, before.path)}"
    return _copy(pin, paths, before, after)


def keep_files(pin: Pin, before: Environment, after: Environment) -> str:
    """Copy the files of a distribution as they are, edited or not, with its metadata; those that
    are missing stay so. What no list names is none of them: it comes with whatever else no
    package owns.

    Returns why it cannot be done, or nothing. Raises OSError when `after` cannot be written.
    """
    paths = [path for path in _own_files(pin) if reach.lexists(_at(pin, path))]
    if len(paths) > _MOST_KEPT:
        return "it has too many files"
    refused = _copy(pin, paths, before, after)
    if not refused and pin.path.endswith(".egg"):
        _lead_to_egg(pin, before, after)
    return refused


def _own_files(pin: Pin) -> Iterator[str]:
    """Yield the files that are known to be a distribution's, relative to its package folder."""
    rows = record_of(pin.path)
    if not isinstance(rows, Unread):
        yield from (row.path for row in rows if not is_compiled(row.path, row.hash))
        name = os.path.basename(pin.path)  # whether RECORD lists all of it, itself included, or not
        yield from (f"{name}/{each}" for each in sorted(reach.listdir(pin.path)))
        return
    name = os.path.basename(pin.path)
    if not reach.isdir(pin.path):
        yield name
        return
    for folder, _, names in os.walk(pin.path):
        inside = os.path.relpath(folder, os.path.dirname(pin.path))
        yield from (os.path.join(inside, each) for each in _without_compiled(names, inside))
    listed = read_bounded(os.path.join(pin.path, "installed-files.txt"), RECORD_LIMIT)
    if not isinstance(listed, Unread):
        lines = [line for line in decode_path(listed).splitlines() if line]
        for line in _without_compiled(lines):
            yield os.path.normpath(os.path.join(name, line))


def _without_compiled(names: Sequence[str], folder: str = "") -> Iterator[str]:
    """Leave out what Python compiles of sources that are there too."""
    there = set(names)
    for name in names:
        made = "__pycache__" in f"{folder}/{name}" or name[:-1] in there
        if not (made and name.endswith(COMPILED)):
            yield name


def _at(pin: Pin, path: str) -> str:
    return os.path.normpath(os.path.join(os.path.dirname(pin.path), path))


def _copy(pin: Pin, paths: Iterable[str], before: Environment, after: Environment) -> str:
    pairs = []
    for path in paths:
        source = _at(pin, path)
        target = mapped(os.path.relpath(source, before.path), before, after)
        if "\0" in path or target is None or not source.startswith(before.path + os.sep):
            return f"it lists a file outside of the environment: {path}"
        if reach.isfile(source):
            pairs.append((source, os.path.join(after.path, target)))
    for source, target in pairs:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if not os.path.lexists(target):
            shutil.copy2(source, target, follow_symlinks=False)
    return ""


def _lead_to_egg(pin: Pin, before: Environment, after: Environment) -> None:
    """Have the new environment find an egg, by the file that easy_install keeps for that."""
    folder, name = os.path.split(pin.path)
    place = mapped(os.path.relpath(folder, before.path), before, after)
    path = os.path.join(after.path, place or "", _EASY_INSTALL)
    with open(path, "a", encoding="utf-8", errors="surrogateescape") as file:
        file.write(f"./{name}\n")
