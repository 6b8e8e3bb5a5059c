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
from typing import Any

from benchmarks.disk import Disk
from benchmarks.harness import Outcome, Times, child_environment, forget, fresh_folder
from benchmarks.setting import Setting
from benchmarks.terminal import terminal

BAR = 0.100
_LIMIT = 3_600
"""Seconds; ten thousand environments take some minutes."""
_WATCHED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "watched_screen.py")


def measure(setting: Setting) -> list[Outcome]:
    reports = [watch(setting.crowd) for _ in range(3)]
    return [stall_row(len(setting.crowd.environments), BAR, reports)]


def watch(crowd: Disk) -> dict[str, Any]:
    """Scan a home for the first time on a screen of its own; return what was noted meanwhile."""
    with fresh_folder() as folder:
        report = os.path.join(folder, "report.json")
        command = [sys.executable, _WATCHED, "stall", crowd.home, report]
        forget(crowd.home)
        with terminal(command, child_environment(crowd.home)) as screen:
            screen.until_closed(_LIMIT)
        with open(report, encoding="utf-8") as file:
            told: dict[str, Any] = json.load(file)
    return told


def stall_row(count: int, bar: float, reports: list[dict[str, Any]]) -> Outcome:
    """Return the row of the worst stall."""
    worst, typical = Times(), Times()
    for told in reports:
        stalls = told["stalls"]
        worst.seconds.append(stalls[0])
        typical.seconds.append(stalls[len(stalls) // 100])
    found, scanned = reports[-1]["found"], reports[-1]["scanned"]
    detail = f"worst of each run {worst}, 99th percentile {typical}; {found:,} in {scanned:.1f} s"
    most = max(worst.seconds)
    what = f"worst stall while {count:,} environments stream in"
    return Outcome(what, f"{most * 1000:.0f} ms", f"≤ {bar * 1000:.0f} ms", most <= bar, detail)
