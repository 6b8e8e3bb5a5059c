"""Caches that real tools filled: what is shown, what clearing frees by the file system's own count,
and that the tool works after. Packages come from an index on this machine; tools other than uv and
pip are installed for it, with the network."""

import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import pytest
from uv import find_uv_bin

from envdeck.core.caches import Cache, CacheFinder
from envdeck.core.catalog import Catalog
from envdeck.core.model import Ending, NoPlan
from envdeck.core.operations.api import Operations
from envdeck.core.operations.delete.clear import plan_clear
from envdeck.core.system.host import Host
from support.package_index import PackageIndex, serve_packages
from support.trees import disk_bytes
from support.wheels import make_repository, write_sdist, write_wheel

BLOCK = 4096
HERE = os.path.dirname(sys.executable)
REQUIREMENTS = {"pdm": "pdm[locked]"}  # 2.29 does not run with every release that it accepts
NOISE = random.Random(13)


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    """An index with wheels of some megabytes, and a source archive."""
    folder = tmp_path_factory.mktemp("index")
    for name in ("lamp", "shade", "night"):
        files = {f"{name}/__init__.py": "here = True\n", f"{name}/data.bin": NOISE.randbytes(2**21)}
        headers = ["Requires-Python: >=3.8"]
        write_wheel(folder / "packages", name, "1.0", files, headers=headers)
    write_sdist(folder / "packages", "bulb", "1.0")
    with serve_packages(folder / "served", folder / "packages") as index:
        yield index


@pytest.fixture(scope="session")
def installed(tmp_path_factory):
    """Return a function that returns the folder of a tool's program."""
    places = {"uv": os.path.dirname(find_uv_bin()), "pip": HERE}

    def install(name: str) -> str:
        if name not in places:
            folder = tmp_path_factory.mktemp(name)
            words = ["venv", "-q", "--python", sys.executable, folder]
            subprocess.run([find_uv_bin(), *words], check=True, timeout=60)
            words = ["pip", "install", "-q", "--python", folder, REQUIREMENTS.get(name, name)]
            done = subprocess.run(
                [find_uv_bin(), *words], capture_output=True, text=True, check=False, timeout=300
            )
            if done.returncode:
                pytest.skip(f"{name} cannot be installed: {done.stderr.strip().splitlines()[-1]}")
            places[name] = str(folder / "bin")
        return places[name]

    return install


@pytest.fixture
def disk(tmp_path):
    """Return a folder on a disk of its own where this user may mount one, else an ordinary one."""
    point = tmp_path / "disk"
    point.mkdir()
    image = tmp_path / "image"
    can = os.name == "posix" and not os.geteuid() and shutil.which("mkfs.ext4")
    with ExitStack() as stack:
        if can:
            with open(image, "wb") as file:
                file.truncate(256 * 2**20)
            make = ["mkfs.ext4", "-q", "-F", "-b", str(BLOCK), image]
            subprocess.run(make, check=True, capture_output=True, timeout=60)
            mount = ["mount", "-o", "loop", image, point]
            if not subprocess.run(mount, capture_output=True, check=False, timeout=60).returncode:
                stack.callback(subprocess.run, ["umount", "-l", point], check=True, timeout=60)
        yield point.resolve()


@dataclass
class Machine:
    """A home with one real tool."""

    tool: str
    home: Path
    host: Host
    index: PackageIndex
    operations: Operations
    runs: int = field(default=0)

    def run(self, *words: object, cwd: Path | None = None, **more: str) -> str:
        environ = {**self.host.environ, **more}
        done = subprocess.run(
            [str(word) for word in words],
            env=environ,
            cwd=cwd or self.home,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def use(self) -> None:
        """Have the tool make one more environment, as people do."""
        self.runs += 1
        folder = self.home / f"work{self.runs}"
        folder.mkdir()
        USES[self.tool](self, folder)

    def caches(self) -> list[Cache]:
        finder = CacheFinder(self.operations.catalog)
        finder.kinds = frozenset({self.tool})
        return list(finder.find())

    def used(self) -> int:
        """What is taken of the disk: by its own count where it is one of its own; less what this
        program keeps for itself."""
        names = (".local/state/envdeck", ".local/share/envdeck", ".cache/envdeck")
        is_own = os.path.ismount(self.home.parent)
        if is_own:
            os.sync()  # before either count, as what is still to be written is counted otherwise
        own = disk_bytes(*(self.home / name for name in names))
        if is_own:
            status = os.statvfs(self.home)
            return (status.f_blocks - status.f_bfree) * status.f_frsize - own
        return disk_bytes(self.home) - own


@pytest.fixture
def machine(disk, index, installed):
    """Return a function that makes a home with a tool."""

    def make(tool: str) -> Machine:
        home = disk / "ada"
        for name in (".local/state/envdeck", ".local/share", ".cache/envdeck"):
            (home / name).mkdir(parents=True)
        git = os.path.dirname(shutil.which("git") or "/usr/bin/git")
        path = os.pathsep.join([installed(tool), HERE, git, "/usr/bin", "/bin"])
        environ = {
            "HOME": str(home), "PATH": path, "LC_ALL": "C.UTF-8", "NO_COLOR": "1",
            "PIP_INDEX_URL": index.url, "PIP_TRUSTED_HOST": "127.0.0.1", "UV_INDEX_URL": index.url,
            "PIP_DISABLE_PIP_VERSION_CHECK": "1", "TMPDIR": tempfile.gettempdir(),
            "PIPENV_PYPI_MIRROR": index.url, "UV_PYTHON_DOWNLOADS": "never",
        }  # fmt: skip
        host = Host(sys.platform, str(home), environ)
        catalog = Catalog(host, str(home / ".cache/envdeck/index.sqlite3"))
        return Machine(tool, home, host, index, Operations(catalog))

    return make


def use_uv(machine: Machine, folder: Path) -> None:
    machine.run("uv", "venv", "-q", "--python", sys.executable, folder / ".venv")
    machine.run("uv", "pip", "install", "-q", "lamp", "shade", "bulb", cwd=folder)


def use_pip(machine: Machine, folder: Path) -> None:
    machine.run(sys.executable, "-m", "venv", "--without-pip", folder / ".venv")
    words = ("--python", folder / ".venv", "install", "-q", "lamp", "shade", "bulb")
    machine.run("pip", *words)


def declare(machine: Machine, folder: Path, more: str) -> None:
    (folder / "pyproject.toml").write_text(
        f'[project]\nname = "{folder.name}"\nversion = "1"\nrequires-python = ">=3.11,<4"\n'
        f'dependencies = ["lamp", "shade", "bulb"]\n{more.format(url=machine.index.url)}'
    )


def use_poetry(machine: Machine, folder: Path) -> None:
    more = '[tool.poetry]\npackage-mode = false\n[[tool.poetry.source]]\nname = "here"\n'
    declare(machine, folder, f'{more}url = "{{url}}"\npriority = "primary"\n')
    machine.run("poetry", "install", "-q", "--no-interaction", "--no-root", cwd=folder)


def use_pdm(machine: Machine, folder: Path) -> None:
    declare(machine, folder, '[[tool.pdm.source]]\nname = "pypi"\nurl = "{url}"\n')
    machine.run("pdm", "install", "-q", "--no-self", cwd=folder)


def use_pipenv(machine: Machine, folder: Path) -> None:
    environ = {"PIPENV_YES": "1", "PIPENV_IGNORE_VIRTUALENVS": "1"}
    machine.run("pipenv", "install", "lamp", "shade", "bulb", cwd=folder, **environ)


def use_pre_commit(machine: Machine, folder: Path) -> None:
    hook = machine.home / "hook"
    if not hook.exists():
        make_repository(hook, "placed")
        text = "- id: ok\n  name: ok\n  entry: python -c 'import placed'\n  language: python\n"
        (hook / ".pre-commit-hooks.yaml").write_text(text)
        settings = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
        machine.run("git", "-C", hook, "add", ".")
        machine.run("git", "-C", hook, *settings, "commit", "-q", "-m", "Hook")
    revision = machine.run("git", "-C", hook, "rev-parse", "HEAD").strip()
    machine.run("git", "init", "-q", folder)
    text = f"repos:\n- repo: {hook}\n  rev: {revision}\n  hooks: [{{id: ok}}]\n"
    (folder / ".pre-commit-config.yaml").write_text(text)
    machine.run("git", "add", ".", cwd=folder)
    machine.run("pre-commit", "run", "-a", cwd=folder)


def use_hatch(machine: Machine, folder: Path) -> None:
    """A new project: hatch asks for the text of its licence, once."""
    machine.run("hatch", "new", folder.name, cwd=folder)


USES: dict[str, Callable[[Machine, Path], None]] = {
    "uv": use_uv,
    "pip": use_pip,
    "poetry": use_poetry,
    "pdm": use_pdm,
    "pipenv": use_pipenv,
    "pre-commit": use_pre_commit,
    "hatch": use_hatch,
}
network = partial(pytest.param, marks=pytest.mark.network)
TOOLS = ["uv", "pip", *map(network, ("poetry", "pdm", "pipenv", "pre-commit", "hatch"))]


@pytest.mark.parametrize("purge", [True, False], ids=["for good", "by the way of its own"])
@pytest.mark.parametrize("tool", TOOLS)
def test_what_clearing_frees_is_what_the_file_system_says(machine, tool, purge):
    here = machine(tool)
    here.use()
    if tool == "uv":  # its environment shares all files with the cache; another test has that
        shutil.rmtree(here.home / "work1")
    (cache,) = here.caches()
    assert not cache.blocked
    shown = cache.size.reclaimable_bytes
    before = here.used()
    plan = plan_clear(here.operations, [cache], purge=purge)
    assert plan.refusals == ()
    result = here.operations.run(plan, lambda _: None)
    assert result.status is Ending.DONE, result
    if result.freed_bytes is None:  # in the trash, until that is emptied
        assert here.operations.run(here.operations.plan_purge(), lambda _: None).status == "done"
    freed = before - here.used()
    assert abs(freed - shown) <= freed / 100, (freed, shown)
    if result.freed_bytes is not None:
        assert abs(freed - result.freed_bytes) <= freed / 100, (freed, result.freed_bytes)
    here.use()
    assert here.caches()


def test_what_a_cache_and_environments_share_is_freed_with_the_last(machine):
    here = machine("uv")
    here.use()
    here.use()
    catalog, environments = here.operations.catalog, []
    for number in (1, 2):
        one = catalog.lookup(str(here.home / f"work{number}/.venv"))
        environments.append(replace(one, size=catalog.measure(one)))
    (cache,) = here.caches()
    alone = sum(one.size.reclaimable_bytes for one in environments)
    assert alone < 2**20
    assert cache.size.reclaimable_bytes < 2**20 < 4 * 2**20 < cache.size.disk_bytes
    before = here.used()
    result = here.operations.run(plan_clear(here.operations, [cache], purge=True), lambda _: None)
    assert result.status is Ending.DONE
    assert abs(before - here.used() - cache.size.reclaimable_bytes) <= 8 * BLOCK
    both = catalog.together(replace(one, size=catalog.measure(one)) for one in environments)
    before = here.used()
    for one in environments:
        shutil.rmtree(one.path)
    freed = before - here.used()
    assert freed > 4 * 2**20
    assert abs(freed - both.reclaimable_bytes) <= freed / 100


@pytest.mark.parametrize("tool", TOOLS[:2])
def test_a_tool_that_downloads_meanwhile_comes_to_its_end(machine, index, tool):
    """uv holds its lock, so that nothing is cleared; pip holds none, and bears it."""
    here = machine(tool)
    here.use()
    (cache,) = here.caches()
    plan = plan_clear(here.operations, [cache], purge=True)
    here.run(sys.executable, "-m", "venv", "--without-pip", here.home / "other")
    words = {
        "uv": ("uv", "pip", "install", "--python", "other", "night"),
        "pip": ("pip", "--python", "other", "install", "night"),
    }
    index.reached.clear()
    index.let_go.clear()
    index.held = True
    with subprocess.Popen(
        words[tool],
        executable=shutil.which(words[tool][0], path=here.host.environ["PATH"]),
        env=here.host.environ,
        cwd=here.home,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        try:
            assert index.reached.wait(60)
            result = here.operations.run(plan, lambda _: None)
        finally:
            index.held = False
            index.let_go.set()
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    ended = (result.status, result.guard)
    assert ended == ((Ending.REFUSED, "in-use") if tool == "uv" else (Ending.DONE, None)), result
    assert list((here.home / "other/lib").glob("python*/site-packages/*/data.bin"))
    here.use()


def test_a_cache_that_is_a_disk_of_its_own_is_cleared_by_its_folders(machine, disk):
    if not os.path.ismount(disk):
        pytest.skip("a disk cannot be mounted here: it takes root, `mount` and `mkfs.ext4`")
    here = machine("uv")
    cache = disk / "cache"
    cache.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", cache], check=True)
    try:
        here.host.environ["UV_CACHE_DIR"] = str(cache)
        here.use()
        shutil.rmtree(here.home / "work1")
        (found,) = here.caches()
        assert found.command == ()  # uv could not remove the folder itself
        before = os.statvfs(cache).f_bfree
        for purge in (False, True):
            plan = plan_clear(here.operations, [*here.caches()], purge=purge)
            result = here.operations.run(plan, lambda _: None)
            assert result.status is Ending.DONE, result
            if not purge:
                undo = here.operations.plan_undo(plan.id)
                assert here.operations.run(undo, lambda _: None).status is Ending.DONE
        status = os.statvfs(cache)
        freed = (status.f_bfree - before) * status.f_frsize
        assert abs(freed - result.freed_bytes) <= freed / 20  # the trash of that disk stays
        here.use()
    finally:
        subprocess.run(["umount", "-l", cache], check=True)


VARIABLES = {
    "uv": "UV",
    "pip": "PIP",
    "poetry": "POETRY",
    "pdm": "PDM",
    "pipenv": "PIPENV",
    "hatch": "HATCH",
}


@pytest.mark.parametrize("tool", TOOLS)
def test_a_cache_that_a_variable_moved_is_known_by_what_the_tool_wrote(machine, tool):
    here = machine(tool)
    name = f"{VARIABLES[tool]}_CACHE_DIR" if tool in VARIABLES else "PRE_COMMIT_HOME"
    here.host.environ[name] = str(here.home / "fast")
    here.use()
    assert [(one.root, one.blocked) for one in here.caches()] == [(str(here.home / "fast"), "")]


KILLED = """
import os, signal, sys
from itertools import count
from envdeck.core.caches import CacheFinder
from envdeck.core.catalog import Catalog
from envdeck.core.operations.api import Operations
from envdeck.core.operations.delete.clear import plan_clear
from envdeck.core.operations.transaction.journal import Journal
from envdeck.core.system.host import Host

home, number, purge = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "True"
operations = Operations(Catalog(Host(sys.platform, home, {"PATH": "/nowhere"})))
plan = plan_clear(operations, list(CacheFinder(operations.catalog, kinds=frozenset({"uv"})).find()),
                  purge=purge)
real, entries = Journal.write, count(1)
def write(journal, entry):
    written = real(journal, entry)
    if next(entries) == number:
        os.kill(os.getpid(), signal.SIGKILL)
    return written
Journal.write = write
print(operations.run(plan, lambda _: None).status.value)
"""
SAMPLE = (2, 7, 12)


@pytest.mark.parametrize("purge", [False, True], ids=["trash", "for good"])
@pytest.mark.parametrize(
    "number",
    [n if n in SAMPLE else pytest.param(n, marks=pytest.mark.kill) for n in range(1, 60)],
)
def test_killed_while_a_cache_is_cleared(machine, number, purge):
    """After each entry of the journal: what is left is whole, comes back, and uv works with it."""
    here = machine("uv")
    here.use()
    root = here.home / ".cache/uv"

    def listed() -> set[str]:
        return {os.path.relpath(place, root) for place, _, _ in os.walk(root)}

    before = listed()
    words = [sys.executable, "-c", KILLED, here.home, str(number), str(purge)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == -9 or done.stdout == "done\n", done.stderr
    here.operations.recover()
    assert here.operations.pending() == ()
    here.use()
    if purge or done.returncode == 0:
        return
    shutil.rmtree(root)  # what uv made again meanwhile
    root.mkdir()
    plan = here.operations.plan_undo()
    while not isinstance(plan, NoPlan):
        result = here.operations.run(plan, lambda _: None)
        assert result.status is Ending.DONE, result
        plan = here.operations.plan_undo()
    assert listed() <= before


@pytest.mark.parametrize("tool", TOOLS[:2])
def test_a_tool_that_was_told_to_use_no_cache_clears_it_all_the_same(machine, tool):
    here = machine(tool)
    here.use()
    names = {"uv": "UV_NO_CACHE", "pip": "PIP_NO_CACHE_DIR"}
    here.host.environ[names[tool]] = "1"
    settings = here.home / ".config/pip/pip.conf"
    settings.parent.mkdir(parents=True)
    settings.write_text("[global]\nno-cache-dir = true\n")
    (cache,) = here.caches()
    assert cache.command
    result = here.operations.run(plan_clear(here.operations, [cache]), lambda _: None)
    assert (result.status, result.freed_bytes > 0) == (Ending.DONE, True), result
    assert here.caches() == [] or here.caches()[0].size.disk_bytes < 10 * BLOCK
