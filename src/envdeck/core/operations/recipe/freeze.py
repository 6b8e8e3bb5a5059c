"""The recipe of an environment, read from metadata alone."""

import hashlib
import hmac
import os
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from envdeck.core import reach
from envdeck.core.files import Unread, absence, is_missing, read_bounded, reason_of
from envdeck.core.inspection.direct_url import DIRECT_URL_LIMIT
from envdeck.core.inspection.distribution_names import LEFTOVER
from envdeck.core.inspection.distributions import read_heads
from envdeck.core.inspection.egg_info import EGG_LINK_LIMIT, parse_egg_link
from envdeck.core.inspection.site_packages import entries, folders, leftovers
from envdeck.core.model import Distribution, Environment
from envdeck.core.operations.recipe.identity import is_hashed
from envdeck.core.operations.recipe.in_place import project_of
from envdeck.core.operations.recipe.origin import Origin, read_origin
from envdeck.core.operations.recipe.pins import SEEDS, Pin, PinKind, Recipe
from envdeck.core.operations.recipe.records import record_of, rows_digest

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?", re.ASCII)
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.!+_-]*", re.ASCII)
_HASHED_LIMIT = 2 * 1024**3
"""Bytes; a local archive beyond is not read to see whether it is still the same."""
_PART = 1024 * 1024
_BUILDABLE = ("pyproject.toml", "setup.py")
_WHAT = {
    PinKind.EDITABLE: "project",
    PinKind.DIRECTORY: "source folder",
    PinKind.ARCHIVE: "archive",
    PinKind.VCS: "repository",
}


def freeze(environment: Environment, *, quick: bool = False) -> Recipe:
    """Return everything that is installed, from metadata alone: nothing is run.

    With `quick`, which takes a fifth of the time, RECORDs are not read (:attr:`Pin.rows` stays
    empty) and local archives are not compared with what was installed: enough for a list.

    It works on broken and moved environments, and never raises: what cannot be read becomes the
    problem of a pin or of the recipe.
    """
    pins = [_pin(row, environment, quick=quick) for row in read_heads(environment)]
    return Recipe(
        path=environment.path,
        python=environment.python.version,
        creation=environment.creation,
        pins=_settled(pins),
        leftovers=leftovers(environment.site_packages),
        problems=_problems(environment),
    )


def _problems(environment: Environment) -> tuple[str, ...]:
    if not environment.site_packages:
        return ("it has no package folder",)
    found = []
    for folder in folders(environment.site_packages):
        names = entries(folder)
        if isinstance(names, Unread):
            found.append(f"its package folder cannot be listed: {names.reason}")
            continue
        left = [name for name in names if name.startswith(LEFTOVER)]
        if left:
            found.append(f"{len(left)} leftovers of an interrupted pip are left out: {left[0]}")
    return tuple(found)


def _pin(row: Distribution, environment: Environment, *, quick: bool) -> Pin:
    problems = [row.problem] if row.problem else []
    digest, hashed = "", False
    if not quick:
        rows = record_of(row.path)
        if isinstance(rows, Unread):
            problems.append(f"its RECORD cannot be read: {rows.reason}")
        else:
            digest = rows_digest(rows, os.path.basename(row.path))
            hashed = is_hashed(rows, os.path.basename(row.path))
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
        seed=row.name in SEEDS,
        direct_url=raw,
        source=origin.path if origin else None,
        anchored=origin is not None and _is_anchored(origin),
        rows=digest,
        hashed=hashed,
    )
    obstacle = found if isinstance(found, str) else _gone(origin, quick=quick)
    if not obstacle and not pin.requirement:
        obstacle = "its metadata names no release"
    if pin.source is not None and not obstacle and _inside(pin.source, environment.path):
        problems.append("it is installed from a folder inside the environment")
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
        return None, "does not name its project's folder"
    path = os.path.join(row.path, "direct_url.json")
    raw = read_bounded(path, DIRECT_URL_LIMIT)
    if isinstance(raw, Unread):
        if not is_missing(path):
            return None, f"its direct_url.json cannot be read: {raw.reason}"
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
    if not _NAME.fullmatch(row.display_name):
        return ""
    if origin is not None:
        return f"{row.display_name} @ {origin.url}"
    if not _VERSION.fullmatch(row.version):
        return ""
    return f"{row.display_name}{_equals(row.version)}{row.version}"


def _equals(version: str) -> str:
    """Return `==`, or `===` for a version that PEP 440 does not know."""
    from packaging.version import InvalidVersion, Version

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
        return f"its {_WHAT[origin.kind]} {origin.path} {gone}"
    is_folder = origin.kind in {PinKind.EDITABLE, PinKind.DIRECTORY} and "#" not in origin.url
    if is_folder and not any(map(reach.isfile, _at(origin.path, *_BUILDABLE))):
        return f"its {_WHAT[origin.kind]} {origin.path} has no pyproject.toml or setup.py"
    if origin.kind is PinKind.ARCHIVE and origin.hash is not None and not quick:
        return _changed(origin.path, *origin.hash)
    return ""


def _at(folder: str, *names: str) -> list[str]:
    return [os.path.join(folder, name) for name in names]


def _changed(path: str, algorithm: str, expected: str) -> str:
    """Return in words that an archive is no longer what was installed; empty where it is."""
    try:
        if not reach.isfile(path) or os.path.getsize(path) > _HASHED_LIMIT:
            return ""
        digest = hashlib.new(algorithm)
        with open(path, "rb") as file:
            while part := file.read(_PART):
                digest.update(part)
    except OSError as error:
        return f"its archive {path} cannot be read: {reason_of(error)}"
    if hmac.compare_digest(digest.hexdigest(), expected):
        return ""
    return f"its archive {path} is not the one that was installed"


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
    rows = record_of(pin.path)
    if isinstance(rows, Unread):
        return 0.0, not pin.obstacle, numbers
    folder = os.path.dirname(pin.path)
    sized = [row for row in rows if row.size is not None]
    there = sum(_size(os.path.join(folder, row.path)) == row.size for row in sized)
    return there / len(sized) if sized else 0.0, not pin.obstacle, numbers


def _size(path: str) -> int | None:
    try:
        return reach.stat(path).st_size
    except (OSError, ValueError):
        return None


def _inside(path: str, environment: str) -> bool:
    return reach.realpath(path).startswith(environment.rstrip(os.sep) + os.sep)
