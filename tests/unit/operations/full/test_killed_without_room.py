"""A program that is killed on a full disk, whose last blocks are then taken by another."""

import os
import shutil
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from envdeck.core.model import NoPlan
from envdeck.core.operations.api import Operations

_DYING = Path(__file__).parents[1] / "transaction" / "dying.py"
_SPEC = spec_from_file_location("dying", _DYING)
dying = module_from_spec(_SPEC)
_SPEC.loader.exec_module(dying)

ALLOW = frozenset({"unowned-files"})


def run(operations: Operations, plan: object) -> str:
    assert not isinstance(plan, NoPlan), plan
    assert plan.refusals == ()
    return operations.run(plan, lambda _event: None).status


def delete(operations: Operations, path: Path, *, purge: bool = False) -> str:
    found = operations.catalog.lookup(str(path))
    return run(operations, operations.plan_delete([found], purge=purge, allow=ALLOW))


def delete_for_good(operations: Operations, path: Path) -> str:
    return delete(operations, path, purge=True)


def undo(operations: Operations, _path: Path) -> str:
    return run(operations, operations.plan_undo(allow=ALLOW))


def purge(operations: Operations, _path: Path) -> str:
    return run(operations, operations.plan_purge())


ACTS: dict[str, tuple[Callable[[Operations, Path], str], bool]] = {
    "delete": (delete, False),
    "delete-for-good": (delete_for_good, False),
    "undo": (undo, True),
    "purge": (purge, True),
}
"""What is done, and whether it is done with what was deleted before."""


def killed_at(at: int, act: Callable[[], object]) -> bool:
    """Do something in a child that is killed at one of its system calls; False when it made
    fewer."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            dying.Interrupter(at, "kill").install()
            act()
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(pid, 0)
    assert status == 9 or os.waitstatus_to_exitcode(status) == 0
    return status == 9


@pytest.fixture
def world(tiny, at_home, environment, tmp_path):
    """Return a function that makes a used home with one environment, on the tiny disk."""
    mould = environment(tmp_path / "mould")

    def made(*, deleted: bool) -> tuple[Operations, Path]:
        home = tiny.top / "home"
        for name in ("home", "filler"):
            shutil.rmtree(tiny.top / name, ignore_errors=True)
        path = home / "work" / ".venv"
        shutil.copytree(mould, path, symlinks=True)
        (home / ".local" / "state").mkdir(parents=True)
        (home / ".local" / "share").mkdir(parents=True)
        operations = at_home(home)
        operations.recover()
        if deleted:
            assert delete(operations, path) == "done"
        return operations, path

    return made


def interrupt(tiny, world, what: str, calls, *, reserve: bool) -> int:
    """Kill one act at some of its calls; return how often."""
    act, deleted = ACTS[what]
    kills = 0
    for at in calls:
        operations, path = world(deleted=deleted)
        kept = operations.store.places.reserve
        if not reserve:
            shutil.rmtree(kept)
        tiny.fill()
        if not killed_at(at, lambda: act(operations, path)):  # noqa: B023 – done at once
            break
        kills += 1
        tiny.fill()
        operations.recover()
        if not reserve and operations.pending():
            waiting = operations.recover()
            assert all("cannot be recovered: no space left" in each.message for each in waiting)
            shutil.rmtree(tiny.top / "filler")
            operations.recover()
        assert operations.pending() == ()
        hold(operations, path, what)
        journal = Path(operations.store.places.journal)
        assert not list(journal.glob("*.tmp"))
    return kills


def hold(operations: Operations, path: Path, what: str) -> None:
    """Check that the one environment is whole in one place, or gone if that was asked for."""
    in_trash = [Path(each.folder, "environment") for each in operations.trash()]
    places = [each for each in (path, *in_trash) if each.exists()]
    if what in {"delete", "undo"}:
        assert len(places) == 1
    for each in places:
        if not each.parent.name.endswith(".purging"):
            assert len(list(each.rglob("m*.py"))) == 16
            assert (each / "pyvenv.cfg").read_bytes()
    if what in {"delete", "undo"}:
        (place,) = places
        assert len(list(place.rglob("*.pyc"))) == 16


WITH = [(what, True) for what in ACTS]
WITHOUT = [("delete-for-good", False), ("purge", False)]
"""The others are refused before they change anything."""
runs = pytest.mark.parametrize(
    ("what", "reserve"),
    [*WITH, *WITHOUT],
    ids=lambda value: value if isinstance(value, str) else ("reserve" if value else "none"),
)


@runs
def test_killed_at_some_calls(tiny, world, what, reserve):
    every = 61 if what in {"purge", "delete-for-good"} else 17
    assert interrupt(tiny, world, what, range(4, 400, every), reserve=reserve)


@pytest.mark.kill
@runs
def test_killed_at_every_call(tiny, world, what, reserve, record_property):
    kills = interrupt(tiny, world, what, range(1, 400), reserve=reserve)
    record_property("kills", kills)
