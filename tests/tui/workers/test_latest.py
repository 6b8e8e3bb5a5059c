"""Work in threads: the newest request is answered, older ones are not."""

import asyncio
import threading
import time

import pytest
from textual.app import App
from textual.widget import Widget

from envdeck.tui.base.messages import OutcomeSaid
from envdeck.tui.workers.latest import Latest


class Harness(App):
    """One widget, and what is said to it."""

    def __init__(self) -> None:
        super().__init__()
        self.widget, self.said, self.answers, self.failures = Widget(), [], [], []

    def compose(self):
        yield self.widget

    def on_outcome_said(self, message: OutcomeSaid) -> None:
        self.said.append((message.text, message.failed))


class Work:
    """Work that goes on until it is let."""

    def __init__(self, answer) -> None:
        self.answer, self.begun, self.go, self.over = answer, *(threading.Event() for _ in "123")

    def __call__(self, stopped):
        self.stopped, self.thread = stopped, threading.current_thread()
        self.begun.set()
        assert self.go.wait(60)
        self.over.set()
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


async def until(condition, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        await asyncio.sleep(0.002)


async def finish(*works: Work) -> None:
    """Let work end, and the widget take what it says."""
    for work in works:
        work.go.set()
        await until(work.over.is_set)
    for _ in range(5):
        await asyncio.sleep(0.01)


async def test_the_newest_request_is_answered_alone() -> None:
    app = Harness()
    async with app.run_test():
        latest = Latest(app.widget, app.answers.append)
        old, new = Work("old"), Work("new")
        latest.request(old)
        await until(old.begun.is_set)
        assert not old.stopped()
        latest.request(new)
        await until(new.begun.is_set)
        assert old.stopped()
        await finish(new, old)
        await until(lambda: app.answers == ["new"])
        assert new.thread.daemon


async def test_what_is_cancelled_is_not_answered() -> None:
    app = Harness()
    async with app.run_test():
        latest = Latest(app.widget, app.answers.append, app.failures.append)
        for work in (Work("answer"), Work(OSError("odd disk"))):
            latest.request(work)
            await until(work.begun.is_set)
            latest.cancel()
            assert work.stopped()
            await finish(work)
        assert app.answers == app.failures == app.said == []


async def test_a_failure_is_handed_over_or_said() -> None:
    app = Harness()
    async with app.run_test():
        for failed in (app.failures.append, None):
            work = Work(OSError("odd disk"))
            Latest(app.widget, app.answers.append, failed).request(work)
            await finish(work)
        await until(lambda: app.failures == ["OSError: odd disk"])
        await until(lambda: app.said == [("OSError: odd disk", True)])
        assert app.answers == []


@pytest.mark.parametrize("answer", ["second", OSError("odd disk")])
async def test_the_newest_waits_where_enough_threads_are_busy(answer) -> None:
    app = Harness()
    begun = []
    async with app.run_test():
        latest = Latest(app.widget, app.answers.append, at_once=2)
        works = [Work("first"), Work(answer), Work("third"), Work("fourth")]
        for number, work in enumerate(works):
            latest.request(work, begun=lambda number=number: begun.append(number))
        assert begun == [0, 1]
        await finish(works[1])
        await until(works[3].begun.is_set)
        assert begun == [0, 1, 3]
        await finish(works[0], works[3])
        await until(lambda: app.answers == ["fourth"])
        assert not works[2].begun.is_set()


async def test_what_is_replaced_during_its_pause_never_runs() -> None:
    app = Harness()
    async with app.run_test():
        latest = Latest(app.widget, app.answers.append)
        old, new = Work("old"), Work("new")
        latest.request(old, pause=60)
        assert latest.is_paused
        latest.request(new, pause=0.01)
        await finish(new)
        await until(lambda: app.answers == ["new"])
        assert not latest.is_paused
        assert not old.begun.is_set()


async def test_nobody_is_answered_once_the_widget_is_gone() -> None:
    app = Harness()
    async with app.run_test():
        work = Work("late")
        Latest(app.widget, app.answers.append).request(work)
        await until(work.begun.is_set)
        await app.widget.remove()
        assert work.stopped()
        await finish(work)
        assert app.answers == app.said == []
