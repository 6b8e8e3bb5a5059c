"""Recipes of a justfile."""

import os
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from envdeck.core.files import Unread, decode, read_bounded
from envdeck.core.onboarding.tasks.found import LIMIT, TARGETS, FoundTask, task

if TYPE_CHECKING:
    from envdeck.core.onboarding.situation import Situation

_NAMES = ("justfile", ".justfile", "Justfile", "JUSTFILE")
_RECIPE = re.compile(r"^@?([A-Za-z_][A-Za-z0-9_-]*)[ \t]*:(?!=)", re.MULTILINE)
"""One without parameters: what others want nobody can tell."""


def just_recipes(situation: "Situation") -> Iterator[FoundTask]:
    """Yield those that are called as tests, checks and runs mostly are."""
    for name in _NAMES:
        data = read_bounded(os.path.join(situation.folder, name), LIMIT)
        if isinstance(data, Unread):
            continue
        recipes = set(_RECIPE.findall(decode(data)))
        for recipe in TARGETS:
            if recipe in recipes:
                yield task(situation, "just", recipe, tests=recipe.startswith("test"))
        return
