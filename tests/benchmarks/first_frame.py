"""The first frame with rows from the index against that of a bare Textual app.

The peer is the least that the same library can show: an app with one `Static`. Both are real
processes of the same interpreter in a pseudo-terminal of 120×36, byte code compiled; the clock
runs from exec until the text is among the bytes that arrive: for the peer its one line, for us
the names of ten projects of the last look, which a scan could not have found by then.
"""

import os
import sys

from benchmarks import bare_app
from benchmarks.harness import (
    Outcome,
    Times,
    child_environment,
    envdeck,
    ratio,
    run,
)
from benchmarks.setting import Setting
from benchmarks.terminal import terminal

_ROWS = 10
_BARE = os.path.abspath(bare_app.__file__)


def measure(setting: Setting) -> list[Outcome]:
    names = [name.encode() for name in setting.home.projects]
    root = setting.home.home
    ours, peer = Times(), Times()
    variables = child_environment(root)
    run(envdeck("list", "--json", root), variables)  # this look is what is remembered
    for number in range(setting.rounds * 2 + 1):
        first = _frame(envdeck(root), variables, names, _ROWS)
        second = _frame([sys.executable, _BARE], variables, [b"this is the first frame"], 1)
        if number:  # the first round compiles and warms up
            ours.seconds.append(first)
            peer.seconds.append(second)
    return [ratio("first frame with rows from the index", ours, peer, 1.25, "a bare app")]


def _frame(command: list[str], variables: dict[str, str], texts: list[bytes], least: int) -> float:
    """Return how long until so many of the texts are on the terminal."""

    def seen(output: bytes) -> bool:
        return sum(text in output for text in texts) >= least

    with terminal(command, variables) as screen:
        return screen.wait_for(seen) - screen.started
