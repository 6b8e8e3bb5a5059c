"""What an edit meets that it leaves alone."""

import os
import socket

import pytest

from envdeck.core.model import Ending, NoPlan, Policy

MARK = "MARK-3f9c"


@pytest.fixture
def env(desk):
    desk.env.write_bytes(f"OLD={MARK}\n".encode())
    (desk.project / ".env.example").write_text("OLD=\nNEW=\n")
    return desk.env


def add(desk):
    return desk.plan("add", {"NEW": f"{MARK}-2"}, keys=("NEW",))


def test_gitignore_that_is_a_link_is_none_for_git(desk, env):
    (desk.project / "ignores").write_text("*.pyc\n")
    (desk.project / ".gitignore").symlink_to("ignores")
    assert desk.guard(desk.plan("ignore")) == "symlink"
    assert (desk.project / "ignores").read_text() == "*.pyc\n"


def test_more_than_is_read_is_not_written(desk, env):
    (desk.project / ".env.local.example").write_text("A=\n# " + "much " * 120_000)
    names = {
        "file": str(desk.project / ".env.local"),
        "example": f"{desk.project}/.env.local.example",
    }
    plan = desk.plan("create", {"A": MARK * 60_000}, **names)
    assert isinstance(plan, NoPlan)
    assert plan.message.endswith("would exceed 1024 KiB, the limit for reading it")


def test_changed_since_it_was_shown(desk, env):
    plan = add(desk)
    env.write_text("OLD=other and longer\n")
    assert desk.guard(plan) == "changed"
    assert (env.read_text(), desk.phases()) == ("OLD=other and longer\n", [])


def test_changed_within_a_tick_of_the_clock(desk, env):
    plan = add(desk)
    status = env.stat()
    env.write_text("OLD=MARK-0000\n")
    os.utime(env, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert desk.guard(plan) == "changed"
    assert env.read_text() == "OLD=MARK-0000\n"


def test_written_anew_since_it_was_shown(desk, env):
    plan = add(desk)
    (desk.project / "new").write_text("OLD=anew\n")
    (desk.project / "new").replace(env)
    assert desk.guard(plan) == "changed"


def test_changed_at_the_last_moment_returns(desk, env, monkeypatch):
    plan = add(desk)
    real = desk.store.disk.exchange

    def exchange(first, second):
        if second == str(env) and env.read_text().startswith("OLD=MARK"):
            env.write_text("OLD=theirs\n")
        return real(first, second)

    monkeypatch.setattr(desk.store.disk, "exchange", exchange)
    assert desk.guard(plan) == "changed"
    assert (env.read_text(), desk.phases()) == ("OLD=theirs\n", ["rolled-back"])
    assert desk.kept() == []


def test_env_that_came_since_is_not_replaced(desk):
    (desk.project / ".env.example").write_text("A=1\n")
    plan = desk.plan("create")
    desk.env.write_text("MINE=1\n")
    assert desk.guard(plan) == "changed"
    assert desk.guard(desk.plan("create")) == "place-taken"
    assert desk.env.read_text() == "MINE=1\n"


def test_env_that_comes_at_the_last_moment_is_not_replaced(desk, monkeypatch):
    (desk.project / ".env.example").write_text("A=1\n")
    plan = desk.plan("create")
    real = desk.store.disk.move

    def move(source, target):
        desk.env.write_text("MINE=1\n")
        real(source, target)

    monkeypatch.setattr(desk.store.disk, "move", move)
    assert desk.guard(plan) == "changed"
    assert (desk.env.read_text(), desk.phases()) == ("MINE=1\n", ["rolled-back"])


def test_link_out_of_the_project_is_left_alone(desk, tmp_path):
    outside = tmp_path / "shared.env"
    outside.write_text("A=1\n")
    desk.env.symlink_to(outside)
    for kind in ("private", "add"):
        assert desk.guard(desk.plan(kind, keys=("B",))) == "symlink"
    desk.env.unlink()
    (desk.project / ".env.example").symlink_to(outside)
    assert desk.guard(desk.plan("create")) == "symlink"
    (desk.project / "conf").symlink_to(tmp_path)
    assert desk.guard(desk.plan("private", file=str(desk.project / "conf/shared.env"))) == "symlink"
    assert (outside.read_text(), desk.env.exists()) == ("A=1\n", False)


def test_link_within_the_project_edits_the_file(desk):
    real = desk.project / "config" / "env"
    real.parent.mkdir()
    real.write_text("A=1\n")
    desk.env.symlink_to("config/env")
    plan = desk.done(desk.plan("add", {"B": "2"}, keys=("B",)))
    assert (os.readlink(desk.env), real.read_text()) == ("config/env", "A=1\nB=2\n")
    assert plan.targets[0].path == str(real)
    desk.undo()
    assert (os.readlink(desk.env), real.read_text()) == ("config/env", "A=1\n")


def test_link_that_leads_elsewhere_since_it_was_shown(desk):
    for name in ("one", "two"):
        (desk.project / name).write_text("A=1\n")
    desk.env.symlink_to("one")
    plan = desk.plan("add", keys=("B",))
    desk.env.unlink()
    desk.env.symlink_to("two")
    assert desk.guard(plan) == "changed"


def test_link_to_nothing(desk):
    (desk.project / ".env.example").write_text("A=1\n")
    desk.env.symlink_to("gone")
    assert desk.guard(desk.plan("create")) == "symlink"


def test_what_is_no_file(desk, env):
    env.unlink()
    env.mkdir()
    assert desk.guard(add(desk)) == "not-a-file"
    env.rmdir()
    os.mkfifo(env)
    assert desk.guard(desk.plan("private")) == "not-a-file"
    env.unlink()
    with socket.socket(socket.AF_UNIX) as bound:
        folder = os.getcwd()
        os.chdir(desk.project)
        try:
            bound.bind(".env")
        finally:
            os.chdir(folder)
        assert desk.guard(desk.plan("private")) == "not-a-file"


def test_huge_file(desk, env):
    with env.open("wb") as file:
        file.truncate(100_000_000)
    assert desk.guard(add(desk)) == "not-a-file"
    assert desk.guard(desk.plan("private")) == "not-a-file"


def test_open_quote_is_named_with_its_line(desk, env):
    env.write_text(f'A=1\nB="{MARK}\n')
    plan = desk.plan("add", {"NEW": f"{MARK}-2"}, keys=("NEW",))
    assert desk.guard(plan) == "not-readable"
    assert f"{env}:2: " in plan.refusals[0].message
    assert MARK not in repr(plan)


def test_read_only_mode(desk, env):
    plan = add(desk)
    desk.operations.policy = Policy(read_only=True)
    assert desk.guard(plan) == "read-only"
    assert MARK in env.read_text()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_folder_that_may_not_be_written(desk, env):
    desk.project.chmod(0o500)
    try:
        assert desk.guard(add(desk)) == "not-writable"
    finally:
        desk.project.chmod(0o700)


def test_folder_that_the_system_says_is_read_only(desk, env, monkeypatch):
    real = os.access
    monkeypatch.setattr(
        os, "access", lambda path, how: path != str(desk.project) and real(path, how)
    )
    assert desk.guard(add(desk)) == "not-writable"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_root_keeps_the_owner(desk, env):
    os.chown(env, 4711, 4712)
    env.chmod(0o640)
    desk.done(add(desk))
    status = env.stat()
    assert (status.st_uid, status.st_gid, status.st_mode & 0o7777) == (4711, 4712, 0o640)


def test_file_of_somebody_else(desk, env, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: env.stat().st_uid + 1 or 1)
    assert desk.guard(add(desk)) == "not-writable"


def test_full_disk(desk, env, monkeypatch):
    monkeypatch.setattr(desk.store.disk, "free_bytes", lambda _path: 1000)
    assert desk.guard(add(desk)) == "no-room"


def test_disk_that_fills_on_the_way(desk, env, monkeypatch):
    plan = add(desk)
    real = os.write

    def write(descriptor, data):
        if b"NEW=" in bytes(data):
            raise OSError(28, os.strerror(28))
        return real(descriptor, data)

    monkeypatch.setattr(os, "write", write)
    result = desk.run(plan)
    assert (result.status, "reclaimable" in result.hint) == (Ending.ROLLED_BACK, True)
    assert (env.read_text(), desk.phases()) == (f"OLD={MARK}\n", ["rolled-back"])
    assert (desk.kept(), desk.operations.trash()) == ([], ())


def test_stopped_before_the_step_that_counts(desk, env):
    plan = add(desk)
    result = desk.operations.run(plan, lambda _event: None, lambda: True)
    assert (result.status, result.stopped) == (Ending.ROLLED_BACK, True)
    assert (env.read_text(), desk.kept()) == (f"OLD={MARK}\n", [])


def test_hard_links_are_told_and_keep_the_old(desk, env):
    os.link(env, desk.project / "backup")
    plan = add(desk)
    assert any("hard link" in warning for warning in plan.warnings)
    desk.done(plan)
    assert (desk.project / "backup").read_text() == f"OLD={MARK}\n"


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("add", {"keys": ()}),
        ("add", {"keys": ("NEW",), "file": "gone"}),
        ("add", {"keys": ("OLD",)}),
        ("create", {"example": "gone", "file": "new"}),
        ("private", {"file": "gone"}),
        ("add", {"keys": ("NEW",), "project": "nowhere"}),
        ("ignore", {"file": "../.env"}),
    ],
)
def test_nothing_to_plan(desk, env, kind, more):
    more = {
        key: str(desk.project / value) if isinstance(value, str) else value
        for key, value in more.items()
    }
    assert isinstance(desk.plan(kind, **more), NoPlan)


def test_value_for_a_key_that_was_not_asked_for(desk, env):
    plan = desk.plan("add", {"OTHER": MARK}, keys=("NEW",))
    assert isinstance(plan, NoPlan)
    assert MARK not in repr(plan)


def test_undo_after_a_person_went_on_writing(desk, env):
    plan = desk.done(add(desk))
    with env.open("a") as file:
        file.write("MORE=1\n")
    undoing = desk.operations.plan_undo(plan.id)
    assert [refusal.guard for refusal in undoing.refusals] == ["unowned-files"]
    desk.undo(plan.id, "unowned-files")
    assert env.read_text() == f"OLD={MARK}\n"
    desk.undo(desk.operations.history()[0].entry.id)
    assert env.read_text().endswith("MORE=1\n")


def test_undo_of_a_file_that_was_written_anew(desk, env):
    plan = desk.done(add(desk))
    (desk.project / "new").write_text("OLD=anew\n")
    (desk.project / "new").replace(env)
    assert desk.guard(desk.operations.plan_undo(plan.id)) == "changed"
    assert env.read_text() == "OLD=anew\n"


def test_undo_that_a_change_overtakes(desk, env):
    plan = desk.done(add(desk))
    undoing = desk.operations.plan_undo(plan.id)
    env.write_text("OLD=theirs\n")
    assert desk.guard(undoing) == "unowned-files"
    assert env.read_text() == "OLD=theirs\n"


def test_restored_to_another_place(desk, env):
    desk.done(add(desk))
    (item,) = desk.operations.trash()
    other = desk.project / "other"
    plan = desk.operations.plan_undo(item.id, to=str(other))
    assert isinstance(plan, NoPlan)
    assert plan.message.endswith("can only be undone at its original path")
    assert item.id in plan.hint
