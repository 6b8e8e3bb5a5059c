"""Opening, checking and replacing the SQLite file; its schema."""

import contextlib
import os
import sqlite3
import stat
import struct
import threading
from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.model import Notice
from envdeck.core.system.files import Unread, read_bounded, reason_of

APPLICATION_ID: Final = 0x456E7644
"""`EnvD`, in the header of the file: what is not marked so is not ours to touch."""
VERSION: Final = 5
"""Raised with every change of the tables, of a record, or of what a record tells. Newer ones are
left alone."""
_OF_FIRST: Final = frozenset({"environment", "shared", "interpreter", "project_root"})
_SINCE_THIRD: Final = _OF_FIRST | {"packages"}
_KEPT: Final = {1: _OF_FIRST, 2: _OF_FIRST, 3: _SINCE_THIRD, 4: _SINCE_THIRD}
"""By earlier version, the tables that this one reads. The others are recreated, since the disk
tells it all again: the folders were kept in another way before version 5."""

HEADER_BYTES: Final = 100
"""The length of a SQLite header (https://www.sqlite.org/fileformat2.html, section 1.3)."""
_MAGIC = b"SQLite format 3\0"
_USER_VERSION, _APPLICATION_ID = 60, 68

TABLES: Final = {
    "environment": "path BLOB PRIMARY KEY, record TEXT NOT NULL",
    "shared": "path BLOB PRIMARY KEY, device TEXT NOT NULL, measured_at REAL, files BLOB NOT NULL",
    "packages": "path BLOB PRIMARY KEY, record TEXT NOT NULL",
    "interpreter": "executable BLOB PRIMARY KEY, record TEXT NOT NULL",
    "project_root": "path BLOB PRIMARY KEY",
    "walk": "root BLOB PRIMARY KEY, walk BLOB NOT NULL, rules BLOB NOT NULL,"
    " saved_at REAL NOT NULL, folders INTEGER NOT NULL",
    "folders": "walk BLOB, part INTEGER, listing BLOB NOT NULL, PRIMARY KEY (walk, part)",
}


def marks_of(header: bytes) -> tuple[int, int] | None:
    """Return the application id and the schema version in a header, or None where it is none."""
    if len(header) < HEADER_BYTES or not header.startswith(_MAGIC):
        return None
    (application,) = struct.unpack_from(">I", header, _APPLICATION_ID)
    (version,) = struct.unpack_from(">i", header, _USER_VERSION)
    return application, version


def key(text: str) -> bytes:
    """Return a path as bytes: SQLite's text takes no lone surrogates (PEP 383)."""
    return text.encode("utf-8", "surrogatepass")


def unkey(data: bytes) -> str:
    """Return what :func:`key` was made from. Raises UnicodeDecodeError."""
    return data.decode("utf-8", "surrogatepass")


BUSY_SECONDS: Final = 1.0
"""How long another copy of the program is waited for."""

GUARD: Final = threading.RLock()
"""Held for every use of any memory in this process. Closing *any* descriptor of a file drops
the locks that SQLite holds on it for the same process (POSIX `fcntl`), and :func:`open_memory`
reads the header for itself."""

_DAMAGED = "damaged"
_ANOTHERS = "belongs to another program"
_NEWER = "written by a newer version of envdeck"
_NO_FILE = "not a regular file"
_OTHERS = frozenset({_ANOTHERS, _NEWER, _NO_FILE})

_DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR})
_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})

TORN: Final = UnicodeDecodeError
"""Raised in place of SQLite's own error when its message quotes a torn schema."""

Connect: TypeAlias = Callable[[str], sqlite3.Connection]


@dataclass(frozen=True, slots=True)
class OpenedDatabase:
    """What came of it; without a connection there is no memory."""

    connection: sqlite3.Connection | None
    notice: Notice | None = None


def connect(path: str) -> sqlite3.Connection:
    """Connect, with transactions of our own making, and text that is never refused.

    Nothing is forced out to the disk: only a crash of the system can tear the file then, and
    what is torn is started over, while waiting for the disk would keep other copies waiting.
    """
    connection = sqlite3.connect(
        path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    connection.text_factory = _text
    return connection


def open_memory(path: str, connector: Connect = connect) -> OpenedDatabase:
    """Open or make the database at `path`, with its folder; never raises.

    What cannot be ours is left alone: a folder, a pipe, another program's database, one of a
    newer version. A damaged file is moved aside and started over.
    """
    with GUARD:
        notice = None
        reason = _DAMAGED
        for _ in range(2):
            reason, connection = _try(path, connector)
            if connection is not None:
                return OpenedDatabase(connection, notice)
            if reason != _DAMAGED:
                break
            notice = quarantine(path)
        hint = "move it away to start with a new one" if reason in _OTHERS else ""
        return OpenedDatabase(None, no_memory(f"{path}: {reason}", hint))


def quarantine(path: str) -> Notice:
    """Move a damaged database out of the way, and say so."""
    aside = path + ".corrupt"
    try:
        os.replace(path, aside)
    except OSError as error:
        return no_memory(f"{path} is damaged and cannot be moved away: {reason_of(error)}")
    with contextlib.suppress(OSError):  # it belongs to what was moved, or was never there
        os.unlink(path + "-journal")
    return Notice(f"the index was damaged and has been replaced; the old one is {aside}")


def no_memory(reason: str, hint: str = "") -> Notice:
    """Return the notice that what is seen from now on is forgotten again."""
    return Notice(f"the index cannot be saved: {reason}", hint)


def is_damage(error: sqlite3.Error | UnicodeDecodeError) -> bool:
    """Tell whether a database is not what it should be: torn, or without its tables."""
    return isinstance(error, TORN) or _code(error) in _DAMAGE


def is_busy(error: sqlite3.Error | UnicodeDecodeError) -> bool:
    """Tell whether another process was at it for too long."""
    return _code(error) in _BUSY


def why(error: sqlite3.Error | UnicodeDecodeError) -> str:
    """Say in words what SQLite met."""
    return "in use by another program" if is_busy(error) else str(error)


def _try(path: str, connector: Connect) -> tuple[str, sqlite3.Connection | None]:
    """Return a connection, or why there is none."""
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        reason = _prepare(path)
    except (OSError, ValueError) as error:
        return reason_of(error), None
    if reason:
        return reason, None
    try:
        return "", _connected(path, connector)
    except (sqlite3.Error, TORN) as error:
        return _DAMAGED if is_damage(error) else why(error), None


def _prepare(path: str) -> str:
    """Make sure that there is a file which may be ours; return why it is not, or nothing.

    It is looked at before SQLite does, which would roll back another program's transaction.
    """
    try:
        status = os.lstat(path)  # a link may lead to what is somebody's
    except FileNotFoundError:
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0)
        try:
            os.close(os.open(path, flags, 0o600))
        except FileExistsError:  # another copy was faster
            return _prepare(path)
        return ""
    if not stat.S_ISREG(status.st_mode):
        return _NO_FILE
    if status.st_size == 0:
        return ""
    header = read_bounded(path, HEADER_BYTES, whole=False)
    if isinstance(header, Unread):
        return header.reason
    marks = marks_of(header)
    if marks is None:
        return _DAMAGED
    application, version = marks
    if application != APPLICATION_ID:
        return _ANOTHERS
    return _NEWER if version > VERSION else ""


def _connected(path: str, connector: Connect) -> sqlite3.Connection:
    connection = connector(path)
    try:
        connection.execute("PRAGMA synchronous = OFF")
        if _version(connection) != VERSION:
            _renew(connection)
        for table in TABLES:
            connection.execute(f"SELECT * FROM {table} LIMIT 0")  # noqa: S608 – a name of ours
    except BaseException:
        connection.close()
        raise
    return connection


def _renew(connection: sqlite3.Connection) -> None:
    """Make the tables, and keep what an earlier version remembers and this one reads."""
    with transaction(connection):
        version = _version(connection)
        if version == VERSION:  # another copy was faster
            return
        kept = _KEPT.get(version, frozenset())
        found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        for (table,) in found.fetchall():
            if table not in kept:
                quoted = table.replace('"', '""')
                connection.execute(f'DROP TABLE "{quoted}"')
        for table, columns in TABLES.items():
            connection.execute(f"CREATE TABLE IF NOT EXISTS {table} ({columns})")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {VERSION}")


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Write all of it or nothing; the lock is taken first, so that no one waits for another
    who waits in turn."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # SQLite ends some by itself, on a full disk for one
            connection.execute("ROLLBACK")
        raise


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def _code(error: sqlite3.Error | UnicodeDecodeError) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
