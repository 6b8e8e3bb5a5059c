"""The disk that everything is measured on: a synthetic home, made once and kept.

It has the proportions of a developer's: most folders lie in `node_modules`, `.git`,
site-packages and `__pycache__`, one in sixteen is left when those are pruned, and environments
lie in projects as well as in the central places of every tool. One third shares its files with
uv's cache by hard links. The same scale gives the same tree, names and lengths included.
"""

import json
import os
import random
import shutil
import sys
import tempfile
from dataclasses import asdict, dataclass

from benchmarks.synthetic.environments import Base, Plan, write_base, write_environment
from benchmarks.synthetic.packages import FAMILY, Package, make_packages
from benchmarks.synthetic.projects import (
    IN_PROJECT,
    kept,
    project_path,
    write_node_modules,
    write_project,
    write_repository,
)
from benchmarks.synthetic.writer import Writer, age

FORMAT = 3
"""Raised when the same scale gives another tree than before."""
_OLD_VERSIONS = ("3.8.18", "3.9.18", "3.10.13", "3.12.4", "3.13.0")


@dataclass(frozen=True)
class Scale:
    """How much there is."""

    name: str
    folders: int
    """At least so many in all; `node_modules` make up what is missing."""
    environments: int
    packages: tuple[int, int]
    """Fewest and most in an environment."""
    source_folders: int
    """Folders that are left when the rest is pruned, more or less."""
    modules: tuple[int, int] = (2, 9)
    """Fewest and most modules of a package, besides `__init__` and `cli`."""
    repositories: bool = True
    linked: bool = False
    """Whether environments share all files of a package, metadata and RECORD included, by hard
    links, and have no byte code: what they cost on the disk is their folders."""
    releases: int = 4
    """So many times as many different ones as an environment has at most."""
    seed: int = 20_261_120


HOME = Scale("home", 221_000, 160, (25, 95), 13_500, (6, 40))
CROWD = Scale("crowd", 1, 1_000, (60, 60), 4_000, (0, 0), repositories=False)
"""A thousand environments of 60 packages, for memory and for how smoothly they stream in."""
THRONG = Scale(
    "throng", 1, 10_000, (60, 60), 20_000, (0, 0), repositories=False, linked=True, releases=40
)
"""Ten thousand of 60 packages, for the same at the scale of a shared machine."""
QUICK = Scale("quick", 12_000, 20, (5, 30), 1_000)
QUICK_CROWD = Scale("quick-crowd", 1, 150, (20, 20), 500, (0, 0), repositories=False)
QUICK_THRONG = Scale("quick-throng", 1, 150, (20, 20), 500, (0, 0), repositories=False, linked=True)
TINY = Scale("tiny", 900, 12, (2, 4), 30, (0, 12))
"""For the generator's own test."""


@dataclass(frozen=True)
class Disk:
    """A synthetic home that is there."""

    home: str
    folders: int
    files: int
    environments: tuple[str, ...]
    """Paths, in the order in which they were made."""
    projects: tuple[str, ...]
    """The names of the projects' folders."""


def cache_folder() -> str:
    """Return where homes and peers are kept between runs: never in the repository, and in a
    folder of our own, since what is stale there is removed."""
    above = os.environ.get("ENVDECK_BENCHMARK_DIR") or tempfile.gettempdir()
    folder = os.path.join(above, "envdeck-benchmarks")
    os.makedirs(folder, exist_ok=True)
    return os.path.realpath(folder)


def ready(scale: Scale, folder: str | None = None) -> Disk:
    """Return the home of a scale, made now if it is not there yet (which takes a minute)."""
    place = os.path.join(folder or cache_folder(), scale.name)
    stamp = os.path.join(place, "stamp.json")
    home = os.path.join(place, "ada")
    wanted = {"format": FORMAT, "base": _own_base().prefix, **asdict(scale)}
    wanted = json.loads(json.dumps(wanted))
    if os.path.exists(stamp):
        with open(stamp, encoding="utf-8") as file:
            known = json.load(file)
        made = known["made"]
        if known["wanted"] == wanted and made["home"] == home:
            names = tuple(made["environments"]), tuple(made["projects"])
            return Disk(made["home"], made["folders"], made["files"], *names)
    if os.path.isdir(place):
        shutil.rmtree(place)  # another scale, or one that was not finished
    disk = make(scale, home)
    with open(stamp, "w", encoding="utf-8") as file:
        json.dump({"wanted": wanted, "made": asdict(disk)}, file)
    os.sync()
    return disk


def make(scale: Scale, home: str) -> Disk:
    """Make the home in a folder that does not exist yet."""
    os.makedirs(home)
    writer = Writer(home)
    random_ = random.Random(scale.seed)
    pool = make_packages(
        max(30, scale.packages[1] * scale.releases), scale.seed, modules=scale.modules
    )
    projects = [project_path(writer, number) for number in range(scale.environments)]
    for path in projects:
        write_project(writer, path, max(1, scale.source_folders // len(projects)), random_)
        if scale.repositories:
            write_repository(writer, path)
    plans = _plans(scale, writer, projects, pool, random_)
    for plan in plans:
        write_environment(writer, plan, writer.path(".cache/uv/archive-v0"))
    missing = scale.folders - writer.folders
    with_node = projects[::2]
    for path in with_node if missing > 0 else ():
        write_node_modules(writer, path, -(-missing // len(with_node)))
    age(home)
    names = tuple(os.path.basename(path) for path in projects)
    return Disk(home, writer.folders, writer.files, tuple(plan.path for plan in plans), names)


def _plans(
    scale: Scale,
    writer: Writer,
    projects: list[str],
    pool: list[Package],
    random_: random.Random,
) -> list[Plan]:
    bases = [_own_base()] + [
        write_base(writer, writer.path(".pyenv/versions", version), version)
        for version in _OLD_VERSIONS
    ]
    plans = []
    for number, project in enumerate(projects):
        base = bases[0] if number % 2 else bases[number // 2 % len(bases)]
        files: dict[str, str] = {}
        if number % 3 == 2:
            path, creator, files = kept(writer, project, number // 3, base.minor)
        else:
            path = f"{project}/{('.venv', 'venv', '.venv', 'env')[number % 4]}"
            creator = IN_PROJECT[number // 3 % len(IN_PROJECT)]
        state = {11: "broken", 23: "moved"}.get(number % 40, "ok")
        wanted = random_.randint(*scale.packages)
        families = random_.sample(range(len(pool) // FAMILY), -(-wanted // FAMILY))
        packages = tuple(
            one for family in families for one in pool[family * FAMILY : (family + 1) * FAMILY]
        )[:wanted]
        plans.append(Plan(path, creator, base, packages, state, files, scale.linked))
    return plans


def _own_base() -> Base:
    """Return the interpreter that runs us, so that half of the environments really work."""
    prefix = os.path.realpath(sys.base_prefix)
    return Base(prefix, ".".join(map(str, sys.version_info[:3])))
