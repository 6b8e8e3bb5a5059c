"""The terminal goes away without a word: its window is closed, a connection is cut, and what owns
it ignores hangups, so that nobody sends SIGHUP. The screen ends as it does by that signal."""

import os
import signal
import sys
from pathlib import Path

import pytest

from support.terminal import BROKEN, Terminal, script

PROGRAM = Path(__file__).with_name("program.py")
LOST = 128 + signal.SIGHUP
SHELL = """import os, sys
os.execv("/bin/sh", ["sh", "-c", 'trap "" HUP; "$@"; exit $?', "sh", *sys.argv[1:]])"""
"""The shell that owns the terminal."""


@pytest.fixture
def window():
    """Start the screen from a shell that ignores hangups, and end what is left of it."""
    started: list[Terminal] = []

    def start(*arguments: str) -> Terminal:
        command = ("-c", SHELL, sys.executable, str(PROGRAM), *arguments)
        started.append(Terminal(*command, columns=120))
        return started[-1]

    yield start
    for each in started:
        if each.code is None:
            os.killpg(each.pid, signal.SIGKILL)
        each.close()


@pytest.mark.parametrize("how", ["", "hold"])
def test_the_list_and_a_scan_end_without_a_terminal(window, how):
    screen = window("5", how)
    screen.until(lambda: "5 environments" in screen.text)
    screen.hang_up()
    assert screen.ended() == LOST


@pytest.mark.parametrize("key", ["!", "E"])
@pytest.mark.parametrize("ends", [True, False], ids=["ends-too", "stays"])
def test_what_has_the_terminal_meanwhile_keeps_nobody(window, key, ends, tmp_path, monkeypatch):
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    os.mkfifo(tmp_path / "gate")
    waits = "cat >/dev/null" if ends else f"read word <{tmp_path / 'gate'}"
    program = script(tmp_path / "program", f"{BROKEN}; echo LENT; {waits}")
    monkeypatch.setenv("SHELL", program)
    monkeypatch.setenv("VISUAL", program)
    screen = window("1", str(tmp_path))
    screen.until(lambda: "1 environment" in screen.text and "? help" in screen.text)
    screen.press(key)
    screen.until(lambda: "LENT" in screen.text)
    screen.hang_up()
    assert screen.ended() == LOST
    if not ends:
        os.close(os.open(tmp_path / "gate", os.O_RDWR | os.O_NONBLOCK))


def test_what_runs_is_rolled_back_before_it_ends(window, tmp_path):
    told = tmp_path / "told"
    screen = window("5", "acts", f"told={told}")
    screen.until(lambda: "5 environments" in screen.text and "? help" in screen.text)
    screen.press("d")
    screen.until(lambda: "(y)" in screen.text)
    screen.agree()
    screen.until(told.exists)
    screen.hang_up()
    assert screen.ended() == LOST
    assert told.read_text() == "runs, rolled back"
