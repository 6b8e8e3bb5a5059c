"""Nothing comes back, or runs, as what was here unless it is proved to be: by its files, by its
origin, or by what a person chose. Name and version prove nothing."""

import os
import shutil
import zipfile

import pytest

from envdeck.core.model import Ending, NoPlan, PackageChoice, RecreateRequest
from envdeck.core.operations.recipe.identity import other_release, unlike_files
from envdeck.core.operations.recreate.exact import ExactInstall
from support.environments import new_uv_cache

NAME, MODULE = "internal-lib", "internal_lib"
INDEXES = ("has-it", "has-another", "has-a-source", "has-none", "is-down")
STATES = ("whole", "edited", "edited-by-size-alone", "missing", "overlapped", "no-record", "egg")
STATES += ("egg-info", "private", "other-build", "edited-and-hidden")
NEEDS_INDEX = frozenset(STATES) - {"whole", "private", "other-build"}
SAFE = b"value = 'mine'\n"
USUAL = {*((state, "has-another") for state in STATES), *(("edited", index) for index in INDEXES)}
USUAL |= {*((state, "has-it") for state in STATES), *(("whole", index) for index in INDEXES)}
USUAL |= {("private", "is-down"), ("other-build", "has-none")}
CASES = [
    pytest.param(state, index, marks=() if (state, index) in USUAL else pytest.mark.slow)
    for state in STATES
    for index in INDEXES
]


def site(path):
    return next(path.glob("lib/python*/site-packages"))


def furnished(machine, state):
    """Install a package, and do to it what was done since; another one stays as it is."""
    files = [(f"{MODULE}/extra.py", SAFE)]
    own = machine.wheel(NAME, "1.0", files)
    machine.wheel("bystander", "1.0")
    path = machine.make(machine.home / "work" / ".venv", "uv")
    machine.install(path, "uv", f"{NAME}==1.0", "bystander")
    folder = site(path)
    extra = folder / MODULE / "extra.py"
    info = folder / f"{MODULE}-1.0.dist-info"
    was = extra.stat()
    if state in {"edited", "missing", "edited-by-size-alone", "edited-and-hidden"}:
        extra.unlink()  # it may be linked to uv's cache
    if state == "edited":
        extra.write_bytes(b"value = 'changed'\n")
    elif state in {"edited-by-size-alone", "edited-and-hidden"}:
        extra.write_bytes(SAFE.replace(b"mine", b"mime"))
        if state == "edited-and-hidden":
            os.utime(extra, ns=(was.st_atime_ns, was.st_mtime_ns))
    elif state == "overlapped":
        machine.wheel("overlap", "1.0", [(f"{MODULE}/extra.py", b"value = 'of another'\n")])
        machine.install(path, "uv", "overlap")
    elif state == "no-record":
        (info / "RECORD").unlink()
    elif state == "egg":
        egg = folder / f"{MODULE}-1.0-py3.11.egg"
        egg.mkdir()
        shutil.move(folder / MODULE, egg / MODULE)
        (egg / "EGG-INFO").mkdir()
        shutil.move(info / "METADATA", egg / "EGG-INFO" / "PKG-INFO")
        shutil.rmtree(info)
        (folder / "easy-install.pth").write_text(f"./{egg.name}\n")
    elif state == "egg-info":
        legacy = folder / f"{MODULE}-1.0-py3.11.egg-info"
        legacy.mkdir()
        shutil.move(info / "METADATA", legacy / "PKG-INFO")
        shutil.rmtree(info)
        listed = [f"../{MODULE}/__init__.py", f"../{MODULE}/extra.py", "PKG-INFO"]
        (legacy / "installed-files.txt").write_text("\n".join(listed) + "\n")
    elif state == "other-build":
        own.unlink()
        machine.wheel(NAME, "1.0", [*files, (f"{MODULE}/built.py", b"build = 2\n")])
    elif state == "private":
        own.unlink()
    return path


def offered(machine, kit, state, index, harm):
    """Have the index hold what it is to hold, with nothing in uv's cache."""
    machine.environ["UV_CACHE_DIR"] = new_uv_cache(machine.home / "fresh-cache")
    harmful = f"open({str(harm)!r}, 'a').write('ran')".encode()
    if index == "has-it":
        return
    for wheel in machine.wheels.glob(f"{MODULE}-*"):
        wheel.unlink()
    if index == "has-another":
        files = [
            (f"{MODULE}/__init__.py", harmful),
            (f"{MODULE}/extra.py", harmful),
            ("internal.pth", b"import sys; " + harmful + b"\n"),
        ]
        machine.wheel(NAME, "1.0", files)
    elif index == "has-a-source":
        kit.build_sdist(machine.wheels, MODULE, "1.0", before=harmful.decode())
    elif index == "is-down":
        settings = machine.home / ".config" / "pip" / "pip.conf"
        settings.write_text("[global]\nindex-url = http://127.0.0.1:9/simple\nretries = 0\n")


def rows_of(kit, path):
    return {name: rows for name, rows in kit.records(path).items() if name.startswith(MODULE)}


@pytest.mark.parametrize(("state", "index"), CASES)
def test_it_is_what_was_here_or_nothing_is_changed(state, index, machine, kit, tmp_path):
    harm = tmp_path / "harm"
    path = furnished(machine, state)
    offered(machine, kit, state, index, harm)
    had = state not in {"no-record", "egg", "egg-info"}
    before, rows = kit.account(path), rows_of(kit, path) if had else {}

    plan = machine.operations.plan_recreate(machine.look(path))
    result, _ = machine.run(plan)

    assert not harm.exists()
    if state in NEEDS_INDEX and index != "has-it":
        told_before = state != "edited-and-hidden"
        wanted = Ending.REFUSED if told_before else Ending.ROLLED_BACK
        assert result.status is wanted, result
        assert f"{NAME} 1.0 cannot be recreated exactly" in result.message
        assert f"`envdeck recreate {path} --keep {NAME}`" in result.hint
        assert "--release" in result.hint
        assert "--omit" in result.hint
        assert bool(plan.doubts) is told_before
        assert kit.account(path) == before
    else:
        assert result.status is Ending.DONE, result
        assert (rows_of(kit, path) == rows) or not had
        told = [path / "bin" / "python", "-c", f"import {MODULE}.extra as e; print(e.value)"]
        assert machine.call(told).strip() in {"mine", "of another"}
    assert not harm.exists()
    assert machine.left() == [] or result.status is Ending.DONE


def test_what_is_in_doubt_or_kept_is_not_said_to_be_replaced(machine, kit, tmp_path):
    path = furnished(machine, "edited")
    offered(machine, kit, "edited", "has-none", tmp_path / "harm")
    for choices, count in (
        ({}, 0),
        ({NAME: PackageChoice.KEEP}, 0),
        ({NAME: PackageChoice.OMIT}, 0),
        ({NAME: PackageChoice.RELEASE}, 1),
    ):
        plan = machine.operations.plan_recreate(
            machine.look(path), RecreateRequest(choices=choices)
        )
        assert plan.replaced_edits == count
        assert any("are replaced" in said for said in plan.warnings) is bool(count)


def test_what_is_rebuilt_is_named_unless_it_is_in_doubt(machine):
    names = ["one-lib", "two-lib", "three-lib", "four-lib", "five-lib"]
    wheels = [machine.wheel(name, "1.0") for name in names]
    path = machine.make(machine.home / "work" / ".venv", "uv")
    machine.install(path, "uv", *wheels)
    for wheel in wheels:
        wheel.unlink()
    file = site(path) / "one_lib" / "__init__.py"
    text = file.read_text()
    file.unlink()  # it may be linked to uv's cache
    file.write_text(f"{text}# by hand\n")

    plan = machine.operations.plan_recreate(machine.look(path))

    assert [doubt.name for doubt in plan.doubts] == ["one-lib"]
    (rebuilt,) = (said for said in plan.warnings if said.startswith("rebuilt from installed files"))
    assert "one-lib" not in rebuilt
    assert rebuilt.endswith(" and 1 more")


@pytest.mark.parametrize("creator", ["uv", "venv", "virtualenv"])
def test_scripts_data_files_and_headers_do_not_hide_a_release(creator, machine):
    """What lies outside the package folder is compared with what the index would put there."""
    files = [
        ("DATA/scripts/tell", b"#!python\nprint(1)\n"),
        ("DATA/data/share/told/more.json", b"{}\n"),
        ("DATA/headers/told.h", b"#define TOLD 1\n"),
    ]
    machine.wheel(NAME, "1.0", files, scripts=["told"])
    path = machine.make(machine.home / "work" / ".venv", creator)
    machine.install(path, creator, f"{NAME}==1.0")
    edited = site(path) / MODULE / "__init__.py"
    text = edited.read_text()
    edited.unlink()  # it may be linked to uv's cache
    edited.write_text(f"{text}# by hand\n")

    plan = machine.operations.plan_recreate(machine.look(path))

    assert plan.doubts == ()
    assert machine.done(plan)


@pytest.mark.parametrize("keep_edits", [False, True])
@pytest.mark.parametrize(
    "state", ["edited", "edited-and-hidden", "missing", "no-record", "egg", "egg-info"]
)
def test_its_files_are_kept_where_that_is_chosen(state, keep_edits, machine, kit, tmp_path):
    path = furnished(machine, state)
    offered(machine, kit, state, "has-another", tmp_path / "harm")
    before = {key: value for key, value in kit.account(path).items() if MODULE in key}
    choices = {NAME: PackageChoice.KEEP}

    plan = machine.operations.plan_recreate(
        machine.look(path), RecreateRequest(choices=choices, keep_edits=keep_edits)
    )
    assert plan.refusals == ()
    assert not [said for said in plan.warnings if "released" in said]
    assert ("files kept", NAME) in [(fact.label, fact.text) for fact in plan.targets[0].facts]
    result = machine.done(plan)

    assert f"files kept: {NAME}" in result.verified
    assert not [said for said in result.verified if "edited" in said or "cache" in said]
    after = {key: value for key, value in kit.account(path).items() if MODULE in key}
    assert kit.source_only(after) == kit.source_only(before)
    machine.call([path / "bin" / "python", "-c", f"import {MODULE}"])
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize("state", ["edited", "no-record", "egg"])
@pytest.mark.parametrize("index", ["has-another", "has-a-source"])
def test_what_the_index_has_is_taken_where_that_is_chosen(state, index, machine, kit, tmp_path):
    harm = tmp_path / "harm"
    path = furnished(machine, state)
    offered(machine, kit, state, index, harm)
    choices = {NAME: PackageChoice.RELEASE}

    result = machine.done(
        machine.operations.plan_recreate(machine.look(path), RecreateRequest(choices=choices))
    )

    assert f"from the index: {NAME}" in result.verified
    assert harm.exists()  # it was the person's word that had it run
    told = rows_of(kit, path)[f"{MODULE}-1.0.dist-info"]
    assert kit.unlike_record(path) == [] or index == "has-a-source"
    assert f"{MODULE}.py" in told or "internal.pth" in told


def test_it_is_left_out_where_that_is_chosen(machine, kit, tmp_path):
    path = furnished(machine, "edited")
    offered(machine, kit, "edited", "has-another", tmp_path / "harm")
    machine.wheel("user", "1.0", requires=[NAME])
    machine.install(path, "uv", "--no-deps", "user")

    choices = {NAME: PackageChoice.OMIT}
    result = machine.done(
        machine.operations.plan_recreate(machine.look(path), RecreateRequest(choices=choices))
    )

    assert f"omitted: {NAME}" in result.verified
    assert f"user requires {NAME}, which was omitted" in result.verified
    assert set(kit.records(path)) == {"bystander-1.0.dist-info", "user-1.0.dist-info"}
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize(
    ("choices", "source", "said"),
    [
        ({"nobody": PackageChoice.OMIT}, "exact", "package not installed in"),
        ({NAME: PackageChoice.OMIT}, "declared", "require `--from exact`"),
    ],
)
def test_a_choice_that_cannot_be_is_said(choices, source, said, machine):
    path = furnished(machine, "whole")
    (path.parent / "requirements.txt").write_text("bystander\n")
    plan = machine.operations.plan_recreate(
        machine.look(path), RecreateRequest(source=source, choices=choices)
    )
    assert isinstance(plan, NoPlan)
    assert said in plan.message


def test_a_file_that_the_record_of_another_release_hides_is_found(machine, kit, tmp_path):
    """All rows of the RECORD are those of the installed package; one file more is in the wheel."""
    harm = tmp_path / "harm"
    path = furnished(machine, "whole")
    offered(machine, kit, "whole", "has-it", harm)
    rows = rows_of(kit, path)
    with zipfile.ZipFile(next(machine.wheels.glob(f"{MODULE}-*")), "a") as archive:
        archive.writestr("more.pth", f"import sys; open({str(harm)!r}, 'w')\n")

    result = machine.done(machine.operations.plan_recreate(machine.look(path)))

    assert f"rebuilt from installed files: {NAME}" in result.verified
    assert rows_of(kit, path) == rows
    assert not (site(path) / "more.pth").exists()
    assert not harm.exists()


def test_rows_without_a_hash_are_compared_by_content(machine, kit, tmp_path):
    """A RECORD that has no hashes agrees with any other: it proves nothing by itself."""
    path = furnished(machine, "whole")
    folder = site(path) / f"{MODULE}-1.0.dist-info"
    other = tmp_path / "other" / "site-packages"
    shutil.copytree(site(path), other)
    for info in (folder, other / folder.name):
        lines = (info / "RECORD").read_text().splitlines()
        (info / "RECORD").unlink()
        (info / "RECORD").write_text("".join(f"{line.split(',')[0]},,\n" for line in lines))
    assert unlike_files(str(folder), str(other / folder.name)) == set()
    (other / MODULE / "extra.py").unlink()
    (other / MODULE / "extra.py").write_bytes(SAFE.replace(b"mine", b"mime"))
    assert unlike_files(str(folder), str(other / folder.name)) == {f"{MODULE}/extra.py"}


METADATA = b"Metadata-Version: 2.1\nName: some\nVersion: 1.0\nSummary: told\n\nAt length.\n"
PY = [("some/a.py", b"a = 1\n"), ("some/b.py", b"b = 1\n")]
NATIVE = ("some/_speed.so", b"\0one")
PAIRS = {
    "the same wheel": (PY, PY, True),
    "another extension": ([*PY, NATIVE], [*PY, ("some/_speed.so", b"\0two")], True),
    "one file that the build writes": (
        [*PY, ("some/__config__.py", b"1\n")], [*PY, ("some/__config__.py", b"2\n")], True,
    ),
    "one file less": ([*PY, ("some/compat.py", b"c = 1\n")], PY, True),
    "nothing but an extension": ([NATIVE], [("some/_speed.so", b"\0two")], True),
    "other files of the same names": (PY, [(name, b"x = 2\n") for name, _ in PY], False),
    "files of other names": (PY, [("other/a.py", b"x = 2\n")], False),
    "metadata of another": ([NATIVE], [("some/_speed.so", b"\0two")], False),
    "metadata in other words": (PY, PY, True),
    "metadata in other words, one file changed": ([*PY, NATIVE], [PY[0], NATIVE], False),
    "metadata that says nothing": ([NATIVE], [("some/_speed.so", b"\0two")], False),
}  # fmt: skip


def lay_down(kit, folder, files, metadata):
    """Write what an installer puts down of a wheel, and return its metadata folder."""
    inside = {"some/__init__.py": b"", **dict(files), "some-1.0.dist-info/METADATA": metadata}
    for path, data in inside.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    rows = [f"{path},sha256={kit.digest(data)},{len(data)}\n" for path, data in inside.items()]
    info = folder / "some-1.0.dist-info"
    (info / "RECORD").write_text("".join(rows))
    return os.fspath(info)


@pytest.mark.parametrize("case", PAIRS)
def test_two_wheels_of_one_release_for_two_versions_of_python(case, kit, tmp_path):
    first, second, same = PAIRS[case]
    infos = []
    for name, files in (("first", first), ("second", second)):
        metadata = METADATA
        if "metadata" in case and name == "second":
            metadata = METADATA.replace(b"told", b"told otherwise")
        if "says nothing" in case:
            metadata = b"Metadata-Version: 2.1\nName: some\nVersion: 1.0\n"
        infos.append(lay_down(kit, tmp_path / name, files, metadata))
    assert (other_release(*infos) == "") is same


@pytest.mark.parametrize("state", ["whole", "private"])
def test_what_is_installed_once_more_is_proved_once_more(
    state, machine, kit, tmp_path, monkeypatch
):
    """Between two looks a package is replaced by another project's; only the second can tell."""
    harm = tmp_path / "harm"
    path = furnished(machine, state)
    rows = rows_of(kit, path)
    offered(machine, kit, state, "has-it" if state == "whole" else "has-none", harm)
    first = ExactInstall.prove

    def prove(restoring):
        first(restoring)
        offered(machine, kit, state, "has-another", harm)
        line = f"{NAME}==1.0"
        assert restoring.building.install_lines([line], [NAME], binary=[NAME]).ok
        return first(restoring)

    monkeypatch.setattr(ExactInstall, "prove", prove)
    result = machine.done(machine.operations.plan_recreate(machine.look(path)))
    assert f"rebuilt from installed files: {NAME}" in result.verified
    assert rows_of(kit, path) == rows
