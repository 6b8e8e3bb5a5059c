"""The walkthrough and the tour in a pseudo-terminal, as a person meets them: few, and thin."""

from pathlib import Path

import pytest

from support.terminal import Terminal, restored

PROGRAM = Path(__file__).with_name("walkthrough_program.py")


@pytest.fixture
def start():
    """Start programs, and end those that are left."""
    started = []

    def begun(*arguments, **size):
        started.append(Terminal(PROGRAM, *arguments, **size))
        return started[-1]

    yield begun
    for each in started:
        each.close()


def test_a_step_is_done_and_ticked_and_the_next_one_is_under_the_cursor(start):
    screen = start("walk")
    screen.until(lambda: "1 of 7 done" in screen.text)
    screen.press("\r")
    screen.until(lambda: "Show plan" in screen.text)
    screen.press("\r")
    screen.until(lambda: "Create (y)" in screen.text)
    screen.agree()
    screen.until(lambda: "2 of 7 done" in screen.text)
    screen.until(lambda: "Creating virtual environment at .venv" in screen.text)
    screen.until(lambda: "fail only at import" in screen.text)
    screen.resize(50, 15)
    screen.until(lambda: "? help" in screen.text and "2 of 7 done" in screen.text)
    screen.press("\x11")
    assert screen.ended() == 0
    assert restored(screen)


def test_the_tour_is_offered_on_the_first_start_alone(start, tmp_path):
    home = str(tmp_path)
    screen = start(home)
    screen.until(lambda: "Take a one-minute tour?" in screen.text)
    screen.press("\r")
    screen.until(lambda: "1 of 5" in screen.text)
    screen.press("l")
    screen.until(lambda: "2 of 5" in screen.text)
    screen.press("\r\r\r")
    screen.until(lambda: "5 of 5" in screen.text)
    screen.press("\r")
    screen.until_gone("5 of 5")
    screen.until(lambda: "No environments found" in screen.text)
    screen.press("\x11")
    assert screen.ended() == 0
    answer = tmp_path / ".local" / "state" / "envdeck" / "tour"
    assert answer.is_file()
    again = start(home)
    again.until(lambda: "No environments found" in again.text and "? help" in again.text)
    assert "one-minute tour" not in again.text
    again.press("\x1b[24~")  # f12
    again.until(lambda: "1 of 5" in again.text)
    again.press("\x1b")
    again.until_gone("1 of 5")
    again.press("\x11")
    assert again.ended() == 0
