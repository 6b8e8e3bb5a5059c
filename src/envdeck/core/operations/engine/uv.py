"""The adapter over uv: every call and every format.

uv comes from its own package. It acts on exactly the environment it is told: no variable of the
person's shell may lead it to another one, and settings of a project are read only where that
project is meant. pip's configuration is translated, since uv does not read it. Requirements are
given in files, never as arguments, since they may hold credentials.
"""

import functools
import importlib
import json
import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from typing import Any, TypeAlias

from envdeck.core.inspection.pip_options import uv_configuration
from envdeck.core.lazy_dataclasses import dataclass, field, replace
from envdeck.core.model import Creation, OperationEvent, OutputLine, PackageChange
from envdeck.core.operations.engine.command import Command, Completed, clean_environ
from envdeck.core.operations.engine.pip_configuration import (
    constraint_files,
    elsewhere_of,
    override_files,
    requires_hashes,
    translated,
)
from envdeck.core.system.host import Host

_JSON = ("--output-format", "json")
_FINDING = Lock()  # until Python 3.12 a second thread meets a half filled `sysconfig`


@functools.cache
def find_uv() -> str | None:
    """Return uv's program, from its package; None where that is not installed."""
    try:
        with _FINDING:
            found = importlib.import_module("uv").find_uv_bin()
    except (ImportError, FileNotFoundError):
        return None
    return str(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallRules:
    """How uv installs a requirements file."""

    dependencies: bool = True
    """Whether what the requirements need is found and installed too."""
    reinstall: Sequence[str] = ()
    """Names that are installed again even if they are there already."""
    constraints: str | None = None
    """A file."""
    overrides: str | None = None
    """A file."""
    hashes: bool = False
    only_binary: bool = False
    strict: Sequence[str] = ()
    """Names of editables that setuptools makes strict."""
    manifest: str | None = None
    """A `pyproject.toml` whose dependencies come as well."""
    compiles: bool = True
    """False: nothing is compiled, whatever uv's settings say. For that the environment's
    interpreter is started, and so what a package has in its `.pth` files is run."""


@dataclass(frozen=True, slots=True)
class UvAdapter:
    """uv, acting for one environment or, with `project`, for one project.

    Each method returns the command; :mod:`envdeck.core.operations.engine.uv` reads what
    it writes.
    """

    host: Host
    folder: str
    """The current folder of each command."""
    project: bool = False
    """Whether its `pyproject.toml` and `uv.toml` are read; otherwise the user's own `uv.toml` is
    all that counts."""
    downloads: bool = False
    """Whether uv may fetch interpreters."""
    offline: bool = False
    environment: str | None = None
    """The folder of the environment whose own `pip.conf` counts."""
    program: str | None = field(default_factory=lambda: find_uv())
    indexes: bool = True
    """False: pip's configuration says nothing of where packages come from."""
    bounds: tuple[str, ...] | None = None
    """Files that count in place of the person's own constraints."""

    @property
    def problem(self) -> str:
        """Why uv cannot be run, in a sentence without a full stop; empty where it can."""
        return "" if self.program else "uv is not installed with EnvDeck"

    @property
    def misdirected(self) -> str:
        """Why uv would install into another place than it is told, in a sentence without a full
        stop; empty where it would not. Ask before anything is installed."""
        file = self.host.variable("UV_CONFIG_FILE") or uv_configuration(self.host)
        found = elsewhere_of([file] if file else [])
        if found is None:
            return ""
        return f"{found[0]} redirects uv installs: `[pip] {found[1]}`"

    def create(
        self,
        path: str,
        interpreter: str,
        creation: Creation,
        *,
        seeds: frozenset[str] = frozenset(),
    ) -> Command:
        """Make an environment at a path that is absent or an empty folder, as `creation` was.

        With `pip` in `seeds` uv takes it from the index: where the packages are reinstalled
        anyway, pip among them, leave it out.
        """
        flags = ["--no-project", "--python", interpreter]
        if creation.prompt:
            flags.append(f"--prompt={creation.prompt}")
        if creation.system_site_packages:
            flags.append("--system-site-packages")
        if "pip" in seeds:
            flags.append("--seed")
        if creation.relocatable:
            flags.append("--relocatable")
        return self._command("venv", *flags, "--", path)

    def install(
        self,
        python: str,
        requirements: str,
        rules: InstallRules | None = None,
    ) -> Command:
        """Install what a requirements file asks for into the environment of `python`, its
        executable."""
        how = rules or InstallRules()
        flags = [*self._bounds(how.overrides)] if how.dependencies else ["--no-deps"]
        flags += [f"--reinstall-package={name}" for name in how.reinstall]
        hashes = how.hashes or (how.dependencies and requires_hashes(self.host, self.environment))
        flags += ["--require-hashes"] if hashes else []
        flags += ["--only-binary=:all:"] if how.only_binary else []
        flags += [] if how.compiles else ["--no-compile-bytecode"]
        flags += [f"--config-settings-package={name}:editable_mode=strict" for name in how.strict]
        flags += ["-r", how.manifest] if how.manifest else []
        constraints = _constrained(how.constraints)
        return self._pip("install", python, "-r", requirements, *constraints, *flags)

    def plan(
        self,
        python: str,
        requirements: str,
        *,
        upgrade: Sequence[str] | None = None,
        constraints: str | None = None,
        overrides: str | None = None,
        dependencies: bool = True,
        reinstall: Sequence[str] = (),
    ) -> Command:
        """Say what :meth:`install` would change; with `upgrade`, as it upgrades those names, or
        all where there are none, with the rest of the requirements kept satisfied."""
        flags = ["--dry-run", *_JSON, "-r", requirements]
        flags += [*_constrained(constraints), *self._bounds(overrides)]
        if upgrade is not None:
            flags += [f"--upgrade-package={name}" for name in upgrade] or ["--upgrade"]
        flags += [] if dependencies else ["--no-deps"]
        flags += [f"--reinstall-package={name}" for name in reinstall]
        return self._pip("install", python, *flags, data=True)

    def uninstall(self, python: str, requirements: str) -> Command:
        """Remove what a requirements file names."""
        return self._command("pip", "uninstall", "--python", python, "-r", requirements)

    def build(self, source: str, folder: str, python: str) -> Command:
        """Build the wheel of a folder of sources, by the executable of an environment."""
        flags = ("--wheel", "--python", python, "--out-dir", folder, *self._indexes())
        return self._command("build", *flags, "--", source)

    def outdated(self, python: str) -> Command:
        """List what the index has a newer release of."""
        flags = ("--outdated", "--format", "json", "--python", python)
        return self._command("pip", "list", *flags, *self._indexes(), data=True)

    def resolve(
        self,
        requirements: str,
        *,
        python: str | None = None,
        python_version: str | None = None,
        only_binary: bool = False,
        resolution: str | None = None,
        dependencies: bool = True,
        constraints: str | None = None,
    ) -> Command:
        """Resolve a requirements file to pins, installing nothing.

        `python_version` (`3.12`) asks for another version than that of `python`; `resolution`
        is `highest`, `lowest` or `lowest-direct`.
        """
        flags = ["--no-header", "--no-annotate"]
        flags += ["--python", python] if python else []
        flags += ["--python-version", python_version] if python_version else []
        flags += ["--only-binary", ":all:"] if only_binary else []
        flags += ["--resolution", resolution] if resolution else []
        flags += [] if dependencies else ["--no-deps"]
        flags += [*_constrained(constraints), *self._indexes()]
        return self._command("pip", "compile", *flags, "--", requirements, data=True)

    def project_sync(
        self,
        environment: str,
        interpreter: str,
        *,
        groups: Sequence[str] | None = None,
        extras: Sequence[str] = (),
        install_project: bool = True,
        omitted: Sequence[str] = (),
        exact: bool = True,
    ) -> Command:
        """Install what the project's `uv.lock` says into an environment, with these groups alone
        (None: the project's default ones) and without what is `omitted`.

        The lock is taken as it stands. uv recreates the folder where the interpreter there is
        not the one asked for: give it only an environment that is being built.
        """
        flags = ["--frozen", "--python", interpreter]
        flags += [f"--group={name}" for name in groups or ()]
        flags += [f"--extra={name}" for name in extras]
        flags += [] if groups is None else ["--no-default-groups"]
        flags += [] if install_project else ["--no-install-project"]
        flags += [f"--no-install-package={name}" for name in omitted]
        flags += [] if exact else ["--inexact"]
        return self._project_command("sync", *flags, more={"UV_PROJECT_ENVIRONMENT": environment})

    def lock(self, names: Sequence[str] = ()) -> Command:
        """Upgrade `names` in the project's lock file; without names, only bring it up to date."""
        flags = [f"--upgrade-package={name}" for name in names]
        return self._project_command("lock", *flags)

    def _pip(self, name: str, python: str, *flags: str, data: bool = False) -> Command:
        command = ("pip", name, "--python", python, *self._indexes(), *flags)
        return self._command(*command, data=data)

    def _indexes(self) -> tuple[str, ...]:
        """Return what is told by arguments, since uv knows no variable for it."""
        return ("--no-index",) if "UV_NO_INDEX" in self._translated() else ()

    def _bounds(self, overrides: str | None) -> tuple[str, ...]:
        """Return the person's own constraints and overrides, for what uv is to choose versions of,
        with one more file of overrides. An argument makes uv pass over the variable, so all are
        told by arguments."""
        found: list[str] = []
        own = constraint_files(self.host, self.environment) if self.bounds is None else self.bounds
        for file in own:
            found += ["-c", file]
        for file in (*override_files(self.host), *([overrides] if overrides else [])):
            found += ["--override", file]
        return tuple(found)

    def _project_command(
        self, *arguments: str, data: bool = False, more: Mapping[str, str] | None = None
    ) -> Command:
        """A command on a project: what pip takes from where has no say in that, or it would be
        written into the project's lock file."""
        environ = {**self._environ(self._translated(sources=False)), **(more or {})}
        return Command((*self._general(), *arguments), self.folder, environ, data)

    def _command(self, *arguments: str, data: bool = False) -> Command:
        environ = self._environ(self._translated())
        return Command((*self._general(), *arguments), self.folder, environ, data)

    def _general(self) -> tuple[str, ...]:
        general = [self.program or "uv", *(["--offline"] if self.offline else [])]
        if not self.project and not self.host.variable("UV_CONFIG_FILE"):
            configuration = uv_configuration(self.host)
            general += ["--config-file", configuration] if configuration else ["--no-config"]
        return tuple(general)

    def _environ(self, translation: Mapping[str, str]) -> dict[str, str]:
        return {
            **clean_environ(self.host),
            **{name: value for name, value in translation.items() if name != "UV_NO_INDEX"},
            "UV_PYTHON_DOWNLOADS": "automatic" if self.downloads else "never",
            "UV_NO_PROGRESS": "1",
            "GIT_TERMINAL_PROMPT": "0",
        }

    def _translated(self, *, sources: bool = True) -> Mapping[str, str]:
        files = [self.host.variable("UV_CONFIG_FILE") or uv_configuration(self.host) or ""]
        if self.project:
            names = ("uv.toml", "pyproject.toml")
            files += [os.path.join(self.folder, name) for name in names]
        return translated(
            self.host,
            self.environment,
            folder=self.folder,
            uv_files=[file for file in files if file],
            sources=sources and self.indexes,
        )


def _constrained(constraints: str | None) -> tuple[str, ...]:
    return ("-c", constraints) if constraints else ()


_CHANGE = re.compile(r" ([-+~]) (\S+?)(?:==(\S+))?(?: \(.*\))?\s*\Z")
_COUNT = re.compile(r"(?:Would )?((?:un)?install)(?:ed)? (\d{1,6}) packages?\b", re.IGNORECASE)
_NONE = re.compile(r"Would make no changes|(?:Checked|Audited) \d+ packages?\b")
_ACTIONS = {"installed": (False,), "uninstalled": (True,), "reinstalled": (True, False)}
"""Whether a package goes, for each thing that one row of the JSON stands for."""
_Row: TypeAlias = tuple[str, str | None, bool]
"""Name, version, and whether it goes."""
_PIN = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?==([^\s;\\]+)")


@dataclass(frozen=True, slots=True)
class Outdated:
    """An installed package of which the index has a newer release."""

    name: str
    installed: str
    latest: str


def read_plan(completed: Completed) -> tuple[PackageChange, ...] | None:
    """Return what a plan changes, in the order of names; None where it cannot be read.

    A package that is reinstalled at its version has the same `before` and `after`. What is not
    understood never counts as nothing: JSON of another form is passed over, and of the text the
    numbers that uv writes with it tell whether it is all there.
    """
    rows = _json_changes(_json(completed.stdout))
    rows = _text_changes(completed) if rows is None else rows
    if rows is None:
        return None
    before: dict[str, str | None] = {}
    after: dict[str, str | None] = {}
    for name, version, gone in rows:
        (before if gone else after)[name] = version
    names = sorted(before.keys() | after.keys())
    return tuple(PackageChange(name, before.get(name), after.get(name)) for name in names)


def read_outdated(completed: Completed) -> tuple[Outdated, ...] | None:
    """Return what is outdated; None where the list cannot be read."""
    table = _json(completed.stdout)
    if not isinstance(table, list):
        return None
    rows = [_texts(row, "name", "version", "latest_version") for row in table]
    return tuple(Outdated(*row) for row in rows) if all(rows) else None


def read_pins(completed: Completed) -> tuple[tuple[str, str], ...]:
    """Return name and version of each `name==version` line; direct references are left out."""
    found = (_PIN.match(line) for line in completed.stdout.splitlines())
    return tuple((match[1], match[2]) for match in found if match)


def _json(text: str) -> Any:  # noqa: ANN401 - whatever JSON holds
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _texts(row: object, *keys: str) -> tuple[str, ...]:
    if not isinstance(row, dict):
        return ()
    values = [row.get(key) for key in keys]
    texts = tuple(value for value in values if isinstance(value, str))
    return texts if len(texts) == len(keys) else ()


def _json_changes(table: object) -> list[_Row] | None:
    changes = table.get("changes") if isinstance(table, dict) else None
    if not isinstance(changes, list):
        return None
    found: list[_Row] = []
    for row in changes:
        texts = _texts(row, "name", "version", "action")
        gone = _ACTIONS.get(texts[2]) if texts else None
        if gone is None:
            return None
        found += [(texts[0], texts[1], each) for each in gone]
    return found


def _text_changes(completed: Completed) -> list[_Row] | None:
    """Read the lines that uv writes for people, on either of its streams."""
    lines = (*completed.stdout.splitlines(), *completed.tail)
    found: list[_Row] = []
    for match in filter(None, map(_CHANGE.match, lines)):
        if match[1] in "-~":
            found.append((match[2], match[3], True))
        if match[1] in "+~":
            found.append((match[2], match[3], False))
    counted = {match[1].lower(): int(match[2]) for match in filter(None, map(_COUNT.match, lines))}
    if not counted:
        return found if any(map(_NONE.match, lines)) else None
    numbers = (counted.get("uninstall", 0), counted.get("install", 0))
    gone = sum(row[2] for row in found)
    return found if numbers == (gone, len(found) - gone) else None


QUIET_SECONDS = 300.0
"""How long uv may read from indexes without a word: by then a slow one has answered too."""


class QuietWatch:
    """Watches an installation until uv has resolved what it installs. Up to then it reads pages of
    an index, and one that trickles is read for ever: no time limit of uv's is for a whole page.
    What builds is waited for, and so are downloads, which come after."""

    def __init__(
        self,
        command: Command,
        tell: Callable[[OperationEvent], None],
        stopped: Callable[[], bool],
        patience: float = QUIET_SECONDS,
    ) -> None:
        self._tell, self._stopped, self._patience = tell, stopped, patience
        self._reads = "install" in command.argv
        self._builds = 0
        self._late = False
        self._since = time.monotonic()

    def tell(self, event: OperationEvent) -> None:
        """Pass on what the command tells."""
        if isinstance(event, OutputLine):
            word = (event.text.split(maxsplit=1) or [""])[0]
            self._reads = self._reads and word != "Resolved"
            self._builds += (word == "Building") - (word == "Built")
            self._since = time.monotonic()
        self._tell(event)

    def stopped(self) -> bool:
        """Whether a person stops it, or an index was read for too long."""
        waits = self._reads and self._builds <= 0
        self._late = self._late or (waits and time.monotonic() - self._since > self._patience)
        return self._stopped() or self._late

    def judged(self, done: Completed) -> Completed:
        """Return how the command ended: that nobody stopped it, where the index was too late."""
        late = self._late and not self._stopped()
        return replace(done, stopped=False, overdue=True) if late else done
