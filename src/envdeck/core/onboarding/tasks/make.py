"""Targets of a Makefile."""

import os
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from envdeck.core.files import Unread, decode, read_bounded
from envdeck.core.onboarding.tasks.found import LIMIT, TARGETS, FoundTask, task

if TYPE_CHECKING:
    from envdeck.core.onboarding.situation import Situation

_NAMES = ("GNUmakefile", "makefile", "Makefile")
"""In the order in which make looks."""
_NAMED = re.compile(r"[A-Za-z0-9_. -]+")


def make_targets(situation: "Situation") -> Iterator[FoundTask]:
    """Yield those that are called as tests, checks and runs mostly are."""
    for name in _NAMES:
        data = read_bounded(os.path.join(situation.folder, name), LIMIT)
        if isinstance(data, Unread):
            continue
        targets = set(_targets(decode(data)))
        for target in TARGETS:
            if target in targets:
                yield task(situation, "make", target, tests=target.startswith("test"))
        return


def _targets(text: str) -> Iterator[str]:
    """Yield the names before a `:` or `::` that assigns nothing, line by line: a pattern over all
    of it would take forever for a long line of blanks."""
    for line in text.splitlines():
        head, colon, rest = line.partition(":")
        is_rule = colon and not rest.removeprefix(":").startswith(("=", ":"))
        if is_rule and _NAMED.fullmatch(head.rstrip(" \t")):
            yield from head.split()
