"""The clock of tests with a screen, which passes over the time in which nothing happens."""

import asyncio
import subprocess
import sys
from threading import Thread

import pytest

from support.clock import idle_time_skipped
from support.private_names import find_private


async def test_hours_pass_at_once_and_in_their_order():
    loop, woken = asyncio.get_running_loop(), []

    async def wake(hours: int) -> None:
        await asyncio.sleep(hours * 3600)
        woken.append((hours, round(loop.time() - began)))

    with idle_time_skipped(loop):
        began = loop.time()
        await asyncio.gather(*(wake(hours) for hours in (3, 1, 2)))
    assert woken == [(1, 3600), (2, 7200), (3, 10800)]


async def test_what_a_thread_does_is_waited_for():
    loop, answer = asyncio.get_running_loop(), asyncio.Event()

    def work() -> None:
        subprocess.run([sys.executable, "-c", "pass"], check=True, timeout=60)
        loop.call_soon_threadsafe(answer.set)

    with idle_time_skipped(loop):
        thread = Thread(target=work)
        thread.start()
        await asyncio.wait_for(answer.wait(), 60)
        thread.join()


async def test_time_stands_still_while_the_loop_works():
    loop = asyncio.get_running_loop()
    with idle_time_skipped(loop):
        began = loop.time()
        for _ in range(1000):
            await asyncio.sleep(0)
        assert loop.time() == began


def test_a_name_that_textual_has_no_more_is_said():
    with pytest.raises(pytest.UsageError, match=r"has no textual\._time:was_renamed, which the"):
        find_private("textual._time:was_renamed")
