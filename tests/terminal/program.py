"""The screen over environments in memory, as a process of its own: `program.py [COUNT] [hold]`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tui"))

from made_up import HOME, NOW, MemorySource, environment, many

from envdeck.__main__ import _settle
from envdeck.core.catalog import Scope
from envdeck.tui import ScreenSettings, run


def crash() -> float:
    """A clock that is broken."""
    raise RuntimeError("the clock broke")


count = int(sys.argv[1])
held = "hold" in sys.argv
folders = [each for each in sys.argv[2:] if each.startswith("/")]
found = [environment(f"{each}/.venv") for each in folders] or many(count)
source = MemorySource(found, hold=lambda: held)
settings = ScreenSettings(HOME, now=crash if "crash" in sys.argv else lambda: NOW)
code = run(source, Scope((f"{HOME}/work",)), settings)
_settle()  # as the program does: or closed output would change the exit code
raise SystemExit(code)
