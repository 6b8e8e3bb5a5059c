"""What people, links and settings do to an operation: nothing is lost, and nothing goes unsaid."""

import os
import shutil
import stat
import sys
from pathlib import Path

import pytest

from envdeck.core.inspection import unowned
from envdeck.core.model import Ending, NoPlan, StepStarted
from envdeck.core.operations.transaction.transaction import Transaction

ROOT = os.name == "posix" and os.geteuid() == 0


@pytest.fixture
def path(machine):
    for version in ("1.0", "1.1"):
        machine.wheel("alpha", version, scripts=["alpha"])
    machine.wheel("beta", "1.0")
    path = machine.make(machine.home / "work" / ".venv", "uv")
    machine.install(path, "uv", "alpha==1.0", "beta")
    return path


def site(path) -> Path:
    return next(path.glob("lib/python*/site-packages"))


def upgrade(machine, path):
    return machine.operations.plan_upgrade(machine.look(path), {"alpha": None})


def recreate(machine, path):
    return machine.operations.plan_recreate(machine.look(path))


BOTH = pytest.mark.parametrize("plan_of", [upgrade, recreate])


# links


def led(path, which: str, outside: Path) -> Path:
    """Put what a link leads to outside of the environment, and return it."""
    inside = {"package": site(path) / "alpha", "packages": site(path), "scripts": path / "bin"}
    target = outside / which
    shutil.move(inside[which], target)
    inside[which].symlink_to(target)
    return target


@pytest.mark.parametrize("which", ["package", "packages", "scripts"])
def test_nothing_is_changed_through_a_link(which, machine, path, kit):
    target = led(path, which, machine.home)
    before = kit.account(target)

    plan = upgrade(machine, path)

    assert isinstance(plan, NoPlan)
    assert str(target) in plan.message
    assert plan.hint
    assert kit.account(target) == before
    assert machine.left() == []


def test_nor_through_one_that_came_after_the_plan(machine, path, kit):
    plan = upgrade(machine, path)
    target = led(path, "package", machine.home)
    before = kit.account(target)
    result, _ = machine.run(plan)
    assert result.status is Ending.ROLLED_BACK
    assert "link" in result.message
    assert kit.account(target) == before
    assert machine.left() == []


def test_a_link_within_is_no_hindrance(machine, path):
    if not (path / "lib64").is_symlink():
        (path / "lib64").symlink_to("lib")
    (path / "notes").mkdir()
    (path / "latest").symlink_to("notes")
    machine.done(upgrade(machine, path))
    assert os.readlink(path / "latest") == "notes"


# what comes meanwhile


def meanwhile(machine, plan, act, step=1):
    """Run a plan, and act when one of its steps begins."""

    def tell(event) -> None:
        if isinstance(event, StepStarted) and event.index == step:
            act()

    return machine.operations.run(plan, tell)


@BOTH
@pytest.mark.parametrize("step", [1, -2])
def test_what_is_written_meanwhile_is_carried_over(plan_of, step, machine, path):
    (path / "log [1].txt").write_text("one\n")
    (path / "deep").mkdir()
    (path / "deep" / "kept").write_text("as it was")
    (site(path) / "mine.pth").write_text("# one\n")
    plan = plan_of(machine, path)

    def act() -> None:
        (path / "results").mkdir()
        (path / "results" / "thesis.txt").write_text("a year's work")
        (site(path) / "alpha" / "notes").write_text("beside")
        with open(path / "log [1].txt", "a") as file:
            file.write("two\n")
        (site(path) / "mine.pth").write_text("# two\n")
        new = path / "deep" / "new"
        new.write_text("another one")
        new.replace(path / "deep" / "kept")  # as editors save

    result = meanwhile(machine, plan, act, step % len(plan.steps))

    assert result.status is Ending.DONE, result
    if step == -2:  # all files of the person's had been carried over by then
        assert any("carried over, added during the operation: " in said for said in result.verified)
    assert (path / "results" / "thesis.txt").read_text() == "a year's work"
    assert (site(path) / "alpha" / "notes").read_text() == "beside"
    assert (path / "log [1].txt").read_text() == "one\ntwo\n"
    assert (site(path) / "mine.pth").read_text() == "# two\n"
    assert (path / "deep" / "kept").read_text() == "another one"


@BOTH
def test_what_comes_in_the_last_moment(plan_of, machine, path, monkeypatch):
    (path / "log").write_text("one\n")
    plan = plan_of(machine, path)
    exchange = Transaction.swap_in

    def late(current) -> None:
        (path / "results").mkdir()
        (path / "results" / "thesis.txt").write_text("a year's work")
        (path / "log.new").write_text("two\n")
        (path / "log.new").replace(path / "log")
        exchange(current)

    monkeypatch.setattr(Transaction, "swap_in", late)
    result = machine.done(plan)

    assert (path / "results" / "thesis.txt").read_text() == "a year's work"
    assert any("results/thesis.txt" in said for said in result.verified)
    (told,) = [said for said in result.verified if "only in the trash" in said]
    assert "log" in told
    assert f"envdeck undo {plan.id}" in told


@BOTH
def test_who_installs_meanwhile_is_not_undone(plan_of, machine, path, kit):
    plan = plan_of(machine, path)
    machine.wheel("gamma", "1.0")
    # pip, which does not wait for the lock that uv and EnvDeck hold
    result = meanwhile(machine, plan, lambda: machine.install(path, "venv", "gamma"))
    assert result.status is Ending.ROLLED_BACK
    assert "gamma" in result.message
    assert (site(path) / "gamma" / "__init__.py").exists()
    assert kit.unlike_record(path) == []
    assert machine.left() == []


@BOTH
def test_nor_who_installed_after_the_plan(plan_of, machine, path):
    plan = plan_of(machine, path)
    machine.wheel("gamma", "1.0")
    machine.install(path, "uv", "gamma")
    result, _ = machine.run(plan)
    assert result.status is Ending.ROLLED_BACK
    assert "gamma" in result.message
    assert (site(path) / "gamma").is_dir()


@BOTH
def test_bytecode_that_is_written_meanwhile_is_nothing(plan_of, machine, path):
    plan = plan_of(machine, path)
    python = path / "bin" / "python"
    result = meanwhile(machine, plan, lambda: machine.call([python, "-c", "import alpha, beta"]))
    assert result.status is Ending.DONE, result
    assert not any("meanwhile" in said for said in result.verified)


# who may enter


@BOTH
@pytest.mark.parametrize("mode", [0o700, 0o755, 0o2775])
def test_the_mode_of_the_folder_stays(plan_of, mode, machine, path):
    path.chmod(mode)
    machine.done(plan_of(machine, path))
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_new_one_has_the_mode_of_any_new_folder(machine):
    machine.wheel("alpha", "1.0")
    project = machine.home / "project"
    project.mkdir()
    (project / "requirements.txt").write_text("alpha\n")
    (project / "any").mkdir()
    python = os.path.realpath(sys.executable)
    machine.done(machine.operations.plan_create(str(project), interpreter=python))
    assert (project / ".venv").stat().st_mode == (project / "any").stat().st_mode
    assert sorted(os.listdir(project)) == [".venv", "any", "requirements.txt"]


@pytest.mark.skipif(not ROOT, reason="only root gives files away")
@BOTH
def test_root_leaves_it_to_its_owner(plan_of, machine, path):
    (path / "mine").write_text("mine")
    for each in (path, *path.rglob("*")):
        if each.is_file() and each.stat().st_nlink > 1:  # its owner has no share in root's cache
            data = each.read_bytes()
            each.unlink()
            each.write_bytes(data)
        os.chown(each, 1234, 1235, follow_symlinks=False)

    machine.done(plan_of(machine, path))

    for each in (path, *path.rglob("*")):
        assert (each.lstat().st_uid, each.lstat().st_gid) == (1234, 1235), each
    cached = [each.lstat() for each in machine.cache.rglob("*")]
    assert {status.st_uid for status in cached} == {os.geteuid()}


# what cannot be looked at


def test_what_cannot_all_be_listed_is_not_made_anew(machine, path, kit, monkeypatch):
    for name in "ab":
        (path / name).write_text(name)
    before = kit.account(path)
    plan = recreate(machine, path)
    monkeypatch.setattr(unowned, "MOST_LISTED", 1)
    result, _ = machine.run(plan)
    assert result.status is Ending.ROLLED_BACK
    told = recreate(machine, path)
    assert isinstance(told, NoPlan)
    assert "2 files belong to no package (limit: 1)" in told.message
    assert kit.account(path) == before


@pytest.mark.skipif(ROOT, reason="root reads everything")
def test_a_folder_that_cannot_be_read(machine, path):
    (path / "secret").mkdir()
    (path / "secret" / "thesis.txt").write_text("a year's work")
    (path / "secret").chmod(0)
    told = recreate(machine, path)
    (path / "secret").chmod(0o700)
    assert isinstance(told, NoPlan)
    assert "secret" in told.message


# settings that lead elsewhere


@pytest.mark.parametrize("key", ["target", "prefix"])
def test_uv_is_not_told_to_install_elsewhere(key, machine, path, kit):
    plans = [plan_of(machine, path) for plan_of in (upgrade, recreate)]
    elsewhere = machine.home / "elsewhere"
    settings = machine.home / ".config" / "uv" / "uv.toml"
    settings.parent.mkdir()
    settings.write_text(f'[pip]\n{key} = "{elsewhere}"\n')
    project = machine.home / "project"
    project.mkdir()
    python = os.path.realpath(sys.executable)

    told = [
        upgrade(machine, path),
        recreate(machine, path),
        machine.operations.candidates(machine.look(path)),
        machine.operations.plan_create(str(project), interpreter=python),
    ]
    results = [machine.run(plan)[0] for plan in plans]

    for each in told:
        assert isinstance(each, NoPlan)
        assert f"`[pip] {key}`" in each.message
    for result in results:
        assert result.status is Ending.ROLLED_BACK
        assert f"`[pip] {key}`" in result.message
    assert not elsewhere.exists()


# what the snapshot shares


def test_a_plan_says_what_the_copy_shares(machine, path):
    assert "hard-linked copy" in upgrade(machine, path).steps[0].title


@BOTH
@pytest.mark.parametrize("save", ["in place", "as editors do"])
@pytest.mark.parametrize("package", ["alpha", "beta"])
def test_an_installed_file_that_is_saved_meanwhile_is_not_lost(
    plan_of, save, package, machine, path
):
    plan = plan_of(machine, path)
    file = site(path) / package / "__init__.py"

    def act() -> None:
        if save == "in place":
            with open(file, "a") as opened:
                opened.write("# mine\n")
        else:
            new = file.with_name("new")
            new.write_text(file.read_text() + "# mine\n")
            new.replace(file)

    result = meanwhile(machine, plan, act, -2 % len(plan.steps))

    assert file.read_text().endswith("# mine\n")
    if result.status is not Ending.DONE:
        assert result.status is Ending.ROLLED_BACK
        assert f"{package}/__init__.py" in result.message
        assert machine.left() == []
    elif save == "as editors do":
        assert any(f"{package}/__init__.py" in said for said in result.verified)
