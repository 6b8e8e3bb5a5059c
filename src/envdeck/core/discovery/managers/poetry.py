"""Poetry: a central folder of environments, one for each project and Python, or `.venv`."""

import os
import re
from collections.abc import Iterator, Mapping
from functools import cached_property

from envdeck.core.discovery.managers.base import (
    DEFAULT_NAME,
    HASH,
    CacheLayout,
    LockFile,
    Manager,
    absolute_paths,
    has_file,
    is_virtual,
    made_by_virtualenv,
    read_toml,
    short_hash,
    text_at,
    value_at,
)
from envdeck.core.discovery.prefix import EnvironmentCandidate, unquoted
from envdeck.core.model import ProjectLink
from envdeck.core.system import reach
from envdeck.core.system.host import Host

_NAME = rf"(.+)-({HASH})-py(\d+(?:\.\d+)?t?)"
"""`blog-npqDAU7S-py3.13`; the name is cut at 42 characters."""
_PROMPT = r".*-py\d+\.\d+t?"
"""`virtualenvs.prompt` as Poetry sets it; PDM's has no `py`."""
_PDM_PROMPT = r".*-\d+\.\d+t?"


def _settings(host: Host) -> Mapping[str, object]:
    folder = host.folder("POETRY_CONFIG_DIR") or os.path.join(host.user_config(), "pypoetry")
    return read_toml(os.path.join(folder, "config.toml"))


def _caches(host: Host) -> tuple[str, ...]:
    """Return what `cache-dir` is and was, the one that holds now first."""
    default = os.path.join(host.user_cache(), "pypoetry", *(("Cache",) if host.windows else ()))
    configured = text_at(_settings(host), "cache-dir")
    return absolute_paths(host, host.variable("POETRY_CACHE_DIR"), configured, default)


class Poetry(Manager):
    """Poetry calls virtualenv, and finds its environments again by their names."""

    name = "poetry"
    rank = 50
    hashes = True
    lock = LockFile("poetry.lock", ("poetry", "update"), "--lock")
    cache = CacheLayout(
        _caches,
        "packages are downloaded again when they are next installed",
        folder="pypoetry",
        parts={"cache": "repositories", "artifacts": "[0-9a-f]{2}"},
        inner={
            "cache": r"repositories / [\w.-]+",
            "artifacts": "[0-9a-f]{2} / [0-9a-f]{2}",
        },
        others="virtualenvs",
    )

    @cached_property
    def stores(self) -> tuple[str, ...]:
        """`virtualenvs.path` and every folder that it would be without that setting:
        environments stay behind where a setting or a variable once sent them."""
        caches = _caches(self.host)
        chosen = (
            self.host.variable("POETRY_VIRTUALENVS_PATH"),
            text_at(_settings(self.host), "virtualenvs", "path"),
        )
        paths = (path.replace("{cache-dir}", caches[0]) for path in chosen if path)
        defaults = (os.path.join(cache, "virtualenvs") for cache in caches)
        return (*absolute_paths(self.host, *paths), *defaults)

    @cached_property
    def installations(self) -> frozenset[str]:
        """What `install.python-poetry.org` makes, in `POETRY_HOME` or in the data folder."""
        host = self.host
        home = host.folder("POETRY_HOME") or os.path.join(
            host.user_config() if host.windows else host.user_data(), "pypoetry"
        )
        return frozenset({reach.realpath(os.path.join(home, "venv"))})

    def claims(self, candidate: EnvironmentCandidate) -> bool:
        """Claim an environment by any of these signs.

        - It is in a folder of Poetry's own (`pypoetry/virtualenvs`, on Windows
          `pypoetry/Cache/virtualenvs`).
        - It is in `virtualenvs.path`, which others may use too, with a name of Poetry's form; or
          anywhere, when virtualenv made it with a prompt of Poetry's form too: the setting that
          sent it there may be in force elsewhere only.
        - It is named `.venv` beside a `poetry.toml` that sets `virtualenvs.in-project`: then
          Poetry adopts it, whoever made it, except that uv keeps its own.
        - It is named `.venv`, made by virtualenv, with `poetry.lock` beside it and a prompt
          that is not of PDM's form: a lock file stays behind when a project changes its tool.
        - The same with a prompt of Poetry's form and `pyproject.toml`, before any lock.
        """
        if not is_virtual(candidate):
            return False
        if candidate.path in self.installations:
            return True
        parent, name = os.path.split(candidate.path)
        if _is_own_store(parent):
            return True
        if re.fullmatch(_NAME, name, re.DOTALL) and (
            parent in self.real_stores or _is_prompted(candidate, _PROMPT)
        ):
            return True
        return name == DEFAULT_NAME and "uv" not in candidate.cfg and _adopts(candidate, parent)

    def project(self, candidate: EnvironmentCandidate) -> ProjectLink | None:
        """Say that Poetry's own installation has none."""
        own = candidate.path in self.installations
        return ProjectLink(source="environment of an installed tool") if own else None

    def project_names(self, root: str) -> Iterator[str]:
        """Yield the hash of the project's real path, in lower case on Windows.

        The name before it comes from `pyproject.toml`, changes, and is not needed to tell.
        """
        if self.host.windows:
            root = root.replace("/", "\\").lower()
        yield short_hash(root.encode("utf-8", "ignore"))  # so Poetry does with odd names

    def project_name_of(self, candidate: EnvironmentCandidate) -> str | None:
        """Return the hash in the environment's name."""
        match = re.fullmatch(_NAME, os.path.basename(candidate.path), re.DOTALL)
        return match[2] if match else None

    def removal(
        self, candidate: EnvironmentCandidate, project: str | None = None
    ) -> tuple[str, ...] | None:
        """Return Poetry's command where its `envs.toml` says that this environment is the one
        its project uses. Poetry works from the project alone; without one, nothing names it."""
        store, name = os.path.split(candidate.path)
        match = re.fullmatch(_NAME, name, re.DOTALL)
        if match is None or project is None:
            return None
        chosen = value_at(read_toml(os.path.join(store, "envs.toml")), f"{match[1]}-{match[2]}")
        if not isinstance(chosen, Mapping) or chosen.get("minor") != match[3]:
            return None
        return ("poetry", "--directory", project, "env", "remove", name)


def _is_prompted(candidate: EnvironmentCandidate, form: str) -> bool:
    prompt = unquoted(candidate.cfg.get("prompt", ""))
    return made_by_virtualenv(candidate) and re.fullmatch(form, prompt, re.DOTALL) is not None


def _adopts(candidate: EnvironmentCandidate, project: str) -> bool:
    settings = read_toml(os.path.join(project, "poetry.toml"), b"in-project")
    in_project = value_at(settings, "virtualenvs", "in-project")
    if isinstance(in_project, bool):
        return in_project
    if not made_by_virtualenv(candidate):
        return False
    prompt = unquoted(candidate.cfg.get("prompt", ""))
    if re.fullmatch(_PROMPT, prompt, re.DOTALL):
        return has_file(project, "pyproject.toml")
    return not re.fullmatch(_PDM_PROMPT, prompt, re.DOTALL) and has_file(project, "poetry.lock")


def _is_own_store(folder: str) -> bool:
    above, name = os.path.split(folder)
    if name != "virtualenvs":
        return False
    further, name = os.path.split(above)
    return name == "pypoetry" or (name == "Cache" and os.path.basename(further) == "pypoetry")
