"""A machine of its own with wheels built here, real creators and installers, and an account of
every environment that is taken without the code that is tested."""

import csv
import hashlib
import io
import os
import subprocess
import sys
import tarfile
import tempfile
import threading
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote, unquote

import pytest
from uv import find_uv_bin

from envdeck.core.catalog import Catalog
from envdeck.core.model import SEED_PACKAGES, CommandStarted, Ending, NoPlan, Policy, StepStarted
from envdeck.core.operations.api import Operations
from envdeck.core.system.host import Host
from support.environments import create_environment, new_uv_cache, tool_data
from support.wheels import PIP, digest, make_project, make_repository, unpacked_pip, write_wheel

_REAL = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
_USERS = Path(os.path.expanduser("~"), ".config", "pip", "pip.conf")
"""What this machine's pip is set up with, before a test is kept away from it."""


def build_wheel(folder, name, version="1.0", files=None, *, scripts=(), **more) -> Path:
    """Write a wheel with one module, and in `files` whatever else; `DATA/` is its `.data`."""
    module = name.replace("-", "_")
    body = f"version = {version!r}\ndef main():\n    print({name!r}, version)\n"
    told = "".join(f"{each} = {module}:main\n" for each in scripts)
    entry_points = f"[console_scripts]\n{told}" if scripts else ""
    contents = {f"{module}/__init__.py": body} | dict(files or ())
    return write_wheel(folder, name, version, contents, entry_points=entry_points, **more)


def build_sdist(folder, name, version="1.0", *, before="") -> Path:
    """Write a source archive whose build runs `before` first."""
    with tempfile.TemporaryDirectory() as scratch:
        stem = f"{name}-{version}"
        project = make_project(Path(scratch, stem), name, version, before=before)
        (project / "PKG-INFO").write_text(
            f"Metadata-Version: 2.2\nName: {name}\nVersion: {version}\n"
        )
        folder.mkdir(parents=True, exist_ok=True)
        with tarfile.open(folder / f"{stem}.tar.gz", "w:gz") as archive:
            archive.add(project, stem)
    return folder / f"{stem}.tar.gz"


def account(path) -> dict[str, object]:
    """Return everything at `path`: of each file, link and folder its mode and content."""
    found: dict[str, object] = {}
    base = os.fsencode(path)
    for top, folders, files in os.walk(base):
        for name in (*folders, *files):
            full = os.path.join(top, name)
            status = os.lstat(full)
            key = os.fsdecode(os.path.relpath(full, base))
            if os.path.islink(full):
                found[key] = os.readlink(full)
            elif os.path.isfile(full):
                with open(full, "rb") as file:
                    found[key] = (status.st_mode, hashlib.sha256(file.read()).hexdigest())
            elif os.path.isdir(full):
                found[key] = status.st_mode
    return found


def source_only(entries):
    """Leave out what Python compiles by itself."""
    return {key: value for key, value in entries.items() if "__pycache__" not in key}


def records(path) -> dict[str, dict[str, tuple[str, str]]]:
    """Return every RECORD in an environment as it is written, by the metadata folder's name: the
    rows but for compiled files, scripts, that of RECORD itself, and what virtualenv notes of
    its seeds without a hash."""
    found = {}
    for info in sorted(Path(path).glob("lib/python*/site-packages/*.dist-info")):
        text = (info / "RECORD").read_text()
        rows = {row[0]: (row[1], row[2]) for row in csv.reader(io.StringIO(text)) if row}
        found[info.name] = {
            name: told
            for name, told in rows.items()
            if not name.endswith((".pyc", "/__pycache__", "/RECORD", "/INSTALLER", ".virtualenv"))
            and "/bin/" not in name
        }
    return found


def unlike_record(path) -> list[str]:
    """Return every file that does not match RECORD, hashed here."""
    wrong = []
    for site in Path(path).glob("lib/python*/site-packages"):
        for info in site.glob("*.dist-info"):
            for row in csv.reader(io.StringIO((info / "RECORD").read_text())):
                if not row or not row[1] or row[0].endswith(".pyc"):
                    continue
                data = (site / row[0]).read_bytes()
                if row[1] != f"sha256={digest(data)}" or (row[2] and int(row[2]) != len(data)):
                    wrong.append(row[0])
    return wrong


def marks(path) -> dict[str, bytes]:
    """Return INSTALLER, REQUESTED and direct_url.json of everything."""
    return {
        f"{info.name}/{name}": (info / name).read_bytes()
        for info in Path(path).glob("lib/python*/site-packages/*.dist-info")
        for name in ("INSTALLER", "REQUESTED", "direct_url.json")
        if (info / name).exists()
    }


class Machine:
    """A person's machine: a home, a cache of uv's, a folder of wheels for an index."""

    def __init__(self, home: Path, **variables: str) -> None:
        self.home = home
        self.wheels = home / "wheels"
        self.wheels.mkdir()
        self.cache = home / "uv-cache"
        settings = home / ".config" / "pip" / "pip.conf"
        settings.parent.mkdir(parents=True)
        settings.write_text(f"[global]\nno-index = true\nfind-links = {self.wheels}\n")
        self.environ = {
            "PATH": os.environ["PATH"],
            "UV_CACHE_DIR": new_uv_cache(self.cache),
            "VIRTUALENV_OVERRIDE_APP_DATA": str(home / "virtualenv"),
            "UV_CONCURRENT_DOWNLOADS": "4",
            **variables,
        }
        self.operations = self.door()

    def door(self, policy: Policy | None = None) -> Operations:
        host = Host(sys.platform, str(self.home), self.environ)
        return Operations(Catalog(host), policy or Policy())

    def wheel(self, *given, **named) -> Path:
        return build_wheel(self.wheels, *given, **named)

    def make(self, path: Path, creator: str, *flags: str, python: str = sys.executable) -> Path:
        """Make an environment with the real tool; uv and pip say what they always say."""
        if creator != "uv" and python == sys.executable and "--pip" not in flags:
            return create_environment(path, creator=creator, flags=flags)
        path.parent.mkdir(parents=True, exist_ok=True)
        if creator == "venv":
            command = [python, "-m", "venv", *flags]
            command += [] if "--pip" in flags else ["--without-pip"]
        elif creator == "virtualenv":
            command = [sys.executable, "-m", "virtualenv", "-q", "--no-periodic-update"]
            command += ["--no-download", "--python", python, *flags]
            command += [] if "--pip" in flags else ["--no-seed"]
        else:
            command = [find_uv_bin(), "venv", "-q", "--offline", "--no-config"]
            command += ["--python", python, *flags]
        command = [each for each in command if each != "--pip"]
        self.call(
            [*command, os.fspath(path)],
            VIRTUALENV_OVERRIDE_APP_DATA=str(tool_data() / "virtualenv"),
        )
        return path

    def install(self, path: Path, creator: str, *what: str | Path) -> None:
        """Install with pip, or with uv in what uv made."""
        if creator == "uv":
            command = [find_uv_bin(), "pip", "install", "-q", "--no-config"]
            command += ["--no-build-isolation", "--python", path]
            self.call([*command, "--no-index", "--find-links", self.wheels, *what])
            return
        command = [path / "bin" / "python", "-m", "pip", "install", "-q", "--no-index"]
        command += ["--no-build-isolation", "--disable-pip-version-check", "--no-compile"]
        more = {"PYTHONPATH": str(unpacked_pip()), "PIP_CONFIG_FILE": os.devnull}
        self.call([*command, "--find-links", self.wheels, *what], **more)

    def call(self, command, **more: str) -> str:
        environ = {**os.environ, **self.environ, "HOME": str(self.home), **more}
        done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=180)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def look(self, path, door: Operations | None = None):
        """Return the environment as a person sees it, its size measured."""
        catalog = (door or self.operations).catalog
        environment = catalog.lookup(os.fspath(path))
        assert environment is not None
        return replace(environment, size=catalog.measure(environment))

    def run(self, plan, stop_at: int | None = None, door: Operations | None = None):
        """Run a plan, and stop it at one of its steps and commands; return the result and
        everything that was told."""
        assert not isinstance(plan, NoPlan), plan
        told: list[object] = []

        def stopped() -> bool:
            begun = sum(isinstance(one, StepStarted | CommandStarted) for one in told)
            return stop_at is not None and begun >= stop_at

        return (door or self.operations).run(plan, told.append, stopped), told

    def done(self, plan, door: Operations | None = None, unplanned: frozenset[str] = frozenset()):
        """Run a plan that has to end well, and changes what it told; of the `unplanned` only the
        run can know."""
        result, told = self.run(plan, door=door)
        assert result.status is Ending.DONE, (result, told[-12:])
        if plan.package_changes is not None:
            found = [one for one in result.package_changes if one.name not in unplanned]
            assert certain(plan.package_changes) == certain(found)
            assert {one.name for one in result.package_changes} >= unplanned
        return result

    def left(self) -> list[str]:
        """Return what lies in the trash that no history knows, and is not over."""
        trash = Path(self.operations.store.places.trash)
        return sorted(os.listdir(trash)) if trash.is_dir() else []


def certain(changes) -> dict[str, tuple]:
    """Return what becomes of packages by name, without pip and its like, of which only a creator
    knows which it brings, and without versions that a lock does not tell."""
    return {
        each.name: (each.before, each.after is None)
        for each in changes
        if each.name not in SEED_PACKAGES
    }


class Index(ThreadingHTTPServer):
    """A package index over a folder of wheels, or one that answers as it is told: `(404, b"")`,
    or None for an answer that does not come; by the name of a package, `cut` for files that end
    half way, `stalls` for those that then go no further, and None for a page that does not come.
    """

    daemon_threads = True

    def __init__(self, folder, answer) -> None:
        self.folder, self.answer = folder, answer
        self.asked: list[tuple[str, str | None]] = []
        self.given_up = threading.Event()
        super().__init__(("127.0.0.1", 0), _Answering)


class _Answering(BaseHTTPRequestHandler):
    server: Index

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers.get("Authorization")))
        code, body, kind = 200, b"", "text/html"
        parts = self.path.strip("/").split("/")
        fault = ""
        if isinstance(self.server.answer, dict):
            name = unquote(parts[-1]).partition("-1.0")[0].replace("_", "-")
            fault = self.server.answer.get(name, "")
        if self.server.answer is None or (fault is None and parts[0] != "files"):
            self.server.given_up.wait(60)
        elif isinstance(self.server.answer, tuple):
            code, body = self.server.answer
        elif parts[0] == "files":
            body = (self.server.folder / unquote(parts[1])).read_bytes()
            kind = "application/octet-stream"
        else:
            name = parts[-1].replace("-", "_")
            files = sorted(each.name for each in self.server.folder.glob(f"{name}-*"))
            code = 200 if files else 404
            body = "".join(f'<a href="/files/{quote(each)}">{each}</a>' for each in files).encode()
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        is_cut = fault in {"cut", "stalls"} and parts[0] == "files"
        self.wfile.write(body[: len(body) // 2] if is_cut else body)
        if is_cut and fault == "stalls":
            self.wfile.flush()
            self.server.given_up.wait(60)

    do_HEAD = do_GET  # noqa: N815 - named by the standard library

    def log_message(self, *_given) -> None:
        pass


@contextmanager
def index(folder, answer="files"):
    """Serve an index as long as the block lasts; yield its address, and what was asked of it."""
    server = Index(folder, answer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/simple", server.asked
    finally:
        server.given_up.set()
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def machine(home) -> Machine:
    return Machine(home)


@pytest.fixture
def make_machine(tmp_path):
    """Return a function that makes a machine with variables of its own."""

    def make(name: str = "other", **variables: str) -> Machine:
        folder = tmp_path / name
        folder.mkdir()
        return Machine(folder.resolve(), **variables)

    return make


@pytest.fixture
def kit():
    """What every test here builds and counts with."""
    return SimpleNamespace(
        build_wheel=build_wheel,
        build_sdist=build_sdist,
        make_project=make_project,
        make_repository=lambda folder, name="cloned": make_repository(folder, name),
        account=account,
        source_only=source_only,
        records=records,
        unlike_record=unlike_record,
        marks=marks,
        index=index,
        pip=PIP,
        digest=digest,
    )


@pytest.fixture(scope="module")
def shared_machine(tmp_path_factory) -> Machine:
    """Return one machine for all tests of a module, which share its cache and its wheels."""
    folder = tmp_path_factory.mktemp("shared") / "home"
    folder.mkdir()
    return Machine(folder.resolve())


@pytest.fixture
def real(make_machine):
    """A machine that installs from the real index; skips where there is none."""
    settings = dict(_REAL)
    if _USERS.exists():
        settings.setdefault("PIP_CONFIG_FILE", str(_USERS))
    machine = make_machine("real", **settings)
    (machine.home / ".config" / "pip" / "pip.conf").unlink()
    environ = {**os.environ, **machine.environ, "HOME": str(machine.home)}
    asked = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--timeout", "5"]
    asked += ["--retries", "0", "--disable-pip-version-check", "-d", machine.home / "x", "idna"]
    try:
        done = subprocess.run(asked, env=environ, capture_output=True, text=True, timeout=60)
    except subprocess.TimeoutExpired:
        pytest.skip("the package index cannot be reached: no answer within 30 seconds")
    if done.returncode != 0:
        why = (done.stderr.strip().splitlines() or ["pip is not here"])[-1]
        pytest.skip(f"the package index cannot be reached: {why[:60]}")
    return machine
