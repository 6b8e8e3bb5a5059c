"""Measuring many environments, alone and with help, and what happens when help fails."""

import sys
from dataclasses import replace
from queue import SimpleQueue

import pytest

from envdeck.core.inspection import size_pool as sizing
from envdeck.core.inspection.size_pool import SizeQueue, Sizer, Worker


@pytest.fixture
def folders(tmp_path):
    paths = []
    for number in range(12):
        folder = tmp_path / f"env {number} [b]\n"
        folder.mkdir()
        (folder / "file").write_bytes(b"x" * 1000 * number)
        (folder / "linked").hardlink_to(folder / "file")
        (tmp_path / f"outside{number}").hardlink_to(folder / "file")
        paths.append(str(folder))
    return paths


def plain(folders):
    """No package folders, whose RECORDs would be compared."""
    return dict.fromkeys(folders, ())


def sizes(answers):
    return {path: size for path, size, _ in answers}


def size_of(sizer, path):
    return sizer.measure(path)[1]


@pytest.fixture
def sizer(host):
    return Sizer(host, (), lambda: False)


@pytest.fixture
def helped(monkeypatch):
    """Ask for help at once, and for two processes wherever the tests run."""
    monkeypatch.setattr(sizing, "ALONE_SECONDS", -1.0)
    monkeypatch.setattr(sizing, "_helpers", lambda: 2)


def test_with_help_the_answers_are_the_same(sizer, folders, helped):
    alone = {path: size_of(sizer, path) for path in folders}
    assert alone[folders[3]].shared is not None
    assert sizes(sizer.measure_all(plain(folders))) == alone


def test_few_are_measured_without_help(sizer, folders, monkeypatch):
    monkeypatch.setattr(sizing, "COMMAND", ("/nowhere/python",))
    few = folders[:3]
    assert sizes(sizer.measure_all(plain(few))) == {path: size_of(sizer, path) for path in few}


def test_what_is_gone_has_no_size(sizer, folders, helped):
    missing = folders[0] + "-gone"
    assert sizes(sizer.measure_all(plain([*folders, missing])))[missing] is None


@pytest.mark.parametrize(
    "command",
    [
        ("/nowhere/python",),
        (sys.executable, "-c", "pass"),
        (sys.executable, "-c", "print('nonsense')"),
        (sys.executable, "-c", "print('[1, 2, 3]', flush=True); input(); input()"),
        (sys.executable, "-c", "print('[0, 0, 0, 0, false, 0, true, 1, 999]')"),
    ],
    ids=["not there", "ends", "nonsense", "too short", "ends within an answer"],
)
def test_help_that_fails_costs_no_answer(sizer, folders, command):
    waiting, done = SimpleQueue(), SimpleQueue()
    for wanted in (*plain(folders).items(), None):
        waiting.put(wanted)
    with Worker(sizer, waiting, done, command) as worker:
        answers = sizes(done.get(timeout=60) for _ in folders)
    assert answers == {path: size_of(sizer, path) for path in folders}
    assert not worker.alive


def test_stopping_ends_the_help(host, folders, helped):
    asked, many = [], plain(f"{one}/{n}" for n in range(50) for one in folders)

    def stopped():
        asked.append(True)
        return len(asked) > 3

    answers = list(Sizer(host, (), stopped).measure_all(many))
    assert len(answers) < len(folders) * 50


def test_leaving_early_ends_the_help(sizer, folders, helped):
    answers = sizer.measure_all(plain(folders))
    next(answers)
    answers.close()


def test_help_measures_while_more_is_to_come(sizer, folders, helped):
    answers = []
    with SizeQueue(sizer, len(folders)) as queue:
        for path in folders[:6]:
            queue.add(path, ())
        while not answers:
            answers += queue.ready()
        for path in folders[6:]:
            queue.add(path, ())
        answers += queue.rest()
    assert sizes(answers) == {path: size_of(sizer, path) for path in folders}
    assert len(answers) == len(folders)


def test_without_a_second_processor_nothing_is_measured_beside(sizer, folders, monkeypatch):
    monkeypatch.setattr(sizing, "ALONE_SECONDS", -1.0)
    monkeypatch.setattr(sizing, "_helpers", lambda: 1)
    with SizeQueue(sizer, len(folders)) as queue:
        for path in folders:
            queue.add(path, ())
        assert list(queue.ready()) == []
        assert sizes(queue.rest()) == {path: size_of(sizer, path) for path in folders}


def test_a_worker_that_is_left_measures_no_more(sizer, folders):
    waiting, done = SimpleQueue(), SimpleQueue()
    for _ in range(200_000):
        waiting.put((folders[0], ()))
    with Worker(sizer, waiting, done, ("/nowhere/python",)) as worker:
        done.get(timeout=60)
    assert not worker.alive


def test_the_worker_takes_its_time_from_us(sizer, folders, helped):
    size = sizes(sizer.measure_all(plain(folders)))[folders[0]]
    assert size.measured_at == sizer.host.now()
    assert replace(size, measured_at=0.0) != size
