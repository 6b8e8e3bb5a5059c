"""Whether two installs are of one release: by the hashes that RECORD gives, else by content.

Name and version prove nothing: another project may have both on another index.
"""

import base64
import hashlib
import os
import re
import stat
from collections.abc import Iterable
from email.parser import HeaderParser

from envdeck.core.inspection.packages.record import COMPILED, RECORD_LIMIT, RecordRow, is_compiled
from envdeck.core.inspection.packages.record import rows as parse_rows
from envdeck.core.inspection.packages.site_packages import normalise
from envdeck.core.operations.recipe.recipe import (
    HEAD_LIMIT,
    comparable,
    generated_scripts,
    read_wheel_head,
    record_of,
    script_name,
)
from envdeck.core.system import reach
from envdeck.core.system.files import Unread, decode, read_bounded

_PART = 1024 * 1024
_METADATA_LIMIT = 8 * 1024 * 1024
_CODE = (".py", ".pyi", ".pyx", ".pxd", ".pth")
"""How files end that a wheel has for every version of Python."""
_IN_SCRIPTS = re.compile(rb"/(?:bin|Scripts)/")
_ALGORITHMS = frozenset({"sha256", "sha384", "sha512"})
_INTERPRETERS = ("python", "python3")
_ARGUMENTS = re.compile(rb"(#![^ \t\r\n]+)[ \t]+-[A-Za-z]+(?=\r?\n)")
_LISTED = 50_000
"""Files of an egg that are looked at."""
_TELLING = frozenset(
    {"summary", "author", "author-email", "home-page", "project-url", "license", "description"}
)
"""Headers by which a release is told from one of another project."""
_SAME_VERSION = "the index's release of this version"


def unlike_files(was: str, there: str) -> frozenset[str]:
    """Return which files are not proved to be the same in two installs, relative to the package
    folder; none where both are of one build. Both are given by their metadata folders.

    Rows that have a hash on both sides are compared by that, and all others by content; scripts
    as :func:`unlike_scripts` has it.
    """
    new = record_of(there)
    if isinstance(new, Unread):
        return frozenset({f"{os.path.basename(there)}/RECORD"})
    right = dict(comparable(new, os.path.basename(there)))
    old = record_of(was)
    if isinstance(old, Unread):
        return _unlike_content(was, there, right)
    left = dict(comparable(old, os.path.basename(was)))
    unlike = set(left.keys() ^ right.keys())
    for path in left.keys() & right.keys():
        if _is_hash(left[path]) and _is_hash(right[path]):
            if left[path] != right[path]:
                unlike.add(path)
        elif not _same_content(os.path.dirname(was), os.path.dirname(there), path):
            unlike.add(path)
    return frozenset(unlike) | unlike_scripts(was, there)


def unlike_scripts(was: str, there: str) -> frozenset[str]:
    """Return which scripts are not proved to be the same in two installs, as RECORD has them, but
    for those that installers make of entry points. Both are given by their metadata folders.

    An installer writes its interpreter into the first line, so their hashes may differ: then the
    rest is compared. A script that was edited is proved where the other one, with the first line
    that it had, has the hash that RECORD gives it.
    """
    old, new = _scripts(was), _scripts(there)
    return frozenset(
        (old.get(name) or new[name]).path
        for name in old.keys() | new.keys()
        if name not in old
        or name not in new
        or not (
            (old[name].hash and old[name].hash == new[name].hash)
            or _same_script(was, old[name], there, new[name])
        )
    )


def differs_in_flags(path: str, recorded: str) -> bool:
    """Tell whether a script is as RECORD says but for flags in its first line: pipx has all
    programs of its environments run by `python -E`, and leaves RECORD as it was."""
    algorithm, _, expected = recorded.partition("=")
    match = _ARGUMENTS.match(_head(path)[0] or b"")
    if match is None or algorithm not in _ALGORITHMS:
        return False
    digest = _rest(path, hashlib.new(algorithm, match[1]), match.end())
    return digest is not None and _encode_digest(digest) == expected.rstrip("=")


def is_hashed(told: Iterable[tuple[str, str]]) -> bool:
    """Tell whether every file that two installs have in common has a hash; `told` is what
    :func:`comparable` returns."""
    return all(_is_hash(value) for _, value in told)


def other_release(was: str, there: str) -> str:
    """Return why a wheel for another version of Python is not proved to be of the same release;
    empty where it is. Both are given by their metadata folders, and bear one name and version.

    The same wheel has the same rows. Two wheels of one release share METADATA and most of their
    Python files: a build writes few of them again (`__config__.py`). Where a newer tool wrote
    METADATA in other words, all of those files have to be the same.
    """
    old, new = record_of(was), record_of(there)
    if isinstance(old, Unread):
        return f"{_SAME_VERSION} cannot be compared: RECORD cannot be read: {old.reason}"
    if isinstance(new, Unread):
        return f"{_SAME_VERSION} has no RECORD"
    left = dict(comparable(old, os.path.basename(was)))
    right = dict(comparable(new, os.path.basename(there)))
    if left == right and all(map(_is_hash, left.values())):
        return f"{_SAME_VERSION} has different scripts" if unlike_scripts(was, there) else ""
    ours, theirs = _code(left, was), _code(right, there)
    both = ours.keys() & theirs.keys()
    same = {path for path in both if ours[path] == theirs[path]}
    described = _same_metadata(was, there)
    if described and not ours and not theirs:
        if _is_telling(was):
            return ""
        return f"{_SAME_VERSION} has no files in common and too little METADATA"
    if described and both and len(same) * 2 >= len(both):
        return ""
    if same == both and len(both) * 10 >= max(len(ours), len(theirs)) * 9 and both:
        return ""
    return f"{_SAME_VERSION} has different files"


def _unlike_content(was: str, there: str, right: dict[str, str]) -> frozenset[str]:
    """Compare by content alone: there is no RECORD of what was."""
    base = was if was.endswith(".egg") else os.path.dirname(was)
    info = os.path.basename(there) + "/"
    legacy = not was.endswith(".dist-info")
    paths = {path for path in right if not (legacy and path.startswith(info))}
    if not any(_is_code(path) and _size(os.path.join(base, path)) for path in paths):
        return frozenset({os.path.basename(was)})
    unlike = {path for path in paths if not _same_content(base, os.path.dirname(there), path)}
    return frozenset(unlike | (_egg_files(was) - paths if legacy else set()))


def _egg_files(was: str) -> set[str]:
    """Return the code files that an egg is known to have."""
    if not was.endswith(".egg") or reach.obstacle(was):
        return set()
    found: set[str] = set()
    for folder, _, names in os.walk(was):
        inside = os.path.relpath(folder, was).replace(os.sep, "/")
        if inside.startswith("EGG-INFO"):
            continue
        for name in names:
            if not name.endswith(COMPILED):
                found.add(name if inside == "." else f"{inside}/{name}")
        if len(found) > _LISTED:
            break
    return found


def _code(rows: dict[str, str], info: str) -> dict[str, str]:
    """Return path and hash of the Python files that say something; of those without a hash in
    RECORD, that of what they hold."""
    folder, name = os.path.split(info)
    return {
        path: value if _is_hash(value) else f"sha256={_digest(os.path.join(folder, path))}"
        for path, value in rows.items()
        if _is_code(path) and not path.startswith(name + "/") and _size(os.path.join(folder, path))
    }


def _scripts(info: str) -> dict[str, RecordRow]:
    """Return the rows of scripts that come as they are from a wheel, by their names."""
    data = read_bounded(os.path.join(info, "RECORD"), RECORD_LIMIT)
    if isinstance(data, Unread) or not _IN_SCRIPTS.search(data):
        return {}
    lines = [line for line in data.splitlines() if _IN_SCRIPTS.search(line)]
    name = normalise(os.path.basename(info).partition("-")[0])
    made = generated_scripts(info, name)
    return {
        script: row
        for row in parse_rows(b"\n".join(lines))
        if (script := script_name(row.path)) is not None
        and script not in made
        and not is_compiled(row.path, row.hash)
    }


def _same_script(was: str, old: RecordRow, there: str, new: RecordRow) -> bool:
    before, after = (
        os.path.normpath(os.path.join(os.path.dirname(info), row.path))
        for info, row in ((was, old), (there, new))
    )
    head, replaced = _head(after)
    if head is None:
        return False
    own, own_replaced = _head(before)
    if own is not None:
        first = hashlib.sha256(read_wheel_head(own)[0])
        second = hashlib.sha256(read_wheel_head(head)[0])
        if _rest(before, first, own_replaced) == _rest(after, second, replaced) is not None:
            return True
    algorithm, _, expected = old.hash.partition("=")
    if algorithm not in _ALGORITHMS:
        return False
    folder = os.path.dirname(before)
    starts = [own[:own_replaced]] if own is not None and own_replaced else []
    starts += [os.fsencode(f"#!{folder}/{name}") for name in _INTERPRETERS if replaced]
    for start in starts or [b""]:
        digest = _rest(after, hashlib.new(algorithm, start), replaced)
        if digest is not None and _encode_digest(digest) == expected.rstrip("="):
            return True
    return False


def _head(path: str) -> tuple[bytes | None, int]:
    """Return how a script begins, and how much of that an installer has written."""
    try:
        if not stat.S_ISREG(reach.stat(path).st_mode):
            return None, 0
        with open(path, "rb") as file:
            head = file.read(HEAD_LIMIT)
    except (OSError, ValueError):
        return None, 0
    return head, read_wheel_head(head)[1]


def _rest(path: str, digest: "hashlib._Hash", start: int) -> bytes | None:
    """Return a digest after the rest of a file was added to it."""
    try:
        with open(path, "rb") as file:
            file.seek(start)
            while part := file.read(_PART):
                digest.update(part)
    except OSError:
        return None
    return digest.digest()


def _encode_digest(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _is_code(path: str) -> bool:
    return path.endswith(_CODE)


def _is_hash(value: str) -> bool:
    return "=" in value


def _same_metadata(was: str, there: str) -> bool:
    old, new = (read_bounded(os.path.join(at, "METADATA"), _METADATA_LIMIT) for at in (was, there))
    return isinstance(old, bytes) and old == new


def _is_telling(info: str) -> bool:
    data = read_bounded(os.path.join(info, "METADATA"), _METADATA_LIMIT)
    if isinstance(data, Unread):
        return False
    message = HeaderParser().parsestr(decode(data))
    said = {name.lower() for name, value in message.items() if str(value).strip() != "UNKNOWN"}
    return bool(said & _TELLING)


def _same_content(old: str, new: str, path: str) -> bool:
    first, second = (_digest(os.path.join(folder, path)) for folder in (old, new))
    return first is not None and first == second


def _digest(path: str) -> str | None:
    """Return the SHA-256 of a regular file; None where there is none that can be read."""
    try:
        if not stat.S_ISREG(reach.stat(path).st_mode):
            return None
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError):
        return None


def _size(path: str) -> int:
    try:
        return reach.stat(path).st_size
    except (OSError, ValueError):
        return 0
