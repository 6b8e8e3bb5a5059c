"""A network share whose server never answers: `dead_share.py FOLDER [deaf]` mounts one there.

A file system of the kind `fuse.sshfs`, spoken over /dev/fuse itself: it answers the greeting of
the kernel and then nothing any more. It prints `ready`, and the number of each request that comes
from a process whose environment names the folder (a deaf one takes none), and ends when its input
is closed.
"""

import ctypes
import os
import select
import struct
import sys

_GREETING = 26
_HEADER = struct.Struct("<IIQQIIII")


def environ_of(process: int) -> bytes:
    """Return the variables of a process; empty where it has ended."""
    try:
        with open(f"/proc/{process}/environ", "rb") as file:
            return file.read()
    except OSError:
        return b""


def main() -> None:
    folder = sys.argv[1]
    device = os.open("/dev/fuse", os.O_RDWR)
    options = f"fd={device},rootmode=40000,user_id=0,group_id=0".encode()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"server:/work", os.fsencode(folder), b"fuse.sshfs", 0, options):
        sys.exit(f"cannot mount: {os.strerror(ctypes.get_errno())}")
    greeted = False
    while True:
        waiting = [0] if greeted and "deaf" in sys.argv else [device, 0]
        ready, _, _ = select.select(waiting, [], [])
        if 0 in ready and not os.read(0, 1):
            libc.umount2(os.fsencode(folder), 2)
            return
        if device not in ready:
            continue
        request = os.read(device, 256 * 1024)
        _, number, identifier, _, _, _, process, _ = _HEADER.unpack_from(request)
        if number == _GREETING and not greeted:
            body = struct.pack("<IIIIHHIIHHI28x", 7, 31, 0, 0, 0, 0, 4096, 1, 0, 0, 0)
            os.write(device, struct.pack("<IiQ", 16 + len(body), 0, identifier) + body)
            greeted = True
            print("ready", flush=True)  # noqa: T201 - this program speaks by it
        elif os.fsencode(folder) in environ_of(process):
            print(number, flush=True)  # noqa: T201 - this program speaks by it


if __name__ == "__main__":
    main()
