"""The links and copies in a scripts folder by which an environment reaches its base."""

import os
import re
import stat
from dataclasses import dataclass

from envdeck.core.files import Unread, read_bounded, reason_of
from envdeck.core.model import Environment, Interpreter

_PYTHON = re.compile(r"python(?:\d+(?:\.\d+)?t?)?\Z")
_PROGRAMS = (b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xca\xfe\xba\xbe")
"""What an executable begins with: ELF, and the forms of Mach-O."""


@dataclass(frozen=True, slots=True)
class Link:
    """A link that leads to the base."""

    path: str
    """Relative to the environment: `bin/python`."""
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of the base's executable."""

    path: str
    """Relative to the environment: `bin/python`."""
    source: str


@dataclass(frozen=True, slots=True)
class Entries:
    """What leads to the base."""

    links: tuple[Link, ...]
    copies: tuple[Copy, ...]


def read_entries(environment: Environment, base: Interpreter) -> Entries | Unread:
    """Return the entries of an environment as they are, and as they are for that base.

    A link to a neighbour (`python3 -> python`), or to elsewhere in the environment, stays what
    it is. A program that is neither link nor executable image is nothing a creator made, and
    a reason to leave all of it alone.
    """
    folder = os.path.dirname(environment.python.executable or "")
    try:
        names = sorted(name for name in os.listdir(folder) if _PYTHON.match(name))
        return _sorted_out(environment.path, folder, names, base)
    except OSError as error:
        return Unread(f"its {os.path.basename(folder)} cannot be read: {reason_of(error)}")


def _sorted_out(root: str, folder: str, names: list[str], base: Interpreter) -> Entries | Unread:
    links: list[Link] = []
    copies: list[Copy] = []
    for name in names:
        path = os.path.join(folder, name)
        relative = os.path.relpath(path, root)
        mode = os.lstat(path).st_mode
        if stat.S_ISLNK(mode):
            target = os.readlink(path)
            if not _inside(root, os.path.join(folder, target)):
                links.append(Link(relative, target, base.executable))
        elif stat.S_ISREG(mode) and _is_program(path):
            copies.append(Copy(relative, os.path.realpath(base.executable)))
        else:
            return Unread(f"its {relative} is neither a link nor a copy of an interpreter")
    if not links and not copies:
        return Unread("nothing in its scripts folder leads to a base")
    return Entries(tuple(links), tuple(copies))


def _inside(root: str, target: str) -> bool:
    return os.path.normpath(target).startswith(root.rstrip(os.sep) + os.sep)


def _is_program(path: str) -> bool:
    head = read_bounded(path, 4, whole=False)
    return not isinstance(head, Unread) and head.startswith(_PROGRAMS)
