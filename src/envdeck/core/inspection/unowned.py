"""Which files no package owns, and which the creator wrote.

A name alone is not enough where people write into such files: an `activate` with lines added at
its end, a hook of virtualenvwrapper that is no longer the template, a `.gitignore` of one's own
are the person's, and are lost with the environment.

All files, minus what installers recorded, minus what creators write, minus bytecode that Python
rewrites from a source that is there and owned. A `.env`, a notebook, a hook or a checkout in
`src/` are what is left.
"""

import os
import re
import stat
from collections.abc import Callable, Collection, Iterable
from typing import NamedTuple, TypeAlias

from envdeck.core.inspection.ownership import ACTIVATION, HOOKS, Owned, is_as_made, read_owned
from envdeck.core.lazy_dataclasses import dataclass, field
from envdeck.core.model import Environment
from envdeck.core.system import reach
from envdeck.core.system.files import Unread, decode_path, read_bounded, reason_of

_LIMIT = 64 * 1024
_TAG = b"Signature: 8a477f597d28d172789f06886806bc55"
"""Of the Cache Directory Tagging Specification."""
_EASY_INSTALL = b"# EASY-INSTALL-"

_TOX_MARKS = frozenset({".tox-info.json", ".tox-config1"})
_TOP = frozenset(
    {"pyvenv.cfg", "pip-selfcheck.json", "pipx_metadata.json", "uv-receipt.toml"}
    | _TOX_MARKS
    | {".install_state_v1", ".install_state_v2", ".DS_Store"}
)
_SCRIPTS = frozenset(
    {"python-config", "\U0001d70bthon", ".DS_Store", "venvlauncher.exe", "venvwlauncher.exe"}
)
_PYTHON = re.compile(
    r"(?:(?:python|pypy|graalpy)w?(?:\d+(?:\.\d+)?t?)?w?(?:\.exe)?"
    r"|(?:python\d+t?|vcruntime\d+(?:_\d+)?|libpypy[\d.]*-c|libffi-\d+|sqlite3)\.(?:dll|so|dylib)"
    r"|libpypy[\d.]*-c\.so(?:\.debug)?|python\d+\.zip|[a-z_]\w*\.pyd)"
)
_TOX = {"log": (".log",), "dist": (".tar.gz", ".whl")}
_LIBRARY = re.compile(r"lib(?:python|pypy)[\d.]*t?(?:-c)?\.(?:so(?:[.\d]*)|dylib)")
_STARTUP = frozenset(
    {"_virtualenv.py", "_virtualenv.pth", "_uv_ephemeral_overlay.pth", "pipx_shared.pth"}
    | {".DS_Store"}
)
_LEGACY = frozenset({"orig-prefix.txt", "no-global-site-packages.txt", "site.py"})
"""What virtualenv before 20 put into `lib/python3.x`, beside links to the base's own library."""


def is_creators(root: str, folder: str, name: str, *, scripts: str, packages: bool) -> bool:
    """Tell whether `folder/name` in the environment at `root` is what its creator writes there.

    `folder` is relative with `/`, and empty for the top; `scripts` is the name of the scripts
    folder (`bin`), and `packages` tells whether `folder` is a package folder.
    """
    path = os.path.join(root, folder, name)
    if not folder:
        return name in _TOP or _is_top(path, name) or (name == "file.lock" and _is_toxs(root))
    if folder == scripts:
        return name in _SCRIPTS or _is_script(path, name)
    if packages:
        return name in _STARTUP or _is_startup(path, name)
    if folder.startswith(("lib/python", "lib/pypy", "lib64/python")):
        return _is_legacy(path, folder, name)
    if folder in {"lib", "lib64"}:  # virtualenv's copies of what the executable is linked to
        return _LIBRARY.fullmatch(name) is not None
    if folder in _TOX:  # rewritten by each run
        return name.endswith(_TOX[folder]) and _is_toxs(root)
    return folder in {"include", "local"} and _links_elsewhere(path, name)


def _is_top(path: str, name: str) -> bool:
    if name == "lib64":
        return reach.islink(path) and _target(path) in {"lib", path.removesuffix("64")}
    if name == ".lock":
        return _content(path) == b""
    if name == "CACHEDIR.TAG":
        return _content(path).startswith(_TAG)
    if name == ".gitignore":
        lines = (line.strip() for line in _content(path).splitlines())
        return [line for line in lines if line and not line.startswith(b"#")] == [b"*"]
    if name == ".project":  # of Pipenv and virtualenvwrapper; Eclipse's is XML
        return os.path.isabs(decode_path(_content(path)).strip())
    return _PYTHON.fullmatch(name) is not None and reach.islink(path)


def _is_script(path: str, name: str) -> bool:
    if _PYTHON.fullmatch(name):
        return True
    if name in ACTIVATION:
        return is_as_made(name, _content(path))
    if name in HOOKS:
        lines = (line.strip() for line in _content(path).splitlines())
        return not any(line and not line.startswith(b"#") for line in lines)
    return _EASY_INSTALL in _content(path)[:1024]


def _is_startup(path: str, name: str) -> bool:
    if name.endswith(".virtualenv"):
        return _content(path) == b""  # virtualenv's mark for what it seeded
    if name == "easy-install.pth":
        lines = decode_path(_content(path)).splitlines()
        folder = os.path.dirname(path)
        return all(_leads_to_known(folder, line.strip()) for line in lines)
    return False


def _leads_to_known(folder: str, line: str) -> bool:
    """Tell whether a line of `easy-install.pth` is setuptools' own: its two lines of code, or
    the path of an egg or of a project in development."""
    if not line or line.startswith(("import sys; sys.__plen", "import sys; new=")):
        return True
    if line.startswith("import") or "\0" in line:
        return False
    return os.path.isabs(line) or reach.exists(os.path.join(folder, line))


def _is_legacy(path: str, folder: str, name: str) -> bool:
    inside = folder.split("/")[2:]
    if not inside:
        return name in _LEGACY or _links_elsewhere(path, name)
    return inside == ["distutils"] and name in {"__init__.py", "distutils.cfg"}


def _links_elsewhere(path: str, name: str) -> bool:
    """Tell whether it is a link to what has the same name in a base's library."""
    if not reach.islink(path):
        return False
    target = _target(path)
    return os.path.isabs(target) and os.path.basename(target) == name


def _is_toxs(root: str) -> bool:
    return any(reach.isfile(os.path.join(root, name)) for name in _TOX_MARKS)


def _content(path: str) -> bytes:
    """Return what a small file holds; what cannot be read is nothing that is known."""
    data = read_bounded(path, _LIMIT)
    return b"\0" if isinstance(data, Unread) else data


def _target(path: str) -> str:
    try:
        return reach.readlink(path)
    except OSError:
        return ""


MOST_LISTED = 50_000
"""Files that are listed at most; more are counted."""
MOST_ENTRIES = 3_000_000
"""Entries that are looked at before giving up, some ten times the largest environment known."""
_TOLD = 200
"""Reasons for what could not be looked at that are kept."""
_REPOSITORY = frozenset({".git", ".hg", ".svn", ".bzr", ".jj"})
_OPTIMISED = re.compile(r"\.opt-\w+\Z")

_DirEntry: TypeAlias = "os.DirEntry[str]"


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class UnownedFile:
    """A file, a link, a pipe: anything that is no folder."""

    path: str
    """Relative to the environment, with the system's separators."""
    bytes: int
    """Its length, as `st_size` has it."""


@dataclass(frozen=True, slots=True)
class Unowned:
    """What no package owns in one environment."""

    files: tuple[UnownedFile, ...] = ()
    """By path; at most :data:`MOST_LISTED`."""
    count: int = 0
    """How many there are, listed or not."""
    bytes: int = 0
    """The lengths of all of them together."""
    nested: tuple[str, ...] = ()
    """Relative folders with something of its own life: a repository, another environment. Their
    files are among those above."""
    unread: tuple[str, ...] = ()
    """What could not be looked at, and why, one sentence each: there may be more."""
    notes: tuple[str, ...] = ()
    """Packages without a list of their files, which are therefore among those above."""

    @property
    def complete(self) -> bool:
        """Whether every unowned file is in :attr:`files`."""
        return not self.unread and self.count == len(self.files)

    @property
    def problem(self) -> str:
        """Why :attr:`files` is not complete; empty where it is."""
        if self.complete:
            return ""
        if self.unread:
            return self.unread[0]
        return f"{self.count:,} files belong to no package (limit: {len(self.files):,})"


def unowned_files(environment: Environment, *, stopped: Callable[[], bool] = _never) -> Unowned:
    """Return every file of an environment that nobody would bring back.

    Nothing is followed, opened for writing or run. Folders on other disks are told in
    `unread` and not entered. With `stopped`, what was not looked at is told there too.
    """
    return unowned_at(environment.path, environment.site_packages, stopped=stopped)


def unowned_at(
    path: str, site_packages: Iterable[str], *, stopped: Callable[[], bool] = _never
) -> Unowned:
    """Do as :func:`unowned_files` for a place whose package folders are these."""
    return _UnownedWalk(path, read_owned(path, site_packages), stopped).answer()


class _Folder(NamedTuple):
    """A folder that is still to be looked into."""

    path: str
    """Relative to the environment, with `/`; empty for the environment itself."""
    mine: set[str]
    """The owned files in which those of this folder are looked up."""
    prefix: str
    """What comes before a name in there."""
    packages: bool = False
    sources: Collection[str] = ()
    """For a `__pycache__`, the names in the folder it is in."""


@dataclass(slots=True)
class _UnownedWalk:
    """One walk; used once."""

    root: str
    owned: Owned
    stopped: Callable[[], bool]
    scripts: str = "bin"
    files: list[UnownedFile] = field(default_factory=list)
    count: int = 0
    bytes: int = 0
    seen: int = 0
    nested: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    parents: dict[int, set[str]] = field(default_factory=dict)
    """The folders that a set of owned files speaks of; by the set, once a link asks."""

    def answer(self) -> Unowned:
        if reach.isdir(os.path.join(self.root, "Scripts")):
            self.scripts = "Scripts"
        try:
            device = reach.lstat(self.root).st_dev
        except (OSError, ValueError) as error:
            self._fail("", reason_of(error))
        else:
            self._walk(device)
        return Unowned(
            tuple(sorted(self.files, key=lambda file: file.path)),
            self.count,
            self.bytes,
            tuple(sorted(self.nested)),
            tuple(self.unread),
            tuple(self.owned.problems),
        )

    def _walk(self, device: int) -> None:
        pending = [_Folder("", self.owned.outside, "")]
        while pending:
            here = pending.pop()
            if self.stopped() or self.seen > MOST_ENTRIES:
                self._fail(here.path, "not scanned")
                return
            listed = self._list(here.path)
            if listed is None:
                continue
            folders, names = listed
            if left := [entry for entry in names if here.prefix + entry.name not in here.mine]:
                self._judge(here, left)
            if here.path and _has_a_life(folders, left):
                self.nested.append(_native(here.path))
            for entry in folders:
                path = f"{here.path}/{entry.name}" if here.path else entry.name
                if path in self.owned.trees or not self._is_here(entry, path, device):
                    continue
                if (inside := self.owned.inside.get(path)) is not None:
                    pending.append(_Folder(path, inside, "", packages=True))
                    continue
                sources = {entry.name for entry in names} if entry.name == "__pycache__" else ()
                prefix = f"{here.prefix}{entry.name}/"
                pending.append(_Folder(path, here.mine, prefix, sources=sources))

    def _list(self, folder: str) -> tuple[list[_DirEntry], list[_DirEntry]] | None:
        """Return the folders in one, and what is no folder; None where it cannot be listed."""
        folders: list[_DirEntry] = []
        names: list[_DirEntry] = []
        try:
            with reach.scandir(os.path.join(self.root, folder)) as entries:
                for entry in entries:
                    (folders if entry.is_dir(follow_symlinks=False) else names).append(entry)
        except FileNotFoundError:
            return None
        except OSError as error:
            self._fail(folder, reason_of(error))
            return None
        self.seen += len(folders) + len(names)
        return folders, names

    def _is_here(self, entry: _DirEntry, path: str, device: int) -> bool:
        try:
            status = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            return False
        except OSError as error:
            self._fail(path, reason_of(error))
            return False
        if status.st_dev not in {device, 0}:  # Windows' listings hold no devices
            self._fail(path, "on another disk")
            return False
        return True

    def _judge(self, here: _Folder, left: list[_DirEntry]) -> None:
        """Count what is left in a folder once the owned files are taken away."""
        for entry in left:
            name = entry.name
            if name.endswith((".pyc", ".pyo")) and self._is_derivable(here, name):
                continue
            if is_creators(
                self.root, here.path, name, scripts=self.scripts, packages=here.packages
            ):
                continue
            try:
                status = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue
            except OSError as error:
                self._fail(f"{here.path}/{name}", reason_of(error))
                continue
            if stat.S_ISLNK(status.st_mode) and self._stands_for_owned(here, name):
                continue
            self.count += 1
            self.bytes += status.st_size
            if len(self.files) < MOST_LISTED:
                path = f"{here.path}/{name}" if here.path else name
                self.files.append(UnownedFile(_native(path), status.st_size))

    def _is_derivable(self, here: _Folder, name: str) -> bool:
        """Tell whether Python would write this bytecode again: its source is there and owned."""
        if not here.path.endswith("__pycache__"):
            source = here.prefix + name[:-1]
            return source in here.mine and reach.lexists(
                os.path.join(self.root, here.path, name[:-1])
            )
        base = _OPTIMISED.sub("", name[:-4]).rpartition(".")[0]
        source = f"{base}.py"
        if source not in here.sources:
            return False
        if here.prefix[: -len("__pycache__/")] + source in here.mine:
            return True
        folder = here.path[: -len("/__pycache__")]
        packages = folder in self.owned.inside
        return is_creators(self.root, folder, source, scripts=self.scripts, packages=packages)

    def _stands_for_owned(self, here: _Folder, name: str) -> bool:
        """Tell whether a link takes the place of a folder with owned files: some installers
        link a whole package to their cache."""
        key = id(here.mine)
        if key not in self.parents:
            self.parents[key] = {
                path[:end] for path in here.mine for end, sign in enumerate(path) if sign == "/"
            }
        return here.prefix + name in self.parents[key]

    def _fail(self, path: str, why: str) -> None:
        if len(self.unread) < _TOLD:
            self.unread.append(f"{_native(path) or 'the folder itself'}: {why}")


def _has_a_life(folders: list[_DirEntry], left: list[_DirEntry]) -> bool:
    """Tell whether a folder is a repository or a nested environment."""
    return any(entry.name in _REPOSITORY or entry.name == "conda-meta" for entry in folders) or any(
        entry.name == ".git" or entry.name == "pyvenv.cfg" for entry in left
    )


def _native(path: str) -> str:
    return path if os.sep == "/" else path.replace("/", os.sep)
