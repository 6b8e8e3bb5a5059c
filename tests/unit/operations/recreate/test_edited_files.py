"""Installed files that were edited: named in every plan, and lost by none."""

import os
from pathlib import Path

import pytest
from uv import find_uv_bin

from envdeck.core.model import Ending, NoPlan, Operation, Policy, RecreateRequest

CODE = b"value = 1\n"
EDITED = b"value = 2\n"


def site_of(path: Path) -> Path:
    return next(path.glob("lib/python*/site-packages"))


def edit(file: Path, data: bytes = EDITED, *, age: float | None = None) -> None:
    """Write into a file in place, as an editor does; by default its time is that of now."""
    status = file.stat()
    with open(file, "r+b") as stream:
        stream.write(data)
        stream.truncate()
    if age is None:
        later = status.st_mtime + 3600
        os.utime(file, (later, later))
    else:
        os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))


def furnished(machine, creator="uv", installer="uv", more=()) -> Path:
    files = [("part/code.py", CODE), ("part/data.txt", b"\xef\xbb\xbfa\r\n"), *more]
    machine.wheel("part", "1.0", files)
    machine.wheel("other", "1.0", [("other/code.py", CODE)])
    path = machine.make(machine.home / "work" / ".venv", creator)
    machine.install(path, installer, "part", "other")
    return path


def edits_of(plan):
    assert not isinstance(plan, NoPlan), plan
    edits = plan.targets[0].edits
    return [os.path.basename(each.path) for each in edits.files], edits.missing


EDITS = {
    "as_long.py": (CODE, EDITED),
    "emptied.py": (CODE, b""),
    "longer.py": (CODE, b"value = 12345\n"),
    "other_end.txt": (b"\xef\xbb\xbfa\r\n", b"\xef\xbb\xbfa\n"),
    "other_letter.txt": (b"\xef\xbb\xbfa\r\n", b"\xef\xbb\xbfb\r\n"),
}


@pytest.mark.parametrize("installer", ["uv", "venv"])
def test_an_edit_is_named_by_each_plan_and_kept_where_asked(installer, machine, kit):
    more = [(f"part/{name}", original) for name, (original, _) in EDITS.items()]
    path = furnished(machine, "uv" if installer == "uv" else "venv", installer, more)
    part = site_of(path) / "part"
    for name, (_, data) in EDITS.items():
        edit(part / name, data)
    count = len(EDITS)

    for plan in (
        machine.operations.plan_recreate(machine.look(path)),
        machine.operations.plan_delete([machine.look(path)]),
        machine.operations.plan_delete([machine.look(path)], purge=True),
    ):
        assert edits_of(plan) == ([*EDITS], 0)
        assert {each.name for each in plan.targets[0].edits.files} == {"part"}
        assert any(fact.label == "edited files" for fact in plan.targets[0].facts)
        recreated = plan.operation is Operation.RECREATE
        assert (plan.replaced_edits == count) is recreated
        assert any("are replaced" in said for said in plan.warnings) is recreated
        kept = any("the saved package list" in fact.text for fact in plan.targets[0].facts)
        assert kept is (plan.operation is Operation.DELETE and plan.undo is not None)

    machine.done(
        machine.operations.plan_recreate(machine.look(path), RecreateRequest(keep_edits=True))
    )
    assert {name: (part / name).read_bytes() for name in EDITS} == {
        name: data for name, (_, data) in EDITS.items()
    }
    assert edits_of(machine.operations.plan_recreate(machine.look(path))) == ([*EDITS], 0)

    result = machine.done(machine.operations.plan_recreate(machine.look(path)))
    assert {name: (part / name).read_bytes() for name in EDITS} == {
        name: original for name, (original, _) in EDITS.items()
    }
    for name in EDITS:
        assert any(name in said and "replaced" in said for said in result.verified)
    assert kit.unlike_record(path) == []


def test_of_several_each_loss_names_its_environment(machine):
    paths = []
    for name in ("one", "two"):
        path = machine.make(machine.home / name / ".venv", "venv")
        machine.wheel("part", "1.0", [("part/code.py", CODE)])
        machine.install(path, "venv", "part")
        edit(site_of(path) / "part" / "code.py", EDITED)
        paths.append(path)
    plan = machine.operations.plan_delete([machine.look(path) for path in paths], purge=True)
    lost = [said for said in plan.warnings if "permanently deletes" in said]
    assert [said.partition(":")[0] for said in lost] == ["one/.venv", "two/.venv"]


def test_an_edit_that_hides_its_time_is_found_where_all_is_read(machine):
    """It keeps length and time: no plan names it, and the recreate does."""
    path = furnished(machine, "venv", "venv")
    file = site_of(path) / "part" / "code.py"
    edit(file, age=0)
    plan = machine.operations.plan_recreate(machine.look(path))
    assert edits_of(plan) == ([], 0)

    result = machine.done(plan)

    assert any("part/code.py" in said and "replaced" in said for said in result.verified)
    assert file.read_bytes() == CODE


@pytest.mark.parametrize("hidden", [False, True])
def test_an_edit_in_the_cache_does_not_come_along(hidden, machine, kit):
    """Another environment shares the cache by hard links, and its file is edited in place."""
    path = furnished(machine, "venv", "venv")
    other = machine.make(machine.home / "other" / ".venv", "uv")
    machine.install(other, "uv", "part")
    edit(site_of(other) / "part" / "code.py", age=0 if hidden else None)
    plan = machine.operations.plan_recreate(machine.look(path))
    assert edits_of(plan) == ([], 0)

    result = machine.done(plan)

    assert (site_of(path) / "part" / "code.py").read_bytes() == CODE
    assert kit.unlike_record(path) == []
    assert any("part/code.py" in said and "restored" in said for said in result.verified)


def test_what_the_cache_has_edited_is_installed_without_it(machine, kit):
    """Both environments share it: the edit is named, and the release comes from its source."""
    path = furnished(machine)
    file = site_of(path) / "part" / "code.py"
    assert file.stat().st_nlink > 1
    edit(file)
    assert edits_of(machine.operations.plan_recreate(machine.look(path))) == (["code.py"], 0)

    result = machine.done(machine.operations.plan_recreate(machine.look(path)))

    assert file.read_bytes() == CODE
    assert file.stat().st_nlink == 1
    assert kit.unlike_record(path) == []
    assert any("without the cache" in said for said in result.verified)


def test_a_new_environment_has_nothing_of_an_edited_cache(machine):
    machine.wheel("part", "1.0", [("part/code.py", CODE)])
    other = machine.make(machine.home / "other" / ".venv", "uv")
    machine.install(other, "uv", "part")
    edit(site_of(other) / "part" / "code.py", age=0)
    project = machine.home / "work"
    project.mkdir()
    (project / "requirements.txt").write_text("part==1.0\n")

    machine.done(machine.operations.plan_create(str(project)))

    assert (site_of(project / ".venv") / "part" / "code.py").read_bytes() == CODE


def test_an_upgrade_takes_nothing_of_an_edited_cache(machine, kit):
    path = furnished(machine)
    machine.wheel("part", "2.0", [("part/code.py", CODE), ("part/more.py", CODE)])
    other = machine.make(machine.home / "other" / ".venv", "uv")
    machine.install(other, "uv", "part")
    edit(site_of(other) / "part" / "more.py", age=0)

    machine.done(machine.operations.plan_upgrade(machine.look(path), {"part": None}))

    assert (site_of(path) / "part" / "more.py").read_bytes() == CODE
    assert kit.unlike_record(path) == []


def test_nothing_is_done_where_the_release_is_only_had_from_an_edited_cache(machine, kit):
    """Without the network, and the file of the old environment is edited in another way."""
    path = furnished(machine, "venv", "venv")
    other = machine.make(machine.home / "other" / ".venv", "uv")
    door = machine.door(Policy(offline=True))
    with kit.index(machine.wheels) as (address, _):
        settings = machine.home / ".config" / "pip" / "pip.conf"
        settings.write_text(f"[global]\nindex-url = {address}\n")
        command = [find_uv_bin(), "pip", "install", "-q", "--no-config"]
        more = ["--python", other, "--index-url", address, "part", "other"]
        machine.call([*command, *more])
    edit(site_of(other) / "part" / "code.py", b"value = 3\n", age=0)
    edit(site_of(path) / "part" / "code.py")
    before = kit.account(path)

    result, _ = machine.run(door.plan_recreate(machine.look(path)), door=door)

    assert result.status is Ending.ROLLED_BACK
    assert "part/code.py of part does not match RECORD" in result.message
    assert "`uv cache clean part`" in result.hint
    assert kit.account(path) == before

    kept = machine.done(
        door.plan_recreate(machine.look(path), RecreateRequest(keep_edits=True)), door=door
    )
    assert (site_of(path) / "part" / "code.py").read_bytes() == EDITED
    assert any("edited files kept" in said for said in kept.verified)


FIRST, SECOND = b"first = True\n", b"second = 1.0\n"


@pytest.mark.parametrize("installer", ["uv", "venv"])
@pytest.mark.parametrize("order", [("one", "two"), ("two", "one")])
def test_whose_file_won_an_overlap_wins_again(order, installer, machine, kit):
    machine.wheel("one", "1.0", [("shared.py", FIRST), ("space/__init__.py", b"")])
    machine.wheel("two", "1.0", [("shared.py", SECOND), ("space/__init__.py", b"# two\n")])
    path = machine.make(machine.home / "work" / ".venv", "uv" if installer == "uv" else "venv")
    for name in order:
        machine.install(path, installer, name)
    shared, space = site_of(path) / "shared.py", site_of(path) / "space" / "__init__.py"
    assert shared.read_bytes() == (FIRST if order[1] == "one" else SECOND)
    plan = machine.operations.plan_recreate(machine.look(path))
    assert edits_of(plan) == ([], 0)

    for _ in range(2):
        machine.done(machine.operations.plan_recreate(machine.look(path)))
        assert shared.read_bytes() == (FIRST if order[1] == "one" else SECOND)
        assert space.read_bytes() == (b"" if order[1] == "one" else b"# two\n")


@pytest.mark.parametrize("ships", [True, False])
@pytest.mark.parametrize("winner", ["one", "two"])
def test_an_upgrade_of_one_leaves_the_file_that_another_won(winner, ships, machine):
    """uv takes the file of both away with the one that it replaces."""
    loser = "two" if winner == "one" else "one"
    for name, data in (("one", FIRST), ("two", SECOND)):
        machine.wheel(name, "1.0", [("shared.py", data), ("space/__init__.py", b"")])
    path = machine.make(machine.home / "work" / ".venv", "uv")
    machine.install(path, "uv", loser)
    machine.install(path, "uv", winner)
    shared, space = site_of(path) / "shared.py", site_of(path) / "space" / "__init__.py"
    won = shared.read_bytes()
    machine.wheel(loser, "2.0", [("shared.py", b"third = 3\n")] if ships else ())

    machine.done(machine.operations.plan_upgrade(machine.look(path), {loser: None}))

    assert shared.read_bytes() == won
    assert space.read_bytes() == b""


def test_an_upgrade_of_the_winner_brings_the_file_of_its_new_release(machine):
    machine.wheel("one", "1.0", [("shared.py", FIRST)])
    machine.wheel("two", "1.0", [("shared.py", SECOND)])
    path = machine.make(machine.home / "work" / ".venv", "uv")
    machine.install(path, "uv", "one")
    machine.install(path, "uv", "two")
    machine.wheel("two", "2.0", [("shared.py", b"third = 3\n")])

    machine.done(machine.operations.plan_upgrade(machine.look(path), {"two": None}))

    assert (site_of(path) / "shared.py").read_bytes() == b"third = 3\n"


@pytest.mark.parametrize("keep", [False, True])
def test_an_upgrade_keeps_an_edit_whose_original_is_the_same_in_the_new_release(keep, machine):
    path = furnished(machine)
    machine.wheel("part", "2.0", [("part/code.py", CODE), ("part/data.txt", b"another\n")])
    site = site_of(path)
    edit(site / "part" / "code.py")
    edit(site / "part" / "data.txt", b"mine\n")
    edit(site / "other" / "code.py", b"value = 7\n")
    plan = machine.operations.plan_upgrade(machine.look(path), {"part": None}, keep_edits=keep)
    assert edits_of(plan) == (["code.py", "data.txt"], 0)  # what stays is not named

    result = machine.done(plan)

    assert (site / "part" / "code.py").read_bytes() == (EDITED if keep else CODE)
    assert (site / "part" / "data.txt").read_bytes() == b"another\n"
    assert (site / "other" / "code.py").read_bytes() == b"value = 7\n"
    assert any("part/data.txt" in said for said in result.verified)
    machine.done(machine.operations.plan_undo())
    assert (site / "part" / "data.txt").read_bytes() == b"mine\n"


def test_a_missing_file_is_told_and_comes_back(machine):
    path = furnished(machine)
    file = site_of(path) / "part" / "code.py"
    file.unlink()
    plan = machine.operations.plan_recreate(machine.look(path), RecreateRequest(keep_edits=True))
    assert edits_of(plan) == ([], 1)
    assert any("1 file of packages is missing" in told for told in plan.warnings)

    machine.done(plan)

    assert file.read_bytes() == CODE


def test_the_trash_remembers_what_was_edited(machine):
    path = furnished(machine)
    edit(site_of(path) / "part" / "code.py")
    kept = machine.operations.plan_delete([machine.look(path)])
    assert not any("permanently" in told for told in kept.warnings)
    lost = machine.operations.plan_delete([machine.look(path)], purge=True)
    assert any("permanently" in told and "part/code.py" in told for told in lost.warnings)

    machine.done(kept)

    (item,) = machine.operations.trash()
    assert [os.path.basename(each) for each in item.manifest.edited] == ["code.py"]
    purge = machine.operations.plan_purge()
    assert any(fact.label == "edited files" for fact in purge.targets[0].facts)
    assert any("part/code.py" in told for told in purge.warnings)
