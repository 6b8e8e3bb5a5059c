"""pip's configuration as uv's environment variables, since uv does not read pip's; whether the
index that it names answers.

What `pip install` reaches in an environment is to be reached by uv too
(:mod:`envdeck.core.inspection.pip_options`). What a person has told uv itself, by variable or
`uv.toml`, is never replaced.
"""

import os
import time
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from envdeck.core.inspection.pip_options import (
    TRUE,
    pip_options,
    read_uv_table,
    uv_configuration,
)
from envdeck.core.online.client import Silence
from envdeck.core.online.releases import find_silence
from envdeck.core.operations.shared.context import Context
from envdeck.core.system import reach
from envdeck.core.system.host import Host

_INDEXES = ("UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL")
_ASKED_AGAIN_SECONDS = 60.0
_RELEASED = "nothing changes if one is not in it"
_ELSEWHERE = ("target", "prefix")
_CONFIGURED_BY = {
    "UV_DEFAULT_INDEX": ("index", "index-url", "extra-index-url"),
    "UV_INDEX": ("index", "index-url", "extra-index-url"),
    "UV_INDEX_STRATEGY": ("index", "index-url", "extra-index-url", "index-strategy"),
    "UV_FIND_LINKS": ("find-links",),
    "UV_NO_INDEX": ("no-index",),
    "UV_INSECURE_HOST": ("allow-insecure-host",),
    "UV_KEYRING_PROVIDER": ("keyring-provider",),
    "UV_PRERELEASE": ("prerelease",),
    "HTTP_PROXY": ("http-proxy",),
    "HTTPS_PROXY": ("https-proxy",),
}
"""Which keys of `uv.toml` say the same as a variable."""
_SOURCES = frozenset(
    {"UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_STRATEGY", "UV_FIND_LINKS", "UV_NO_INDEX"}
    | {"UV_PRERELEASE"}
)
"""What says where packages come from; the rest is how they are reached."""


def translated(
    host: Host,
    environment: str | None = None,
    *,
    folder: str = "",
    uv_files: Sequence[str] = (),
    sources: bool = True,
) -> Mapping[str, str]:
    """Return the variables that let uv reach what pip reaches.

    `environment` is the folder of the environment, whose own `pip.conf` counts; `folder` is what
    relative paths are under; `uv_files` are the `uv.toml` (and `pyproject.toml`) that uv will
    read, whose settings win. Without `sources`, only how packages are reached (certificates,
    proxy, timeout) is translated: for a project of uv's own, pip has no say in what it takes.
    """
    found = _translate(pip_options(host, environment), host, folder)
    configured = _configured(uv_files)
    own_indexes = any(host.variable(name) for name in _INDEXES)
    return {
        name: value
        for name, value in found.items()
        if host.variable(name) is None
        and not configured.intersection(_CONFIGURED_BY.get(name, ()))
        and not (own_indexes and name in {"UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_STRATEGY"})
        and (sources or name not in _SOURCES)
    }


def index_lines(host: Host, environment: str | None, *, default: bool) -> tuple[str, ...]:
    """Return what :func:`translated` says of places as lines of a requirements file, for a
    project that names its own: those stand before them, and go before them so. The default index
    is among them only with `default`."""
    found = translated(host, environment, uv_files=_own_files(host))
    lines = [f"--extra-index-url {url}" for url in found.get("UV_INDEX", "").split()]
    if default and "UV_DEFAULT_INDEX" in found:
        lines.append(f"--index-url {found['UV_DEFAULT_INDEX']}")
    links = found.get("UV_FIND_LINKS", "")
    lines += [f"--find-links {link}" for link in links.split(",") if link]
    lines += ["--no-index"] if "UV_NO_INDEX" in found else []
    return tuple(lines)


def _own_files(host: Host) -> list[str]:
    file = host.variable("UV_CONFIG_FILE") or uv_configuration(host)
    return [file] if file else []


def constraint_files(host: Host, environment: str | None = None) -> tuple[str, ...]:
    """Return the files (or URLs) by which a person bounds versions, as absolute paths: pip's
    `constraint`, by file or variable, and uv's variable."""
    told = f"{pip_options(host, environment).get('constraint', '')} "
    return _files(told + (host.variable("UV_CONSTRAINT") or ""), host)


def override_files(host: Host) -> tuple[str, ...]:
    """Return the files (or URLs) by which a person overrides requirements for uv."""
    return _files(host.variable("UV_OVERRIDE") or "", host)


def requires_hashes(host: Host, environment: str | None = None) -> bool:
    """Tell whether a person has nothing installed without a hash that was known before."""
    told = pip_options(host, environment).get("require-hashes", "")
    return any(
        text.strip().lower() in TRUE for text in (told, host.variable("UV_REQUIRE_HASHES") or "")
    )


def _files(told: str, host: Host) -> tuple[str, ...]:
    return tuple(
        dict.fromkeys(
            each if "://" in each else os.path.abspath(host.expand(each)) for each in told.split()
        )
    )


def elsewhere_of(paths: Sequence[str]) -> tuple[str, str] | None:
    """Return the first of `uv.toml` files that has uv install into another place than the
    environment it is told (`[pip] target` or `prefix`), and the key; nothing else overrules
    those."""
    for path in paths:
        table = read_uv_table(path)
        pip = table.get("pip") if table is not None else None
        if isinstance(pip, dict):
            for key in _ELSEWHERE:
                if pip.get(key):
                    return path, key
    return None


def _configured(paths: Sequence[str]) -> set[str]:
    """Return the keys that uv's own files set, at their top and under `[pip]`."""
    keys: set[str] = set()
    for path in paths:
        table = read_uv_table(path)
        if table is not None:
            keys.update(table)
            pip = table.get("pip")
            keys.update(pip if isinstance(pip, dict) else ())
    return keys


def _translate(options: Mapping[str, str], host: Host, folder: str) -> dict[str, str]:
    found: dict[str, str] = {}
    more = options.get("extra-index-url", "").split()
    links = options.get("find-links", "").split()
    if options.get("no-index", "").strip().lower() in TRUE:
        found["UV_NO_INDEX"] = "1"
    elif "index-url" in options or more:
        if url := options.get("index-url", "").strip():
            found["UV_DEFAULT_INDEX"] = _place(url, host, folder)
        if more:
            found["UV_INDEX"] = " ".join(_place(url, host, folder) for url in more)
            # pip takes the best that any of them has, uv that of the first that has any.
            found["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    if links:
        found["UV_FIND_LINKS"] = ",".join(
            _place(link, host, folder).replace(",", "%2C") for link in links
        )
    if options.get("pre", "").strip().lower() in TRUE:
        found["UV_PRERELEASE"] = "allow"
    found |= _network(options, host)
    return found


def _network(options: Mapping[str, str], host: Host) -> dict[str, str]:
    found: dict[str, str] = {}
    for option, name in (("cert", "SSL_CERT_FILE"), ("client-cert", "SSL_CLIENT_CERT")):
        if path := options.get(option, "").strip():
            found[name] = host.expand(path)
    if reach.isdir(found.get("SSL_CERT_FILE", "")):  # pip takes either by the one name
        found["SSL_CERT_DIR"] = found.pop("SSL_CERT_FILE")
    if proxy := options.get("proxy", "").strip():
        proxy = proxy if "://" in proxy else f"http://{proxy}"
        lower = {name for name in ("http_proxy", "https_proxy") if host.variable(name)}
        names = {"HTTP_PROXY": "http_proxy", "HTTPS_PROXY": "https_proxy"}
        found |= {name: proxy for name, other in names.items() if other not in lower}
    if hosts := options.get("trusted-host", "").split():
        found["UV_INSECURE_HOST"] = " ".join(hosts)
    for option, name in (("timeout", "UV_HTTP_TIMEOUT"), ("retries", "UV_HTTP_RETRIES")):
        number = options.get(option, "").strip().partition(".")[0]
        if number.isascii() and number.isdigit():
            found[name] = number
    if options.get("keyring-provider", "").strip() in {"subprocess", "disabled"}:
        found["UV_KEYRING_PROVIDER"] = options["keyring-provider"].strip()
    return found


def _place(place: str, host: Host, folder: str) -> str:
    """Return a URL as it is, and a path as one that holds from any folder.

    Both of uv's lists are cut at commas or blanks, so a path that has one becomes a URL.
    """
    if "://" in place or place.startswith("file:"):
        return place
    path = os.path.join(folder, host.expand(place))
    return path if not {",", " "}.intersection(path) else "file://" + quote(os.fsencode(path))


def index_silence(context: Context, environment: str) -> Silence | None:
    """Return how the index that packages of an environment come from fails to answer, asked once a
    minute; None where it answers, is not to be asked, or is none over HTTP."""
    if context.policy.offline or context.catalog.host.variable("UV_OFFLINE"):
        return None
    now, question = time.monotonic(), f"silence {environment}"
    asked, found = context.asked.get(question, (None, None))
    if asked is None or now - asked > _ASKED_AGAIN_SECONDS:
        found = find_silence(context.catalog.host, environment)
        context.asked[question] = now, found
    return found if isinstance(found, Silence) else None


def is_cut_off(context: Context, environment: str) -> bool:
    """Whether that index cannot be reached, and is not only slow."""
    found = index_silence(context, environment)
    return found is not None and not found.late


def silence_warnings(
    context: Context, environment: str, otherwise: str = _RELEASED
) -> tuple[str, ...]:
    """Say in a plan that the index does not answer, and what can still be done: packages come from
    uv's cache, and `otherwise`."""
    found = index_silence(context, environment)
    if found is None:
        return ()
    if found.late:
        return (f"the index is slow: {found.reason}; packages may come from uv's cache",)
    said = f"the index cannot be reached ({found.reason}): packages come from uv's cache"
    return (f"{said}; {otherwise}",)
