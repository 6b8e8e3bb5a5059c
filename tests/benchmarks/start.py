"""`envdeck --version` against `python -c pass`: what comes on top of the interpreter itself."""

import sys

from benchmarks.harness import Outcome, child_environment, envdeck, fresh_folder, paired, run
from benchmarks.setting import Setting

BAR = 0.060


def measure(setting: Setting) -> list[Outcome]:
    with fresh_folder() as folder:
        variables = child_environment(folder)
        ours, peer = paired(
            lambda: run(envdeck("--version"), variables),
            lambda: run([sys.executable, "-c", "pass"], variables),
            setting.rounds * 4,
        )
    more = ours.median - peer.median
    detail = f"{ours} against python {peer}, ratio {ours.median / peer.median:.2f}"
    what = "`envdeck --version` beyond `python -c pass`"
    return [Outcome(what, f"+{more * 1000:.1f} ms", "≤ +60 ms", more <= BAR, detail)]
