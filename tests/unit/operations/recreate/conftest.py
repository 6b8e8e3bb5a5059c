"""A machine of its own with wheels built here, real creators and installers, and an account of
every environment that is taken without the code that is tested."""

import atexit
import base64
import csv
import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import threading
import zipfile
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote, unquote

import pytest
from uv import find_uv_bin
from virtualenv.seed.wheels import embed

from envdeck.core.catalog import Catalog
from envdeck.core.model import CommandStarted, Ending, NoPlan, StepStarted
from envdeck.core.operations.api import Operations
from envdeck.core.operations.shared.policy import Policy
from envdeck.core.system.host import Host

PIP = max(Path(embed.__file__).parent.glob("pip-*.whl"))
BACKEND = """
import os, zipfile
NAME, VERSION = {name!r}, {version!r}
def get_requires_for_build_wheel(config_settings=None):
    return []
get_requires_for_build_editable = get_requires_for_build_wheel
def _build(folder, editable):
    {before}
    stem = NAME + "-" + VERSION
    name = stem + "-py3-none-any.whl"
    wheel = ("Wheel-Version: 1.0", "Generator: t", "Root-Is-Purelib: true", "Tag: py3-none-any", "")
    head = "Metadata-Version: 2.1\\nName: " + NAME + "\\nVersion: " + VERSION + "\\n"
    inside = {{
        stem + ".dist-info/METADATA": head + {requires!r},
        stem + ".dist-info/WHEEL": "\\n".join(wheel),
    }}
    if editable:
        inside["__editable__." + NAME + ".pth"] = os.getcwd() + "\\n"
    else:
        inside[NAME + ".py"] = open(NAME + ".py").read()
    record = "".join(path + ",,\\n" for path in inside) + stem + ".dist-info/RECORD,,\\n"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as archive:
        for path, text in inside.items():
            archive.writestr(path, text)
        archive.writestr(stem + ".dist-info/RECORD", record)
    return name
def build_wheel(folder, config_settings=None, metadata_directory=None):
    return _build(folder, False)
def build_editable(folder, config_settings=None, metadata_directory=None):
    return _build(folder, True)
def build_sdist(folder, config_settings=None):
    raise RuntimeError("not here")
"""


def digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def build_wheel(
    folder, name, version="1.0", files=None, *, requires=(), scripts=(), tag="py3-none-any"
) -> Path:
    """Write a wheel with one module, and in `files` whatever else; `DATA/` is its `.data`."""
    module = name.replace("-", "_")
    stem = f"{module}-{version}"
    head = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    head += "".join(f"Requires-Dist: {each}\n" for each in requires)
    body = f"version = {version!r}\ndef main():\n    print({name!r}, version)\n".encode()
    contents = {f"{module}/__init__.py": body}
    contents |= {path.replace("DATA/", f"{stem}.data/"): data for path, data in files or ()}
    contents[f"{stem}.dist-info/METADATA"] = head.encode()
    contents[f"{stem}.dist-info/WHEEL"] = (
        f"Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: {tag}\n".encode()
    )
    if scripts:
        told = "".join(f"{each} = {module}:main\n" for each in scripts)
        contents[f"{stem}.dist-info/entry_points.txt"] = f"[console_scripts]\n{told}".encode()
    record = io.StringIO(newline="")
    writer = csv.writer(record, lineterminator="\n")
    for path, data in contents.items():
        writer.writerow((path, f"sha256={digest(data)}", len(data)))
    writer.writerow((f"{stem}.dist-info/RECORD", "", ""))
    contents[f"{stem}.dist-info/RECORD"] = record.getvalue().encode()
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{stem}-{tag}.whl"
    with zipfile.ZipFile(target, "w") as archive:
        for path, data in contents.items():
            member = zipfile.ZipInfo(path)
            member.external_attr = (0o100755 if "/scripts/" in path else 0o100644) << 16
            archive.writestr(member, data)
    return target


def make_project(folder, name="placed", version="1.5", *, more="", before="", requires="") -> Path:
    """Write a project that builds without any other package; `more` goes into its pyproject."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pyproject.toml").write_text(
        f'[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n{more}'
    )
    told = {"name": name, "version": version, "before": before or "pass", "requires": requires}
    (folder / "backend.py").write_text(BACKEND.format(**told))
    (folder / f"{name}.py").write_text("here = True\n")
    return folder


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


def make_repository(folder, name="cloned") -> str:
    make_project(folder, name)
    settings = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    for arguments in (["init", "-q"], ["add", "."], [*settings, "commit", "-q", "-m", "It"]):
        subprocess.run(["git", "-C", folder, *arguments], check=True, timeout=30)
    asked = ["git", "-C", folder, "rev-parse", "HEAD"]
    return subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()


@lru_cache
def _virtualenv_data() -> str:
    """Return where virtualenv keeps what it found out about interpreters, once for all tests."""
    folder = tempfile.mkdtemp(prefix="virtualenv-data-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@lru_cache
def _unpacked_pip() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="pip-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with zipfile.ZipFile(PIP) as archive:
        archive.extractall(folder)
    return folder


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
    """Return every file that is not what its RECORD says, hashed here."""
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
            "UV_CACHE_DIR": str(self.cache),
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
        self.call([*command, os.fspath(path)], VIRTUALENV_OVERRIDE_APP_DATA=_virtualenv_data())
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
        more = {"PYTHONPATH": str(_unpacked_pip()), "PIP_CONFIG_FILE": os.devnull}
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

    def done(self, plan, door: Operations | None = None):
        """Run a plan that has to end well."""
        result, told = self.run(plan, door=door)
        assert result.status is Ending.DONE, (result, told[-12:])
        return result

    def left(self) -> list[str]:
        """Return what lies in the trash that no history knows, and is not over."""
        trash = Path(self.operations.ground.places.trash)
        return sorted(os.listdir(trash)) if trash.is_dir() else []


class Index(ThreadingHTTPServer):
    """A package index over a folder of wheels, or one that answers as it is told: `(404, b"")`,
    or None for an answer that does not come."""

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
        if self.server.answer is None:
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
        self.wfile.write(body)

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
        make_repository=make_repository,
        account=account,
        source_only=source_only,
        records=records,
        unlike_record=unlike_record,
        marks=marks,
        index=index,
        pip=PIP,
        digest=digest,
    )
