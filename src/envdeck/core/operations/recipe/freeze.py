"""A recipe from metadata; direct URLs and editables back to requirements.

:mod:`envdeck.core.inspection.packages.provenance` tells the same without secrets, for showing;
here the raw URL is kept, in memory alone, since only it installs the package again.
"""

import hashlib
import hmac
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from packaging.version import InvalidVersion, Version

from envdeck.core.discovery.project_links import path_of
from envdeck.core.discovery.project_roots import has_manifest
from envdeck.core.inspection.packages.distributions import read_heads
from envdeck.core.inspection.packages.provenance import DIRECT_URL_LIMIT
from envdeck.core.inspection.packages.record import RECORD_LIMIT, rows, share_there
from envdeck.core.inspection.packages.site_packages import (
    EGG_LINK_LIMIT,
    entries,
    folders,
    is_leftover,
    leftovers,
    parse_egg_link,
)
from envdeck.core.lazy_dataclasses import dataclass, field, replace
from envdeck.core.model import SEED_PACKAGES, Distribution, Environment
from envdeck.core.operations.recipe.identity import is_hashed
from envdeck.core.operations.recipe.recipe import (
    Pin,
    PinKind,
    Recipe,
    comparable,
    record_of,
    rows_digest,
)
from envdeck.core.system import reach
from envdeck.core.system.files import (
    Unread,
    absence,
    decode,
    decode_path,
    is_missing,
    read_bounded,
    reason_of,
)

_SYSTEMS = {"git", "hg", "bzr", "svn"}
_COMMIT = re.compile(r"[\w.:/@+=-]{1,200}", re.ASCII)
_DIGEST = re.compile(r"[0-9a-fA-F]{32,128}")
_ALGORITHMS = ("sha512", "sha384", "sha256", "sha224")
"""Those that are worth a check, the strongest first."""
_SAFE = "".join(map(chr, range(0x21, 0x7F)))
"""Printable ASCII without the blank: what a URL may hold as it is."""
_PATH = _SAFE.translate({ord(letter): None for letter in "[];"})
"""What a path of this machine may hold so: in a line that begins with `-e`, brackets at the end
are extras, and a semicolon begins a marker."""
_PLACEHOLDER = re.compile(r"\$\{[A-Za-z0-9_]+\}")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a distribution came from, secrets included."""

    kind: PinKind
    url: str = field(repr=False)
    """What stands behind `-e` or `name @`, with commit, subdirectory and hash; one word."""
    path: str | None = None
    """The path on this machine that it leads to."""
    hash: tuple[str, str] | None = None
    """Algorithm and hexadecimal digest of an archive."""


def read_origin(data: bytes) -> Origin | str:
    """Return what the content of a `direct_url.json` names, or why it names nothing."""
    try:
        content = json.loads(decode(data))
    except (ValueError, RecursionError):
        return "direct_url.json is not JSON"
    if not isinstance(content, dict) or not isinstance(content.get("url"), str):
        return "direct_url.json has no url"
    url = one_word(content["url"])
    if not url:
        return "direct_url.json has no url"
    url, _, _ = url.partition("#")  # PEP 610 gives it no meaning
    path = path_of(url)
    subdirectory = content.get("subdirectory")
    tail = []
    if isinstance(subdirectory, str) and subdirectory:
        tail.append("subdirectory=" + quote(subdirectory, safe="/", errors="surrogateescape"))
    for kind in ("dir_info", "archive_info", "vcs_info"):
        info = content.get(kind)
        if isinstance(info, dict):
            break
    else:
        return "direct_url.json has no dir_info, archive_info or vcs_info"
    if kind == "dir_info":
        if path is None:
            return "direct_url.json names a folder that is not local"
        editable = info.get("editable") is True
        found = PinKind.EDITABLE if editable else PinKind.DIRECTORY
        return Origin(found, _joined(url, tail), path)
    if kind == "archive_info":
        digest = _digest(info)
        if digest is not None:
            tail.append("=".join(digest))
        return Origin(PinKind.ARCHIVE, _joined(url, tail), path, digest)
    system, commit = info.get("vcs"), info.get("commit_id")
    if not (
        isinstance(system, str)
        and system in _SYSTEMS
        and isinstance(commit, str)
        and _COMMIT.fullmatch(commit)
    ):
        return "direct_url.json has no commit or version control system"
    return Origin(PinKind.VCS, _joined(f"{system}+{url}@{commit}", tail), path)


def one_word(url: str) -> str:
    """Return a URL as one word of printable ASCII, so that no line of a requirements file can be
    made of it that is more than the URL.

    Variables (`${TOKEN}`) stay where PEP 610 has them, in the user part; anywhere else an
    installer would put a secret of the person into an address that the file chose.
    """
    safe = _PATH if url.startswith("file:") else _SAFE
    word = quote(url, safe=safe, errors="surrogateescape")
    authority = re.match(r"[^:/]*://[^/?#]*@", word)
    user = authority[0] if authority else ""
    rest = _PLACEHOLDER.sub(lambda match: match[0].replace("$", "%24"), word[len(user) :])
    return user + rest


def _joined(url: str, tail: list[str]) -> str:
    return f"{url}#{'&'.join(tail)}" if tail else url


def _digest(info: Mapping[str, object]) -> tuple[str, str] | None:
    """Return an archive's hash: `hashes`, or the older `hash` (`sha256=…`)."""
    hashes = info.get("hashes")
    known: dict[str, object] = dict(hashes) if isinstance(hashes, dict) else {}
    old = info.get("hash")
    if not known and isinstance(old, str):
        algorithm, _, digest = old.partition("=")
        known = {algorithm: digest}
    for algorithm in _ALGORITHMS:
        value = known.get(algorithm)
        if isinstance(value, str) and _DIGEST.fullmatch(value):
            return algorithm, value.lower()
    return None


_LIMIT = 64 * 1024
"""Bytes of a `.pth` or a finder."""
_CLIMB = 3
"""So many levels above the sources their project may be: `project/src/package`."""
_MAPPING = re.compile(rb"^MAPPING\b[^=\n]*=[ ]*\{(.*)\}", re.MULTILINE)
_STRICT = re.compile(rb"[\\/]build[\\/]__editable__\.[^\\/\r\n]+\s*\Z")
_VALUE = re.compile(r"""['"]: (?:'((?:\\.|[^\\'])*)'|"((?:\\.|[^\\"])*)")""")


def project_of(info: str) -> str | None:
    """Return the project that a distribution is installed from in place, by the `__editable__`
    files of its RECORD; None where it has none. `info` is its metadata folder.

    Sources that no project is found for are returned as they are named: where they are gone,
    that is what a person has to be told.
    """
    folder = os.path.dirname(info)
    record = read_bounded(os.path.join(info, "RECORD"), RECORD_LIMIT)
    if isinstance(record, Unread) or b"__editable__" not in record:
        return None
    first = None
    for name, data in _editable_files(record, folder):
        for path in _sources(name, data):
            if not os.path.isabs(path) or "\0" in path:
                continue
            project = _project_above(path)
            if project is not None:
                return project
            first = first or os.path.normpath(path)
    return first


def _editable_files(record: bytes, folder: str) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of the files by which setuptools makes an editable."""
    for row in rows(record):
        name = row.path
        if "/" in name or not name.startswith("__editable__"):
            continue
        if name.endswith((".pth", "_finder.py")):
            data = read_bounded(os.path.join(folder, name), _LIMIT)
            if not isinstance(data, Unread):
                yield name, data


def is_strict(info: str) -> bool:
    """Tell whether an editable was made strict: its `.pth` leads into the project's `build`."""
    record = read_bounded(os.path.join(info, "RECORD"), RECORD_LIMIT)
    if isinstance(record, Unread) or b"__editable__" not in record:
        return False
    files = _editable_files(record, os.path.dirname(info))
    return any(_STRICT.search(data) for name, data in files if name.endswith(".pth"))


def _sources(name: str, data: bytes) -> Iterator[str]:
    if name.endswith(".pth"):
        yield from (line.strip() for line in decode_path(data).splitlines()[:50])
    elif match := _MAPPING.search(data):
        for value in _VALUE.finditer(decode_path(match[1])):
            yield re.sub(r"\\(.)", r"\1", value[1] or value[2] or "")


def _project_above(path: str) -> str | None:
    path = os.path.normpath(path)
    for climbed in range(_CLIMB):
        if has_manifest(path, repository=climbed == 0):
            return path
        path = os.path.dirname(path)
    return None


_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?", re.ASCII)
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.!+_-]*", re.ASCII)
_HASHED_LIMIT = 2 * 1024**3
"""Bytes; a local archive beyond is not read to see whether it is still the same."""
_BUILDABLE = ("pyproject.toml", "setup.py")
_WHAT = {
    PinKind.EDITABLE: "project",
    PinKind.DIRECTORY: "source folder",
    PinKind.ARCHIVE: "archive",
    PinKind.VCS: "repository",
}


def freeze(
    environment: Environment,
    *,
    quick: bool = False,
    heads: tuple[Distribution, ...] | None = None,
) -> Recipe:
    """Return everything that is installed, from metadata alone: nothing is run.

    `heads` are what its distributions say of themselves, where that was read already.
    With `quick`, which takes a fifth of the time, RECORDs are not read (:attr:`Pin.rows` stays
    empty) and local archives are not compared with what was installed: enough for a list.

    It works on broken and moved environments, and never raises: what cannot be read becomes the
    problem of a pin or of the recipe.
    """
    heads = read_heads(environment) if heads is None else heads
    hollow = {row.path for row in heads if row.problem and _is_empty(row.path)}
    pins = [_pin(row, environment, quick=quick) for row in heads]
    return Recipe(
        path=environment.path,
        python=environment.python.version,
        creation=environment.creation,
        pins=tuple(
            replace(pin, superseded=True) if pin.path in hollow else pin for pin in _settled(pins)
        ),
        leftovers=leftovers(environment.site_packages),
        problems=_problems(environment),
    )


def _is_empty(path: str) -> bool:
    """Tell whether a metadata folder is all that an uninstall has left of a distribution."""
    try:
        return not reach.listdir(path)
    except (OSError, ValueError):
        return False


def _problems(environment: Environment) -> tuple[str, ...]:
    if not environment.site_packages:
        return ("no package folder",)
    found = []
    for folder in folders(environment.site_packages):
        names = entries(folder)
        if isinstance(names, Unread):
            found.append(f"package folder cannot be listed: {names.reason}")
            continue
        left = [name for name in names if is_leftover(name)]
        if left:
            found.append(f"{len(left)} leftovers of an interrupted pip skipped: {left[0]}")
    return tuple(found)


def _pin(row: Distribution, environment: Environment, *, quick: bool) -> Pin:
    problems = [row.problem] if row.problem else []
    digest, hashed = "", False
    if not quick:
        rows = record_of(row.path)
        if isinstance(rows, Unread):
            if "RECORD cannot be read" not in row.problem:
                problems.append(f"RECORD cannot be read: {rows.reason}")
        else:
            told = comparable(rows, os.path.basename(row.path))
            digest, hashed = rows_digest(told), is_hashed(told)
    raw, found = _origin(row)
    origin = found if isinstance(found, Origin) else None
    pin = Pin(
        name=row.name,
        display_name=row.display_name,
        version=row.version,
        kind=origin.kind if origin else PinKind.INDEX,
        requirement=_requirement(row, origin),
        path=row.path,
        requested=row.requested,
        installer=row.installer,
        seed=row.name in SEED_PACKAGES,
        direct_url=raw,
        source=origin.path if origin else None,
        strict=origin is not None and origin.kind is PinKind.EDITABLE and is_strict(row.path),
        anchored=origin is not None and _is_anchored(origin),
        rows=digest,
        hashed=hashed,
    )
    obstacle = found if isinstance(found, str) else _gone(origin, quick=quick)
    if not obstacle and not pin.requirement:
        obstacle = "metadata has no name or version"
    if pin.source is not None and not obstacle and _inside(pin.source, environment.path):
        problems.append("installed from a folder inside the environment")
    if obstacle not in "; ".join(problems):
        problems.append(obstacle)
    return replace(pin, obstacle=obstacle, problem="; ".join(problems))


def _origin(row: Distribution) -> tuple[bytes | None, Origin | str | None]:
    """Return the raw `direct_url.json`, and what it or an older sign of an editable tells.

    A text is why that cannot be known. It is then not taken for a release of the index, where
    another project may have its name.
    """
    if row.path.endswith(".egg-link"):
        data = read_bounded(row.path, EGG_LINK_LIMIT)
        target = None if isinstance(data, Unread) else parse_egg_link(data)
        if target and os.path.isabs(target) and "\0" not in target:
            return None, _editable(target)
        return None, "does not name its project folder"
    path = os.path.join(row.path, "direct_url.json")
    raw = read_bounded(path, DIRECT_URL_LIMIT)
    if isinstance(raw, Unread):
        if not is_missing(path):
            return None, f"direct_url.json cannot be read: {raw.reason}"
        project = project_of(row.path)
        return None, _editable(project) if project else None
    return raw, read_origin(raw)


def _is_anchored(origin: Origin) -> bool:
    """Whether what comes from there is what was there: the file behind a URL may be another now,
    unless its hash was noted."""
    return origin.kind is not PinKind.ARCHIVE or origin.hash is not None


def _editable(project: str) -> Origin:
    return Origin(PinKind.EDITABLE, Path(os.path.normpath(project)).as_uri(), project)


def _requirement(row: Distribution, origin: Origin | None) -> str:
    """Return the line that installs it again; empty where there can be none."""
    if origin is not None and origin.kind is PinKind.EDITABLE:
        return f"-e {origin.url}"
    if origin is None:
        return release_line(row.display_name, row.version)
    return f"{row.display_name} @ {origin.url}" if _NAME.fullmatch(row.display_name) else ""


def release_line(name: str, version: str) -> str:
    """Return the line that installs a release of an index; empty where name or version is none."""
    if not _NAME.fullmatch(name) or not _VERSION.fullmatch(version):
        return ""
    return f"{name}{_equals(version)}{version}"


def _equals(version: str) -> str:
    """Return `==`, or `===` for a version that PEP 440 does not know."""
    try:
        Version(version)
    except InvalidVersion:
        return "==="
    return "=="


def _gone(origin: Origin | None, *, quick: bool) -> str:
    """Return why what it was installed from cannot be had again from this disk."""
    if origin is None or origin.path is None:
        return ""
    gone = absence(origin.path)
    if gone:
        return f"{_WHAT[origin.kind]} {origin.path} {gone}"
    is_folder = origin.kind in {PinKind.EDITABLE, PinKind.DIRECTORY} and "#" not in origin.url
    names = (os.path.join(origin.path, name) for name in _BUILDABLE)
    if is_folder and not any(map(reach.isfile, names)):
        return f"{_WHAT[origin.kind]} {origin.path} has no pyproject.toml or setup.py"
    if origin.kind is PinKind.ARCHIVE and origin.hash is not None and not quick:
        return _changed(origin.path, *origin.hash)
    return ""


def _changed(path: str, algorithm: str, expected: str) -> str:
    """Return in words that an archive is no longer what was installed; empty where it is."""
    try:
        if not reach.isfile(path) or os.path.getsize(path) > _HASHED_LIMIT:
            return ""
        with open(path, "rb") as file:
            digest = hashlib.file_digest(file, algorithm)
    except OSError as error:
        return f"archive {path} cannot be read: {reason_of(error)}"
    if hmac.compare_digest(digest.hexdigest(), expected):
        return ""
    return f"archive {path} differs from the installed one"


def _settled(pins: Sequence[Pin]) -> tuple[Pin, ...]:
    """Mark all but one of several distributions of one name: the one whose files are there."""
    by_name: dict[str, list[Pin]] = {}
    for pin in pins:
        by_name.setdefault(pin.name, []).append(pin)
    kept = {
        id(group[0] if len(group) == 1 else max(group, key=_wholeness))
        for group in by_name.values()
    }
    return tuple(pin if id(pin) in kept else replace(pin, superseded=True) for pin in pins)


def _wholeness(pin: Pin) -> tuple[float, bool, tuple[int, ...]]:
    """Return what share of a distribution's files is there with the size it should have."""
    numbers = tuple(int(part) for part in re.findall(r"\d{1,9}", pin.version))
    return share_there(pin.path), not pin.obstacle, numbers


def _inside(path: str, environment: str) -> bool:
    return reach.realpath(path).startswith(environment.rstrip(os.sep) + os.sep)
