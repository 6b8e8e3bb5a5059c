"""Every scenario of the demo, in the order in which they are made."""

from envdeck.demo.stories.central import CENTRAL
from envdeck.demo.stories.clone import CLONE
from envdeck.demo.stories.command import COMMAND
from envdeck.demo.stories.direnv import DIRENV
from envdeck.demo.stories.dotenv import DOTENV
from envdeck.demo.stories.drifted import DRIFTED
from envdeck.demo.stories.end_of_life import END_OF_LIFE
from envdeck.demo.stories.groups import GROUPS
from envdeck.demo.stories.hatch import HATCH
from envdeck.demo.stories.healthy import HEALTHY
from envdeck.demo.stories.hook import HOOK
from envdeck.demo.stories.lagging import LAGGING
from envdeck.demo.stories.large import LARGE
from envdeck.demo.stories.left_python import LEFT_PYTHON
from envdeck.demo.stories.moved import MOVED
from envdeck.demo.stories.now_and_then import NOW_AND_THEN
from envdeck.demo.stories.orphan import ORPHAN
from envdeck.demo.stories.pipenv import PIPENV
from envdeck.demo.stories.pipx import PIPX
from envdeck.demo.stories.poetry import POETRY
from envdeck.demo.stories.poetry_cache import POETRY_CACHE
from envdeck.demo.stories.requirements import REQUIREMENTS
from envdeck.demo.stories.scratch import SCRATCH
from envdeck.demo.stories.shared import SHARED
from envdeck.demo.stories.tox import TOX
from envdeck.demo.stories.unreachable_base import UNREACHABLE_BASE
from envdeck.demo.stories.unused import UNUSED
from envdeck.demo.story import Story

STORIES: tuple[Story, ...] = (
    CLONE,
    HEALTHY,
    DRIFTED,
    DOTENV,
    SHARED,
    LARGE,
    LAGGING,
    UNREACHABLE_BASE,
    MOVED,
    END_OF_LIFE,
    UNUSED,
    ORPHAN,
    POETRY_CACHE,
    PIPENV,
    TOX,
    HATCH,
    CENTRAL,
    DIRENV,
    NOW_AND_THEN,
    SCRATCH,
    COMMAND,
    PIPX,
    HOOK,
    LEFT_PYTHON,
    GROUPS,
    REQUIREMENTS,
    POETRY,
)
