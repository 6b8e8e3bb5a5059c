"""Writing wheels; rebuilding one from installed files."""

import base64
import hashlib
import hmac
import os
import re
import stat
import zipfile
from collections.abc import Iterable
from typing import IO

from envdeck.core.inspection.packages.record import RecordRow, is_compiled, is_own, place_of
from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.model import Environment, minor_of
from envdeck.core.operations.recipe.recipe import (
    HEAD_LIMIT,
    Pin,
    PinKind,
    generated_scripts,
    read_wheel_head,
    record_of,
)
from envdeck.core.system import reach
from envdeck.core.system.files import Unread, decode, read_bounded, reason_of

_PART = 1024 * 1024
_LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""The earliest time a ZIP can tell; a fixed one, so that the same files make the same wheel."""
_UNIX = 3
_BINARY = getattr(os, "O_BINARY", 0)


class NotAsRecordedError(Exception):
    """A file is not what RECORD says; its text is the reason, with the file's name."""


@dataclass(frozen=True, slots=True)
class Member:
    """One file that goes into a wheel."""

    path: str
    name: str
    """In the wheel."""
    row: RecordRow
    """What RECORD says of the file as it is installed."""
    script: bool = False
    """Whether an installer has put its interpreter into the first line."""


def write_wheel(target: str, members: Iterable[Member], info: str) -> None:
    """Write a wheel whole, or not at all; its files are stored, not compressed: it serves once.

    Raises :class:`NotAsRecordedError` when a file is missing or is not what RECORD says, and
    OSError when `target` cannot be written.
    """
    partial = f"{target}.part"
    descriptor = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_TRUNC | _BINARY, 0o600)
    try:
        with os.fdopen(descriptor, "w+b") as file, zipfile.ZipFile(file, "w") as archive:
            in_order = sorted(members, key=lambda each: (info in each.name, each.name))
            rows = [_add(archive, member) for member in in_order]
            rows.append((f"{info}/RECORD", "", ""))
            archive.writestr(_info(f"{info}/RECORD", 0o644), _record(rows))
        os.replace(partial, target)
    except BaseException:
        os.unlink(partial)
        raise


def check_members(members: Iterable[Member]) -> None:
    """Read every file; raises :class:`NotAsRecordedError` where :func:`write_wheel` would."""
    for member in members:
        try:
            with open(_regular(member), "rb") as source:
                size = os.fstat(source.fileno()).st_size
                with open(os.devnull, "wb") as sink:
                    _copy(source, sink, member, size + HEAD_LIMIT)
        except OSError as error:
            raise NotAsRecordedError(
                f"{member.row.path} cannot be read: {reason_of(error)}"
            ) from error


def _add(archive: zipfile.ZipFile, member: Member) -> tuple[str, str, str]:
    """Copy one file, and return its row for the wheel's own RECORD."""
    try:
        source = open(_regular(member), "rb")  # noqa: SIM115 - closed right below
    except OSError as error:
        raise NotAsRecordedError(f"{member.row.path} cannot be read: {reason_of(error)}") from error
    with source:
        mode = stat.S_IMODE(os.fstat(source.fileno()).st_mode)
        size = os.fstat(source.fileno()).st_size
        info = _info(member.name, 0o755 if mode & 0o111 else 0o644)
        info.file_size = size
        try:
            with archive.open(info, "w", force_zip64=size > 2**31 - HEAD_LIMIT) as sink:
                digest, length = _copy(source, sink, member, size + HEAD_LIMIT)
        except UnicodeEncodeError as error:
            raise NotAsRecordedError(f"invalid file name {member.row.path!r}") from error
    return member.name, f"sha256={digest}", str(length)


def _regular(member: Member) -> str:
    try:
        status = reach.stat(member.path)
    except FileNotFoundError as error:
        raise NotAsRecordedError(f"{member.row.path} is missing") from error
    except (OSError, ValueError) as error:
        raise NotAsRecordedError(f"{member.row.path} cannot be read: {reason_of(error)}") from error
    if not stat.S_ISREG(status.st_mode):
        raise NotAsRecordedError(f"{member.row.path} is not a regular file")
    if member.row.size is not None and status.st_size != member.row.size:
        raise NotAsRecordedError(f"size of {member.row.path} does not match RECORD")
    return member.path


def _copy(source: IO[bytes], sink: IO[bytes], member: Member, limit: int) -> tuple[str, int]:
    """Copy while comparing with RECORD; return the hash and length of what was written."""
    algorithm, _, expected = member.row.hash.partition("=")
    if algorithm not in hashlib.algorithms_guaranteed or algorithm.startswith("shake"):
        raise NotAsRecordedError(f"{member.row.path} has an unsupported hash ({algorithm})")
    installed = hashlib.new(algorithm)
    written = hashlib.sha256()
    length = 0
    first = True
    while part := _read(source, member):
        installed.update(part)
        if first and member.script:
            line, replaced = read_wheel_head(part[:HEAD_LIMIT])
            part = line + part[replaced:]
        first = False
        written.update(part)
        length += len(part)
        if length > limit:
            raise NotAsRecordedError(f"{member.row.path} changes while being read")
        sink.write(part)
    if not hmac.compare_digest(_text(installed.digest()), expected.rstrip("=")):
        raise NotAsRecordedError(f"content of {member.row.path} does not match RECORD")
    return _text(written.digest()), length


def _read(source: IO[bytes], member: Member) -> bytes:
    try:
        return source.read(_PART)
    except OSError as error:
        raise NotAsRecordedError(f"{member.row.path} cannot be read: {reason_of(error)}") from error


def _text(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _info(name: str, mode: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _LONG_AGO)
    info.create_system = _UNIX
    info.external_attr = (stat.S_IFREG | mode) << 16
    return info


def _record(rows: Iterable[tuple[str, str, str]]) -> bytes:
    """Return rows as CSV. The standard writer leaves a carriage return in a name unquoted, where
    its own reader ends the row."""
    lines = (f"{_field(path)},{digest},{size}\n" for path, digest, size in rows)
    return "".join(lines).encode("utf-8", "surrogateescape")


def _field(text: str) -> str:
    if not any(character in text for character in ',"\r\n'):
        return text
    return '"' + text.replace('"', '""') + '"'


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

    Every file has to have the hash that RECORD gives it. What is outside the package folders
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
        return Unsalvageable(f"RECORD cannot be read: {rows.reason}")
    wheel = read_bounded(os.path.join(pin.path, "WHEEL"), _WHEEL_LIMIT)
    if isinstance(wheel, Unread):
        return Unsalvageable(f"WHEEL cannot be read: {wheel.reason}")
    tag, purelib = _tag(wheel)
    if not tag:
        return Unsalvageable("WHEEL has no tag")
    members = _members(pin, environment, rows, purelib=purelib)
    return Unsalvageable(members) if isinstance(members, str) else (tag, members)


def _refusal(pin: Pin, environment: Environment, python: str | None) -> str:
    if pin.kind is PinKind.EDITABLE:
        return "editable install: its files are in the project"
    if not pin.path.endswith(".dist-info"):
        return "format without RECORD"
    if not _STEM.fullmatch(os.path.basename(pin.path).removesuffix(".dist-info")):
        return "invalid name of the metadata folder"
    own = environment.python.version
    if own is None and not _minor_of_folder(pin.path):
        return "interpreter version unknown"
    minor = _minor_of_folder(pin.path) or minor_of(own)
    if python is not None and minor_of(python) != minor and not is_pure(pin):
        return f"installed for Python {minor}, can be rebuilt only for it"
    return ""


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
            continue  # Python writes it again
        place = place_of(row.path, folder, root)
        if root_at is None or place is None:
            return f"RECORD lists a file outside the environment: {row.path}"
        if not row.hash:
            return f"RECORD has no hash for {row.path}"
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
