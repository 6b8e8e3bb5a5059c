"""What an index says of a project: its releases, which are yanked (PEP 592), and its status
(PEP 792), by the JSON form of the simple repository API (PEP 691)."""

import json
import re
import time
import urllib.parse
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import count
from typing import Any
from zipfile import BadZipFile, ZipFile

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from envdeck.core.inspection.packages.site_packages import normalise
from envdeck.core.inspection.pip_options import TRUE, read_uv_table, uv_configuration
from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.online.client import AnswerCache, Client, Silence
from envdeck.core.system.files import Unread
from envdeck.core.system.host import Host

_JSON = "application/vnd.pypi.simple.v1+json"
_PIP_INDEX = re.compile(r"PackageIndex\(\s*\"(https://[^\"]+)\"")
_NEWEST = 40
"""Releases that are kept of each project, besides the one that is installed."""
_AT_ONCE = 8
ALL_SECONDS = 120.0
"""After so long no further project is asked about."""
_FILES = 200_000
_REASON = 300
"""Characters of a reason that an author gave."""


@dataclass(frozen=True, slots=True)
class Release:
    """One version of a project."""

    version: str
    yanked: str | None
    """The reason, or an empty text where none is given; None for one that is not."""
    requires_python: str = ""


@dataclass(frozen=True, slots=True)
class ProjectReleases:
    """What the index says of one project."""

    releases: tuple[Release, ...]
    """The newest first, and that which is installed."""
    status: str
    """`active`, `archived`, `quarantined`, `deprecated`, or what the index writes."""
    reason: str
    """Of the status, where one is given."""
    asked_at: float

    def find(self, version: str) -> Release | None:
        """Return one release by its version, however it is written."""
        wanted = _version(version)
        return next((one for one in self.releases if _version(one.version) == wanted), None)

    def latest(self, installed: str, python: str | None) -> str | None:
        """Return the newest version that an installer would take for an interpreter; a
        pre-release only where one is installed."""
        before = _version(installed)
        found = [
            version
            for one in self.releases
            if one.yanked is None
            and (version := _version(one.version)) is not None
            and (not version.is_prerelease or (before is not None and before.is_prerelease))
            and _allows(one.requires_python, python)
        ]
        return str(max(found)) if found else None


@dataclass(slots=True)
class IndexReader:
    """Asks the index that pip uses about many projects at once."""

    host: Host
    client: Client
    tell: Callable[[int, int], object] = lambda _done, _total: None
    """Is told how many projects were asked about, of all, by several threads."""
    stopped: Callable[[], bool] = lambda: False

    def read(self, packages: Iterable[tuple[str, str]]) -> Mapping[str, ProjectReleases | Unread]:
        """Return by name what the index says, or why it says nothing of that one."""
        packages = tuple(packages)
        indexes = index_urls(self.host, self.client.options)
        if not indexes:
            return {name: Unread("pip is configured without an index") for name, _ in packages}
        answers = AnswerCache(self.host)
        answers.forget_old()
        done = count(1)

        until = time.monotonic() + ALL_SECONDS

        def read(package: tuple[str, str]) -> ProjectReleases | Unread:
            if self.stopped():
                return Unread("cancelled")
            if time.monotonic() > until:
                return Unread(f"the index takes longer than {ALL_SECONDS:g} s for all packages")
            found = self._read(package, indexes, answers)
            self.tell(next(done), len(packages))
            return found

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            every = pool.map(read, packages)
            return {name: one for (name, _), one in zip(packages, every, strict=True)}

    def _read(
        self, package: tuple[str, str], indexes: Sequence[str], answers: AnswerCache
    ) -> ProjectReleases | Unread:
        name, version = package
        question = json.dumps(["releases", [_bare(url) for url in indexes], name, version])
        kept = answers.read(question)
        if kept is not None and (found := _restored(kept.value, kept.at)) is not None:
            return found
        merged: dict[str, Any] = {}
        why = Unread("no index over HTTP knows it")
        for url in indexes:
            data = self.client.ask(f"{url.rstrip('/')}/{name}/", accept=_JSON)
            if isinstance(data, Unread):
                if not data.reason.endswith("answered 404"):
                    return data  # one that is not told of may know more
                continue
            page = _read_page(data, name, version)
            if isinstance(page, Unread):
                return page
            merged = page if not merged else _merged(merged, page)
        if not merged:
            return why
        at = answers.keep(question, merged).at
        return _restored(merged, at) or Unread("answers in a form that is not known")


def index_urls(host: Host, options: Mapping[str, str]) -> tuple[str, ...]:
    """Return the indexes that are asked over HTTP, the default one first, by the settings of uv
    and the `options` of pip; they may hold credentials."""
    if options.get("no-index", "").strip().lower() in TRUE:
        return ()
    uv, more = _uv_indexes(host)
    first = uv or options.get("index-url", "").strip() or _default_index()
    urls = [first, *more, *options.get("extra-index-url", "").split()]
    return tuple(dict.fromkeys(url for url in urls if url.startswith(("http://", "https://"))))


def find_silence(host: Host, environment: str | None) -> Silence | None:
    """Return how the index that packages of an environment come from fails to answer; None where
    it answers, and where there is none that is asked over HTTP."""
    client = Client.open(host, environment)
    urls = index_urls(host, client.options)
    return client.silence(urls[0]) if urls else None


@cache
def _default_index() -> str:
    """Return the index that pip asks where nobody names one, as the pip that virtualenv brings has
    it; empty where that cannot be read."""
    # start-up: only a question to an index that nobody configured asks
    from virtualenv.seed.wheels.embed import BUNDLE_FOLDER

    for wheel in sorted(BUNDLE_FOLDER.glob("pip-*.whl"), reverse=True):
        try:
            with ZipFile(wheel) as archive:
                text = archive.read("pip/_internal/models/index.py").decode("utf-8")
        except (BadZipFile, KeyError, OSError, UnicodeDecodeError):
            continue
        if found := _PIP_INDEX.search(text):
            return f"{found[1].rstrip('/')}/simple/"
    return ""


def _uv_indexes(host: Host) -> tuple[str, list[str]]:
    """Return the default index that the person's own settings of uv name, if any, and others."""
    default = host.variable("UV_DEFAULT_INDEX") or host.variable("UV_INDEX_URL") or ""
    more = (host.variable("UV_INDEX") or host.variable("UV_EXTRA_INDEX_URL") or "").split()
    table = read_uv_table(host.variable("UV_CONFIG_FILE") or uv_configuration(host) or "") or {}
    named = table.get("index")
    for one in named if isinstance(named, list) else ():
        if isinstance(one, dict) and isinstance(url := one.get("url"), str):
            if one.get("default") is True:
                default = default or url
            else:
                more.append(url)
    if isinstance(url := table.get("index-url"), str):
        default = default or url
    return _unnamed(default), [_unnamed(url) for url in more]


def _unnamed(url: str) -> str:
    """Return `https://…` of `name=https://…`."""
    name, _, rest = url.partition("=")
    return url if "://" in name else rest or url


def _bare(url: str) -> str:
    """Return a URL without credentials and query."""
    parts = urllib.parse.urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _read_page(data: bytes, name: str, installed: str) -> dict[str, Any] | Unread:
    """Return what is kept of a project's page."""
    unknown = Unread("the index has no JSON form (PEP 691), or one that is not known")
    try:
        page = json.loads(data)
    except (ValueError, RecursionError):
        return unknown
    if not isinstance(page, dict) or not isinstance(page.get("files"), list):
        return unknown
    told = page.get("meta")
    meta: dict[str, Any] = told if isinstance(told, dict) else {}
    if not str(meta.get("api-version", "")).startswith("1."):
        return unknown
    releases: dict[str, list[Any]] = {}
    for file in page["files"][:_FILES]:
        if not isinstance(file, dict) or not isinstance(file.get("filename"), str):
            continue
        version = _version_of(file["filename"], name)
        yanked = file.get("yanked", False)
        reason = (yanked[:_REASON] if isinstance(yanked, str) else "") if yanked else None
        row = releases.setdefault(
            version, [version, reason, str(file.get("requires-python") or "")]
        )
        if reason is None:
            row[1] = None  # a release is yanked when all its files are
    valid = [(parsed, row) for row in releases.values() if (parsed := _version(row[0]))]
    valid.sort(key=lambda one: one[0], reverse=True)
    mine = _version(installed)
    stable = [row for parsed, row in valid if not parsed.is_prerelease][:_NEWEST]
    others = [row for parsed, row in valid[:_NEWEST] if row not in stable]
    others += [row for parsed, row in valid if parsed == mine and row not in [*stable, *others]]
    status = page.get("project-status", meta.get("project-status"))
    reason = meta.get("project-status-reason")
    if isinstance(status, dict):
        reason = status.get("reason")
        status = status.get("status")
    return {
        "releases": [*stable, *others],
        "status": status if isinstance(status, str) else "active",
        "reason": reason[:_REASON] if isinstance(reason, str) else "",
    }


def _merged(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Return what two indexes say of one project, as pip takes them: together."""
    known = {row[0] for row in first["releases"]}
    more = [row for row in second["releases"] if row[0] not in known]
    return {**first, "releases": [*first["releases"], *more]}


def _restored(value: object, at: float) -> ProjectReleases | None:
    if not isinstance(value, dict):
        return None
    try:
        releases = tuple(
            Release(str(version), None if yanked is None else str(yanked), str(python))
            for version, yanked, python in value["releases"]
        )
        return ProjectReleases(releases, str(value["status"]), str(value["reason"]), at)
    except (KeyError, TypeError, ValueError):
        return None


def _version_of(filename: str, name: str) -> str:
    if filename.endswith(".whl"):
        return filename.partition("-")[2].partition("-")[0]
    stem = filename
    for suffix in (".tar.gz", ".zip", ".tar.bz2", ".tgz", ".egg", ".exe"):
        stem = stem.removesuffix(suffix)
    for place, sign in enumerate(stem):
        if sign == "-" and normalise(stem[:place]) == name:
            return stem[place + 1 :]
    return stem.rpartition("-")[2]


def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except (InvalidVersion, ValueError):
        return None


def _allows(specifier: str, python: str | None) -> bool:
    if not specifier or not python:
        return True
    try:
        return SpecifierSet(specifier).contains(python, prereleases=True)
    except (InvalidSpecifier, InvalidVersion, ValueError):
        return True
