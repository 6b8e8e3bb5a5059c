"""Folders of sources as wheels, built from copies: nothing is written beside what a person has."""

import os
import re
import shutil
import stat
from collections.abc import Callable, Iterator, Sequence
from threading import Lock
from urllib.parse import unquote

from envdeck.core.git.repository import find_repository, git_folders
from envdeck.core.inspection.protection import TRASH
from envdeck.core.lazy_dataclasses import dataclass, field, replace
from envdeck.core.model import OperationEvent, minor_of
from envdeck.core.operations.engine.command import Command, Completed
from envdeck.core.operations.engine.failure import BuildError, FailureKind, explain
from envdeck.core.operations.engine.runner import Runner
from envdeck.core.operations.engine.uv import UvAdapter
from envdeck.core.operations.sources.source import PackageSource
from envdeck.core.project.requirements import file_url

_LOCAL = re.compile(
    r"(?!-[^e]|-e\S)(?:-e )?(?P<head>[^@;]*?) ?(?:@ ?)?file://(?P<path>[^#;\[ ]*)"
    r"(?P<extras>\[[^\]]*\])?(?:#(?P<fragment>\S*))?(?P<rest>.*)",
    re.DOTALL,
)
_EXTRAS = re.compile(r"\[[^\]]*\]")
_SUBFOLDER = re.compile(r"(?:\A|&)subdirectory=([^&]*)")
_LEFT_OUT = frozenset(
    {".git", ".hg", ".svn", ".venv", "venv", "node_modules", "__pycache__", ".tox", ".nox", TRASH}
    | {".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis"}
)
_SHARED, _OWN = ("config", "packed-refs", "refs", "reftable", "shallow"), ("HEAD", "index")
"""What of a repository all its working trees share, and what each has for itself."""
_WORK_TREE = re.compile(rb"\s*worktree\s*=", re.IGNORECASE)
_MOST_BYTES = 2 * 1024**3
_MOST_FILES = 100_000
_VARIABLES = {
    "--index-url": "UV_DEFAULT_INDEX",
    "--extra-index-url": "UV_INDEX",
    "--find-links": "UV_FIND_LINKS",
}


@dataclass(slots=True)
class _Folder:
    """One folder of sources."""

    lock: Lock = field(default_factory=Lock)
    copy: str = ""
    wheels: dict[str, str | BuildError] = field(default_factory=dict)
    """By minor version, what was built or why it was not; "" for all of them."""


class WheelBuilder:
    """Builds each folder once, and once for each version where its wheel is for one alone."""

    def __init__(self, folder: str, runner: Runner, stopped: Callable[[], bool]) -> None:
        self._folder = folder
        self._runner = runner
        self._stopped = stopped
        self._lock = Lock()
        self._folders: dict[str, _Folder] = {}

    def built(
        self,
        source: PackageSource,
        python: str,
        version: str,
        uv: UvAdapter,
        tell: Callable[[OperationEvent], None],
    ) -> PackageSource:
        """Return a source whose folders are wheels, built by `python` of a version. Raises
        :class:`BuildError` and `OSError`."""
        lines = []
        for line in source.requirements:
            match = _LOCAL.fullmatch(line)
            folder = _folder_of(match) if match else ""
            if not match or not os.path.isdir(folder):
                lines.append(line)
                continue
            command = _Build(uv, python, _index_variables(source.requirements))
            wheel = self._wheel(folder, minor_of(version), command, tell)
            name = os.path.basename(wheel).partition("-")[0]
            extras = _EXTRAS.search(match["head"])
            told = (extras[0] if extras else "") or match["extras"] or ""
            lines.append(f"{name}{told} @ {file_url(wheel)}{match['rest']}")
        return replace(source, requirements=tuple(lines))

    def _wheel(
        self, folder: str, minor: str, build: "_Build", tell: Callable[[OperationEvent], None]
    ) -> str:
        with self._lock:
            one = self._folders.setdefault(os.path.realpath(folder), _Folder())
            number = len(self._folders)
        with one.lock:
            found = one.wheels.get("") or one.wheels.get(minor)
            if found is None:
                if not one.copy:
                    place = os.path.join(self._folder, str(number))
                    one.copy = copy_sources(os.path.realpath(folder), place)
                out = os.path.join(f"{one.copy}.wheels", minor)
                found = self._build(one.copy, build.command(one.copy, out), out, tell)
                of_all = isinstance(found, str) and found.endswith("-none-any.whl")
                one.wheels["" if of_all else minor] = found
        if isinstance(found, BuildError):
            raise found
        return found

    def _build(
        self, source: str, command: Command, out: str, tell: Callable[[OperationEvent], None]
    ) -> str | BuildError:
        done = self._runner.run(command, tell, self._stopped)
        if done.stopped:
            return BuildError("cancelled", stopped=True)
        if not done.ok:
            failure = explain(done)
            if failure.kind is FailureKind.BUILD:
                said = _last_words(done) or failure.cause
                failure = replace(
                    failure, cause=f"{os.path.basename(source)} does not build: {said}"
                )
            return BuildError.explain(failure)
        wheels = [name for name in os.listdir(out) if name.endswith(".whl")]
        if len(wheels) != 1:
            return BuildError("the project's build made no wheel")
        return os.path.join(out, wheels[0])


def _last_words(done: Completed) -> str:
    """Return what a build backend wrote last, which mostly is why it failed."""
    lines = [line.strip() for line in done.tail]
    before = next((at for at, line in enumerate(lines) if line.startswith("error: ")), 0)
    return next((line for line in reversed(lines[:before]) if line), "").rstrip(".")


@dataclass(frozen=True, slots=True)
class _Build:
    uv: UvAdapter
    python: str
    environ: dict[str, str]

    def command(self, source: str, out: str) -> Command:
        """Return what builds a wheel."""
        command = self.uv.build(source, out, self.python)
        return replace(command, environ={**command.environ, **self.environ})


def _folder_of(match: "re.Match[str]") -> str:
    path = unquote(match["path"], errors="surrogateescape")
    below = _SUBFOLDER.search(match["fragment"] or "")
    return os.path.join(path, unquote(below[1])) if below else path


def _index_variables(lines: Sequence[str]) -> dict[str, str]:
    """Return by variables where the lines of a requirements file say that packages come from:
    never by arguments, since they may hold credentials."""
    found: dict[str, str] = {}
    for line in lines:
        option, _, value = line.partition(" ")
        if (name := _VARIABLES.get(option)) and value:
            between = "," if name == "UV_FIND_LINKS" else " "
            found[name] = between.join(filter(None, (found.get(name, ""), value.strip())))
    return found


def copy_sources(folder: str, place: str) -> str:
    """Copy a folder of sources to a place that is not there yet, without environments and caches,
    and return the copy. With it comes a repository that takes its objects from the one of the
    folder, for builds that ask git for their version: git writes when it is asked. Raises
    :class:`BuildError` for one that is too large, and `OSError`."""
    repository = find_repository(folder)
    below = os.path.relpath(folder, repository) if repository is not None else "."
    top = os.path.join(place, os.path.basename(repository or folder))
    target = os.path.normpath(os.path.join(top, below))
    os.makedirs(target, 0o700)
    left = [_MOST_FILES, _MOST_BYTES]
    for path in _walk(folder, folder):
        there = os.path.join(target, os.path.relpath(path, folder))
        status = os.stat(path)
        left[0] -= 1
        if stat.S_ISDIR(status.st_mode):
            if os.path.islink(path):
                os.symlink(os.path.realpath(path), there)
            else:
                os.mkdir(there)
        elif stat.S_ISREG(status.st_mode):
            left[1] -= status.st_size
            if min(left) < 0:
                raise BuildError(
                    f"too large to be copied: {folder} has more than 2 GB or 100,000 files",
                    hint="use `--no-project`, or keep data outside of the project",
                )
            shutil.copy2(path, there)
    if repository is not None:
        _copy_repository(repository, os.path.join(top, ".git"))
    return target


def _copy_repository(repository: str, target: str) -> None:
    """Make a repository with the commit, the index and the tags of another, and its objects."""
    folders = git_folders(repository)
    if folders is None:
        return
    os.makedirs(os.path.join(target, "objects", "info"))
    for folder, names in ((folders.common, _SHARED), (folders.own, _OWN)):
        for name in names:
            path, there = os.path.join(folder, name), os.path.join(target, name)
            if os.path.isdir(path):
                shutil.copytree(path, there, dirs_exist_ok=True)
            elif os.path.isfile(path):
                shutil.copyfile(path, there)
    os.makedirs(os.path.join(target, "refs"), exist_ok=True)
    with open(os.path.join(target, "objects", "info", "alternates"), "wb") as file:
        file.write(os.fsencode(os.path.join(folders.common, "objects")) + b"\n")
    settings = os.path.join(target, "config")
    if os.path.isfile(settings):
        with open(settings, "rb") as file:
            lines = file.readlines()
        with open(settings, "wb") as file:
            file.writelines(line for line in lines if not _WORK_TREE.match(line))


def _walk(folder: str, top: str) -> Iterator[str]:
    """Yield what is copied, folders before what is in them; links that lead nowhere are left."""
    with os.scandir(folder) as entries:
        rows = sorted(entries, key=lambda entry: entry.name)
    for entry in rows:
        name, is_build = entry.name, folder == top and entry.name == "build"
        if name in _LEFT_OUT or name.endswith(".egg-info") or is_build:
            continue
        if entry.is_dir(follow_symlinks=False):
            marks = (os.path.join(entry.path, mark) for mark in ("pyvenv.cfg", "conda-meta"))
            if any(map(os.path.lexists, marks)):
                continue
            yield entry.path
            yield from _walk(entry.path, top)
        elif os.path.exists(entry.path):
            yield entry.path
