"""A project in a made-up home, and the door to what edits it."""

from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from envdeck.core.catalog import Catalog
from envdeck.core.dotenv import Remedy, RemedyKind
from envdeck.core.model import Ending, NoPlan, Plan, Result
from envdeck.core.operations.api import Operations
from envdeck.core.system.host import Host

MARK = "MARK-3f9c"


@dataclass
class Desk:
    """What a test edits, and how it looks at what became of it."""

    project: Path
    operations: Operations
    home: Path

    @property
    def env(self) -> Path:
        return self.project / ".env"

    @property
    def store(self):
        return self.operations.store

    def remedy(self, kind: str, **more: object) -> Remedy:
        usual = {"file": str(self.env), "project": str(self.project)}
        if kind in {"create", "add"}:
            usual["example"] = str(self.project / ".env.example")
        return Remedy(RemedyKind(kind), **{**usual, **more})  # type: ignore[arg-type]

    def plan(self, kind: str, values: dict[str, str] | None = None, **more: object):
        return self.operations.plan_remedy(self.remedy(kind, **more), values or {})

    def run(self, plan: Plan | NoPlan) -> Result:
        assert isinstance(plan, Plan), plan
        return self.operations.run(plan, lambda _event: None)

    def done(self, plan: Plan | NoPlan) -> Plan:
        assert isinstance(plan, Plan), plan
        assert not plan.refusals, plan.refusals
        result = self.run(plan)
        assert result.status is Ending.DONE, result
        return plan

    def undo(self, identifier: str | None = None, *allow: str) -> Plan:
        return self.done(self.operations.plan_undo(identifier, allow=frozenset(allow)))

    def guard(self, plan: Plan | NoPlan) -> str:
        """Run what a guard refuses, and return its name; nothing may have been done."""
        result = self.run(plan)
        assert result.status is Ending.REFUSED, result
        return result.guard or ""

    def phases(self) -> list[str]:
        return [entry.phase.value for entry in self.store.journal.read_all()[0]]

    def kept(self) -> list[str]:
        """The files under the folders of ours that hold the marked value, by their names."""
        files = [path for path in (self.home / ".local").rglob("*") if path.is_file()]
        return [path.name for path in files if MARK.encode() in path.read_bytes()]


@pytest.fixture
def desk(home: Path, tmp_path: Path) -> Desk:
    ticks = count(1_795_000_000)
    host = Host("linux", str(home), {}, lambda: float(next(ticks)), str(tmp_path / "system"))
    project = home / "work" / "it's [1] é"
    project.mkdir(parents=True)
    operations = Operations(Catalog(host, str(tmp_path / "index.sqlite3")))
    return Desk(project, operations, home)
