"""Real operations on a real environment, killed at any moment: it is the old one or the new one.

The long run (`-m kill`) kills at every fourth system call of the transaction, after each entry of
the journal, and at moments drawn by lot while the installer runs; the usual run takes a sample.
How many kills a run was is in the property `kills` of its tests (`--junit-xml=FILE
-o junit_family=xunit1`).
"""

import os
import random
import shutil
import subprocess
import time
from contextlib import suppress

import pytest

ACTIONS = ("recreate", "upgrade", "install", "create")


def world(real, action: str) -> tuple[str, str]:
    """Do it once to its end and take it back; return what is there before and after."""
    if action == "create":
        shutil.rmtree(real.path)
    old = real.here()
    ended = real.run(action)
    assert ended.startswith("ended done"), ended
    new = real.here()
    assert new != old
    back(real, old)
    return old, new


def back(real, old: str) -> None:
    """Take back what was done."""
    result = real.operations.run(real.operations.plan_undo(), lambda _event: None)
    assert result.status == "done", result
    assert real.here() == old


def hold(real, states: tuple[str, str], outside: str, marks: str) -> None:
    """Recover, and check what is there; leave the old state. `marks` are those of the old one."""
    old, new = states
    real.recover()
    now = real.here()
    assert now in states
    assert real.outside() == outside
    assert real.strays() == []
    assert real.operations.recover() == ()
    assert real.here() == now
    if now != "nothing":
        assert real.imports() in {"1.0", "2.0"}
        assert real.here() == now
    if now == new:
        back(real, old)
    assert real.marks() == marks


def kill_at(real, action: str, how: str, numbers, record_property) -> None:
    states, outside, marks = world(real, action), real.outside(), real.marks()
    for number in numbers:
        ended = real.run(action, how, str(number))
        hold(real, states, outside, marks)
        if ended:
            break
    assert real.kills
    record_property("kills", real.kills)


@pytest.mark.kill
@pytest.mark.parametrize("start", range(1, 5))
@pytest.mark.parametrize("action", ACTIONS)
def test_killed_at_system_calls(real, action, start, record_property):
    kill_at(real, action, "call", range(start * 2, 1000, 8), record_property)


@pytest.mark.kill
@pytest.mark.parametrize("action", ACTIONS)
def test_killed_after_each_entry_of_the_journal(real, action, record_property):
    kill_at(real, action, "phase", range(1, 100), record_property)


@pytest.mark.parametrize(
    ("action", "calls"), [("recreate", (50, 100)), ("upgrade", (130,)), ("install", (130,))]
)
def test_killed_at_some_system_calls(real, action, calls, record_property):
    kill_at(real, action, "call", calls, record_property)


def kill_now(program) -> None:
    """Kill the program alone: the installer that it started runs on."""
    program.kill()  # nothing where it has ended by itself
    program.communicate(timeout=60)


@pytest.mark.kill
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("action", ACTIONS)
def test_killed_at_random_moments(real, action, seed, record_property):
    states, outside, marks = world(real, action), real.outside(), real.marks()
    lot = random.Random(seed)
    began = time.monotonic()
    assert real.run(action).startswith("ended done")
    longest = time.monotonic() - began
    back(real, states[0])
    for _ in range(8):
        with real.start(action) as program:
            assert program.stdout.readline().startswith("step")
            with suppress(subprocess.TimeoutExpired):
                program.wait(lot.random() * longest * 0.7)
            kill_now(program)
        real.kills += program.returncode == -9
        hold(real, states, outside, marks)
    record_property("kills", real.kills)


def test_an_orphaned_installer_is_waited_for(real, record_property):
    wait, started = real.add_slow()
    old, outside, marks = real.here(), real.outside(), real.marks()
    wait.touch()
    with real.start("recreate") as program:
        deadline = time.monotonic() + 60
        while not started.exists():
            assert time.monotonic() < deadline
            assert program.poll() is None, program.communicate()
            time.sleep(0.01)
        kill_now(program)
    (entry,) = real.operations.pending()
    assert real.operations.recover() == ()  # the installer works on it
    assert real.operations.pending() == (entry,)
    assert os.path.isdir(os.path.join(entry.item, "environment"))
    environment = real.operations.catalog.lookup(str(real.path))
    plan = real.operations.plan_delete([environment], allow=frozenset({"unowned-files", "in-use"}))
    refused = real.operations.run(plan, lambda _event: None)
    assert refused.status == "refused"
    assert entry.id in refused.message
    assert real.here() == old
    wait.unlink()
    hold(real, (old, ""), outside, marks)
    assert real.operations.history()[0].entry.phase == "rolled-back"
    record_property("kills", 1)


def test_of_two_that_make_it_anew_one_wins(real):
    wait, started = real.add_slow()
    old = real.here()
    wait.touch()
    with real.start("recreate") as first:
        deadline = time.monotonic() + 60
        while not started.exists():
            assert time.monotonic() < deadline
            assert first.poll() is None, first.communicate()
            time.sleep(0.01)
        said = real.run("recreate")
        assert said.startswith("ended refused"), said
        assert f"in use by process {first.pid}" in said
        assert real.operations.recover() == ()
        wait.unlink()
        out, errors = first.communicate(timeout=60)
    assert out.splitlines()[-1].startswith("ended done"), out + errors
    assert real.here() != old
    assert real.imports() == "1.0"
    assert len(real.operations.trash()) == 1
    assert real.strays() == []
