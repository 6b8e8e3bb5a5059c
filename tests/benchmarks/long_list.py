"""Ten thousand environments in the list: from a key press to what it paints, and a sort.

No peer, but a person: twenty milliseconds cannot be felt, and two tenths of a second for a sort
are still one gesture. It is the real application on a pseudo-terminal, fed from memory. The clock
runs from the byte that is the key until the first bytes of the new picture arrive (press), or
until the last of them before the terminal falls silent (sort).
"""

import os
import sys

from benchmarks.harness import Outcome, Times, child_environment, fresh_folder
from benchmarks.setting import Setting
from benchmarks.terminal import Terminal, terminal

COUNT = 10_000
_QUIET = 0.4
_WATCHED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "watched_screen.py")


def measure(setting: Setting) -> list[Outcome]:
    with fresh_folder() as folder:
        variables = child_environment(folder)
        with terminal([sys.executable, _WATCHED, "many", str(COUNT)], variables) as screen:
            screen.wait_for(lambda text: text.count(b"project") > 10)
            screen.settle(2)
            down, _ = _press(screen, b"j", 30)
            first_sort, sort = _press(screen, b"s", 7)
            last, _ = _press(screen, b"Gg", 6)
    rows = f"{COUNT:,} environments"
    press = f"down {down}, between last row and first {last}"
    worst = max(down.median, last.median)
    return [
        Outcome(
            f"{rows}: key press to paint",
            f"{worst * 1000:.1f} ms",
            "≤ 20 ms",
            worst <= 0.020,
            press,
        ),
        Outcome(
            f"{rows}: sort",
            f"{sort.median * 1000:.0f} ms",
            "≤ 200 ms",
            sort.median <= 0.200,
            f"whole picture {sort}, first bytes {first_sort}",
        ),
    ]


def _press(screen: Terminal, keys: bytes, count: int) -> tuple[Times, Times]:
    """Press the keys in turn; return how long until the first and until the last output."""
    first, last = Times(), Times()
    for number in range(count):
        pressed = screen.send(keys[number % len(keys) :][:1])
        came = screen.read(5)
        if came is None:
            raise SystemExit("error: a key press painted nothing")
        settled = screen.settle(_QUIET) or came
        first.seconds.append(came - pressed)
        last.seconds.append(settled - pressed)
    return first, last
