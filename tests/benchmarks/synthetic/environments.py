"""Environments as `python -m venv`, virtualenv, uv and conda write them."""

import os
from dataclasses import dataclass, field

from benchmarks.synthetic.packages import Package, compiled
from benchmarks.synthetic.writer import Writer

CODE = b'"""Made up."""\n\nKEPT = ("one", "two", "three")\n'
STANDARD_LIBRARY = ("asyncio", "collections", "concurrent", "ctypes", "email", "encodings", "html")


@dataclass(frozen=True)
class Base:
    """An interpreter that environments rest on."""

    prefix: str
    version: str

    @property
    def minor(self) -> str:
        return ".".join(self.version.split(".")[:2])

    @property
    def tag(self) -> str:
        return "cpython-" + self.minor.replace(".", "")


@dataclass(frozen=True)
class Plan:
    """One environment before it is made."""

    path: str
    creator: str
    """`venv`, `virtualenv`, `uv` or `conda`."""
    base: Base
    packages: tuple[Package, ...]
    state: str = "ok"
    """`ok`, `broken` (its interpreter is gone) or `moved`."""
    files: dict[str, str] = field(default_factory=dict)
    """Files of the tool that keeps it, by their path inside it."""
    linked: bool = False
    """Whether every file of a package is a link into the cache."""


def write_base(writer: Writer, prefix: str, version: str) -> Base:
    """Make an interpreter's tree; its executable is a stub that is never run."""
    base = Base(prefix, version)
    for name in ("bin", f"include/python{base.minor}", f"lib/python{base.minor}/site-packages"):
        writer.folder(f"{prefix}/{name}")
    writer.text(f"{prefix}/bin/python{base.minor}", "#!/bin/sh\nexit 70\n", 0o755)
    for name in ("python", "python3"):
        writer.symlink(f"python{base.minor}", f"{prefix}/bin/{name}")
    header = f'#define PY_VERSION "{version}"\n'
    writer.text(f"{prefix}/include/python{base.minor}/patchlevel.h", header)
    writer.file(f"{prefix}/lib/python{base.minor}/os.py", CODE)
    for name in STANDARD_LIBRARY:
        folder = writer.folder(f"{prefix}/lib/python{base.minor}/{name}")
        writer.file(f"{folder}/__init__.py", CODE)
    return base


def write_environment(writer: Writer, plan: Plan, cache: str) -> None:
    """Make an environment; one that uv made shares its files with `cache`."""
    minor = plan.base.minor
    for name in ("bin", "include", f"lib/python{minor}/site-packages"):
        writer.folder(f"{plan.path}/{name}")
    if plan.creator == "conda":
        writer.text(f"{writer.folder(plan.path + '/conda-meta')}/history", "==> made up <==\n")
        writer.text(f"{plan.path}/bin/python{minor}", "#!/bin/sh\nexit 70\n", 0o755)
        writer.symlink(f"python{minor}", f"{plan.path}/bin/python")
    else:
        _write_prefix(writer, plan)
    for name, text in plan.files.items():
        path = f"{plan.path}/{name}"
        writer.folder(os.path.dirname(path))
        writer.text(path, text)
    for package in plan.packages:
        _install(writer, plan, package, cache)


def _write_prefix(writer: Writer, plan: Plan) -> None:
    path, base = plan.path, plan.base
    prefix = f"{base.prefix}-gone" if plan.state == "broken" else base.prefix
    known_as = f"{path}-before" if plan.state == "moved" else path
    writer.text(f"{path}/pyvenv.cfg", _cfg(plan, prefix, known_as))
    executable = f"python{base.minor}"
    writer.symlink(f"{prefix}/bin/{executable}", f"{path}/bin/python")
    writer.symlink("python", f"{path}/bin/python3")
    writer.symlink("python", f"{path}/bin/{executable}")
    writer.symlink("lib", f"{path}/lib64")
    body = "# " + "activates what is here " * 60 + "\n"
    writer.text(f"{path}/bin/activate", f"VIRTUAL_ENV='{known_as}'\nexport VIRTUAL_ENV\n{body}")
    writer.text(f"{path}/bin/activate.fish", f"set -gx VIRTUAL_ENV '{known_as}'\n{body}")
    writer.text(f"{path}/bin/activate.csh", f"setenv VIRTUAL_ENV '{known_as}'\n{body}")
    writer.text(f"{path}/bin/pip", f"#!{known_as}/bin/python\nimport sys\n", 0o755)
    if plan.creator in {"virtualenv", "uv"}:
        writer.text(f"{path}/.gitignore", "*\n")
        writer.text(f"{path}/CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55\n")
        packages = f"{path}/lib/python{base.minor}/site-packages"
        writer.text(f"{packages}/_virtualenv.pth", "import _virtualenv")
        writer.file(f"{packages}/_virtualenv.py", CODE, 4_300)


def _cfg(plan: Plan, prefix: str, known_as: str) -> str:
    base = plan.base
    lines = [f"home = {prefix}/bin", "include-system-site-packages = false"]
    if plan.creator == "venv":
        executable = f"{prefix}/bin/python{base.minor}"
        lines += [
            f"version = {base.version}",
            f"executable = {executable}",
            f"command = {executable} -m venv {known_as}",
        ]
    elif plan.creator == "virtualenv":
        lines += [
            "implementation = CPython",
            f"version_info = {base.version}.final.0",
            "virtualenv = 21.0.0",
            f"version = {base.version}",
            f"base-prefix = {prefix}",
            f"base-exec-prefix = {prefix}",
            f"base-executable = {prefix}/bin/python{base.minor}",
        ]
    else:
        lines += [
            "implementation = CPython",
            "uv = 0.13.0",
            f"version_info = {base.version}",
            f"prompt = {os.path.basename(os.path.dirname(plan.path))}",
        ]
    return "\n".join(lines) + "\n"


def _install(writer: Writer, plan: Plan, package: Package, cache: str) -> None:
    folder = f"{plan.path}/lib/python{plan.base.minor}/site-packages"
    info = writer.folder(f"{folder}/{package.info}")
    small = _small_files(package, plan.creator)
    if plan.linked:
        _link(writer, package, cache, folder)
    else:
        _copy(writer, plan, package, cache, small)
        compiles = None if plan.creator == "uv" else plan.base.tag
        writer.file(f"{info}/RECORD", package.record(compiles, small))
    for script in package.scripts:
        start = f"#!{plan.path}/bin/python\n# -*- coding: utf-8 -*-\nimport sys\n"
        writer.text(f"{plan.path}/bin/{script}", start, 0o755)


def _small_files(package: Package, creator: str) -> dict[str, bytes]:
    """Return what the dist-info folder holds besides METADATA and RECORD."""
    installer = b"uv" if creator == "uv" else b"pip\n"
    small = {"INSTALLER": installer, "WHEEL": b"Wheel-Version: 1.0\nTag: py3-none-any\n"}
    if creator == "uv" or len(package.name) % 4 == 0:
        small["REQUESTED"] = b""
    if package.scripts:
        small["entry_points.txt"] = package.entry_points()
    if package.origin:
        small["direct_url.json"] = package.origin
    if package.licence_file:
        small["licenses/LICENSE"] = b"Do as you like.\n" * 60
    return small


def _copy(
    writer: Writer, plan: Plan, package: Package, cache: str, small: dict[str, bytes]
) -> None:
    """Install as pip does; as uv does, with links into its cache, where uv made it."""
    folder = f"{plan.path}/lib/python{plan.base.minor}/site-packages"
    info = f"{folder}/{package.info}"
    if plan.creator == "uv":
        stored = _store(writer, package, cache)
        writer.link(f"{stored}/METADATA", f"{info}/METADATA")
    else:
        writer.file(f"{info}/METADATA", package.metadata)
    for path, size in package.sources:
        target = f"{folder}/{path}"
        writer.folder(os.path.dirname(target))
        if plan.creator == "uv":
            writer.link(f"{stored}/{path}", target)
        else:
            _module(writer, target, size)
        byte_code = f"{folder}/{compiled(path, plan.base.tag)}"
        writer.folder(os.path.dirname(byte_code))
        writer.file(byte_code, size=size)
    if package.licence_file:
        writer.folder(f"{info}/licenses")
    for name, data in small.items():
        writer.file(f"{info}/{name}", data)


def _link(writer: Writer, package: Package, cache: str, folder: str) -> None:
    """Install as uv does, RECORD and all: every file is a link into the cache."""
    stored = f"{cache}/{package.name}-{package.version}"
    small = _small_files(package, "uv")
    names = [path for path, _ in package.sources]
    names += [f"{package.info}/{name}" for name in (*small, "METADATA", "RECORD")]
    if not os.path.isdir(stored):
        for path, size in package.sources:
            writer.folder(os.path.dirname(f"{stored}/{path}"))
            _module(writer, f"{stored}/{path}", size)
        record = package.record(None, small)
        for name, data in (*small.items(), ("METADATA", package.metadata), ("RECORD", record)):
            target = f"{stored}/{package.info}/{name}"
            writer.folder(os.path.dirname(target))
            writer.file(target, data)
    for name in names:
        target = f"{folder}/{name}"
        writer.folder(os.path.dirname(target))
        writer.link(f"{stored}/{name}", target)


def _store(writer: Writer, package: Package, cache: str) -> str:
    """Unpack a package into the cache that environments share, once."""
    stored = f"{cache}/{package.name}-{package.version}"
    if not os.path.isdir(stored):
        writer.file(f"{writer.folder(stored)}/METADATA", package.metadata)
        for path, size in package.sources:
            target = f"{stored}/{path}"
            writer.folder(os.path.dirname(target))
            _module(writer, target, size)
    return stored


def _module(writer: Writer, path: str, size: int) -> None:
    """Write a module: one in a folder has code, the others are holes, which is quicker."""
    writer.file(path, CODE if path.endswith("__init__.py") else b"", size)
