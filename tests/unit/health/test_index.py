"""Advisories and the index, asked of a stand-in service on this machine; advisories by the real
uv."""

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from uv import find_uv_bin

from envdeck.core.health.context import HealthContext
from envdeck.core.health.examine import examine_whole
from envdeck.core.model import (
    AuditState,
    Examination,
    Fix,
    FixKind,
    ProjectLink,
    ProjectState,
    Severity,
)
from envdeck.core.online.audit import Auditor
from envdeck.core.online.client import Client
from envdeck.core.online.releases import index_urls
from envdeck.core.system.files import Unread
from envdeck.core.system.host import Host
from support.environments import create_environment

NOW = 1_795_000_000.0
ONLINE = ("vulnerable-distribution", "yanked-release", "adverse-status", "outdated-distribution")
JSON = "application/vnd.pypi.simple.v1+json"


_BROKEN = {"garbage": b"<html>", "schema": b'{"outcome": []}', "cut": b'{"results": ['}


class Service:
    """An OSV service and a package index in one, that does what a test tells it."""

    def __init__(self) -> None:
        self.mode = ""
        self.advisories: dict[str, dict[str, object]] = {}
        self.pages: dict[str, dict[str, object]] = {}
        self.seen: list[tuple[str, str | None]] = []
        """Each path with the credentials that came with it."""
        self.came, self.release = threading.Event(), threading.Event()
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                service.seen.append((self.path, None))
                asked = json.loads(self.rfile.read(length))
                if "queries" in asked:
                    return service.batch(self, asked["queries"])
                return service.one(self, asked["package"]["name"])

            def do_GET(self) -> None:
                service.seen.append((self.path, self.headers.get("Authorization")))
                service.get(self)

            def log_message(self, *_: object) -> None:
                """Print nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/"

    def batch(self, handler: BaseHTTPRequestHandler, queries: list[dict[str, object]]) -> None:
        if self.mode in {"404", "500"}:
            return _send(handler, b"no", int(self.mode))
        if self.mode in _BROKEN:
            return _send(handler, _BROKEN[self.mode], length=5000 if self.mode == "cut" else None)
        if self.mode == "late":
            self.release.wait(60)
        names = [str(query["package"]["name"]) for query in queries]  # type: ignore[index]
        results = [
            {"vulns": [{"id": one["id"], "modified": "2024-01-01T00:00:00Z"}]}
            if (one := self.advisories.get(name))
            else {}
            for name in names
        ]
        if self.mode == "half":
            results.pop()
        return _send(handler, json.dumps({"results": results}).encode())

    def one(self, handler: BaseHTTPRequestHandler, name: str) -> None:
        """Answer about one release, as pip-audit asks."""
        if self.mode in {"404", "500"}:
            return _send(handler, b"no", int(self.mode))
        found = {"vulns": [self.advisories[name]]} if name in self.advisories else {}
        return _send(handler, json.dumps(found).encode())

    def get(self, handler: BaseHTTPRequestHandler) -> None:
        self.came.set()
        parts = handler.path.strip("/").split("/")
        if self.mode == "late":
            self.release.wait(60)
        if parts[:2] == ["v1", "vulns"] and self.mode != "detail":
            found = [one for one in self.advisories.values() if one["id"] == parts[2]]
            return _send(handler, json.dumps(found[0]).encode())
        if parts[0] == "simple" and self.mode == "moved":
            handler.send_response(302)
            handler.send_header("Location", f"/other/{parts[1]}/")
            return handler.end_headers()
        if parts[0] in {"simple", "other"} and parts[1] in self.pages:
            return _send(handler, json.dumps(self.pages[parts[1]]).encode(), kind=JSON)
        return _send(handler, b"no", 404)

    def advise(self, name: str, *fixed: str, key: str = "PYSEC-2024-60") -> None:
        events = [{"introduced": "0"}, *({"fixed": one} for one in fixed)]
        self.advisories[name] = {
            "id": key,
            "modified": "2024-01-01T00:00:00Z",
            "aliases": ["CVE-2024-3651"],
            "summary": "quadratic time",
            "affected": [
                {
                    "package": {"ecosystem": "PyPI", "name": name},
                    "ranges": [{"type": "ECOSYSTEM", "events": events}],
                }
            ],
        }

    def publish(self, name: str, *versions: str, **more: object) -> None:
        yanked = more.pop("yanked", {})
        python = more.pop("python", {})
        self.pages[name] = {
            "meta": {"api-version": "1.4"},
            "name": name,
            "files": [
                {
                    "filename": f"{name}-{version}.tar.gz",
                    "url": "x",
                    "hashes": {},
                    "yanked": yanked.get(version, False),  # type: ignore[attr-defined]
                    "requires-python": python.get(version),  # type: ignore[attr-defined]
                }
                for version in versions
            ],
            **more,
        }


def _send(
    handler: BaseHTTPRequestHandler,
    body: bytes,
    status: int = 200,
    *,
    kind: str = "application/json",
    length: int | None = None,
) -> None:
    handler.send_response(status)
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(length or len(body)))
    handler.end_headers()
    handler.wfile.write(body)


@pytest.fixture
def service() -> Iterator[Service]:
    one = Service()
    yield one
    one.release.set()
    one.server.shutdown()
    one.server.server_close()


class Online:
    """An environment that is asked about."""

    def __init__(self, made, service: Service) -> None:
        self.made, self.service = made, service
        self.now = NOW
        self.variables = {"PIP_INDEX_URL": f"{service.url}simple"}

    @property
    def host(self) -> Host:
        return Host("linux", str(self.made.home), self.variables, lambda: self.now, "/nowhere")

    def examine(self, *names: str, program: str = "", timeout: float = 60.0) -> Examination:
        link = ProjectLink(ProjectState.FOUND, str(self.made.path.parent), "parent folder")
        context = HealthContext(replace(self.made.environment, project=link), self.host)
        context.client = Client.open(self.host, str(self.made.path), timeout=timeout)
        context.auditor = Auditor(self.host, context.client, self.service.url)
        if program:
            context.auditor.program = program
        return examine_whole(context, names=names or ONLINE, online=True)

    def reasons(self, *names: str, program: str = "", timeout: float = 60.0) -> list[str]:
        found = self.examine(*names, program=program, timeout=timeout)
        assert found.findings == ()
        return [one.reason for one in found.not_checked]


@pytest.fixture
def online(made, service) -> Online:
    return Online(made, service)


VULNERABLE = "vulnerable-distribution"
_NOTHING = {
    "vulnerabilities": [],
    "adverse_statuses": [],
    "summary": {"audited_packages": 0, "vulnerabilities": 0},
}


# advisories


def test_a_vulnerable_version_is_upgraded_to_the_first_that_all_permit(online, service):
    online.made.add("idna", "3.4")
    online.made.add("requests", "2.31.0", "Requires-Dist: idna<4,>=2.5")
    service.advise("idna", "3.7")
    (found,) = online.examine(VULNERABLE).findings
    assert (found.severity, found.subject) == (Severity.ERROR, "idna")
    assert found.message.startswith("idna 3.4 is vulnerable: PYSEC-2024-60 (CVE-2024-3651)")
    assert found.fix == Fix(FixKind.UPGRADE, ("idna>=3.7",))
    assert found.remedy == f"envdeck upgrade {online.made.path} 'idna>=3.7'"
    evidence = dict(found.evidence)
    assert evidence["fixed_versions"] == ("3.7",)
    assert evidence["asked_at"] == "2026-11-18T11:06:40Z"


def test_each_distribution_has_one_of_four_states(online, service):
    online.made.add("idna", "3.4")
    online.made.add("six", "1.0")
    online.made.add("own", "1.0+local")
    service.advise("idna", "3.7")
    found = online.examine(VULNERABLE).audited
    assert [(one.name, one.state, one.reason) for one in found] == [
        ("idna", AuditState.VULNERABLE, ""),
        ("own", AuditState.SKIPPED, "a local build"),
        ("six", AuditState.CLEAN, ""),
    ]
    assert found[2].asked_at == online.now
    assert online.examine("yanked-release").audited == ()


class PipAudit:
    """The pip-audit that docs/health.md compares with, asking the same service."""

    def __init__(self, folder: Path, service: Service) -> None:
        self.url = f"{service.url}v1/query"
        self.environ = {"PATH": os.environ["PATH"], "HOME": str(folder)}
        self.program = create_environment(folder / "tool", creator="uv") / "bin" / "pip-audit"
        python = self.program.with_name("python")
        install = ("pip", "install", "-q", "--no-config", "--python", python, "pip-audit==2.10.1")
        subprocess.run([find_uv_bin(), *install], check=True)

    def audit(self, site: Path) -> tuple[int, dict[str, list[tuple[str, list[str]]]] | None]:
        """Return its exit code, and by name each advisory with its fixes; None for no answer."""
        how = ("--vulnerability-service", "osv", "--osv-url", self.url, "--format", "json")
        done = subprocess.run(
            [self.program, "--path", site, *how, "--progress-spinner", "off"],
            env=self.environ, capture_output=True, text=True, check=False,
        )  # fmt: skip
        rows = json.loads(done.stdout)["dependencies"] if done.stdout else None
        found = None if rows is None else {
            row["name"]: [(one["id"], one["fix_versions"]) for one in row["vulns"]] for row in rows
        }  # fmt: skip
        return done.returncode, found


@pytest.mark.network
def test_pip_audit_names_the_same_release_and_fix_and_tells_no_gap_from_a_vulnerability(
    online, service, tmp_path
):
    """With `-m network`: pip-audit comes from the index that pip is configured with."""
    audit = PipAudit(tmp_path / "pip-audit", service)
    online.made.add("idna", "3.4")
    online.made.add("six", "1.0")
    assert audit.audit(online.made.site) == (0, {"idna": [], "six": []})
    assert online.examine(VULNERABLE).findings == ()
    online.now += 2 * 86_400  # an answer is kept for a day
    service.advise("idna", "3.7")
    (found,) = online.examine(VULNERABLE).findings
    told = dict(found.evidence)
    fixed = list(told["fixed_versions"])
    assert audit.audit(online.made.site) == (1, {"idna": [(told["id"], fixed)], "six": []})
    online.now += 2 * 86_400
    service.mode = "500"
    assert audit.audit(online.made.site) == (1, None)
    assert online.reasons(VULNERABLE) == ["idna, six: the advisory service answered 500"]


def test_who_holds_the_fix_back_is_named(online, service):
    online.made.add("idna", "3.4")
    online.made.add("old", "1.0", "Requires-Dist: idna<3.5")
    service.advise("idna", "3.7")
    (found,) = online.examine(VULNERABLE).findings
    assert dict(found.evidence)["held_back_by"] == ("old",)
    assert "held back by old" in found.remedy


def test_without_a_fix_it_is_a_warning_and_malice_is_uninstalled(online, service):
    online.made.add("idna", "3.4")
    online.made.add("reqeusts", "1.0")
    service.advise("idna")
    service.advise("reqeusts", key="MAL-2024-1")
    malicious, unfixed = online.examine(VULNERABLE).findings
    assert (malicious.severity, malicious.fix) == (
        Severity.ERROR,
        Fix(FixKind.UNINSTALL, ("reqeusts",)),
    )
    assert (unfixed.severity, unfixed.fix) == (Severity.WARNING, None)


def test_what_is_clean_has_neither_a_finding_nor_a_gap(online):
    online.made.add("idna", "3.7")
    found = online.examine(VULNERABLE)
    assert (found.findings, found.not_checked) == ((), ())


def test_what_no_index_has_is_skipped_and_its_name_not_sent(online, service):
    folder = online.made.add("api", "1.0")
    text = '{"url": "file:///home/ada/work/api", "dir_info": {"editable": true}}'
    (folder / "direct_url.json").write_text(text)
    folder = online.made.add("fork", "1.0")
    (folder / "direct_url.json").write_text('{"url": "https://example/fork.git"}')
    (reason,) = online.reasons(VULNERABLE)
    assert reason == "not from an index: api (editable), fork (from a URL)"
    assert service.seen == []


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("404", "answered 404"),
        ("500", "answered 500"),
        ("garbage", "a form that is not known, or in part"),
        ("schema", "a form that is not known, or in part"),
        ("cut", "a form that is not known, or in part"),
        ("half", "answered for a part only"),
        ("detail", "answered 404"),
    ],
)
def test_a_service_that_does_not_answer_as_it_should_leaves_all_unchecked(
    online, service, mode, said
):
    online.made.add("idna", "3.4")
    online.made.add("requests", "2.31.0")
    service.mode = mode
    if mode == "detail":
        service.advise("idna", "3.7")
    (reason,) = online.reasons(VULNERABLE)
    assert said in reason
    assert reason.startswith("idna, requests: ")
    service.mode = ""
    service.advise("idna", "3.7")
    assert len(online.examine(VULNERABLE).findings) == 1, "no failure is kept"


def test_a_service_that_is_late_leaves_all_unchecked(online, service):
    online.made.add("idna", "3.4")
    service.mode = "late"
    (reason,) = online.reasons(VULNERABLE, timeout=1)
    assert "in time" in reason


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo \"error: unrecognized subcommand 'audit'\" >&2; exit 2", "has no `audit`"),
        ("echo '{}'", "a form that is not known"),
        ("echo '[' ", "a form that is not known"),
        (f"echo '{json.dumps(_NOTHING)}'", "a form that is not known"),
        ("echo 'error: out of luck' >&2; exit 2", "out of luck"),
    ],
    ids=["old", "empty", "garbage", "fewer", "failed"],
)  # fmt: skip
def test_another_uv_leaves_all_unchecked(online, tmp_path, script, said):
    program = tmp_path / "uv"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    online.made.add("idna", "3.4")
    (reason,) = online.reasons(VULNERABLE, program=str(program))
    assert said in reason


def test_an_answer_is_kept_for_a_day(online, service):
    online.made.add("idna", "3.4")
    service.advise("idna", "3.7")
    assert len(online.examine(VULNERABLE).findings) == 1
    asked = len(service.seen)
    online.now += 23 * 3600
    (found,) = online.examine(VULNERABLE).findings
    assert dict(found.evidence)["asked_at"] == "2026-11-18T11:06:40Z"
    assert len(service.seen) == asked
    online.now += 2 * 3600
    online.examine(VULNERABLE)
    assert len(service.seen) > asked


# the index


def test_a_yanked_release_is_told_with_its_reason(online, service):
    online.made.add("idna", "3.4")
    online.made.add("click", "8.0")
    service.publish("idna", "3.4", "3.7", yanked={"3.4": "broken tables"})
    service.publish("click", "8.0")
    (found,) = online.examine("yanked-release").findings
    assert found.message == "idna 3.4 was yanked: broken tables"
    assert found.fix == Fix(FixKind.UPGRADE, ("idna",))


@pytest.mark.parametrize(
    "page",
    [
        {"project-status": {"status": "archived", "reason": "use other"}},
        {"meta": {"api-version": "1.4", "project-status": "archived",
                  "project-status-reason": "use other"}},
    ],
    ids=["table", "meta"],
)  # fmt: skip
def test_an_archived_project_is_told(online, service, page):
    online.made.add("idna", "3.4")
    service.publish("idna", "3.4", **page)
    (found,) = online.examine("adverse-status").findings
    assert (found.severity, found.message) == (Severity.WARNING, "idna is archived: use other")


def test_the_newest_release_for_this_interpreter_counts(online, service):
    online.made.add("idna", "3.4")
    online.made.add("newest", "2.0")
    service.publish(
        "idna", "3.4", "3.7", "3.8", "4.0rc1", "5.0",
        yanked={"3.8": True}, python={"5.0": ">=3.14"},
    )  # fmt: skip
    service.publish("newest", "1.0", "2.0", "3.0b1")
    (found,) = online.examine("outdated-distribution").findings
    assert (found.severity, found.message) == (Severity.NOTE, "idna 3.4 → 3.7")


def test_what_others_hold_back_is_asked_about_and_not_upgraded(online, service):
    online.made.add("idna", "3.4")
    online.made.add("six", "1.0")
    online.made.add("old", "1.0", "Requires-Dist: idna<3.5")
    service.publish("idna", "3.4", "3.7")
    service.publish("six", "1.0", "1.1")
    idna, six = online.examine("outdated-distribution").findings
    assert idna.message == "idna 3.4 → 3.7; held back by old"
    assert (idna.remedy, idna.fix) == (
        f"Excluded by old: envdeck why {online.made.path} idna",
        None,
    )
    assert (six.remedy, six.fix) == (
        f"envdeck upgrade {online.made.path} six",
        Fix(FixKind.UPGRADE, ("six",)),
    )


def test_a_project_that_the_index_does_not_know_is_not_checked(online):
    online.made.add("secret-tool", "1.0")
    reasons = online.reasons("yanked-release")
    assert reasons == ["secret-tool: no index over HTTP knows it"]


def test_an_index_without_the_json_form_is_not_checked(online, service):
    online.made.add("idna", "3.4")
    service.pages["idna"] = {"name": "idna"}
    (reason,) = online.reasons("yanked-release")
    assert "no JSON form" in reason


def test_pip_told_to_use_no_index_asks_none(online, service):
    online.made.add("idna", "3.4")
    online.variables["PIP_NO_INDEX"] = "1"
    assert online.reasons("yanked-release") == ["idna: pip is configured without an index"]
    assert service.seen == []


def test_credentials_go_to_the_index_alone_and_are_kept_nowhere(online, service):
    online.made.add("idna", "3.4")
    service.publish("idna", "3.4")
    service.mode = "moved"
    url = service.url.replace("://", "://ada:hunter2secret@")
    online.variables["PIP_INDEX_URL"] = f"{url}simple"
    found = online.examine("yanked-release")
    assert found.not_checked == ()
    (first, login), (second, leaked) = service.seen
    assert (first, second, leaked) == ("/simple/idna/", "/other/idna/", None)
    assert login == "Basic YWRhOmh1bnRlcjJzZWNyZXQ="
    written = [path.read_text() for path in files(online.made.home / ".cache")]
    assert written
    assert not [text for text in written if "hunter2" in text or "127.0.0.1" in text]


def files(folder: Path) -> list[Path]:
    return [Path(place, name) for place, _, names in os.walk(folder) for name in names]


def test_nothing_is_asked_without_being_told_to(online, service):
    online.made.add("idna", "3.4")
    found = examine_whole(HealthContext(online.made.environment, online.host), names=ONLINE)
    assert {one.reason for one in found.not_checked} == {"not asked: --online does"}
    assert service.seen == []


def test_the_names_of_an_index_of_uv_are_asked_there(online, service):
    online.made.add("idna", "3.4")
    service.publish("idna", "3.4")
    file = online.made.home / ".config" / "uv" / "uv.toml"
    file.parent.mkdir(parents=True)
    file.write_text(f'[[index]]\nurl = "{service.url}simple"\ndefault = true\n')
    online.variables = {}
    assert online.reasons("yanked-release") == []
    assert [path for path, _ in service.seen] == ["/simple/idna/"]


def test_an_index_that_cannot_be_reached_is_named_by_its_host_alone(online):
    online.made.add("idna", "3.4")
    online.variables["PIP_INDEX_URL"] = "http://ada:hunter2@127.0.0.1:9/simple"
    (reason,) = online.reasons("yanked-release")
    assert reason.startswith("idna: 127.0.0.1 cannot be reached")
    assert "hunter2" not in reason


def test_an_index_that_is_late_is_waited_for_once(online, service):
    client = Client.open(online.host, timeout=0.2)
    service.mode = "late"
    first, second = (client.ask(f"{service.url}simple/{name}/") for name in ("idna", "click"))
    assert first == second == Unread("127.0.0.1 did not answer in 0.2 s")
    assert service.came.wait(60)
    assert len(service.seen) == 1


def test_where_nobody_names_an_index_it_is_that_of_pip(home):
    (url,) = index_urls(Host("linux", str(home), {}), {})
    assert url.startswith("https://")
    assert url.endswith("/simple/")


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://127.0.0.1/x", "http:///x", "http://127.0.0.1:port/x"]
)
def test_only_http_is_asked(online, url):
    assert isinstance(Client.open(online.host).ask(url), Unread)


_PINNED = """[project]
name = "api"
version = "1"
dependencies = ["inner"]

[tool.uv.sources]
inner = {index = "ours"}

[[tool.uv.index]]
name = "ours"
url = "https://example/simple"
explicit = true
"""


@pytest.mark.parametrize(
    ("file", "text", "asked"),
    [
        ("requirements.txt", "--index-url https://example/simple\ninner\n", []),
        ("uv.toml", '[[index]]\nurl = "https://example/simple"\ndefault = true\n', []),
        (
            "pyproject.toml",
            _PINNED,
            ["/simple/idna/"],
        ),
    ],
    ids=["pip", "uv", "pinned"],
)
def test_names_of_an_index_of_the_project_are_not_told_to_another(
    online, service, file, text, asked
):
    online.made.add("idna", "3.4")
    online.made.add("inner", "1.0")
    service.publish("idna", "3.4")
    (online.made.path.parent / file).write_text(text)
    online.examine("yanked-release")
    assert [path for path, _ in service.seen] == asked
