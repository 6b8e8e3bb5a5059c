"""What is outside of the screen: its terminal with its signals and its loss, the programs that the
terminal is lent to, notices, the clipboard, the file manager."""

import os
import select
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from shutil import which
from threading import Thread, Timer
from types import FrameType
from typing import TYPE_CHECKING

from textual.app import SuspendNotSupported

from envdeck.core.system import reach

if sys.platform != "win32":
    import termios

if TYPE_CHECKING:
    from typing import Any

    from textual.app import App

_RESTORED = b"\x1b[?1003l\x1b[?1006l\x1b[?1015l\x1b[?1000l\x1b[?2004l\x1b[?1049l\x1b[?25h\x1b[<u"
"""Mouse and pasting as usual, the screen from before, the cursor seen, keys as usual."""
_SIGHUP = 1
"""Its number everywhere; Windows has no name for it."""


@contextmanager
def handle_signals(
    end: Callable[[int], float],
) -> Iterator[Callable[[float, int], None]]:
    """Call `end` with 128 and the number of a signal that ends programs, so that the terminal
    is restored; end the process with that code where this does not come about in the seconds
    that `end` returned. A terminal that is gone counts as SIGHUP, which may go to a shell alone.
    Yields what sees to the same for another code."""
    watches: list[Timer] = []

    def end_late(seconds: float, code: int) -> None:
        watches.append(end_after(seconds, code))

    def end_program(number: int, _frame: FrameType | None) -> None:
        end_late(end(128 + number), 128 + number)

    numbers = [signal.SIGINT, signal.SIGTERM]
    if sys.platform != "win32":
        numbers.append(signal.SIGHUP)
    before = {number: signal.signal(number, end_program) for number in numbers}
    try:
        with watch_terminal(lambda: end_program(_SIGHUP, None)):
            yield end_late
    finally:
        for watch in watches:
            watch.cancel()
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def watch_terminal(lost: Callable[[], object]) -> Iterator[None]:
    """Call `lost` in a thread once the terminal is gone, whoever was told of it.

    From then on reads wait and writes go nowhere: Textual reads an end of input again and again,
    and stops for good at an error of a write.
    """
    if not hasattr(select, "poll"):
        yield
        return
    ends, end = os.pipe()
    thread = Thread(target=_watch, args=(ends, lost), name="envdeck-terminal", daemon=True)
    thread.start()
    try:
        yield
    finally:
        os.close(end)
        thread.join()
        os.close(ends)


def _watch(ends: int, lost: Callable[[], object]) -> None:
    watched = [number for number in (0, 1, 2) if os.isatty(number)]
    poll = select.poll()
    for number in {*watched, 2, ends}:  # Textual draws on 2, terminal or not
        poll.register(number, 0)  # that it is gone is told unasked
    gone = [number for number, _ in poll.poll()]
    if ends in gone:
        return
    _silence({*watched, *gone})
    lost()


def _silence(gone: Collection[int]) -> None:
    """Put in the place of what is gone an input that never comes, and an output for nobody."""
    silent, _kept_open = os.pipe()
    os.set_blocking(silent, False)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for number in gone:
        os.dup2(nowhere if number else silent, number)
    os.close(nowhere)
    os.close(silent)


def end_after(seconds: float, code: int) -> Timer:
    """End the process with a code, the terminal restored, unless the timer is cancelled first."""
    attributes = _terminal_attributes()

    def leave() -> None:
        with suppress(OSError, ValueError):
            os.write(sys.__stderr__.fileno() if sys.__stderr__ else 2, _RESTORED)
        if attributes is not None:
            with suppress(OSError, ValueError):
                attributes()
        os._exit(code)

    watch = Timer(seconds, leave)
    watch.daemon = True
    watch.start()
    return watch


def _terminal_attributes() -> Callable[[], None] | None:
    """Return what gives the terminal its echo and its lines back; None where there is none."""
    if sys.platform == "win32":
        return None
    try:
        found = termios.tcgetattr(0)
    except termios.error:
        return None
    found[0] |= termios.ICRNL | termios.IXON
    found[3] |= termios.ECHO | termios.ICANON | termios.ISIG | termios.IEXTEN

    def restore() -> None:
        with suppress(termios.error):
            termios.tcsetattr(0, termios.TCSANOW, found)

    return restore


def shell_command(platform: str, environ: Mapping[str, str]) -> list[str]:
    """Return the person's shell."""
    if platform == "win32":
        return [environ.get("COMSPEC") or "cmd.exe"]
    return [environ.get("SHELL") or "/bin/sh"]


def editor_command(environ: Mapping[str, str]) -> list[str] | str:
    """Return the person's editor, or why there is none."""
    name = next((each for each in ("VISUAL", "EDITOR") if environ.get(each, "").strip()), None)
    if name is None:
        return "no editor: set VISUAL or EDITOR"
    try:
        return shlex.split(environ[name])
    except ValueError as error:
        return f"{name} cannot be read: {error}"


_RESET = (
    "\x1b[?1049l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?2004l\x1b[?25h\x1b[0m\x1b(B\r"
)
"""The usual screen, no mouse, plain pasting, the cursor seen, no colours, letters for letters."""
_SOON = 1.0
"""Seconds in which a program that fails has done nothing for the person."""


def run_in_terminal(
    app: "App[Any]", command: Sequence[str], environ: Mapping[str, str], folder: str, note: str = ""
) -> str:
    """Give the terminal to a program until it ends; return what went wrong, or nothing.

    Whatever state the program leaves the terminal in (its modes, its owner, the other screen), it
    is as before when the screen comes back.
    """
    if not os.path.isdir(folder):
        return f"folder not found: {folder}"
    program = which(command[0], path=environ.get("PATH"))
    if program is None:
        return f"program not found: {command[0]}"
    started = time.monotonic()
    try:
        with app.suspend(), _terminal_kept():
            code: int | OSError
            words = [program, *command[1:]]
            try:  # in there: no error leads Textual back to its screen
                if note:
                    sys.stdout.write(f"{note}\n")
                    sys.stdout.flush()
                code = subprocess.run(words, env=environ, cwd=folder, check=False).returncode
            except OSError as error:
                code = error
    except SuspendNotSupported:
        return "this terminal cannot be given to another program"
    if isinstance(code, OSError):
        return f"cannot start {shlex.quote(program)}: {code.strerror}"
    name = os.path.basename(program)
    if code < 0:
        return f"{name} was ended by signal {-code}"
    if code and time.monotonic() - started < _SOON:
        return f"{name} failed with exit code {code}"
    return ""


@contextmanager
def _terminal_kept() -> Iterator[None]:
    """Put the terminal back as it was; Ctrl-C is for the program that has it meanwhile."""
    before = signal.signal(signal.SIGINT, lambda _number, _frame: None)
    attributes = None
    if sys.platform != "win32":
        with suppress(termios.error):
            attributes = termios.tcgetattr(0)
    try:
        yield
    finally:
        if sys.platform != "win32":
            # a shell that was killed keeps the terminal: who takes it back must not be stopped
            stopped = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
            with suppress(OSError):
                os.tcsetpgrp(0, os.getpgrp())
            if attributes is not None:
                with suppress(termios.error):
                    termios.tcsetattr(0, termios.TCSADRAIN, attributes)
            signal.signal(signal.SIGTTOU, stopped)
        if sys.__stderr__ is not None and sys.__stderr__.isatty():
            with suppress(OSError):  # the terminal is gone
                sys.__stderr__.write(_RESET)
                sys.__stderr__.flush()
        signal.signal(signal.SIGINT, before)


_LONGEST_NOTICE = 200


def notice(text: str, environ: Mapping[str, str]) -> str:
    """Return what rings the terminal's bell and, where it takes that, shows a desktop notice: OSC
    777 in terminals of VTE and rxvt, OSC 9 in others; the bell alone in tmux and screen."""
    said = "".join(each for each in text if each.isprintable())[:_LONGEST_NOTICE]
    if environ.get("TMUX") or environ.get("TERM", "").startswith("screen"):
        return "\a"
    if environ.get("VTE_VERSION") or environ.get("TERM", "").startswith("rxvt"):
        return f"\x1b]777;notify;EnvDeck;{said.replace(';', ',')}\x1b\\\a"
    return f"\x1b]9;{said}\x1b\\\a"


Which = Callable[[str], str | None]


def quote_path(path: str) -> str:
    r"""Return a path as it can be pasted safely.

    A printable one is given as it is. One with line ends or other controls would act when
    pasted into a shell, and one that is not UTF-8 has no text: these are quoted as `$'\n'`,
    which bash, zsh and POSIX shells since 2024 read back to the same bytes.
    """
    if path.isprintable():
        return path
    quoted = []
    for byte in os.fsencode(path):
        character = chr(byte)
        if character in "'\\":
            quoted.append("\\" + character)
        else:
            quoted.append(character if 0x20 <= byte < 0x7F else f"\\x{byte:02x}")
    return "$'" + "".join(quoted) + "'"


def opener(
    platform: str, environ: Mapping[str, str], find: Which = which
) -> tuple[str | None, str]:
    """Return the program that opens a folder, or None and why there is none."""
    if platform == "win32":
        return "explorer", ""
    if platform == "darwin":
        return "open", ""
    if not (environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY")):
        return None, "no desktop in this session"
    found = find("xdg-open")
    return found, "" if found else "xdg-open is not installed"


def open_folder(program: str, path: str, *, patience: float = 10) -> str:
    """Open a folder, detached from the terminal. Return what went wrong, or nothing.

    It waits for the opener, which hands over and ends: call it from a thread. One that took
    longer than `patience` seconds was the file manager itself, and how that ends says nothing.
    """
    if not reach.isdir(path):
        return "folder not found"
    try:
        process = subprocess.Popen(
            [program, path],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        return f"cannot start {shlex.quote(program)}: {error.strerror}"
    started = time.monotonic()
    code = process.wait()
    lasted = time.monotonic() - started
    # Explorer ends with 1 although it opened the folder.
    if code and lasted <= patience and os.path.basename(program) != "explorer":
        return f"{os.path.basename(program)} failed with exit code {code}"
    return ""
