"""Environments and projects with the real tools; templates copied.

A tool takes a quarter of a second for each, and all that differs is where it lies, which Python
it rests on and what its prompt says: these words are replaced in its texts, names and links.
"""

import glob
import os
import re
import shutil
import sys
import textwrap
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata

from envdeck.core.discovery.managers import all_managers
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
from envdeck.demo.machine import DemoLayout
from envdeck.demo.packages import releases, withdrawn
from envdeck.demo.pythons import BasePython, OtherPythons
from envdeck.demo.wheels import resolve, unpack, write_wheel

PROMPT = "prompt-of-the-mould"
"""What a mould is made with; it stands nowhere else."""

_PROMPT_LINE = re.compile(r"^prompt *=.*\n", re.MULTILINE)
_PROMPT_FLAG = re.compile(rf" --prompt[= ](?:\"{PROMPT}\"|'{PROMPT}'|{PROMPT})")
_SINCE_311 = re.compile(r"^(?:executable|command) *=.*\n", re.MULTILINE)
_FIRST_WITH_COMMAND = (3, 11)


@dataclass(frozen=True, slots=True)
class Template:
    """An environment to cast others from."""

    path: str
    creator: str
    python: BasePython
    """The base it rests on."""

    def cast(self, path: str, python: BasePython, prompt: str | None) -> None:
        """Make an environment at a path that is not there yet, as its creator would have made
        it of that Python; without a prompt it has the name of its folder. Raises OSError."""
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

        def said(text: str) -> str:
            return pattern.sub(lambda match: words[match[0]], text)

        def settled(text: str) -> str:
            return said(self._settled(text, python, named=prompt is not None))

        for folder, folders, files in os.walk(self.path):
            place = path + said(folder[len(self.path) :])
            os.makedirs(place)
            for name in (*folders, *files):
                one, target = os.path.join(folder, name), os.path.join(place, said(name))
                if os.path.islink(one):
                    os.symlink(said(os.readlink(one)), target)
                elif name in files:
                    _copy(one, target, settled if name == "pyvenv.cfg" else said)

    def _settled(self, cfg: str, python: BasePython, *, named: bool) -> str:
        """Leave out of a `pyvenv.cfg` a prompt that nobody has asked for, and what `venv` of
        that Python does not write yet."""
        if not named:
            cfg = _PROMPT_FLAG.sub("", _PROMPT_LINE.sub("", cfg))
        if self.creator == "venv" and python.numbers < _FIRST_WITH_COMMAND:
            cfg = _SINCE_311.sub("", cfg)
        return cfg


def _copy(one: str, target: str, said: Callable[[str], str]) -> None:
    with open(one, encoding="utf-8", errors="surrogateescape", newline="") as file:
        text = file.read()
    with open(target, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        file.write(said(text))
    os.chmod(target, os.stat(one).st_mode & 0o777)


DAY = 86_400.0
_LIMIT = 60.0
_NEVER_LINKED = frozenset({"RECORD", "INSTALLER", "REQUESTED"})
"""What uv writes for each environment anew."""


class DemoError(Exception):
    """The demo cannot be built; its text says why, without a full stop."""


@dataclass(frozen=True, slots=True)
class Created:
    """What a story has left in the home."""

    story: str
    project: str | None = None
    """The folder of its project, whether that is still there or not."""
    environment: str | None = None
    others: tuple[str, ...] = ()
    """More environments of the same story."""


@dataclass(frozen=True, slots=True)
class Builder:
    """Makes what the stories ask for; it may be used from several threads."""

    layout: DemoLayout
    host: Host
    """The machine that the demo is."""
    python: BasePython
    others: OtherPythons
    _runner: Runner = field(init=False, repr=False)
    _moulds: dict[str, Template] = field(init=False, repr=False, default_factory=dict)
    _casting: threading.Lock = field(init=False, repr=False, default_factory=threading.Lock)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_runner", Runner(self.host))

    def at(self, *parts: str) -> str:
        """Return a path at home."""
        return os.path.join(self.layout.home, *parts)

    def project_name(self, tool: str, project: str) -> str:
        """Return what a tool calls the environments of a project, as far as that is a hash of
        its path."""
        found = next(one for one in all_managers() if one.name == tool)
        return next(iter(found.project_names(project, self.host)))

    # files

    def write(self, folder: str, files: Mapping[str, str]) -> str:
        """Write files of a project, each by its path in it, indented as it may be."""
        for name, text in files.items():
            path = os.path.join(folder, *name.split("/"))
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8", newline="") as file:
                file.write(textwrap.dedent(text).lstrip("\n"))
        return folder

    def private(self, folder: str, *names: str) -> None:
        """Let nobody else read files of a project."""
        for name in names:
            os.chmod(os.path.join(folder, name), 0o600)

    # environments

    def environment(
        self,
        path: str,
        *requirements: str,
        creator: str = "uv",
        python: BasePython | None = None,
        prompt: str | None = None,
        made: float = 100,
        used: float = 1,
    ) -> str:
        """Make an environment, with packages of the demo's index; `made` and `used` are days ago.

        What uv makes for the Python that works shares its files with uv's cache; in the others
        they are copies, and `pip` is named as their installer.
        """
        python = python or self.python
        if creator == "uv" and python == self.python:
            self._make(creator, path, prompt)
            self.install(path, *requirements)
        else:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            self._mould(creator).cast(path, python, prompt)
            installer = "uv" if creator == "uv" else "pip"
            self.unpack(path, requirements, python, installer)
        self.age(path, made=made, used=used)
        return path

    def _make(self, creator: str, path: str, prompt: str | None) -> None:
        maker, creation = self._maker(creator), Creation(creator=creator, prompt=prompt)
        self.run(maker.command(path, self.python.executable, creation, name=os.path.basename(path)))

    def _mould(self, creator: str) -> Template:
        """Return the one of a creator; who asks first makes it, and the others wait."""
        with self._casting:
            if creator not in self._moulds:
                path = os.path.join(self.layout.moulds, creator)
                self._make(creator, path, PROMPT)
                self._moulds[creator] = Template(path, creator, self.python)
            return self._moulds[creator]

    def install(self, path: str, *requirements: str) -> None:
        """Install packages into an environment of uv's."""
        if not requirements:
            return
        listed = self._list(path, requirements)
        self.run(self._uv(self.host.home).install(_python(path), listed))
        os.unlink(listed)

    def unpack(
        self, path: str, requirements: Sequence[str], python: BasePython, installer: str = "pip"
    ) -> None:
        """Install packages into an environment or a Python, as copies, and start nothing."""
        library = os.path.join(path, "lib", f"python{python.minor}", "site-packages")
        for one in resolve((*releases(), *withdrawn()), requirements):
            wheel = os.path.join(self.layout.packages, one.release.file)
            if not os.path.exists(wheel):
                wheel = write_wheel(self.layout.moulds, one.release)
            unpack(wheel, one.release, path, library, asked=one.asked, installer=installer)

    def link(self, one: str, other: str) -> None:
        """Install into another environment what is in one, as hard links where uv makes them."""
        place = _library(other)
        for folder, _, files in os.walk(library := _library(one)):
            target = os.path.join(place, os.path.relpath(folder, library))
            os.makedirs(target, exist_ok=True)
            for name in files:
                if not os.path.lexists(made := os.path.join(target, name)):
                    copy = shutil.copyfile if name in _NEVER_LINKED else os.link
                    copy(os.path.join(folder, name), made)

    def uninstall(self, path: str, *names: str) -> None:
        """Take packages out of an environment, and ask nobody who needs them."""
        listed = self._list(path, names)
        self.run(self._uv(self.host.home).uninstall(_python(path), listed))
        os.unlink(listed)

    def age(self, path: str, *, made: float, used: float) -> None:
        """Set the times by which the last use of an environment is told, in days ago."""
        now = self.host.now()
        wrote, read = now - made * DAY, now - min(used, made) * DAY
        os.utime(os.path.join(path, "pyvenv.cfg"), (read, wrote))
        with os.scandir(_library(path)) as entries:
            for entry in entries:
                if entry.name == "_virtualenv.pth" or entry.name.endswith(".dist-info"):
                    os.utime(entry.path, (read, wrote))
                elif entry.is_dir():
                    os.utime(entry.path, (read, read))

    def _maker(self, creator: str) -> Creator:
        folder = self.host.home
        if creator == "venv":
            return VenvCreator(self.host, folder)
        if creator == "virtualenv":
            return VirtualenvCreator(self.host, folder)
        return UvCreator(self._uv(folder))

    def _list(self, path: str, lines: Iterable[str]) -> str:
        listed = f"{path}.requirements"
        with open(listed, "w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)
        return listed

    # projects of uv's

    def lock(self, project: str) -> None:
        """Lock a project of uv's, as it stands."""
        self.run(self._uv(project, project=True).lock())

    def sync(
        self, project: str, *, groups: Sequence[str] = (), made: float = 100, used: float = 1
    ) -> str:
        """Make the environment of a locked project, and install what is locked."""
        path = os.path.join(project, ".venv")
        name = os.path.basename(project)
        self.environment(path, prompt=name)
        uv = self._uv(project, project=True)
        self.run(uv.project_sync(path, self.python.executable, groups=groups))
        self.age(path, made=made, used=used)
        return path

    def build_system(self) -> str:
        """Return the table of a `pyproject.toml` that lets uv build the project by itself."""
        return textwrap.dedent(
            f"""
            [build-system]
            requires = ["uv_build{_uv_versions()}"]
            build-backend = "uv_build"
            """
        )

    # git

    def repository(self, project: str, *, ignored: Sequence[str] = ()) -> bool:
        """Put a project into a git repository, but for what is ignored; return whether git is
        there to do so."""
        git = os.path.join(self.layout.programs, "git")
        if not os.path.lexists(git):
            return False
        if ignored:
            self.write(project, {".gitignore": "".join(f"{line}\n" for line in ignored)})
        when = f"{int(self.host.now() - 30 * DAY)} +0000"
        environ = {**self._environ(), "GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when}
        for words in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", "Begin")):
            self.run(Command((git, *words), project, environ))
        return True

    # running

    def tool(self, *arguments: str) -> None:
        """Run uv itself."""
        program = find_uv() or "uv"
        self.run(Command((program, *arguments), self.host.home, self._environ()))

    def run(self, command: Command) -> None:
        """Run a command to its end. Raises :class:`DemoError` where that is a bad one."""
        done = self._runner.run(command, limit=_LIMIT)
        if not done.ok:
            told = "; ".join(done.tail[-3:])
            raise DemoError(f"`{' '.join(command.shown)}` ended with code {done.code}: {told}")

    def _environ(self) -> dict[str, str]:
        return clean_environ(self.host)

    def _uv(self, folder: str, *, project: bool = False) -> UvAdapter:
        return UvAdapter(self.host, folder=folder, project=project, offline=True)


def _library(path: str) -> str:
    (found,) = glob.glob(os.path.join(glob.escape(path), "lib", "python*", "site-packages"))
    return found


def _python(path: str) -> str:
    return os.path.join(path, "bin", "python")


def _uv_versions() -> str:
    """Return the versions of uv's own build backend that the uv here stands in for: it then
    builds a project by itself, and fetches nothing."""
    version = metadata.version("uv")
    major, minor = version.split(".")[:2]
    return f">={version},<{major}.{int(minor) + 1}"


@dataclass(frozen=True, slots=True)
class Scenario:
    """One thing that happens to environments, planted in the home of the demo."""

    name: str
    shows: str
    """What it shows, in one sentence without a full stop."""
    plant: Callable[[Builder], Created]
    usual: bool = True
    """Whether it is in every demo; the others are only planted when they are named."""
