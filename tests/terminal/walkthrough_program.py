"""A process of its own: `walkthrough_program.py walk`, the walkthrough of a project in memory;
`walkthrough_program.py HOME`, the real program over a home folder."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tui"))


def walk() -> int:
    """Open the screen on a walkthrough whose every look and plan is made up."""
    from made_up import HOME, NOW, MadeUpOperations, MemorySource, many
    from made_up_walkthrough import PROJECT, MadeUpWalking, steps

    from envdeck.core.catalog import Scope
    from envdeck.core.model import CommandStarted, OutputLine, StepStarted
    from envdeck.core.onboarding.model import StepState
    from envdeck.tui import ScreenSettings, run_screen
    from envdeck.tui.app import EnvDeck

    done = steps(environment=StepState.DONE, packages=StepState.OPEN)
    walking = MadeUpWalking(after={"environment": done})
    EnvDeck.open_walking = staticmethod(lambda *_: walking)
    operations = MadeUpOperations(
        events=(
            StepStarted(0, "make it"),
            CommandStarted(("uv", "venv"), PROJECT),
            OutputLine("Creating virtual environment at .venv"),
        )
    )
    settings = ScreenSettings(HOME, now=lambda: NOW, project=PROJECT)
    return run_screen(MemorySource(many(3)), Scope((f"{HOME}/work",)), settings, lambda: operations)


def real(home: str) -> int:
    """Run `envdeck HOME` with nothing of this machine's own around it."""
    import os

    for name in [name for name in os.environ if name.startswith(("XDG_", "ENVDECK"))]:
        del os.environ[name]
    os.environ["HOME"] = home
    from envdeck.__main__ import main

    return main([home])


told = sys.argv[1]
raise SystemExit(walk() if told == "walk" else real(told))
