"""Scripts in `bin`: which of them installers write by themselves, and what they do to others."""

import os
import re

from envdeck.core.files import Unread, read_bounded
from envdeck.core.inspection.entry_points import ENTRY_POINTS_LIMIT, parse_scripts

HEAD_LIMIT = 4096
"""Bytes of a script in which its first line, in either form, is looked for."""

_SHEBANG = re.compile(rb"#!(?P<path>[^\r\n]*[\\/](?:python|pypy)(?P<w>w?)[\d.t]*(?:\.exe)?\"?)")
_TRAMPOLINE = re.compile(
    rb"#!/bin/sh\n'''exec' (?P<path>[^\n]*[\\/](?:python|pypy)(?P<w>w?)[\d.t]*\"?'?)"
    rb" \"\$0\" \"\$@\"\n' '''"
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


def as_in_wheel(head: bytes) -> tuple[bytes, int]:
    """Return what a script began with in its wheel, and how many bytes of `head` that replaces.

    An installer puts its interpreter in place of `#!python` (binary distribution format), by a
    shell's line where its path is too long or has blanks. Nothing is replaced in anything else.
    """
    match = _TRAMPOLINE.match(head) or _SHEBANG.match(head)
    if match is None:
        return b"", 0
    return b"#!python" + match["w"], match.end()
