"""`Recipe`: every distribution as a line that installs it; comparable RECORD rows."""

import base64
import hashlib
import os
import re
from collections.abc import Iterable
from enum import StrEnum

from envdeck.core.inspection.packages.metadata import ENTRY_POINTS_LIMIT, parse_scripts
from envdeck.core.inspection.packages.provenance import mask_text
from envdeck.core.inspection.packages.record import (
    RECORD_LIMIT,
    RecordRow,
    is_compiled,
    is_own,
    read_rows,
)
from envdeck.core.lazy_dataclasses import dataclass, field
from envdeck.core.model import Creation
from envdeck.core.system.files import Unread, read_bounded, write_atomically


class PinKind(StrEnum):
    """Where a distribution came from, by which it can be had again."""

    INDEX = "index"
    EDITABLE = "editable"
    DIRECTORY = "directory"
    ARCHIVE = "archive"
    """A wheel or source archive by its URL, a local file among them."""
    VCS = "vcs"


@dataclass(frozen=True, slots=True)
class Pin:
    """One distribution, exactly as it is installed.

    Extras that a person asked for are not among it: no installer records them. What they
    brought is pinned by itself, so nothing is lost.
    """

    name: str
    """Normalised (PEP 503)."""
    display_name: str
    version: str
    kind: PinKind
    requirement: str = field(repr=False)
    """One line of a requirements file; it may hold credentials, so it is never shown, logged or
    written anywhere but into a file of mode 0600. Empty where none can be made."""
    path: str
    """Its metadata folder, or file; empty where it is only known from a snapshot."""
    requested: bool = False
    """Whether it bears the REQUESTED mark (uv marks every package)."""
    installer: str | None = None
    seed: bool = False
    """Whether it is pip, setuptools or wheel, which the creator may have put there."""
    direct_url: bytes | None = field(default=None, repr=False)
    """The raw `direct_url.json`; it may hold credentials."""
    source: str | None = None
    """The path on this machine that it is installed from: a project, a wheel, a repository."""
    strict: bool = False
    """Whether it is an editable that shows only what was there when it was installed."""
    anchored: bool = False
    """Whether its origin settles its content: a commit, a hash, or a folder of this machine."""
    rows: str = ""
    """A digest of its RECORD rows, as :func:`rows_digest` has it; empty without a RECORD."""
    hashed: bool = False
    """Whether every row that counts for that has a hash."""
    problem: str = ""
    """What a person should know of it, or empty."""
    obstacle: str = ""
    """Why its requirement cannot bring it back (its wheel is gone), or empty. Salvage may."""
    superseded: bool = False
    """Whether another distribution of that name is the one whose files are there, or its metadata
    folder is empty."""

    @property
    def local(self) -> bool:
        """Whether it has a local version (`1.0+cpu`), which the usual index seldom has."""
        return "+" in self.version

    @property
    def shown(self) -> str:
        """Its line with credentials masked."""
        return mask_text(self.requirement)


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that makes an environment what it is, but for the files that no package owns."""

    path: str
    """Of the environment."""
    python: str | None
    """The version of its interpreter, as exact as its files tell."""
    creation: Creation
    pins: tuple[Pin, ...] = ()
    """Every distribution, doubles included, by name."""
    leftovers: tuple[str, ...] = ()
    """Paths of what a pip that was killed left aside (`~umpy`); not carried over."""
    problems: tuple[str, ...] = ()
    """What is amiss with the package folders themselves, one sentence each."""

    @property
    def installed(self) -> tuple[Pin, ...]:
        """Each name once: what has to be there in a new environment."""
        return tuple(pin for pin in self.pins if not pin.superseded)

    @property
    def seeds(self) -> frozenset[str]:
        """Which of pip, setuptools and wheel are installed."""
        return frozenset(pin.name for pin in self.installed if pin.seed)

    def freeze_lines(self) -> tuple[str, ...]:
        """Return the public text, for the manifest and the journal: credentials masked."""
        return tuple(
            pin.shown or " ".join(f"# {pin.name}: {pin.problem or pin.obstacle}".split())
            for pin in self.installed
        )

    def requirements(self) -> str:
        """Return the content of a requirements file of all that its lines bring back.

        It may hold credentials. It pins everything, so it is installed without dependencies.
        """
        lines = [pin.requirement for pin in self.installed if pin.requirement and not pin.obstacle]
        return "".join(f"{line}\n" for line in lines)


_SCRIPT = re.compile(r"(?:\.\./)+(?:bin|Scripts)/")


def record_of(path: str) -> tuple[RecordRow, ...] | Unread:
    """Return the rows of the distribution whose metadata folder is `path`, or why there are
    none."""
    if not path.endswith(".dist-info"):
        return Unread("format without RECORD")
    return read_rows(os.path.join(path, "RECORD"))


def comparable(rows: Iterable[RecordRow], info: str) -> frozenset[tuple[str, str]]:
    """Return path and hash of the rows that every install of one wheel has.

    Left out are compiled files, scripts (they hold the environment's path), and what the
    installer writes of itself into `info`, the name of the metadata folder. A row without a
    hash stands for its size.
    """
    return frozenset(
        (path, row.hash or str(row.size))
        for row in rows
        if not is_compiled(path := row.path.replace("\\", "/"), row.hash)
        and not _SCRIPT.match(path)
        and not is_own(path, info)
    )


def script_name(path: str) -> str | None:
    """Return what a script that a row is of is called; None where it is of something else."""
    path = path.replace("\\", "/")
    match = _SCRIPT.match(path)
    return None if match is None else path[match.end() :]


def rows_digest(told: Iterable[tuple[str, str]]) -> str:
    """Return the SHA-256 over :func:`comparable` rows; equal for two installs of one wheel."""
    digest = hashlib.sha256()
    for path, value in sorted(told):
        digest.update(f"{path}\0{value}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


HEAD_LIMIT = 48 * 1024
"""Bytes of a script in which its first line, in either form, is looked for."""

_SHEBANG = re.compile(rb"#!(?P<path>[^\r\n]*[\\/](?:python|pypy)(?P<w>w?)[\d.t]*(?:\.exe)?\"?)")
_TRAMPOLINE = re.compile(
    rb"#!/bin/sh\n(?:#[^\n]*\n)?'''exec' "
    rb"(?:(?P<path>[^\n]*[\\/](?:python|pypy)(?P<w>w?)[\d.t]*\"?'?)"
    # byte by byte: `/python`, and its version
    rb"|\"\$\(printf %b(?: '\\'0[0-7]{3})*? '\\'0057 '\\'0160 '\\'0171 '\\'0164 '\\'0150 '\\'0157"
    rb" '\\'0156(?: '\\'0(?:06[0-7]|07[01]|056|164)){0,6}\)\") \"\$0\" \"\$@\"\n' '''"
)
_SUFFIXES = ("", ".exe", "-script.py", "-script.pyw", ".exe.manifest")
_VERSIONED = {"pip": ("pip", "pip{0}", "pip{1}", "pip-{1}"), "setuptools": ("easy_install-{1}",)}
"""Scripts that pip and its like write for a package of that name beyond its entry points."""


def generated_scripts(info: str, name: str) -> frozenset[str]:
    """Return the names of the files that installers make of a distribution's entry points.

    `info` is its metadata folder, `name` the normalised name of the distribution.
    """
    data = read_bounded(os.path.join(info, "entry_points.txt"), ENTRY_POINTS_LIMIT)
    names = set() if isinstance(data, Unread) else {script.name for script in parse_scripts(data)}
    if names and name in _VERSIONED:
        match = re.search(r"(?:python|pypy)((\d+)\.\d+)", os.path.basename(_library(info)))
        if match is not None:
            names |= {each.format(match[2], match[1]) for each in _VERSIONED[name]}
    return frozenset(each + suffix for each in names for suffix in _SUFFIXES)


def _library(info: str) -> str:
    """Return the folder that holds the package folder: `lib/python3.12`."""
    return os.path.dirname(os.path.dirname(info))


def read_wheel_head(head: bytes) -> tuple[bytes, int]:
    """Return what a script began with in its wheel, and how many bytes of `head` that replaces.

    An installer puts its interpreter in place of `#!python` (binary distribution format), by a
    shell's line where its path is too long or has blanks. Nothing is replaced in anything else.
    """
    match = _TRAMPOLINE.match(head) or _SHEBANG.match(head)
    if match is None:
        return b"", 0
    return b"#!python" + (match["w"] or b""), match.end()


def set_rows(folder: str, changed: dict[str, bytes | None]) -> None:
    """Have RECORD tell of the marks as they are now; its other lines stay as they are."""
    path = os.path.join(folder, "RECORD")
    record = read_bounded(path, RECORD_LIMIT)
    if isinstance(record, Unread):
        return
    info = os.fsencode(os.path.basename(folder))
    starts = tuple(info + b"/" + name.encode() + b"," for name in changed)
    lines = [line for line in record.splitlines(keepends=True) if not line.startswith(starts)]
    end = b"\r\n" if record.endswith(b"\r\n") else b"\n"
    if lines and not lines[-1].endswith((b"\n", b"\r")):
        lines[-1] += end
    for name, data in changed.items():
        if data is not None:
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=")
            line = b"%s/%s,sha256=%s,%d" % (info, name.encode(), digest, len(data))
            lines.append(line + end)
    write_atomically(path, b"".join(lines), mode=0o644)
