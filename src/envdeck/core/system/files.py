"""Reading small files that may be hostile: bounded, never blocking, and without leaving a trace.

Looking must not disturb what is looked at: the access time of `pyvenv.cfg` is how we know when
an environment was last used, so files are opened with `O_NOATIME` where the system has it.
"""

import codecs
import errno
import os
import stat
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.system import reach
from envdeck.core.system.host import Host

CFG_LIMIT = 64 * 1024
"""Bytes; a real `pyvenv.cfg` has some hundred."""
METADATA_LIMIT = 256 * 1024
"""Bytes; headers come first, and what is behind is the description."""

_PART = 64 * 1024
_ABSENT = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP})
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
_FLAGS |= getattr(os, "O_BINARY", 0)
_NOATIME = getattr(os, "O_NOATIME", 0)


@dataclass(frozen=True, slots=True)
class Unread:
    """Why a file was not read; a value, since the person can often act on it."""

    reason: str


def read_bounded(path: str, limit: int, *, whole: bool = True) -> bytes | Unread:
    """Return the content of a regular file of at most `limit` bytes, or why not.

    A FIFO or a device is never waited for. With `whole` False, a longer file yields its first
    `limit` bytes in place of a refusal.
    """
    try:
        descriptor = _open(path)
    except (OSError, ValueError) as error:
        return Unread(reason_of(error))
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return Unread("is not a regular file")
        if whole and status.st_size > limit:
            return Unread(f"is larger than {limit // 1024} KiB")
        return _read(descriptor, status.st_size, limit)
    except OSError as error:
        return Unread(reason_of(error))
    finally:
        os.close(descriptor)


def read_until(
    path: str, ended: Callable[[bytes], bool], limit: int, *, first: int = 8192
) -> bytes | Unread:
    """Return the start of a regular file, up to where `ended` says of it that it is enough.

    It is read in steps that double, from `first` to `limit` bytes, so that of a file whose
    head alone matters (the headers of a METADATA) the rest is never read. Otherwise as
    :func:`read_bounded`; a file that ends, or reaches the limit, without `ended` being true
    yields what there is.
    """
    try:
        descriptor = _open(path)
    except (OSError, ValueError) as error:
        return Unread(reason_of(error))
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return Unread("is not a regular file")
        data = os.read(descriptor, min(first, limit))
        if len(data) == status.st_size:
            return data
        while data and len(data) < limit and not ended(data):
            part = os.read(descriptor, min(len(data), limit - len(data)))
            if not part:
                break
            data += part
        return data
    except OSError as error:
        return Unread(reason_of(error))
    finally:
        os.close(descriptor)


def read_text(path: str, limit: int, *, whole: bool = True) -> str | Unread:
    """Do as :func:`read_bounded`, decoding UTF-8 (a BOM is dropped), else Latin-1."""
    data = read_bounded(path, limit, whole=whole)
    return data if isinstance(data, Unread) else decode(data)


def write_atomically(path: str, data: bytes, *, mode: int = 0o600, sync: bool = False) -> None:
    """Put a file in the place of what is at a path: whole, or not at all. Raises `OSError`.

    Other links to the one before keep what they have, and its mode stays; `mode` is for a new
    one. With `sync` it reaches the disk before it has its name.
    """
    with suppress(FileNotFoundError):
        mode = stat.S_IMODE(os.stat(path).st_mode)
    temporary = temporary_name(path)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        with open(os.open(temporary, flags, 0o600), "wb") as file:
            file.write(data)
            if sync:
                file.flush()
                os.fsync(file.fileno())
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except BaseException:
        if os.path.lexists(temporary):
            os.unlink(temporary)
        raise


def same_content(first: str, second: str) -> bool:
    """Tell whether two paths lead to regular files that hold the same. Raises `OSError`."""
    sizes = set()
    for path in (first, second):
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):  # a FIFO would be waited for
            return False
        sizes.add(status.st_size)
    if len(sizes) > 1:
        return False
    with open(first, "rb") as one, open(second, "rb") as other:
        while part := one.read(_PART):
            if part != other.read(_PART):
                return False
        return not other.read(1)


def boot_id(host: Host) -> str:
    """Return what tells this start of the machine from others; empty where nothing does."""
    data = read_bounded(host.system("proc", "sys", "kernel", "random", "boot_id"), 64)
    return "" if isinstance(data, Unread) else data.decode("ascii", "replace").strip()


def decode(data: bytes) -> str:
    """Decode what should be UTF-8 and sometimes is not; never fails, never loses a byte."""
    try:
        return data.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def parse_toml(text: str) -> dict[str, Any]:
    """Return the table of a TOML text. Raises `ValueError` for what is none, `RecursionError` for
    what is nested too deeply."""
    import tomllib  # start-up: 10 ms, and few commands meet such a file

    return tomllib.loads(text)


def decode_path(data: bytes) -> str:
    """Decode a path that a file holds into the form in which the system takes it: with surrogate
    escapes (PEP 383) where it is not text in its own encoding. A BOM of UTF-8 is dropped."""
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        return os.fsdecode(data)
    except UnicodeDecodeError:  # Windows knows no such names
        return decode(data)


def absence(path: str) -> str:
    """Return in words why nothing can be reached at a path, links followed; empty where
    something can. What may not be looked at is out of reach, and not missing."""
    try:
        reach.stat(path)
    except OSError as error:
        if error.errno in _ABSENT or error.errno is None:
            return "does not exist"
        return f"is out of reach ({reason_of(error)})"
    except ValueError:  # no path of this system: a NUL, or what its encoding does not have
        return "does not exist"
    return ""


def is_missing(path: str) -> bool:
    """Tell whether there is nothing at a path; what may not be looked at is there."""
    return absence(path) == "does not exist"


def temporary_name(path: str) -> str:
    """Return the name, beside a file, under which this thread of this process writes it before it
    is put in place: two threads that write one file each have their own."""
    return f"{path}.{os.getpid()}-{threading.get_native_id()}.tmp"


def existing_folder(path: str) -> str:
    """Return the nearest folder at or above a path that is there."""
    while not os.path.isdir(path) and os.path.dirname(path) != path:
        path = os.path.dirname(path)
    return path


def reason_of(error: OSError | ValueError) -> str:
    """Say in words why the system refused."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error)


def _open(path: str) -> int:
    if _NOATIME:
        try:
            return reach.open_file(path, _FLAGS | _NOATIME)
        except PermissionError:  # only a file's owner may ask for it
            pass
    return reach.open_file(path, _FLAGS)


def _read(descriptor: int, size: int, limit: int) -> bytes:
    """Read up to the limit; what ends where its size says takes one call."""
    asked = min(size + 1, limit)
    data = os.read(descriptor, asked)
    if len(data) < asked:
        return data
    parts, left = [data], limit - len(data)
    while left > 0:  # it has grown, or (in /proc) has a size only when it is read
        part = os.read(descriptor, min(left, _PART))
        if not part:
            break
        parts.append(part)
        left -= len(part)
    return b"".join(parts)
