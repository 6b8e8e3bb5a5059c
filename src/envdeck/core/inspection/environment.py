"""One environment read: values, status with its cause, creator, fingerprint, short name."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from envdeck.core.discovery.managers.base import Manager
from envdeck.core.discovery.prefix import EnvironmentCandidate, Kind, unquoted
from envdeck.core.inspection.interpreter import (
    end_of_life,
    minor_of_executable,
    read_python,
)
from envdeck.core.inspection.packages.provenance import mask_text
from envdeck.core.inspection.packages.site_packages import count_distributions
from envdeck.core.inspection.protection import protection
from envdeck.core.inspection.usage import last_used
from envdeck.core.model import (
    Creation,
    Environment,
    LastUsed,
    ProjectLink,
    ProjectState,
    Python,
    Status,
    minor_of,
)
from envdeck.core.system import reach
from envdeck.core.system.files import Unread, absence, decode_path, is_missing, read_bounded
from envdeck.core.system.host import Host
from envdeck.core.system.mounts import Mount

_HEAD_LIMIT = 16 * 1024
_ACTIVATE = re.compile(r"^[ \t]*(?:export[ \t]+)?VIRTUAL_ENV=([^$`\n]+)$", re.MULTILINE)
_SHEBANG = re.compile(rb"#!(?:/bin/sh\n'''exec' )?\"?([^\"\n]+?)\"?(?: \"\$0\".*)?\n")
_SCRIPTS = ("pip", "pip3", "pip3.exe")


def judge(candidate: EnvironmentCandidate, python: Python) -> tuple[Status, str]:
    """Return the status and its cause; the worst comes first, an `ok` has no cause."""
    if shortcoming := candidate.shortcoming:
        return Status.SUSPECT, shortcoming
    for status, cause in (
        (Status.BROKEN, _broken(candidate, python)),
        (Status.MIXED, _mixed(candidate, python)),
        (Status.MOVED, _moved(candidate)),
    ):
        if cause:
            return status, cause
    return Status.OK, ""


def _broken(candidate: EnvironmentCandidate, python: Python) -> str:
    executable = python.executable
    if executable is None:
        return ""  # a conda prefix without Python promises none
    if reach.obstacle(executable) or reach.obstacle(candidate.cfg.get("home", "")):
        return ""  # nobody looked, so nobody knows
    if why := absence(executable):
        return f"its interpreter leads to {python.base_executable}, which {why}"
    if not reach.islink(executable) and not reach.access(executable, os.X_OK):
        return f"its interpreter {executable} cannot be executed"
    home = candidate.cfg.get("home", "")
    if os.path.isabs(home) and (is_missing(home) or reach.isfile(home)):
        return f"its base interpreter is gone: {home} does not exist"
    return ""


def _mixed(candidate: EnvironmentCandidate, python: Python) -> str:
    folders = sorted({folder.minor for folder in candidate.layout.package_folders if folder.minor})
    said = minor_of(candidate.cfg.get("version_info") or candidate.cfg.get("version"))
    base = _base_minor(candidate, python)
    if len(folders) > 1:
        return f"it has package folders for {' and '.join(folders)}"
    if folders and said and said != folders[0]:
        return f"its pyvenv.cfg says {said} and its package folder {folders[0]}"
    if folders and base and base != folders[0]:
        return f"its interpreter is now {base} and its packages are for {folders[0]}"
    if said and base and said != base:
        return f"its pyvenv.cfg says {said} and its interpreter is {base}"
    return ""


def _base_minor(candidate: EnvironmentCandidate, python: Python) -> str | None:
    target = python.base_executable
    if target is None or target.startswith(candidate.path + os.sep):
        return None  # a copy of the base's executable; its own place tells nothing
    return minor_of_executable(target)


def _moved(candidate: EnvironmentCandidate) -> str:
    place = _place_in_activate(candidate) or _place_in_shebang(candidate)
    if place is None or _same(place, candidate.path):
        return ""
    if reach.exists(os.path.join(place, "pyvenv.cfg")):
        return f"its scripts run in {place}, of which it is a copy"
    return f"its scripts point to {place}, where it was before"


def _place_in_activate(candidate: EnvironmentCandidate) -> str | None:
    """Return the place that `activate` sets; None where it is computed (relocatable)."""
    if candidate.layout.scripts is None:
        return None
    path = os.path.join(candidate.layout.scripts, "activate")
    data = read_bounded(path, _HEAD_LIMIT, whole=False)
    if isinstance(data, Unread):
        return None
    for match in _ACTIVATE.finditer(decode_path(data)):
        place = unquoted(match.group(1).strip()).replace("'\"'\"'", "'")
        if os.path.isabs(place):
            return place
    return None


def _place_in_shebang(candidate: EnvironmentCandidate) -> str | None:
    """Return the environment that the shebang of its pip names: `#!/abs/bin/python`, or the
    `/bin/sh` form that pip writes for paths with blanks or beyond 127 bytes."""
    if candidate.layout.scripts is None:
        return None
    for name in _SCRIPTS:
        data = read_bounded(os.path.join(candidate.layout.scripts, name), _HEAD_LIMIT, whole=False)
        if isinstance(data, Unread):
            continue
        if (match := _SHEBANG.match(data)) and (python := decode_path(match.group(1))):
            return os.path.dirname(os.path.dirname(python)) if os.path.isabs(python) else None
    return None


def _same(place: str, path: str) -> bool:
    try:
        return os.path.normpath(place) == path or reach.samefile(place, path)
    except (OSError, ValueError):
        return False


def read_creation(candidate: EnvironmentCandidate) -> Creation:
    """Return the creator of an environment and its flags, as its cfg tells them.

    Credentials in it are masked: the command may name an index.
    """
    if candidate.kind in {Kind.CONDA, Kind.PIXI}:
        return Creation(creator="conda")
    if candidate.kind is Kind.LEGACY:
        return Creation(creator="virtualenv")
    cfg = candidate.cfg
    creator, version = _creator(cfg)
    return Creation(
        creator=creator,
        creator_version=version,
        system_site_packages=_true(cfg.get("include-system-site-packages")),
        prompt=mask_text(unquoted(cfg.get("prompt", ""))) or None,
        relocatable=_true(cfg.get("relocatable")),
        seeded=_true(cfg.get("seed")),
        command=mask_text(cfg.get("command", "")) or None,
    )


def _creator(cfg: dict[str, str]) -> tuple[str | None, str | None]:
    for name in ("uv", "virtualenv"):
        if name in cfg:
            return name, mask_text(cfg[name]) or None
    if "-m venv" in cfg.get("command", "") or "home" in cfg:
        return "venv", None
    return None, None


def _true(value: str | None) -> bool:
    return (value or "").strip().lower() == "true"


_USUAL = frozenset({".venv", "venv", ".env", "env", ".virtualenv", "virtualenv", ".direnv"})
"""Names that so many environments have that they tell nothing by themselves."""


def name_of(path: str, project: ProjectLink) -> str:
    """Return `api/.venv` for an environment inside its project, or one of a name that many
    have; else its folder's name."""
    if project.state is ProjectState.FOUND and project.path:
        prefix = project.path.rstrip(os.sep) + os.sep
        if path.startswith(prefix):
            return os.path.join(os.path.basename(project.path), path[len(prefix) :])
    parent, name = os.path.split(path)
    return os.path.join(os.path.basename(parent), name) if name in _USUAL else name or path


@dataclass(frozen=True, slots=True)
class Inspector:
    """Reads what was found on one host, with the mount table as it was when the look began."""

    host: Host
    mounts: Sequence[Mount] = ()

    def inspect(
        self,
        candidate: EnvironmentCandidate,
        manager: Manager,
        project: ProjectLink,
        previous: LastUsed | None = None,
        left: Sequence[float] = (),
    ) -> Environment:
        """Read an environment whole, but for its size and its distributions.

        `previous` is when it was last used, as an earlier look said, and `left` the access
        times as that look left them: no signs of use.
        """
        folders = tuple(folder.path for folder in candidate.layout.package_folders)
        used = self._used(candidate, folders, previous, left)  # before more of it is read
        python = read_python(candidate)
        status, reason = judge(candidate, python)
        environment = Environment(
            path=candidate.path,
            identity=candidate.identity,
            name=name_of(candidate.path, project),
            manager=manager.name,
            status=status,
            reason=reason,
            python=python,
            creation=read_creation(candidate),
            packages=count_distributions(folders) if folders else None,
            site_packages=folders,
            last_used=used,
        )
        return self._dated(self.relate(environment, candidate, manager, project))

    def renew(
        self,
        environment: Environment,
        candidate: EnvironmentCandidate,
        manager: Manager,
        project: ProjectLink,
        left: Sequence[float] = (),
    ) -> Environment:
        """Return what is known of an unchanged environment with what changes by itself.

        That is when it was last used, whether its Python is still supported, and all that
        :meth:`relate` says. `left` are the access times as our own last look left them.
        """
        used = self._used(candidate, environment.site_packages, environment.last_used, left)
        related = self.relate(environment, candidate, manager, project)
        return self._dated(replace(related, last_used=used))

    def relate(
        self,
        environment: Environment,
        candidate: EnvironmentCandidate,
        manager: Manager,
        project: ProjectLink,
    ) -> Environment:
        """Return an environment with what depends on other folders than its own: project, name
        and links, and whether it must not be deleted (EnvDeck runs from another one today)."""
        return replace(
            environment,
            name=name_of(environment.path, project),
            project=project,
            links=candidate.links,
            protected=protection(candidate, manager, self.host),
        )

    def _used(
        self,
        candidate: EnvironmentCandidate,
        folders: Sequence[str],
        previous: LastUsed | None,
        left: Sequence[float],
    ) -> LastUsed:
        return last_used(
            candidate.path,
            cfg_atime=candidate.cfg_atime,
            site_packages=folders,
            mounts=self.mounts,
            previous=previous,
            left=left,
        )

    def _dated(self, environment: Environment) -> Environment:
        now = self.host.now()
        python = environment.python
        ended = end_of_life(python.version, now, python.implementation or "cpython")
        return replace(
            environment,
            python=replace(python, end_of_life=ended),
            seen_at=now,
        )


def fingerprint(candidate: EnvironmentCandidate) -> str:
    """Return a text that changes whenever what inspection reads may have changed.

    Installing and removing touches `site-packages` and `bin`; a new cfg or a replaced
    interpreter entry touches the root, the cfg or `bin`; a base that vanishes or returns
    changes what the entry leads to. Edits *inside* installed packages are not told.
    """
    layout = candidate.layout
    paths = [candidate.path, os.path.join(candidate.path, "pyvenv.cfg")]
    paths += [folder.path for folder in layout.package_folders]
    paths += [
        path for path in (layout.scripts, layout.executable, candidate.cfg.get("home")) if path
    ]
    if layout.scripts:
        paths.append(os.path.join(layout.scripts, "activate"))
    return ";".join(map(_stamp, paths))


def _stamp(path: str) -> str:
    try:
        status = reach.stat(path)
    except (OSError, ValueError):
        return "-"
    return f"{status.st_ino:x}.{status.st_mtime_ns:x}.{status.st_ctime_ns:x}"
