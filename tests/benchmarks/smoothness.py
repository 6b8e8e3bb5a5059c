"""The longest time for which the event loop stands still while a thousand environments stream in.

No peer, but a person: a tenth of a second is where a key press begins to feel late. It is the
real application on a pseudo-terminal with the real catalog, an empty index, and the tree of a
thousand environments. A task in the same loop naps for five milliseconds, and what it oversleeps
between the first environment and a second after the last event is the stall: what the screen does
in one go, and what the scanning thread keeps of the interpreter lock.
"""

import json
import os
import sys

from benchmarks.harness import Outcome, Times, child_environment, forget, fresh_folder
from benchmarks.setting import Setting
from benchmarks.terminal import terminal

BAR = 0.100
_WATCHED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "watched_screen.py")


def measure(setting: Setting) -> list[Outcome]:
    crowd = setting.crowd
    worst, typical = Times(), Times()
    found, scanned = 0, 0.0
    for _ in range(3):
        with fresh_folder() as folder:
            report = os.path.join(folder, "report.json")
            command = [sys.executable, _WATCHED, "stall", crowd.home, report]
            forget(crowd.home)
            with terminal(command, child_environment(crowd.home)) as screen:
                screen.until_closed()
            with open(report, encoding="utf-8") as file:
                told = json.load(file)
        stalls = told["stalls"]
        worst.seconds.append(stalls[0])
        typical.seconds.append(stalls[len(stalls) // 100])
        found, scanned = told["found"], told["scanned"]
    detail = f"worst of each run {worst}, 99th percentile {typical}; {found:,} in {scanned:.1f} s"
    most = max(worst.seconds)
    what = f"worst stall while {len(crowd.environments):,} environments stream in"
    return [Outcome(what, f"{most * 1000:.0f} ms", "≤ 100 ms", most <= BAR, detail)]
