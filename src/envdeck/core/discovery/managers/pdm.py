"""PDM: environments in the project, or in a central folder with the project's hash."""

import os
import re
from collections.abc import Iterator, Mapping
from functools import cached_property

from envdeck.core.discovery.managers.base import (
    HASH,
    CacheLayout,
    LockFile,
    Manager,
    absolute_paths,
    encode,
    has_file,
    is_virtual,
    read_toml,
    short_hash,
    text_at,
)
from envdeck.core.discovery.prefix import EnvironmentCandidate, unquoted
from envdeck.core.model import ProjectLink
from envdeck.core.system import reach
from envdeck.core.system.files import Unread, decode_path, read_bounded
from envdeck.core.system.host import Host

_VERSIONED = rf"(.+-{HASH})-\d+\.\d+t?(?:-32)?"
_NAMED = rf"(.+-{HASH})-.+"
_IN_PROJECT = frozenset({".venv", "venv", "env"})
"""Where PDM looks in a project, in this order."""
_POINTER_LIMIT = 4096


def _settings(host: Host) -> Mapping[str, object]:
    folder = host.user_data() if host.windows else host.user_config()
    default = os.path.join(folder, *(("pdm",) if host.windows else ()), "pdm", "config.toml")
    return read_toml(host.folder("PDM_CONFIG_FILE") or default)


_WHEEL = r"[\w.]+-[\w.!+]+(?:-\d\w*)?(?:-[\w.]+){3}(?:\.whl)?(?:\.cache|\.lock)?"
"""An unpacked wheel by the name of its file."""


def _caches(host: Host) -> tuple[str, ...]:
    parts = ("pdm", "Cache") if host.windows else ()
    default = os.path.join(host.user_cache(), "pdm", *parts)
    configured = text_at(_settings(host), "cache_dir")
    return absolute_paths(host, host.variable("PDM_CACHE_DIR"), configured, default)


class Pdm(Manager):
    """PDM calls virtualenv, venv, uv or conda, and remembers in the project's `.pdm-python`
    which interpreter it chose."""

    name = "pdm"
    rank = 52
    hashes = True
    lock = LockFile("pdm.lock", ("pdm", "update"), "--no-sync")
    cache = CacheLayout(
        _caches,
        "packages are downloaded and built again when they are next installed",
        folder="pdm",
        parts={
            "http": r"http-cache\.db(?:-\w+)?|[0-9a-f]",
            "wheels|hashes": "[0-9a-f]{2}",
            "metadata": r".+\.json",
            "packages": _WHEEL,
        },
        inner={
            "http": r"http-cache\.db(?:-\w+)?",
            "wheels|hashes": "[0-9a-f]{2} / [0-9a-f]{2}",
            "metadata": r"package_meta_[0-9a-f]{40}\.json",
            "packages": _WHEEL,
        },
        command=("pdm", "cache", "clear"),
        sweeps=True,  # before 2.0
        variables={"PDM_CACHE_DIR": "{}", "PDM_CHECK_UPDATE": "0"},
    )

    @cached_property
    def stores(self) -> tuple[str, ...]:
        """`venv.location` of PDM's `config.toml`, then the default.

        PDM asks platformdirs with an author, so that Windows has `pdm` twice in the path.
        """
        host = self.host
        folder = os.path.join("pdm", "pdm") if host.windows else "pdm"
        default = os.path.join(host.user_data(), folder, "venvs")
        return absolute_paths(host, text_at(_settings(host), "venv", "location"), default)

    @cached_property
    def installations(self) -> frozenset[str]:
        """What `install-pdm.py` makes, in `PDM_HOME` or beside the data folder."""
        folder = self.host.folder("PDM_HOME") or os.path.join(self.host.user_data(), "pdm-venv")
        return frozenset({reach.realpath(folder)})

    def project(self, candidate: EnvironmentCandidate) -> ProjectLink | None:
        """Say that PDM's own installation has none."""
        own = candidate.path in self.installations
        return ProjectLink(source="environment of an installed tool") if own else None

    def claims(self, candidate: EnvironmentCandidate) -> bool:
        """Claim an environment by any of these signs.

        - It is in PDM's own `venvs` folder, or in `venv.location` with a name of PDM's form; or
          anywhere, when its prompt has PDM's form too, which ends in the same version.
        - It is named as PDM names those in a project, and `.pdm-python` beside it points into
          it; or there is no such file, but a `pdm.lock` and no `uv.lock`.
        """
        if not is_virtual(candidate):
            return False
        if candidate.path in self.installations:
            return True
        parent, name = os.path.split(candidate.path)
        if parent in self.real_stores:
            own = os.path.basename(os.path.dirname(parent)) == "pdm"
            return own or re.fullmatch(_NAMED, name, re.DOTALL) is not None
        if name not in _IN_PROJECT:
            prompt = unquoted(candidate.cfg.get("prompt", ""))
            version = name.rpartition("-")[2]
            named = re.fullmatch(_VERSIONED, name, re.DOTALL) is not None
            return named and prompt.endswith(f"-{version}")
        chosen = read_bounded(os.path.join(parent, ".pdm-python"), _POINTER_LIMIT)
        if not isinstance(chosen, Unread):
            return _points_into(decode_path(chosen).strip(), candidate.path)
        return has_file(parent, "pdm.lock") and not has_file(parent, "uv.lock")

    def project_names(self, root: str) -> Iterator[str]:
        """Yield the folder's name and the MD5 hash of its path with forward slashes."""
        posix = root.replace("\\", "/") if self.host.windows else root
        yield f"{posix.rpartition('/')[2]}-{short_hash(encode(posix), 'md5')}"

    def project_name_of(self, candidate: EnvironmentCandidate) -> str | None:
        """Return the name up to the hash.

        Before a version (`blog-MfUXabWM-3.13`) that is certain; before a name given by the
        person (`blog-MfUXabWM-docs`) it is the last place where a hash can be.
        """
        name = os.path.basename(candidate.path)
        match = re.fullmatch(_VERSIONED, name, re.DOTALL) or re.fullmatch(_NAMED, name, re.DOTALL)
        return match[1] if match else None


def _points_into(chosen: str, path: str) -> bool:
    """Tell whether an interpreter, as PDM writes it (forward slashes), is in an environment."""
    if chosen.startswith(path.replace(os.sep, "/") + "/"):
        return True
    if "\0" in chosen or not os.path.isabs(chosen):
        return False
    prefix = os.path.dirname(os.path.dirname(chosen))  # the entry itself leads to the base
    return reach.realpath(prefix) == path
