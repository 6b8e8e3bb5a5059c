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


class Story:
    """Presses a key once the screen shows what it is for, and counts."""

    def __init__(self, screen):
        self.screen = screen
        self.left = 0
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

    def goes_back(self, gone):
        self.screen.press("\x1b")
        self.screen.until_gone(gone)  # or it would be one key with the next

    def leaves(self):
        self.screen.press("\x11")
        assert self.screen.ended() == 0


SIZES = pytest.mark.parametrize(
    ("columns", "lines"), [(80, 24), pytest.param(120, 36, marks=pytest.mark.slow)]
)


@SIZES
def test_what_a_person_comes_for_takes_few_keys_and_nothing_stays(demo, columns, lines):
    screen, folder = demo(columns=columns, lines=lines)
    one = Story(screen)
    take_back_what_was_deleted(one)
    mend_what_lost_its_base(one)
    make_room_on_a_full_disk(one)
    one.leaves()
    assert restored(screen)
    assert os.listdir(folder) == []
    assert "demo removed" in screen.raw


def take_back_what_was_deleted(one):
    one.left = 6
    one.press("/csv-janitor\r", "1 of 28")
    one.press("d", "Steps")
    one.agrees("0 of 27")
    one.press("z", "Steps")
    one.agrees("1 of 28")
    one.goes_back("1 of 28")


def mend_what_lost_its_base(one):
    one.left = 6
    one.press("P", "Base interpreter not found", "f: recreate the environment")
    one.press("f", "Fix 1 problem", "Recreate (y)")
    one.agrees("recreated ledger/.venv", "in 6 environments")
    one.goes_back("in 6 environments")


def make_room_on_a_full_disk(one):
    one.left = 10
    one.press(" ", "1 marked")
    one.press(" ", "2 marked")
    one.press(" ", "3 marked")
    one.press("d", "Delete 3 environments", "Delete permanently (X)")
    one.press("X", "cannot be undone", "Delete 3 permanently (y)")
    one.agrees("25 environments", "3 environments permanently deleted", "MB freed")


def test_the_walkthrough_of_the_clone_is_in_front_when_asked_for(demo):
    screen, folder = demo("--onboard")
    screen.until(lambda: "Project setup" in screen.text and "2 of 8 done" in screen.text)
    screen.press("\x11")
    assert screen.ended() == 0
    assert os.listdir(folder) == []


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (signal.SIGHUP, "creating the demo"),
        pytest.param(signal.SIGTERM, "28 environments", marks=pytest.mark.slow),  # the next test
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
    killed.until(lambda: "creating the demo" in killed.text and os.listdir(folder))
    os.kill(killed.pid, signal.SIGKILL)
    assert killed.ended() == -signal.SIGKILL
    (left,) = os.listdir(folder)
    screen, _ = demo()
    screen.until(lambda: "28 environments" in screen.text)
    assert left not in os.listdir(folder)
    os.kill(screen.pid, signal.SIGTERM)
    assert screen.ended() in {128 + signal.SIGTERM, 130}
    assert os.listdir(folder) == []
    assert "leftover demo" in screen.raw
