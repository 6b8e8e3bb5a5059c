"""What uv answers for another Python: held to hermetic indexes and the uv that is installed."""

import io
import sys
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from envdeck.core.model import Identity, Interpreter
from envdeck.core.operations.engine.runner import Runner
from envdeck.core.operations.recreate import forecast as asking
from envdeck.core.operations.recreate.forecast import Availability, Forecast, forecast, judge_direct
from envdeck.core.system.host import Host
from support.wheels import write_wheel

MINOR = sys.version_info[1]
OTHER = 8
HERE = f"cp3{MINOR}-none-any"
ELSEWHERE = f"cp3{OTHER}-cp3{OTHER}-any"


def wheel(folder: Path, name: str, version: str, tag: str = "py3-none-any") -> Path:
    return write_wheel(folder, name, version, tag=tag)


def sdist(folder: Path, name: str, version: str) -> Path:
    """A source distribution whose build would fail: a forecast must not build."""
    path = folder / f"{name}-{version}.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        head = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        for file, text in (("PKG-INFO", head), ("setup.py", "raise SystemExit(1)")):
            member = tarfile.TarInfo(f"{name}-{version}/{file}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    return path


@pytest.fixture
def links(tmp_path: Path) -> Path:
    """Wheels for this Python, for another alone, sources alone."""
    folder = tmp_path / "links"
    folder.mkdir()
    wheel(folder, "pure", "1.0")
    wheel(folder, "native", "1.0", ELSEWHERE)
    wheel(folder, "native", "1.1", ELSEWHERE)
    wheel(folder, "native", "1.2", HERE)
    wheel(folder, "native", "2.0", HERE)
    wheel(folder, "never", "1.0", ELSEWHERE)
    sdist(folder, "built", "1.0")
    wheel(folder, "built", "1.5")
    sdist(folder, "source", "1.0")
    wheel(folder, "early", "1.0", ELSEWHERE)
    wheel(folder, "early", "2.0rc1")
    return folder


@pytest.fixture
def interpreter() -> Interpreter:
    version = ".".join(map(str, sys.version_info[:3]))
    base = Path(sys.base_prefix) / "bin" / f"python3.{MINOR}"
    executable = str(base) if base.exists() else sys.executable
    return Interpreter(executable, sys.base_prefix, Identity(1, 1), version, "cpython", "system")


def machine(home: Path, environ: dict[str, str]) -> Host:
    return Host(sys.platform, str(home), {"UV_CACHE_DIR": str(home / "cache"), **environ})


def looked(found: Forecast) -> dict[str, tuple[Availability, str | None, str | None]]:
    return {one.name: (one.verdict, one.smallest, one.newest) for one in found.pins}


def test_verdicts_and_jumps(
    home: Path, links: Path, interpreter: Interpreter, tmp_path: Path
) -> None:
    host = machine(home, {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(links)})
    names = ("pure", "native", "never", "built", "source", "early", "absent")
    pins = [(name, "1.0", f"{name}==1.0") for name in names]
    pins += [("Built_In", "9+cpu", "built-in==9+cpu"), ("odd", "not a version", "odd")]
    pins += [("edit", "1.0", "-e file:///x"), ("pure2", "7.0", "pure2==7.0")]
    work = tmp_path / "work"
    work.mkdir()
    found = forecast(host, pins, interpreter, str(work))
    assert found.python == f"3.{MINOR}"
    assert found.problem == ""
    assert looked(found) == {
        "pure": (Availability.WHEEL, None, None),
        "native": (Availability.UNSUPPORTED, "1.2", "2.0"),
        "never": (Availability.UNSUPPORTED, None, None),
        "built": (Availability.BUILD, "1.5", "1.5"),
        "source": (Availability.BUILD, None, None),
        "early": (Availability.UNSUPPORTED, None, None),
        "absent": (Availability.GONE, None, None),
        "built-in": (Availability.GONE, None, None),
        "odd": (Availability.UNKNOWN, None, None),
        "edit": (Availability.BUILD, None, None),
        "pure2": (Availability.GONE, None, None),
    }
    gone = [one.note for one in found.pins if one.verdict is Availability.GONE]
    assert gone[1] == "local build, not on an index"
    assert list(work.iterdir()) == []


def test_a_version_that_is_gone_though_the_name_is_not(
    home: Path, links: Path, interpreter: Interpreter, tmp_path: Path
) -> None:
    wheel(links, "pure", "3.0")
    host = machine(home, {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(links)})
    found = forecast(host, [("pure", "2.0", "pure==2.0")], interpreter, str(tmp_path))
    assert looked(found) == {"pure": (Availability.GONE, "3.0", "3.0")}


def test_requires_python_counts_where_the_index_tells_it(
    home: Path, links: Path, interpreter: Interpreter, tmp_path: Path
) -> None:
    for version, requires in (("1.0", ">=3.90"), ("1.1", ">=3.8"), ("1.2", "<3.9")):
        path = wheel(links, "old", version)
        page = tmp_path / "simple" / "old" / "index.html"
        page.parent.mkdir(parents=True, exist_ok=True)
        quoted = requires.replace("<", "&lt;").replace(">", "&gt;")
        link = f'<a href="{path.as_uri()}" data-requires-python="{quoted}">{path.name}</a>\n'
        page.write_text((page.read_text() if page.exists() else "") + link)
    host = machine(home, {"UV_DEFAULT_INDEX": (tmp_path / "simple").as_uri()})
    found = forecast(host, [("old", "1.0", "old==1.0")], interpreter, str(tmp_path))
    # uv passes over upper bounds, so 1.2 counts though it says <3.9.
    assert looked(found) == {"old": (Availability.UNSUPPORTED, "1.1", "1.2")}


def test_all_wheels_take_one_run_of_uv(
    home: Path, tmp_path: Path, interpreter: Interpreter, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs: list[object] = []
    run = Runner.run
    monkeypatch.setattr(Runner, "run", lambda *args, **more: runs.append(1) or run(*args, **more))
    for number in range(30):
        wheel(tmp_path, f"p{number}", "1.0")
    host = machine(home, {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path)})
    pins = [(f"p{number}", "1.0", "") for number in range(30)]
    found = forecast(host, pins, interpreter, str(tmp_path))
    assert [one.verdict for one in found.pins].count(Availability.WHEEL) == 30
    assert len(runs) == 1
    found = forecast(host, [*pins, ("gone", "1", "")], interpreter, str(tmp_path))
    assert [one.verdict for one in found.pins].count(Availability.WHEEL) == 30
    assert len(runs) < 8
    monkeypatch.setattr(asking, "package_at_fault", lambda completed, names: None)  # other words
    assert forecast(host, [*pins, ("gone", "1", "")], interpreter, str(tmp_path)) == found


class _Broken(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_error(500 if "/bad/" in self.path else 404)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def broken_index() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Broken)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/simple"
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_index_that_fails_is_not_a_package_that_is_gone(
    home: Path, links: Path, interpreter: Interpreter, tmp_path: Path, broken_index: str
) -> None:
    environ = {
        "UV_DEFAULT_INDEX": broken_index,
        "UV_FIND_LINKS": str(links),
        "UV_HTTP_RETRIES": "0",
    }
    pins = [("pure", "1.0", ""), ("bad", "1.0", ""), ("absent", "1.0", "")]
    found = forecast(machine(home, environ), pins, interpreter, str(tmp_path))
    verdicts = {one.name: one.verdict for one in found.pins}
    assert verdicts == {
        "pure": Availability.WHEEL, "bad": Availability.UNKNOWN, "absent": Availability.GONE,
    }  # fmt: skip
    assert found.problem == ""


def test_no_network_and_offline_are_said(
    home: Path, interpreter: Interpreter, tmp_path: Path
) -> None:
    environ = {"UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple", "UV_HTTP_RETRIES": "0"}
    pins = [(f"p{number}", "1.0", "") for number in range(5)]
    found = forecast(machine(home, environ), pins, interpreter, str(tmp_path))
    assert {one.verdict for one in found.pins} == {Availability.UNKNOWN}
    assert found.problem.startswith("no package could be checked: ")
    found = forecast(machine(home, environ), pins, interpreter, str(tmp_path), offline=True)
    assert {one.note for one in found.pins} == {"not in the cache, and offline"}


def test_stopped_asks_nothing(home: Path, interpreter: Interpreter, tmp_path: Path) -> None:
    found = forecast(
        machine(home, {}), [("a", "1", "")], interpreter, str(tmp_path), stopped=lambda: True
    )
    assert (found.pins[0].verdict, found.pins[0].note) == (Availability.UNKNOWN, "not checked")


@pytest.mark.parametrize(
    ("file", "verdict"),
    [
        ("a-1.0-py3-none-any.whl", Availability.WHEEL),
        ("a-1.0-cp312-cp312-manylinux_2_17_x86_64.whl", Availability.WHEEL),
        ("a-1.0-cp39-abi3-manylinux_2_17_x86_64.whl", Availability.WHEEL),
        ("a-1.0-cp311-cp311-manylinux_2_17_x86_64.whl", Availability.UNSUPPORTED),
        ("a-1.0-cp313-abi3-manylinux_2_17_x86_64.whl", Availability.UNSUPPORTED),
        ("a-1.0%2Bcpu-py3-none-any.whl", Availability.WHEEL),
        ("a.whl", Availability.UNKNOWN),
        ("a-1.0.tar.gz", Availability.BUILD),
    ],
)
def test_a_file_is_judged_by_its_name(file: str, verdict: Availability) -> None:
    python = Interpreter("/x", "/", Identity(1, 1), "3.12.4", "cpython", "system")
    found = judge_direct("a", "1.0", f"a @ https://u:p@files.example/{file}#sha256=ab", python)
    assert found is not None
    assert found.verdict is verdict


def test_an_upper_bound_of_requires_python_counts(
    home: Path, links: Path, interpreter: Interpreter, tmp_path: Path
) -> None:
    """uv passes over it; pip does not, and the package may not work."""
    wheel(links, "pure", "1.1")
    host = machine(home, {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(links)})
    pins = [
        ("pure", "1.0", "pure==1.0", f">=3.6,<3.{MINOR}"),
        ("built", "1.5", "built==1.5", f"<3.{MINOR + 1}"),
    ]
    found = forecast(host, pins, interpreter, str(tmp_path))
    assert looked(found) == {
        "pure": (Availability.UNSUPPORTED, "1.1", "1.1"),
        "built": (Availability.WHEEL, None, None),
    }
    assert found.pins[0].note == f"requires Python >=3.6,<3.{MINOR}"
