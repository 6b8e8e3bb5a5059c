"""`envdeck list --json`, from exec to exit, against `killpy list --json -q` on the same tree.

killpy is the nearest peer on the package index: a program in Python that finds environments below
a folder, measures them and prints JSON. It sits in an environment of its own, both have the
synthetic home as their HOME, both are told the same path. killpy always measures sizes, so that
`--no-size` is compared with more than is needed for it, as its user would have to; with sizes both
do the same. Each run of envdeck has an empty index; a run with the index of the one before is
reported apart.
"""

import json
from dataclasses import dataclass

from benchmarks.harness import Outcome, child_environment, envdeck, forget, paired, ratio, run
from benchmarks.peers import killpy
from benchmarks.setting import Setting


@dataclass
class _Listing:
    """`envdeck list`, each time with an empty index unless it is kept."""

    home: str
    options: tuple[str, ...]
    keep: bool

    def __call__(self) -> bytes:
        command = envdeck("list", "--json", *self.options, self.home)
        return run(command, child_environment(self.home))


def measure(setting: Setting) -> list[Outcome]:
    home = setting.home
    peer = [killpy(), "list", "--json", "-q", "--path", home.home]
    outcomes = []
    for title, options, bar in (
        ("`list --no-size --json`", ("--no-size",), 1 / 6),
        ("`list --json`", (), 1 / 2),
    ):
        for keep in (False, True):
            listing = _Listing(home.home, options, keep)
            found = len(json.loads(listing())["environments"])
            if found != len(home.environments):
                raise SystemExit(f"error: {title} lists {found} environments")
            ours, others = paired(
                listing,
                lambda: run(peer, child_environment(home.home)),
                max(3, setting.rounds - 2),
                before=None if keep else lambda: forget(home.home),
            )
            what = f"{title} against killpy" + (", index warm" if keep else "")
            outcomes.append(ratio(what, ours, others, bar, "killpy"))
    return outcomes
