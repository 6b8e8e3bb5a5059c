"""What was really run, kept beside the journal; credentials are masked before they come here."""

import json
import os
import time

from envdeck.core.model import CommandEnded, CommandStarted, OutputLine
from envdeck.core.system.host import Host

_LIMIT = 4 * 1024 * 1024
"""Bytes; what goes on for ever is cut."""


class CommandLog:
    """A text file that is made when the first command is run.

    A log that cannot be written never ends an operation: it is dropped.
    """

    def __init__(self, path: str, host: Host) -> None:
        self._path = path
        self._host = host
        self._descriptor = -1
        self._room = _LIMIT

    def write(self, event: CommandStarted | CommandEnded | OutputLine) -> None:
        """Add what a command said of itself."""
        match event:
            case CommandStarted(command, folder):
                moment = time.strftime("%H:%M:%S", time.gmtime(self._host.now()))
                self._add(f"{moment} $ {json.dumps(list(command))}  in {folder}")
            case CommandEnded(_, code, seconds):
                self._add(f"         ended with {code} after {seconds:.2f} s")
            case OutputLine(text):
                self._add(f"  {text}")

    def close(self) -> None:
        """Nothing more comes."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _add(self, line: str) -> None:
        data = line.encode("utf-8", "backslashreplace") + b"\n"
        if len(data) > self._room:
            return
        self._room -= len(data)
        try:
            if self._descriptor < 0:
                os.makedirs(os.path.dirname(self._path), mode=0o700, exist_ok=True)
                flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
                self._descriptor = os.open(self._path, flags, 0o600)
            os.write(self._descriptor, data)
        except OSError:
            self._room = 0
