"""Environments and a source that exist in memory alone; for tests, and for a process of its own."""

import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from types import SimpleNamespace

from envdeck.core.dotenv.model import (
    DotenvFile,
    DotenvFinding,
    DotenvReport,
    FileKind,
    GitState,
    Key,
    KeyComparison,
    Remedy,
    RemedyKind,
)
from envdeck.core.inspection.packages.copies import (
    PackageCopy,
    PackageTable,
    count_packages,
    measure_packages,
)
from envdeck.core.inspection.size import joint_size
from envdeck.core.model import (
    Creation,
    Distribution,
    Ending,
    Environment,
    Event,
    Examination,
    Fact,
    Finished,
    Found,
    GlobalPackages,
    Identity,
    Interpreter,
    JointSize,
    LastUsed,
    NoPlan,
    Notice,
    Operation,
    OperationEvent,
    PackageChange,
    Plan,
    Policy,
    Progress,
    ProjectLink,
    ProjectState,
    Python,
    RecreateRequest,
    Refusal,
    Result,
    Severity,
    Size,
    Sized,
    Status,
    Step,
    Target,
)
from envdeck.core.model.environment import SharedFiles
from envdeck.core.operations.recreate.options import RecreateChoices
from envdeck.core.operations.shared.history import Due, HistoryItem
from envdeck.core.operations.transaction.journal import Entry
from envdeck.core.operations.transaction.trash import Item
from envdeck.core.project.model import (
    Comparison,
    DeclaredRequirement,
    Drift,
    DriftFix,
    DriftKind,
    Lock,
    LockedPackage,
    Manifest,
    NamedPython,
    Problem,
    Project,
    ProjectPart,
    PythonDrift,
    WantedPython,
    Where,
)
from envdeck.core.query import DRIFT, PACKAGES, Contents
from envdeck.core.timeline.model import Snapshot, Timeline, changes

NOW = 1_795_000_000.0
DAY = 86_400
HOME = "/home/ada"

HOSTILE = (
    "[/]",
    "[@click=app.quit]x",
    "proj [v1.0]",
    "esc\x1b[31mred",
    "new\nline",
    "bytes\udcff",
    "日本語/プロジェクト",
)
_NAMES = ("api", "blog", "shop", "data/etl", "notes", "thesis", "old/site", *HOSTILE)
_MANAGERS = ("uv", "venv", "poetry", "virtualenv", "pipx", "tox", "hatch")
_PYTHONS = (
    ("3.12.4", None),
    ("3.8.18", "2024-10-07"),
    ("3.13.1", None),
    ("3.11.9", None),
    (None, None),
    ("3.9.19", "2025-10-31"),
)
_STATUSES = (Status.OK,) * 6 + (Status.BROKEN, Status.MOVED, Status.MIXED, Status.SUSPECT)


def environment(path: str = f"{HOME}/work/api/.venv", **changes: object) -> Environment:
    """Return an environment with a measured size, changed as told."""
    base = Environment(
        path=path,
        identity=Identity(1, sum(map(ord, path))),
        name="/".join(path.split("/")[-2:]),
        manager="uv",
        status=Status.OK,
        python=Python("3.12.4", "cpython", f"{path}/bin/python", "/usr", "/usr/bin/python3.12"),
        creation=Creation("uv", "0.9"),
        packages=12,
        site_packages=(f"{path}/lib/python3.12/site-packages",),
        last_used=LastUsed(NOW - 3 * DAY, "pyvenv.cfg atime"),
        project=ProjectLink(ProjectState.FOUND, path.rpartition("/")[0], "parent folder"),
        size=size(100_000_000),
        seen_at=NOW - 3 * 3600,
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def size(disk: int, freed: int | None = None, shared: SharedFiles | None = None) -> Size:
    """Return a size; all of it would be freed unless told otherwise."""
    freed = disk if freed is None else freed
    return Size(disk, disk, freed, 100, measured_at=NOW - 3600, shared=shared)


def many(count: int) -> list[Environment]:
    """Return varied environments, hostile names among them, the same ones every time."""
    return [_one(number) for number in range(count)]


def _one(number: int) -> Environment:
    name = _NAMES[number % len(_NAMES)]
    turn = number // len(_NAMES)
    manager = _MANAGERS[number % len(_MANAGERS)]
    version, ended = _PYTHONS[number * 7 % len(_PYTHONS)]
    status = _STATUSES[number * 3 % len(_STATUSES)]
    disk = 1_000_000 + (number * 7919 % 997) ** 3 * 3
    path = f"{HOME}/work/{name}{turn or ''}/.venv"
    if manager == "poetry":
        path = (
            f"{HOME}/.cache/pypoetry/virtualenvs/{name.replace('/', '-')}{turn or ''}-Ab3dE-py3.12"
        )
    return environment(
        path,
        manager=manager,
        status=status,
        reason="" if status is Status.OK else "its base /usr/lib/python3.9 is gone",
        python=Python(version, "cpython", f"{path}/bin/python", "/usr", None, ended),
        packages=None if number % 11 == 5 else 3 + number * 37 % 300,
        last_used=LastUsed(
            None if number % 5 == 3 else NOW - number * 17 * DAY, "pyvenv.cfg atime"
        ),
        size=None if number % 13 == 9 else size(disk, disk // (1 + number % 3)),
    )


INTERPRETERS = (
    Interpreter(
        "/usr/bin/python3.12",
        "/usr",
        Identity(1, 1),
        "3.12.4",
        "cpython",
        "system",
        externally_managed=True,
    ),
    Interpreter(
        f"{HOME}/.pyenv/versions/3.8.18/bin/python",
        f"{HOME}/.pyenv/versions/3.8.18",
        Identity(1, 2),
        "3.8.18",
        "cpython",
        "pyenv",
        "2024-10-07",
        global_packages=(
            GlobalPackages(f"{HOME}/.pyenv/versions/3.8.18/lib", "site-packages", ("black",)),
        ),
    ),
)


API = f"{HOME}/work/api"


def comparison(folder: str = API, **changes: object) -> Comparison:
    """Return what a project that has drifted in every way is told."""
    pyproject, lock = f"{folder}/pyproject.toml", f"{folder}/uv.lock"
    requirements = tuple(DeclaredRequirement(f"r{n}", f"r{n}", pyproject) for n in range(12))
    locked = tuple(LockedPackage(f"p{n}", "1.0", f"p{n}==1.0") for n in range(88))
    base = Comparison(
        Project(
            folder,
            (Manifest(pyproject, "pyproject", requirements),),
            (Lock(lock, "uv.lock", locked),),
            WantedPython(">=3.11", "3.12", None, pyproject, f"{folder}/.python-version"),
            (
                NamedPython("3.13", Where.DEPLOYED, "Dockerfile", f"{folder}/Dockerfile", 3),
                *(
                    NamedPython(
                        version,
                        Where.TESTED,
                        "GitHub Actions",
                        f"{folder}/.github/workflows/ci.yml",
                        line,
                    )
                    for version, line in (("3.11", 14), ("3.12", 14))
                ),
            ),
            (Problem(f"{folder}/requirements-old.txt", "this is no requirement", 7),),
        ),
        (
            ProjectPart("", 12, 11, default=True, counts=True),
            ProjectPart("group:dev", 4, 4, default=True, counts=True),
            ProjectPart("group:docs", 3, 0),
            ProjectPart("extra:postgres", 1, 1, counts=True),
        ),
        (
            Drift(DriftKind.MISSING, "requests", "2.32.3", None, lock, 120, (), DriftFix.FROM_LOCK),
            Drift(
                DriftKind.NOT_AS_LOCKED,
                "click",
                "8.1.8",
                "8.1.7",
                lock,
                48,
                ("group:dev", "extra:postgres"),
                DriftFix.FROM_LOCK,
            ),
            Drift(
                DriftKind.OUTSIDE,
                "jinja2",
                ">=3,<4",
                "2.11.3",
                pyproject,
                9,
                (),
                DriftFix.FROM_LOCK,
            ),
            Drift(DriftKind.UNREACHABLE, "left-pad", "", "1.3.0", fix=DriftFix.FROM_LOCK),
        ),
        (
            PythonDrift(
                "develops on 3.12, deploys on 3.13", f"{folder}/Dockerfile", 3, wanted="3.13"
            ),
        ),
        lock,
        ("an editable package has no version to compare: own",),
        84,
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def dotenv(folder: str = API, **changes: object) -> DotenvReport:
    """Return what is told of a project whose dotenv files have every trouble."""
    env, example = f"{folder}/.env", f"{folder}/.env.example"
    stray = f"{folder}/.venv/.env"
    base = DotenvReport(
        folder,
        (
            DotenvFile(
                env,
                FileKind.ENV,
                (
                    Key("DATABASE_URL", 1, has_value=True),
                    Key("DEBUG", 2, has_value=False),
                    Key("API_TOKEN", 4, has_value=True, placeholder=True),
                    Key("OLD_FLAG", 5, has_value=True),
                ),
                0o644,
                412,
                newline="\r\n",
                git=GitState(tracked=False, ignored=False, committed=True),
            ),
            DotenvFile(
                example,
                FileKind.EXAMPLE,
                (
                    Key("DATABASE_URL", 1, has_value=True, placeholder=True),
                    Key("DEBUG", 2, has_value=True),
                    Key("API_TOKEN", 3, has_value=False),
                    Key("CACHE_URL", 4, has_value=True),
                    Key("SENTRY_DSN", 5, has_value=False),
                ),
                0o644,
                96,
                git=GitState(tracked=True, ignored=False, committed=True),
            ),
            DotenvFile(stray, FileKind.STRAY, (Key("SECRET", 1, has_value=True),), 0o600, 9),
        ),
        (KeyComparison(env, example, ("CACHE_URL", "SENTRY_DSN"), ("OLD_FLAG",)),),
        (
            DotenvFinding(
                "not-ignored",
                Severity.ERROR,
                env,
                "git does not ignore it, and the next commit may have it",
                "add it to .gitignore: envdeck dotenv --ignore",
                fix=Remedy(RemedyKind.IGNORE, env, folder),
            ),
            DotenvFinding(
                "readable",
                Severity.WARNING,
                env,
                "everybody on this machine can read it",
                "chmod 600 .env",
                fix=Remedy(RemedyKind.PRIVATE, env, folder),
            ),
            DotenvFinding(
                "missing-keys",
                Severity.WARNING,
                env,
                "2 keys of .env.example are missing",
                "add them",
                fix=Remedy(RemedyKind.ADD, env, folder, ("CACHE_URL", "SENTRY_DSN"), example),
            ),
            DotenvFinding(
                "duplicated-key",
                Severity.WARNING,
                env,
                "DATABASE_URL is set twice, and the last one holds",
                "remove one of the two",
                1,
            ),
        ),
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def _copy(one: Distribution) -> PackageCopy:
    text, taken = f"{one.name}=={one.version}", one.size_bytes
    if taken is None or taken < 10_000_000:
        return PackageCopy(text, taken)
    return PackageCopy(text, 0, taken, (1, taken))


@dataclass
class MemorySource:
    """A source whose scan says what it was told to say."""

    known: Iterable[Environment] = ()
    """What the last look saw."""
    events: Iterable[Event] | None = None
    """What the scan says; none means that everything known is still there."""
    hold: Callable[[], bool] = field(default=lambda: False)
    """While this is true the scan does not end; it is polled, as a stopped scan polls."""
    failure: Exception | None = None
    measured: list[str] = field(default_factory=list)
    """The paths that were measured when asked for."""
    vanished: frozenset[str] = frozenset()
    scans: int = 0
    compared: Callable[[Environment], Comparison | None] = field(
        default=lambda _environment: comparison()
    )
    """What a project is told when it is read; it may raise."""
    dotenvs: Callable[[str], DotenvReport] = field(default=lambda project: dotenv(project))
    """What is told of the dotenv files of a project; it may raise."""
    read: list[tuple[str, str]] = field(default_factory=list)
    """Which projects were read, and for what: `project` or `dotenv`."""
    examinations: Callable[..., Examination] = field(
        default=lambda environment, *, deep, online: Examination(
            () if deep or online else environment.findings
        )
    )
    """What the checks say; it may raise."""
    examined: list[tuple[str, tuple[str, ...], bool, bool]] = field(default_factory=list)
    """Which environments were examined, by which checks, deeply or online."""
    told: Callable[[int, int], object] | None = None
    stopped: Callable[[], bool] | None = None
    """How the last examination tells how far it is, and is ended."""
    seen: dict[str, list[Snapshot]] = field(default_factory=dict)
    gaps: tuple[Notice, ...] = ()
    """The snapshots of environments, newest first."""

    def remembered(self, scope: object) -> tuple[Environment, ...]:
        """Return what was known."""
        del scope
        return tuple(self.known)

    def remembered_interpreters(self) -> tuple[Interpreter, ...]:
        """Return two."""
        return INTERPRETERS

    def scan(self, scope: object, stopped: Callable[[], bool] = lambda: False) -> Iterator[Event]:
        """Say the events, wait while held, and finish."""
        del scope
        self.scans += 1
        said = self.events
        if said is None:
            said = [
                *(Found(replace(each, seen_at=NOW)) for each in self.known),
                Progress(1234, len(tuple(self.known)), 0.4),
            ]
        yield from said
        if self.failure is not None:
            raise self.failure
        while self.hold() and not stopped():
            time.sleep(0.001)
        if not any(isinstance(event, Finished) for event in said):
            yield Finished(("/home/ada",), 1234, 0, 0.5, complete=not stopped())

    def lookup(self, path: str) -> Environment | None:
        """Read what is at a path: what was known there, unless it vanished."""
        if path in self.vanished:
            return None
        return next((each for each in self.known if each.path == path), None)

    def distributions(self, environment: Environment) -> tuple[Distribution, ...]:
        """Return a few, one needing another."""
        folder = f"{environment.path}/lib/python3.12/site-packages"
        return tuple(
            Distribution(
                name,
                name.title(),
                "1.0",
                f"{folder}/{name}-1.0.dist-info",
                f"Does {name} things",
                "MIT",
                requested=name == "flask",
                installer="uv",
                size_bytes=1_000_000,
                requires=needs,
                required_by=needed,
            )
            for name, needs, needed in (
                ("flask", ("jinja2",), ()),
                ("jinja2", (), ("flask",)),
                ("pip", (), ()),
            )
        )

    def packages(self, environments, stopped=lambda: False, *, remembered=False) -> PackageTable:
        """Return what :meth:`distributions` tells; those of a size over 10 MB are linked. Nothing
        is remembered."""
        del stopped
        if remembered:
            return count_packages({})
        return measure_packages(
            {
                each.path: tuple(_copy(one) for one in self.distributions(each))
                for each in environments
            }
        )

    def contents(self, environment: Environment, needs: Collection[str]) -> Contents:
        """Return what is asked for of them; none has drifted."""
        found = {one.name: (one.version,) for one in self.distributions(environment)}
        return Contents(found if PACKAGES in needs else None, False if DRIFT in needs else None)

    def examine(self, environment, names=(), *, deep=False, online=False, scanned=False, **watch):
        """Examine as told; what it was asked for is kept, but for what a scan asks too."""
        if scanned:
            return self.examinations(environment, deep=False, online=False)
        self.told, self.stopped = watch.get("tell"), watch.get("stopped")
        self.examined.append((environment.path, tuple(names), deep, online))
        return self.examinations(environment, deep=deep, online=online)

    def timeline(self, environment):
        """Return what changed between the snapshots."""
        every = self.snapshots(environment)
        events = tuple(one for new, old in pairwise(every) for one in changes(old, new))
        return Timeline(environment.path, every, events, self.gaps)

    def snapshots(self, environment):
        """Return those it was told."""
        return tuple(self.seen.get(environment.path, ()))

    def mark_good(self, environment, identity, *, good=True):
        """Mark as told."""
        self.seen[environment.path] = [
            replace(one, good=good) if one.id == identity else one
            for one in self.seen[environment.path]
        ]

    def measure(self, environment: Environment) -> Size:
        """Measure: half as large as before."""
        self.measured.append(environment.path)
        return replace(size(50_000_000), measured_at=NOW)

    def together(self, environments: Iterable[Environment]) -> JointSize:
        """Count together what the sizes carry."""
        return joint_size(each.size for each in environments)

    def refresh(self, environment: Environment) -> Environment | None:
        """Read anew."""
        return None if environment.path in self.vanished else replace(environment, seen_at=NOW)

    def project(self, environment, distributions=None):
        """Compare as told."""
        del distributions
        self.read.append(("project", environment.path))
        return self.compared(environment)

    def dotenv(self, project, environment=None):
        """Read as told."""
        del environment
        self.read.append(("dotenv", project))
        return self.dotenvs(project)


def sized(environments: Iterable[Environment]) -> list[Event]:
    """Return the events of a look that finds environments and then measures them."""
    told = list(environments)
    return [
        *(Found(replace(each, size=None)) for each in told),
        *(Sized(each.path, each.size) for each in told if each.size is not None),
    ]


def plan(
    *paths: str, operation: Operation = Operation.DELETE, name: str = "one", **changes: object
) -> Plan:
    """Return a plan for some paths, as a delete would be."""
    base = Plan(
        id=f"20261120-101502-{name}",
        operation=operation,
        targets=tuple(
            Target(
                path,
                Identity(1, sum(map(ord, path))),
                "/".join(path.split("/")[-2:]),
                (
                    Fact("python", "3.12.4 · made by uv"),
                    Fact("packages", "12, and 2 files of yours"),
                    Fact("frees", "100 MB after a purge"),
                ),
            )
            for path in paths
        ),
        steps=(Step("Verify that it is unchanged"), Step("Move it to the trash")),
        frees_now_bytes=0,
        reclaims_bytes=100_000_000 * len(paths),
        undo=f"envdeck undo 20261120-101502-{name}",
        kept_until=NOW + 30 * DAY,
    )
    return replace(base, **changes)  # type: ignore[arg-type]


class Logs:
    """Where logs would be."""

    def log_file(self, identifier):
        """Return a path."""
        return f"{HOME}/.local/state/envdeck/operations/{identifier}.log"


@dataclass
class MadeUpOperations:
    """Operations that touch nothing: they plan and do what they were told to."""

    policy: Policy = field(default_factory=Policy)
    source: MemorySource | None = None
    """What is deleted is no longer there for it."""
    refusals: tuple[Refusal, ...] = ()
    """What stands in the way of every plan, until it is overruled."""
    changes: dict[str, object] = field(default_factory=dict)
    """What the plans have besides."""
    no_plan: NoPlan | None = None
    """Why nothing can be planned."""
    events: tuple[OperationEvent, ...] = ()
    """What a run says."""
    hold: Callable[[], bool] = field(default=lambda: False)
    """While this is true a run does not end unless it is stopped."""
    hold_plan: Callable[[], bool] = field(default=lambda: False)
    """While this is true no plan is ready."""
    result: Result | None = None
    failure: Exception | None = None
    recovered: tuple[Entry, ...] = ()
    interrupted: tuple[Entry, ...] = ()
    """What is pending."""
    due_items: Due = field(default_factory=Due)
    past: tuple[HistoryItem, ...] = ()
    items: tuple[Item, ...] = ()
    unneeded: tuple[str, ...] = ()
    choices: RecreateChoices = field(default_factory=lambda: RecreateChoices((), ()))
    store: object = field(
        default_factory=lambda: SimpleNamespace(
            journal=Logs(),
            disk=SimpleNamespace(free_bytes=lambda _folder: 14_000_000_000),
            host=SimpleNamespace(home="/"),
        )
    )
    asked: list[tuple[str, object]] = field(default_factory=list)
    """What was called with what, in order."""
    ran: list[Plan] = field(default_factory=list)
    done: list[Plan] = field(default_factory=list)

    def _planned(
        self,
        operation: Operation,
        paths: Iterable[str],
        allow: frozenset[str],
        keep_edits=False,
    ):
        while self.hold_plan():
            time.sleep(0.001)
        if self.failure is not None:
            raise self.failure
        if self.no_plan is not None:
            return self.no_plan
        return plan(
            *paths,
            operation=operation,
            name=f"{len(self.asked):04}",
            allowed=allow,
            keep_edits=keep_edits,
            refusals=tuple(each for each in self.refusals if each.guard not in allow),
            **self.changes,
        )

    def plan_delete(self, environments, *, links=None, purge=False, allow=frozenset()):
        """Plan to delete."""
        del links
        paths = [each.path for each in environments]
        self.asked.append(("delete", (paths, purge, allow)))
        return self._planned(Operation.DELETE, paths, allow)

    def recreate_choices(self, environment, *, file=None):
        """Return what was told."""
        self.asked.append(("choices", (environment.path, file)))
        return self.choices

    def forecast(self, environment, interpreter, stopped=lambda: False):
        """Return that there is none."""
        del interpreter, stopped
        self.asked.append(("forecast", environment.path))
        return NoPlan("there is no index to ask")

    def plan_recreate(
        self,
        environment,
        request=RecreateRequest(),  # noqa: B008  it cannot change
        *,
        allow=frozenset(),
    ):
        """Plan to recreate."""
        if request.choices:
            self.asked.append(("packages", dict(request.choices)))
        if request.keep_edits:
            self.asked.append(("keep edits", environment.path))
        if request.groups is not None or request.extras is not None:
            self.asked.append(("parts", (request.groups, request.extras)))
        if not request.itself:
            self.asked.append(("without the project", environment.path))
        wanted = (request.source, request.file, request.interpreter, request.jump)
        self.asked.append(("recreate", (environment.path, *wanted, allow)))
        return self._planned(Operation.RECREATE, [environment.path], allow, request.keep_edits)

    def candidates(self, environment, stopped=lambda: False):
        """Return that there are none."""
        del stopped
        self.asked.append(("candidates", environment.path))
        return NoPlan("there is no index to ask")

    def plan_upgrade(
        self, environment, wanted=None, *, lock=False, keep_edits=False, allow=frozenset()
    ):
        """Plan to upgrade."""
        if keep_edits:
            self.asked.append(("keep edits", environment.path))
        self.asked.append(("upgrade", (environment.path, wanted, lock, allow)))
        return self._planned(Operation.UPGRADE, [environment.path], allow, keep_edits)

    def plan_interpreter(
        self, environment, interpreter=None, *, keep_edits=False, allow=frozenset()
    ):
        """Plan for another interpreter."""
        self.asked.append(("interpreter", (environment.path, interpreter, allow)))
        return self._planned(Operation.UPGRADE, [environment.path], allow, keep_edits)

    def plan_install(self, environment, requirements, *, again=False, allow=frozenset()):
        """Plan to install."""
        self.asked.append(("install", (environment.path, tuple(requirements), again, allow)))
        return self._planned(Operation.INSTALL, [environment.path], allow)

    def plan_uninstall(self, environment, names, *, unneeded=False, allow=frozenset()):
        """Plan to uninstall; what only they need is told as `self.unneeded` says."""
        self.asked.append(("uninstall", (environment.path, tuple(names), unneeded, allow)))
        gone = (*names, *(self.unneeded if unneeded else ()))
        planned = self._planned(Operation.UNINSTALL, [environment.path], allow)
        if isinstance(planned, NoPlan):
            return planned
        going = tuple(PackageChange(name, "1.0", None) for name in gone)
        return replace(planned, unneeded=self.unneeded, package_changes=going)

    def plan_create(
        self,
        project,
        *,
        path=None,
        source=None,
        interpreter=None,
        groups=None,
        extras=None,
        itself=True,
    ):
        """Plan a new one."""
        del groups, extras
        if not itself:
            self.asked.append(("without the project", project))
        self.asked.append(("create", (project, path, source, interpreter)))
        return self._planned(Operation.CREATE, [path or f"{project}/.venv"], frozenset())

    def plan_undo(self, identifier=None, *, to=None, allow=frozenset()):
        """Plan to undo an operation last, or what is named."""
        self.asked.append(("undo", (identifier, to, allow)))
        done = [each for each in self.done if identifier in {None, each.id}]
        if not done:
            return NoPlan("nothing to undo", missing=True)
        return self._planned(Operation.UNDO, [t.path for t in done[-1].targets], allow)

    def plan_purge(self, identifiers=()):
        """Plan to purge."""
        self.asked.append(("purge", tuple(identifiers)))
        return self._planned(
            Operation.PURGE, [f"{HOME}/trash/{i}" for i in identifiers], frozenset()
        )

    def plan_remedy(self, remedy, values=None):
        """Plan what mends a finding; the values are kept for the test, and stand in no plan."""
        self.asked.append(("remedy", (remedy, dict(values or {}))))
        return self._planned(Operation.EDIT, [remedy.file], frozenset())

    def plan_run(self, task):
        """Plan to run a command."""
        self.asked.append(("run", task))
        return self._planned(Operation.RUN, [task.folder], frozenset())

    def run(self, plan, tell, stopped=lambda: False):
        """Say what was told, wait while held, and end."""
        self.ran.append(plan)
        for event in self.events:
            tell(event)
        while self.hold():
            if stopped():
                return Result(Ending.ROLLED_BACK, "stopped, and nothing changed", stopped=True)
            time.sleep(0.001)
        if self.failure is not None:
            raise self.failure
        if self.result is not None:
            return self.result
        paths = {target.path for target in plan.targets}
        if plan.operation is Operation.UNDO:
            self.done.pop()
            if self.source is not None:
                self.source.vanished -= paths
        else:
            self.done.append(plan)
            if self.source is not None and plan.operation is Operation.DELETE:
                self.source.vanished |= paths
        count = len(plan.targets)
        return Result(Ending.DONE, f"{plan.operation}d {count}", freed_bytes=0)

    def history(self):
        """Return what was told."""
        return self.past

    def trash(self):
        """Return what was told."""
        return self.items

    def pending(self):
        """Return what was told."""
        self.asked.append(("pending", ()))
        return self.interrupted

    def recover(self):
        """Return what was told."""
        self.asked.append(("recover", ()))
        return self.recovered

    def due(self):
        """Return what was told."""
        return self.due_items

    def announce(self, items):
        """Remember what was announced."""
        self.asked.append(("announce", tuple(item.id for item in items)))
