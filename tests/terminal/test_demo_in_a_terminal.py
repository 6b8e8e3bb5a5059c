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

    def begun(*arguments, columns=110, lines=32):
        started.append(Terminal("-m", "envdeck", "demo", *arguments, columns=columns, lines=lines))
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
    screen.agree()
    screen.until(lambda: "0 of 27" in screen.text)
    screen.press("z")
    screen.until(lambda: "Steps" in screen.text)
    screen.agree()
    screen.until(lambda: "1 of 28" in screen.text)
    screen.press("\x11")
    assert screen.ended() == 0
    assert restored(screen)
    assert os.listdir(folder) == []
    assert "demo removed" in screen.raw


class Story:
    """Presses a key once the screen shows what it is for, and counts."""

    def __init__(self, screen, most):
        self.screen = screen
        self.left = most
        self.sees("Take a one-minute tour?")
        screen.press("\x1b")  # once and never again: not counted
        screen.until_gone("one-minute tour")
        self.sees("28 environments", "reclaimable", "B free")  # the scan is over

    def sees(self, *words):
        self.screen.until(lambda: all(one in self.screen.text for one in words))

    def press(self, key, *until):
        self.left -= 1
        assert self.left >= 0
        self.screen.press(key)
        self.sees(*until)

    def agrees(self, *until):
        self.left -= 1
        assert self.left >= 0
        self.screen.agree()
        self.sees(*until)

    def leaves(self):
        self.screen.press("\x11")
        assert self.screen.ended() == 0


SIZES = pytest.mark.parametrize(
    ("columns", "lines"), [(80, 24), pytest.param(120, 36, marks=pytest.mark.slow)]
)


@SIZES
def test_a_full_disk_has_room_again_after_at_most_ten_keys(demo, columns, lines):
    screen, _ = demo(columns=columns, lines=lines)
    one = Story(screen, most=10)
    one.press(" ", "1 marked")
    one.press(" ", "2 marked")
    one.press(" ", "3 marked")
    one.press("d", "Delete 3 environments", "Delete permanently (X)")
    one.press("X", "cannot be undone", "Delete 3 permanently (y)")
    one.agrees("25 environments", "3 environments permanently deleted", "MB freed")
    one.leaves()


@SIZES
def test_a_removed_base_is_mended_after_at_most_six_keys(demo, columns, lines):
    screen, _ = demo(columns=columns, lines=lines)
    one = Story(screen, most=6)
    one.press("P", "Base interpreter not found", "f: recreate the environment")
    one.press("f", "Fix 1 problem", "Recreate (y)")
    one.agrees("recreated ledger/.venv", "in 6 environments")
    one.leaves()


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
