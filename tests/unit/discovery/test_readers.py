"""Threads that read ahead of the walk: the answers of one, whatever the disk does."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import pytest

from envdeck.core.discovery import readers as module
from envdeck.core.discovery import walk as walking
from envdeck.core.discovery.prune import Prune
from envdeck.core.discovery.readers import SAMPLE, Readers
from envdeck.core.discovery.walk import Tick, Walk
from envdeck.core.model import Unreadable

PATIENCE = 60


@pytest.fixture
def several():
    """Threads from the first folder on, as on a slow disk."""
    made = Readers(8)
    made.count = 8
    yield made
    made.close()


@pytest.fixture
def tree(home, make_venv):
    for number in range(12):
        folder = home / f"p{number}" / "src" / "deep"
        folder.mkdir(parents=True)
        (folder.parent.parent / "pyproject.toml").touch()
        if number % 3 == 0:
            make_venv(folder / ".venv")
        if number % 4 == 0:
            (folder / "link").symlink_to(home / "p1")
    return str(home)


class Memory:
    """Records in a list; a walk keeps what it reads."""

    def __init__(self):
        self.records = []

    def __iter__(self):
        before, self.records = self.records, []
        self.keep = self.records.append
        return iter(before)

    def put(self, record, _before, _changed):
        self.records.append(record)


def hits(root, readers, memory=None, stopped=lambda: False):
    walk = Walk(root, Prune(), memory, stopped, readers=readers)
    return [hit for hit in walk if not isinstance(hit, Tick)], walk.visited


def test_any_number_of_threads_gives_the_same_in_the_same_order(tree, several):
    alone, beside = Memory(), Memory()
    expected = hits(tree, Readers(1), alone)
    assert hits(tree, several, beside) == expected
    assert alone.records == beside.records
    assert len(expected[0]) > 12
    os.mkdir(os.path.join(tree, "p5", "new"))
    assert hits(tree, several, beside) == hits(tree, Readers(1), alone)
    assert alone.records == beside.records
    shutil.rmtree(os.path.join(tree, "p9", "src"))
    os.symlink(os.path.join(tree, "p1"), os.path.join(tree, "p9", "src"))
    shutil.rmtree(os.path.join(tree, "p2"))
    found = hits(tree, several, beside)
    assert found == hits(tree, Readers(1), alone)
    assert sorted(map(repr, found[0])) == sorted(map(repr, hits(tree, Readers(1))[0]))
    assert alone.records == beside.records


def test_what_cannot_be_read_is_told_and_what_vanishes_is_not(tree, several, monkeypatch):
    read = walking.list_folder

    def list_folder(path, names, *, windows=False):
        if path.endswith(("p3", "p4")):
            raise PermissionError(13, "Permission denied", path)
        if path.endswith(("p6", "p7")):
            raise FileNotFoundError(2, "No such file or directory", path)
        return read(path, names, windows=windows)

    monkeypatch.setattr(walking, "list_folder", list_folder)
    found, _ = hits(tree, several)
    told = {os.path.basename(one.path) for one in found if isinstance(one, Unreadable)}
    assert told == {"p3", "p4"}
    assert found == hits(tree, Readers(1))[0]


def test_a_fault_in_a_thread_is_raised_in_the_walk(tree, several, monkeypatch):
    def fail(*_args, **_options):
        raise ValueError("a fault of ours")

    monkeypatch.setattr(walking, "list_folder", fail)
    with pytest.raises(ValueError, match="a fault of ours"):
        hits(tree, several)


def test_a_walk_ends_when_stopped_though_every_thread_hangs(tree, several, monkeypatch):
    answers, asked, stop = threading.Event(), threading.Semaphore(0), threading.Event()
    read = walking.list_folder

    def list_folder(path, names, *, windows=False):
        if path != tree:
            asked.release()
            answers.wait(PATIENCE)
        return read(path, names, windows=windows)

    monkeypatch.setattr(walking, "list_folder", list_folder)
    try:
        walk = threading.Thread(target=hits, args=(tree, several, None, stop.is_set), daemon=True)
        walk.start()
        for _ in range(8):
            assert asked.acquire(timeout=PATIENCE)
        stop.set()
        walk.join(PATIENCE)
        assert not walk.is_alive()
        assert not answers.is_set()
    finally:
        answers.set()


def test_a_stop_is_seen_within_a_tenth_of_a_second():
    assert module._PATIENCE < 0.1


def test_one_folder_that_hangs_leaves_the_others_to_be_read(tree, several, monkeypatch):
    answers, others = threading.Event(), threading.Semaphore(0)
    read = walking.list_folder

    def list_folder(path, names, *, windows=False):
        if path.endswith("p11"):
            answers.wait(PATIENCE)
        elif path != tree:
            others.release()
        return read(path, names, windows=windows)

    monkeypatch.setattr(walking, "list_folder", list_folder)
    walk = threading.Thread(target=hits, args=(tree, several), daemon=True)
    walk.start()
    try:
        for _ in range(20):
            assert others.acquire(timeout=PATIENCE)
        assert walk.is_alive()
    finally:
        answers.set()
    walk.join(PATIENCE)
    assert not walk.is_alive()


def measured(readers, read):
    readers.serve(read, lambda _value: ())
    while readers.measures:
        readers.measure(lambda: read(""))
    return readers.count


def test_threads_are_called_for_where_the_disk_keeps_one_waiting():
    assert measured(Readers(), lambda _path: time.sleep(0.002)) > 2
    assert measured(Readers(4), lambda _path: time.sleep(0.002)) == 4
    assert measured(Readers(), lambda _path: None) == 1
    assert measured(Readers(), lambda _path: sum(range(20_000))) == 1


def test_a_disk_that_stays_quick_is_measured_less_often_and_one_that_slows_down_is_noticed():
    readers = Readers()
    assert measured(readers, lambda _path: None) == 1
    taken = []
    for _ in range(16):
        readers.sample()
        taken.append(readers.measures)
        while readers.measures:
            readers.measure(lambda: None)
    assert taken[:9] == [False, True, *[False, False, True], *[False, False, False, True]]
    assert sum(taken[9:]) == 1
    for _ in range(4):
        readers.sample()
    while readers.measures:
        readers.measure(lambda: time.sleep(0.002))
    assert readers.count > 2


class Disk:
    """A clock and a count of waits that go on as folders are read, and by nothing else."""

    def __init__(self, monkeypatch, *, seconds, blocks):
        self.seconds, self.blocks = seconds, blocks
        self.asked = 0
        clock = SimpleNamespace(
            perf_counter=lambda: self.asked * self.seconds, thread_time=lambda: self.asked * 1e-5
        )
        monkeypatch.setattr(module, "time", clock)
        monkeypatch.setattr(module, "_TELLS_WAITS", True)
        waits = lambda: module._Waits(self.asked, self.asked * self.blocks)  # noqa: E731
        monkeypatch.setattr(module, "_waits", waits)

    def read(self, _path):
        self.asked += 1


def test_a_disk_that_is_asked_for_each_of_the_first_folders_is_told_from_few(monkeypatch):
    cold = Disk(monkeypatch, seconds=0.0003, blocks=1)
    assert measured(Readers(), cold.read) == 16
    assert cold.asked == 4
    quicker = Disk(monkeypatch, seconds=0.0001, blocks=1)
    assert measured(Readers(), quicker.read) == 10
    assert quicker.asked == 4
    remembered = Disk(monkeypatch, seconds=0.0003, blocks=0)
    measured(Readers(), remembered.read)
    assert remembered.asked == SAMPLE
    quick = Disk(monkeypatch, seconds=0.00002, blocks=1)
    assert measured(Readers(), quick.read) == 1
    assert quick.asked == SAMPLE


def test_threads_go_on_with_thousands_while_the_walk_waits_for_one(several):
    answers, others = threading.Event(), threading.Semaphore(0)
    names = [str(number) for number in range(3_000)]

    def read(path):
        if path == "slow":
            answers.wait(PATIENCE)
        elif path != "root":
            others.release()
        return path

    several.serve(read, lambda path: [*names, "slow"] if path == "root" else ())
    assert several.fetch("root", (), lambda: False).value == "root"
    waiting = threading.Thread(target=several.fetch, args=("slow", (), lambda: False), daemon=True)
    waiting.start()
    try:
        for _ in names:
            assert others.acquire(timeout=PATIENCE)
        assert waiting.is_alive()
        assert several.fetch("7", (), lambda: False).value == "7"
        assert not others.acquire(blocking=False)
    finally:
        answers.set()
    waiting.join(PATIENCE)
    assert not waiting.is_alive()


def test_one_thread_alone_is_never_measured():
    readers = Readers(1)
    readers.serve(str, lambda _value: ())
    assert not readers.measures
    assert readers.count == 1


def test_where_the_disk_is_not_asked_any_more_one_thread_goes_on(monkeypatch):
    monkeypatch.setattr(module, "_STRETCH", SAMPLE)
    readers = Readers(4)
    readers.serve(str, lambda _value: ())
    readers.count, readers._local = 4, True
    for number in range(SAMPLE):
        assert readers.fetch(str(number), (), lambda: False).value == str(number)
    assert readers.count == 1
    readers.close()


def test_the_threads_end_with_the_scan(several, tree):
    hits(tree, several)
    threads = [one for one in threading.enumerate() if one.name == "envdeck-reader"]
    assert all(one.daemon for one in threads)
    several.close()
    for one in threads:
        one.join(PATIENCE)
    assert not any(one.is_alive() for one in threads)


KILLED = """
import os, sys, time
from envdeck.core.discovery import readers, walk
init, read = readers.Readers.__init__, walk.list_folder
def start(self, most=None):
    init(self, most)
    self.count = 8
def list_folder(path, names, *, windows=False):
    if "/p3/" in path:
        print("reads", flush=True)
        time.sleep(60)
    return read(path, names, windows=windows)
readers.Readers.__init__, walk.list_folder = start, list_folder
from envdeck.__main__ import main
main(["list", "--no-size", "--json"])
"""


def test_a_kill_in_the_midst_of_a_scan_leaves_a_whole_answer_to_the_next(tree):
    environ = {**os.environ, "HOME": tree}
    command = [sys.executable, "-c", KILLED]
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "reads\n"
        process.send_signal(signal.SIGKILL)
        assert process.wait(PATIENCE) == -signal.SIGKILL
    command = [sys.executable, "-m", "envdeck", "list", "--no-size"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "4 environments" in done.stdout
