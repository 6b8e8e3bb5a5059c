"""What no package owns comes over, and what installers wrote of themselves reads as before."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from envdeck.core.inspection.packages.claims import HashCache, find_faults, read_claims
from envdeck.core.operations.recipe.carry import NotCarried, carry_over, mapped
from envdeck.core.operations.recipe.freeze import freeze
from envdeck.core.operations.recipe.verify import prove
from envdeck.core.operations.recipe.wheel import salvage
from envdeck.core.operations.shared.context import never


@pytest.fixture
def pair(tmp_path, make_venv, tools):
    """Two empty environments, as read."""
    paths = [make_venv(tmp_path / name / "env", creator="uv") for name in ("old", "new")]
    return tuple(map(tools.inspect, paths))


def test_files_come_over_with_modes_times_and_links(pair):
    before, after = pair
    old, new = Path(before.path), Path(after.path)
    name = os.fsdecode(b"odd [x] 'q' \xff.txt")
    (old / "hooks" / "deep").mkdir(parents=True)
    (old / "hooks").chmod(0o750)
    hook = old / "hooks" / "deep" / name
    hook.write_text("echo")
    hook.chmod(0o751)
    os.utime(hook, (1_000_000, 2_000_000))
    (old / "notes").symlink_to("hooks/deep")
    (old / "dangling").symlink_to("/nowhere/at/all")
    (old / ".env").write_text("KEY=1")
    (old / "pip.conf").write_text("[global]\n")
    os.mkfifo(old / "pipe")
    content = {path: path.lstat() for path in old.rglob("*")}

    files = [f"hooks/deep/{name}", "notes", "dangling", "pipe", ".env", "../out", "gone"]
    carried = carry_over(before, after, files, freeze(before))

    assert carried.files == ("pip.conf", ".env", f"hooks/deep/{name}", "notes", "dangling")
    assert carried.conflicts == (
        NotCarried("pipe", "is not a file or a link"),
        NotCarried("../out", "is not inside the environment"),
        NotCarried("gone", "cannot be read: no such file or directory"),
    )
    copy = new / "hooks" / "deep" / name
    assert copy.read_text() == "echo"
    assert copy.stat().st_mode & 0o777 == 0o751
    assert copy.stat().st_mtime == 2_000_000
    assert copy.stat().st_nlink == 1
    assert (new / "hooks").stat().st_mode & 0o777 == 0o750
    assert os.readlink(new / "dangling") == "/nowhere/at/all"
    assert os.readlink(new / "notes") == "hooks/deep"
    assert carry_over(before, after, files, freeze(before)) == carried
    stayed = {path: path.lstat() for path in old.rglob("*")}
    assert {path: (s.st_ino, s.st_mtime_ns, s.st_mode) for path, s in content.items()} == {
        path: (s.st_ino, s.st_mtime_ns, s.st_mode) for path, s in stayed.items()
    }


def test_nothing_in_the_new_environment_is_overwritten_or_left(pair, tmp_path):
    before, after = pair
    old, new = Path(before.path), Path(after.path)
    outside = tmp_path / "outside"
    outside.mkdir()
    (new / "data").symlink_to(outside)
    (new / "taken").write_text("new")
    (new / "file").write_text("new")
    (new / "same").write_text("same")
    for name in ("data/x", "taken", "file/y", "same"):
        (old / name).parent.mkdir(exist_ok=True)
        (old / name).write_text("same" if name == "same" else "old")
    carried = carry_over(before, after, ["data/x", "taken", "file/y", "same"], freeze(before))
    assert carried.files == ("same",)
    assert [conflict.path for conflict in carried.conflicts] == ["data/x", "taken", "file/y"]
    assert os.listdir(outside) == []
    assert (new / "taken").read_text() == "new"


def test_a_full_disk_leaves_no_half_file(pair, no_more_than):
    before, after = pair
    Path(before.path, "notes.txt").write_bytes(b"x" * 5000)
    held = sorted(Path(after.path).rglob("*"))
    with no_more_than(1000), pytest.raises(OSError, match="File too large"):
        carry_over(before, after, ["notes.txt"], freeze(before))
    assert sorted(Path(after.path).rglob("*")) == held


def test_a_package_folder_of_another_minor_version_is_mapped(pair):
    before, after = pair
    minor = Path(after.site_packages[0]).parent.name
    other = replace(before, site_packages=(f"{before.path}/lib/python3.5/site-packages",))
    assert mapped("lib/python3.5/site-packages/x.pth", other, after) == (
        f"lib/{minor}/site-packages/x.pth"
    )
    assert mapped(f"lib/{minor}/site-packages/x.pth", before, after) == (
        f"lib/{minor}/site-packages/x.pth"
    )
    assert mapped("lib/other/x", before, after) == "lib/other/x"


def test_marks_read_as_they_did(tmp_path, make_venv, tools):
    """What pip installed, and uv put back from a salvaged wheel, looks as pip left it."""
    wheels = tmp_path / "wheels"
    for name in ("asked", "needed"):
        tools.build_wheel(wheels, name, "1.0", {f"{name}.py": b""})
    old = make_venv(tmp_path / "old", creator="venv")
    tools.pip(old, "--find-links", wheels, "asked", "needed")
    before = tools.inspect(old)
    for pin in freeze(before).pins:
        if pin.name == "needed":
            Path(pin.path, "REQUESTED").unlink(missing_ok=True)
    recipe = freeze(before)
    salvaged = [salvage(pin, before, str(tmp_path)) for pin in recipe.pins]
    new = make_venv(tmp_path / "new", creator="uv")
    tools.uv(new, *salvaged)
    after = tools.inspect(new)
    assert [pin.kind for pin in freeze(after).pins] == ["archive", "archive"]

    carried = carry_over(before, after, (), recipe)

    assert carried.marks == ("asked", "needed")
    now = freeze(after)
    assert [(pin.kind, pin.requested, pin.installer) for pin in now.pins] == [
        (pin.kind, pin.requested, pin.installer) for pin in recipe.pins
    ]
    assert prove(recipe, after).whole
    assert find_faults(read_claims(after.path, after.site_packages), HashCache(), {}, never) == []
    for pin in now.pins:
        listed = Path(pin.path, "RECORD").read_text()
        held = {path.name for path in Path(pin.path).iterdir()}
        marks = {"INSTALLER", "REQUESTED", "direct_url.json"}
        assert {mark for mark in marks if f"/{mark}," in listed} == marks & held
    assert carry_over(before, after, (), recipe).marks == ()


MARKS_OF_MANAGERS = {".project": "/home/ada/blog\n", ".tox-info.json": '{"ToxEnv": {}}'}


def test_what_a_manager_wrote_comes_over(pair):
    before, after = pair
    for name, text in MARKS_OF_MANAGERS.items():
        Path(before.path, name).write_text(text)
    for _ in range(2):
        assert carry_over(before, after, [], freeze(before)).conflicts == ()
    told = {name: Path(after.path, name).read_text() for name in MARKS_OF_MANAGERS}
    assert told == MARKS_OF_MANAGERS


def test_lines_of_a_person_in_activation_scripts_come_over(pair):
    before, after = pair
    old, new = Path(before.path, "bin"), Path(after.path, "bin")
    same, other, untouched = "activate", "activate.fish", "activate.csh"
    made = {name: (new / name).read_text() for name in (same, other, untouched)}
    text = (old / same).read_text()
    inside = text.replace("deactivate () {\n", "deactivate () {\n    unset KEY\n")
    assert inside != text
    (old / same).write_text("# mine\n" + inside + "export KEY=1\n")
    with (old / other).open("a") as file:
        file.write("set -gx KEY 1\n")
    (new / other).write_text("# of a later version\n" + made[other])

    files = [f"bin/{same}", f"bin/{other}"]
    for _ in range(2):
        carried = carry_over(before, after, files, freeze(before))
        assert carried.conflicts == ()
        assert set(carried.files) == set(files)
        assert (new / same).read_text() == (old / same).read_text()
        assert (new / other).read_text().endswith("end\nset -gx KEY 1\n")
        assert (new / other).read_text().startswith("# of a later version\n")
        assert (new / untouched).read_text() == made[untouched]
