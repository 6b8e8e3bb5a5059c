"""Taking back: onto a taken path, without a parent, from a trash that is away, and again."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from envdeck.core.catalog import Catalog
from envdeck.core.inspection.processes import Process, Processes
from envdeck.core.model import Ending, Identity, NoPlan, Operation, Policy
from envdeck.core.operations.api import Operations
from envdeck.core.operations.disk.platforms import LinuxDisk
from envdeck.core.operations.guards.context import GuardContext
from envdeck.core.operations.transaction.journal import Entry, Move, Phase
from envdeck.core.operations.transaction.transaction import transaction
from envdeck.core.operations.transaction.trash import TrashManifest
from envdeck.core.system.mounts import Mount


@pytest.fixture
def operations(host) -> Operations:
    clock = iter(range(1_000_000, 2_000_000))
    return Operations(Catalog(replace(host, now=lambda: float(next(clock)))))


@pytest.fixture
def env(home) -> Path:
    return fill(home / "work" / "it's [1]" / ".venv", "old")


def fill(path: Path, word: str) -> Path:
    path.mkdir(parents=True)
    (path / "pyvenv.cfg").write_text("home = /nowhere\n")
    (path / "word").write_text(word)
    return path


def act(operations, path: Path, move: Move, identifier: str = "20261120-000001-aaaa") -> Entry:
    """Delete, or make anew, as a transaction does it."""
    store = operations.store
    entry = Entry(
        id=identifier,
        group=identifier,
        operation=Operation.DELETE if move is Move.ASIDE else Operation.RECREATE,
        move=move,
        phase=Phase.PREPARED,
        path=str(path),
        item="",
        old=store.disk.identity(str(path)),
    )
    with transaction(store, entry) as current:
        current.open_item(store.places.trash)
        manifest = TrashManifest(
            identifier, entry.operation, str(path), ".venv", "venv", "3.13", store.host.now()
        )
        current.describe(manifest)
        if move is Move.ASIDE:
            current.move_to_trash()
        else:
            current.make_staged()
            Path(current.staged, "word").write_text("new")
            Path(current.staged, "pyvenv.cfg").write_text("home = /nowhere\n")
            current.swap_in()
    return current.entry


UNOWNED = frozenset({"unowned-files"})


def undo(operations, *given, **more):
    plan = operations.plan_undo(*given, **{"allow": UNOWNED, **more})
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
    trash = operations.store.places.trash
    os.rename(trash, f"{trash}.away")
    assert obstacle(operations) == "nothing to undo"
    assert "is its disk mounted?" in obstacle(operations, "20261120-000001-aaaa")
    assert operations.history()[0].why_not == "trash not found: is its disk mounted?"
    assert operations.recover() == ()
    os.rename(f"{trash}.away", trash)
    assert undo(operations).status is Ending.DONE
    assert (env / "word").read_text() == "old"


def test_from_an_item_whose_manifest_is_damaged(operations, env):
    entry = act(operations, env, Move.ASIDE)
    Path(entry.item, "manifest.json").write_bytes(b"\xff")
    assert operations.trash()[0].problem == "manifest damaged"
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
    assert "already undone" in obstacle(operations, first.id)
    back = operations.history()[0].entry
    assert undo(operations, back.id).status is Ending.DONE  # the way back is taken back
    assert (env / "word").read_text() == "new"
    assert {each.entry.id: each.why_not for each in operations.history()}[first.id] == ""
    assert undo(operations).status is Ending.DONE  # so that the first can be undone once more
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


class KilledError(BaseException):
    """The process is no more."""


@pytest.mark.parametrize("anew", [False, True])
def test_planned_while_a_killed_upgrade_left_the_place_empty(operations, env, anew, monkeypatch):
    """It meets what the recovery puts back there, and leaves all as it is."""
    first = act(operations, env, Move.ASIDE)
    fill(env, "theirs")
    moved, made = LinuxDisk.move, []

    def killed(disk: LinuxDisk, source: str, target: str) -> None:
        made.append(target)
        if len(made) > 1:
            raise KilledError
        moved(disk, source, target)

    with monkeypatch.context() as patched:
        patched.setattr(LinuxDisk, "can_exchange", lambda *_given: False)
        patched.setattr(LinuxDisk, "move", killed)
        with pytest.raises(KilledError):
            act(operations, env, Move.EXCHANGE, "20261120-000002-aaaa")
    assert not env.exists()
    plan = operations.plan_undo(first.id)
    assert not plan.refusals
    if anew:  # somebody was faster than the rename, and nothing was to be recovered
        operations.recover()
        shutil.rmtree(env)
        plan = operations.plan_undo(first.id)

        def faster(disk: LinuxDisk, source: str, target: str) -> None:
            if target == str(env):
                fill(env, "theirs")
            moved(disk, source, target)

        monkeypatch.setattr(LinuxDisk, "move", faster)
    result = operations.run(plan, lambda _event: None)
    assert (result.status, result.guard) == (Ending.REFUSED, "not-an-environment")
    assert result.message == "changed since the preview"
    assert (env / "word").read_text() == "theirs"
    assert Path(first.item, "environment", "word").read_text() == "old"
    assert [item.folder for item in operations.trash()] == [first.item]
    assert operations.store.journal.read(plan.id).phase is Phase.ROLLED_BACK


def test_two_operations_are_taken_back_newest_first(operations, env, home):
    other = fill(home / "work" / "other" / ".venv", "other")
    act(operations, env, Move.ASIDE, "20261120-000001-aaaa")
    act(operations, other, Move.ASIDE, "20261120-000002-aaaa")
    assert undo(operations).status is Ending.DONE
    assert (env.exists(), other.exists()) == (False, True)
    assert undo(operations).status is Ending.DONE
    assert (env / "word").read_text() == "old"
    assert obstacle(operations) == "nothing to undo"


def test_an_id_that_is_none(operations, env):
    plan = operations.plan_undo("20000101-000000-ffff")
    assert isinstance(plan, NoPlan)
    assert plan.missing
    act(operations, env, Move.ASIDE)
    broken = Path(operations.store.places.journal, "20000101-000000-ffff.json")
    broken.write_text("{")
    assert "the journal of 20000101-000000-ffff cannot be used" in obstacle(operations, broken.stem)


def test_the_read_only_mode_takes_nothing_back(operations, env):
    act(operations, env, Move.ASIDE)
    plan = operations.plan_undo()
    operations.policy = Policy(read_only=True)
    assert operations.run(plan, lambda _event: None).guard == "read-only"
    assert not env.exists()
    assert len(operations.trash()) == 1


@pytest.mark.parametrize("where", ["item", "trash", "going", "journal", "cache"])
def test_not_to_a_place_of_our_own(operations, env, where, host):
    entry = act(operations, env, Move.ASIDE)
    store = operations.store
    to = {
        "item": f"{entry.item}/x",
        "trash": f"{store.places.trash}/new",
        "going": f"{entry.item}.purging",
        "journal": f"{store.places.journal}/x",
        "cache": f"{host.user_cache()}/envdeck/x",
    }[where]
    Path(to).parent.mkdir(parents=True, exist_ok=True)
    link = env.parent / "link"
    link.symlink_to(os.path.dirname(to))
    for path in (to, str(link / os.path.basename(to))):
        (refusal,) = operations.plan_undo(to=path).refusals
        assert refusal.guard == "protected-path"
        assert undo(operations, to=path).guard == "protected-path"
    assert Path(entry.item, "environment", "word").read_text() == "old"
    assert undo(operations).status is Ending.DONE


def test_not_into_another_environment(operations, env, home):
    act(operations, env, Move.ASIDE)
    other = fill(home / "work" / "other", "other")
    (other / "lib").mkdir()
    assert undo(operations, to=str(other / "lib" / "x")).guard == "protected-path"
    assert undo(operations, to=str(other.with_name("another"))).status is Ending.DONE


def test_what_another_has_put_into_the_trash_stays_there(operations, env):
    entry = act(operations, env, Move.ASIDE)
    inside = Path(entry.item, "environment")
    inside.rename(inside.with_name("aside"))
    for put in (lambda: inside.symlink_to("aside"), lambda: fill(inside, "theirs")):
        put()
        (refusal,) = operations.plan_undo().refusals
        assert refusal.guard == "not-an-environment"
        assert not env.exists()
        inside.unlink() if inside.is_symlink() else None


def test_what_another_has_put_into_an_item_is_left_and_said(operations, env):
    entry = act(operations, env, Move.ASIDE)
    Path(entry.item, "notes.txt").write_text("mine")
    result = undo(operations)
    assert result.status is Ending.DONE
    assert "notes.txt" in result.message
    assert (env / "word").read_text() == "old"
    assert Path(entry.item, "notes.txt").read_text() == "mine"


def test_a_disk_that_has_another_number_since_the_machine_started_anew(operations, env):
    entry = act(operations, env, Move.ASIDE)
    moved = replace(entry, old=Identity(entry.old.device + 1, entry.old.inode))
    operations.store.journal.write(moved)
    assert undo(operations).guard == "not-an-environment"
    operations.store.journal.write(replace(moved, boot="another"))
    assert undo(operations).status is Ending.DONE


def test_files_that_would_be_in_the_trash_alone_are_named(operations, env):
    (env / "shared.txt").write_text("the same")
    act(operations, env, Move.EXCHANGE)
    (env / "shared.txt").write_text("the same")
    (env / "thesis.txt").write_text("mine")
    plan = operations.plan_undo()
    (refusal,) = plan.refusals
    assert (refusal.guard, refusal.overrulable) == ("unowned-files", True)
    assert "thesis.txt" in refusal.message
    assert "shared.txt" not in refusal.message
    assert refusal.hint.endswith("--allow unowned-files")
    assert operations.run(plan, lambda _event: None).status is Ending.REFUSED
    allowed = operations.plan_undo(allow=UNOWNED)
    (env / "late.txt").write_text("mine too")
    late = operations.run(allowed, lambda _event: None)
    assert (late.status, late.guard) == (Ending.REFUSED, "unowned-files")
    assert "late.txt" in late.message
    assert undo(operations).status is Ending.DONE
    (item,) = operations.trash()
    assert {"late.txt", "thesis.txt"} <= set(item.manifest.unowned)
    assert "shared.txt" not in item.manifest.unowned
    assert sorted(os.listdir(item.folder)) == ["environment", "manifest.json"]


def test_what_was_created_goes_with_its_files_named(operations, env):
    shutil.rmtree(env)
    act(operations, env, Move.EXCHANGE)
    assert [one.guard for one in operations.plan_undo().refusals] == ["unowned-files"]
    assert undo(operations).status is Ending.DONE
    (item,) = operations.trash()
    assert item.manifest.unowned == ("word",)


def test_what_is_used_or_protected_or_mounted_is_not_put_aside(operations, env, monkeypatch):
    act(operations, env, Move.EXCHANGE)
    use = Process(4242, 1, "python", programs=(str(env / "bin" / "python"),))
    processes = Processes((use,))
    usual = GuardContext.now
    monkeypatch.setattr(
        GuardContext,
        "now",
        lambda *given, **more: replace(usual(*given, **more), read_processes=lambda _h: processes),
    )
    (refusal,) = operations.plan_undo(allow=UNOWNED).refusals
    assert (refusal.guard, refusal.overrulable) == ("in-use", True)
    (env / ".git").mkdir()
    (refusal,) = operations.plan_undo(allow=UNOWNED | {"in-use"}).refusals
    assert (refusal.guard, refusal.overrulable) == ("protected-path", False)
    (env / ".git").rmdir()
    mount = Mount(str(env / "lib"), "ext4", 1, frozenset(), "/dev/sda1")
    monkeypatch.setattr(
        GuardContext,
        "now",
        lambda *given, **more: replace(usual(*given, **more), read_mounts=lambda _h: (mount,)),
    )
    assert undo(operations).guard == "mount"
    assert (env / "word").read_text() == "new"


def test_one_within_another_returns_after_it(operations, env):
    inner = fill(env / "opt" / "inner", "inner")
    group = "20261120-000001-aaaa"
    for number, path in enumerate((inner, env), 1):
        entry = act(operations, path, Move.ASIDE, f"{group}-{number}")
        operations.store.journal.write(replace(entry, group=group))
    plan = operations.plan_undo()
    assert ([each.path for each in plan.returns], plan.refusals) == ([str(env), str(inner)], ())
    assert undo(operations).status is Ending.DONE
    assert ((env / "word").read_text(), (inner / "word").read_text()) == ("old", "inner")


def test_plans_of_one_yes_are_undone_together_by_their_batch(operations, home):
    paths = [fill(home / name / ".venv", name) for name in ("one", "two", "three")]
    for number, path in enumerate(paths):
        entry = act(operations, path, Move.ASIDE, f"20261120-00000{number}-aaaa")
        batch = "20261120-000000-aaaa-all" if number < 2 else ""
        operations.store.journal.write(replace(entry, batch=batch))
    plan = operations.plan_undo("20261120-000000-aaaa-all")
    assert {target.path for target in plan.targets} == {str(path) for path in paths[:2]}
    assert operations.run(plan, lambda _: None).status is Ending.DONE
    assert [path.exists() for path in paths] == [True, True, False]


def test_the_last_operation_is_all_that_one_yes_was_for(operations, home):
    paths = [fill(home / name / ".venv", name) for name in ("one", "two", "three")]
    for number, path in enumerate(paths):
        entry = act(operations, path, Move.ASIDE, f"20261120-00000{number}-aaaa")
        batch = "20261120-000001-aaaa-all" if number else ""
        operations.store.journal.write(replace(entry, batch=batch))
    plan = operations.plan_undo()
    assert {target.path for target in plan.targets} == {str(path) for path in paths[1:]}
    assert operations.run(plan, lambda _: None).status is Ending.DONE
    assert [path.exists() for path in paths] == [False, True, True]
