"""Sizes, and what deleting would really free."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SharedFiles:
    """The files of one environment that have links elsewhere, packed for joint counting.

    Each file is one record of four unsigned 64-bit numbers in native order: inode, links in
    all, links inside this environment, bytes on disk. A thousand environments hold a million
    such files, so they are bytes here and become numbers only when a selection is counted.
    """

    device: int
    packed: bytes


@dataclass(frozen=True, slots=True)
class Size:
    """Three figures, in bytes, measured together in one walk."""

    apparent_bytes: int
    """The sum of the lengths of the files, each once however many links lead to it."""
    disk_bytes: int
    """The blocks they occupy."""
    reclaimable_bytes: int
    """The part of :attr:`disk_bytes` that deleting this environment alone would free."""
    files: int = 0
    up_to: bool = False
    """Whether the file system can share blocks without links (reflinks), so that the
    reclaimable figure is an upper bound."""
    unreadable: int = 0
    """Folders that could not be read, and so are not in the figures."""
    measured_at: float = 0.0
    shared: SharedFiles | None = None
    """What :func:`envdeck.core.inspection.joint_size.joint_size` needs; None when nothing is
    shared."""


@dataclass(frozen=True, slots=True)
class JointSize:
    """What several environments take and free together, each shared file counted once."""

    disk_bytes: int
    reclaimable_bytes: int
    """What deleting all of them would free: more than the sum of each, where they share."""
    unmeasured: int = 0
    """How many of them have no size yet, and so are not in the figures."""
