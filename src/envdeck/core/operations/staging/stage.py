"""Build an environment aside and verify it; owner and modes kept."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from envdeck.core.dotenv.report import values_of
from envdeck.core.lazy_dataclasses import dataclass, field, replace
from envdeck.core.model import IMPORT_CHECK, Creation, Environment
from envdeck.core.operations.disk.permissions import keep_owner
from envdeck.core.operations.engine.command import Command, Completed, clean_environ, masker
from envdeck.core.operations.engine.creators import Creator
from envdeck.core.operations.engine.failure import BuildError, FailureKind, explain
from envdeck.core.operations.engine.pip_configuration import index_lines
from envdeck.core.operations.engine.relocation import find_old_paths, relocate, replace_values
from envdeck.core.operations.engine.runner import Runner, leave_out_place
from envdeck.core.operations.engine.uv import InstallRules, QuietWatch, UvAdapter
from envdeck.core.operations.recipe.import_probe import (
    ImportRequest,
    lost_imports,
    lost_options,
    probe,
)
from envdeck.core.operations.recipe.verify import dependency_problems, new_dependency_problems
from envdeck.core.operations.shared.base_interpreter import BaseNames, restore_links
from envdeck.core.operations.shared.context import Stopped, Tell, read_environment
from envdeck.core.operations.sources.source import (
    InstallMethod,
    PackageSource,
    SourceName,
    manifest_lines,
    uv_line,
)
from envdeck.core.operations.staging.changes import ChangeMonitor, restore_records, settle_shared
from envdeck.core.operations.transaction.transaction import OperationStore, Transaction
from envdeck.core.system.files import Unread, read_bounded
from envdeck.core.system.host import Host

REQUIREMENTS, SOME, INDEXED = "requirements.txt", "some.txt", "pyproject.toml"
CONSTRAINTS, OVERRIDES = "constraints.txt", "overrides.txt"
"""Files of an item, for its owner's eyes alone; they go before the item is done."""

_DEFAULT = "--index-url "


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildSpec:
    """How an environment is to be made: everything that was decided when it was planned."""

    path: str
    """Where it will be."""
    interpreter: str
    """The base interpreter's executable, by the path that the environment names it by."""
    names: BaseNames | None = None
    """What the old environment calls it, where that stays."""
    creator: Creator
    creation: Creation
    source: PackageSource
    seeds: frozenset[str] = frozenset()
    copies: bool = False
    downloads: bool = False
    offline: bool = False

    @property
    def compiles(self) -> bool:
        """Whether uv may start the interpreter of what it installed into: not before every
        package is proved to be what was here."""
        return self.source.name is not SourceName.EXACT

    def create_command(self, staged: str) -> Command:
        """Return the command that makes it, empty but for its seeds, at `staged`."""
        return self.creator.command(
            staged,
            self.interpreter,
            self.creation,
            name=os.path.basename(self.path),
            seeds=self.seeds,
            copies=self.copies,
        )

    def install_command(
        self, staged: str, host: Host, *, python: str | None = None, offline: bool = False
    ) -> Command:
        """Return the command that installs what the source says into what is at `staged`.

        It reads :meth:`files`, which lie beside it. `python` is its executable.
        """
        source, item = self.source, os.path.dirname(staged)
        python = python or python_at(staged, host)
        if source.how is InstallMethod.UV_SYNC and source.project is not None:
            return self.uv(host, item, project=source.project, offline=offline).project_sync(
                staged,
                python,
                groups=source.groups,
                extras=source.extras,
                install_project=source.install_project,
                omitted=source.inherited,
            )
        return self.uv(host, item, offline=offline).install(
            python,
            os.path.join(item, REQUIREMENTS),
            self.rules(
                dependencies=source.how is InstallMethod.RESOLVE,
                manifest=os.path.join(item, INDEXED) if source.indexed else None,
                constraints=os.path.join(item, CONSTRAINTS) if source.constraints else None,
                overrides=os.path.join(item, OVERRIDES) if source.override_lines else None,
                hashes=source.hashes,
            ),
        )

    def rules(self, **more: Any) -> InstallRules:  # noqa: ANN401 - its own fields
        """Return how packages of the source are installed."""
        return InstallRules(compiles=self.compiles, strict=self.source.strict, **more)

    def files(self, host: Host) -> Mapping[str, tuple[str, ...]]:
        """Return the lines of the files that :meth:`installing` reads, by their names."""
        if self.source.how is InstallMethod.UV_SYNC and self.source.project is not None:
            return {}
        lines = (*self.source.requirements, *only_wheels(self.source.binary))
        if self.source.own_indexes:
            own = [line.removeprefix(_DEFAULT) for line in lines if line.startswith(_DEFAULT)]
            # uv asks its default index last: it stands here once more, before the person's.
            lines += tuple(f"--extra-index-url {url}" for url in own)
            lines += index_lines(host, self.path, default=not own)
        found = {REQUIREMENTS: lines}
        if self.source.indexed:
            found[INDEXED] = manifest_lines(self.source)
        if self.source.constraints:
            found[CONSTRAINTS] = self.source.constraints
        if self.source.override_lines:
            found[OVERRIDES] = self.source.override_lines
        return found

    def uv(
        self, host: Host, item: str, *, project: str | None = None, offline: bool = False
    ) -> UvAdapter:
        """Return uv, acting for this environment; for a project, with that one's settings."""
        return UvAdapter(
            host,
            folder=project or self.source.project or item,
            project=project is not None,
            downloads=self.downloads,
            offline=offline or self.offline,
            environment=self.path,
            indexes=not self.source.own_indexes,
        )


def only_wheels(names: Iterable[str]) -> tuple[str, ...]:
    """Return the lines of a requirements file that have nothing of these built."""
    return tuple(f"--only-binary={name}" for name in names)


def python_at(folder: str, host: Host) -> str:
    """Return where an environment at `folder` has its interpreter."""
    parts = ("Scripts", "python.exe") if host.windows else ("bin", "python")
    return os.path.join(folder, *parts)


SCRATCH = "scratch"
MISDIRECTED_HINT = "remove that setting, at least temporarily"
_PROBE_SECONDS = 60.0
_NOTED = 20  # failed imports that are journalled
_UNREACHED = frozenset({FailureKind.NETWORK, FailureKind.OVERDUE})
_LACKING = frozenset(
    {FailureKind.OFFLINE, FailureKind.MISSING, FailureKind.NETWORK, FailureKind.CONFLICT}
    | {FailureKind.WHEEL}
)
"""How it fails where the cache has not got everything."""


@dataclass(slots=True)
class StagedBuild:
    """One environment being made, step by step; whatever fails raises :class:`BuildError`."""

    blueprint: BuildSpec
    current: Transaction
    store: OperationStore
    tell: Tell
    stopped: Stopped
    watch: ChangeMonitor | None = None
    """Over the environment whose place it takes, since before anything was taken from it."""
    project: str | None = None
    """Whose code may run meanwhile, and print what its dotenv files hold."""
    untried: frozenset[str] = frozenset()
    """Names of which there was no time to try the imports."""
    allowed: frozenset[str] = frozenset()
    """Checks that may fail, since a person accepts that."""
    links: Mapping[str, str] = field(default_factory=dict)
    """The links to its base as they will be; relative ones are absolute until it is settled."""
    records: Mapping[str, tuple[bytes, bytes]] = field(default_factory=dict)
    """The RECORDs that name nothing outside until it is settled; see :mod:`record_paths`."""
    offline: bool = field(init=False)
    read: Environment | None = field(init=False, default=None, repr=False)
    """It, as it was read since a command, or another change of its interpreter; None before."""
    _runner: Runner = field(init=False)
    _hides: tuple[str, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.offline = self.blueprint.offline
        self._hides = () if self.project is None else values_of(self.project)
        self._runner = Runner(self.store.host, keep=self.current.keep, hides=self._hides)

    @property
    def folder(self) -> str:
        """Where it is made."""
        return self.current.staged

    @property
    def item(self) -> str:
        """The folder around it, for what is needed meanwhile."""
        return os.path.dirname(self.folder)

    def make(self) -> None:
        """Make it, empty but for its seeds."""
        self.current.make_staged()
        self._fill()

    def _fill(self) -> None:
        plan = self.blueprint
        self._do(plan.create_command(self.folder))
        path = os.path.join(self.folder, "pyvenv.cfg")
        cfg = read_bounded(path, 64 * 1024)
        if isinstance(cfg, Unread):
            raise BuildError(f"the new environment has no pyvenv.cfg: {cfg.reason}")
        settled = plan.creator.settled(cfg, plan.creation)
        if plan.names is not None:
            settled = replace_values(settled, plan.names.cfg)
            self.links = plan.names.links
            restore_links(
                self.folder,
                plan.path,
                {name: target for name, target in self.links.items() if os.path.isabs(target)},
            )
        if settled != cfg:
            self.store.disk.rewrite(path, settled)

    def install(self, how: Callable[[], Completed] | None = None) -> Completed:
        """Install what the source says, or `how` it is told, and return how that ended; only a stop
        is raised. Without the network, what is in the cache is taken; where that does not do, it is
        the network that was lacking."""
        install = how or (lambda: self.run(self._installation()))
        done = install()
        if not done.ok and not self.offline and explain(done).kind in _UNREACHED:
            self.offline = True
            again = install()
            if again.ok or explain(again).kind not in _LACKING:
                return again
        return done

    def _installation(self) -> Command:
        for name, lines in self.blueprint.files(self.store.host).items():
            self.write(name, lines)
        self.uv()  # which refuses what would install elsewhere
        python = self.environment().python.executable
        return self.blueprint.install_command(
            self.folder, self.store.host, python=python, offline=self.offline
        )

    def empty(self) -> None:
        """Make it once more, empty but for its seeds: nothing that was installed is left."""
        disk = self.store.disk
        for name in os.listdir(self.folder):
            path = os.path.join(self.folder, name)
            if os.path.isdir(path) and not os.path.islink(path):
                disk.remove_tree(path)
            else:
                disk.remove_file(path)
        self._fill()

    def install_lines(
        self,
        lines: Sequence[str],
        reinstall: Sequence[str] = (),
        binary: Sequence[str] = (),
        flags: Sequence[str] = (),
    ) -> Completed:
        """Install these lines and nothing they need; those named in `binary` are not built."""
        python = self.environment().python.executable or ""
        requirements = self.write(SOME, (*lines, *only_wheels(binary)))
        rules = self.blueprint.rules(dependencies=False, reinstall=reinstall)
        command = self.uv().install(python, requirements, rules)
        return self.run(replace(command, argv=(*command.argv, *flags)))

    def install_fresh(self, names: Sequence[str], lines: Sequence[str] = ()) -> Completed:
        """Reinstall packages, by `lines` or as the source says: nothing of the cache is used,
        no file is shared with it, and nothing is built that is not to be."""
        flags = ("--no-cache", "--link-mode=copy")
        if lines:
            binary = [name for name in names if name in self.blueprint.source.binary]
            return self.install_lines(lines, names, binary, flags)
        command = self._installation()
        again = (f"--reinstall-package={name}" for name in names)
        return self.run(replace(command, argv=(*command.argv, *again, *flags)))

    def uv(self, project: str | None = None) -> UvAdapter:
        """Return uv, acting for this environment."""
        uv = self.blueprint.uv(self.store.host, self.item, project=project, offline=self.offline)
        if project is None and uv.misdirected:
            raise BuildError(uv.misdirected, MISDIRECTED_HINT)
        return uv

    def run(self, command: Command) -> Completed:
        """Run a command under the lock; only a stop is raised."""
        self.read = None
        watch = QuietWatch(command, leave_out_place(self.tell), self.stopped)
        done = watch.judged(self._runner.run(command, watch.tell, watch.stopped))
        if done.stopped:
            raise BuildError("cancelled", stopped=True)
        return done

    def _do(self, command: Command) -> None:
        done = self.run(command)
        if not done.ok:
            raise BuildError.explain(explain(done))

    def environment(self) -> Environment:
        """Return it as it is: where it is, its interpreter and its package folders. Commands change
        those, and so it is read again after each; what is installed is no part of it."""
        if self.read is None:
            self.read = read_environment(self.folder, self.store.host)
        if self.read is None:
            raise BuildError("the result is not an environment")
        return self.read

    def write(self, name: str, lines: Sequence[str]) -> str:
        """Write lines into a file that only its owner reads, and that goes with the item."""
        path = os.path.join(self.item, name)
        self.store.disk.remove_file(path)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape") as file:
            file.writelines(f"{uv_line(line)}\n" for line in lines)  # no fsync: it goes
        return path

    def scratch(self, name: str) -> str:
        """Return an empty folder beside the environment."""
        path = os.path.join(self.item, name)
        if self.store.disk.identity(path) is not None:
            self.store.disk.remove_tree(path)
        self.store.disk.make_folder(path)
        return path

    def unmet(self, before: Environment) -> tuple[tuple[str, str], ...]:
        """Return distribution and requirement of what is missing and was not before; the old
        environment is only read where anything is."""
        made = self.environment()
        said = self.blueprint.source.overrides
        return new_dependency_problems(before, made, said) if dependency_problems(made) else ()

    def check_imports(
        self, before: Environment | None, names: frozenset[str] | None, *, held: bool = True
    ) -> list[str]:
        """Return what can no longer be imported and is accepted or done without, one sentence
        each: of `names`, or of all.

        Raises :class:`BuildError` for anything else, where that is `held` against the new
        environment. That the interpreter starts is asked in any case.
        """
        if names is not None and not names:
            self._start()
            return []
        host, runner = self.store.host, self._runner
        now = ImportRequest(self.environment(), only=names, limit=_PROBE_SECONDS)
        after = probe(now, host, runner, self.scratch(SCRATCH), self.stopped)
        if self.stopped():
            raise BuildError("cancelled", stopped=True)
        self.untried = after.late
        if not (after.imported or after.failed or after.optional):
            self._start()  # else it did
        if after.problem:
            raise BuildError(after.problem)
        failed = {name for name, *_ in (*after.failed, *after.optional)}
        if not failed or before is None:
            return []
        old = ImportRequest(before, only=failed, limit=_PROBE_SECONDS, in_use=True)
        was = probe(old, host, runner, self.scratch(SCRATCH), self.stopped)
        mask = masker({}, self._hides)
        lost = [f"import of {name} fails: {mask(why)}" for name, why in lost_imports(was, after)]
        if lost and held:
            noted = tuple(each.encode("utf-8", "replace").decode() for each in lost[:_NOTED])
            self.current.note(self.current.entry.phase, failed_checks=noted)
            if IMPORT_CHECK not in self.allowed:
                more = f" (and {len(lost) - 1:,} more)" if len(lost) > 1 else ""
                raise BuildError(
                    lost[0] + more,
                    f"use `--allow {IMPORT_CHECK}` to accept it",
                    guard=IMPORT_CHECK,
                )
            lost = [f"{each} (accepted)" for each in lost]
        without = [
            f"optional module of {name} not available: {mask(why)}"
            for name, why in lost_options(was, after)
        ]
        return [*lost, *without]

    def _start(self) -> None:
        python = self.environment().python.executable or ""
        code = "import encodings, site, sys; print(sys.prefix)"
        environ = clean_environ(self.store.host)
        done = self.run(Command((python, "-I", "-B", "-c", code), self.item, environ, data=True))
        if not done.ok:
            told = done.tail[-1] if done.tail else f"exit code {done.code}"
            raise BuildError(f"interpreter does not start: {told}")

    def settle(self) -> None:
        """Make it what it will be in its place, and have it reach the disk."""
        path, disk = self.blueprint.path, self.store.disk
        relocate(self.folder, self.folder, path, disk.rewrite)
        restore_links(self.folder, path, self.links)
        restore_records(self.records, disk.rewrite)
        left = find_old_paths(self.folder, self.folder, path)
        if left:
            raise BuildError(f"a file contains the staging path: {left[0]}")
        for name in (REQUIREMENTS, INDEXED, CONSTRAINTS, SOME):
            disk.remove_file(os.path.join(self.item, name))
        for name in (SCRATCH, "wheels"):
            if disk.identity(os.path.join(self.item, name)) is not None:
                disk.remove_tree(os.path.join(self.item, name))
        keep_owner(self.folder, path, os.path.join(self.item, SCRATCH))
        settle_shared(self.folder, self.watch, disk.settle_tree)
