"""Projects that an environment has installed in place (editable), read from its packages."""

import json
import os
import re
from collections.abc import Iterator, Sequence

from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.system import reach
from envdeck.core.system.files import Unread, decode_path, read_bounded

_ENTRIES = 20_000
"""So many names of one package folder are looked at."""
_LIMIT = 64 * 1024
"""Bytes of a `direct_url.json`, a `.pth` or a finder."""
_LINES = 50
_TEXT = r"""(['"])((?:\\[\\'"]|[^\\'"])*)\{0}"""
"""Pattern of a text as `repr` writes it, less rarer escapes; to be given its group's number."""


@dataclass(frozen=True, slots=True, order=True)
class Editable:
    """One editable install, or a line in a `.pth` that does the same."""

    name: str
    """Of the distribution or the `.pth`, as its file is called; to be normalised."""
    path: str
    """What it points to: the project's folder, or that of its sources."""
    source: str
    """How it is known, in words."""
    recorded: bool = True
    """Whether an installer wrote it; a `.pth` file of no distribution leads anywhere."""


def editables(package_folders: Sequence[str], environment: str) -> list[Editable]:
    """Return what is installed in place, sorted, by the strongest of three signs that is there:
    `direct_url.json` (PEP 610), lines of `.pth` files that lead out of the environment, and the
    mapping in setuptools' `__editable__…finder.py`."""
    names = [(folder, sorted(_names(folder))) for folder in package_folders]
    for reader in (_read_direct_urls, _read_pth_files, _read_finders):
        found = {item for folder, held in names for item in reader(folder, held)}
        outside = [item for item in found if not _is_inside(item.path, environment)]
        if outside:
            return sorted(outside)
    return []


def _names(folder: str) -> Iterator[str]:
    try:
        with reach.scandir(folder) as entries:
            for _, entry in zip(range(_ENTRIES), entries, strict=False):
                yield entry.name
    except OSError:  # gone or closed to us: inspection tells the person
        return


def _read_direct_urls(folder: str, names: Sequence[str]) -> Iterator[Editable]:
    for name in names:
        if not name.endswith(".dist-info"):
            continue
        path = os.path.join(folder, name, "direct_url.json")
        if not reach.access(path, os.F_OK):  # one in fifty is there; what is missing costs less so
            continue
        data = read_bounded(path, _LIMIT)
        if isinstance(data, Unread) or b"editable" not in data:
            continue
        if target := _path_in(data):
            distribution = name.removesuffix(".dist-info").partition("-")[0]
            yield Editable(distribution, target, f"editable install of {distribution}")


def _path_in(data: bytes) -> str | None:
    """Return the folder an editable `direct_url.json` names."""
    try:
        record = json.loads(data)
    except (ValueError, RecursionError):
        return None
    information = record.get("dir_info") if isinstance(record, dict) else None
    if not isinstance(information, dict) or information.get("editable") is not True:
        return None
    url = record.get("url")
    return path_of(url) if isinstance(url, str) else None


def path_of(url: str) -> str | None:
    """Return the path that a `file:` URL names (RFC 8089), or None for anything else.

    `file:///C:/work` is a path with a drive, `file://server/share` one of a share.
    """
    if url[:7].lower() != "file://":
        return None
    authority, slash, rest = url[7:].partition("/")
    from urllib.parse import unquote  # start-up: 4 ms, and few environments have an editable

    path = unquote(slash + rest.partition("#")[0].partition("?")[0], errors="surrogateescape")
    if authority and authority.lower() != "localhost":
        path = f"//{authority}{path}"
    if re.match(r"/[A-Za-z]:(?:/|\Z)", path):
        path = path[1:]
    elif not path.startswith("/"):
        return None
    if "\0" in path:
        return None
    path = path.replace("/", "\\") if path[1:2] == ":" or path[:2] == "//" else path
    return path.rstrip("/") or path


def _read_pth_files(folder: str, names: Sequence[str]) -> Iterator[Editable]:
    for name in names:
        if not name.endswith((".pth", ".egg-link")) or name == "_virtualenv.pth":
            continue  # when that one was read last, tells when the environment was used
        data = read_bounded(os.path.join(folder, name), _LIMIT)
        if isinstance(data, Unread) or b"\0" in data:
            continue
        stem = re.sub(r"\A__editable__[._]+|-\d.*\Z", "", name.rpartition(".")[0])
        recorded = (
            name.startswith(("__editable__", "easy-install"))
            or name.endswith(".egg-link")
            or any(one.startswith(f"{stem}-") and one.endswith(".dist-info") for one in names)
        )
        for line in decode_path(data).splitlines()[:_LINES]:
            path = line.strip()
            if os.path.isabs(path) and not re.search(r"[\\/](?:site|dist)-packages", path):
                yield Editable(stem, os.path.normpath(path), f"a path in {name}", recorded)


def _read_finders(folder: str, names: Sequence[str]) -> Iterator[Editable]:
    for name in names:
        if not (name.startswith("__editable__") and name.endswith("_finder.py")):
            continue
        data = read_bounded(os.path.join(folder, name), _LIMIT)
        if isinstance(data, Unread):
            continue
        match = re.search(rb"^MAPPING\b[^=\n]*=[ ]*\{(.*)\}", data, re.MULTILINE)
        for package, path in _read_mapping(decode_path(match[1])) if match else ():
            yield Editable(package, os.path.dirname(path), f"editable install of {package}")


def _read_mapping(text: str) -> Iterator[tuple[str, str]]:
    """Yield the pairs of texts in the inside of a dictionary's literal. It is not parsed as
    Python, which would warn of, and could choke on, what is none."""
    for match in re.finditer(rf"{_TEXT.format(1)}: {_TEXT.format(3)}", text):
        path = re.sub(r"\\(.)", r"\1", match[4])
        if os.path.isabs(path) and "\0" not in path:
            yield match[2], path


def _is_inside(path: str, environment: str) -> bool:
    return path == environment or path.startswith(environment.rstrip(os.sep) + os.sep)
