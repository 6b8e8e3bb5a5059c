"""What the benchmarks of operations share: a home of its own, environments, wheels, and a clock.

The home is made up and empty but for what is measured; the processes and the mounts are the
machine's own, since the guards read them each time. The index knows a thousand environments.
"""

import hashlib
import os
import random
import shutil
import subprocess
import sys
import time
import zipfile
from base64 import urlsafe_b64encode
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace

from benchmarks.harness import fresh_folder, run
from benchmarks.synthetic.environments import Base, Plan, write_environment
from benchmarks.synthetic.packages import made_up_name, make_packages
from benchmarks.synthetic.writer import Writer, age
from envdeck.core import model
from envdeck.core.catalog import Catalog
from envdeck.core.index import Index, StoredEnvironment, index_path
from envdeck.core.model import Environment, NoPlan, Result
from envdeck.core.operations.api import Operations
from envdeck.core.operations.disk import disk_for
from envdeck.core.operations.engine.pip_configuration import translated
from envdeck.core.operations.engine.uv import find_uv
from envdeck.core.operations.recreate import run as recreating
from envdeck.core.operations.recreate.exact import ExactInstall
from envdeck.core.operations.staging import replace as replacing
from envdeck.core.operations.staging import stage as rebuilding
from envdeck.core.operations.staging.stage import StagedBuild
from envdeck.core.operations.transaction.transaction import Transaction
from envdeck.core.operations.upgrade import run as upgrade
from envdeck.core.system.host import Host

KNOWN = 1_000
"""Environments that the index remembers besides those that are measured."""
WORDS = ("alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india", "kilo")


PARTS = (
    (replacing, "guard_context"), (replacing, "obstacles"),
    (StagedBuild, "make"), (StagedBuild, "install"),
    (ExactInstall, "prove"), (recreating, "carry_over"), (recreating, "unowned_files"),
    (upgrade, "_copy"), (rebuilding, "new_dependency_problems"),
    (StagedBuild, "check_imports"), (StagedBuild, "settle"), (rebuilding, "relocate"),
    (rebuilding, "find_old_paths"), (type(disk_for(Host.current())), "settle_tree"),
    (Transaction, "swap_in"),
)  # fmt: skip
"""What is timed within a run; `settle` has three of the others in it."""


@dataclass
class Clock:
    """When the moves of one run were made, by `time.perf_counter`."""

    moves: list[float] = field(default_factory=list)


@dataclass
class Place:
    """A home with operations on it."""

    home: str
    operations: Operations
    clock: Clock

    @property
    def host(self) -> Host:
        return self.operations.catalog.host

    def look(self, path: str) -> Environment:
        """Return the environment at a path as a scan would show it, its size included."""
        found = self.operations.catalog.lookup(path)
        if found is None:
            raise SystemExit(f"error: there is no environment at {path}")
        return replace(found, size=self.operations.catalog.measure(found))

    def run(self, plan: model.Plan | NoPlan) -> Result:
        """Run a plan to its end.

        Raises:
            SystemExit: it did not come to a good one; then its time would mean nothing.
        """
        if isinstance(plan, NoPlan):
            raise SystemExit(f"error: no plan: {plan.message}; {plan.hint}")
        self.clock.moves.clear()
        result = self.operations.run(plan, lambda _: None)
        if result.status is not model.Ending.DONE:
            raise SystemExit(f"error: {plan.operation}: {result.message}; {result.hint}")
        return result

    def undo(self) -> None:
        """Undo the last operation, and empty the trash."""
        self.run(self.operations.plan_undo())
        self.empty_trash()

    def empty_trash(self) -> None:
        plan = self.operations.plan_purge()
        if not isinstance(plan, NoPlan):
            self.run(plan)


@contextmanager
def place(*, real: bool = False) -> Iterator[Place]:
    """Give a home for operations, gone afterwards; a `real` one has this machine's variables
    for pip, and its configuration."""
    with fresh_folder() as folder:
        home = os.path.join(os.path.realpath(folder), "ada")
        os.makedirs(home)
        variables = {"PATH": os.environ.get("PATH", os.defpath)}
        if real:
            pip = {name: text for name, text in os.environ.items() if name.startswith("PIP_")}
            own = os.path.join(Host.current().user_config(), "pip", "pip.conf")
            variables |= {"PIP_CONFIG_FILE": own} | pip
        host = Host(sys.platform, home, variables)
        operations, clock = Operations(Catalog(host)), Clock()
        disk_type = type(disk_for(host))

        class Timed(disk_type):  # type: ignore[misc,valid-type]  # the one of this platform
            def move(self, source: str, target: str) -> None:
                super().move(source, target)
                clock.moves.append(time.perf_counter())

        operations.store.disk = Timed(host)
        yield Place(home, operations, clock)


def crowd_the_index(here: Place, like: Environment, count: int = KNOWN) -> None:
    """Have the index remember so many more environments, each with a name and place of its own."""
    with Index.open(index_path(here.host), host=here.host) as index:
        index.save_environments(
            StoredEnvironment(
                replace(
                    like,
                    path=os.path.join(here.home, "projects", made_up_name(number), ".venv"),
                    identity=model.Identity(like.identity.device, 10_000_000 + number),
                    name=made_up_name(number),
                )
            )
            for number in range(count)
        )


def write_big(here: Place, name: str, files: int, total_bytes: int | None = None) -> str:
    """Write an environment of about so many files, as `python -m venv` and pip leave it.

    The modules are holes of the right length (`total_bytes` in all, where that is given): what
    asks for names and lengths only cannot tell.
    """
    path = os.path.join(here.home, "work", name, ".venv")
    os.makedirs(os.path.dirname(path))
    git = shutil.which("git")
    if git is not None:  # most projects are repositories, and a guard asks git then
        subprocess.run([git, "init", "--quiet", os.path.dirname(path)], check=True)
    each = 60 if files < 5_000 else 300
    packages = make_packages(max(2, files // each + 2), files, modules=(each // 3, each // 2))
    chosen, count = [], 0
    for package in packages:
        if count >= files:
            break
        chosen.append(package)
        count += 2 * len(package.sources) + 6
    if total_bytes is not None:
        length = sum(2 * size for package in chosen for _, size in package.sources)
        factor = total_bytes / length
        chosen = [
            replace(one, sources=tuple((path, int(size * factor)) for path, size in one.sources))
            for one in chosen
        ]
    version = ".".join(map(str, sys.version_info[:3]))
    base = Base(os.path.realpath(sys.base_prefix), version)
    writer = Writer(os.path.dirname(path))
    write_environment(writer, Plan(path, "venv", base, tuple(chosen)), "")
    age(path)
    return path


# wheels


def write_wheels(folder: str, count: int, modules: tuple[int, int], seed: int = 7) -> list[str]:
    """Build so many wheels of pure Python, and return their names as `name==1.0`."""
    random_ = random.Random(seed)
    os.makedirs(folder, exist_ok=True)
    pins = []
    for number in range(count):
        name = made_up_name(number)
        write_wheel(folder, name, "1.0", random_.randint(*modules), random_)
        pins.append(f"{name}==1.0")
    return pins


def write_wheel(folder: str, name: str, version: str, modules: int, random_: random.Random) -> None:
    """Build one wheel whose modules can be imported, some with a script."""
    module = name.replace("-", "_")
    info = f"{module}-{version}.dist-info"
    files = {f"{module}/__init__.py": f'__version__ = "{version}"\n'.encode()}
    for number in range(modules):
        area = f"{module}/area{number // 12}"
        files.setdefault(f"{area}/__init__.py", b"")
        files[f"{area}/part{number}.py"] = _code(random_)
    headers = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    files[f"{info}/METADATA"] = headers.encode()
    files[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    if len(name) % 3 == 0:
        script = f"[console_scripts]\n{name} = {module}:main\n"
        files[f"{info}/entry_points.txt"] = script.encode()
    rows = [f"{path},sha256={_digest(data)},{len(data)}\n" for path, data in files.items()]
    files[f"{info}/RECORD"] = ("".join(rows) + f"{info}/RECORD,,\n").encode()
    wheel = os.path.join(folder, f"{module}-{version}-py3-none-any.whl")
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path, data in files.items():
            archive.writestr(path, data)


def _code(random_: random.Random) -> bytes:
    lines = random_.randint(5, 700)
    words = " ".join(random_.choices(WORDS, k=8))
    return "".join(f"# {words} {line}\n" for line in range(lines)).encode()


def _digest(data: bytes) -> str:
    return urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


@dataclass(frozen=True)
class Uv:
    """The peer: uv by itself, with the same home and so the same cache and indexes as ours."""

    program: str
    variables: dict[str, str]
    flags: tuple[str, ...]

    def make(self, path: str, requirements: str) -> None:
        """Make an environment and install what a file lists."""
        run([self.program, "venv", "--quiet", "--python", sys.executable, path], self.variables)
        sync = ["pip", "sync", "--quiet", "--python", os.path.join(path, "bin", "python")]
        run([self.program, *sync, *self.flags, requirements], self.variables)

    def upgrade(self, path: str, requirements: str, names: Sequence[str]) -> None:
        """Upgrade some packages in their place."""
        named = [f"--upgrade-package={name}" for name in names]
        install = ["pip", "install", "--quiet", "--python", os.path.join(path, "bin", "python")]
        run([self.program, *install, *self.flags, "-r", requirements, *named], self.variables)

    def freeze(self, path: str) -> list[str]:
        """Return what is installed, as pins."""
        freeze = ["pip", "freeze", "--python", os.path.join(path, "bin", "python")]
        return run([self.program, *freeze], self.variables).decode().split()

    def write(self, here: Place, name: str, lines: Sequence[str]) -> str:
        """Write a requirements file, and return where it is."""
        path = os.path.join(here.home, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write("".join(f"{line}\n" for line in lines))
        return path

    def can(self, path: str, requirements: str) -> bool:
        """Tell whether everything can be had here."""
        try:
            self.make(path, requirements)
        except SystemExit:
            return False
        return True


def uv_of(here: Place) -> Uv:
    """Return uv as ours runs it: with pip's configuration translated."""
    program = find_uv()
    if program is None:
        raise SystemExit("error: uv is not installed\nhint: pip install uv")
    translation = dict(translated(here.host))
    flags = ("--no-index",) if translation.pop("UV_NO_INDEX", None) else ()
    variables = {**here.host.environ, "HOME": here.home, **translation}
    variables |= {"UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1"}
    return Uv(program, variables, (*flags, "--no-config"))


def measured_steps(here: Place, plan: model.Plan | NoPlan) -> "Counter[str]":
    """Run a plan, and return the seconds of each part of it that has a name."""
    parts: Counter[str] = Counter()
    with ExitStack() as stack:
        for owner, name in PARTS:
            stack.enter_context(_timing(owner, name, parts))
        start = time.perf_counter()
        here.run(plan)
        parts["all"] = time.perf_counter() - start
    return parts


@contextmanager
def _timing(owner: object, name: str, parts: "Counter[str]") -> Iterator[None]:
    before = getattr(owner, name)

    def timed(*given: object, **named: object) -> object:
        start = time.perf_counter()
        try:
            return before(*given, **named)
        finally:
            parts[name.strip("_")] += time.perf_counter() - start

    setattr(owner, name, timed)
    try:
        yield
    finally:
        setattr(owner, name, before)
