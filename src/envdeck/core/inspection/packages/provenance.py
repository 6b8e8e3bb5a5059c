"""`direct_url.json`, INSTALLER, REQUESTED; credentials masked where they are read.

The REQUESTED mark (PEP 376) is pip's since 20.2, and PDM's. uv marks all it installs and conda
what it likes; Poetry, older pips and `setup.py` mark nothing. Where the marks tell nothing, those
that no other distribution needs are taken for the ones that were asked for.
"""

import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from urllib.parse import quote, unquote

from envdeck.core.discovery.managers import manager_classes
from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.model import SEED_PACKAGES, Distribution
from envdeck.core.system import reach
from envdeck.core.system.files import decode

MASK = "****"

_PLACEHOLDER = re.compile(r"\$\{[A-Za-z0-9_-]+\}(?::\$\{[A-Za-z0-9_-]+\})?\Z")
_DRIVE = re.compile(r"/[A-Za-z]:")
_URL = re.compile(r"(?<![A-Za-z0-9+.-])[A-Za-z0-9+.-]*://\S+")
_AUTHORITY = re.compile(r"[^/?#]*")
_HOST = re.compile(r"(?:\[[^\]]*\]|[^:]*)(?::\d*)?\Z")
_HARMLESS = {"egg", "subdirectory", "md5", "sha1", "sha224", "sha256", "sha384", "sha512"}


def mask_url(url: str) -> str:
    """Return a URL without its secrets, still telling where it leads.

    The user part becomes `****`, except `git`, which is a name and no secret, and environment
    variables in place of one (both by PEP 610). Values in the query are masked, since signed
    links and tokens stand there; in the fragment, those that pip gives no meaning to.
    """
    scheme, separator, rest = url.partition("://")
    if not separator:
        scheme, rest = "", url
    user, at, place = _split_user(rest)
    if at and user != "git" and not _PLACEHOLDER.match(user):
        user = MASK
    place, hash_sign, fragment = place.partition("#")
    place, question_mark, query = place.partition("?")
    query = _mask_values(query, set())
    fragment = _mask_values(fragment, _HARMLESS)
    return scheme + separator + user + at + place + question_mark + query + hash_sign + fragment


def mask_text(text: str) -> str:
    """Return text (a requirement with a direct reference, say) with the URLs in it masked."""
    if "://" not in text:
        return text
    return _URL.sub(lambda match: mask_url(match[0]), text)


def _split_user(rest: str) -> tuple[str, str, str]:
    match = _AUTHORITY.match(rest)
    authority = match[0] if match else ""
    if "@" not in authority and _HOST.match(authority):
        return "", "", rest
    # What is neither a host nor has an `@` was cut short by a `/`, `?` or `#` that stands
    # unescaped in a password: the user part then ends at the last `@` of all.
    end = authority.rfind("@") if "@" in authority else rest.rfind("@")
    return (rest[:end], "@", rest[end + 1 :]) if end >= 0 else ("", "", rest)


def _mask_values(text: str, harmless: set[str]) -> str:
    return "&".join(_mask_value(part, harmless) for part in text.split("&"))


def _mask_value(part: str, harmless: set[str]) -> str:
    name, equals, value = part.partition("=")
    if not part or name.lower() in harmless:
        return part
    if not equals:
        return MASK
    return f"{name}={MASK}" if value else part


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
    subdirectory: str = ""
    """Where in it the project is, if not at the top."""
    problem: str = ""
    """How the file departs from PEP 610, or empty. What could be read is kept."""


def parse(data: bytes) -> DirectUrl:
    """Read the content of a `direct_url.json`; anything odd in it becomes its problem."""
    try:
        content = json.loads(decode(data))
    except (ValueError, RecursionError):
        return DirectUrl(problem="direct_url.json is not JSON")
    if not isinstance(content, dict):
        return DirectUrl(problem="direct_url.json is not a JSON object")
    url = content.get("url")
    if not isinstance(url, str) or not url:
        return DirectUrl(problem="direct_url.json has no url")
    origin = mask_url(spelt_url(url))
    known = [key for key in ("dir_info", "vcs_info", "archive_info") if key in content]
    info = content[known[0]] if len(known) == 1 else None
    if not isinstance(info, dict):
        problem = "direct_url.json has no dir_info, archive_info or vcs_info"
        return DirectUrl(origin, problem=problem)
    if known[0] == "dir_info":
        return DirectUrl(origin, editable=info.get("editable") is True, kind="directory")
    if known[0] == "archive_info":
        return DirectUrl(origin, kind="archive")
    vcs, commit = info.get("vcs"), info.get("commit_id")
    if not isinstance(vcs, str) or not vcs:
        return DirectUrl(origin, problem="direct_url.json does not name the version control system")
    asked = info.get("requested_revision")
    return DirectUrl(
        origin,
        kind=vcs,
        commit=commit if isinstance(commit, str) else None,
        requested=asked if isinstance(asked, str) else None,
        subdirectory=str(content.get("subdirectory") or ""),
    )


def spelt_url(url: str) -> str:
    """Return the URL of a folder or file in the one spelling that is compared: pip quotes every
    letter that may be quoted, and uv those that must be (`file:///work/a+b`)."""
    if not url.startswith("file:///"):
        return url
    path, sign, rest = re.split(r"([#?].*|\Z)", url[7:], maxsplit=1, flags=re.DOTALL)
    plain = unquote(path, errors="surrogateescape")
    safe = "/:" if _DRIVE.match(plain) else "/"
    return "file://" + quote(plain, safe, errors="surrogateescape") + sign + rest


def requested(
    distributions: Sequence[Distribution], requires: Sequence[Sequence[str]] | None = None
) -> tuple[bool, ...]:
    """Return in the same order whether each was asked for.

    `requires` is what each needs here, by default what it says itself; they carry in `requested`
    whether there is a REQUESTED file. Installers are judged each for itself: their marks count if
    no manager says that its own mean nothing, and at least one of its distributions has one. Seeds
    never count.
    """
    installers = [_installer(distribution) for distribution in distributions]
    telling = {
        installer
        for row, installer in zip(distributions, installers, strict=True)
        if row.requested and row.name not in SEED_PACKAGES and installer is not None
    }
    if requires is None:
        requires = [row.requires for row in distributions]
    names = (row.name for row in distributions)
    roots = roots_of(dict(zip(names, requires, strict=True)))
    return tuple(
        row.name not in SEED_PACKAGES
        and (row.requested if installer in telling else row.name in roots)
        for row, installer in zip(distributions, installers, strict=True)
    )


def marked_names(distributions: Sequence[Distribution]) -> frozenset[str]:
    """Return the names of which the mark of their installer tells whether they were asked for;
    nothing where no mark is left."""
    rest = [
        one
        for one in distributions
        if one.name not in SEED_PACKAGES and not one.editable and _installer(one)
    ]
    marks = (os.path.join(one.path, "REQUESTED") for one in rest if one.requested)
    return frozenset(one.name for one in rest) if any(map(reach.lexists, marks)) else frozenset()


def roots_of(requires: Mapping[str, Iterable[str]]) -> set[str]:
    """Return the names that no other needs; of a ring that nothing outside needs, all of it.

    A ring (a needs b, b needs a) has no leaf, yet somebody asked for it, and which of it cannot
    be told. Rings are found by Tarjan's algorithm, without recursion.
    """
    component = _components(requires)
    roots = set(component.values())
    for name, needed in requires.items():
        for other in needed:
            if other in component and component[other] != component[name]:
                roots.discard(component[other])
    return {name for name, number in component.items() if number in roots}


def _components(requires: Mapping[str, Iterable[str]]) -> dict[str, int]:
    """Number the strongly connected components; one number for each ring."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    component: dict[str, int] = {}
    stack: list[str] = []
    for start in requires:
        if start in order:
            continue
        path = [(start, iter(requires[start]))]
        order[start] = low[start] = len(order)
        stack.append(start)
        while path:
            name, others = path[-1]
            for other in others:
                if other not in requires:
                    continue
                if other not in order:
                    order[other] = low[other] = len(order)
                    stack.append(other)
                    path.append((other, iter(requires[other])))
                    break
                if other not in component:
                    low[name] = min(low[name], order[other])
            else:
                path.pop()
                if path:
                    low[path[-1][0]] = min(low[path[-1][0]], low[name])
                if low[name] == order[name]:
                    while True:
                        member = stack.pop()
                        component[member] = order[name]
                        if member == name:
                            break
    return component


def _installer(distribution: Distribution) -> str | None:
    """Return who installed it, where its marks may mean something: `pip`, `pdm`, or empty."""
    return _signed((distribution.installer or "").lower())


@lru_cache(maxsize=64)
def _signed(name: str) -> str | None:
    silent = {one.name for one in manager_classes() if not one.records_requests}
    words = re.findall("[a-z]+", name)  # pixi signs as `uv-pixi`
    return None if any(word in silent for word in words) else name.split(" ")[0]
