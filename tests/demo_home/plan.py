"""One environment of the demo home before it is written, and what its creator would write."""

import hashlib
import random
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field

from demo_home.packages import Package, closure


@dataclass(frozen=True, slots=True)
class Base:
    """An interpreter that environments rest on; it may be written or not."""

    prefix: str
    version: str

    @property
    def minor(self) -> str:
        """`3.12` of `3.12.4`."""
        return ".".join(self.version.split(".")[:2])

    @property
    def executable(self) -> str:
        """The file that environments link to."""
        return f"{self.prefix}/bin/python{self.minor}"


@dataclass(frozen=True, slots=True)
class Plan:
    """One environment before it is written."""

    path: str
    creator: str
    """`venv`, `virtualenv`, `virtualenv-16`, `uv` or `conda`."""
    base: Base
    asked: tuple[str, ...] = ()
    """Packages as they were asked for; what they need comes along."""
    made: float = 200
    """Days ago."""
    used: float | None = 1
    """Days ago; None is never."""
    known_as: str | None = None
    """Where it was made, if it was moved since."""
    prompt: str | None = None
    without: tuple[str, ...] = ()
    """Packages that were taken away by force."""
    extra: tuple[Package, ...] = ()
    """Packages of nobody's index."""
    files: dict[str, str] = field(default_factory=dict)
    """Files of the tool that keeps it, by their path inside it."""
    seeds: tuple[str, ...] = ()

    @property
    def packages(self) -> tuple[tuple[Package, bool], ...]:
        """What is installed, each with whether it is marked as asked for: so are the seeds of
        `python -m venv`, for which it calls pip, and no others."""
        chosen = closure((*self.seeds, *self.asked), self.base.minor)
        kept = [
            (package, asked and (self.creator == "venv" or package.name not in self.seeds))
            for package, asked in chosen
            if package.module not in self.without
        ]
        return (*kept, *((package, True) for package in self.extra))


def cfg_lines(plan: Plan, place: str) -> list[str]:
    """Return the `pyvenv.cfg` that the creator writes for an environment at `place`."""
    base = plan.base
    lines = [f"home = {base.prefix}/bin"]
    if plan.creator == "uv":
        lines += ["implementation = CPython", "uv = 0.13.0", f"version_info = {base.version}"]
        lines += ["include-system-site-packages = false"]
        lines += [f"prompt = {plan.prompt}"] if plan.prompt else []
        return lines
    lines.append("include-system-site-packages = false")
    if plan.creator == "virtualenv":
        lines = [lines[0], "implementation = CPython", f"version_info = {base.version}.final.0"]
        lines += [f"version = {base.version}", f"executable = {base.executable}"]
        lines += [f"command = {base.executable} -m virtualenv {place}"]
        lines += ["virtualenv = 21.0.0", "include-system-site-packages = false"]
        lines += [f"base-prefix = {base.prefix}", f"base-exec-prefix = {base.prefix}"]
        lines += [f"base-executable = {base.executable}"]
        lines += [f"prompt = '{plan.prompt}'"] if plan.prompt else []
        return lines
    lines.append(f"version = {base.version}")
    if tuple(map(int, base.minor.split("."))) >= (3, 11):
        lines.append(f"executable = {base.executable}")
        lines.append(f"command = {base.prefix}/bin/python3 -m venv {place}")
    return lines


def installer_of(plan: Plan) -> str:
    """Return the content of INSTALLER, where uv has not installed."""
    return "conda" if plan.creator == "conda" else "pip\n"


def contents(package: Package, base: Base, scale: float) -> list[tuple[str, int]]:
    """Spread the size of a package over a few modules and, if it is compiled, one library."""
    chance = random.Random(package.module)
    left = int(package.kilobytes * 1024 * scale)
    files: list[tuple[str, int]] = []
    if package.binary:
        tag = "cpython-" + base.minor.replace(".", "")
        library = f"{package.module}/_core.{tag}-x86_64-linux-gnu.so"
        files.append((library, int(left * chance.uniform(0.6, 0.85))))
        left -= files[0][1]
    names = ("__init__", "main", "core", "utils", "types", "errors", "compat")
    count = min(2 + package.kilobytes // 150, len(names))
    shares = [chance.uniform(0.3, 1) for _ in range(count)]
    for name, share in zip(names, shares, strict=False):
        files.append((f"{package.module}/{name}.py", int(left * share / sum(shares) / 2) + 1))
    return files


def compiled(path: str, base: Base) -> str:
    """Return where the bytecode of a module goes (PEP 3147)."""
    folder, _, name = path.rpartition("/")
    tag = "cpython-" + base.minor.replace(".", "")
    return f"{folder}/__pycache__/{name.removesuffix('.py')}.{tag}.pyc"


def digest(text: str) -> str:
    """Return a digest as RECORD has it."""
    encoded = urlsafe_b64encode(hashlib.sha256(text.encode()).digest())
    return "sha256=" + encoded.decode().rstrip("=")
