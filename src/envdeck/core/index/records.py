"""Records as JSON and back; shared files packed.

JSON arrays by position, values of one type side by side, so that a thousand of them are checked
and rebuilt within the first frame. Never pickle: what is in the file may be anybody's, and must
only ever become values. ASCII only, since a path may hold bytes that no text encoding takes
(PEP 383), and JSON escapes carry those to the disk and back.

As they are counted (see :class:`envdeck.core.model.SharedFiles`) an environment linked from an
installer's cache takes 32 bytes a file, 280 KB for 80 packages; kept so, a tenth of it.
"""

import json
import zlib
from array import array
from collections.abc import Iterable, Sequence
from itertools import accumulate, chain
from operator import sub
from types import NoneType
from typing import Any, Final, NamedTuple

from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.model import (
    Creation,
    Environment,
    EvidenceValue,
    Finding,
    Fix,
    FixKind,
    GlobalPackages,
    Identity,
    Interpreter,
    LastUsed,
    ProjectLink,
    ProjectState,
    Python,
    Seen,
    Severity,
    SharedFiles,
    Size,
    Status,
)

_OPTIONAL_TEXT: Final[frozenset[type]] = frozenset({str, NoneType})
_TEXT: Final[frozenset[type]] = frozenset({str})
_INT: Final[frozenset[type]] = frozenset({int})
_LIST: Final[frozenset[type]] = frozenset({list})
_FLAG: Final[frozenset[type]] = frozenset({bool})
_NUMBER: Final[frozenset[type]] = frozenset({int, float})
_PLAIN: Final[frozenset[type]] = frozenset({str, int, bool, NoneType})

_EARLIER_FLAGS: Final = 3
"""How many flags the records of version 1 have: they do not tell whether contents were examined."""
_EARLIER_PARTS: Final = 11
"""How many parts records have that do not tell with which files of the project they were made."""
_EARLIER_WORDS: Final = (
    ("when it was made; no later start seen (", "created; not used since ("),
    (" atime, to a day)", " atime, ± 1 day)"),
)
"""How version 1 told the last use, which is kept until there is another, and how it is told now."""

_encode = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode


_STATUS: Final = {status.value: status for status in Status}
_STATES: Final = {state.value: state for state in ProjectState}
_SEVERITIES: Final = {severity.value: severity for severity in Severity}
_FIXES: Final = {kind.value: kind for kind in FixKind}


class ProjectMark(NamedTuple):
    """What tells whether what lies around an environment is as it was when that was examined."""

    text: str = ""
    """Changes whenever any of it may have changed; its maker alone reads it."""
    elsewhere: tuple[str, ...] = ()
    """Files and folders outside of its project that count, too."""


@dataclass(frozen=True, slots=True)
class StoredEnvironment:
    """An environment as the last look saw it, and what tells whether that still holds."""

    environment: Environment
    fingerprint: str = ""
    """Changes whenever what was read may have changed; its maker alone reads it."""
    atimes: tuple[float, ...] = ()
    """The access times as that look left them: what
    :func:`envdeck.core.inspection.stamps.access_times` said after it."""
    usual: bool = True
    """Whether a look without PATHs meets it, too; else only one that names where it is."""
    earlier: bool = False
    """Whether an earlier version inspected it, which saw less and judged otherwise."""
    project_mark: ProjectMark = ProjectMark()
    seen: Seen = Seen()
    """What it was recognised by."""


class MalformedError(ValueError):
    """A record that this version did not write."""


def encode_environment(stored: StoredEnvironment) -> str:
    """Return an environment as text, without :attr:`Size.shared`, which is kept apart."""
    e = stored.environment
    python, creation, size = e.python, e.creation, e.size
    return _encode(
        [
            stored.fingerprint,
            stored.atimes,
            stored.usual,
            [
                e.path,
                e.name,
                e.manager,
                e.status.value,
                e.reason,
                e.last_used.source,
                e.project.state.value,
                e.project.source,
            ],
            [
                python.version,
                python.implementation,
                python.executable,
                python.base,
                python.base_executable,
                python.end_of_life,
                creation.creator,
                creation.creator_version,
                creation.prompt,
                creation.command,
                e.project.path,
                e.protected,
            ],
            [
                *(creation.system_site_packages, creation.relocatable, creation.seeded),
                *(() if stored.earlier else (e.examined,)),
            ],
            [e.identity.device, e.identity.inode, e.leftovers],
            e.packages,
            e.last_used.when,
            e.seen_at,
            e.site_packages,
            e.links,
            [_finding_row(f) for f in e.findings],
            None
            if size is None
            else [
                size.apparent_bytes,
                size.disk_bytes,
                size.reclaimable_bytes,
                size.files,
                size.unreadable,
                size.up_to,
                size.measured_at,
            ],
            *stored.project_mark,
            stored.seen,
        ]
    )


def decode_environments(texts: Sequence[str]) -> list[StoredEnvironment | None]:
    """Return what :func:`encode_environment` made; None in the place of a malformed one."""
    return [_one(_stored, row) for row in _rows(texts)]


def encode_interpreter(i: Interpreter) -> str:
    """Return an interpreter as text."""
    return _encode(
        [
            [i.executable, i.prefix, i.source],
            [i.version, i.implementation, i.end_of_life],
            [i.externally_managed],
            [i.identity.device, i.identity.inode],
            i.aliases,
            [[p.path, p.kind, p.names] for p in i.global_packages],
        ]
    )


def decode_interpreters(texts: Sequence[str]) -> list[Interpreter | None]:
    """Return what :func:`encode_interpreter` made; None in the place of a malformed one."""
    return [_one(_interpreter, row) for row in _rows(texts)]


def _rows(texts: Sequence[str]) -> Iterable[Any]:
    """Parse all at once, which is what makes it fast; one by one where one of them is bad."""
    try:
        rows = json.loads(f"[{','.join(texts)}]")
    except (ValueError, RecursionError):
        return map(_parse, texts)
    return rows if len(rows) == len(texts) else map(_parse, texts)


def _parse(text: str) -> Any:  # noqa: ANN401 – anything JSON can say, checked by the builders
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _one(build: Any, row: Any) -> Any:  # noqa: ANN401 – as above; the public functions are typed
    try:
        return build(row)
    except (KeyError, TypeError, ValueError):  # another shape, another type, an unknown word
        return None


def _stored(row: Any) -> StoredEnvironment:  # noqa: ANN401
    fingerprint, atimes, usual, *rest = row
    told, rest = rest[_EARLIER_PARTS:], rest[:_EARLIER_PARTS]
    text, elsewhere, *later = told if len(told) >= len(ProjectMark._fields) else ("", [])
    cfg, names, *seen = later[0] if later else ([], [], "", "")
    _check(_FLAG, (usual,))
    _check(_LIST, (atimes, elsewhere, cfg, names))
    _check(_TEXT, chain((fingerprint, text), elsewhere, cfg, names, seen))
    _check(_NUMBER, atimes)
    earlier = len(rest[2]) == _EARLIER_FLAGS
    found = _environment(rest)
    mark = ProjectMark(text, tuple(elsewhere))
    kept = Seen(tuple(cfg), tuple(names), *seen)
    return StoredEnvironment(found, fingerprint, tuple(atimes), usual, earlier, mark, kept)


def _environment(row: Any) -> Environment:  # noqa: ANN401
    texts, optional, flags, ids, packages, when, seen, *rest = row
    folders, links, findings, size = rest
    path, name, manager, status, reason, source, state, project_source = texts
    *python, creator, creator_version, prompt, command, project, protected = optional
    system, relocatable, seeded, *later = flags
    examined = later == [True]
    if not later:
        for before, now in _EARLIER_WORDS:
            source = source.replace(before, now)
    device, inode, *counts = ids
    leftovers = counts[0] if counts else 0
    _check(_LIST, (folders, links, findings))
    _check(_TEXT, chain(texts, folders, links))
    _check(_OPTIONAL_TEXT, optional)
    _check(_FLAG, flags)
    _check(_INT, ids if packages is None else (*ids, packages))
    _check(_NUMBER, (seen,) if when is None else (seen, when))
    return Environment(
        path,
        Identity(device, inode),
        name,
        manager,
        _STATUS[status],
        reason,
        Python(*python),
        Creation(creator, creator_version, system, prompt, relocatable, seeded, command),
        packages,
        tuple(folders),
        leftovers,
        LastUsed(when, source),
        ProjectLink(_STATES[state], project, project_source),
        tuple(links),
        protected,
        tuple(map(_finding, findings)),
        examined,
        None if size is None else _size(size),
        seen,
    )


def _finding_row(finding: Finding) -> list[Any]:
    fix = finding.fix
    return [
        [finding.check, finding.severity.value, finding.message, finding.remedy, finding.subject],
        finding.evidence,
        None if fix is None else [fix.kind.value, fix.packages],
    ]


def _finding(row: Any) -> Finding:  # noqa: ANN401
    if len(row) == 4:  # as it was kept before findings had a subject
        row = [[*row, ""], [], None]
    texts, evidence, fix = row
    check, severity, message, remedy, subject = texts
    _check(_TEXT, texts)
    pairs = tuple((key, _evidence(value)) for key, value in evidence)
    _check(_TEXT, (key for key, _ in pairs))
    mended = None
    if fix is not None:
        kind, packages = fix
        _check(_LIST, (packages,))
        _check(_TEXT, packages)
        mended = Fix(_FIXES[kind], tuple(packages))
    return Finding(check, _SEVERITIES[severity], message, remedy, subject, pairs, mended)


def _evidence(value: Any) -> EvidenceValue:  # noqa: ANN401
    if isinstance(value, list):
        _check(_TEXT, value)
        return tuple(value)
    _check(_PLAIN, (value,))
    plain: EvidenceValue = value
    return plain


def _size(row: Any) -> Size:  # noqa: ANN401
    apparent, disk, reclaimable, files, unreadable, up_to, measured = row
    _check(_INT, row[:5])
    _check(_FLAG, (up_to,))
    _check(_NUMBER, (measured,))
    return Size(apparent, disk, reclaimable, files, up_to, unreadable, measured)


def _interpreter(row: Any) -> Interpreter:  # noqa: ANN401
    texts, optional, flags, ids, aliases, packages = row
    executable, prefix, source = texts
    version, implementation, end_of_life = optional
    (managed,) = flags
    device, inode = ids
    _check(_LIST, (aliases, packages))
    _check(_TEXT, chain(texts, aliases))
    _check(_OPTIONAL_TEXT, optional)
    _check(_FLAG, flags)
    _check(_INT, ids)
    return Interpreter(
        executable,
        prefix,
        Identity(device, inode),
        version,
        implementation,
        source,
        end_of_life,
        managed,
        tuple(map(_global_packages, packages)),
        tuple(aliases),
    )


def _global_packages(row: Any) -> GlobalPackages:  # noqa: ANN401
    path, kind, names = row
    _check(_LIST, (names,))
    _check(_TEXT, chain((path, kind), names))
    return GlobalPackages(path, kind, tuple(names))


def _check(allowed: frozenset[type], values: Iterable[Any]) -> None:
    if not allowed.issuperset(map(type, values)):
        raise MalformedError


def encode_texts(texts: Iterable[str]) -> str:
    """Return texts as one record."""
    return json.dumps(list(texts), separators=(",", ":"))


def decode_texts(record: str) -> list[str] | None:
    """Return the texts of a record; None where it is something else."""
    try:
        found = json.loads(record)
    except (ValueError, RecursionError):
        return None
    return found if type(found) is list and _TEXT.issuperset(map(type, found)) else None


_FIELDS = 4
_WORD = (1 << 64) - 1
_LIMIT = 64 * 1024 * 1024
"""Bytes; two million files, beyond what any environment has."""


def deflate(shared: SharedFiles) -> bytes:
    """Return the records packed; the device is kept beside them."""
    numbers = array("Q")
    numbers.frombytes(shared.packed)
    inodes = numbers[0::_FIELDS].tolist()
    steps = array("Q", [step & _WORD for step in map(sub, inodes, [0, *inodes[:-1]])])
    columns = (steps, *(numbers[field::_FIELDS] for field in range(1, _FIELDS)))
    return zlib.compress(b"".join(column.tobytes() for column in columns), 1)


def inflate(device: int, packed: bytes) -> SharedFiles | None:
    """Return what :func:`deflate` packed, or None where it is something else."""
    worker = zlib.decompressobj()
    try:
        data = worker.decompress(packed, _LIMIT)
        length = len(data) // _FIELDS
        if not worker.eof or len(data) % (8 * _FIELDS):
            return None
        steps = array("Q", data[:length])
        numbers = array("Q", bytes(len(data)))
        numbers[0::_FIELDS] = array("Q", [inode & _WORD for inode in accumulate(steps)])
        for field in range(1, _FIELDS):
            numbers[field::_FIELDS] = array("Q", data[field * length : (field + 1) * length])
    except zlib.error:
        return None
    return SharedFiles(device, numbers.tobytes())
