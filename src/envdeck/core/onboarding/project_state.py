"""Everything the steps look at, read lazily and once; groups and extras."""

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from envdeck.core.inspection.interpreter import RELEASES, end_of_life, is_free_threaded, is_version
from envdeck.core.inspection.interpreters import find_interpreters, interpreter_at
from envdeck.core.lazy_dataclasses import dataclass, replace
from envdeck.core.model import Environment, Interpreter, InterpreterOption, Policy, Status
from envdeck.core.onboarding.answers import WalkthroughAnswers, read_memory
from envdeck.core.onboarding.model import Option, StepAnswers
from envdeck.core.operations.shared.interpreters import InterpreterRequest, interpreter_options
from envdeck.core.project.documents import DataDocument, read_toml
from envdeck.core.project.drift.compare import compare
from envdeck.core.project.locks.selection import ordered_locks
from envdeck.core.project.model import Project, ProjectPart, WantedPython
from envdeck.core.project.parts import main_manifests, part_ids
from envdeck.core.project.project import read_project
from envdeck.core.system import reach
from envdeck.core.system.host import Host, lies_under
from envdeck.core.system.reach import Scope

if TYPE_CHECKING:
    from envdeck.core.catalog import Catalog
    from envdeck.core.dotenv import DotenvReport
    from envdeck.core.model import Distribution
    from envdeck.core.project.model import Comparison

GROUP, EXTRA = "group:", "extra:"
KINDS = ("group", "extra", "without")
"""What the ids of these options begin with."""
WITHOUT = "without:project"
"""The option that leaves the project itself out: where it does not build."""


@dataclass(frozen=True, slots=True)
class ChosenParts:
    """What is installed of a project beside its own dependencies, as planners take it."""

    groups: tuple[str, ...] | None
    """None: those that the project's own tool installs."""
    extras: tuple[str, ...] | None
    itself: bool = True
    """Whether the project itself is installed, where it can be."""


def options_of(
    project: Project,
    parts: Sequence[ProjectPart],
    remembered: Collection[str] | None,
    manager: str = "",
) -> tuple[Option, ...]:
    """Return the groups and extras that can be chosen, in the order of the files, and in the end
    to do without the project itself, where that would be installed.

    Chosen are those that a person chose before; with nothing `remembered` those that count in
    the environment that is here (its `parts`), or that one made now would get by default.
    """
    known = known_parts(project, manager)
    default = {one for one, usual in known.items() if usual}
    default |= {part.id for part in parts if part.default}
    counted = {part.id for part in parts if part.counts} if parts else default
    chosen = counted if remembered is None else set(remembered)
    options = [
        Option(each, f"{each.replace(':', ' ')}{' (default)' if each in default else ''}",
               each in chosen)
        for each in known
    ]  # fmt: skip
    if _installs_itself(project, manager):
        title = "leave out the project itself (install only its dependencies)"
        options.append(Option(WITHOUT, title, WITHOUT in chosen))
    return tuple(options)


def _installs_itself(project: Project, manager: str) -> bool:
    if any(one.root and one.kind == "editable" for lock in project.locks for one in lock.packages):
        return True
    mains = main_manifests(project, manager)
    return any(one.builds and not one.dynamic and not one.unbuilt for one in mains)


def apply_answers(options: tuple[Option, ...], answers: StepAnswers) -> tuple[Option, ...]:
    """Return options as they are chosen by answers."""
    if answers.options is None:
        return options
    return tuple(replace(one, chosen=one.id in answers.options) for one in options)


def collect_chosen(project: Project, options: Iterable[Option]) -> ChosenParts:
    """Return chosen options as planners take them: the defaults are left to the tool."""
    chosen = {one.id for one in options if one.chosen}
    groups = tuple(each.removeprefix(GROUP) for each in sorted(chosen) if each.startswith(GROUP))
    extras = tuple(each.removeprefix(EXTRA) for each in sorted(chosen) if each.startswith(EXTRA))
    usual = {one for one, default in known_parts(project).items() if default}
    return ChosenParts(
        None if set(groups) == _named(usual, GROUP) else groups,
        None if set(extras) == _named(usual, EXTRA) else extras,
        WITHOUT not in chosen,
    )


def _named(ids: Iterable[str], kind: str) -> set[str]:
    return {one.removeprefix(kind) for one in ids if one.startswith(kind)}


def known_parts(project: Project, manager: str = "") -> dict[str, bool]:
    """Return the groups and extras of a project by their ids, and of each whether it is installed
    without being asked, by the lock that an environment is made from."""
    lock = next((one for one in ordered_locks(project.locks, manager) if one.usable), None)
    return part_ids(project, lock, manager)


def _accepts(wanted: "WantedPython", one: Interpreter) -> bool:
    threads = is_free_threaded(one.prefix, one.version, one.executable)
    return accepts_python(wanted, one.version, one.implementation, free_threaded=threads)


_USUAL = (".venv", "venv", "env")
"""What environments in a project are called, the most usual one first."""


_NOTHING: Mapping[str, tuple[str, ...]] = MappingProxyType({})


def _never() -> bool:
    return False


class ReadOperations(Protocol):
    """What a look needs of :class:`Operations`, which takes longer to load than a look does."""

    @property
    def catalog(self) -> "Catalog":
        """Everything that is known of the host's environments."""
        ...

    @property
    def policy(self) -> Policy:
        """The rules that hold for every operation."""
        ...


class ProjectFacts:
    """One project as it is now. Nothing of it is run, and nothing is changed."""

    def __init__(
        self,
        operations: ReadOperations,
        folder: str,
        *,
        environment: str | None = None,
        shell: str | None = None,
        chosen: Mapping[str, tuple[str, ...]] = _NOTHING,
        stopped: Callable[[], bool] = _never,
    ) -> None:
        """`folder` is the project's, its links resolved. `environment` is the path of the one
        that is meant, and `shell` the name of the shell in use; None finds them. `chosen` holds
        what stands in the place of what is remembered as chosen: ids by `group`, `extra` and
        `command`."""
        self.operations = operations
        self.folder = folder
        self.stopped = stopped
        self.asked_shell = shell
        self._asked = environment
        self._chosen = chosen

    @property
    def host(self) -> Host:
        """The machine."""
        return self.operations.catalog.host

    @cached_property
    def writable(self) -> bool:
        """Whether files can be made in the project's folder."""
        return reach.access(self.folder, os.W_OK | os.X_OK)

    @cached_property
    def memory(self) -> WalkthroughAnswers:
        """What was chosen and run here before."""
        return read_memory(self.host, self.folder)

    @cached_property
    def project(self) -> "Project":
        """What its files say."""
        # Where it is deployed is no matter here: of `read_project` that is what takes long.
        return read_project(self.folder, deployed=False)

    @property
    def wanted(self) -> "WantedPython":
        """Which Python it asks for."""
        return self.project.wanted

    @cached_property
    def environment(self) -> Environment | None:
        """The environment of the project: the one that was asked for; else the first in it that
        works; else the first that is there; else the last used of those that are remembered."""
        if self._asked is not None:
            return self.operations.catalog.lookup(self._asked)
        broken: Environment | None = None
        for path in self._places():
            found = self.operations.catalog.lookup(path)
            if found is not None and found.status is Status.OK:
                return found
            broken = broken or found
        return broken or self._remembered()

    @property
    def other_project(self) -> str:
        """The folder of the project that the environment serves, where that is another one: it
        would be recreated from what that one declares. Empty where it is this one."""
        environment = self.environment
        link = environment.project if environment is not None else None
        if link is None or link.path in {None, self.folder, self.project.workspace or None}:
            return ""
        return link.path

    def _places(self) -> Iterator[str]:
        """Yield where an environment is in the project, that of its workspace first."""
        places = [os.path.join(self.folder, name) for name in _USUAL]
        if self.project.workspace:
            places.insert(0, os.path.join(self.project.workspace, _USUAL[0]))
        active = self.host.folder("VIRTUAL_ENV")
        if active is not None and lies_under(reach.realpath(active), self.folder):
            places.append(reach.realpath(active))
        yield from (place for place in dict.fromkeys(places) if reach.isdir(place))

    def _remembered(self) -> Environment | None:
        """Return what serves the project elsewhere (poetry's, pipenv's), as the index has it."""
        catalog = self.operations.catalog
        serving = [
            one for one in catalog.remembered(Scope()) if one.project.path == self.folder
        ]  # fmt: skip
        serving.sort(key=lambda one: (one.status is not Status.OK, -(one.last_used.when or 0.0)))
        for one in serving:
            found = catalog.lookup(one.path)
            if found is not None and found.project.path == self.folder:
                return found
        return None

    @property
    def mark(self) -> str:
        """What tells this environment from one made in its place: its identity, and that of its
        `pyvenv.cfg`; empty without an environment."""
        environment = self.environment
        if environment is None:
            return ""
        told = f"{environment.identity.device}.{environment.identity.inode}"
        try:
            status = reach.lstat(os.path.join(environment.path, "pyvenv.cfg"))
        except OSError:
            return told
        return f"{told}.{status.st_ino}.{status.st_mtime_ns}"

    @cached_property
    def place(self) -> str:
        """Where the environment is, or would be made."""
        if self.environment is not None:
            return self.environment.path
        return self._asked or os.path.join(self.project.environment_folder, _USUAL[0])

    @cached_property
    def interpreters(self) -> tuple[InterpreterOption, ...]:
        """The interpreters that the project accepts, the best first.

        Those that the index remembers; where none of them will do, what is here is looked for
        again, since one may have been installed since.
        """
        catalog = self.operations.catalog
        remembered = [
            one for one in catalog.remembered_interpreters() if reach.exists(one.executable)
        ]
        return self._accepted(remembered) or self._accepted(
            one for one in find_interpreters(self.host) if isinstance(one, Interpreter)
        )

    def _accepted(self, interpreters: Iterable[Interpreter]) -> tuple[InterpreterOption, ...]:
        known = list(interpreters)
        base = self._base()
        if base is not None and all(one.executable != base.executable for one in known):
            known.append(base)
        return tuple(
            one
            for one in interpreter_options(InterpreterRequest(wanted=self.wanted), known)
            if _accepts(self.wanted, one.interpreter)
        )

    def _base(self) -> Interpreter | None:
        """Return the interpreter under the environment, wherever it is."""
        executable = self.environment and self.environment.python.base_executable
        if not executable or not reach.exists(executable):
            return None
        return interpreter_at(executable, self.host)

    @cached_property
    def distributions(self) -> "tuple[Distribution, ...]":
        """What is installed in the environment; nothing where there is none."""
        if self.environment is None:
            return ()
        return self.operations.catalog.distributions(self.environment)

    @cached_property
    def comparison(self) -> "Comparison | None":
        """The project beside its environment; None without one."""
        if self.environment is None:
            return None
        return compare(self.project, self.environment, self.distributions, host=self.host)

    @cached_property
    def options(self) -> tuple[Option, ...]:
        """Its groups and extras, as they are chosen."""
        parts = self.comparison.parts if self.comparison is not None else ()
        remembered = self.memory.chosen.get("packages")
        kinds = [kind for kind in KINDS if kind in self._chosen]
        if not kinds:
            return options_of(self.project, parts, remembered)
        proposed = options_of(self.project, parts, remembered)
        kept = [one.id for one in proposed if one.chosen and one.id.partition(":")[0] not in kinds]
        asked = [each for kind in kinds for each in self._chosen[kind]]
        return options_of(self.project, parts, {*kept, *asked})

    def chosen(self, step: str) -> tuple[str, ...] | None:
        """Return the ids that a person chose for a step; None where nobody did."""
        if step in self._chosen:
            return self._chosen[step]
        return self.memory.chosen.get(step)

    @cached_property
    def dotenv(self) -> "DotenvReport":
        """Its dotenv files, without any value."""
        environment = self.environment.path if self.environment is not None else None
        return self.operations.catalog.dotenv(self.folder, environment)

    @cached_property
    def pyproject(self) -> Mapping[str, Any]:
        """Its `pyproject.toml`; empty where there is none that can be read."""
        found = read_toml(os.path.join(self.folder, "pyproject.toml"))
        return found.table if isinstance(found, DataDocument) else {}

    @cached_property
    def python(self) -> str | None:
        """The full path of the environment's own Python; None without one."""
        if self.environment is None or not self.bin:
            return None
        names = ("python.exe",) if self.host.windows else ("python", "python3")
        paths = (os.path.join(self.bin, name) for name in names)
        return next((path for path in paths if reach.exists(path)), None)

    def program(self, name: str) -> str | None:
        """Return the full path of a program: the environment's, else the one on the PATH."""
        folders = [self.bin] if self.bin else []
        folders += (self.host.variable("PATH") or "").split(os.pathsep)
        search = os.pathsep.join(each for each in folders if os.path.isabs(each))
        return reach.which(name, search) if search else None

    @cached_property
    def bin(self) -> str:
        """The folder of the environment's programs; empty without one."""
        if self.environment is None:
            return ""
        names = ("Scripts", "bin") if self.host.windows else ("bin", "Scripts")
        below = [os.path.join(self.environment.path, name) for name in names]
        return next((each for each in below if reach.isdir(each)), "")


_TO_GET = tuple(reversed(RELEASES))[: -list(RELEASES).index("3.8")]
"""Minor versions that may be asked of uv by number, the newest first: it has none below 3.8."""
_LAST_PATCH = 99
"""A patch release that is later than any: `>=3.12.4` is met by some 3.12."""


def accepts_python(
    wanted: WantedPython,
    version: str | None,
    implementation: str | None,
    *,
    free_threaded: bool = False,
) -> bool:
    """Tell whether a project accepts a Python. A version that is not known is accepted by a
    project that asks for nothing alone; a range that cannot be read asks for nothing."""
    if version is None:
        return not (wanted.exact or wanted.specifier)
    if wanted.exact is not None:
        if (wanted.implementation or "cpython") != (implementation or "cpython"):
            return False
        if not is_version(version, wanted.exact, free_threaded=free_threaded):
            return False
    return _admits(wanted.specifier, version)


def asked_for(wanted: WantedPython) -> str:
    """Say what a project asks of Python, in a few words: `>=3.10, and 3.12`; empty for nothing."""
    exact = " ".join(filter(None, (wanted.implementation, wanted.exact)))
    return " and ".join(filter(None, (wanted.specifier, exact)))


def version_to_get(wanted: WantedPython, now: float) -> str:
    """Return what to ask `uv python install` for: the version that is pinned, else the newest
    minor version that is allowed and still supported, else the range itself; empty (uv then
    takes the newest) where nothing is asked for. `now` is in seconds since the epoch."""
    if wanted.exact is not None:
        name = wanted.implementation
        return wanted.exact if name in (None, "cpython") else f"{name}@{wanted.exact}"
    if not wanted.specifier:
        return ""
    fitting = [one for one in _TO_GET if _some_release(wanted.specifier, one)]
    supported = [one for one in fitting if end_of_life(one, now) is None]
    # The newest of all is the one whose packages may be missing yet, and still the one asked for.
    return next(iter((*supported, *fitting)), wanted.specifier)


def _some_release(specifier: str, minor: str) -> bool:
    """Tell whether a range allows a release of a minor version: its first, or a late one."""
    return any(_admits(specifier, f"{minor}.{patch}") for patch in (_LAST_PATCH, 0))


def _admits(specifier: str, version: str) -> bool:
    if not specifier:
        return True
    try:
        return SpecifierSet(specifier).contains(Version(version), prereleases=True)
    except (InvalidSpecifier, InvalidVersion, ValueError):
        return True  # the benefit of the doubt: the tool that reads it will say
