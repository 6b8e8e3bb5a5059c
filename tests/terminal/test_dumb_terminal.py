"""A terminal that cannot place a cursor gets the plain list, as where there is no terminal."""

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize("term", ["dumb"])
def test_a_dumb_terminal_gets_the_list(term, home):
    ours, theirs = os.openpty()
    try:
        process = subprocess.run(
            [sys.executable, "-m", "envdeck", str(home)],
            stdin=theirs,
            stdout=theirs,
            stderr=subprocess.PIPE,
            env={**os.environ, "TERM": term, "HOME": str(home)},
            timeout=60,
            check=False,
        )
        said = os.read(ours, 4096).decode()
    finally:
        os.close(ours)
        os.close(theirs)
    assert process.returncode == 0
    assert "no environments found" in said
    assert "\x1b[?1049h" not in said
