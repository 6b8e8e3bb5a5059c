"""What the checks of one environment share: each part is read once, when a check asks for it."""

import os
import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from envdeck.core.discovery.interpreters.landmarks import Located
from envdeck.core.discovery.managers.base import HASH
from envdeck.core.inspection.import_path import (
    READ_AT_START,
    ImportPath,
    import_path,
    inherited_versions,
    locate_base,
)
from envdeck.core.inspection.interpreter import BaseReader
from envdeck.core.inspection.modules import ModuleFolders
from envdeck.core.inspection.packages.builds import BuildTarget, target_of
from envdeck.core.inspection.packages.claims import RecordClaims, read_claims
from envdeck.core.inspection.packages.distributions import read_distributions
from envdeck.core.inspection.packages.metadata import KnownPackages
from envdeck.core.inspection.packages.record import PresenceReader, RecordSummary
from envdeck.core.inspection.packages.requirements import MarkerEnvironment, marker_environment
from envdeck.core.inspection.pip_options import TRUE, option_sources, read_uv_table
from envdeck.core.inspection.size import is_whole
from envdeck.core.lazy_dataclasses import dataclass, field, replace
from envdeck.core.model import Distribution, Environment, ProjectState
from envdeck.core.system import reach
from envdeck.core.system.files import Unread, decode, read_bounded, reason_of
from envdeck.core.system.host import Host

if TYPE_CHECKING:
    from envdeck.core.online.audit import Audited, Auditor
    from envdeck.core.online.client import Client
    from envdeck.core.online.releases import ProjectReleases

_RUNNERS = frozenset({"tox", "nox", "pre-commit", "pipx"})

_VARIABLES = ("PYTHONPATH", "PYTHONHOME", "PIP_TARGET", "PIP_USER", "PIP_PREFIX")
_PIP_OPTIONS = {"target": "PIP_TARGET", "user": "PIP_USER", "prefix": "PIP_PREFIX"}
_IN_DOTENV = re.compile(rb"\b(?:PYTHON(?:PATH|HOME)|PIP_(?:TARGET|USER|PREFIX))\b")
_DOTENV_LIMIT = 256 * 1024
_MOST_FOLDERS = 50


class Setting(NamedTuple):
    """One setting that changes what is imported, or where packages are installed."""

    name: str
    """Of the variable, whether that is set or the option of pip that says the same."""
    value: str
    """Never shown as it is: a file of variables may hold anything."""
    place: str
    """In words: `shell`, `.env`, `pip.conf`."""
    file: str
    """Where it is set; empty for the shell."""


def _tell_nobody(_done: int, _total: int) -> None:
    """Nobody waits for it."""


def _never() -> bool:
    return False


@dataclass(slots=True)
class FileStates:
    """The files that are claimed, as listing their folders tells; places are sorted."""

    missing: list[str] = field(default_factory=list)
    resized: list[str] = field(default_factory=list)
    """There, and of a length that nobody who claims them says."""
    unread: list[str] = field(default_factory=list)
    """Folders that could not be listed, with the reason."""


def compare_lengths(claims: RecordClaims) -> FileStates:
    """Compare existence and length of every file that is claimed; each folder is listed once."""
    states = FileStates(unread=list(claims.unread))
    by_folder: dict[str, list[str]] = {}
    for place in claims.by_place:
        by_folder.setdefault(place.rpartition("/")[0], []).append(place)
    for folder, places in sorted(by_folder.items()):
        lengths = _lengths(f"{claims.root}/{folder}")
        if isinstance(lengths, Unread):
            states.unread.append(f"{folder}: {lengths.reason}")
            continue
        for place in sorted(places):
            length = lengths.get(place.rpartition("/")[2])
            if length is None:
                states.missing.append(place)
            elif not any(each.size in {None, length} for each in claims.by_place[place]):
                states.resized.append(place)
    return states


def _lengths(folder: str) -> dict[str, int] | Unread:
    """Return the lengths of what is in a folder, links followed; -1 for what cannot be told."""
    found: dict[str, int] = {}
    try:
        with reach.scandir(folder) as listed:
            for entry in listed:
                try:
                    found[entry.name] = entry.stat().st_size
                except FileNotFoundError:  # it went, or is a link that leads nowhere
                    continue
    except (FileNotFoundError, NotADirectoryError):
        return found
    except (OSError, ValueError) as error:
        return Unread(reason_of(error))
    return found


@dataclass
class HealthContext:
    """One environment, as the checks see it."""

    environment: Environment
    host: Host = field(default_factory=Host.current)
    kept: bool = False
    """Whether the findings are kept until the environment changes, as those of a scan: what
    depends on the shell, or is slow to compare with the project, is left out then."""
    known: KnownPackages = field(default_factory=KnownPackages)
    """What was read of the environments before it in the same look: many have the same files."""
    located: dict[str, Located | None] = field(default_factory=dict)
    """The interpreters that were met in the same look, by the paths that led there."""
    bases: BaseReader | None = None
    """What was read of them, where several environments are looked at."""
    deep: bool = False
    """Whether every installed file is to be hashed."""
    tell: Callable[[int, int], object] = _tell_nobody
    """Is told how far what takes long is: files hashed, or packages asked about, of all."""
    stopped: Callable[[], bool] = _never
    """Polled while something takes long, to end it."""
    elsewhere: set[str] = field(default_factory=set)
    """Files and folders that what was found depends on, too, and of which the fingerprint of the
    environment does not tell: those outside of it, and `.pth` files edited where they are."""

    def beside(self, environment: Environment) -> "HealthContext":
        """Return the context of a further environment in the same look."""
        return replace(self, environment=environment, elsewhere=set())

    @cached_property
    def distributions(self) -> tuple[Distribution, ...]:
        """What is installed in it, by name."""
        return read_distributions(
            self.environment,
            system_folders=self.import_path.inherited,
            host=self.host,
            known=self.known,
        )

    @cached_property
    def by_name(self) -> dict[str, list[Distribution]]:
        """Distributions by their normalised name (PEP 503)."""
        named: dict[str, list[Distribution]] = {}
        for one in self.distributions:
            named.setdefault(one.name, []).append(one)
        return named

    @cached_property
    def markers(self) -> MarkerEnvironment:
        """The marker values of its interpreter (PEP 508)."""
        return marker_environment(self.environment.python, None)

    @cached_property
    def inherited(self) -> Mapping[str, Sequence[str]]:
        """Versions by name of what it sees beyond its own (system packages)."""
        return inherited_versions(self.environment, self.host, self.import_path.inherited)

    @cached_property
    def recorded(self) -> tuple[tuple[Distribution, RecordSummary], ...]:
        """What the RECORD of each distribution tells that has one."""
        return tuple(
            (one, found)
            for one in self.distributions
            if one.path.endswith(".dist-info")
            and not isinstance(found := self.known.records.read(one.path, one.record), Unread)
        )

    @cached_property
    def target(self) -> BuildTarget | None:
        """The interpreter that loads its modules; None where its version is not known."""
        return target_of(self.environment, self.host)

    @cached_property
    def claims(self) -> RecordClaims:
        """Every file that a RECORD lists, with what it says of it."""
        return read_claims(self.environment.path, self.folders)

    @cached_property
    def files(self) -> FileStates:
        """Which of these files are missing, or have another length."""
        if not self.deep and _is_whole(self):  # nearly always: it takes half as long
            return FileStates()
        return compare_lengths(self.claims)

    def command(self, verb: str, *arguments: str) -> str:
        """Return a command line over this environment, as a person can paste it."""
        return shlex.join(("envdeck", verb, self.environment.path, *arguments))

    @property
    def folders(self) -> Sequence[str]:
        """Its own package folders."""
        return self.environment.site_packages

    @property
    def project(self) -> str | None:
        """The folder of its project, where that is there."""
        link = self.environment.project
        return link.path if link.state is ProjectState.FOUND else None

    @cached_property
    def import_path(self) -> ImportPath:
        """The folders that it imports from."""
        found = import_path(self.environment, self.host, located=self.located)
        self.elsewhere |= {one.path for one in found.folders if one.kind != "own"}
        for folder in found.own:
            names = (name for name in self.modules.list_names(folder) if name.endswith(".pth"))
            self.elsewhere |= {f"{folder}/{name}" for name in names if name != READ_AT_START}
        return found

    @cached_property
    def base(self) -> Located | None:
        """Its base interpreter, with the standard library."""
        return locate_base(self.environment, self.host, self.located)

    @cached_property
    def modules(self) -> ModuleFolders:
        """What is in those folders, and whose it is."""
        return ModuleFolders(self.environment)

    @cached_property
    def client(self) -> "Client":
        """Asks over the network as pip does in it; only for checks that were asked for."""
        from envdeck.core.online.client import Client  # start-up: only when asked for

        return Client.open(self.host, self.environment.path)

    @cached_property
    def auditor(self) -> "Auditor":
        """Asks for advisories."""
        from envdeck.core.online.audit import Auditor  # start-up: only when asked for

        return Auditor(self.host, self.client)

    @cached_property
    def not_indexed(self) -> dict[str, str]:
        """Why an index has nothing to say of some distributions, by their names."""
        own, pinned = self._project_indexes()
        found = {}
        for one in self.distributions:
            reason = _foreign(one)
            if not reason and (own or one.name in pinned):
                reason = "from an index of the project"
            if reason:
                found[one.name] = reason
        return found

    def _project_indexes(self) -> tuple[bool, frozenset[str]]:
        """Return whether its project takes packages from its own index instead of the
        person's, and which ones from another besides: those names are told to nobody else."""
        if self.project is None:
            return False, frozenset()
        from envdeck.core.project.project import read_declared  # start-up: only when asked for

        manifests = read_declared(self.project)
        pinned = {line.name for one in manifests for line in one.requirements if line.index}
        replaced = any(
            option.startswith(("--index-url", "-i ", "-i="))
            for one in manifests
            for option in one.options
        )
        for name in ("pyproject.toml", "uv.toml"):
            table = read_uv_table(os.path.join(self.project, name)) or {}
            listed = table.get("index")
            indexes = listed if isinstance(listed, list) else []
            defaults = [one for one in indexes if isinstance(one, dict) and one.get("default")]
            replaced = replaced or "index-url" in table or bool(defaults)
        return replaced, frozenset(pinned)

    @cached_property
    def indexed(self) -> tuple[tuple[str, str], ...]:
        """Name and version of the distributions that an index can have provided."""
        return tuple(
            (name, several[0].version)
            for name, several in self.by_name.items()
            if name not in self.not_indexed
        )

    @cached_property
    def audited(self) -> "Mapping[str, Audited | Unread]":
        """What the advisory service says of each of those, or why it was not checked."""
        return self.auditor.audit(self.indexed)

    @cached_property
    def releases(self) -> "Mapping[str, ProjectReleases | Unread]":
        """What the index says of each of those, or why it says nothing."""
        from envdeck.core.online.releases import IndexReader  # start-up: only when asked for

        return IndexReader(self.host, self.client, self.tell, self.stopped).read(self.indexed)

    @cached_property
    def settings(self) -> tuple[Setting, ...]:
        """The settings of the shell, of the project's `.env` and of pip that lead elsewhere."""
        found = list(self._dotenv_settings())
        file = "" if not self.kept else os.path.join(self.environment.path, "pip.conf")
        if self.kept and not reach.exists(file):
            return tuple(found)  # the others are of the machine, not of this environment
        if not self.kept:
            found += [
                Setting(name, value, "shell", "")
                for name in _VARIABLES
                if (value := self.host.variable(name)) and not _is_off(name, value)
            ]
        for option, name in _PIP_OPTIONS.items():
            one = option_sources(self.host, self.environment.path).get(option)
            if one is None or not one.file or _is_off(name, one.value):
                continue
            if not self.kept or one.file == file:
                found.append(Setting(name, one.value, os.path.basename(one.file), one.file))
        return tuple(found)

    def _dotenv_settings(self) -> Iterator[Setting]:
        if self.project is None:
            return
        file = os.path.join(self.project, ".env")
        data = read_bounded(file, _DOTENV_LIMIT)
        if isinstance(data, Unread) or not _IN_DOTENV.search(data):
            return
        from envdeck.core.dotenv.syntax import parse  # start-up: only where such a name is met

        statements = parse(decode(data))
        if isinstance(statements, str):
            return
        for name, value in {one.name: one.value for one in statements}.items():
            if name in _VARIABLES and value and not _is_off(name, value):
                yield Setting(name, value, ".env", file)

    def listed_folders(self, setting: Setting) -> tuple[str, ...]:
        """Return the folders that a `PYTHONPATH` lists and that are there; none for another
        setting. What is relative is under the project in its `.env`, and else left out."""
        found: list[str] = []
        for part in setting.value.split(os.pathsep)[:_MOST_FOLDERS]:
            path = self.host.expand(part.strip())
            if setting.file and self.project:
                path = os.path.join(self.project, path)
            if setting.name == "PYTHONPATH" and os.path.isabs(path) and reach.isdir(path):
                found.append(os.path.normpath(path))
        return tuple(dict.fromkeys(found))


def _is_whole(context: HealthContext) -> bool:
    """Tell whether all is there that RECORDs list; what was not read needs a closer look."""
    rows = (one for one in context.distributions if one.path.endswith(".dist-info"))
    if not all(one.record for one in rows):
        return False
    return is_whole(PresenceReader().expect(context.environment.path, context.folders))


def _foreign(distribution: Distribution) -> str:
    """Return why an index is not asked about a distribution; empty where it is."""
    if distribution.editable:
        return "editable"
    if distribution.origin is not None:
        return "from a folder" if distribution.origin.startswith("file:") else "from a URL"
    if "+" in distribution.version:
        return "a local build"
    return "" if distribution.version else "without a version"


def is_of_runner(environment: Environment) -> bool:
    """Tell whether an environment is one that nobody activates, and that holds what its tool says
    and not what the project declares. Of hatch those are all but the default one, which bears
    the name of the project: `…/blog/<id>/lint`, `.internal/hatch-test/blog/<id>/…`."""
    if environment.manager in _RUNNERS:
        return True
    store, name = os.path.split(environment.path)
    project, identifier = os.path.split(store)
    kept_by_hatch = environment.manager == "hatch" and re.fullmatch(HASH, identifier) is not None
    return kept_by_hatch and os.path.basename(project) != name


def _is_off(name: str, value: str) -> bool:
    return name == "PIP_USER" and value.strip().lower() not in TRUE
