"""The folders in uv's cache that hold environments of scripts and, centrally, of projects."""

import os
import re
from collections.abc import Iterator

from envdeck.core import reach
from envdeck.core.discovery.candidate import Candidate
from envdeck.core.discovery.tools._settings import read_toml, text_at
from envdeck.core.host import Host

BUCKET = "environments-v"
_BUCKETS = (BUCKET, "archive-v")
"""`uv run --with` keeps what it layers over a project in the archive."""
_CENTRAL = r".+-[a-z]+\d+\.\d+[^-]*-[0-9a-f]{16}"
"""`shop-cp3.13.0-f89855d536887767`: the project, its interpreter, and a hash. A script has
`job-4e0b510be963ec57`, or the hash alone when it came by a pipe."""


def in_cache(candidate: Candidate) -> bool:
    """Tell whether uv keeps this environment in its cache, by the names of the folders."""
    if "uv" not in candidate.cfg:
        return False
    parent = os.path.dirname(candidate.path)
    names = os.path.basename(parent), os.path.basename(os.path.dirname(parent))
    return names[0].startswith(_BUCKETS) or names[1].startswith(BUCKET)


def is_central(candidate: Candidate) -> bool:
    """Tell whether it is a project's environment, kept in the cache in place of the project
    (the preview feature `centralized-project-envs` of uv 0.11 and later)."""
    name = os.path.basename(candidate.path)
    return in_cache(candidate) and re.fullmatch(_CENTRAL, name, re.DOTALL) is not None


def buckets(host: Host) -> Iterator[str]:
    """Yield the folders of the uv caches that hold environments, whatever their version."""
    for cache in _caches(host):
        try:
            with reach.scandir(cache) as entries:
                names = [entry.name for entry in entries if entry.name.startswith(BUCKET)]
        except (OSError, ValueError):
            names = [f"{BUCKET}2"]  # whoever visits it learns why it cannot be read
        for name in sorted(names):
            yield os.path.join(cache, name)


def _caches(host: Host) -> Iterator[str]:
    """Yield where uv's cache is or was: the variable, `cache-dir` in `uv.toml`, the default."""
    if folder := host.folder("UV_CACHE_DIR"):
        yield folder
    files = (
        os.path.join(_config(host), "uv", "uv.toml"),
        host.system("etc", "uv", "uv.toml"),
    )
    for file in files:
        configured = text_at(read_toml(file), "cache-dir")
        if configured and os.path.isabs(path := host.expand(configured)):
            yield path
    if host.windows:
        yield os.path.join(host.user_cache(), "uv", "cache")
    else:  # XDG's custom on macOS too
        yield os.path.join(host.folder("XDG_CACHE_HOME") or host.at_home(".cache"), "uv")


def _config(host: Host) -> str:
    if host.windows:
        return host.user_config()
    return host.folder("XDG_CONFIG_HOME") or host.at_home(".config")
