"""Environment ↔ project: what an environment says of its project, and the way back; projects that
it has installed as editable, read from its packages."""

import errno
import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence

from envdeck.core.discovery.managers.base import Manager
from envdeck.core.discovery.prefix import EnvironmentCandidate, Kind, unquoted
from envdeck.core.discovery.project_roots import (
    ProjectRoots,
    has_manifest,
    is_project,
    workspace_of,
)
from envdeck.core.lazy_dataclasses import dataclass, replace
from envdeck.core.model import ProjectLink, ProjectState
from envdeck.core.system import reach
from envdeck.core.system.files import Unread, decode_path, read_bounded
from envdeck.core.system.host import Host, lies_under

_ENTRIES = 20_000
"""So many names of one package folder are looked at."""
_EDITABLE_LIMIT = 64 * 1024
"""Bytes of a `direct_url.json`, a `.pth` or a finder."""
_LINES = 50
_TEXT = r"""(['"])((?:\\[\\'"]|[^\\'"])*)\{0}"""
"""Pattern of a text as `repr` writes it, less rarer escapes; to be given its group's number."""


@dataclass(frozen=True, slots=True, order=True)
class Editable:
    """One editable install, or a line in a `.pth` that does the same."""

    name: str
    """Of the distribution or the `.pth`, as its file is called; to be normalised."""
    path: str
    """What it points to: the project's folder, or that of its sources."""
    source: str
    """How it is known, in words."""
    recorded: bool = True
    """Whether an installer wrote it; a `.pth` file of no distribution leads anywhere."""


def editables(package_folders: Sequence[str], environment: str) -> list[Editable]:
    """Return what is installed in place, sorted, by the strongest of three signs that is there:
    `direct_url.json` (PEP 610), lines of `.pth` files that lead out of the environment, and the
    mapping in setuptools' `__editable__…finder.py`."""
    names = [(folder, sorted(_names(folder))) for folder in package_folders]
    for reader in (_read_direct_urls, _read_pth_files, _read_finders):
        found = {item for folder, held in names for item in reader(folder, held)}
        outside = [item for item in found if not _is_inside(item.path, environment)]
        if outside:
            return sorted(outside)
    return []


def _names(folder: str) -> Iterator[str]:
    try:
        with reach.scandir(folder) as entries:
            for _, entry in zip(range(_ENTRIES), entries, strict=False):
                yield entry.name
    except OSError:  # gone or closed to us: inspection tells the person
        return


def _read_direct_urls(folder: str, names: Sequence[str]) -> Iterator[Editable]:
    for name in names:
        if not name.endswith(".dist-info"):
            continue
        path = os.path.join(folder, name, "direct_url.json")
        if not reach.access(path, os.F_OK):  # one in fifty is there; what is missing costs less so
            continue
        data = read_bounded(path, _EDITABLE_LIMIT)
        if isinstance(data, Unread) or b"editable" not in data:
            continue
        if target := _path_in(data):
            distribution = name.removesuffix(".dist-info").partition("-")[0]
            yield Editable(distribution, target, f"editable install of {distribution}")


def _path_in(data: bytes) -> str | None:
    """Return the folder an editable `direct_url.json` names."""
    try:
        record = json.loads(data)
    except (ValueError, RecursionError):
        return None
    information = record.get("dir_info") if isinstance(record, dict) else None
    if not isinstance(information, dict) or information.get("editable") is not True:
        return None
    url = record.get("url")
    return path_of(url) if isinstance(url, str) else None


def path_of(url: str) -> str | None:
    """Return the path that a `file:` URL names (RFC 8089), or None for anything else.

    `file:///C:/work` is a path with a drive, `file://server/share` one of a share.
    """
    if url[:7].lower() != "file://":
        return None
    authority, slash, rest = url[7:].partition("/")
    from urllib.parse import unquote  # start-up: 4 ms, and few environments have an editable

    path = unquote(slash + rest.partition("#")[0].partition("?")[0], errors="surrogateescape")
    if authority and authority.lower() != "localhost":
        path = f"//{authority}{path}"
    if re.match(r"/[A-Za-z]:(?:/|\Z)", path):
        path = path[1:]
    elif not path.startswith("/"):
        return None
    if "\0" in path:
        return None
    path = path.replace("/", "\\") if path[1:2] == ":" or path[:2] == "//" else path
    return path.rstrip("/") or path


def _read_pth_files(folder: str, names: Sequence[str]) -> Iterator[Editable]:
    for name in names:
        if not name.endswith((".pth", ".egg-link")) or name == "_virtualenv.pth":
            continue  # when that one was read last, tells when the environment was used
        data = read_bounded(os.path.join(folder, name), _EDITABLE_LIMIT)
        if isinstance(data, Unread) or b"\0" in data:
            continue
        stem = re.sub(r"\A__editable__[._]+|-\d.*\Z", "", name.rpartition(".")[0])
        recorded = (
            name.startswith(("__editable__", "easy-install"))
            or name.endswith(".egg-link")
            or any(one.startswith(f"{stem}-") and one.endswith(".dist-info") for one in names)
        )
        for line in decode_path(data).splitlines()[:_LINES]:
            path = line.strip()
            if os.path.isabs(path) and not re.search(r"[\\/](?:site|dist)-packages", path):
                yield Editable(stem, os.path.normpath(path), f"a path in {name}", recorded)


def _read_finders(folder: str, names: Sequence[str]) -> Iterator[Editable]:
    for name in names:
        if not (name.startswith("__editable__") and name.endswith("_finder.py")):
            continue
        data = read_bounded(os.path.join(folder, name), _EDITABLE_LIMIT)
        if isinstance(data, Unread):
            continue
        match = re.search(rb"^MAPPING\b[^=\n]*=[ ]*\{(.*)\}", data, re.MULTILINE)
        for package, path in _read_mapping(decode_path(match[1])) if match else ():
            yield Editable(package, os.path.dirname(path), f"editable install of {package}")


def _read_mapping(text: str) -> Iterator[tuple[str, str]]:
    """Yield the pairs of texts in the inside of a dictionary's literal. It is not parsed as
    Python, which would warn of, and could choke on, what is none."""
    for match in re.finditer(rf"{_TEXT.format(1)}: {_TEXT.format(3)}", text):
        path = re.sub(r"\\(.)", r"\1", match[4])
        if os.path.isabs(path) and "\0" not in path:
            yield match[2], path


def _is_inside(path: str, environment: str) -> bool:
    return path == environment or path.startswith(environment.rstrip(os.sep) + os.sep)


_LINK_LIMIT = 8192
"""Bytes; a path has 4,096 at most on any system met."""

_ABSENT = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP})
_AWAY = frozenset(
    {
        errno.ENOTCONN, errno.ESTALE, errno.EHOSTDOWN, errno.EHOSTUNREACH,
        errno.ENODEV, errno.ENXIO, errno.EIO, errno.ETIMEDOUT,
    }
)  # fmt: skip
"""What a mounted disk or share answers once its device or server is out of reach."""
_NOT_READY = 21  # ERROR_NOT_READY: a Windows drive without its medium


def state_of(path: str) -> ProjectState:
    """Return whether the folder a link names is there: found, gone, or on a disk that answers
    with an error. What may not be looked at is there."""
    try:
        reach.stat(path)
    except reach.RemoteError:
        return ProjectState.UNMOUNTED
    except OSError as error:
        if error.errno in _AWAY or getattr(error, "winerror", None) == _NOT_READY:
            return ProjectState.UNMOUNTED
        return ProjectState.GONE if error.errno in _ABSENT else ProjectState.FOUND
    except ValueError:  # no path at all: a NUL, half of a surrogate pair
        return ProjectState.GONE
    return ProjectState.FOUND


def named_project(path: str, source: str) -> ProjectLink:
    """Return the link to a folder that something names, as found or gone.

    Whether what is gone is on a disk that is not mounted now, is settled by
    :func:`envdeck.core.discovery.project_links.link`.
    """
    return ProjectLink(state_of(path), path, source)


def read_project_file(environment: str) -> str | None:
    """Return the folder that the `.project` file of virtualenvwrapper and Pipenv names: its
    first line, an absolute path. None when there is no such file, or it names nothing."""
    data = read_bounded(os.path.join(environment, ".project"), _LINK_LIMIT)
    if isinstance(data, Unread) or b"\0" in data:
        return None
    path = decode_path(data).partition("\n")[0].rstrip("\r")
    return path.rstrip("/") or path if os.path.isabs(path) else None


__all__ = ["ProjectRoots", "is_project", "link", "named_project", "owner"]

_HOLDERS = frozenset(
    {".tox", ".nox", ".direnv", ".hatch", ".pixi", ".venvs", "venvs", ".envs", "envs"}
)
"""Folders inside a project that hold its environments."""
_CLIMB = 3
"""So many levels are climbed from such a folder, or from sources to their project."""


def link(
    candidate: EnvironmentCandidate, manager: Manager, host: Host, roots: ProjectRoots
) -> ProjectLink:
    """Return the project of an environment, by the first of these signs that is there.

    1. what the environment itself names, in its manager's way, or in a `.project` file;
    2. the link in a project that leads to it;
    3. its name, if a root met so far, now or in an earlier look, hashes to it by the rules of its
       manager or of any other;
    4. the folder it is in, or that folder's parent for `.tox` and the like (never a manager's
       store, and the home folder only with a manifest);
    5. what is installed in it in place.

    A named folder that is not there is gone, unless it is on a disk that is not mounted, or
    the environment is in a project all the same: then the whole project was moved. Its path is the
    real one, whatever links it was named through.
    """
    found = _link(candidate, manager, host, roots)
    if found.path is None or lies_under(candidate.path, found.path):
        return found  # the environment's path is a real one, and so are those above it
    real = reach.realpath(found.path)
    return found if real == found.path else replace(found, path=real)


def owner(candidate: EnvironmentCandidate, manager: Manager, roots: ProjectRoots) -> Manager:
    """Return the manager whose hash of a root met so far is the name of an environment: it made
    it, wherever a setting that is not in force here had it put; else the one that claims it."""
    if not manager.by_creator:
        return manager
    hashed = roots.hashed(manager, candidate)
    return hashed[1] if hashed is not None else manager


def _link(
    candidate: EnvironmentCandidate, manager: Manager, host: Host, roots: ProjectRoots
) -> ProjectLink:
    word = manager.project(candidate) or _read_project_file(candidate)
    if word is not None and word.path is not None:
        word = _settled(word, roots)
        found = word if word.state is ProjectState.FOUND else _find_holder(candidate, roots)
        return found or word
    hashed = _hashed(candidate, manager, roots)
    found = hashed if hashed and hashed.state is ProjectState.FOUND else None
    if word is None:  # a manager that says "none" keeps it in its own folder
        found = _read_linked(candidate) or found or _find_holder(candidate, roots)
    return found or _find_in_place(candidate, roots) or hashed or word or ProjectLink()


def _read_project_file(candidate: EnvironmentCandidate) -> ProjectLink | None:
    """Return what a `.project` file names, whoever wrote it and wherever the environment is."""
    if candidate.kind is not Kind.VENV and candidate.kind is not Kind.LEGACY:
        return None
    root = None if candidate.lacks(".project") else read_project_file(candidate.path)
    return named_project(root, ".project file") if root else None


def _read_linked(candidate: EnvironmentCandidate) -> ProjectLink | None:
    for path in candidate.links:
        folder, name = os.path.split(path)
        folder = reach.realpath(folder)
        if is_project(folder):
            return ProjectLink(ProjectState.FOUND, folder, f"linked as {name}")
    return None


def _hashed(
    candidate: EnvironmentCandidate, manager: Manager, roots: ProjectRoots
) -> ProjectLink | None:
    found = roots.hashed(manager, candidate)
    if found is None:
        return None
    return _settled(named_project(found[0], "environment name"), roots)


def _find_holder(candidate: EnvironmentCandidate, roots: ProjectRoots) -> ProjectLink | None:
    if has_manifest(candidate.path, lacks=candidate.lacks):  # `python -m venv .`
        return ProjectLink(ProjectState.FOUND, candidate.path, "environment folder")
    folder, levels = os.path.dirname(candidate.path), 1
    while os.path.basename(folder) in _HOLDERS and levels <= _CLIMB and folder not in roots.stores:
        folder, levels = os.path.dirname(folder), levels + 1
    if folder in roots.stores:
        return None
    at_home = roots.home
    weak = folder == at_home or at_home.startswith(folder.rstrip(os.sep) + os.sep)
    if not (has_manifest(folder, repository=False) if weak else is_project(folder)):
        return None
    source = "parent folder" if levels == 1 else f"folder {levels} levels up"
    return ProjectLink(ProjectState.FOUND, folder, source)


def _find_in_place(candidate: EnvironmentCandidate, roots: ProjectRoots) -> ProjectLink | None:
    """Return the project among what is installed in place: the one whose name is in the
    environment's, or the only one, or the workspace that has all of them as members. One that is
    missing counts only by its name, or if an installer wrote it and it is the only one: else it
    is a dependency that went, or a line of anybody's.
    """
    folders = [folder.path for folder in candidate.layout.package_folders]
    found = editables(folders, candidate.path)
    hints = set(_hints(candidate))
    found.sort(key=lambda item: _normalised(item.name) not in hints)
    there: dict[str, Editable] = {}
    for item in found:
        named = _normalised(item.name) in hints
        root = _project_above(item.path)
        if root and named:
            return ProjectLink(ProjectState.FOUND, root, item.source)
        if root:
            there.setdefault(reach.realpath(root), item)
        elif not named and (len(found) > 1 or not item.recorded):
            continue
        elif state_of(item.path) is not ProjectState.FOUND:
            return _settled(named_project(_root_named(item), item.source), roots)
    if len(there) < 2:
        return next(
            (ProjectLink(ProjectState.FOUND, root, one.source) for root, one in there.items()), None
        )
    if workspace := workspace_of(tuple(there)):
        return ProjectLink(ProjectState.FOUND, workspace, "workspace of what is installed in place")
    names = sorted(one.name for one in there.values())
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ProjectLink(source=f"several are installed in place: {', '.join(names[:3])}{more}")


def _hints(candidate: EnvironmentCandidate) -> Iterator[str]:
    """Yield normalised names (PEP 503) that the environment's path and prompt begin with."""
    names = [*candidate.path.split(os.sep)[-3:], unquoted(candidate.cfg.get("prompt", ""))]
    for name in map(_normalised, names):
        parts = name.split("-")[:12]
        yield from ("-".join(parts[: end + 1]) for end in range(len(parts)))


def _normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _project_above(path: str) -> str | None:
    """Return the folder with a manifest at or above a path of sources."""
    for climbed in range(_CLIMB):
        if has_manifest(path, repository=climbed == 0):
            return path
        path = os.path.dirname(path)
    return None


def _root_named(item: Editable) -> str:
    above, name = os.path.split(item.path)
    return above if name in {"src", "lib"} else item.path


def _settled(word: ProjectLink, roots: ProjectRoots) -> ProjectLink:
    """Return a link whose state is true of its path now."""
    if word.path is None:
        return word
    state = state_of(word.path)
    if state is ProjectState.GONE and roots.disks.lacks(word.path):
        state = ProjectState.UNMOUNTED
    return word if state is word.state else ProjectLink(state, word.path, word.source)


_TELLING = re.compile(
    r".*\.(?:toml|lock|txt|in|cfg)|Pipfile|setup\.py|environment\.ya?ml|requirements|\.env"
)
_MODULE = re.compile(r"[^\W\d]\w*(?:\.py|\.\S*(?:so|pyd))?")
"""A name that can be imported, so may hide what is installed: a folder, or a file."""
_MOST_NAMES = 2000
_WORKSPACE_CLIMB = 20
"""So many folders above its members the root of a workspace is looked for."""


def project_mark(
    project: ProjectLink, others: Iterable[str] = (), stamps: dict[str, str] | None = None
) -> str:
    """Return a text that changes whenever what its project says of an environment may have
    changed: the files in its folder and those of a workspace above it, the modules there, and
    `others` that were read elsewhere; empty where there is nothing of that. `stamps` keeps what
    was looked at for the next one."""
    told, stamps = "", {} if stamps is None else stamps
    paths = [*others]
    if project.path is not None and project.state is ProjectState.FOUND:
        try:
            with reach.scandir(project.path) as listed:
                names = [one.name for _, one in zip(range(_MOST_NAMES), listed, strict=False)]
        except (OSError, ValueError):
            names, told = [], "-"
        told += "/".join(sorted(filter(_MODULE.fullmatch, names)))
        paths += (f"{project.path}/{one}" for one in sorted(filter(_TELLING.fullmatch, names)))
        if "pyproject.toml" in names:
            paths += _list_workspace_files(project.path)
    elif not paths:
        return ""
    for path in paths:
        if path not in stamps:
            stamps[path] = _stamp(path)
        told += f"//{path}:{stamps[path]}"
    from hashlib import blake2b  # start-up: 3 ms, and not where nothing is found

    return blake2b(told.encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()


def _list_workspace_files(folder: str) -> Iterator[str]:
    """Yield the files that a workspace has which a folder is a member of, there or not."""
    for _ in range(_WORKSPACE_CLIMB):
        above = os.path.dirname(folder)
        if above == folder:
            return
        folder = above
        yield f"{folder}/pyproject.toml"
        yield f"{folder}/uv.lock"


def _stamp(path: str) -> str:
    try:
        status = reach.stat(path)
    except (OSError, ValueError):
        return "-"
    times = f"{status.st_mtime_ns}.{status.st_ctime_ns}"  # the second cannot be set back
    return f"{status.st_ino}.{status.st_size}.{times}"
