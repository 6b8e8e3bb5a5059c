"""Ten thousand environments of sixty packages: the worst stall of the screen, and peak memory.

As `smoothness` and `memory` measure it at a thousand, on a home of its own, which takes minutes and
two million inodes to make: it runs only when it is named, and its home is best removed then. One
scan on the real screen tells both the stall and the peak; `list --json` is another.
"""

import sys

from benchmarks.harness import Outcome
from benchmarks.memory import measure_list, row
from benchmarks.setting import Setting
from benchmarks.smoothness import stall_row, watch

STALL = 0.050
PEAK = 250_000_000


def measure(setting: Setting) -> list[Outcome]:
    home = setting.throng
    count = len(home.environments)
    scale = f"{count:,} environments"
    report = watch(home)
    rows = [stall_row(count, STALL, [report])]
    if sys.platform != "linux":
        return [*rows, Outcome("peak memory", "", "≤ 250 MB", None, "measured on Linux only")]
    rows.append(row(f"the screen, {scale}", report["peak"], PEAK))
    rows.append(row(f"`list --json`, {scale}", measure_list(home.home), PEAK))
    return rows
