"""Whether what came from a URL is what that URL names now: the file, or the commit."""

import os
import re
from urllib.parse import unquote

from envdeck.core.files import Unread, read_bounded
from envdeck.core.inspection.direct_url import DIRECT_URL_LIMIT, DirectUrl, parse
from envdeck.core.model import Distribution

_COMMIT = re.compile(r"[0-9a-f]{7,64}\Z")
_ARCHIVES = (".whl", ".tar.gz", ".zip", ".tar.bz2", ".tar.xz", ".tgz")


def other_source(url: str, distribution: Distribution) -> str:
    """Return from which file or commit something was installed, where the URL names another one;
    empty where it names the same, and where that cannot be told (a branch moves)."""
    if distribution.origin is None or distribution.editable:
        return ""
    url = url.partition(" ;")[0]
    wanted, there = _file(url), _file(distribution.origin)
    if wanted.endswith(_ARCHIVES) and there.endswith(_ARCHIVES):
        return there if wanted != there else ""
    revision = _revision(url)
    found = _recorded(distribution) if revision else None
    if found is None or found.commit is None:
        return ""
    if _COMMIT.match(revision):
        return "" if found.commit.startswith(revision) else found.commit[:12]
    if not found.requested or _COMMIT.match(found.requested):
        return ""
    return found.requested if found.requested != revision else ""


def _recorded(distribution: Distribution) -> DirectUrl | None:
    data = read_bounded(os.path.join(distribution.path, "direct_url.json"), DIRECT_URL_LIMIT)
    return None if isinstance(data, Unread) else parse(data)


def _file(url: str) -> str:
    path = url.partition("#")[0].partition("?")[0]
    return unquote(path.rpartition("/")[2])


def _revision(url: str) -> str:
    """Return what is checked out: what stands behind the `@` of the last part."""
    scheme, _, rest = url.partition("#")[0].partition("://")
    path = rest.partition("/")[2]
    return path.rpartition("@")[2] if "+" in scheme and "@" in path else ""
