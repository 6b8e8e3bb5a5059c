"""Counting beside the screen: one count at a time, the newest set last, a failure survived."""

import threading
import time
from functools import partial

from textual.events import Callback

from envdeck.core.model import JointSize
from envdeck.tui.base.messages import OutcomeSaid
from envdeck.tui.main.scan import TotalsCounter
from envdeck.tui.store import Totals


class Counting:
    """A source that counts when it is let."""

    def __init__(self) -> None:
        self.asked = []
        self.go = threading.Semaphore(0)
        self.failure = None

    def together(self, environments):
        self.asked.append(len(environments))
        assert self.go.acquire(timeout=60)
        if self.failure:
            raise self.failure
        return JointSize(len(environments) * 10, len(environments))


class Owner:
    """Keeps what a widget would do in its own task."""

    is_running = True

    def __init__(self) -> None:
        self.posted, self.timers = [], []

    def post_message(self, message):
        self.posted.append(message)

    def call_later(self, call, *arguments):
        self.post_message(Callback(callback=partial(call, *arguments)))

    def set_timer(self, _seconds, call):
        self.timers.append(call)


class Setting:
    def __init__(self) -> None:
        self.source, self.owner, self.told = Counting(), Owner(), []
        self.tally = TotalsCounter(
            self.owner, self.source, lambda: self.told.append(self.tally.totals)
        )

    def let(self):
        """Let one count end, take what it says, and let its rest pass."""
        self.source.go.release()
        end = time.monotonic() + 60
        while len(self.owner.posted) < 2:
            assert time.monotonic() < end
            time.sleep(0.001)
        calls, self.owner.posted[:] = [each.callback for each in self.owner.posted], []
        for call in calls:
            call()
        self.owner.timers.pop()()

    def asked(self, count):
        end = time.monotonic() + 60
        while len(self.source.asked) < count:
            assert time.monotonic() < end
            time.sleep(0.001)
        return self.source.asked


def sharing(made_up, count):
    return [made_up.environment(f"/w/{n}", size=made_up.size(10, 5)) for n in range(count)]


def test_what_shares_nothing_is_added_up_at_once(made_up):
    setting = Setting()
    setting.tally.count([made_up.environment(size=made_up.size(10)) for _ in range(3)])
    assert setting.tally.totals == Totals(30, 30)
    assert setting.source.asked == []


def test_one_count_at_a_time_and_the_newest_set_last(made_up):
    setting = Setting()
    setting.tally.count(sharing(made_up, 1))
    setting.asked(1)
    setting.tally.count(sharing(made_up, 2))
    setting.tally.count(sharing(made_up, 3))
    assert setting.source.asked == [1]
    setting.let()
    assert setting.tally.totals == Totals(10, 1), "the set has grown; this is better than nothing"
    assert setting.asked(2) == [1, 3]
    setting.let()
    assert setting.tally.totals == Totals(30, 3)


def test_what_was_counted_of_another_set_is_never_said(made_up):
    setting = Setting()
    setting.tally.count(sharing(made_up, 1), other=True)
    setting.asked(1)
    setting.tally.count(sharing(made_up, 2), other=True)
    setting.let()
    assert setting.tally.totals == Totals()
    setting.asked(2)
    setting.let()
    assert setting.tally.totals == Totals(20, 2)


def test_who_shows_the_totals_is_told_of_new_ones_alone(made_up):
    setting = Setting()
    setting.tally.count(sharing(made_up, 1), other=True)
    setting.asked(1)
    setting.tally.count(sharing(made_up, 2), other=True)
    setting.let()
    assert setting.told == []
    setting.asked(2)
    setting.let()
    assert setting.told == [Totals(20, 2)]


def test_a_failed_count_is_told_and_the_next_one_runs(made_up):
    setting = Setting()
    setting.source.failure = OSError("odd disk")
    setting.tally.count(sharing(made_up, 1))
    setting.asked(1)
    setting.let()
    assert setting.tally.totals == Totals()
    (said,) = setting.owner.posted
    assert isinstance(said, OutcomeSaid)
    assert said.text == "OSError: odd disk"
    setting.owner.posted.clear()
    setting.source.failure = None
    setting.tally.count(sharing(made_up, 2))
    setting.asked(2)
    setting.let()
    assert setting.tally.totals == Totals(20, 2)
