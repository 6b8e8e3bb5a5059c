"""What a program writes, cut into lines of bounded length."""

LINE_LIMIT = 16 * 1024
"""Bytes of one line that are told; the rest of it is dropped."""


class Lines:
    """Cuts what comes into lines; of a line that a carriage return wrote over, the last counts."""

    def __init__(self, limit: int = LINE_LIMIT) -> None:
        self._limit = limit
        self._rest = b""
        self._dropping = False

    def feed(self, data: bytes) -> list[bytes]:
        """Return the lines that are whole now."""
        *whole, rest = (self._rest + data).split(b"\n")
        lines = []
        for line in whole:
            if not self._dropping:
                lines.append(_last_written(line)[: self._limit])
            self._dropping = False
        rest = rest if rest.endswith(b"\r") else rest.rsplit(b"\r", 1)[-1]
        if self._dropping:
            rest = b""
        elif len(rest) > self._limit:
            lines.append(_last_written(rest)[: self._limit])
            rest, self._dropping = b"", True
        self._rest = rest
        return lines

    def rest(self) -> list[bytes]:
        """Return what stood behind the last line end."""
        line = _last_written(self._rest)
        self._rest = b""
        return [line[: self._limit]] if line else []


def _last_written(line: bytes) -> bytes:
    parts = [part for part in line.split(b"\r") if part]
    return parts[-1] if parts else b""
