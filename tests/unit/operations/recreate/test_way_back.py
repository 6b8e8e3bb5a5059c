"""As it was: an environment made again from a snapshot, with its difference, proof and undo."""

from dataclasses import replace

import pytest

from envdeck.core.inspection.packages.distributions import read_distributions
from envdeck.core.model import Ending, NoPlan, RecreateRequest
from envdeck.core.timeline.store import SnapshotStore


def installed(machine, path):
    return {one.name: one.version for one in read_distributions(machine.look(path))}


def keep(machine, path):
    """Take a snapshot, as a scan does."""
    environment = machine.look(path)
    store = SnapshotStore(machine.operations.catalog.host)
    return store.keep(environment, read_distributions(environment), source="scan")


def back(machine, path, snapshot):
    request = RecreateRequest(source="snapshot", snapshot=snapshot.id)
    return machine.operations.plan_recreate(
        machine.look(path), request, allow=frozenset({"unowned-files"})
    )


@pytest.fixture(params=["uv", "venv"])
def then(machine, request):
    """An environment that was changed since it was good: one upgraded, one gone, one new."""
    for name, version in (
        ("part-one", "1.0"), ("part-one", "2.0"), ("part-two", "1.0"),
        ("part-three", "1.0"), ("part-four", "1.0"),
    ):  # fmt: skip
        machine.wheel(name, version)
    path = machine.make(machine.home / "work" / ".venv", request.param)
    machine.install(path, request.param, "part-one==1.0", "part-two==1.0", "part-three")
    good = keep(machine, path)
    machine.install(path, request.param, "part-one==2.0", "part-four")
    site = next(path.glob("lib/python*/site-packages"))
    for entry in site.glob("part_two*"):
        machine.call(["rm", "-r", entry])
    keep(machine, path)
    return path, good


def test_it_is_as_it_was_and_can_be_taken_back(machine, then):
    path, good = then
    now = installed(machine, path)
    assert now == {"part-one": "2.0", "part-three": "1.0", "part-four": "1.0"}
    result = machine.done(back(machine, path, good))
    assert installed(machine, path) == good.versions
    assert any("version of the snapshot" in line for line in result.verified)
    machine.done(machine.operations.plan_undo())
    assert installed(machine, path) == now
    assert machine.look(path).status.value == "ok"


def test_its_difference_is_told_before(machine, then):
    path, good = then
    (choice,) = [
        one
        for one in machine.operations.recreate_choices(machine.look(path)).sources
        if one.name == "snapshot"
    ]
    assert choice.snapshot == good.id
    assert choice.title.startswith("snapshot of ")
    assert choice.changed == (("part-one", "2.0", "1.0"),)
    assert choice.added == (("part-two", "1.0"),)
    assert choice.removed == (("part-four", "1.0"),)


def test_what_no_index_has_any_more_is_named_and_nothing_is_touched(machine, kit, then):
    path, good = then
    for name in ("part_one-1.0", "part_two-1.0"):
        next(machine.wheels.glob(f"{name}*")).unlink()
    machine.call(["rm", "-rf", machine.cache])
    before = kit.account(path)
    result, _ = machine.run(back(machine, path, good))
    assert result.status is Ending.ROLLED_BACK
    assert "part-one 1.0" in result.message
    assert "part-two 1.0" in result.message
    assert "envdeck timeline" in result.hint
    assert kit.source_only(kit.account(path)) == kit.source_only(before)
    assert machine.left() == []


def test_what_no_index_has_is_salvaged_from_here_and_from_the_trash(machine, then):
    path, good = then
    machine.done(back(machine, path, good))  # the one of then goes to the trash
    for wheel in machine.wheels.iterdir():
        wheel.unlink()
    machine.call(["rm", "-rf", machine.cache])
    now = SnapshotStore(machine.operations.catalog.host).snapshots(str(path))[1]
    assert now.versions["part-four"] == "1.0"
    result = machine.done(back(machine, path, now))
    assert installed(machine, path) == now.versions
    assert any("part-four" in line for line in result.verified)
    for name in ("direct_url.json",):
        assert not list(path.glob(f"lib/python*/site-packages/*/{name}"))


def test_a_snapshot_that_is_not_there_is_no_plan(machine, then):
    path, _ = then
    request = RecreateRequest(source="snapshot", snapshot="feed")
    plan = machine.operations.plan_recreate(machine.look(path), request)
    assert isinstance(plan, NoPlan)
    assert plan.missing
    assert "feed" in plan.message


def changed(machine, path, name, **changes):
    """Keep a snapshot in which a package is another than the one that is here."""
    environment = machine.look(path)
    found = read_distributions(environment)
    store = SnapshotStore(machine.operations.catalog.host)
    past = [replace(one, **changes) if one.name == name else one for one in found]
    return store.keep(environment, past, source="scan")


@pytest.mark.parametrize(
    ("origin", "why"),
    [
        ("https://git.example/one.git", "which commit"),
        ("https://****@files.example/one-1.0-py3-none-any.whl", "the credentials"),
        ("file:///gone/one-1.0-py3-none-any.whl", "does not exist"),
        ("file:///gone/one", "does not exist"),
    ],
)
def test_what_cannot_be_had_again_is_named_by_the_plan(machine, then, origin, why):
    path, _ = then
    plan = back(machine, path, changed(machine, path, "part-three", origin=origin))
    assert isinstance(plan, NoPlan)
    assert "part-three 1.0" in plan.message
    assert why in plan.message
    assert "envdeck timeline" in plan.hint


@pytest.mark.parametrize(
    "version", ["1.0 --index-url http://x.example", "1.0\nevil", "", "${HOME}"]
)
def test_a_version_that_is_none_makes_no_line(machine, then, version):
    path, _ = then
    plan = back(machine, path, changed(machine, path, "part-three", version=version))
    assert isinstance(plan, NoPlan)
    assert "part-three" in plan.message


def test_a_minor_version_that_is_not_here_is_said(machine, then):
    path, _ = then
    environment = machine.look(path)
    older = replace(environment, python=replace(environment.python, version="3.5.1"))
    store = SnapshotStore(machine.operations.catalog.host)
    plan = back(machine, path, store.keep(older, read_distributions(older), source="scan"))
    assert isinstance(plan, NoPlan)
    assert "Python 3.5 not found" in plan.message


def sources(machine, path):
    store = SnapshotStore(machine.operations.catalog.host)
    return [(one.source, one.versions) for one in store.snapshots(str(path))]


def test_every_operation_keeps_what_it_left_and_what_nobody_saw_before_it(machine):
    for version in ("1.0", "2.0"):
        machine.wheel("part-one", version)
    folder = machine.home / "work"
    path = folder / ".venv"
    folder.mkdir()
    (folder / "requirements.txt").write_text("part-one==1.0\n")
    machine.done(machine.operations.plan_create(str(folder)))
    assert sources(machine, path) == [("create", {"part-one": "1.0"})]
    machine.done(machine.operations.plan_upgrade(machine.look(path), {"part-one": "2.0"}))
    assert sources(machine, path)[0] == ("upgrade", {"part-one": "2.0"})
    machine.done(machine.operations.plan_undo())
    assert sources(machine, path)[0] == ("undo", {"part-one": "1.0"})
    other = machine.make(machine.home / "other" / ".venv", "uv")
    machine.install(other, "uv", "part-one")
    machine.done(machine.operations.plan_delete([machine.look(other)]))
    assert sources(machine, other) == [("scan", {"part-one": "2.0"})]


def test_where_no_snapshot_can_be_kept_an_operation_is_done_all_the_same(machine):
    machine.wheel("part-one", "1.0")
    path = machine.make(machine.home / "work" / ".venv", "uv")
    machine.install(path, "uv", "part-one")
    folder = machine.home / ".local" / "share" / "envdeck"
    folder.mkdir(parents=True)
    folder.chmod(0o700)
    (folder / "snapshots").write_text("a file where a folder is needed")
    machine.done(machine.operations.plan_recreate(machine.look(path)))
    assert sources(machine, path) == []
