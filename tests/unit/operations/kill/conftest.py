"""A real environment of wheels made here, and the program that changes it, to be killed."""

import hashlib
import io
import os
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
from uv import find_uv_bin

from envdeck.core.catalog import Catalog
from envdeck.core.model import NoPlan, Plan
from envdeck.core.operations.api import Operations
from envdeck.core.operations.engine.uv import UvAdapter
from support.wheels import write_wheel

PROGRAM = Path(__file__).with_name("killing.py")
_SPEC = spec_from_file_location("killing", PROGRAM)
killing = module_from_spec(_SPEC)
_SPEC.loader.exec_module(killing)

BACKEND = """
import os, time, zipfile
def build_wheel(folder, config_settings=None, metadata_directory=None):
    deadline = time.monotonic() + 120
    while os.path.exists({wait!r}) and time.monotonic() < deadline:
        open({started!r}, "w").close()
        time.sleep(0.01)
    info, name = "slow-1.0.dist-info", "slow-1.0-py3-none-any.whl"
    wheel = "Wheel-Version: 1.0\\nGenerator: t\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
    files = {{"slow.py": "here = True\\n",
        info + "/METADATA": "Metadata-Version: 2.1\\nName: slow\\nVersion: 1.0\\n",
        info + "/WHEEL": wheel}}
    files[info + "/RECORD"] = "".join(path + ",,\\n" for path in (*files, info + "/RECORD"))
    with zipfile.ZipFile(os.path.join(folder, name), "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return name
"""


def build_wheel(folder: Path, name: str, version: str) -> None:
    """Write a wheel with a module, a second file and a command."""
    files = {
        f"{name}/__init__.py": f"version = {version!r}\ndef main():\n    print(version)\n",
        f"{name}/data.txt": name * 1000,
    }
    script = f"[console_scripts]\n{name} = {name}:main\n"
    write_wheel(folder, name, version, files, entry_points=script)


class Real:
    """One project with its environment, and what may be done to them."""

    def __init__(self, home: Path, base: Path) -> None:
        self.home, self.base = home, base
        self.path = home / "work" / "it's [1]" / ".venv"
        self.links = base / "links"
        self.links.mkdir(parents=True)
        pip = home / ".config" / "pip"
        pip.mkdir(parents=True)
        (pip / "pip.conf").write_text(f"[global]\nno-index = true\nfind-links = {self.links}\n")
        self.host = killing.host_of(str(home))
        self.operations = Operations(Catalog(self.host))
        self.kills = 0

    def build(self, make_venv: Callable[..., Path]) -> None:
        for name in ("lamp", "shade", "bulb"):
            build_wheel(self.links, name, "1.0")
        make_venv(self.path, creator="uv")
        (self.path.parent / "requirements.txt").write_text("lamp\nshade\n")
        self.install("lamp", "shade")
        site = next(self.path.glob("lib/python*/site-packages"))
        (site / "mine.txt").write_text("nobody's\n")
        build_wheel(self.links, "lamp", "2.0")

    def install(self, *names: str) -> None:
        command = [find_uv_bin(), "pip", "install", "-q", "--no-config", "--no-index"]
        command += ["--find-links", self.links, "--python", self.path, *names]
        environ = {**os.environ, "UV_CACHE_DIR": str(self.base / "first-cache")}
        subprocess.run(command, check=True, env=environ, timeout=60, capture_output=True)

    def add_slow(self) -> tuple[Path, Path]:
        """Install a package that is built again each time; return the file for whose sake the
        build waits, and the one that tells that it does."""
        wait, started = self.base / "wait", self.base / "started"
        source = "slow-1.0"
        project = '[project]\nname = "slow"\nversion = "1.0"\n[build-system]\nrequires = []\n'
        files = {
            "pyproject.toml": project + 'build-backend = "backend"\nbackend-path = ["."]\n',
            "backend.py": BACKEND.format(wait=str(wait), started=str(started)),
            "PKG-INFO": "Metadata-Version: 2.1\nName: slow\nVersion: 1.0\n",
        }
        with tarfile.open(self.links / f"{source}.tar.gz", "w:gz") as archive:
            for name, text in files.items():
                row = tarfile.TarInfo(f"{source}/{name}")
                row.size = len(text)
                archive.addfile(row, io.BytesIO(text.encode()))
        self.install("slow")
        return wait, started

    def plan(self, action: str) -> Plan | NoPlan:
        """Plan it, as the program does."""
        return killing.plan_of(self.operations, action, str(self.path))

    def start(self, action: str, *how: str) -> subprocess.Popen:
        """Start the program that does it."""
        return subprocess.Popen(
            [sys.executable, PROGRAM, self.home, self.path, action, *how],
            env={**os.environ, "HOME": str(self.home)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            cwd=self.base,
        )

    def run(self, action: str, *how: str) -> str:
        """Do it to its end or death; return the last line it said, or nothing if it died."""
        with self.start(action, *how) as program:
            said, errors = program.communicate(timeout=120)
        assert program.returncode in {0, -9}, errors
        if program.returncode == -9:
            self.kills += 1
            return ""
        return said.splitlines()[-1]

    def recover(self) -> None:
        """Recover, as often as children of what was killed still hold the lock."""
        deadline = time.monotonic() + 60
        self.operations.recover()
        while self.operations.pending():
            assert time.monotonic() < deadline, self.operations.pending()
            self.operations.recover()

    def here(self) -> str:
        """Return a digest of the environment in its place."""
        return digest(self.path) if self.path.exists() else "nothing"

    def marks(self) -> str:
        """Return a digest of what each file of it is: inode, size and time of the last change."""
        seen = []
        for folder, _, files in os.walk(self.path):
            for path in (os.path.join(folder, name) for name in files):
                if "__pycache__" not in path:
                    status = os.lstat(path)
                    seen.append((path, status.st_ino, status.st_size, status.st_mtime_ns))
        return hashlib.sha256(repr(sorted(seen)).encode()).hexdigest()[:12]

    def outside(self) -> str:
        """Return a digest of all that belongs to the person and is no environment."""
        ours = {self.path, self.home / ".local", self.home / ".cache"}
        return digest(self.home, without={str(each) for each in ours})

    def strays(self) -> list[str]:
        """Return what lies where it should not."""
        places = self.operations.store.places
        trash, journal = Path(places.trash), Path(places.journal)
        items = {each.id for each in self.operations.trash() if not each.problem}
        found = [each.name for each in journal.iterdir() if each.suffix not in {".json", ".log"}]
        for each in trash.iterdir() if trash.is_dir() else ():
            if each.name in items:
                left = {inner.name for inner in each.iterdir()}
                found += left - {"environment", "manifest.json"}
            elif each.name != ".gitignore":
                found.append(each.name)
        return found

    def imports(self) -> str:
        """Start the environment that is there; return which version of the lamp it has."""
        code = "import lamp, shade; print(lamp.version)"
        python = self.path / "bin" / "python"
        asked = [[python, "-I", "-B", "-c", code], [self.path / "bin" / "lamp"]]
        environ = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"}
        first, second = (
            subprocess.run(
                command, check=True, env=environ, capture_output=True, text=True, timeout=60
            ).stdout
            for command in asked
        )
        assert first == second
        return first.strip()


def digest(top: Path, without: set[str] | None = None) -> str:
    """Hash names, modes and contents below a folder; of what an installer notes, not when."""
    seen = hashlib.sha256()
    for folder, folders, files in os.walk(top):
        folders[:] = sorted(n for n in folders if os.path.join(folder, n) not in (without or ()))
        for name in sorted(files):
            path = Path(folder, name)
            content = os.fsencode(os.readlink(path)) if path.is_symlink() else path.read_bytes()
            mode = path.lstat().st_mode
            seen.update(b"%s %o %s\n" % (os.fsencode(path.relative_to(top)), mode, content))
        seen.update(os.fsencode(os.path.relpath(folder, top)))
    return seen.hexdigest()[:12]


@pytest.fixture
def real_at(make_venv: Callable[..., Path]) -> Callable[[Path, Path], Real]:
    """Return a function that makes it with a home and, for caches and wheels, a folder."""

    def making(home: Path, base: Path) -> Real:
        made = Real(home, base)
        uv = UvAdapter(made.host, folder=str(base))
        if uv.problem:
            pytest.skip(uv.problem)
        made.build(make_venv)
        return made

    return making


@pytest.fixture
def real(home: Path, tmp_path: Path, real_at: Callable[[Path, Path], Real]) -> Real:
    return real_at(home, tmp_path / "home")
