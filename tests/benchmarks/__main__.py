"""Run the benchmarks and print a Markdown table: `python -m tests.benchmarks`, from a checkout."""

import argparse
import os
import platform
import sys
from importlib import import_module

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from benchmarks.setting import Setting

ALL = (
    "discovery",
    "cold",
    "rescan",
    "whole_process",
    "sizing",
    "distributions",
    "guards",
    "start",
    "first_frame",
    "smoothness",
    "long_list",
    "packages",
    "memory",
    "deleting",
    "recreating",
    "upgrading",
    "purging",
    "project",
    "health",
)
NAMED = ("throng",)
"""Those that run only when they are named: they take long, and much of a disk."""


def say(line: str) -> None:
    """Print a line at once: the next one may take a minute."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> int:
    """Return 1 when a bar is missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument(
        "--only",
        metavar="NAME",
        action="append",
        choices=(*ALL, *NAMED),
        help=", ".join((*ALL, *NAMED)),
    )
    parser.add_argument("--quick", action="store_true", help="small homes, few rounds, no verdict")
    arguments = parser.parse_args()
    setting = Setting(arguments.quick)
    say(
        f"{os.cpu_count()} cores, {platform.system()} {platform.machine()},"
        f" {platform.python_implementation()} {platform.python_version()}."
        " Medians, least to most in brackets.\n"
    )
    say("| what | measured | bar | holds | how |\n|---|---|---|---|---|")
    missed = 0
    for name in arguments.only or ALL:
        for row in import_module(f"benchmarks.{name}").measure(setting):
            judged = None if arguments.quick else row.holds
            holds = {None: "", True: "yes", False: "**no**"}[judged]
            missed += judged is False
            say(f"| {row.what} | {row.measured} | {row.bar} | {holds} | {row.detail} |")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
