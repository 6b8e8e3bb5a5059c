"""Which distributions lay claim to a file, and what each says that it holds."""

import os
import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from envdeck.core import reach
from envdeck.core.files import Unread, read_bounded
from envdeck.core.inspection.record import RECORD_LIMIT, rows
from envdeck.core.inspection.site_packages import Listed, list_names
from envdeck.core.operations.recipe.records import is_compiled, is_own, place_of

_SCRIPTS = ("bin/", "Scripts/")


Rows: TypeAlias = list[tuple[str, str, int | None]]
"""Place, hash and size of files."""
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
class Claims:
    """Every file that RECORDs list, by its path relative to the environment, with `/`.

    Left out are compiled files, what installers write of themselves, rows without hash and size,
    and what lies outside of the environment, which is never looked at.
    """

    root: str
    """The environment's folder."""
    by_place: dict[str, tuple[Claim, ...]] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)
    """Names of distributions whose RECORD cannot be read, each with the reason."""
    parsed: dict[str, Parsed] = field(default_factory=dict)
    """What was read, by the path of the metadata folder relative to the environment."""


def read_claims(
    root: str,
    site_packages: Iterable[str],
    names: frozenset[str] | None = None,
    places: frozenset[str] | None = frozenset(),
    like: Claims | None = None,
) -> Claims:
    """Read the RECORDs of the environment at `root`: of all distributions, or of `names` and,
    of the others, what they claim of the same files or of `places`; with None for these, nothing.

    Where `like` has read the very same RECORD, it is not parsed once more.
    """
    claims = Claims(root)
    known = {} if like is None else like.parsed
    is_conda = os.path.isdir(os.path.join(root, "conda-meta"))  # it puts its prefix into scripts
    others: list[tuple[Listed, bytes]] = []
    for each in list_names(site_packages):
        if places is None and names is not None and each.name not in names:
            continue
        data = _record(each, claims)
        if data is None:
            continue
        if names is None or each.name in names:
            parsed = _parsed(each, data, root, known)
            claims.parsed[os.path.relpath(each.path, root)] = data, parsed
            _take(claims, each, parsed, is_conda=is_conda)
        else:
            others.append((each, data))
    touched = frozenset(claims.by_place).union(places or ()) if others else frozenset()
    written: dict[str, set[bytes]] = {}
    for each, data in others:
        folder = os.path.dirname(each.path)
        if folder not in written:
            written[folder] = set(_written(touched, place_of("", folder, root)))
        if b'"' in data or not _listed(data).isdisjoint(written[folder]):
            parsed = _parsed(each, data, root, known)
            among = [row for row in parsed if row[0] in touched]
            _take(claims, each, among, is_conda=is_conda)
    return claims


def _record(listed: Listed, claims: Claims) -> bytes | None:
    if not listed.path.endswith(".dist-info"):
        return None
    data = read_bounded(os.path.join(listed.path, "RECORD"), RECORD_LIMIT)
    if isinstance(data, Unread):
        claims.unread.append(f"{listed.name}: its RECORD cannot be read: {data.reason}")
        return None
    return data


def _listed(data: bytes) -> set[bytes]:
    """Return the paths of a RECORD without a quote, as they are written."""
    return {line.rsplit(b",", 2)[0] for line in data.splitlines()}


def _written(places: Iterable[str], site: str | None) -> Iterator[bytes]:
    """Yield places as the RECORDs of a package folder write them."""
    folder = site or ""
    inside = folder + "/"
    for place in places:
        written = place.removeprefix(inside)
        if not place.startswith(inside):
            written = posixpath.relpath(place, folder or ".")
        yield written.encode("utf-8", "surrogateescape")


def _parsed(listed: Listed, data: bytes, root: str, known: Mapping[str, Parsed]) -> Rows:
    """Return place, hash and size of what a RECORD lists."""
    before = known.get(os.path.relpath(listed.path, root))
    if before is not None and before[0] == data:
        return before[1]
    folder, info = os.path.split(listed.path)
    site = place_of("", folder, root)
    found = []
    for row in rows(data):
        path = row.path
        if is_compiled(path, row.hash) or not (row.hash or row.size is not None):
            continue
        if site is None or path[:1] in {"/", "."} or "/." in path or "\\" in path or "//" in path:
            place = place_of(path, folder, root)
        else:  # nearly all of them: no path to be normalised
            place = f"{site}/{path}" if "\0" not in path else None
        if place is not None and not is_own(path.replace("\\", "/"), info):
            found.append((place, row.hash, row.size))
    return found


def _take(claims: Claims, listed: Listed, rows: Rows, *, is_conda: bool) -> None:
    name, by_place = listed.name, claims.by_place
    recorded = _time(os.path.join(listed.path, "RECORD"))
    unpacked = _time(os.path.join(listed.path, "METADATA"))
    for place, expected, size in rows:
        if is_conda and place.startswith(_SCRIPTS):
            continue
        claim = Claim(name, expected, size, recorded, unpacked)
        by_place[place] = (*by_place[place], claim) if place in by_place else (claim,)


def _time(path: str) -> int:
    try:
        return reach.lstat(path).st_mtime_ns
    except OSError:
        return 0
