"""Purging an item of the trash against `rm -rf` of a copy of it, file for file the same.

The files have content, and have reached the disk before each round: what was never written is
removed in no time. Both take turns at being first.
"""

import os
import subprocess
from collections.abc import Callable
from functools import partial

from benchmarks.harness import Outcome, Times, ratio, timed
from benchmarks.operations_setting import Place, place, write_big
from benchmarks.setting import Setting
from envdeck.core.model import NoPlan

FILES = 5_000
BYTES = 80_000_000
QUICK_FILES = 600


def measure(setting: Setting) -> list[Outcome]:
    with place() as here:
        files = QUICK_FILES if setting.quick else FILES
        first = write_big(here, "first", files, BYTES * files // FILES)
        _fill(first)
        size = here.look(first).size
        copied = os.path.join(here.home, "work", "copy", ".venv")
        ours, peer = Times(), Times()
        for number in range(setting.rounds):
            purge = _in_trash(here, first, number)
            _copy(first, copied)
            os.sync()
            actions = [(ours, purge), (peer, partial(_rm, copied))]
            for times, action in actions if number % 2 else reversed(actions):
                times.seconds.append(timed(action))
        row = ratio("purge against `rm -rf`", ours, peer, 1.1, "rm")
        how_much = f"; {size.files:,} files, {size.disk_bytes / 1e6:,.0f} MB" if size else ""
        return [Outcome(row.what, row.measured, row.bar, row.holds, row.detail + how_much)]


def _fill(path: str) -> None:
    """Give the holes content, so that there is something to free."""
    for folder, _, names in os.walk(path):
        for name in names:
            file = os.path.join(folder, name)
            if not os.path.islink(file) and (length := os.path.getsize(file)):
                with open(file, "rb+") as stream:
                    data = stream.read()
                    stream.seek(0)
                    stream.write(data.replace(b"\0", b"#"))
                assert os.path.getsize(file) == length


def _in_trash(here: Place, path: str, number: int) -> Callable[[], object]:
    """Put a copy into the trash, and return what purges it."""
    copy = os.path.join(here.home, "work", f"number-{number}", ".venv")
    _copy(path, copy)
    allow = frozenset({"unowned-files"})
    here.run(here.operations.plan_delete([here.look(copy)], allow=allow))
    plan = here.operations.plan_purge()
    if isinstance(plan, NoPlan):
        raise SystemExit(f"error: {plan.message}")
    return partial(here.run, plan)


def _copy(path: str, copy: str) -> None:
    os.makedirs(os.path.dirname(copy), exist_ok=True)
    subprocess.run(["cp", "-a", path, copy], check=True)


def _rm(path: str) -> None:
    subprocess.run(["rm", "-rf", path], check=True)
