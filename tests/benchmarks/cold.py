"""The first scan of a home, which the disk cache does not know yet, against `find` and `fd`.

It is measured on a disk of its own: an ext4 in a file, on a loop device with direct input and
output, that is mounted anew before each round. That needs root, and Linux; elsewhere the rows say
that nothing was measured.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable

from benchmarks import disk
from benchmarks.discovery import find_command
from benchmarks.harness import (
    Outcome,
    Times,
    child_environment,
    envdeck,
    fresh_folder,
    ratio,
    run,
    timed,
)
from benchmarks.setting import Setting, host_of
from envdeck.core.discovery.find import FoundEnvironment, Survey
from envdeck.core.discovery.prune import NAMES, Prune

SCALE = disk.Scale("cold", 112_000, 75, (25, 95), 6_800, (2, 9))
QUICK = disk.Scale("quick-cold", 12_000, 20, (5, 30), 1_000)
_TOOLS = ("losetup", "mount", "umount", "mkfs.ext4")


class ColdDisk:
    """The disk, and the mount of it that lasts one round."""

    def __init__(self, scale: disk.Scale) -> None:
        folder = disk.cache_folder()
        self.image = os.path.join(folder, f"{scale.name}.img")
        self.point = os.path.join(folder, f"{scale.name}-mounted")
        self.device = ""
        os.makedirs(self.point, exist_ok=True)
        if not os.path.exists(self.image):
            self._make(scale)

    def _make(self, scale: disk.Scale) -> None:
        unfinished = self.image + ".new"
        _call("truncate", "-s", "6G", unfinished)
        _call("mkfs.ext4", "-q", "-F", "-N", "900000", unfinished)
        image, self.image = self.image, unfinished
        self._mount()
        try:
            disk.make(scale, os.path.join(self.point, "ada"))
        finally:
            self._unmount()
        os.rename(unfinished, image)
        self.image = image

    def timed(self, action: Callable[[], object]) -> float:
        """Return how long a call takes on a disk that nobody has read yet."""
        self._mount()
        try:
            return timed(action)
        finally:
            self._unmount()

    def _mount(self) -> None:
        shown = _call("losetup", "-f", "--show", "--direct-io=on", self.image)
        self.device = shown.strip()
        _call("mount", self.device, self.point)

    def _unmount(self) -> None:
        _call("umount", self.point)
        _call("losetup", "-d", self.device)


def measure(setting: Setting) -> list[Outcome]:
    what = "discovery, cold, in process, against `find`"
    if sys.platform != "linux" or os.geteuid() or not all(map(shutil.which, _TOOLS)):
        return [Outcome(what, "not measured", "", None, "it needs root, for a disk of its own")]
    cold = ColdDisk(QUICK if setting.quick else SCALE)
    home = disk.Disk(os.path.join(cold.point, "ada"), 0, 0, (), ())
    host = host_of(home)
    rules = Prune.for_host(host)
    fd = shutil.which("fdfind") or shutil.which("fd")
    variables = {**os.environ, "LC_ALL": "C"}

    def survey() -> None:
        signs = Survey(host, (home.home,), only_roots=True, prune=rules)
        if not any(isinstance(sign, FoundEnvironment) for sign in list(signs)):
            raise SystemExit(f"error: no environment was found below {home.home}")

    def peer(command: list[str]) -> Callable[[], object]:
        return lambda: subprocess.run(command, check=True, capture_output=True, env=variables)

    def whole() -> None:
        with fresh_folder() as folder:
            run(envdeck("list", home.home, "--json"), child_environment(folder))

    def find_and_measure() -> None:
        found = subprocess.run(
            find_command(home.home), check=True, capture_output=True, text=True, env=variables
        )
        folders = [os.path.dirname(path) for path in found.stdout.splitlines()]
        subprocess.run(["du", "-s", *folders], check=True, capture_output=True)

    peers = {"find": (peer(find_command(home.home)), 0.6)}
    if fd is not None:
        peers["fd -j8"] = peer(fd_command(fd, home.home)), 1.2
    rows = []
    for name, (action, bar) in peers.items():
        ours, theirs = _paired(cold, survey, action, setting.rounds)
        rows.append(
            ratio(f"discovery, cold, in process, against `{name}`", ours, theirs, bar, name)
        )
    ours, theirs = _paired(cold, whole, find_and_measure, max(1, setting.rounds // 3))
    what = "`list --json` with sizes, cold, against `find` and `du -s`"
    return [*rows, ratio(what, ours, theirs, 0.25, "find and du")]


def fd_command(program: str, root: str) -> list[str]:
    """Return an `fd` that prunes as the walk does and prints every `pyvenv.cfg`."""
    excluded = [
        part for name in sorted(NAMES) for part in ("-E", re.sub(r"([*?\[])", r"\\\1", name))
    ]
    return [program, "-j8", "-u", "-g", "pyvenv.cfg", root, *excluded]


def _paired(
    cold: ColdDisk, ours: Callable[[], object], peer: Callable[[], object], rounds: int
) -> tuple[Times, Times]:
    first, second = Times(), Times()
    for _ in range(rounds):
        first.seconds.append(cold.timed(ours))
        second.seconds.append(cold.timed(peer))
    return first, second


def _call(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
