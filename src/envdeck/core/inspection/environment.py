"""One environment read: values, status with its cause, creator, fingerprint, short name."""

import os
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from envdeck.core.discovery.managers.base import Manager
from envdeck.core.discovery.prefix import (
    NAMES,
    EnvironmentCandidate,
    Kind,
    recognise,
    unquoted,
)
from envdeck.core.inspection.interpreter import (
    BaseReader,
    end_of_life,
    minor_of_executable,
    read_python,
)
from envdeck.core.inspection.packages.provenance import mask_text
from envdeck.core.inspection.packages.site_packages import count_distributions
from envdeck.core.inspection.protection import ProtectedPlaces, protection
from envdeck.core.inspection.stamps import last_used
from envdeck.core.lazy_dataclasses import dataclass, field, replace
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
from envdeck.core.system.host import Host, lies_under
from envdeck.core.system.mounts import Mount

_HEAD_LIMIT = 16 * 1024
_ACTIVATE = re.compile(r"^[ \t]*(?:export[ \t]+)?VIRTUAL_ENV=([^$`\n]+)$", re.MULTILINE)
_SHEBANG = re.compile(
    rb"#!(?:/bin/sh\n'''exec' \"?([^\"\n]+?)\"?(?: \"\$0\".*)?|\"([^\"\n]+)\".*|(\S+).*)\n"
)
_INTERPRETER = re.compile(r"(?:python|pypy|graalpy)[\d.]*t?(?:\.exe)?")
_METADATA = ".dist-info"
_LINKED = 10_000
"""So many entries of a package folder are looked at."""
_SCRIPTS = ("pip", "pip3", "pip3.exe")


def judge(
    candidate: EnvironmentCandidate, python: Python, bases: BaseReader | None = None
) -> tuple[Status, str]:
    """Return the status and its cause; the worst comes first, an `ok` has no cause."""
    bases = bases or BaseReader(Host.current())
    if shortcoming := candidate.shortcoming:
        return Status.SUSPECT, shortcoming
    for status, cause in (
        (Status.BROKEN, _broken(candidate, python, bases)),
        (Status.MIXED, _mixed(candidate, python, bases)),
        (Status.MOVED, moved_reason(candidate)),
    ):
        if cause:
            return status, cause
    return Status.OK, ""


def _broken(candidate: EnvironmentCandidate, python: Python, bases: BaseReader) -> str:
    executable = python.executable
    if executable is None:
        return ""  # a conda prefix without Python promises none
    if reach.obstacle(executable) or reach.obstacle(candidate.cfg.get("home", "")):
        return ""  # nobody looked, so nobody knows
    if why := absence(executable):
        what = "not found" if why == "does not exist" else why
        return f"base interpreter {what}: {python.base_executable}"
    if not reach.islink(executable) and not reach.access(executable, os.X_OK):
        return f"interpreter is not executable: {executable}"
    home = candidate.cfg.get("home", "")
    if os.path.isabs(home) and (is_missing(home) or reach.isfile(home)):
        return f"base interpreter not found: {home}"
    return _unfounded(candidate, python, bases) or _emptied(candidate)


def _unfounded(candidate: EnvironmentCandidate, python: Python, bases: BaseReader) -> str:
    """Say what the base lacks without which no interpreter starts: a copied executable takes the
    standard library, and often its shared library, from there."""
    executable, target = python.executable, python.base_executable
    if executable is None or target is None:
        return ""
    if not lies_under(target, candidate.path):
        if bases.locate(target) is None and _lacks_library(target, python):
            return f"base interpreter {target} has no standard library"
        return ""
    home = candidate.cfg.get("home", "")
    if os.path.isabs(home):
        named = (candidate.cfg.get("base-executable", ""), candidate.cfg.get("executable", ""))
        entries = (*named, *(os.path.join(home, name) for name in _entries_of(python)))
        there = [path for path in entries if os.path.isabs(path) and reach.exists(path)]
        if not there:
            return f"base interpreter not found in {home}"
        if not any(map(bases.locate, there)) and any(
            _lacks_library(path, python) for path in there
        ):
            return f"base interpreter {there[0]} has no standard library"
    for folder in candidate.layout.package_folders:  # virtualenv before 20 linked it, file by file
        landmark = os.path.join(os.path.dirname(folder.path), "os.py")
        if reach.islink(landmark) and (why := absence(landmark)):
            return f"standard library {why}: {reach.realpath(landmark)}"
    return ""


def _entries_of(python: Python) -> tuple[str, ...]:
    minor = minor_of(python.version)
    names = ("python", "python3", "pypy", "pypy3", "graalpy", "python2", "python.exe")
    return (*names, f"python{minor}", f"pypy{minor}")


def _lacks_library(executable: str, python: Python) -> bool:
    """Tell whether an interpreter has the folder of its standard library beside it, and in that
    no library: it was removed in part. Where there is no such folder, it may be anywhere."""
    prefix = os.path.dirname(os.path.dirname(reach.realpath(executable)))
    folders = [
        os.path.join(prefix, library, f"{family}{minor_of(python.version)}{build}")
        for library in ("lib", "lib64")
        for family in ("python", "pypy")
        for build in ("", "t")
    ]
    present = [folder for folder in folders if reach.isdir(folder)]
    whole = any(reach.exists(os.path.join(folder, "os.py")) for folder in present)
    return bool(present) and not whole


def _emptied(candidate: EnvironmentCandidate) -> str:
    """Say where the files of its packages lead, if they are links and what they lead to is gone:
    uv links them to its cache when it is asked to, and a cache is cleaned."""
    for folder in candidate.layout.package_folders:
        for name in _some_metadata(folder.path):
            path = os.path.join(folder.path, name, "METADATA")
            if reach.islink(path) and absence(path):
                return f"package files not found: {reach.realpath(path)}"
    return ""


def _some_metadata(folder: str) -> Iterator[str]:
    """Yield names of metadata folders: the first, and the others where its files are links."""
    try:
        with reach.scandir(folder) as entries:
            names = (entry.name for entry in islice(entries, _LINKED))
            first = next((name for name in names if name.endswith(_METADATA)), "")
            if not first or not reach.islink(os.path.join(folder, first, "METADATA")):
                return
            yield first
            yield from sorted(name for name in names if name.endswith(_METADATA))
    except OSError:  # counting them says so
        return


def _mixed(candidate: EnvironmentCandidate, python: Python, bases: BaseReader) -> str:
    folders = sorted({folder.minor for folder in candidate.layout.package_folders if folder.minor})
    said = minor_of(candidate.cfg.get("version_info") or candidate.cfg.get("version"))
    base = _base_minor(candidate, python, bases)
    if len(folders) > 1:
        return f"package folders for several versions: {' and '.join(folders)}"
    if folders and said and said != folders[0]:
        return f"pyvenv.cfg is for Python {said}, packages are for {folders[0]}"
    if folders and base and base != folders[0]:
        return f"base interpreter is now Python {base}, packages are for {folders[0]}"
    if said and base and said != base:
        return f"pyvenv.cfg is for Python {said}, base interpreter is {base}"
    return ""


def _base_minor(candidate: EnvironmentCandidate, python: Python, bases: BaseReader) -> str | None:
    target = python.base_executable
    if target is None or target.startswith(candidate.path + os.sep):
        return None  # a copy of the base's executable; its own place tells nothing
    located = bases.locate(target) if candidate.cfg else None
    return located.minor if located and located.minor else minor_of_executable(target)


def moved_reason(candidate: EnvironmentCandidate) -> str:
    """Say from where an environment was moved or copied; empty where it was not."""
    if _true(candidate.cfg.get("relocatable")):
        return ""
    place = _place_in_activate(candidate) or _place_in_shebang(candidate)
    if place is None or _same(place, candidate.path):
        return ""
    if reach.exists(os.path.join(place, "pyvenv.cfg")):
        return f"copy of {place}: its scripts run the original"
    return f"moved from {place}: its scripts still use that path"


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
    `/bin/sh` form that pip writes for paths with blanks or beyond 127 bytes. What is no
    interpreter (`/bin/sh`, `/usr/bin/env`) names none."""
    if candidate.layout.scripts is None:
        return None
    for name in _SCRIPTS:
        data = read_bounded(os.path.join(candidate.layout.scripts, name), _HEAD_LIMIT, whole=False)
        if isinstance(data, Unread):
            continue
        if match := _SHEBANG.match(data):
            python = decode_path(next(filter(None, match.groups())))
            if os.path.isabs(python) and _INTERPRETER.fullmatch(os.path.basename(python)):
                return _environment_of(python, candidate)
    return None


def _environment_of(python: str, candidate: EnvironmentCandidate) -> str | None:
    """Return the environment that an interpreter in a shebang is or was the entry of; None for
    one that is there and in no environment, and for the base."""
    place = os.path.dirname(os.path.dirname(os.path.normpath(python)))
    home = candidate.cfg.get("home", "")
    if home and os.path.dirname(os.path.normpath(home)) == place:
        return None
    if not reach.isdir(place) or _same(place, candidate.path):
        return place
    return place if recognise(reach.realpath(place), NAMES) else None


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
        return Creation(creator="virtualenv", system_site_packages=_sees_system(candidate))
    cfg = candidate.cfg
    creator, version = _creator(cfg)
    return Creation(
        creator=creator,
        creator_version=version,
        system_site_packages=_true(cfg.get(_SYSTEM, "true" if "home" in cfg else None)),
        prompt=mask_text(unquoted(cfg.get("prompt", ""))) or None,
        relocatable=_true(cfg.get("relocatable")),
        seeded=_true(cfg.get("seed")),
        command=mask_text(cfg.get("command", "")) or None,
    )


def _sees_system(candidate: EnvironmentCandidate) -> bool:
    """Tell whether virtualenv before 20 left system packages on: then a file is missing."""
    libraries = {os.path.dirname(folder.path) for folder in candidate.layout.package_folders}
    return bool(libraries) and not any(
        reach.lexists(os.path.join(library, "no-global-site-packages.txt")) for library in libraries
    )


_SYSTEM = "include-system-site-packages"
"""CPython takes it as on where the line is missing."""


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
    bases: BaseReader = field(init=False)
    """The bases that were read so far."""

    places: ProtectedPlaces = field(init=False)
    """What stays on this host, as it was when the look began."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "bases", BaseReader(self.host))
        object.__setattr__(self, "places", ProtectedPlaces.find(self.host))

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
        python = read_python(candidate, self.bases)
        status, reason = judge(candidate, python, self.bases)
        packages, leftovers = count_distributions(folders) if folders else (None, 0)
        environment = Environment(
            path=candidate.path,
            identity=candidate.identity,
            name=name_of(candidate.path, project),
            manager=manager.name,
            status=status,
            reason=reason,
            python=python,
            creation=read_creation(candidate),
            packages=packages,
            site_packages=folders,
            leftovers=leftovers,
            last_used=used,
        )
        related = self._related(environment.path, candidate, manager, project)
        return replace(environment, **related, **self._dated(environment.python))

    def has_base(self, environment: Environment) -> bool:
        """Tell whether the base of an environment has its standard library, which can go while
        nothing changes that its fingerprint tells of; where there is a copy, it is not asked."""
        target = environment.python.base_executable
        if target is None or lies_under(target, environment.path):
            return True
        return self.bases.locate(target) is not None

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
        related = self._related(environment.path, candidate, manager, project)
        return replace(environment, **related, **self._dated(environment.python), last_used=used)

    def relate(
        self,
        environment: Environment,
        candidate: EnvironmentCandidate,
        manager: Manager,
        project: ProjectLink,
    ) -> Environment:
        """Return an environment with what depends on other folders than its own: project, name
        and links, and whether it must not be deleted (EnvDeck runs from another one today)."""
        return replace(environment, **self._related(environment.path, candidate, manager, project))

    def _related(
        self, path: str, candidate: EnvironmentCandidate, manager: Manager, project: ProjectLink
    ) -> dict[str, Any]:
        return {
            "name": name_of(path, project),
            "project": project,
            "links": candidate.links,
            "protected": protection(candidate, manager, self.host, self.places),
        }

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

    def _dated(self, python: Python) -> dict[str, Any]:
        now = self.host.now()
        ended = end_of_life(python.version, now, python.implementation or "cpython")
        if ended != python.end_of_life:
            python = replace(python, end_of_life=ended)
        return {"python": python, "seen_at": now}
