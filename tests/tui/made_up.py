"""Environments and a source that exist in memory alone; for tests, and for a process of its own."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from envdeck.core.inspection.joint_size import joint_size
from envdeck.core.model import (
    Creation,
    Distribution,
    Environment,
    Event,
    Finished,
    Found,
    GlobalPackages,
    Identity,
    Interpreter,
    JointSize,
    LastUsed,
    Progress,
    ProjectLink,
    ProjectState,
    Python,
    Size,
    Sized,
    Status,
)
from envdeck.core.model.size import SharedFiles

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


def sized(environments: Iterable[Environment]) -> list[Event]:
    """Return the events of a look that finds environments and then measures them."""
    told = list(environments)
    return [
        *(Found(replace(each, size=None)) for each in told),
        *(Sized(each.path, each.size) for each in told if each.size is not None),
    ]
