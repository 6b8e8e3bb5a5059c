"""Short commands against `python -c pass`: what comes on top of the interpreter itself."""

import sys

from benchmarks.harness import Outcome, child_environment, envdeck, fresh_folder, paired, run
from benchmarks.setting import Setting
from envdeck.cli.main import COMMANDS

BAR = 0.060
BAR_OF_MORE = 0.090
"""For commands that read an environment or past operations, and for helps."""


def measure(setting: Setting) -> list[Outcome]:
    rows = [
        _row(setting, BAR, "--version"),
        _row(setting, BAR, "list", "."),
        _row(setting, BAR_OF_MORE, "find", "pip"),
        _row(setting, BAR_OF_MORE, "history"),
        _row(setting, BAR_OF_MORE, "--help"),
    ]
    helps = [_row(setting, BAR_OF_MORE, name, "--help", rounds=1) for name in COMMANDS]
    slow = [row.what.removeprefix("`envdeck ").partition(" ")[0] for row in helps if not row.holds]
    held = Outcome(
        "`--help` of each command beyond `python -c pass`",
        f"{len(helps) - len(slow)} of {len(helps)}",
        f"all ≤ +{BAR_OF_MORE * 1000:.0f} ms",
        not slow,
        f"above: {', '.join(slow)}" if slow else "",
    )
    return [*rows, held]


def _row(setting: Setting, bar: float, *arguments: str, rounds: int = 4) -> Outcome:
    with fresh_folder() as folder:
        variables = child_environment(folder)
        ours, peer = paired(
            lambda: run(envdeck(*arguments), variables, folder),
            lambda: run([sys.executable, "-c", "pass"], variables),
            setting.rounds * rounds,
        )
    more = ours.median - peer.median
    detail = f"{ours} against python {peer}, ratio {ours.median / peer.median:.2f}"
    what = f"`envdeck {' '.join(arguments)}` beyond `python -c pass`, in an empty home"
    return Outcome(what, f"+{more * 1000:.1f} ms", f"≤ +{bar * 1000:.0f} ms", more <= bar, detail)
