"""Measuring every environment, in this process, against one `du -s` over the same.

`du` is compiled and does what is done here: every folder read, every file asked for its blocks, a
file with several links counted once. It is given all environments in one call, which spares it
the start of a process for each. What is reclaimable, it does not say.
"""

import subprocess
import time

from benchmarks.harness import Outcome, paired, ratio
from benchmarks.setting import Setting
from envdeck.core.inspection.size import measure as measure_size


def measure(setting: Setting) -> list[Outcome]:
    paths = setting.home.environments

    def ours() -> list[object]:
        return [measure_size(path, now=time.time()) for path in paths]

    def du() -> bytes:
        return subprocess.run(["du", "-s", *paths], check=True, capture_output=True).stdout

    files = sum(size.files for path in paths if (size := measure_size(path, now=0)))
    mine, peer = paired(ours, du, setting.rounds)
    row = ratio("sizes of all environments against `du -s`", mine, peer, 2.5, "du")
    return [Outcome(row.what, row.measured, row.bar, row.holds, f"{row.detail}; {files:,} files")]
