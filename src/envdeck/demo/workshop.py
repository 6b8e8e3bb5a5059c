"""Environments and projects, made with the real tools or copied from templates.

A tool takes a quarter of a second for each environment. They differ in path, Python and prompt
only: in a copy these words are replaced in texts, names and links.
"""

import glob
import os
import re
import shutil
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TypeAlias

from envdeck.core.catalog import Catalog
from envdeck.core.discovery.managers import managers
from envdeck.core.inspection.packages.distributions import read_distributions
from envdeck.core.lazy_dataclasses import dataclass, field, replace
from envdeck.core.model import Creation
from envdeck.core.operations.engine.command import Command, clean_environ
from envdeck.core.operations.engine.creators import (
    Creator,
    UvCreator,
    VenvCreator,
    VirtualenvCreator,
)
from envdeck.core.operations.engine.runner import Runner
from envdeck.core.operations.engine.uv import UvAdapter, find_uv
from envdeck.core.system.host import Host
from envdeck.core.timeline.store import SnapshotStore
from envdeck.demo.pythons import BasePython, OtherPythons
from envdeck.demo.sandbox import DemoLayout
from envdeck.demo.wheels import releases, resolve, unpack, withdrawn, write_wheel

PROMPT = "prompt-of-the-template"
"""The prompt of each template; a word that appears nowhere else."""

_PROMPT_LINE = re.compile(r"^prompt *=.*\n", re.MULTILINE)
_PROMPT_FLAG = re.compile(rf" --prompt[= ](?:\"{PROMPT}\"|'{PROMPT}'|{PROMPT})")
_SINCE_311 = re.compile(r"^(?:executable|command) *=.*\n", re.MULTILINE)
_FIRST_WITH_COMMAND = (3, 11)


@dataclass(frozen=True, slots=True)
class Template:
    """An environment to copy."""

    path: str
    creator: str
    python: BasePython

    def copy(self, path: str, python: BasePython, prompt: str | None) -> None:
        """Make an environment as its creator makes it with that Python; without a prompt it has
        the name of its folder. Raises OSError."""
        words = {
            self.path: path,
            self.python.prefix: python.prefix,
            f"python{self.python.minor}": f"python{python.minor}",
            self.python.version: python.version,
            f"python-version = {self.python.minor}": f"python-version = {python.minor}",
            f"{sys.executable} -m virtualenv": f"{python.executable} -m virtualenv",
            PROMPT: prompt or os.path.basename(path),
        }
        pattern = re.compile("|".join(map(re.escape, sorted(words, key=len, reverse=True))))

        def replaced(text: str) -> str:
            return pattern.sub(lambda match: words[match[0]], text)

        def replaced_cfg(text: str) -> str:
            if prompt is None:
                text = _PROMPT_FLAG.sub("", _PROMPT_LINE.sub("", text))
            if self.creator == "venv" and python.numbers < _FIRST_WITH_COMMAND:
                text = _SINCE_311.sub("", text)
            return replaced(text)

        for folder, folders, files in os.walk(self.path):
            place = path + replaced(folder[len(self.path) :])
            os.makedirs(place)
            for name in (*folders, *files):
                one, target = os.path.join(folder, name), os.path.join(place, replaced(name))
                if os.path.islink(one):
                    os.symlink(replaced(os.readlink(one)), target)
                elif name in files:
                    _copy_file(one, target, replaced_cfg if name == "pyvenv.cfg" else replaced)


def _copy_file(one: str, target: str, replaced: Callable[[str], str]) -> None:
    with open(one, encoding="utf-8", errors="surrogateescape", newline="") as file:
        text = file.read()
    with open(target, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        file.write(replaced(text))
    os.chmod(target, os.stat(one).st_mode & 0o777)


DAY = 86_400.0
_LIMIT = 60.0
_NEVER_LINKED = frozenset({"RECORD", "INSTALLER", "REQUESTED"})
"""Files that uv writes instead of linking them."""


class DemoError(Exception):
    """The demo cannot be built; its text says why, without a full stop."""


@dataclass(frozen=True, slots=True)
class Created:
    """What a scenario created in the home."""

    project: str | None = None
    """The folder of its project, which may have been deleted since."""
    environment: str | None = None
    others: tuple[str, ...] = ()
    """Further environments."""


@dataclass(frozen=True, slots=True)
class Builder:
    """Creates what the scenarios consist of, from several threads. Paths are relative to the
    home."""

    layout: DemoLayout
    host: Host
    """The machine of the demo."""
    python: BasePython
    others: OtherPythons
    _runner: Runner = field(init=False, repr=False)
    _templates: dict[str, Template] = field(init=False, repr=False, default_factory=dict)
    _lock: threading.Lock = field(init=False, repr=False, default_factory=threading.Lock)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_runner", Runner(self.host))

    def at(self, path: str) -> str:
        """Return the whole path of one that is relative to the home."""
        return os.path.normpath(os.path.join(self.layout.home, path))

    def project_name(self, manager: str, project: str) -> str:
        """Return the hash of its path by which a manager names the environments of a project."""
        found = next(one for one in managers(self.host) if one.name == manager)
        return next(iter(found.project_names(project)))

    def write(self, path: str, files: Mapping[str, str]) -> str:
        """Write files into a folder, each dedented; return the folder."""
        folder = self.at(path)
        for name, text in files.items():
            place = os.path.join(folder, *name.split("/"))
            os.makedirs(os.path.dirname(place), exist_ok=True)
            with open(place, "w", encoding="utf-8", newline="") as file:
                file.write(textwrap.dedent(text).lstrip("\n"))
        return folder

    # environments

    def environment(
        self,
        path: str,
        requirements: str = "",
        *,
        creator: str = "uv",
        python: BasePython | None = None,
        prompt: str | None = None,
        made: float = 100,
        used: float = 1,
    ) -> str:
        """Make an environment with packages of the demo's index; `made` and `used` are days ago.

        One of uv with the working Python shares its files with uv's cache. In all others the files
        are copies, installed by `pip` except with uv.
        """
        path, python = self.at(path), python or self.python
        if creator == "uv" and python == self.python:
            self._make(creator, path, prompt)
            self.install(path, requirements)
        else:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            self._template(creator).copy(path, python, prompt)
            self.unpack(path, requirements, python, "uv" if creator == "uv" else "pip")
        self.age(path, made=made, used=used)
        return path

    def _make(self, creator: str, path: str, prompt: str | None) -> None:
        home = self.host.home
        maker: Creator = UvCreator(self._uv(home))
        if creator != "uv":
            maker = (VenvCreator if creator == "venv" else VirtualenvCreator)(self.host, home)
        creation = Creation(creator=creator, prompt=prompt)
        self.run(maker.command(path, self.python.executable, creation, name=os.path.basename(path)))

    def _template(self, creator: str) -> Template:
        """Return the template of a creator, made on first use; other threads wait."""
        with self._lock:
            if creator not in self._templates:
                path = os.path.join(self.layout.templates, creator)
                self._make(creator, path, PROMPT)
                self._templates[creator] = Template(path, creator, self.python)
            return self._templates[creator]

    def install(self, path: str, requirements: str) -> None:
        """Install packages into an environment of uv."""
        if requirements:
            with _requirements_file(path, requirements) as listed:
                self.run(self._uv(self.host.home).install(_python(path), listed))

    def uninstall(self, path: str, names: str) -> None:
        """Remove packages from an environment, also those that others need."""
        with _requirements_file(path, names) as listed:
            self.run(self._uv(self.host.home).uninstall(_python(path), listed))

    def unpack(
        self, path: str, requirements: str, python: BasePython, installer: str = "pip"
    ) -> None:
        """Install packages into an environment or a Python, as copies and without a process."""
        library = os.path.join(path, "lib", f"python{python.minor}", "site-packages")
        for one in resolve((*releases(), *withdrawn()), requirements.split()):
            wheel = os.path.join(self.layout.packages, one.release.file)
            if not os.path.exists(wheel):
                wheel = write_wheel(self.layout.templates, one.release)
            unpack(wheel, one.release, path, library, asked=one.asked, installer=installer)

    def link(self, one: str, other: str) -> None:
        """Install the packages of one environment into another, as hard links as uv makes them."""
        place = _library(other)
        for folder, _, files in os.walk(library := _library(one)):
            target = os.path.join(place, os.path.relpath(folder, library))
            os.makedirs(target, exist_ok=True)
            for name in files:
                if not os.path.lexists(made := os.path.join(target, name)):
                    copy = shutil.copyfile if name in _NEVER_LINKED else os.link
                    copy(os.path.join(folder, name), made)

    def age(self, path: str, *, made: float, used: float) -> None:
        """Set the times from which the last use of an environment is read, in days ago."""
        now = self.host.now()
        wrote, read = now - made * DAY, now - min(used, made) * DAY
        os.utime(os.path.join(path, "pyvenv.cfg"), (read, wrote))
        with os.scandir(_library(path)) as entries:
            for entry in entries:
                if entry.name == "_virtualenv.pth" or entry.name.endswith(".dist-info"):
                    os.utime(entry.path, (read, wrote))
                elif entry.is_dir():
                    os.utime(entry.path, (read, read))

    def date(self, path: str, names: str, *, days: float) -> None:
        """Let packages seem to have been installed so many days ago."""
        when = self.host.now() - days * DAY
        for name in names.split():
            (found,) = glob.glob(os.path.join(glob.escape(_library(path)), f"{name}-*.dist-info"))
            os.utime(found, (when, when))

    def look(self, path: str, *, days: float, good: bool = False) -> None:
        """Keep a snapshot of what an environment holds, as a scan of so many days ago has; `good`
        marks it as known to have worked. Raises :class:`DemoError`."""
        when = self.host.now() - days * DAY
        host = replace(self.host, now=lambda: when)
        memory = os.path.join(self.layout.templates, "looks", os.path.basename(path))
        environment = Catalog(host, memory).lookup(path)
        if environment is None:
            raise DemoError(f"{path} is not an environment")
        store = SnapshotStore(host)
        store.keep(environment, read_distributions(environment), source="scan")
        if good:
            store.mark_good(path, store.snapshots(path)[0].id)

    # projects

    def lock(self, project: str) -> None:
        """Lock a project of uv."""
        self.run(self._uv(project, project=True).lock())

    def sync(
        self,
        project: str,
        *,
        groups: Sequence[str] | None = None,
        made: float = 100,
        used: float = 1,
    ) -> str:
        """Make the environment of a locked project of uv."""
        path = self.environment(os.path.join(project, ".venv"), prompt=os.path.basename(project))
        uv = self._uv(project, project=True)
        self.run(uv.project_sync(path, self.python.executable, groups=groups))
        self.age(path, made=made, used=used)
        return path

    def commit(self, project: str, *, ignored: Sequence[str] = ()) -> None:
        """Make a git repository of a project, where git is installed."""
        git = os.path.join(self.layout.programs, "git")
        if not os.path.lexists(git):
            return
        if ignored:
            self.write(project, {".gitignore": "".join(f"{line}\n" for line in ignored)})
        when = f"{int(self.host.now() - 30 * DAY)} +0000"
        environ = {**clean_environ(self.host), "GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when}
        for words in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", "Begin")):
            self.run(Command((git, *words), project, environ))

    # processes

    def run_uv(self, *arguments: str) -> None:
        """Run uv with these arguments."""
        program = find_uv() or "uv"
        self.run(Command((program, *arguments), self.host.home, clean_environ(self.host)))

    def run(self, command: Command) -> None:
        """Run a command. Raises :class:`DemoError` where it fails."""
        done = self._runner.run(command, limit=_LIMIT)
        if not done.ok:
            output = "; ".join(done.tail[-3:])
            raise DemoError(
                f"`{' '.join(command.shown)}` failed with exit code {done.code}: {output}"
            )

    def _uv(self, folder: str, *, project: bool = False) -> UvAdapter:
        return UvAdapter(self.host, folder=folder, project=project, offline=True)


@contextmanager
def _requirements_file(path: str, requirements: str) -> Iterator[str]:
    listed = f"{path}.requirements"
    with open(listed, "w", encoding="utf-8") as file:
        file.writelines(f"{one}\n" for one in requirements.split())
    yield listed
    os.unlink(listed)


def _library(path: str) -> str:
    (found,) = glob.glob(os.path.join(glob.escape(path), "lib", "python*", "site-packages"))
    return found


def _python(path: str) -> str:
    return os.path.join(path, "bin", "python")


Create: TypeAlias = Callable[[Builder], Created]


@dataclass(frozen=True, slots=True)
class Scenario:
    """One thing that happens to environments, created in the home of the demo."""

    name: str
    """That of its function, with hyphens."""
    shows: str
    """What it shows, in one sentence without a full stop."""
    create: Create
    usual: bool = True
    """Whether it is in every demo; the others are only created by name."""


def scenario(shows: str, *, usual: bool = True) -> Callable[[Create], Scenario]:
    """Make a scenario of a function."""
    return lambda create: Scenario(create.__name__.replace("_", "-"), shows, create, usual)
