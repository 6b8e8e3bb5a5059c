"""Dies, or fails, at one system call of an edit after the other; see `dying.py`, which does it."""

import hashlib
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from envdeck.core.dotenv import Remedy, RemedyKind
from envdeck.core.model import Plan, Result
from envdeck.core.operations.execute import recover
from envdeck.core.operations.transaction.journal import Entry
from envdeck.core.operations.transaction.transaction import OperationStore


def _load() -> ModuleType:
    path = Path(__file__).parent.parent / "transaction" / "dying.py"
    spec = importlib.util.spec_from_file_location("dying", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["dying"] = module
    spec.loader.exec_module(module)
    return module


dying = _load()


class EditWorld(dying.World):  # type: ignore[misc, name-defined]
    """A made-up home with a `.env` in a project."""

    def __init__(self, base: Path, *, two_steps: bool = False) -> None:
        super().__init__(base, two_steps=two_steps)
        self.path = self.path.parent / ".env"

    def build(self) -> None:
        self.path.parent.mkdir(parents=True)
        self.path.write_text("A=old\n")
        self.path.chmod(0o640)
        (self.path.parent / ".env.example").write_text("A=\nB=\n")
        (self.path.parent / "main.py").write_text("print()\n")

    def state(self) -> dict[str, str]:
        found = {}
        for name, at in (("here", self.path), *((p.parent.name, p) for p in self._items())):
            if at.exists():
                found[name] = f"{at.read_text()} {at.stat().st_mode:o}"
        return found

    def outside(self) -> str:
        lines = []
        for path in sorted(self.home.rglob("*")):
            inner = path == self.path or any(str(path).startswith(one) for one in self._ours())
            if not inner and path.is_file():
                lines.append(f"{path} {path.stat().st_mode} {path.read_bytes()!r}")
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _remedied(world: EditWorld, kind: RemedyKind) -> Result:
    project = world.path.parent
    remedy = Remedy(kind, str(world.path), str(project), ("B",), str(project / ".env.example"))
    operations = world.operations()
    plan = operations.plan_remedy(remedy, {"B": "new"})
    assert isinstance(plan, Plan), plan
    assert not plan.refusals, plan.refusals
    result: Result = operations.run(plan, lambda _event: None)
    return result


def edit(world: EditWorld) -> Result:
    return _remedied(world, RemedyKind.ADD)


def create(world: EditWorld) -> Result:
    return _remedied(world, RemedyKind.CREATE)


def vanish(world: EditWorld) -> None:
    world.path.unlink()


def undo(world: EditWorld) -> Result:
    operations = world.operations()
    result: Result = operations.run(operations.plan_undo(), lambda _event: None)
    return result


def redo(world: EditWorld) -> Result:
    operations = world.operations()
    last = world.store.journal.read_all()[0][-1].id
    result: Result = operations.run(operations.plan_undo(last), lambda _event: None)
    return result


SCENARIOS: dict[str, tuple[tuple[Callable[[EditWorld], object], ...], object]] = {
    "edit": ((), edit),
    "create": ((vanish,), create),
    "undo-edit": ((edit,), undo),
    "undo-create": ((vanish, create), undo),
    "redo-edit": ((edit, undo), redo),
    "redo-create": ((vanish, create, undo), redo),
}

WHOLE = {"A=old\n", "A=old\nB=new\n", "A=\nB=new\n"}


def recover_after_a_look(store: OperationStore) -> tuple[Entry, ...]:
    """Recover, once it is clear that the place never has half a file, nor none for long."""
    path = Path(store.host.home) / "work" / "it's [1]" / ".env"
    if path.exists():
        assert path.read_text() in WHOLE, path.read_text()
    else:
        assert "two-steps" in sys.argv or "create" in sys.argv[1], "no file is in its place"
    return recover(store)


if __name__ == "__main__":
    dying.recover = recover_after_a_look  # type: ignore[attr-defined]
    dying.World = EditWorld  # type: ignore[attr-defined]
    dying.SCENARIOS = SCENARIOS  # type: ignore[attr-defined]
    dying.main()
