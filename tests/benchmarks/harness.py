"""Paired timing: two things take turns, so that what else the machine does hits both alike.

A figure is the median over all rounds; a ratio is that of the medians. Absolute times differ
from machine to machine, ratios to a peer within one run last.
"""

import gc
import importlib.util
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

Returned = TypeVar("Returned")

ENTRY = "import sys; from envdeck.__main__ import main; sys.argv[0] = 'envdeck'; sys.exit(main())"
"""What the installed `envdeck` script does, for the interpreter that runs us."""


@dataclass(frozen=True)
class Outcome:
    """One row of the table."""

    what: str
    measured: str
    bar: str
    holds: bool | None
    """None where nothing was promised: the row informs."""
    detail: str = ""


@dataclass
class Times:
    """Seconds, one a round."""

    seconds: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    def add(self, action: Callable[[], Returned]) -> Returned:
        """Time a call, and return what it returns."""
        start = time.perf_counter()
        returned = action()
        self.seconds.append(time.perf_counter() - start)
        return returned

    def __str__(self) -> str:
        """Median, and from least to most."""
        low, high = min(self.seconds), max(self.seconds)
        return f"{_ms(self.median)} ms ({_ms(low)}–{_ms(high)})"


def _ms(seconds: float) -> str:
    value = seconds * 1000
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def paired(
    ours: Callable[[], object],
    peer: Callable[[], object],
    rounds: int,
    warm: int = 1,
    before: Callable[[], object] | None = None,
) -> tuple[Times, Times]:
    """Run A B A B; `warm` unmeasured rounds before fill the disk cache for both. What `before`
    does ahead of each round is not measured."""
    first, second = Times(), Times()
    for number in range(warm + rounds):
        if before is not None:
            before()
        for times, action in ((first, ours), (second, peer)):
            seconds = timed(action)
            if number >= warm:
                times.seconds.append(seconds)
    return first, second


def timed(action: Callable[[], object]) -> float:
    """Return how long a call takes. Garbage is collected before, not within."""
    gc.collect()
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def ratio(what: str, ours: Times, peer: Times, bar: float, peer_name: str) -> Outcome:
    """Return the row of a paired measurement with an upper bar."""
    measured = ours.median / peer.median
    return Outcome(
        what,
        f"{measured:.3f}" if measured < 0.1 else f"{measured:.2f}",
        f"≤ {bar:.2f}",
        measured <= bar,
        f"{ours} against {peer_name} {peer}",
    )


def child_environment(home: str) -> dict[str, str]:
    """Return the environment variables of a measured process: the synthetic home, no variable
    of ours that could lead elsewhere, and the package that we measure."""
    kept = ("LANG", "LC_ALL", "SYSTEMROOT", "TMPDIR")
    variables = {name: os.environ[name] for name in kept if name in os.environ}
    return variables | {
        "HOME": home,
        "PATH": os.defpath.strip(":"),
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "PYTHONPATH": source_folder(),
        "PYTHONIOENCODING": "utf-8",
    }


def source_folder() -> str:
    """Return the folder that the measured package is imported from."""
    spec = importlib.util.find_spec("envdeck")
    if spec is None or spec.origin is None:
        raise SystemExit("error: envdeck cannot be imported\nhint: pip install -e .")
    return os.path.dirname(os.path.dirname(spec.origin))


def envdeck(*arguments: str) -> list[str]:
    """Return the command line of an `envdeck` process."""
    return [sys.executable, "-c", ENTRY, *arguments]


def run(command: Sequence[str], variables: dict[str, str], folder: str | None = None) -> bytes:
    """Run a command to its end, in a folder, and return what it printed.

    Raises:
        SystemExit: it failed; then its time would mean nothing.
    """
    done = subprocess.run(command, env=variables, cwd=folder, capture_output=True, check=False)
    if done.returncode:
        raise SystemExit(f"error: {command[0]} failed: {done.stderr.decode(errors='replace')}")
    return done.stdout


def exhaust(stream: Iterable[object]) -> int:
    """Read a stream to its end; return how many things came."""
    return sum(1 for _ in stream)


def forget(home: str) -> None:
    """Remove the index of a synthetic home, so that the next look is the first."""
    shutil.rmtree(os.path.join(home, ".cache", "envdeck"), ignore_errors=True)


@contextmanager
def fresh_folder() -> Iterator[str]:
    """Give an empty folder, gone afterwards."""
    path = tempfile.mkdtemp(prefix="envdeck-benchmark-")
    try:
        yield path
    finally:
        shutil.rmtree(path)
