"""What leaves the screen: a path for the clipboard, a folder for the file manager."""

import os
import shlex
import subprocess
import time
from collections.abc import Callable, Mapping
from shutil import which

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
        return None, "there is no desktop in this session"
    found = find("xdg-open")
    return found, "" if found else "xdg-open is not installed"


def open_folder(program: str, path: str, *, patience: float = 10) -> str:
    """Open a folder, detached from the terminal. Return what went wrong, or nothing.

    It waits for the opener, which hands over and ends: call it from a thread. One that took
    longer than `patience` seconds was the file manager itself, and how that ends says nothing.
    """
    if not os.path.isdir(path):
        return "the folder is no longer there"
    try:
        process = subprocess.Popen(
            [program, path],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        return f"{shlex.quote(program)} could not be started: {error.strerror}"
    started = time.monotonic()
    code = process.wait()
    lasted = time.monotonic() - started
    # Explorer ends with 1 although it opened the folder.
    if code and lasted <= patience and os.path.basename(program) != "explorer":
        return f"{os.path.basename(program)} ended with code {code}"
    return ""
