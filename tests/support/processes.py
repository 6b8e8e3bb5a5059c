"""Programs that a test starts beside itself."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

WAIT = "print('up', flush=True); input()"
"""What a Python runs that says that it is up, and then waits."""


@contextmanager
def running() -> Iterator[Callable[..., subprocess.Popen]]:
    """Give a function that starts a process and waits until it says `up`; end all of them."""
    started: list[subprocess.Popen] = []

    def start(*command: str | Path, **options: object) -> subprocess.Popen:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **options
        )
        started.append(process)
        assert process.stdout.readline() == b"up\n"
        return process

    try:
        yield start
    finally:
        for process in started:
            process.kill()
            process.communicate()


def rows_of(program: Path, scenario: str, base: Path, *how: str) -> list[dict]:
    """Run a program that does a scenario and is interrupted in it; return a row for each time."""
    done = subprocess.run(
        [sys.executable, program, scenario, base, *how],
        env={**os.environ, "HOME": str(base)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]
