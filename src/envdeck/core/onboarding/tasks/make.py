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
_TARGET = re.compile(r"^([A-Za-z0-9_. -]+?)[ \t]*::?(?![=:])", re.MULTILINE)


def make_targets(situation: "Situation") -> Iterator[FoundTask]:
    """Yield those that are called as tests, checks and runs mostly are."""
    for name in _NAMES:
        data = read_bounded(os.path.join(situation.folder, name), LIMIT)
        if isinstance(data, Unread):
            continue
        targets = {word for found in _TARGET.findall(decode(data)) for word in found.split()}
        for target in TARGETS:
            if target in targets:
                yield task(situation, "make", target, tests=target.startswith("test"))
        return
