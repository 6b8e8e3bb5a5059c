"""One dotenv file read: bounded, never blocking, its keys as nouns and its values put aside."""

import codecs
import re
import stat
from collections import Counter
from dataclasses import dataclass, field, replace

from envdeck.core import reach
from envdeck.core.dotenv.finding_files import FoundFile
from envdeck.core.dotenv.model import DotenvFile, Key
from envdeck.core.dotenv.parsing import Statement, parse
from envdeck.core.dotenv.placeholders import is_placeholder
from envdeck.core.dotenv.secrets import is_secret_text
from envdeck.core.files import Unread, read_bounded, reason_of

LIMIT = 1024 * 1024
"""Bytes; a real dotenv file has some hundred, or thousands with a key or certificate in it."""

_NEWLINE = re.compile(r"\r\n|\n|\r")
_NO_BASE64 = re.compile(r"[^+/]*\Z")
_ALONE = re.compile(r"(?:[A-Z_][A-Z0-9_]*|[a-z_]+)\Z")
"""What may be a name where nothing stands behind it: else it is a second line of a value, perhaps,
which has no quotes."""
_KINDS = (
    (stat.S_ISDIR, "is a folder"),
    (stat.S_ISFIFO, "is a FIFO"),
    (stat.S_ISSOCK, "is a socket"),
)


@dataclass(frozen=True, slots=True)
class Document:
    """A file as it was read, with its values: only for the checks, and never kept."""

    file: DotenvFile
    text: str = field(default="", repr=False)
    statements: tuple[Statement, ...] = field(default=(), repr=False)
    assignments: tuple[Statement, ...] = field(default=(), repr=False)
    """The statements that name a key; of one that is named again, each."""


def names_a_key(statement: Statement) -> bool:
    """Tell whether what a statement names is a name, and not a part of a value: the lines of a
    private key without quotes read as keys, and must not be shown as those."""
    name = statement.name
    if not name or statement.inner or not _NO_BASE64.match(name):
        return False
    if statement.value is None and not _ALONE.match(name):
        return False
    return not is_secret_text(name)


def read_document(found: FoundFile, *, posix: bool = True) -> Document:
    """Read one file; whatever stands in the way is its `problem`."""
    link = reach.realpath(found.path) if reach.islink(found.path) else None
    try:
        status = reach.stat(found.path)
    except (OSError, ValueError) as error:
        reason = "leads nowhere" if link and not reach.lexists(link) else reason_of(error)
        return Document(DotenvFile(found.path, found.kind, link=link, problem=reason))
    file = DotenvFile(
        found.path,
        found.kind,
        mode=stat.S_IMODE(status.st_mode) if posix else None,
        bytes=status.st_size if stat.S_ISREG(status.st_mode) else None,
        link=link,
    )
    other = next((words for is_kind, words in _KINDS if is_kind(status.st_mode)), "")
    contents = Unread(other) if other else read_contents(found.path)
    if isinstance(contents, Unread):
        return Document(replace(file, problem=contents.reason))
    text, encoding = contents
    file = replace(file, encoding=encoding, newline=_newline(text))
    statements = parse(text)
    if isinstance(statements, str):
        return Document(replace(file, problem=statements))
    assignments = tuple(one for one in statements if names_a_key(one))
    return Document(replace(file, keys=_keys(assignments)), text, statements, assignments)


def read_contents(path: str) -> tuple[str, str] | Unread:
    """Return the text of a dotenv file, a BOM dropped, and its encoding."""
    data = read_bounded(path, LIMIT)
    if isinstance(data, Unread):
        return data
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return Unread("is UTF-16, which no dotenv reader takes")
    try:
        if data.startswith(codecs.BOM_UTF8):
            return data.removeprefix(codecs.BOM_UTF8).decode(), "utf-8-sig"
        return data.decode(), "utf-8"
    except UnicodeDecodeError:
        return data.decode("latin-1"), "latin-1"


def _newline(text: str) -> str:
    counted = Counter(_NEWLINE.findall(text)).most_common(1)
    return counted[0][0] if counted else "\n"


def _keys(assignments: tuple[Statement, ...]) -> tuple[Key, ...]:
    """Return each key once, where it first stands, as it is last set: that is what holds."""
    keys = {
        one.name: Key(
            one.name,
            one.line,
            bool(one.value),
            one.exported,
            one.lines,
            is_placeholder(one.value or ""),
        )
        for one in assignments
        if one.name
    }
    return tuple(keys.values())
