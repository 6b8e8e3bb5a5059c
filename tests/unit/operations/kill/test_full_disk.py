"""A disk that fills up in the midst of a real operation: nothing changes, and room helps."""

import subprocess
from pathlib import Path

import pytest

from envdeck.core.model import NoPlan
from envdeck.core.operations.shared import space as room
from envdeck.core.operations.shared.space import ROOM_HINT


@pytest.fixture
def on_small_disk(tmp_path, make_venv, real_at):
    """Return a project whose home, caches and trash are on a disk of 24 MB."""
    point = tmp_path / "disk"
    point.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(point)]
    try:
        done = subprocess.run(mount, capture_output=True, text=True, check=False, timeout=60)
    except FileNotFoundError:
        pytest.skip("there is no `mount` here")
    if done.returncode:
        pytest.skip(f"a disk cannot be mounted here: {done.stderr.strip()}")
    base = point.resolve() / "of-it"
    (base / "ada").mkdir(parents=True)
    yield real_at(base / "ada", base)
    subprocess.run(["umount", "-l", str(point)], check=True, timeout=60)


def fill_up(disk: Path, leave: int) -> Path:
    """Fill a disk, but for some kilobytes."""
    filler = disk / "filler"
    with open(filler, "wb", buffering=0) as file:
        for size in (65536, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue
        file.truncate(max(0, file.tell() - leave * 1024))
    return filler


@pytest.mark.parametrize("action", ["recreate", "upgrade"])
def test_nothing_changes_on_a_disk_that_fills_up(on_small_disk, action, monkeypatch):
    # The whole disk is smaller than the room that is asked for beforehand.
    monkeypatch.setattr(room, "_SPARE_BYTES", 0)
    real = on_small_disk
    old, outside = real.here(), real.outside()
    before = len(real.operations.history())
    for leave in (0, 30, 120):
        plan = real.plan(action)
        assert not isinstance(plan, NoPlan), plan
        # What the guard of the room would say beforehand is not what is tried here.
        filler = fill_up(real.base, leave)
        result = real.operations.run(plan, lambda _event: None)
        assert (result.status, bool(result.message)) == ("rolled-back", True), result
        assert "full" in result.message or "no space left on " in result.message, result
        assert result.hint == ROOM_HINT
        filler.unlink()
        real.recover()
        assert (real.here(), real.outside(), real.strays()) == (old, outside, [])
        assert real.operations.trash() == ()
    assert len(real.operations.history()) > before
    result = real.operations.run(real.plan(action), lambda _event: None)
    assert result.status == "done", result
    assert real.here() != old
    assert real.imports() == ("2.0" if action == "upgrade" else "1.0")
