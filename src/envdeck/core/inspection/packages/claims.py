"""Which distributions claim a file, what each says that it holds, and what it holds.

An installer that links from its cache puts the very same files into the new environment that are
in the old one: what was read there need not be read again.
"""

import base64
import hashlib
import os
import posixpath
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple, TypeAlias

from envdeck.core.inspection.packages.record import (
    DIGITS,
    RECORD_LIMIT,
    ROW_LIMIT,
    is_compiled,
    is_own,
    place_of,
    rows,
)
from envdeck.core.inspection.packages.site_packages import Listed, list_names
from envdeck.core.lazy_dataclasses import dataclass, field
from envdeck.core.system import reach
from envdeck.core.system.files import Unread, decode, read_bounded, reason_of
from envdeck.core.system.host import relative_to

_SCRIPTS = ("bin/", "Scripts/")

Rows: TypeAlias = list[tuple[str | None, str, int | None]]
"""Place, hash and size of files; None is a place outside of the environment."""
Parsed: TypeAlias = tuple[bytes, Rows]
"""A RECORD as it was read, and what it lists."""


class Claim(NamedTuple):
    """One row of a RECORD, with what is needed to judge the file by."""

    name: str
    """Of the distribution, normalised."""
    hash: str
    size: int | None
    recorded_ns: int
    """When its RECORD was written."""
    unpacked_ns: int
    """When its METADATA was: with the other files, be it into the environment or into a cache."""


@dataclass(slots=True)
class RecordClaims:
    """Every file that RECORDs list, by its path relative to the environment, with `/`.

    Left out are compiled files, what installers write of themselves, rows without hash and size,
    and what is outside of the environment, which is never looked at.
    """

    root: str
    """The environment's folder."""
    by_place: dict[str, tuple[Claim, ...]] = field(default_factory=dict)
    bare: list[tuple[str, str]] = field(default_factory=list)
    """Distribution and place of what has neither."""
    outside: set[str] = field(default_factory=set)
    """Names of the distributions that list something outside."""
    unread: list[str] = field(default_factory=list)
    """Names of distributions whose RECORD cannot be read, each with the reason."""
    parsed: dict[str, Parsed] = field(default_factory=dict)
    """What was read, by the path of the metadata folder relative to the environment."""
    differing: frozenset[str] | None = None
    """The places of what is claimed otherwise than in the environment that this one was made like;
    None where nothing was taken over from there."""


def read_claims(
    root: str,
    site_packages: Iterable[str],
    names: frozenset[str] | None = None,
    places: frozenset[str] | None = frozenset(),
) -> RecordClaims:
    """Read the RECORDs of the environment at `root`: of all distributions, or of `names` and,
    of the others, what they claim of the same files or of `places`; with None for these, nothing.
    """
    claims = RecordClaims(root)
    is_conda = reach.isdir(os.path.join(root, "conda-meta"))  # it puts its prefix into scripts
    others: list[tuple[Listed, bytes]] = []
    for each in list_names(site_packages):
        if places is None and names is not None and each.name not in names:
            continue
        data = _record(each, claims)
        if data is None:
            continue
        if names is None or each.name in names:
            parsed = _parsed(each, data, root)
            claims.parsed[relative_to(each.path, root)] = data, parsed
            _take(claims, each, parsed, is_conda=is_conda)
        else:
            others.append((each, data))
    touched = frozenset(claims.by_place).union(places or ()) if others else frozenset()
    written: dict[str, set[bytes]] = {}
    for each, data in others:
        folder = os.path.dirname(each.path)
        if folder not in written:
            written[folder] = set(_written_forms(touched, place_of("", folder, root)))
        paths = (line.rsplit(b",", 2)[0] for line in data.splitlines())  # as they are written
        if b'"' in data or not written[folder].isdisjoint(paths):
            parsed = _parsed(each, data, root)
            among = [row for row in parsed if row[0] in touched]
            _take(claims, each, among, is_conda=is_conda)
    return claims


def read_claims_like(like: RecordClaims, root: str, site_packages: Iterable[str]) -> RecordClaims:
    """Read the RECORDs of the environment at `root`, which was made like that of `like`. Of rows
    that both list the claims are taken over, with the times of the old RECORDs."""
    claims, records = RecordClaims(root), {}
    for each in list_names(site_packages):
        if (data := _record(each, claims)) is not None:
            records[relative_to(each.path, root)] = each, data
    if claims.unread or records.keys() != like.parsed.keys() or like.outside or like.bare:
        return read_claims(root, site_packages)
    claims.by_place = {**like.by_place}
    differing: set[str] = set()
    for inner, (listed, data) in records.items():
        before = like.parsed[inner][0]
        if data == before:
            continue
        gone, come = (_parsed(listed, each, root) for each in _unlike_lines(before, data))
        differing.update(place for place, *_ in (*gone, *come) if place is not None)
        for place, expected, size in gone:
            row = listed.name, expected, size
            every = claims.by_place.pop(place or "", ())
            if left := tuple(each for each in every if each[:3] != row):
                claims.by_place[place or ""] = left
        _take(claims, listed, come, is_conda=False)
    claims.differing = frozenset(differing)
    return claims


def _unlike_lines(before: bytes, data: bytes) -> tuple[bytes, bytes]:
    """Return the lines that only one of two RECORDs has, of each; all of them where a row may be
    more than a line, or is read as others are: quoted ones, and what is not ASCII."""
    plain = before.isascii() and data.isascii() and b'"' not in before and b'"' not in data
    if not plain or max(before.count(b"\n"), data.count(b"\n")) >= ROW_LIMIT:
        return before, data
    old, new = before.split(b"\n"), data.split(b"\n")
    common = {*old} & {*new}
    kept = ([line for line in lines if line not in common] for lines in (old, new))
    first, second = map(b"\n".join, kept)
    return first, second


def _record(listed: Listed, claims: RecordClaims) -> bytes | None:
    if not listed.path.endswith(".dist-info"):
        return None
    data = read_bounded(os.path.join(listed.path, "RECORD"), RECORD_LIMIT)
    if isinstance(data, Unread):
        claims.unread.append(f"{listed.name}: RECORD cannot be read: {data.reason}")
        return None
    return data


def _written_forms(places: Iterable[str], site: str | None) -> Iterator[bytes]:
    """Yield places as the RECORDs of a package folder write them."""
    folder = site or ""
    inside = folder + "/"
    for place in places:
        written = place.removeprefix(inside)
        if not place.startswith(inside):
            written = posixpath.relpath(place, folder or ".")
        yield written.encode("utf-8", "surrogateescape")


def _parsed(listed: Listed, data: bytes, root: str) -> Rows:
    """Return place, hash and size of what a RECORD lists."""
    folder, info = os.path.split(listed.path)
    site = place_of("", folder, root)
    own = info.removesuffix(".dist-info")  # what installers write of themselves begins so
    found = []
    for path, expected, size in _read_rows(data):
        if is_compiled(path, expected):
            continue
        if (
            site is None
            or path[0] in "/."
            or "/." in path
            or "//" in path
            or "\\" in path
            or "\0" in path
        ):
            place = place_of(path, folder, root)
        else:  # nearly all of them: no path to be normalised
            place = f"{site}/{path}"
        if path.startswith(own) and is_own(path.replace("\\", "/"), info):
            continue
        found.append((place, expected, size))
    return found


def _read_rows(data: bytes) -> list[tuple[str, str, int | None]]:
    """Return the rows as :func:`rows` reads them; lines without a quote are cut here."""
    if b'"' in data:
        return [(row.path, row.hash, row.size) for row in rows(data)]
    found: list[tuple[str, str, int | None]] = []
    for line in decode(data).split("\n"):
        head, _, last = line.removesuffix("\r").rpartition(",")
        path, _, expected = head.rpartition(",") if "," in head else (head, "", "")
        if path and len(found) < ROW_LIMIT:
            is_size = last.isdecimal() and last.isascii() and len(last) <= DIGITS
            found.append((path, expected, int(last) if is_size else None))
    return found


def _take(claims: RecordClaims, listed: Listed, rows: Rows, *, is_conda: bool) -> None:
    name, by_place = listed.name, claims.by_place
    recorded = _time(os.path.join(listed.path, "RECORD"))
    unpacked = _time(os.path.join(listed.path, "METADATA"))
    for place, expected, size in rows:
        if place is None:
            claims.outside.add(name)
            continue
        if is_conda and place.startswith(_SCRIPTS):
            continue
        if not expected and size is None:
            claims.bare.append((name, place))
            continue
        claim = Claim(name, expected, size, recorded, unpacked)
        if by_place.setdefault(place, (claim,))[0] is not claim:
            by_place[place] = (*by_place[place], claim)


def _time(path: str) -> int:
    try:
        return reach.lstat(path).st_mtime_ns
    except OSError:
        return 0


_PART = 1024 * 1024
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_KNOWN = hashlib.algorithms_guaranteed - {"shake_128", "shake_256"}

Inode: TypeAlias = tuple[int, int]
"""A device and a file on it."""
_Key: TypeAlias = tuple[int, int, int, int]


@dataclass(slots=True)
class HashCache:
    """Hashes that were taken, by device, inode, length and time of change."""

    read_bytes: int = 0
    """How much was read so far."""
    presumed: dict[Inode, str] = field(default_factory=dict)
    """Of files of the old environment that have other names too: the hash that RECORD gives them.
    Where the new one has the very same file, nothing differs, and it is not read."""
    folders: dict[str, dict[str, Inode]] = field(default_factory=dict)
    """Those of them that one distribution claims, by folder and name in the old environment."""
    met: set[Inode] = field(default_factory=set)
    """Those of them that the new one has too."""
    _taken: dict[tuple[_Key, str], str] = field(default_factory=dict)

    def agrees(self, path: str, status: os.stat_result, expected: str) -> bool | Unread:
        """Tell whether a file holds what a row of RECORD says: `sha256=` and the digest. A kind of
        hash that is not known agrees, since nothing speaks against it."""
        algorithm, _, digest = expected.partition("=")
        if algorithm not in _KNOWN:
            return True
        found = self.digest(path, status, algorithm)
        return found if isinstance(found, Unread) else found == digest.rstrip("=")

    def digest(self, path: str, status: os.stat_result, algorithm: str) -> str | Unread:
        """Return the digest of a file, in URL-safe base 64 without padding; `status` is that of
        its content (links followed)."""
        key = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
        found = self._taken.get((key, algorithm))
        if found is None:
            taken = _hashed(path, status.st_size, algorithm)
            if isinstance(taken, Unread):
                return taken
            self.read_bytes += status.st_size
            found = self._taken[key, algorithm] = taken
        return found


def _hashed(path: str, size: int, algorithm: str) -> str | Unread:
    """Hash a regular file; one that grows while it is read is read no further than one byte more
    than it had, and so is another one."""
    try:
        descriptor = reach.open_file(path, _FLAGS)
    except (OSError, ValueError) as error:
        return Unread(reason_of(error))
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return Unread("is not a regular file")
        digest = hashlib.new(algorithm)
        left = size + 1
        while left > 0:
            asked = min(left, _PART)
            part = os.read(descriptor, asked)
            digest.update(part)
            left -= len(part)
            if not part or (left == 1 and len(part) < asked):  # it ends where its size says
                break
    except OSError as error:
        return Unread(reason_of(error))
    finally:
        os.close(descriptor)
    return base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True)
class Fault:
    """A file that is not what it should be."""

    place: str
    """Relative to the environment, with `/`."""
    names: tuple[str, ...]
    """The distributions that claim it and should have it."""
    hashes: frozenset[str]
    """What it may hold, as RECORD has it."""
    reason: str


def find_faults(
    claims: RecordClaims,
    contents: HashCache,
    winners: Mapping[str, frozenset[str]],
    stopped: Callable[[], bool],
) -> list[Fault]:
    """Read every file that is claimed, and return those that are not as their RECORD says.

    `winners` are the distributions, by place, one of which has to have its file there where
    several claim it.
    """
    found = []
    presumed, met, root = contents.presumed, contents.met, claims.root
    here: dict[str, Mapping[str, Inode]] = {}
    same = _find_same(claims, contents, here)
    for place, every in claims.by_place.items():
        if place in same:
            continue
        folder, _, name = place.rpartition("/")
        if folder not in here:
            here[folder] = _inodes(f"{root}/{folder}") if presumed else {}
        inode = here[folder].get(name)
        if inode is not None and len(every) == 1 and presumed.get(inode) == every[0].hash:
            met.add(inode)
            continue
        if stopped():
            break
        rightful = every
        if len(every) > 1 and (names := winners.get(place)):
            rightful = tuple(each for each in every if each.name in names) or every
        reason = _amiss(f"{root}/{place}", rightful, contents)
        if reason:
            names = frozenset(each.name for each in rightful)
            hashes = frozenset(each.hash for each in rightful)
            found.append(Fault(place, tuple(sorted(names)), hashes, reason))
    return found


def _find_same(
    claims: RecordClaims, contents: HashCache, here: dict[str, Mapping[str, Inode]]
) -> frozenset[str]:
    """Return the places of the files that are those of the old environment, in folders of which
    all are, and are claimed as there. The listings of other folders are noted in `here`."""
    if claims.differing is None:
        return frozenset()
    left = {place.rpartition("/")[0] for place in claims.differing}
    found: list[str] = []
    for folder, known in contents.folders.items():
        if folder in left:
            continue
        listed = _inodes(f"{claims.root}/{folder}")
        if known.items() <= listed.items():
            contents.met.update(known.values())
            found += [f"{folder}/{name}" for name in known]
        else:
            here[folder] = listed
    return frozenset(found)


def _inodes(folder: str) -> dict[str, Inode]:
    """Return which files lie in a folder, as listing it tells. That of a link is its own, and so
    none of those that are presumed to be something."""
    try:
        device = reach.stat(folder).st_dev
        with reach.scandir(folder) as entries:
            return {entry.name: (device, entry.inode()) for entry in entries}
    except OSError:  # the files in it are missing, and told
        return {}


def _amiss(path: str, claims: tuple[Claim, ...], contents: HashCache) -> str:
    """Return why a file is none of those that are claimed; nothing where it is one."""
    try:
        status = reach.stat(path)
    except FileNotFoundError:
        return "is missing"
    except (OSError, ValueError) as error:
        return f"cannot be read: {reason_of(error)}"
    if not stat.S_ISREG(status.st_mode):
        return "is not a regular file"
    for claim in claims:
        if claim.size not in {None, status.st_size}:
            continue
        agrees = contents.agrees(path, status, claim.hash)
        if isinstance(agrees, Unread):
            return f"cannot be read: {agrees.reason}"
        if agrees:
            return ""
    return "does not match RECORD"


_MOST_BYTES = 64 * 1024**3


def find_altered(
    claims: RecordClaims, contents: HashCache, goes_on: Callable[[int, int], bool]
) -> tuple[list[str], list[str]]:
    """Read every file of a length that is claimed; return those that hold nothing that is claimed
    of them, and what could not be read and why. `goes_on` gets how many were read, of how many."""
    altered: list[str] = []
    unread: list[str] = []
    for number, (place, every) in enumerate(sorted(claims.by_place.items())):
        if not goes_on(number, len(claims.by_place)):
            return [], ["cancelled"]
        if contents.read_bytes > _MOST_BYTES:
            unread.append(f"not all of it was read: more than {_MOST_BYTES // 1024**3} GiB")
            break
        path = f"{claims.root}/{place}"
        try:
            status = reach.stat(path)
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as error:
            unread.append(f"{place}: {reason_of(error)}")
            continue
        fitting = [each for each in every if each.size in {None, status.st_size}]
        agreed = [contents.agrees(path, status, each.hash) for each in fitting]
        if any(one is True for one in agreed) or not fitting:
            continue
        reasons = [one.reason for one in agreed if isinstance(one, Unread)]
        if reasons:
            unread.append(f"{place}: {reasons[0]}")
        else:
            altered.append(place)
    return altered, unread
