"""Candidates and resolutions of real environments, by the real resolver, on wheels made
here."""

import json
import os
import shutil
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from uv import find_uv_bin

from envdeck.core.discovery.find import manager_of
from envdeck.core.discovery.managers import managers
from envdeck.core.discovery.prefix import recognise
from envdeck.core.inspection.environment import Inspector
from envdeck.core.inspection.packages.distributions import read_distributions
from envdeck.core.model import Distribution, Environment, ProjectLink, Status
from envdeck.core.model import PackageChange as Change
from envdeck.core.operations.engine.failure import Failure
from envdeck.core.operations.engine.runner import Runner
from envdeck.core.operations.engine.uv import UvAdapter
from envdeck.core.operations.upgrade.candidates import candidates
from envdeck.core.operations.upgrade.model import HeldPackage, Level, Resolution, UpgradeCandidates
from envdeck.core.operations.upgrade.resolve import UvResolver, resolve
from envdeck.core.system.host import Host
from envdeck.core.system.mounts import read_mounts
from support.environments import new_uv_cache

Look = tuple[Environment, tuple[Distribution, ...], UvResolver]

SHELF = [
    ("wire", "1.0", ()),
    ("wire", "1.1", ()),
    ("wire", "2.0", ()),
    ("wire", "3.0a1", ()),
    ("cloud", "1.0", ("wire<2",)),
    ("cloud", "2.0", ("wire>=2",)),
    ("asker", "1.0", ("wire<2",)),
    ("asker", "1.1", ("wire<3",)),
    ("stubborn", "1.0", ("wire<2",)),
    ("lamp", "0.1.0", ()),
    ("lamp", "0.1.1", ()),
    ("shade", "0.1.0", ()),
    ("shade", "0.2.0", ()),
    ("tint", "1.0+cpu", ()),
    ("tint", "2.0", ()),
    ("wheel", "0.40", ()),
    ("wheel", "0.41", ()),
    ("steady", "1.0", ()),
    ("reel", "1.0", ("thread<2",)),
    ("reel", "2.0", ("thread>=2,<3",)),
    ("thread", "1.0", ()),
    ("thread", "2.0", ()),
    ("thread", "3.0", ()),
    ("novel", "1.0", ()),
    ("novel", "2.0", ("Python>=3.99",)),
]


def write_wheel(folder: Path, name: str, version: str, requires: tuple[str, ...] = ()) -> Path:
    info = f"{name}-{version}.dist-info"
    head = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    for requirement in requires:
        python = requirement.removeprefix("Python")
        key = "Requires-Dist" if python == requirement else "Requires-Python"
        head.append(f"{key}: {python}")
    tag = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files = {
        f"{name}.py": f"VERSION = {version!r}\n",
        f"{info}/METADATA": "\n".join(head) + "\n",
        f"{info}/WHEEL": tag,
    }
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for file, text in files.items():
            wheel.writestr(file, text)
        rows = "".join(f"{file},,\n" for file in (*files, f"{info}/RECORD"))
        wheel.writestr(f"{info}/RECORD", rows)
    return path


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shelf")
    for name, version, requires in SHELF:
        write_wheel(folder, name, version, requires)
    return folder


@pytest.fixture
def reaching(host: Host, shelf: Path, tmp_path: Path) -> Host:
    """Return a machine whose pip is told to take everything from the shelf."""
    environ = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(shelf)}
    cache = new_uv_cache(tmp_path / "cache")
    return replace(host, environ={**environ, "UV_CACHE_DIR": cache})


def uv(*arguments: str, shelf: Path, cache: Path) -> subprocess.CompletedProcess[str]:
    command = [find_uv_bin(), "pip", *arguments]
    if arguments[0] == "install":
        command += ["--no-index", "--find-links", str(shelf)]
    environ = {**os.environ, "UV_CACHE_DIR": str(cache), "UV_NO_CONFIG": "1"}
    return subprocess.run(command, capture_output=True, text=True, env=environ, timeout=60)


def look(path: Path, host: Host) -> Look:
    candidate = recognise(os.path.realpath(path))
    assert candidate is not None
    tool = manager_of(candidate, managers(host))
    environment = Inspector(host, read_mounts(host)).inspect(candidate, tool, ProjectLink())
    resolver = UvResolver(UvAdapter(host, folder=str(path)), Runner(host), environment)
    return environment, read_distributions(environment), resolver


@pytest.fixture
def installed(
    reaching: Host, shelf: Path, tmp_path: Path, make_venv: Callable[..., Path]
) -> Callable[..., Look]:
    """Return a function that makes an environment with these installed, and looks at it."""

    def install(*asked: str) -> Look:
        path = make_venv(tmp_path / "work" / "env", creator="uv")
        done = uv("install", "-p", str(path), *asked, shelf=shelf, cache=tmp_path / "cache")
        assert done.returncode == 0, done.stderr
        return look(path, reaching)

    return install


ALL = ("wire==1.0", "cloud==1.0", "asker==1.0", "lamp==0.1.0", "shade==0.1.0", "tint==1.0+cpu")
ALL += ("wheel==0.40", "steady==1.0")


def test_every_name_with_something_newer_is_a_candidate(installed, shelf):
    local = f"stubborn @ {(shelf / 'stubborn-1.0-py3-none-any.whl').as_uri()}"
    found = candidates(*installed(*ALL[1:], "wire==1.0", local))
    assert isinstance(found, UpgradeCandidates), found
    assert [(row.name, row.target, row.latest, row.level.value) for row in found.rows] == [
        ("asker", "1.1", "1.1", "minor"),
        ("cloud", "1.0", "2.0", "major"),
        ("lamp", "0.1.1", "0.1.1", "patch"),
        ("shade", "0.2.0", "0.2.0", "major"),
        ("wheel", "0.41", "0.41", "major"),
        ("wire", "1.1", "2.0", "minor"),
    ]
    by_name = {row.name: row for row in found.rows}
    assert by_name["wire"].held_back_by == (
        "asker 1.0 requires wire<2",
        "cloud 1.0 requires wire<2",
        "stubborn 1.0 requires wire<2",
    )
    assert by_name["wheel"].seed
    assert not by_name["wire"].seed
    assert {row.name: row.reason.split(" file:")[0] for row in found.fixed} == {
        "stubborn": "installed from",
        "tint": "local build (1.0+cpu)",
    }
    assert found.current == 1


def test_one_name_takes_along_what_it_would_break(installed, shelf, tmp_path):
    environment, rows, resolver = installed(*ALL)
    answer = resolve(environment, rows, {"cloud": "2.0"}, resolver)
    assert isinstance(answer, Resolution), answer
    assert answer.changes == (
        Change("asker", "1.0", "1.1"),
        Change("cloud", "1.0", "2.0"),
        Change("wire", "1.0", "2.0"),
    )
    assert answer.moves_along == ("asker", "wire")
    path = environment.path
    check = partial(uv, "check", "-p", path, shelf=shelf, cache=tmp_path / "cache")
    install = partial(uv, "install", "-p", path, shelf=shelf, cache=tmp_path / "cache")
    install("--no-deps", *answer.requirements)
    assert check().returncode == 0
    install("--no-deps", "asker==1.0", "cloud==1.0", "wire==1.0")
    install("--upgrade-package", "cloud", "cloud")  # the trap: by that name alone
    assert "asker" in check().stderr


def test_what_is_not_chosen_stays_where_it_can(installed):
    environment, rows, resolver = installed(*ALL)
    answer = resolve(environment, rows, {"lamp": None, "wire": "1.1"}, resolver)
    assert isinstance(answer, Resolution), answer
    assert answer.changes == (Change("lamp", "0.1.0", "0.1.1"), Change("wire", "1.0", "1.1"))
    assert (answer.moves_along, answer.held) == ((), ())
    assert answer.requirements == ("lamp==0.1.1", "wire==1.1")


def test_as_far_as_can_be_says_who_holds_it_back(installed):
    environment, rows, resolver = installed("wire==1.0", "stubborn==1.0", "asker==1.0")
    answer = resolve(environment, rows, {"wire": None}, resolver)
    assert isinstance(answer, Resolution), answer
    assert answer.changes == (Change("wire", "1.0", "1.1"),)
    because = ("asker 1.0 requires wire<2", "stubborn 1.0 requires wire<2")
    assert answer.held == (HeldPackage("wire", "2.0", "1.1", because),)


@pytest.mark.parametrize(
    ("now", "asked", "then"), [("1.0", ">=1.0,!=2.0", "1.1"), ("2.0", "<2", "1.1")]
)
def test_a_range_gets_the_newest_in_it_down_if_that_is_asked(installed, now, asked, then):
    environment, rows, resolver = installed(f"wire=={now}", "steady==1.0")
    answer = resolve(environment, rows, {"wire": asked}, resolver)
    assert isinstance(answer, Resolution), answer
    assert answer.changes == (Change("wire", now, then),)


@pytest.mark.parametrize(
    ("chosen", "cause"),
    [
        ({"wire": "2.0"}, "wire 2.0 is not possible: stubborn 1.0 requires wire<2"),
        ({"lamp": "9.9"}, "lamp"),
        ({"nowhere": None}, "nowhere is not installed"),
        ({"lamp": ">=0.1\n--index-url=https://x.example"}, "invalid version or range"),
        ({"lamp": ""}, "invalid version or range"),
        ({"tint": None}, "tint cannot be upgraded: local build (1.0+cpu)"),
    ],
)
def test_what_cannot_be_had_is_said_in_a_sentence(installed, chosen, cause):
    environment, rows, resolver = installed(
        "wire==1.0", "stubborn==1.0", "lamp==0.1.0", "tint==1.0+cpu"
    )
    answer = resolve(environment, rows, chosen, resolver)
    assert isinstance(answer, Failure), answer
    assert answer.cause.startswith(cause) or cause in answer.cause
    assert "\n" not in answer.cause


def test_what_is_broken_already_does_not_stand_in_the_way(installed, shelf, tmp_path, reaching):
    environment, _rows, _resolver = installed("stubborn==1.0", "wire==1.0", "lamp==0.1.0")
    path = environment.path
    uv("install", "-p", path, "--no-deps", "wire==2.0", shelf=shelf, cache=tmp_path / "cache")
    environment, rows, resolver = look(Path(path), reaching)
    answer = resolve(environment, rows, {"lamp": "0.1.1"}, resolver)
    assert isinstance(answer, Resolution), answer
    assert answer.changes == (Change("lamp", "0.1.0", "0.1.1"), Change("wire", "2.0", "1.1"))
    assert answer.moves_along == ("wire",)


def test_nothing_is_asked_of_an_interpreter_that_does_not_run(installed):
    environment, rows, resolver = installed("wire==1.0")
    broken = replace(environment, status=Status.BROKEN, reason="its base is gone")
    for answer in (
        candidates(broken, rows, resolver),
        resolve(broken, rows, {"wire": None}, resolver),
    ):
        assert isinstance(answer, Failure)
        assert answer.cause == "its base is gone"


class _Index(BaseHTTPRequestHandler):
    """A package index that speaks JSON (PEP 691), with metadata (PEP 658) and times (PEP 700)."""

    def __init__(self, shelf: Path, *rest: object) -> None:
        self.shelf = shelf
        super().__init__(*rest)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        name = self.path.rstrip("/").rsplit("/", 1)[-1]
        if self.path.startswith("/files/"):
            wheel = self.shelf / name.removesuffix(".metadata")
            info = "-".join(wheel.name.split("-")[:2]) + ".dist-info"
            with zipfile.ZipFile(wheel) as opened:
                self._answer(opened.read(f"{info}/METADATA"), "text/plain")
            return
        files = [
            {
                "filename": wheel.name,
                "url": f"/files/{wheel.name}",
                "hashes": {},
                "core-metadata": True,
                **({"upload-time": "2026-09-30T23:59:59Z"} if name != "shade" else {}),
            }
            for wheel in sorted(self.shelf.glob(f"{name}-*.whl"))
        ]
        page = {"meta": {"api-version": "1.1"}, "name": name, "files": files}
        self._answer(json.dumps(page).encode(), "application/vnd.pypi.simple.v1+json")

    def _answer(self, data: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@pytest.fixture
def index(shelf: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Index, shelf))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/simple/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_day_of_a_release_is_told_where_the_index_tells_it(installed, index, reaching):
    environment, rows, _resolver = installed("lamp==0.1.0", "shade==0.1.0")
    environ = {"PIP_INDEX_URL": index, "UV_CACHE_DIR": reaching.environ["UV_CACHE_DIR"]}
    online = replace(reaching, environ=environ)
    resolver = UvResolver(UvAdapter(online, folder=environment.path), Runner(online), environment)
    found = candidates(environment, rows, resolver)
    assert isinstance(found, UpgradeCandidates), found
    assert [(row.name, row.level, row.released) for row in found.rows] == [
        ("lamp", Level.PATCH, "2026-09-30"),
        ("shade", Level.MAJOR, None),
    ]


class _Denies(BaseHTTPRequestHandler):
    """What answers in place of an index."""

    answer: tuple[int, bytes]

    def do_GET(self) -> None:
        code, body = self.answer
        self.send_response(code)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815 - named by the standard library

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@pytest.fixture
def denied(request: pytest.FixtureRequest) -> Iterator[str]:
    handler = type("Denies", (_Denies,), {"answer": request.param})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/simple/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


LOGIN = b"<html><title>Sign in</title><form action='/login'><input name='user'></form></html>"


@pytest.mark.parametrize(
    "denied", [(401, b""), (403, b""), (404, b""), (200, LOGIN)], indirect=True
)
def test_an_index_that_tells_nothing_is_no_proof_of_the_newest(installed, denied, reaching):
    environment, rows, _resolver = installed("lamp==0.1.0", "shade==0.1.0")
    environ = {"PIP_INDEX_URL": denied, "UV_CACHE_DIR": reaching.environ["UV_CACHE_DIR"]}
    online = replace(reaching, environ=environ)
    resolver = UvResolver(UvAdapter(online, folder=environment.path), Runner(online), environment)
    found = candidates(environment, rows, resolver)
    assert isinstance(found, Failure), found
    assert found.cause.startswith("no package could be checked")
    assert found.hint
    one = resolve(environment, rows, {"lamp": None}, resolver)
    assert isinstance(one, Failure), one
    assert one.cause.startswith("lamp could not be checked")


def test_what_the_index_does_not_have_is_not_called_current(installed, shelf, tmp_path):
    own = write_wheel(tmp_path, "inhouse", "1.0")
    path = Path(installed("lamp==0.1.0", "steady==1.0")[0].path)
    uv("install", "-p", str(path), "--no-deps", "inhouse==1.0", f"--find-links={tmp_path}",
       shelf=shelf, cache=tmp_path / "cache")  # fmt: skip
    own.unlink()
    environ = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(shelf)}
    environ["UV_CACHE_DIR"] = str(tmp_path / "cache")
    found = candidates(*look(path, Host(sys.platform, str(tmp_path), environ)))
    assert isinstance(found, UpgradeCandidates), found
    assert [row.name for row in found.rows] == ["lamp"]
    assert [(row.name, row.reason[:13]) for row in found.fixed] == [("inhouse", "not checked: ")]
    assert found.current == 1


@pytest.mark.parametrize("there", [True, False])
def test_a_requirement_by_url_does_not_stand_in_the_way(
    there, installed, shelf, tmp_path, reaching
):
    path = Path(installed("lamp==0.1.0", "wire==1.0")[0].path)
    name = "wire" if there else "nowhere"
    far = f"{name} @ https://files.example/{name}-1.0-py3-none-any.whl"
    write_wheel(tmp_path, "pointing", "1.0", (far,))
    uv("install", "-p", str(path), "--no-deps", str(tmp_path / "pointing-1.0-py3-none-any.whl"),
       shelf=shelf, cache=tmp_path / "cache")  # fmt: skip
    environment, rows, resolver = look(path, reaching)
    found = candidates(environment, rows, resolver)
    assert isinstance(found, UpgradeCandidates), found
    assert [row.name for row in found.rows] == (["lamp"] if there else ["lamp", "wire"])
    reasons = {row.name: row.reason for row in found.fixed}
    assert reasons.get("wire", "") == ("required by pointing from a URL" if there else "")
    answer = resolve(environment, rows, {"lamp": None}, resolver)
    assert isinstance(answer, Resolution), answer
    assert answer.changes == (Change("lamp", "0.1.0", "0.1.1"),)


@pytest.mark.parametrize(
    ("variable", "line", "target"),
    [
        ("PIP_CONSTRAINT", "wire<1.1", "1.0"),
        ("UV_CONSTRAINT", "wire<2", "1.1"),
        ("UV_OVERRIDE", "wire<2", "1.1"),
        (None, "", "2.0"),
    ],
)
def test_what_a_person_bounds_counts(variable, line, target, installed, tmp_path, reaching):
    environment, rows, _resolver = installed("wire==1.0")
    bounds = tmp_path / "bounds.txt"
    bounds.write_text(f"{line}\n")
    more = {variable: str(bounds)} if variable else {}
    host = replace(reaching, environ={**reaching.environ, **more})
    resolver = UvResolver(UvAdapter(host, folder=environment.path), Runner(host), environment)
    found = candidates(environment, rows, resolver)
    assert isinstance(found, UpgradeCandidates), found
    assert [row.target for row in found.rows] == [target]


@pytest.mark.parametrize("pinned", [None, "wire==1.0"])
def test_what_is_beyond_a_constraint_already_stays(pinned, installed, tmp_path, reaching):
    """It is told, and keeps nothing else from moving; asked for by name, it is brought back."""
    environment, rows, _resolver = installed("wire==1.1", "lamp==0.1.0", "shade==0.1.0")
    bounds = tmp_path / "bounds.txt"
    bounds.write_text("wire<1.1  # as others have it\nshade<0.2\n")
    host = replace(reaching, environ={**reaching.environ, "PIP_CONSTRAINT": str(bounds)})
    resolver = UvResolver(UvAdapter(host, folder=environment.path), Runner(host), environment)
    assert resolver.bounds.sentences() == (
        "wire 1.1 is outside the constraint wire<1.1; unchanged",
    )
    found = candidates(environment, rows, resolver)
    assert isinstance(found, UpgradeCandidates), found
    targets = {row.name: row.target for row in found.rows}
    assert targets == {"lamp": "0.1.1", "shade": "0.1.0", "wire": "1.1"}
    chosen = {"lamp": None} if pinned is None else {"wire": "1.0"}
    answer = resolve(environment, rows, chosen, resolver)
    assert isinstance(answer, Resolution), answer
    assert answer.changes == (
        (Change("lamp", "0.1.0", "0.1.1"),) if pinned is None else (Change("wire", "1.1", "1.0"),)
    )


def test_an_empty_metadata_folder_is_no_obstacle(installed, reaching):
    path = Path(installed("lamp==0.1.0", "cloud==1.0", "wire==1.0")[0].path)
    site = next(path.glob("lib/python*/site-packages"))
    (site / "ghost-1.0.dist-info").mkdir()
    environment, rows, resolver = look(path, reaching)
    found = candidates(environment, rows, resolver)
    assert isinstance(found, UpgradeCandidates), found
    assert [(row.name, row.reason) for row in found.fixed] == [("ghost", "no METADATA")]
    answer = resolve(environment, rows, {"lamp": None}, resolver)
    assert isinstance(answer, Resolution), answer
    assert answer.changes == (Change("lamp", "0.1.0", "0.1.1"),)


def test_what_has_two_metadata_folders_or_no_record_is_left_alone(installed, reaching):
    path = Path(installed("lamp==0.1.0", "cloud==1.0", "wire==1.0", "shade==0.1.0")[0].path)
    site = next(path.glob("lib/python*/site-packages"))
    shutil.copytree(site / "wire-1.0.dist-info", site / "wire-0.9.dist-info")
    (site / "shade-0.1.0.dist-info" / "RECORD").unlink()
    environment, rows, resolver = look(path, reaching)
    found = candidates(environment, rows, resolver)
    assert isinstance(found, UpgradeCandidates), found
    assert {row.name: row.reason for row in found.fixed} == {
        "shade": "no RECORD (not installed from a wheel)",
        "wire": "installed more than once",
    }
    for chosen in ({"lamp": None}, {"lamp": "0.1.1"}):
        answer = resolve(environment, rows, chosen, resolver)
        assert isinstance(answer, Resolution), answer
        assert answer.changes == (Change("lamp", "0.1.0", "0.1.1"),)
