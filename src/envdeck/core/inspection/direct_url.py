"""`direct_url.json` (PEP 610): where a distribution came from when not from an index."""

import json
from dataclasses import dataclass

from envdeck.core.files import decode
from envdeck.core.inspection.credentials import mask_url

DIRECT_URL_LIMIT = 64 * 1024
"""Bytes; a real one has some two hundred."""


@dataclass(frozen=True, slots=True)
class DirectUrl:
    """The origin of a distribution, without secrets."""

    origin: str | None = None
    """The URL with credentials masked; None when the file does not tell one."""
    editable: bool = False
    kind: str = ""
    """`directory`, `archive`, or the version control system: `git`, `hg` …"""
    commit: str | None = None
    """What exactly was checked out, for a version control system."""
    requested: str | None = None
    """The revision that was asked for: a tag, a branch, or a commit."""
    problem: str = ""
    """How the file departs from PEP 610, or empty. What could be read is kept."""


def parse(data: bytes) -> DirectUrl:
    """Read the content of a `direct_url.json`; anything odd in it becomes its problem."""
    try:
        content = json.loads(decode(data))
    except (ValueError, RecursionError):
        return DirectUrl(problem="its direct_url.json is not JSON")
    if not isinstance(content, dict):
        return DirectUrl(problem="its direct_url.json is not a JSON object")
    url = content.get("url")
    if not isinstance(url, str) or not url:
        return DirectUrl(problem="its direct_url.json has no url")
    origin = mask_url(url)
    known = [key for key in ("dir_info", "vcs_info", "archive_info") if key in content]
    info = content[known[0]] if len(known) == 1 else None
    if not isinstance(info, dict):
        problem = "its direct_url.json does not say whether it is a folder, archive or checkout"
        return DirectUrl(origin, problem=problem)
    if known[0] == "dir_info":
        return DirectUrl(origin, editable=info.get("editable") is True, kind="directory")
    if known[0] == "archive_info":
        return DirectUrl(origin, kind="archive")
    vcs, commit = info.get("vcs"), info.get("commit_id")
    if not isinstance(vcs, str) or not vcs:
        return DirectUrl(origin, problem="its direct_url.json does not name the checkout's system")
    asked = info.get("requested_revision")
    return DirectUrl(
        origin,
        kind=vcs,
        commit=commit if isinstance(commit, str) else None,
        requested=asked if isinstance(asked, str) else None,
    )
