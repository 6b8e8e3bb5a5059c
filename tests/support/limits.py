"""Limits of time that are over when a test says so, and not when a machine is slow."""

import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from envdeck.core.operations.engine import runner

HOUR = 3600.0


def pass_hours(patch: pytest.MonkeyPatch, mark: Path) -> None:
    """Let an hour pass for what the program runs with each byte that a command adds to `mark`: a
    limit is over when the command has come that far, however long that takes."""

    def monotonic() -> float:
        return time.monotonic() + HOUR * (mark.stat().st_size if mark.exists() else 0)

    patch.setattr(runner, "time", SimpleNamespace(monotonic=monotonic, sleep=time.sleep))
