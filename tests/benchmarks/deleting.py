"""Deleting, as a person sees it: from the yes until the environment is out of its place.

Three sizes, with a thousand environments in the index and the machine's own processes: a rename
takes as long for one file as for a hundred thousand, and what comes before it must too. The rows
in brackets inform: until the operation has ended, the look for files that have come included,
and how long the plan took that was shown before.
"""

import os
import time

from benchmarks.harness import Outcome, Times
from benchmarks.operations_setting import crowd_the_index, place, write_big
from benchmarks.setting import Setting

SIZES = (1_000, 18_000, 78_000)
QUICK_SIZES = (300, 1_000)
LIMIT = 0.050
"""Seconds."""
ALLOWED = frozenset({"unowned-files"})


def measure(setting: Setting) -> list[Outcome]:
    rows = []
    with place() as here:
        for index, size in enumerate(QUICK_SIZES if setting.quick else SIZES):
            path = write_big(here, f"big-{size}", size)
            environment = here.look(path)
            if index == 0:
                crowd_the_index(here, environment)
            files = environment.size.files if environment.size else 0
            gone, done, planned = Times(), Times(), Times()
            for number in range(setting.rounds + 1):
                start = time.perf_counter()
                plan = here.operations.plan_delete([environment], allow=ALLOWED)
                shown = time.perf_counter()
                here.run(plan)
                ended = time.perf_counter()
                if number:  # the first one fills the caches
                    planned.seconds.append(shown - start)
                    gone.seconds.append(here.clock.moves[0] - shown)
                    done.seconds.append(ended - shown)
                here.undo()
                os.sync()
            rows += _rows(files, gone, done, planned)
    return rows


def _rows(files: int, gone: Times, done: Times, planned: Times) -> list[Outcome]:
    what = f"delete, {files:,} files"
    limit = f"≤ {LIMIT * 1000:.0f} ms"
    return [
        Outcome(f"{what}: until it is gone", f"{gone.median * 1000:.1f} ms", limit,
                gone.median <= LIMIT, str(gone)),
        Outcome(f"({what}: until done)", f"{done.median * 1000:.0f} ms", "", None, str(done)),
        Outcome(f"({what}: its plan)", f"{planned.median * 1000:.0f} ms", "", None, str(planned)),
    ]  # fmt: skip
