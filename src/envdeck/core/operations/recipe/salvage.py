"""A wheel rebuilt from what it put down, for a package that no index has any more."""

import os
import re
from dataclasses import dataclass

from envdeck.core.files import Unread, decode, read_bounded
from envdeck.core.inspection.record import RecordRow
from envdeck.core.model import Environment
from envdeck.core.operations.recipe.pins import Pin, PinKind
from envdeck.core.operations.recipe.records import is_compiled, is_own, place_of, record_of
from envdeck.core.operations.recipe.scripts import generated_scripts
from envdeck.core.operations.recipe.wheel import (
    Member,
    NotAsRecordedError,
    check_members,
    write_wheel,
)

_WHEEL_LIMIT = 64 * 1024
_STEM = re.compile(r"[A-Za-z0-9_.]+-[A-Za-z0-9_.!+]+", re.ASCII)
_TAG = re.compile(r"([a-z0-9_.]+)-([a-z0-9_.]+)-([a-z0-9_.]+)", re.ASCII | re.IGNORECASE)
_PURE = re.compile(r"(?:^|-)(?:py2\.)?py3(?:\.py2)?-none-any$")
_BUILD = re.compile(r"[0-9][A-Za-z0-9_.]*", re.ASCII)
_SIGNATURES = (".dist-info/RECORD.jws", ".dist-info/RECORD.p7s")
_TAGS = 200
"""So many tags of one wheel are read; none has more than some thirty."""


@dataclass(frozen=True, slots=True)
class Unsalvageable:
    """Why no wheel can be made of an installed distribution."""

    reason: str


def salvage(
    pin: Pin, environment: Environment, folder: str, *, python: str | None = None
) -> str | Unsalvageable:
    """Rebuild the wheel of a pin from its installed files, into `folder`; return its path.

    Every file has to have the hash that RECORD gives it. What lies outside the package folders
    (headers, data) goes into the wheel's `data`, which installers put down relative to the
    environment: it comes back to the very same place. Scripts of entry points are left out,
    since installers write them; others get back the first line they had in the wheel.

    `python` is the version of the interpreter that it is meant for, by default the environment's
    own; for another minor version it is refused unless the wheel is for any Python 3. The same
    files make the same wheel, byte by byte. Raises OSError when `folder` cannot be written;
    nothing is then left in it.
    """
    found = _contents(pin, environment, python)
    if isinstance(found, Unsalvageable):
        return found
    tag, members = found
    stem = os.path.basename(pin.path).removesuffix(".dist-info")
    target = os.path.join(folder, f"{stem}-{tag}.whl")
    try:
        write_wheel(target, members, f"{stem}.dist-info")
    except NotAsRecordedError as error:
        return Unsalvageable(str(error))
    return target


def salvage_problem(pin: Pin, environment: Environment, *, python: str | None = None) -> str:
    """Return why :func:`salvage` would refuse a pin, every file of it read; empty where it
    would not. Nothing is written."""
    found = _contents(pin, environment, python)
    if isinstance(found, Unsalvageable):
        return found.reason
    try:
        check_members(found[1])
    except NotAsRecordedError as error:
        return str(error)
    return ""


def is_pure(pin: Pin) -> bool:
    """Tell whether a pin was installed from a wheel for any Python 3."""
    wheel = read_bounded(os.path.join(pin.path, "WHEEL"), _WHEEL_LIMIT)
    return not isinstance(wheel, Unread) and _PURE.search(_tag(wheel)[0]) is not None


def _contents(
    pin: Pin, environment: Environment, python: str | None
) -> tuple[str, list[Member]] | Unsalvageable:
    """Return the tag of the wheel and what goes into it, or why there can be none."""
    refused = _refusal(pin, environment, python)
    if refused:
        return Unsalvageable(refused)
    rows = record_of(pin.path)
    if isinstance(rows, Unread):
        return Unsalvageable(f"its RECORD cannot be read: {rows.reason}")
    wheel = read_bounded(os.path.join(pin.path, "WHEEL"), _WHEEL_LIMIT)
    if isinstance(wheel, Unread):
        return Unsalvageable(f"its WHEEL cannot be read: {wheel.reason}")
    tag, purelib = _tag(wheel)
    if not tag:
        return Unsalvageable("its WHEEL names no tag")
    members = _members(pin, environment, rows, purelib=purelib)
    return Unsalvageable(members) if isinstance(members, str) else (tag, members)


def _refusal(pin: Pin, environment: Environment, python: str | None) -> str:
    if pin.kind is PinKind.EDITABLE:
        return "is installed in place (editable): its files are those of its project"
    if not pin.path.endswith(".dist-info"):
        return "is of a format without a RECORD"
    if not _STEM.fullmatch(os.path.basename(pin.path).removesuffix(".dist-info")):
        return "its metadata folder has no name that a wheel could have"
    own = environment.python.version
    if own is None and not _minor_of_folder(pin.path):
        return "the version of its interpreter is not known"
    minor = _minor_of_folder(pin.path) or _minor(own or "")
    if python is not None and _minor(python) != minor and not is_pure(pin):
        return f"was installed for Python {minor}, and can be rebuilt for that alone"
    return ""


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


def _minor_of_folder(path: str) -> str:
    """Return the version that the package folder is for: the interpreter may be another now."""
    match = re.search(r"[\\/](?:python|pypy)(\d+\.\d+)t?[\\/]site-packages[\\/]", path)
    return match[1] if match else ""


def _tag(data: bytes) -> tuple[str, bool]:
    """Return the tags of a WHEEL as a file's name has them, its build number in front, and
    whether it is for the folder of pure packages."""
    parts: list[tuple[str, str, str]] = []
    build, purelib = "", False
    for line in decode(data).splitlines():
        key, _, value = line.partition(":")
        value = value.strip()
        if key.lower() == "tag" and len(parts) < _TAGS and (match := _TAG.fullmatch(value)):
            parts.append((match[1], match[2], match[3]))
        elif key.lower() == "build" and _BUILD.fullmatch(value):
            build = value + "-"
        elif key.lower() == "root-is-purelib":
            purelib = value.lower() == "true"
    if not parts:
        return "", purelib
    columns = [".".join(dict.fromkeys(column)) for column in zip(*parts, strict=True)]
    return build + "-".join(columns), purelib


def _members(
    pin: Pin, environment: Environment, rows: tuple[RecordRow, ...], *, purelib: bool
) -> list[Member] | str:
    """Return what goes into the wheel and under which name, or why it cannot."""
    folder, info = os.path.split(pin.path)
    stem = info.removesuffix(".dist-info")
    root = environment.path
    generated = generated_scripts(pin.path, pin.name)
    root_at = place_of("", folder, root)
    others = {place_of("", path, root) for path in environment.site_packages} - {None, root_at}
    members: dict[str, Member] = {}
    for row in rows:
        path = row.path.replace("\\", "/")
        if is_own(path, info) or path.endswith(_SIGNATURES):
            continue
        if is_compiled(path, row.hash):
            continue  # Python writes it anew
        place = place_of(row.path, folder, root)
        if root_at is None or place is None:
            return f"its RECORD lists a file outside the environment: {row.path}"
        if not row.hash:
            return f"its RECORD has no hash for {row.path}"
        above, _, name = place.rpartition("/")
        script = above in {"bin", "Scripts"}
        if script and name in generated:
            continue
        if place.startswith(f"{root_at}/"):
            target = place[len(root_at) + 1 :]
        elif script:
            target = f"{stem}.data/scripts/{name}"
        else:
            other = next((at for at in others if at and place.startswith(f"{at}/")), None)
            key = "platlib" if purelib else "purelib"
            target = f"{stem}.data/{key}/{place[len(other) + 1 :]}" if other else ""
            target = target or f"{stem}.data/data/{place}"
        members[target] = Member(os.path.join(root, place), target, row, script=script)
    return list(members.values())
