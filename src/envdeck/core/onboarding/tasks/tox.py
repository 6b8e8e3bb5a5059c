"""tox, where the project has its configuration."""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from envdeck.core import reach
from envdeck.core.files import Unread, decode, read_bounded
from envdeck.core.onboarding.tasks.found import LIMIT, FoundTask, task
from envdeck.core.project.reading import table_at

if TYPE_CHECKING:
    from envdeck.core.onboarding.situation import Situation


def tox_run(situation: "Situation") -> Iterator[FoundTask]:
    """Yield the run of its usual environments."""
    data = read_bounded(os.path.join(situation.folder, "tox.ini"), LIMIT)
    text = "" if isinstance(data, Unread) else decode(data)
    named = "[tox]" in text or "[testenv" in text
    own = reach.isfile(os.path.join(situation.folder, "tox.toml"))
    if named or own or "tox" in table_at(situation.pyproject, "tool"):
        yield task(situation, "tox", tests=True)
