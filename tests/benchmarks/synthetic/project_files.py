"""A project as its developers keep it: manifest, lock, dotenv files, CI, a Dockerfile, git."""

import hashlib
import os
import random
import shutil
import subprocess
from collections.abc import Sequence

from benchmarks.synthetic.packages import Package

_WHEELS = ("cp311-manylinux", "cp312-manylinux", "cp313-manylinux", "cp311-macosx", "cp312-macosx",
           "cp313-macosx", "cp311-win", "cp312-win", "cp313-win")  # fmt: skip
_DIRECT = 24
_KEYS = 60


def write_project(folder: str, packages: Sequence[Package]) -> None:
    """Write a project that asks for some of the packages, and locks all of them."""
    os.makedirs(os.path.join(folder, ".github", "workflows"), exist_ok=True)
    direct = [package.name for package in packages[:_DIRECT]]
    files = {
        "pyproject.toml": _manifest(direct),
        "uv.lock": _lock(direct, packages),
        "Dockerfile": "FROM python:3.12-slim AS base\nCOPY . /app\nFROM base\n",
        ".github/workflows/ci.yml": _WORKFLOW,
        ".env.example": "".join(f"SETTING_{number}=\n" for number in range(_KEYS)),
        ".env": "".join(f"SETTING_{number}=value-{number}\n" for number in range(2, _KEYS)),
        ".gitignore": ".env\n.venv\n",
    }
    for name, text in files.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)
    git = shutil.which("git")
    if git is not None:
        subprocess.run([git, "init", "--quiet", folder], check=True)


_WORKFLOW = """on: [push]
jobs:
  test:
    strategy:
      matrix:
        python: ["3.11", "3.12", "3.13"]
    steps:
      - uses: actions/setup-python@v5
        with:
          python-version: ${{ matrix.python }}
"""


def _manifest(direct: Sequence[str]) -> str:
    own, dev, docs = direct[:16], direct[16:20], direct[20:]
    return (
        '[project]\nname = "work"\nversion = "1.0"\nrequires-python = ">=3.9"\n'
        f"dependencies = {list(own)}\n[project.optional-dependencies]\ndocs = {list(docs)}\n"
        f"[dependency-groups]\ndev = {list(dev)}\n"
    )


def _lock(direct: Sequence[str], packages: Sequence[Package]) -> str:
    """Write what uv writes: each needs the next ones, so that all are reached."""
    random_ = random.Random(5)
    parts = ['version = 1\nrevision = 3\nrequires-python = ">=3.9"\n', _root(direct)]
    for number, package in enumerate(packages):
        needs = {(number + _DIRECT) % len(packages), *random_.sample(range(len(packages)), 3)}
        rows = "".join(f'    {{ name = "{packages[other].name}" }},\n' for other in sorted(needs))
        parts.append(
            f'[[package]]\nname = "{package.name}"\nversion = "{package.version}"\n'
            'source = { registry = "https://index.example/simple" }\n'
            f"dependencies = [\n{rows}]\n{_files(package)}"
        )
    return "\n".join(parts)


def _root(direct: Sequence[str]) -> str:
    rows = "".join(f'    {{ name = "{name}" }},\n' for name in direct[:16])
    dev = "".join(f'    {{ name = "{name}" }},\n' for name in direct[16:20])
    docs = "".join(f'    {{ name = "{name}" }},\n' for name in direct[20:])
    return (
        '[[package]]\nname = "work"\nversion = "1.0"\nsource = { virtual = "." }\n'
        f"dependencies = [\n{rows}]\n\n[package.optional-dependencies]\ndocs = [\n{docs}]\n\n"
        f"[package.dev-dependencies]\ndev = [\n{dev}]\n"
    )


def _files(package: Package) -> str:
    place = "https://files.example/packages"
    rows = [f"{package.module}-{package.version}-{tag}.whl" for tag in _WHEELS]
    listed = "".join(
        f'    {{ url = "{place}/{name}", hash = "sha256:'
        f'{hashlib.sha256(name.encode()).hexdigest()}", size = {len(name) * 999} }},\n'
        for name in rows
    )
    return f"wheels = [\n{listed}]\n"
