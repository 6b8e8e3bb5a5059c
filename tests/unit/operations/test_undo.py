"""Taking back: onto a taken path, without a parent, from a trash that is away, and again."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from envdeck.core.catalog import Catalog
from envdeck.core.model import Ending, NoPlan, Operation
from envdeck.core.operations.disk.linux import LinuxDisk
from envdeck.core.operations.journal import Entry, Move, Phase
from envdeck.core.operations.operations import Operations
from envdeck.core.operations.policy import Policy
from envdeck.core.operations.transaction import transaction
from envdeck.core.operations.trash import Manifest


@pytest.fixture
def operations(host) -> Operations:
    clock = iter(range(1_000_000, 2_000_000))
    return Operations(Catalog(replace(host, now=lambda: float(next(clock)))))


@pytest.fixture
def env(home) -> Path:
    return fill(home / "work" / "it's [1]" / ".venv", "old")


def fill(path: Path, word: str) -> Path:
    path.mkdir(parents=True)
    (path / "word").write_text(word)
    return path


def act(operations, path: Path, move: Move, identifier: str = "20261120-000001-aaaa") -> Entry:
    """Delete, or make anew, as a transaction does it."""
    ground = operations.ground
    entry = Entry(
        identifier,
        identifier,
        Operation.DELETE if move is Move.ASIDE else Operation.RECREATE,
        move,
        Phase.PREPARED,
        str(path),
        "",
        ground.disk.identity(str(path)),
    )
    with transaction(ground, entry) as current:
        current.open_item(ground.places.trash)
        manifest = Manifest(
            identifier, entry.operation, str(path), ".venv", "venv", "3.13", ground.host.now()
        )
        current.describe(manifest)
        if move is Move.ASIDE:
            current.put_aside()
        else:
            current.make_staged()
            Path(current.staged, "word").write_text("new")
            current.put_in_place()
    return current.entry


def undo(operations, *given, **more):
    plan = operations.plan_undo(*given, **more)
    assert not isinstance(plan, NoPlan), plan
    return operations.run(plan, lambda _event: None)


def obstacle(operations, identifier: str | None = None) -> str:
    plan = operations.plan_undo(identifier)
    assert isinstance(plan, NoPlan)
    return plan.message


def test_onto_a_taken_path(operations, env):
    act(operations, env, Move.ASIDE)
    early = operations.plan_undo()
    fill(env, "theirs")
    plan = operations.plan_undo()
    assert [one.guard for one in plan.refusals] == ["place-taken"]
    for each in (plan, early):
        result = operations.run(each, lambda _event: None)
        assert (result.status, result.guard) == (Ending.REFUSED, "place-taken")
    assert (env / "word").read_text() == "theirs"
    other = env.with_name("beside")
    assert undo(operations, to=str(other)).status is Ending.DONE
    assert ((other / "word").read_text(), (env / "word").read_text()) == ("old", "theirs")
    assert operations.trash() == ()


def test_without_the_folder_above_it(operations, env, home):
    act(operations, env, Move.ASIDE)
    env.parent.rmdir()
    (refusal,) = operations.plan_undo().refusals
    assert str(env.parent) in refusal.message
    assert undo(operations).status is Ending.REFUSED
    assert len(operations.trash()) == 1
    env.parent.mkdir()
    assert undo(operations).status is Ending.DONE
    assert (env / "word").read_text() == "old"


def test_from_a_trash_whose_disk_is_away(operations, env):
    act(operations, env, Move.ASIDE)
    trash = operations.ground.places.trash
    os.rename(trash, f"{trash}.away")
    assert obstacle(operations) == "there is nothing to take back"
    assert "is its disk mounted?" in obstacle(operations, "20261120-000001-aaaa")
    assert operations.history()[0].why_not == "its trash is not there now: is its disk mounted?"
    assert operations.recover() == ()
    os.rename(f"{trash}.away", trash)
    assert undo(operations).status is Ending.DONE
    assert (env / "word").read_text() == "old"


def test_from_an_item_whose_manifest_is_damaged(operations, env):
    entry = act(operations, env, Move.ASIDE)
    Path(entry.item, "manifest.json").write_bytes(b"\xff")
    assert operations.trash()[0].problem == "its manifest is damaged"
    assert undo(operations).status is Ending.DONE
    assert (env / "word").read_text() == "old"


def test_what_was_made_anew_and_then_replaced_by_somebody(operations, env):
    act(operations, env, Move.EXCHANGE)
    env.rename(env.with_name("away"))
    fill(env, "theirs")
    (refusal,) = operations.plan_undo().refusals
    assert refusal.guard == "not-an-environment"
    assert undo(operations).status is Ending.REFUSED
    assert (env / "word").read_text() == "theirs"


@pytest.mark.parametrize("two_steps", [False, True])
def test_there_and_back_as_often_as_one_likes(operations, env, two_steps, monkeypatch):
    if two_steps:
        monkeypatch.setattr(LinuxDisk, "exchange", lambda *_given: False)
    first = act(operations, env, Move.EXCHANGE)
    assert (env / "word").read_text() == "new"
    assert undo(operations).status is Ending.DONE
    assert (env / "word").read_text() == "old"
    assert "taken back" in obstacle(operations, first.id)
    back = operations.history()[0].entry
    assert undo(operations, back.id).status is Ending.DONE  # the way back is taken back
    assert (env / "word").read_text() == "new"
    assert {each.entry.id: each.why_not for each in operations.history()}[first.id] == ""
    assert undo(operations).status is Ending.DONE  # so that the first can be taken back once more
    assert (env / "word").read_text() == "old"
    assert operations.history()[0].entry.undoes == first.id
    (item,) = operations.trash()
    assert Path(item.folder, "environment", "word").read_text() == "new"
    assert item.manifest.operation is Operation.UNDO


def test_what_was_created_goes_to_the_trash_and_returns(operations, env):
    shutil.rmtree(env)
    made = act(operations, env, Move.EXCHANGE)
    assert operations.trash() == ()
    assert undo(operations).status is Ending.DONE
    assert not env.exists()
    assert len(operations.trash()) == 1
    assert undo(operations, operations.history()[0].entry.id).status is Ending.DONE
    assert (env / "word").read_text() == "new"
    assert made.id == operations.plan_undo().returns[0].entry.id


def test_two_operations_are_taken_back_newest_first(operations, env, home):
    other = fill(home / "work" / "other" / ".venv", "other")
    act(operations, env, Move.ASIDE, "20261120-000001-aaaa")
    act(operations, other, Move.ASIDE, "20261120-000002-aaaa")
    assert undo(operations).status is Ending.DONE
    assert (env.exists(), other.exists()) == (False, True)
    assert undo(operations).status is Ending.DONE
    assert (env / "word").read_text() == "old"
    assert obstacle(operations) == "there is nothing to take back"


def test_an_id_that_is_none(operations, env):
    plan = operations.plan_undo("20000101-000000-ffff")
    assert isinstance(plan, NoPlan)
    assert plan.missing
    act(operations, env, Move.ASIDE)
    broken = Path(operations.ground.places.journal, "20000101-000000-ffff.json")
    broken.write_text("{")
    assert "the journal of 20000101-000000-ffff cannot be used" in obstacle(operations, broken.stem)


def test_the_read_only_mode_takes_nothing_back(operations, env):
    act(operations, env, Move.ASIDE)
    plan = operations.plan_undo()
    operations.policy = Policy(read_only=True)
    assert operations.run(plan, lambda _event: None).guard == "read-only"
    assert not env.exists()
    assert len(operations.trash()) == 1
