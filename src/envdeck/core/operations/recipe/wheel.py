"""Writing a wheel: in one pass over its files, checked as they are read."""

import base64
import hashlib
import hmac
import os
import stat
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from typing import IO

from envdeck.core import reach
from envdeck.core.files import reason_of
from envdeck.core.inspection.record import RecordRow
from envdeck.core.operations.recipe.scripts import HEAD_LIMIT, as_in_wheel

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
            raise NotAsRecordedError(f"{member.row.path!r} has a name that is no text") from error
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
        raise NotAsRecordedError(f"{member.row.path} has another size than its RECORD says")
    return member.path


def _copy(source: IO[bytes], sink: IO[bytes], member: Member, limit: int) -> tuple[str, int]:
    """Copy while comparing with RECORD; return the hash and length of what was written."""
    algorithm, _, expected = member.row.hash.partition("=")
    if algorithm not in hashlib.algorithms_guaranteed or algorithm.startswith("shake"):
        raise NotAsRecordedError(f"{member.row.path} has a hash of no known kind ({algorithm})")
    installed = hashlib.new(algorithm)
    written = hashlib.sha256()
    length = 0
    first = True
    while part := _read(source, member):
        installed.update(part)
        if first and member.script:
            line, replaced = as_in_wheel(part[:HEAD_LIMIT])
            part = line + part[replaced:]
        first = False
        written.update(part)
        length += len(part)
        if length > limit:
            raise NotAsRecordedError(f"{member.row.path} grows while it is read")
        sink.write(part)
    if not hmac.compare_digest(_text(installed.digest()), expected.rstrip("=")):
        raise NotAsRecordedError(f"{member.row.path} has another content than its RECORD says")
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
