"""A catalog of made-up environments, and a way to run commands over it."""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from types import SimpleNamespace

import pytest

from envdeck.cli.context import Context
from envdeck.cli.output.console import Console
from envdeck.cli.run import run
from envdeck.core.model import (
    Creation,
    Environment,
    Finished,
    Found,
    FoundInterpreter,
    Identity,
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


@dataclass
class FakeCatalog:
    """Says what it was made to say, and remembers what it was asked."""

    environments: list[Environment] = field(default_factory=list)
    sizes: dict[str, Size] = field(default_factory=dict)
    interpreters: list = field(default_factory=list)
    distributions_of: dict = field(default_factory=dict)
    index: list[Environment] | None = None
    """What is remembered; as many as there are when None."""
    extra: list = field(default_factory=list)
    """Events told before the end."""
    scopes: list = field(default_factory=list)

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
        yield Finished(scope.roots or ("/home/ada",), 1234, unreadable, 0.4123, complete=True)

    def remembered(self, scope) -> tuple[Environment, ...]:
        return tuple(self.environments if self.index is None else self.index)

    def lookup(self, path: str) -> Environment | None:
        return next((found for found in self.environments if found.path == path), None)

    def measure(self, environment: Environment) -> Size:
        return self.sizes[environment.path]

    def together(self, environments) -> JointSize:
        sizes = [found.size for found in environments if found.size]
        return JointSize(
            sum(size.disk_bytes for size in sizes),
            sum(size.reclaimable_bytes for size in sizes),
            len(environments) - len(sizes),
        )

    def distributions(self, environment: Environment) -> tuple:
        return tuple(self.distributions_of.get(environment.path, ()))


@pytest.fixture
def catalog() -> FakeCatalog:
    return FakeCatalog()


@pytest.fixture
def size_of() -> Callable[[int, int], Size]:
    def make(disk: int, reclaimable: int) -> Size:
        return Size(disk - 9, disk, reclaimable)

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
def cli(catalog, host) -> Callable[..., SimpleNamespace]:
    """Return a function that runs a command: `cli("list", "--json").out`."""

    def call(*arguments: str, host=host, interactive=False, **console) -> SimpleNamespace:
        out, err = io.StringIO(), io.StringIO()
        context = Context(host, Console(out, err, **console), interactive, lambda _: catalog)
        code = run(arguments, context)
        return SimpleNamespace(code=int(code), out=out.getvalue(), err=err.getvalue())

    return call
