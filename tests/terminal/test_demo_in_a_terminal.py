"""`envdeck demo` as a person starts and leaves it, in a pseudo-terminal."""

import os
import signal

import pytest

from support.terminal import Terminal, restored


@pytest.fixture
def demo(tmp_path, monkeypatch):
    """Start the demo, with a folder of its own for what is temporary."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    started = []

    def begun(*arguments):
        started.append(Terminal("-m", "envdeck", "demo", *arguments, columns=110, lines=32))
        return started[-1], folder

    yield begun
    for each in started:
        each.close()


def test_something_is_deleted_and_taken_back_and_nothing_stays(demo):
    screen, folder = demo()
    screen.until(lambda: "Take a one-minute tour?" in screen.text)
    screen.press("\x1b")
    screen.until_gone("one-minute tour")
    screen.until(lambda: "28 environments" in screen.text and "reclaimable" in screen.text)
    screen.press("/csv-janitor\r")
    screen.until(lambda: "1 of 28" in screen.text)
    screen.press("d")
    screen.until(lambda: "Steps" in screen.text)
    screen.press("y")
    screen.until(lambda: "0 of 27" in screen.text)
    screen.press("z")
    screen.until(lambda: "Steps" in screen.text)
    screen.press("y")
    screen.until(lambda: "1 of 28" in screen.text)
    screen.press("\x11")
    assert screen.ended() == 0
    assert restored(screen)
    assert os.listdir(folder) == []
    assert "demo removed" in screen.raw


def test_the_walkthrough_of_the_clone_is_in_front_when_asked_for(demo):
    screen, folder = demo("--onboard")
    screen.until(lambda: "Project setup" in screen.text and "2 of 8 done" in screen.text)
    screen.press("\x11")
    assert screen.ended() == 0
    assert os.listdir(folder) == []


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (signal.SIGTERM, "28 environments"),
        (signal.SIGHUP, "creating the demo"),
        pytest.param(signal.SIGTERM, "creating the demo", marks=pytest.mark.slow),
        pytest.param(signal.SIGHUP, "28 environments", marks=pytest.mark.slow),
    ],
)
def test_a_signal_leaves_nothing_whenever_it_comes(demo, number, words):
    screen, folder = demo()
    screen.until(lambda: words in screen.text)
    os.kill(screen.pid, number)
    assert screen.ended() in {128 + number, 130}
    assert os.listdir(folder) == []


def test_the_next_one_removes_what_a_killed_one_left(demo):
    killed, folder = demo()
    killed.until(lambda: "28 environments" in killed.text)
    os.kill(killed.pid, signal.SIGKILL)
    assert killed.ended() == -signal.SIGKILL
    (left,) = os.listdir(folder)
    screen, _ = demo()
    screen.until(lambda: "28 environments" in screen.text)
    assert left not in os.listdir(folder)
    os.kill(screen.pid, signal.SIGTERM)
    screen.ended()
    assert os.listdir(folder) == []
    assert "leftover demo" in screen.raw
