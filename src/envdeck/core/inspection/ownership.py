"""Which files of an environment installers wrote, by what they recorded of it themselves.

RECORD (PEP 376, PEP 627) for wheels, `installed-files.txt` for what pip installed before them,
`conda-meta/*.json` for conda. Nothing is guessed from names: a distribution without such a list
owns nothing but its own metadata, and is told in :attr:`Owned.problems`.

Of the scripts that activate an environment in a shell, the lines that are a person's. Every creator
has its own text, in many versions, but each ends in one of a few ways: what comes after that was
added by hand. Lines in the middle are told from the creator's own only beside a script that the
same creator has just written.
"""

import json
import os
import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence

from envdeck.core.inspection.packages.record import RECORD_LIMIT, rows
from envdeck.core.inspection.packages.site_packages import (
    LEFTOVER,
    entries,
    folders,
    is_distribution,
    is_leftover,
)
from envdeck.core.lazy_dataclasses import dataclass, field
from envdeck.core.system import reach
from envdeck.core.system.files import Unread, decode_path, read_bounded

_CONDA_LIMIT = 64 * 1024 * 1024
"""Bytes; the record of a conda package lists each file twice, with hashes."""
_METADATA = frozenset(
    {"INSTALLER", "METADATA", "RECORD", "REQUESTED", "WHEEL", "direct_url.json"}
    | {"entry_points.txt", "top_level.txt", "uv_cache.json", "uv_build.json"}
)
"""What installers write into a `.dist-info`, whether its RECORD names it or not."""
_LEADING = LEFTOVER + "-.=%0123456789"
"""Of what pip makes the names of folders that it puts aside (`~umpy`, `~-mpy`)."""


@dataclass(slots=True)
class Owned:
    """Relative paths with `/`, in one set for each package folder and one for all the rest."""

    inside: dict[str, set[str]] = field(default_factory=dict)
    """By the package folder's path relative to the environment, paths relative to it."""
    outside: set[str] = field(default_factory=set)
    """Paths relative to the environment."""
    trees: set[str] = field(default_factory=set)
    """Folders of which everything below is an installer's: eggs, what pip left aside."""
    problems: list[str] = field(default_factory=list)
    """Lists that could not be read, one sentence each."""


def read_owned(path: str, site_packages: Iterable[str]) -> Owned:
    """Read every list of installed files of the environment at `path`."""
    owned = Owned()
    for folder in folders(site_packages):
        relative = _slashed(os.path.relpath(folder, path))
        if relative.startswith(".."):
            continue  # the package folder of somebody else: nothing in it is ours to delete
        names = entries(folder)
        if isinstance(names, Unread):
            owned.problems.append(f"{relative} cannot be listed: {names.reason}")
            continue
        _read_folder(owned, folder, relative, names)
    _read_conda(owned, path)
    _move_inside(owned, path)
    return owned


def _read_folder(owned: Owned, folder: str, relative: str, names: Iterable[str]) -> None:
    mine = owned.inside.setdefault(relative, set())
    for name in names:
        if not name.endswith((".dist-info", ".egg-info", ".egg-link", ".egg")) or is_leftover(name):
            continue
        place = os.path.join(folder, name)
        if name.endswith(".dist-info"):
            mine.update(f"{name}/{part}" for part in _METADATA)
            _read_list(owned, os.path.join(place, "RECORD"), relative, "")
        elif name.endswith(".egg-info"):
            _read_egg_info(owned, place, relative, name)
        elif name.endswith(".egg-link") or reach.isfile(place):
            mine.add(name)  # a link to a project in development, or a zipped egg
        elif reach.isfile(os.path.join(place, "EGG-INFO", "PKG-INFO")):
            owned.trees.add(f"{relative}/{name}")  # unpacked as a whole, without a list
    tops = {row.partition("/")[0] for row in mine}
    for name in names:
        if is_leftover(name) and _is_pip_backup(name, tops):
            owned.trees.add(f"{relative}/{name}")


def _read_egg_info(owned: Owned, place: str, relative: str, name: str) -> None:
    mine = owned.inside[relative]
    if reach.isfile(place):  # distutils: the metadata is one file, and there is no list
        mine.add(name)
        owned.problems.append(f"{name} has no file list")
        return
    listed = os.path.join(place, "installed-files.txt")
    try:
        mine.update(f"{name}/{entry}" for entry in reach.listdir(place))
    except OSError:
        return  # the walk comes here too, and says so
    _read_list(owned, listed, relative, name)


def _read_list(owned: Owned, file: str, relative: str, below: str) -> None:
    """Add the paths that a list names; they are relative to the package folder, or in
    `installed-files.txt` to the folder `below` it that the list is in."""
    data = read_bounded(file, RECORD_LIMIT)
    if isinstance(data, Unread):
        name = os.path.basename(os.path.dirname(file))
        if not is_leftover(name):
            owned.problems.append(f"{name} has no file list: {data.reason}")
        return
    mine = owned.inside[relative]
    for row in _lines(data) if below else _paths(data):
        path = _slashed(row)
        if below:
            path = f"{below}/{path}"
        if path[:1] in {".", "/"} or "/." in path or "//" in path or "\0" in path:
            path = posixpath.normpath(path)
            if path.startswith("/"):
                owned.outside.add(path)
                continue
            if path.startswith(".."):
                owned.outside.add(posixpath.normpath(f"{relative}/{path}"))
                continue
        mine.add(path)


def _paths(data: bytes) -> Iterator[str]:
    """Yield the paths of a RECORD; without a quote anywhere, each line ends in two commas."""
    if b'"' in data:
        for row in rows(data):
            yield row.path
        return
    for line in decode_path(data).split("\n"):
        if line:
            yield line.rsplit(",", 2)[0]


def _lines(data: bytes) -> Iterator[str]:
    for line in decode_path(data).replace("\r", "").split("\n"):
        if line:
            yield line


def _read_conda(owned: Owned, path: str) -> None:
    """Add what conda's own records list; nothing where there are none."""
    meta = os.path.join(path, "conda-meta")
    try:
        names = reach.listdir(meta)
    except (OSError, ValueError):
        return
    owned.outside.update({"conda-meta/history", "conda-meta/pixi", "conda-meta/pixi_env_prefix"})
    owned.outside.update({"conda-meta/.pixi-environment-fingerprint", "conda-meta/.gitignore"})
    for name in names:
        if not name.endswith(".json"):
            continue
        data = read_bounded(os.path.join(meta, name), _CONDA_LIMIT)
        try:
            record = None if isinstance(data, Unread) else json.loads(data)
        except (ValueError, RecursionError):
            record = None
        files = record.get("files") if isinstance(record, dict) else None
        if not isinstance(files, list):
            owned.problems.append(f"conda-meta/{name} has no file list")
            continue
        owned.outside.add(f"conda-meta/{name}")
        owned.outside.update(file for file in files if isinstance(file, str))


def _move_inside(owned: Owned, root: str) -> None:
    """Put what was named from elsewhere, or by an absolute path (as Poetry names the files of its
    root project), where the walk looks for it. One that names the place where an environment was
    before a move is known by the package folder in it."""
    roots = tuple(f"{_slashed(each)}/" for each in dict.fromkeys((root, reach.realpath(root))))
    for path in [path for path in owned.outside if path.startswith("/")]:
        owned.outside.discard(path)
        top = next((each for each in roots if path.startswith(each)), "")
        library = next((each for each in owned.inside if f"/{each}/" in path), "")
        if top:
            owned.outside.add(path[len(top) :])
        elif library:
            owned.inside[library].add(path.rpartition(f"/{library}/")[2])
    for relative, mine in owned.inside.items():
        prefix = f"{relative}/"
        for path in [path for path in owned.outside if path.startswith(prefix)]:
            owned.outside.discard(path)
            mine.add(path[len(prefix) :])


def _is_pip_backup(name: str, tops: set[str]) -> bool:
    """Tell whether pip renamed to `name` something of which lists speak: it puts aside only
    what belongs to the package as a whole, under a name of the same length."""
    rest = name.lstrip(_LEADING)
    if is_distribution(rest) and rest.endswith(".dist-info"):
        return True
    return bool(rest) and any(len(top) == len(name) and top.endswith(rest) for top in tops)


def _slashed(path: str) -> str:
    return path if os.sep == "/" else path.replace(os.sep, "/")


_SHELLS = frozenset(
    {"activate.csh", "activate.fish", "activate.nu", "activate.ps1", "Activate.ps1"}
    | {"activate.xsh", "activate.bat", "activate_this.py", "deactivate.bat", "deactivate.csh"}
    | {"deactivate.nu", "pydoc.bat"}
)
ACTIVATION = _SHELLS | {"activate"}
"""The scripts for shells, which no program in an environment needs."""
HOOKS = frozenset(
    {"preactivate", "postactivate", "predeactivate", "postdeactivate", "get_env_details"}
)
"""What virtualenvwrapper puts beside them."""

_ENDS = {
    "activate": rb"hash -r.*",
    "activate.csh": rb"rehash",
    "activate.fish": rb"set -gx (?:_OLD_FISH_PROMPT_OVERRIDE|VIRTUAL_ENV_PROMPT) .*",
    "activate.nu": rb"(?:export )?alias (?:deactivate|pydoc) = .*",
    "Activate.ps1": rb"\$Env:PATH = \"\$VenvExecDir.*",
    "activate.xsh": rb".*\.activate\(\)",
    "activate_this.py": rb"sys\.(?:exec_)?prefix = base.*",
}
"""The last line of a script that is more than the end of a block, as creators write it."""
_CLOSERS = frozenset({b"fi", b"end", b"}"})


def added_lines(name: str, data: bytes) -> bytes:
    """Return what was added at the end of the activation script `name`; empty where nothing but
    remarks was, or where it does not end in any way that is known."""
    pattern = _ENDS.get(name)
    lines = data.splitlines(keepends=True)
    if pattern is None:
        return b""
    ends = [at for at, line in enumerate(lines) if re.fullmatch(pattern, line.strip())]
    if not ends:
        return b""
    at = ends[-1] + 1
    while at < len(lines) and lines[at].strip() in _CLOSERS:
        at += 1
    rest = lines[at:]
    return b"".join(rest) if any(map(_counts, rest)) else b""


def is_as_made(name: str, data: bytes) -> bool:
    """Tell whether nothing was added to an activation script. One for POSIX shells has to end as
    all creators end it; of the others, an unknown end is some creator's."""
    if name == "activate" and not re.search(rb"(?m)^[ \t]*hash -r", data):
        return False
    return not added_lines(name, data)


def merge_lines(name: str, old: bytes, new: bytes) -> bytes:
    """Return the script `new`, as a creator has just written it, with what a person added to
    `old`: anywhere, where the rest of it is the new one line by line, and else at its end."""
    if _holds(old.splitlines(), new.splitlines()):
        return old
    added = added_lines(name, old)
    if not added or new.endswith(added):
        return new
    gap = b"" if new.endswith((b"\n", b"\r")) else b"\n"
    return new + gap + added


def _counts(line: bytes) -> bool:
    text = line.strip()
    return bool(text) and not text.startswith(b"#")


def _holds(lines: Sequence[bytes], parts: Sequence[bytes]) -> bool:
    """Tell whether the parts are all among the lines, in their order."""
    left = iter(lines)
    return all(part in left for part in parts)
