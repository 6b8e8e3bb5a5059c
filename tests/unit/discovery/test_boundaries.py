"""Where a walk ends: other disks, other machines, and what is no disk at all."""

import pytest

from envdeck.core.discovery.prune import barred_mounts
from envdeck.core.system.mounts import Mount


def mount(point, kind="ext4", device=1):
    return Mount(point, kind, device, frozenset(), "source")


TABLE = (
    mount("/"),
    mount("/proc", "proc", 2),
    mount("/home", device=3),
    mount("/home/ada/usb", "vfat", 4),
    mount("/home/ada/server", "nfs4", 5),
    mount("/home/ada/same", device=3),
    mount("/mnt/c", "9p", 6),
)


@pytest.mark.parametrize(
    ("roots", "cross", "barred"),
    [
        (("/home/ada",), False, {"/", "/proc", "/home/ada/usb", "/home/ada/server", "/mnt/c"}),
        (("/home/ada",), True, {"/proc", "/home/ada/server", "/mnt/c"}),
        (
            ("/home/ada/server",),
            False,
            {"/", "/proc", "/home", "/home/ada/usb", "/home/ada/same", "/mnt/c"},
        ),
        (
            ("/", "/home/ada/usb"),
            False,
            {"/proc", "/home", "/home/ada/server", "/home/ada/same", "/mnt/c"},
        ),
    ],
    ids=["one disk", "all disks", "a server by name", "two roots"],
)
def test_what_is_not_entered(roots, cross, barred):
    assert barred_mounts(roots, TABLE, cross_devices=cross) == barred


def test_without_a_table_nothing_is_barred_by_it():
    assert barred_mounts(("/home/ada",), (), cross_devices=False) == frozenset()
