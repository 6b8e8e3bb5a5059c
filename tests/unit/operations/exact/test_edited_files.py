"""Installed files that were edited: named in every plan, and lost by none."""

import os
from pathlib import Path

import pytest

from envdeck.core.model import NoPlan

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


def furnished(machine, creator="uv", installer="uv") -> Path:
    machine.wheel("part", "1.0", [("part/code.py", CODE), ("part/data.txt", b"\xef\xbb\xbfa\r\n")])
    machine.wheel("other", "1.0", [("other/code.py", CODE)])
    path = machine.make(machine.home / "work" / ".venv", creator)
    machine.install(path, installer, "part", "other")
    return path


def edits_of(plan):
    assert not isinstance(plan, NoPlan), plan
    edits = plan.targets[0].edits
    return [os.path.basename(each.path) for each in edits.files], edits.missing


@pytest.mark.parametrize("installer", ["uv", "venv"])
@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("code.py", EDITED),
        ("code.py", b"value = 12345\n"),
        ("code.py", b""),
        ("data.txt", b"\xef\xbb\xbfb\r\n"),
        ("data.txt", b"\xef\xbb\xbfa\n"),
    ],
)
def test_an_edit_is_named_by_each_plan_and_kept_where_asked(name, data, installer, machine, kit):
    path = furnished(machine, "uv" if installer == "uv" else "venv", installer)
    file = site_of(path) / "part" / name
    original = file.read_bytes()
    edit(file, data)

    for plan in (
        machine.operations.plan_recreate(machine.look(path)),
        machine.operations.plan_delete([machine.look(path)]),
        machine.operations.plan_delete([machine.look(path)], purge=True),
    ):
        assert edits_of(plan) == ([name], 0)
        assert plan.targets[0].edits.files[0].name == "part"
        assert any(fact.label == "edited files" for fact in plan.targets[0].facts)

    machine.done(machine.operations.plan_recreate(machine.look(path), keep_edits=True))
    assert file.read_bytes() == data
    assert edits_of(machine.operations.plan_recreate(machine.look(path))) == ([name], 0)

    result = machine.done(machine.operations.plan_recreate(machine.look(path)))
    assert file.read_bytes() == original
    assert any(name in said and "replaced" in said for said in result.verified)
    assert kit.unlike_record(path) == []
