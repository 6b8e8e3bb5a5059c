"""The packages of a thousand environments: from the key until they are shown, and a filter.

No peer, but a person. It is the real application on a pseudo-terminal, and the packages come from
the real index on the disk: sixty in each environment, of four hundred names. The clock runs from
the byte that is the key until a row is on the terminal (open), or until the first bytes of what
the letter left of them (filter).
"""

import os
import sys

from benchmarks.harness import Outcome, Times, child_environment, fresh_folder
from benchmarks.setting import Setting
from benchmarks.terminal import Terminal, terminal

COUNT, PACKAGES, ROUNDS = 1_000, 60, 5
_QUIET = 0.6
_WATCHED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "watched_screen.py")


def measure(setting: Setting) -> list[Outcome]:
    first, again, narrow = Times(), Times(), Times()
    for _ in range(1 if setting.quick else 3):
        with fresh_folder() as folder:
            command = [sys.executable, _WATCHED, "packages", str(COUNT), str(PACKAGES), folder]
            with terminal(command, child_environment(folder)) as screen:
                screen.wait_for(lambda text: text.count(b"project") > 10)
                screen.settle(2)
                for number in range(ROUNDS):
                    _open(screen, again if number else first)
                    screen.settle(_QUIET)
                    screen.send(b"\x1b")
                    screen.settle(_QUIET)
                _open(screen, again)
                screen.settle(_QUIET)
                screen.send(b"/")
                screen.settle(_QUIET)
                for letter in (b"w", b"h", b"e", b"e", b"l", b"-", b"1"):
                    _type(screen, letter, narrow)
    rows = f"packages view, {COUNT:,} environments of {PACKAGES}"
    holds = first.median <= 0.150
    return [
        Outcome(
            f"{rows}: open",
            f"{first.median * 1000:.0f} ms",
            "≤ 150 ms",
            holds,
            f"the first time {first}, again {again}",
        ),
        Outcome(
            f"{rows}: filter",
            f"{narrow.median * 1000:.0f} ms",
            "≤ 50 ms",
            narrow.median <= 0.050,
            f"a letter {narrow}",
        ),
    ]


def _open(screen: Terminal, times: Times) -> None:
    before = len(screen.text())
    pressed = screen.send(b"L")
    shown = screen.wait_for(lambda text: b"wheel-" in text[before:])
    times.seconds.append(shown - pressed)


def _type(screen: Terminal, letter: bytes, times: Times) -> None:
    pressed = screen.send(letter)
    came = screen.read(5)
    if came is None:
        raise SystemExit("error: a letter painted nothing")
    screen.settle(_QUIET)
    times.seconds.append(came - pressed)
