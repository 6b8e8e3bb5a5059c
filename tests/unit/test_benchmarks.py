"""The benchmarks run: what they time is there, and each comes to its end on small homes."""

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from benchmarks.__main__ import ALL
from benchmarks.operations_setting import PARTS

ROOT = Path(__file__).parents[2]
PEERS = {"whole_process"}
"""Those that install what they compare with."""


@pytest.mark.parametrize("name", ALL)
def test_every_benchmark_can_be_imported(name):
    assert callable(import_module(f"benchmarks.{name}").measure)


def test_every_step_that_is_timed_is_there():
    assert [name for owner, name in PARTS if not hasattr(owner, name)] == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [pytest.param(one, marks=pytest.mark.network if one in PEERS else ()) for one in ALL],
)
def test_a_benchmark_comes_to_its_end(tmp_path, name):
    command = [sys.executable, "-m", "tests.benchmarks", "--quick", "--only", name]
    variables = {**os.environ, "ENVDECK_BENCHMARK_DIR": str(tmp_path)}
    done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) > 4
