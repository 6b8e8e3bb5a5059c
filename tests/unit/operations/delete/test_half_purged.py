"""What cannot be removed as a whole: half purged until it is gone, and never undone."""

import os
from pathlib import Path

import pytest

from envdeck.core.model import Ending, NoPlan
from envdeck.core.operations.disk import RemainderError, permissions
from envdeck.core.operations.disk.permissions import unlock_command
from envdeck.core.operations.transaction.trash import purge_name
from envdeck.core.operations.undo.plan import plan_undo
from envdeck.core.system.mounts import Mount

ONE, TWO, THREE = (f"2026010{day}-000000-aaaa" for day in (1, 2, 3))

PARTS = {
    "a file": ("environment/lib/deep/b.py", "i"),
    "a file that is only appended to": ("environment/lib/a.py", "a"),
    "a folder, and so what is in it": ("environment/lib/deep", "i"),
    "the environment itself": ("environment", "i"),
    "its pyvenv.cfg": ("environment/pyvenv.cfg", "i"),
}


class KilledError(BaseException):
    """The process is no more."""


def files_in(folder: Path) -> set[str]:
    return {
        os.path.relpath(os.path.join(here, name), folder)
        for here, _, names in os.walk(folder)
        for name in names
    }


@pytest.fixture
def half(operations, put, run, stuck):
    """Return the folder of an item of which one file is left."""
    item = put(ONE)
    stuck.hold(item / "environment" / "lib" / "deep" / "b.py")
    result = run(operations.plan_purge([ONE]))
    assert result.status is Ending.FAILED, result
    return Path(purge_name(str(item)))


@pytest.mark.parametrize("part", PARTS)
def test_tried_again_it_stays_half_purged_and_is_never_undone(operations, put, run, stuck, part):
    item = put(ONE)
    name, flag = PARTS[part]
    (item / "before").mkdir()
    (item / "before" / "left").write_text("x")  # something can always be removed
    stuck.hold(item / name, flag)
    for attempt in range(3):
        result = run(operations.plan_purge([ONE]))
        assert (result.status, attempt) == (Ending.FAILED, attempt), result
        assert "partly deleted, cannot be undone: " in result.message
        assert f"envdeck trash purge {ONE}" in result.hint
        assert not item.exists()
        (left,) = operations.trash()
        assert (left.id, left.going, left.ours) == (ONE, True, True)
        assert left.manifest is not None
        assert (left.manifest.name, left.problem[:16]) == (f"{ONE}/.venv", "partly deleted: ")
        for identifier in (ONE, None):
            none = operations.plan_undo(identifier)
            assert isinstance(none, NoPlan)
            assert not os.path.exists(left.manifest.path)
        assert none.hint != operations.plan_undo(ONE).hint
        assert operations.plan_undo(ONE).hint == (
            f"use `envdeck trash purge {ONE}` to delete the rest"
        )
        assert operations.recover() == ()
    stuck.free(item.parent)
    assert run(operations.plan_purge([ONE])).status is Ending.DONE
    assert operations.trash() == ()
    assert {each.why_not for each in operations.history()} == {"permanently deleted"}


def test_all_but_what_is_held_is_free_and_the_manifest_is_kept_to_the_last(half):
    assert files_in(half) == {"environment/lib/deep/b.py", "manifest.json"}


def test_what_was_freed_is_told(operations, put, run, stuck):
    item = put(ONE)
    stuck.hold(item / "environment" / "lib" / "a.py")
    first = run(operations.plan_purge())
    assert 18_000 <= first.freed_bytes < 60_000
    stuck.free(item.parent)
    second = run(operations.plan_purge())
    assert 9_000 <= second.freed_bytes < first.freed_bytes
    assert operations.plan_purge([ONE]).missing


def test_it_is_told_which_file_is_left_and_why(operations, put, run, stuck):
    item = put(ONE)
    stuck.hold(item / "environment" / "lib" / "deep" / "b.py")
    result = run(operations.plan_purge())
    flag = " (immutable)" if stuck.flags else ""
    said = f"environment/lib/deep/b.py cannot be removed: operation not permitted{flag}"
    assert result.message == f"{ONE}/.venv: partly deleted, cannot be undone: {said}"
    (left,) = operations.trash()
    assert left.problem == f"partly deleted: {said}"
    assert left.reclaimable_bytes is None  # nobody has measured what is left
    if stuck.flags:
        path = f"{purge_name(str(item))}/environment/lib/deep/b.py"
        assert result.hint == f"run `chattr -ia {path}` as root, then `envdeck trash purge {ONE}`"


def test_the_command_that_helps_is_that_of_the_system(host):
    assert unlock_command("/t/x", host, deep=True) == ["chattr", "-R", "-ia", "/t/x"]
    macos = type(host)("darwin", host.home, {})
    assert unlock_command("/t/x", macos, deep=False)[0] == "chflags"


def test_the_history_calls_it_partly_purged(operations, half):
    told = {each.entry.operation.value: each for each in operations.history()}
    assert (told["delete"].why_not, told["delete"].is_partly_purged) == ("partly deleted", True)
    assert (told["purge"].why_not, told["purge"].is_partly_purged) == ("partly deleted", True)
    assert told["purge"].entry.partly
    assert half.exists()


def test_a_long_history_does_not_forget_that_it_is_half(operations, half, monkeypatch):
    monkeypatch.setattr("envdeck.core.operations.transaction.journal._KEPT", 0)
    operations.store.journal.forget_oldest()
    assert [each.entry.operation.value for each in operations.history()] == ["purge", "delete"]
    (left,) = operations.trash()
    assert left.problem.startswith("partly deleted: environment")
    assert half.exists()


def test_one_that_cannot_be_removed_keeps_no_other(operations, put, run, stuck):
    items = [put(name) for name in (ONE, TWO, THREE)]
    stuck.hold(items[1] / "environment" / "lib" / "a.py")
    result = run(operations.plan_purge())
    assert result.status is Ending.FAILED
    assert result.message.startswith(f"2 of 3 permanently deleted; {TWO}/.venv: partly deleted")
    assert [each.id for each in operations.trash()] == [TWO]
    by_id = {each.id: each for each in result.items}
    assert {name: each.status for name, each in by_id.items()} == {
        ONE: Ending.DONE, TWO: Ending.FAILED, THREE: Ending.DONE,
    }  # fmt: skip
    assert result.freed_bytes == sum(each.freed_bytes for each in result.items)
    assert f"purge {TWO}" in by_id[TWO].hint
    assert by_id[TWO].path.endswith(f"work/{TWO}/.venv")


def test_one_that_is_mounted_is_left_out_of_a_purge_of_all(operations, put, run, monkeypatch):
    first, second = put(ONE), put(TWO)
    mount = Mount(str(first / "environment"), "ext4", 1, frozenset(), "/dev/sda1")
    monkeypatch.setattr(permissions, "read_mounts", lambda _host: (mount,))
    plan = operations.plan_purge()
    assert [item.id for item in plan.items] == [TWO]
    assert any(f"skipped: a disk is mounted in {ONE}" in each for each in plan.warnings)
    assert run(plan).status is Ending.DONE
    assert (first.exists(), second.exists()) == (True, False)


def test_of_what_nothing_could_be_removed_all_is_put_back(operations, put, run, stuck):
    item = put(ONE)
    before = files_in(item)
    for path in item.rglob("*"):
        if path.is_dir():
            stuck.hold(path)
    result = run(operations.plan_purge())
    assert result.status is Ending.ROLLED_BACK, result
    assert result.message.endswith("still complete in the trash")
    assert files_in(item) == before
    (whole,) = operations.trash()
    assert (whole.going, whole.problem) == (False, "")
    stuck.free(item)
    assert run(operations.plan_undo()).status is Ending.DONE


def test_an_interrupted_purge_is_ended_and_not_undone(operations, put, run, stuck, monkeypatch):
    """Killed after the first file: the next start removes what is left, and has no way back."""
    item = put(ONE)

    def killed(*_given):
        os.unlink(os.path.join(purge_name(str(item)), "environment", "pyvenv.cfg"))
        raise KilledError

    def dead(*_given):
        raise KilledError

    plan = operations.plan_purge()
    with monkeypatch.context() as patch:
        patch.setattr("envdeck.core.operations.delete.purge.remove_item", killed)
        patch.setattr("envdeck.core.operations.transaction.transaction.Transaction.give_up", dead)
        with pytest.raises(KilledError):
            run(plan)
    assert isinstance(operations.plan_undo(ONE), NoPlan)
    stuck.hold(Path(purge_name(str(item))) / "environment" / "lib" / "a.py")
    (entry,) = operations.recover()
    assert (entry.phase.value, entry.partly) == ("needs-attention", True)
    assert "environment/lib/a.py cannot be removed" in entry.message
    assert isinstance(operations.plan_undo(ONE), NoPlan)
    assert operations.recover() == ()


def test_a_new_environment_in_its_old_place_is_no_concern_of_it(operations, half, put, home):
    """The half purged one holds no operation on what is in its place now."""
    plan = operations.plan_undo(ONE)
    assert isinstance(plan, NoPlan)
    assert put(TWO).exists()
    assert [item.id for item in operations.trash()] == [TWO, ONE]
    assert plan_undo(operations, TWO, None).returns[0].entry.id == TWO
    assert half.exists()


def test_shown_before_another_purged_half_of_it(operations, put, run, stuck):
    """Two programs: what the first left of it, the second goes on with."""
    item = put(ONE)
    early = operations.plan_purge()
    stuck.hold(item / "environment" / "lib" / "a.py")
    assert run(operations.plan_purge()).status is Ending.FAILED
    assert run(early).status is Ending.FAILED
    (left,) = operations.trash()
    assert left.going
    stuck.free(item.parent)
    assert run(operations.plan_purge()).status is Ending.DONE


def test_what_was_taken_out_meanwhile_is_not_called_purged(operations, put, run):
    put(ONE)
    plan = operations.plan_purge()
    assert run(operations.plan_undo()).status is Ending.DONE
    result = run(plan)
    assert (result.status, result.message) == (
        Ending.DONE, "1 item no longer in the trash",
    )  # fmt: skip
    assert "permanently deleted" not in {each.why_not for each in operations.history()}


@pytest.mark.parametrize("how", ["immutable", "other"])
def test_a_tree_is_removed_but_for_what_refuses(operations, tmp_path, stuck, how):
    tree = tmp_path / "tree"
    (tree / "a" / "b").mkdir(parents=True)
    for name in ("one", "a/two", "a/b/three", "a/b/four"):
        (tree / name).write_bytes(b"x" * 5_000)
    stuck.hold(tree / "a" / "b" / "three" if how == "immutable" else tree / "a" / "two")
    with pytest.raises(RemainderError) as raised:
        operations.store.disk.remove_tree(str(tree))
    error = raised.value
    assert len(files_in(tree)) == 1
    assert (error.count, error.changed, error.errno) == (1, True, 1)
    assert error.path == os.path.join(tree, *files_in(tree))
    assert error.freed >= 15_000
