"""Advisories about installed distributions, by `uv audit` and the OSV service that it asks.

uv audits a project: it is given an empty folder with a lock file that pins what is installed. The
command and its answer are a preview, so whatever is not as it was measured counts as not checked.
uv takes a service that answers less than it was asked for one that knows of nothing, so the
service is asked once more whether it has an answer for each.
"""

import importlib
import json
import os
import re
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any

from packaging.version import InvalidVersion, Version

from envdeck.core.lazy_dataclasses import dataclass, field
from envdeck.core.online.client import AnswerCache, Client
from envdeck.core.system import reach
from envdeck.core.system.files import Unread
from envdeck.core.system.host import Host

SERVICE = "https://api.osv.dev/"
"""The service that uv asks by default."""

_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*\Z")
_ROOT = "envdeck-audit"
_OUTPUT_LIMIT = 64 * 1024 * 1024
_TEXT = 500
"""Characters of a summary."""
_PASSED_ON = frozenset(
    {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"}
    | {"SSL_CLIENT_CERT", "UV_SYSTEM_CERTS", "UV_NATIVE_TLS", "SYSTEMROOT"}
)
"""Variables that say how the service is reached."""


@dataclass(frozen=True, slots=True)
class Advisory:
    """One published vulnerability of one version."""

    id: str
    aliases: tuple[str, ...]
    summary: str
    fixed: tuple[str, ...]
    """The versions that fix it, the first one first."""


@dataclass(frozen=True, slots=True)
class Audited:
    """What is known of one distribution; no advisories: it is clean."""

    advisories: tuple[Advisory, ...]
    asked_at: float


@dataclass(slots=True)
class Auditor:
    """Audits distributions that an index could have provided."""

    host: Host
    client: Client
    service: str = SERVICE
    program: str | None = field(default_factory=lambda: _find_uv())
    limit: float = 90.0
    """Seconds that uv may take."""

    def audit(self, packages: Sequence[tuple[str, str]]) -> Mapping[str, Audited | Unread]:
        """Return by name what the service says of a version, or why it was not checked."""
        answers = AnswerCache(self.host)
        found: dict[str, Audited | Unread] = {}
        asked: list[tuple[str, str]] = []
        for name, version in packages:
            kept = answers.read(self._question(name, version))
            if kept is not None and (known := _restored(kept.value)) is not None:
                found[name] = Audited(known, kept.at)
            elif _NAME.match(name) and (normal := _normal(version)) is not None:
                asked.append((name, normal))
            else:
                found[name] = Unread("has a name or a version that no advisory can name")
        if not asked:
            return found
        answers.forget_old()
        told = self._ask(asked)
        if isinstance(told, Unread):
            return {**found, **{name: told for name, _ in asked}}
        written = dict(packages)
        for name, _ in asked:
            rows = told.get(name, [])
            at = answers.keep(self._question(name, written[name]), rows).at
            found[name] = Audited(_restored(rows) or (), at)
        return found

    def _question(self, name: str, version: str) -> str:
        return json.dumps(["audit", self.service, name, version])

    def _ask(self, packages: Sequence[tuple[str, str]]) -> dict[str, list[Any]] | Unread:
        if self.program is None:
            return Unread("uv is not installed with EnvDeck")
        with tempfile.TemporaryDirectory(prefix="envdeck-") as folder:
            _write_project(folder, packages)
            completed = self._run(folder)
        if isinstance(completed, Unread):
            return completed
        told = _read_answer(completed, packages)
        if isinstance(told, Unread):
            return told
        return self._find_gap(packages, told) or told

    def _run(self, folder: str) -> subprocess.CompletedProcess[bytes] | Unread:
        command = [
            self.program or "uv", "--no-config", "audit", "--frozen", "--no-progress",
            "--preview-features", "audit-command,json-output", "--output-format", "json",
            "--service-url", self.service,
        ]  # fmt: skip
        try:
            return subprocess.run(
                command,
                cwd=folder,
                env=self._environ(),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=self.limit,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Unread(f"uv audit did not end in {self.limit:g} s")
        except OSError as error:
            return Unread(f"uv cannot be run: {error.strerror}")

    def _environ(self) -> dict[str, str]:
        names = {*_PASSED_ON, *(name.lower() for name in _PASSED_ON)}
        found = {name: value for name, value in self.host.environ.items() if name in names}
        options = self.client.options
        if cert := options.get("cert", "").strip():
            path = self.host.expand(cert)
            found["SSL_CERT_DIR" if reach.isdir(path) else "SSL_CERT_FILE"] = path
        if proxy := options.get("proxy", "").strip():
            proxy = proxy if "://" in proxy else f"http://{proxy}"
            found |= {"HTTP_PROXY": proxy, "HTTPS_PROXY": proxy}
        return found | {
            "HOME": self.host.home,
            "NO_COLOR": "1",
            "UV_NO_CACHE": "1",
            "UV_PYTHON_DOWNLOADS": "never",
            "UV_HTTP_TIMEOUT": str(max(1, int(self.client.timeout))),
            "UV_HTTP_RETRIES": "1",
        }

    def _find_gap(
        self, packages: Sequence[tuple[str, str]], told: Mapping[str, list[Any]]
    ) -> Unread | None:
        """Return why the answer is not whole, where the service has none for each."""
        queries = [
            {"package": {"name": name, "ecosystem": "PyPI"}, "version": version}
            for name, version in packages
        ]
        data = self.client.ask(
            f"{self.service.rstrip('/')}/v1/querybatch",
            data=json.dumps({"queries": queries}).encode(),
        )
        if isinstance(data, Unread):
            return data
        try:
            results = json.loads(data)["results"]
            known = [bool(one.get("vulns")) if isinstance(one, dict) else False for one in results]
        except (ValueError, KeyError, TypeError, RecursionError):
            return Unread("the advisory service answers in a form that is not known")
        if len(known) != len(packages):
            return Unread("the advisory service answered for a part only")
        if {name for (name, _), one in zip(packages, known, strict=True) if one} - told.keys():
            return Unread("uv audit left out what the advisory service has")
        return None


def _find_uv() -> str | None:
    try:
        return str(importlib.import_module("uv").find_uv_bin())
    except (ImportError, FileNotFoundError):
        return None


def _write_project(folder: str, packages: Sequence[tuple[str, str]]) -> None:
    """Write a project that pins the packages. The registry `.` costs no look-up of names."""
    names = ", ".join(f'"{name}"' for name, _ in packages)
    manifest = f'[project]\nname = "{_ROOT}"\nversion = "0"\nrequires-python = ">=3.8"\n'
    lock = (
        f'version = 1\nrevision = 3\nrequires-python = ">=3.8"\n\n[[package]]\nname = "{_ROOT}"\n'
    )
    lock += 'version = "0"\nsource = { virtual = "." }\ndependencies = [\n'
    lock += "".join(f'    {{ name = "{name}" }},\n' for name, _ in packages) + "]\n"
    for name, version in packages:
        lock += f'\n[[package]]\nname = "{name}"\nversion = "{version}"\n'
        lock += 'source = { registry = "." }\n'
    for file, text in (
        ("pyproject.toml", f"{manifest}dependencies = [{names}]\n"),
        ("uv.lock", lock),
    ):
        with open(os.path.join(folder, file), "w", encoding="utf-8") as stream:
            stream.write(text)


_ERROR = re.compile(r"error: (.{1,200})")
_STATUS = re.compile(r"HTTP status \w+ error \((\d{3})")


def _read_answer(
    completed: "subprocess.CompletedProcess[bytes]", packages: Sequence[tuple[str, str]]
) -> dict[str, list[Any]] | Unread:
    """Return the rows of advisories by name; only what is understood whole."""
    if completed.returncode not in {0, 1} or len(completed.stdout) > _OUTPUT_LIMIT:
        return Unread(_explain(completed.stderr.decode("utf-8", "replace")))
    unknown = Unread("uv audit writes its answer in a form that is not known")
    try:
        answer = json.loads(completed.stdout)
        vulnerabilities, summary = answer["vulnerabilities"], answer["summary"]
        if (
            summary["audited_packages"] != len(packages)
            or summary["vulnerabilities"] != len(vulnerabilities)
            or bool(completed.returncode) != bool(vulnerabilities or answer["adverse_statuses"])
        ):
            return unknown
        found: dict[str, list[Any]] = {}
        versions = dict(packages)
        for one in vulnerabilities:
            name = one["dependency"]["name"]
            if versions.get(name) != _normal(one["dependency"]["version"]):
                return unknown
            aliases = [str(alias) for alias in one.get("aliases") or ()]
            fixed = [str(version) for version in one.get("fix_versions") or ()]
            summary_text = str(one.get("summary") or one.get("description") or "")[:_TEXT]
            found.setdefault(name, []).append([str(one["id"]), aliases, summary_text, fixed])
    except (ValueError, KeyError, TypeError, RecursionError):
        return unknown
    return found


def _explain(text: str) -> str:
    if "unrecognized subcommand" in text or "unexpected argument" in text:
        return "this uv has no `audit`, or another one: update it"
    if match := _STATUS.search(text):
        return f"the advisory service answered {match[1]}"
    if "operation timed out" in text:
        return "the advisory service did not answer in time"
    if "decoding response body" in text:
        return "the advisory service answers in a form that is not known, or in part"
    if "error sending request" in text or "Failed to fetch" in text:
        return "the advisory service cannot be reached"
    match = _ERROR.search(text)
    return f"uv audit failed: {match[1].strip()}" if match else "uv audit failed"


def _restored(value: object) -> tuple[Advisory, ...] | None:
    if not isinstance(value, list):
        return None
    try:
        return tuple(
            Advisory(str(key), tuple(map(str, aliases)), str(summary), tuple(map(str, fixed)))
            for key, aliases, summary, fixed in value
        )
    except (TypeError, ValueError):
        return None


def _normal(version: str) -> str | None:
    """Return a version in its normal form; None for what is none, or a local build."""
    try:
        parsed = Version(version)
    except (InvalidVersion, ValueError):
        return None
    return None if parsed.local else str(parsed)
