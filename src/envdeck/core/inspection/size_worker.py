"""A process of its own that measures folders: `python -P -m envdeck.core.inspection.size_worker`.

The first line it reads is a JSON list of the platform and the root of system-wide places, each
further one a path as a JSON string. For each path it answers one line, a JSON list of figures
(or null where nothing could be measured), and after it as many bytes of shared files as the last
figure says. It ends with its input.
"""

import json
import sys
from typing import IO

from envdeck.core.host import Host
from envdeck.core.inspection.size import measure
from envdeck.core.model import SharedFiles, Size
from envdeck.core.mounts import read_mounts


def main() -> None:
    """Answer until the input ends."""
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    platform, root = json.loads(requests.readline())
    mounts = read_mounts(Host(platform, "", {}, root=root))
    for request in requests:
        size = measure(json.loads(request), now=0.0, mounts=mounts, platform=platform)
        write_answer(answers, size)
        answers.flush()


def write_answer(stream: IO[bytes], size: Size | None) -> None:
    """Write one answer."""
    if size is None:
        stream.write(b"null\n")
        return
    packed = size.shared.packed if size.shared else b""
    device = size.shared.device if size.shared else 0
    figures = [size.apparent_bytes, size.disk_bytes, size.reclaimable_bytes, size.files]
    line = json.dumps([*figures, size.up_to, size.unreadable, device, len(packed)])
    stream.write(line.encode() + b"\n" + packed)


def read_answer(stream: IO[bytes], now: float) -> Size | None:
    """Read one answer; `now` (seconds since the epoch) is when it counts as measured.

    Raises:
        EOFError: the worker has ended.
        ValueError: what came is no answer.
    """
    line = stream.readline()
    if not line.endswith(b"\n"):
        raise EOFError
    answer = json.loads(line)
    if answer is None:
        return None
    apparent, disk, reclaimable, files, up_to, unreadable, device, length = answer
    packed = stream.read(length)
    if len(packed) != length:
        raise EOFError
    shared = SharedFiles(device, packed) if length else None
    return Size(apparent, disk, reclaimable, files, up_to, unreadable, now, shared)


if __name__ == "__main__":
    main()
