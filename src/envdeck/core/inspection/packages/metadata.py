"""METADATA, PKG-INFO, entry points, licence.

They are an e-mail's headers, with the description behind the blank line. Only the headers are
read and only a few of them kept, by hand: an e-mail parser takes ten times as long, and the
description is most of the file.
"""

import codecs
import re
from collections.abc import Iterable
from hashlib import sha256
from typing import TypeAlias

from envdeck.core.inspection.packages.provenance import mask_text
from envdeck.core.inspection.packages.record import FileKey, RecordReader, listed_size
from envdeck.core.lazy_dataclasses import dataclass, field
from envdeck.core.model import Distribution, Script
from envdeck.core.system.files import METADATA_LIMIT, Unread, decode, read_until

SHORT = 60
"""Characters; a longer `License` is the text of one, not its name."""

_TROVE = "License ::"


def licence_of(expression: str, field: str, classifiers: Iterable[str]) -> str:
    """Return `License-Expression` (PEP 639), else a `License` of one short line, else the
    licences among the trove classifiers, joined; empty where nothing tells."""
    expression, field = expression.strip(), field.strip()
    if is_known(expression):
        return " ".join(expression.split())
    if is_known(field) and len(field) <= SHORT and "\n" not in field:
        return field
    names = [
        text.rpartition("::")[2].strip() for text in classifiers if text.lstrip().startswith(_TROVE)
    ]
    return ", ".join(dict.fromkeys(name for name in names if name and name != "OSI Approved"))


def is_known(value: str) -> bool:
    """Tell whether a field says something: older tools write `UNKNOWN` where nothing was given."""
    return value.strip() not in {"", "UNKNOWN"}


_SINGLE = (
    "Name",
    "Version",
    "Summary",
    "License",
    "License-Expression",
    "Requires-Python",
)
_KEPT = {field.lower(): field for field in (*_SINGLE, "Requires-Dist", "Classifier")}
# Their usual spelling spares the common headers that are passed over a closer look.
_PASSED_OVER = frozenset(
    (
        "Metadata-Version", "Dynamic", "Platform", "Supported-Platform", "Description",
        "Description-Content-Type", "Keywords", "Author", "Author-email", "Maintainer",
        "Maintainer-email", "License-File", "Home-page", "Download-URL", "Project-URL",
        "Provides-Extra", "Provides-Dist", "Obsoletes-Dist", "Requires-External",
    )
)  # fmt: skip
_BLANK_LINE = re.compile(rb"\n\r?\n|\r\r")
_FIELD_NAME = re.compile(r"[!-9;-~]*\Z")
_FIELDS = frozenset(_KEPT.values())


@dataclass(frozen=True, slots=True)
class CoreMetadata:
    """What one file of core metadata says, as written."""

    name: str = ""
    version: str = ""
    summary: str = ""
    """One line; empty for `UNKNOWN`."""
    licence: str = ""
    requires_python: str | None = None
    requires_dist: tuple[str, ...] = ()
    """Each on one line, credentials in direct references masked."""
    problem: str = ""
    """Why it could not be read whole, or empty."""
    whole: bool = False
    """Whether its headers were read up to their end, and name a distribution."""


def read_metadata(path: str) -> CoreMetadata | Unread:
    """Read the headers of the file at `path`, and of the rest no more than comes with them."""
    data = read_until(path, headers_end, METADATA_LIMIT)
    if isinstance(data, Unread):
        return data
    return parse_metadata(data)


def headers_end(data: bytes) -> bool:
    """Tell whether the blank line behind the headers is in `data`."""
    return b"\n\n" in data or (b"\r" in data and _BLANK_LINE.search(data) is not None)


def parse_metadata(data: bytes) -> CoreMetadata:
    """Parse the headers in `data`; what is no header ends them, as in any e-mail (RFC 822).

    Field names are compared without regard to case; of a field that may stand once the first
    counts; folded lines are joined.
    """
    head, problem = _head(data)
    once: dict[str, str] = {}
    requires_dist: list[str] = []
    classifiers: list[str] = []
    for line in _unfolded(head):
        field, colon, value = line.partition(":")
        if not colon:
            break
        if field in _PASSED_OVER:
            continue
        if field not in _FIELDS:
            if not _FIELD_NAME.match(field):
                break
            field = _KEPT.get(field.lower(), "")
        if field == "Requires-Dist":
            requires_dist.append(_one_line(value))
        elif field == "Classifier":
            classifiers.append(value)
        elif field and field not in once:
            once[field] = value
    summary = _one_line(once.get("Summary", ""))
    name = _one_line(once.get("Name", ""))
    return CoreMetadata(
        name=name,
        version=_one_line(once.get("Version", "")),
        summary=summary if is_known(summary) else "",
        licence=licence_of(
            once.get("License-Expression", ""), once.get("License", ""), classifiers
        ),
        requires_python=_one_line(once.get("Requires-Python", "")) or None,
        requires_dist=tuple(requires_dist),
        problem=problem,
        whole=bool(name) and (len(data) < METADATA_LIMIT or headers_end(data)),
    )


def _head(data: bytes) -> tuple[str, str]:
    """Return the headers as text, its line ends made alike, and what was wrong with them."""
    size, end = len(data), data.find(b"\n\n")
    head = data[: end + 1] if end >= 0 else data
    if b"\r" in head:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        end = data.find(b"\n\n")
        head = data[: end + 1] if end >= 0 else data
    whole = end >= 0 or size < METADATA_LIMIT
    problem = "" if whole else f"headers exceed {METADATA_LIMIT // 1024} KiB"
    try:
        return head.removeprefix(codecs.BOM_UTF8).decode(), problem
    except UnicodeDecodeError:
        if whole:
            problem = "metadata is not UTF-8"
        return decode(head), problem


def _unfolded(head: str) -> list[str]:
    """Return logical lines: one that begins with a blank goes on the one before, if any."""
    if head.startswith("\n"):
        return []
    lines = head.split("\n")
    if lines[-1] == "":
        lines.pop()
    if not head.startswith((" ", "\t")) and "\n " not in head and "\n\t" not in head:
        return lines
    joined: list[list[str]] = []
    for line in lines:
        if line[:1] in {" ", "\t"} and joined:
            joined[-1].append(line)
        elif line[:1] not in {" ", "\t"}:
            joined.append([line])
    return ["\n".join(parts) for parts in joined]


def _one_line(value: str) -> str:
    value = " ".join(value.split()) if "\n" in value else value.strip()
    return mask_text(value) if "://" in value else value


ENTRY_POINTS_LIMIT = 256 * 1024
"""Bytes; the largest known, of frameworks with hundreds of plugins, have some 30 KiB."""

_GROUPS = {"console_scripts", "gui_scripts"}


def parse_scripts(data: bytes) -> tuple[Script, ...]:
    """Return the console and GUI scripts in the order of the file.

    Names keep their case, `=` alone parts name and object, `#` and `;` begin a comment line,
    and extras behind the object (`pkg:main [color]`) are dropped. Lines that are none of this
    are passed over, as the standard library does. Two of one name are both kept.
    """
    if b"_scripts" not in data:
        return ()
    scripts: list[Script] = []
    wanted = False
    for raw in decode(data).replace("\r", "\n").split("\n"):
        line = raw.strip()
        if not line or line[0] in "#;":
            continue
        if line[0] == "[" and line[-1] == "]":
            wanted = line[1:-1].strip() in _GROUPS
        elif wanted:
            name, equals, target = line.partition("=")
            name, target = name.strip(), target.partition("[")[0].strip()
            if equals and name and target:
                scripts.append(Script(name, target))
    return tuple(scripts)


_MOST_KNOWN = 20_000
"""Files that are kept."""

Told: TypeAlias = tuple[str, bytes | None, bytes | None, bytes | None, bool]
"""What a row is made of besides its metadata: the name of its folder, the contents of INSTALLER,
direct_url.json and entry_points.txt, and whether there is a REQUESTED."""


@dataclass(slots=True)
class KnownPackages:
    """What was read of other environments: most have the same releases, and uv links the very
    same files into many."""

    records: RecordReader = field(default_factory=RecordReader)
    _metadata: dict[FileKey | bytes, CoreMetadata] = field(default_factory=dict)
    _sizes: dict[object, int] = field(default_factory=dict)
    _rows: dict[tuple[int, Told], tuple[CoreMetadata, Distribution]] = field(default_factory=dict)

    def metadata(self, path: str, key: FileKey | None) -> CoreMetadata | Unread:
        """Return what a METADATA says, by what the file is: its links have one content."""
        found = None if key is None else self._metadata.get(key)
        if found is not None:
            return found
        data = read_until(path, headers_end, METADATA_LIMIT)
        if isinstance(data, Unread):
            return data
        content = sha256(data).digest()
        found = self._metadata.get(content)
        if found is None:
            found = parse_metadata(data)
        if len(self._metadata) < _MOST_KNOWN:
            self._metadata[content] = found
            if key is not None:
                self._metadata[key] = found
        return found

    def size(self, record: bytes, digest: str, linked: FileKey | None) -> int:
        """Return the sum of the sizes that a RECORD lists; of links to one METADATA, scripts
        alone differ, and RECORDs of one length and a sum near enough."""
        key: object = digest if linked is None else (linked, len(record))
        found = self._sizes.get(key)
        if found is None:
            found = listed_size(record)
            if len(self._sizes) < _MOST_KNOWN:
                self._sizes[key] = found
        return found

    def row(self, metadata: CoreMetadata, told: Told) -> Distribution | None:
        """Return the row that was made of the same, whose path and RECORD are another's."""
        found = self._rows.get((id(metadata), told))
        return found[1] if found is not None else None

    def keep(self, metadata: CoreMetadata, told: Told, row: Distribution) -> None:
        """Keep a row without a problem, and its metadata, by whose identity it is found again."""
        if len(self._rows) < _MOST_KNOWN:
            self._rows[id(metadata), told] = metadata, row
