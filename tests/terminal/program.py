"""The screen over environments in memory, as a process of its own: `program.py [COUNT] [hold]`.

With `acts` it has operations that run until they are stopped; `told=FILE` says how far one is.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tui"))

from made_up import HOME, NOW, MadeUpOperations, MemorySource, environment, many

from envdeck.__main__ import _settle
from envdeck.core.catalog import Scope
from envdeck.tui import ScreenSettings, run_screen


def crash() -> float:
    """A clock that is broken."""
    raise RuntimeError("the clock broke")


class Endless(MadeUpOperations):
    """Runs until it is stopped, and says so in a file."""

    def run(self, plan, tell, stopped=lambda: False):
        """Run."""
        told.write_text("runs")
        result = super().run(plan, tell, stopped)
        told.write_text("runs, rolled back")
        return result


count = int(sys.argv[1])
held = "hold" in sys.argv
folders = [each for each in sys.argv[2:] if each.startswith("/")]
found = [environment(f"{each}/.venv") for each in folders] or many(count)
source = MemorySource(found, hold=lambda: held)
settings = ScreenSettings(HOME, now=crash if "crash" in sys.argv else lambda: NOW)
told = Path(next((each[5:] for each in sys.argv if each.startswith("told=")), "/dev/null"))
acts = (lambda: Endless(hold=lambda: True)) if "acts" in sys.argv else None
code = run_screen(source, Scope((f"{HOME}/work",)), settings, acts)
_settle()  # as the program does: or closed output would change the exit code
raise SystemExit(code)
