"""Finding every environment, in this process, against `find` with the same prunes.

`find` is on every machine, compiled, and asks the kernel for no more than the names. It is given
the names that the walk prunes, and has only to print the path of each `pyvenv.cfg`; the survey
also reads the cfg, looks at the layout, follows links, visits the central places that lie behind
pruned names, and says which tool keeps what. The disk cache is warm.
"""

import os
import re
import subprocess

from benchmarks.harness import Outcome, exhaust, paired, ratio
from benchmarks.setting import Setting, host_of
from envdeck.core.discovery.find import FoundEnvironment, Survey
from envdeck.core.discovery.prune import NAMES, Prune
from envdeck.core.discovery.walk import Walk


def measure(setting: Setting) -> list[Outcome]:
    home = setting.home
    host = host_of(home)
    rules = Prune.for_host(host)
    command = find_command(home.home)

    def survey() -> int:
        return sum(
            isinstance(sign, FoundEnvironment)
            for sign in Survey(host, (home.home,), only_roots=True, prune=rules)
        )

    def find() -> int:
        variables = {**os.environ, "LC_ALL": "C"}
        done = subprocess.run(command, check=True, capture_output=True, env=variables)
        return done.stdout.count(b"\n")

    if survey() != len(home.environments):
        raise SystemExit(f"error: {survey()} of {len(home.environments)} environments were found")
    walk = Walk(home.home, rules)
    exhaust(walk)
    ours, peer = paired(survey, find, setting.rounds * 3)
    walked, again = paired(lambda: exhaust(Walk(home.home, rules)), find, setting.rounds * 3)
    size = f"{home.folders:,} folders, {walk.visited:,} visited, {len(home.environments)} found"
    whole = ratio("discovery, in process, against `find`", ours, peer, 1.0, "find")
    alone = ratio("(the walk alone)", walked, again, 1.0, "find")
    return [
        Outcome(whole.what, whole.measured, whole.bar, whole.holds, f"{whole.detail}; {size}"),
        Outcome(alone.what, alone.measured, "", None, alone.detail),
    ]


def find_command(root: str) -> list[str]:
    """Return a `find` that prunes as the walk does and prints every `pyvenv.cfg`.

    One regular expression in the C locale: half the time of thirty `-name` tests.
    """
    names = "|".join(re.escape(name) for name in sorted(NAMES))
    prune = ["-regextype", "posix-extended", "-type", "d", "-regex", f".*/({names})", "-prune"]
    return ["find", root, *prune, "-o", "-name", "pyvenv.cfg", "-print"]
