"""Failures that were provoked, and what a person is told of them."""

import errno
import http.server
import tarfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest

from envdeck.core.operations.engine.command import Command, Completed
from envdeck.core.operations.engine.failure import Failure, FailureKind, explain
from envdeck.core.operations.engine.runner import Runner
from envdeck.core.operations.engine.uv import UvAdapter
from envdeck.core.system.host import Host

_MISTAKES = {"/404/": 404, "/500/": 500, "/401/": 401}


class _Index(http.server.BaseHTTPRequestHandler):
    stalled = threading.Event()

    def do_GET(self) -> None:
        folder = "/" + self.path.split("/")[1] + "/"
        if folder == "/stall/":
            self.stalled.wait(300)
        elif folder in _MISTAKES:
            self.send_error(_MISTAKES[folder])
        else:
            self.send_response(200)
            self.send_header("content-type", "application/vnd.pypi.simple.v1+json")
            self.end_headers()
            self.wfile.write(b"{{{ garbage \xff")

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture(scope="module")
def index() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Index) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        _Index.stalled.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def fail(engine_host: Host, make_venv, tmp_path: Path, links: Path, uv) -> Callable[..., Failure]:
    environment = make_venv(tmp_path / "env", creator="uv")

    def fail(*requirements: str, offline: bool = False, **variables: str) -> Failure:
        file = links / "requirements.txt"
        file.write_text("\n".join(requirements))
        environ = {**engine_host.environ, "UV_HTTP_RETRIES": "0", **variables}
        host = replace(engine_host, environ=environ)
        tool = UvAdapter(host, folder=str(tmp_path), offline=offline)
        done = Runner(host).run(tool.install(str(environment / "bin" / "python"), str(file)))
        assert not done.ok
        return explain(done)

    return fail


@pytest.mark.parametrize(
    ("folder", "kind", "words"),
    [
        ("404", FailureKind.MISSING, "one not found in the index"),
        ("500", FailureKind.INDEX, "is not responding like a package index"),
        ("401", FailureKind.INDEX, "the index denied access"),
        ("garbage", FailureKind.INDEX, "is not responding like a package index"),
        ("stall", FailureKind.NETWORK, "did not respond to a request for one"),
    ],
)
def test_an_index_that_does_not_serve(fail, index: str, folder, kind, words) -> None:
    url = f"{index}/{folder}"
    for patience in (3, 60) if folder == "stall" else (60,):
        asked = {"PIP_NO_INDEX": "0", "PIP_INDEX_URL": url, "UV_HTTP_TIMEOUT": str(patience)}
        failure = fail("one", **asked)
        if words in failure.cause:  # on a busy machine there may be no time to connect
            break
    assert (failure.kind, words in failure.cause) == (kind, True), failure
    assert failure.hint


def test_no_network(fail) -> None:
    url = "http://ada:secret@127.0.0.1:1/simple"
    failure = fail("one", PIP_NO_INDEX="0", PIP_INDEX_URL=url)
    assert failure.kind is FailureKind.NETWORK
    assert failure.cause == "http://127.0.0.1:1 cannot be reached"
    assert (
        fail("one", PIP_NO_INDEX="0", PIP_INDEX_URL=url, offline=True).kind is FailureKind.OFFLINE
    )


def test_what_the_packages_do_not_have(fail, wheel, links: Path) -> None:
    wheel(links, "one")
    wheel(links, "two", requires=("one<1",))
    wheel(links, "late", tag="cp399-cp399-any")
    absent = fail("absent")
    assert absent.cause == "absent not found in the index"
    assert absent.hint.startswith("correct or remove it"), "it has no releases to be listed"
    assert fail("pkg-resources==0.0.0").hint == absent.hint, "what Debian's freeze adds"
    assert fail("one==9") == Failure(
        FailureKind.MISSING,
        "one==9 not found in the index",
        "list its releases: `pip index versions one`",
    )
    for asked in ("one>=9", "one>1,<1.5"):
        assert fail(asked).cause == f"{asked} not found in the index"
    late = fail("late")
    assert (late.kind, late.cause) == (
        FailureKind.WHEEL,
        "late==1.0 has no wheel for this Python and platform",
    )
    conflict = fail("one==1.0", "two")
    assert conflict.kind is FailureKind.CONFLICT
    assert "two depend on one<1" in conflict.cause
    assert fail("gone @ file:///nowhere/gone-1.0-py3-none-any.whl").kind is FailureKind.MISSING


def test_a_wrong_hash(fail, wheel, links: Path) -> None:
    wheel(links, "one")
    failure = fail("one==1.0 --hash=sha256:" + "0" * 64)
    assert (failure.kind, failure.cause) == (
        FailureKind.HASH,
        "one==1.0 does not match its known hash",
    )


def sdist(links: Path, build: str) -> None:
    """A source archive whose backend does `build` when it should build."""
    backend = f"import os, subprocess\ndef build_wheel(*_): {build}\n"
    project = '[build-system]\nrequires=[]\nbuild-backend="b"\nbackend-path=["."]\n'
    head = "Metadata-Version: 2.2\nName: one\nVersion: 1.0\n"
    with tarfile.open(links / "one-1.0.tar.gz", "w:gz") as archive:
        for name, text in (("b.py", backend), ("pyproject.toml", project), ("PKG-INFO", head)):
            row = tarfile.TarInfo(f"one-1.0/{name}")
            row.size = len(text)
            archive.addfile(row, BytesIO(text.encode()))


def test_a_build_without_a_compiler(fail, links: Path) -> None:
    sdist(links, "subprocess.run([os.environ['CC'], 'x.c'], check=True)  # gcc")
    failure = fail("one", CC="/bin/gcc-is-not-here")
    assert failure.kind is FailureKind.BUILD
    assert failure.cause.startswith("one==1.0 has no wheel and its build failed: ")
    assert "gcc-is-not-here" in failure.cause
    assert failure.hint.startswith("install a compiler")


def test_a_build_that_fails_for_its_own_reasons_tells_them(fail, links: Path) -> None:
    sdist(links, "raise RuntimeError('the moon is not full')")
    failure = fail("one")
    assert failure.kind is FailureKind.BUILD
    assert failure.cause == (
        "one==1.0 has no wheel and its build failed: RuntimeError: the moon is not full"
    )
    assert "compiler" not in failure.hint


def test_an_interpreter_that_is_not_there(uv, engine_host: Host) -> None:
    done = Runner(engine_host).run(uv.outdated("/nowhere/bin/python"))
    assert explain(done).kind is FailureKind.INTERPRETER
    done = Runner(engine_host).run(Command(("/nowhere/python", "-m", "venv"), "/", {}))
    assert explain(done) == Failure(FailureKind.INTERPRETER, "cannot run python: does not exist")


def said(*lines: str, code: int = 2) -> Completed:
    return Completed(code, tail=lines)


@pytest.mark.parametrize(
    ("lines", "kind"),
    [
        (
            ("error: Failed to install: one.whl", "  cause: No space left on device (os error 28)"),
            FailureKind.DISK,
        ),
        (("Error: [Errno 28] No space left on device",), FailureKind.DISK),
        ((f"OSError: [Errno {errno.EDQUOT}] Disk quota exceeded",), FailureKind.DISK),
        (
            ("error: failed to open file `x`: Permission denied (os error 13)",),
            FailureKind.PERMISSION,
        ),
        (("ERROR: No matching distribution found for one==9",), FailureKind.MISSING),
        (("ERROR: ResolutionImpossible: for help visit https://x.example",), FailureKind.CONFLICT),
        (("ERROR: Failed building wheel for one",), FailureKind.BUILD),
        (("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE FILE",), FailureKind.HASH),
        (("/usr/bin/python3: No module named venv",), FailureKind.INTERPRETER),
        (("error: something else", "", "hint: use `--clear`"), FailureKind.OTHER),
        ((), FailureKind.OTHER),
    ],
)
def test_words_of_other_tools(lines: tuple[str, ...], kind: FailureKind) -> None:
    failure = explain(said(*lines))
    assert failure.kind is kind
    assert failure.cause
    assert "{" not in failure.cause + failure.hint
    assert "clear" not in failure.cause + failure.hint


def test_who_stopped_it_is_said_first() -> None:
    assert explain(Completed(-15, stopped=True)).kind is FailureKind.STOPPED
    overdue = explain(Completed(-15, seconds=90.2, overdue=True))
    assert overdue.cause == "timed out after 90 seconds"
