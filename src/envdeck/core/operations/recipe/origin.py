"""`direct_url.json` (PEP 610) turned back into the requirement that was installed.

:mod:`envdeck.core.inspection.direct_url` tells the same without secrets, for showing; here the
raw URL is kept, in memory alone, since only it installs the package again.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from envdeck.core.discovery.project_editable import path_of
from envdeck.core.files import decode
from envdeck.core.operations.recipe.pins import PinKind

_SYSTEMS = {"git", "hg", "bzr", "svn"}
_COMMIT = re.compile(r"[\w.:/@+=-]{1,200}", re.ASCII)
_DIGEST = re.compile(r"[0-9a-fA-F]{32,128}")
_ALGORITHMS = ("sha512", "sha384", "sha256", "sha224")
"""Those that are worth a check, the strongest first."""
_SAFE = "".join(map(chr, range(0x21, 0x7F)))
"""Printable ASCII without the blank: what a URL may hold as it is."""
_PATH = _SAFE.translate({ord(letter): None for letter in "[];"})
"""What a path of this machine may hold so: in a line that begins with `-e`, brackets at the end
are extras, and a semicolon begins a marker."""
_PLACEHOLDER = re.compile(r"\$\{[A-Za-z0-9_]+\}")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a distribution came from, secrets included."""

    kind: PinKind
    url: str = field(repr=False)
    """What stands behind `-e` or `name @`, with commit, subdirectory and hash; one word."""
    path: str | None = None
    """The path on this machine that it leads to."""
    hash: tuple[str, str] | None = None
    """Algorithm and hexadecimal digest of an archive."""


def read_origin(data: bytes) -> Origin | str:
    """Return what the content of a `direct_url.json` names, or why it names nothing."""
    try:
        content = json.loads(decode(data))
    except (ValueError, RecursionError):
        return "its direct_url.json is not JSON"
    if not isinstance(content, dict) or not isinstance(content.get("url"), str):
        return "its direct_url.json has no url"
    url = one_word(content["url"])
    if not url:
        return "its direct_url.json has no url"
    url, _, _ = url.partition("#")  # PEP 610 gives it no meaning
    path = path_of(url)
    subdirectory = content.get("subdirectory")
    tail = []
    if isinstance(subdirectory, str) and subdirectory:
        tail.append("subdirectory=" + quote(subdirectory, safe="/", errors="surrogateescape"))
    for kind in ("dir_info", "archive_info", "vcs_info"):
        info = content.get(kind)
        if isinstance(info, dict):
            break
    else:
        return "its direct_url.json does not say whether it is a folder, archive or checkout"
    if kind == "dir_info":
        if path is None:
            return "its direct_url.json names a folder that is on no disk of this machine"
        editable = info.get("editable") is True
        found = PinKind.EDITABLE if editable else PinKind.DIRECTORY
        return Origin(found, _joined(url, tail), path)
    if kind == "archive_info":
        digest = _digest(info)
        if digest is not None:
            tail.append("=".join(digest))
        return Origin(PinKind.ARCHIVE, _joined(url, tail), path, digest)
    system, commit = info.get("vcs"), info.get("commit_id")
    if not (
        isinstance(system, str)
        and system in _SYSTEMS
        and isinstance(commit, str)
        and _COMMIT.fullmatch(commit)
    ):
        return "its direct_url.json does not say which commit of which system was checked out"
    return Origin(PinKind.VCS, _joined(f"{system}+{url}@{commit}", tail), path)


def one_word(url: str) -> str:
    """Return a URL as one word of printable ASCII, so that no line of a requirements file can be
    made of it that is more than the URL.

    Variables (`${TOKEN}`) stay where PEP 610 has them, in the user part; anywhere else an
    installer would put a secret of the person into an address that the file chose.
    """
    safe = _PATH if url.startswith("file:") else _SAFE
    word = quote(url, safe=safe, errors="surrogateescape")
    authority = re.match(r"[^:/]*://[^/?#]*@", word)
    user = authority[0] if authority else ""
    rest = _PLACEHOLDER.sub(lambda match: match[0].replace("$", "%24"), word[len(user) :])
    return user + rest


def _joined(url: str, tail: list[str]) -> str:
    return f"{url}#{'&'.join(tail)}" if tail else url


def _digest(info: Mapping[str, object]) -> tuple[str, str] | None:
    """Return an archive's hash: `hashes`, or the older `hash` (`sha256=…`)."""
    hashes = info.get("hashes")
    known: dict[str, object] = dict(hashes) if isinstance(hashes, dict) else {}
    old = info.get("hash")
    if not known and isinstance(old, str):
        algorithm, _, digest = old.partition("=")
        known = {algorithm: digest}
    for algorithm in _ALGORITHMS:
        value = known.get(algorithm)
        if isinstance(value, str) and _DIGEST.fullmatch(value):
            return algorithm, value.lower()
    return None
