"""Peak memory over a thousand environments of sixty packages: the screen, and `list --json`.

No peer, but a small machine: 200 MB is what an editor's language server takes. The figure is the
kernel's own high-water mark of resident memory (`VmHWM`), read from the real screen on a
pseudo-terminal once its scan, sizes included, has fallen silent, and by `list --json` of itself at
its end. (`ru_maxrss` of a child would count the parent that it was forked from.)
"""

import subprocess
import sys

from benchmarks.harness import Outcome, child_environment, envdeck, forget
from benchmarks.setting import Setting
from benchmarks.terminal import terminal

BAR = 200_000_000
_QUIET = 4
_TELLING = """\
import os, sys
from envdeck.__main__ import main
end = os._exit
def tell(code):
    os.write(2, open("/proc/self/status", "rb").read())
    end(code)
os._exit = tell  # what the program ends by
sys.argv[0] = "envdeck"
main()
"""


def measure(setting: Setting) -> list[Outcome]:
    if sys.platform != "linux":
        return [Outcome("peak memory", "", "≤ 200 MB", None, "measured on Linux only")]
    crowd = setting.crowd
    variables = child_environment(crowd.home)
    forget(crowd.home)
    with terminal(envdeck(crowd.home), variables) as screen:
        screen.wait_for(lambda text: any(name.encode() in text for name in crowd.projects))
        screen.settle(_QUIET)
        with open(f"/proc/{screen.process.pid}/status", encoding="utf-8") as status:
            shown = _high_water(status.read())
    listed = measure_list(crowd.home)
    scale = f"{len(crowd.environments):,} environments"
    return [row(f"the screen, {scale}", shown), row(f"`list --json`, {scale}", listed)]


def measure_list(home: str) -> int:
    """Return the peak of `list --json` of a home that was never scanned."""
    forget(home)
    return _high_water(_listing(home, child_environment(home)))


def _listing(root: str, variables: dict[str, str]) -> str:
    command = [sys.executable, "-c", _TELLING, "list", "--json", root]
    done = subprocess.run(
        command, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=True
    )
    return done.stderr.decode()


def _high_water(status: str) -> int:
    """Return `VmHWM` in bytes."""
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def row(what: str, peak: int, bar: int = BAR) -> Outcome:
    """Return the row of a peak in bytes."""
    measured, most = f"{peak / 1_000_000:.0f} MB", f"≤ {bar / 1_000_000:.0f} MB"
    return Outcome(f"peak memory of {what}", measured, most, peak <= bar)
