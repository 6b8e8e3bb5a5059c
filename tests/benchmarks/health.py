"""Checks, bisecting and testing versions, against what does the nearest thing.

Quick checks are the first scan of a machine with them against the same scan without, in seconds
of processor time of all its processes. Hashing every file stands against `sha256sum` of the same
files. `envdeck doctor` of one environment, a process from its start to its end, stands against
`uv pip check` and `pip check`, which answer two of its thirty questions. A bisect of 32 changes
stands against as many environments as it tries sets, by `uv venv` and `uv pip sync`. A matrix of
four cells stands against the same four `uv run --isolated`, one after the other.
"""

import os
import resource
import subprocess
import sys
from base64 import urlsafe_b64encode
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from uv import find_uv_bin

from benchmarks.harness import (
    Outcome,
    Times,
    child_environment,
    envdeck,
    exhaust,
    fresh_folder,
    paired,
    ratio,
)
from benchmarks.setting import Setting, host_of
from benchmarks.synthetic.environments import Base, Plan, write_environment
from benchmarks.synthetic.packages import FAMILY, make_packages
from benchmarks.synthetic.writer import Writer
from envdeck.core.catalog import Catalog, Scope
from envdeck.core.model import Ending, Policy
from envdeck.core.operations.api import Operations
from envdeck.core.operations.bisect.run import BisectRequest, NoBisect, run_bisect
from envdeck.core.operations.matrix.plan import MatrixChoice, MatrixPlan, plan_matrix
from envdeck.core.system.host import Host
from envdeck.core.timeline.store import SnapshotStore
from support.wheels import write_wheel

_CHANGES = 32
_PACKAGES = 105
_PARTS = 40


def measure(setting: Setting) -> list[Outcome]:
    with fresh_folder() as folder:
        return [
            _quick(setting, folder),
            _deep(setting, folder),
            *_doctor(setting, folder),
            _bisect(setting, folder),
            _matrix(setting, f"{folder}/matrix"),
        ]


def _quick(setting: Setting, folder: str) -> Outcome:
    home = setting.home
    number = 0

    def scan(*, health: bool) -> Callable[[], object]:
        def look() -> int:
            nonlocal number
            number += 1
            own = {f"XDG_{kind}_HOME": f"{folder}/{number}/{kind}" for kind in ("DATA", "CACHE")}
            catalog = Catalog(host_of(home, own), index_file=f"{folder}/{number}.sqlite")
            return exhaust(catalog.scan(Scope(roots=(home.home,), health=health)))

        return look

    ours, peer = Times(), Times()
    for _ in range(setting.rounds):
        for times, action in ((ours, scan(health=True)), (peer, scan(health=False))):
            before = _cpu()
            action()
            times.seconds.append(_cpu() - before)
    found = ratio("quick checks in a first scan", ours, peer, 1.1, "without")
    what = f"{found.detail}; processor time, {len(home.environments)} environments"
    return Outcome(found.what, found.measured, found.bar, found.holds, what)


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _deep(setting: Setting, folder: str) -> Outcome:
    """Compare hashing all files of an environment with `sha256sum` of the same."""
    count = 2_000 if setting.quick else 20_000
    root = f"{folder}/deep/.venv"
    site = f"{root}/lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"
    os.makedirs(f"{root}/bin")
    os.symlink(sys.executable, f"{root}/bin/python")
    with open(f"{root}/pyvenv.cfg", "w", encoding="utf-8") as cfg:
        cfg.write(f"home = {os.path.dirname(os.path.realpath(sys.executable))}\n")
    listed = f"{folder}/files"
    with open(listed, "w", encoding="utf-8") as names:
        for package in range(count // 200):
            info = f"{site}/part{package}-1.0.dist-info"
            os.makedirs(info)
            os.makedirs(f"{site}/part{package}")
            rows = []
            for number in range(200):
                data = f"{package} {number}\n".encode() * (100 + number * 10)
                place = f"part{package}/m{number}.py"
                with open(f"{site}/{place}", "wb") as file:
                    file.write(data)
                digest = urlsafe_b64encode(sha256(data).digest()).rstrip(b"=").decode()
                rows.append(f"{place},sha256={digest},{len(data)}\n")
                names.write(f"{site}/{place}\0")
            with open(f"{info}/METADATA", "w", encoding="utf-8") as file:
                file.write(f"Metadata-Version: 2.1\nName: part{package}\nVersion: 1.0\n")
            with open(f"{info}/RECORD", "w", encoding="utf-8") as file:
                file.writelines(rows)
    catalog = Catalog(Host(sys.platform, folder, {}), index_file=f"{folder}/deep.sqlite")

    def ours() -> None:
        environment = catalog.lookup(root)
        if (
            environment is None
            or catalog.examine(environment, ("changed-file",), deep=True).findings
        ):
            raise SystemExit("error: the environment is not whole")

    def peer() -> None:
        with open(listed, "rb") as names:
            subprocess.run(
                ["xargs", "-0", "sha256sum"], stdin=names, stdout=subprocess.DEVNULL, check=True
            )

    own, other = paired(ours, peer, setting.rounds)
    return ratio(f"hash {count:,} installed files", own, other, 1.3, "`sha256sum`")


def _doctor(setting: Setting, folder: str) -> list[Outcome]:
    os.makedirs(f"{folder}/home")
    writer = Writer(f"{folder}/home")
    pool = make_packages(_PACKAGES // FAMILY * FAMILY, 7, modules=(6, 40))
    prefix = os.path.realpath(sys.base_prefix)
    base = Base(prefix, ".".join(map(str, sys.version_info[:3])))
    path = f"{folder}/home/work/api/.venv"
    plan = Plan(path, "venv", base, tuple(pool), "ok", {})
    write_environment(writer, plan, writer.path(".cache/uv/archive-v0"))
    variables = child_environment(f"{folder}/home")
    python = f"{path}/bin/python"

    def process(*command: str) -> Callable[[], object]:
        def call() -> None:
            done = subprocess.run(command, env=variables, capture_output=True, check=False)
            if done.returncode not in {0, 1}:
                raise SystemExit(f"error: {command[0]} failed: {done.stderr.decode()}")

        return call

    own = process(*envdeck("doctor", path))
    uv = process(find_uv_bin(), "pip", "check", "--no-config", "--offline", "--python", python)
    pip = process(sys.executable, "-m", "pip", "--python", python, "check")
    first, other = paired(own, uv, setting.rounds)
    second, slow = paired(own, pip, setting.rounds)
    name = f"`doctor` of {len(pool)} packages"
    return [
        ratio(f"{name}, whole process", first, other, 1.5, "`uv pip check`"),
        ratio("the same", second, slow, 0.15, "`pip check`"),
    ]


def _bisect(setting: Setting, folder: str) -> Outcome:
    home, wheels = f"{folder}/ada", f"{folder}/wheels"
    project, path = f"{home}/work/api", f"{home}/work/api/.venv"
    os.makedirs(project)
    os.makedirs(f"{home}/.config/pip")
    names = [f"part-{number}" for number in range(_CHANGES)]
    for name in names:
        module = name.replace("-", "_")
        for version in ("1.0", "2.0"):
            files = {f"{module}/m{number}.py": f"v = {version}\n" * 40 for number in range(30)}
            files[f"{module}/__init__.py"] = f"version = {version!r}\n"
            _wheel(wheels, name, version, files)
    with open(f"{home}/.config/pip/pip.conf", "w", encoding="utf-8") as file:
        file.write(f"[global]\nno-index = true\nfind-links = {wheels}\n")
    environ = {"PATH": os.environ["PATH"], "HOME": home, "UV_CACHE_DIR": f"{folder}/uv"}
    links = ("--no-config", "-q", "--no-index", "--find-links", wheels)

    def uv(*words: str) -> None:
        subprocess.run([find_uv_bin(), *words], env=environ, check=True, capture_output=True)

    host = Host(sys.platform, home, environ)
    operations = Operations(Catalog(host), Policy())
    store = SnapshotStore(host)
    uv("venv", "-q", "--no-config", "--python", sys.executable, path)
    snapshots = []
    for version in ("1.0", "2.0"):
        pins = [f"{name}=={version}" for name in names]
        uv("pip", "install", *links, "--python", path, *pins)
        environment = operations.catalog.lookup(path)
        assert environment is not None
        found = operations.catalog.distributions(environment)
        snapshots.append(store.keep(environment, found, source="scan"))
    with open(f"{folder}/pins.txt", "w", encoding="utf-8") as file:
        file.write("".join(f"{name}=={version}\n" for name in names))
    good, bad = snapshots
    assert good is not None
    assert bad is not None
    code = f"import part_{_CHANGES - 3} as p, sys; sys.exit(p.version == '2.0')"
    command = ("python", "-c", code)
    cores = os.cpu_count() or 1  # as many at once as `envdeck bisect` tries
    request = BisectRequest(environment, good, bad, command, project, at_once=cores)
    runs = 0

    def ours() -> None:
        nonlocal runs
        result = run_bisect(operations, request, lambda _: None, lambda: False)
        if isinstance(result, NoBisect) or not result.culprits:
            raise SystemExit(f"error: {result}")
        runs = len(result.runs)

    made = 0

    def peer() -> None:
        nonlocal made
        for _ in range(runs):
            made += 1
            place = f"{folder}/made/{made}"
            uv("venv", "-q", "--no-config", "--python", sys.executable, place)
            uv("pip", "sync", *links, "--python", place, f"{folder}/pins.txt")
            subprocess.run([f"{place}/bin/python", "-c", "import part_1"], check=True)

    own, other = paired(ours, peer, setting.rounds)
    row = ratio(f"bisect of {_CHANGES} changes", own, other, 0.5, "`uv venv`, `uv pip sync`")
    return Outcome(row.what, row.measured, row.bar, row.holds, f"{row.detail}; {runs} sets")


def _matrix(setting: Setting, folder: str) -> Outcome:
    home, wheels = f"{folder}/ada", f"{folder}/wheels"
    project = f"{home}/work/api"
    os.makedirs(project)
    os.makedirs(f"{home}/.config/pip")
    names = [f"part-{number}" for number in range(_PARTS)]
    for name in names:
        module = name.replace("-", "_")
        files = {f"{module}/m{number}.py": "v = 1\n" * 40 for number in range(30)}
        _wheel(wheels, name, "1.0", {f"{module}/__init__.py": "", **files})
    for version in ("1.0", "2.0", "3.0", "4.0"):
        _wheel(wheels, "elm", version, {"elm.py": f"version = {version!r}\n"})
    with open(f"{home}/.config/pip/pip.conf", "w", encoding="utf-8") as file:
        file.write(f"[global]\nno-index = true\nfind-links = {wheels}\n")
    with open(f"{project}/pyproject.toml", "w", encoding="utf-8") as file:
        file.write(
            '[project]\nname = "api"\nversion = "1"\nrequires-python = ">=3.8"\n'
            f"dependencies = {[*names, 'elm']}\n[tool.uv]\npackage = false\n"
            f"no-index = true\nfind-links = [{wheels!r}]\n"
        )
    environ = {"PATH": os.environ["PATH"], "HOME": home, "UV_CACHE_DIR": f"{folder}/uv"}
    operations = Operations(Catalog(Host(sys.platform, home, environ)), Policy())
    columns = tuple(f"elm=={number}.0" for number in range(1, 5))
    command = ("python", "-c", "import elm, part_1; print(elm.version)")

    def ours() -> None:
        choice = MatrixChoice(command=command, pythons=(sys.executable,), columns=columns)
        plan = plan_matrix(operations, project, choice)
        assert isinstance(plan, MatrixPlan)
        result = operations.run(plan, lambda _: None)
        if result.status is not Ending.DONE:
            raise SystemExit(f"error: {result.message}")

    def peer() -> None:
        for column in columns:
            how = ("run", "-q", "--isolated", "--python", sys.executable, "--with", column)
            subprocess.run(
                [find_uv_bin(), *how, *command],
                env=environ, cwd=project, check=True, capture_output=True,
            )  # fmt: skip

    subprocess.run([find_uv_bin(), "lock", "-q"], env=environ, cwd=project, check=True)
    own, other = paired(ours, peer, setting.rounds)
    return ratio("matrix of 4 cells", own, other, 1.2, "four `uv run --isolated`")


def _wheel(folder: str, name: str, version: str, files: dict[str, str]) -> None:
    write_wheel(Path(folder), name, version, files)
