"""The program, run in a process of its own."""

import atexit
import json
import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from support.contract import check_output

FORKER = Path(__file__).with_name("forker.py")
SECONDS = 120


@lru_cache
def _forker() -> subprocess.Popen:
    process = subprocess.Popen(
        [sys.executable, "-P", FORKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    atexit.register(process.communicate)
    return process


def run_program(
    *arguments: str, environ: Mapping[str, str], cwd: Path, code: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run a command as `python -m envdeck` would, with nothing to read and its output kept.

    `code` prepares its process first. How an interpreter starts, and what it makes of arguments,
    streams and a locale, is tested with a real start.
    """
    with tempfile.TemporaryDirectory(prefix="program-") as folder:
        out, err = (Path(folder, name) for name in ("out", "err"))
        asked = {"arguments": arguments, "environ": dict(environ), "cwd": os.fspath(cwd)}
        asked |= {"out": str(out), "err": str(err), "code": code}
        forker = _forker()
        forker.stdin.write(json.dumps(asked).encode() + b"\n")
        forker.stdin.flush()
        if not select.select([forker.stdout], [], [], SECONDS)[0]:
            forker.kill()
            raise subprocess.TimeoutExpired(arguments, SECONDS)
        ended = int(forker.stdout.readline())
        texts = [each.read_text(encoding="utf-8", errors="replace") for each in (out, err)]
        check_output(arguments, texts[0])
        return subprocess.CompletedProcess(arguments, ended, *texts)
