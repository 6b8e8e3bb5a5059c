"""Wheels, projects and source archives that a test builds itself, without a network."""

import atexit
import base64
import csv
import hashlib
import io
import shutil
import subprocess
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

from virtualenv.seed.wheels import embed

PIP = max(Path(embed.__file__).parent.glob("pip-*.whl"))
"""The pip that virtualenv brings."""
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

Content = str | bytes


def digest(data: bytes) -> str:
    """Return the hash of a file as RECORD has it."""
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def write_wheel(
    folder: Path,
    name: str,
    version: str = "1.0",
    files: Mapping[str, Content] | Iterable[tuple[str, Content]] | None = None,
    *,
    requires: Iterable[str] = (),
    headers: Iterable[str] = (),
    entry_points: str = "",
    tag: str = "py3-none-any",
    purelib: bool = True,
    quoting: int = csv.QUOTE_MINIMAL,
) -> Path:
    """Write a wheel of these files and no others; `DATA/` stands for its `.data` folder, and
    `headers` are further lines of its METADATA."""
    stem = f"{name.replace('-', '_')}-{version}"
    info = f"{stem}.dist-info"
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", *headers]
    lines += [f"Requires-Dist: {each}" for each in requires]
    given = {
        path.replace("DATA/", f"{stem}.data/"): data for path, data in dict(files or ()).items()
    }
    given[f"{info}/METADATA"] = "".join(f"{line}\n" for line in lines)
    pure = str(purelib).lower()
    given[f"{info}/WHEEL"] = (
        f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: {pure}\nTag: {tag}\n"
    )
    if entry_points:
        given[f"{info}/entry_points.txt"] = entry_points
    contents = {
        path: data.encode() if isinstance(data, str) else data for path, data in given.items()
    }
    record = io.StringIO(newline="")
    writer = csv.writer(record, lineterminator="\n", quoting=quoting)
    for path, data in contents.items():
        writer.writerow((path, f"sha256={digest(data)}", len(data)))
    writer.writerow((f"{info}/RECORD", "", ""))
    contents[f"{info}/RECORD"] = record.getvalue().encode()
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{stem}-{tag}.whl"
    with zipfile.ZipFile(target, "w") as archive:
        for path, data in contents.items():
            member = zipfile.ZipInfo(path)
            member.external_attr = (0o100755 if "/scripts/" in path else 0o100644) << 16
            archive.writestr(member, data)
    return target


def make_project(
    folder: Path,
    name: str = "placed",
    version: str = "1.5",
    *,
    more: str = "",
    before: str = "",
    requires: str = "",
) -> Path:
    """Write a project that builds without any other package; `more` goes into its pyproject, and
    its build runs `before` first."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pyproject.toml").write_text(
        f'[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n{more}'
    )
    told = {"name": name, "version": version, "before": before or "pass", "requires": requires}
    (folder / "backend.py").write_text(BACKEND.format(**told))
    (folder / f"{name}.py").write_text("here = True\n")
    return folder


def write_sdist(folder: Path, name: str, version: str = "1.0") -> Path:
    """Write a source archive that builds without any other package."""
    target = folder / f"{name}-{version}.tar.gz"
    with tempfile.TemporaryDirectory() as place, tarfile.open(target, "w:gz") as archive:
        project = make_project(Path(place) / f"{name}-{version}", name, version)
        declared = f'[project]\nname = "{name}"\nversion = "{version}"\n'
        settings = project / "pyproject.toml"
        settings.write_text(declared + settings.read_text())
        head = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        (project / "PKG-INFO").write_text(head)
        archive.add(project, project.name)
    return target


def make_repository(folder: Path, name: str = "placed") -> str:
    """Make such a project a git repository; return its only commit."""
    make_project(folder, name)
    settings = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    for arguments in (["init", "-q"], ["add", "."], [*settings, "commit", "-q", "-m", "It"]):
        subprocess.run(["git", "-C", folder, *arguments], check=True, timeout=60)
    asked = ["git", "-C", folder, "rev-parse", "HEAD"]
    return subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()


@lru_cache
def unpacked_pip() -> Path:
    """Unpack the pip that virtualenv brings, once: run from its wheel it is never compiled."""
    folder = Path(tempfile.mkdtemp(prefix="pip-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with zipfile.ZipFile(PIP) as archive:
        archive.extractall(folder)
    return folder
