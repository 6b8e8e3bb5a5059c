"""Questions over the network by the person's own settings for pip, and answers kept for a day."""

import base64
import json
import netrc
import os
import re
import ssl
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from hashlib import blake2b
from http.client import HTTPException
from typing import Any

from envdeck.core.inspection.pip_options import pip_options
from envdeck.core.lazy_dataclasses import dataclass, field
from envdeck.core.system import reach
from envdeck.core.system.files import Unread, read_bounded, reason_of, write_atomically
from envdeck.core.system.host import Host, own_path

PROBE_SECONDS = 4.0
"""How long a server is given to answer at all."""
KEPT_SECONDS = 24 * 3600.0
"""How old an answer may be that is not asked for again."""

_ANSWER_LIMIT = 64 * 1024 * 1024
_KEPT_LIMIT = 1024 * 1024
_MOST_KEPT = 20_000
_PART = 256 * 1024


@dataclass(frozen=True, slots=True)
class Silence:
    """Why a server does not answer."""

    reason: str
    """In words that name no more than its host."""
    late: bool = False
    """Whether it may be no more than slow."""


class _Stay(urllib.request.HTTPRedirectHandler):
    """Takes being sent on for an answer."""

    def redirect_request(self, *_given: object) -> None:
        """Follow nowhere."""


@dataclass(slots=True, kw_only=True)
class Client:
    """Asks by HTTP what pip would reach: with its proxy, its certificates and its credentials."""

    host: Host
    options: Mapping[str, str] = field(repr=False)
    """Those of pip; they may hold credentials."""
    timeout: float = 20.0
    """Seconds for a whole answer."""
    _silent: dict[str, Unread] = field(default_factory=dict)
    """Hosts that could not be reached or were late: they are not waited for again."""

    @classmethod
    def open(cls, host: Host, environment: str | None = None, *, timeout: float = 20.0) -> "Client":
        """Return a client with the options that pip has in an environment."""
        return cls(host=host, options=pip_options(host, environment), timeout=timeout)

    def ask(self, url: str, *, accept: str = "application/json", data: bytes | None = None) -> (
        bytes | Unread
    ):  # fmt: skip
        """Return what a URL answers, or why it does not; the reason names no more than its host.

        Credentials in the URL or in a `.netrc` go to that host only, not where it sends one on.
        """
        request = self._request(url, accept, data)
        if isinstance(request, Unread):
            return request
        where = urllib.parse.urlsplit(url).hostname or ""
        if where in self._silent:
            return self._silent[where]
        try:
            return self._read(request, where)
        except urllib.error.HTTPError as error:
            error.close()
            return Unread(f"{where} answered {error.code}")
        except TimeoutError:
            return self._give_up(where, f"did not answer in {self.timeout:g} s")
        except urllib.error.URLError as error:
            if isinstance(error.reason, TimeoutError):
                return self._give_up(where, f"did not answer in {self.timeout:g} s")
            why = reason_of(error.reason) if isinstance(error.reason, OSError) else "no answer"
            return self._give_up(where, f"cannot be reached: {why}")
        except (OSError, ValueError, HTTPException):
            return Unread(f"the answer of {where} was cut off")

    def silence(self, url: str, seconds: float = PROBE_SECONDS) -> "Silence | None":
        """Return how a server fails to answer, by one question whose answer does not matter; None
        where it answers, and where that cannot be told from here.

        It takes `seconds` at most, whatever the server, the proxy and the name service do.
        """
        request = self._request(url, "*/*")
        proxies = self._proxies(urllib.parse.urlsplit(url).hostname or "")
        tunnels = self.host.variable("ALL_PROXY") or self.host.variable("all_proxy")
        if (
            isinstance(request, Unread)
            or tunnels
            or any("socks" in one for one in proxies.values())
        ):
            return None
        request.method = "HEAD"
        where = urllib.parse.urlsplit(url).hostname or ""
        found: list[Silence] = []
        over = threading.Event()

        def ask() -> None:
            try:
                self._opener(where, _Stay()).open(request, timeout=seconds).close()
            except TimeoutError:
                return  # as if it took longer: nobody waits for this thread then
            except urllib.error.HTTPError as error:
                error.close()
            except urllib.error.URLError as error:
                why = error.reason
                if isinstance(why, TimeoutError):
                    return
                if isinstance(why, OSError) and not isinstance(why, ssl.SSLError):
                    found.append(Silence(f"{where}: {reason_of(why)}"))
            except (OSError, ValueError, HTTPException):
                pass  # it said something
            over.set()

        threading.Thread(target=ask, daemon=True).start()
        if not over.wait(seconds):
            return Silence(f"{where} did not answer in {seconds:g} s", late=True)
        return found[0] if found else None

    def _request(
        self, url: str, accept: str, data: bytes | None = None
    ) -> urllib.request.Request | Unread:
        parts = urllib.parse.urlsplit(url)
        where = parts.hostname or ""
        if parts.scheme not in {"http", "https"} or not where:
            return Unread("is not asked over HTTP")
        try:
            port = f":{parts.port}" if parts.port else ""
        except ValueError:
            return Unread("has a port that is none")
        bare = f"[{where}]" if ":" in where else where
        clean = urllib.parse.urlunsplit((parts.scheme, bare + port, parts.path, parts.query, ""))
        request = urllib.request.Request(clean, data, {"Accept": accept})  # noqa: S310
        request.add_header("User-Agent", "envdeck")
        if data is not None:
            request.add_header("Content-Type", "application/json")
        if login := self._login(parts):
            request.add_unredirected_header("Authorization", f"Basic {login}")
        return request

    def _give_up(self, where: str, why: str) -> Unread:
        return self._silent.setdefault(where, Unread(f"{where} {why}"))

    def _read(self, request: urllib.request.Request, where: str) -> bytes | Unread:
        end = time.monotonic() + self.timeout
        parts, left = [], _ANSWER_LIMIT
        with self._opener(where).open(request, timeout=self.timeout) as answer:
            while part := answer.read1(min(_PART, left)):  # what is there: a trickle ends too
                parts.append(part)
                left -= len(part)
                if left <= 0:
                    return Unread(f"the answer of {where} is too long")
                if time.monotonic() > end:
                    raise TimeoutError
            if answer.length:  # `read` with a size does not tell that the rest is missing
                return Unread(f"the answer of {where} was cut off")
        return b"".join(parts)

    def _opener(
        self, where: str, *more: urllib.request.BaseHandler
    ) -> urllib.request.OpenerDirector:
        return urllib.request.build_opener(
            *more,
            urllib.request.ProxyHandler(self._proxies(where)),
            urllib.request.HTTPSHandler(context=self._certificates(where)),
        )

    def _certificates(self, where: str) -> ssl.SSLContext:
        trusted = [one.partition(":")[0] for one in self.options.get("trusted-host", "").split()]
        if where in trusted:  # by the person's own setting for pip
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            return context
        named = self.options.get("cert", "").strip() or self.host.variable("SSL_CERT_FILE") or ""
        path = self.host.expand(named)
        if reach.isdir(path):
            return ssl.create_default_context(capath=path)
        return ssl.create_default_context(cafile=path if reach.isfile(path) else None)

    def _proxies(self, where: str) -> dict[str, str]:
        if proxy := self.options.get("proxy", "").strip():
            proxy = proxy if "://" in proxy else f"http://{proxy}"
            return {"http": proxy, "https": proxy}
        found = {}
        for scheme in ("http", "https", "no"):
            name = f"{scheme}_proxy"
            if value := self.host.variable(name) or self.host.variable(name.upper()):
                found[scheme] = value
        bypassed = urllib.request.proxy_bypass_environment(where, found)  # type: ignore[attr-defined]
        return {} if bypassed else {name: one for name, one in found.items() if name != "no"}

    def _login(self, parts: urllib.parse.SplitResult) -> str:
        user, password = parts.username, parts.password
        if user is None:
            file = self.host.folder("NETRC") or self.host.at_home(".netrc")
            with suppress(OSError, netrc.NetrcParseError, UnicodeDecodeError):
                found = netrc.netrc(file).authenticators(parts.hostname or "")
                user, password = (found[0], found[2]) if found else (None, None)
        if user is None:
            return ""
        text = f"{urllib.parse.unquote(user)}:{urllib.parse.unquote(password or '')}"
        return base64.b64encode(text.encode()).decode("ascii")


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer, and when it was given."""

    value: Any
    """As JSON has it."""
    at: float
    """In seconds since the epoch."""


@dataclass(slots=True)
class AnswerCache:
    """Answers on the disk, in the user's cache folder; each is named by a digest of its question,
    so that neither a URL nor what was asked stands in a name."""

    host: Host

    def read(self, question: str) -> KeptAnswer | None:
        """Return an answer of less than a day ago."""
        data = read_bounded(self._path(question), _KEPT_LIMIT)
        if isinstance(data, Unread):
            return None
        try:
            kept = json.loads(data)
            at, value = float(kept["at"]), kept["value"]
        except (ValueError, KeyError, TypeError, RecursionError):
            return None
        return KeptAnswer(value, at) if 0 <= self.host.now() - at < KEPT_SECONDS else None

    def keep(self, question: str, value: object) -> KeptAnswer:
        """Keep an answer; where that cannot be, it is asked again the next time."""
        answer = KeptAnswer(value, self.host.now())
        path = self._path(question)
        with suppress(OSError):
            os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
            data = json.dumps({"at": answer.at, "value": value}).encode()
            if len(data) <= _KEPT_LIMIT:
                write_atomically(path, data)
        return answer

    def forget_old(self) -> None:
        """Remove the answers that are too old to be used."""
        folder = os.path.dirname(self._path(""))
        with suppress(OSError), os.scandir(folder) as entries:
            for _, entry in zip(range(_MOST_KEPT), entries, strict=False):
                if re.fullmatch(r"[0-9a-f]{32}\.json", entry.name):
                    age = self.host.now() - entry.stat(follow_symlinks=False).st_mtime
                    if age > KEPT_SECONDS:
                        os.unlink(entry.path)

    def _path(self, question: str) -> str:
        digest = blake2b(question.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()
        return os.path.join(own_path(self.host, "cache", "answers"), f"{digest}.json")
