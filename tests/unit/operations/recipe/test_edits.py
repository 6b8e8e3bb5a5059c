"""Installed files that are no longer what RECORD says, on packages that were written by hand."""

import base64
import hashlib
import os
from dataclasses import replace
from pathlib import Path

import pytest

from envdeck.core.inspection.packages.claims import (
    HashCache,
    find_faults,
    read_claims,
    read_claims_like,
)
from envdeck.core.model import Environment, Identity, Status
from envdeck.core.operations.recipe.edits import Limits, find_edits, look_at

SITE = "lib/python3.11/site-packages"
SECOND = 1_000_000_000


def digest(data: bytes, algorithm: str = "sha256") -> str:
    found = base64.urlsafe_b64encode(hashlib.new(algorithm, data).digest())
    return f"{algorithm}={found.rstrip(b'=').decode()}"


def write_package(
    root: Path, name: str, files: dict[str, bytes], rows: str = "", at: int = 1_000
) -> Path:
    """Write a distribution with its RECORD; `rows` are more of its lines, and `at` is the second
    at which it was installed."""
    site = root / SITE
    info = site / f"{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    lines = [f"{path},{digest(data)},{len(data)}\n" for path, data in files.items()]
    (info / "RECORD").write_text("".join(lines) + rows)
    for path, data in files.items():
        (site / path).parent.mkdir(parents=True, exist_ok=True)
        (site / path).write_bytes(data)
        os.utime(site / path, ns=(at * SECOND, at * SECOND))
    for each in (info / "METADATA", info / "RECORD"):
        os.utime(each, ns=(at * SECOND, at * SECOND))
    return site


@pytest.fixture
def environment(tmp_path):
    """Return the environment that lies in the folder of the test, with one package."""
    write_package(tmp_path, "part", {"part.py": b"one", "more.py": b"more"})
    return at(tmp_path)


def at(root: Path) -> Environment:
    return Environment(
        path=str(root),
        identity=Identity(1, 2),
        name="work/.venv",
        manager="venv",
        status=Status.OK,
        site_packages=(str(root / SITE),),
    )


def named(found) -> list[str]:
    return [Path(each.path).name for each in found.files]


def change(file: Path, data: bytes, second: int) -> None:
    file.write_bytes(data)
    os.utime(file, ns=(second * SECOND, second * SECOND))


def test_nothing_is_edited_in_what_was_installed(environment):
    found = find_edits(environment)
    assert (found.files, found.count, found.missing, found.unchecked) == ((), 0, 0, ())
    assert found.complete


@pytest.mark.parametrize(
    ("data", "second", "everything", "expected"),
    [
        (b"longer", 1_000, False, True),
        (b"two", 1_001, False, True),
        (b"two", 1_000, False, False),  # time and length are those of the install
        (b"two", 1_000, True, True),
        (b"one", 5_000, False, False),  # touched, and the same
        (b"", 1_000, False, True),
    ],
)
def test_length_and_time_tell_what_is_read(environment, data, second, everything, expected):
    change(Path(environment.site_packages[0], "part.py"), data, second)
    look = look_at(environment)
    if everything:
        look.read_others()
    found = look.edits()
    assert named(found) == ["part.py"] * expected
    assert found.bytes == len(data) * expected


def test_what_is_younger_than_its_metadata_is_read_though_recorded_later(environment):
    """uv writes RECORD at each install, and links the files of a cache that was edited since."""
    site = Path(environment.site_packages[0])
    change(site / "part.py", b"two", 2_000)
    os.utime(site / "part-1.0.dist-info" / "RECORD", ns=(9_000 * SECOND, 9_000 * SECOND))
    assert named(find_edits(environment)) == ["part.py"]


def test_missing_files_are_counted_and_are_no_edits(environment):
    Path(environment.site_packages[0], "part.py").unlink()
    found = find_edits(environment)
    assert (found.count, found.missing) == (0, 1)


@pytest.mark.parametrize(
    "row",
    [
        "../../../../outside.py,sha256=AAAA,3\n",
        "/etc/hostname,sha256=AAAA,3\n",
        "part-1.0.dist-info/INSTALLER,sha256=AAAA,3\n",
        "part-1.0.dist-info/RECORD,,\n",
        "__pycache__/part.cpython-311.pyc,sha256=AAAA,3\n",
        "more.py,,\n",
        "more.py,whirlpool-of-mine=AAAA,\n",
        "a\0b,sha256=AAAA,3\n",
        '"unclosed,sha256=AAAA,3\n',
    ],
)
def test_rows_that_say_nothing_of_a_file_in_it(tmp_path, row):
    (tmp_path / "outside.py").write_bytes(b"mine")
    root = tmp_path / "environment"
    site = write_package(root, "part", {"part.py": b"one"}, row)
    (site / "more.py").write_bytes(b"more")
    (site / "part-1.0.dist-info" / "INSTALLER").write_bytes(b"pip\n")
    look = look_at(at(root))
    look.read_others()
    found = look.edits()
    assert (found.count, found.bytes) == (0, 0)


def test_rows_of_other_forms_are_followed_into_the_environment(tmp_path):
    (tmp_path / "bin").mkdir()
    script = tmp_path / "bin" / "run"
    script.write_bytes(b"edited")
    wide = digest(b"one", "sha512")
    rows = f"../../../bin/run,{digest(b'as it was')},9\n{tmp_path}/{SITE}/wide.py,{wide},3\n"
    rows += f"sized.py,,3\nodd//way.py,{digest(b'one')},3\n"
    site = write_package(tmp_path, "part", {}, rows)
    for name, data in (("wide.py", b"two"), ("sized.py", b"four"), ("odd/way.py", b"two")):
        (site / name).parent.mkdir(exist_ok=True)
        (site / name).write_bytes(data)
    found = find_edits(at(tmp_path))
    assert sorted(named(found)) == ["run", "sized.py", "way.py", "wide.py"]


def test_what_is_no_file_is_said_and_not_read(environment):
    site = Path(environment.site_packages[0])
    (site / "part.py").unlink()
    os.mkfifo(site / "part.py")
    (site / "more.py").unlink()
    (site / "more.py").mkdir()
    found = find_edits(environment)
    assert found.count == 0
    assert sorted(found.unchecked) == [
        f"{SITE}/more.py: is not a regular file",
        f"{SITE}/part.py: is not a regular file",
    ]
    assert not found.complete


@pytest.mark.parametrize("limits", [Limits(bytes=-1), Limits(seconds=-1.0)])
def test_what_is_not_reached_is_said(environment, limits):
    for name in ("part.py", "more.py"):
        file = Path(environment.site_packages[0], name)
        change(file, file.read_bytes()[::-1], 5_000)
    found = find_edits(environment, limits=limits)
    assert (found.count, found.complete) == (0, False)
    assert found.unchecked == ("2 files were not compared with RECORD: too large",)


def test_a_record_that_cannot_be_read_is_said(environment):
    record = Path(environment.site_packages[0], "part-1.0.dist-info", "RECORD")
    record.unlink()
    record.mkdir()
    found = find_edits(environment)
    assert found.count == 0
    assert [told.partition(":")[0] for told in found.unchecked] == ["part"]


def test_scripts_of_conda_hold_its_prefix_and_are_left_out(tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "run").write_bytes(b"#!/home/ada/conda/bin/python")
    write_package(tmp_path, "part", {}, f"../../../bin/run,{digest(b'#!python')},8\n")
    assert find_edits(at(tmp_path)).count == 1
    (tmp_path / "conda-meta").mkdir()
    assert find_edits(at(tmp_path)).count == 0


@pytest.mark.parametrize(
    ("first", "rest", "count"),
    [
        (b"#!/env/bin/python -E\n", b"run()\n", 0),
        (b"#!/env/bin/python\t-sE\r\n", b"run()\n", 1),  # what ends the line is another
        (b"#!/env/bin/python -E\n", b"ran()\n", 1),
        (b"#!/other/bin/python -E\n", b"run()\n", 1),
        (b"#!/env/bin/python -E --more\n", b"run()\n", 1),
        (b"# -E\n", b"run()\n", 1),
    ],
)
@pytest.mark.parametrize("folder", ["bin", "share"])
def test_flags_in_the_first_line_of_a_script_are_no_edit(tmp_path, first, rest, count, folder):
    """pypa/pipx#1584: it has the programs in its environments run by `python -E`."""
    (tmp_path / folder).mkdir()
    (tmp_path / folder / "run").write_bytes(first + rest)
    as_installed = b"#!/env/bin/python\nrun()\n"
    row = f"../../../{folder}/run,{digest(as_installed)},{len(as_installed)}\n"
    write_package(tmp_path, "part", {}, row)
    assert find_edits(at(tmp_path)).count == (count if folder == "bin" else 1)


@pytest.mark.parametrize("last", ["one", "two"])
def test_a_file_of_two_packages_is_no_edit_of_either(tmp_path, last):
    first = "two" if last == "one" else "one"
    write_package(tmp_path, first, {"shared.py": b"loser!", "same.py": b"same"}, at=1_000)
    write_package(tmp_path, last, {"shared.py": b"winner", "same.py": b"same"}, at=3_000)
    environment = at(tmp_path)
    look = look_at(environment)
    assert look.edits().count == 0
    assert look.winners == {f"{SITE}/shared.py": {last}}

    change(tmp_path / SITE / "shared.py", b"edited", 9_000)
    found = find_edits(environment)
    assert [(Path(each.path).name, each.name) for each in found.files] == [("shared.py", last)]


def test_only_the_packages_that_are_asked_for_are_looked_at(tmp_path):
    write_package(tmp_path, "one", {"one.py": b"one", "shared.py": b"one"})
    site = write_package(tmp_path, "two", {"two.py": b"two", "shared.py": b"one"})
    for name in ("one.py", "two.py"):
        change(site / name, b"edited", 5_000)
    assert named(find_edits(at(tmp_path), frozenset({"two"}))) == ["two.py"]
    claims = read_claims(str(tmp_path), [str(site)], frozenset({"two"}))
    shared = claims.by_place[f"{SITE}/shared.py"]
    assert sorted(claim.name for claim in shared) == ["one", "two"]


def test_the_same_file_in_both_environments_is_not_read(tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    write_package(old, "part", {"part.py": b"one", "alone.py": b"one"})
    write_package(new, "part", {"part.py": b"one", "alone.py": b"one"})
    (new / SITE / "part.py").unlink()
    os.link(old / SITE / "part.py", new / SITE / "part.py")
    os.link(old / SITE / "alone.py", tmp_path / "elsewhere")
    look = look_at(at(old))
    look.read_others()
    contents = look.contents
    assert contents.read_bytes == 0

    after = read_claims_like(look.claims, str(new), [str(new / SITE)])
    assert find_faults(after, contents, {}, lambda: False) == []
    assert contents.read_bytes == 3  # the one that the new environment has for itself
    look.read_linked()
    assert look.edits().count == 0
    assert contents.read_bytes == 6  # and the one that the old one has


def share(old: Path, new: Path, *names: str) -> None:
    for name in names:
        (new / SITE / name).unlink()
        os.link(old / SITE / name, new / SITE / name)


@pytest.mark.parametrize(
    ("content", "reason"), [(b"other", "does not match RECORD"), (None, "is missing")]
)
def test_one_other_file_among_the_same_ones_is_a_fault(tmp_path, content, reason):
    old, new = tmp_path / "old", tmp_path / "new"
    files = {f"part/{name}.py": name.encode() for name in ("one", "two", "three")}
    for root in (old, new):
        write_package(root, "part", files)
    share(old, new, *files)
    look = look_at(at(old))
    (new / SITE / "part/two.py").unlink()
    if content is not None:
        (new / SITE / "part/two.py").write_bytes(content)
    claims = read_claims_like(look.claims, str(new), [str(new / SITE)])
    assert claims.differing == frozenset()
    (fault,) = find_faults(claims, look.contents, {}, lambda: False)
    assert (fault.place, fault.reason) == (f"{SITE}/part/two.py", reason)
    assert look.contents.read_bytes == 0


def test_what_the_new_record_alone_says_of_a_shared_file_counts(tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    write_package(old, "part", {"part/one.py": b"one", "part/two.py": b"two"})
    write_package(new, "part", {"part/one.py": b"one", "part/two.py": b"new", "part/x.py": b"x"})
    share(old, new, "part/one.py", "part/two.py")
    look = look_at(at(old))
    claims = read_claims_like(look.claims, str(new), [str(new / SITE)])
    assert {*claims.by_place} == {f"{SITE}/part/{name}.py" for name in ("one", "two", "x")}
    assert claims.differing == {f"{SITE}/part/two.py", f"{SITE}/part/x.py"}
    (fault,) = find_faults(claims, look.contents, {}, lambda: False)
    assert (fault.place, fault.hashes) == (f"{SITE}/part/two.py", {digest(b"new")})


def test_what_the_new_record_lists_no_more_is_not_missed(tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    write_package(old, "part", {"part/one.py": b"one", "shared.py": b"two"})
    write_package(old, "other", {"shared.py": b"two"})
    write_package(new, "part", {"part/one.py": b"one"})
    write_package(new, "other", {"shared.py": b"two"})
    look = look_at(at(old))
    claims = read_claims_like(look.claims, str(new), [str(new / SITE)])
    plain = read_claims(str(new), [str(new / SITE)])
    names = {place: [one.name for one in every] for place, every in plain.by_place.items()}
    assert {place: [one.name for one in every] for place, every in claims.by_place.items()} == names
    assert find_faults(claims, look.contents, {}, lambda: False) == []


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"two", "does not match RECORD"),
        (b"longer", "does not match RECORD"),
        (None, "is missing"),
    ],
)
def test_new_files_that_differ_are_faults(environment, data, reason):
    file = Path(environment.site_packages[0], "part.py")
    file.unlink()
    if data is not None:
        file.write_bytes(data)
    claims = read_claims(environment.path, environment.site_packages)
    (fault,) = find_faults(claims, HashCache(), {}, lambda: False)
    assert (fault.place, fault.names, fault.reason) == (f"{SITE}/part.py", ("part",), reason)
    assert fault.hashes == {digest(b"one")}


def test_a_file_of_the_wrong_one_of_two_packages_is_a_fault(tmp_path):
    write_package(tmp_path, "one", {"shared.py": b"one"})
    site = write_package(tmp_path, "two", {"shared.py": b"two"})
    claims = read_claims(str(tmp_path), [str(site)])
    place = f"{SITE}/shared.py"
    for winners, count in (({}, 0), ({place: frozenset({"two"})}, 0)):
        assert len(find_faults(claims, HashCache(), winners, lambda: False)) == count
    winners = {place: frozenset({"one"})}
    (fault,) = find_faults(claims, HashCache(), winners, lambda: False)
    assert (fault.names, fault.hashes) == (("one",), {digest(b"one")})
    gone = {place: frozenset({"three"})}
    assert find_faults(claims, HashCache(), gone, lambda: False) == []


def test_whose_package_folder_lies_elsewhere_is_not_looked_at(tmp_path, environment):
    assert find_edits(replace(environment, path=str(tmp_path / "another"))).count == 0


@pytest.mark.parametrize("quoted", [False, True])
def test_rows_are_read_alike_whether_or_not_one_is_quoted(quoted, tmp_path):
    lines = (
        "plain.py,sha256=one,3\n"
        "with,comma.py,sha256=two,4\r\n"
        "unsized.py,sha256=three,\n"
        "odd.py,sha256=four,many\n"
        "unhashed.py,,5\n"
        "short.py,6\n"
        "alone.py\n"
        "nothing.py,,\n"
        "__pycache__/plain.pyc,,\n"
        "part-1.0.dist-info/INSTALLER,sha256=five,2\n"
        "part-1.0.virtualenv,,0\n"
        "../../../bin/tool,sha256=six,7\n"
        "../../../../outside,sha256=seven,8\n"
    )
    if quoted:
        lines = lines.replace("with,comma.py", '"with,comma.py"')
    write_package(tmp_path, "part", {}, lines)

    claims = read_claims(str(tmp_path), [str(tmp_path / SITE)])

    assert {place: (each.hash, each.size) for place, (each,) in claims.by_place.items()} == {
        f"{SITE}/plain.py": ("sha256=one", 3),
        f"{SITE}/with,comma.py": ("sha256=two", 4),
        f"{SITE}/unsized.py": ("sha256=three", None),
        f"{SITE}/odd.py": ("sha256=four", None),
        f"{SITE}/unhashed.py": ("", 5),
        f"{SITE}/short.py": ("", 6),
        "bin/tool": ("sha256=six", 7),
    }
