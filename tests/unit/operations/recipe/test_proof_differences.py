"""What is not as it was is named, package by package."""

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from envdeck.core.inspection.packages.record import rows
from envdeck.core.operations.recipe.edits import look_at
from envdeck.core.operations.recipe.freeze import freeze
from envdeck.core.operations.recipe.recipe import comparable
from envdeck.core.operations.recipe.verify import (
    PackageDifference,
    _have_same_rows,
    new_dependency_problems,
    prove,
)
from envdeck.core.project import Overrides


def test_differences_are_named(tmp_path, make_venv, tools):
    def environment(name, *wheels):
        path = make_venv(tmp_path / name, creator="uv")
        tools.uv(path, *wheels)
        return tools.inspect(path)

    def wheel(name, version="1.0", **options):
        folder = tmp_path / f"wheels-{len(list(tmp_path.iterdir()))}"
        return tools.build_wheel(folder, name, version, **options)

    same = wheel("same", files={"same.py": b""})
    before = environment(
        "before", same, wheel("gone"), wheel("older", files={"older.py": b""}),
        wheel("edited", files={"edited/__init__.py": b"", "edited/a.py": b"1"}),
        wheel("needy", requires=("absent>=1", "gone")),
    )  # fmt: skip
    after = environment(
        "after", same, wheel("older", "1.1", files={"older.py": b""}), wheel("extra"),
        wheel("edited", files={"edited/__init__.py": b"", "edited/a.py": b"2"}),
        wheel("needy", requires=("absent>=1", "gone")),
    )  # fmt: skip
    proof = prove(freeze(before), after)
    assert (proof.equal, proof.total, proof.added, proof.whole) == (2, 5, ("extra",), False)
    assert proof.differences == (
        PackageDifference("edited", "rows", "1.0", "1.0", ("edited/a.py",), 1, code=True),
        PackageDifference("gone", "missing", "1.0", ""),
        PackageDifference("older", "version", "1.0", "1.1"),
    )
    assert new_dependency_problems(before, after, Overrides()) == (("needy", "gone"),)
    assert new_dependency_problems(before, before, Overrides()) == ()


def test_files_that_are_not_as_recorded_are_found(tmp_path, make_venv, tools):
    path = make_venv(tmp_path / "env", creator="uv")
    files = {f"pkg/{name}.py": b"1234" for name in ("gone", "longer", "other", "right")}
    tools.uv(path, tools.build_wheel(tmp_path, "pkg", "1.0", files))
    environment = tools.inspect(path)
    folder = Path(environment.site_packages[0], "pkg")
    for name, content in (("longer", "12345"), ("other", "4321"), ("gone", "")):
        (folder / f"{name}.py").unlink()
        if content:
            (folder / f"{name}.py").write_text(content)
    look = look_at(environment)
    assert look.faulty == {"pkg"}
    places = [Path(each.path).name for each in look.edits().files]
    assert (places, look.edits().missing) == (["longer.py", "other.py"], 1)


@pytest.mark.parametrize("row", ["../../../../../elsewhere.py,,", "pkg/absent.py,,", "pkg,,"])
def test_what_a_record_lists_without_hash_and_size_has_to_be_a_file(
    row, tmp_path, make_venv, tools
):
    path = make_venv(tmp_path / "env", creator="uv")
    wheels = [
        tools.build_wheel(tmp_path, name, "1.0", {f"{name}/a.py": b""}) for name in ("pkg", "whole")
    ]
    tools.uv(path, *wheels)
    environment = tools.inspect(path)
    record = Path(environment.site_packages[0], "pkg-1.0.dist-info", "RECORD")
    record.write_text(record.read_text() + row + "\n")
    assert look_at(environment).faulty == {"pkg"}


LINES = st.lists(
    st.sampled_from(
        [
            *(b"a.py,sha256=x,1", b"a.py,sha256=x,2", b"a.py,sha256=y,1", b"a.py,,1", b"a.py,,"),
            *(b"../../../bin/tool,sha256=x,1", b"../../../bin/tool,sha256=y,2", b"b\\c.py,,1"),
            *(b"b/c.py,,1", b"__pycache__/a.pyc,,", b"p-1.0.dist-info/RECORD,,", b"\xff.py,,1"),
            *(b"\xef\xbb\xbfa.py,sha256=x,1", b"a, b.py,sha256=x,1", b"a.py,sha256=x,1\r", b""),
        ]
    ),
    max_size=8,
).map(b"\n".join)


@given(old=LINES, new=LINES)
@example(old=b"a.py,sha256=x,1", new=b"a.py,sha256=x,2\n\xef\xbb\xbfa.py,sha256=x,1")
def test_records_whose_other_lines_agree_have_the_same_rows(old, new):
    info = "p-1.0.dist-info"
    if _have_same_rows(old, new, info):
        assert comparable(rows(old), info) == comparable(rows(new), info)


def test_records_that_differ_in_scripts_alone_have_the_same_rows():
    info, lines = "p-1.0.dist-info", b"a.py,sha256=x,1\n../../../bin/tool,sha256=%s,9\n"
    assert _have_same_rows(lines % b"y", lines % b"z", info)
    assert not _have_same_rows(lines, lines + b"b.py,sha256=x,1\n", info)
    assert not _have_same_rows(lines % b"y", lines % b'"', info)
