"""The way from a scan's thread to the screen."""

import threading
import time

import pytest

from envdeck.core.model import Finished, Found, FoundInterpreter, Notice, Progress, Unreadable
from envdeck.tui.base.messages import OutcomeSaid
from envdeck.tui.workers import run_in_thread
from envdeck.tui.workers.scan import BATCH, ScanBatch, ScanFeed, Vanished


def wait(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.001)


def drained(feed):
    """Everything a scan says, in batches."""
    batches = []

    def over():
        batches.append(feed.drain())
        return feed.idle

    wait(over)
    return batches


def test_events_arrive_sorted_by_what_they_are_the_newest_last(made_up):
    one = made_up.environment()
    events = [
        Found(made_up.environment(packages=1)),
        Found(one),
        FoundInterpreter(made_up.INTERPRETERS[0]),
        Progress(1, 0, 0.1),
        Progress(2, 1, 0.2),
        Unreadable("/root", "permission denied"),
        Notice("no memory", "a hint"),
        *made_up.sized([one])[1:],
    ]
    feed = ScanFeed(made_up.MemorySource(events=events), None)
    feed.start()
    assert feed.running
    batches = drained(feed)
    batch = next(each for each in batches if each.found)
    assert batch.found == {one.path: one}
    assert batch.progress == Progress(2, 1, 0.2)
    assert [each.reason for each in batch.unreadable] == ["permission denied"]
    assert batch.notices[0].hint == "a hint"
    assert batch.sizes == {one.path: one.size}
    assert len(batch.interpreters) == 1
    assert any(isinstance(each.finished, Finished) for each in batches)
    assert not feed.running


def test_a_drain_takes_no_more_than_a_batch(made_up):
    feed = ScanFeed(made_up.MemorySource(made_up.many(BATCH + 50)), None)
    feed.start()
    sizes = [len(batch.found) for batch in drained(feed)]
    assert sum(sizes) == BATCH + 50
    assert max(sizes) <= BATCH


def test_a_stopped_scan_ends_and_what_it_found_is_drained(made_up):
    held = made_up.MemorySource(made_up.many(3), hold=lambda: True)
    feed = ScanFeed(held, None)
    feed.start()
    found = {}
    wait(lambda: found.update(feed.drain().found) or len(found) == 3)
    feed.stop()
    assert not feed.running
    finished = [batch.finished for batch in drained(feed) if batch.finished]
    assert [each.complete for each in finished] == [False]


def test_a_scan_that_was_replaced_is_never_heard_again(made_up):
    release = threading.Event()
    late = made_up.environment("/late/.venv")

    class Slow(made_up.MemorySource):
        def scan(self, scope, stopped=lambda: False):
            self.scans += 1
            if self.scans == 1:
                release.wait(60)
                yield Found(late)
            yield Finished((), 0, 0, 0.0, complete=True)

    source = Slow()
    feed = ScanFeed(source, None)
    feed.start()
    wait(lambda: source.scans == 1)
    feed.start()
    release.set()
    assert all(not batch.found for batch in drained(feed))


def test_what_is_asked_for_anew_is_read_and_measured_before_the_scan(made_up):
    here, gone = made_up.environment("/a/.venv"), made_up.environment("/b/.venv")
    source = made_up.MemorySource(events=[], vanished=frozenset({gone.path}))
    feed = ScanFeed(source, None)
    feed.start([here, gone])
    batches = drained(feed)
    found = {path: each for batch in batches for path, each in batch.found.items()}
    assert found[here.path].size.disk_bytes == 50_000_000
    assert [path for batch in batches for path in batch.vanished] == [gone.path]
    assert source.scans == 1


def test_one_that_is_there_again_is_not_taken_away(made_up):
    again = made_up.environment("/a/.venv")
    batch = ScanBatch()
    for event in (Vanished(again.path), Found(again)):
        batch.add(event)
    assert not batch.vanished
    assert again.path in batch.found
    batch.add(Vanished(again.path))
    assert not batch.found
    assert list(batch.vanished) == [again.path]


def test_a_scan_that_fails_says_so_and_keeps_what_it_found(made_up):
    source = made_up.MemorySource(made_up.many(2), failure=ValueError("odd disk"))
    feed = ScanFeed(source, None)
    feed.start()
    batches = drained(feed)
    assert sum(len(batch.found) for batch in batches) == 2
    assert [batch.failed for batch in batches if batch.failed] == ["ValueError: odd disk"]


def test_background_work_posts_its_message_or_its_failure():
    posted = []
    run_in_thread(lambda: OutcomeSaid("done"), posted.append)
    run_in_thread(lambda: 1 / 0, posted.append)
    run_in_thread(lambda: None, posted.append)
    wait(lambda: len(posted) == 2)
    assert {(each.text, each.failed) for each in posted} == {
        ("done", False),
        ("ZeroDivisionError: division by zero", True),
    }


def test_background_work_that_ends_after_the_screen_is_passed_over():
    done = threading.Event()

    def closed(_message):
        done.set()
        raise RuntimeError("Event loop is closed")

    run_in_thread(lambda: OutcomeSaid("late"), closed)
    assert done.wait(60)


@pytest.mark.parametrize("name", ["envdeck-scan", "envdeck-background"])
def test_no_thread_keeps_the_program_from_ending(made_up, name):
    hold = threading.Event()
    feed = ScanFeed(made_up.MemorySource(hold=lambda: not hold.is_set()), None)
    feed.start()
    run_in_thread(lambda: hold.wait(60) and None, lambda _message: None)
    threads = [thread for thread in threading.enumerate() if thread.name == name]
    hold.set()
    assert threads
    assert all(thread.daemon for thread in threads)
