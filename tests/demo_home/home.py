"""The home folder of `ada`: what gathers on a machine in some years, every case once.

    home = build(tmp_path)
    Catalog(home.host, home.index).scan(Scope())

Poetry, Pipenv, PDM and Hatch put a hash of a project's path into the names of environments, so
the same names come only from building in the same folder.
"""

import os
from dataclasses import dataclass

from demo_home.cases import Bases, Case, Planner
from demo_home.writing import Writer
from envdeck.core.model import ProjectState
from envdeck.core.system.host import Host

NOW = 1_795_000_000.0
"""A frozen clock: 2026-11-18T11:06:40Z."""


@dataclass(frozen=True, slots=True)
class DemoHome:
    """A built home, and the machine it is the home of."""

    host: Host
    index: str
    """Where its memory is kept."""
    cases: tuple[Case, ...]
    stray: str
    """A folder with nothing but a `pyvenv.cfg` in it."""

    def case(self, ending: str) -> Case:
        """Return the case whose path ends so."""
        return next(case for case in self.cases if case.plan.path.endswith(ending))


SCALE = 0.33
"""Of real sizes; the whole home then takes some 150 MB."""


def build(root: str, now: float = NOW, scale: float = SCALE) -> DemoHome:
    """Build the home in `root`, an empty folder, which is all of the machine there is."""
    root = os.path.realpath(root)
    home = os.path.join(root, "home", "ada")
    host = Host("linux", home, {}, lambda: now, root)
    writer = Writer(f"{home}/.cache/uv/archive-v0", now, scale)
    bases = Bases(home, writer)
    cases = tuple(Planner(host, bases).cases())
    plans = [case.plan for case in cases]
    writer.cached(plans)
    for plan in plans:
        writer.environment(plan)
    writer.prune_cache(("scipy", "scikit_learn"))
    for case in cases:
        if case.project_path is not None and case.project is ProjectState.FOUND:
            _project(writer, case)
    _around(writer, home, bases)
    return DemoHome(host, os.path.join(root, "index.sqlite3"), cases, f"{home}/Downloads/handout")


_MANIFESTS = {
    "work/mailer": ("Pipfile", "[packages]\n"),
    "work/storefront": ("manage.py", "import django\n"),
    "teaching/notebooks": (".envrc", "layout python\n"),
    "code/starmap": ("pixi.toml", "[workspace]\n"),
    "old/blog": ("requirements.txt", "Django<4\nMarkdown\npillow\n"),
    "old/wiki-bot": ("setup.py", "from setuptools import setup\n"),
    "old/pi-camera": ("requirements.txt", "picamera\n"),
}


def _project(writer: Writer, case: Case) -> None:
    """Write the project of an environment: a manifest, some sources, a repository."""
    path = case.project_path or ""
    name = os.path.basename(path)
    key = os.path.join(os.path.basename(os.path.dirname(path)), name)
    manifest, text = _MANIFESTS.get(
        key, ("pyproject.toml", f'[project]\nname = "{name}"\nversion = "1.0"\n')
    )
    writer.file(f"{path}/{manifest}", text)
    writer.file(f"{path}/src/{name.replace('-', '_')}/__init__.py")
    writer.file(f"{path}/.git/HEAD", "ref: refs/heads/main\n")


def _around(writer: Writer, home: str, bases: Bases) -> None:
    """Write what is neither an environment nor its project: links, tables, and what misleads."""
    atlas = f"{home}/.cache/uv/environments-v2/atlas-cp3.13.1-f89855d536887767"
    writer.link(atlas, f"{home}/work/atlas/.venv")
    writer.link(f"{home}/.pyenv/versions/3.11.9/envs/bots", f"{home}/.pyenv/versions/bots")
    writer.file(f"{home}/code/bots/.python-version", "bots\n")
    writer.file(f"{home}/.cache/uv/CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55\n")
    writer.file(f"{home}/.pyenv/shims/python", "#!/bin/sh\nexec pyenv exec\n", 0o755)
    handout = "home = /usr/bin\nversion = 3.10.12\n"
    writer.aged(writer.file(f"{home}/Downloads/handout/pyvenv.cfg", handout), 300, 300)
    writer.file(f"{home}/Downloads/handout/exercise.py", "print('hello')\n")
    writer.folder(f"{home}/archive")
    root = os.path.dirname(os.path.dirname(home))
    table = "/dev/sdb1 /home/ada/archive ext4 noauto,user 0 0\n"
    writer.file(f"{root}/etc/fstab", table)
    writer.packages_at(
        f"{home}/.local/lib/python3.12/site-packages", bases.py312, ("toolz", "cloup")
    )
    for name in ("work/storefront/node_modules/left", "code/scripts", "Documents", "Pictures"):
        writer.file(f"{home}/{name}/notes.txt", "kept\n")
