"""A catalog of made-up environments, and a way to run commands over it."""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, replace
from types import SimpleNamespace

import pytest

from envdeck.cli.console import Console
from envdeck.cli.context import CommandContext
from envdeck.cli.main import run
from envdeck.core.model import (
    Creation,
    Ending,
    Environment,
    Examination,
    Finished,
    Found,
    FoundInterpreter,
    Identity,
    JointSize,
    LastUsed,
    Operation,
    Plan,
    Policy,
    Progress,
    ProjectLink,
    ProjectState,
    Python,
    RecreateRequest,
    Result,
    Size,
    Sized,
    Status,
    Target,
)
from envdeck.core.operations.shared.history import NOTICE, Due
from envdeck.core.query import Contents
from support.contract import check_output


@dataclass
class FakeCatalog:
    """Says what it was made to say, and remembers what it was asked."""

    environments: list[Environment] = field(default_factory=list)
    sizes: dict[str, Size] = field(default_factory=dict)
    interpreters: list = field(default_factory=list)
    distributions_of: dict = field(default_factory=dict)
    comparisons: dict = field(default_factory=dict)
    """By the path of an environment, how it stands beside its project."""
    index: list[Environment] | None = None
    """What is remembered; as many as there are when None."""
    extra: list = field(default_factory=list)
    """Events told before the end."""
    left_out: tuple = ()
    """What the end says was not looked at."""
    scopes: list = field(default_factory=list)
    read: dict = field(default_factory=dict)
    """What a query is told of the contents of environments, by path."""

    def scan(self, scope, stopped=lambda: False) -> Iterator:
        self.scopes.append(scope)
        found = [
            environment
            for environment in self.environments
            if not scope.roots
            or any(f"{environment.path}/".startswith(f"{root}/") for root in scope.roots)
        ]
        for number, environment in enumerate(found):
            yield Found(environment)
            yield Progress(number * 10, number, number * 0.05)
        yield from (FoundInterpreter(interpreter) for interpreter in self.interpreters)
        if scope.sizes:
            for environment in found:
                if environment.path in self.sizes:
                    yield Sized(environment.path, self.sizes[environment.path])
        yield from self.extra
        unreadable = sum(type(event).__name__ == "Unreadable" for event in self.extra)
        roots = scope.roots or ("/home/ada",)
        yield Finished(roots, 1234, unreadable, 0.4123, complete=True, not_looked_at=self.left_out)

    def remembered(self, scope) -> tuple[Environment, ...]:
        return tuple(self.environments if self.index is None else self.index)

    def lookup(self, path: str) -> Environment | None:
        return next((found for found in self.environments if found.path == path), None)

    def contents(self, environment: Environment, needs) -> Contents:
        return self.read.get(environment.path, Contents({}, drift=False))

    def measure(self, environment: Environment) -> Size:
        return self.sizes[environment.path]

    def together(self, environments) -> JointSize:
        sizes = [found.size for found in environments if found.size]
        return JointSize(
            sum(size.disk_bytes for size in sizes),
            sum(size.reclaimable_bytes for size in sizes),
            len(environments) - len(sizes),
        )

    def examine(self, environment: Environment, names=(), **_asked: bool) -> Examination:
        return Examination(environment.findings)

    def distributions(self, environment: Environment) -> tuple:
        return tuple(self.distributions_of.get(environment.path, ()))

    def project(self, environment: Environment, distributions=None, *, member=""):
        return self.comparisons.get(environment.path)


class FakeOperations:
    """Plans what it was made to plan, remembers what it was asked, and runs nothing."""

    ID = "20261118-110640-4f2a"

    def __init__(self) -> None:
        self.policy = Policy()
        self.asked: list[tuple] = []
        """What was asked for: a method's name, and what it was given."""
        self.planned: list = []
        """What the next plans are; an ordinary one when there is none left."""
        self.planning: Callable[[], None] = lambda: None
        """What happens while something is planned."""
        self.stopped: Callable[[], bool] = lambda: False
        """What the planning was given to poll."""
        self.result = Result(Ending.DONE, "api/.venv is in the trash", verified=("all is well",))
        self.events: list = []
        """What is told on the way."""
        self.meanwhile: Callable[[], None] = lambda: None
        """What happens while a plan runs."""
        self.recovered: tuple = ()
        self.past: tuple = ()
        self.items: tuple = ()
        self.announced: tuple = ()
        """What a person was told that a later start removes."""

    def plan(self, *paths: str, **more) -> Plan:
        usual = {
            "id": self.ID,
            "operation": Operation.DELETE,
            "targets": tuple(Target(path, Identity(1, 2), path) for path in paths),
            "undo": f"envdeck undo {self.ID}",
        }
        return Plan(**{**usual, **more})

    def __getattr__(self, name: str):
        if not name.startswith("plan_"):
            raise AttributeError(name)

        def planned(*given, stopped=lambda: False, **named):
            self.stopped = stopped
            self.planning()
            if given and isinstance(given[-1], RecreateRequest):
                request = given[-1]
                words = {one.name: getattr(request, one.name) for one in fields(request)}
                given, named = given[:-1], {**words, **named}
            self.asked.append((name.removeprefix("plan_"), given, named))
            if self.planned:
                return self.planned.pop(0)
            return self.plan("/home/ada/api/.venv")

        return planned

    def run(self, plan, tell, stopped) -> Result:
        self.asked.append(("run", plan.targets, plan.allowed))
        for event in self.events:
            tell(event)
        self.meanwhile()
        if stopped():
            return replace(self.result, stopped=True, status=Ending.ROLLED_BACK)
        return self.result

    def pending(self) -> tuple:
        return ()

    def recover(self) -> tuple:
        self.asked.append(("recover",))
        return self.recovered

    def history(self) -> tuple:
        return self.past

    def trash(self) -> tuple:
        return self.items

    def expired(self) -> tuple:
        return tuple(item for item in self.items if item.is_due(1_000_000_000))

    def due(self) -> Due:
        return Due(announced=self.expired(), wait=NOTICE)

    def announce(self, items) -> None:
        self.announced = tuple(items)


@pytest.fixture
def operations() -> FakeOperations:
    return FakeOperations()


@pytest.fixture
def catalog() -> FakeCatalog:
    return FakeCatalog()


@pytest.fixture
def size_of() -> Callable[[int, int], Size]:
    def make(disk: int, reclaimable: int) -> Size:
        return Size(max(0, disk - 9), disk, reclaimable)

    return make


@pytest.fixture
def environment(home) -> Callable[..., Environment]:
    """Return a function that makes one up: `environment("work/api/.venv", manager="uv")`."""

    def make(place: str, *, version: str | None = "3.12.4", eol=None, used=None, **more):
        path = place if place.startswith("/") else f"{home}/{place}"
        parent = path.rpartition("/")[0]
        made = Environment(
            path=path,
            identity=Identity(1, abs(hash(path))),
            name="/".join(path.split("/")[-2:]),
            manager="venv",
            status=Status.OK,
            python=Python(version, "cpython", f"{path}/bin/python", "/usr", end_of_life=eol),
            creation=Creation("venv"),
            packages=3,
            last_used=LastUsed(used, "pyvenv.cfg atime"),
            project=ProjectLink(ProjectState.FOUND, parent, "parent folder"),
        )
        return replace(made, **more)

    return make


@pytest.fixture
def cli(catalog, host, operations) -> Callable[..., SimpleNamespace]:
    """Return a function that runs a command: `cli("list", "--json").out`."""

    def open_operations(_catalog, policy) -> FakeOperations:
        operations.policy = policy
        return operations

    def call(
        *arguments: str, host=host, interactive=False, answer: str | None = None, **console
    ) -> SimpleNamespace:
        """Run it; `answer` is what a person types when asked, None when nobody is there."""
        out, err = io.StringIO(), io.StringIO()
        context = CommandContext(
            host,
            Console(out, err, **console),
            interactive,
            lambda _: catalog,
            open_operations,
            None if answer is None else io.StringIO(answer),
        )
        code = run(arguments, context)
        check_output(arguments, out.getvalue())
        return SimpleNamespace(code=int(code), out=out.getvalue(), err=err.getvalue())

    return call
