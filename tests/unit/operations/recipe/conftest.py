"""Wheels built here, real installers to install them, and the environment as we read it."""

import atexit
import base64
import csv
import hashlib
import io
import os
import resource
import shutil
import subprocess
import tempfile
import zipfile
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace

import pytest
from uv import find_uv_bin
from virtualenv.seed.wheels import embed

from envdeck.core.discovery.find import manager_of
from envdeck.core.discovery.managers import managers
from envdeck.core.discovery.prefix import recognise
from envdeck.core.inspection.environment import Inspector
from envdeck.core.model import ProjectLink
from envdeck.core.system.host import Host

PIP = next(Path(embed.__file__).parent.glob("pip-*.whl"))
BACKEND = """
import os, zipfile
def _build(folder, editable):
    stem = "placed-1.5"
    name = stem + "-py3-none-any.whl"
    wheel = ("Wheel-Version: 1.0", "Generator: t", "Root-Is-Purelib: true", "Tag: py3-none-any", "")
    inside = {
        stem + ".dist-info/METADATA": "Metadata-Version: 2.1\\nName: placed\\nVersion: 1.5\\n",
        stem + ".dist-info/WHEEL": "\\n".join(wheel),
    }
    if editable:
        inside["placed.pth"] = os.getcwd()
    else:
        inside["placed.py"] = open("placed.py").read()
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
"""


def digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def build_wheel(
    folder: Path,
    name: str,
    version: str = "1.0",
    files: dict[str, bytes] | None = None,
    *,
    tag: str = "py3-none-any",
    requires: tuple[str, ...] = (),
    entry_points: str = "",
    purelib: bool = True,
) -> Path:
    """Write a wheel; in `files`, `DATA/` stands for its `.data` folder."""
    stem = f"{name.replace('-', '_')}-{version}"
    head = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    head += "".join(f"Requires-Dist: {each}\n" for each in requires)
    contents = {
        path.replace("DATA/", f"{stem}.data/"): data for path, data in (files or {}).items()
    }
    contents[f"{stem}.dist-info/METADATA"] = head.encode()
    contents[f"{stem}.dist-info/WHEEL"] = (
        f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: {str(purelib).lower()}\n"
        f"Tag: {tag}\n"
    ).encode()
    if entry_points:
        contents[f"{stem}.dist-info/entry_points.txt"] = entry_points.encode()
    record = io.StringIO(newline="")
    writer = csv.writer(record, lineterminator="\n", quoting=csv.QUOTE_ALL)
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


def make_project(folder: Path) -> Path:
    """Write a project that builds without any other package."""
    folder.mkdir(parents=True)
    (folder / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    )
    (folder / "backend.py").write_text(BACKEND)
    (folder / "placed.py").write_text("here = True\n")
    return folder


def make_repository(folder: Path) -> str:
    """Make that project a git repository; return its only commit."""
    make_project(folder)
    settings = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    for arguments in (["init", "-q"], ["add", "."], [*settings, "commit", "-q", "-m", "It"]):
        subprocess.run(["git", "-C", folder, *arguments], check=True, timeout=30)
    asked = ["git", "-C", folder, "rev-parse", "HEAD"]
    return subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()


@lru_cache
def _unpacked_pip() -> Path:
    """Unpack the pip that virtualenv brings: run from its wheel it is never compiled."""
    folder = Path(tempfile.mkdtemp(prefix="pip-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with zipfile.ZipFile(PIP) as archive:
        archive.extractall(folder)
    return folder


def pip_install(environment: Path, *arguments: str | Path) -> None:
    command = [environment / "bin" / "python", "-m", "pip", "install", "-q", "--no-index"]
    command += ["--no-deps", "--no-build-isolation", "--disable-pip-version-check"]
    command += ["--no-compile", *arguments]
    environ = {**os.environ, "PYTHONPATH": str(_unpacked_pip())}
    environ.pop("PYTHONDONTWRITEBYTECODE", None)  # or pip is compiled anew each time
    _run(command, environ)


def uv_install(environment: Path, *arguments: str | Path) -> None:
    command = [find_uv_bin(), "pip", "install", "-q", "--no-config", "--no-index"]
    command += ["--no-deps", "--no-build-isolation", "--python", environment, *arguments]
    _run(command, {**os.environ, "UV_CACHE_DIR": str(environment.parent / ".uv-cache")})


def _run(command, environ):
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def inspect(path: Path):
    candidate = recognise(os.path.realpath(path))
    host = Host.current()
    return Inspector(host).inspect(candidate, manager_of(candidate, managers(host)), ProjectLink())


@pytest.fixture
def tools():
    """What every test of the recipe builds on."""
    return SimpleNamespace(
        build_wheel=build_wheel,
        make_project=make_project,
        make_repository=make_repository,
        pip=pip_install,
        uv=uv_install,
        install={"venv": pip_install, "virtualenv": uv_install, "uv": uv_install},
        inspect=inspect,
        digest=digest,
    )


@pytest.fixture
def no_more_than():
    """A disk on which no file can grow beyond some bytes."""

    @contextmanager
    def limited(size: int):
        usual = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, usual[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, usual)

    return limited
