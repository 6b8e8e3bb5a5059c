"""The real process in a pseudo-terminal, read as a terminal would: few, and whole."""

import os
import signal
from pathlib import Path

import pytest

from support.terminal import BROKEN, LEFT, Terminal, restored, script

PROGRAM = Path(__file__).with_name("program.py")


@pytest.fixture
def terminal():
    """Start programs, and end those that are left."""
    started: list[Terminal] = []

    def start(*arguments: str, **size: int) -> Terminal:
        started.append(Terminal(PROGRAM, *arguments, **size))
        return started[-1]

    yield start
    for each in started:
        each.close()


def test_it_filters_resizes_and_quits_with_zero(terminal):
    screen = terminal("60")
    screen.until(lambda: "60 environments" in screen.text and "? help" in screen.text)
    screen.press("/manager:uv\r")
    screen.until(lambda: "9 of 60" in screen.text)
    screen.resize(120, 30)
    screen.until(lambda: "Overview" in screen.text and "9 of 60" in screen.text)
    screen.resize(50, 12)
    screen.until_gone("Overview")
    screen.press("q")
    assert screen.ended() == 0
    assert restored(screen)


def test_quitting_while_it_scans_does_not_wait(terminal):
    screen = terminal("5", "hold")
    screen.until(lambda: "esc stop scan" in screen.text)
    screen.press("q")
    assert screen.ended() == 0
    assert restored(screen)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_restores_the_terminal_and_names_itself(terminal, number):
    screen = terminal("5", "hold")
    screen.until(lambda: "5 environments" in screen.text)
    os.kill(screen.pid, number)
    assert screen.ended() == 128 + number
    assert restored(screen)


def test_a_crash_restores_the_terminal_and_is_no_success(terminal):
    screen = terminal("5", "crash")
    assert screen.ended() == 1
    said = screen.raw[screen.raw.rindex(LEFT) :]
    assert "error: RuntimeError: the clock broke" in said
    assert "ENVDECK_DEBUG=1" in said
    assert "Traceback" not in screen.raw


def test_the_whole_trace_of_a_crash_is_shown_when_asked_for(terminal, monkeypatch):
    monkeypatch.setenv("ENVDECK_DEBUG", "1")
    screen = terminal("5", "crash")
    assert screen.ended() == 1
    assert "Traceback" in screen.raw


def test_it_ends_when_its_terminal_is_closed(terminal):
    screen = terminal("5", "hold")
    screen.until(lambda: "5 environments" in screen.text)
    screen.hang_up()
    assert screen.ended() == 128 + signal.SIGHUP


def test_an_ascii_terminal_and_wide_names_stay_aligned(terminal):
    screen = terminal("60", columns=100)
    screen.until(lambda: "60 environments" in screen.text)
    screen.press("/日本\r")
    screen.until(lambda: "of 60" in screen.text)
    screen.press("j")
    rows = [line for line in screen.text.split("\n")[2:] if ".venv" in line or "Ab3dE" in line]
    assert rows


@pytest.mark.parametrize("key", ["!", "E"])
def test_a_shell_and_an_editor_get_the_terminal_and_give_it_back(
    terminal, key, tmp_path, monkeypatch
):
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    told = tmp_path / "told"
    program = script(
        tmp_path / "program", f'echo "$VIRTUAL_ENV|$PWD|$1" > {told}; {BROKEN}; exit 3'
    )
    monkeypatch.setenv("SHELL", program)
    monkeypatch.setenv("VISUAL", f"{program} --wait" if key == "!" else program)
    screen = terminal("1", str(tmp_path), columns=120)
    screen.until(lambda: "1 environment" in screen.text and "? help" in screen.text)
    screen.press(key)
    screen.until(lambda: "program failed with exit code 3" in screen.text)
    active, folder, argument = told.read_text().strip().split("|")
    assert folder == str(tmp_path)
    assert active.endswith(".venv") or key == "E"
    assert argument == ("" if key == "!" else str(tmp_path))
    screen.press("/zzz\r")
    screen.until(lambda: "Nothing matches this filter" in screen.text)
    screen.press("\x1b")
    screen.until_gone("Nothing matches")
    screen.press("q")
    assert screen.ended() == 0
    assert restored(screen)


def test_a_shell_that_was_killed_or_is_not_there_is_said(terminal, tmp_path, monkeypatch):
    (tmp_path / ".venv").mkdir()
    monkeypatch.setenv("SHELL", script(tmp_path / "shell", f"{BROKEN}; kill -9 $$"))
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", "no-such-editor -n")
    screen = terminal("1", str(tmp_path), columns=120)
    screen.until(lambda: "1 environment" in screen.text and "? help" in screen.text)
    screen.press("!")
    screen.until(lambda: "shell was ended by signal 9" in screen.text)
    screen.press("E")
    screen.until(lambda: "program not found: no-such-editor" in screen.text)
    screen.press("q")
    assert screen.ended() == 0
    assert restored(screen)


def test_an_editor_that_cannot_be_started_gives_the_screen_back(terminal, tmp_path, monkeypatch):
    (tmp_path / ".venv").mkdir()
    editor = tmp_path / "editor"
    editor.write_bytes(b"\x7fELF of another machine")
    editor.chmod(0o755)
    monkeypatch.setenv("VISUAL", str(editor))
    screen = terminal("1", str(tmp_path), columns=120)
    screen.until(lambda: "1 environment" in screen.text and "? help" in screen.text)
    screen.press("E")
    screen.until(lambda: "cannot start" in screen.text)
    screen.press("q")
    assert screen.ended() == 0
    assert restored(screen)
