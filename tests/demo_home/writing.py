"""Environments and interpreters written file by file, as the tools leave them.

Nothing in them can be run: an interpreter of the demo home is a stub, so that no path of the
machine it is built on gets into it.
"""

import os
import random
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from demo_home.packages import Package, closure
from demo_home.plan import Base, Plan, cfg_lines, compiled, contents, digest, installer_of

DAY = 86_400.0
_STUB = b"\x7fELF: a stub of the demo home\n"
_NOISE = random.Random(8).randbytes(1 << 16)
_STANDARD_LIBRARY = ("os", "site", "json", "sqlite3", "tkinter", "unittest")


@dataclass(slots=True)
class Writer:
    """Writes below one folder; what uv installs it links from a cache."""

    cache: str
    """uv's archive of unpacked wheels."""
    now: float
    scale: float
    """Of the sizes in the table of packages."""
    _wheels: dict[str, list[tuple[str, str, int]]] = field(default_factory=dict)
    _folders: set[str] = field(default_factory=set)

    def folder(self, path: str) -> str:
        """Make a folder, and those above it."""
        if path not in self._folders:
            os.makedirs(path, exist_ok=True)
            self._folders.add(path)
        return path

    def file(self, path: str, content: str | bytes = "", mode: int = 0o644) -> str:
        """Write a file, and the folders above it."""
        self.folder(os.path.dirname(path))
        with open(path, "wb") as stream:
            stream.write(content.encode() if isinstance(content, str) else content)
        if mode != 0o644:
            os.chmod(path, mode)
        return path

    def noise(self, path: str, length: int) -> str:
        """Write that many bytes, which take as many blocks."""
        whole, rest = divmod(length, len(_NOISE))
        return self.file(path, _NOISE * whole + _NOISE[:rest])

    def link(self, target: str, path: str) -> str:
        """Make a symbolic link."""
        self.folder(os.path.dirname(path))
        os.symlink(target, path)
        return path

    def aged(self, path: str, accessed: float, changed: float) -> None:
        """Set the times of a file, in days ago."""
        os.utime(path, (self.now - accessed * DAY, self.now - changed * DAY))

    def base(self, base: Base, *, managed: bool = False, installed: Iterable[str] = ()) -> Base:
        """Write an interpreter, with what was installed into it globally."""
        library = f"{base.prefix}/lib/python{base.minor}"
        self.file(base.executable, _STUB * 400, 0o755)
        for name in ("python", "python3"):
            self.link(f"python{base.minor}", f"{base.prefix}/bin/{name}")
        for name in _STANDARD_LIBRARY:
            self.noise(f"{library}/{name}.py", 9000)
        header = f'#define PY_VERSION "{base.version}"\n'
        self.file(f"{base.prefix}/include/python{base.minor}/patchlevel.h", header)
        if managed:
            self.file(f"{library}/EXTERNALLY-MANAGED", "[externally-managed]\n")
        self.packages_at(f"{library}/site-packages", base, ("pip", *installed))
        return base

    def packages_at(self, folder: str, base: Base, asked: Iterable[str]) -> None:
        """Install into a package folder outside of any environment."""
        plan = Plan("", "venv", base)
        self.folder(folder)
        for package, _ in closure(tuple(asked), base.minor):
            self._install(folder, replace(package, kilobytes=8), plan)

    def environment(self, plan: Plan) -> str:
        """Write an environment, and set the times by which its last use is told."""
        library = f"{plan.path}/lib/python{plan.base.minor}"
        packages = self.folder(f"{library}/site-packages")
        cfg = self._prefix(plan)
        for path, content in plan.files.items():
            self.file(f"{plan.path}/{path}", content)
        for package, asked in plan.packages:
            self._install(packages, package, plan, asked=asked)
            if package.command is not None:
                text = f"#!{plan.known_as or plan.path}/bin/python\nimport sys\n"
                self.file(f"{plan.path}/bin/{package.command}", text, 0o755)
        used = plan.made if plan.used is None else plan.used
        for entry in os.scandir(packages):
            if entry.name.endswith((".dist-info", ".egg-info")):
                self.aged(entry.path, used, plan.made)
            elif entry.is_dir():
                for folder in (f"{entry.path}/__pycache__", entry.path):
                    if os.path.isdir(folder):
                        self.aged(folder, used, used)
        for path in (cfg, f"{packages}/_virtualenv.pth", f"{library}/orig-prefix.txt"):
            if os.path.lexists(path):
                self.aged(path, used, plan.made)
        return plan.path

    def _prefix(self, plan: Plan) -> str:
        if plan.creator == "conda":
            return self._conda_prefix(plan)
        scripts, base = f"{plan.path}/bin", plan.base
        place = plan.known_as or plan.path
        if plan.creator == "virtualenv-16":
            self.file(f"{scripts}/python{base.minor}", _STUB * 400, 0o755)
            self.link(f"python{base.minor}", f"{scripts}/python")
            self.file(f"{plan.path}/lib/python{base.minor}/orig-prefix.txt", base.prefix)
        else:
            # uv links to the very file; the others link to the name they were started by
            target = base.executable if plan.creator != "venv" else f"{base.prefix}/bin/python3"
            self.link(target, f"{scripts}/python")
            self.link("python", f"{scripts}/python3")
            self.link("python", f"{scripts}/python{base.minor}")
            self.file(f"{plan.path}/pyvenv.cfg", "\n".join(cfg_lines(plan, place)) + "\n")
        self.file(f"{scripts}/activate", f"VIRTUAL_ENV='{place}'\nexport VIRTUAL_ENV\nhash -r\n")
        self.file(f"{scripts}/activate.fish", f"set -gx VIRTUAL_ENV '{place}'\n")
        if plan.creator in {"venv", "uv"}:
            self.link("lib", f"{plan.path}/lib64")
        if plan.creator in {"virtualenv", "uv"}:
            self.file(f"{plan.path}/.gitignore", "*\n")
            self.file(f"{plan.path}/CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55\n")
            packages = f"{plan.path}/lib/python{base.minor}/site-packages"
            self.file(f"{packages}/_virtualenv.pth", "import _virtualenv")
            self.noise(f"{packages}/_virtualenv.py", 4300)
        return f"{plan.path}/pyvenv.cfg"

    def _conda_prefix(self, plan: Plan) -> str:
        base = plan.base
        self.noise(f"{plan.path}/bin/python{base.minor}", int(2_700_000 * self.scale))
        os.chmod(f"{plan.path}/bin/python{base.minor}", 0o755)
        self.link(f"python{base.minor}", f"{plan.path}/bin/python")
        self.noise(f"{plan.path}/lib/libpython{base.minor}.so.1.0", int(4_800_000 * self.scale))
        self.noise(f"{plan.path}/lib/libopenblas.so.0", int(7_200_000 * self.scale))
        meta = f"{plan.path}/conda-meta"
        self.file(f"{meta}/python-{base.version}-h9ebbce0_0_cpython.json", "{}\n")
        history = self.file(f"{meta}/history", "==> made for the demo <==\n")
        self.aged(history, plan.made, plan.made)
        return history

    def _install(self, packages: str, package: Package, plan: Plan, *, asked: bool = False) -> None:
        by_uv = plan.creator == "uv"
        info = f"{packages}/{package.info}"
        rows: list[tuple[str, int]] = []
        if package.editable is None:
            for path, stored, length in self._wheel(package, plan.base):
                target = f"{packages}/{path}"
                self.folder(os.path.dirname(target))
                if by_uv:
                    os.link(stored, target)
                else:
                    self.noise(target, length)
                rows.append((path, length))
                if not by_uv and path.endswith(".py"):
                    bytecode = compiled(path, plan.base)
                    self.noise(f"{packages}/{bytecode}", length)
                    rows.append((bytecode, length))
        else:
            url = f'{{"url": "file://{package.editable}", "dir_info": {{"editable": true}}}}'
            self.file(f"{info}/direct_url.json", url)
            self.file(f"{packages}/_{package.module}.pth", f"{package.editable}/src\n")
        metadata = package.metadata()
        self.file(f"{info}/METADATA", metadata)
        rows.append((f"{package.info}/METADATA", len(metadata.encode())))
        self.file(f"{info}/INSTALLER", "uv" if by_uv else installer_of(plan))
        if by_uv or (asked and installer_of(plan) == "pip\n"):
            self.file(f"{info}/REQUESTED")
        if package.command is not None:
            points = f"[console_scripts]\n{package.command} = {package.module}.main:main\n"
            self.file(f"{info}/entry_points.txt", points)
            rows.append((f"../../../bin/{package.command}", 0))
        if package.editable is not None:
            rows.append((f"_{package.module}.pth", 0))
        rows += [
            (f"{package.info}/{name}", 0) for name in sorted(os.listdir(info)) if name != "METADATA"
        ]
        lines = [f"{path},{digest(path)},{length}" for path, length in rows]
        self.file(f"{info}/RECORD", "\n".join([*lines, f"{package.info}/RECORD,,"]) + "\n")

    def _wheel(self, package: Package, base: Base) -> list[tuple[str, str, int]]:
        """Return the files of a wheel: path in site-packages, place in the cache, length."""
        key = f"{package.info}-{base.minor if package.binary else 'py3'}-{package.kilobytes}"
        if key not in self._wheels:
            archive = f"{self.cache}/{digest(key)[7:27]}"
            self._wheels[key] = [
                (path, f"{archive}/{path}", length)
                for path, length in contents(package, base, self.scale)
            ]
        return self._wheels[key]

    def cached(self, plans: Iterable[Plan]) -> None:
        """Unpack into the cache what these plans will link from it."""
        for plan in plans:
            if plan.creator != "uv":
                continue
            for package, _ in plan.packages:
                if package.editable is None:
                    for _, stored, length in self._wheel(package, plan.base):
                        if not os.path.exists(stored):
                            self.noise(stored, length)

    def prune_cache(self, modules: Iterable[str]) -> None:
        """Take modules out of the cache, as `uv cache prune` does with what is out of date."""
        gone = set(modules)
        for key, files in self._wheels.items():
            if key.partition("-")[0] in gone:
                for _, stored, _ in files:
                    if os.path.exists(stored):
                        os.remove(stored)
