"""Clipboard, file manager, shell, editor, notices; masking for pictures; contrast."""

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from shutil import which
from typing import TYPE_CHECKING

from textual.app import App, SuspendNotSupported
from textual.color import Color

from envdeck.core.system import reach

if sys.platform != "win32":
    import termios

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from textual.screen import Screen

Which = Callable[[str], str | None]


def for_clipboard(path: str) -> str:
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
            if note:
                sys.stdout.write(f"{note}\n")
                sys.stdout.flush()
            ended = subprocess.run([program, *command[1:]], env=environ, cwd=folder, check=False)
    except SuspendNotSupported:
        return "this terminal cannot be given to another program"
    except OSError as error:
        return f"cannot start {shlex.quote(program)}: {error.strerror}"
    name, code = os.path.basename(program), ended.returncode
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


class Hiding:
    """A widget that may show a secret."""

    def hide_secrets(self) -> None:
        """Hide it now: at the return nothing draws it any more."""
        raise NotImplementedError


class Secret:
    """A text whose representation does not tell it. No message or log can say it by accident."""

    __slots__ = ("text",)

    def __init__(self, text: str | None) -> None:
        self.text = text

    def __repr__(self) -> str:
        """Say that there is one."""
        return "<secret>"

    __str__ = __repr__


def hide_secrets(screens: "Iterable[Screen[Any]]") -> None:
    """Hide every secret that any of some screens shows."""
    for screen in screens:
        for widget in screen.walk_children():
            if isinstance(widget, Hiding):
                widget.hide_secrets()


READABLE = 4.5
"""The ratio of contrast that the WCAG asks of text (level AA)."""
_TEXTS = ("text-primary", "text-success", "text-warning", "text-error")
_STEP = 0.02


def contrast(one: Color, other: Color) -> float:
    """Return the ratio of two colours' luminance, from 1 to 21, as the WCAG counts it."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: Color) -> float:
    parts = [part / 255 for part in colour.rgb]
    red, green, blue = (
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def readable(variables: dict[str, str]) -> dict[str, str]:
    """Return the variables of a light theme with the colours of text as dark as they must be."""
    grounds = [Color.parse(variables[name]) for name in ("background", "surface", "panel")]
    ground = min(grounds, key=lambda colour: colour.brightness)
    changed = {name: _darker(Color.parse(variables[name]), ground).hex for name in _TEXTS}
    changed["foreground-muted"] = _firmer(Color.parse(variables["foreground-muted"]), ground).hex
    return variables | changed


def _darker(colour: Color, ground: Color) -> Color:
    while contrast(colour, ground) < READABLE and colour.brightness > 0:
        colour = colour.darken(_STEP)
    return colour


def _firmer(colour: Color, ground: Color) -> Color:
    while contrast(ground + colour, ground) < READABLE and colour.a < 1:
        colour = colour.with_alpha(min(1.0, colour.a + _STEP))
    return colour
