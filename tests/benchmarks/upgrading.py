"""Upgrading five of 40 packages against `uv pip install -U` of the same, plus the snapshot.

The snapshot is the copy of hard links, which is what makes the upgrade one that can be taken
back; it is measured by itself, and told apart. The peer changes the environment in its place.
"""

import os
import random
import shutil
from functools import partial
from typing import TYPE_CHECKING

from benchmarks.harness import Outcome, Times, paired, timed
from benchmarks.operations_setting import (
    measured_steps,
    place,
    uv_of,
    write_wheel,
    write_wheels,
)
from benchmarks.recreating import COUNT, MODULES, QUICK_MODULES, configure, parts_of
from benchmarks.setting import Setting

if TYPE_CHECKING:
    from collections import Counter

    from envdeck.core import model

NEWER = 5
BAR = 1.5


def measure(setting: Setting) -> list[Outcome]:
    with place() as here:
        links = os.path.join(here.home, "wheels")
        modules = QUICK_MODULES if setting.quick else MODULES
        pins = write_wheels(links, COUNT, modules)
        configure(here, links)
        uv = uv_of(here)
        path = os.path.join(here.home, "work", "one", ".venv")
        other = os.path.join(here.home, "work", "other", ".venv")
        copied = os.path.join(here.home, "work", "copied", ".venv")
        for each in (path, other, copied):
            os.makedirs(os.path.dirname(each))
        uv.make(path, uv.write(here, "pins.txt", pins))
        names = [pin.partition("==")[0] for pin in pins[:NEWER]]
        for name in names:
            write_wheel(links, name, "2.0", sum(modules) // 2, random.Random(name))
        environment = here.look(path)
        everything = uv.write(here, "all.txt", [pin.partition("==")[0] for pin in pins])
        plans: list[model.Plan | model.NoPlan] = []
        parts: list[Counter[str]] = []
        planned, snapshots = Times(), Times()
        disk = here.operations.store.disk

        def before() -> None:
            if plans:
                here.undo()
            for each in (other, copied):
                shutil.rmtree(each, ignore_errors=True)
                os.mkdir(each)
            disk.link_tree(path, other)
            snapshots.seconds.append(timed(partial(disk.link_tree, path, copied)))
            wanted = dict.fromkeys(names)
            plan = partial(here.operations.plan_upgrade, environment, wanted)
            plans.append(planned.add(plan))
            os.sync()

        def ours() -> None:
            parts.append(measured_steps(here, plans[-1]))

        peer_does = partial(uv.upgrade, other, everything, names)
        own, peer = paired(ours, peer_does, setting.rounds, before=before)
        measured = own.median / (peer.median + snapshots.median)
        files = environment.size.files if environment.size else 0
        return [
            Outcome(
                f"upgrade of {NEWER} of {COUNT} packages", f"{measured:.2f}", f"≤ {BAR:.2f}",
                measured <= BAR,
                f"{own} against `uv pip install -U` {peer} and the snapshot {snapshots};"
                f" {files:,} files",
            ),
            Outcome("(its snapshot)", f"{snapshots.median * 1000:.0f} ms", "", None,
                    str(snapshots)),
            Outcome("(its plan)", f"{planned.median * 1000:.0f} ms", "", None, str(planned)),
            *parts_of("upgrade", parts),
        ]  # fmt: skip
